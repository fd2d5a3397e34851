
/*
 * PostgreSQL.  The scopes schemas, tables, columns, functions, owners and
 * revoked_defaults are read database by database, all others once for the
 * instance.
 */


#include "tf_engine.h"


static const tf_category_t  tf_engine_postgresql_categories[] = {

    { "postgresql_role_attributes", TF_SHAPE_FLAGS, "accounts",
      { "角色属性", "Role attributes" }, NULL, 0 },

    { "postgresql_predefined_roles", TF_SHAPE_LIST, "memberships",
      { "所属角色", "Member of roles" }, NULL,
      TF_ROLES_PRIVILEGES | TF_TOLD_ELSEWHERE },

    { "postgresql_memberships", TF_SHAPE_MAP, "memberships",
      { "角色成员选项", "Membership options" }, NULL,
      TF_ROLES_OBJECTS | TF_TOLD_WHOLE },

    { "postgresql_database_privileges", TF_SHAPE_MAP, "databases",
      { "数据库权限", "Database privileges" }, "database", 0 },

    { "postgresql_owned_databases", TF_SHAPE_LIST, "databases",
      { "拥有的数据库", "Owned databases" }, NULL, 0 },

    { "postgresql_tablespace_privileges", TF_SHAPE_MAP, "tablespaces",
      { "表空间权限", "Tablespace privileges" }, NULL, 0 },

    { "postgresql_owned_tablespaces", TF_SHAPE_LIST, "tablespace_owners",
      { "拥有的表空间", "Owned tablespaces" }, NULL, 0 },

    { "postgresql_parameter_privileges", TF_SHAPE_MAP, "parameters",
      { "参数权限", "Parameter privileges" }, NULL, 0 },

    { "postgresql_schema_privileges", TF_SHAPE_DBMAP, "schemas",
      { "模式权限", "Schema privileges" }, NULL, 0 },

    { "postgresql_default_privileges", TF_SHAPE_DBMAP, "schemas",
      { "默认权限", "Default privileges" }, NULL, 0 },

    { "postgresql_language_privileges", TF_SHAPE_DBMAP, "schemas",
      { "语言权限", "Language privileges" }, NULL, 0 },

    { "postgresql_foreign_privileges", TF_SHAPE_DBMAP, "schemas",
      { "外部数据权限", "Foreign data privileges" }, NULL, 0 },

    { "postgresql_type_privileges", TF_SHAPE_DBMAP, "schemas",
      { "类型权限", "Type privileges" }, NULL, 0 },

    { "postgresql_table_privileges", TF_SHAPE_DBMAP, "tables",
      { "表权限", "Table privileges" }, NULL, 0 },

    { "postgresql_sequence_privileges", TF_SHAPE_DBMAP, "tables",
      { "序列权限", "Sequence privileges" }, NULL, 0 },

    { "postgresql_large_object_privileges", TF_SHAPE_DBMAP, "tables",
      { "大对象权限", "Large object privileges" }, NULL, 0 },

    { "postgresql_column_privileges", TF_SHAPE_DBMAP, "columns",
      { "列权限", "Column privileges" }, NULL, 0 },

    { "postgresql_function_privileges", TF_SHAPE_DBMAP, "functions",
      { "函数权限", "Function privileges" }, NULL, 0 },

    { "postgresql_revoked_default_privileges", TF_SHAPE_DBMAP,
      "revoked_defaults",
      { "被收回的默认权限", "Default privileges taken away" }, NULL, 0 },

    { "postgresql_owned_schemas", TF_SHAPE_DBMAP, "owners",
      { "拥有的模式", "Owned schemas" }, NULL, 0 },

    { "postgresql_owned_tables", TF_SHAPE_DBMAP, "owners",
      { "拥有的表", "Owned tables" }, NULL, 0 },

    { "postgresql_owned_sequences", TF_SHAPE_DBMAP, "owners",
      { "拥有的序列", "Owned sequences" }, NULL, 0 },

    { "postgresql_owned_functions", TF_SHAPE_DBMAP, "owners",
      { "拥有的函数", "Owned functions" }, NULL, 0 },

    { "postgresql_owned_types", TF_SHAPE_DBMAP, "owners",
      { "拥有的类型", "Owned types" }, NULL, 0 },

    { "postgresql_owned_languages", TF_SHAPE_DBMAP, "owners",
      { "拥有的语言", "Owned languages" }, NULL, 0 },

    { "postgresql_owned_large_objects", TF_SHAPE_DBMAP, "owners",
      { "拥有的大对象", "Owned large objects" }, NULL, 0 },

    { "postgresql_owned_foreign_objects", TF_SHAPE_DBMAP, "owners",
      { "拥有的外部数据对象", "Owned foreign data objects" }, NULL, 0 },

    { "postgresql_owned_other_objects", TF_SHAPE_DBMAP, "owners",
      { "拥有的其他对象", "Owned objects of other kinds" }, NULL, 0 },

    { .key = NULL }
};


static const tf_reason_t  tf_engine_postgresql_reasons[] = {

    { "SUPERUSER", NULL, NULL, "postgresql_role_attributes", "can_super",
      "true", "role_attributes.can_super=True" },
    { "SUPERUSER", "is_superuser", "true", NULL, NULL, NULL,
      "memberships lead to role_attributes.can_super=True" },
    { "GRANT_ADMIN", NULL, NULL, "postgresql_role_attributes",
      "can_create_role", "true", "role_attributes.can_create_role=True" },
    { "GRANT_ADMIN", NULL, NULL, "postgresql_role_attributes", "can_super",
      "true", "role_attributes.can_super=True" },
    { "GRANT_ADMIN", "is_superuser", "true", NULL, NULL, NULL,
      "memberships lead to role_attributes.can_super=True" },
    { "GRANT_ADMIN", "can_grant", "true", NULL, NULL, NULL,
      "memberships lead to role_attributes.can_create_role=True" },
    { "LOCKED", NULL, NULL, "postgresql_role_attributes", "can_login",
      "false", "role_attributes.can_login=False" },
    { "LOCKED", NULL, NULL, "postgresql_role_attributes", "can_login",
      "true", "type_specific.valid_until expired" },

    { .capability = NULL }
};


static const tf_life_t  tf_engine_postgresql_life[] = {

    { "password_last_changed", NULL, NULL, NULL, "NOT_KEPT" },
    { "password_expires_at", "valid_until", "pg_roles.rolvaliduntil",
      "NEVER_EXPIRES", "NOT_TOLD" },
    { "is_password_expired", "valid_until", "pg_roles.rolvaliduntil",
      "NEVER_EXPIRES", "NOT_TOLD" },
    { "locked_at", NULL, NULL, NULL, "NOT_KEPT" },
    { "is_locked_out", NULL, NULL, NULL, "NO_SUCH_THING" },
    { "last_seen", NULL, NULL, NULL, "NOT_KEPT" },
    { "is_orphaned", NULL, NULL, NULL, "NO_SUCH_THING" },

    { .fact = NULL }
};


static const char *const  tf_engine_postgresql_spellings[] = {
    "postgres", "pgsql", "pg", NULL
};


const tf_engine_t  tf_engine_postgresql = {
    .name = "postgresql",
    .display = "PostgreSQL",
    .spellings = tf_engine_postgresql_spellings,
    .port = 5432,
    .quote = { '"', '"' },
    .categories = tf_engine_postgresql_categories,
    .reasons = tf_engine_postgresql_reasons,
    .life = tf_engine_postgresql_life
};
