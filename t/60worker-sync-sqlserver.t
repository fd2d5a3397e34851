# Account sync of a simulated SQL Server through the API: what clients read, and
# what a database that cannot be entered does not take away.

use lib 't/lib';
use TaiFish;
use TaiFish::SimMssql;
use TaiFish::Sync;

my $dir = TaiFish::Server::private_dir();
my ($driver) = glob $TaiFish::SimMssql::DRIVER;
my $tf = TaiFish->new(env => { TAIFISH_ODBC_SQLSERVER => $driver })->start;
my $api = $tf->as('admin');

my $pg = TaiFish::Server::pg("$dir/pg", port => TaiFish::Server::free_port());
my $sim = TaiFish::SimMssql->new($pg, version => 2019);
(my $password = $TaiFish::Sync::PASSWORD) =~ s/'/''/g;
$sim->run(qq{CREATE LOGIN collector WITH PASSWORD = '$password';
    GRANT VIEW ANY DEFINITION TO collector;
    GRANT CONNECT ANY DATABASE TO collector;
    CREATE DATABASE app; CREATE DATABASE other;
    CREATE LOGIN l1 WITH PASSWORD = 'x'; USE app;
    CREATE USER u1 FOR LOGIN l1; CREATE TABLE t (a, b);
    GRANT SELECT ON t TO u1; DENY UPDATE ON t (b) TO u1;
    GRANT EXECUTE ON SCHEMA::dbo TO u1; ALTER ROLE db_datareader ADD MEMBER u1;
    CREATE USER inside WITH PASSWORD = 'x'; GRANT DELETE TO inside;
    USE other; CREATE USER l1 FOR LOGIN l1; DENY CONNECT TO l1});
$sim->flush;

my $s = TaiFish::Sync->new($tf, $api, 'sqlserver', $pg, ready => 1);
my $r = $s->sync;
ok !$r->{partial}, 'everything was read' or diag explain $r;
my %added = map { $_ => 1 } $s->changes;
ok $added{"add $_"}, "$_ is new" for 'l1', '[app].[inside]', 'sa', 'public';
is $tf->value('SELECT main_version FROM instances'), '15.0', 'version';
like $tf->value('SELECT database_version FROM instances'),
    qr/^Microsoft SQL Server 15\.0\.\d+\.\d+ Developer/, 'with its edition';

sub permissions {
    my ($name) = @_;
    (my $q = $name) =~ s/'/''/g;
    my $id = $tf->value("SELECT id FROM accounts WHERE principal = '$q'");
    return $api->get("/accounts/ledgers/$id/permissions")
        ->data->{permissions};
}

my $p = permissions('l1');
is_deeply $p->{snapshot}{categories}, {
    sqlserver_server_permissions => ['CONNECT SQL'],
    sqlserver_database_users => { app => ['u1'], other => ['l1'] },
    sqlserver_database_roles => { app => ['db_datareader'] },
    sqlserver_database_permissions => {
        app => { database => ['CONNECT'], schema => { dbo => ['EXECUTE'] },
            table => { 'dbo.t' => ['SELECT'] },
            column => { 'dbo.t.b' => ['DENY UPDATE'] } },
        other => { database => ['DENY CONNECT'], schema => {},
            table => {}, column => {} } },
}, 'the shape that clients know' or diag explain $p->{snapshot};
is_deeply $p->{facts}{privileges}, { server => ['CONNECT SQL'],
    database_permissions => { app => ['CONNECT'] } },
    'what is denied is no privilege';
is_deeply $p->{facts}{roles}, ['db_datareader'], 'roles of databases';
is $p->{snapshot}{type_specific}{sqlserver}{connect_to_engine}, 'GRANT',
    'facts of the login';

is $s->life('l1')->{password_expires_at}, 'NEVER_EXPIRES', 'no expiry';
is $s->life('l1')->{password_last_changed}, '2024-03-04T05:06:07', 'changed';
is $s->life('l1')->{is_locked_out}, 'false', 'not locked out';
is $s->life('l1')->{is_orphaned}, 'NO_SUCH_THING', 'a login is no orphan';
is $s->life('[app].[inside]')->{is_orphaned}, 'false', 'nor is this';
is $s->life('[app].[inside]')->{password_last_changed}, 'NOT_KEPT',
    'of a contained user no day is kept';

# a database that cannot be entered: its rights stay, its users stay

$sim->run(q{ALTER DATABASE app SET OFFLINE; USE other;
    DROP USER l1});
$sim->flush;
$r = $s->sync;
ok $r->{partial}, 'read in part';
is_deeply [sort map { "$_->{scope} $_->{database} $_->{status}" }
    @{ $r->{unknown_scopes} }], [map { "$_ app denied" }
    qw(database_permissions database_roles owners users)], 'of one database';
is_deeply [$s->changes], ['modify_privilege l1'], 'one change';
is_deeply [$s->entries('l1')], [
    'REVOKE sqlserver_database_permissions other: DENY CONNECT',
    'REVOKE sqlserver_database_users other: l1'], 'of the other database';
is permissions('l1')->{snapshot}{categories}{sqlserver_database_permissions}
    {app}{table}{'dbo.t'}[0], 'SELECT', 'what was known is kept';
is $tf->value(q{SELECT count(*) FROM accounts WHERE dropped_at IS NULL
    AND principal = '[app].[inside]'}), 1, 'the contained user, too';

# back, and gone

$sim->run(q{ALTER DATABASE app SET ONLINE; USE app; DROP USER inside;
    REVOKE SELECT ON t FROM u1; DENY SELECT ON t TO u1});
$sim->flush;
$r = $s->sync;
ok !$r->{partial}, 'everything again';
is_deeply [$s->changes], ['drop [app].[inside]', 'modify_privilege l1'],
    'a user that is gone';
is_deeply [$s->entries('l1')],
    ['DENY sqlserver_table_permissions app.dbo.t: DENY SELECT'],
    'a grant became a DENY' or diag explain [$s->entries('l1')];
$sim->run('DROP DATABASE other');
$sim->flush;
$s->sync;
my %gone = map { $_ => 1 } $s->changes;
ok $gone{'drop [other].[public]'}, 'a database that is gone takes its users';

# a login without rights sees itself only: that is no drop

$sim->run('REVOKE VIEW ANY DEFINITION FROM collector');
$sim->flush;
$r = $s->fail_once;
is $r->json->{extra}{error_code} // $r->code, 'ACCOUNTS_REFUSED',
    'a shrunk list is refused' or diag $r->as_string;
is_deeply [$s->changes], [], 'nothing was dropped';

# clients are told what the engine was tested on

is $api->post('/instances/actions/test-connection',
    { instance_id => $s->id })->data->{details}{engine_tested}, 'simulated',
    'on a simulated catalog';

# no driver

$tf->stop_worker;
$tf->{opt}{env}{TAIFISH_ODBC_SQLSERVER} = 'No Such Driver';
$tf->start_worker;
$r = $api->post('/instances/actions/test-connection',
    { instance_id => $s->id });
is $r->json->{extra}{error_code}, 'DRIVER_MISSING', 'a driver that is not there'
    or diag $r->as_string;
like $r->json->{extra}{detail}, qr/请安装 tdsodbc/, 'says what to install';
like $api->post('/instances/actions/test-connection',
    { instance_id => $s->id }, { 'accept-language' => 'en' })
    ->json->{extra}{detail}, qr/install the package tdsodbc/, 'in English too';

$pg->close;
done_testing;
