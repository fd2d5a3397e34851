
/*
 * The audit log: who did what, for auditors and administrators.
 */


#include "ngx_tf.h"


#define NGX_TF_AUDIT_FILTERS                                                 \
    { "action", TF_P_STR, 0, 1, 64, NULL, NULL,                              \
      "only this action, such as tag.create" },                              \
    { "object_type", TF_P_STR, 0, 1, 64, NULL, NULL,                         \
      "only of objects of this type, such as tag" },                         \
    { "object_id", TF_P_STR, 0, 1, 128, NULL, NULL,                          \
      "only of the object with this id" },                                   \
    { "actor_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,                     \
      "only what this user did" },                                           \
    { "outcome", TF_P_ENUM, 0, 0, 0, "success|refused", NULL,                \
      "only of this outcome" },                                              \
    { "request_id", TF_P_STR, 0, 1, 128, NULL, NULL,                         \
      "only of the request with this X-Request-ID" },                        \
    { "search", TF_P_SEARCH, 0, 0, 200, NULL, NULL,                          \
      "in the names of actor and object and in the details" },               \
    { "start_time", TF_P_TIME, 0, 0, 0, NULL, NULL, "not older than this" }, \
    { "end_time", TF_P_TIME, 0, 0, 0, NULL, NULL, "not younger than this" }, \
    { "hours", TF_P_INT, 0, 1, 87600, NULL, NULL,                            \
      "only of the last so many hours" }

static const tf_param_t  ngx_tf_audit_page[] = {
    TF_P_PAGE("timestamp", "desc"),
    NGX_TF_AUDIT_FILTERS,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_audit_exported[] = {
    NGX_TF_EXPORT_PARAMS,
    NGX_TF_AUDIT_FILTERS,
    { .type = TF_P_END }
};


static const tf_export_word_t  ngx_tf_audit_outcomes[] = {
    { "success", { "成功", "success" } },
    { "refused", { "已拒绝", "refused" } },
    { NULL, { NULL, NULL } }
};

static const tf_export_column_t  ngx_tf_audit_columns[] = {
    { "seq", { "序号", "Number" }, NULL, 0 },
    { "timestamp", { "时间", "Time" }, NULL, 0 },
    { "actor_name", { "操作人", "Who" }, NULL, 0 },
    { "address", { "地址", "Address" }, NULL, 0 },
    { "action_label", { "操作", "Action" }, NULL, 0 },
    { "action", { "操作代码", "Code" }, NULL, 0 },
    { "object_type", { "对象类型", "Object type" }, NULL, 0 },
    { "object_id", { "对象ID", "Object ID" }, NULL, 0 },
    { "object_name", { "对象", "Object" }, NULL, 0 },
    { "outcome", { "结果", "Outcome" }, ngx_tf_audit_outcomes, 0 },
    { "request_id", { "请求ID", "Request" }, NULL, 0 },
    { "details", { "详情", "Details" }, NULL, 0 },
    { "hash", { "哈希", "Hash" }, NULL, 0 },
    { NULL, { NULL, NULL }, NULL, 0 }
};

static const tf_export_t  ngx_tf_audit_file = {
    "audit_export", ngx_tf_audit_columns
};


const ngx_tf_route_t  ngx_tf_audit_routes[] = {

    { NGX_TF_ROUTE(GET, "/audit", TF_LOGS, "List who did what"),
      .query = ngx_tf_audit_page,
      .sql = { TF_SQL_audit_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(GET, "/audit/exports", TF_LOGS,
                   "Who did what as a file"),
      .audit = TF_AUDIT_AUDIT_EXPORT,
      .query = ngx_tf_audit_exported,
      .sql = { TF_SQL_audit_list_export },
      NGX_TF_EXPORT(ngx_tf_audit_file) },

    { NGX_TF_ROUTE(GET, "/audit/{id}", TF_LOGS,
                   "Read a row of the audit log, with its hash"),
      .sql = { TF_SQL_audit_get },
      .key = "audit" },

    { .method = 0 }
};
