-- The catalog of SQL Server as far as it is documented: schema sys of one
-- database of the instance.  The rows are in schema sim and are written by
-- t/lib/TaiFish/SimMssql.pm; what a login may see of them is decided here, as
-- the metadata visibility of the server does.

CREATE SCHEMA sim;
CREATE SCHEMA sys;

CREATE DOMAIN sys.sysname AS varchar(384);
CREATE DOMAIN sys.datetime AS timestamp(3);
CREATE DOMAIN sys.bit AS smallint CHECK (VALUE IN (0, 1));

-- logins that see every definition; names of the others' own rows
CREATE TABLE sim.seers (name text PRIMARY KEY);
CREATE TABLE sim.own (login text, id int);
CREATE TABLE sim.properties (name text, value text);
CREATE TABLE sim.login_properties (login text, name text, value text);
CREATE TABLE sim.states (name text PRIMARY KEY);
CREATE TABLE sim.access (login text, database text);

CREATE FUNCTION sim.sees() RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER AS
$$ SELECT EXISTS (SELECT FROM sim.seers WHERE name = session_user) $$;

CREATE FUNCTION sim.counts() RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER AS
$$ SELECT EXISTS (SELECT FROM sim.states WHERE name = session_user) $$;

CREATE FUNCTION sim.mine(n int) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER AS
$$ SELECT EXISTS (SELECT FROM sim.own
                  WHERE login = session_user AND id = n) $$;

CREATE FUNCTION sys.serverproperty(p text) RETURNS text LANGUAGE sql STABLE
SECURITY DEFINER AS
$$ SELECT value FROM sim.properties WHERE lower(name) = lower(p) $$;

CREATE FUNCTION sys.db_name() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT current_database()::text $$;

CREATE FUNCTION sys.loginproperty(l text, p text) RETURNS text LANGUAGE sql
STABLE SECURITY DEFINER AS
$$ SELECT value FROM sim.login_properties WHERE login = l AND name = p
   AND (sim.sees() OR l = session_user) $$;

CREATE FUNCTION sys.has_perms_by_name(s text, c text, p text) RETURNS int
LANGUAGE sql STABLE AS
$$ SELECT CASE WHEN s IS NULL AND c IS NULL AND p = 'VIEW ANY DEFINITION'
               THEN sim.sees()::int
               WHEN s IS NULL AND c IS NULL AND p = 'VIEW SERVER STATE'
               THEN sim.counts()::int
               WHEN s IS NULL AND c IS NULL AND p = 'VIEW ANY DATABASE'
               THEN 1 END $$;

CREATE FUNCTION sys.has_dbaccess(d text) RETURNS int LANGUAGE sql STABLE
SECURITY DEFINER AS
$$ SELECT count(*)::int FROM sim.access
   WHERE login = session_user AND database = d $$;

-- server

CREATE TABLE sim.server_principals (
    name sys.sysname, principal_id int, sid bytea, type char(1),
    type_desc varchar(60), is_disabled sys.bit, create_date sys.datetime,
    modify_date sys.datetime, default_database_name sys.sysname,
    default_language_name sys.sysname, credential_id int,
    owning_principal_id int, is_fixed_role sys.bit);
CREATE TABLE sim.sql_logins (
    principal_id int, is_policy_checked sys.bit,
    is_expiration_checked sys.bit);
CREATE TABLE sim.server_role_members (
    role_principal_id int, member_principal_id int);
CREATE TABLE sim.server_permissions (
    class smallint, class_desc varchar(60), major_id int, minor_id int,
    grantee_principal_id int, grantor_principal_id int, type char(4),
    permission_name varchar(128), state char(1), state_desc varchar(60));
CREATE TABLE sim.endpoints (name sys.sysname, endpoint_id int);
CREATE TABLE sim.databases (
    name sys.sysname, database_id int, source_database_id int,
    owner_sid bytea, state smallint, state_desc varchar(60),
    containment smallint);

CREATE VIEW sys.server_principals AS SELECT * FROM sim.server_principals
    WHERE is_fixed_role = 1 OR principal_id IN (1, 2)
          OR sim.mine(principal_id) OR sim.sees();
CREATE VIEW sys.sql_logins AS
    SELECT p.name, p.principal_id, p.sid, p.type, p.type_desc, p.is_disabled,
           p.create_date, p.modify_date, p.default_database_name,
           p.default_language_name, p.credential_id, l.is_policy_checked,
           l.is_expiration_checked, NULL::bytea AS password_hash
    FROM sys.server_principals p JOIN sim.sql_logins l USING (principal_id);
CREATE VIEW sys.server_role_members AS SELECT * FROM sim.server_role_members
    WHERE sim.mine(member_principal_id) OR sim.sees();
CREATE VIEW sys.server_permissions AS SELECT * FROM sim.server_permissions
    WHERE sim.mine(grantee_principal_id) OR sim.sees();
CREATE VIEW sys.endpoints AS SELECT * FROM sim.endpoints WHERE sim.sees();
CREATE VIEW sys.databases AS SELECT * FROM sim.databases;

CREATE TABLE sim.master_files (
    database_id int, file_id int, type smallint, type_desc varchar(60),
    name sys.sysname, size int, max_size int, growth int);
CREATE VIEW sys.master_files AS SELECT * FROM sim.master_files
    WHERE sim.sees();

-- database

CREATE TABLE sim.database_principals (
    name sys.sysname, principal_id int, type char(1), type_desc varchar(60),
    default_schema_name sys.sysname, create_date sys.datetime,
    modify_date sys.datetime, owning_principal_id int, sid bytea,
    is_fixed_role sys.bit, authentication_type int,
    authentication_type_desc varchar(60));
CREATE TABLE sim.database_role_members (
    role_principal_id int, member_principal_id int);
CREATE TABLE sim.database_permissions (
    class smallint, class_desc varchar(60), major_id int, minor_id int,
    grantee_principal_id int, grantor_principal_id int, type char(4),
    permission_name varchar(128), state char(1), state_desc varchar(60));
CREATE TABLE sim.schemas (
    name sys.sysname, schema_id int, principal_id int);
CREATE TABLE sim.objects (
    name sys.sysname, object_id int, principal_id int, schema_id int,
    type char(2), is_ms_shipped sys.bit);
CREATE TABLE sim.columns (object_id int, name sys.sysname, column_id int);
CREATE TABLE sim.partition_stats (
    object_id int, index_id int, partition_number int,
    reserved_page_count bigint, used_page_count bigint, row_count bigint);
CREATE FUNCTION sim.stats() RETURNS SETOF sim.partition_stats
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM sim.states WHERE name = session_user) THEN
        RAISE insufficient_privilege
            USING MESSAGE = 'VIEW DATABASE STATE permission was denied';
    END IF;
    RETURN QUERY SELECT * FROM sim.partition_stats;
END $$;
CREATE VIEW sys.dm_db_partition_stats AS SELECT * FROM sim.stats();
CREATE TABLE sim.types (
    name sys.sysname, user_type_id int, schema_id int);

CREATE VIEW sys.database_principals AS SELECT * FROM sim.database_principals
    WHERE principal_id < 5 OR is_fixed_role = 1 OR sim.sees()
          OR name = session_user;
CREATE VIEW sys.database_role_members AS
    SELECT * FROM sim.database_role_members WHERE sim.sees();
CREATE VIEW sys.database_permissions AS
    SELECT * FROM sim.database_permissions WHERE sim.sees();
CREATE VIEW sys.schemas AS SELECT * FROM sim.schemas;
CREATE VIEW sys.all_objects AS SELECT * FROM sim.objects WHERE sim.sees();
CREATE VIEW sys.objects AS SELECT * FROM sys.all_objects;
CREATE VIEW sys.all_columns AS SELECT * FROM sim.columns WHERE sim.sees();
CREATE VIEW sys.types AS SELECT * FROM sim.types;

GRANT USAGE ON SCHEMA sys, sim TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA sys TO PUBLIC;
