
/*
 * The application log: what both programs say of themselves.
 */


#include "ngx_tf.h"


#define NGX_TF_LOGS_HOURS  2160     /* 90 days, as clients know it */


static const tf_param_t  ngx_tf_logs_page[] = {
    TF_P_PAGE("timestamp", "desc"),
    { "level", TF_P_ENUM, 0, 0, 0, "DEBUG|INFO|WARNING|ERROR|CRITICAL", NULL,
      "only of this level" },
    { "module", TF_P_SEARCH, 0, 0, 100, NULL, NULL,
      "only of modules whose name has this" },
    { "search", TF_P_SEARCH, 0, 0, 200, NULL, NULL,
      "in the message or the context" },
    { "request_id", TF_P_STR, 0, 1, 128, NULL, NULL,
      "only of the request with this X-Request-ID" },
    { "run_id", TF_P_UUID, 0, 0, 0, NULL, NULL, "only of this run" },
    { "start_time", TF_P_TIME, 0, 0, 0, NULL, NULL, "not older than this" },
    { "end_time", TF_P_TIME, 0, 0, 0, NULL, NULL, "not younger than this" },
    { "hours", TF_P_INT, TF_P_CLAMP, 1, NGX_TF_LOGS_HOURS, NULL, "24",
      "the last so many hours, when neither time is given" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_logs_hours[] = {
    { "hours", TF_P_INT, TF_P_CLAMP, 1, NGX_TF_LOGS_HOURS, NULL, "24",
      "of the last so many hours" },
    { .type = TF_P_END }
};


const ngx_tf_route_t  ngx_tf_logs_routes[] = {

    { NGX_TF_ROUTE(GET, "/logs", TF_LOGS, "List events"),
      .query = ngx_tf_logs_page,
      .sql = { TF_SQL_logs_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(GET, "/logs/statistics", TF_LOGS, "Count events"),
      .query = ngx_tf_logs_hours,
      .sql = { TF_SQL_logs_statistics } },

    { NGX_TF_ROUTE(GET, "/logs/modules", TF_LOGS,
                   "Modules that events are of"),
      .sql = { TF_SQL_logs_modules } },

    { NGX_TF_ROUTE(GET, "/logs/{id}", TF_LOGS, "Read an event"),
      .sql = { TF_SQL_logs_get },
      .key = "log" },

    { .method = 0 }
};
