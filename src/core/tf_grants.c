
#include "tf_grants.h"


#define TF_GRANTS_TABLE(product, since, table, scope, zh, en)                 \
    { &tf_engine_mysql, product, since, 0, TF_GRANTS_SCOPE,                   \
      "GRANT SELECT ON mysql." table " TO 'taifish_monitor'@'%';",            \
      "accounts", scope, "mysql." table, { zh, en } }

#define TF_GRANTS_GLOBAL(privilege, scope, zh, en)                            \
    { &tf_engine_mysql, NULL, 0, 0, TF_GRANTS_SCOPE,                          \
      "GRANT " privilege " ON *.* TO 'taifish_monitor'@'%';",                 \
      "databases", scope, privilege, { zh, en } }

#define TF_GRANTS_VIEW(view, reading, scope, zh, en)                          \
    { &tf_engine_oracle, NULL, 0, 0, TF_GRANTS_SCOPE,                         \
      "GRANT SELECT ON SYS." view " TO taifish_monitor;", reading, scope,     \
      view, { zh, en } }

#define TF_GRANTS_ACCOUNT(engine, product, sql, zh, en)                       \
    { engine, product, 0, 0, TF_GRANTS_SCOPE, sql, NULL, NULL, NULL,          \
      { zh, en } }


const tf_grants_t  tf_grants[] = {

    TF_GRANTS_ACCOUNT(&tf_engine_postgresql, NULL,
        "CREATE ROLE taifish_monitor LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"
        " NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 5;",
        "什么都读不到：能连接的角色都可以读取所有系统目录",
        "nothing is read: every catalog is open to every role that connects"),

    TF_GRANTS_ACCOUNT(&tf_engine_postgresql, NULL,
        "SET password_encryption = 'scram-sha-256';"
        " ALTER ROLE taifish_monitor PASSWORD 'change-me';",
        "账户无法登录", "the account cannot sign in"),

    TF_GRANTS_ACCOUNT(&tf_engine_postgresql, NULL,
        "ALTER ROLE taifish_monitor SET default_transaction_read_only = on;",
        "没有损失：会话本来就是只读的",
        "nothing is lost: sessions are read only in any case"),

    { &tf_engine_postgresql, NULL, 0, 0, TF_GRANTS_DATABASE,
      "GRANT CONNECT ON DATABASE taifish_app TO taifish_monitor;", NULL, NULL,
      "databases",
      { "该数据库内的权限、所有者和大小未知",
        "rights, owners and sizes in this database are unknown" } },

    TF_GRANTS_ACCOUNT(&tf_engine_mysql, NULL,
        "CREATE USER 'taifish_monitor'@'%' IDENTIFIED BY 'change-me'"
        " WITH MAX_USER_CONNECTIONS 5;",
        "什么都读不到", "nothing is read"),

    TF_GRANTS_TABLE("mysql", 0, "user", "accounts", "读不到任何账户",
                    "no account is read"),
    TF_GRANTS_TABLE("mariadb", 0, "global_priv", "accounts", "读不到任何账户",
                    "no account is read"),
    TF_GRANTS_TABLE(NULL, 0, "db", "databases", "数据库级权限未知",
                    "privileges on databases are unknown"),
    TF_GRANTS_TABLE(NULL, 0, "tables_priv", "tables", "表级权限未知",
                    "privileges on tables are unknown"),
    TF_GRANTS_TABLE(NULL, 0, "columns_priv", "columns", "列级权限未知",
                    "privileges on columns are unknown"),
    TF_GRANTS_TABLE(NULL, 0, "procs_priv", "routines", "存储程序权限未知",
                    "privileges on routines are unknown"),
    TF_GRANTS_TABLE(NULL, 0, "proxies_priv", "proxies",
                    "谁可以代理谁未知", "who may be whom is unknown"),
    TF_GRANTS_TABLE("mariadb", 0, "roles_mapping", "roles",
                    "谁拥有哪个角色未知", "who has which role is unknown"),
    TF_GRANTS_TABLE("mysql", 800, "global_grants", "global",
                    "动态权限未知", "dynamic privileges are unknown"),
    TF_GRANTS_TABLE("mysql", 800, "role_edges", "roles",
                    "谁拥有哪个角色未知", "who has which role is unknown"),
    TF_GRANTS_TABLE("mysql", 800, "default_roles", "roles",
                    "默认角色未知", "default roles are unknown"),

    TF_GRANTS_GLOBAL("SHOW DATABASES", "databases",
                     "数据库清单可能不完整，删除的数据库不会被发现",
                     "the list of databases may not be complete, and a dropped"
                     " one is not noticed"),
    TF_GRANTS_GLOBAL("SHOW VIEW", "sizes",
                     "看不到表的数据库没有大小",
                     "databases whose tables are not seen have no size"),
    TF_GRANTS_GLOBAL("PROCESS", "sizes",
                     "InnoDB 文件的大小未知，大小为估计值",
                     "sizes of InnoDB's files are unknown"),

    TF_GRANTS_ACCOUNT(&tf_engine_sqlserver, NULL, "USE master;",
                      "语句会在其他数据库中执行",
                      "the statements run in another database"),

    TF_GRANTS_ACCOUNT(&tf_engine_sqlserver, NULL,
        "CREATE LOGIN taifish_monitor WITH PASSWORD = 'change-me',"
        " CHECK_POLICY = ON;",
        "什么都读不到", "nothing is read"),

    { &tf_engine_sqlserver, NULL, 0, 0, TF_GRANTS_ALL,
      "GRANT VIEW ANY DEFINITION TO taifish_monitor;", NULL, NULL,
      "VIEW ANY DEFINITION",
      { "只能看到自己和固定角色",
        "the login sees itself and the fixed roles only" } },

    { &tf_engine_sqlserver, NULL, 1200, 0, TF_GRANTS_DATABASES,
      "GRANT CONNECT ANY DATABASE TO taifish_monitor;", NULL, NULL,
      "databases",
      { "该登录名不是其用户的数据库读不到",
        "databases in which the login is no user are not read" } },

    { &tf_engine_sqlserver, NULL, 0, 1200, TF_GRANTS_DATABASE,
      "USE taifish_app;"
      " CREATE USER taifish_monitor FOR LOGIN taifish_monitor;", NULL, NULL,
      "databases",
      { "该数据库读不到", "this database is not read" } },

    { &tf_engine_sqlserver, NULL, 0, 0, TF_GRANTS_SCOPE,
      "GRANT VIEW SERVER STATE TO taifish_monitor;", "table_sizes",
      "table_sizes", "VIEW SERVER STATE",
      { "表的大小未知", "sizes of tables are unknown" } },

    TF_GRANTS_ACCOUNT(&tf_engine_oracle, NULL,
        "CREATE USER taifish_monitor IDENTIFIED BY \"change-me\";",
        "什么都读不到", "nothing is read"),

    TF_GRANTS_ACCOUNT(&tf_engine_oracle, NULL,
        "GRANT CREATE SESSION TO taifish_monitor;",
        "账户无法登录", "the account cannot sign in"),

    TF_GRANTS_VIEW("DBA_USERS", "accounts", "accounts", "读不到任何账户",
                   "no account is read"),
    TF_GRANTS_VIEW("DBA_ROLES", "accounts", "accounts", "读不到任何账户",
                   "no account is read"),
    TF_GRANTS_VIEW("DBA_ROLE_PRIVS", "accounts", "accounts", "读不到任何账户",
                   "no account is read"),
    TF_GRANTS_VIEW("DBA_SYS_PRIVS", "accounts", "accounts", "读不到任何账户",
                   "no account is read"),
    TF_GRANTS_VIEW("DBA_TAB_PRIVS", "accounts", "object_privileges",
                   "对象权限未知", "privileges on objects are unknown"),
    TF_GRANTS_VIEW("DBA_COL_PRIVS", "accounts", "column_privileges",
                   "列级权限未知", "privileges on columns are unknown"),
    TF_GRANTS_VIEW("DBA_TS_QUOTAS", "accounts", "quotas",
                   "表空间配额未知", "quotas of tablespaces are unknown"),
    TF_GRANTS_VIEW("DBA_PROXIES", "accounts", "proxies",
                   "谁可以代理谁未知", "who may be whom is unknown"),
    TF_GRANTS_VIEW("V_$PWFILE_USERS", "accounts", "password_file",
                   "谁通过 SYSDBA 成为超级用户未知",
                   "who is a superuser by SYSDBA is unknown"),

    TF_GRANTS_VIEW("DBA_TABLESPACES", "databases", "databases",
                   "表空间未知", "tablespaces are unknown"),
    TF_GRANTS_VIEW("DBA_DATA_FILES", "databases", "sizes",
                   "表空间大小未知", "sizes of tablespaces are unknown"),
    TF_GRANTS_VIEW("DBA_TEMP_FILES", "databases", "sizes",
                   "表空间大小未知", "sizes of tablespaces are unknown"),

    { .engine = NULL }
};


int
tf_grants_applies(const tf_grants_t *g, const tf_engine_t *engine,
    tf_str_t product, int version)
{
    return g->engine == engine
           && (g->product == NULL || tf_str_eq(product, g->product))
           && version >= g->since
           && (g->before == 0 || version < g->before);
}


int
tf_grants_version(const tf_engine_t *engine, tf_str_t text)
{
    int     part[2] = { 0, 0 }, n = 0;
    size_t  i;

    static const struct {
        int  year;
        int  version;
    } years[] = {
        { 2012, 1100 }, { 2014, 1200 }, { 2016, 1300 }, { 2017, 1400 },
        { 2019, 1500 }, { 2022, 1600 }, { 2025, 1700 }
    };

    for (i = 0; i < text.len && n < 2; i++) {

        if (text.data[i] == '.') {
            n++;
            continue;
        }

        if (text.data[i] < '0' || text.data[i] > '9' || part[n] > 9999) {
            return 0;
        }

        part[n] = part[n] * 10 + (text.data[i] - '0');
    }

    if (engine == &tf_engine_sqlserver) {
        for (i = 0; i < sizeof(years) / sizeof(years[0]); i++) {
            if (part[0] == years[i].year) {
                return years[i].version;
            }
        }
    }

    return part[0] > 0 && part[0] < 1000 && part[1] < 100
           ? part[0] * 100 + part[1] : 0;
}


int
tf_grants_script(tf_buf_t *b, const tf_engine_t *engine, tf_str_t product,
    int version)
{
    int                 n = 0;
    const tf_grants_t  *g;

    for (g = tf_grants; g->engine; g++) {

        if (!tf_grants_applies(g, engine, product, version)) {
            continue;
        }

        tf_buf_lit(b, "\n-- 缺少时：");
        tf_buf_lit(b, g->without[0]);
        tf_buf_lit(b, "。\n-- Without it: ");
        tf_buf_lit(b, g->without[1]);

        if (g->scope) {
            tf_buf_lit(b, " (scope ");
            tf_buf_lit(b, g->scope);
            tf_buf_char(b, ')');
        }

        tf_buf_lit(b, ".\n");

        if (g->reach == TF_GRANTS_DATABASE) {
            tf_buf_lit(b, "-- For each database that is denied, in place of "
                       TF_GRANTS_APP ":\n-- ");
        }

        tf_buf_lit(b, g->sql);
        tf_buf_char(b, '\n');
        n++;
    }

    return n;
}
