# Pages of long lists: totals, cursors and what is never listed.

use lib 't/lib';
use TaiFish;
use TaiFish::Seed;

use MIME::Base64 ();

my $tf = TaiFish->new;
TaiFish::Seed::fleet($tf, accounts => 12_000, instances => 300);
$tf->start;
my $viewer = $tf->as('viewer');

my $listed = "a.dropped_at IS NULL AND i.deleted_at IS NULL
    AND (a.kind = 'user' OR a.kind = 'role' AND i.db_type <> 'mysql')";
my $from = 'FROM accounts a JOIN instances i ON i.id = a.instance_id';

sub page {
    my ($path) = @_;
    my $r = $viewer->get($path);
    is $r->status, 200, "GET $path" or diag $r->as_string;
    return $r->data;
}


# --- totals ----------------------------------------------------------------

my $all = $tf->value("SELECT count(*) $from WHERE $listed");
my $d = page('/accounts/ledgers');
is $d->{total}, $all, 'without filters: the exact number, by counters';
ok !$d->{total_is_estimate}, 'and no estimate';
is $d->{pages}, int(($all + 19) / 20), 'pages';

my $admins = $tf->value("SELECT count(*) $from
                         WHERE $listed AND a.is_superuser");
$d = page('/accounts/ledgers?is_superuser=true');
is $d->{total}, $admins, 'few rows are counted';
ok !$d->{total_is_estimate}, 'exactly';

my $many = $tf->value("SELECT count(*) $from
    WHERE a.dropped_at IS NULL AND i.deleted_at IS NULL");
cmp_ok $many, '>', 10000, 'many rows';
$d = page('/accounts/ledgers?include_roles=true');
ok $d->{total_is_estimate}, 'are estimated, and the page says so';
cmp_ok abs($d->{total} - $many) / $many, '<', 0.5, 'about right';

# The estimate is a sample of the table's pages.  Drop all accounts that are in
# these pages: nothing is left for the sample to see.

$tf->sql("UPDATE accounts SET dropped_at = now() WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM accounts TABLESAMPLE SYSTEM (5) REPEATABLE (1)))");
$many = $tf->value("SELECT count(*) $from
    WHERE a.dropped_at IS NULL AND i.deleted_at IS NULL");
my $low = '/accounts/ledgers?include_roles=true&db_type=all';
$d = page($low);
cmp_ok $d->{total}, '<', $many - 400, 'other filters: too low an estimate';
my $last = int($many / 200);
$d = page("$low&limit=200&page=$last");
is @{ $d->{items} }, 200, 'a page past it is served';
is $d->{total}, $last * 200 + 1, 'and the total counts what was seen';
ok $d->{next}, 'the page says where the next one begins';
$tf->sql('UPDATE accounts SET dropped_at = NULL WHERE dropped_at = (SELECT
          max(dropped_at) FROM accounts)');
$all = $tf->value("SELECT count(*) $from WHERE $listed");

# An exact total is never kept.

my ($admin) = $tf->rows("SELECT a.id $from WHERE $listed AND a.is_superuser
                         LIMIT 1");
$tf->sql("UPDATE accounts SET dropped_at = now() WHERE id = $admin->{id}");
is page('/accounts/ledgers?is_superuser=true&page=2')->{total}, $admins - 1,
    'few rows are counted for each page';
$tf->sql("UPDATE accounts SET dropped_at = NULL WHERE id = $admin->{id}");

is page('/account-change-logs')->{total},
    $tf->value('SELECT count(*) FROM account_changes'), 'changes: exact';
is page('/instances')->{total},
    $tf->value('SELECT count(*) FROM instances WHERE deleted_at IS NULL'),
    'instances: exact';

# The counters follow what happens.

my $some = $tf->value("SELECT a.id $from WHERE $listed LIMIT 1");
$tf->sql("UPDATE accounts SET dropped_at = now() WHERE id = $some");
is page('/accounts/ledgers')->{total}, $all - 1, 'a dropped account';
$tf->sql("UPDATE accounts SET dropped_at = NULL WHERE id = $some");
is page('/accounts/ledgers')->{total}, $all, 'and back';

my $role = $tf->value("SELECT i.id $from WHERE a.kind = 'role'
    AND a.dropped_at IS NULL AND i.db_type = 'mysql'
    AND i.deleted_at IS NULL LIMIT 1");
$tf->sql("UPDATE instances SET db_type = 'postgresql' WHERE id = $role");
is page('/accounts/ledgers')->{total},
    $tf->value("SELECT count(*) $from WHERE $listed"),
    'an instance of another engine';
$tf->sql("UPDATE instances SET db_type = 'mysql' WHERE id = $role");

my $before = page('/account-change-logs')->{total};
$tf->sql("DELETE FROM account_changes
          WHERE id IN (SELECT id FROM account_changes LIMIT 7)");
is page('/account-change-logs')->{total}, $before - 7, 'deleted changes';


# --- accounts of deleted instances -----------------------------------------

my %gone = map { $_->{id} => 1 }
    $tf->rows('SELECT id FROM instances WHERE deleted_at IS NOT NULL');
cmp_ok scalar keys %gone, '>', 0, 'there are deleted instances';
my ($gone) = keys %gone;
cmp_ok $tf->value("SELECT count(*) FROM accounts WHERE instance_id = $gone"),
    '>', 0, 'with accounts';

is page("/accounts/ledgers?instance_id=$gone$_")->{total}, 0, 'not listed'
    for '', '&include_deleted=true', '&include_roles=true';

my $theirs = $tf->value("SELECT id FROM accounts
    WHERE instance_id = $gone AND version_id IS NOT NULL LIMIT 1");
is $viewer->get("/accounts/ledgers/$theirs/$_")->code, 'RESOURCE_NOT_FOUND',
    "$_ of one: none" for qw(permissions change-history versions);


# --- pages by cursor -------------------------------------------------------

sub walk {
    my ($path) = @_;
    my (@ids, @instances);
    my $next = '';

    for (1 .. 500) {
        my $r = $viewer->get($path . ($next && "&after=$next"));
        return ($r->as_string) if $r->status != 200;
        my $body = $r->body;            # reading it all as JSON takes long
        push @ids, $body =~ /\{"id":(\d+)/g;
        push @instances, $body =~ /"instance_id":(\d+)/g;
        ($next) = $body =~ /"next":"([\w-]+)"/
            or return (\@ids, \@instances);
    }
    return ('no end');
}

my $found = $tf->value("SELECT count(*) $from
    WHERE $listed AND (a.principal ILIKE '%gateway%'
                       OR i.name ILIKE '%gateway%')");
my @orders = qw(asc desc);
for my $sort (qw(id username instance_name db_type is_locked is_superuser
                 plugin last_change_time)) {
    push @orders, my $order = shift @orders;
    my ($ids, $instances)
        = walk('/accounts/ledgers?search=gateway&limit=100'
            . "&sort=$sort&order=$order");
    my %seen;
    $seen{$_}++ for ref $ids ? @$ids : ();
    is_deeply [ref $ids ? scalar @$ids : $ids, scalar keys %seen],
        [$found, $found], "by $sort, $order: each account once";
    is_deeply [grep { $gone{$_} } @{ $instances || [] }], [],
        'and none of a deleted instance';
}

# Two characters, which another index serves, find what ILIKE finds: those of
# names that are there, in either case, wildcards, and what nobody has.

$tf->sql("UPDATE accounts SET principal = 'ÉCOLE_Ünal%' || id
          WHERE id % 997 = 0;
          UPDATE account_changes SET username = 'ÉCOLE_Ünal%' || id
          WHERE id % 997 = 0");

for my $two (qw(or OR 张伟 _p o_ d. É é ÉC éc ün %1 \\_ 财务 zq), '中文', '🐟') {
    my $like = "ILIKE '%" . $two =~ s/([\\%_])/\\$1/gr . "%'";
    utf8::encode(my $bytes = $two);
    my $text = $bytes =~ s/(.)/sprintf '%%%02X', ord $1/gesr;

    is page("/accounts/ledgers?search=$text")->{total},
        $tf->value("SELECT count(*) $from WHERE $listed
                    AND (a.principal $like OR i.name $like)"),
        "accounts with $two";
    is page("/account-change-logs?search=$text")->{total},
        $tf->value("SELECT count(*)
            FROM account_changes c JOIN instances i ON i.id = c.instance_id
            WHERE c.username $like OR i.name $like"),
        "changes with $two";
}

# The same rows by number and by cursor, and with a filter.

my $path = '/accounts/ledgers?search=orders&limit=50&sort=username';
my $first = page($path);
my $second = page("$path&page=2");
is_deeply [map { $_->{id} } @{ page("$path&after=$first->{next}")->{items} }],
    [map { $_->{id} } @{ $second->{items} }], 'page 2 is after page 1';

is page('/accounts/ledgers?search=xyzzyx')->{next}, undef,
    'no page after the last one';
my $one = $tf->row("SELECT i.id, count(*) AS n $from WHERE $listed
    GROUP BY i.id HAVING count(*) BETWEEN 2 AND 100 LIMIT 1");
my $full = page("/accounts/ledgers?instance_id=$one->{id}&limit=$one->{n}");
is_deeply [scalar @{ $full->{items} }, $full->{next}], [$one->{n}, undef],
    'nor after one that is just full';

for my $bad ('x', 'aWQ6YXNjOjE6MQ', '%00', 'x' x 3000,
             $first->{next} =~ s/.$//r =~ s/^./_/r) {
    my $r = $viewer->get("$path&after=$bad");
    is $r->status, 400, 'a bad cursor: ' . substr $bad, 0, 20;
    is $r->json->{extra}{field}, 'after', 'names the field';
}
my $r = $viewer->get("$path&order=desc&after=$first->{next}");
is $r->status, 400, 'a cursor of another order';

# A cursor is input: what it holds is only compared.

my $id = '18446744073709551616';
for my $made ("username:asc:$id:a", "username:asc:-1:a",
              "username:asc:1'; DROP TABLE tags; --:a") {
    my $cursor = MIME::Base64::encode_base64url($made);
    is $viewer->get("$path&after=$cursor")->status, 400, $made;
}
my $late = MIME::Base64::encode_base64url('last_change_time:asc:1:no time');
is $viewer->get("/accounts/ledgers?sort=last_change_time&after=$late")->status,
    400, 'a sort key of another type';


# --- an estimate ends ------------------------------------------------------

$low = '/accounts/ledgers?include_roles=true&limit=7';
ok page($low)->{total_is_estimate}, 'an estimate';
$tf->sql('UPDATE accounts SET dropped_at = now()');
ok page($low)->{total_is_estimate}, 'is kept';
ok TaiFish::Server::until_true(60, sub {
    !page($low)->{total_is_estimate}
}), 'for half a minute';

done_testing;
