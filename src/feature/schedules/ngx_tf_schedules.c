
/*
 * Schedules: what runs by itself and when.  A worker fires them, see
 * tfw_schedules.h; here they are shown, edited, paused and started.
 */


#include "ngx_tf.h"
#include "tf_cron_zone.h"


#define NGX_TF_SCHEDULES_TIMES  5
#define NGX_TF_SCHEDULES_AHEAD  (8 * 365 * 86400)   /* s, as far as clocks of
                                                       zones are known */


typedef struct {
    PGresult        *res;           /* of schedules_clocks */
    const char      *name;
} ngx_tf_schedules_zone_t;


static ngx_int_t ngx_tf_schedules_show(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_schedules_times(ngx_tf_op_t *op);
static void ngx_tf_schedules_job(ngx_tf_op_t *op, int row, tf_buf_t *b);
static tf_int_t ngx_tf_schedules_offset(void *ctx, int64_t at, int64_t *offset,
    tf_err_t *err);
static ngx_int_t ngx_tf_schedules_update(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_schedules_try(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_schedules_check(ngx_tf_op_t *op);


static const tf_param_t  ngx_tf_schedules_body[] = {
    { "trigger_type", TF_P_ENUM, TF_P_REQUIRED, 0, 0, "cron", NULL,
      "kind of schedule" },
    { "cron_expression", TF_P_STR, TF_P_REQUIRED, 1, 200, NULL, NULL,
      "5, 6 or 7 fields: [second] minute hour day month weekday [year]" },
    { "timezone", TF_P_STR, 0, 1, 64, NULL, NULL,
      "such as Asia/Shanghai; left out, it stays" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_schedules_trial[] = {
    { "cron_expression", TF_P_STR, TF_P_REQUIRED, 1, 200, NULL, NULL,
      "5, 6 or 7 fields: [second] minute hour day month weekday [year]" },
    { "timezone", TF_P_STR, TF_P_REQUIRED, 1, 64, NULL, NULL,
      "such as Asia/Shanghai" },
    { .type = TF_P_END }
};

static const tf_code_e  ngx_tf_schedules_errors[] = {
    TF_E_VALIDATION_ERROR, TF_E_NONE
};


#define NGX_TF_SCHEDULES_SHOW                                                \
    .next = ngx_tf_schedules_show,                                           \
    .uses = NGX_TF_USES(TF_SQL_schedules_due, TF_SQL_schedules_clocks),      \
    .sets = "_times"

const ngx_tf_route_t  ngx_tf_schedules_routes[] = {

    { NGX_TF_ROUTE(GET, "/scheduler/jobs", TF_VIEW, "List scheduled jobs"),
      .sql = { TF_SQL_schedules_list },
      .render = NGX_TF_LIST,
      NGX_TF_SCHEDULES_SHOW },

    { NGX_TF_ROUTE(GET, "/scheduler/jobs/{job_id:text}", TF_VIEW,
                   "Read a scheduled job"),
      .sql = { TF_SQL_schedules_get },
      NGX_TF_SCHEDULES_SHOW },

    { NGX_TF_ROUTE(PUT, "/scheduler/jobs/{job_id:text}", TF_ADMIN,
                   "Change when a job runs"),
      .audit = TF_AUDIT_SCHEDULE_UPDATE,
      .body = ngx_tf_schedules_body,
      .sql = { TF_SQL_schedules_update },
      .next = ngx_tf_schedules_update,
      .errors = ngx_tf_schedules_errors },

    { NGX_TF_ROUTE(DELETE, "/scheduler/jobs/{job_id:text}", TF_ADMIN,
                   "Take a job away"),
      .audit = TF_AUDIT_SCHEDULE_DELETE,
      .sql = { TF_SQL_schedules_delete } },

    { NGX_TF_ROUTE(POST, "/scheduler/jobs/{job_id:text}/actions/pause",
                   TF_ADMIN, "Let a job run no more by itself"),
      .audit = TF_AUDIT_SCHEDULE_PAUSE,
      .sql = { TF_SQL_schedules_pause } },

    { NGX_TF_ROUTE(POST, "/scheduler/jobs/{job_id:text}/actions/resume",
                   TF_ADMIN, "Let a paused job run again"),
      .audit = TF_AUDIT_SCHEDULE_RESUME,
      .sql = { TF_SQL_schedules_resume } },

    { NGX_TF_ROUTE(POST, "/scheduler/jobs/{job_id:text}/actions/run",
                   TF_ADMIN, "Run a job now"),
      .audit = TF_AUDIT_SCHEDULE_RUN,
      .sql = { TF_SQL_schedules_run } },

    { NGX_TF_ROUTE(POST, "/scheduler/jobs/actions/preview", TF_VIEW,
                   "When a job with this expression would run next"),
      .audit = TF_AUDIT_READS,
      .body = ngx_tf_schedules_trial,
      .sql = { TF_SQL_schedules_try },
      .next = ngx_tf_schedules_try,
      .uses = NGX_TF_USES(TF_SQL_schedules_try_due,
                          TF_SQL_schedules_try_clocks),
      .sets = "_times",
      .errors = ngx_tf_schedules_errors },

    { NGX_TF_ROUTE(POST, "/scheduler/jobs/actions/reload", TF_ADMIN,
                   "Bring the built-in jobs back as they were at first"),
      .audit = TF_AUDIT_SCHEDULE_RELOAD,
      .sql = { TF_SQL_schedules_reload } },

    { .method = 0 }
};


static ngx_int_t
ngx_tf_schedules_show(ngx_tf_op_t *op)
{
    switch (op->step) {

    case 0:
        return ngx_tf_op_send(op, op->route->uses, 2);

    case 1:
        if (ngx_tf_schedules_times(op) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_tf_op_send(op, op->route->sql, 1);

    default:
        return NGX_OK;
    }
}


/* By the id of the row: {"1": [1796000400, ...], ...} */

static ngx_int_t
ngx_tf_schedules_times(ngx_tf_op_t *op)
{
    int       i;
    tf_buf_t  b;
    tf_str_t  times;

    tf_buf_init(&b, &op->mem, 1024, 1024 * 1024);
    tf_buf_char(&b, '{');

    for (i = 0; i < PQntuples(op->res[0]); i++) {
        ngx_tf_schedules_job(op, i, &b);
    }

    tf_buf_char(&b, '}');
    tf_buf_char(&b, '\0');

    if (tf_buf_done(&b, &times) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    times.len--;

    return ngx_tf_input_set(op, "_times", times);
}


/* An expression that is none has no times; its job is shown, to be mended. */

static void
ngx_tf_schedules_job(ngx_tf_op_t *op, int row, tf_buf_t *b)
{
    int64_t                   at, last;
    PGresult                 *res;
    tf_err_t                  err;
    tf_cron_t                 cron;
    ngx_uint_t                n;
    tf_cron_zone_t            clocks;
    ngx_tf_schedules_zone_t   zone;

    res = op->res[0];

    zone.res = op->res[1];
    zone.name = (char *) tf_row_get(res, row, "timezone").data;

    clocks.offset = ngx_tf_schedules_offset;
    clocks.ctx = &zone;

    tf_json_key(b, (char *) tf_row_get(res, row, "id").data);
    tf_buf_char(b, '[');

    if (tf_cron_parse(tf_row_get(res, row, "cron_expression"), &cron, &err)
        == TF_OK)
    {
        at = tf_row_int(res, row, "now");
        last = at + NGX_TF_SCHEDULES_AHEAD;

        for (n = 0; n < NGX_TF_SCHEDULES_TIMES; n++) {

            if (tf_cron_zone_after(&cron, &clocks, at, &at, &err) != TF_OK
                || at > last)
            {
                break;
            }

            if (n) {
                tf_buf_char(b, ',');
            }

            tf_buf_int(b, at);
        }
    }

    tf_buf_char(b, ']');
}


/* Rows are in the order of time. */

static tf_int_t
ngx_tf_schedules_offset(void *ctx, int64_t at, int64_t *offset, tf_err_t *err)
{
    int                       i;
    ngx_tf_schedules_zone_t  *zone;

    zone = ctx;
    *offset = 0;

    for (i = 0; i < PQntuples(zone->res); i++) {

        if (!tf_str_eq(tf_row_get(zone->res, i, "timezone"), zone->name)) {
            continue;
        }

        if (tf_row_int(zone->res, i, "at") > at) {
            break;
        }

        *offset = tf_row_int(zone->res, i, "ahead");
    }

    return TF_OK;
}


static ngx_int_t
ngx_tf_schedules_update(ngx_tf_op_t *op)
{
    if (op->step) {
        return NGX_OK;
    }

    if (ngx_tf_schedules_check(op) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_op_send(op, op->route->sql, 1);
}


/* The same as for schedules that are there, with one that is not. */

static ngx_int_t
ngx_tf_schedules_try(ngx_tf_op_t *op)
{
    if (op->step == 0 && ngx_tf_schedules_check(op) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_schedules_show(op);
}


static ngx_int_t
ngx_tf_schedules_check(ngx_tf_op_t *op)
{
    tf_err_t   err;
    tf_cron_t  cron;

    if (tf_cron_parse(ngx_tf_input_get(op, "cron_expression"), &cron, &err)
        != TF_OK)
    {
        return ngx_tf_request_fail(op, err.code, err.field, err.detail);
    }

    return NGX_OK;
}
