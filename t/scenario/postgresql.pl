# Scenarios of PostgreSQL, in its SQL, in the database app.

my $version = $TaiFish::Scenario::version;

# what a membership is, with options of its own from 16 on
sub member {
    my ($role, @options) = @_;
    my @by = $version >= 1600
        ? ('GRANTED BY taifish', map({ $_ eq 'MEMBER' ? () : $_ } @options),
           (grep { $_ eq 'NOINHERIT' } @options) ? () : 'INHERIT',
           (grep { $_ eq 'NOSET' } @options) ? () : 'SET')
        : grep { !/^NO/ } @options;
    return ("predefined_roles $role",
        map { "memberships|$role $_" } 'MEMBER', grep { !/^NO/ } @by);
}

[
# --- users ---

{ name => 'a user with a password',
  do => q{CREATE ROLE a1 LOGIN PASSWORD 'x'},
  is => { a1 => ['kind:user', '-is_superuser', '-is_locked', '-can_grant',
      '-is_system', '-server_access', 'connection_limit=-1', 'valid_until=',
      'role_attributes|can_login true'] } },
{ name => 'a user that is dropped',
  do => q{CREATE ROLE a2 LOGIN; GRANT CREATE ON SCHEMA public TO a2},
  is => { a2 => ['schema_privileges|app|public CREATE'] },
  then => q{DROP OWNED BY a2; DROP ROLE a2},
  after => { a2 => undef } },
{ name => 'a user made again is another',
  do => q{CREATE ROLE a3 LOGIN; GRANT CREATE ON SCHEMA public TO a3},
  is => { a3 => ['schema_privileges|app|public CREATE'] },
  then => q{DROP OWNED BY a3; DROP ROLE a3; CREATE ROLE a3 LOGIN},
  after => { a3 => [] } },
{ name => 'a renamed user keeps its rights',
  do => q{CREATE ROLE a4 LOGIN; GRANT CREATE ON SCHEMA public TO a4},
  is => { a4 => ['schema_privileges|app|public CREATE'] },
  then => q{ALTER ROLE a4 RENAME TO a4b},
  after => { a4 => undef, a4b => ['schema_privileges|app|public CREATE'] } },
{ name => 'limits of an account',
  do => q{CREATE ROLE a5 LOGIN CONNECTION LIMIT 3},
  is => { a5 => ['connection_limit=3'] },
  then => q{ALTER ROLE a5 CONNECTION LIMIT -1},
  after => { a5 => ['connection_limit=-1'] } },
{ name => 'attributes of a role',
  do => q{CREATE ROLE a6 CREATEDB REPLICATION BYPASSRLS NOINHERIT},
  is => { a6 => ['kind:role', map { "role_attributes|$_" }
      'can_create_db true', 'can_replicate true', 'can_bypass_rls true',
      'can_inherit false', 'can_login false', 'can_super false'] },
  then => q{ALTER ROLE a6 NOCREATEDB NOREPLICATION NOBYPASSRLS INHERIT LOGIN},
  after => { a6 => ['kind:user', map { "role_attributes|$_" }
      'can_create_db false', 'can_replicate false', 'can_bypass_rls false',
      'can_inherit true', 'can_login true'] } },
{ name => 'the built-in superuser',
  is => { taifish => ['*', '+is_superuser', '+can_grant', '+server_access'] } },
{ name => 'what the engine brings along',
  is => { pg_monitor => ['*', 'kind:role', '+is_system', '-is_superuser'] } },
{ name => 'PUBLIC',
  is => { PUBLIC => ['*', 'kind:public', '+is_system', '-is_locked'] } },
{ name => 'the collector itself',
  is => { mon => ['kind:user', '-is_superuser', '-can_grant'] } },

# --- names ---

{ name => 'names keep their case',
  do => q{CREATE ROLE "B1Upper" LOGIN},
  is => { B1Upper => ['kind:user'], b1upper => undef } },
{ name => 'names that differ in case only',
  do => q{CREATE ROLE b2x LOGIN; CREATE ROLE "B2X" LOGIN;
      GRANT CREATE ON SCHEMA public TO "B2X"},
  is => { b2x => [], B2X => ['schema_privileges|app|public CREATE'] } },
{ name => 'names that are not ASCII',
  do => qq{CREATE ROLE "b3\x{8d26}\x{6237}" LOGIN},
  is => { "b3\x{8d26}\x{6237}" => ['kind:user'] } },
{ name => 'hostile names',
  do => q{CREATE ROLE "b4'; DROP ROLE mon; --" LOGIN;
      CREATE ROLE "b4""q\\x" LOGIN},
  is => { q{b4'; DROP ROLE mon; --} => ['kind:user'],
      q{b4"q\\x} => ['kind:user'] } },
{ name => 'a line break and markup',
  do => qq{CREATE ROLE "b5\n<img src=x>" LOGIN},
  is => { "b5\n<img src=x>" => ['kind:user'] } },
{ name => 'a very long name',
  do => 'CREATE ROLE "' . 'b' x 63 . '" LOGIN',
  is => { 'b' x 63 => ['kind:user'] } },
{ name => 'a name that looks like PUBLIC',
  do => q{CREATE ROLE "PUBLIC" LOGIN; GRANT CREATE ON SCHEMA public
      TO "PUBLIC"},
  is => { '"PUBLIC"' => ['schema_privileges|app|public CREATE'] } },

# --- lock and expiry ---

{ name => 'locked, and unlocked',
  do => q{CREATE ROLE c1 LOGIN VALID UNTIL '2001-02-03 04:05:06+00'},
  is => { c1 => ['+is_locked', 'valid_until=2001-02-03T04:05:06Z'] },
  then => q{ALTER ROLE c1 VALID UNTIL 'infinity'},
  after => { c1 => ['-is_locked', 'valid_until='] } },
{ name => 'a password that will expire',
  do => q{CREATE ROLE c2 LOGIN VALID UNTIL '2099-01-01 00:00:00+00'},
  is => { c2 => ['-is_locked', 'valid_until=2099-01-01T00:00:00Z'] } },
{ name => 'a user that may sign in no more',
  do => q{CREATE ROLE c3 LOGIN},
  is => { c3 => ['kind:user'] },
  then => q{ALTER ROLE c3 NOLOGIN},
  after => { c3 => ['kind:role', 'role_attributes|can_login false'] } },

# --- roles ---

{ name => 'a role',
  do => q{CREATE ROLE d1r; CREATE ROLE d1 LOGIN; GRANT d1r TO d1},
  is => { d1 => [member('d1r')], d1r => ['kind:role', '+is_locked'] },
  then => q{REVOKE d1r FROM d1},
  after => { d1 => [] } },
{ name => 'WITH ADMIN OPTION',
  do => q{CREATE ROLE d2r; CREATE ROLE d2 LOGIN;
      GRANT d2r TO d2 WITH ADMIN OPTION},
  is => { d2 => [member('d2r', 'ADMIN OPTION')] },
  then => q{REVOKE ADMIN OPTION FOR d2r FROM d2},
  after => { d2 => [member('d2r')] } },
{ name => 'several roles',
  do => q{CREATE ROLE d3r; CREATE ROLE d3s; CREATE ROLE d3 LOGIN;
      GRANT d3r, d3s TO d3},
  is => { d3 => [member('d3r'), member('d3s')] } },
{ name => 'a role in a role',
  do => q{CREATE ROLE d4r; CREATE ROLE d4s; CREATE ROLE d4 LOGIN;
      GRANT d4r TO d4s; GRANT d4s TO d4},
  is => { d4 => [member('d4s')], d4s => [member('d4r')] } },
{ name => 'a role that is dropped',
  do => q{CREATE ROLE d5r; CREATE ROLE d5 LOGIN; GRANT d5r TO d5},
  is => { d5 => [member('d5r')] },
  then => q{DROP ROLE d5r},
  after => { d5 => [], d5r => undef } },
{ name => 'a renamed role',
  do => q{CREATE ROLE d6r; CREATE ROLE d6 LOGIN; GRANT d6r TO d6},
  is => { d6 => [member('d6r')] },
  then => q{ALTER ROLE d6r RENAME TO d6s},
  after => { d6 => [member('d6s')] } },
{ name => 'a superuser',
  do => q{CREATE ROLE d7 LOGIN SUPERUSER},
  is => { d7 => ['+is_superuser', '+can_grant', '+server_access'] },
  then => q{ALTER ROLE d7 NOSUPERUSER},
  after => { d7 => ['-is_superuser', '-can_grant', '-server_access'] } },
{ name => 'a superuser through roles in roles',
  do => q{CREATE ROLE d8r SUPERUSER; CREATE ROLE d8s NOINHERIT;
      CREATE ROLE d8 LOGIN; GRANT d8r TO d8s; GRANT d8s TO d8},
  is => { d8 => ['*', '+is_superuser'], d8s => ['*', '+is_superuser'] },
  then => q{REVOKE d8r FROM d8s},
  after => { d8 => ['*', '-is_superuser'] } },
{ name => 'who may grant',
  do => q{CREATE ROLE d9 LOGIN CREATEROLE},
  is => { d9 => ['+can_grant', '-is_superuser'] },
  then => q{ALTER ROLE d9 NOCREATEROLE},
  after => { d9 => ['-can_grant'] } },
{ name => 'who may grant through roles in roles',
  do => q{CREATE ROLE d10r CREATEROLE; CREATE ROLE d10s; CREATE ROLE d10 LOGIN;
      GRANT d10r TO d10s; GRANT d10s TO d10},
  is => { d10 => ['*', '+can_grant'] } },
{ name => 'files of the server',
  do => q{CREATE ROLE d11 LOGIN; GRANT pg_read_server_files TO d11},
  is => { d11 => ['*', '+server_access', '-is_superuser'] },
  then => q{REVOKE pg_read_server_files FROM d11},
  after => { d11 => ['-server_access'] } },
{ name => 'a role whose rights have to be taken up', since => 1600,
  do => q{CREATE ROLE d12r; CREATE ROLE d12 LOGIN;
      GRANT d12r TO d12 WITH INHERIT FALSE},
  is => { d12 => [member('d12r', 'NOINHERIT')] } },
{ name => 'a role that cannot be taken up', since => 1600,
  do => q{CREATE ROLE d13r; CREATE ROLE d13 LOGIN;
      GRANT d13r TO d13 WITH SET FALSE},
  is => { d13 => [member('d13r', 'NOSET')] } },

# --- privileges ---

{ name => 'a table',
  do => q{CREATE TABLE e1t (a int, b int); CREATE ROLE e1 LOGIN;
      GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER
      ON e1t TO e1},
  is => { e1 => [map { "table_privileges|app|public.e1t $_" }
      qw(SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER)] },
  then => q{REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER
      ON e1t FROM e1},
  after => { e1 => ['table_privileges|app|public.e1t SELECT'] } },
{ name => 'WITH GRANT OPTION',
  do => q{CREATE TABLE e2t (a int); CREATE ROLE e2 LOGIN;
      GRANT SELECT ON e2t TO e2 WITH GRANT OPTION},
  is => { e2 => ['table_privileges|app|public.e2t SELECT WITH GRANT OPTION'] },
  then => q{REVOKE GRANT OPTION FOR SELECT ON e2t FROM e2},
  after => { e2 => ['table_privileges|app|public.e2t SELECT'] } },
{ name => 'columns',
  do => q{CREATE TABLE e3t (a int, "b.c" int); CREATE ROLE e3 LOGIN;
      GRANT SELECT (a), UPDATE ("b.c") ON e3t TO e3},
  is => { e3 => ['column_privileges|app|public.e3t.a SELECT',
      'column_privileges|app|public.e3t."b.c" UPDATE'] },
  then => q{ALTER TABLE e3t DROP COLUMN a},
  after => { e3 => ['column_privileges|app|public.e3t."b.c" UPDATE'] } },
{ name => 'a column WITH GRANT OPTION',
  do => q{CREATE TABLE e4t (a int); CREATE ROLE e4 LOGIN;
      GRANT SELECT (a) ON e4t TO e4 WITH GRANT OPTION},
  is => { e4 => ['column_privileges|app|public.e4t.a'
      . ' SELECT WITH GRANT OPTION'] } },
{ name => 'a view',
  do => q{CREATE VIEW e5v AS SELECT 1 AS one; CREATE ROLE e5 LOGIN;
      GRANT SELECT ON e5v TO e5},
  is => { e5 => ['table_privileges|app|public.e5v SELECT'] } },
{ name => 'a materialized view',
  do => q{CREATE MATERIALIZED VIEW e6v AS SELECT 1 AS one;
      CREATE ROLE e6 LOGIN; GRANT SELECT ON e6v TO e6},
  is => { e6 => ['table_privileges|app|public.e6v SELECT'] } },
{ name => 'a partition has rights of its own',
  do => q{CREATE TABLE e7t (a int) PARTITION BY LIST (a);
      CREATE TABLE e7p PARTITION OF e7t DEFAULT; CREATE ROLE e7 LOGIN;
      GRANT SELECT ON e7p TO e7},
  is => { e7 => ['table_privileges|app|public.e7p SELECT'] } },
{ name => 'a sequence',
  do => q{CREATE SEQUENCE e8s; CREATE ROLE e8 LOGIN;
      GRANT USAGE, SELECT, UPDATE ON SEQUENCE e8s TO e8},
  is => { e8 => [map { "sequence_privileges|app|public.e8s $_" }
      qw(USAGE SELECT UPDATE)] } },
{ name => 'a schema',
  do => q{CREATE SCHEMA e9s; CREATE ROLE e9 LOGIN;
      GRANT USAGE, CREATE ON SCHEMA e9s TO e9},
  is => { e9 => [map { "schema_privileges|app|e9s $_" } qw(USAGE CREATE)] } },
{ name => 'a function',
  do => q{CREATE FUNCTION e10f(int, text) RETURNS int LANGUAGE sql
      AS 'SELECT 1'; REVOKE EXECUTE ON FUNCTION e10f(int, text) FROM PUBLIC;
      CREATE ROLE e10 LOGIN; GRANT EXECUTE ON FUNCTION e10f(int, text) TO e10},
  is => { e10 => ['function_privileges|app|public.e10f(integer, text)'
      . ' EXECUTE'] } },
{ name => 'a procedure',
  do => q{CREATE PROCEDURE e11p() LANGUAGE sql AS 'SELECT 1';
      CREATE ROLE e11 LOGIN; GRANT EXECUTE ON PROCEDURE e11p() TO e11},
  is => { e11 => ['function_privileges|app|public.e11p() EXECUTE'] } },
{ name => 'a type',
  do => q{CREATE TYPE e12t AS ENUM ('a'); CREATE ROLE e12 LOGIN;
      GRANT USAGE ON TYPE e12t TO e12},
  is => { e12 => ['type_privileges|app|public.e12t USAGE'] } },
{ name => 'a language',
  do => q{CREATE ROLE e13 LOGIN; GRANT USAGE ON LANGUAGE plpgsql TO e13},
  is => { e13 => ['language_privileges|app|plpgsql USAGE'] } },
{ name => 'a foreign server',
  do => q{CREATE FOREIGN DATA WRAPPER e14w; CREATE SERVER e14s
      FOREIGN DATA WRAPPER e14w; CREATE ROLE e14 LOGIN;
      GRANT USAGE ON FOREIGN SERVER e14s TO e14;
      GRANT USAGE ON FOREIGN DATA WRAPPER e14w TO e14},
  is => { e14 => ['foreign_privileges|app|FOREIGN SERVER e14s USAGE',
      'foreign_privileges|app|FOREIGN DATA WRAPPER e14w USAGE'] } },
{ name => 'a large object',
  do => q{SELECT lo_create(4715); CREATE ROLE e15 LOGIN;
      GRANT SELECT, UPDATE ON LARGE OBJECT 4715 TO e15},
  is => { e15 => ['large_object_privileges|app|4715 SELECT',
      'large_object_privileges|app|4715 UPDATE'] } },
{ name => 'a tablespace',
  do => q{CREATE ROLE e16 LOGIN; GRANT CREATE ON TABLESPACE pg_default TO e16},
  is => { e16 => ['tablespace_privileges|pg_default CREATE'] } },
{ name => 'a parameter', since => 1500,
  do => q{CREATE ROLE e17 LOGIN; GRANT SET, ALTER SYSTEM
      ON PARAMETER work_mem TO e17},
  is => { e17 => ['parameter_privileges|work_mem SET',
      'parameter_privileges|work_mem ALTER SYSTEM'] } },
{ name => 'a database',
  do => q{CREATE ROLE e18 LOGIN; GRANT CREATE, CONNECT ON DATABASE app TO e18},
  is => { e18 => ['database_privileges|app CREATE',
      'database_privileges|app CONNECT'] } },
{ name => 'default privileges',
  do => q{CREATE ROLE e19o; CREATE ROLE e19 LOGIN; ALTER DEFAULT PRIVILEGES
      FOR ROLE e19o GRANT SELECT ON TABLES TO e19},
  is => { e19 => ['default_privileges|app|FOR ROLE e19o ON TABLES SELECT'] },
  then => q{ALTER DEFAULT PRIVILEGES FOR ROLE e19o REVOKE SELECT ON TABLES
      FROM e19},
  after => { e19 => [] } },
{ name => 'MAINTAIN', since => 1700,
  do => q{CREATE TABLE e20t (a int); CREATE ROLE e20 LOGIN;
      GRANT MAINTAIN ON e20t TO e20},
  is => { e20 => ['table_privileges|app|public.e20t MAINTAIN'] } },
{ name => 'a table of the system',
  do => q{CREATE ROLE e21 LOGIN; GRANT SELECT ON pg_authid TO e21},
  is => { e21 => ['table_privileges|app|pg_catalog.pg_authid SELECT'] } },
{ name => 'rights of a role on objects',
  do => q{CREATE TABLE e22t (a int); CREATE ROLE e22r; CREATE ROLE e22 LOGIN;
      GRANT e22r TO e22; GRANT SELECT ON e22t TO e22r},
  is => { e22 => [member('e22r')],
      e22r => ['table_privileges|app|public.e22t SELECT'] } },
{ name => 'granted by two',
  do => q{CREATE TABLE e23t (a int); CREATE ROLE e23g; CREATE ROLE e23 LOGIN;
      GRANT SELECT ON e23t TO e23g WITH GRANT OPTION;
      GRANT SELECT ON e23t TO e23; SET ROLE e23g;
      GRANT SELECT ON e23t TO e23; RESET ROLE},
  is => { e23 => ['table_privileges|app|public.e23t SELECT'] },
  then => q{REVOKE SELECT ON e23t FROM e23},
  after => { e23 => ['table_privileges|app|public.e23t SELECT'] } },
{ name => 'objects whose names need quotes',
  do => q{CREATE SCHEMA "E24.s"; CREATE TABLE "E24.s"."t ""|x" (a int);
      CREATE ROLE e24 LOGIN; GRANT SELECT ON "E24.s"."t ""|x" TO e24},
  is => { e24 => ['table_privileges|app|"E24.s"."t ""|x" SELECT'] } },
{ name => 'a renamed table',
  do => q{CREATE TABLE e25t (a int); CREATE ROLE e25 LOGIN;
      GRANT SELECT ON e25t TO e25},
  is => { e25 => ['table_privileges|app|public.e25t SELECT'] },
  then => q{ALTER TABLE e25t RENAME TO e25u},
  after => { e25 => ['table_privileges|app|public.e25u SELECT'] } },
{ name => 'a table that is dropped',
  do => q{CREATE TABLE e26t (a int); CREATE ROLE e26 LOGIN;
      GRANT SELECT ON e26t TO e26},
  is => { e26 => ['table_privileges|app|public.e26t SELECT'] },
  then => q{DROP TABLE e26t},
  after => { e26 => [] } },
{ name => 'a database that is dropped takes its rights along',
  do => qq{CREATE DATABASE e27d; CREATE ROLE e27 LOGIN;
      GRANT CREATE ON DATABASE e27d TO e27;\n\\c e27d\nCREATE TABLE t (a int);
      GRANT SELECT ON t TO e27;\n\\c app\n},
  is => { e27 => ['database_privileges|e27d CREATE',
      'table_privileges|e27d|public.t SELECT'] },
  then => q{DROP DATABASE e27d},
  after => { e27 => [] } },

# --- ownership ---

{ name => 'who owns a schema or an object',
  do => q{CREATE ROLE f1 LOGIN; CREATE SCHEMA f1s AUTHORIZATION f1;
      CREATE TABLE f1s.t (a int); ALTER TABLE f1s.t OWNER TO f1},
  is => { f1 => ['owned_schemas|app|f1s OWNER',
      'owned_tables|app|f1s.t OWNER'] },
  then => q{ALTER TABLE f1s.t OWNER TO taifish},
  after => { f1 => ['owned_schemas|app|f1s OWNER'] } },
{ name => 'the owner of a database',
  do => q{CREATE ROLE f2 LOGIN; CREATE DATABASE f2d OWNER f2},
  is => { f2 => ['owned_databases f2d', map { "database_privileges|f2d $_" }
      qw(CONNECT CREATE TEMP)] },
  then => q{DROP DATABASE f2d},
  after => { f2 => [] } },
{ name => 'objects that go with their owner',
  do => q{CREATE ROLE f3 LOGIN; CREATE TABLE f3t (a int);
      ALTER TABLE f3t OWNER TO f3; CREATE ROLE f3b LOGIN;
      GRANT SELECT ON f3t TO f3b},
  is => { f3 => ['owned_tables|app|public.f3t OWNER'],
      f3b => ['table_privileges|app|public.f3t SELECT'] },
  then => q{DROP OWNED BY f3},
  after => { f3 => [], f3b => [] } },

# --- everybody ---

{ name => 'what PUBLIC may do is taken away',
  do => q{CREATE ROLE g1 LOGIN; CREATE FUNCTION g1f() RETURNS int LANGUAGE sql
      AS 'SELECT 1'; REVOKE ALL ON FUNCTION g1f() FROM PUBLIC},
  is => { g1 => [] } },
]
