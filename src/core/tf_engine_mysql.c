
/*
 * MySQL and MariaDB, one engine: the version says which of them it is.
 */


#include "tf_engine.h"


static const tf_category_t  tf_engine_mysql_categories[] = {

    { "mysql_global_privileges", TF_SHAPE_LIST, "global",
      { "全局权限", "Global privileges" }, "global", 0 },

    { "mysql_partial_revokes", TF_SHAPE_MAP, "global",
      { "部分撤销", "Partial revokes" }, NULL, 0 },

    { "mysql_database_privileges", TF_SHAPE_MAP, "databases",
      { "数据库权限", "Database privileges" }, "database", 0 },

    { "mysql_table_privileges", TF_SHAPE_DBMAP, "tables",
      { "表权限", "Table privileges" }, NULL, 0 },

    { "mysql_column_privileges", TF_SHAPE_DBMAP, "columns",
      { "列权限", "Column privileges" }, NULL, 0 },

    { "mysql_routine_privileges", TF_SHAPE_DBMAP, "routines",
      { "存储程序权限", "Routine privileges" }, NULL, 0 },

    { "mysql_proxy_privileges", TF_SHAPE_MAP, "proxies",
      { "代理权限", "Proxy privileges" }, NULL, 0 },

    { "mysql_granted_roles", TF_SHAPE_MAP, "roles",
      { "已授予角色", "Granted roles" }, NULL, 1 },

    { "mysql_role_members", TF_SHAPE_MAP, "roles",
      { "角色成员", "Role members" }, NULL, 0 },

    { .key = NULL }
};


static const tf_reason_t  tf_engine_mysql_reasons[] = {

    { "SUPERUSER", "super_priv", "true", NULL, NULL, NULL,
      "type_specific.super_priv=True" },
    { "SUPERUSER", NULL, NULL, "mysql_global_privileges", "", "SUPER",
      "mysql_global_privileges contains SUPER" },
    { "GRANT_ADMIN", NULL, NULL, "mysql_global_privileges", "",
      "GRANT OPTION", "mysql_global_privileges contains GRANT OPTION" },
    { "LOCKED", "account_locked", "true", NULL, NULL, NULL,
      "type_specific.account_locked=True" },

    { .capability = NULL }
};


static const char *const  tf_engine_mysql_spellings[] = { "mariadb", NULL };


const tf_engine_t  tf_engine_mysql = {
    .name = "mysql",
    .display = "MySQL",
    .spellings = tf_engine_mysql_spellings,
    .port = 3306,
    .quote = { '`', '`' },
    .categories = tf_engine_mysql_categories,
    .reasons = tf_engine_mysql_reasons
};
