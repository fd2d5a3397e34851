
/*
 * Capacity: sizes of instances and databases by period, and until when there is
 * room.
 */


#include "ngx_tf.h"
#include "tf_engine.h"


static ngx_int_t ngx_tf_capacity_page(ngx_tf_op_t *op);


#define NGX_TF_CAPACITY_PERIODS  "daily|weekly|monthly|quarterly"
#define NGX_TF_CAPACITY_ALL      "10000"    /* rows of get_all, at most */
#define NGX_TF_CAPACITY_WHICH    1000       /* instances in one request */

#define NGX_TF_CAPACITY_INSTANCES                                            \
    { "instance_id", TF_P_INTS, 0, 0, NGX_TF_CAPACITY_WHICH, NULL, NULL,     \
      "only of these instances" },                                           \
    { "db_type", TF_P_ENUMS, 0, 0, TF_ENGINE_COUNT, TF_ENGINE_NAMES, NULL,   \
      "only of these engines" }

#define NGX_TF_CAPACITY_TIME                                                 \
    { "period_type", TF_P_ENUM, 0, 0, 0, NGX_TF_CAPACITY_PERIODS, NULL,      \
      "only periods of this length; weeks begin on Monday" },                \
    { "start_date", TF_P_DATE, 0, 0, 0, NULL, NULL, "from this day on" },    \
    { "end_date", TF_P_DATE, 0, 0, 0, NULL, NULL, "up to this day" }

#define NGX_TF_CAPACITY_RANGE                                                \
    { "time_range", TF_P_INT, 0, 1, 36500, NULL, NULL,                       \
      "the last days, when neither start_date nor end_date is given" }

#define NGX_TF_CAPACITY_DATABASE                                             \
    { "database_name", TF_P_STR, 0, 0, 256, NULL, NULL,                      \
      "only databases of this name" },                                       \
    { "database_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,                  \
      "only this database" }

#define NGX_TF_CAPACITY_GET_ALL                                              \
    { "get_all", TF_P_BOOL, 0, 0, 0, NULL, "false",                          \
      "the rows of the hundred largest, at most 10,000, as one page" }


static const tf_param_t  ngx_tf_capacity_instances[] = {
    TF_P_PAGE("period_start", "desc"),
    NGX_TF_CAPACITY_INSTANCES,
    NGX_TF_CAPACITY_TIME,
    NGX_TF_CAPACITY_RANGE,
    NGX_TF_CAPACITY_GET_ALL,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_capacity_instances_sum[] = {
    NGX_TF_CAPACITY_INSTANCES,
    NGX_TF_CAPACITY_TIME,
    NGX_TF_CAPACITY_RANGE,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_capacity_databases[] = {
    TF_P_PAGE("period_start", "desc"),
    NGX_TF_CAPACITY_INSTANCES,
    NGX_TF_CAPACITY_DATABASE,
    NGX_TF_CAPACITY_TIME,
    NGX_TF_CAPACITY_RANGE,
    NGX_TF_CAPACITY_GET_ALL,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_capacity_databases_sum[] = {
    NGX_TF_CAPACITY_INSTANCES,
    NGX_TF_CAPACITY_DATABASE,
    NGX_TF_CAPACITY_TIME,
    NGX_TF_CAPACITY_RANGE,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_capacity_forecasts[] = {
    TF_P_PAGE("days_until_full", "asc"),
    NGX_TF_CAPACITY_INSTANCES,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_capacity_current[] = {
    { "period_type", TF_P_ENUM, 0, 0, 0, NGX_TF_CAPACITY_PERIODS, "daily",
      "length of the period in progress" },
    { "scope", TF_P_ENUM, 0, 0, 0, "instance|database|all", "all",
      "what to calculate" },
    { .type = TF_P_END }
};


const ngx_tf_route_t  ngx_tf_capacity_routes[] = {

    { NGX_TF_ROUTE(GET, "/capacity/instances", TF_VIEW,
                   "Sizes of instances by period"),
      .query = ngx_tf_capacity_instances,
      .sql = { TF_SQL_capacity_instances_list },
      .render = NGX_TF_PAGE,
      .next = ngx_tf_capacity_page, .sets = "limit page" },

    { NGX_TF_ROUTE(GET, "/capacity/instances/summary", TF_VIEW,
                   "Size of all instances"),
      .query = ngx_tf_capacity_instances_sum,
      .sql = { TF_SQL_capacity_instances_summary } },

    { NGX_TF_ROUTE(GET, "/capacity/instances/forecasts", TF_VIEW,
                   "How fast instances grow, and when they are full"),
      .query = ngx_tf_capacity_forecasts,
      .sql = { TF_SQL_capacity_forecasts_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(GET, "/capacity/databases", TF_VIEW,
                   "Sizes of databases by period"),
      .query = ngx_tf_capacity_databases,
      .sql = { TF_SQL_capacity_databases_list },
      .render = NGX_TF_PAGE,
      .next = ngx_tf_capacity_page, .sets = "limit page" },

    { NGX_TF_ROUTE(GET, "/capacity/databases/summary", TF_VIEW,
                   "Size of all databases"),
      .query = ngx_tf_capacity_databases_sum,
      .sql = { TF_SQL_capacity_databases_summary } },

    { NGX_TF_ROUTE(POST, "/capacity/aggregations/current", TF_ADMIN,
                   "Calculate the period in progress"),
      .audit = TF_AUDIT_CAPACITY_AGGREGATE,
      .body = ngx_tf_capacity_current,
      .sql = { TF_SQL_capacity_aggregate } },

    { .method = 0 }
};


/* Everything of the largest is one page. */

static ngx_int_t
ngx_tf_capacity_page(ngx_tf_op_t *op)
{
    if (op->step) {
        return NGX_OK;
    }

    if (tf_str_eq(ngx_tf_input_get(op, "get_all"), "t")
        && (ngx_tf_input_set(op, "limit", tf_str(NGX_TF_CAPACITY_ALL))
                != NGX_OK
            || ngx_tf_input_set(op, "page", tf_str("1")) != NGX_OK))
    {
        return NGX_ERROR;
    }

    return ngx_tf_op_send(op, op->route->sql, 1);
}
