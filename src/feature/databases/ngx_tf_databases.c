
/*
 * Databases of the managed instances: the ledger, their sizes and those of
 * their tables, and the actions that read them anew.
 */


#include "ngx_tf.h"
#include "tf_engine.h"


#define NGX_TF_DATABASES_PAGE(limit_default, max)                            \
    { "page", TF_P_INT, TF_P_CLAMP, 1, 1000000, NULL, "1", "page number" },  \
    { "limit", TF_P_INT, TF_P_CLAMP, 1, max, NULL, limit_default,            \
      "rows of a page" }

#define NGX_TF_DATABASES_TABLES                                              \
    { "schema_name", TF_P_SEARCH, 0, 0, 200, NULL, NULL,                     \
      "in the schema's name" },                                              \
    { "table_name", TF_P_SEARCH, 0, 0, 200, NULL, NULL,                      \
      "in the table's name" },                                               \
    NGX_TF_DATABASES_PAGE("200", 2000)

#define NGX_TF_DATABASES_FILTERS                                             \
    { "search", TF_P_SEARCH, 0, 0, 200, NULL, NULL,                          \
      "in the database's or the instance's name or host" },                  \
    { "instance_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,                  \
      "only of this instance" },                                             \
    { "db_type", TF_P_ENUM, 0, 0, 0, TF_ENGINE_NAMES, NULL,                  \
      "only of this engine" },                                               \
    { "tags", TF_P_STRS, 0, 1, 100, NULL, NULL,                              \
      "only of instances with one of these tags" },                          \
    { "sync_status", TF_P_ENUM, 0, 0, 0, "pending|completed|running|failed", \
      NULL, "only those whose size is as fresh as this" },                   \
    { "include_deleted", TF_P_BOOL, 0, 0, 0, NULL, "false",                  \
      "dropped databases too" },                                             \
    { "include_system", TF_P_BOOL, 0, 0, 0, NULL, "false",                   \
      "databases of the system too" }


static const tf_param_t  ngx_tf_databases_page[] = {
    TF_P_PAGE("database_name", "asc"),
    NGX_TF_DATABASES_FILTERS,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_databases_exported[] = {
    NGX_TF_EXPORT_PARAMS,
    NGX_TF_DATABASES_FILTERS,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_databases_options[] = {
    { "instance_id", TF_P_INT, TF_P_REQUIRED, 1, INT64_MAX, NULL, NULL,
      "whose databases" },
    NGX_TF_DATABASES_PAGE("100", 200),
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_databases_of[] = {
    { "instance_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "only of this instance" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_databases_sizes[] = {
    { "instance_id", TF_P_INT, TF_P_REQUIRED, 1, INT64_MAX, NULL, NULL,
      "whose databases" },
    { "start_date", TF_P_DATE, 0, 0, 0, NULL, NULL, "not before this day" },
    { "end_date", TF_P_DATE, 0, 0, 0, NULL, NULL, "not after this day" },
    { "database_name", TF_P_SEARCH, 0, 0, 200, NULL, NULL,
      "in the database's name" },
    { "latest_only", TF_P_BOOL, 0, 0, 0, NULL, "false",
      "one row per database, the newest size" },
    { "include_inactive", TF_P_BOOL, 0, 0, 0, NULL, "false",
      "dropped databases too" },
    { "include_system", TF_P_BOOL, 0, 0, 0, NULL, "false",
      "databases of the system too" },
    NGX_TF_DATABASES_PAGE("100", 2000),
    { "offset", TF_P_INT, TF_P_CLAMP, 0, 1000000000, NULL, "0",
      "rows to skip, in place of page" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_databases_tables[] = {
    NGX_TF_DATABASES_TABLES,
    { .type = TF_P_END }
};


static const tf_export_word_t  ngx_tf_databases_states[] = {
    { "pending", { "待采集", "not collected" } },
    { "completed", { "已更新", "up to date" } },
    { "running", { "待刷新", "to be refreshed" } },
    { "failed", { "异常", "not read, or out of date" } },
    { NULL, { NULL, NULL } }
};

static const tf_export_column_t  ngx_tf_databases_columns[] = {
    { "database_name", { "数据库名称", "Database" }, NULL, 0 },
    { "instance_name", { "实例名称", "Instance" }, NULL, 0 },
    { "instance_host", { "主机", "Host" }, NULL, 0 },
    { "db_type", { "数据库类型", "Database type" }, NULL, 1 },
    { "tags", { "标签", "Tags" }, NULL, 0 },
    { "size_label", { "最新容量", "Size" }, NULL, 0 },
    { "collected_at", { "采集时间", "Read at" }, NULL, 0 },
    { "sync_status", { "同步状态", "State" }, ngx_tf_databases_states, 0 },
    { NULL, { NULL, NULL }, NULL, 0 }
};

static const tf_export_t  ngx_tf_databases_file = {
    "database_ledger", ngx_tf_databases_columns
};


static const ngx_tf_constraint_t  ngx_tf_databases_rules[] = {
    { "task_items_exclusive_key", TF_E_ALREADY_RUNNING, NULL },
    { NULL, TF_E_NONE, NULL }
};


const ngx_tf_route_t  ngx_tf_databases_routes[] = {

    { NGX_TF_ROUTE(GET, "/databases/options", TF_VIEW,
                   "Databases of an instance to choose from"),
      .query = ngx_tf_databases_options,
      .sql = { TF_SQL_databases_options } },

    { NGX_TF_ROUTE(GET, "/databases/ledgers", TF_VIEW, "List databases"),
      .query = ngx_tf_databases_page,
      .sql = { TF_SQL_databases_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(GET, "/databases/ledgers/exports", TF_VIEW,
                   "Databases as a file"),
      .audit = TF_AUDIT_DATABASE_EXPORT,
      .query = ngx_tf_databases_exported,
      .sql = { TF_SQL_databases_list_export },
      NGX_TF_EXPORT(ngx_tf_databases_file) },

    { NGX_TF_ROUTE(POST, "/databases/ledgers/actions/sync-all", TF_UPDATE,
                   "Read the databases of all active instances"),
      .sql = { TF_SQL_databases_sync_fleet },
      .audit = TF_AUDIT_DATABASE_SYNC,
      .constraints = ngx_tf_databases_rules },

    { NGX_TF_ROUTE(GET, "/databases/statistics", TF_VIEW,
                   "Count and measure databases"),
      .query = ngx_tf_databases_of,
      .sql = { TF_SQL_databases_statistics } },

    { NGX_TF_ROUTE(GET, "/databases/sizes", TF_VIEW,
                   "Sizes of an instance's databases"),
      .query = ngx_tf_databases_sizes,
      .sql = { TF_SQL_databases_sizes } },

    { NGX_TF_ROUTE(GET, "/databases/{id}/tables/sizes", TF_VIEW,
                   "Sizes of a database's tables"),
      .query = ngx_tf_databases_tables,
      .sql = { TF_SQL_table_sizes_list } },

    { NGX_TF_ROUTE(POST, "/databases/{id}/tables/sizes/actions/refresh",
                   TF_UPDATE, "Read the sizes of a database's tables now"),
      .query = ngx_tf_databases_tables,
      .sql = { TF_SQL_table_sizes_start },
      .audit = TF_AUDIT_DATABASE_SYNC,
      .render = NGX_TF_RUN },

    { NGX_TF_ROUTE(POST, "/instances/{id}/actions/sync-capacity", TF_UPDATE,
                   "Read an instance's databases and their sizes now"),
      .sql = { TF_SQL_databases_sync_start },
      .audit = TF_AUDIT_DATABASE_SYNC,
      .render = NGX_TF_RUN, .key = "result",
      .constraints = ngx_tf_databases_rules },

    { .method = 0 }
};
