
#include "ngx_tf_page.h"
#include "ngx_tf_reply.h"
#include "tf_json.h"
#include "tf_row.h"
#include "tf_words.h"


#define NGX_TF_REPLY_MAX  (64 * 1024 * 1024)


static ngx_int_t ngx_tf_reply_done(ngx_tf_op_t *op, tf_buf_t *b,
    tf_str_t *body);
static void ngx_tf_reply_open(ngx_tf_op_t *op, tf_buf_t *b, size_t size);
static void ngx_tf_reply_close(ngx_tf_op_t *op, tf_buf_t *b);
static ngx_uint_t ngx_tf_reply_refused(const PGresult *res);
static void ngx_tf_reply_reason(ngx_tf_op_t *op, tf_buf_t *b,
    const tf_error_t *e, const tf_err_t *err);
static const char *ngx_tf_reply_detail(ngx_tf_op_t *op, const tf_error_t *e,
    const tf_err_t *err);
static void ngx_tf_reply_suggestions(ngx_tf_op_t *op, tf_buf_t *b,
    const tf_error_t *e);
static void ngx_tf_reply_extra(ngx_tf_op_t *op, tf_buf_t *b,
    const tf_error_t *e, const tf_err_t *err);
static void ngx_tf_reply_context(ngx_tf_op_t *op, tf_buf_t *b);
static const char *ngx_tf_reply_message(ngx_tf_op_t *op, ngx_uint_t status);


ngx_int_t
ngx_tf_reply_data(ngx_tf_op_t *op, ngx_uint_t status, tf_str_t data,
    tf_str_t *body)
{
    tf_buf_t  b;

    tf_buf_init(&b, &op->mem, data.len + 256, NGX_TF_REPLY_MAX);

    tf_buf_lit(&b, "{\"success\":true,\"error\":false,\"message\":\"");
    tf_buf_lit(&b, ngx_tf_reply_message(op, status));
    tf_buf_char(&b, '"');

    if (data.len) {
        tf_buf_lit(&b, ",\"data\":");
        tf_buf_str(&b, data);
    }

    ngx_tf_reply_close(op, &b);

    return ngx_tf_reply_done(op, &b, body);
}


ngx_int_t
ngx_tf_reply_render(ngx_tf_op_t *op, ngx_uint_t *status, tf_str_t *body)
{
    tf_buf_t               b;
    PGresult              *res;
    const ngx_tf_route_t  *route;

    route = op->route;
    res = op->nres ? op->res[op->nres - 1] : NULL;
    *status = route->render == NGX_TF_CREATED ? NGX_HTTP_CREATED
              : res && ngx_tf_reply_refused(res) ? 207 /* Multi-Status */
              : NGX_HTTP_OK;

    if (res == NULL
        || (PQntuples(res) == 0 && (route->render == NGX_TF_ITEM
                                    || route->render == NGX_TF_CREATED)))
    {
        return ngx_tf_request_fail(op, res ? TF_E_RESOURCE_NOT_FOUND
                                           : TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    ngx_tf_reply_open(op, &b, PQresultMemorySize(res));

    if (route->key && route->render != NGX_TF_PAGE) {
        tf_buf_char(&b, '{');
        tf_json_key(&b, route->key);
    }

    switch (route->render) {

    case NGX_TF_PAGE:
        if (ngx_tf_page_render(op, &b) != NGX_OK) {
            return NGX_ERROR;
        }

        break;

    case NGX_TF_LIST:
        tf_row_array(&b, res);
        break;

    default:
        tf_row_object(&b, res, 0);
    }

    if (route->key && route->render != NGX_TF_PAGE) {
        tf_buf_char(&b, '}');
    }

    ngx_tf_reply_close(op, &b);

    return ngx_tf_reply_done(op, &b, body);
}


/* Something of a list was refused: a row's _refused says so. */

static ngx_uint_t
ngx_tf_reply_refused(const PGresult *res)
{
    int  column, i, n;

    column = PQfnumber(res, "_refused");
    n = column < 0 ? 0 : PQntuples(res);

    for (i = 0; i < n; i++) {
        if (*PQgetvalue(res, i, column) == 't') {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_tf_reply_error(ngx_tf_op_t *op, ngx_uint_t *status, tf_str_t *body)
{
    u_char             id[33], raw[16];
    tf_buf_t           b;
    const tf_err_t    *err;
    const tf_error_t  *e;

    err = &op->err;
    e = &tf_errors[err->code > TF_E_NONE && err->code < TF_E_END
                   ? err->code : TF_E_INTERNAL_ERROR];

    if (e->status >= 500) {
        ngx_log_error(NGX_LOG_ERR, op->r->connection->log, 0,
                      "taifish: %s%s%s", e->code,
                      err->detail[0] ? ": " : "", err->detail);
    }

    tf_random(raw, sizeof(raw));
    tf_hex(id, raw, sizeof(raw));
    id[32] = '\0';

    tf_buf_init(&b, &op->mem, 1024, NGX_TF_REPLY_MAX);

    tf_buf_lit(&b, "{\"success\":false,\"error\":true");
    tf_json_member(&b, "error_id", tf_str((char *) id));
    tf_json_member(&b, "category", tf_str(e->category));
    tf_json_member(&b, "severity", tf_str(e->severity));
    tf_json_member(&b, "message_code", tf_str(e->code));
    ngx_tf_reply_reason(op, &b, e, err);

    /* bad input is mended by whoever sent it */

    tf_buf_lit(&b, e->recoverable || ngx_strcmp(e->category, "validation") == 0
                   ? ",\"recoverable\":true" : ",\"recoverable\":false");
    ngx_tf_reply_suggestions(op, &b, e);
    ngx_tf_reply_context(op, &b);
    ngx_tf_reply_extra(op, &b, e, err);

    ngx_tf_reply_close(op, &b);

    if (e->status == NGX_HTTP_SERVICE_UNAVAILABLE) {
        (void) ngx_tf_reply_header(op, "Retry-After", tf_str("1"));
    }

    *status = e->status;

    return ngx_tf_reply_done(op, &b, body);
}


/* The message: what the code means, and of input which field and why. */

static void
ngx_tf_reply_reason(ngx_tf_op_t *op, tf_buf_t *b, const tf_error_t *e,
    const tf_err_t *err)
{
    tf_buf_t     text;
    tf_str_t     message;
    const char  *detail;

    message = tf_str(e->message[op->lang]);
    detail = ngx_tf_reply_detail(op, e, err);

    if (ngx_strcmp(e->category, "validation") == 0
        && (err->field[0] || detail[0]))
    {
        tf_buf_init(&text, &op->mem, 512, 2048);
        tf_buf_str(&text, message);
        tf_buf_lit(&text, op->lang == TF_LANG_EN ? ": " : "：");
        tf_buf_lit(&text, err->field);
        tf_buf_lit(&text, err->field[0] && detail[0] ? " " : "");
        tf_buf_lit(&text, detail);

        if (tf_buf_done(&text, &message) != TF_OK) {
            message = tf_str(e->message[op->lang]);
        }
    }

    tf_json_member(b, "message", message);
}


/* What a failure of ours was is for the log only. */

static const char *
ngx_tf_reply_detail(ngx_tf_op_t *op, const tf_error_t *e, const tf_err_t *err)
{
    if (e->status >= 500) {
        return "";
    }

    return op->lang == TF_LANG_ZH && err->detail_zh[0] ? err->detail_zh
                                                           : err->detail;
}


static void
ngx_tf_reply_suggestions(ngx_tf_op_t *op, tf_buf_t *b, const tf_error_t *e)
{
    ngx_uint_t          i;
    const char *const  *lines;

    lines = tf_words_suggestions(e->category, op->lang);

    tf_json_key(b, "suggestions");
    tf_buf_char(b, '[');

    for (i = 0; i < TF_SUGGESTIONS; i++) {
        if (i) {
            tf_buf_char(b, ',');
        }

        tf_json_string(b, tf_str(lines[i]));
    }

    tf_buf_char(b, ']');
}


static void
ngx_tf_reply_extra(ngx_tf_op_t *op, tf_buf_t *b, const tf_error_t *e,
    const tf_err_t *err)
{
    const char  *detail;

    detail = ngx_tf_reply_detail(op, e, err);

    if (!err->field[0] && !detail[0] && op->extra.len == 0) {
        return;
    }

    tf_json_key(b, "extra");
    tf_buf_char(b, '{');

    if (err->field[0]) {
        tf_json_member(b, "field", tf_str(err->field));
    }

    if (detail[0]) {
        tf_json_member(b, "detail", tf_str(detail));
    }

    if (op->extra.len) {
        if (err->field[0] || detail[0]) {
            tf_buf_char(b, ',');
        }

        tf_buf_str(b, op->extra);
    }

    tf_buf_char(b, '}');
}


static void
ngx_tf_reply_context(ngx_tf_op_t *op, tf_buf_t *b)
{
    u_char              *p;
    tf_str_t             s;
    ngx_http_request_t  *r;

    r = op->r;

    tf_json_key(b, "context");
    tf_buf_char(b, '{');

    /* as the client wrote it, without what it asked with */

    s.data = r->unparsed_uri.data;
    s.len = r->unparsed_uri.len;

    if (s.data && (p = ngx_strlchr(s.data, s.data + s.len, '?')) != NULL) {
        s.len = p - s.data;
    }

    tf_json_member(b, "url", s);

    s.data = r->method_name.data;
    s.len = r->method_name.len;
    tf_json_member(b, "method", s);

    s.data = op->id.data;
    s.len = op->id.len;
    tf_json_member(b, "request_id", s);

    if (op->session.role != NGX_TF_ROLE_NONE) {
        tf_json_key(b, "user_id");
        tf_buf_int(b, op->session.user_id);
    }

    tf_buf_char(b, '}');
}


static void
ngx_tf_reply_open(ngx_tf_op_t *op, tf_buf_t *b, size_t size)
{
    tf_buf_init(b, &op->mem, size + 512, NGX_TF_REPLY_MAX);

    tf_buf_lit(b, "{\"success\":true,\"error\":false,\"message\":\"");
    tf_buf_lit(b, ngx_tf_reply_message(op, op->route->render == NGX_TF_CREATED
                                           ? NGX_HTTP_CREATED : NGX_HTTP_OK));
    tf_buf_lit(b, "\",\"data\":");
}


static void
ngx_tf_reply_close(ngx_tf_op_t *op, tf_buf_t *b)
{
    ngx_tf_reply_time(b, "timestamp", ngx_time());
    tf_buf_char(b, '}');
}


void
ngx_tf_reply_more(ngx_tf_op_t *op, tf_str_t members)
{
    op->extra = members;
}


void
ngx_tf_reply_time(tf_buf_t *b, const char *name, time_t t)
{
    u_char    text[sizeof("1970-09-28T12:00:00Z")];
    ngx_tm_t  tm;

    ngx_gmtime(t, &tm);

    (void) ngx_sprintf(text, "%4d-%02d-%02dT%02d:%02d:%02dZ%Z",
                       tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                       tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec);

    tf_json_member(b, name, tf_str((char *) text));
}


static const char *
ngx_tf_reply_message(ngx_tf_op_t *op, ngx_uint_t status)
{
    static const char *const  words[3][TF_LANGS] = {
        { "操作成功", "OK" },
        { "创建成功", "Created" },
        { "任务已开始", "The task has started" }
    };

    return words[status == NGX_HTTP_CREATED ? 1
                 : status == NGX_HTTP_ACCEPTED ? 2 : 0][op->lang];
}


static ngx_int_t
ngx_tf_reply_done(ngx_tf_op_t *op, tf_buf_t *b, tf_str_t *body)
{
    if (tf_buf_done(b, body) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                   "the answer is too large");
    }

    return NGX_OK;
}


ngx_int_t
ngx_tf_reply_send(ngx_tf_op_t *op, ngx_uint_t status, const char *type,
    tf_str_t body)
{
    ngx_int_t            rc;
    ngx_buf_t           *buf;
    ngx_chain_t          out;
    ngx_http_request_t  *r;

    r = op->r;

    ngx_tf_debug2(op, "answers %ui, %uz bytes", status, body.len);

    /* a body that a refusal left unread is not the next request */

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    buf = ngx_calloc_buf(r->pool);

    if (buf == NULL || ngx_tf_reply_headers(op, status, type) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.content_length_n = body.len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    buf->pos = body.data;
    buf->last = body.data + body.len;
    buf->memory = 1;
    buf->last_buf = (r == r->main);
    buf->last_in_chain = 1;

    out.buf = buf;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_tf_reply_headers(ngx_tf_op_t *op, ngx_uint_t status, const char *type)
{
    tf_str_t             id;
    ngx_http_request_t  *r;

    r = op->r;

    r->headers_out.status = status;

    r->headers_out.content_type.data = (u_char *) type;
    r->headers_out.content_type.len = ngx_strlen(type);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    ngx_str_set(&r->headers_out.charset, "utf-8");
    r->headers_out.content_type_lowcase = NULL;

    /* the answer to an error of nginx's own keeps nothing of that error */

    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);

    if (ngx_tf_reply_header(op, "Cache-Control", tf_str("no-store"))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    id.data = op->id.data;
    id.len = op->id.len;

    return ngx_tf_reply_header(op, "X-Request-ID", id);
}


ngx_int_t
ngx_tf_reply_header(ngx_tf_op_t *op, const char *name, tf_str_t value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&op->r->headers_out.headers);
    if (h == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = value.data;
    h->value.len = value.len;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return NGX_OK;
}
