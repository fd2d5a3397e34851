
#include "ngx_tf_audit.h"
#include "ngx_tf_conf.h"
#include "ngx_tf_count.h"
#include "ngx_tf_input.h"
#include "ngx_tf_log.h"
#include "ngx_tf_op.h"
#include "ngx_tf_page.h"
#include "ngx_tf_reply.h"
#include "ngx_tf_router.h"
#include "ngx_tf_total.h"


#define NGX_TF_OP_SLOW  1000        /* ms of a request that is an event */


static void ngx_tf_op_count(ngx_tf_op_t *op);
static void ngx_tf_op_start(ngx_tf_op_t *op);
static void ngx_tf_op_unmatched(ngx_tf_op_t *op);
static void ngx_tf_op_admit(ngx_tf_op_t *op);
static void ngx_tf_op_read(ngx_tf_op_t *op);
static void ngx_tf_op_body_read(ngx_http_request_t *r);
static void ngx_tf_op_validate(ngx_tf_op_t *op);
static void ngx_tf_op_next(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_op_audit(ngx_tf_op_t *op);
static void ngx_tf_op_refuse(ngx_tf_op_t *op);
static void ngx_tf_op_refused(ngx_tf_op_t *op);
static void ngx_tf_op_again(ngx_tf_op_t *op);
static void ngx_tf_op_render(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_op_statements(ngx_tf_op_t *op, const tf_sql_e *sql,
    ngx_uint_t n, tf_sql_e *stmts, ngx_uint_t *k, ngx_uint_t *count);
static ngx_int_t ngx_tf_op_may_use(ngx_tf_op_t *op, tf_sql_e sql);
static void ngx_tf_op_answer(ngx_tf_op_t *op, ngx_uint_t status,
    const char *type, tf_str_t body);
static void ngx_tf_op_unit_done(ngx_tf_pg_unit_t *u);
static void ngx_tf_op_constraint(ngx_tf_op_t *op, ngx_tf_pg_unit_t *u);
static void ngx_tf_op_expired(ngx_event_t *ev);
static void ngx_tf_op_cleanup(void *data);
static void ngx_tf_op_log(ngx_tf_op_t *op);
static tf_event_e ngx_tf_op_event(ngx_tf_op_t *op, ngx_uint_t ms);
static tf_code_e ngx_tf_op_status_code(ngx_uint_t status);


ngx_int_t
ngx_tf_op_handler(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    ngx_tf_op_t         *op;
    ngx_http_cleanup_t  *cln;

    op = ngx_tf_request_create(r);
    cln = ngx_http_cleanup_add(r, 0);

    if (op == NULL || cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_tf_op_cleanup;
    cln->data = op;

    ngx_tf_op_count(op);

    op->in.deadline.handler = ngx_tf_op_expired;
    op->in.deadline.data = op;
    op->in.deadline.log = r->connection->log;

    if (!op->unsafe || r->err_status) {
        rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    /* the op's own hold on the request; finalizing lets go of it */

    r->main->count++;

    if (r->err_status) {
        ngx_tf_request_fail(op, ngx_tf_op_status_code(r->err_status), NULL,
                            NULL);

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

    op->in.counted = 1;
    op->in.refused = op->r->err_status != 0;

    ngx_tf_count_begin(op);
}


static void
ngx_tf_op_start(ngx_tf_op_t *op)
{
    ngx_tf_main_conf_t  *mcf;

    mcf = ngx_tf_conf();

    if (ngx_tf_router_match(mcf->router, op) != NGX_OK) {
        ngx_tf_op_unmatched(op);
        return;
    }

    ngx_tf_op_deadline(op, mcf->deadline);
    ngx_tf_op_admit(op);
}


static void
ngx_tf_op_unmatched(ngx_tf_op_t *op)
{
    u_char      *p;
    tf_str_t     allow;
    ngx_uint_t   m;

    m = op->in.match.allowed;

    if (m == 0) {
        ngx_tf_request_fail(op, TF_E_RESOURCE_NOT_FOUND, NULL, NULL);
        ngx_tf_op_error(op);
        return;
    }

    ngx_tf_request_fail(op, TF_E_METHOD_NOT_ALLOWED, NULL, NULL);

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
        (void) ngx_tf_reply_header(op, "Allow", allow);
    }

    ngx_tf_op_error(op);
}


/* Asks the identity hook who sends the request and whether it may have its
 * route: at once, or with a statement whose result brings the op back here. */

static void
ngx_tf_op_admit(ngx_tf_op_t *op)
{
    tf_sql_e   sql;
    ngx_int_t  rc;

    op->in.hook = 1;

    rc = ngx_tf_conf()->hooks->admit(op, op->nres ? op->res[0] : NULL, &sql);

    if (rc == NGX_AGAIN) {
        op->nres = 0;
        rc = ngx_tf_op_send(op, &sql, 1);

        if (rc == NGX_AGAIN) {
            op->process = ngx_tf_op_admit;
            return;
        }
    }

    op->nres = 0;
    op->in.hook = 0;

    if (rc != NGX_OK) {
        ngx_tf_op_error(op);
        return;
    }

    ngx_tf_debug2(op, "admitted: user %L, role \"%s\"", op->session.user_id,
                  op->session.role ? ngx_tf_request_role_name(op->session.role)
                                   : "");

    if (op->unsafe) {
        ngx_tf_op_read(op);

    } else {
        ngx_tf_op_validate(op);
    }
}


static void
ngx_tf_op_read(ngx_tf_op_t *op)
{
    size_t               max;
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = op->r;
    max = op->route->upload ? op->route->upload : ngx_tf_conf()->body_max;

    if (r->headers_in.content_length_n > (off_t) max) {
        ngx_tf_request_fail(op, TF_E_BODY_TOO_LARGE, NULL, NULL);
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

    op = ngx_tf_request_op(r);

    if (op->in.done) {
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

    ngx_tf_debug1(op, "input is valid, %ui values", op->in.nvalues);

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

    if (ngx_tf_audit_first(op)) {
        op->process = ngx_tf_op_next;

        if (ngx_tf_op_audit(op) != NGX_AGAIN) {
            ngx_tf_op_error(op);
        }

        return;
    }

    if (route->next) {
        op->process = ngx_tf_op_again;
        rc = route->next(op);

    } else {
        for (n = 0; n < NGX_TF_SQL_MAX && route->sql[n]; n++) { /* void */ }

        op->process = ngx_tf_op_render;
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


/* Sends the request's row of the audit log by itself. */

static ngx_int_t
ngx_tf_op_audit(ngx_tf_op_t *op)
{
    tf_str_t           values[NGX_TF_PG_PARAMS_MAX];
    const tf_sql_e     sql = TF_SQL_audit_append;
    ngx_tf_pg_unit_t  *u;

    if (ngx_tf_audit_bind(op, 1, values) != NGX_OK) {
        return NGX_ERROR;
    }

    u = ngx_tf_pg_unit(&sql, 1, values);

    return u ? ngx_tf_op_await(op, u)
             : ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
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
    tf_str_t    body;
    ngx_uint_t  status;

    if (ngx_tf_route_waits(op->route)) {
        op->in.hook = 1;
        ngx_tf_conf()->hooks->await_run(op);
        return;
    }

    if (ngx_tf_reply_render(op, &status, &body) != NGX_OK) {
        ngx_tf_op_error(op);
        return;
    }

    ngx_tf_op_answer(op, status, NGX_TF_REPLY_JSON, body);
}


ngx_int_t
ngx_tf_op_send(ngx_tf_op_t *op, const tf_sql_e *sql, ngx_uint_t n)
{
    tf_str_t           user;
    tf_sql_e           stmts[NGX_TF_PG_UNIT_MAX];
    tf_str_t           values[NGX_TF_PG_UNIT_MAX * NGX_TF_PG_PARAMS_MAX];
    ngx_int_t          rc;
    ngx_uint_t         i, k, v, count;
    ngx_tf_pg_unit_t  *u;

    if (ngx_tf_op_statements(op, sql, n, stmts, &k, &count) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0, v = 0; i < k; i++) {
        if (ngx_tf_input_bind(op, stmts[i], &values[v]) != NGX_OK) {
            return NGX_ERROR;
        }

        if (i == count) {
            rc = ngx_tf_total_find(op, stmts[i], &values[v]);

            if (rc == NGX_ERROR) {
                return NGX_ERROR;
            }

            if (rc == NGX_OK) {
                k--;                    /* it is the last */
                break;
            }
        }

        v += tf_sql[stmts[i]].nparams;
    }

    if (ngx_tf_audit_joins(op, stmts, k)) {

        if (ngx_tf_audit_bind(op, 0, &values[v]) != NGX_OK) {
            return NGX_ERROR;
        }

        stmts[k++] = TF_SQL_audit_append;
    }

    if (op->route->rights && !op->in.hook) {
        user = ngx_tf_input_get(op, op->route->rights);
        ngx_tf_conf()->hooks->forget(ngx_atosz(user.data, user.len));
    }

    u = ngx_tf_pg_unit(stmts, k, values);
    if (u == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    return ngx_tf_op_await(op, u);
}


/* A page is its sorted statement and the one that counts, which is
 * stmts[count]; without a page count is NGX_TF_SQL_MAX. */

static ngx_int_t
ngx_tf_op_statements(ngx_tf_op_t *op, const tf_sql_e *sql, ngx_uint_t n,
    tf_sql_e *stmts, ngx_uint_t *k, ngx_uint_t *count)
{
    ngx_uint_t  i;

    *count = NGX_TF_SQL_MAX;

    for (i = 0, *k = 0; i < n; i++) {
        if (ngx_tf_op_may_use(op, sql[i]) != NGX_OK) {
            return NGX_ERROR;
        }

        if (*k + (tf_sql[sql[i]].nsorts ? 2 : 1) > NGX_TF_SQL_MAX) {
            return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                       "too many statements");
        }

        if (tf_sql[sql[i]].nsorts == 0) {
            stmts[(*k)++] = sql[i];
            continue;
        }

        if (ngx_tf_page_statements(op, sql[i], &stmts[*k]) != NGX_OK) {
            return NGX_ERROR;
        }

        *count = *k + 1;
        *k += 2;
    }

    return NGX_OK;
}


/* What a row does not name was not checked when nginx started. */

static ngx_int_t
ngx_tf_op_may_use(ngx_tf_op_t *op, tf_sql_e sql)
{
    ngx_uint_t       i;
    const tf_sql_e  *uses;

    for (i = 0; !op->in.hook && i < NGX_TF_SQL_MAX; i++) {
        if (op->route->sql[i] == sql) {
            return NGX_OK;
        }
    }

    uses = op->in.hook ? ngx_tf_conf()->hooks->uses : op->route->uses;

    for ( /* void */ ; uses && *uses; uses++) {
        if (*uses == sql) {
            return NGX_OK;
        }
    }

    return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                               "a statement that its row does not name");
}


ngx_int_t
ngx_tf_op_await(ngx_tf_op_t *op, ngx_tf_pg_unit_t *u)
{
    u->done = ngx_tf_op_unit_done;
    u->data = op;
    u->log = op->r->connection->log;
    u->label = op->id;
    u->user = op->session.user_id;

    switch (ngx_tf_pg_send(u)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        return ngx_tf_request_fail(op, TF_E_RATE_LIMIT_EXCEEDED, NULL,
                                   "too many requests of yours wait");

    default:
        return ngx_tf_request_fail(op, TF_E_SERVICE_UNAVAILABLE, NULL,
                                   "too many requests wait for PostgreSQL");
    }

    op->in.unit = u;

    return NGX_AGAIN;
}


static void
ngx_tf_op_unit_done(ngx_tf_pg_unit_t *u)
{
    ngx_uint_t        i, n;
    ngx_tf_op_t      *op;
    ngx_tf_op_int_t  *in;

    op = u->data;
    in = &op->in;
    in->unit = NULL;

    if (u->err.code) {
        op->err = u->err;
        ngx_tf_op_constraint(op, u);
        op->process = op->failed ? op->failed : ngx_tf_op_error;
        ngx_tf_op_resume(op);
        return;
    }

    /* values may point into earlier results: they stay until the op ends; that
     * of the audit log is nobody's */

    n = u->n - (u->sql[u->n - 1] == TF_SQL_audit_append);

    for (i = 0; i < n; i++) {
        op->res[i] = u->res[i];
        u->res[i] = NULL;

        if (in->kept[in->nkept % NGX_TF_KEPT_MAX]) {
            PQclear(in->kept[in->nkept % NGX_TF_KEPT_MAX]);
        }

        in->kept[in->nkept++ % NGX_TF_KEPT_MAX] = op->res[i];
    }

    op->nres = n;

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
            ngx_tf_request_fail(op, c->code, c->field, NULL);
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

    op->process(op);

    ngx_http_run_posted_requests(c);
}


void
ngx_tf_op_deadline(ngx_tf_op_t *op, ngx_msec_t ms)
{
    ngx_add_timer(&op->in.deadline, ms);
}


static void
ngx_tf_op_expired(ngx_event_t *ev)
{
    ngx_tf_op_t  *op;

    op = ev->data;

    ngx_tf_request_fail(op, op->in.unit && op->in.unit->write
                            ? TF_E_OUTCOME_UNKNOWN : TF_E_DATABASE_TIMEOUT,
                        NULL, "the request took too long");

    op->process = op->expired ? op->expired : ngx_tf_op_error;
    ngx_tf_op_resume(op);
}


void
ngx_tf_op_error(ngx_tf_op_t *op)
{
    tf_str_t    body;
    ngx_uint_t  status;

    /* a stream that has begun can only be cut */

    if (op->r->header_sent) {
        ngx_tf_op_finish(op, NGX_ERROR);
        return;
    }

    if (ngx_tf_audit_refused(op)) {
        ngx_tf_op_refuse(op);
        return;
    }

    if (ngx_tf_reply_error(op, &status, &body) != NGX_OK) {
        op->in.done = 1;
        ngx_tf_op_finish(op, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    ngx_tf_op_answer(op, status, NGX_TF_REPLY_JSON, body);
}


/* Writes down that the request was refused, then answers so.  It is refused all
 * the same when that cannot be written. */

static void
ngx_tf_op_refuse(ngx_tf_op_t *op)
{
    op->in.refusal = ngx_palloc(op->r->pool, sizeof(tf_err_t));

    if (op->in.refusal == NULL) {
        ngx_tf_op_finish(op, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    *op->in.refusal = op->err;

    op->process = ngx_tf_op_refused;
    op->failed = ngx_tf_op_refused;
    op->expired = ngx_tf_op_refused;

    if (ngx_tf_op_audit(op) != NGX_AGAIN) {
        ngx_tf_op_refused(op);
    }
}


static void
ngx_tf_op_refused(ngx_tf_op_t *op)
{
    op->err = *op->in.refusal;

    ngx_tf_op_error(op);
}


ngx_int_t
ngx_tf_op_reply(ngx_tf_op_t *op, ngx_uint_t status, tf_str_t data)
{
    tf_str_t  body;

    if (ngx_tf_reply_data(op, status, data, &body) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_tf_op_answer(op, status, NGX_TF_REPLY_JSON, body);

    return NGX_DONE;
}


ngx_int_t
ngx_tf_op_reply_text(ngx_tf_op_t *op, const char *type, tf_str_t text)
{
    ngx_tf_op_answer(op, NGX_HTTP_OK, type, text);

    return NGX_DONE;
}


static void
ngx_tf_op_answer(ngx_tf_op_t *op, ngx_uint_t status, const char *type,
    tf_str_t body)
{
    op->in.done = 1;
    ngx_tf_op_end(op);

    ngx_http_finalize_request(op->r, ngx_tf_reply_send(op, status, type,
                                                       body));
}


void
ngx_tf_op_stream(ngx_tf_op_t *op, ngx_msec_t life)
{
    op->in.done = 1;

    ngx_tf_count_stream(op);
    ngx_tf_op_deadline(op, life);
}


void
ngx_tf_op_finish(ngx_tf_op_t *op, ngx_int_t rc)
{
    ngx_tf_op_end(op);
    ngx_http_finalize_request(op->r, rc);
}


ngx_int_t
ngx_tf_op_on_end(ngx_tf_op_t *op, ngx_tf_op_pt handler)
{
    ngx_tf_end_t  *end;

    end = ngx_palloc(op->r->pool, sizeof(ngx_tf_end_t));
    if (end == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    end->handler = handler;
    end->next = op->in.ends;
    op->in.ends = end;

    return NGX_OK;
}


PGresult *
ngx_tf_op_take(ngx_tf_op_t *op, ngx_uint_t n)
{
    PGresult    *res;
    ngx_uint_t   i;

    res = op->res[n];
    op->res[n] = NULL;

    for (i = 0; i < NGX_TF_KEPT_MAX; i++) {
        if (op->in.kept[i] == res) {
            op->in.kept[i] = NULL;
        }
    }

    return res;
}


void
ngx_tf_op_forget(ngx_tf_op_t *op)
{
    ngx_uint_t        i;
    ngx_tf_op_int_t  *in;

    in = &op->in;

    for (i = 0; i < NGX_TF_KEPT_MAX; i++) {
        if (in->kept[i]) {
            PQclear(in->kept[i]);
            in->kept[i] = NULL;
        }
    }

    op->nres = 0;
}


void
ngx_tf_op_end(ngx_tf_op_t *op)
{
    ngx_tf_end_t     *end;
    ngx_tf_op_int_t  *in;

    in = &op->in;

    if (in->deadline.timer_set) {
        ngx_del_timer(&in->deadline);
    }

    if (in->unit) {
        ngx_tf_pg_detach(in->unit);
        in->unit = NULL;
    }

    while (in->ends) {
        end = in->ends;
        in->ends = end->next;
        end->handler(op);
    }

    ngx_tf_op_forget(op);
}


static void
ngx_tf_op_cleanup(void *data)
{
    ngx_tf_op_t  *op = data;

    op->in.done = 1;
    ngx_tf_op_end(op);
    ngx_tf_input_wipe(op);

    if (op->in.counted) {
        ngx_tf_op_log(op);
        ngx_tf_count_end(op);
    }
}


/* What an operator looks for, into the application log.  Health checks and
 * metrics tell by themselves how things are. */

static void
ngx_tf_op_log(ngx_tf_op_t *op)
{
    ngx_uint_t           ms;
    tf_event_t          *e;
    tf_event_e           what;
    ngx_http_request_t  *r;

    r = op->r;
    ms = ngx_tf_count_ms(r);
    what = ngx_tf_op_event(op, ms);

    if (what == TF_EVENT_NONE
        || (op->route && op->route->perm == TF_PUBLIC))
    {
        return;
    }

    e = ngx_tf_log_begin(what);
    tf_event_request(e, (tf_str_t) { op->id.len, op->id.data });
    tf_event_str(e, "method", (tf_str_t) { r->method_name.len,
                                           r->method_name.data });
    tf_event_str(e, "path", (tf_str_t) { r->uri.len, r->uri.data });
    tf_event_int(e, "status", r->headers_out.status);
    tf_event_int(e, "ms", ms);
    tf_event_str(e, "address", (tf_str_t) { r->connection->addr_text.len,
                                            r->connection->addr_text.data });

    if (op->session.role != NGX_TF_ROLE_NONE) {
        tf_event_str(e, "user", tf_str((char *) op->session.username));
    }

    if (op->err.code) {
        tf_event_str(e, "error", tf_str(tf_errors[op->err.code].code));
        tf_event_str(e, "detail", tf_str(op->err.detail));
    }

    ngx_tf_log_end(e);
}


static tf_event_e
ngx_tf_op_event(ngx_tf_op_t *op, ngx_uint_t ms)
{
    ngx_uint_t  status;

    status = op->r->headers_out.status;

    if (op->in.stream) {
        return TF_EVENT_NONE;
    }

    if (op->err.code == TF_E_INVALID_CREDENTIALS
        || op->err.code == TF_E_ACCOUNT_DISABLED)
    {
        return TF_EVENT_SIGN_IN_REFUSED;
    }

    if (status >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
        return TF_EVENT_REQUEST_FAILED;
    }

    if (status == NGX_HTTP_TOO_MANY_REQUESTS) {
        return TF_EVENT_REQUEST_THROTTLED;
    }

    if (status == NGX_HTTP_FORBIDDEN && op->session.role != NGX_TF_ROLE_NONE) {
        return TF_EVENT_REQUEST_FORBIDDEN;
    }

    return ms >= NGX_TF_OP_SLOW && op->route && !ngx_tf_route_waits(op->route)
           ? TF_EVENT_REQUEST_SLOW : TF_EVENT_NONE;
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


