
/*
 * The catalog statements of the PostgreSQL engine.
 *
 * What counts as a grant:
 *
 * - an entry of an object's ACL.  What an owner may do with its own object is
 *   implied by owning it and is left out, so that the first grant to somebody
 *   (which writes the owner's rights out) does not look like one to the owner.
 *   Databases are the exception: the owner's rights are always shown there.
 * - no ACL means the built-in default.  PUBLIC's part of it is reported for
 *   databases, functions and trusted languages; PUBLIC's USAGE on types, which
 *   every type has, is not.
 * - of the system's own objects (pg_catalog, information_schema, members of
 *   extensions) only what was added to their initial privileges.
 *
 * Several grantors of the same privilege make one row.
 */


#include "tfw_pgsql.h"


/* privilege and grant option of an aclexplode() called a */
#define TFW_PG_PRIVILEGE  "a.privilege_type, bool_or(a.is_grantable)"

/* entries that neither an owner has by owning nor the system by its making */
#define TFW_PG_NOT_INITIAL(base)                                              \
    " NOT EXISTS (SELECT FROM aclexplode(" base ") b"                         \
    " WHERE b.grantee = a.grantee AND b.privilege_type = a.privilege_type"    \
    " AND b.is_grantable = a.is_grantable)"

#define TFW_PG_INIT(class, object, sub)                                       \
    " LEFT JOIN pg_init_privs i ON i.objoid = " object                        \
    " AND i.classoid = '" class "'::regclass AND i.objsubid = " sub

#define TFW_PG_SYSTEM(class, object)                                          \
    " (n.nspname IN ('pg_catalog', 'information_schema')"                     \
    " OR EXISTS (SELECT FROM pg_depend x WHERE x.classid = '" class           \
    "'::regclass AND x.objid = " object " AND x.deptype = 'e'))"

/* not what every database has: the rights of PUBLIC on information_schema stand
 * in no pg_init_privs */
#define TFW_PG_LASTING                                                        \
    " n.nspname !~ '^pg_(toast|temp)'"                                        \
    " AND NOT (n.nspname = 'information_schema' AND a.grantee = 0)"

#define TFW_PG_RELATION(kinds)                                                \
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"          \
    TFW_PG_INIT("pg_class", "c.oid", "0")                                     \
    ", aclexplode(c.relacl) a"                                                \
    " WHERE c.relacl IS NOT NULL AND c.relkind IN (" kinds ")"                \
    " AND c.relacl IS DISTINCT FROM i.initprivs"                              \
    " AND a.grantee <> c.relowner AND" TFW_PG_LASTING                         \
    " AND" TFW_PG_NOT_INITIAL("i.initprivs")                                  \
    " GROUP BY a.grantee, c.oid, n.nspname, c.relname, a.privilege_type"

#define TFW_PG_RELATION_NAME  "quote_ident(n.nspname) || '.'"                 \
    " || quote_ident(c.relname)"

/* functions know kinds since 11, which the type of grant does not care for */
#define TFW_PG_ARGUMENTS  "pg_get_function_identity_arguments(p.oid)"


/* The first value is the version.  The parameters are timeouts in ms. */

const char  tfw_pgsql_sql_settings[] =
    "SELECT pg_catalog.version(),"
    " pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false),"
    " pg_catalog.set_config('default_transaction_read_only', 'on', false),"
    " pg_catalog.set_config('statement_timeout', '%d', false),"
    " pg_catalog.set_config('lock_timeout', '%d', false),"
    " pg_catalog.set_config('quote_all_identifiers', 'off', false),"
    " pg_catalog.set_config('standard_conforming_strings', 'on', false),"
    " pg_catalog.set_config('DateStyle', 'ISO', false),"
    " pg_catalog.set_config('TimeZone', 'UTC', false)";

/* from PostgreSQL 11 on: compiling would take longer than any of these runs */

const char  tfw_pgsql_sql_jit[] =
    ", pg_catalog.set_config('jit', 'off', false)";


/* Rows of rights are (category, grantee's oid with 0 for PUBLIC, object,
 * privilege, may be passed on). */

#define TFW_PG_ONCE(scope, since, before, columns, row)                       \
    scope, TFW_ONCE_PER_INSTANCE, 0, since, before, columns,                  \
    tfw_pgsql_accounts_##row, 0, NULL

#define TFW_PG_EACH(scope)                                                    \
    scope, TFW_ONCE_PER_DATABASE, 0, 0, 0, 5, tfw_pgsql_accounts_grant, 0, NULL


const tfw_query_t  tfw_pgsql_queries[] = {

    { TFW_PG_ONCE("accounts", 0, 0, 14, role),
      "SELECT oid, rolname, rolsuper, rolcreatedb, rolcreaterole, rolinherit,"
      " rolcanlogin, rolreplication, rolbypassrls, rolconnlimit,"
      " CASE WHEN isfinite(rolvaliduntil) THEN"
      "     to_char(rolvaliduntil AT TIME ZONE 'UTC',"
      "             'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
      "   WHEN rolvaliduntil < now() THEN '-infinity' END,"
      " NOT rolcanlogin OR coalesce(rolvaliduntil < now(), false),"
      " rolname ~ '^(pg_|rds_|rdsadmin$)',"
      " rolname = current_user"
      " FROM pg_roles ORDER BY oid" },

    { TFW_PG_ONCE("memberships", 0, 160000, 6, member),
      "SELECT member, roleid, bool_or(admin_option), NULL, NULL, NULL"
      " FROM pg_auth_members GROUP BY member, roleid" },

    { TFW_PG_ONCE("memberships", 160000, 0, 6, member),
      "SELECT member, roleid, bool_or(admin_option), bool_or(inherit_option),"
      " bool_or(set_option), string_agg(grantor::text, ',' ORDER BY grantor)"
      " FROM pg_auth_members GROUP BY member, roleid" },

    { TFW_PG_ONCE("databases", 0, 0, 5, grant),
      "SELECT 'postgresql_database_privileges', a.grantee, d.datname,"
      " CASE a.privilege_type WHEN 'TEMPORARY' THEN 'TEMP'"
      "   ELSE a.privilege_type END, bool_or(a.is_grantable)"
      " FROM pg_database d,"
      " aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a"
      " GROUP BY a.grantee, d.datname, a.privilege_type"
      " UNION ALL "
      "SELECT 'postgresql_owned_databases', datdba, '', datname, false"
      " FROM pg_database" },

    { TFW_PG_ONCE("tablespaces", 0, 0, 5, grant),
      "SELECT 'postgresql_tablespace_privileges', a.grantee, t.spcname, "
      TFW_PG_PRIVILEGE
      " FROM pg_tablespace t, aclexplode(t.spcacl) a"
      " WHERE t.spcacl IS NOT NULL AND a.grantee <> t.spcowner"
      " GROUP BY a.grantee, t.spcname, a.privilege_type" },

    /* parameters belong to the bootstrap superuser, whose oid is 10 */
    { TFW_PG_ONCE("parameters", 150000, 0, 5, grant),
      "SELECT 'postgresql_parameter_privileges', a.grantee, p.parname, "
      TFW_PG_PRIVILEGE
      " FROM pg_parameter_acl p, aclexplode(p.paracl) a"
      " WHERE a.grantee <> 10"
      " GROUP BY a.grantee, p.parname, a.privilege_type" },

    { "", TFW_LIST_OF_DATABASES, 0, 0, 0, 3, tfw_pgsql_accounts_database, 0,
      NULL,
      "SELECT datname, datallowconn, datistemplate FROM pg_database"
      " ORDER BY oid" },

    { TFW_PG_EACH("schemas"),
      "SELECT 'postgresql_schema_privileges', a.grantee, n.nspname, "
      TFW_PG_PRIVILEGE
      " FROM pg_namespace n"
      TFW_PG_INIT("pg_namespace", "n.oid", "0")
      ", aclexplode(n.nspacl) a"
      " WHERE n.nspacl IS NOT NULL AND a.grantee <> n.nspowner AND"
      TFW_PG_LASTING " AND NOT (" TFW_PG_SYSTEM("pg_namespace", "n.oid")
      " AND NOT" TFW_PG_NOT_INITIAL("i.initprivs") ")"
      " GROUP BY a.grantee, n.nspname, a.privilege_type" },

    { TFW_PG_EACH("schemas"),
      "SELECT 'postgresql_default_privileges', a.grantee,"
      " 'FOR ROLE ' || quote_ident(r.rolname)"
      " || coalesce(' IN SCHEMA ' || quote_ident(n.nspname), '')"
      " || CASE d.defaclobjtype WHEN 'r' THEN ' ON TABLES'"
      "   WHEN 'S' THEN ' ON SEQUENCES' WHEN 'f' THEN ' ON FUNCTIONS'"
      "   WHEN 'T' THEN ' ON TYPES' WHEN 'n' THEN ' ON SCHEMAS'"
      "   WHEN 'L' THEN ' ON LARGE OBJECTS'"
      "   ELSE ' ON ' || d.defaclobjtype::text END, "
      TFW_PG_PRIVILEGE
      " FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole"
      " LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace,"
      " aclexplode(d.defaclacl) a"
      " WHERE a.grantee <> d.defaclrole"
      " GROUP BY a.grantee, r.rolname, n.nspname, d.defaclobjtype,"
      " a.privilege_type" },

    { TFW_PG_EACH("schemas"),
      "SELECT 'postgresql_language_privileges', a.grantee, l.lanname, "
      TFW_PG_PRIVILEGE
      " FROM pg_language l,"
      " aclexplode(coalesce(l.lanacl, acldefault('l', l.lanowner))) a"
      " WHERE l.lanpltrusted AND a.grantee <> l.lanowner"
      " GROUP BY a.grantee, l.lanname, a.privilege_type" },

    { TFW_PG_EACH("schemas"),
      "SELECT 'postgresql_foreign_privileges', a.grantee, f.name, "
      TFW_PG_PRIVILEGE
      " FROM (SELECT 'FOREIGN DATA WRAPPER ' || quote_ident(fdwname) AS name,"
      "         fdwowner AS owner, fdwacl AS acl FROM pg_foreign_data_wrapper"
      "       UNION ALL"
      "       SELECT 'FOREIGN SERVER ' || quote_ident(srvname), srvowner,"
      "         srvacl FROM pg_foreign_server) f, aclexplode(f.acl) a"
      " WHERE f.acl IS NOT NULL AND a.grantee <> f.owner"
      " GROUP BY a.grantee, f.name, a.privilege_type" },

    { TFW_PG_EACH("schemas"),
      "SELECT 'postgresql_type_privileges', a.grantee,"
      " quote_ident(n.nspname) || '.' || quote_ident(t.typname), "
      TFW_PG_PRIVILEGE
      " FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
      TFW_PG_INIT("pg_type", "t.oid", "0")
      ", aclexplode(t.typacl) a"
      " WHERE t.typacl IS NOT NULL AND a.grantee <> t.typowner"
      " AND t.typacl IS DISTINCT FROM i.initprivs AND" TFW_PG_LASTING " AND"
      TFW_PG_NOT_INITIAL("coalesce(i.initprivs, acldefault('T', t.typowner))")
      " GROUP BY a.grantee, t.oid, n.nspname, t.typname, a.privilege_type" },

    { TFW_PG_EACH("tables"),
      "SELECT 'postgresql_table_privileges', a.grantee, "
      TFW_PG_RELATION_NAME ", " TFW_PG_PRIVILEGE
      TFW_PG_RELATION("'r', 'v', 'm', 'f', 'p'") },

    { TFW_PG_EACH("tables"),
      "SELECT 'postgresql_sequence_privileges', a.grantee, "
      TFW_PG_RELATION_NAME ", " TFW_PG_PRIVILEGE
      TFW_PG_RELATION("'S'") },

    { TFW_PG_EACH("tables"),
      "SELECT 'postgresql_large_object_privileges', a.grantee, o.oid::text, "
      TFW_PG_PRIVILEGE
      " FROM pg_largeobject_metadata o, aclexplode(o.lomacl) a"
      " WHERE o.lomacl IS NOT NULL AND a.grantee <> o.lomowner"
      " GROUP BY a.grantee, o.oid, a.privilege_type" },

    { TFW_PG_EACH("columns"),
      "SELECT 'postgresql_column_privileges', a.grantee, "
      TFW_PG_RELATION_NAME " || '.' || quote_ident(t.attname), "
      TFW_PG_PRIVILEGE
      " FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid"
      " JOIN pg_namespace n ON n.oid = c.relnamespace"
      TFW_PG_INIT("pg_class", "c.oid", "t.attnum")
      ", aclexplode(t.attacl) a"
      " WHERE t.attacl IS NOT NULL AND NOT t.attisdropped"
      " AND t.attacl IS DISTINCT FROM i.initprivs"
      " AND a.grantee <> c.relowner AND" TFW_PG_LASTING " AND"
      TFW_PG_NOT_INITIAL("i.initprivs")
      " GROUP BY a.grantee, c.oid, n.nspname, c.relname, t.attname,"
      " a.privilege_type" },

    { TFW_PG_EACH("functions"),
      "SELECT 'postgresql_function_privileges', a.grantee,"
      " quote_ident(n.nspname) || '.' || quote_ident(p.proname)"
      " || '(' || " TFW_PG_ARGUMENTS " || ')', "
      TFW_PG_PRIVILEGE
      " FROM (SELECT p.oid, p.proname, p.pronamespace, p.proowner, p.proacl,"
      "         i.initprivs," TFW_PG_SYSTEM("pg_proc", "p.oid") " AS system"
      "       FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
      TFW_PG_INIT("pg_proc", "p.oid", "0")
      "       WHERE (p.proacl IS NOT NULL OR n.nspname NOT IN"
      "              ('pg_catalog', 'information_schema'))"
      "         AND (p.proacl IS NULL"
      "              OR p.proacl IS DISTINCT FROM i.initprivs)"
      "       OFFSET 0) p"
      " JOIN pg_namespace n ON n.oid = p.pronamespace,"
      " aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
      " WHERE a.grantee <> p.proowner AND" TFW_PG_LASTING
      " AND (NOT p.system OR"
      TFW_PG_NOT_INITIAL("coalesce(p.initprivs, acldefault('f', p.proowner))")
      ") GROUP BY a.grantee, p.oid, n.nspname, p.proname, a.privilege_type" },

    { .scope = NULL }
};
