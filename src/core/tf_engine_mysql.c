
/*
 * MySQL and MariaDB, one engine: the version says which of them it is.
 */


#include "tf_engine.h"


static unsigned tf_engine_mysql_power(const tf_right_t *right);
static int tf_engine_mysql_names(tf_str_t object, const char *name);
static int tf_engine_mysql_keeps(tf_str_t object);


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
      { "已授予角色", "Granted roles" }, NULL,
      TF_ROLES_PRIVILEGES | TF_TOLD_ADMIN },

    { "mysql_role_members", TF_SHAPE_MAP, "roles",
      { "角色成员", "Role members" }, NULL, TF_TOLD_ADMIN },

    { .key = NULL }
};


static const tf_reason_t  tf_engine_mysql_reasons[] = {

    { "SUPERUSER", "super_priv", "true", NULL, NULL, NULL,
      "type_specific.super_priv=True" },
    { "SUPERUSER", NULL, NULL, "mysql_global_privileges", "", "SUPER",
      "mysql_global_privileges contains SUPER" },
    { "SUPERUSER", "is_superuser", "true", NULL, NULL, NULL,
      "roles or rights on the grant tables lead to every right" },
    { "GRANT_ADMIN", NULL, NULL, "mysql_global_privileges", "",
      "GRANT OPTION", "mysql_global_privileges contains GRANT OPTION" },
    { "GRANT_ADMIN", "can_grant", "true", NULL, NULL, NULL,
      "CREATE USER, ROLE_ADMIN or roles lead to giving rights" },
    { "LOCKED", "account_locked", "true", NULL, NULL, NULL,
      "type_specific.account_locked=True" },

    { .capability = NULL }
};


static const tf_life_t  tf_engine_mysql_life[] = {

    { "password_last_changed", "password_last_changed",
      "mysql.user password_last_changed", "NOT_TOLD", "NOT_TOLD" },
    { "password_expires_at", "valid_until",
      "mysql.user password_lifetime, default_password_lifetime",
      "NEVER_EXPIRES", "NOT_TOLD" },
    { "is_password_expired", "password_expired", "mysql.user password_expired",
      "NOT_TOLD", "NOT_TOLD" },
    { "locked_at", NULL, NULL, NULL, "NOT_KEPT" },
    { "is_locked_out", NULL, NULL, NULL, "LOCK_IN_MEMORY" },
    { "last_seen", NULL, NULL, NULL, "NOT_KEPT" },
    { "is_orphaned", NULL, NULL, NULL, "NO_SUCH_THING" },

    { .fact = NULL }
};


static const char *const  tf_engine_mysql_spellings[] = { "mariadb", NULL };


/*
 * Who may write the tables that rights are kept in may take every right, with
 * the whole server's INSERT or UPDATE as much as with that of database mysql,
 * and whatever became of SUPER, which MySQL has deprecated.
 */

static unsigned
tf_engine_mysql_power(const tf_right_t *right)
{
    size_t    i;
    tf_str_t  p = right->privilege;
    unsigned  n;

    static const struct {
        const char  *privilege;
        unsigned     power;
    } global[] = {
        { "SUPER", TF_POWER_SUPERUSER },
        { "GRANT OPTION", TF_POWER_GRANT },
        { "CREATE USER", TF_POWER_GRANT },
        { "ROLE_ADMIN", TF_POWER_GRANT },
        { "FILE", TF_POWER_SERVER },
        { "INSERT", TF_POWER_UNLESS(0) },
        { "UPDATE", TF_POWER_UNLESS(1) }
    };

    if (strcmp(right->category->key, "mysql_global_privileges") == 0) {
        for (i = 0; i < sizeof(global) / sizeof(global[0]); i++) {
            if (tf_str_eq(p, global[i].privilege)) {
                return global[i].power;
            }
        }

        return 0;
    }

    if (!tf_str_eq(p, "INSERT") && !tf_str_eq(p, "UPDATE")) {
        return 0;
    }

    n = tf_str_eq(p, "UPDATE");

    if (strcmp(right->category->key, "mysql_partial_revokes") == 0) {
        return tf_str_eq(right->object, "mysql") ? TF_POWER_NOT(n) : 0;
    }

    if (strcmp(right->category->key, "mysql_database_privileges") == 0) {
        return tf_engine_mysql_names(right->object, "mysql")
               ? TF_POWER_SUPERUSER : 0;
    }

    return tf_str_eq(right->database, "mysql")
           && (strcmp(right->category->key, "mysql_table_privileges") == 0
               || strcmp(right->category->key, "mysql_column_privileges") == 0)
           && tf_engine_mysql_keeps(right->object)
           ? TF_POWER_SUPERUSER : 0;
}


/* 1 when a database that a grant names is this one, or "LIKE pattern" matches
 * it. */

static int
tf_engine_mysql_names(tf_str_t object, const char *name)
{
    const unsigned char  *p, *end, *star;
    const char           *s, *again;

    if (object.len <= 5 || memcmp(object.data, "LIKE ", 5) != 0) {
        return tf_str_eq(object, name);
    }

    star = NULL;
    again = NULL;
    s = name;
    p = object.data + 5;
    end = object.data + object.len;

    while (*s) {

        if (p < end && *p == '%') {
            star = ++p;
            again = s;

        } else if (p < end && *p == '_') {
            p++;
            s++;

        } else if (p + (p < end - 1 && *p == '\\') < end
                   && p[*p == '\\' && p < end - 1] == (unsigned char) *s)
        {
            p += 1 + (*p == '\\' && p < end - 1);
            s++;

        } else if (star) {
            p = star;
            s = ++again;

        } else {
            return 0;
        }
    }

    while (p < end && *p == '%') {
        p++;
    }

    return p == end;
}


/* 1 when a table of database mysql, or a column of one, keeps rights. */

static int
tf_engine_mysql_keeps(tf_str_t object)
{
    size_t  i, len;

    static const char *const  tables[] = {
        "user", "db", "tables_priv", "columns_priv", "procs_priv",
        "proxies_priv", "global_grants", "role_edges", "default_roles",
        "global_priv", "roles_mapping"
    };

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        len = strlen(tables[i]);

        if (object.len >= len && memcmp(object.data, tables[i], len) == 0
            && (object.len == len || object.data[len] == '.'))
        {
            return 1;
        }
    }

    return 0;
}


const tf_engine_t  tf_engine_mysql = {
    .name = "mysql",
    .display = "MySQL",
    .spellings = tf_engine_mysql_spellings,
    .port = 3306,
    .quote = { '`', '`' },
    .categories = tf_engine_mysql_categories,
    .reasons = tf_engine_mysql_reasons,
    .life = tf_engine_mysql_life,
    .power = tf_engine_mysql_power
};
