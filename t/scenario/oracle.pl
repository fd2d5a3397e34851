# Scenarios of Oracle, in its SQL.

[
# --- users ---

{ name => 'a user with a password',
  do => q{CREATE USER a1 IDENTIFIED BY x},
  is => { A1 => ['kind:user', '-is_superuser', '-is_locked', '-can_grant',
      '-is_system', 'account_status=OPEN', 'authentication_type=PASSWORD',
      'profile=DEFAULT', 'default_tablespace=USERS',
      'temporary_tablespace=TEMP', 'created=2024-03-04T05:06:07'] } },
{ name => 'a user of the operating system',
  do => q{CREATE USER "OPS$A2" IDENTIFIED EXTERNALLY},
  is => { 'OPS$A2' => ['authentication_type=EXTERNAL'] } },
{ name => 'a user of a directory',
  do => q{CREATE USER a3 IDENTIFIED GLOBALLY AS 'CN=a3'},
  is => { A3 => ['authentication_type=GLOBAL'] } },
{ name => 'profile and tablespace',
  do => q{CREATE USER a4 IDENTIFIED BY x DEFAULT TABLESPACE data PROFILE p1},
  is => { A4 => ['profile=P1', 'default_tablespace=DATA'] },
  then => q{ALTER USER a4 PROFILE p2},
  after => { A4 => ['profile=P2'] } },
{ name => 'when the password was changed', since => 1900,
  do => q{CREATE USER a5 IDENTIFIED BY x},
  is => { A5 => ['password_last_changed=2024-03-04T05:06:07'] } },
{ name => 'an old version does not say when', before => 1900,
  do => q{CREATE USER a5 IDENTIFIED BY x},
  is => { A5 => ['!password_last_changed'] } },
{ name => 'the oldest does not say who signed in', before => 1201,
  do => q{CREATE USER a6 IDENTIFIED BY x},
  is => { A6 => ['!last_login_month'] } },
{ name => 'in the days of grace, and locked by wrong passwords',
  do => q{CREATE USER b8 IDENTIFIED BY x;
      --property b8 status EXPIRED(GRACE) & LOCKED(TIMED)},
  is => { B8 => ['+is_locked', '+is_locked_out', '-is_password_expired'] } },
{ name => 'the month of the last sign-in', since => 1201,
  do => q{CREATE USER a6 IDENTIFIED BY x;
      --property a6 last_login 2026-03-31 23:30:00-02:00;
      CREATE USER a6b IDENTIFIED BY x},
  is => { A6 => ['last_login_month=2026-04'], A6B => ['last_login_month='] } },
{ name => 'the built-in superuser',
  is => { SYS => ['*', '+is_superuser', '+can_grant', '-is_system', 'id:0'],
      SYSTEM => ['*', '+is_superuser', '-is_system', 'id:9'] } },
{ name => 'what the engine brings along',
  is => { OUTLN => ['+is_system', '+is_locked'],
      DBSNMP => ['+is_system'] } },
{ name => 'common and local users', since => 1201,
  do => q{CREATE USER c##a7 IDENTIFIED BY x CONTAINER=ALL;
      CREATE USER a7 IDENTIFIED BY x},
  is => { 'C##A7' => ['+is_common'], A7 => ['-is_common'] } },
{ name => 'an old version has neither', before => 1201,
  do => q{CREATE USER a7 IDENTIFIED BY x},
  is => { A7 => ['is_common='] } },
{ name => 'roles that the engine brings along', since => 1201,
  is => { DBA => ['*', 'kind:role', '+is_system', '+is_superuser'],
      CONNECT => ['system_privileges CREATE SESSION', 'kind:role',
          '+is_system'] } },
{ name => 'PUBLIC',
  do => q{GRANT EXECUTE ON sys.utl_file TO PUBLIC},
  is => { PUBLIC => ['object_privileges|SYS.DUAL SELECT WITH GRANT OPTION',
      'object_privileges|SYS.UTL_FILE EXECUTE', 'kind:public',
      '+is_system', 'roles C9R', 'default_roles C9R'] },
  then => q{REVOKE EXECUTE ON sys.utl_file FROM PUBLIC},
  after => { PUBLIC => ['object_privileges|SYS.DUAL SELECT WITH GRANT OPTION']
      } },

# --- lock and expiry ---

{ name => 'locked, and unlocked',
  do => q{CREATE USER b1 IDENTIFIED BY x ACCOUNT LOCK},
  is => { B1 => ['account_status=LOCKED', '+is_locked',
      'locked_at=2024-03-04T05:06:07'] },
  then => q{ALTER USER b1 ACCOUNT UNLOCK},
  after => { B1 => ['account_status=OPEN', '-is_locked', 'locked_at='] } },
{ name => 'an expired password',
  do => q{CREATE USER b2 IDENTIFIED BY x PASSWORD EXPIRE},
  is => { B2 => ['account_status=EXPIRED', '+is_locked',
      '+is_password_expired', '-is_locked_out',
      'valid_until=2024-03-04T05:06:07'] } },
{ name => 'expired and locked',
  do => q{CREATE USER b3 IDENTIFIED BY x PASSWORD EXPIRE ACCOUNT LOCK},
  is => { B3 => ['account_status=EXPIRED & LOCKED', '+is_locked'] } },
{ name => 'locked by wrong passwords',
  do => q{CREATE USER b4 IDENTIFIED BY x;
      --property b4 status LOCKED(TIMED)},
  is => { B4 => ['account_status=LOCKED(TIMED)', '+is_locked',
      '+is_locked_out', '-is_password_expired'] } },
{ name => 'in the days of grace a user can sign in',
  do => q{CREATE USER b5 IDENTIFIED BY x;
      --property b5 status EXPIRED(GRACE)},
  is => { B5 => ['account_status=EXPIRED(GRACE)', '-is_locked',
      '-is_password_expired'] } },
{ name => 'two passwords at a time', since => 1900,
  do => q{CREATE USER b6 IDENTIFIED BY x;
      --property b6 status OPEN & IN ROLLOVER},
  is => { B6 => ['account_status=OPEN & IN ROLLOVER', '-is_locked'] } },
{ name => 'a password that will expire',
  do => q{CREATE USER b7 IDENTIFIED BY x;
      --property b7 expires 2031-01-02 03:04:05},
  is => { B7 => ['valid_until=2031-01-02T03:04:05', '-is_locked'] } },

# --- roles ---

{ name => 'a role',
  do => q{CREATE ROLE c1r; CREATE USER c1 IDENTIFIED BY x; GRANT c1r TO c1},
  is => { C1 => ['roles C1R', 'default_roles C1R'],
      C1R => ['kind:role', '-is_superuser', '-is_locked'] },
  then => q{REVOKE c1r FROM c1},
  after => { C1 => [] } },
{ name => 'WITH ADMIN OPTION',
  do => q{CREATE ROLE c2r; CREATE USER c2 IDENTIFIED BY x;
      GRANT c2r TO c2 WITH ADMIN OPTION},
  is => { C2 => ['roles C2R WITH ADMIN OPTION', 'default_roles C2R'] } },
{ name => 'a role that is no default role',
  do => q{CREATE ROLE c3r; CREATE ROLE c3s; CREATE USER c3 IDENTIFIED BY x;
      GRANT c3r, c3s TO c3; ALTER USER c3 DEFAULT ROLE c3s},
  is => { C3 => ['roles C3R', 'roles C3S', 'default_roles C3S'] },
  then => q{ALTER USER c3 DEFAULT ROLE ALL},
  after => { C3 => ['roles C3R', 'roles C3S', 'default_roles C3R',
      'default_roles C3S'] } },
{ name => 'a role with a password',
  do => q{CREATE ROLE c4r IDENTIFIED BY x},
  is => { C4R => ['authentication_type=PASSWORD'] } },
{ name => 'a superuser',
  do => q{CREATE USER c5 IDENTIFIED BY x; GRANT DBA TO c5},
  is => { C5 => ['roles DBA', 'default_roles DBA', '+is_superuser',
      '+can_grant'] },
  then => q{REVOKE DBA FROM c5},
  after => { C5 => ['-is_superuser', '-can_grant'] } },
{ name => 'a superuser through roles in roles',
  do => q{CREATE ROLE c6r; CREATE ROLE c6s; CREATE USER c6 IDENTIFIED BY x;
      GRANT DBA TO c6s; GRANT c6s TO c6r; GRANT c6r TO c6},
  is => { C6 => ['roles C6R', 'default_roles C6R', '+is_superuser',
          '+can_grant'],
      C6R => ['roles C6S', 'default_roles C6S', '+is_superuser'],
      C6S => ['roles DBA', 'default_roles DBA', '+is_superuser'] } },
{ name => 'a circle of roles ends',
  do => q{CREATE ROLE c7r; CREATE ROLE c7s; GRANT c7r TO c7s;
      GRANT c7s TO c7r},
  is => { C7R => ['roles C7S', 'default_roles C7S', '-is_superuser'],
      C7S => ['roles C7R', 'default_roles C7R'] } },
{ name => 'a role that is dropped',
  do => q{CREATE ROLE c8r; CREATE USER c8 IDENTIFIED BY x; GRANT c8r TO c8;
      GRANT CREATE TABLE TO c8r},
  is => { C8 => ['roles C8R', 'default_roles C8R'],
      C8R => ['system_privileges CREATE TABLE'] },
  then => q{DROP ROLE c8r},
  after => { C8 => [], C8R => undef } },
{ name => 'a role of PUBLIC',
  do => q{CREATE ROLE c9r; GRANT c9r TO PUBLIC},
  is => { C9R => ['kind:role'] },
  then => q{DROP ROLE c9r},
  after => { C9R => undef } },

# --- system privileges ---

{ name => 'a system privilege',
  do => q{CREATE USER d1 IDENTIFIED BY x; GRANT CREATE SESSION TO d1},
  is => { D1 => ['system_privileges CREATE SESSION'] },
  then => q{REVOKE CREATE SESSION FROM d1},
  after => { D1 => [] } },
{ name => 'several at once, with ADMIN OPTION',
  do => q{CREATE USER d2 IDENTIFIED BY x;
      GRANT CREATE TABLE, CREATE VIEW TO d2 WITH ADMIN OPTION},
  is => { D2 => ['system_privileges CREATE TABLE WITH ADMIN OPTION',
      'system_privileges CREATE VIEW WITH ADMIN OPTION', '-can_grant'] } },
{ name => 'who may grant',
  do => q{CREATE USER d3 IDENTIFIED BY x; GRANT GRANT ANY PRIVILEGE TO d3},
  is => { D3 => ['system_privileges GRANT ANY PRIVILEGE', '+can_grant',
      '-is_superuser'] } },
{ name => 'who may grant through roles in roles',
  do => q{CREATE ROLE d4r; GRANT GRANT ANY ROLE TO d4r;
      CREATE USER d4 IDENTIFIED BY x; GRANT d4r TO d4},
  is => { D4R => ['system_privileges GRANT ANY ROLE', '+can_grant'],
      D4 => ['roles D4R', 'default_roles D4R', '+can_grant',
          '-is_superuser'] } },
{ name => 'UNLIMITED TABLESPACE',
  do => q{CREATE USER d5 IDENTIFIED BY x; GRANT UNLIMITED TABLESPACE TO d5},
  is => { D5 => ['system_privileges UNLIMITED TABLESPACE'] } },

# --- object privileges ---

{ name => 'a table',
  do => q{CREATE USER e1 IDENTIFIED BY x; GRANT SELECT, INSERT ON hr.emp TO e1},
  is => { E1 => ['object_privileges|HR.EMP SELECT',
      'object_privileges|HR.EMP INSERT'] },
  then => q{REVOKE INSERT ON hr.emp FROM e1},
  after => { E1 => ['object_privileges|HR.EMP SELECT'] } },
{ name => 'WITH GRANT OPTION',
  do => q{CREATE USER e2 IDENTIFIED BY x;
      GRANT SELECT ON hr.emp TO e2 WITH GRANT OPTION},
  is => { E2 => ['object_privileges|HR.EMP SELECT WITH GRANT OPTION'] } },
{ name => 'columns',
  do => q{CREATE USER e3 IDENTIFIED BY x;
      GRANT UPDATE (sal, bonus) ON hr.emp TO e3},
  is => { E3 => ['column_privileges|HR.EMP.SAL UPDATE',
      'column_privileges|HR.EMP.BONUS UPDATE'] } },
{ name => 'a column WITH GRANT OPTION',
  do => q{CREATE USER e4 IDENTIFIED BY x;
      GRANT REFERENCES (id) ON hr.emp TO e4 WITH GRANT OPTION},
  is => { E4 => ['column_privileges|HR.EMP.ID REFERENCES WITH GRANT OPTION'] }
  },
{ name => 'a procedure',
  do => q{CREATE USER e5 IDENTIFIED BY x; GRANT EXECUTE ON hr.pkg TO e5},
  is => { E5 => ['object_privileges|HR.PKG EXECUTE'] } },
{ name => 'a directory',
  do => q{CREATE USER e6 IDENTIFIED BY x;
      GRANT READ, WRITE ON DIRECTORY dumps TO e6},
  is => { E6 => ['object_privileges|SYS.DUMPS READ',
      'object_privileges|SYS.DUMPS WRITE'] } },
{ name => 'rights of a role on objects',
  do => q{CREATE ROLE e7r; GRANT SELECT ON hr.dept TO e7r},
  is => { E7R => ['object_privileges|HR.DEPT SELECT'] } },
{ name => 'objects that go with their owner',
  do => q{CREATE USER e8o IDENTIFIED BY x; CREATE USER e8 IDENTIFIED BY x;
      GRANT SELECT ON e8o.t TO e8},
  is => { E8 => ['object_privileges|E8O.T SELECT'] },
  then => q{DROP USER e8o CASCADE},
  after => { E8 => [], E8O => undef } },

# --- quotas, proxies, password file ---

{ name => 'quotas',
  do => q{CREATE USER f1 IDENTIFIED BY x QUOTA 10M ON users
      QUOTA UNLIMITED ON data},
  is => { F1 => ['tablespace_quotas|USERS QUOTA 10485760',
      'tablespace_quotas|DATA UNLIMITED'] },
  then => q{ALTER USER f1 QUOTA 20M ON users},
  after => { F1 => ['tablespace_quotas|USERS QUOTA 20971520',
      'tablespace_quotas|DATA UNLIMITED'] } },
{ name => 'a proxy',
  do => q{CREATE USER f2 IDENTIFIED BY x; CREATE USER f2p IDENTIFIED BY x;
      ALTER USER f2 GRANT CONNECT THROUGH f2p},
  is => { F2P => ['proxy_privileges|F2 CONNECT: PROXY MAY ACTIVATE ALL CLIENT'
      . ' ROLES'], F2 => [] },
  then => q{ALTER USER f2 REVOKE CONNECT THROUGH f2p},
  after => { F2P => [] } },
{ name => 'a proxy with one role',
  do => q{CREATE USER f3 IDENTIFIED BY x; CREATE USER f3p IDENTIFIED BY x;
      CREATE ROLE f3r; ALTER USER f3 GRANT CONNECT THROUGH f3p WITH ROLE f3r},
  is => { F3P => ['proxy_privileges|F3 CONNECT: PROXY MAY ACTIVATE ROLE F3R'] }
  },
{ name => 'SYSDBA is a superuser',
  do => q{CREATE USER f4 IDENTIFIED BY x; GRANT SYSDBA TO f4},
  is => { F4 => ['password_file SYSDBA', '+is_superuser', '+can_grant'] },
  then => q{REVOKE SYSDBA FROM f4},
  after => { F4 => ['-is_superuser', '-can_grant'] } },
{ name => 'SYSOPER is none',
  do => q{CREATE USER f5 IDENTIFIED BY x; GRANT SYSOPER TO f5},
  is => { F5 => ['password_file SYSOPER', '-is_superuser', '-can_grant'] } },
{ name => 'SYSBACKUP, SYSDG and SYSKM', since => 1201,
  do => q{CREATE USER f6 IDENTIFIED BY x; GRANT SYSBACKUP, SYSDG, SYSKM TO f6},
  is => { F6 => ['password_file SYSBACKUP', 'password_file SYSDG',
      'password_file SYSKM'] } },

# --- names ---

{ name => 'names keep their case',
  do => q{CREATE USER "Mixed" IDENTIFIED BY x; CREATE USER mixed IDENTIFIED
      BY x; GRANT CREATE TABLE TO "Mixed"; GRANT CREATE VIEW TO mixed},
  is => { Mixed => ['system_privileges CREATE TABLE'],
      MIXED => ['system_privileges CREATE VIEW'] } },
{ name => 'hostile names',
  do => q{CREATE USER "i'1; DROP USER x--" IDENTIFIED BY x;
      CREATE ROLE "<img src=x>"; GRANT "<img src=x>" TO
      "i'1; DROP USER x--"},
  is => { q{i'1; DROP USER x--} => ['roles <img src=x>',
      'default_roles <img src=x>'], '<img src=x>' => ['kind:role'] } },
{ name => 'names that are not ASCII',
  do => qq{CREATE USER "\x{8d26}\x{6237}\x{1f600}" IDENTIFIED EXTERNALLY},
  is => { "\x{8d26}\x{6237}\x{1f600}" => ['kind:user'] } },
{ name => 'objects whose names need quotes',
  do => q{CREATE USER i2 IDENTIFIED BY x;
      GRANT SELECT ON "hr"."t.x y" TO i2;
      GRANT UPDATE ("c d") ON hr.emp TO i2},
  is => { I2 => ['object_privileges|"hr"."t.x y" SELECT',
      'column_privileges|HR.EMP."c d" UPDATE'] } },
{ name => 'a user made again is another',
  do => q{CREATE USER i3 IDENTIFIED BY x; --property i3 id 4711;
      GRANT CREATE TABLE TO i3},
  is => { I3 => ['id:4711', 'system_privileges CREATE TABLE'] },
  then => q{DROP USER i3; CREATE USER i3 IDENTIFIED BY x;
      --property i3 id 4712},
  after => { I3 => ['id:4712'] } },
{ name => 'a user that is dropped',
  do => q{CREATE USER i4 IDENTIFIED BY x; GRANT DBA TO i4;
      GRANT SELECT ON hr.emp TO i4; ALTER USER i4 QUOTA 1M ON users},
  is => { I4 => ['*', '+is_superuser'] },
  then => q{DROP USER i4 CASCADE},
  after => { I4 => undef } },
{ name => 'the collector itself',
  is => { MON => ['*', '-is_superuser', '-can_grant'] } },
];
