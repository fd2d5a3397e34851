-- The dictionary of Oracle as far as it is documented: schema sys.  The rows are
-- in schema sim and are written by t/lib/TaiFish/SimOracle.pm.  A view that was
-- not granted cannot be read.  Lines with a version in front are of that version
-- and later ones only.

CREATE SCHEMA sim;
CREATE SCHEMA sys;

CREATE TABLE sim.users (
    username varchar(384), user_id int, account_status varchar(96),
    lock_date timestamp(0), expiry_date timestamp(0),
    default_tablespace varchar(90), temporary_tablespace varchar(90),
    created timestamp(0), profile varchar(384), authentication_type varchar(24),
    common varchar(9), oracle_maintained varchar(3),
    last_login timestamptz, password_change_date timestamp(0));
CREATE TABLE sim.roles (
    role varchar(384), authentication_type varchar(33), common varchar(9),
    oracle_maintained varchar(3));
CREATE TABLE sim.role_privs (
    grantee varchar(384), granted_role varchar(384), admin_option varchar(3),
    default_role varchar(3));
CREATE TABLE sim.sys_privs (
    grantee varchar(384), privilege varchar(120), admin_option varchar(3));
CREATE TABLE sim.tab_privs (
    grantee varchar(384), owner varchar(384), table_name varchar(384),
    grantor varchar(384), privilege varchar(120), grantable varchar(3),
    hierarchy varchar(3));
CREATE TABLE sim.col_privs (
    grantee varchar(384), owner varchar(384), table_name varchar(384),
    column_name varchar(384), grantor varchar(384), privilege varchar(120),
    grantable varchar(3));
CREATE TABLE sim.ts_quotas (
    tablespace_name varchar(90), username varchar(384), bytes numeric,
    max_bytes numeric, dropped varchar(3));
CREATE TABLE sim.proxies (
    proxy varchar(384), client varchar(384), authentication varchar(3),
    authorization_constraint varchar(105), role varchar(384));
CREATE TABLE sim.pwfile (
    username varchar(384), sysdba varchar(5), sysoper varchar(5),
    sysasm varchar(5), sysbackup varchar(5), sysdg varchar(5),
    syskm varchar(5));
CREATE TABLE sim.component (
    product varchar(240), version varchar(480), status varchar(240));

CREATE TABLE sim.tablespaces (tablespace_name varchar(90), contents varchar(21));
CREATE TABLE sim.data_files (
    file_name varchar(513), tablespace_name varchar(90), bytes numeric,
    autoextensible varchar(3), maxbytes numeric);
INSERT INTO sim.tablespaces VALUES ('SYSTEM', 'PERMANENT'),
    ('SYSAUX', 'PERMANENT'), ('USERS', 'PERMANENT'), ('UNDO', 'UNDO'),
    ('TEMP', 'TEMPORARY');
INSERT INTO sim.data_files VALUES ('a', 'SYSTEM', 1000, 'NO', 0),
    ('b', 'SYSAUX', 2000, 'YES', 9000), ('c', 'USERS', 30000, 'YES', 90000),
    ('d', 'USERS', 40000, 'NO', 0), ('e', 'UNDO', 500, 'NO', 0),
    ('t', 'TEMP', 600, 'NO', 0);

CREATE FUNCTION sys.sys_context(namespace text, parameter text) RETURNS text
LANGUAGE sql STABLE AS
$$ SELECT CASE WHEN namespace = 'USERENV' AND parameter = 'SESSION_USER'
               THEN session_user::text END $$;
CREATE FUNCTION sys.sys_extract_utc(t timestamptz) RETURNS timestamp
LANGUAGE sql IMMUTABLE AS $$ SELECT t AT TIME ZONE 'UTC' $$;

CREATE VIEW sys.dba_users AS SELECT username, user_id, account_status,
    lock_date, expiry_date, default_tablespace, temporary_tablespace, created,
    profile, authentication_type
--1201    , common, oracle_maintained, last_login
--1900    , password_change_date
    FROM sim.users;
CREATE VIEW sys.dba_roles AS SELECT role, authentication_type
--1201    , common, oracle_maintained
    FROM sim.roles;
CREATE VIEW sys.dba_role_privs AS SELECT * FROM sim.role_privs;
CREATE VIEW sys.dba_sys_privs AS SELECT * FROM sim.sys_privs;
CREATE VIEW sys.dba_tab_privs AS SELECT * FROM sim.tab_privs;
CREATE VIEW sys.dba_col_privs AS SELECT * FROM sim.col_privs;
CREATE VIEW sys.dba_ts_quotas AS SELECT * FROM sim.ts_quotas;
CREATE VIEW sys.dba_proxies AS SELECT * FROM sim.proxies;
CREATE VIEW sys.v_$pwfile_users AS SELECT username, sysdba, sysoper, sysasm
--1201    , sysbackup, sysdg, syskm
    FROM sim.pwfile;
CREATE VIEW sys.product_component_version AS SELECT * FROM sim.component;

CREATE VIEW sys.dba_tablespaces AS SELECT * FROM sim.tablespaces;
CREATE VIEW sys.dba_data_files AS SELECT * FROM sim.data_files
    WHERE tablespace_name <> 'TEMP';
CREATE VIEW sys.dba_temp_files AS SELECT * FROM sim.data_files
    WHERE tablespace_name = 'TEMP';

GRANT USAGE ON SCHEMA sys TO PUBLIC;
GRANT SELECT ON sys.product_component_version TO PUBLIC;
CREATE VIEW sys.dual AS SELECT 'X'::varchar(1) AS dummy;
GRANT SELECT ON sys.dual TO PUBLIC;
