
# The account sync of MariaDB: what is logged is what happened, and what could
# not be read is not taken for gone.

use lib 't/lib';
use TaiFish;
use TaiFish::Cut;
use TaiFish::Sync;

my $tf = TaiFish->new->start;
my $api = $tf->as('admin');
my $db = $tf->mariadb;

$db->sql(q{
    CREATE DATABASE App; CREATE TABLE App.t (a int, b int);
    CREATE PROCEDURE App.p() SELECT 1;
    CREATE USER app@'%' IDENTIFIED BY 'x';
    CREATE USER app@'10.0.0.%' IDENTIFIED BY 'x';
    GRANT SELECT ON App.* TO app@'%';
    GRANT SELECT ON App.t TO app@'%';
    GRANT UPDATE (a) ON App.t TO app@'%';
    CREATE ROLE readers;
    GRANT SELECT ON App.* TO readers;
});

my $cut = TaiFish::Cut->new($db->port);
my $s = TaiFish::Sync->new($tf, $api, 'mysql', $db, port => $cut->port);


# --- the first one ---------------------------------------------------------

my $r = $s->sync;
ok !$r->{partial}, 'the first sync read everything' or diag explain $r;
my @first = $s->changes;
is scalar(grep { !/^add / } @first), 0, 'all accounts are added';
is $r->{added_count}, @first, 'as many as were counted';
is $tf->value('SELECT count(*) FROM account_changes
               WHERE is_elevation OR privilege_diff IS NOT NULL'), 0,
    'a first collection elevates nobody';
is_deeply $s->categories('app@%'), {
    mysql_database_privileges => { App => ['SELECT'] },
    mysql_table_privileges => { App => { t => ['SELECT'] } },
    mysql_column_privileges => { App => { 't.a' => ['UPDATE'] } },
}, 'what app may do' or diag explain $s->categories('app@%');
is $s->status, 'completed', 'the instance says so';


# --- nothing happened ------------------------------------------------------

my $n = $s->written(sub { $s->sync });
cmp_ok $n, '<=', 10, "a sync that finds nothing new writes $n rows";
is_deeply [$s->changes], [], 'and logs nothing';
is $tf->value('SELECT count(*) FROM account_versions'), @first,
    'nor does it make versions';


# --- exactly what happened -------------------------------------------------

$db->sql(q{ CREATE USER doomed@'%' });
$s->sync;
is_deeply [$s->changes], ['add doomed@%'], 'an account came';

$db->sql(q{
    GRANT INSERT ON App.* TO app@'%';
    CREATE USER fresh@'%';
    DROP USER doomed@'%';
    REVOKE SELECT ON App.* FROM readers;
});
$r = $s->sync;
is_deeply [$s->changes],
    ['add fresh@%', 'drop doomed@%', 'modify_privilege app@%',
     'modify_privilege readers'],
    'GRANT, CREATE USER, DROP USER and REVOKE are four changes';
is_deeply [$s->entries('app@%')],
    ['GRANT mysql_database_privileges App: INSERT'], 'the grant';
is_deeply [$s->entries('readers')],
    ['REVOKE mysql_database_privileges App: SELECT'], 'the revoke';
is_deeply [@$r{qw(added_count modified_count removed_count)}], [1, 2, 1],
    'and so the result counts';
is $s->change('app@%')->{message}, 'GRANT 1', 'a message of codes and counts';

$db->sql(q{ CREATE USER doomed@'%' });
$s->sync;
is_deeply [$s->changes], ['recreate doomed@%'], 'a dropped one came back';
is $tf->value("SELECT count(*) FROM accounts WHERE principal = 'doomed\@%'"),
    1, 'as the same row';


# --- a role with its option is one grant; no right is an answer ---------------

$db->sql(q{CREATE ROLE given; GRANT given TO fresh@'%' WITH ADMIN OPTION;
           CREATE USER none@'%'});
$s->sync;
is $s->change('fresh@%')->{message}, 'GRANT 1', 'a role is one grant';
is_deeply [$s->entries('fresh@%')],
    ['GRANT mysql_granted_roles direct: given WITH ADMIN OPTION'],
    'with its option';
$db->sql(q{REVOKE ADMIN OPTION FOR given FROM fresh@'%'});
$s->sync;
is_deeply [$s->entries('fresh@%')],
    ['ALTER mysql_granted_roles direct: given'], 'without it';
is $tf->value("SELECT facts::jsonb->>'errors' FROM account_versions v
    JOIN accounts a ON a.version_id = v.id WHERE principal = 'none\@%'
    AND a.instance_id = " . $s->id), '[]', 'no right is not unknown';
$db->sql(q{DROP ROLE given; DROP USER none@'%'});
$s->sync;
$s->changes;


# --- elevation -------------------------------------------------------------

$db->sql(q{
    GRANT SUPER ON *.* TO fresh@'%';
    GRANT SELECT ON App.* TO app@'10.0.0.%' WITH GRANT OPTION;
});
$s->sync;
is_deeply [$s->changes],
    ['modify_privilege app@10.0.0.%', 'modify_privilege fresh@%'],
    'two grants';
ok $s->change('fresh@%')->{is_elevation}, 'SUPER elevates';
$db->sql(q{ REVOKE SUPER ON *.* FROM fresh@'%' });
$s->sync;
ok !$s->change('fresh@%')->{is_elevation}, 'losing it does not';
$db->sql(q{ ALTER USER fresh@'%' ACCOUNT LOCK });
$s->sync;
is $s->change('fresh@%')->{change_type}, 'modify_other', 'a lock is no grant';
$s->changes;


# who may write the tables of rights, and roles in roles

my $power = sub {
    return join ' ', map { my $a = $_; "$a->{principal}:" . join '',
                           grep { $a->{$_} } qw(is_superuser can_grant) }
        $tf->rows("SELECT principal, is_superuser, can_grant FROM accounts
                   WHERE principal ~ '^(fresh|inner|outer)'
                         AND instance_id = " . $s->id . ' ORDER BY principal');
};

for my $case (
    ['INSERT ON *.*', 1], ['UPDATE ON mysql.*', 1], ['UPDATE ON `my%`.*', 1],
    ['UPDATE ON mysql.global_priv', 1], ['UPDATE (User) ON mysql.db', 1],
    ['SELECT ON mysql.*', 0], ['UPDATE ON `my_ql2`.*', 0],
    ['UPDATE ON mysql.servers', 0], ['INSERT ON `\_ysql`.*', 0])
{
    my ($right, $is) = @$case;
    $db->sql("GRANT $right TO fresh\@'%'");
    $s->sync;
    is $power->(), 'fresh@%:' . ($is ? 'is_superusercan_grant' : ''),
        "$right: " . ($is ? '' : 'no ') . 'superuser';
    is !!$s->change('fresh@%')->{is_elevation}, !!$is,
        'and an elevation or not';
    $db->sql("REVOKE $right FROM fresh\@'%'");
    $s->sync;
    is $power->(), 'fresh@%:', "without $right: none";
    $s->changes;
}

$db->sql(q{CREATE ROLE inner_; CREATE ROLE outer_; GRANT inner_ TO outer_;
           GRANT outer_ TO fresh@'%'});
$s->sync;
$s->changes;
$db->sql('GRANT SUPER ON *.* TO inner_');
$s->sync;
is $power->(), join(' ', map { "$_:is_superusercan_grant" } 'fresh@%',
                    'inner_', 'outer_'), 'roles in roles make superusers';
is_deeply [$s->changes], ['modify_other fresh@%', 'modify_other outer_',
                          'modify_privilege inner_'], 'and are changes';
ok $s->change($_)->{is_elevation}, "$_ is elevated"
    for 'fresh@%', 'outer_', 'inner_';
$db->sql('GRANT CREATE USER ON *.* TO outer_; REVOKE SUPER ON *.* FROM inner_');
$s->sync;
is $power->(), 'fresh@%:can_grant inner_: outer_:can_grant',
    'who may make accounts may grant';
$s->changes;

# an account that cannot be read any more keeps what it was

$db->sql("REVOKE SELECT ON mysql.* FROM collector\@'127.0.0.1'");
$db->sql("GRANT SELECT ON mysql.$_ TO collector\@'127.0.0.1'")
    for qw(global_priv db tables_priv columns_priv procs_priv proxies_priv);
ok $s->sync->{partial}, 'the roles cannot be read';
is $power->(), 'fresh@%:can_grant inner_: outer_:can_grant',
    'what they give is not lost';
is_deeply [grep { !/collector/ } $s->changes], [], 'nor is it a change';
$db->sql("GRANT SELECT ON mysql.* TO collector\@'127.0.0.1'");
$db->sql("REVOKE SELECT ON mysql.$_ FROM collector\@'127.0.0.1'")
    for qw(global_priv db tables_priv columns_priv procs_priv proxies_priv);
$db->sql('DROP ROLE outer_; DROP ROLE inner_');
$s->sync;
$s->changes;


# --- what decides who gets in ----------------------------------------------

my $native = q(mysql_native_password USING 'invalid');

# each alone, so that none hides behind another
for (["REQUIRE SUBJECT '/CN=a' AND ISSUER '/CN=i' AND CIPHER 'AES'",
      'ssl_cipher', 'ssl_type', 'x509_issuer', 'x509_subject'],
     ["REQUIRE SUBJECT '/CN=b' AND ISSUER '/CN=i' AND CIPHER 'AES'",
      'x509_subject'],
     ["REQUIRE SUBJECT '/CN=b' AND ISSUER '/CN=j' AND CIPHER 'AES'",
      'x509_issuer'],
     ["REQUIRE SUBJECT '/CN=b' AND ISSUER '/CN=j' AND CIPHER 'DES'",
      'ssl_cipher'],
     ['REQUIRE NONE', 'ssl_cipher', 'ssl_type', 'x509_issuer',
      'x509_subject'],
     ['PASSWORD EXPIRE NEVER', 'password_lifetime'],
     ['PASSWORD EXPIRE DEFAULT', 'password_lifetime'],
     map(["WITH $_->[0] 7", $_->[1]],
         ['MAX_QUERIES_PER_HOUR', 'max_questions'],
         ['MAX_UPDATES_PER_HOUR', 'max_updates'],
         ['MAX_CONNECTIONS_PER_HOUR', 'max_connections'],
         ['MAX_USER_CONNECTIONS', 'max_user_connections'],
         ['MAX_STATEMENT_TIME', 'max_statement_time']),
     ['IDENTIFIED VIA unix_socket', 'plugin'],
     ["IDENTIFIED VIA $native", 'plugin'],
     ["IDENTIFIED VIA $native OR unix_socket", 'other_plugins'],
     ["IDENTIFIED VIA $native", 'other_plugins'])
{
    my ($clause, @fields) = @$_;
    $db->sql("ALTER USER fresh\@'%' $clause");
    $s->sync;
    is_deeply [$s->changes], ['modify_other fresh@%'], "$clause: a change";
    is_deeply [grep { $_ ne 'password_last_changed' }
               map { $_->{field} =~ s/^type_specific\.//r }
               @{ $s->change('fresh@%')->{other_diff}{entries} }], \@fields,
        "of @fields";
}


# --- what can not be read --------------------------------------------------

my $before = $s->categories('app@%');
my $versions = $tf->value('SELECT count(*) FROM account_versions');

for my $case (
    ['RENAME TABLE mysql.tables_priv TO mysql.t_away',
     'RENAME TABLE mysql.t_away TO mysql.tables_priv', 'tables',
     'a sub-query that fails'],
    ["REVOKE SELECT ON mysql.* FROM collector\@'127.0.0.1';"
     . join('', map { "GRANT SELECT ON mysql.$_"
                      . " TO collector\@'127.0.0.1';" }
            qw(user global_priv tables_priv columns_priv procs_priv
               proxies_priv roles_mapping)),
     "REVOKE ALL, GRANT OPTION FROM collector\@'127.0.0.1';"
     . "GRANT SELECT ON mysql.* TO collector\@'127.0.0.1'", 'databases',
     'a right of the collector that was taken'],
) {
    my ($break, $mend, $scope, $name) = @$case;

    $db->sql($break);
    $r = $s->sync;
    ok $r->{partial}, "$name: the sync is partial";
    is $s->status, 'partial', "$name: the instance says so";
    ok scalar(grep { /^\Q$scope\E / } $s->stale), "$name: the scope is stale"
        or diag explain [$s->stale];
    is_deeply [grep { !/ collector/ } $s->changes], [], "$name: no change"
        or diag explain $s->change('app@%');
    is_deeply $s->categories('app@%'), $before, "$name: all is kept";

    # a difference in what can be read still shows

    $db->sql(q{ GRANT PROCESS ON *.* TO fresh@'%' });
    $s->sync;
    is_deeply [$s->changes], ['modify_privilege fresh@%'],
        "$name: the rest is compared";

    $db->sql($mend);
    $db->sql(q{ REVOKE PROCESS ON *.* FROM fresh@'%' });
    $s->sync;
    is_deeply [grep { !/ collector/ } $s->changes],
        ['modify_privilege fresh@%'], "$name: mended, only what happened";
    is_deeply [$s->stale], [], "$name: nothing is stale any more";
    is_deeply $s->categories('app@%'), $before, "$name: all is there";
}

# what went while it could not be seen is seen when it can be read again

$db->sql('REVOKE SELECT ON App.t FROM app@"%"');
$db->sql('RENAME TABLE mysql.tables_priv TO mysql.t_away');
$s->sync;
is_deeply [$s->changes], [], 'a revoke nobody could see';
$db->sql('RENAME TABLE mysql.t_away TO mysql.tables_priv');
$s->sync;
is_deeply [$s->changes], ['modify_privilege app@%'], 'is logged when it is';
is_deeply [$s->entries('app@%')],
    ['REVOKE mysql_table_privileges App.t: SELECT'], 'as what it was';


# --- what can not be believed ----------------------------------------------

my $open = $tf->value('SELECT count(*) FROM accounts WHERE dropped_at IS NULL');
$before = $tf->value('SELECT md5(string_agg(id || observed::text, $$,$$
                             ORDER BY id)) FROM account_versions');

sub untouched {
    my ($name) = @_;
    is_deeply [$s->changes], [], "$name: nothing is logged";
    is $tf->value('SELECT md5(string_agg(id || observed::text, $$,$$
                   ORDER BY id)) FROM account_versions'), $before,
        "$name: nothing is written";
    is $tf->value('SELECT count(*) FROM accounts WHERE dropped_at IS NULL'),
        $open, "$name: no account is dropped";
    is $s->status, 'failed', "$name: the instance says failed";
}

$db->sql('CREATE TABLE mysql.keep AS SELECT * FROM mysql.global_priv');
$db->sql('DELETE FROM mysql.global_priv');
$r = $s->fail_once;
is_deeply [$r->status, $r->code], [409, 'ACCOUNTS_REFUSED'],
    'an empty list is refused' or diag $r->as_string;
untouched('an empty list');

$db->sql(q{INSERT INTO mysql.global_priv
           SELECT * FROM mysql.keep WHERE User = 'app'});
$r = $s->fail_once;
is $r->code, 'ACCOUNTS_REFUSED', 'and so is one without the collector';
untouched('a shrunk list');
$db->sql('DELETE FROM mysql.global_priv;
          INSERT INTO mysql.global_priv SELECT * FROM mysql.keep;
          DROP TABLE mysql.keep; FLUSH PRIVILEGES');

$db->sql("REVOKE SELECT ON mysql.* FROM collector\@'127.0.0.1'");
$r = $s->fail_once;
is $r->code, 'TARGET_PERMISSION', 'no right to read the accounts'
    or diag $r->as_string;
untouched('no right');
ok scalar(grep { /^accounts : denied/ } $s->stale), 'the scope is told';
$db->sql("GRANT SELECT ON mysql.* TO collector\@'127.0.0.1'");

# the host dies in mid-sync, at any point

for my $bytes (60, 400, 1500, 3000) {
    $cut->after($bytes);
    $r = $s->fail_once;
    isnt $r->status, 200, "cut after $bytes bytes: failed";
    like $r->code, qr/^TARGET_/, "cut after $bytes bytes: by the target"
        or diag $r->as_string;
    untouched("cut after $bytes bytes");
}
$cut->after(undef);

$db->stop('KILL');
$r = $s->fail_once;
like $r->code, qr/^TARGET_/, 'a dead host';
untouched('a dead host');
$db->start;

$r = $s->sync;
is_deeply [$s->changes], [], 'after all of that nothing has changed';
is_deeply [$s->stale], [], 'and nothing is stale';
is $s->status, 'completed', 'all is well';

# half of the accounts really go, and the collector has seen it

$db->sql(join ';', map { "CREATE USER mass$_\@'%'" } 1 .. 40);
$s->sync;
$s->changes;
$db->sql(join ';', map { "DROP USER mass$_\@'%'" } 1 .. 40);
$r = $s->sync;
is $r->{removed_count}, 40, 'a verified list may shrink';
is scalar(grep { /^drop mass/ } $s->changes), 40, 'each drop is logged';


# --- what changed under the sync -------------------------------------------

$r = $api->get('/accounts/ledgers?search=doomed');
is $r->data->{total}, 1, 'found in the ledger';

my @odd = ("it's `q`", 'a;b', "x\ny", 'ÜmläutÄ', '泰摸鱼' x 10, 'MiXed',
           'back\\slash', '"dq"', 'a_b%c', '$1');
for my $name (@odd) {
    (my $sql = $name) =~ s/([\\'])/\\$1/g;
    $db->sql("CREATE USER '$sql'\@'%'; CREATE USER '$sql'\@'10.%';
              GRANT SELECT ON App.t TO '$sql'\@'%'");
}
$s->sync;
is_deeply [sort $s->changes],
    [sort map { ("add $_\@%", "add $_\@10.%") } @odd],
    'names of all kinds are kept as they are';
is_deeply [map { $s->categories("$_\@%")->{mysql_table_privileges} } @odd],
    [map { { App => { t => ['SELECT'] } } } @odd], 'with their rights';
$n = $s->written(sub { $s->sync });
cmp_ok $n, '<=', 10, 'and come back equal';

done_testing;
