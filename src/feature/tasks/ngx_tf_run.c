
#include "ngx_tf.h"
#include "ngx_tf_conf.h"
#include "ngx_tf_redis.h"
#include "ngx_tf_run.h"


/* Polls grow from the first to the last of these; a message asks at once. */

#define NGX_TF_RUN_POLL_FIRST  50
#define NGX_TF_RUN_POLL_LAST   1000


typedef struct {
    ngx_tf_op_t          *op;
    ngx_tf_redis_sub_t    sub;
    ngx_event_t           timer;
    ngx_msec_t            delay;
    ngx_msec_t            until;
    u_char                uuid[37];
    u_char                channel[13 + 36];
    unsigned              news:1;       /* came while a poll was under way */
} ngx_tf_run_t;


static ngx_uint_t ngx_tf_run_async(ngx_tf_op_t *op);
static void ngx_tf_run_poll(ngx_event_t *ev);
static void ngx_tf_run_message(ngx_tf_redis_sub_t *sub, ngx_str_t *message);
static void ngx_tf_run_polled(ngx_tf_op_t *op);
static void ngx_tf_run_end(ngx_tf_op_t *op);
static void ngx_tf_run_accepted(ngx_tf_op_t *op, u_char *uuid);
static void ngx_tf_run_over(ngx_tf_op_t *op, tf_str_t status);
static void ngx_tf_run_failed(ngx_tf_op_t *op, ngx_uint_t cancelled,
    ngx_uint_t test);
static void ngx_tf_run_data(ngx_tf_op_t *op, ngx_uint_t status,
    tf_str_t details);
static void ngx_tf_run_answer(ngx_tf_op_t *op, ngx_uint_t status,
    tf_str_t data);


void
ngx_tf_run_await(ngx_tf_op_t *op)
{
    tf_str_t       uuid;
    ngx_tf_run_t  *run;

    uuid.data = NULL;

    if (op->nres && PQntuples(op->res[op->nres - 1]) > 0) {
        uuid = tf_row_get(op->res[op->nres - 1], 0, "run_id");
    }

    run = ngx_pcalloc(op->r->pool, sizeof(ngx_tf_run_t));

    if (uuid.data == NULL || uuid.len != 36 || run == NULL) {
        ngx_tf_request_fail(op, run ? TF_E_RESOURCE_NOT_FOUND
                                : TF_E_INTERNAL_ERROR, NULL, NULL);
        ngx_tf_op_error(op);
        return;
    }

    ngx_memcpy(run->uuid, uuid.data, 36);
    ngx_memcpy(ngx_cpymem(run->channel, "taifish:run:", 12), uuid.data, 36);

    if (ngx_tf_run_async(op)) {
        ngx_tf_run_accepted(op, run->uuid);
        return;
    }

    uuid.data = run->uuid;

    if (ngx_tf_input_set(op, "run_id", uuid) != NGX_OK) {
        ngx_tf_op_error(op);
        return;
    }

    run->op = op;
    run->delay = NGX_TF_RUN_POLL_FIRST;
    run->until = ngx_current_msec + ngx_tf_conf()->run_wait;

    run->timer.handler = ngx_tf_run_poll;
    run->timer.data = run;
    run->timer.log = op->r->connection->log;

    run->sub.channel.data = run->channel;
    run->sub.channel.len = 12 + 36;
    run->sub.handler = ngx_tf_run_message;
    run->sub.data = run;
    run->sub.log = op->r->connection->log;
    run->sub.label = op->id;

    op->ctx = run;

    if (ngx_tf_op_on_end(op, ngx_tf_run_end) != NGX_OK) {
        ngx_tf_op_error(op);
        return;
    }

    ngx_tf_op_deadline(op, ngx_tf_conf()->run_wait + ngx_tf_conf()->deadline);
    ngx_tf_redis_subscribe(&run->sub);
    ngx_add_timer(&run->timer, run->delay);
}


/* RFC 7240: one of the preferences, which commas part. */

static ngx_uint_t
ngx_tf_run_async(ngx_tf_op_t *op)
{
    u_char           *p, *last, *end;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    static const u_char  async[] = "respond-async";

    part = &op->r->headers_in.headers.part;
    i = 0;

    while ((h = ngx_tf_request_header_next(op->r, "prefer", &part, &i))) {
        last = h->value.data + h->value.len;

        for (p = h->value.data; p < last; p = end + 1) {
            end = ngx_strlchr(p, last, ',');
            end = end ? end : last;

            while (p < end && (*p == ' ' || *p == '\t')) {
                p++;
            }

            if ((size_t) (end - p) >= sizeof(async) - 1
                && ngx_strncasecmp(p, (u_char *) async, sizeof(async) - 1) == 0
                && (p + sizeof(async) - 1 == end
                    || ngx_strchr(" \t;", p[sizeof(async) - 1])))
            {
                return 1;
            }
        }
    }

    return 0;
}


static void
ngx_tf_run_end(ngx_tf_op_t *op)
{
    ngx_tf_run_t  *run;

    run = op->ctx;

    if (run->timer.timer_set) {
        ngx_del_timer(&run->timer);
    }

    ngx_tf_redis_unsubscribe(&run->sub);
}


static void
ngx_tf_run_poll(ngx_event_t *ev)
{
    ngx_tf_op_t   *op;
    ngx_tf_run_t  *run;

    static const tf_sql_e  sql = TF_SQL_task_run_outcome;

    run = ev->data;
    op = run->op;

    run->news = 0;

    op->process = ngx_tf_op_send(op, &sql, 1) == NGX_AGAIN
                      ? ngx_tf_run_polled : ngx_tf_op_error;

    if (op->process == ngx_tf_op_error) {
        ngx_tf_op_resume(op);
    }
}


/* Something happened to the run: ask now what.  An answer that is on its way
 * may be older than this. */

static void
ngx_tf_run_message(ngx_tf_redis_sub_t *sub, ngx_str_t *message)
{
    ngx_tf_run_t  *run = sub->data;

    if (!run->timer.timer_set) {
        run->news = 1;
        return;
    }

    /* nginx takes a change of less than 300 ms for none */

    ngx_del_timer(&run->timer);
    ngx_add_timer(&run->timer, 1);
}


static void
ngx_tf_run_polled(ngx_tf_op_t *op)
{
    tf_str_t       status;
    ngx_tf_run_t  *run;

    run = op->ctx;

    status.data = NULL;

    if (PQntuples(op->res[0]) > 0) {
        status = tf_row_get(op->res[0], 0, "status");
    }

    if (status.data && !tf_str_eq(status, "pending")
        && !tf_str_eq(status, "running"))
    {
        ngx_tf_run_over(op, status);
        return;
    }

    if ((ngx_msec_int_t) (run->until - ngx_current_msec) > 0) {
        run->delay = ngx_min(run->delay * 2, NGX_TF_RUN_POLL_LAST);
        ngx_add_timer(&run->timer, run->news ? 1 : run->delay);
        return;
    }

    ngx_tf_run_accepted(op, run->uuid);
}


static void
ngx_tf_run_accepted(ngx_tf_op_t *op, u_char *uuid)
{
    u_char    *p;
    tf_str_t   data;
    u_char     text[64];

    p = ngx_slprintf(text, text + sizeof(text), "{\"run_id\":\"%s\"}", uuid);

    data.data = text;
    data.len = p - text;

    ngx_tf_run_answer(op, NGX_HTTP_ACCEPTED, data);
}


static void
ngx_tf_run_over(ngx_tf_op_t *op, tf_str_t status)
{
    PGresult    *res;
    ngx_uint_t   cancelled, test;

    res = op->res[0];
    cancelled = tf_str_eq(status, "cancelled");
    test = tf_str_eq(tf_row_get(res, 0, "test_failed"), "t");

    if (op->route->render == NGX_TF_RUNS && !cancelled) {
        ngx_tf_run_data(op, NGX_HTTP_OK, tf_row_get(res, 0, "all_details"));
        return;
    }

    if (!cancelled && !test && !tf_str_eq(status, "failed")) {
        ngx_tf_run_data(op, NGX_HTTP_OK, tf_row_get(res, 0, "details"));
        return;
    }

    ngx_tf_run_failed(op, cancelled, test);
}


/* What the run left stands in "extra": of a connection test its reason, of
 * other work the result it has in part. */

static void
ngx_tf_run_failed(ngx_tf_op_t *op, ngx_uint_t cancelled, ngx_uint_t test)
{
    tf_str_t   name, extra, message;
    tf_code_e  code;

    name = tf_row_get(op->res[0], 0, "error_code");
    extra = tf_row_get(op->res[0], 0, "extra");
    message = tf_row_get(op->res[0], 0, "message");

    code = test ? TF_E_DATABASE_CONNECTION_ERROR
           : name.data ? tf_error_find(name) : TF_E_NONE;

    if (code == TF_E_NONE) {
        code = cancelled ? TF_E_RUN_CANCELLED : TF_E_TASK_EXECUTION_FAILED;
    }

    /* an object without its braces */

    if (extra.len > 2) {
        extra.data++;
        extra.len -= 2;
        ngx_tf_reply_more(op, extra);
    }

    ngx_tf_request_fail(op, code, NULL,
                   test && message.data ? (char *) message.data : NULL);
    ngx_tf_op_error(op);
}


/* {key: details} or the details themselves; of a run that left none its
 * id is written. */

static void
ngx_tf_run_data(ngx_tf_op_t *op, ngx_uint_t status, tf_str_t details)
{
    tf_buf_t  b;
    tf_str_t  data, uuid;

    uuid = tf_str((char *) ((ngx_tf_run_t *) op->ctx)->uuid);

    tf_buf_init(&b, &op->mem, details.len + 128, details.len + 1024);

    if (details.data == NULL) {
        tf_buf_char(&b, '{');
        tf_json_member(&b, "run_id", uuid);
        tf_buf_char(&b, '}');

    } else if (op->route->key) {
        tf_buf_char(&b, '{');
        tf_json_key(&b, op->route->key);
        tf_buf_str(&b, details);
        tf_json_member(&b, "run_id", uuid);
        tf_buf_char(&b, '}');

    } else {
        tf_buf_str(&b, details);
    }

    if (tf_buf_done(&b, &data) != TF_OK) {
        ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
        ngx_tf_op_error(op);
        return;
    }

    ngx_tf_run_answer(op, status, data);
}


static void
ngx_tf_run_answer(ngx_tf_op_t *op, ngx_uint_t status, tf_str_t data)
{
    if (ngx_tf_op_reply(op, status, data) != NGX_DONE) {
        ngx_tf_op_error(op);
    }
}
