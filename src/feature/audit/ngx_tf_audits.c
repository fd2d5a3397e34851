
/*
 * The audit log: who did what, for auditors and administrators.
 */


#include "ngx_tf.h"


static const tf_param_t  ngx_tf_audit_page[] = {
    TF_P_PAGE("timestamp", "desc"),
    { "action", TF_P_STR, 0, 1, 64, NULL, NULL,
      "only this action, such as tag.create" },
    { "object_type", TF_P_STR, 0, 1, 64, NULL, NULL,
      "only of objects of this type, such as tag" },
    { "object_id", TF_P_STR, 0, 1, 128, NULL, NULL,
      "only of the object with this id" },
    { "actor_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "only what this user did" },
    { "outcome", TF_P_ENUM, 0, 0, 0, "success|refused", NULL,
      "only of this outcome" },
    { "request_id", TF_P_STR, 0, 1, 128, NULL, NULL,
      "only of the request with this X-Request-ID" },
    { "search", TF_P_SEARCH, 0, 0, 200, NULL, NULL,
      "in the names of actor and object and in the details" },
    { "start_time", TF_P_TIME, 0, 0, 0, NULL, NULL, "not older than this" },
    { "end_time", TF_P_TIME, 0, 0, 0, NULL, NULL, "not younger than this" },
    { "hours", TF_P_INT, 0, 1, 87600, NULL, NULL,
      "only of the last so many hours" },
    { .type = TF_P_END }
};


const ngx_tf_route_t  ngx_tf_audit_routes[] = {

    { NGX_TF_ROUTE(GET, "/audit", TF_LOGS, "List who did what"),
      .query = ngx_tf_audit_page,
      .sql = { TF_SQL_audit_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(GET, "/audit/{id}", TF_LOGS,
                   "Read a row of the audit log, with its hash"),
      .sql = { TF_SQL_audit_get },
      .key = "audit" },

    { .method = 0 }
};
