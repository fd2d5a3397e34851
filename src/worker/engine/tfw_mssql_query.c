
/*
 * The catalog statements of the engine for SQL Server, 2012 and later.
 *
 * What counts as a permission: a row of sys.server_permissions or of a
 * database's sys.database_permissions.  When several grantors gave the same
 * permission, DENY wins, then WITH GRANT OPTION.  Left out are permissions on
 * the system's own objects, whose ids are negative, and what the fixed roles
 * can do, which no row says.
 *
 * No name is ever part of a statement: a database is read by a session of its
 * own.
 */


#include "tfw_mssql.h"


#define TFW_MSSQL_STATE                                                       \
    "MAX(CASE p.state WHEN 'D' THEN 3 WHEN 'W' THEN 2 WHEN 'G' THEN 1"        \
    " ELSE 0 END)"

#define TFW_MSSQL_LOGIN(property, type)                                       \
    "CAST(LOGINPROPERTY(p.name, '" property "') AS " type ")"

#define TFW_MSSQL_ONCE(scope, columns, row)                                   \
    scope, TFW_ONCE_PER_INSTANCE, 0, 0, 0, columns,                           \
    tfw_mssql_accounts_##row, 0, NULL

#define TFW_MSSQL_EACH(scope, columns, row)                                   \
    scope, TFW_ONCE_PER_DATABASE, 0, 0, 0, columns,                           \
    tfw_mssql_accounts_##row, 0, NULL

#define TFW_MSSQL_RIGHT(right, row)                                           \
    right, TFW_ONCE_PER_INSTANCE, 0, 0, 0, 1, tfw_reading_##row, 0, NULL


const tfw_query_t  tfw_mssql_queries[] = {

    /* the memberships and CONTROL SERVER come first: an attribute of an account
     * follows from them */

    { "accounts", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 2, tfw_mssql_accounts_edge,
      0, NULL,
      "SELECT m.member_principal_id, m.role_principal_id"
      " FROM sys.server_role_members m"
      " ORDER BY m.member_principal_id, m.role_principal_id" },

    { "accounts", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 2, tfw_mssql_accounts_edge,
      1, NULL,
      "SELECT p.grantee_principal_id, " TFW_MSSQL_STATE
      " FROM sys.server_permissions p"
      " WHERE p.class = 100 AND p.permission_name = 'CONTROL SERVER'"
      " GROUP BY p.grantee_principal_id"
      " ORDER BY p.grantee_principal_id" },

    { TFW_MSSQL_ONCE("accounts", 18, login),
      "SELECT p.principal_id, p.name, p.type, p.sid, p.is_disabled,"
      " p.default_database_name, p.create_date,"
      " l.is_policy_checked, l.is_expiration_checked,"
      " " TFW_MSSQL_LOGIN("IsLocked", "int") ","
      " " TFW_MSSQL_LOGIN("IsExpired", "int") ","
      " " TFW_MSSQL_LOGIN("IsMustChange", "int") ","
      " " TFW_MSSQL_LOGIN("PasswordLastSetTime", "datetime") ","
      " c.state, p.is_fixed_role,"
      " HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DEFINITION'),"
      " " TFW_MSSQL_LOGIN("DaysUntilExpiration", "int") ","
      " CURRENT_TIMESTAMP"
      " FROM sys.server_principals p"
      " LEFT JOIN sys.sql_logins l ON l.principal_id = p.principal_id"
      " LEFT JOIN (SELECT p.grantee_principal_id AS id,"
      "   " TFW_MSSQL_STATE " AS state"
      "   FROM sys.server_permissions p"
      "   WHERE p.class = 100 AND p.permission_name = 'CONNECT SQL'"
      "   GROUP BY p.grantee_principal_id) c ON c.id = p.principal_id"
      " ORDER BY p.principal_id" },

    { TFW_MSSQL_ONCE("server_roles", 2, role),
      "SELECT m.member_principal_id, r.name"
      " FROM sys.server_role_members m"
      " JOIN sys.server_principals r ON r.principal_id = m.role_principal_id"
      " ORDER BY m.member_principal_id" },

    { TFW_MSSQL_ONCE("server_permissions", 7, permission),
      "SELECT p.grantee_principal_id, p.class, p.permission_name,"
      " " TFW_MSSQL_STATE ", p.class_desc, COALESCE(o.name, e.name),"
      " p.major_id"
      " FROM sys.server_permissions p"
      " LEFT JOIN sys.server_principals o"
      "   ON p.class = 101 AND o.principal_id = p.major_id"
      " LEFT JOIN sys.endpoints e"
      "   ON p.class = 105 AND e.endpoint_id = p.major_id"
      " GROUP BY p.grantee_principal_id, p.class, p.permission_name,"
      "   p.class_desc, o.name, e.name, p.major_id"
      " ORDER BY p.grantee_principal_id" },

    { TFW_MSSQL_ONCE("database_owners", 2, owner),
      "SELECT d.name, d.owner_sid FROM sys.databases d"
      " WHERE d.source_database_id IS NULL AND d.database_id <> 2" },

    /* not tempdb, which is made anew at every start, and no snapshots */

    { "", TFW_LIST_OF_DATABASES, 0, 0, 0, 3, tfw_mssql_accounts_database, 0,
      NULL,
      "SELECT d.name, d.state, HAS_DBACCESS(d.name) FROM sys.databases d"
      " WHERE d.source_database_id IS NULL AND d.database_id <> 2"
      " ORDER BY d.database_id" },

    { TFW_MSSQL_EACH("users", 8, user),
      "SELECT u.principal_id, u.name, u.type, u.sid, u.authentication_type,"
      " u.default_schema_name, u.create_date, u.is_fixed_role"
      " FROM sys.database_principals u"
      " ORDER BY u.principal_id" },

    { TFW_MSSQL_EACH("database_roles", 2, member),
      "SELECT m.member_principal_id, r.name"
      " FROM sys.database_role_members m"
      " JOIN sys.database_principals r ON r.principal_id = m.role_principal_id"
      " ORDER BY m.member_principal_id" },

    { TFW_MSSQL_EACH("database_permissions", 9, grant),
      "SELECT p.grantee_principal_id, p.class, p.permission_name,"
      " " TFW_MSSQL_STATE ", p.class_desc, p.major_id, s.name,"
      " COALESCE(o.name, t.name, u.name), c.name"
      " FROM sys.database_permissions p"
      " LEFT JOIN sys.all_objects o"
      "   ON p.class = 1 AND o.object_id = p.major_id"
      " LEFT JOIN sys.types t"
      "   ON p.class = 6 AND t.user_type_id = p.major_id"
      " LEFT JOIN sys.database_principals u"
      "   ON p.class = 4 AND u.principal_id = p.major_id"
      " LEFT JOIN sys.schemas s"
      "   ON p.class = 3 AND s.schema_id = p.major_id"
      "   OR s.schema_id = o.schema_id OR s.schema_id = t.schema_id"
      " LEFT JOIN sys.all_columns c"
      "   ON p.class = 1 AND p.minor_id > 0"
      "   AND c.object_id = p.major_id AND c.column_id = p.minor_id"
      " WHERE p.class <> 1 OR p.major_id > 0"
      " GROUP BY p.grantee_principal_id, p.class, p.permission_name,"
      "   p.class_desc, p.major_id, s.name, o.name, t.name, u.name, c.name"
      " ORDER BY p.grantee_principal_id" },

    /* the schemas that every database is made with belong to the role of their
     * name */

    { TFW_MSSQL_EACH("owners", 4, owned),
      "SELECT s.principal_id, 'S', s.name, NULL"
      " FROM sys.schemas s"
      " WHERE s.schema_id > 4 AND s.schema_id < 16384"
      " UNION ALL"
      " SELECT o.principal_id, 'O', s.name, o.name"
      " FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id"
      " WHERE o.principal_id IS NOT NULL AND o.is_ms_shipped = 0" },

    { .scope = NULL }
};


const tfw_query_t  tfw_mssql_rights[] = {

    { TFW_MSSQL_RIGHT("sign in", right), "SELECT 1" },

    { TFW_MSSQL_RIGHT("VIEW ANY DEFINITION", right),
      "SELECT HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DEFINITION')" },

    { TFW_MSSQL_RIGHT("VIEW SERVER STATE", right),
      "SELECT HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE')" },

    /* by CONNECT ANY DATABASE, as a user, or as a guest */
    { TFW_MSSQL_RIGHT("databases", barred),
      "SELECT d.name FROM sys.databases d"
      " WHERE d.state = 0 AND HAS_DBACCESS(d.name) = 0" },

    { .scope = NULL }
};
