# Account and database sync of a simulated Oracle through the API: what clients
# read, what changes, and what a right that was taken away does not take along.

use lib 't/lib';
use TaiFish;
use TaiFish::SimMssql;
use TaiFish::SimOracle;
use TaiFish::Sync;

my ($driver) = glob $TaiFish::SimMssql::DRIVER;
my $port = TaiFish::Server::free_port();
# the driver here does not know Oracle's DBQ
my $tf = TaiFish->new(env => { TAIFISH_ODBC_ORACLE => $driver,
    PGHOST => '127.0.0.1', PGPORT => $port, PGDATABASE => 'ORCL' })->start;
my $api = $tf->as('admin');
my $pg = $tf->postgres('ora', port => $port);
my $sim = TaiFish::SimOracle->new($pg, version => 1900);

sub run { $sim->run(@_); $sim->flush }

$sim->monitor('collector', 'secret');
run(q{CREATE ROLE reports; GRANT CREATE TABLE TO reports;
    CREATE USER app IDENTIFIED BY x; GRANT CREATE SESSION TO app;
    GRANT reports TO app WITH ADMIN OPTION;
    GRANT SELECT ON hr.staff TO app WITH GRANT OPTION;
    GRANT UPDATE (name) ON hr.staff TO app;
    CREATE USER old IDENTIFIED BY x ACCOUNT LOCK});

my $s = TaiFish::Sync->new($tf, $api, 'oracle', $pg, ready => 1,
    username => 'COLLECTOR', password => 'secret');
my $r = $s->sync;
ok !$r->{partial}, 'everything was read' or diag explain $r;
my %added = map { $_ => 1 } $s->changes;
ok $added{"add $_"}, "$_ is new" for qw(APP OLD REPORTS SYS PUBLIC);
is $tf->value('SELECT main_version FROM instances'), '19.0', 'version';

# the ledger and an account's rights

my %ledger = map { ($_->{username} => $_) } @{ $api->get('/accounts/ledgers'
    . '?limit=200&include_roles=true&db_type=oracle')->data->{items} };
ok $ledger{OLD}{is_locked}, 'a locked account';
ok $ledger{SYS}{is_superuser}, 'a superuser';
ok !$ledger{APP}{is_superuser}, 'and one that is none';
my $p = $api->get("/accounts/ledgers/$ledger{APP}{id}/permissions")
    ->data->{permissions};
is_deeply $p->{snapshot}{categories}, {
    oracle_roles => ['REPORTS WITH ADMIN OPTION'],
    oracle_default_roles => ['REPORTS'],
    oracle_system_privileges => ['CREATE SESSION'],
    oracle_object_privileges => {
        'HR.STAFF' => ['SELECT WITH GRANT OPTION'] },
    oracle_column_privileges => { 'HR.STAFF.NAME' => ['UPDATE'] },
}, 'all that it may do' or diag explain $p->{snapshot};

is_deeply $s->life('OLD'), { password_last_changed => '2024-03-04T05:06:07',
    password_expires_at => 'NEVER_EXPIRES', is_password_expired => 'false',
    locked_at => '2024-03-04T05:06:07', is_locked_out => 'false',
    last_seen => 'NEVER_SEEN', is_orphaned => 'NO_SUCH_THING' },
    'the facts of its life' or diag explain $s->life('OLD');
is_deeply [sort values %{ $s->life('REPORTS') }], [('NO_SIGN_IN') x 7],
    'a role has none';

# changes

is_deeply [$s->sync && $s->changes], [], 'nothing happened';
run(q{GRANT DBA TO app});
$s->sync;
is_deeply [$s->changes], ['modify_privilege APP'], 'DBA is granted';
ok $s->change('APP')->{is_elevation}, 'which is an elevation';
run(q{REVOKE DBA FROM app; ALTER USER old ACCOUNT UNLOCK});
$s->sync;
is_deeply [$s->changes], ['modify_other OLD', 'modify_privilege APP'],
    'revoked, and an account unlocked';
run(q{DROP USER old; DROP USER app; CREATE USER app IDENTIFIED BY x});
$s->sync;
is_deeply [$s->changes], ['drop OLD', 'recreate APP'],
    'one dropped, one made again';

# a right that was taken away

run(q{GRANT SELECT ON hr.staff TO app});
$s->sync;
$s->changes;
run(q{REVOKE SELECT ON SYS.DBA_TAB_PRIVS FROM collector});
ok $s->sync->{partial}, 'object privileges cannot be read';
is_deeply [$s->changes], [], 'and nothing was revoked';
my ($scope) = grep { $_->{scope} eq 'object_privileges' }
    @{ $api->get('/instances/' . $s->id . '/coverage')->data->{scopes} };
is $scope->{status}, 'denied', 'as the coverage says';
is_deeply [map { $_->{statement} } @{ $scope->{grants} }],
    ['GRANT SELECT ON SYS.DBA_TAB_PRIVS TO COLLECTOR;'], 'with what it needs';
run($scope->{grants}[0]{statement});
ok !$s->sync->{partial}, 'which is enough';

# tablespaces

$r = $api->post('/instances/' . $s->id . '/actions/sync-capacity', {});
$tf->wait_run($r->data->{run_id}) if $r->status == 202;
is_deeply [map { "$_->{name} $_->{size_bytes}" } $tf->rows(
    'SELECT name, size_bytes FROM databases ORDER BY name')],
    ['SYSAUX 2000', 'SYSTEM 1000', 'TEMP 600', 'UNDO 500', 'USERS 70000'],
    'their sizes';

done_testing;
