
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
 *
 * Owners are scopes of their own.  Left out are what initdb made for the
 * bootstrap superuser, whose oid is 10, what follows the owner of its table
 * (row types, arrays, indexes, TOAST), and members of an extension that belong
 * to whom the extension belongs or to the bootstrap superuser.
 */


#include "tfw_pgsql.h"


/* Whether a role has one of these within its reach, itself or through
 * memberships to any depth.  pg_has_role() needs no right to any table. */
#define TFW_PG_REACHES(roles, how)                                            \
    " EXISTS (SELECT FROM unnest(m." roles ") AS u (id)"                      \
    " WHERE pg_has_role(r.oid, u.id, '" how "'))"

/* Roles that vendors of managed services bring along, by their exact names:
 * anybody may call a role "rds_x".  Those of the server itself have an oid that
 * no CREATE ROLE gives; 10 is whoever made the server. */
#define TFW_PG_VENDORS                                                        \
    "'rdsadmin', 'rdsrepladmin', 'rdstopmgr', 'rds_superuser', 'rds_iam',"    \
    " 'rds_password', 'rds_replication', 'rds_extension', 'rds_reserved',"    \
    " 'rds_ad', 'rdswriteforwarduser', 'cloudsqladmin', 'cloudsqlagent',"     \
    " 'cloudsqliamgroup', 'cloudsqliamgroupserviceaccount',"                  \
    " 'cloudsqliamgroupuser', 'cloudsqliamserviceaccount',"                   \
    " 'cloudsqliamuser', 'cloudsqlimportexport', 'cloudsqlinactiveuser',"     \
    " 'cloudsqlreplica', 'cloudsqlsuperuser', 'azuresu', 'azure_pg_admin',"   \
    " 'azure_superuser'"

#define TFW_PG_ROLES(super, creator, file)                                    \
    "SELECT r.oid, rolname, rolsuper, rolcreatedb, rolcreaterole, rolinherit,"\
    " rolcanlogin, rolreplication, rolbypassrls, rolconnlimit,"               \
    " CASE WHEN isfinite(rolvaliduntil) THEN"                                 \
    "     to_char(rolvaliduntil AT TIME ZONE 'UTC',"                          \
    "             'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"                          \
    "   WHEN rolvaliduntil < now() THEN '-infinity' END,"                     \
    " NOT rolcanlogin OR coalesce(rolvaliduntil < now(), false),"             \
    " r.oid < 16384 AND r.oid <> 10 OR rolname IN (" TFW_PG_VENDORS "),"      \
    " rolname = current_user,"                                                \
    TFW_PG_REACHES("supers", super) ","                                       \
    TFW_PG_REACHES("supers", super)                                           \
    " OR" TFW_PG_REACHES("creators", creator) ","                             \
    TFW_PG_REACHES("supers", super)                                           \
    " OR r.oid <> ALL (m.files) AND" TFW_PG_REACHES("files", file)            \
    " FROM pg_roles r, (SELECT"                                               \
    "   ARRAY(SELECT oid FROM pg_roles WHERE rolsuper) AS supers,"            \
    "   ARRAY(SELECT oid FROM pg_roles WHERE rolcreaterole) AS creators,"     \
    "   ARRAY(SELECT oid FROM pg_roles WHERE rolname IN"                      \
    "     ('pg_execute_server_program', 'pg_read_server_files',"              \
    "      'pg_write_server_files')) AS files OFFSET 0) m"                    \
    " ORDER BY r.oid"

/* privilege and grant option of an aclexplode() called a, and the object's own
 * identity */
#define TFW_PG_PRIVILEGE(id)  "a.privilege_type, bool_or(a.is_grantable), " id

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

/* An object with its owner; the row of catalog class that t stands for. */
#define TFW_PG_OWNED(class, t, owner, kind, name, from)                       \
    "SELECT '" class "'::regclass AS class, " t ".oid, " owner " AS owner,"   \
    " '" kind "' AS kind, " name " AS name FROM " from                        \
    " WHERE (" t ".oid >= 16384 OR " owner " <> 10)"

#define TFW_PG_OWNERS(objects)                                                \
    "SELECT 'postgresql_owned_' || o.kind, o.owner, o.name, 'OWNER', false,"  \
    " o.class::oid || '.' || o.oid"                                           \
    " FROM (" objects ") o"                                                   \
    " LEFT JOIN pg_depend x ON x.classid = o.class AND x.objid = o.oid"       \
    " AND x.deptype = 'e'"                                                    \
    " LEFT JOIN pg_extension e ON e.oid = x.refobjid"                         \
    " WHERE e.oid IS NULL OR o.owner NOT IN (10, e.extowner)"

/* where t.<field>namespace is the schema */
#define TFW_PG_IN_SCHEMA(class, t, field)                                     \
    class " " t " JOIN pg_namespace n ON n.oid = " t "." field "namespace"

#define TFW_PG_QUALIFIED(name)                                                \
    "quote_ident(n.nspname) || '.' || quote_ident(" name ")"

/* an object without columns, of a schema, among the other objects */
#define TFW_PG_OWNED_OTHER(class, field, word)                                \
    TFW_PG_OWNED(class, "t", "t." field "owner", "other_objects",             \
                 "'" word " ' || " TFW_PG_QUALIFIED("t." field "name"),       \
                 TFW_PG_IN_SCHEMA(class, "t", field))

/* one that has no schema */
#define TFW_PG_OWNED_TOP(class, field, kind, word)                            \
    TFW_PG_OWNED(class, "t", "t." field "owner", kind,                        \
                 word "quote_ident(t." field "name)", class " t")

#define TFW_PG_SUBSCRIPTIONS(id)                                              \
    "SELECT 'postgresql_owned_other_objects', s.subowner,"                    \
    " 'SUBSCRIPTION ' || quote_ident(s.subname), 'OWNER', false, " id         \
    " FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid"         \
    " WHERE d.datname = current_database()"

/* what default privileges d of role r are for */
#define TFW_PG_DEFAULT_OF(schema)                                             \
    "'FOR ROLE ' || quote_ident(r.rolname) || " schema                        \
    " || CASE d.defaclobjtype WHEN 'r' THEN ' ON TABLES'"                     \
    "   WHEN 'S' THEN ' ON SEQUENCES' WHEN 'f' THEN ' ON FUNCTIONS'"          \
    "   WHEN 'T' THEN ' ON TYPES' WHEN 'n' THEN ' ON SCHEMAS'"                \
    "   WHEN 'L' THEN ' ON LARGE OBJECTS'"                                    \
    "   ELSE ' ON ' || d.defaclobjtype::text END"

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

/* from PostgreSQL 14 on: a statement of a sync that is gone ends by itself */

const char  tfw_pgsql_sql_check[] =
    ", pg_catalog.set_config('client_connection_check_interval', '500', false)";


/* which database it is in, which its name may not say any more; as long as the
 * session is there nobody can rename it */

const char  tfw_pgsql_sql_which[] =
    ", (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname"
    " OPERATOR(pg_catalog.=) pg_catalog.current_database())";


/* where the database's encoding can be converted */

const char  tfw_pgsql_sql_utf8[] =
    ", pg_catalog.set_config('client_encoding', 'UTF8', false)";


/* Rows of rights are (category, grantee's oid with 0 for PUBLIC, object,
 * privilege, may be passed on, the object's own identity). */

#define TFW_PG_ONCE(scope, since, before, columns, row)                       \
    scope, TFW_ONCE_PER_INSTANCE, 0, since, before, columns,                  \
    tfw_pgsql_accounts_##row, 0, NULL

#define TFW_PG_EACH_OF(scope, since, before)                                  \
    scope, TFW_ONCE_PER_DATABASE, 0, since, before, 6,                        \
    tfw_pgsql_accounts_grant, 0, NULL

#define TFW_PG_EACH(scope)  TFW_PG_EACH_OF(scope, 0, 0)


const tfw_query_t  tfw_pgsql_queries[] = {

    { TFW_PG_ONCE("accounts", 0, 160000, 17, role),
      TFW_PG_ROLES("MEMBER", "MEMBER", "MEMBER") },

    /* a superuser's role is passed on by superusers only; any other by who has
     * the ADMIN OPTION, to itself, too */
    { TFW_PG_ONCE("accounts", 160000, 0, 17, role),
      TFW_PG_ROLES("SET", "SET, MEMBER WITH ADMIN OPTION",
                   "SET, USAGE, MEMBER WITH ADMIN OPTION") },

    { TFW_PG_ONCE("memberships", 0, 160000, 6, member),
      "SELECT member, roleid, bool_or(admin_option), NULL, NULL, NULL"
      " FROM pg_auth_members GROUP BY member, roleid" },

    { TFW_PG_ONCE("memberships", 160000, 0, 6, member),
      "SELECT member, roleid, bool_or(admin_option), bool_or(inherit_option),"
      " bool_or(set_option), string_agg(grantor::text, ',' ORDER BY grantor)"
      " FROM pg_auth_members GROUP BY member, roleid" },

    { TFW_PG_ONCE("databases", 0, 0, 6, grant),
      "SELECT 'postgresql_database_privileges', a.grantee, d.datname,"
      " CASE a.privilege_type WHEN 'TEMPORARY' THEN 'TEMP'"
      "   ELSE a.privilege_type END, bool_or(a.is_grantable), d.oid"
      " FROM pg_database d,"
      " aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a"
      " GROUP BY a.grantee, d.oid, d.datname, a.privilege_type"
      " UNION ALL "
      "SELECT 'postgresql_owned_databases', datdba, '', datname, false, oid"
      " FROM pg_database" },

    { TFW_PG_ONCE("tablespaces", 0, 0, 6, grant),
      "SELECT 'postgresql_tablespace_privileges', a.grantee, t.spcname, "
      TFW_PG_PRIVILEGE("t.oid")
      " FROM pg_tablespace t, aclexplode(t.spcacl) a"
      " WHERE t.spcacl IS NOT NULL AND a.grantee <> t.spcowner"
      " GROUP BY a.grantee, t.oid, t.spcname, a.privilege_type" },

    { TFW_PG_ONCE("tablespace_owners", 0, 0, 6, grant),
      "SELECT 'postgresql_owned_tablespaces', spcowner, '', spcname, false, oid"
      " FROM pg_tablespace WHERE oid >= 16384 OR spcowner <> 10" },

    /* parameters belong to the bootstrap superuser */
    { TFW_PG_ONCE("parameters", 150000, 0, 6, grant),
      "SELECT 'postgresql_parameter_privileges', a.grantee, p.parname, "
      TFW_PG_PRIVILEGE("NULL")
      " FROM pg_parameter_acl p, aclexplode(p.paracl) a"
      " WHERE a.grantee <> 10"
      " GROUP BY a.grantee, p.parname, a.privilege_type" },

    { "", TFW_LIST_OF_DATABASES, 0, 0, 0, 4, tfw_pgsql_accounts_database, 0,
      NULL,
      "SELECT datname, datallowconn, datistemplate, oid FROM pg_database"
      " ORDER BY oid" },

    { TFW_PG_EACH("schemas"),
      "SELECT 'postgresql_schema_privileges', a.grantee, n.nspname, "
      TFW_PG_PRIVILEGE("n.oid")
      " FROM pg_namespace n"
      TFW_PG_INIT("pg_namespace", "n.oid", "0")
      ", aclexplode(n.nspacl) a"
      " WHERE n.nspacl IS NOT NULL AND a.grantee <> n.nspowner AND"
      TFW_PG_LASTING " AND NOT (" TFW_PG_SYSTEM("pg_namespace", "n.oid")
      " AND NOT" TFW_PG_NOT_INITIAL("i.initprivs") ")"
      " GROUP BY a.grantee, n.oid, n.nspname, a.privilege_type" },

    { TFW_PG_EACH("schemas"),
      "SELECT 'postgresql_default_privileges', a.grantee, "
      TFW_PG_DEFAULT_OF("coalesce(' IN SCHEMA ' || quote_ident(n.nspname), '')")
      ", " TFW_PG_PRIVILEGE("d.oid")
      " FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole"
      " LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace,"
      " aclexplode(d.defaclacl) a"
      " WHERE a.grantee <> d.defaclrole"
      " GROUP BY a.grantee, d.oid, r.rolname, n.nspname, d.defaclobjtype,"
      " a.privilege_type" },

    { TFW_PG_EACH("schemas"),
      "SELECT 'postgresql_language_privileges', a.grantee, l.lanname, "
      TFW_PG_PRIVILEGE("l.oid")
      " FROM pg_language l,"
      " aclexplode(coalesce(l.lanacl, acldefault('l', l.lanowner))) a"
      " WHERE l.lanpltrusted AND a.grantee <> l.lanowner"
      " GROUP BY a.grantee, l.oid, l.lanname, a.privilege_type" },

    { TFW_PG_EACH("schemas"),
      "SELECT 'postgresql_foreign_privileges', a.grantee, f.name, "
      TFW_PG_PRIVILEGE("f.id")
      " FROM (SELECT 'FOREIGN DATA WRAPPER ' || quote_ident(fdwname) AS name,"
      "         fdwowner AS owner, fdwacl AS acl,"
      "         tableoid || '.' || oid AS id FROM pg_foreign_data_wrapper"
      "       UNION ALL"
      "       SELECT 'FOREIGN SERVER ' || quote_ident(srvname), srvowner,"
      "         srvacl, tableoid || '.' || oid"
      "       FROM pg_foreign_server) f, aclexplode(f.acl) a"
      " WHERE f.acl IS NOT NULL AND a.grantee <> f.owner"
      " GROUP BY a.grantee, f.id, f.name, a.privilege_type" },

    { TFW_PG_EACH("schemas"),
      "SELECT 'postgresql_type_privileges', a.grantee,"
      " quote_ident(n.nspname) || '.' || quote_ident(t.typname), "
      TFW_PG_PRIVILEGE("t.oid")
      " FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
      TFW_PG_INIT("pg_type", "t.oid", "0")
      ", aclexplode(t.typacl) a"
      " WHERE t.typacl IS NOT NULL AND a.grantee <> t.typowner"
      " AND t.typacl IS DISTINCT FROM i.initprivs AND" TFW_PG_LASTING " AND"
      TFW_PG_NOT_INITIAL("coalesce(i.initprivs, acldefault('T', t.typowner))")
      " GROUP BY a.grantee, t.oid, n.nspname, t.typname, a.privilege_type" },

    { TFW_PG_EACH("tables"),
      "SELECT 'postgresql_table_privileges', a.grantee, "
      TFW_PG_RELATION_NAME ", " TFW_PG_PRIVILEGE("c.oid")
      TFW_PG_RELATION("'r', 'v', 'm', 'f', 'p'") },

    { TFW_PG_EACH("tables"),
      "SELECT 'postgresql_sequence_privileges', a.grantee, "
      TFW_PG_RELATION_NAME ", " TFW_PG_PRIVILEGE("c.oid")
      TFW_PG_RELATION("'S'") },

    { TFW_PG_EACH("tables"),
      "SELECT 'postgresql_large_object_privileges', a.grantee, o.oid::text, "
      TFW_PG_PRIVILEGE("NULL")
      " FROM pg_largeobject_metadata o, aclexplode(o.lomacl) a"
      " WHERE o.lomacl IS NOT NULL AND a.grantee <> o.lomowner"
      " GROUP BY a.grantee, o.oid, a.privilege_type" },

    { TFW_PG_EACH("columns"),
      "SELECT 'postgresql_column_privileges', a.grantee, "
      TFW_PG_RELATION_NAME " || '.' || quote_ident(t.attname), "
      TFW_PG_PRIVILEGE("c.oid || '.' || t.attnum")
      " FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid"
      " JOIN pg_namespace n ON n.oid = c.relnamespace"
      TFW_PG_INIT("pg_class", "c.oid", "t.attnum")
      ", aclexplode(t.attacl) a"
      " WHERE t.attacl IS NOT NULL AND NOT t.attisdropped"
      " AND t.attacl IS DISTINCT FROM i.initprivs"
      " AND a.grantee <> c.relowner AND" TFW_PG_LASTING " AND"
      TFW_PG_NOT_INITIAL("i.initprivs")
      " GROUP BY a.grantee, c.oid, n.nspname, c.relname, t.attname, t.attnum,"
      " a.privilege_type" },

    { TFW_PG_EACH("functions"),
      "SELECT 'postgresql_function_privileges', a.grantee,"
      " quote_ident(n.nspname) || '.' || quote_ident(p.proname)"
      " || '(' || " TFW_PG_ARGUMENTS " || ')', "
      TFW_PG_PRIVILEGE("p.oid")
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

    /* default privileges without a schema stand in place of the built-in ones;
     * those of a schema only add to them */
    { TFW_PG_EACH("revoked_defaults"),
      "SELECT 'postgresql_revoked_default_privileges', b.grantee, "
      TFW_PG_DEFAULT_OF("''") ", b.privilege_type, false, d.oid"
      " FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole,"
      " aclexplode(acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's'"
      "   ELSE d.defaclobjtype END, d.defaclrole)) b"
      " WHERE d.defaclnamespace = 0"
      " AND NOT EXISTS (SELECT FROM aclexplode(d.defaclacl) a"
      "   WHERE a.grantee = b.grantee"
      "   AND a.privilege_type = b.privilege_type)" },

    { TFW_PG_EACH("owners"),
      TFW_PG_OWNERS(
      TFW_PG_OWNED("pg_namespace", "n", "n.nspowner", "schemas", "n.nspname",
                   "pg_namespace n")
      " AND n.nspname !~ '^pg_(toast|temp)'"
      " UNION ALL "
      TFW_PG_OWNED("pg_class", "c", "c.relowner", "tables",
                   TFW_PG_RELATION_NAME,
                   TFW_PG_IN_SCHEMA("pg_class", "c", "rel"))
      " AND c.relkind IN ('r', 'v', 'm', 'f', 'p')"
      " AND n.nspname !~ '^pg_(toast|temp)'"
      " UNION ALL "
      TFW_PG_OWNED("pg_class", "c", "c.relowner", "sequences",
                   TFW_PG_RELATION_NAME,
                   TFW_PG_IN_SCHEMA("pg_class", "c", "rel"))
      " AND c.relkind = 'S' AND n.nspname !~ '^pg_temp'") },

    { TFW_PG_EACH("owners"),
      TFW_PG_OWNERS(
      TFW_PG_OWNED("pg_proc", "p", "p.proowner", "functions",
                   TFW_PG_QUALIFIED("p.proname") " || '('"
                   " || " TFW_PG_ARGUMENTS " || ')'",
                   TFW_PG_IN_SCHEMA("pg_proc", "p", "pro"))
      " AND n.nspname !~ '^pg_temp'"
      " UNION ALL "
      TFW_PG_OWNED("pg_type", "t", "t.typowner", "types",
                   TFW_PG_QUALIFIED("t.typname"),
                   TFW_PG_IN_SCHEMA("pg_type", "t", "typ"))
      " AND n.nspname !~ '^pg_(toast|temp)'"
      " AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c"
      "      WHERE c.oid = t.typrelid AND c.relkind = 'c'))"
      " AND NOT EXISTS (SELECT FROM pg_type y WHERE y.typarray = t.oid)"
      " UNION ALL "
      TFW_PG_OWNED("pg_language", "t", "t.lanowner", "languages",
                   "t.lanname", "pg_language t")
      " UNION ALL "
      TFW_PG_OWNED("pg_largeobject", "t", "t.lomowner", "large_objects",
                   "t.oid::text", "pg_largeobject_metadata t")
      " UNION ALL "
      TFW_PG_OWNED_TOP("pg_foreign_data_wrapper", "fdw", "foreign_objects",
                       "'FOREIGN DATA WRAPPER ' || ")
      " UNION ALL "
      TFW_PG_OWNED_TOP("pg_foreign_server", "srv", "foreign_objects",
                       "'FOREIGN SERVER ' || ")) },

    { TFW_PG_EACH("owners"),
      TFW_PG_OWNERS(
      TFW_PG_OWNED_OTHER("pg_collation", "coll", "COLLATION") " UNION ALL "
      TFW_PG_OWNED_OTHER("pg_conversion", "con", "CONVERSION") " UNION ALL "
      TFW_PG_OWNED_OTHER("pg_statistic_ext", "stx", "STATISTICS") " UNION ALL "
      TFW_PG_OWNED_OTHER("pg_ts_dict", "dict", "TEXT SEARCH DICTIONARY")
      " UNION ALL "
      TFW_PG_OWNED_OTHER("pg_ts_config", "cfg", "TEXT SEARCH CONFIGURATION")
      " UNION ALL "
      TFW_PG_OWNED("pg_operator", "t", "t.oprowner", "other_objects",
                   "'OPERATOR ' || quote_ident(n.nspname) || '.' || t.oprname"
                   " || '(' || CASE t.oprleft WHEN 0 THEN 'NONE'"
                   "   ELSE format_type(t.oprleft, NULL) END || ', '"
                   " || CASE t.oprright WHEN 0 THEN 'NONE'"
                   "   ELSE format_type(t.oprright, NULL) END || ')'",
                   TFW_PG_IN_SCHEMA("pg_operator", "t", "opr"))) },

    { TFW_PG_EACH("owners"),
      TFW_PG_OWNERS(
      TFW_PG_OWNED("pg_opclass", "t", "t.opcowner", "other_objects",
                   "'OPERATOR CLASS ' || " TFW_PG_QUALIFIED("t.opcname")
                   " || ' USING ' || quote_ident(m.amname)",
                   TFW_PG_IN_SCHEMA("pg_opclass", "t", "opc")
                   " JOIN pg_am m ON m.oid = t.opcmethod")
      " UNION ALL "
      TFW_PG_OWNED("pg_opfamily", "t", "t.opfowner", "other_objects",
                   "'OPERATOR FAMILY ' || " TFW_PG_QUALIFIED("t.opfname")
                   " || ' USING ' || quote_ident(m.amname)",
                   TFW_PG_IN_SCHEMA("pg_opfamily", "t", "opf")
                   " JOIN pg_am m ON m.oid = t.opfmethod")
      " UNION ALL "
      TFW_PG_OWNED_TOP("pg_extension", "ext", "other_objects",
                       "'EXTENSION ' || ")
      " UNION ALL "
      TFW_PG_OWNED_TOP("pg_event_trigger", "evt", "other_objects",
                       "'EVENT TRIGGER ' || ")
      " UNION ALL "
      TFW_PG_OWNED_TOP("pg_publication", "pub", "other_objects",
                       "'PUBLICATION ' || ")) },

    /* of pg_subscription everybody may read some columns only; oid is one of
     * them from 14 on */
    { TFW_PG_EACH_OF("owners", 0, 140000), TFW_PG_SUBSCRIPTIONS("NULL") },

    { TFW_PG_EACH_OF("owners", 140000, 0),
      TFW_PG_SUBSCRIPTIONS("'pg_subscription'::regclass::oid"
                           " || '.' || s.oid") },

    { .scope = NULL }
};


const tfw_query_t  tfw_pgsql_rights[] = {

    { "sign in", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 1, tfw_reading_right,
      0, NULL, "SELECT 1" },

    { "databases", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 1, tfw_reading_barred,
      0, NULL,
      "SELECT d.datname FROM pg_database d WHERE d.datallowconn"
      " AND NOT has_database_privilege(d.oid, 'CONNECT')" },

    { .scope = NULL }
};
