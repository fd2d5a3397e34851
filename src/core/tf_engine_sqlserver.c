
/*
 * SQL Server.  The scopes users, database_roles, database_permissions and
 * owners are read database by database, all others once for the instance.
 */


#include "tf_engine.h"


static const tf_category_t  tf_engine_sqlserver_categories[] = {

    { "sqlserver_server_roles", TF_SHAPE_LIST, "server_roles",
      { "服务器角色", "Server roles" }, NULL, 1 },

    { "sqlserver_server_permissions", TF_SHAPE_LIST, "server_permissions",
      { "服务器权限", "Server permissions" }, "server", 0 },

    { "sqlserver_server_object_permissions", TF_SHAPE_MAP,
      "server_permissions",
      { "服务器对象权限", "Permissions on server objects" }, NULL, 0 },

    { "sqlserver_owned_databases", TF_SHAPE_LIST, "database_owners",
      { "拥有的数据库", "Owned databases" }, NULL, 0 },

    { "sqlserver_database_users", TF_SHAPE_DBLIST, "users",
      { "数据库用户", "Database users" }, NULL, 0 },

    { "sqlserver_database_roles", TF_SHAPE_DBLIST, "database_roles",
      { "数据库角色", "Database roles" }, NULL, 1 },

    { "sqlserver_database_permissions", TF_SHAPE_DBLIST,
      "database_permissions",
      { "数据库权限", "Database permissions" }, "database_permissions", 0 },

    { "sqlserver_schema_permissions", TF_SHAPE_DBMAP, "database_permissions",
      { "架构权限", "Schema permissions" }, NULL, 0 },

    { "sqlserver_table_permissions", TF_SHAPE_DBMAP, "database_permissions",
      { "对象权限", "Permissions on objects" }, NULL, 0 },

    { "sqlserver_column_permissions", TF_SHAPE_DBMAP, "database_permissions",
      { "列权限", "Column permissions" }, NULL, 0 },

    { "sqlserver_other_permissions", TF_SHAPE_DBMAP, "database_permissions",
      { "其他权限", "Other permissions" }, NULL, 0 },

    { "sqlserver_owned_schemas", TF_SHAPE_DBLIST, "owners",
      { "拥有的架构", "Owned schemas" }, NULL, 0 },

    { "sqlserver_owned_objects", TF_SHAPE_DBLIST, "owners",
      { "拥有的对象", "Owned objects" }, NULL, 0 },

    { .key = NULL }
};


static const tf_reason_t  tf_engine_sqlserver_reasons[] = {

    { "SUPERUSER", NULL, NULL, "sqlserver_server_roles", "", "sysadmin",
      "sqlserver_server_roles contains sysadmin" },
    { "SUPERUSER", "is_superuser", "true", NULL, NULL, NULL,
      "memberships lead to sysadmin" },
    { "GRANT_ADMIN", NULL, NULL, "sqlserver_server_roles", "", "securityadmin",
      "sqlserver_server_roles contains securityadmin" },
    { "GRANT_ADMIN", NULL, NULL, "sqlserver_server_roles", "", "sysadmin",
      "sqlserver_server_roles contains sysadmin" },
    { "GRANT_ADMIN", NULL, NULL, "sqlserver_server_permissions", "",
      "CONTROL SERVER", "sqlserver_server_permissions contains CONTROL SERVER"
    },
    { "GRANT_ADMIN", "can_grant", "true", NULL, NULL, NULL,
      "memberships lead to securityadmin, sysadmin or CONTROL SERVER" },
    { "LOCKED", "is_disabled", "true", NULL, NULL, NULL,
      "type_specific.is_disabled=True" },
    { "LOCKED", "connect_to_engine", "\"DENY\"", NULL, NULL, NULL,
      "type_specific.connect_to_engine=DENY" },
    { "LOCKED", "is_locked_out", "true", NULL, NULL, NULL,
      "type_specific.is_locked_out=True" },
    { "LOCKED", "is_password_expired", "true", NULL, NULL, NULL,
      "type_specific.is_password_expired=True" },
    { "LOCKED", "must_change_password", "true", NULL, NULL, NULL,
      "type_specific.must_change_password=True" },

    { .capability = NULL }
};


static const tf_life_t  tf_engine_sqlserver_life[] = {

    { "password_last_changed", "password_last_changed",
      "LOGINPROPERTY PasswordLastSetTime", "NOT_TOLD", "NOT_KEPT" },
    { "password_expires_at", "valid_until",
      "LOGINPROPERTY DaysUntilExpiration", "NEVER_EXPIRES", "NOT_TOLD" },
    { "is_password_expired", "is_password_expired", "LOGINPROPERTY IsExpired",
      "NOT_TOLD", "NOT_KEPT" },
    { "locked_at", NULL, NULL, NULL, "NOT_KEPT" },
    { "is_locked_out", "is_locked_out", "LOGINPROPERTY IsLocked", "NOT_TOLD",
      "NO_SUCH_THING" },
    { "last_seen", NULL, NULL, NULL, "NOT_KEPT" },
    { "is_orphaned", "is_orphaned",
      "sys.database_principals sid, sys.server_principals sid", "NOT_TOLD",
      "NO_SUCH_THING" },

    { .fact = NULL }
};


static const char *const  tf_engine_sqlserver_spellings[] = {
    "mssql", "ms sql server", NULL
};


const tf_engine_t  tf_engine_sqlserver = {
    .name = "sqlserver",
    .display = "SQL Server",
    .spellings = tf_engine_sqlserver_spellings,
    .port = 1433,
    .simulated = 1,
    .quote = { '[', ']' },
    .categories = tf_engine_sqlserver_categories,
    .reasons = tf_engine_sqlserver_reasons,
    .life = tf_engine_sqlserver_life,
    .users = "users"
};
