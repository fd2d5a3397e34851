
/*
 * Partitions by month: what there is, and the jobs that make and drop them.
 */


#include "ngx_tf.h"


static const tf_param_t  ngx_tf_partitions_page[] = {
    TF_P_PAGE("name", "asc"),
    { "search", TF_P_SEARCH, 0, 0, 100, NULL, NULL, "in the name or title" },
    { "table_type", TF_P_STR, 0, 0, 64, NULL, NULL,
      "only of this table or kind of table" },
    { "status", TF_P_ENUM, 0, 0, 0, "current|past|future|default", NULL,
      "only in this state" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_partitions_month[] = {
    { "date", TF_P_DATE, TF_P_REQUIRED, 0, 0, NULL, NULL,
      "a day of the month to make: this month or a later one" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_partitions_retention[] = {
    { "retention_months", TF_P_INT, 0, 1, 1200, NULL, NULL,
      "full months to keep of sizes and what is calculated from them; left"
      " out: of each table what is set for it" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_partitions_chart[] = {
    { "period_type", TF_P_ENUM, 0, 0, 0, "daily|weekly|monthly|quarterly",
      "daily", "length of a period" },
    { "days", TF_P_INT, TF_P_CLAMP, 1, 366, NULL, "7",
      "periods up to the one in progress" },
    { .type = TF_P_END }
};


#define NGX_TF_PARTITIONS_ITEM                                               \
    "{'type':'object','properties':{'table':{'type':'string'},"              \
    "'table_name':{'type':'string'},'partition_name':{'type':'string'},"     \
    "'display_name':{'type':'string'},'status':{'type':'string'}}}"

#define NGX_TF_PARTITIONS_RESULT(list)                                       \
    "{'type':'object','properties':{'result':{'type':'object',"              \
    "'properties':{'success':{'type':'boolean'},'message':{'type':'string'},"\
    "'partition_start':{'type':'string'},"                                   \
    "'partition_end':{'type':'string'},'" list "':{'type':"                  \
    "'array','items':" NGX_TF_PARTITIONS_ITEM "}}},'timestamp':"             \
    "{'type':'string'}}}"


const ngx_tf_route_t  ngx_tf_partitions_routes[] = {

    { NGX_TF_ROUTE(GET, "/partitions", TF_VIEW, "List partitions"),
      .query = ngx_tf_partitions_page,
      .sql = { TF_SQL_partitions_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(POST, "/partitions", TF_ADMIN,
                   "Make the partitions of a month"),
      .audit = TF_AUDIT_PARTITION_CREATE,
      .body = ngx_tf_partitions_month,
      .sql = { TF_SQL_partitions_create },
      .render = NGX_TF_RUN,
      .schema = NGX_TF_PARTITIONS_RESULT("created_partitions") },

    { NGX_TF_ROUTE(GET, "/partitions/info", TF_VIEW,
                   "All partitions with their sizes"),
      .sql = { TF_SQL_partitions_info } },

    { NGX_TF_ROUTE(GET, "/partitions/status", TF_VIEW,
                   "Whether a partition is missing"),
      .sql = { TF_SQL_partitions_status } },

    { NGX_TF_ROUTE(GET, "/partitions/statistics", TF_VIEW,
                   "Number and size of partitions"),
      .sql = { TF_SQL_partitions_statistics } },

    { NGX_TF_ROUTE(POST, "/partitions/actions/cleanup", TF_ADMIN,
                   "Drop partitions that are past retention"),
      .audit = TF_AUDIT_PARTITION_DELETE,
      .body = ngx_tf_partitions_retention,
      .sql = { TF_SQL_partitions_clean },
      .render = NGX_TF_RUN,
      .schema = NGX_TF_PARTITIONS_RESULT("dropped_partitions") },

    { NGX_TF_ROUTE(GET, "/partitions/core-metrics", TF_VIEW,
                   "How much was read and calculated over time"),
      .query = ngx_tf_partitions_chart,
      .sql = { TF_SQL_partitions_metrics } },

    { .method = 0 }
};
