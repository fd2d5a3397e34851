
/*
 * The dashboard: what there is, and what happened in the last week.
 */


#include "ngx_tf.h"


static const tf_param_t  ngx_tf_dashboard_charts[] = {
    { "type", TF_P_ENUM, 0, 0, 0, "all|logs|syncs|tasks", "all",
      "which charts; the others are null" },
    { .type = TF_P_END }
};


static const tf_param_t  ngx_tf_dashboard_newest[] = {
    { "limit", TF_P_INT, TF_P_CLAMP, 1, 100, NULL, "20", "so many" },
    { .type = TF_P_END }
};


const ngx_tf_route_t  ngx_tf_dashboard_routes[] = {

    { NGX_TF_ROUTE(GET, "/dashboard/activities", TF_LOGIN,
                   "What people did and what ran, the newest first"),
      .query = ngx_tf_dashboard_newest,
      .sql = { TF_SQL_dashboard_activities },
      .render = NGX_TF_LIST },

    { NGX_TF_ROUTE(GET, "/dashboard/overview", TF_LOGIN,
                   "How many of everything there are"),
      .sql = { TF_SQL_dashboard_overview } },

    { NGX_TF_ROUTE(GET, "/dashboard/charts", TF_LOGIN,
                   "Events and syncs of the last seven days, and jobs"),
      .query = ngx_tf_dashboard_charts,
      .sql = { TF_SQL_dashboard_charts } },

    { .method = 0 }
};
