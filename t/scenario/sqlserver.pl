# Scenarios of SQL Server, in T-SQL.

use POSIX ();

# a day after the one on which the passwords of the scenarios were set
sub set_and {
    my ($days) = @_;
    return POSIX::strftime('%Y-%m-%dT%H:%M:%S', gmtime 1709528767
        + 86400 * $days);
}
my $age = int((time - 1709528767) / 86400);

my $sql = 'server_permissions CONNECT SQL';

[
# --- logins ---

{ name => 'a user with a password',
  do => q{CREATE LOGIN a1 WITH PASSWORD = 'x'},
  is => { a1 => [$sql, 'login_type=SQL_LOGIN', 'kind:user', '-is_superuser',
      '-is_locked', '-can_grant', '-is_system', '+password_policy_enforced',
      '-password_expiration_enforced', 'connect_to_engine=GRANT',
      'password_last_changed=2024-03-04T05:06:07'] } },
{ name => 'no policy, with expiration',
  do => q{CREATE LOGIN a2 WITH PASSWORD = 'x', CHECK_POLICY = OFF;
      CREATE LOGIN a3 WITH PASSWORD = 'x', CHECK_EXPIRATION = ON},
  is => { a2 => [$sql, '-password_policy_enforced'],
      a3 => [$sql, '+password_expiration_enforced'] } },
{ name => 'default database',
  do => q{CREATE LOGIN a4 WITH PASSWORD = 'x', DEFAULT_DATABASE = msdb},
  is => { a4 => [$sql, 'default_database=msdb'] } },
{ name => 'a Windows login',
  do => q{CREATE LOGIN [DOM\a5] FROM WINDOWS},
  is => { 'DOM\a5' => [$sql, 'login_type=WINDOWS_LOGIN', 'kind:user',
      'password_policy_enforced=', 'is_locked_out=',
      'password_last_changed='] } },
{ name => 'a Windows group',
  do => q{CREATE LOGIN [DOM\a6] FROM WINDOWS GROUP},
  is => { 'DOM\a6' => [$sql, 'login_type=WINDOWS_GROUP'] } },
{ name => 'a login of a certificate',
  do => q{CREATE LOGIN a7 FROM CERTIFICATE c},
  is => { a7 => [$sql, 'login_type=CERTIFICATE_MAPPED_LOGIN'] } },
{ name => 'a login of an asymmetric key',
  do => q{CREATE LOGIN a8 FROM ASYMMETRIC KEY k},
  is => { a8 => [$sql, 'login_type=ASYMMETRIC_KEY_MAPPED_LOGIN'] } },
{ name => 'an external login', since => 2022,
  do => q{CREATE LOGIN [a9@x.example] FROM EXTERNAL PROVIDER},
  is => { 'a9@x.example' => [$sql, 'login_type=EXTERNAL_LOGIN'] } },
{ name => 'the built-in superuser',
  is => { sa => ['*', '+is_superuser', '+can_grant', '-is_system'] } },
{ name => 'what the engine brings along',
  is => { 'NT AUTHORITY\SYSTEM' => ['*', '+is_system'],
      '##MS_PolicyEventProcessingLogin##' => ['*', '+is_system',
          '+is_locked'] } },
{ name => 'fixed roles are no accounts',
  is => { sysadmin => undef, securityadmin => undef, bulkadmin => undef,
      '[app1].[db_owner]' => undef } },
{ name => 'the new fixed roles of 2022', since => 2022,
  do => q{CREATE LOGIN a10 WITH PASSWORD = 'x';
      ALTER SERVER ROLE [##MS_DefinitionReader##] ADD MEMBER a10},
  is => { '##MS_DefinitionReader##' => undef,
      a10 => [$sql, 'server_roles ##MS_DefinitionReader##'] } },

# --- lock and expiry ---

{ name => 'locked, and unlocked',
  do => q{CREATE LOGIN b1 WITH PASSWORD = 'x'; ALTER LOGIN b1 DISABLE},
  is => { b1 => [$sql, '+is_disabled', '+is_locked'] },
  then => q{ALTER LOGIN b1 ENABLE},
  after => { b1 => [$sql, '-is_disabled', '-is_locked'] } },
{ name => 'CONNECT SQL denied',
  do => q{CREATE LOGIN b2 WITH PASSWORD = 'x'; DENY CONNECT SQL TO b2},
  is => { b2 => ['server_permissions DENY CONNECT SQL',
      'connect_to_engine=DENY', '+is_locked', '-is_disabled'] } },
{ name => 'CONNECT SQL revoked is no lock, but no grant either',
  do => q{CREATE LOGIN b3 WITH PASSWORD = 'x'; REVOKE CONNECT SQL FROM b3},
  is => { b3 => ['connect_to_engine=', '-is_locked'] } },
{ name => 'locked out by wrong passwords',
  do => q{CREATE LOGIN b4 WITH PASSWORD = 'x'; --property b4 IsLocked 1},
  is => { b4 => [$sql, '+is_locked_out', '+is_locked'] } },
{ name => 'an expired password',
  do => q{CREATE LOGIN b5 WITH PASSWORD = 'x'; --property b5 IsExpired 1},
  is => { b5 => [$sql, '+is_password_expired', '+is_locked'] } },
{ name => 'a password that will expire',
  do => q{CREATE LOGIN b7 WITH PASSWORD = 'x', CHECK_EXPIRATION = ON;
      --property b7 DaysUntilExpiration 42},
  is => { b7 => [$sql, '-is_password_expired', '-is_locked',
      'valid_until=' . set_and($age + 42)] },
  then => q{ALTER LOGIN b7 WITH CHECK_EXPIRATION = OFF},
  after => { b7 => [$sql, '-is_locked', 'valid_until='] } },
{ name => 'a password of which the server does not say when it expires',
  do => q{CREATE LOGIN b8 WITH PASSWORD = 'x', CHECK_EXPIRATION = ON;
      CREATE LOGIN [DOM\b8] FROM WINDOWS},
  is => { b8 => [$sql, '!valid_until'], 'DOM\b8' => [$sql, '!valid_until'] } },
{ name => 'a password that has to be changed',
  do => q{CREATE LOGIN b6 WITH PASSWORD = 'x' MUST_CHANGE},
  is => { b6 => [$sql, '+must_change_password', '+is_locked'] } },

# --- server roles ---

{ name => 'a superuser',
  do => q{CREATE LOGIN c1 WITH PASSWORD = 'x';
      ALTER SERVER ROLE sysadmin ADD MEMBER c1},
  is => { c1 => [$sql, 'server_roles sysadmin', '+is_superuser',
      '+can_grant'] },
  then => q{ALTER SERVER ROLE sysadmin DROP MEMBER c1},
  after => { c1 => [$sql, '-is_superuser', '-can_grant'] } },
{ name => 'who may grant',
  do => q{CREATE LOGIN c2 WITH PASSWORD = 'x';
      ALTER SERVER ROLE securityadmin ADD MEMBER c2},
  is => { c2 => [$sql, 'server_roles securityadmin', '-is_superuser',
      '+can_grant'] } },
{ name => 'a role of one\'s own',
  do => q{CREATE SERVER ROLE c3r; CREATE LOGIN c3 WITH PASSWORD = 'x';
      ALTER SERVER ROLE c3r ADD MEMBER c3;
      GRANT VIEW SERVER STATE TO c3r},
  is => { c3 => [$sql, 'server_roles c3r'],
      c3r => ['server_permissions VIEW SERVER STATE', 'kind:role',
          'login_type=SERVER_ROLE', '-is_superuser'] },
  then => q{ALTER SERVER ROLE c3r DROP MEMBER c3; DROP SERVER ROLE c3r},
  after => { c3 => [$sql], c3r => undef } },
{ name => 'a superuser through roles in roles',
  do => q{CREATE SERVER ROLE c4r; CREATE SERVER ROLE c4s;
      CREATE LOGIN c4 WITH PASSWORD = 'x';
      ALTER SERVER ROLE c4r ADD MEMBER c4;
      ALTER SERVER ROLE c4s ADD MEMBER c4r;
      ALTER SERVER ROLE sysadmin ADD MEMBER c4s},
  is => { c4 => [$sql, 'server_roles c4r', '+is_superuser', '+can_grant'],
      c4r => ['server_roles c4s', '+is_superuser'],
      c4s => ['server_roles sysadmin', '+is_superuser'] } },
{ name => 'a circle of roles ends',
  do => q{CREATE SERVER ROLE c5r; CREATE SERVER ROLE c5s;
      ALTER SERVER ROLE c5r ADD MEMBER c5s;
      ALTER SERVER ROLE c5s ADD MEMBER c5r},
  is => { c5r => ['server_roles c5s', '-is_superuser'],
      c5s => ['server_roles c5r'] } },
{ name => 'a group in a role',
  do => q{CREATE LOGIN [DOM\c6] FROM WINDOWS GROUP;
      ALTER SERVER ROLE sysadmin ADD MEMBER [DOM\c6]},
  is => { 'DOM\c6' => [$sql, 'server_roles sysadmin', '+is_superuser'] } },
{ name => 'several roles',
  do => q{CREATE LOGIN c7 WITH PASSWORD = 'x';
      ALTER SERVER ROLE dbcreator ADD MEMBER c7;
      ALTER SERVER ROLE bulkadmin ADD MEMBER c7},
  is => { c7 => [$sql, 'server_roles bulkadmin', 'server_roles dbcreator',
      '-can_grant'] } },

# --- permissions of the server ---

{ name => 'a permission of the server',
  do => q{CREATE LOGIN d1 WITH PASSWORD = 'x'; GRANT ALTER TRACE TO d1},
  is => { d1 => [$sql, 'server_permissions ALTER TRACE'] },
  then => q{REVOKE ALTER TRACE FROM d1},
  after => { d1 => [$sql] } },
{ name => 'WITH GRANT OPTION',
  do => q{CREATE LOGIN d2 WITH PASSWORD = 'x';
      GRANT VIEW SERVER STATE TO d2 WITH GRANT OPTION},
  is => { d2 => [$sql,
      'server_permissions VIEW SERVER STATE WITH GRANT OPTION'] },
  then => q{REVOKE GRANT OPTION FOR VIEW SERVER STATE FROM d2 CASCADE},
  after => { d2 => [$sql, 'server_permissions VIEW SERVER STATE'] } },
{ name => 'CONTROL SERVER may grant',
  do => q{CREATE LOGIN d3 WITH PASSWORD = 'x'; GRANT CONTROL SERVER TO d3},
  is => { d3 => [$sql, 'server_permissions CONTROL SERVER', '+can_grant',
      '-is_superuser'] } },
{ name => 'CONTROL SERVER denied',
  do => q{CREATE LOGIN d4 WITH PASSWORD = 'x'; DENY CONTROL SERVER TO d4},
  is => { d4 => [$sql, 'server_permissions DENY CONTROL SERVER',
      '-can_grant'] } },
{ name => 'CONTROL SERVER of a role, denied to its member',
  do => q{CREATE SERVER ROLE d5r; GRANT CONTROL SERVER TO d5r;
      CREATE LOGIN d5 WITH PASSWORD = 'x';
      CREATE LOGIN d5b WITH PASSWORD = 'x';
      ALTER SERVER ROLE d5r ADD MEMBER d5;
      ALTER SERVER ROLE d5r ADD MEMBER d5b; DENY CONTROL SERVER TO d5},
  is => { d5r => ['server_permissions CONTROL SERVER', '+can_grant'],
      d5b => [$sql, 'server_roles d5r', '+can_grant'],
      d5 => [$sql, 'server_roles d5r', 'server_permissions DENY CONTROL SERVER',
          '-can_grant'] } },
{ name => 'granted by one, denied by another: DENY wins',
  do => q{CREATE LOGIN d6 WITH PASSWORD = 'x'; CREATE LOGIN d6b WITH
      PASSWORD = 'x'; GRANT ALTER TRACE TO d6 WITH GRANT OPTION;
      DENY ALTER TRACE TO d6 AS d6b},
  is => { d6 => [$sql, 'server_permissions DENY ALTER TRACE'] } },
{ name => 'a permission on a login',
  do => q{CREATE LOGIN d7 WITH PASSWORD = 'x';
      CREATE LOGIN d7b WITH PASSWORD = 'x';
      GRANT IMPERSONATE ON LOGIN::d7b TO d7},
  is => { d7 => [$sql, 'server_object_permissions|LOGIN::d7b IMPERSONATE'] } },
{ name => 'a permission on an endpoint',
  do => q{CREATE LOGIN d8 WITH PASSWORD = 'x'; CREATE ENDPOINT Mirror;
      GRANT CONNECT ON ENDPOINT::Mirror TO d8},
  is => { d8 => [$sql, 'server_object_permissions|ENDPOINT::Mirror CONNECT']
      } },
{ name => 'public of the server',
  is => { public => ['server_permissions VIEW ANY DATABASE', 'kind:public',
      '+is_system'] } },

# --- databases ---

{ name => 'a user of a login',
  do => q{CREATE DATABASE app1; CREATE LOGIN e1 WITH PASSWORD = 'x';
      USE app1; CREATE USER e1 FOR LOGIN e1},
  is => { e1 => [$sql, 'database_users|app1 e1',
      'database_permissions|app1 CONNECT'], '[app1].[e1]' => undef } },
{ name => 'a user with another name than its login',
  do => q{CREATE LOGIN e2 WITH PASSWORD = 'x'; USE app1;
      CREATE USER other FOR LOGIN e2},
  is => { e2 => [$sql, 'database_users|app1 other',
      'database_permissions|app1 CONNECT'] } },
{ name => 'the owner of a database',
  do => q{CREATE LOGIN e3 WITH PASSWORD = 'x'; CREATE DATABASE app2;
      ALTER AUTHORIZATION ON DATABASE::app2 TO e3},
  is => { e3 => [$sql, 'owned_databases app2', 'database_users|app2 dbo',
      'database_roles|app2 db_owner', 'database_permissions|app2 CONNECT'] } },
{ name => 'a contained user',
  do => q{USE app1; CREATE USER e4 WITH PASSWORD = 'x'},
  is => { '[app1].[e4]' => ['database_permissions|app1 CONNECT',
      'authentication=DATABASE', 'database=app1', 'kind:user',
      '-is_orphaned', 'default_schema=dbo'] },
  then => q{USE app1; DROP USER e4},
  after => { '[app1].[e4]' => undef } },
{ name => 'a user without a login',
  do => q{USE app1; CREATE USER e5 WITHOUT LOGIN},
  is => { '[app1].[e5]' => ['authentication=NONE', '-is_orphaned'] } },
{ name => 'a user whose login is gone is an orphan',
  do => q{CREATE LOGIN e6 WITH PASSWORD = 'x'; USE app1;
      CREATE USER e6 FOR LOGIN e6; GRANT CREATE TABLE TO e6},
  is => { e6 => ['*'], '[app1].[e6]' => undef },
  then => q{DROP LOGIN e6},
  after => { e6 => undef, '[app1].[e6]' => ['+is_orphaned',
      'database_permissions|app1 CONNECT',
      'database_permissions|app1 CREATE TABLE'] } },
{ name => 'a login made again does not get its user back',
  do => q{CREATE LOGIN e7 WITH PASSWORD = 'x', SID = 0x00e7; USE app1;
      CREATE USER e7 FOR LOGIN e7},
  is => { e7 => ['*', 'id:00e7', 'database_users|app1 e7'] },
  then => q{DROP LOGIN e7; CREATE LOGIN e7 WITH PASSWORD = 'x',
      SID = 0x10e7},
  after => { e7 => [$sql, 'id:10e7'], '[app1].[e7]' => ['*', '+is_orphaned']
      } },
{ name => 'but with the old sid it does',
  do => q{CREATE LOGIN e8 WITH PASSWORD = 'x', SID = 0x00e8; USE app1;
      CREATE USER e8 FOR LOGIN e8},
  then => q{DROP LOGIN e8; CREATE LOGIN e8 WITH PASSWORD = 'x',
      SID = 0x00e8},
  after => { e8 => [$sql, 'database_users|app1 e8',
      'database_permissions|app1 CONNECT'], '[app1].[e8]' => undef } },
{ name => 'a renamed login keeps its id and its users',
  do => q{CREATE LOGIN e9 WITH PASSWORD = 'x', SID = 0x00e9; USE app1;
      CREATE USER e9 FOR LOGIN e9},
  then => q{ALTER LOGIN e9 WITH NAME = e9new},
  after => { e9 => undef, e9new => [$sql, 'id:00e9',
      'database_users|app1 e9', 'database_permissions|app1 CONNECT'] } },
{ name => 'one login in several databases',
  do => q{CREATE LOGIN e10 WITH PASSWORD = 'x'; USE app1;
      CREATE USER e10 FOR LOGIN e10; USE app2;
      CREATE USER e10 FOR LOGIN e10; ALTER ROLE db_datareader ADD MEMBER e10},
  is => { e10 => [$sql, 'database_users|app1 e10', 'database_users|app2 e10',
      'database_permissions|app1 CONNECT',
      'database_permissions|app2 CONNECT',
      'database_roles|app2 db_datareader'] } },
{ name => 'guest may enter',
  do => q{USE app1; GRANT CONNECT TO guest},
  is => { '[app1].[guest]' => ['database_permissions|app1 CONNECT',
      '+is_system', 'kind:public'], '[app2].[guest]' => ['kind:public'] } },
{ name => 'public of a database',
  do => q{USE app1; CREATE TABLE e11 (a); GRANT SELECT ON e11 TO public},
  is => { '[app1].[public]' => ['table_permissions|app1|dbo.e11 SELECT',
      'kind:public'] } },
{ name => 'sys and INFORMATION_SCHEMA are no accounts',
  is => { '[app1].[sys]' => undef, '[app1].[INFORMATION_SCHEMA]' => undef } },

# --- roles of databases ---

{ name => 'fixed roles of a database',
  do => q{CREATE LOGIN f1 WITH PASSWORD = 'x'; USE app1;
      CREATE USER f1 FOR LOGIN f1; ALTER ROLE db_owner ADD MEMBER f1;
      ALTER ROLE db_denydatawriter ADD MEMBER f1},
  is => { f1 => [$sql, 'database_users|app1 f1',
      'database_permissions|app1 CONNECT', 'database_roles|app1 db_owner',
      'database_roles|app1 db_denydatawriter'] } },
{ name => 'roles in roles of a database',
  do => q{CREATE LOGIN f2 WITH PASSWORD = 'x'; USE app1;
      CREATE USER f2 FOR LOGIN f2; CREATE ROLE f2r; CREATE ROLE f2s;
      ALTER ROLE f2r ADD MEMBER f2; ALTER ROLE f2s ADD MEMBER f2r;
      ALTER ROLE db_datareader ADD MEMBER f2s; GRANT EXECUTE TO f2s},
  is => { f2 => [$sql, 'database_users|app1 f2',
          'database_permissions|app1 CONNECT', 'database_roles|app1 f2r'],
      '[app1].[f2r]' => ['database_roles|app1 f2s', 'kind:role'],
      '[app1].[f2s]' => ['database_roles|app1 db_datareader',
          'database_permissions|app1 EXECUTE', 'kind:role'] } },
{ name => 'an application role',
  do => q{USE app1; CREATE APPLICATION ROLE f3 WITH PASSWORD = 'x';
      GRANT SELECT TO f3},
  is => { '[app1].[f3]' => ['database_permissions|app1 SELECT', 'kind:role'] }
  },
{ name => 'a role that is dropped',
  do => q{USE app1; CREATE ROLE f4; GRANT SELECT TO f4},
  is => { '[app1].[f4]' => ['database_permissions|app1 SELECT'] },
  then => q{USE app1; DROP ROLE f4},
  after => { '[app1].[f4]' => undef } },

# --- permissions of databases ---

{ name => 'database, schema, object, column',
  do => q{CREATE LOGIN g1 WITH PASSWORD = 'x'; USE app1;
      CREATE USER g1 FOR LOGIN g1; CREATE SCHEMA g1s;
      CREATE TABLE g1s.t (a, b, c); GRANT VIEW DEFINITION TO g1;
      GRANT EXECUTE ON SCHEMA::g1s TO g1; GRANT SELECT ON g1s.t TO g1;
      GRANT UPDATE ON g1s.t (a, c) TO g1},
  is => { g1 => [$sql, 'database_users|app1 g1',
      'database_permissions|app1 CONNECT',
      'database_permissions|app1 VIEW DEFINITION',
      'schema_permissions|app1|g1s EXECUTE',
      'table_permissions|app1|g1s.t SELECT',
      'column_permissions|app1|g1s.t.a UPDATE',
      'column_permissions|app1|g1s.t.c UPDATE'] } },
{ name => 'DENY at every level',
  do => q{CREATE LOGIN g2 WITH PASSWORD = 'x'; USE app1;
      CREATE USER g2 FOR LOGIN g2; CREATE TABLE g2t (a, b);
      DENY DELETE TO g2; DENY INSERT ON SCHEMA::dbo TO g2;
      DENY SELECT ON g2t TO g2; DENY UPDATE ON g2t (b) TO g2},
  is => { g2 => [$sql, 'database_users|app1 g2',
      'database_permissions|app1 CONNECT',
      'database_permissions|app1 DENY DELETE',
      'schema_permissions|app1|dbo DENY INSERT',
      'table_permissions|app1|dbo.g2t DENY SELECT',
      'column_permissions|app1|dbo.g2t.b DENY UPDATE'] } },
{ name => 'a grant on the table and a DENY on its column',
  do => q{CREATE LOGIN g3 WITH PASSWORD = 'x'; USE app1;
      CREATE USER g3 FOR LOGIN g3; CREATE TABLE g3t (a, b);
      GRANT SELECT ON g3t TO g3; DENY SELECT ON g3t (b) TO g3},
  is => { g3 => [$sql, 'database_users|app1 g3',
      'database_permissions|app1 CONNECT',
      'table_permissions|app1|dbo.g3t SELECT',
      'column_permissions|app1|dbo.g3t.b DENY SELECT'] } },
{ name => 'WITH GRANT OPTION on an object, revoked',
  do => q{CREATE LOGIN g4 WITH PASSWORD = 'x'; USE app1;
      CREATE USER g4 FOR LOGIN g4; CREATE VIEW g4v;
      GRANT SELECT ON g4v TO g4 WITH GRANT OPTION},
  is => { g4 => ['database_users|app1 g4', $sql,
      'database_permissions|app1 CONNECT',
      'table_permissions|app1|dbo.g4v SELECT WITH GRANT OPTION'] },
  then => q{USE app1; REVOKE SELECT ON g4v FROM g4},
  after => { g4 => ['database_users|app1 g4', $sql,
      'database_permissions|app1 CONNECT'] } },
{ name => 'a procedure',
  do => q{CREATE LOGIN g5 WITH PASSWORD = 'x'; USE app1;
      CREATE USER g5 FOR LOGIN g5; CREATE PROCEDURE g5p;
      GRANT EXECUTE ON OBJECT::dbo.g5p TO g5},
  is => { g5 => ['database_users|app1 g5', $sql,
      'database_permissions|app1 CONNECT',
      'table_permissions|app1|dbo.g5p EXECUTE'] } },
{ name => 'a type, another user, a certificate',
  do => q{USE app1; CREATE ROLE g6; CREATE TYPE dbo.g6t FROM int;
      CREATE USER g6u WITHOUT LOGIN; GRANT REFERENCES ON TYPE::dbo.g6t TO g6;
      GRANT IMPERSONATE ON USER::g6u TO g6;
      GRANT CONTROL ON CERTIFICATE::g6c TO g6},
  is => { '[app1].[g6]' => ['other_permissions|app1|TYPE::g6t REFERENCES',
      'other_permissions|app1|USER::g6u IMPERSONATE',
      'other_permissions|app1|CERTIFICATE::256 CONTROL'] } },
{ name => 'CONNECT of a database denied',
  do => q{CREATE LOGIN g7 WITH PASSWORD = 'x'; USE app1;
      CREATE USER g7 FOR LOGIN g7; DENY CONNECT TO g7},
  is => { g7 => ['database_users|app1 g7', $sql,
      'database_permissions|app1 DENY CONNECT'] } },
{ name => 'who owns a schema or an object',
  do => q{USE app1; CREATE USER h1 WITHOUT LOGIN;
      CREATE SCHEMA h1s AUTHORIZATION h1; CREATE TABLE h1t (a);
      ALTER AUTHORIZATION ON OBJECT::h1t TO h1},
  is => { '[app1].[h1]' => ['owned_schemas|app1 h1s',
      'owned_objects|app1 dbo.h1t'] },
  then => q{USE app1; CREATE USER h1b WITHOUT LOGIN;
      ALTER AUTHORIZATION ON SCHEMA::h1s TO h1b},
  after => { '[app1].[h1]' => ['owned_objects|app1 dbo.h1t'],
      '[app1].[h1b]' => ['owned_schemas|app1 h1s'] } },

# --- hostile names ---

{ name => 'hostile names',
  do => q{CREATE LOGIN [i'1"; DROP TABLE x;--]]y] WITH PASSWORD = 'x'},
  is => { q{i'1"; DROP TABLE x;--]y} => [$sql] } },
{ name => 'a login that looks like a user of a database',
  do => q{CREATE LOGIN [[app1]].[e4]]] WITH PASSWORD = 'x'},
  is => { '[[app1]].[e4]]]' => [$sql] } },
{ name => 'names that are not ASCII',
  do => qq{CREATE LOGIN [\x{8d26}\x{6237}\x{1f600}] WITH PASSWORD = 'x'},
  is => { "\x{8d26}\x{6237}\x{1f600}" => [$sql] } },
{ name => 'a line break and markup',
  do => qq{CREATE LOGIN [<img src=x onerror=y>\n2] WITH PASSWORD = 'x'},
  is => { "<img src=x onerror=y>\n2" => [$sql] } },
{ name => 'names that differ in case only',
  do => q{CREATE LOGIN CaseA WITH PASSWORD = 'x'; CREATE LOGIN casea WITH
      PASSWORD = 'x'},
  is => { CaseA => [$sql], casea => [$sql] } },
{ name => 'a database with quotes and brackets in its name',
  do => q{CREATE DATABASE [o'dd "]]\\ [y]; CREATE LOGIN i2 WITH
      PASSWORD = 'x'; USE [o'dd "]]\\ [y]; CREATE USER i2 FOR LOGIN i2;
      CREATE USER c WITH PASSWORD = 'x'},
  is => { i2 => [$sql, q(database_users|o'dd "]\\ [y i2),
          q(database_permissions|o'dd "]\\ [y CONNECT)],
      q([o'dd "]]\\ [y].[c]) => ['*', q(database=o'dd "]\\ [y)] } },
{ name => 'objects whose names need brackets',
  do => q{CREATE LOGIN i3 WITH PASSWORD = 'x'; USE app1;
      CREATE USER i3 FOR LOGIN i3; CREATE SCHEMA [a.b];
      CREATE TABLE [a.b].[t t] ([c]]d]); GRANT SELECT ON [a.b].[t t] TO i3;
      GRANT UPDATE ON [a.b].[t t] ([c]]d]) TO i3},
  is => { i3 => [$sql, 'database_users|app1 i3',
      'database_permissions|app1 CONNECT',
      'table_permissions|app1|[a.b].[t t] SELECT',
      'column_permissions|app1|[a.b].[t t].[c]]d] UPDATE'] } },
{ name => 'a database that is dropped takes its users along',
  do => q{CREATE DATABASE app3; USE app3; CREATE USER j1 WITH PASSWORD = 'x'},
  is => { '[app3].[j1]' => ['*'] },
  then => q{DROP DATABASE app3},
  after => { '[app3].[j1]' => undef, '[app3].[public]' => undef } },
];
