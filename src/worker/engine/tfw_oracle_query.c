
/*
 * The catalog statements of the engine for Oracle, 11.2 and later.
 *
 * In a container database a right may be there twice, for all containers and
 * for this one: it is one right, with the option if one of them has it.
 *
 * The month of the last sign-in is read and not its time: every sign-in would
 * be a new version of the account.
 */


#include "tfw_oracle.h"


#define TFW_ORACLE_TIME(column)                                               \
    "TO_CHAR(" column ", 'YYYY-MM-DD\"T\"HH24:MI:SS')"

#define TFW_ORACLE_ONCE(scope, since, before, columns, row)                   \
    scope, TFW_ONCE_PER_INSTANCE, 0, since, before, columns,                  \
    tfw_oracle_accounts_##row, 0, NULL

#define TFW_ORACLE_USERS(more)                                                \
    "SELECT u.username, u.user_id, u.account_status, "                        \
    TFW_ORACLE_TIME("u.lock_date") ", " TFW_ORACLE_TIME("u.expiry_date") ","  \
    " u.default_tablespace, u.temporary_tablespace, "                         \
    TFW_ORACLE_TIME("u.created") ", u.profile, u.authentication_type,"        \
    " CASE WHEN u.username = SYS_CONTEXT('USERENV', 'SESSION_USER')"          \
    " THEN 1 ELSE 0 END, " more " FROM sys.dba_users u"

#define TFW_ORACLE_LOGIN                                                      \
    "TO_CHAR(SYS_EXTRACT_UTC(u.last_login), 'YYYY-MM')"


const tfw_query_t  tfw_oracle_queries[] = {

    /* attributes of an account follow from these */

    { TFW_ORACLE_ONCE("accounts", 0, 0, 2, pair),
      "SELECT p.grantee, p.granted_role FROM sys.dba_role_privs p" },

    { "accounts", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 2, tfw_oracle_accounts_pair,
      1, NULL,
      "SELECT p.grantee, p.privilege FROM sys.dba_sys_privs p"
      " WHERE p.privilege IN ('GRANT ANY PRIVILEGE', 'GRANT ANY ROLE')" },

    /* where it is denied, the scope password_file says so */

    { "accounts", TFW_ONCE_PER_INSTANCE, TFW_OPTIONAL, 0, 0, 2,
      tfw_oracle_accounts_pair, 1, NULL,
      "SELECT p.username, 'SYSDBA' FROM sys.v_$pwfile_users p"
      " WHERE p.sysdba = 'TRUE'" },

    { TFW_ORACLE_ONCE("accounts", 0, TFW_ORACLE_12, 15, user),
      TFW_ORACLE_USERS("NULL, NULL, NULL, NULL") },

    { TFW_ORACLE_ONCE("accounts", TFW_ORACLE_12, TFW_ORACLE_19, 15, user),
      TFW_ORACLE_USERS("u.common, u.oracle_maintained, "
                       TFW_ORACLE_LOGIN ", NULL") },

    { TFW_ORACLE_ONCE("accounts", TFW_ORACLE_19, 0, 15, user),
      TFW_ORACLE_USERS("u.common, u.oracle_maintained, "
                       TFW_ORACLE_LOGIN ", "
                       TFW_ORACLE_TIME("u.password_change_date")) },

    { TFW_ORACLE_ONCE("accounts", 0, TFW_ORACLE_12, 4, role),
      "SELECT r.role, r.authentication_type, NULL, NULL"
      " FROM sys.dba_roles r" },

    { TFW_ORACLE_ONCE("accounts", TFW_ORACLE_12, 0, 4, role),
      "SELECT r.role, r.authentication_type, r.common, r.oracle_maintained"
      " FROM sys.dba_roles r" },

    { TFW_ORACLE_ONCE("roles", 0, 0, 4, member),
      "SELECT p.grantee, p.granted_role, MAX(p.admin_option),"
      " MAX(p.default_role) FROM sys.dba_role_privs p"
      " GROUP BY p.grantee, p.granted_role" },

    { "system_privileges", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 3,
      tfw_oracle_accounts_grant, TF_STATE_ADMIN, "oracle_system_privileges",
      "SELECT p.grantee, p.privilege, MAX(p.admin_option)"
      " FROM sys.dba_sys_privs p GROUP BY p.grantee, p.privilege" },

    { "object_privileges", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 5,
      tfw_oracle_accounts_grant, TF_STATE_GRANTABLE,
      "oracle_object_privileges",
      "SELECT p.grantee, p.privilege, MAX(p.grantable), p.owner, p.table_name"
      " FROM sys.dba_tab_privs p"
      " GROUP BY p.grantee, p.privilege, p.owner, p.table_name" },

    { "column_privileges", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 6,
      tfw_oracle_accounts_grant, TF_STATE_GRANTABLE,
      "oracle_column_privileges",
      "SELECT p.grantee, p.privilege, MAX(p.grantable), p.owner, p.table_name,"
      " p.column_name FROM sys.dba_col_privs p"
      " GROUP BY p.grantee, p.privilege, p.owner, p.table_name,"
      " p.column_name" },

    { TFW_ORACLE_ONCE("quotas", 0, 0, 3, quota),
      "SELECT q.username, q.tablespace_name, q.max_bytes"
      " FROM sys.dba_ts_quotas q WHERE q.dropped = 'NO'" },

    { TFW_ORACLE_ONCE("proxies", 0, 0, 4, proxy),
      "SELECT p.proxy, p.client, p.authorization_constraint, p.role"
      " FROM sys.dba_proxies p" },

    { TFW_ORACLE_ONCE("password_file", 0, TFW_ORACLE_12, 4, password),
      "SELECT p.username, p.sysdba, p.sysoper, p.sysasm"
      " FROM sys.v_$pwfile_users p" },

    { TFW_ORACLE_ONCE("password_file", TFW_ORACLE_12, 0, 7, password),
      "SELECT p.username, p.sysdba, p.sysoper, p.sysasm, p.sysbackup,"
      " p.sysdg, p.syskm FROM sys.v_$pwfile_users p" },

    { .scope = NULL }
};


#define TFW_ORACLE_RIGHT(view, name)                                          \
    { view, TFW_ONCE_PER_INSTANCE, 0, 0, 0, 1, tfw_reading_right, 0, NULL,    \
      "SELECT COUNT(*) + 1 FROM (SELECT * FROM sys." name " WHERE 1 = 0) v" }

const tfw_query_t  tfw_oracle_rights[] = {

    { "sign in", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 1, tfw_reading_right, 0,
      NULL, "SELECT 1 FROM dual" },

    TFW_ORACLE_RIGHT("DBA_USERS", "dba_users"),
    TFW_ORACLE_RIGHT("DBA_ROLES", "dba_roles"),
    TFW_ORACLE_RIGHT("DBA_ROLE_PRIVS", "dba_role_privs"),
    TFW_ORACLE_RIGHT("DBA_SYS_PRIVS", "dba_sys_privs"),
    TFW_ORACLE_RIGHT("DBA_TAB_PRIVS", "dba_tab_privs"),
    TFW_ORACLE_RIGHT("DBA_COL_PRIVS", "dba_col_privs"),
    TFW_ORACLE_RIGHT("DBA_TS_QUOTAS", "dba_ts_quotas"),
    TFW_ORACLE_RIGHT("DBA_PROXIES", "dba_proxies"),
    TFW_ORACLE_RIGHT("V_$PWFILE_USERS", "v_$pwfile_users"),
    TFW_ORACLE_RIGHT("DBA_TABLESPACES", "dba_tablespaces"),
    TFW_ORACLE_RIGHT("DBA_DATA_FILES", "dba_data_files"),
    TFW_ORACLE_RIGHT("DBA_TEMP_FILES", "dba_temp_files"),

    { .scope = NULL }
};
