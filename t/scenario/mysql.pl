# Scenarios of MySQL and MariaDB, in their SQL.  The database app is there, with
# tables and routines that the rights are on.

my $maria = $TaiFish::Scenario::product eq 'mariadb';
my $version = $TaiFish::Scenario::version;

# a role as an account, and a membership
sub role { $maria ? $_[0] : "$_[0]\@%" }
sub has_role { map { 'granted_roles|direct ' . role($_) } @_ }

# the day on which the password of a user was set
sub set_in_2024 {
    return $maria ? "UPDATE mysql.global_priv SET Priv = JSON_SET(Priv,
        '\$.password_last_changed', 1709528767) WHERE User = '$_[0]';
        FLUSH PRIVILEGES"
        : "SET time_zone = '+00:00'; UPDATE mysql.user SET
        password_last_changed = '2024-03-04 05:06:07' WHERE User = '$_[0]';
        FLUSH PRIVILEGES";
}
sub admin_role { map { 'granted_roles|admin ' . role($_) } @_ }

[
# --- users ---

{ name => 'a user with a password',
  do => q{CREATE USER a1@'%' IDENTIFIED BY 'x'},
  is => { 'a1@%' => ['kind:user', '-is_superuser', '-is_locked', '-can_grant',
      '-is_system', '-password_expired', 'original_username=a1', 'host=%',
      'account_kind=user', 'ssl_type=', 'plugin='
      . ($maria ? 'mysql_native_password' : 'caching_sha2_password')] } },
{ name => 'a user that is dropped',
  do => q{CREATE USER a2@'%'; GRANT SELECT ON app.* TO a2@'%'},
  is => { 'a2@%' => ['database_privileges|app SELECT'] },
  then => q{DROP USER a2@'%'},
  after => { 'a2@%' => undef } },
{ name => 'a user made again is another',
  do => q{CREATE USER a3@'%'; GRANT SELECT ON app.* TO a3@'%'},
  is => { 'a3@%' => ['database_privileges|app SELECT'] },
  then => q{DROP USER a3@'%'; CREATE USER a3@'%'},
  after => { 'a3@%' => [] } },
{ name => 'a renamed user keeps its rights',
  do => q{CREATE USER a4@'%'; GRANT SELECT ON app.* TO a4@'%'},
  is => { 'a4@%' => ['database_privileges|app SELECT'] },
  then => q{RENAME USER a4@'%' TO a4b@'%'},
  after => { 'a4@%' => undef,
      'a4b@%' => ['database_privileges|app SELECT'] } },
{ name => 'limits of an account',
  do => q{CREATE USER a5@'%' WITH MAX_QUERIES_PER_HOUR 1
      MAX_UPDATES_PER_HOUR 2 MAX_CONNECTIONS_PER_HOUR 3
      MAX_USER_CONNECTIONS 4},
  is => { 'a5@%' => ['max_questions=1', 'max_updates=2', 'max_connections=3',
      'max_user_connections=4'] },
  then => q{ALTER USER a5@'%' WITH MAX_QUERIES_PER_HOUR 0
      MAX_USER_CONNECTIONS 0},
  after => { 'a5@%' => ['max_questions=0', 'max_user_connections=0',
      'max_updates=2'] } },
{ name => 'one name from two hosts is two accounts',
  do => q{CREATE USER a6@'%', a6@'10.%'; GRANT SELECT ON app.* TO a6@'10.%'},
  is => { 'a6@%' => [], 'a6@10.%' => ['database_privileges|app SELECT'] } },
{ name => 'the built-in superuser',
  is => { 'root@localhost' => ['*', '+is_superuser', '+can_grant'] } },
{ name => 'what the engine brings along',
  is => { ($maria ? 'mariadb.sys@localhost' : 'mysql.sys@localhost')
      => ['*', '+is_system', '-is_superuser'] } },
{ name => 'PUBLIC', only => 'mariadb',
  do => q{GRANT SELECT ON app.t TO PUBLIC},
  is => { PUBLIC => ['kind:public', '+is_system',
      'table_privileges|app|t SELECT'] },
  then => q{REVOKE SELECT ON app.t FROM PUBLIC},
  after => { PUBLIC => [] } },
{ name => 'the collector itself',
  is => { 'mon@%' => ['*', 'kind:user', '-is_superuser', '-can_grant'] } },
{ name => 'an anonymous user',
  do => q{CREATE USER ''@'10.9.%'},
  is => { '@10.9.%' => ['kind:user', 'original_username='] } },
{ name => 'what a sign-in has to bring along',
  do => q{CREATE USER a10@'%' REQUIRE SUBJECT '/CN=a' AND ISSUER '/CN=i'
      AND CIPHER 'AES'; CREATE USER a10x@'%' REQUIRE X509},
  is => { 'a10@%' => ['ssl_type=SPECIFIED', 'x509_subject=/CN=a',
          'x509_issuer=/CN=i', 'ssl_cipher=AES'],
      'a10x@%' => ['ssl_type=X509'] },
  then => q{ALTER USER a10@'%' REQUIRE NONE},
  after => { 'a10@%' => ['ssl_type=', 'x509_subject='] } },

# --- names ---

{ name => 'names keep their case',
  do => q{CREATE USER B1Upper@'%'},
  is => { 'B1Upper@%' => ['kind:user'], 'b1upper@%' => undef } },
{ name => 'names that differ in case only',
  do => q{CREATE USER b2x@'%', B2X@'%'; GRANT SELECT ON app.* TO B2X@'%'},
  is => { 'b2x@%' => [], 'B2X@%' => ['database_privileges|app SELECT'] } },
{ name => 'names that are not ASCII',
  do => qq{CREATE USER `b3\x{8d26}\x{6237}`\@'%'},
  is => { "b3\x{8d26}\x{6237}\@%" => ['kind:user'] } },
{ name => 'hostile names',
  do => q{CREATE USER "b4'; DROP USER mon"@'%'},
  is => { q{b4'; DROP USER mon@%} => ['kind:user'] } },
{ name => 'a line break and markup',
  do => qq{CREATE USER "b5\n<img src=x>"\@'%'},
  is => { "b5\n<img src=x>\@%" => ['kind:user'] } },
{ name => 'a very long name',
  do => q{CREATE USER } . 'b' x 32 . q{@'%'},
  is => { 'b' x 32 . '@%' => ['kind:user'] } },
{ name => 'a name that looks like an account',
  do => q{CREATE USER `b7@h`@'%'},
  is => { 'b7@h@%' => ['original_username=b7@h', 'host=%'] } },

# --- lock and expiry ---

{ name => 'locked, and unlocked',
  do => q{CREATE USER c1@'%' ACCOUNT LOCK},
  is => { 'c1@%' => ['+is_locked', '+account_locked'] },
  then => q{ALTER USER c1@'%' ACCOUNT UNLOCK},
  after => { 'c1@%' => ['-is_locked', '-account_locked'] } },
{ name => 'an expired password',
  do => q{CREATE USER c2@'%' IDENTIFIED BY 'x' PASSWORD EXPIRE},
  is => { 'c2@%' => ['+password_expired',
      $maria ? '!valid_until' : 'valid_until='] },
  then => q{ALTER USER c2@'%' IDENTIFIED BY 'Y'},
  after => { 'c2@%' => ['-password_expired'] } },
{ name => 'a password that will expire',
  do => q{CREATE USER c3@'%' IDENTIFIED BY 'x' PASSWORD EXPIRE INTERVAL 30 DAY;}
      . set_in_2024('c3'),
  is => { 'c3@%' => ['password_lifetime=30', '-password_expired',
      'password_last_changed=2024-03-04T05:06:07Z',
      'valid_until=2024-04-03T05:06:07Z'] },
  then => q{ALTER USER c3@'%' PASSWORD EXPIRE NEVER},
  after => { 'c3@%' => ['password_lifetime=0', 'valid_until='] } },
{ name => 'the lifetime that the server has for passwords',
  do => q{CREATE USER c9@'%' IDENTIFIED BY 'x' PASSWORD EXPIRE DEFAULT;}
      . set_in_2024('c9'),
  is => { 'c9@%' => ['password_lifetime=', 'valid_until='] },
  then => q{SET GLOBAL default_password_lifetime = 30000},
  after => { 'c9@%' => ['password_lifetime=',
      'valid_until=2106-04-24T05:06:07Z'] } },
{ name => 'a password that never expires',
  do => q{CREATE USER c4@'%' IDENTIFIED BY 'x' PASSWORD EXPIRE NEVER},
  is => { 'c4@%' => ['password_lifetime=0', 'valid_until='] } },
{ name => 'how often a password may be wrong', only => 'mysql',
  do => q{CREATE USER c5@'%' IDENTIFIED BY 'x' FAILED_LOGIN_ATTEMPTS 3
      PASSWORD_LOCK_TIME 2},
  is => { 'c5@%' => ['failed_login_attempts=3',
      'password_lock_time_days=2'] } },
{ name => 'two passwords at a time', only => 'mysql',
  do => q{CREATE USER c6@'%' IDENTIFIED BY 'x'; ALTER USER c6@'%'
      IDENTIFIED BY 'y' RETAIN CURRENT PASSWORD},
  is => { 'c6@%' => ['+has_retained_password'] },
  then => q{ALTER USER c6@'%' DISCARD OLD PASSWORD},
  after => { 'c6@%' => ['-has_retained_password'] } },
{ name => 'another way to sign in', only => 'mariadb',
  do => q{CREATE USER c7@'%' IDENTIFIED VIA mysql_native_password
      OR unix_socket},
  is => { 'c7@%' => ['plugin=mysql_native_password',
      'other_plugins=["unix_socket"]'] } },

# --- roles ---

{ name => 'a role',
  do => q{CREATE ROLE d1r; CREATE USER d1@'%'; GRANT d1r TO d1@'%'},
  is => { 'd1@%' => [has_role('d1r')], role('d1r') => ['*', 'kind:role'] },
  then => q{REVOKE d1r FROM d1@'%'},
  after => { 'd1@%' => [] } },
{ name => 'WITH ADMIN OPTION',
  do => q{CREATE ROLE d2r; CREATE USER d2@'%';
      GRANT d2r TO d2@'%' WITH ADMIN OPTION},
  is => { 'd2@%' => [has_role('d2r'), admin_role('d2r')] } },
{ name => 'several roles',
  do => q{CREATE ROLE d3r, d3s; CREATE USER d3@'%'; GRANT d3r TO d3@'%';
      GRANT d3s TO d3@'%'},
  is => { 'd3@%' => [has_role('d3r', 'd3s')] } },
{ name => 'a role in a role',
  do => q{CREATE ROLE d4r, d4s; CREATE USER d4@'%'; GRANT d4r TO d4s;
      GRANT d4s TO d4@'%'},
  is => { 'd4@%' => [has_role('d4s')], role('d4s') => ['*'] } },
{ name => 'a role that is dropped',
  do => q{CREATE ROLE d5r; CREATE USER d5@'%'; GRANT d5r TO d5@'%'},
  is => { 'd5@%' => [has_role('d5r')] },
  then => q{DROP ROLE d5r},
  after => { 'd5@%' => [], role('d5r') => undef } },
{ name => 'a default role',
  do => q{CREATE ROLE d6r; CREATE USER d6@'%'; GRANT d6r TO d6@'%';
      SET DEFAULT ROLE d6r } . ($maria ? 'FOR' : 'TO') . q{ d6@'%'},
  is => { 'd6@%' => [has_role('d6r'),
      'granted_roles|default ' . role('d6r')] },
  then => q{SET DEFAULT ROLE NONE } . ($maria ? 'FOR' : 'TO') . q{ d6@'%'},
  after => { 'd6@%' => [has_role('d6r')] } },
{ name => 'a superuser',
  do => q{CREATE USER d7@'%'; GRANT SUPER ON *.* TO d7@'%'},
  is => { 'd7@%' => ['+is_superuser', 'global_privileges SUPER'] },
  then => q{REVOKE SUPER ON *.* FROM d7@'%'},
  after => { 'd7@%' => ['-is_superuser'] } },
{ name => 'rights of a role on objects',
  do => q{CREATE ROLE d8r; CREATE USER d8@'%'; GRANT d8r TO d8@'%';
      GRANT SELECT ON app.t TO d8r},
  is => { 'd8@%' => [has_role('d8r')],
      role('d8r') => ['table_privileges|app|t SELECT', map {
          "role_members|$_" } 'direct d8@%', $maria
          ? ('direct root@localhost', 'admin root@localhost') : ()] } },
{ name => 'roles that all have', only => 'mysql',
  do => q{CREATE ROLE d9r; SET GLOBAL mandatory_roles = 'd9r'},
  is => { PUBLIC => ['granted_roles|mandatory d9r@%', 'kind:public'] },
  then => q{SET GLOBAL mandatory_roles = ''},
  after => { PUBLIC => [] } },
{ name => 'a user that is a role of another', only => 'mysql',
  do => q{CREATE USER d10@'%', d10b@'%'; GRANT d10b@'%' TO d10@'%'},
  is => { 'd10@%' => ['granted_roles|direct d10b@%'],
      'd10b@%' => ['*', 'kind:user'] } },

# --- privileges ---

{ name => 'all privileges everywhere',
  do => q{CREATE USER e1@'%'; GRANT ALL ON *.* TO e1@'%' WITH GRANT OPTION},
  is => { 'e1@%' => ['*', '+is_superuser', '+can_grant'] },
  then => q{REVOKE ALL PRIVILEGES, GRANT OPTION FROM e1@'%'},
  after => { 'e1@%' => ['-is_superuser', '-can_grant'] } },
{ name => 'a global privilege',
  do => q{CREATE USER e2@'%'; GRANT SELECT, PROCESS, RELOAD ON *.* TO e2@'%'},
  is => { 'e2@%' => [map { "global_privileges $_" }
      qw(SELECT PROCESS RELOAD)] },
  then => q{REVOKE RELOAD ON *.* FROM e2@'%'},
  after => { 'e2@%' => [map { "global_privileges $_" } qw(SELECT PROCESS)] } },
{ name => 'files of the server',
  do => q{CREATE USER e3@'%'; GRANT FILE ON *.* TO e3@'%'},
  is => { 'e3@%' => ['global_privileges FILE'] } },
{ name => 'who may grant',
  do => q{CREATE USER e4@'%'; GRANT CREATE USER ON *.* TO e4@'%'},
  is => { 'e4@%' => ['global_privileges CREATE USER'] } },
{ name => 'WITH GRANT OPTION',
  do => q{CREATE USER e5@'%'; GRANT SELECT ON app.t TO e5@'%'
      WITH GRANT OPTION},
  is => { 'e5@%' => ['table_privileges|app|t SELECT',
      'table_privileges|app|t GRANT OPTION'] },
  then => q{REVOKE GRANT OPTION ON app.t FROM e5@'%'},
  after => { 'e5@%' => ['table_privileges|app|t SELECT'] } },
{ name => 'a dynamic privilege', only => 'mysql',
  do => q{CREATE USER e6@'%'; GRANT BACKUP_ADMIN ON *.* TO e6@'%';
      GRANT ROLE_ADMIN ON *.* TO e6@'%' WITH GRANT OPTION},
  is => { 'e6@%' => ['global_privileges BACKUP_ADMIN',
      'global_privileges ROLE_ADMIN WITH GRANT OPTION'] } },
{ name => 'a privilege without a column of its own', only => 'mariadb',
  do => q{CREATE USER e6@'%'; GRANT BINLOG ADMIN, READ_ONLY ADMIN ON *.*
      TO e6@'%'},
  is => { 'e6@%' => ['global_privileges BINLOG ADMIN',
      'global_privileges READ_ONLY ADMIN'] } },
{ name => 'a privilege that is taken back for one database', only => 'mysql',
  do => q{SET GLOBAL partial_revokes = ON; CREATE USER e7@'%';
      GRANT SELECT, INSERT ON *.* TO e7@'%';
      REVOKE INSERT ON app.* FROM e7@'%'},
  is => { 'e7@%' => ['global_privileges SELECT', 'global_privileges INSERT',
      'partial_revokes|app INSERT'] },
  then => q{GRANT INSERT ON app.* TO e7@'%'; SET GLOBAL partial_revokes = OFF},
  after => { 'e7@%' => ['global_privileges SELECT',
      'global_privileges INSERT'] } },
{ name => 'a database',
  do => q{CREATE USER e8@'%'; GRANT SELECT, CREATE, EVENT ON app.* TO e8@'%'},
  is => { 'e8@%' => [map { "database_privileges|app $_" }
      qw(SELECT CREATE EVENT)] },
  then => q{REVOKE EVENT ON app.* FROM e8@'%'},
  after => { 'e8@%' => [map { "database_privileges|app $_" }
      qw(SELECT CREATE)] } },
{ name => 'databases by a pattern',
  do => q{CREATE USER e9@'%'; GRANT SELECT ON `e9%`.* TO e9@'%';
      GRANT INSERT ON `e9\_x`.* TO e9@'%'},
  # with partial_revokes, which a scenario above sets, a pattern is a name
  is => { 'e9@%' => $maria ? ['database_privileges|LIKE e9% SELECT',
          'database_privileges|e9_x INSERT']
      : ['database_privileges|e9% SELECT',
          'database_privileges|e9\\_x INSERT'] },
  then => q{SELECT 1},
  after => { 'e9@%' => ['database_privileges|LIKE e9% SELECT',
      'database_privileges|e9_x INSERT'] } },
{ name => 'a table',
  do => q{CREATE USER e10@'%'; GRANT SELECT, INSERT, ALTER ON app.t
      TO e10@'%'},
  is => { 'e10@%' => [map { "table_privileges|app|t $_" }
      qw(SELECT INSERT ALTER)] },
  then => q{REVOKE INSERT, ALTER ON app.t FROM e10@'%'},
  after => { 'e10@%' => ['table_privileges|app|t SELECT'] } },
{ name => 'a view',
  do => q{CREATE USER e11@'%'; GRANT SELECT, SHOW VIEW ON app.v TO e11@'%'},
  is => { 'e11@%' => ['table_privileges|app|v SELECT',
      'table_privileges|app|v SHOW VIEW'] } },
{ name => 'columns',
  do => q{CREATE USER e12@'%'; GRANT SELECT (a), UPDATE (a, b) ON app.t
      TO e12@'%'},
  is => { 'e12@%' => ['column_privileges|app|t.a SELECT',
      'column_privileges|app|t.a UPDATE',
      'column_privileges|app|t.b UPDATE'] },
  then => q{REVOKE UPDATE (a) ON app.t FROM e12@'%'},
  after => { 'e12@%' => ['column_privileges|app|t.a SELECT',
      'column_privileges|app|t.b UPDATE'] } },
{ name => 'a function',
  do => q{CREATE USER e13@'%'; GRANT EXECUTE ON FUNCTION app.f TO e13@'%'},
  is => { 'e13@%' => ['routine_privileges|app|FUNCTION f EXECUTE'] } },
{ name => 'a procedure',
  do => q{CREATE USER e14@'%'; GRANT EXECUTE, ALTER ROUTINE
      ON PROCEDURE app.p TO e14@'%'},
  is => { 'e14@%' => ['routine_privileges|app|PROCEDURE p EXECUTE',
      'routine_privileges|app|PROCEDURE p ALTER ROUTINE'] } },
{ name => 'a proxy',
  do => q{CREATE USER e15@'%', e15b@'%';
      GRANT PROXY ON e15b@'%' TO e15@'%'},
  is => { 'e15@%' => ['proxy_privileges|e15b@% PROXY'] },
  then => q{REVOKE PROXY ON e15b@'%' FROM e15@'%'},
  after => { 'e15@%' => [] } },
{ name => 'objects whose names need quotes',
  do => q{CREATE USER e16@'%'; GRANT SELECT ON `o'dd "``db`.`t.1` TO e16@'%'},
  is => { 'e16@%' => [q{table_privileges|o'dd "`db|t.1 SELECT}] } },
{ name => 'a table that is dropped',
  do => q{CREATE TABLE app.e17 (a int); CREATE USER e17@'%';
      GRANT SELECT ON app.e17 TO e17@'%'},
  is => { 'e17@%' => ['table_privileges|app|e17 SELECT'] },
  then => q{DROP TABLE app.e17},
  # the server keeps a right for a table that may come again
  after => { 'e17@%' => ['table_privileges|app|e17 SELECT'] } },
{ name => 'a database that is dropped keeps its rights',
  do => q{CREATE DATABASE e18d; CREATE USER e18@'%';
      GRANT SELECT ON e18d.* TO e18@'%'},
  is => { 'e18@%' => ['database_privileges|e18d SELECT'] },
  then => q{DROP DATABASE e18d},
  after => { 'e18@%' => ['database_privileges|e18d SELECT'] } },
{ name => 'a right at every level',
  do => q{CREATE USER e19@'%'; GRANT SELECT ON *.* TO e19@'%';
      GRANT SELECT ON app.* TO e19@'%'; GRANT SELECT ON app.t TO e19@'%';
      GRANT SELECT (a) ON app.t TO e19@'%'},
  is => { 'e19@%' => ['global_privileges SELECT',
      'database_privileges|app SELECT', 'table_privileges|app|t SELECT',
      'column_privileges|app|t.a SELECT'] },
  then => q{REVOKE SELECT ON *.* FROM e19@'%'},
  after => { 'e19@%' => ['database_privileges|app SELECT',
      'table_privileges|app|t SELECT', 'column_privileges|app|t.a SELECT'] } },
{ name => 'a right on the tables that keep rights',
  do => q{CREATE USER e20@'%'; GRANT INSERT ON mysql.db TO e20@'%'},
  is => { 'e20@%' => ['table_privileges|mysql|db INSERT'] } },
{ name => 'rows that were deleted before', only => 'mariadb',
  do => q{CREATE USER e21@'%'; GRANT DELETE HISTORY ON app.t TO e21@'%'},
  is => { 'e21@%' => ['table_privileges|app|t DELETE HISTORY'] } },
{ name => 'no rights at all',
  do => q{CREATE USER e22@'%'; GRANT USAGE ON *.* TO e22@'%'},
  is => { 'e22@%' => [] } },
]
