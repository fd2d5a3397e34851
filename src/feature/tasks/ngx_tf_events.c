
#include "ngx_tf.h"
#include "ngx_tf_redis.h"


#define NGX_TF_EVENTS_POLL   1000           /* ms between looks at the run */
#define NGX_TF_EVENTS_LIFE   (10 * 60 * 1000)
#define NGX_TF_EVENTS_QUIET  15             /* polls until a comment is sent */
#define NGX_TF_EVENTS_SIZE   8192           /* of one event, at most */
#define NGX_TF_EVENTS_ROW    2048           /* of a run as JSON, at most */


typedef struct {
    ngx_tf_op_t          *op;
    ngx_tf_redis_sub_t    sub;
    ngx_event_t           timer;
    ngx_uint_t            quiet;
    ngx_uint_t            written;      /* the last event was not left out */
    u_char                channel[12 + 36];

    /* one block is all a stream ever takes: an event is written when the last
     * one has left, and what comes in between is covered by the next poll */
    ngx_buf_t             buf;
    ngx_chain_t           out;
    u_char               *last_run;
    size_t                last_len;
    u_char                block[2 * NGX_TF_EVENTS_SIZE];
} ngx_tf_events_t;


/* Memory for one row: the request's pool would grow with every poll. */

typedef struct {
    u_char               *last;
    u_char               *end;
} ngx_tf_events_region_t;


static ngx_int_t ngx_tf_events_next(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_events_open(ngx_tf_op_t *op);
static void ngx_tf_events_poll(ngx_event_t *ev);
static void ngx_tf_events_polled(ngx_tf_op_t *op);
static void ngx_tf_events_failed(ngx_tf_op_t *op);
static void ngx_tf_events_message(ngx_tf_redis_sub_t *sub, ngx_str_t *message);
static ngx_int_t ngx_tf_events_write(ngx_tf_events_t *ev, const char *name,
    u_char *data, size_t len);
static ngx_int_t ngx_tf_events_send(ngx_tf_events_t *ev, size_t len);
static void ngx_tf_events_writable(ngx_http_request_t *r);
static void ngx_tf_events_end(ngx_tf_events_t *ev);
static void ngx_tf_events_cleanup(void *data);
static void *ngx_tf_events_alloc(void *ctx, size_t size);


const ngx_tf_route_t  ngx_tf_events_routes[] = {

    { NGX_TF_ROUTE(GET, "/task-runs/{run_id:uuid}/events", TF_VIEW,
                   "Follow a run (text/event-stream)"),
      .sql = { TF_SQL_task_run_progress },
      .render = NGX_TF_CUSTOM,
      .next = ngx_tf_events_next,
      .schema = "text/event-stream" },

    { .method = 0 }
};


static ngx_int_t
ngx_tf_events_next(ngx_tf_op_t *op)
{
    if (op->step == 0) {
        return ngx_tf_op_send(op, op->route->sql, 1);
    }

    if (PQntuples(op->res[0]) == 0) {
        return ngx_tf_request_fail(op, TF_E_RESOURCE_NOT_FOUND, NULL, NULL);
    }

    return ngx_tf_events_open(op);
}


static ngx_int_t
ngx_tf_events_open(ngx_tf_op_t *op)
{
    tf_str_t             uuid;
    ngx_int_t            rc;
    ngx_tf_events_t     *ev;
    ngx_http_cleanup_t  *cln;
    ngx_http_request_t  *r;

    r = op->r;

    ev = ngx_pcalloc(r->pool, sizeof(ngx_tf_events_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (ev == NULL || cln == NULL
        || ngx_tf_reply_header(op, "Cache-Control", tf_str("no-store"))
           != NGX_OK
        || ngx_tf_reply_header(op, "X-Accel-Buffering", tf_str("no")) != NGX_OK)
    {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    uuid = ngx_tf_input_get(op, "run_id");
    ngx_memcpy(ngx_cpymem(ev->channel, "taifish:run:", 12), uuid.data, 36);

    ev->op = op;
    ev->timer.handler = ngx_tf_events_poll;
    ev->timer.data = ev;
    ev->timer.log = r->connection->log;
    ev->last_run = ev->block + NGX_TF_EVENTS_SIZE;

    ev->sub.channel.data = ev->channel;
    ev->sub.channel.len = sizeof(ev->channel);
    ev->sub.handler = ngx_tf_events_message;
    ev->sub.data = ev;
    ev->sub.log = r->connection->log;
    ev->sub.label = op->id;

    ngx_tf_redis_subscribe(&ev->sub);

    cln->handler = ngx_tf_events_cleanup;
    cln->data = ev;

    op->ctx = ev;
    op->expired = ngx_tf_events_failed;

    ngx_tf_op_stream(op, NGX_TF_EVENTS_LIFE);

    r->headers_out.status = NGX_HTTP_OK;
    ngx_str_set(&r->headers_out.content_type, "text/event-stream");
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        ngx_tf_op_finish(op, rc);
        return NGX_DONE;
    }

    r->write_event_handler = ngx_tf_events_writable;

    ngx_tf_events_polled(op);

    return NGX_DONE;
}


static void
ngx_tf_events_poll(ngx_event_t *event)
{
    ngx_tf_op_t      *op;
    ngx_tf_events_t  *ev;

    static const tf_sql_e  sql = TF_SQL_task_run_progress;

    ev = event->data;
    op = ev->op;

    if (ngx_exiting || ngx_terminate) {
        op->process = ngx_tf_events_failed;
        ngx_tf_op_resume(op);
        return;
    }

    op->process = ngx_tf_events_polled;

    if (ngx_tf_op_send(op, &sql, 1) != NGX_AGAIN) {
        ngx_add_timer(&ev->timer, NGX_TF_EVENTS_POLL);
    }
}


static void
ngx_tf_events_polled(ngx_tf_op_t *op)
{
    tf_mem_t                 fixed;
    tf_buf_t                 b;
    tf_str_t                 row, status;
    ngx_tf_events_t         *ev;
    ngx_tf_events_region_t   region;
    u_char                   text[NGX_TF_EVENTS_SIZE];

    ev = op->ctx;

    if (PQntuples(op->res[0]) == 0) {
        ngx_tf_events_end(ev);
        return;
    }

    region.last = text;
    region.end = text + sizeof(text);

    fixed.alloc = ngx_tf_events_alloc;
    fixed.ctx = &region;

    tf_buf_init(&b, &fixed, NGX_TF_EVENTS_ROW, NGX_TF_EVENTS_ROW);
    tf_row_object(&b, op->res[0], 0);
    status = tf_row_get(op->res[0], 0, "status");

    if (tf_buf_done(&b, &row) == TF_OK
        && (row.len != ev->last_len
            || ngx_memcmp(row.data, ev->last_run, row.len) != 0))
    {
        if (ngx_tf_events_write(ev, "run", row.data, row.len) == NGX_ERROR) {
            return;
        }

        if (ev->written) {
            ngx_memcpy(ev->last_run, row.data, row.len);
            ev->last_len = row.len;
            ev->quiet = 0;
        }

    } else if (++ev->quiet >= NGX_TF_EVENTS_QUIET) {
        ev->quiet = 0;

        if (ngx_tf_events_write(ev, NULL, NULL, 0) == NGX_ERROR) {
            return;
        }
    }

    if (!tf_str_eq(status, "pending") && !tf_str_eq(status, "running")
        && !op->r->connection->buffered)
    {
        if (ngx_tf_events_write(ev, "end", (u_char *) "{}", 2) != NGX_ERROR) {
            ngx_tf_events_end(ev);
        }

        return;
    }

    ngx_add_timer(&ev->timer, NGX_TF_EVENTS_POLL);
}


/* PostgreSQL is away, nginx leaves or the stream is old: the browser comes back
 * by itself. */

static void
ngx_tf_events_failed(ngx_tf_op_t *op)
{
    ngx_tf_events_end(op->ctx);
}


static void
ngx_tf_events_message(ngx_tf_redis_sub_t *sub, ngx_str_t *message)
{
    u_char              name[16];
    size_t              len;
    u_char             *p;
    ngx_tf_events_t    *ev;
    ngx_connection_t   *c;

    ev = sub->data;
    c = ev->op->r->connection;

    /* {"event":"item",...} with no line breaks inside; the run's own state is
     * read from PostgreSQL */

    len = sizeof("{\"event\":\"") - 1;

    if (message->len < len
        || ngx_memcmp(message->data, "{\"event\":\"", len) != 0
        || ngx_strlchr(message->data, message->data + message->len, LF)
        || ngx_strlchr(message->data, message->data + message->len, CR))
    {
        return;
    }

    p = ngx_strlchr(message->data + len, message->data + message->len, '"');

    if (p == NULL || p - (message->data + len) >= (ssize_t) sizeof(name)) {
        return;
    }

    ngx_cpystrn(name, message->data + len, p - (message->data + len) + 1);

    if (ngx_strcmp(name, "run") == 0) {
        if (ev->timer.timer_set) {
            ngx_add_timer(&ev->timer, 1);
        }

        return;
    }

    if (ngx_strcmp(name, "item") != 0 && ngx_strcmp(name, "progress") != 0) {
        return;
    }

    (void) ngx_tf_events_write(ev, (char *) name, message->data, message->len);

    ngx_http_run_posted_requests(c);
}


/* NGX_ERROR: the stream is over and the request gone. An event that finds the
 * client slow, or that is too large, is left out. */

static ngx_int_t
ngx_tf_events_write(ngx_tf_events_t *ev, const char *name, u_char *data,
    size_t len)
{
    u_char  *p;

    ev->written = 0;

    if (ev->op->r->connection->buffered
        || len + 64 > NGX_TF_EVENTS_SIZE)
    {
        return NGX_OK;
    }

    p = ev->block;

    if (name) {
        p = ngx_sprintf(p, "event: %s\ndata: ", name);
        p = ngx_cpymem(p, data, len);
        *p++ = LF;
        *p++ = LF;

    } else {
        p = ngx_cpymem(p, ":\n\n", 3);
    }

    ev->written = 1;

    return ngx_tf_events_send(ev, p - ev->block);
}


static ngx_int_t
ngx_tf_events_send(ngx_tf_events_t *ev, size_t len)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ev->op->r;

    ngx_memzero(&ev->buf, sizeof(ngx_buf_t));

    ev->buf.start = ev->block;
    ev->buf.pos = ev->block;
    ev->buf.last = ev->block + len;
    ev->buf.end = ev->block + NGX_TF_EVENTS_SIZE;
    ev->buf.temporary = 1;
    ev->buf.flush = 1;
    ev->buf.last_in_chain = 1;

    ev->out.buf = &ev->buf;
    ev->out.next = NULL;

    rc = ngx_http_output_filter(r, &ev->out);

    if (rc == NGX_ERROR) {
        ngx_tf_op_finish(ev->op, NGX_ERROR);
    }

    return rc;
}


static void
ngx_tf_events_writable(ngx_http_request_t *r)
{
    ngx_event_t  *wev;
    ngx_tf_op_t  *op;

    op = ngx_tf_request_op(r);
    wev = r->connection->write;

    if (wev->timedout || ngx_http_output_filter(r, NULL) == NGX_ERROR) {
        ngx_tf_op_finish(op, NGX_ERROR);
        return;
    }

    (void) ngx_handle_write_event(wev, 0);
}


static void
ngx_tf_events_end(ngx_tf_events_t *ev)
{
    ngx_http_request_t  *r;

    r = ev->op->r;

    ngx_tf_events_cleanup(ev);
    ngx_tf_op_end(ev->op);

    ngx_http_finalize_request(r, ngx_http_send_special(r, NGX_HTTP_LAST));
}


static void
ngx_tf_events_cleanup(void *data)
{
    ngx_tf_events_t  *ev = data;

    if (ev->timer.timer_set) {
        ngx_del_timer(&ev->timer);
    }

    if (ev->sub.handler) {
        ngx_tf_redis_unsubscribe(&ev->sub);
        ev->sub.handler = NULL;
    }
}


static void *
ngx_tf_events_alloc(void *ctx, size_t size)
{
    u_char                  *p;
    ngx_tf_events_region_t  *region;

    region = ctx;
    p = ngx_align_ptr(region->last, NGX_ALIGNMENT);

    if (p > region->end || (size_t) (region->end - p) < size) {
        return NULL;
    }

    region->last = p + size;

    return p;
}
