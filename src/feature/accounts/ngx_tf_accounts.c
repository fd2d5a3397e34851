
/*
 * Accounts of managed databases: the ledger, what each may do, what changed,
 * and the actions that read them anew.
 */


#include "ngx_tf.h"
#include "tf_engine.h"


#define NGX_TF_ACCOUNTS_HISTORY  1000

#define NGX_TF_ACCOUNTS_CHANGES                                              \
    "add|modify_privilege|modify_other|drop|recreate|rename|delete=drop"


#define NGX_TF_ACCOUNTS_FILTERS                                              \
    { "search", TF_P_SEARCH, 0, 0, 200, NULL, NULL,                          \
      "in the account's or the instance's name or host" },                   \
    { "instance_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,                  \
      "only of this instance" },                                             \
    { "include_deleted", TF_P_BOOL, 0, 0, 0, NULL, "false",                  \
      "dropped accounts too" },                                              \
    { "include_roles", TF_P_BOOL, 0, 0, 0, NULL, "false",                    \
      "roles of MySQL and PUBLIC too" },                                     \
    { "is_locked", TF_P_BOOL, 0, 0, 0, NULL, NULL, "only locked or not" },   \
    { "is_superuser", TF_P_BOOL, 0, 0, 0, NULL, NULL,                        \
      "only superusers or not" },                                            \
    { "plugin", TF_P_STR, 0, 1, 255, NULL, NULL,                             \
      "only with this authentication plugin" },                              \
    { "tags", TF_P_STRS, 0, 1, 100, NULL, NULL,                              \
      "only of instances with one of these tags" },                          \
    { "classification", TF_P_STR, 0, 1, 100, NULL, NULL,                     \
      "only of the class with this code" },                                  \
    { "db_type", TF_P_ENUM, 0, 0, 0, TF_ENGINE_NAMES, NULL,                  \
      "only of this engine" },                                               \
    { "owner_type", TF_P_ENUM, 0, 0, 0, "instance|sqlserver_ag", NULL,       \
      "only with an owner of this kind; all belong to instances" },          \
    { "owner_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,                     \
      "only of this owner" },                                                \
    { "ad_status", TF_P_ENUM, 0, 0, 0, "normal|disabled|orphaned|unknown",   \
      NULL, "only with this state in a directory; all are unknown" }

static const tf_param_t  ngx_tf_accounts_page[] = {
    TF_P_PAGE("username", "asc"),
    NGX_TF_ACCOUNTS_FILTERS,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_accounts_exported[] = {
    NGX_TF_EXPORT_PARAMS,
    NGX_TF_ACCOUNTS_FILTERS,
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

#define NGX_TF_ACCOUNTS_LOGGED                                               \
    { "search", TF_P_SEARCH, 0, 0, 200, NULL, NULL,                          \
      "in the account's or the instance's name" },                           \
    { "instance_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,                  \
      "only of this instance" },                                             \
    { "account_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,                   \
      "only of this account" },                                              \
    { "db_type", TF_P_ENUM, 0, 0, 0, TF_ENGINE_NAMES, NULL,                  \
      "only of this engine" },                                               \
    { "change_type", TF_P_ENUM, 0, 0, 0, NGX_TF_ACCOUNTS_CHANGES, NULL,      \
      "only of this kind" },                                                 \
    { "status", TF_P_ENUM, 0, 0, 0, "success|failed", NULL,                  \
      "only of this state" },                                                \
    { "is_elevation", TF_P_BOOL, 0, 0, 0, NULL, NULL,                        \
      "only those that gained SUPERUSER or GRANT_ADMIN, or the others" },    \
    { "hours", TF_P_INT, 0, 1, 87600, NULL, NULL,                            \
      "only of the last so many hours" }

static const tf_param_t  ngx_tf_accounts_changes[] = {
    TF_P_PAGE("change_time", "desc"),
    NGX_TF_ACCOUNTS_LOGGED,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_accounts_changes_exported[] = {
    NGX_TF_EXPORT_PARAMS,
    NGX_TF_ACCOUNTS_LOGGED,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_accounts_hours[] = {
    { "hours", TF_P_INT, 0, 1, 87600, NULL, NULL,
      "only of the last so many hours" },
    { .type = TF_P_END }
};


static const tf_export_word_t  ngx_tf_accounts_classes[] = {
    { "", { "未分类", "unclassified" } },
    { NULL, { NULL, NULL } }
};

static const tf_export_word_t  ngx_tf_accounts_locks[] = {
    { "t", { "已锁定", "locked" } },
    { "f", { "正常", "normal" } },
    { NULL, { NULL, NULL } }
};

static const tf_export_word_t  ngx_tf_accounts_ad[] = {
    { "normal", { "正常", "normal" } },
    { "disabled", { "已禁用", "disabled" } },
    { "orphaned", { "孤立", "orphaned" } },
    { "unknown", { "未知", "unknown" } },
    { NULL, { NULL, NULL } }
};

static const tf_export_column_t  ngx_tf_accounts_columns[] = {
    { "username", { "名称", "Account" }, NULL, 0 },
    { "instance_name", { "实例名称", "Instance" }, NULL, 0 },
    { "instance_host", { "IP地址", "Host" }, NULL, 0 },
    { "tags", { "标签", "Tags" }, NULL, 0 },
    { "db_type", { "数据库类型", "Database type" }, NULL, 1 },
    { "classifications", { "分类", "Classes" }, ngx_tf_accounts_classes, 0 },
    { "is_locked", { "锁定状态", "Locked" }, ngx_tf_accounts_locks, 0 },
    { "ad_status", { "AD状态", "AD status" }, ngx_tf_accounts_ad, 0 },
    { NULL, { NULL, NULL }, NULL, 0 }
};

static const tf_export_t  ngx_tf_accounts_file = {
    "accounts_export", ngx_tf_accounts_columns
};

static const tf_export_word_t  ngx_tf_accounts_types[] = {
    { "add", { "新增", "added" } },
    { "modify_privilege", { "权限变更", "privileges changed" } },
    { "modify_other", { "属性变更", "attributes changed" } },
    { "drop", { "删除", "dropped" } },
    { "recreate", { "重建", "recreated" } },
    { NULL, { NULL, NULL } }
};

static const tf_export_word_t  ngx_tf_accounts_yes[] = {
    { "t", { "是", "yes" } },
    { "f", { "否", "no" } },
    { NULL, { NULL, NULL } }
};

static const tf_export_word_t  ngx_tf_accounts_ends[] = {
    { "success", { "成功", "success" } },
    { "failed", { "失败", "failed" } },
    { NULL, { NULL, NULL } }
};

static const tf_export_column_t  ngx_tf_accounts_change[] = {
    { "id", { "ID", "ID" }, NULL, 0 },
    { "change_time", { "变更时间", "Time" }, NULL, 0 },
    { "username", { "名称", "Account" }, NULL, 0 },
    { "instance_name", { "实例名称", "Instance" }, NULL, 0 },
    { "instance_host", { "IP地址", "Host" }, NULL, 0 },
    { "db_type", { "数据库类型", "Database type" }, NULL, 0 },
    { "change_type", { "变更类型", "Change" }, ngx_tf_accounts_types, 0 },
    { "is_elevation", { "提权", "Elevation" }, ngx_tf_accounts_yes, 0 },
    { "status", { "状态", "Status" }, ngx_tf_accounts_ends, 0 },
    { "message", { "变更摘要", "Summary" }, NULL, 0 },
    { NULL, { NULL, NULL }, NULL, 0 }
};

static const tf_export_t  ngx_tf_accounts_change_file = {
    "account_changes_export", ngx_tf_accounts_change
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

    { NGX_TF_ROUTE(GET, "/accounts/ledgers/exports", TF_VIEW,
                   "Accounts as a file"),
      .audit = TF_AUDIT_ACCOUNT_EXPORT,
      .query = ngx_tf_accounts_exported,
      .sql = { TF_SQL_accounts_list_export },
      NGX_TF_EXPORT(ngx_tf_accounts_file) },

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
      .audit = TF_AUDIT_ACCOUNT_SYNC,
      .sql = { TF_SQL_accounts_sync_start },
      .render = NGX_TF_RUN, .key = "result",
      .constraints = ngx_tf_accounts_rules },

    { NGX_TF_ROUTE(POST, "/instances/actions/sync-accounts", TF_UPDATE,
                   "Read the accounts of all active instances"),
      .audit = TF_AUDIT_ACCOUNT_SYNC,
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

    { NGX_TF_ROUTE(GET, "/account-change-logs/exports", TF_VIEW,
                   "Changes of accounts as a file"),
      .audit = TF_AUDIT_CHANGE_EXPORT,
      .query = ngx_tf_accounts_changes_exported,
      .sql = { TF_SQL_account_changes_list_export },
      NGX_TF_EXPORT(ngx_tf_accounts_change_file) },

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
