# The engine for MySQL and MariaDB reads a real MariaDB exactly.

use lib 't/lib';
use TaiFish;
use TaiFish::Dump;

plan skip_all => 'no MariaDB there; MySQL is in t/75matrix.t'
    unless TaiFish::Server::has_mariadb();

my $dir = TaiFish::Server::private_dir();
my $my = TaiFish::Server::mariadb("$dir/my");
my @as = (port => $my->port, user => 'mon', password => 'secret');

sub q_str { my $n = shift; $n =~ s/([\\'])/\\$1/g; return "'$n'" }

# --- the rights a monitoring account needs, as the page says -----------------

my $page = do {
    open my $f, '<:encoding(UTF-8)', 'docs/monitoring-account.md' or die $!;
    local $/;
    <$f>;
};
my ($script) = $page =~ /```sql mariadb\n(.*?)```/s or die 'no script';
$script =~ s/change-me/secret/;
$script =~ s/taifish_monitor/mon/g;
my @lines = grep { /\S/ } split /\n/, $script;
for my $line (@lines) {
    eval { $my->sql($line) };
    is $@, '', "monitoring-account.md: $line";
}

my $d = TaiFish::Dump::read('mysql', '-v', @as);
is $d->{exit}, 0, 'read' or diag $d->{detail};
is_deeply [grep { $d->{scopes}{$_} ne 'ok' } sort keys %{ $d->{scopes} }], [],
    'those rights are enough';
is $d->{verified}, 1, 'own right verified';
my ($main) = $my->value('SELECT VERSION()') =~ /^(\d+\.\d+)/;
is $d->{main}, $main, 'version';

# --- every one of them is needed ---------------------------------------------

my %scope = (global_priv => 'accounts', db => 'databases',
    tables_priv => 'tables', columns_priv => 'columns',
    procs_priv => 'routines', proxies_priv => 'proxies',
    roles_mapping => 'roles');

for my $table (sort keys %scope) {
    $my->sql("REVOKE SELECT ON mysql.$table FROM 'mon'\@'%'");
    $d = TaiFish::Dump::read('mysql', @as);
    is $d->{scopes}{ $scope{$table} }, 'denied', "without $table";
    is $d->{codes}{ $scope{$table} }, 'TARGET_PERMISSION', 'and says so';
    is $d->{verified}, $table eq 'global_priv' ? 0 : 1, 'verified';
    is_deeply [grep { $d->{scopes}{$_} ne 'ok' } keys %{ $d->{scopes} }],
        [$scope{$table}], 'only that scope';
    is $d->{exit}, 0, 'the reading goes on';
    $my->sql("GRANT SELECT ON mysql.$table TO 'mon'\@'%'");
}

# --- the zoo -----------------------------------------------------------------

my @hostile = ("x'; DROP USER mon; --", 'a"b', "new\nline", '`back`tick`',
    'x' x 80, '账户' x 10, 'UPPER', 'upper', ' lead', '\\x41', '%_', "tab\t",
    '', 'a@b', 'LIKE x');

$my->sql('CREATE USER ' . q_str($_) . "\@'h'") for @hostile;

$my->sql($_) for (
    q{CREATE USER twin@'10.0.0.%', twin@'%', twin@localhost},
    q{CREATE ROLE r_app, `r@odd`, `R_app`},
    q{CREATE USER boss@localhost IDENTIFIED BY 'x' REQUIRE X509},
    q{GRANT ALL PRIVILEGES ON *.* TO boss@localhost WITH GRANT OPTION},
    q{CREATE USER strict@'%' IDENTIFIED VIA mysql_native_password OR
      unix_socket REQUIRE CIPHER 'AES' AND ISSUER '/CN="i"'
      AND SUBJECT '/CN=''中' WITH MAX_QUERIES_PER_HOUR 1 MAX_UPDATES_PER_HOUR 2
      MAX_CONNECTIONS_PER_HOUR 3 MAX_USER_CONNECTIONS 4
      MAX_STATEMENT_TIME 2.5 PASSWORD EXPIRE INTERVAL 30 DAY},
    q{CREATE USER `mysql.sys`@'%', `mariadb.sys`@h, rds_like@'%'},
    q{CREATE USER locked@'%' ACCOUNT LOCK PASSWORD EXPIRE},
    q{CREATE DATABASE App}, q{CREATE DATABASE app}, q{CREATE DATABASE a_p},
    q{CREATE DATABASE `o'dd; "``db`}, q{CREATE DATABASE `LIKE x`},
    q{GRANT SELECT ON App.* TO twin@'%'},
    q{GRANT INSERT ON app.* TO twin@'%' WITH GRANT OPTION},
    q{GRANT SELECT ON `a\_p`.* TO twin@'%'},
    q{GRANT UPDATE ON `a_p`.* TO twin@'%'},
    q{GRANT DELETE ON `%`.* TO twin@'%'},
    q{GRANT DROP ON `o'dd; "``db`.* TO twin@'%'},
    q{GRANT DROP ON `LIKE x`.* TO twin@'%'},
    q{GRANT ALL PRIVILEGES ON app.* TO r_app},
    q{CREATE TABLE app.`t.1` (a int, `b``c` int)},
    q{GRANT SELECT, INSERT, CREATE VIEW, DELETE HISTORY ON app.`t.1`
      TO twin@'10.0.0.%' WITH GRANT OPTION},
    q{GRANT SELECT (a), UPDATE (a, `b``c`) ON app.`t.1` TO twin@localhost},
    q{CREATE PROCEDURE app.`p 1`() SELECT 1},
    q{CREATE FUNCTION app.f() RETURNS int RETURN 1},
    q{GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE app.`p 1`
      TO twin@localhost},
    q{GRANT EXECUTE ON FUNCTION app.f TO r_app WITH GRANT OPTION},
    q{GRANT PROXY ON boss@localhost TO twin@localhost},
    q{GRANT r_app TO twin@localhost WITH ADMIN OPTION},
    q{GRANT r_app TO `r@odd`},
    q{SET DEFAULT ROLE r_app FOR twin@localhost},
    q{GRANT BINLOG MONITOR, BINLOG ADMIN, BINLOG REPLAY, SET USER,
      FEDERATED ADMIN, CONNECTION ADMIN, READ_ONLY ADMIN,
      REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, SLAVE MONITOR,
      DELETE HISTORY ON *.* TO `R_app`},
    q{GRANT SHOW DATABASES ON *.* TO PUBLIC},
);

$d = TaiFish::Dump::read('mysql', @as);
is $d->{exit}, 0, 'read' or diag $d->{detail};
is $d->{strangers}, 0, 'every grant has a holder';

my $accounts = $d->{accounts};
is scalar keys %$accounts, $my->value('SELECT count(*) FROM mysql.global_priv'),
    'as many accounts as rows';

for my $name (@hostile) {
    my $principal = $name =~ /^`/ ? '```back``tick```@`h`' : "$name\@h";
    (my $shown = $name) =~ s/\s/ /g;
    is $accounts->{$principal} && $accounts->{$principal}{username}, $name,
        "name $shown";
    is $accounts->{$principal}{host}, 'h', 'with its host';
}

is_deeply $accounts->{'twin@%'}{grants}, {
    mysql_database_privileges => {
        App => ['SELECT'], app => ['GRANT OPTION', 'INSERT'],
        a_p => ['SELECT'], 'LIKE a_p' => ['UPDATE'], 'LIKE %' => ['DELETE'],
        q{o'dd; "`db} => ['DROP'], '`LIKE x`' => ['DROP'] },
}, 'names of databases: case, escapes, wildcards';

is_deeply $accounts->{'twin@10.0.0.%'}{grants}, {
    mysql_table_privileges => { 'app|t.1' =>
        ['CREATE VIEW', 'DELETE HISTORY', 'GRANT OPTION', 'INSERT',
         'SELECT'] },
}, 'a table, of one of the twins only';

is_deeply $accounts->{'twin@localhost'}{grants}, {
    mysql_column_privileges => {
        'app|`t.1`.a' => ['SELECT', 'UPDATE'],
        'app|`t.1`.`b``c`' => ['UPDATE'] },
    mysql_routine_privileges => {
        'app|PROCEDURE p 1' => ['ALTER ROUTINE', 'EXECUTE'] },
    mysql_proxy_privileges => { 'boss@localhost' => ['PROXY'] },
    mysql_granted_roles => { direct => ['r_app'], admin => ['r_app'],
        default => ['r_app'] },
}, 'columns, routines, proxies, roles';

is_deeply $accounts->{r_app}{grants}, {
    mysql_database_privileges => { app => [
        'ALTER', 'ALTER ROUTINE', 'CREATE', 'CREATE ROUTINE',
        'CREATE TEMPORARY TABLES', 'CREATE VIEW', 'DELETE', 'DELETE HISTORY',
        'DROP', 'EVENT', 'EXECUTE', 'INDEX', 'INSERT', 'LOCK TABLES',
        'REFERENCES', 'SELECT',
        ('SHOW CREATE ROUTINE') x ($main >= 11.3), 'SHOW VIEW', 'TRIGGER',
        'UPDATE'] },
    mysql_routine_privileges => {
        'app|FUNCTION f' => ['EXECUTE', 'GRANT OPTION'] },
    mysql_role_members => {
        direct => ['`r@odd`', 'root@localhost', 'twin@localhost'],
        admin => ['root@localhost', 'twin@localhost'],
        default => ['twin@localhost'] },
}, 'a role';
is $accounts->{r_app}{kind}, 'role', 'kind';
is_deeply $accounts->{'`r@odd`'}{grants}{mysql_granted_roles},
    { direct => ['r_app'] }, 'a role in a role, with a name like an account';

is_deeply $accounts->{R_app}{grants}{mysql_global_privileges}, { '' => [
    'BINLOG ADMIN', 'BINLOG MONITOR', 'BINLOG REPLAY', 'CONNECTION ADMIN',
    'DELETE HISTORY', 'FEDERATED ADMIN', 'READ_ONLY ADMIN',
    'REPLICATION MASTER ADMIN', 'REPLICATION SLAVE ADMIN', 'SET USER',
    'SLAVE MONITOR'] }, 'the privileges that mysql.user has no column for';

is $accounts->{PUBLIC}{kind}, 'public', 'PUBLIC';
is_deeply $accounts->{PUBLIC}{grants}{mysql_global_privileges},
    { '' => ['SHOW DATABASES'] }, 'rights of PUBLIC';

my %all = map { $_ => 1 } split /\n/,
    $my->sql("SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES
        WHERE GRANTEE = '''boss''\@''localhost'''");
is_deeply $accounts->{'boss@localhost'}{grants}{mysql_global_privileges}{''},
    [sort keys %all, 'GRANT OPTION'], 'ALL PRIVILEGES is what the server says';

my %of = %{ $accounts->{'boss@localhost'}{attributes} };
is_deeply [@of{qw(is_superuser can_grant is_locked super_priv grant_priv
    ssl_type account_kind original_username host plugin)}],
    [(JSON::PP::true) x 2, JSON::PP::false, (JSON::PP::true) x 2, 'X509',
     'user', 'boss', 'localhost', 'mysql_native_password'], 'attributes';
%of = %{ $accounts->{'locked@%'}{attributes} };
is_deeply [@of{qw(is_locked account_locked password_expired)}],
    [(JSON::PP::true) x 3], 'locked and expired';
is $accounts->{'mariadb.sys@localhost'}{attributes}{is_system},
    JSON::PP::true, 'the system brings mariadb.sys along';
is $accounts->{$_}{attributes}{is_system}, JSON::PP::false, "but not $_"
    for 'mysql.sys@%', 'mariadb.sys@h', 'rds_like@%';

# What a sign-in has to bring along, and what it may use.

%of = %{ $accounts->{'strict@%'}{attributes} };
is_deeply [@of{qw(ssl_type ssl_cipher x509_issuer x509_subject max_questions
    max_updates max_connections max_user_connections max_statement_time
    password_lifetime)}],
    ['SPECIFIED', 'AES', '/CN="i"', "/CN='\x{4e2d}", 1, 2, 3, 4, '2.5', 30],
    'requirements and limits';
like $of{other_plugins}, qr/unix_socket/, 'another way to sign in';
%of = %{ $accounts->{'twin@%'}{attributes} };
is_deeply [@of{qw(ssl_cipher x509_issuer x509_subject max_questions
    max_statement_time password_lifetime other_plugins)}],
    [undef, undef, undef, 0, 0, undef, undef], 'and an account without';

# Entries of older servers are read as the server itself reads them.

for my $old (['{"access":32768,"version_id":100427}', 'SUPER only'],
             ['{"access":557056,"version_id":100427}', 'and REPLICATION SLAVE'],
             ['{"access":1048576,"version_id":100427}', 'REPLICATION CLIENT'],
             ['{"access":17179869184,"version_id":100505}', '10.5.5'],
             ['{"access":32768,"version_id":100605}', 'SUPER of 10.6'],
             ['{"access":557056,"version_id":101108}', 'SUPER of 10.11'],
             ['{"access":32768,"version_id":110401}', 'SUPER of 11.4'],
             ['{"access":18446744073709551615}', 'everything']) {
    $my->sql("REPLACE INTO mysql.global_priv
        VALUES ('10.9.9.9', 'old', '$old->[0]');
        FLUSH PRIVILEGES");
    my %now = map { $_ => 1 } grep { $_ ne 'USAGE' } split /\n/,
        $my->sql("SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES
            WHERE GRANTEE = '''old''\@''10.9.9.9'''");
    $now{'GRANT OPTION'} = 1 if $old->[0] =~ /18446744073709551615/;
    is_deeply TaiFish::Dump::read('mysql', @as)
        ->{accounts}{'old@10.9.9.9'}{grants}{mysql_global_privileges}{''},
        [sort keys %now], "written by an older server: $old->[1]";
}

# --- a table that the server does not have -----------------------------------

$my->sql('RENAME TABLE proxies_priv TO away', 'mysql');
$d = TaiFish::Dump::read('mysql', @as);
is $d->{scopes}{proxies}, 'unsupported', 'without the table proxies_priv';
is $d->{scopes}{roles}, 'ok', 'the reading goes on';
$my->sql('RENAME TABLE away TO proxies_priv', 'mysql');

# --- how it connects, and how it ends ----------------------------------------

$my->sql(q{CREATE USER late@'%' IDENTIFIED BY 'x' PASSWORD EXPIRE});

# from 11.4 on a server makes a certificate for itself
my $plain = $main < 11.4;

for my $case ([[password => 'wrong'], 'TARGET_AUTH', 'wrong password'],
              [[user => 'late', password => 'x'], 'TARGET_PASSWORD_EXPIRED',
               'an expired password'],
              [[user => 'locked', password => ''], 'TARGET_AUTH', 'locked'],
              [[port => TaiFish::Server::free_port()], 'TARGET_REFUSED',
               'nobody there'],
              [[tls => 'require'], $plain ? 'TARGET_TLS' : undef,
               'a server without TLS'],
              [[tls => 'verify-full'], 'TARGET_TLS', 'nor verified TLS'],
              [[rows => 5], 'RESULT_TOO_LARGE', 'too many rows'],
              [[bytes => 200], 'RESULT_TOO_LARGE', 'too many bytes'],
              [[stop => 20], 'INTERNAL_ERROR', 'the sink stops']) {
    my $d = TaiFish::Dump::read('mysql', @as, @{ $case->[0] });
    is $d->{error}, $case->[1], $case->[2];
    next unless $case->[1];
    isnt $d->{scopes}{accounts} // '', 'ok', 'and no list of accounts';
    is $d->{verified}, 0, 'and nothing verified';
}

for my $limit ('SET GLOBAL disconnect_on_expired_password = 1',
               'SET GLOBAL disconnect_on_expired_password = 0') {
    $my->sql($limit);
    is TaiFish::Dump::read('mysql', @as, user => 'late', password => 'x')
        ->{error}, 'TARGET_PASSWORD_EXPIRED', $limit;
}

$my->sql(q{CREATE USER spent@'%' IDENTIFIED BY 'x' WITH
    MAX_QUERIES_PER_HOUR 2});
is TaiFish::Dump::read('mysql', @as, user => 'spent', password => 'x')->{error},
    'TARGET_BUSY', 'no statement left for this hour';

# Who has locked a table of rights is waited for a little, as with PostgreSQL.

my $locker = TaiFish::Server::spawn('locker', $dir, ['mariadb',
    '--no-defaults', '-uroot', '-S', $my->{socket}, '-e',
    'LOCK TABLES mysql.db WRITE, mysql.roles_mapping WRITE; SELECT SLEEP(99)'],
    {});
TaiFish::Server::until_true(20, sub {
    $my->value(q{SELECT COUNT(*) FROM information_schema.processlist
                 WHERE info LIKE 'SELECT SLEEP%'}) }) or die 'no lock';
my $from = time;
$d = TaiFish::Dump::read('mysql', @as);
is_deeply { map { $_ => $d->{scopes}{$_} } grep { $d->{scopes}{$_} ne 'ok' }
            keys %{ $d->{scopes} } },
    { databases => 'timeout', roles => 'timeout' }, 'a locked table';
cmp_ok time - $from, '<', 25, 'is not waited for long';
$my->sql($my->value(q{SELECT CONCAT('KILL ', id) FROM
    information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'}));
$locker->stop('KILL');

# Names are what they are, whatever character set the server has for clients.

my %names = map { $_ => 1 } 'né@%', '账户@10.%';
$my->sql(q{SET NAMES utf8mb4; CREATE USER 'né'@'%', '账户'@'10.%';
    GRANT SELECT ON `база`.* TO 'né'@'%'; GRANT INSERT ON `库`.* TO 'né'@'%'});

sub named {
    my ($what, @server) = @_;
    my $d = TaiFish::Dump::read('mysql', @server);

    is_deeply { map { $_ => 1 } grep { /[^\x00-\x7f]/ && !/^账户账户/ }
                keys %{ $d->{accounts} } }, \%names, "accounts: $what";
    is_deeply [sort keys %{ $d->{accounts}{'né@%'}{grants}
        {mysql_database_privileges} || {} }], ['база', '库'],
        "databases: $what";
}

for my $set ('', 'SET NAMES latin1', 'SET NAMES gbk',
             'SET character_set_results = latin1')
{
    $my->sql("SET GLOBAL init_connect = '$set'");
    named($set || 'as the client says', @as);
}
$my->sql(q{SET GLOBAL init_connect = ''; GRANT SELECT ON mysql.* TO mon});

for my $charset ('latin1', 'gbk') {
    $my->stop;
    local $my->{args} = ["--character-set-server=$charset",
                         '--skip-character-set-client-handshake'];
    $my->start;
    named("a server that takes $charset only", @as);
}

$my->restart;

$my->sql(q{SET GLOBAL general_log = 1; SET GLOBAL log_output = 'TABLE'});
TaiFish::Dump::read('mysql', @as);
$my->sql('SET GLOBAL general_log = 0');
my $log = $my->sql(q{SELECT argument FROM mysql.general_log
    WHERE user_host LIKE 'mon%' AND command_type = 'Query'});
like $log, qr/READ ONLY/, 'the session is read only';
unlike $log, qr/authentication_string|Password,/i, 'no hash is asked for';
like $log, qr/max_statement_time = 30/, 'statements end';

$my->close;
done_testing;
