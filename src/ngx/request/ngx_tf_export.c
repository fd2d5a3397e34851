
#include "ngx_tf_export.h"
#include "ngx_tf_input.h"
#include "ngx_tf_op.h"
#include "ngx_tf_reply.h"
#include "ngx_tf_xlsx.h"


#define NGX_TF_EXPORT_CHUNK  (64 * 1024 * 1024)     /* bytes, at most */
#define NGX_TF_EXPORT_LIFE   (60 * 60 * 1000)       /* ms */
#define NGX_TF_EXPORT_UNSENT (64 * 1024)            /* bytes in the kernel */
#define NGX_TF_EXPORT_MAX    64         /* at once, of one process */
#define NGX_TF_EXPORT_RETRY  200        /* ms, when the slow lane is full */


typedef struct {
    const char      *name;      /* of the parameter, and of the file */
    const char      *media;
} ngx_tf_export_type_t;


typedef struct {
    ngx_tf_op_t     *op;
    ngx_tf_xlsx_t   *xlsx;      /* NULL: the rows are sent as they come */
    ngx_pool_t      *pool;      /* of the chunk; NULL: it is sent */
    ngx_buf_t        buf;
    ngx_chain_t      out;
    ngx_event_t      retry;
    u_char           last[NGX_INT64_LEN + 1];
    unsigned         lines:1;   /* JSON Lines, not CSV */
    unsigned         begun:1;
} ngx_tf_export_ctx_t;


static ngx_int_t ngx_tf_export_open(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_export_stream(ngx_tf_export_ctx_t *ctx);
static const ngx_tf_export_type_t *ngx_tf_export_type(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_export_headers(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_export_name(ngx_tf_op_t *op, const char *type);
static void ngx_tf_export_unsent(ngx_connection_t *c);
static void ngx_tf_export_ask(ngx_tf_export_ctx_t *ctx);
static void ngx_tf_export_again(ngx_event_t *ev);
static void ngx_tf_export_chunk(ngx_tf_op_t *op);
static void ngx_tf_export_sheet(ngx_tf_op_t *op);
static void ngx_tf_export_written(ngx_tf_op_t *op);
static void ngx_tf_export_whole(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_export_last(ngx_tf_op_t *op, const PGresult *rows);
static ngx_int_t ngx_tf_export_write(ngx_tf_export_ctx_t *ctx,
    const PGresult *rows);
static void *ngx_tf_export_alloc(void *pool, size_t size);
static void ngx_tf_export_send(ngx_tf_export_ctx_t *ctx);
static void ngx_tf_export_writable(ngx_http_request_t *r);
static void ngx_tf_export_cut(ngx_tf_op_t *op);
static void ngx_tf_export_cleanup(void *data);


static ngx_uint_t  ngx_tf_export_running;


ngx_int_t
ngx_tf_export_next(ngx_tf_op_t *op)
{
    if (op->step == 0) {
        return ngx_tf_op_send(op, op->route->sql, 1);
    }

    return ngx_tf_export_open(op);
}


/* The first chunk is there: what is wrong with the request has been said. */

static ngx_int_t
ngx_tf_export_open(ngx_tf_op_t *op)
{
    ngx_http_cleanup_t   *cln;
    ngx_http_request_t   *r;
    ngx_tf_export_ctx_t  *ctx;

    r = op->r;

    if (ngx_tf_export_running >= NGX_TF_EXPORT_MAX) {
        return ngx_tf_request_fail(op, TF_E_RATE_LIMIT_EXCEEDED, NULL,
                                   "too many exports are running");
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_tf_export_ctx_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (ctx == NULL || cln == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    ctx->op = op;
    ctx->lines = tf_str_eq(ngx_tf_input_get(op, "format"), "jsonl");
    ctx->retry.handler = ngx_tf_export_again;
    ctx->retry.data = ctx;
    ctx->retry.log = r->connection->log;

    ngx_tf_export_running++;
    cln->handler = ngx_tf_export_cleanup;
    cln->data = ctx;

    op->ctx = ctx;
    op->failed = ngx_tf_export_cut;
    op->expired = ngx_tf_export_cut;

    if (!tf_str_eq(ngx_tf_input_get(op, "format"), "xlsx")
        || r->method == NGX_HTTP_HEAD)
    {
        return ngx_tf_export_stream(ctx);
    }

    ctx->xlsx = ngx_tf_xlsx_create(op);
    if (ctx->xlsx == NULL) {
        return NGX_ERROR;
    }

    ngx_tf_op_stream(op, NGX_TF_EXPORT_LIFE);
    ngx_tf_export_sheet(op);

    return NGX_DONE;
}


static ngx_int_t
ngx_tf_export_stream(ngx_tf_export_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_tf_op_t         *op;
    ngx_http_request_t  *r;

    op = ctx->op;
    r = op->r;

    if (ngx_tf_export_headers(op) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_tf_op_stream(op, NGX_TF_EXPORT_LIFE);
    ngx_tf_export_unsent(r->connection);

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        ngx_tf_op_finish(op, rc);
        return NGX_DONE;
    }

    r->write_event_handler = ngx_tf_export_writable;

    ngx_tf_export_chunk(op);

    return NGX_DONE;
}


static const ngx_tf_export_type_t *
ngx_tf_export_type(ngx_tf_op_t *op)
{
    const ngx_tf_export_type_t  *type;

    static const ngx_tf_export_type_t  types[] = {
        { "jsonl", "application/x-ndjson" },
        { "xlsx", NGX_TF_XLSX_TYPE },
        { "csv", "text/csv" }
    };

    for (type = types; type->media != types[2].media; type++) {
        if (tf_str_eq(ngx_tf_input_get(op, "format"), type->name)) {
            break;
        }
    }

    return type;
}


static ngx_int_t
ngx_tf_export_headers(ngx_tf_op_t *op)
{
    const ngx_tf_export_type_t  *type;

    type = ngx_tf_export_type(op);

    if (ngx_tf_export_name(op, type->name) != NGX_OK
        || ngx_tf_reply_headers(op, NGX_HTTP_OK, type->media) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_strcmp(type->name, "xlsx") == 0) {
        ngx_str_null(&op->r->headers_out.charset);
    }

    return NGX_OK;
}


/* instances_export_20261122_175448.csv */

static ngx_int_t
ngx_tf_export_name(ngx_tf_op_t *op, const char *type)
{
    size_t     size;
    ngx_tm_t   tm;
    tf_str_t   value;

    size = ngx_strlen(op->route->exports->file) + ngx_strlen(type)
           + sizeof("attachment; filename=\"_20261122_175448.\"");

    value.data = ngx_pnalloc(op->r->pool, size);
    if (value.data == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    ngx_gmtime(ngx_time(), &tm);

    value.len = ngx_snprintf(value.data, size,
                             "attachment; filename=\"%s_%4d%02d%02d_"
                             "%02d%02d%02d.%s\"", op->route->exports->file,
                             tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                             tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec,
                             type)
                - value.data;

    return ngx_tf_reply_header(op, "Content-Disposition", value);
}


/* The kernel takes no megabytes for a slow client, and says that there is room
 * again soon enough to tell it from one that reads nothing. */

static void
ngx_tf_export_unsent(ngx_connection_t *c)
{
    int  bytes;

    bytes = NGX_TF_EXPORT_UNSENT;

    if (setsockopt(c->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes,
                   sizeof(bytes))
        == -1)
    {
        ngx_log_debug0(NGX_LOG_DEBUG_HTTP, c->log, ngx_socket_errno,
                       "taifish: no TCP_NOTSENT_LOWAT");
    }
}


/* Asks for the next chunk; a lane that is full just now is asked again. */

static void
ngx_tf_export_ask(ngx_tf_export_ctx_t *ctx)
{
    ngx_tf_op_t  *op;

    op = ctx->op;
    op->process = ctx->xlsx ? ngx_tf_export_sheet : ngx_tf_export_chunk;

    if (ngx_tf_op_send(op, op->route->sql, 1) != NGX_AGAIN) {
        ngx_add_timer(&ctx->retry, NGX_TF_EXPORT_RETRY);
    }
}


static void
ngx_tf_export_again(ngx_event_t *ev)
{
    ngx_tf_export_ask(ev->data);
}


static void
ngx_tf_export_chunk(ngx_tf_op_t *op)
{
    ngx_int_t             n;
    ngx_tf_export_ctx_t  *ctx;

    ctx = op->ctx;
    n = PQntuples(op->res[0]);

    if (ngx_tf_export_write(ctx, op->res[0]) != NGX_OK) {
        ngx_tf_export_cut(op);
        return;
    }

    ngx_tf_debug2(op, "export: %i rows, %O bytes", n,
                  ngx_buf_size(&ctx->buf));

    ngx_tf_op_forget(op);

    if (n < NGX_TF_EXPORT_ROWS) {
        ctx->buf.last_buf = 1;
        n = ngx_http_output_filter(op->r, &ctx->out);
        ngx_tf_op_finish(op, n);
        return;
    }

    if (ngx_http_output_filter(op->r, &ctx->out) == NGX_ERROR) {
        ngx_tf_op_finish(op, NGX_ERROR);
        return;
    }

    ngx_tf_export_send(ctx);
}


/* Makes the chunk of these rows, and keeps where they end. */

static ngx_int_t
ngx_tf_export_write(ngx_tf_export_ctx_t *ctx, const PGresult *rows)
{
    tf_mem_t      mem;
    tf_buf_t      b;
    tf_str_t      text;
    ngx_tf_op_t  *op;

    op = ctx->op;

    ctx->pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);
    if (ctx->pool == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    mem.alloc = ngx_tf_export_alloc;
    mem.ctx = ctx->pool;

    tf_buf_init(&b, &mem, PQresultMemorySize(rows) + 1024,
                NGX_TF_EXPORT_CHUNK);

    if (ctx->lines) {
        tf_row_lines(&b, rows);

    } else {
        if (!ctx->begun) {
            tf_export_titles(&b, op->route->exports, op->lang);
        }

        tf_export_rows(&b, op->route->exports, op->lang, rows);
    }

    ctx->begun = 1;

    if (tf_buf_done(&b, &text) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                   "the chunk is too large");
    }

    if (ngx_tf_export_last(op, rows) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(&ctx->buf, sizeof(ngx_buf_t));

    ctx->buf.start = text.data;
    ctx->buf.pos = text.data;
    ctx->buf.last = text.data + text.len;
    ctx->buf.end = ctx->buf.last;
    ctx->buf.memory = text.len != 0;
    ctx->buf.flush = 1;
    ctx->buf.last_in_chain = 1;

    ctx->out.buf = &ctx->buf;
    ctx->out.next = NULL;

    return NGX_OK;
}


/* Keeps where these rows end. */

static ngx_int_t
ngx_tf_export_last(ngx_tf_op_t *op, const PGresult *rows)
{
    tf_str_t              id;
    ngx_tf_export_ctx_t  *ctx;

    ctx = op->ctx;
    id = tf_row_get(rows, PQntuples(rows) - 1, "_id");

    if (id.data == NULL || id.len >= sizeof(ctx->last)) {
        return NGX_OK;
    }

    ngx_cpystrn(ctx->last, id.data, sizeof(ctx->last));
    id.data = ctx->last;

    return ngx_tf_input_put(op, "_after_id", id);
}


/* Hands a chunk to the thread that makes the file. */

static void
ngx_tf_export_sheet(ngx_tf_op_t *op)
{
    ngx_int_t             n;
    ngx_tf_export_ctx_t  *ctx;

    ctx = op->ctx;
    n = PQntuples(op->res[0]);
    op->process = ngx_tf_export_written;

    if (ngx_tf_export_last(op, op->res[0]) != NGX_OK
        || ngx_tf_xlsx_write(ctx->xlsx, op, ngx_tf_op_take(op, 0),
                             n < NGX_TF_EXPORT_ROWS)
           != NGX_AGAIN)
    {
        ngx_tf_export_cut(op);
        return;
    }

    ngx_tf_op_forget(op);
}


static void
ngx_tf_export_written(ngx_tf_op_t *op)
{
    ngx_tf_export_ctx_t  *ctx;

    ctx = op->ctx;

    switch (ngx_tf_xlsx_written(ctx->xlsx, op)) {

    case NGX_OK:
        ngx_tf_export_whole(op);
        return;

    case NGX_AGAIN:
        ngx_tf_export_ask(ctx);
        return;

    default:
        ngx_tf_export_cut(op);
    }
}


/* The file is there: it is sent as any other one. */

static void
ngx_tf_export_whole(ngx_tf_op_t *op)
{
    ngx_int_t             rc;
    ngx_http_request_t   *r;
    ngx_tf_export_ctx_t  *ctx;

    r = op->r;
    ctx = op->ctx;

    if (ngx_tf_xlsx_buf(ctx->xlsx, op, &ctx->buf) != NGX_OK
        || ngx_tf_export_headers(op) != NGX_OK)
    {
        ngx_tf_export_cut(op);
        return;
    }

    ngx_tf_debug1(op, "export: %O bytes", ngx_buf_size(&ctx->buf));

    r->headers_out.content_length_n = ngx_buf_size(&ctx->buf);
    rc = ngx_http_send_header(r);

    if (rc == NGX_OK) {
        ctx->buf.last_buf = 1;
        ctx->buf.last_in_chain = 1;
        ctx->out.buf = &ctx->buf;
        rc = ngx_http_output_filter(r, &ctx->out);
    }

    ngx_tf_op_finish(op, rc);
}


static void *
ngx_tf_export_alloc(void *pool, size_t size)
{
    return ngx_palloc(pool, size);
}


/* Goes on when the chunk has left, or waits until it has. */

static void
ngx_tf_export_send(ngx_tf_export_ctx_t *ctx)
{
    ngx_event_t               *wev;
    ngx_connection_t          *c;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    r = ctx->op->r;
    c = r->connection;
    wev = c->write;

    if (ngx_buf_size(&ctx->buf) == 0
        && !(c->buffered & NGX_HTTP_WRITE_BUFFERED))
    {
        if (wev->timer_set) {
            ngx_del_timer(wev);
        }

        ngx_destroy_pool(ctx->pool);
        ctx->pool = NULL;

        ngx_tf_export_ask(ctx);
        return;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!wev->delayed) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
        ngx_tf_op_finish(ctx->op, NGX_ERROR);
    }
}


static void
ngx_tf_export_writable(ngx_http_request_t *r)
{
    ngx_event_t          *wev;
    ngx_tf_op_t          *op;
    ngx_tf_export_ctx_t  *ctx;

    op = ngx_tf_request_op(r);
    ctx = op->ctx;
    wev = r->connection->write;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, NGX_ETIMEDOUT,
                      "client timed out");
        r->connection->timedout = 1;
        ngx_tf_op_finish(op, NGX_ERROR);
        return;
    }

    if (ctx->pool == NULL) {
        return;
    }

    if (!wev->delayed && ngx_http_output_filter(r, NULL) == NGX_ERROR) {
        ngx_tf_op_finish(op, NGX_ERROR);
        return;
    }

    ngx_tf_export_send(ctx);
}


/* What has begun can only be cut: the client sees that the end is missing.  A
 * file that is not sent yet has an error answer in its place. */

static void
ngx_tf_export_cut(ngx_tf_op_t *op)
{
    ngx_log_error(NGX_LOG_ERR, op->r->connection->log, 0,
                  "taifish: an export was cut: %s%s%s",
                  tf_errors[op->err.code].code,
                  op->err.detail[0] ? ": " : "", op->err.detail);

    ngx_tf_op_error(op);
}


static void
ngx_tf_export_cleanup(void *data)
{
    ngx_tf_export_ctx_t  *ctx = data;

    if (ctx->retry.timer_set) {
        ngx_del_timer(&ctx->retry);
    }

    if (ctx->pool) {
        ngx_destroy_pool(ctx->pool);
        ctx->pool = NULL;
    }

    if (ctx->xlsx) {
        ngx_tf_xlsx_release(ctx->xlsx);
    }

    ngx_tf_export_running--;
}
