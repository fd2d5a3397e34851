
/*
 * GET /metrics, for Prometheus (text exposition format 0.0.4): what the nginx
 * workers of this host have counted, and what PostgreSQL says of queue,
 * workers and fleet.  Without PostgreSQL the second part is missing, and the
 * page says so.
 */


#include "ngx_tf_metrics.h"
#include "ngx_tf.h"


#define NGX_TF_METRICS_WAIT  2000                   /* ms for PostgreSQL */
#define NGX_TF_METRICS_SIZE  (64 * 1024)
#define NGX_TF_METRICS_MAX   (4 * 1024 * 1024)
#define NGX_TF_METRICS_TYPE  "text/plain; version=0.0.4"


typedef struct {
    const char  *family;        /* in the statement */
    const char  *name;
    const char  *a;             /* labels, NULL: none */
    const char  *b;
    const char  *help;
} ngx_tf_metrics_stored_t;


static ngx_int_t ngx_tf_metrics_next(ngx_tf_op_t *op);
static void ngx_tf_metrics_reply(ngx_tf_op_t *op);
static void ngx_tf_metrics_up(tf_buf_t *b, ngx_uint_t up);
static void ngx_tf_metrics_stored(tf_buf_t *b, PGresult *res,
    const ngx_tf_metrics_stored_t *m);
static void ngx_tf_metrics_label(tf_buf_t *b, const char *name, tf_str_t value);


const ngx_tf_route_t  ngx_tf_metrics_routes[] = {

    { NGX_TF_ROUTE(GET, "//metrics", TF_PUBLIC, "Metrics for Prometheus"),
      .sql = { TF_SQL_metrics },
      .next = ngx_tf_metrics_next,
      .render = NGX_TF_CUSTOM,
      .schema = "text/plain" },

    { .method = 0 }
};


/* All are gauges: PostgreSQL knows how things are. */

static const ngx_tf_metrics_stored_t  ngx_tf_metrics_of_postgres[] = {

    { "queue_items", "taifish_queue_items", "lane", "state",
      "Items of work that have not ended." },

    { "queue_oldest", "taifish_queue_oldest_ready_age_seconds", "lane", NULL,
      "How long the oldest item that may be claimed has waited." },

    { "queue_expired", "taifish_queue_expired_leases", NULL, NULL,
      "Running items whose worker has not renewed its lease in time." },

    { "workers", "taifish_workers", "state", NULL,
      "Workers by state; lost: not stopped, and not seen for 30 s." },

    { "worker_seen", "taifish_worker_last_seen_age_seconds", NULL, NULL,
      "Time since any worker was last seen." },

    { "runs", "taifish_task_runs_last_day", "task", "status",
      "Runs that were started in the last 24 hours, of the last 10000." },

    { "instances", "taifish_instances", "engine", "last_sync",
      "Active instances by the outcome of their last sync." },

    { "inactive", "taifish_instances_inactive", NULL, NULL,
      "Instances that are switched off." },

    { "sync_age", "taifish_instances_by_sync_age", "age", NULL,
      "Active instances with a credential by the age of their last good "
      "sync, which is at most that of the label and more than the one "
      "before." },

    { "sync_oldest", "taifish_sync_oldest_age_seconds", "last_sync", NULL,
      "Age of the oldest last good sync, by the outcome of the last one." },

    { "accounts", "taifish_accounts", "engine", NULL,
      "Accounts that exist on instances." },

    { "schedules", "taifish_schedules", "enabled", NULL,
      "Schedules." },

    { "overdue", "taifish_schedules_overdue", NULL, NULL,
      "Enabled schedules that should have fired more than a minute ago." },

    { "schema", "taifish_schema_version", NULL, NULL,
      "The last migration that was applied." },

    { NULL, NULL, NULL, NULL, NULL }
};


/* Without PostgreSQL, or when it takes too long, the page has the rest. */

static ngx_int_t
ngx_tf_metrics_next(ngx_tf_op_t *op)
{
    ngx_tf_pg_state_t  pg;

    ngx_tf_pg_state(&pg);

    if (op->step == 0 && pg.up) {
        op->failed = ngx_tf_metrics_reply;
        op->expired = ngx_tf_metrics_reply;
        ngx_tf_op_deadline(op, NGX_TF_METRICS_WAIT);

        if (ngx_tf_op_send(op, op->route->sql, 1) == NGX_AGAIN) {
            return NGX_AGAIN;
        }
    }

    ngx_tf_metrics_reply(op);

    return NGX_DONE;
}


static void
ngx_tf_metrics_reply(ngx_tf_op_t *op)
{
    tf_buf_t                        b;
    tf_str_t                        text;
    const ngx_tf_metrics_stored_t  *m;

    tf_buf_init(&b, &op->mem, NGX_TF_METRICS_SIZE, NGX_TF_METRICS_MAX);

    ngx_tf_metrics_host(&b);
    ngx_tf_metrics_up(&b, op->nres);

    if (op->nres) {
        for (m = ngx_tf_metrics_of_postgres; m->family; m++) {
            ngx_tf_metrics_stored(&b, op->res[0], m);
        }
    }

    if (tf_buf_done(&b, &text) != TF_OK) {
        ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
        ngx_tf_op_error(op);
        return;
    }

    (void) ngx_tf_op_reply_text(op, NGX_TF_METRICS_TYPE, text);
}


static void
ngx_tf_metrics_up(tf_buf_t *b, ngx_uint_t up)
{
    ngx_tf_metrics_host_family(b, "taifish_postgres_up", "gauge",
                          "Whether PostgreSQL answered for this page; if not, "
                                    "what it knows is missing.");

    tf_buf_lit(b, up ? "taifish_postgres_up 1\n" : "taifish_postgres_up 0\n");

    ngx_tf_metrics_host_family(b, "taifish_schema_version_needed", "gauge",
                               "The migration this release was built for.");

    tf_buf_lit(b, "taifish_schema_version_needed ");
    tf_buf_int(b, TF_SCHEMA_VERSION);
    tf_buf_char(b, '\n');
}


static void
ngx_tf_metrics_stored(tf_buf_t *b, PGresult *res,
    const ngx_tf_metrics_stored_t *m)
{
    int         i;
    ngx_uint_t  n;

    for (i = 0, n = 0; i < PQntuples(res); i++) {

        if (!tf_str_eq(tf_row_get(res, i, "family"), m->family)) {
            continue;
        }

        if (n++ == 0) {
            ngx_tf_metrics_host_family(b, m->name, "gauge", m->help);
        }

        tf_buf_lit(b, m->name);

        if (m->a) {
            tf_buf_char(b, '{');
            ngx_tf_metrics_label(b, m->a, tf_row_get(res, i, "a"));

            if (m->b) {
                tf_buf_char(b, ',');
                ngx_tf_metrics_label(b, m->b, tf_row_get(res, i, "b"));
            }

            tf_buf_char(b, '}');
        }

        tf_buf_char(b, ' ');
        tf_buf_str(b, tf_row_get(res, i, "value"));
        tf_buf_char(b, '\n');
    }
}


static void
ngx_tf_metrics_label(tf_buf_t *b, const char *name, tf_str_t value)
{
    size_t  i;

    tf_buf_lit(b, name);
    tf_buf_lit(b, "=\"");

    for (i = 0; i < value.len; i++) {
        switch (value.data[i]) {

        case '\\':
        case '"':
            tf_buf_char(b, '\\');
            tf_buf_char(b, value.data[i]);
            break;

        case LF:
            tf_buf_lit(b, "\\n");
            break;

        default:
            tf_buf_char(b, value.data[i]);
        }
    }

    tf_buf_char(b, '"');
}
