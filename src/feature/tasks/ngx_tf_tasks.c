
/*
 * Runs: what happens in the background, for people to look at and to cancel;
 * and the same runs in the shape of sync sessions.
 */


#include "ngx_tf.h"


#define NGX_TF_TASKS_STATUS                                                  \
    "pending|running|completed|completed_with_errors|failed|cancelled"       \
    "|partial=completed_with_errors"

static const tf_param_t  ngx_tf_tasks_page[] = {
    TF_P_PAGE("id", "desc"),
    { "task_key", TF_P_STR, 0, 1, 64, NULL, NULL, "only of this task" },
    { "task_category", TF_P_STR, 0, 1, 64, NULL, NULL,
      "only of this category" },
    { "trigger_source", TF_P_ENUM, 0, 0, 0, "scheduled|manual|api", NULL,
      "only started this way" },
    { "status", TF_P_ENUM, 0, 0, 0, NGX_TF_TASKS_STATUS, NULL,
      "only of this state" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_tasks_sessions_page[] = {
    TF_P_PAGE("id", "desc"),
    { "sync_type", TF_P_ENUM, 0, 0, 0,
      "manual_single|manual_batch|manual_task|scheduled_task", NULL,
      "only started this way" },
    { "sync_category", TF_P_STR, 0, 1, 64, NULL, NULL,
      "only of this category" },
    { "status", TF_P_ENUM, 0, 0, 0, NGX_TF_TASKS_STATUS, NULL,
      "only of this state" },
    { .type = TF_P_END }
};


const ngx_tf_route_t  ngx_tf_tasks_routes[] = {

    { NGX_TF_ROUTE(GET, "/task-runs", TF_VIEW, "List runs"),
      .query = ngx_tf_tasks_page,
      .sql = { TF_SQL_task_runs_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(GET, "/task-runs/{run_id:uuid}", TF_VIEW,
                   "Read a run and its items"),
      .sql = { TF_SQL_task_runs_get } },

    { NGX_TF_ROUTE(GET, "/task-runs/{run_id:uuid}/error-logs", TF_VIEW,
                   "Read a run's failed items"),
      .sql = { TF_SQL_task_runs_errors } },

    { NGX_TF_ROUTE(POST, "/task-runs/{run_id:uuid}/actions/cancel",
                   TF_ADMIN, "Cancel a run that is not over"),
      .audit = TF_AUDIT_RUN_CANCEL,
      .sql = { TF_SQL_task_runs_cancel } },

    { .method = 0 }
};


const ngx_tf_route_t  ngx_tf_sync_sessions_routes[] = {

    { NGX_TF_ROUTE(GET, "/sync-sessions", TF_VIEW, "List sync sessions"),
      .query = ngx_tf_tasks_sessions_page,
      .sql = { TF_SQL_sync_sessions_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(GET, "/sync-sessions/{session_id:uuid}", TF_VIEW,
                   "Read a sync session and its instances"),
      .sql = { TF_SQL_sync_sessions_get } },

    { NGX_TF_ROUTE(GET, "/sync-sessions/{session_id:uuid}/error-logs", TF_VIEW,
                   "Read a sync session's failed instances"),
      .sql = { TF_SQL_sync_sessions_errors } },

    { NGX_TF_ROUTE(POST, "/sync-sessions/{run_id:uuid}/actions/cancel",
                   TF_ADMIN, "Cancel a sync session that is not over"),
      .audit = TF_AUDIT_RUN_CANCEL,
      .sql = { TF_SQL_task_runs_cancel } },

    { .method = 0 }
};
