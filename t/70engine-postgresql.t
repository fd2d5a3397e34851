# The PostgreSQL engine reads a real server exactly.

use lib 't/lib';
use TaiFish;
use TaiFish::Dump;

my $dir = TaiFish::Server::private_dir();
my $port = TaiFish::Server::free_port();
my $pg = TaiFish::Server::pg("$dir/pg", port => $port,
    max_connections => 30);
my @as = (port => $port, user => 'mon', password => 'secret');

sub q_id { my $n = shift; $n =~ s/"/""/g; return qq{"$n"} }

# --- the right a monitoring account needs, as the page says ----------------

my $page = do {
    open my $f, '<:encoding(UTF-8)', 'docs/monitoring-account.md' or die $!;
    local $/;
    <$f>;
};
my ($script) = $page =~ /```sql postgresql\n(.*?)```/s or die 'no script';
$script =~ s/change-me/secret/;
$script =~ s/\btaifish_monitor\b/mon/g;
for my $line (grep { /\S/ } split /(?<=;)\n/, $script) {
    my ($code, $out) = eval { (0, $pg->sql($line)) };
    is $@, '', 'monitoring-account.md: ' . ($line =~ /^(.*)$/m)[0];
}
is $pg->value(q{SELECT count(*) FROM pg_auth_members m JOIN pg_roles r
    ON r.oid = m.member WHERE r.rolname = 'mon'}), 0, 'member of no role';

# --- the zoo ---------------------------------------------------------------

my @hostile = ("x'; DROP ROLE mon; --", 'a"b', "new\nline", '`back`tick`',
    'x' x 63, '账户' x 10, 'UPPER', 'upper', ' lead', '"PUBLIC"', 'PUBLIC',
    '\\x41', '%_', "tab\t");

$pg->sql("CREATE ROLE " . q_id($_) . " LOGIN") for @hostile;

$pg->sql($_) for (
    q{CREATE ROLE app_rw NOINHERIT},
    q{CREATE ROLE rds_mine}, q{CREATE ROLE rds_superuser},
    q{CREATE ROLE app_ro VALID UNTIL '2001-02-03 04:05:06+00'
      LOGIN CONNECTION LIMIT 7},
    q{CREATE ROLE boss LOGIN SUPERUSER CREATEROLE CREATEDB REPLICATION
      BYPASSRLS VALID UNTIL 'infinity'},
    q{GRANT app_ro TO app_rw},
    q{GRANT app_rw TO "a""b" WITH ADMIN OPTION},
    q{GRANT pg_monitor TO "UPPER"},
    q{CREATE DATABASE "my; ""db"},
    q{CREATE DATABASE closed},
    q{REVOKE ALL ON DATABASE closed FROM PUBLIC},
    q{GRANT CONNECT ON DATABASE taifish TO app_ro WITH GRANT OPTION},
    q{GRANT TEMP, CREATE ON DATABASE taifish TO app_rw},
    q{GRANT SET, ALTER SYSTEM ON PARAMETER work_mem TO app_rw},
    q{GRANT CREATE ON TABLESPACE pg_default TO app_ro},
    q{CREATE SCHEMA "Odd.schema"},
    q{GRANT USAGE ON SCHEMA "Odd.schema" TO PUBLIC},
    q{CREATE TABLE "Odd.schema"."t ""x" (a int, "b.c" int)},
    q{GRANT SELECT, INSERT ON "Odd.schema"."t ""x" TO app_ro},
    q{GRANT UPDATE ON "Odd.schema"."t ""x" TO app_ro WITH GRANT OPTION},
    q{GRANT SELECT (a), UPDATE ("b.c") ON "Odd.schema"."t ""x" TO app_rw},
    q{GRANT SELECT ON "Odd.schema"."t ""x" TO "PUBLIC"},
    q{CREATE VIEW v AS SELECT 1 AS one},
    q{GRANT SELECT ON v TO PUBLIC},
    q{CREATE MATERIALIZED VIEW mv AS SELECT 1 AS one},
    q{GRANT SELECT ON mv TO app_ro},
    q{CREATE SEQUENCE s},
    q{GRANT USAGE ON SEQUENCE s TO app_ro},
    q{CREATE FUNCTION f(int, text DEFAULT '') RETURNS int LANGUAGE sql
      AS 'SELECT 1'},
    q{CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'},
    q{REVOKE ALL ON PROCEDURE p() FROM PUBLIC},
    q{GRANT EXECUTE ON PROCEDURE p() TO app_ro},
    q{GRANT EXECUTE ON FUNCTION pg_ls_dir(text) TO app_ro},
    q{GRANT SELECT ON pg_class, pg_authid TO app_ro},
    q{CREATE TYPE mood AS ENUM ('a')},
    q{GRANT USAGE ON TYPE mood TO app_ro},
    q{ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app_ro},
    q{ALTER DEFAULT PRIVILEGES FOR ROLE boss IN SCHEMA "Odd.schema"
      GRANT EXECUTE ON FUNCTIONS TO PUBLIC},
    q{CREATE FOREIGN DATA WRAPPER w},
    q{CREATE SERVER "sr v" FOREIGN DATA WRAPPER w},
    q{GRANT USAGE ON FOREIGN SERVER "sr v" TO app_ro},
    q{GRANT USAGE ON LANGUAGE plpgsql TO app_ro},
    q{SELECT lo_create(4711)},
    q{GRANT SELECT ON LARGE OBJECT 4711 TO app_ro},
    q{CREATE EXTENSION pg_stat_statements},

    q{ALTER DEFAULT PRIVILEGES FOR ROLE boss REVOKE EXECUTE ON FUNCTIONS
      FROM PUBLIC},
    q{ALTER DEFAULT PRIVILEGES FOR ROLE app_rw REVOKE USAGE ON TYPES
      FROM PUBLIC},
    q{ALTER DEFAULT PRIVILEGES FOR ROLE app_rw REVOKE USAGE ON SEQUENCES
      FROM app_rw},
    q{ALTER DEFAULT PRIVILEGES FOR ROLE app_rw GRANT SELECT ON TABLES
      TO boss},

    q{CREATE ROLE near NOINHERIT; CREATE ROLE far LOGIN;
      GRANT boss TO near; GRANT near TO far;
      CREATE ROLE clerk CREATEROLE; CREATE ROLE clerks; CREATE ROLE temp LOGIN;
      GRANT clerk TO clerks; GRANT clerks TO temp;
      CREATE ROLE shell; GRANT pg_execute_server_program TO shell;
      CREATE ROLE shells LOGIN; GRANT shell TO shells;
      CREATE ROLE reader; GRANT pg_read_server_files TO reader},

    q{CREATE ROLE keeper}, q{GRANT CREATE ON DATABASE taifish TO keeper},
    q{SET ROLE keeper; CREATE SCHEMA kept; SET search_path = kept;
      CREATE EXTENSION citext;
      CREATE TABLE t (a serial, b int); CREATE INDEX ON t (a);
      CREATE TABLE parts (a int) PARTITION BY LIST (a);
      CREATE VIEW v AS SELECT 1 AS one;
      CREATE MATERIALIZED VIEW mv AS SELECT 1 AS one;
      CREATE SEQUENCE "S 1";
      CREATE FUNCTION f(int, text) RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
      CREATE AGGREGATE ag(int) (SFUNC = int4pl, STYPE = int);
      CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN d AS int;
      CREATE TYPE pair AS (a int, b int);
      CREATE COLLATION c FROM "C";
      CREATE CONVERSION cv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
      CREATE STATISTICS st ON a, b FROM t;
      CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = simple);
      CREATE TEXT SEARCH CONFIGURATION cfg (COPY = simple);
      CREATE OPERATOR === (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int);
      CREATE OPERATOR !!! (FUNCTION = int4um, RIGHTARG = int);
      CREATE PUBLICATION pub;
      CREATE TEMPORARY TABLE passing (a int)},
    q{CREATE OPERATOR FAMILY kept.fam USING hash},
    q{ALTER OPERATOR FAMILY kept.fam USING hash OWNER TO keeper},
    q{CREATE OPERATOR CLASS kept.cls FOR TYPE int USING hash FAMILY kept.fam
      AS OPERATOR 1 =, FUNCTION 1 hashint4(int)},
    q{ALTER OPERATOR CLASS kept.cls USING hash OWNER TO keeper},
    q{ALTER TABLESPACE pg_default OWNER TO keeper},
    q{ALTER LANGUAGE plpgsql OWNER TO keeper},
    q{ALTER SERVER "sr v" OWNER TO keeper},
    q{ALTER FUNCTION pg_ls_dir(text) OWNER TO keeper},
    q{SELECT lo_create(4712)}, q{ALTER LARGE OBJECT 4712 OWNER TO keeper},
    q{ALTER FOREIGN DATA WRAPPER w OWNER TO boss},
    q{CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS
      'BEGIN END'},
    q{REVOKE EXECUTE ON FUNCTION et() FROM PUBLIC},
    q{SET ROLE boss; CREATE EVENT TRIGGER et ON ddl_command_start
      EXECUTE FUNCTION et()},
    q{REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA kept FROM PUBLIC},
);
$pg->sql(q{CREATE TABLE t (a int); GRANT DELETE ON t TO app_ro},
    'my; "db');

my $d = TaiFish::Dump::read('postgresql', '-v', @as);
is $d->{exit}, 0, 'read' or diag $d->{detail};
is $d->{verified}, 1, 'own right verified';
is $d->{strangers}, 0, 'every grant has a holder';
like $d->{version}, qr/^\d+\.\d+$/, 'version';

my %quoted = ('PUBLIC' => '"PUBLIC"', '"PUBLIC"' => '"""PUBLIC"""');
for my $name (@hostile) {
    my $a = $d->{accounts}{ $quoted{$name} // $name };
    (my $shown = $name) =~ s/\s/ /g;
    is $a && $a->{username}, $name, "name $shown";
}
is $d->{accounts}{PUBLIC}{kind}, 'public', 'PUBLIC is no role';

is_deeply $d->{accounts}{app_ro}{attributes}, {
    is_superuser => JSON::PP::false, is_locked => JSON::PP::true,
    can_grant => JSON::PP::false, is_system => JSON::PP::false,
    server_access => JSON::PP::false,
    connection_limit => 7, valid_until => '2001-02-03T04:05:06Z' },
    'an expired role is locked';
is_deeply $d->{accounts}{boss}{attributes}, {
    is_superuser => JSON::PP::true, is_locked => JSON::PP::false,
    can_grant => JSON::PP::true, is_system => JSON::PP::false,
    server_access => JSON::PP::true,
    connection_limit => -1, valid_until => undef }, 'a superuser';
for my $case (
    [near => 'superuser can_grant server'],
    [far => 'superuser can_grant server'],
    [clerk => 'can_grant'], [clerks => 'can_grant'], [temp => 'can_grant'],
    [shell => 'server'], [shells => 'server'], [reader => 'server'],
    [pg_execute_server_program => ''], [app_rw => ''], [PUBLIC => ''])
{
    my ($name, $is) = @$case;
    my $a = $d->{accounts}{$name}{attributes};
    is join(' ', $a->{is_superuser} ? 'superuser' : (),
            $a->{can_grant} ? 'can_grant' : (),
            $a->{server_access} ? 'server' : ()), $is,
        "what memberships make of $name";
}
is $d->{accounts}{pg_monitor}{attributes}{is_system}, JSON::PP::true,
    'the system brings pg_monitor along';
is_deeply [map { $d->{accounts}{$_}{attributes}{is_system} ? 1 : 0 }
           qw(rds_superuser rds_mine taifish boss)], [1, 0, 0, 0],
    'and by its exact name';
is $d->{accounts}{boss}{native_id},
    $pg->value(q{SELECT oid FROM pg_roles WHERE rolname = 'boss'}), 'oid';

my $table = 'taifish|"Odd.schema"."t ""x"';

is_deeply $d->{accounts}{app_ro}{grants}, {
    postgresql_role_attributes => {
        can_super => ['false'], can_create_db => ['false'],
        can_create_role => ['false'], can_inherit => ['true'],
        can_login => ['true'], can_replicate => ['false'],
        can_bypass_rls => ['false'] },
    postgresql_database_privileges => {
        taifish => ['CONNECT WITH GRANT OPTION'] },
    postgresql_tablespace_privileges => { pg_default => ['CREATE'] },
    postgresql_table_privileges => {
        $table => ['INSERT', 'SELECT', 'UPDATE WITH GRANT OPTION'],
        'taifish|public.mv' => ['SELECT'],
        'taifish|pg_catalog.pg_class' => ['SELECT'],
        'taifish|pg_catalog.pg_authid' => ['SELECT'],
        'my; "db|public.t' => ['DELETE'] },
    postgresql_sequence_privileges => { 'taifish|public.s' => ['USAGE'] },
    postgresql_function_privileges => {
        'taifish|public.p()' => ['EXECUTE'],
        'taifish|pg_catalog.pg_ls_dir(text)' => ['EXECUTE'] },
    postgresql_type_privileges => { 'taifish|public.mood' => ['USAGE'] },
    postgresql_default_privileges => {
        'taifish|FOR ROLE taifish ON TABLES' => ['SELECT'] },
    postgresql_foreign_privileges => {
        'taifish|FOREIGN SERVER "sr v"' => ['USAGE'] },
    postgresql_language_privileges => { 'taifish|plpgsql' => ['USAGE'] },
    postgresql_large_object_privileges => { 'taifish|4711' => ['SELECT'] },
}, 'all that app_ro may do';

# --- owners: every kind of object that has one -------------------------------

my %owned = %{ $d->{accounts}{keeper}{grants} };
is_deeply { map { my $k = $_;
        ($k => [sort map { s/^taifish\|//r } keys %{ $owned{$k} }]) }
    grep { /_owned_/ && !/tablespaces/ } keys %owned }, {
    postgresql_owned_schemas => ['kept'],
    postgresql_owned_tables => [map { "kept.$_" } qw(mv parts t v)],
    postgresql_owned_sequences => ['kept."S 1"', 'kept.t_a_seq'],
    postgresql_owned_functions => ['kept.ag(integer)',
        'kept.f(integer, text)', 'kept.p()', 'pg_catalog.pg_ls_dir(text)'],
    postgresql_owned_types => [map { "kept.$_" } qw(d mood pair)],
    postgresql_owned_languages => ['plpgsql'],
    postgresql_owned_large_objects => ['4712'],
    postgresql_owned_foreign_objects => ['FOREIGN SERVER "sr v"'],
    postgresql_owned_other_objects => ['COLLATION kept.c',
        'CONVERSION kept.cv', 'EXTENSION citext',
        'OPERATOR CLASS kept.cls USING hash',
        'OPERATOR FAMILY kept.fam USING hash',
        'OPERATOR kept.!!!(NONE, integer)',
        'OPERATOR kept.===(integer, integer)', 'PUBLICATION pub',
        'STATISTICS kept.st', 'TEXT SEARCH CONFIGURATION kept.cfg',
        'TEXT SEARCH DICTIONARY kept.dict'],
}, 'all that keeper owns, and nothing twice' or diag explain \%owned;
is_deeply $owned{postgresql_owned_tables}{'taifish|kept.t'}, ['OWNER'],
    'as its owner';
is_deeply $owned{postgresql_owned_tablespaces}, { '' => ['pg_default'] },
    'a tablespace';
is_deeply [map { sort keys %$_ }
        @{ $d->{accounts}{boss}{grants} }{
            'postgresql_owned_foreign_objects',
            'postgresql_owned_other_objects' }],
    ['taifish|FOREIGN DATA WRAPPER w', 'taifish|EVENT TRIGGER et'],
    'what only a superuser may own';
is_deeply [grep { /pg_catalog|information_schema/ } map { keys %$_ }
        map { $d->{accounts}{taifish}{grants}{"postgresql_owned_$_"} }
        qw(schemas tables functions types)], [],
    'the server itself is nobody\'s news';

my $rw = $d->{accounts}{app_rw};
is $rw->{kind}, 'role', 'no login: a role';
is $rw->{grants}{postgresql_role_attributes}{can_inherit}[0], 'false',
    'NOINHERIT';
delete $rw->{grants}{postgresql_role_attributes};
is_deeply delete $rw->{grants}{postgresql_revoked_default_privileges},
    { 'taifish|FOR ROLE app_rw ON SEQUENCES' => ['USAGE'] },
    'a default privilege that was taken from the owner itself';
# from 16 on a membership tells more of itself
my @by = ('GRANTED BY taifish') x ($pg->value('SHOW server_version_num')
                                   >= 160000);
my @may = @by ? 'SET' : ();
is_deeply $rw->{grants}, {
    postgresql_predefined_roles => { '' => ['app_ro'] },
    postgresql_memberships => { app_ro => [@by, 'MEMBER', @may] },
    postgresql_database_privileges => { taifish => ['CREATE', 'TEMP'] },
    postgresql_parameter_privileges => {
        work_mem => ['ALTER SYSTEM', 'SET'] },
    postgresql_column_privileges => {
        "$table.a" => ['SELECT'], qq{$table."b.c"} => ['UPDATE'] },
}, 'all that app_rw may do';

is_deeply $d->{accounts}{'a"b'}{grants}{postgresql_memberships},
    { app_rw => ['ADMIN OPTION', @by, ('INHERIT') x (@may > 0), 'MEMBER',
                 @may] }, 'admin option';
is_deeply $d->{accounts}{UPPER}{grants}{postgresql_predefined_roles},
    { '' => ['pg_monitor'] }, 'case is kept';
is_deeply $d->{accounts}{'"PUBLIC"'}{grants}{postgresql_table_privileges},
    { $table => ['SELECT'] }, 'a role named PUBLIC has its own rights';

my %public = %{ $d->{accounts}{PUBLIC}{grants} };
is $d->{scopes}{'tables closed'}, 'denied', 'no CONNECT: that one is denied';
is $d->{codes}{'tables closed'}, 'TARGET_PERMISSION', 'and says so';
is $d->{scopes}{'tables taifish'}, 'ok', 'the others are read';
is $d->{scopes}{tables}, 'ok', 'the list of databases was complete';

is_deeply $public{postgresql_table_privileges},
    { 'taifish|public.v' => ['SELECT'] }, 'nothing of the system for PUBLIC';
is_deeply $public{postgresql_function_privileges},
    { 'taifish|public.f(integer, text)' => ['EXECUTE'] },
    'the default of functions, but not those of extensions';
is_deeply $public{postgresql_schema_privileges},
    { map({ ("$_|public" => ['USAGE']) } 'postgres', 'taifish', 'my; "db',
          'template1'),
      'taifish|Odd.schema' => ['USAGE'] }, 'schemas of PUBLIC';
is_deeply $public{postgresql_default_privileges},
    { 'taifish|FOR ROLE boss IN SCHEMA "Odd.schema" ON FUNCTIONS'
        => ['EXECUTE'] }, 'default privileges of PUBLIC';
is_deeply $public{postgresql_revoked_default_privileges},
    { 'taifish|FOR ROLE boss ON FUNCTIONS' => ['EXECUTE'],
      'taifish|FOR ROLE app_rw ON TYPES' => ['USAGE'] },
    'default privileges that were taken from PUBLIC';
is_deeply [sort keys %{ $public{postgresql_database_privileges} }],
    ['my; "db', 'postgres', 'taifish', 'template0', 'template1'],
    'a database without an ACL has its default';

# --- the first grant on a table is none to its owner -----------------------

my $before = $d->{accounts};
$pg->sql('CREATE TABLE fresh (a int); GRANT SELECT ON fresh TO app_rw');
my $after = TaiFish::Dump::read('postgresql', @as)->{accounts};
ok $after->{taifish}{grants}{postgresql_owned_tables}{'taifish|public.fresh'},
    'its owner owns it';
delete $_->{taifish}{grants}{postgresql_owned_tables} for $before, $after;
is_deeply [grep { !eq_hash($before->{$_}{grants}, $after->{$_}{grants}) }
    sort keys %$after], ['app_ro', 'app_rw'],
    'one by GRANT, one by default privileges';

# --- what cannot be read is said -------------------------------------------

sub statuses {
    my ($d) = @_;
    return { map { ($_ => $d->{scopes}{$_}) }
        grep { $d->{scopes}{$_} ne 'ok' && !/ (?:closed|template0)$/ }
        keys %{ $d->{scopes} } };
}

$pg->sql('REVOKE SELECT ON pg_auth_members FROM PUBLIC', 'postgres');
$d = TaiFish::Dump::read('postgresql', @as);
is_deeply statuses($d), { memberships => 'denied' }, 'one scope denied';
is $d->{exit}, 0, 'the reading goes on';
$pg->sql('GRANT SELECT ON pg_auth_members TO PUBLIC', 'postgres');

$pg->sql('REVOKE SELECT ON pg_proc FROM PUBLIC', 'my; "db');
$d = TaiFish::Dump::read('postgresql', @as);
is_deeply statuses($d), { 'functions my; "db' => 'denied',
    'owners my; "db' => 'denied' }, 'one table of one database denied';
$pg->sql('GRANT SELECT ON pg_proc TO PUBLIC', 'my; "db');

$pg->sql('REVOKE SELECT ON pg_roles FROM PUBLIC', 'postgres');
$d = TaiFish::Dump::read('postgresql', @as);
is $d->{scopes}{accounts}, 'denied', 'no list of roles';
is $d->{verified}, 0, 'and nothing verified';
$pg->sql('GRANT SELECT ON pg_roles TO PUBLIC', 'postgres');

$pg->sql('ALTER DATABASE "my; ""db" ALLOW_CONNECTIONS false');
$d = TaiFish::Dump::read('postgresql', @as);
is $d->{scopes}{'tables my; "db'}, 'denied', 'database without connections';
$pg->sql('ALTER DATABASE "my; ""db" ALLOW_CONNECTIONS true');

# --- a template is a database like others; one that nobody can connect to is
# not read, which is no fault

$d = TaiFish::Dump::read('postgresql', @as);
is_deeply [map { $d->{scopes}{"$_ template1"} } qw(schemas tables)],
    ['ok', 'ok'], 'template1 is read';
is_deeply [map { $d->{scopes}{"$_ template0"} } qw(schemas tables)],
    ['unsupported', 'unsupported'], 'template0 cannot be';

my $rights = $d->{accounts}{app_ro}{grants};
$pg->sql('ALTER DATABASE taifish IS_TEMPLATE true');
$d = TaiFish::Dump::read('postgresql', @as);
is_deeply $d->{accounts}{app_ro}{grants}, $rights,
    'a database that became a template keeps its rights';
$pg->sql('ALTER DATABASE taifish IS_TEMPLATE false');

# --- a hostile owner of a database -----------------------------------------

$pg->sql($_) for (
    q{CREATE SCHEMA evil},
    q{CREATE TABLE public.robbed (who text)},
    q{GRANT INSERT ON public.robbed TO PUBLIC},
    q{CREATE FUNCTION evil.quote_ident(name) RETURNS text LANGUAGE plpgsql AS
      $$BEGIN INSERT INTO public.robbed VALUES (current_user);
        RETURN $1; END$$},
    q{GRANT USAGE ON SCHEMA evil TO PUBLIC},
    q{ALTER DATABASE taifish SET search_path = evil, pg_catalog},
    q{ALTER DATABASE taifish SET quote_all_identifiers = on},
    q{ALTER DATABASE taifish SET default_transaction_read_only = off});
$d = TaiFish::Dump::read('postgresql', @as);
is $d->{exit}, 0, 'read in spite of settings';
is $pg->value('SELECT count(*) FROM public.robbed'), 0,
    'a function in the search path is not called';
ok $d->{accounts}{app_ro}{grants}{postgresql_table_privileges}
    {'taifish|public.mv'}, 'names do not depend on settings';

# --- the end of a connection -----------------------------------------------

$d = TaiFish::Dump::read('postgresql', @as, stop => 10);
is $d->{error}, 'INTERNAL_ERROR', 'the sink stops the reading';

$d = TaiFish::Dump::read('postgresql', @as, rows => 5);
is $d->{error}, 'RESULT_TOO_LARGE', 'too many rows';
is $d->{scopes}{accounts}, 'error', 'and the scope says so';
is $d->{verified}, 0, 'and nothing verified';

$d = TaiFish::Dump::read('postgresql', @as, bytes => 200);
is $d->{error}, 'RESULT_TOO_LARGE', 'too many bytes';

$d = TaiFish::Dump::read('postgresql', @as, password => 'wrong');
is $d->{error}, 'TARGET_AUTH', 'wrong password';
$d = TaiFish::Dump::read('postgresql', @as, database => 'nowhere');
is $d->{error}, 'TARGET_DATABASE', 'no such database';
$d = TaiFish::Dump::read('postgresql', @as, database => 'closed');
is $d->{error}, 'TARGET_PERMISSION', 'no right to connect';
$d = TaiFish::Dump::read('postgresql', @as,
    port => TaiFish::Server::free_port());
is $d->{error}, 'TARGET_REFUSED', 'nobody there';
$d = TaiFish::Dump::read('postgresql', @as, tls => 'require');
is $d->{error}, 'TARGET_TLS', 'a server without TLS';

$pg->close;
done_testing;
