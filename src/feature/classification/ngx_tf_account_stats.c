
/*
 * Statistics of accounts, their classes and the rules that give them.
 */


#include "ngx_tf.h"
#include "tf_engine.h"


static ngx_int_t ngx_tf_account_stats_map(ngx_tf_op_t *op);


#define NGX_TF_ACCOUNT_STATS_SCOPE                                           \
    { "db_type", TF_P_ENUM, 0, 0, 0, TF_ENGINE_NAMES, NULL,     \
      "only of this engine" },                                               \
    { "account_scope", TF_P_STR, 0, 0, 64,                                   \
      "(instance|sqlserver_ag):[0-9]{1,18}", NULL,                           \
      "instance:ID, only of this instance" }

#define NGX_TF_ACCOUNT_STATS_PERIOD                                          \
    { "period_type", TF_P_ENUM, 0, 0, 0, "daily|weekly|monthly|quarterly",   \
      "daily", "length of a period; weeks begin on Monday" }

#define NGX_TF_ACCOUNT_STATS_PERIODS                                         \
    NGX_TF_ACCOUNT_STATS_PERIOD,                                             \
    { "periods", TF_P_INT, 0, 1, 365, NULL, "7",                             \
      "periods up to the one in progress" }


static const tf_param_t  ngx_tf_account_stats_scope[] = {
    NGX_TF_ACCOUNT_STATS_SCOPE,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_account_stats_rules[] = {
    { "rule_ids", TF_P_INTS, 0, 0, 1000, NULL, NULL, "only these rules" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_account_stats_periods[] = {
    NGX_TF_ACCOUNT_STATS_PERIODS,
    NGX_TF_ACCOUNT_STATS_SCOPE,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_account_stats_class[] = {
    { "classification_id", TF_P_INT, TF_P_REQUIRED, 1, INT64_MAX, NULL, NULL,
      "the class" },
    NGX_TF_ACCOUNT_STATS_PERIODS,
    NGX_TF_ACCOUNT_STATS_SCOPE,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_account_stats_rule[] = {
    { "rule_id", TF_P_INT, TF_P_REQUIRED, 1, INT64_MAX, NULL, NULL,
      "the rule" },
    NGX_TF_ACCOUNT_STATS_PERIODS,
    NGX_TF_ACCOUNT_STATS_SCOPE,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_account_stats_latest[] = {
    { "classification_id", TF_P_INT, TF_P_REQUIRED, 1, INT64_MAX, NULL, NULL,
      "the class" },
    NGX_TF_ACCOUNT_STATS_PERIOD,
    { "periods", TF_P_INT, 0, 1, 1, NULL, "1", "only the latest one" },
    { "limit", TF_P_INT, 0, 1, 50, NULL, "10", "rules with the most" },
    NGX_TF_ACCOUNT_STATS_SCOPE,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_account_stats_overview[] = {
    { "classification_id", TF_P_INT, TF_P_REQUIRED, 1, INT64_MAX, NULL, NULL,
      "the class" },
    NGX_TF_ACCOUNT_STATS_PERIODS,
    { "status", TF_P_ENUM, 0, 0, 0, "active|archived|all", "active",
      "only rules that are evaluated, only others, or all" },
    NGX_TF_ACCOUNT_STATS_SCOPE,
    { .type = TF_P_END }
};


static const char  ngx_tf_account_stats_schema[] =
    "{'type':'object','additionalProperties':{'type':'object',"
    "'properties':{'account_count':{'type':'integer'},"
    "'display_name':{'type':'string'}}}}";


const ngx_tf_route_t  ngx_tf_account_stats_routes[] = {

    { NGX_TF_ROUTE(GET, "/accounts/statistics", TF_VIEW,
                   "Numbers of accounts by engine, state and class"),
      .sql = { TF_SQL_account_stats_all } },

    { NGX_TF_ROUTE(GET, "/accounts/statistics/summary", TF_VIEW,
                   "Numbers of accounts and instances"),
      .query = ngx_tf_account_stats_scope,
      .sql = { TF_SQL_account_stats_summary } },

    { NGX_TF_ROUTE(GET, "/accounts/statistics/db-types", TF_VIEW,
                   "Numbers of accounts by engine"),
      .sql = { TF_SQL_account_stats_engines } },

    { NGX_TF_ROUTE(GET, "/accounts/statistics/classifications", TF_VIEW,
                   "Numbers of accounts by class"),
      .sql = { TF_SQL_account_stats_classes },
      .render = NGX_TF_CUSTOM, .schema = ngx_tf_account_stats_schema,
      .next = ngx_tf_account_stats_map },

    { NGX_TF_ROUTE(GET, "/accounts/statistics/rules", TF_VIEW,
                   "Numbers of accounts by rule"),
      .query = ngx_tf_account_stats_rules,
      .sql = { TF_SQL_account_stats_rules },
      .render = NGX_TF_LIST, .key = "rule_stats" },

    { NGX_TF_ROUTE(GET, "/accounts/statistics/classifications/trends",
                   TF_VIEW, "Accounts of every class over time"),
      .query = ngx_tf_account_stats_periods,
      .sql = { TF_SQL_account_stats_class_trends } },

    { NGX_TF_ROUTE(GET, "/accounts/statistics/classifications/trend", TF_VIEW,
                   "Accounts of a class over time"),
      .query = ngx_tf_account_stats_class,
      .sql = { TF_SQL_account_stats_class_trend } },

    { NGX_TF_ROUTE(GET, "/accounts/statistics/rules/trend", TF_VIEW,
                   "Accounts of a rule over time"),
      .query = ngx_tf_account_stats_rule,
      .sql = { TF_SQL_account_stats_rule_trend } },

    { NGX_TF_ROUTE(GET, "/accounts/statistics/rules/contributions", TF_VIEW,
                   "Which rules give a class most often in this period"),
      .query = ngx_tf_account_stats_latest,
      .sql = { TF_SQL_account_stats_contributions } },

    { NGX_TF_ROUTE(GET, "/accounts/statistics/rules/overview", TF_VIEW,
                   "The rules of a class over time"),
      .query = ngx_tf_account_stats_overview,
      .sql = { TF_SQL_account_stats_overview } },

    { .method = 0 }
};


/* The data is the map itself, whose names are no columns. */

static ngx_int_t
ngx_tf_account_stats_map(ngx_tf_op_t *op)
{
    if (op->step == 0) {
        return ngx_tf_op_send(op, op->route->sql, 1);
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK,
                           tf_row_get(op->res[0], 0, "_data"));
}
