
/*
 * Oracle Database.  An instance is what its service is: a database, or one
 * container of it.  Everything is read once.
 */


#include "tf_engine.h"


static const tf_category_t  tf_engine_oracle_categories[] = {

    { "oracle_roles", TF_SHAPE_LIST, "roles",
      { "角色", "Roles" }, NULL, 1 },

    { "oracle_default_roles", TF_SHAPE_LIST, "roles",
      { "默认角色", "Default roles" }, NULL, 0 },

    { "oracle_system_privileges", TF_SHAPE_LIST, "system_privileges",
      { "系统权限", "System privileges" }, "system", 0 },

    { "oracle_object_privileges", TF_SHAPE_MAP, "object_privileges",
      { "对象权限", "Object privileges" }, NULL, 0 },

    { "oracle_column_privileges", TF_SHAPE_MAP, "column_privileges",
      { "列权限", "Column privileges" }, NULL, 0 },

    { "oracle_tablespace_quotas", TF_SHAPE_MAP, "quotas",
      { "表空间配额", "Tablespace quotas" }, "tablespace", 0 },

    { "oracle_proxy_privileges", TF_SHAPE_MAP, "proxies",
      { "代理用户", "Proxy users" }, NULL, 0 },

    { "oracle_password_file", TF_SHAPE_LIST, "password_file",
      { "密码文件权限", "Password file" }, NULL, 0 },

    { .key = NULL }
};


static const tf_reason_t  tf_engine_oracle_reasons[] = {

    { "SUPERUSER", NULL, NULL, "oracle_roles", "", "DBA",
      "oracle_roles contains DBA" },
    { "SUPERUSER", NULL, NULL, "oracle_password_file", "", "SYSDBA",
      "oracle_password_file contains SYSDBA" },
    { "SUPERUSER", "is_superuser", "true", NULL, NULL, NULL,
      "memberships lead to DBA" },
    { "GRANT_ADMIN", NULL, NULL, "oracle_roles", "", "DBA",
      "oracle_roles contains DBA" },
    { "GRANT_ADMIN", NULL, NULL, "oracle_system_privileges", "",
      "GRANT ANY PRIVILEGE",
      "oracle_system_privileges contains GRANT ANY PRIVILEGE" },
    { "GRANT_ADMIN", NULL, NULL, "oracle_system_privileges", "",
      "GRANT ANY ROLE", "oracle_system_privileges contains GRANT ANY ROLE" },
    { "GRANT_ADMIN", "can_grant", "true", NULL, NULL, NULL,
      "memberships lead to DBA, GRANT ANY PRIVILEGE or GRANT ANY ROLE" },
    { "LOCKED", "is_locked", "true", NULL, NULL, NULL,
      "type_specific.account_status!=OPEN" },

    { .capability = NULL }
};


static const tf_life_t  tf_engine_oracle_life[] = {

    { "password_last_changed", "password_last_changed",
      "DBA_USERS.PASSWORD_CHANGE_DATE", "NOT_TOLD", "NOT_IN_VERSION" },
    { "password_expires_at", "valid_until", "DBA_USERS.EXPIRY_DATE",
      "NEVER_EXPIRES", "NOT_TOLD" },
    { "is_password_expired", "is_password_expired",
      "DBA_USERS.ACCOUNT_STATUS", NULL, "NOT_TOLD" },
    { "locked_at", "locked_at", "DBA_USERS.LOCK_DATE", "NOT_TOLD",
      "NOT_TOLD" },
    { "is_locked_out", "is_locked_out", "DBA_USERS.ACCOUNT_STATUS", NULL,
      "NOT_TOLD" },
    { "last_seen", "last_login_month", "DBA_USERS.LAST_LOGIN", "NEVER_SEEN",
      "NOT_IN_VERSION" },
    { "is_orphaned", NULL, NULL, NULL, "NO_SUCH_THING" },

    { .fact = NULL }
};


static const char *const  tf_engine_oracle_spellings[] = {
    "oracle database", NULL
};


const tf_engine_t  tf_engine_oracle = {
    .name = "oracle",
    .display = "Oracle",
    .spellings = tf_engine_oracle_spellings,
    .port = 1521,
    .simulated = 1,
    .quote = { '"', '"' },
    .categories = tf_engine_oracle_categories,
    .reasons = tf_engine_oracle_reasons,
    .life = tf_engine_oracle_life
};
