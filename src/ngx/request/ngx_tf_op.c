
#include "ngx_tf_op_int.h"
#include "ngx_tf_metrics_zone.h"
#include "ngx_tf_op.h"
#include "ngx_tf_page.h"


#define NGX_TF_REQUEST_ID_MAX  128

typedef enum { NGX_TF_VAR_ROUTE = 0, NGX_TF_VAR_USER,
    NGX_TF_VAR_REQUEST_ID } ngx_tf_variable_e;


static void ngx_tf_op_count(ngx_tf_op_t *op);
static void ngx_tf_op_start(ngx_tf_op_t *op);
static void ngx_tf_op_unmatched(ngx_tf_op_t *op);
static void ngx_tf_op_identify(ngx_tf_op_t *op);
static void ngx_tf_op_authorise(ngx_tf_op_t *op);
static void ngx_tf_op_read(ngx_tf_op_t *op);
static void ngx_tf_op_body_read(ngx_http_request_t *r);
static void ngx_tf_op_validate(ngx_tf_op_t *op);
static void ngx_tf_op_next(ngx_tf_op_t *op);
static void ngx_tf_op_again(ngx_tf_op_t *op);
static void ngx_tf_op_render(ngx_tf_op_t *op);
static void ngx_tf_op_unit_done(ngx_tf_pg_unit_t *u);
static void ngx_tf_op_constraint(ngx_tf_op_t *op, ngx_tf_pg_unit_t *u);
static void ngx_tf_op_expired(ngx_event_t *ev);
static void ngx_tf_op_cleanup(void *data);
static ngx_int_t ngx_tf_op_request_id(ngx_tf_op_t *op);
static tf_lang_e ngx_tf_op_lang(ngx_http_request_t *r);
static ngx_table_elt_t *ngx_tf_op_header_in(ngx_http_request_t *r,
    const char *name);
static tf_code_e ngx_tf_op_status_code(ngx_uint_t status);
static void *ngx_tf_op_alloc(void *ctx, size_t size);
static ngx_int_t ngx_tf_op_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


ngx_int_t
ngx_tf_op_handler(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    ngx_tf_op_t         *op;
    ngx_tf_op_int_t     *in;
    ngx_http_cleanup_t  *cln;

    in = ngx_pcalloc(r->pool, sizeof(ngx_tf_op_int_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (in == NULL || cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op = &in->op;
    op->in = in;
    op->r = r;
    op->mem.alloc = ngx_tf_op_alloc;
    op->mem.ctx = r->pool;

    cln->handler = ngx_tf_op_cleanup;
    cln->data = op;

    ngx_tf_op_count(op);

    in->deadline.handler = ngx_tf_op_expired;
    in->deadline.data = op;
    in->deadline.log = r->connection->log;
    in->lang = ngx_tf_op_lang(r);
    in->unsafe = !(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS));

    if (ngx_tf_op_request_id(op) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_set_ctx(r, op, ngx_taifish_module);

    if (!in->unsafe || r->err_status) {
        rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    /* the op's own hold on the request; finalizing lets go of it */

    r->main->count++;

    if (r->err_status) {
        ngx_tf_op_fail(op, ngx_tf_op_status_code(r->err_status), NULL, NULL);

        /* 494 to 499 are numbers of nginx's own */

        if (r->err_status >= NGX_HTTP_REQUEST_HEADER_TOO_LARGE
            && r->err_status < NGX_HTTP_INTERNAL_SERVER_ERROR)
        {
            r->err_status = NGX_HTTP_BAD_REQUEST;
        }

        ngx_tf_op_error(op);

    } else {
        ngx_tf_op_start(op);
    }

    return NGX_DONE;
}


/* A request whose op could not answer comes again by error_page: it counts
 * once, as what it was at first. */

static void
ngx_tf_op_count(ngx_tf_op_t *op)
{
    ngx_http_cleanup_t  *cln;

    for (cln = op->r->cleanup->next; cln; cln = cln->next) {
        if (cln->handler == ngx_tf_op_cleanup) {
            return;
        }
    }

    op->in->counted = 1;
    op->in->refused = op->r->err_status != 0;

    ngx_tf_metrics_begin(op);
}


static void
ngx_tf_op_start(ngx_tf_op_t *op)
{
    ngx_tf_main_conf_t  *mcf;

    mcf = ngx_tf_conf();

    if (ngx_tf_router_match(mcf->router, op->r, &op->in->match) != NGX_OK) {
        ngx_tf_op_unmatched(op);
        return;
    }

    op->route = op->in->match.route;

    ngx_tf_op_deadline(op, mcf->deadline);

    if (op->route->perm == TF_PUBLIC) {
        ngx_tf_op_authorise(op);
        return;
    }

    ngx_tf_op_identify(op);
}


static void
ngx_tf_op_unmatched(ngx_tf_op_t *op)
{
    u_char      *p;
    tf_str_t     allow;
    ngx_uint_t   m;

    m = op->in->match.allowed;

    if (m == 0) {
        ngx_tf_op_fail(op, TF_E_RESOURCE_NOT_FOUND, NULL, NULL);
        ngx_tf_op_error(op);
        return;
    }

    ngx_tf_op_fail(op, TF_E_METHOD_NOT_ALLOWED, NULL, NULL);

    allow.data = ngx_pnalloc(op->r->pool,
                             sizeof("GET, HEAD, POST, PUT, PATCH, DELETE, "));
    if (allow.data != NULL) {
        p = ngx_sprintf(allow.data, "%s%s%s%s%s",
                        m & NGX_HTTP_GET ? "GET, HEAD, " : "",
                        m & NGX_HTTP_POST ? "POST, " : "",
                        m & NGX_HTTP_PUT ? "PUT, " : "",
                        m & NGX_HTTP_PATCH ? "PATCH, " : "",
                        m & NGX_HTTP_DELETE ? "DELETE, " : "");
        allow.len = p - allow.data - 2;
        (void) ngx_tf_op_header(op, "Allow", allow);
    }

    ngx_tf_op_error(op);
}


/* Finds out who it is: at once, or with a statement whose result brings the op
 * back here. */

static void
ngx_tf_op_identify(ngx_tf_op_t *op)
{
    tf_sql_e   sql;
    ngx_int_t  rc;

    rc = ngx_tf_session_get(op, &op->in->session,
                            op->nres ? op->res[0] : NULL, &sql);

    if (rc == NGX_AGAIN) {
        op->nres = 0;
        rc = ngx_tf_op_send(op, &sql, 1);

        if (rc == NGX_AGAIN) {
            op->in->process = ngx_tf_op_identify;
            return;
        }
    }

    op->nres = 0;

    if (rc != NGX_OK) {
        ngx_tf_op_error(op);
        return;
    }

    ngx_tf_op_authorise(op);
}


static void
ngx_tf_op_authorise(ngx_tf_op_t *op)
{
    ngx_tf_perm_e      perm;
    ngx_tf_session_t  *s;

    s = &op->in->session;
    perm = op->route->perm;

    if (s->role == NGX_TF_ROLE_NONE && perm != TF_PUBLIC && perm != TF_ANYONE) {
        ngx_tf_op_fail(op, TF_E_AUTHENTICATION_REQUIRED, NULL, NULL);
        ngx_tf_op_error(op);
        return;
    }

    if (!ngx_tf_session_may(s->role, perm)
        || (op->in->unsafe && s->bearer && s->read_only))
    {
        ngx_tf_op_fail(op, perm == TF_ADMIN ? TF_E_ADMIN_PERMISSION_REQUIRED
                                            : TF_E_PERMISSION_REQUIRED,
                       NULL, NULL);
        ngx_tf_op_error(op);
        return;
    }

    if (!op->in->unsafe) {
        ngx_tf_op_validate(op);
        return;
    }

    if (!s->bearer && ngx_tf_csrf_check(op, s) != NGX_OK) {
        ngx_tf_op_error(op);
        return;
    }

    ngx_tf_op_read(op);
}


static void
ngx_tf_op_read(ngx_tf_op_t *op)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = op->r;

    if (r->headers_in.content_length_n > (off_t) ngx_tf_conf()->body_max) {
        ngx_tf_op_fail(op, TF_E_BODY_TOO_LARGE, NULL, NULL);
        ngx_tf_op_error(op);
        return;
    }

    r->request_body_in_single_buf = 1;

    /* nginx looks at r once more after ngx_tf_op_body_read, which may have
     * answered and let go of it: a hold until then */

    r->main->count++;

    rc = ngx_http_read_client_request_body(r, ngx_tf_op_body_read);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        ngx_tf_op_end(op);
        ngx_http_finalize_request(r, rc);
    }

    ngx_http_finalize_request(r, NGX_DONE);
}


static void
ngx_tf_op_body_read(ngx_http_request_t *r)
{
    ngx_tf_op_t  *op;

    /* reading took a hold of its own; the op's is enough */

    r->main->count--;

    op = ngx_http_get_module_ctx(r, ngx_taifish_module);

    if (op->in->done) {
        return;
    }

    ngx_tf_op_validate(op);
}


static void
ngx_tf_op_validate(ngx_tf_op_t *op)
{
    if (ngx_tf_input_path(op) != NGX_OK
        || ngx_tf_input_query(op) != NGX_OK
        || ngx_tf_input_body(op) != NGX_OK)
    {
        ngx_tf_op_error(op);
        return;
    }

    /* from here on the request may wait: a client that goes away is noticed */

    op->r->read_event_handler = ngx_http_test_reading;

    ngx_tf_op_next(op);
}


static void
ngx_tf_op_next(ngx_tf_op_t *op)
{
    ngx_int_t              rc;
    ngx_uint_t             n;
    const ngx_tf_route_t  *route;

    route = op->route;

    if (route->next) {
        op->in->process = ngx_tf_op_again;
        rc = route->next(op);

    } else {
        for (n = 0; n < NGX_TF_SQL_MAX && route->sql[n]; n++) { /* void */ }

        op->in->process = ngx_tf_op_render;
        rc = ngx_tf_op_send(op, route->sql, n);
    }

    switch (rc) {

    case NGX_AGAIN:
    case NGX_DONE:
        return;

    case NGX_OK:
        ngx_tf_op_render(op);
        return;

    default:
        ngx_tf_op_error(op);
    }
}


static void
ngx_tf_op_again(ngx_tf_op_t *op)
{
    op->step++;
    ngx_tf_op_next(op);
}


static void
ngx_tf_op_render(ngx_tf_op_t *op)
{
    if (op->route->render == NGX_TF_RUN) {
        ngx_tf_run_wait(op);
        return;
    }

    ngx_tf_reply_render(op);
}


ngx_int_t
ngx_tf_op_send(ngx_tf_op_t *op, const tf_sql_e *sql, ngx_uint_t n)
{
    tf_sql_e           stmts[NGX_TF_SQL_MAX];
    tf_str_t           values[NGX_TF_SQL_MAX * NGX_TF_PG_PARAMS_MAX];
    ngx_uint_t         i, k, v;
    ngx_tf_pg_unit_t  *u;

    /* a page is its sorted statement and the one that counts */

    for (i = 0, k = 0; i < n; i++) {
        if (k + (tf_sql[sql[i]].nsorts ? 2 : 1) > NGX_TF_SQL_MAX) {
            return ngx_tf_op_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                  "too many statements");
        }

        if (tf_sql[sql[i]].nsorts == 0) {
            stmts[k++] = sql[i];
            continue;
        }

        if (ngx_tf_page_statements(op, sql[i], &stmts[k]) != NGX_OK) {
            return NGX_ERROR;
        }

        k += 2;
    }

    for (i = 0, v = 0; i < k; i++) {
        if (ngx_tf_input_bind(op, stmts[i], &values[v]) != NGX_OK) {
            return NGX_ERROR;
        }

        v += tf_sql[stmts[i]].nparams;
    }

    u = ngx_tf_pg_unit(stmts, k, values);
    if (u == NULL) {
        return ngx_tf_op_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    return ngx_tf_op_await(op, u);
}


ngx_int_t
ngx_tf_op_await(ngx_tf_op_t *op, ngx_tf_pg_unit_t *u)
{
    u->done = ngx_tf_op_unit_done;
    u->data = op;
    u->log = op->r->connection->log;
    u->label = op->in->request_id;

    if (ngx_tf_pg_send(u) != NGX_OK) {
        return ngx_tf_op_fail(op, TF_E_SERVICE_UNAVAILABLE, NULL,
                              "too many requests wait for PostgreSQL");
    }

    op->in->unit = u;

    return NGX_AGAIN;
}


static void
ngx_tf_op_unit_done(ngx_tf_pg_unit_t *u)
{
    ngx_uint_t        i;
    ngx_tf_op_t      *op;
    ngx_tf_op_int_t  *in;

    op = u->data;
    in = op->in;
    in->unit = NULL;

    if (u->err.code) {
        op->err = u->err;
        ngx_tf_op_constraint(op, u);
        in->process = ngx_tf_op_error;
        ngx_tf_op_resume(op);
        return;
    }

    /* values may point into earlier results: they stay until the op ends */

    for (i = 0; i < u->n; i++) {
        op->res[i] = u->res[i];
        u->res[i] = NULL;

        if (in->kept[in->nkept % NGX_TF_KEPT_MAX]) {
            PQclear(in->kept[in->nkept % NGX_TF_KEPT_MAX]);
        }

        in->kept[in->nkept++ % NGX_TF_KEPT_MAX] = op->res[i];
    }

    op->nres = u->n;

    ngx_tf_op_resume(op);
}


/* What a broken constraint means is the route's to say. */

static void
ngx_tf_op_constraint(ngx_tf_op_t *op, ngx_tf_pg_unit_t *u)
{
    const ngx_tf_constraint_t  *c;

    if (op->err.code != TF_E_CONSTRAINT_VIOLATION) {
        return;
    }

    for (c = op->route->constraints; c && c->name; c++) {
        if (ngx_strcmp(c->name, u->constraint) == 0) {
            ngx_tf_op_fail(op, c->code, c->field, NULL);
            return;
        }
    }
}


void
ngx_tf_op_resume(ngx_tf_op_t *op)
{
    ngx_connection_t  *c;

    c = op->r->connection;

    ngx_http_set_log_request(c->log, op->r);

    op->in->process(op);

    ngx_http_run_posted_requests(c);
}


void
ngx_tf_op_deadline(ngx_tf_op_t *op, ngx_msec_t ms)
{
    ngx_add_timer(&op->in->deadline, ms);
}


static void
ngx_tf_op_expired(ngx_event_t *ev)
{
    ngx_tf_op_t      *op;
    ngx_tf_op_int_t  *in;

    op = ev->data;
    in = op->in;

    ngx_tf_op_fail(op, in->unit && in->unit->write ? TF_E_OUTCOME_UNKNOWN
                                                   : TF_E_DATABASE_TIMEOUT,
                   NULL, "the request took too long");

    in->process = ngx_tf_op_error;
    ngx_tf_op_resume(op);
}


void
ngx_tf_op_error(ngx_tf_op_t *op)
{
    /* a stream that has begun can only be cut */

    if (op->r->header_sent) {
        ngx_tf_op_end(op);
        ngx_http_finalize_request(op->r, NGX_ERROR);
        return;
    }

    ngx_tf_reply_error(op, &op->err);
}


ngx_int_t
ngx_tf_op_fail(ngx_tf_op_t *op, tf_code_e code, const char *field,
    const char *detail)
{
    (void) tf_fail(&op->err, code, field, "%s", detail ? detail : "");

    return NGX_ERROR;
}


ngx_int_t
ngx_tf_op_reply(ngx_tf_op_t *op, ngx_uint_t status, tf_str_t data)
{
    ngx_tf_reply_data(op, status, data);

    return NGX_DONE;
}


ngx_tf_session_t *
ngx_tf_op_session(ngx_tf_op_t *op)
{
    return &op->in->session;
}


void
ngx_tf_op_end(ngx_tf_op_t *op)
{
    ngx_uint_t        i;
    ngx_tf_op_int_t  *in;

    in = op->in;

    if (in->deadline.timer_set) {
        ngx_del_timer(&in->deadline);
    }

    if (in->unit) {
        ngx_tf_pg_detach(in->unit);
        in->unit = NULL;
    }

    ngx_tf_thread_detach(op);
    ngx_tf_run_end(op);

    for (i = 0; i < NGX_TF_KEPT_MAX; i++) {
        if (in->kept[i]) {
            PQclear(in->kept[i]);
            in->kept[i] = NULL;
        }
    }

    op->nres = 0;
}


static void
ngx_tf_op_cleanup(void *data)
{
    ngx_tf_op_t  *op = data;

    op->in->done = 1;
    ngx_tf_op_end(op);
    ngx_tf_input_wipe(op);

    if (op->in->counted) {
        ngx_tf_metrics_end(op);
    }
}


/* The client's own id when it is harmless in a header and a log line, a new
 * one otherwise. */

static ngx_int_t
ngx_tf_op_request_id(ngx_tf_op_t *op)
{
    u_char           *p, c;
    size_t            i;
    ngx_str_t        *id;
    ngx_table_elt_t  *h;

    static u_char    raw[16];
    static uint64_t  next;

    id = &op->in->request_id;
    h = ngx_tf_op_header_in(op->r, "x-request-id");

    if (h && h->value.len > 0 && h->value.len <= NGX_TF_REQUEST_ID_MAX) {
        for (i = 0; i < h->value.len; i++) {
            c = h->value.data[i];

            if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a'
                                             && (c | 0x20) <= 'z')
                  || c == '-' || c == '_' || c == '.' || c == ':'))
            {
                break;
            }
        }

        if (i == h->value.len) {
            *id = h->value;
            return NGX_OK;
        }
    }

    p = ngx_pnalloc(op->r->pool, 36);
    if (p == NULL) {
        return NGX_ERROR;
    }

    /* ids have to differ, not to be secret: the kernel is asked for chance
     * once in a process */

    if (next == 0) {
        tf_random(raw, sizeof(raw));
    }

    next++;
    ngx_memcpy(raw, &next, sizeof(next));

    ngx_memcpy(p, "req_", 4);
    tf_hex(p + 4, raw, sizeof(raw));

    id->data = p;
    id->len = 36;

    return NGX_OK;
}


static tf_lang_e
ngx_tf_op_lang(ngx_http_request_t *r)
{
    tf_str_t          accept = tf_null_string;
    ngx_table_elt_t  *h;

    h = ngx_tf_op_header_in(r, "accept-language");

    if (h) {
        accept.data = h->value.data;
        accept.len = h->value.len;
    }

    return tf_lang(accept);
}


static ngx_table_elt_t *
ngx_tf_op_header_in(ngx_http_request_t *r, const char *name)
{
    size_t            len;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    len = ngx_strlen(name);
    part = &r->headers_in.headers.part;

    for ( ;; ) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == len
                && ngx_strncmp(h[i].lowcase_key, name, len) == 0)
            {
                return &h[i];
            }
        }

        if (part->next == NULL) {
            return NULL;
        }

        part = part->next;
    }
}


/* nginx's own errors reach the op by error_page */

static tf_code_e
ngx_tf_op_status_code(ngx_uint_t status)
{
    switch (status) {

    case NGX_HTTP_FORBIDDEN:
        return TF_E_FORBIDDEN;

    case NGX_HTTP_NOT_FOUND:
        return TF_E_RESOURCE_NOT_FOUND;

    case NGX_HTTP_NOT_ALLOWED:
        return TF_E_METHOD_NOT_ALLOWED;

    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        return TF_E_BODY_TOO_LARGE;

    case NGX_HTTP_TOO_MANY_REQUESTS:
        return TF_E_RATE_LIMIT_EXCEEDED;

    case NGX_HTTP_NOT_IMPLEMENTED:
    case NGX_HTTP_VERSION_NOT_SUPPORTED:
        return TF_E_INVALID_REQUEST;

    case NGX_HTTP_BAD_GATEWAY:
    case NGX_HTTP_SERVICE_UNAVAILABLE:
    case NGX_HTTP_GATEWAY_TIME_OUT:
        return TF_E_SERVICE_UNAVAILABLE;

    default:
        return status < 500 ? TF_E_INVALID_REQUEST : TF_E_INTERNAL_ERROR;
    }
}


static void *
ngx_tf_op_alloc(void *ctx, size_t size)
{
    return ngx_palloc(ctx, size);
}


static ngx_int_t
ngx_tf_op_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t     s;
    ngx_tf_op_t  *op;

    op = ngx_http_get_module_ctx(r->main, ngx_taifish_module);
    ngx_str_null(&s);

    if (op && data == NGX_TF_VAR_ROUTE && op->route) {
        s.data = (u_char *) op->route->path;
        s.len = ngx_strlen(s.data);

    } else if (op && data == NGX_TF_VAR_USER
               && op->in->session.role != NGX_TF_ROLE_NONE)
    {
        s.data = op->in->session.username;
        s.len = ngx_strlen(s.data);

    } else if (op && data == NGX_TF_VAR_REQUEST_ID) {
        s = op->in->request_id;
    }

    v->not_found = s.data == NULL;
    v->valid = !v->not_found;
    v->data = s.data;
    v->len = s.len;

    return NGX_OK;
}


ngx_int_t
ngx_tf_op_variables(ngx_conf_t *cf)
{
    ngx_uint_t            i;
    ngx_http_variable_t  *var;

    static ngx_str_t  names[] = {
        ngx_string("taifish_route"), ngx_string("taifish_user"),
        ngx_string("taifish_request_id")
    };

    for (i = 0; i < 3; i++) {
        var = ngx_http_add_variable(cf, &names[i], NGX_HTTP_VAR_NOCACHEABLE);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = ngx_tf_op_variable;
        var->data = i;
    }

    return NGX_OK;
}
