# The versions of PostgreSQL, MySQL and MariaDB that people run: what is kept of
# every account is compared with the server's own word (has_*_privilege(), SHOW
# GRANTS), and every step logs what happened and nothing else.
#
# This machine's own servers, and of each list its first and its last.  With
# TAIFISH_PROOF=1, as root: all of them, today's versions too, in minutes.
# TAIFISH_ENGINES=DIR keeps the servers of t/lib/engine-box.sh,
# TAIFISH_MATRIX=pg17 runs those of that name only.

use lib 't/lib';
use TaiFish;

use IPC::Open2 ();

use TaiFish::Cut;
use TaiFish::Root;
use TaiFish::Sync;
use TaiFish::Truth;

my $all = $ENV{TAIFISH_PROOF};
my $box = $ENV{TAIFISH_ENGINES} || '/var/tmp/taifish-engines';
if ($all) {
    plan skip_all => $_ for grep { defined } TaiFish::Root::why_not();
    system("$TaiFish::ROOT/t/lib/engine-box.sh", 'make', $box) == 0
        or die 'no servers';
}

my %passing = map { $_ => 1 } qw(TARGET_REFUSED TARGET_TIMEOUT TARGET_BUSY
                                 TARGET_OTHER TARGET_DNS);
# a locked catalog is waited for by one statement after the other
my $tf = TaiFish->new(http => 'taifish_run_wait 900s')->start;
my $api = $tf->as('admin');
$api->{http}->timeout(1000);
my ($s, $name, $differences);

for my $server (
    ['pg15', 'pg', undef], ['pg17', 'pg', "$box/trixie"],
    ['pg18', 'pg', "$box/sid"], ['mariadb10', 'mariadb', undef],
    ['mariadb11', 'mariadb', "$box/trixie"], ['mysql9', 'mysql', "$box/sid"])
{
    ($name, my $kind, local $TaiFish::Server::root) = @$server;
    next if $ENV{TAIFISH_MATRIX} && $name !~ /$ENV{TAIFISH_MATRIX}/;
    next if $TaiFish::Server::root && !$all;

    my $dir = TaiFish::Server::private_dir();
    my $port = TaiFish::Server::free_port();
    my $db = $kind eq 'pg' ? TaiFish::Server::pg("$dir/db", port => $port)
           : $kind eq 'mysql' ? TaiFish::Server::mysql("$dir/db")
           : TaiFish::Server::mariadb("$dir/db");

    my $from = time;
    $differences = sub {
        my ($db) = @_;
        my $all = $s->all_categories;
        my $categories = sub { $all->{ $_[0] } };
        return TaiFish::Truth::postgresql($db, $categories) if $kind eq 'pg';
        return TaiFish::Truth::mysql($db, $categories,
            map { $_->{principal} } $tf->rows(
                "SELECT principal FROM accounts WHERE dropped_at IS NULL
                 AND kind <> 'public' AND instance_id = " . $s->id));
    };
    $kind eq 'pg' ? postgresql($db) : mysql($db, $kind eq 'mysql');
    $db->close;

    # names in every encoding, from this server's programs
    local $ENV{TAIFISH_ENGINE_ROOT} = $TaiFish::Server::root;
    if ($kind eq 'pg' && $all) {
        my $out = `$^X t/70engine-encodings.t 2>&1`;
        is $?, 0, "$name: every encoding" or diag $out;
    }
    note "$name: ", time - $from, ' s, ', join ' ', load();
}

done_testing;

# All of a list, or its first and its last, or of what waits for a lock one.

sub some { return $all || @_ < 3 ? @_ : @_[0, -1] }

sub one { return $all ? @_ : $_[-1] }

sub load {
    open my $f, '<', '/proc/loadavg' or die $!;
    return 'load ' . join ' ', (split ' ', <$f>)[0 .. 2];
}

# Runs statements and a sync: these changes, and no difference.

sub step {
    my ($what, $db, $sql, $changes, $database) = @_;

    $db->sql($_, $database) for ref $sql ? @$sql : $sql;
    my $r = eval { $s->sync };
    ok $r && !$r->{partial}, "$name: $what: read" or diag $@ || explain $r;
    is_deeply [grep { !/ collector/ } $s->changes], $changes,
        "$name: $what: " . (@$changes ? 'what happened' : 'no change');
    is_deeply [$differences->($db)], [], "$name: $what: as the server says";
}

# A sync that is to fail or to be partial, and changes nothing.

sub broken {
    my ($what, $break, $mend, $may) = @_;

    $break->();
    my $r = $s->fail_once;
    my $result = $r->status == 200 ? $r->data->{result} : undef;
    ok !$result || $result->{partial} || $may,
        "$name: $what: not all was read";
    $mend->();
    is_deeply [grep { !/ collector/ } $s->changes], [],
        "$name: $what: no change";
    return $r;
}

# A server that restarts while a sync waits for a lock, which the end of the
# server ends: the sync is tried again, or told in part, and nothing changed.

sub restarted {
    my ($phase, $db, $lock, $waits, @how) = @_;
    my $kind = q{WHERE kind = 'sync_accounts'};

    # until it is back
    my $n = $tf->value("SELECT attempts FROM job_kinds $kind");
    $tf->sql("UPDATE job_kinds SET attempts = 30 $kind");

    for my $how (@how) {
        my $what = "$name: restart by $how, $phase";
        my $unlock = $lock->();
        my $run = $tf->value("SELECT run_id FROM tf_enqueue('sync_accounts',
            'manual', instance_ids => ARRAY[" . $s->id . '])');
        TaiFish::Server::until_true(30, $waits) or die "no wait: $phase";
        $db->restart($how);
        $unlock->();
        my $r = $tf->wait_run($run, 300);
        my $item = $r->{items}[0];
        ok $r->{status} eq 'completed' && $item->{attempt} > 1
            || $r->{status} eq 'completed_with_errors'
               && !grep({ !$passing{ $_->{error_code} } }
                        @{ $item->{details}{unknown_scopes} }),
            "$what: tried again, or in part" or diag explain $item;
        is_deeply [grep { !/ collector/ } $s->changes], [],
            "$what: no change";
    }

    $tf->sql("UPDATE job_kinds SET attempts = $n $kind");
    step("restarts, $phase", $db, [], []);
}

# A client that takes a lock and has it until the function that is returned is
# called.  It says so itself: others may be unable to sign in meanwhile.

sub locked {
    my ($sql, $db, @client) = @_;
    my $pid = IPC::Open2::open2(my $out, my $in, @client);
    $in->autoflush(1);
    print $in "$sql;\nSELECT 'locked';\n";
    my $line = '';
    $line = <$out> // die "no lock: $sql" until $line =~ /locked/;
    return sub {
        close $in;
        kill 'KILL', $pid;
        waitpid $pid, 0;
    };
}

sub cuts {
    my ($cut) = @_;

    for my $bytes (some(60, 150, 300, 700, 1200, 1800, 2600, 4000, 7000)) {
        my $r = broken("cut after $bytes bytes", sub { $cut->after($bytes) },
                       sub { $cut->after(undef) }, $bytes >= 4000);
        ok $r->status == 200 || $passing{ $r->code },
            "$name: cut after $bytes bytes: is tried again"
            or diag $r->as_string;
    }
}


# --- PostgreSQL ---------------------------------------------------------------

sub postgresql {
    my ($db) = @_;
    my @databases = qw(one two);

    $db->sql("CREATE DATABASE $_") for @databases;
    $db->sql(q{
        CREATE ROLE app LOGIN; CREATE ROLE other LOGIN NOINHERIT;
        CREATE ROLE team; CREATE ROLE boss CREATEROLE;
        CREATE ROLE sup SUPERUSER;
        GRANT team TO app, other; GRANT boss TO app WITH ADMIN OPTION;
        GRANT CREATE ON DATABASE one TO team;
        REVOKE TEMP ON DATABASE two FROM PUBLIC});
    $db->sql(q{
        CREATE SCHEMA s AUTHORIZATION other; CREATE TABLE s.t (a int, b int);
        CREATE TYPE s.e AS ENUM ('a'); CREATE COLLATION s.c FROM "C";
        CREATE PUBLICATION pub; CREATE FOREIGN DATA WRAPPER w;
        CREATE SERVER srv FOREIGN DATA WRAPPER w; GRANT USAGE ON FOREIGN
        SERVER srv TO team; CREATE MATERIALIZED VIEW s.m AS SELECT 1 AS one;
        CREATE TEXT SEARCH DICTIONARY s.d (TEMPLATE = simple);
        CREATE TABLE public.p (a int); CREATE SEQUENCE s.q; CREATE VIEW s.v AS
        SELECT 1 AS one; CREATE FUNCTION s.f(int) RETURNS int LANGUAGE sql AS
        'SELECT 1'; REVOKE EXECUTE ON FUNCTION s.f(int) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION s.f(int) TO team; GRANT USAGE ON SCHEMA s TO
        team; GRANT SELECT ON s.t TO team WITH GRANT OPTION;
        GRANT INSERT, UPDATE ON s.t TO app; GRANT SELECT ON s.v TO PUBLIC;
        GRANT USAGE ON SEQUENCE s.q TO app;
        ALTER DEFAULT PRIVILEGES FOR ROLE boss GRANT SELECT ON TABLES TO team;
    }, $_) for @databases;

    my $cut = TaiFish::Cut->new($db->{port});
    $s = TaiFish::Sync->new($tf, $api, 'postgresql', $db, name => $name,
                            port => $cut->port);
    $s->sync;
    $s->changes;
    step('nothing', $db, [], []);

    for my $database ('one', 'template1') {
        step("template $_", $db, "ALTER DATABASE $database IS_TEMPLATE $_", [])
            for $database eq 'one' ? qw(true false) : qw(false true);
    }

    $db->sql(q{CREATE SUBSCRIPTION sub CONNECTION 'dbname=x' PUBLICATION pub
               WITH (connect = false)}, 'one');
    step('a subscription', $db, [], ['modify_privilege taifish']);

    for my $what (some('TABLE s.t', 'SCHEMA s', 'SEQUENCE s.q', 'VIEW s.v',
                       'FUNCTION s.f(int)', 'MATERIALIZED VIEW s.m',
                       'TYPE s.e', 'COLLATION s.c', 'PUBLICATION pub',
                       'SERVER srv', 'TEXT SEARCH DICTIONARY s.d'))
    {
        my $from = $what =~ /SCHEMA/ ? 'other' : 'taifish';
        step("$what OWNER", $db, "ALTER $what OWNER TO app",
             ['modify_privilege app', "modify_privilege $from"], 'one');
        step("$what back", $db, "ALTER $what OWNER TO $from",
             ['modify_privilege app', "modify_privilege $from"], 'one');
    }

    step('DATABASE OWNER', $db, 'ALTER DATABASE one OWNER TO app',
         ['modify_privilege app', 'modify_privilege taifish']);
    step('and back', $db, 'ALTER DATABASE one OWNER TO taifish',
         ['modify_privilege app', 'modify_privilege taifish']);

    step('a role renamed', $db, 'ALTER ROLE app RENAME TO app2',
         ['rename app2']);
    step('and back', $db, 'ALTER ROLE app2 RENAME TO app', ['rename app']);
    step('a group renamed', $db, 'ALTER ROLE team RENAME TO crew',
         ['rename crew']);
    step('and back', $db, 'ALTER ROLE crew RENAME TO team', ['rename team']);
    step('names swapped', $db, 'ALTER ROLE app RENAME TO tmp; ALTER ROLE other
         RENAME TO app; ALTER ROLE tmp RENAME TO other',
         ['rename app', 'rename other']);
    step('and back', $db, 'ALTER ROLE app RENAME TO tmp; ALTER ROLE other
         RENAME TO app; ALTER ROLE tmp RENAME TO other',
         ['rename app', 'rename other']);
    step('a database renamed', $db, 'ALTER DATABASE two RENAME TO three', []);
    step('and back', $db, 'ALTER DATABASE three RENAME TO two', []);
    for my $rename (some(
        ['TABLE s.t RENAME TO t2', 'TABLE s.t2 RENAME TO t'],
        ['TABLE s.t RENAME a TO c', 'TABLE s.t RENAME c TO a'],
        ['SCHEMA s RENAME TO s2', 'SCHEMA s2 RENAME TO s'],
        ['SEQUENCE s.q RENAME TO r', 'SEQUENCE s.r RENAME TO q'],
        ['FUNCTION s.f RENAME TO g', 'FUNCTION s.g RENAME TO f'],
        ['TYPE s.e RENAME TO k', 'TYPE s.k RENAME TO e'],
        ['SERVER srv RENAME TO srv2', 'SERVER srv2 RENAME TO srv'],
        ['SUBSCRIPTION sub RENAME TO sub2', 'SUBSCRIPTION sub2 RENAME TO sub']))
    {
        step($_, $db, "ALTER $_", [], 'one') for @$rename;
    }

    for my $set (some(
                 ['CONNECTION LIMIT 3', 'other'],
                 [q{VALID UNTIL '2099-01-01'}, 'other'],
                 [q{VALID UNTIL 'infinity'}, 'other'],
                 ['CREATEDB', 'privilege'], ['NOCREATEDB', 'privilege'],
                 ['BYPASSRLS', 'privilege'], ['REPLICATION', 'privilege'],
                 ['NOINHERIT', 'privilege'], ['INHERIT', 'privilege'],
                 ['NOBYPASSRLS', 'privilege'], ['NOREPLICATION', 'privilege'],
                 ['CREATEROLE', 'privilege'], ['NOCREATEROLE', 'privilege'],
                 ['NOLOGIN', 'privilege'], ['LOGIN', 'privilege'],
                 ['SUPERUSER', 'privilege'], ['NOSUPERUSER', 'privilege'],
                 [q{VALID UNTIL '2001-01-01'}, 'other'],
                 [q{VALID UNTIL 'infinity'}, 'other'],
                 [q{PASSWORD 'x'}, undef]))
    {
        step("ALTER ROLE app $set->[0]", $db, "ALTER ROLE app $set->[0]",
             [map { "modify_$_ app" } grep { defined } $set->[1]]);
    }

    my @psql = ("$db->{bin}/psql", '-XAtq', '-h', $db->{socket}, '-p',
                $db->{port}, '-U', 'taifish', '-d');
    my @shared = qw(pg_authid pg_auth_members pg_database pg_tablespace
                    pg_parameter_acl);
    my @each = qw(pg_namespace pg_default_acl pg_language pg_class
        pg_foreign_data_wrapper pg_foreign_server pg_type pg_init_privs
        pg_largeobject_metadata pg_attribute pg_proc pg_depend pg_extension
        pg_collation pg_conversion pg_statistic_ext pg_ts_dict pg_ts_config
        pg_operator pg_opclass pg_opfamily pg_am pg_event_trigger
        pg_publication pg_subscription);

    for my $catalog (one(@shared, @each)) {
        my $unlock;
        broken("$catalog locked",
            sub { $unlock = locked("BEGIN; LOCK TABLE $catalog", $db, @psql,
                                   'one') },
            sub { $unlock->() });
    }

    my $waits = sub { $db->value("SELECT count(*) FROM pg_stat_activity
        WHERE usename = 'collector' AND wait_event_type = 'Lock'") };
    restarted("the roles' memberships are read", $db, sub {
        locked('BEGIN; LOCK TABLE pg_auth_members', $db, @psql, 'one')
    }, $waits, one(qw(INT QUIT)));
    restarted('the first database is read', $db, sub {
        locked('BEGIN; LOCK TABLE pg_default_acl', $db, @psql, 'postgres')
    }, $waits, qw(INT QUIT)) if $all;
    restarted('another one is read', $db, sub {
        locked('BEGIN; LOCK TABLE pg_ts_dict', $db, @psql, 'one')
    }, $waits, qw(INT QUIT)) if $all;

    for my $catalog (some('pg_roles', @shared[1 .. $#shared], @each)) {
        my $on = $catalog eq 'pg_subscription' ? '(subname) ON pg_subscription'
                                               : "ON $catalog";
        my @in = ('postgres', @databases);
        broken("no right to $catalog",
            sub { $db->sql("REVOKE SELECT $on FROM PUBLIC", $_) for @in },
            sub { $db->sql("GRANT SELECT $on TO PUBLIC", $_) for @in });
    }

    for my $limit (['no free connection', 'CONNECTION LIMIT 0', 'TARGET_BUSY'],
                   ['locked', 'NOLOGIN', 'TARGET_AUTH'],
                   ['an end in the past', "VALID UNTIL '2001-01-01'",
                    'TARGET_AUTH'])
    {
        my $r = broken("the collector: $limit->[0]",
            sub { $db->sql("ALTER ROLE collector $limit->[1]") },
            sub { $db->sql("ALTER ROLE collector CONNECTION LIMIT -1 LOGIN
                            VALID UNTIL 'infinity'") });
        is $r->code, $limit->[2], "$name: the collector: $limit->[0]: why";
    }

    cuts($cut);
    for my $how ('INT', 'QUIT') {
        broken("a server that was stopped by $how", sub { $db->stop($how) },
               sub { $db->start });
    }
    step('after all of that', $db, [], []);
}

# --- MySQL and MariaDB --------------------------------------------------------

sub mysql {
    my ($db, $is_mysql) = @_;
    my $tables = $is_mysql
        ? [qw(user db tables_priv columns_priv procs_priv proxies_priv
              global_grants role_edges default_roles)]
        : [qw(global_priv db tables_priv columns_priv procs_priv proxies_priv
              roles_mapping)];
    my $password = $TaiFish::Sync::PASSWORD =~ s/([\\'])/\\$1/gr;

    # accounts of hosts by name, which a server that looks none up ignores
    $db->sql("DELETE FROM mysql.global_priv WHERE User IN ('root', '')
              AND Host <> 'localhost'; FLUSH PRIVILEGES") unless $is_mysql;


    $db->sql(qq{
        CREATE USER collector\@'127.0.0.1' IDENTIFIED BY '$password';
        CREATE DATABASE app; CREATE TABLE app.t (a int, b int);
        CREATE PROCEDURE app.p() SELECT 1;
        CREATE USER app\@'%' IDENTIFIED BY 'x', app\@'10.%' IDENTIFIED BY 'x';
        CREATE ROLE reader, inner_r, mand;
        GRANT SELECT ON app.* TO reader; GRANT INSERT ON app.t TO mand;
        GRANT inner_r TO reader; GRANT reader TO app\@'%' WITH ADMIN OPTION;
        GRANT PROCESS, RELOAD ON *.* TO app\@'10.%' WITH GRANT OPTION;
        GRANT ALL ON app.* TO app\@'10.%'; GRANT DELETE ON `ap%`.* TO app\@'%';
        GRANT SELECT (a), UPDATE (a, b), INSERT ON app.t TO app\@'%';
        GRANT EXECUTE ON PROCEDURE app.p TO app\@'%'});
    $db->sql("GRANT SELECT ON mysql.$_ TO collector\@'127.0.0.1'")
        for @$tables;
    $db->sql("INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'")
        if $is_mysql;

    my $cut = TaiFish::Cut->new($db->port);
    $s = TaiFish::Sync->new($tf, $api, 'mysql', $db, name => $name, ready => 1,
        port => $cut->port, tls => $is_mysql ? 'require' : 'disable');
    $s->sync;
    $s->changes;
    step('nothing', $db, [], []);

    # whatever character set the server gives to its clients
    step('names', $db, q{CREATE USER 'né账户'@'%';
         GRANT SELECT ON `база`.* TO 'né账户'@'%'}, ['add né账户@%']);
    for my $charset (qw(latin1 gbk utf8mb4)) {
        step("init_connect: $charset", $db,
             "SET GLOBAL init_connect = 'SET NAMES $charset'", []);
    }
    step('a name goes', $db, q{DROP USER 'né账户'@'%'}, ['drop né账户@%']);

    step('a table renamed', $db, 'RENAME TABLE app.t TO app.t2', []);
    step('and back', $db, 'RENAME TABLE app.t2 TO app.t', []);
    step('a right', $db, "GRANT SELECT ON app.t TO app\@'%'",
         ['modify_privilege app@%']);
    step('a superuser by a role in a role', $db,
         'GRANT UPDATE ON mysql.* TO inner_r',
         ['modify_other app@%', 'modify_other reader' . ('@%') x $is_mysql,
          'modify_privilege inner_r' . ('@%') x $is_mysql]);
    step('and back', $db, 'REVOKE UPDATE ON mysql.* FROM inner_r',
         ['modify_other app@%', 'modify_other reader' . ('@%') x $is_mysql,
          'modify_privilege inner_r' . ('@%') x $is_mysql]);

    for my $set (some(
                 "REQUIRE SUBJECT '/CN=a'", "REQUIRE ISSUER '/CN=i'",
                 "REQUIRE CIPHER 'AES'", 'REQUIRE X509', 'REQUIRE SSL',
                 'REQUIRE NONE', 'WITH MAX_QUERIES_PER_HOUR 3',
                 'WITH MAX_UPDATES_PER_HOUR 3', 'WITH MAX_USER_CONNECTIONS 3',
                 'WITH MAX_CONNECTIONS_PER_HOUR 3',
                 'PASSWORD EXPIRE INTERVAL 30 DAY', 'PASSWORD EXPIRE NEVER',
                 'PASSWORD EXPIRE DEFAULT', 'PASSWORD EXPIRE',
                 'ACCOUNT LOCK'), 'ACCOUNT UNLOCK', !$all ? () : $is_mysql
                 ? ('FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 2',
                    'FAILED_LOGIN_ATTEMPTS 0 PASSWORD_LOCK_TIME 0',
                    'PASSWORD HISTORY 3', 'PASSWORD REUSE INTERVAL 3 DAY',
                    'PASSWORD REQUIRE CURRENT',
                    'PASSWORD REQUIRE CURRENT DEFAULT',
                    "IDENTIFIED BY 'y' RETAIN CURRENT PASSWORD",
                    'DISCARD OLD PASSWORD',
                    'ADD 2 FACTOR IDENTIFIED WITH auth_socket',
                    'DROP 2 FACTOR',
                    "IDENTIFIED WITH sha256_password BY 'y'")
                 : ('WITH MAX_STATEMENT_TIME 3',
                    'IDENTIFIED VIA unix_socket OR mysql_native_password'
                    . ' USING PASSWORD("y")',
                    'IDENTIFIED VIA mysql_native_password USING PASSWORD("x")'))
    {
        step($set, $db, "ALTER USER app\@'%' $set", ['modify_other app@%']);
    }

    if ($is_mysql) {
        step('mandatory roles', $db, q{SET GLOBAL mandatory_roles = '`mand`'},
             ['modify_privilege PUBLIC']);
        step('more of them', $db,
             q{SET GLOBAL mandatory_roles = "mand@'%', reader"},
             ['modify_privilege PUBLIC']);
        step('none', $db, q{SET GLOBAL mandatory_roles = ''},
             ['modify_privilege PUBLIC']);
        step("all roles at once: $_", $db,
             "SET GLOBAL activate_all_roles_on_login = $_",
             ['modify_other PUBLIC']) for 1, 0;
        step('partial revokes', $db, ['SET GLOBAL partial_revokes = 1',
             "GRANT SELECT ON *.* TO app\@'10.%'",
             "REVOKE SELECT ON mysql.* FROM app\@'10.%'"],
             ['modify_other PUBLIC', 'modify_privilege app@%',
              'modify_privilege app@10.%',
              'modify_privilege mysql.session@localhost']);
        is_deeply [$s->entries('app@%')],
            ['GRANT mysql_database_privileges ap%: DELETE',
             'REVOKE mysql_database_privileges LIKE ap%: DELETE'],
            "$name: with them a pattern is a name";
        step('only SUPER was lost', $db,
             ["GRANT ALL ON *.* TO app\@'%'"],
             ['modify_privilege app@%']);
        ok $s->change('app@%')->{is_elevation}, "$name: an elevation";
        step('only SUPER was lost', $db,
             ["REVOKE SUPER ON *.* FROM app\@'%'"],
             ['modify_privilege app@%']);
        is $tf->value("SELECT is_superuser FROM accounts WHERE principal =
            'app\@%' AND instance_id = " . $s->id), 't',
            "$name: and it is a superuser as before";
    }

    step('a default role', $db, $is_mysql
         ? "SET DEFAULT ROLE reader TO app\@'%'"
         : "SET DEFAULT ROLE reader FOR app\@'%'",
         ['modify_privilege app@%', 'modify_privilege reader'
          . ('@%') x $is_mysql]);
    step('none', $db, $is_mysql
         ? "SET DEFAULT ROLE NONE TO app\@'%'"
         : "SET DEFAULT ROLE NONE FOR app\@'%'",
         ['modify_privilege app@%', 'modify_privilege reader'
          . ('@%') x $is_mysql]);
    step('an account renamed', $db, "RENAME USER app\@'10.%' TO app\@'11.%'",
         ['add app@11.%', 'drop app@10.%']);
    step('and back', $db, "RENAME USER app\@'11.%' TO app\@'10.%'",
         ['drop app@11.%', 'recreate app@10.%']);

    my @client = ('mariadb', '--no-defaults', '-uroot', '-S', $db->{socket},
                  '-N', '-B', '-n');
    for my $table (one(@$tables)) {
        my $unlock;
        broken("$table locked",
            sub { $unlock = locked("LOCK TABLES mysql.$table WRITE", $db,
                                   @client) },
            sub { $unlock->() });
    }

    my $waits = sub { $db->value("SELECT COUNT(*) FROM
        information_schema.processlist WHERE user = 'collector'
        AND state LIKE '%lock%'") };
    for my $table ($all ? @$tables[0, 5, -1] : $tables->[5]) {
        restarted("$table is read", $db, sub {
            locked("LOCK TABLES mysql.$table WRITE", $db, @client)
        }, $waits, one(qw(TERM KILL)));
    }

    my @others;
    for my $case (
        ['a full server', 'TARGET_BUSY', 'SET GLOBAL max_connections = 10',
         'SET GLOBAL max_connections = 100', 10],
        ['a locked account', 'TARGET_AUTH',
         "ALTER USER collector\@'127.0.0.1' ACCOUNT LOCK",
         "ALTER USER collector\@'127.0.0.1' ACCOUNT UNLOCK", 0],
        ['an expired password', 'TARGET_PASSWORD_EXPIRED',
         "ALTER USER collector\@'127.0.0.1' PASSWORD EXPIRE",
         "ALTER USER collector\@'127.0.0.1' IDENTIFIED BY '$password'", 0])
    {
        my ($what, $code, $break, $mend, $clients) = @$case;
        my $r = broken($what, sub {
            $db->sql($break);
            @others = map { locked('SELECT 1', $db, @client) } 1 .. $clients;
        }, sub {
            $_->() for splice @others;
            $db->sql($mend);
        });
        is $r->code, $code, "$name: $what: why";
    }

    for my $table (some(@$tables)) {
        broken("no right to $table",
            sub { $db->sql("REVOKE SELECT ON mysql.$table FROM
                            collector\@'127.0.0.1'") },
            sub { $db->sql("GRANT SELECT ON mysql.$table TO
                            collector\@'127.0.0.1'") });
    }

    cuts($cut);
    for my $how ('TERM', 'KILL') {
        broken("a server that was stopped by $how", sub { $db->stop($how) },
               sub { $db->start });
    }
    $s->sync;
    $s->changes;
    step('after all of that', $db, [], []);
}
