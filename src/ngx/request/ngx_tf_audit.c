
#include "ngx_tf_audit.h"
#include "ngx_tf_input.h"
#include "tf_json.h"


static ngx_uint_t ngx_tf_audit_has(const ngx_tf_route_t *route);
static ngx_uint_t ngx_tf_audit_writes(const ngx_tf_route_t *route);
static tf_str_t ngx_tf_audit_value(ngx_tf_op_t *op, const char *name,
    ngx_uint_t always);
static tf_str_t ngx_tf_audit_object(ngx_tf_op_t *op);
static tf_str_t ngx_tf_audit_details(ngx_tf_op_t *op);


ngx_uint_t
ngx_tf_audit_joins(ngx_tf_op_t *op, const tf_sql_e *sql, ngx_uint_t n)
{
    ngx_uint_t             i, writes;
    const ngx_tf_route_t  *route;

    route = op->route;

    if (op->in.hook || op->in.audited || !ngx_tf_audit_has(route)) {
        return 0;
    }

    for (i = 0, writes = 0; i < n; i++) {

        if (sql[i] == route->audited) {
            return 1;
        }

        writes |= tf_sql[sql[i]].flags & TF_SQL_WRITE;
    }

    return writes && route->audited == TF_SQL_NONE;
}


ngx_uint_t
ngx_tf_audit_first(ngx_tf_op_t *op)
{
    return !op->in.audited && ngx_tf_audit_has(op->route)
           && !ngx_tf_audit_writes(op->route);
}


/* What somebody may not do, and who could not prove who they are.  Wrong input
 * is no more than that. */

ngx_uint_t
ngx_tf_audit_refused(ngx_tf_op_t *op)
{
    if (op->route == NULL || op->in.refusal || op->in.done
        || !ngx_tf_audit_has(op->route))
    {
        return 0;
    }

    switch (op->err.code) {

    case TF_E_INVALID_CREDENTIALS:
    case TF_E_ACCOUNT_DISABLED:
        return 1;

    case TF_E_INVALID_OLD_PASSWORD:
    case TF_E_PERMISSION_DENIED:
    case TF_E_PERMISSION_REQUIRED:
    case TF_E_ADMIN_PERMISSION_REQUIRED:
    case TF_E_FORBIDDEN:
        return op->session.role != NGX_TF_ROLE_NONE;

    default:
        return 0;
    }
}


ngx_int_t
ngx_tf_audit_bind(ngx_tf_op_t *op, ngx_uint_t always, tf_str_t *values)
{
    ngx_uint_t        i;
    const tf_stmt_t  *stmt;

    stmt = &tf_sql[TF_SQL_audit_append];

    for (i = 0; i < stmt->nparams; i++) {
        values[i] = ngx_tf_audit_value(op, stmt->params[i], always);

        if (values[i].data == NULL
            && ngx_strcmp(stmt->params[i], "details") == 0)
        {
            return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                       "too large for the audit log");
        }
    }

    op->in.audited = 1;

    return NGX_OK;
}


const char *
ngx_tf_audit_check(const ngx_tf_route_t *route)
{
    ngx_uint_t       i;
    const tf_sql_e  *sql;

    if (route->audit == TF_AUDIT_NONE && route->method != NGX_HTTP_GET) {
        return "changes something and has no audit action";
    }

    if (!ngx_tf_audit_has(route)) {
        return ngx_tf_audit_writes(route)
               ? "writes and has no audit action" : NULL;
    }

    if (route->audited == TF_SQL_NONE) {
        return NULL;
    }

    for (i = 0; i < NGX_TF_SQL_MAX && route->sql[i]; i++) {
        if (route->sql[i] == route->audited) {
            return NULL;
        }
    }

    for (sql = route->uses; sql && *sql; sql++) {
        if (*sql == route->audited) {
            return NULL;
        }
    }

    return "does not send the statement that is audited";
}


static ngx_uint_t
ngx_tf_audit_has(const ngx_tf_route_t *route)
{
    return route->audit != TF_AUDIT_NONE && route->audit != TF_AUDIT_READS;
}


static ngx_uint_t
ngx_tf_audit_writes(const ngx_tf_route_t *route)
{
    ngx_uint_t       i;
    const tf_sql_e  *sql;

    for (i = 0; i < NGX_TF_SQL_MAX && route->sql[i]; i++) {
        if (tf_sql[route->sql[i]].flags & TF_SQL_WRITE) {
            return 1;
        }
    }

    for (sql = route->uses; sql && *sql; sql++) {
        if (tf_sql[*sql].flags & TF_SQL_WRITE) {
            return 1;
        }
    }

    return 0;
}


static tf_str_t
ngx_tf_audit_value(ngx_tf_op_t *op, const char *name, ngx_uint_t always)
{
    tf_str_t  none = tf_null_string;

    if (ngx_strcmp(name, "action") == 0) {
        return tf_str(tf_audits[op->route->audit].action);
    }

    if (ngx_strcmp(name, "outcome") == 0) {
        return tf_str(op->in.refusal ? "refused" : "success");
    }

    if (ngx_strcmp(name, "always") == 0) {
        return tf_str(always ? "t" : "f");
    }

    if (ngx_strcmp(name, "typed") == 0) {
        return op->route->actor ? ngx_tf_input_get(op, op->route->actor)
                                : none;
    }

    if (ngx_strcmp(name, "request") == 0) {
        return (tf_str_t) { op->id.len, op->id.data };
    }

    if (ngx_strcmp(name, "object") == 0) {
        return ngx_tf_audit_object(op);
    }

    if (ngx_strcmp(name, "details") == 0) {
        return ngx_tf_audit_details(op);
    }

    return ngx_tf_input_get(op, name);
}


/* The last one that the path names, or the instance of the body.  Before the
 * input is read the path is as the client sent it. */

static tf_str_t
ngx_tf_audit_object(ngx_tf_op_t *op)
{
    ngx_tf_match_t  *m;

    m = &op->in.match;

    if (m->n == 0) {
        return ngx_tf_input_get(op, "instance_id");
    }

    return (tf_str_t) { m->values[m->n - 1].len, m->values[m->n - 1].data };
}


/* Why it was refused; and of what only reads, what was asked for. */

static tf_str_t
ngx_tf_audit_details(ngx_tf_op_t *op)
{
    tf_buf_t         b;
    tf_str_t         text, none = tf_null_string;
    ngx_uint_t       i;
    ngx_tf_value_t  *v;

    tf_buf_init(&b, &op->mem, 256, 64 * 1024);
    tf_buf_char(&b, '{');

    if (op->in.refusal) {
        tf_json_member(&b, "code",
                       tf_str(tf_errors[op->in.refusal->code].code));

    } else if (!op->unsafe) {
        tf_json_key(&b, "input");
        tf_buf_char(&b, '{');

        for (i = 0; i < op->in.nvalues; i++) {
            v = &op->in.values[i];

            if (v->present && v->text.data && !v->secret) {
                tf_json_member(&b, v->name, v->text);
            }
        }

        tf_buf_char(&b, '}');
    }

    tf_buf_char(&b, '}');

    return tf_buf_done(&b, &text) == TF_OK ? text : none;
}
