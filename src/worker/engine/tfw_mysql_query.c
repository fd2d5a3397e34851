
/*
 * The statements of the engine for MySQL and MariaDB.
 *
 * The tables of schema mysql are read as they are: a table of them is readable
 * as a whole or not at all, while the views of information_schema leave out in
 * silence what the reader may not see.  No hash of a password is read.
 */


#include "tfw_mysql.h"


#define TFW_MYSQL_TIME  "'%Y-%m-%dT%H:%i:%SZ'"

#define TFW_MYSQL_USER_PRIVILEGES                                             \
    "Select_priv, Insert_priv, Update_priv, Delete_priv, Create_priv,"        \
    " Drop_priv, Reload_priv, Shutdown_priv, Process_priv, File_priv,"        \
    " Grant_priv, References_priv, Index_priv, Alter_priv, Show_db_priv,"     \
    " Super_priv, Create_tmp_table_priv, Lock_tables_priv, Execute_priv,"     \
    " Repl_slave_priv, Repl_client_priv, Create_view_priv, Show_view_priv,"   \
    " Create_routine_priv, Alter_routine_priv, Create_user_priv, Event_priv," \
    " Trigger_priv, Create_tablespace_priv"

#define TFW_MYSQL_DB_PRIVILEGES                                               \
    "Select_priv, Insert_priv, Update_priv, Delete_priv, Create_priv,"        \
    " Drop_priv, Grant_priv, References_priv, Index_priv, Alter_priv,"        \
    " Create_tmp_table_priv, Lock_tables_priv, Create_view_priv,"             \
    " Show_view_priv, Create_routine_priv, Alter_routine_priv, Execute_priv," \
    " Event_priv, Trigger_priv"

/* When a password expires; NULL: never. */
#define TFW_MYSQL_UNTIL(changed, lifetime)                                    \
    " DATE_FORMAT(" changed " + INTERVAL nullif(coalesce(" lifetime ","       \
    " @@global.default_password_lifetime), 0) DAY, " TFW_MYSQL_TIME ")"

#define TFW_MYSQL_USER_REST                                                   \
    " account_locked = 'Y', plugin,"                                          \
    " DATE_FORMAT(password_last_changed, " TFW_MYSQL_TIME "),"                \
    " password_expired = 'Y', ssl_type, NULL,"                                \
    " CONCAT(User, '@', Host) = CURRENT_USER(),"                              \
    TFW_MYSQL_UNTIL("password_last_changed", "password_lifetime") ","         \
    " nullif(ssl_cipher, ''), nullif(x509_issuer, ''),"                       \
    " nullif(x509_subject, ''), max_questions, max_updates,"                  \
    " max_connections, max_user_connections, password_lifetime"

/* CREATE ROLE makes an account that is locked and expired and has no password;
 * a user that was granted like a role remains one. */
#define TFW_MYSQL_USER_8                                                      \
    "SELECT User, Host, CONCAT(" TFW_MYSQL_USER_PRIVILEGES                    \
    ", Create_role_priv, Drop_role_priv), NULL,"                              \
    " account_locked = 'Y' AND password_expired = 'Y'"                        \
    "   AND authentication_string = '',"                                      \
    TFW_MYSQL_USER_REST

#define TFW_MYSQL_ONCE(scope, flavour, since, before, columns)               \
    scope, TFW_ONCE_PER_INSTANCE, flavour, since, before, columns

#define TFW_MYSQL_ACCOUNTS(flavour, since, before, columns)                   \
    TFW_MYSQL_ONCE("accounts", flavour, since, before, columns),              \
    tfw_mysql_accounts_account, 0, "mysql_global_privileges"

#define TFW_MYSQL_GRANTS(scope, flavour, since, before, columns, what)        \
    TFW_MYSQL_ONCE(scope, flavour, since, before, columns),                   \
    tfw_mysql_accounts_grant, what


const tfw_query_t  tfw_mysql_queries[] = {

    { TFW_MYSQL_ACCOUNTS(TFW_MYSQL_MARIADB, 0, 0, 22),
      "SELECT User, Host, JSON_VALUE(Priv, '$.access'),"
      " JSON_VALUE(Priv, '$.version_id'),"
      " coalesce(JSON_VALUE(Priv, '$.is_role'), '0'),"
      " coalesce(JSON_VALUE(Priv, '$.account_locked'), '0'),"
      " JSON_VALUE(Priv, '$.plugin'),"
      " DATE_FORMAT(FROM_UNIXTIME("
      "   nullif(JSON_VALUE(Priv, '$.password_last_changed'), 0)), "
      TFW_MYSQL_TIME "),"
      " coalesce(JSON_VALUE(Priv, '$.password_last_changed') = 0, 0),"
      " elt(1 + coalesce(JSON_VALUE(Priv, '$.ssl_type'), 0), '',"
      "   'ANY', 'X509', 'SPECIFIED'),"
      " JSON_EXTRACT(Priv, '$.auth_or[*].plugin'),"
      " CONCAT(User, '@', Host) = CURRENT_USER(),"
      TFW_MYSQL_UNTIL("FROM_UNIXTIME(nullif(JSON_VALUE(Priv,"
                      "   '$.password_last_changed'), 0))",
                      "nullif(JSON_VALUE(Priv, '$.password_lifetime'), '-1')")
      ","
      " nullif(JSON_VALUE(Priv, '$.ssl_cipher'), ''),"
      " nullif(JSON_VALUE(Priv, '$.x509_issuer'), ''),"
      " nullif(JSON_VALUE(Priv, '$.x509_subject'), ''),"
      " coalesce(JSON_VALUE(Priv, '$.max_questions'), '0'),"
      " coalesce(JSON_VALUE(Priv, '$.max_updates'), '0'),"
      " coalesce(JSON_VALUE(Priv, '$.max_connections'), '0'),"
      " coalesce(JSON_VALUE(Priv, '$.max_user_connections'), '0'),"
      " nullif(JSON_VALUE(Priv, '$.password_lifetime'), '-1'),"
      " coalesce(JSON_VALUE(Priv, '$.max_statement_time'), '0')"
      " FROM mysql.global_priv" },

    { TFW_MYSQL_ACCOUNTS(TFW_MYSQL_MYSQL, 80016, 0, 28),
      TFW_MYSQL_USER_8 ","
      " Password_reuse_history, Password_reuse_time,"
      " lower(Password_require_current),"
      " User_attributes->>'$.Password_locking.failed_login_attempts',"
      " User_attributes->>'$.Password_locking.password_lock_time_days',"
      " coalesce(JSON_CONTAINS_PATH(User_attributes, 'one',"
      "   '$.additional_password'), 0),"
      " User_attributes->'$.multi_factor_authentication[*].plugin'"
      " FROM mysql.user" },

    { TFW_MYSQL_ACCOUNTS(TFW_MYSQL_MYSQL, 80000, 80016, 21),
      TFW_MYSQL_USER_8 " FROM mysql.user" },

    { TFW_MYSQL_ACCOUNTS(TFW_MYSQL_MYSQL, 0, 80000, 21),
      "SELECT User, Host, CONCAT(" TFW_MYSQL_USER_PRIVILEGES "), NULL, 0,"
      TFW_MYSQL_USER_REST " FROM mysql.user" },

    { TFW_MYSQL_ONCE("accounts", TFW_MYSQL_MYSQL, 80016, 0, 3),
      tfw_mysql_accounts_everybody, 0, "mysql_granted_roles",
      "SELECT @@global.mandatory_roles, @@global.activate_all_roles_on_login,"
      " @@global.partial_revokes" },

    { TFW_MYSQL_ONCE("accounts", TFW_MYSQL_MYSQL, 80000, 80016, 3),
      tfw_mysql_accounts_everybody, 0, "mysql_granted_roles",
      "SELECT @@global.mandatory_roles, @@global.activate_all_roles_on_login,"
      " 0" },

    { TFW_MYSQL_GRANTS("global", TFW_MYSQL_MYSQL, 80000, 0, 4,
                       TFW_MYSQL_DYNAMIC), "mysql_global_privileges",
      "SELECT USER, HOST, PRIV, WITH_GRANT_OPTION FROM mysql.global_grants" },

    { TFW_MYSQL_GRANTS("global", TFW_MYSQL_MYSQL, 80016, 0, 4,
                       TFW_MYSQL_RESTRICTION), "mysql_partial_revokes",
      "SELECT u.User, u.Host, r.db, r.privilege FROM mysql.user u,"
      " JSON_TABLE(u.User_attributes, '$.Restrictions[*]' COLUMNS ("
      "   db VARCHAR(256) PATH '$.Database',"
      "   NESTED PATH '$.Privileges[*]' COLUMNS ("
      "     privilege VARCHAR(64) PATH '$'))) r"
      " WHERE u.User_attributes IS NOT NULL" },

    /* with partial_revokes the names of databases are no patterns */
    { TFW_MYSQL_GRANTS("databases", TFW_MYSQL_MYSQL, 80016, 0, 5,
                       TFW_MYSQL_DATABASE), "mysql_database_privileges",
      "SELECT User, Host, Db, CONCAT(" TFW_MYSQL_DB_PRIVILEGES "),"
      " @@global.partial_revokes FROM mysql.db" },

    { TFW_MYSQL_GRANTS("databases", TFW_MYSQL_MYSQL, 0, 80016, 5,
                       TFW_MYSQL_DATABASE), "mysql_database_privileges",
      "SELECT User, Host, Db, CONCAT(" TFW_MYSQL_DB_PRIVILEGES "), 0"
      " FROM mysql.db" },

    { TFW_MYSQL_GRANTS("databases", TFW_MYSQL_MARIADB, 0, 110300, 5,
                       TFW_MYSQL_DATABASE), "mysql_database_privileges",
      "SELECT User, Host, Db, CONCAT(" TFW_MYSQL_DB_PRIVILEGES ","
      " Delete_history_priv), 0 FROM mysql.db" },

    { TFW_MYSQL_GRANTS("databases", TFW_MYSQL_MARIADB, 110300, 0, 5,
                       TFW_MYSQL_DATABASE), "mysql_database_privileges",
      "SELECT User, Host, Db, CONCAT(" TFW_MYSQL_DB_PRIVILEGES ","
      " Delete_history_priv, Show_create_routine_priv), 0 FROM mysql.db" },

    { TFW_MYSQL_GRANTS("tables", 0, 0, 0, 5,
                       TFW_MYSQL_TABLE), "mysql_table_privileges",
      "SELECT User, Host, Db, Table_name, Table_priv FROM mysql.tables_priv"
      " WHERE Table_priv <> ''" },

    { TFW_MYSQL_GRANTS("columns", 0, 0, 0, 6,
                       TFW_MYSQL_COLUMN), "mysql_column_privileges",
      "SELECT User, Host, Db, Table_name, Column_name, Column_priv"
      " FROM mysql.columns_priv" },

    { TFW_MYSQL_GRANTS("routines", 0, 0, 0, 6,
                       TFW_MYSQL_ROUTINE), "mysql_routine_privileges",
      "SELECT User, Host, Db, Routine_type, Routine_name, Proc_priv"
      " FROM mysql.procs_priv" },

    { TFW_MYSQL_GRANTS("proxies", 0, 0, 0, 5,
                       TFW_MYSQL_PROXY), "mysql_proxy_privileges",
      "SELECT User, Host, Proxied_user, Proxied_host,"
      " IF(With_grant, 'Y', 'N') FROM mysql.proxies_priv" },

    { TFW_MYSQL_GRANTS("roles", TFW_MYSQL_MYSQL, 80000, 0, 5,
                       TFW_MYSQL_ROLE), "mysql_granted_roles",
      "SELECT TO_USER, TO_HOST, FROM_USER, FROM_HOST, WITH_ADMIN_OPTION"
      " FROM mysql.role_edges" },

    { TFW_MYSQL_GRANTS("roles", TFW_MYSQL_MYSQL, 80000, 0, 4,
                       TFW_MYSQL_DEFAULT_ROLE), "mysql_granted_roles",
      "SELECT USER, HOST, DEFAULT_ROLE_USER, DEFAULT_ROLE_HOST"
      " FROM mysql.default_roles" },

    { TFW_MYSQL_GRANTS("roles", TFW_MYSQL_MARIADB, 0, 0, 5,
                       TFW_MYSQL_ROLE), "mysql_granted_roles",
      "SELECT User, Host, Role, '', Admin_option FROM mysql.roles_mapping" },

    { TFW_MYSQL_GRANTS("roles", TFW_MYSQL_MARIADB, 0, 0, 4,
                       TFW_MYSQL_DEFAULT_ROLE), "mysql_granted_roles",
      "SELECT User, Host, JSON_VALUE(Priv, '$.default_role'), ''"
      " FROM mysql.global_priv"
      " WHERE JSON_VALUE(Priv, '$.default_role') <> ''" },

    { .scope = NULL }
};


#define TFW_MYSQL_RIGHT(flavour, since, table)                                \
    { TFW_MYSQL_ONCE("mysql." table, flavour, since, 0, 1),                   \
      tfw_reading_right, 0, NULL,                                             \
      "SELECT COUNT(*) + 1 FROM (SELECT * FROM mysql." table " LIMIT 0) t" }

#define TFW_MYSQL_GLOBAL(right, what)                                         \
    { TFW_MYSQL_ONCE(right, 0, 0, 0, 1), tfw_mysql_sizes_right, what, NULL,   \
      "SELECT 1" }

const tfw_query_t  tfw_mysql_rights[] = {

    { TFW_MYSQL_ONCE("sign in", 0, 0, 0, 1), tfw_mysql_sizes_grant, 0, NULL,
      "SHOW GRANTS" },

    TFW_MYSQL_RIGHT(TFW_MYSQL_MYSQL, 0, "user"),
    TFW_MYSQL_RIGHT(TFW_MYSQL_MARIADB, 0, "global_priv"),
    TFW_MYSQL_RIGHT(0, 0, "db"),
    TFW_MYSQL_RIGHT(0, 0, "tables_priv"),
    TFW_MYSQL_RIGHT(0, 0, "columns_priv"),
    TFW_MYSQL_RIGHT(0, 0, "procs_priv"),
    TFW_MYSQL_RIGHT(0, 0, "proxies_priv"),
    TFW_MYSQL_RIGHT(TFW_MYSQL_MARIADB, 0, "roles_mapping"),
    TFW_MYSQL_RIGHT(TFW_MYSQL_MYSQL, 80000, "global_grants"),
    TFW_MYSQL_RIGHT(TFW_MYSQL_MYSQL, 80000, "role_edges"),
    TFW_MYSQL_RIGHT(TFW_MYSQL_MYSQL, 80000, "default_roles"),

    TFW_MYSQL_GLOBAL("SHOW DATABASES", TFW_MYSQL_SHOW_DATABASES),
    TFW_MYSQL_GLOBAL("SHOW VIEW", TFW_MYSQL_SHOW_VIEW),
    TFW_MYSQL_GLOBAL("PROCESS", TFW_MYSQL_PROCESS),

    { .scope = NULL }
};
