
/*
 * Accounts of managed databases: the ledger, what each may do, what changed,
 * and the actions that read them anew.
 */


#include "ngx_tf.h"
#include "tf_engine.h"


#define NGX_TF_ACCOUNTS_HISTORY  1000

#define NGX_TF_ACCOUNTS_CHANGES                                              \
    "add|modify_privilege|modify_other|drop|recreate|delete=drop"


static const tf_param_t  ngx_tf_accounts_page[] = {
    TF_P_PAGE("username", "asc"),
    { "search", TF_P_SEARCH, 0, 0, 200, NULL, NULL,
      "in the account's or the instance's name or host" },
    { "instance_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "only of this instance" },
    { "include_deleted", TF_P_BOOL, 0, 0, 0, NULL, "false",
      "dropped accounts too" },
    { "include_roles", TF_P_BOOL, 0, 0, 0, NULL, "false",
      "roles of MySQL and PUBLIC too" },
    { "is_locked", TF_P_BOOL, 0, 0, 0, NULL, NULL, "only locked or not" },
    { "is_superuser", TF_P_BOOL, 0, 0, 0, NULL, NULL,
      "only superusers or not" },
    { "plugin", TF_P_STR, 0, 1, 255, NULL, NULL,
      "only with this authentication plugin" },
    { "tags", TF_P_STRS, 0, 1, 100, NULL, NULL,
      "only of instances with one of these tags" },
    { "classification", TF_P_STR, 0, 1, 100, NULL, NULL,
      "only of the class with this code" },
    { "db_type", TF_P_ENUM, 0, 0, 0, TF_ENGINE_NAMES, NULL,
      "only of this engine" },
    { "owner_type", TF_P_ENUM, 0, 0, 0, "instance|sqlserver_ag", NULL,
      "only with an owner of this kind; all belong to instances" },
    { "owner_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "only of this owner" },
    { "ad_status", TF_P_ENUM, 0, 0, 0, "normal|disabled|orphaned|unknown",
      NULL, "only with this state in a directory; all are unknown" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_accounts_history[] = {
    { "limit", TF_P_INT, 0, 1, NGX_TF_ACCOUNTS_HISTORY, NULL, "1000",
      "the newest so many" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_accounts_versions[] = {
    { "as_of", TF_P_TIME, 0, 0, 0, NULL, NULL,
      "only the version of this time" },
    { "limit", TF_P_INT, 0, 1, 100, NULL, "20", "the newest so many" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_accounts_changes[] = {
    TF_P_PAGE("change_time", "desc"),
    { "search", TF_P_SEARCH, 0, 0, 200, NULL, NULL,
      "in the account's or the instance's name" },
    { "instance_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "only of this instance" },
    { "account_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "only of this account" },
    { "db_type", TF_P_ENUM, 0, 0, 0, TF_ENGINE_NAMES, NULL,
      "only of this engine" },
    { "change_type", TF_P_ENUM, 0, 0, 0, NGX_TF_ACCOUNTS_CHANGES, NULL,
      "only of this kind" },
    { "status", TF_P_ENUM, 0, 0, 0, "success|failed", NULL,
      "only of this state" },
    { "is_elevation", TF_P_BOOL, 0, 0, 0, NULL, NULL,
      "only those that gained SUPERUSER or GRANT_ADMIN, or the others" },
    { "hours", TF_P_INT, 0, 1, 87600, NULL, NULL,
      "only of the last so many hours" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_accounts_hours[] = {
    { "hours", TF_P_INT, 0, 1, 87600, NULL, NULL,
      "only of the last so many hours" },
    { .type = TF_P_END }
};


static const ngx_tf_constraint_t  ngx_tf_accounts_rules[] = {
    { "task_items_exclusive_key", TF_E_ALREADY_RUNNING, NULL },
    { NULL, TF_E_NONE, NULL }
};


const ngx_tf_route_t  ngx_tf_accounts_routes[] = {

    { NGX_TF_ROUTE(GET, "/accounts/ledgers", TF_VIEW, "List accounts"),
      .query = ngx_tf_accounts_page,
      .sql = { TF_SQL_accounts_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(GET, "/accounts/ledgers/{id}/permissions", TF_VIEW,
                   "What an account may do"),
      .sql = { TF_SQL_accounts_permissions } },

    { NGX_TF_ROUTE(GET, "/accounts/ledgers/{id}/change-history", TF_VIEW,
                   "What changed in an account"),
      .query = ngx_tf_accounts_history,
      .sql = { TF_SQL_accounts_history } },

    { NGX_TF_ROUTE(GET, "/accounts/ledgers/{id}/versions", TF_VIEW,
                   "An account at earlier times"),
      .query = ngx_tf_accounts_versions,
      .sql = { TF_SQL_accounts_versions } },

    { NGX_TF_ROUTE(POST, "/instances/{id}/actions/sync-accounts", TF_UPDATE,
                   "Read an instance's accounts now"),
      .sql = { TF_SQL_accounts_sync_start },
      .render = NGX_TF_RUN, .key = "result",
      .constraints = ngx_tf_accounts_rules },

    { NGX_TF_ROUTE(POST, "/instances/actions/sync-accounts", TF_UPDATE,
                   "Read the accounts of all active instances"),
      .sql = { TF_SQL_accounts_sync_fleet },
      .constraints = ngx_tf_accounts_rules },

    { .method = 0 }
};


const ngx_tf_route_t  ngx_tf_account_changes_routes[] = {

    { NGX_TF_ROUTE(GET, "/account-change-logs", TF_VIEW,
                   "List changes of accounts"),
      .query = ngx_tf_accounts_changes,
      .sql = { TF_SQL_account_changes_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(GET, "/account-change-logs/statistics", TF_VIEW,
                   "Count changes of accounts"),
      .query = ngx_tf_accounts_hours,
      .sql = { TF_SQL_account_changes_statistics } },

    { NGX_TF_ROUTE(GET, "/account-change-logs/{id}", TF_VIEW,
                   "Read a change of an account"),
      .sql = { TF_SQL_account_changes_get },
      .key = "log" },

    { .method = 0 }
};
