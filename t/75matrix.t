# The versions of PostgreSQL, MySQL and MariaDB that people run: what is kept of
# every account is compared with the server's own word (has_*_privilege(), SHOW
# GRANTS), and every step logs what happened and nothing else.
#
# TAIFISH_PROOF=1, as root; minutes.  TAIFISH_ENGINES=DIR keeps the servers of
# t/lib/engine-box.sh, TAIFISH_MATRIX=pg17 runs those of that name only.

use lib 't/lib';
use TaiFish;
use TaiFish::Cut;
use TaiFish::Root;
use TaiFish::Sync;

plan skip_all => 'a long one: TAIFISH_PROOF=1' unless $ENV{TAIFISH_PROOF};
plan skip_all => $_ for grep { defined } TaiFish::Root::why_not();

my $box = $ENV{TAIFISH_ENGINES} || '/var/tmp/taifish-engines';
system("$TaiFish::ROOT/t/lib/engine-box.sh", 'make', $box) == 0
    or die 'no servers';

my %passing = map { $_ => 1 } qw(TARGET_REFUSED TARGET_TIMEOUT TARGET_BUSY
                                 TARGET_OTHER TARGET_DNS);
my $tf = TaiFish->new->start;
my $api = $tf->as('admin');
my ($s, $name, $differences);

for my $server (
    ['pg15', 'pg', undef], ['pg17', 'pg', "$box/trixie"],
    ['pg18', 'pg', "$box/sid"], ['mariadb10', 'mariadb', undef],
    ['mariadb11', 'mariadb', "$box/trixie"], ['mysql9', 'mysql', "$box/sid"])
{
    ($name, my $kind, local $TaiFish::Server::root) = @$server;
    next if $ENV{TAIFISH_MATRIX} && $name !~ /$ENV{TAIFISH_MATRIX}/;

    my $dir = TaiFish::Server::private_dir();
    my $port = TaiFish::Server::free_port();
    my $db = $kind eq 'pg' ? TaiFish::Server::pg("$dir/db", port => $port)
           : $kind eq 'mysql' ? TaiFish::Server::mysql("$dir/db")
           : TaiFish::Server::mariadb("$dir/db");

    $differences = $kind eq 'pg' ? \&of_postgresql : \&of_mysql;
    $kind eq 'pg' ? postgresql($db) : mysql($db, $kind eq 'mysql');
    $db->close;
}

done_testing;

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

sub cuts {
    my ($cut) = @_;

    for my $bytes (60, 150, 300, 700, 1200, 1800, 2600, 4000, 7000) {
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

    step("template $_", $db, "ALTER DATABASE one IS_TEMPLATE $_", [])
        for 'true', 'false';

    for my $what ('TABLE s.t', 'SCHEMA s', 'SEQUENCE s.q', 'VIEW s.v',
                  'FUNCTION s.f(int)')
    {
        my $from = $what =~ /SCHEMA/ ? 'other' : 'taifish';
        step("$what OWNER", $db, "ALTER $what OWNER TO app",
             ['modify_privilege app', "modify_privilege $from"], 'one');
        step("$what back", $db, "ALTER $what OWNER TO $from",
             ['modify_privilege app', "modify_privilege $from"], 'one');
    }

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
    for my $rename ('TABLE s.t RENAME TO t2', 'TABLE s.t2 RENAME TO t',
                    'TABLE s.t RENAME a TO c', 'TABLE s.t RENAME c TO a',
                    'SCHEMA s RENAME TO s2', 'SCHEMA s2 RENAME TO s',
                    'SEQUENCE s.q RENAME TO r', 'SEQUENCE s.r RENAME TO q',
                    'FUNCTION s.f RENAME TO g', 'FUNCTION s.g RENAME TO f')
    {
        step($rename, $db, "ALTER $rename", [], 'one');
    }

    for my $set (['CONNECTION LIMIT 3', 'other'],
                 [q{VALID UNTIL '2099-01-01'}, 'other'],
                 [q{VALID UNTIL 'infinity'}, 'other'],
                 ['CREATEDB', 'privilege'], ['NOCREATEDB', 'privilege'],
                 ['BYPASSRLS', 'privilege'], ['REPLICATION', 'privilege'],
                 ['NOINHERIT', 'privilege'], ['INHERIT', 'privilege'],
                 [q{PASSWORD 'x'}, undef])
    {
        step("ALTER ROLE app $set->[0]", $db, "ALTER ROLE app $set->[0]",
             [map { "modify_$_ app" } grep { defined } $set->[1]]);
    }

    for my $catalog (qw(pg_default_acl pg_largeobject_metadata pg_publication
                        pg_foreign_server pg_event_trigger pg_ts_dict
                        pg_collation pg_extension))
    {
        my $locker;
        broken("$catalog locked", sub {
            $locker = TaiFish::Server::spawn("lock-$catalog", $db->{dir},
                ["$db->{bin}/psql", '-X', '-h', $db->{socket}, '-p',
                 $db->{port}, '-U', 'taifish', '-d', 'one', '-c',
                 "BEGIN; LOCK TABLE $catalog; SELECT pg_sleep(300)"], {});
            TaiFish::Server::until_true(20, sub {
                $db->value(q{SELECT count(*) FROM pg_stat_activity WHERE query
                    LIKE '%pg_sleep(300)' AND state = 'active'
                    AND pid <> pg_backend_pid()}) }) or die 'no lock';
        }, sub {
            $db->sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE query LIKE '%pg_sleep(300)' AND pid <> pg_backend_pid()});
            $locker->stop('KILL');
        });
    }

    for my $catalog (qw(pg_auth_members pg_database pg_namespace pg_class
                        pg_proc pg_type pg_default_acl pg_attribute
                        pg_foreign_server pg_language))
    {
        broken("no right to $catalog",
            sub { $db->sql("REVOKE SELECT ON $catalog FROM PUBLIC", $_)
                      for 'postgres', @databases },
            sub { $db->sql("GRANT SELECT ON $catalog TO PUBLIC", $_)
                      for 'postgres', @databases });
    }

    cuts($cut);
    for my $how ('INT', 'QUIT') {
        broken("a server that was stopped by $how", sub { $db->stop($how) },
               sub { $db->start });
    }
    step('after all of that', $db, [], []);
}

# What has_*_privilege() says otherwise than the rights that are kept.

sub of_postgresql {
    my ($db) = @_;
    my (%kept, @differences);

    my @roles = map { $_->{rolname} } $db->rows(
        "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'");
    $kept{$_} = $s->categories($_) || push @differences, "no account $_"
        for @roles, 'PUBLIC';
    return @differences if @differences;

    # whose rights a role has without SET ROLE

    my $inherits;
    $inherits = sub {
        my ($role, $seen) = @_;
        return if $seen->{$role}++ || !$kept{$role};
        my $k = $kept{$role};
        for my $of (@{ $k->{postgresql_predefined_roles} || [] }) {
            my @options = @{ $k->{postgresql_memberships}{$of} };
            my $inherit = (grep { /^GRANTED BY/ } @options)
                ? (grep { $_ eq 'INHERIT' } @options)
                : $k->{postgresql_role_attributes}{can_inherit};
            $inherits->($of, $seen) if $inherit;
        }
    };

    my $new = $db->value('SHOW server_version_num') >= 170000;
    my %all = (
        table => [qw(SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER),
                  ('MAINTAIN') x $new],
        sequence => [qw(USAGE SELECT UPDATE)], schema => [qw(USAGE CREATE)],
        function => ['EXECUTE'], database => [qw(CONNECT CREATE TEMP)]);
    my $relation = q{quote_ident(n.nspname) || '.' || quote_ident(c.relname)
        AS name, c.oid FROM pg_class c JOIN pg_namespace n
        ON n.oid = c.relnamespace WHERE c.oid >= 16384 AND n.nspname
        !~ '^pg_' AND c.relkind};
    my %from = (table => "$relation IN ('r', 'v')",
        sequence => "$relation = 'S'",
        schema => "nspname AS name, oid FROM pg_namespace WHERE oid >= 16384
            AND nspname !~ '^pg_'",
        function => q{quote_ident(n.nspname) || '.' || quote_ident(p.proname)
            || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS name,
            p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE p.oid >= 16384},
        database => 'datname AS name, oid FROM pg_database WHERE oid >= 16384');

    for my $database (map { $_->{datname} } $db->rows(
        "SELECT datname FROM pg_database WHERE oid >= 16384"))
    {
        for my $kind (sort keys %all) {
            my $privileges = join ',', map { "('$_')" } @{ $all{$kind} };

            for my $row ($db->rows("SELECT r.rolname, o.name, p.privilege,
                has_${kind}_privilege(r.oid, o.oid, p.privilege) AS has
                FROM pg_roles r, (SELECT $from{$kind}) o,
                     (VALUES $privileges) AS p (privilege)
                WHERE r.rolname !~ '^pg_'", $database))
            {
                my ($role, $on, $p) = @$row{qw(rolname name privilege)};
                my %by;
                $inherits->($role, \%by);

                my $has = grep { $kept{$_}{postgresql_role_attributes}
                                     {can_super} } $role;
                for my $by (keys %by, 'PUBLIC') {
                    my $k = $kept{$by};
                    my ($granted, $owned) = $kind eq 'database'
                        ? ($k->{postgresql_database_privileges}{$on}, 0)
                        : ($k->{"postgresql_${kind}_privileges"}{$database}
                               {$on},
                           $k->{"postgresql_owned_${kind}s"}{$database}{$on});
                    $has ||= $owned || grep { s/ WITH .*//r eq $p }
                                           @{ $granted || [] };
                }
                push @differences, "$role $p ON $kind $database.$on: server "
                    . ($row->{has} ? 'yes' : 'no')
                    if !$has != !$row->{has};
            }
        }
    }

    return @differences;
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

    my $cut = TaiFish::Cut->new($db->port);
    $s = TaiFish::Sync->new($tf, $api, 'mysql', $db, name => $name, ready => 1,
        port => $cut->port, tls => $is_mysql ? 'require' : 'disable');
    $s->sync;
    $s->changes;
    step('nothing', $db, [], []);

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

    for my $set ("REQUIRE SUBJECT '/CN=a'", "REQUIRE ISSUER '/CN=i'",
                 "REQUIRE CIPHER 'AES'", 'REQUIRE X509', 'REQUIRE SSL',
                 'REQUIRE NONE', 'WITH MAX_QUERIES_PER_HOUR 3',
                 'WITH MAX_UPDATES_PER_HOUR 3', 'WITH MAX_USER_CONNECTIONS 3',
                 'WITH MAX_CONNECTIONS_PER_HOUR 3',
                 'PASSWORD EXPIRE INTERVAL 30 DAY', 'PASSWORD EXPIRE NEVER',
                 'ACCOUNT LOCK', 'ACCOUNT UNLOCK',
                 ('FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 2',
                  'PASSWORD HISTORY 3', 'PASSWORD REUSE INTERVAL 3 DAY',
                  'PASSWORD REQUIRE CURRENT') x $is_mysql)
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
             ['modify_other PUBLIC', 'modify_privilege app@10.%']);
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

    for my $table (@$tables) {
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

# What SHOW GRANTS says otherwise than the rights that are kept.

sub of_mysql {
    my ($db) = @_;
    my @differences;
    my $mandatory = ($s->categories('PUBLIC') || {})->{mysql_granted_roles}
        {mandatory} || [];

    for my $row ($tf->rows("SELECT principal, kind FROM accounts WHERE
        dropped_at IS NULL AND kind <> 'public' AND instance_id = " . $s->id))
    {
        my ($user, $host) = $row->{principal} =~ /^(.*?)(?:\@([^\@]*))?$/;
        my %server = map { $_ => 1 } granted($db->sql("SHOW GRANTS FOR '$user'"
            . (defined $host ? "\@'$host'" : '')));
        my %kept = map { $_ => 1 } kept($s->categories($row->{principal}),
            $row->{kind} eq 'user' ? $mandatory : []);

        # of a role MariaDB tells what its roles have, too
        my @roles = defined $host ? () : grep { s/^ROLE // } my @of
            = keys %kept;
        while (defined(my $role = shift @roles)) {
            my @more = kept($s->categories($role), []);
            @kept{@more} = (1) x @more;
            push @roles, grep { s/^ROLE // } my @copy = @more;
        }

        for my $all (grep { /^ALL ON/ } keys %server) {
            my ($on) = $all =~ /^ALL (ON .*)/;
            my @of = grep { / \Q$on\E$/ && !/^GRANT OPTION/ } keys %kept;
            delete @kept{@of}, delete $server{$all} if @of >= 18;
        }
        push @differences,
            (map { "$row->{principal}: $_: server only" }
             grep { !$kept{$_} } sort keys %server),
            (map { "$row->{principal}: $_: kept only" }
             grep { !$server{$_} } sort keys %kept);
    }

    return @differences;
}

# "PRIVILEGE ON place" and "ROLE name" of the lines of SHOW GRANTS.

sub granted {
    my ($text) = @_;
    my @all;

    for my $line (split /\n/, $text) {
        $line =~ s/[`']//g;

        if ($line =~ /^GRANT (PROXY) ON (\S+) TO/) {
            push @all, "PROXY ON $2";

        } elsif ($line =~ /^(GRANT|REVOKE) (.*) ON (.*?) (?:TO|FROM) /) {
            my ($how, $list, $on) = ($1, $2, $3);
            my $option = $line =~ / WITH GRANT OPTION$/;
            $on =~ s/\\//g;
            my @of;
            while ($list =~ /\G([A-Z_ ]+?)(?: \(([^)]*)\))?(?:, ?|$)/g) {
                my ($p, $columns) = ($1, $2);
                next if $p eq 'USAGE';
                $p = "ALL" if $p eq "ALL PRIVILEGES";
                push @of, $columns ? map { "$p($_)" } split /, /, $columns
                                   : $p;
            }
            my $dynamic = @of && !grep { !/^[A-Z]+_[A-Z_]+$/ } @of;
            push @of, 'GRANT OPTION' if $option && !$dynamic;
            push @all, map { ($how eq 'REVOKE' ? 'NOT ' : '') . "$_ ON $on"
                . ($option && $dynamic ? ' GRANTABLE' : '') } @of;

        } elsif ($line =~ /^GRANT (.*) TO .*?( WITH ADMIN OPTION)?$/) {
            my $option = $2;
            push @all, map { ("ROLE $_", ("ADMIN $_") x !!$option) }
                split /,\s*/, $1;
        }
    }

    return @all;
}

sub kept {
    my ($c, $mandatory) = @_;
    my @all = map { s/ WITH GRANT OPTION$// ? "$_ ON *.* GRANTABLE"
                                            : "$_ ON *.*" }
        map { "$_" } @{ $c->{mysql_global_privileges} || [] };
    my $each = sub {
        my ($key, $as) = @_;
        for my $database (keys %{ $c->{$key} || {} }) {
            for my $on (keys %{ $c->{$key}{$database} }) {
                push @all, map { $as->($database, $on, $_) }
                    @{ $c->{$key}{$database}{$on} };
            }
        }
    };

    for my $on (keys %{ $c->{mysql_database_privileges} || {} }) {
        push @all, map { "$_ ON " . $on =~ s/^LIKE //r . '.*' }
            @{ $c->{mysql_database_privileges}{$on} };
    }
    for my $on (keys %{ $c->{mysql_partial_revokes} || {} }) {
        push @all, map { "NOT $_ ON $on.*" }
            @{ $c->{mysql_partial_revokes}{$on} };
    }
    $each->('mysql_table_privileges', sub { "$_[2] ON $_[0].$_[1]" });
    $each->('mysql_routine_privileges', sub {
        my ($type, $routine) = split / /, $_[1], 2;
        "$_[2] ON $type $_[0].$routine" });
    $each->('mysql_column_privileges', sub {
        my ($table, $column) = split /\./, $_[1], 2;
        "$_[2]($column) ON $_[0].$table" });
    push @all, map { "PROXY ON $_" }
        keys %{ $c->{mysql_proxy_privileges} || {} };
    my $roles = $c->{mysql_granted_roles} || {};
    push @all, map { "ROLE $_" } @{ $roles->{direct} || [] }, @$mandatory;
    push @all, map { "ADMIN $_" } @{ $roles->{admin} || [] };

    return @all;
}
