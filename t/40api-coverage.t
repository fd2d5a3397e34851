# What of an instance is read, scope by scope: outcome, since when, why not and
# what it needs, from what the servers themselves allow.

use lib 't/lib';
use TaiFish;
use TaiFish::Sync;

my $tf = TaiFish->new->start;
my $admin = $tf->as('admin');
my $viewer = $tf->as('viewer');
my %en = ('accept-language' => 'en');

sub coverage {
    my ($s, $zh) = @_;
    my $r = $viewer->get('/instances/' . $s->id . '/coverage',
        $zh ? {} : \%en);
    is $r->status, 200, 'coverage' or diag $r->as_string;
    my $d = $r->data;
    $d->{by} = { map { ("$_->{reading}/$_->{scope}" => $_) }
                 @{ $d->{scopes} } };
    return $d;
}

sub states { return { map { ($_ => $_[0]{by}{$_}{status}) } @_[1 .. $#_] } }

sub sync_databases {
    my ($s) = @_;
    my $r = $admin->post('/instances/' . $s->id . '/actions/sync-capacity', {});
    $r = $tf->wait_run($r->data->{run_id}) if $r->status == 202;
}

# PostgreSQL: a database that may not be entered

my $db = $tf->postgres;
$db->sql('CREATE ROLE app LOGIN');
$db->sql(q{CREATE DATABASE "o'ne ""x"""; CREATE DATABASE two});
my $s = TaiFish::Sync->new($tf, $admin, 'postgresql', $db);

my $c = coverage($s);
is $c->{unread_scope_count}, 0, 'nothing is known to be unread';
is_deeply [grep { defined $_->{status} } @{ $c->{scopes} }], [],
    'and nothing was read yet';
is $c->{by}{'accounts/schemas'}{name} =~ /Schema privileges, /, 1,
    'scopes have names';
is $c->{tested}, 'real', 'tested on real servers';

$s->sync;
sync_databases($s);
$c = coverage($s);
is_deeply [grep { ($_->{status} // '') !~ /^(?:ok|unsupported)$/ }
    @{ $c->{scopes} }], [], 'all is read' or diag explain $c;
is $c->{scope_count}, $c->{read_scope_count}, 'and counted';
is $c->{by}{'accounts/tables'}{kind}, 'database', 'tables: by database';
is $c->{by}{'accounts/tables'}{database_count},
    $db->value('SELECT count(*) FROM pg_database'), 'as the server has them';
is $c->{by}{'accounts/accounts'}{kind}, 'instance', 'accounts: of all';
is $c->{by}{'accounts/accounts'}{complete_at}, $c->{last_sync_time},
    'complete at the last sync';
my $before = $c->{last_sync_time};

$db->sql(q{REVOKE CONNECT ON DATABASE "o'ne ""x""" FROM PUBLIC});
$s->sync;
sync_databases($s);
$c = coverage($s);
my $t = $c->{by}{'accounts/tables'};
is $t->{status}, 'partial', 'one database cannot be entered';
is $t->{complete_at}, $before, 'and is known as of before';
is $t->{unread_database_count}, 1, 'one';
is_deeply $t->{unread_databases}, [{
        database => q{o'ne "x"}, status => 'denied',
        error_code => 'TARGET_PERMISSION',
        message => $t->{message}, complete_at => $before }],
    'which, and why' or diag explain $t;
like $t->{message}, qr/\w+ \w+/, 'in words';
is_deeply [map { $_->{statement} } @{ $t->{grants} }],
    [q{GRANT CONNECT ON DATABASE "o'ne ""x""" TO collector;}], 'what it needs';
is $c->{by}{'databases/sizes'}{status}, 'partial', 'its size is unread, too'
    or diag explain $c->{by}{'databases/sizes'};
is $c->{by}{'databases/databases'}{status}, 'ok', 'the list is complete';
is $c->{by}{'accounts/accounts'}{status}, 'ok', 'accounts are read';
is $c->{by}{'accounts/accounts'}{complete_at}, $c->{last_sync_time}, 'now';

is coverage($s, 'zh')->{by}{'accounts/tables'}{name}
    =~ /表权限、/, 1, 'in Chinese, too';

my $detail = $viewer->get('/instances/' . $s->id)->data->{instance};
is $detail->{unread_scope_count},
    $tf->value("SELECT count(*) FROM instance_scopes
                WHERE status = 'denied' AND database LIKE 'o%'"),
    'the instance counts what is unread';
cmp_ok $detail->{unread_scope_count}, '>', 3, 'of several scopes';
my ($account) = @{ $viewer->get('/accounts/ledgers?search=app')
    ->data->{items} };
is $account->{unread_scope_count}, $detail->{unread_scope_count},
    'so does the ledger';

# the statement is enough

$db->sql($t->{grants}[0]{statement});
$s->sync;
sync_databases($s);
is coverage($s)->{by}{'accounts/tables'}{status}, 'ok', 'as granted';

# MariaDB: tables of rights, and databases that are hidden

my $my = $tf->mariadb;
$my->sql('CREATE DATABASE app; CREATE TABLE app.t (a int)');
my $m = TaiFish::Sync->new($tf, $admin, 'mysql', $my);
$my->sql("REVOKE ALL ON mysql.* FROM collector\@'127.0.0.1'");
$my->sql("GRANT SELECT ON mysql.$_ TO collector\@'127.0.0.1'")
    for qw(global_priv tables_priv columns_priv procs_priv proxies_priv
           roles_mapping);
$m->sync;
sync_databases($m);
$c = coverage($m);
is_deeply states($c, qw(accounts/accounts accounts/databases accounts/tables
                        databases/databases)),
    { 'accounts/accounts' => 'ok', 'accounts/databases' => 'denied',
      'accounts/tables' => 'ok', 'databases/databases' => 'denied' },
    'two rights are missing' or diag explain $c;
is $c->{by}{'accounts/databases'}{complete_at}, undef, 'it was never read';
is_deeply [map { $_->{statement} }
           @{ $c->{by}{'accounts/databases'}{grants} },
           @{ $c->{by}{'databases/databases'}{grants} }],
    [q{GRANT SELECT ON mysql.db TO 'collector'@'%';},
     q{GRANT SHOW DATABASES ON *.* TO 'collector'@'%';}], 'which';
is $c->{by}{'accounts/databases'}{grants}[0]{without},
    'privileges on databases are unknown', 'and what they cost';

# who may see it

is $tf->client->get('/instances/' . $m->id . '/coverage')->status, 401,
    'not without signing in';
is $viewer->get('/instances/999999/coverage')->status, 404, 'no instance';

# engines

is_deeply { map { ($_->{name} => $_->{tested}) }
            @{ $viewer->get('/instances/engines')->data->{engines} } },
    { postgresql => 'real', mysql => 'real', sqlserver => 'simulated',
      oracle => 'simulated' }, 'how engines were tested';
is_deeply [map { $_->{engine_tested} }
           @{ $viewer->get('/instances/options')->data->{instances} }],
    ['real', 'real'], 'and those of instances';

done_testing;
