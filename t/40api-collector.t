# The check of a monitoring account: each right that it has or lacks is what the
# server says, with what it costs, and the script is enough.

use lib 't/lib';
use TaiFish;
use TaiFish::SimMssql;
use TaiFish::SimOracle;
use TaiFish::Sync;

my ($driver) = glob $TaiFish::SimMssql::DRIVER;
my $port = TaiFish::Server::free_port();
my $tf = TaiFish->new(env => {
    TAIFISH_ODBC_SQLSERVER => $driver, TAIFISH_ODBC_ORACLE => $driver,
    # the driver here does not know Oracle's DBQ
    PGHOST => '127.0.0.1', PGPORT => $port, PGDATABASE => 'ORCL' })->start;
my $admin = $tf->as('admin');
my $viewer = $tf->as('viewer');

sub check {
    my ($s, $lang) = @_;
    my $r = $viewer->post('/instances/' . $s->id . '/actions/check-collector',
        {}, { 'accept-language' => $lang || 'en' });
    return $r if $r->status != 200;
    my $d = $r->data;
    $d->{held} = { map { ($_->{right} => !defined $_->{held} ? 'unknown'
        : $_->{held} ? 1 : 0) } @{ $d->{rights} } };
    return $d;
}

sub missing {
    my ($d) = @_;
    return [map { ($_->{statement}, $_->{without}) }
            grep { defined $_->{held} && !$_->{held} } @{ $d->{rights} }];
}

sub script {
    my ($code, $out) = TaiFish::Server::run_to_end(
        "$TaiFish::BUILD/taifish-worker", ['grants', @_], {});
    utf8::decode($out);
    return $out;
}

# MariaDB: with nothing, with each, and with all

my $my = $tf->mariadb;
my $m = TaiFish::Sync->new($tf, $admin, 'mysql', $my);
my $to = "TO collector\@'127.0.0.1'";
$my->sql("REVOKE ALL ON mysql.* FROM collector\@'127.0.0.1'");

my $d = check($m);
is $d->{missing_count}, 10, 'all rights are missing' or diag explain $d;
is $d->{message}, 'Rights that are missing: 10', 'as it says';
is check($m, 'zh-CN')->{message}, '缺少 10 项权限', 'in Chinese, too';
is check($m, 'zh-CN')->{rights}[0]{without}, '读不到任何账户',
    'with what it costs';
ok !exists $d->{$_}, "no $_" for qw(message_en rights_en);
is_deeply [@{ missing($d) }[0, 1]],
    [q{GRANT SELECT ON mysql.global_priv TO 'collector'@'%';},
     'no account is read'], 'the first';
ok index(script('--engine', 'mariadb', '--version', $d->{main_version}),
    $d->{script}) > 0, 'the script is that of the command';

for my $right (map { $_->{right} } @{ $d->{rights} }) {
    $my->sql($right =~ /^mysql/ ? "GRANT SELECT ON $right $to"
        : "GRANT $right ON *.* $to");
    is_deeply { %{ check($m)->{held} } }, { %{ $d->{held} }, $right => 1 },
        "$right alone";
    $my->sql($right =~ /^mysql/
        ? "REVOKE SELECT ON $right FROM collector\@'127.0.0.1'"
        : "REVOKE $right ON *.* FROM collector\@'127.0.0.1'");
}

$my->sql($_ =~ s/'%'/'127.0.0.1'/r) for map { $_->{statement} }
    @{ $d->{rights} };
$d = check($m);
is $d->{missing_count} + $d->{unknown_count}, 0, 'the statements are enough';
is $d->{message}, 'All rights are there', 'as it says';
is $d->{engine_tested}, 'real', 'and how the engine was tested';

# by another way

$my->sql("REVOKE ALL, GRANT OPTION FROM collector\@'127.0.0.1';
          GRANT ALL ON *.* $to");
is check($m)->{missing_count}, 0, 'ALL PRIVILEGES is all of them';

# PostgreSQL: databases

my $db = $tf->postgres;
my $s = TaiFish::Sync->new($tf, $admin, 'postgresql', $db);
is check($s)->{missing_count}, 0, 'every role may read';
$db->sql(q{CREATE DATABASE one; CREATE DATABASE "t'wo ""2""";
    REVOKE CONNECT ON DATABASE one FROM PUBLIC});
$db->sql(q{REVOKE CONNECT ON DATABASE "t'wo ""2""" FROM PUBLIC});
$d = check($s);
my ($r) = grep { $_->{right} eq 'databases' } @{ $d->{rights} };
is_deeply $r->{databases}, ['one', q{t'wo "2"}], 'two are closed';
is $r->{statement}, qq{GRANT CONNECT ON DATABASE one TO collector;\n}
    . q{GRANT CONNECT ON DATABASE "t'wo ""2""" TO collector;},
    'what opens them';
$db->sql($r->{statement});
is check($s)->{missing_count}, 0, 'and does';

# SQL Server and Oracle, on their simulated catalogs

my $ms = TaiFish::SimMssql->new($tf->postgres('mssql'), version => 2012);
$ms->run("CREATE LOGIN collector WITH PASSWORD = 'x'; CREATE DATABASE [a]]p]");
$ms->flush;
my $w = TaiFish::Sync->new($tf, $admin, 'sqlserver', $tf->postgres('mssql'),
    ready => 1, password => 'x');
$d = check($w);
is_deeply $d->{held}, { 'VIEW ANY DEFINITION' => 0, 'VIEW SERVER STATE' => 0,
    databases => 0 }, 'SQL Server: no right' or diag explain $d;
is_deeply missing($d), [
    'GRANT VIEW ANY DEFINITION TO collector;',
    'the login sees itself and the fixed roles only',
    'USE [a]]p]; CREATE USER collector FOR LOGIN collector;',
    'this database is not read',
    'GRANT VIEW SERVER STATE TO collector;',
    'sizes of tables are unknown'], 'what 2012 needs'
    or diag explain missing($d);
is $d->{engine_tested}, 'simulated', 'and that it was no real server';
like $d->{script}, qr/^-- USE taifish_app; CREATE USER/m,
    'the script says it of each database';
$ms->run($_->{statement}) for @{ $d->{rights} };
$ms->flush;
is check($w)->{missing_count}, 0, 'and that is enough';

my $ora = TaiFish::SimOracle->new($tf->postgres('ora', port => $port),
    version => 1900);
$ora->run('CREATE USER collector IDENTIFIED BY x;
    GRANT CREATE SESSION TO collector');
$ora->flush;
my $o = TaiFish::Sync->new($tf, $admin, 'oracle', $tf->postgres('ora'),
    ready => 1, username => 'COLLECTOR', password => 'x');
$d = check($o);
is $d->{missing_count}, 12, 'Oracle: no right' or diag explain $d;
is $d->{rights}[8]{statement},
    'GRANT SELECT ON SYS.V_$PWFILE_USERS TO COLLECTOR;', 'one of them';
$ora->run($_->{statement}) for grep { $_->{right} ne 'DBA_PROXIES' }
    @{ $d->{rights} };
$ora->flush;
is_deeply missing(check($o)), ['GRANT SELECT ON SYS.DBA_PROXIES TO COLLECTOR;',
    'who may be whom is unknown'], 'but one';

# what is no check

$my->sql("ALTER USER collector\@'127.0.0.1' ACCOUNT LOCK");
$r = check($m);
is $r->status, 409, 'an account that cannot sign in';
is $r->code, 'DATABASE_CONNECTION_ERROR', 'is a failed connection';
is $r->json->{extra}{error_code}, 'TARGET_AUTH', 'for its reason';

my $bare = $admin->post('/instances', { name => 'bare', db_type => 'mysql',
    host => '127.0.0.1', port => $my->port })->data->{instance}{id};
is $viewer->post("/instances/$bare/actions/check-collector", {})->code,
    'CREDENTIAL_REQUIRED', 'without a credential';
is $viewer->post('/instances/999999/actions/check-collector', {})->status, 404,
    'without an instance';
is $tf->client->post("/instances/$bare/actions/check-collector", {})->status,
    401, 'without signing in';

done_testing;
