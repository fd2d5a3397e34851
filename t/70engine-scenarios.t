# One set of scenarios per engine (t/scenario), over every version at hand, and
# at the end the table of all of them.  PostgreSQL, MySQL and MariaDB are real,
# and each account is also what the server itself says; more versions are in
# TAIFISH_ENGINE_ROOT.  The servers of SQL Server and Oracle are simulated:
# their documented catalogs on a PostgreSQL that is reached through unixODBC.

use lib 't/lib';
use TaiFish;
use TaiFish::Dump;
use TaiFish::Scenario;
use TaiFish::SimMssql;
use TaiFish::SimOracle;
use TaiFish::Truth;

my $dir = TaiFish::Server::private_dir();
my %count;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

# --- real servers -------------------------------------------------------------

my @mon = (user => 'mon', password => 'secret');

sub postgresql {
    my $pg = TaiFish::Server::pg("$dir/pg",
        port => TaiFish::Server::free_port());
    $pg->sql(q{CREATE ROLE mon LOGIN PASSWORD 'secret'; CREATE DATABASE app});

    $count{postgresql} = TaiFish::Scenario::check(engine => 'postgresql',
        version => int($pg->value('SHOW server_version_num') / 100), real => 1,
        ignore => qr/^role_attributes\|/,
        run => sub { $pg->sql($_[0], 'app') },
        read => sub { TaiFish::Dump::read('postgresql', port => $pg->port,
            @mon) },
        truth => sub { TaiFish::Truth::postgresql($pg,
            TaiFish::Truth::dumped($_[0])) });
    $pg->close;
}

# Databases, tables and routines of the scenarios are there before.

sub mysql {
    my ($product) = @_;
    my $my = $product eq 'mysql' ? TaiFish::Server::mysql("$dir/mysql")
                                 : TaiFish::Server::mariadb("$dir/mariadb");
    $my->sql(q{CREATE USER mon@'%' IDENTIFIED BY 'secret';
        GRANT SELECT ON mysql.* TO mon@'%'; CREATE DATABASE app;
        CREATE TABLE app.t (a int, b int); CREATE VIEW app.v AS SELECT 1 AS one;
        CREATE PROCEDURE app.p() SELECT 1;
        CREATE FUNCTION app.f() RETURNS int DETERMINISTIC RETURN 1;
        CREATE DATABASE `o'dd "``db`; CREATE TABLE `o'dd "``db`.`t.1` (a int)});
    # accounts of hosts by name, which a server that looks none up ignores
    $my->sql(q{DELETE FROM mysql.global_priv WHERE User IN ('root', '')
        AND Host <> 'localhost'; FLUSH PRIVILEGES}) if $product eq 'mariadb';

    my ($major, $minor) = $my->value('SELECT VERSION()') =~ /^(\d+)\.(\d+)/;
    $count{$product} = TaiFish::Scenario::check(engine => 'mysql',
        product => $product, version => $major * 100 + $minor, real => 1,
        run => sub { $my->sql($_[0]) },
        read => sub { TaiFish::Dump::read('mysql', port => $my->port, @mon,
            ('tls', 'require') x ($product eq 'mysql')) },
        truth => sub { my ($d) = @_;
            TaiFish::Truth::mysql($my, TaiFish::Truth::dumped($d),
                grep { $d->{accounts}{$_}{kind} ne 'public' }
                sort keys %{ $d->{accounts} }) });
    $my->close;
}

postgresql();
mysql(($TaiFish::Server::root // '') =~ /sid/ ? 'mysql' : 'mariadb');

# --- simulated ones -----------------------------------------------------------

# Sizes of SQL Server; those of tables need a right of their own.

sub sizes {
    my ($s, $verb, $status) = @_;
    my @as = $s->as('mon', 'se}c;r{et');
    my $d = TaiFish::Dump::read('sqlserver', @as, read => 'databases');
    is $d->{databases}{app1}{data}, 1024 * 8192, 'data';
    is $d->{databases}{app1}{log}, 256 * 8192, 'log';
    is $d->{databases}{app1}{total}, 1280 * 8192, 'and both';
    ok $d->{databases}{msdb}, 'system databases';
    $s->run("$verb VIEW SERVER STATE TO mon");
    $d = TaiFish::Dump::read('sqlserver', $s->as('mon', 'se}c;r{et'),
        read => 'table_sizes', only => 'app1');
    is $d->{scopes}{'table_sizes app1'}, $status, 'table sizes'
        or diag $d->{detail};
    my $t = $d->{tables}{'dbo.g3t'};
    is $t && join(' ', @$t{qw(data index total rows)}),
        $status eq 'ok' ? '131072 32768 163840 1000' : undef, 'of a table'
        or diag explain $d->{tables};
}

for my $version (2012, 2017, 2022) {
    my $pg = TaiFish::Server::pg("$dir/mssql$version",
        port => TaiFish::Server::free_port());
    my $s = TaiFish::SimMssql->new($pg, version => $version);
    $s->monitor('mon', 'se}c;r{et');

    $count{"sqlserver $version"} = TaiFish::Scenario::check(
        engine => 'sqlserver',
        version => $version, run => sub { $s->run(@_); $s->admit('mon') },
        read => sub { TaiFish::Dump::read('sqlserver',
            $s->as('mon', 'se}c;r{et')) });
    if ($version == 2017) {
        sizes($s, @$_) for ['REVOKE', 'denied'], ['GRANT', 'ok'];
    }
    $pg->close;
}

for my $version (1102, 1900, 2300) {
    my $pg = TaiFish::Server::pg("$dir/oracle$version",
        port => TaiFish::Server::free_port());
    my $s = TaiFish::SimOracle->new($pg, version => $version);
    $s->monitor('MON', 'secret');
    my $read = sub { TaiFish::Dump::read('oracle', '-v',
        $s->as('MON', 'secret')) };

    $count{"oracle $version"} = TaiFish::Scenario::check(engine => 'oracle',
        version => $version, run => sub { $s->run(@_) }, read => $read);

    my $sizes = TaiFish::Dump::read('oracle', $s->as('MON', 'secret'), read =>
        'databases')->{databases};
    is_deeply [map { "$_ $sizes->{$_}{total}" } sort keys %$sizes],
        ['SYSAUX 2000', 'SYSTEM 1000', 'TEMP 600', 'UNDO 500', 'USERS 70000'],
        'tablespaces' or diag explain $sizes;

    # every right of the script is needed, for its scope

    my %scope = (DBA_USERS => 'accounts', DBA_ROLES => 'accounts',
        DBA_ROLE_PRIVS => 'accounts', DBA_SYS_PRIVS => 'accounts',
        DBA_TAB_PRIVS => 'object_privileges',
        DBA_COL_PRIVS => 'column_privileges', DBA_TS_QUOTAS => 'quotas',
        DBA_PROXIES => 'proxies', 'V_$PWFILE_USERS' => 'password_file');
    for my $view ($version == 1900 ? sort keys %scope : ()) {
        $s->run("REVOKE SELECT ON SYS.$view FROM MON");
        my $d = $read->();
        is $d->{main}, '19.0', 'version';
        is $d->{scopes}{ $scope{$view} }, 'denied', "without $view"
            if $scope{$view} ne 'accounts';
        is $d->{codes}{ $scope{$view} } // $d->{error}, 'TARGET_PERMISSION',
            'and says so' or diag explain $d->{scopes};
        is scalar(grep { $_ ne 'ok' } values %{ $d->{scopes} }), 1,
            'only that scope' if $scope{$view} ne 'accounts';
        $s->run("GRANT SELECT ON SYS.$view TO MON");
    }

    # the number of statements does not depend on that of users

    my $queries = sub {
        my $old = length $pg->output;
        my $d = $read->();
        return (scalar(() = substr($pg->output, $old) =~ /mon\S* .*sys\./gi),
            $d);
    };
    $pg->sql(q{ALTER SYSTEM SET log_statement = 'all'}, 'postgres');
    $pg->sql('SELECT pg_reload_conf()', 'postgres');
    my ($few) = $queries->();
    $s->run("CREATE USER many_$_ IDENTIFIED EXTERNALLY;
        GRANT CREATE SESSION TO many_$_") for 1 .. 300;
    my ($many, $d) = $queries->();
    ok $d->{accounts}{MANY_300}{grants}{oracle_system_privileges},
        '300 users more';
    cmp_ok $few, '>', 8, "$few statements";
    is $many, $few, 'before and after';
    $pg->close;
}

cmp_ok $count{$_}, '>=', 50, "$_: $count{$_} scenarios" for sort keys %count;
diag TaiFish::Scenario::table();

done_testing;
