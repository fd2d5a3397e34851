
/*
 * The categories of privileges of every engine, with the scope that has to be
 * read for each of them.
 *
 * PostgreSQL scopes schemas, tables, columns and functions are read database by
 * database; all other scopes are of the whole instance.
 */


#include "tf_account.h"


static const tf_category_t  tf_categories[] = {

    { "postgresql_role_attributes", TF_ENGINE_POSTGRESQL, TF_SHAPE_FLAGS,
      "accounts", { "角色属性", "Role attributes" } },

    { "postgresql_predefined_roles", TF_ENGINE_POSTGRESQL, TF_SHAPE_LIST,
      "memberships", { "所属角色", "Member of roles" } },

    { "postgresql_memberships", TF_ENGINE_POSTGRESQL, TF_SHAPE_MAP,
      "memberships", { "角色成员选项", "Membership options" } },

    { "postgresql_database_privileges", TF_ENGINE_POSTGRESQL, TF_SHAPE_MAP,
      "databases", { "数据库权限", "Database privileges" } },

    { "postgresql_owned_databases", TF_ENGINE_POSTGRESQL, TF_SHAPE_LIST,
      "databases", { "拥有的数据库", "Owned databases" } },

    { "postgresql_tablespace_privileges", TF_ENGINE_POSTGRESQL, TF_SHAPE_MAP,
      "tablespaces", { "表空间权限", "Tablespace privileges" } },

    { "postgresql_parameter_privileges", TF_ENGINE_POSTGRESQL, TF_SHAPE_MAP,
      "parameters", { "参数权限", "Parameter privileges" } },

    { "postgresql_schema_privileges", TF_ENGINE_POSTGRESQL, TF_SHAPE_DBMAP,
      "schemas", { "模式权限", "Schema privileges" } },

    { "postgresql_default_privileges", TF_ENGINE_POSTGRESQL, TF_SHAPE_DBMAP,
      "schemas", { "默认权限", "Default privileges" } },

    { "postgresql_language_privileges", TF_ENGINE_POSTGRESQL, TF_SHAPE_DBMAP,
      "schemas", { "语言权限", "Language privileges" } },

    { "postgresql_foreign_privileges", TF_ENGINE_POSTGRESQL, TF_SHAPE_DBMAP,
      "schemas", { "外部数据权限", "Foreign data privileges" } },

    { "postgresql_type_privileges", TF_ENGINE_POSTGRESQL, TF_SHAPE_DBMAP,
      "schemas", { "类型权限", "Type privileges" } },

    { "postgresql_table_privileges", TF_ENGINE_POSTGRESQL, TF_SHAPE_DBMAP,
      "tables", { "表权限", "Table privileges" } },

    { "postgresql_sequence_privileges", TF_ENGINE_POSTGRESQL, TF_SHAPE_DBMAP,
      "tables", { "序列权限", "Sequence privileges" } },

    { "postgresql_large_object_privileges", TF_ENGINE_POSTGRESQL,
      TF_SHAPE_DBMAP,
      "tables", { "大对象权限", "Large object privileges" } },

    { "postgresql_column_privileges", TF_ENGINE_POSTGRESQL, TF_SHAPE_DBMAP,
      "columns", { "列权限", "Column privileges" } },

    { "postgresql_function_privileges", TF_ENGINE_POSTGRESQL, TF_SHAPE_DBMAP,
      "functions", { "函数权限", "Function privileges" } },

    { "mysql_global_privileges", TF_ENGINE_MYSQL, TF_SHAPE_LIST,
      "global", { "全局权限", "Global privileges" } },

    { "mysql_partial_revokes", TF_ENGINE_MYSQL, TF_SHAPE_MAP,
      "global", { "部分撤销", "Partial revokes" } },

    { "mysql_database_privileges", TF_ENGINE_MYSQL, TF_SHAPE_MAP,
      "databases", { "数据库权限", "Database privileges" } },

    { "mysql_table_privileges", TF_ENGINE_MYSQL, TF_SHAPE_DBMAP,
      "tables", { "表权限", "Table privileges" } },

    { "mysql_column_privileges", TF_ENGINE_MYSQL, TF_SHAPE_DBMAP,
      "columns", { "列权限", "Column privileges" } },

    { "mysql_routine_privileges", TF_ENGINE_MYSQL, TF_SHAPE_DBMAP,
      "routines", { "存储程序权限", "Routine privileges" } },

    { "mysql_proxy_privileges", TF_ENGINE_MYSQL, TF_SHAPE_MAP,
      "proxies", { "代理权限", "Proxy privileges" } },

    { "mysql_granted_roles", TF_ENGINE_MYSQL, TF_SHAPE_MAP,
      "roles", { "已授予角色", "Granted roles" } },

    { "mysql_role_members", TF_ENGINE_MYSQL, TF_SHAPE_MAP,
      "roles", { "角色成员", "Role members" } },

    { NULL, TF_ENGINE_POSTGRESQL, TF_SHAPE_LIST, NULL, { NULL, NULL } }
};


const tf_category_t *
tf_category_find(tf_engine_e engine, const char *key)
{
    return tf_category_named(engine, tf_str(key));
}


const tf_category_t *
tf_category_named(tf_engine_e engine, tf_str_t key)
{
    const tf_category_t  *c;

    for (c = tf_categories; c->key; c++) {
        if (c->engine == engine && tf_str_eq(key, c->key)) {
            return c;
        }
    }

    return NULL;
}
