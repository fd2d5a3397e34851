
#include "tf_grants.h"


#define TF_GRANTS_TABLE(product, since, table, scope, without)                \
    { &tf_engine_mysql, product, since, 0,                                    \
      "GRANT SELECT ON mysql." table " TO 'taifish_monitor'@'%';",            \
      scope, without }

#define TF_GRANTS_VIEW(view, scope, without)                                  \
    { &tf_engine_oracle, NULL, 0, 0,                                          \
      "GRANT SELECT ON SYS." view " TO taifish_monitor;", scope, without }


const tf_grants_t  tf_grants[] = {

    { &tf_engine_postgresql, NULL, 0, 0,
      "CREATE ROLE taifish_monitor LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"
      " NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 5;", NULL,
      "nothing is read: every catalog is open to every role that connects" },

    { &tf_engine_postgresql, NULL, 0, 0,
      "SET password_encryption = 'scram-sha-256';"
      " ALTER ROLE taifish_monitor PASSWORD 'change-me';", NULL,
      "the account cannot sign in" },

    { &tf_engine_postgresql, NULL, 0, 0,
      "ALTER ROLE taifish_monitor SET default_transaction_read_only = on;",
      NULL, "nothing is lost: sessions are read only in any case" },

    { &tf_engine_mysql, NULL, 0, 0,
      "CREATE USER 'taifish_monitor'@'%' IDENTIFIED BY 'change-me'"
      " WITH MAX_USER_CONNECTIONS 5;", NULL, "nothing is read" },

    TF_GRANTS_TABLE("mysql", 0, "user", "accounts", "no account is read"),
    TF_GRANTS_TABLE("mariadb", 0, "global_priv", "accounts",
                    "no account is read"),
    TF_GRANTS_TABLE(NULL, 0, "db", "databases",
                    "privileges on databases are unknown"),
    TF_GRANTS_TABLE(NULL, 0, "tables_priv", "tables",
                    "privileges on tables are unknown"),
    TF_GRANTS_TABLE(NULL, 0, "columns_priv", "columns",
                    "privileges on columns are unknown"),
    TF_GRANTS_TABLE(NULL, 0, "procs_priv", "routines",
                    "privileges on routines are unknown"),
    TF_GRANTS_TABLE(NULL, 0, "proxies_priv", "proxies",
                    "who may be whom is unknown"),
    TF_GRANTS_TABLE("mariadb", 0, "roles_mapping", "roles",
                    "who has which role is unknown"),
    TF_GRANTS_TABLE("mysql", 800, "global_grants", "global",
                    "dynamic privileges are unknown"),
    TF_GRANTS_TABLE("mysql", 800, "role_edges", "roles",
                    "who has which role is unknown"),
    TF_GRANTS_TABLE("mysql", 800, "default_roles", "roles",
                    "default roles are unknown"),

    { &tf_engine_mysql, NULL, 0, 0,
      "GRANT PROCESS, SHOW DATABASES, SHOW VIEW ON *.* TO"
      " 'taifish_monitor'@'%';", NULL,
      "the list of databases may not be complete, and sizes are unknown" },

    { &tf_engine_sqlserver, NULL, 0, 0, "USE master;", NULL,
      "the statements run in another database" },

    { &tf_engine_sqlserver, NULL, 0, 0,
      "CREATE LOGIN taifish_monitor WITH PASSWORD = 'change-me',"
      " CHECK_POLICY = ON;", NULL, "nothing is read" },

    { &tf_engine_sqlserver, NULL, 0, 0,
      "GRANT VIEW ANY DEFINITION TO taifish_monitor;", "accounts",
      "the login sees itself and the fixed roles only" },

    { &tf_engine_sqlserver, NULL, 1200, 0,
      "GRANT CONNECT ANY DATABASE TO taifish_monitor;", "users",
      "databases in which the login is no user are not read" },

    { &tf_engine_sqlserver, NULL, 0, 0,
      "GRANT VIEW SERVER STATE TO taifish_monitor;", "table_sizes",
      "sizes of tables are unknown" },

    { &tf_engine_oracle, NULL, 0, 0,
      "CREATE USER taifish_monitor IDENTIFIED BY \"change-me\";", NULL,
      "nothing is read" },

    { &tf_engine_oracle, NULL, 0, 0,
      "GRANT CREATE SESSION TO taifish_monitor;", NULL,
      "the account cannot sign in" },

    TF_GRANTS_VIEW("DBA_USERS", "accounts", "no account is read"),
    TF_GRANTS_VIEW("DBA_ROLES", "accounts", "no account is read"),
    TF_GRANTS_VIEW("DBA_ROLE_PRIVS", "accounts", "no account is read"),
    TF_GRANTS_VIEW("DBA_SYS_PRIVS", "accounts", "no account is read"),
    TF_GRANTS_VIEW("DBA_TAB_PRIVS", "object_privileges",
                   "privileges on objects are unknown"),
    TF_GRANTS_VIEW("DBA_COL_PRIVS", "column_privileges",
                   "privileges on columns are unknown"),
    TF_GRANTS_VIEW("DBA_TS_QUOTAS", "quotas",
                   "quotas of tablespaces are unknown"),
    TF_GRANTS_VIEW("DBA_PROXIES", "proxies", "who may be whom is unknown"),
    TF_GRANTS_VIEW("V_$PWFILE_USERS", "password_file",
                   "who is a superuser by SYSDBA is unknown"),

    TF_GRANTS_VIEW("DBA_TABLESPACES", "databases",
                   "tablespaces are unknown"),
    TF_GRANTS_VIEW("DBA_DATA_FILES", "sizes",
                   "sizes of tablespaces are unknown"),
    TF_GRANTS_VIEW("DBA_TEMP_FILES", "sizes",
                   "sizes of tablespaces are unknown"),

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


const char *
tf_grants_tested(const tf_engine_t *engine)
{
    return engine == &tf_engine_sqlserver || engine == &tf_engine_oracle
           ? "simulated" : "real";
}
