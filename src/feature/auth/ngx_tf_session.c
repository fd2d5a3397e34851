
#include "ngx_tf_conf.h"
#include "ngx_tf_cookie.h"
#include "ngx_tf_session.h"
#include "ngx_tf_session_zone.h"
#include "tf_auth.h"


static ngx_int_t ngx_tf_session_sent(ngx_tf_op_t *op, ngx_tf_session_t *s,
    tf_sql_e *sql);
static ngx_int_t ngx_tf_session_ask(ngx_tf_op_t *op, ngx_tf_session_t *s,
    tf_sql_e *sql);
static void ngx_tf_session_answer(ngx_tf_op_t *op, ngx_tf_session_t *s,
    PGresult *res);
static ngx_uint_t ngx_tf_session_proved(const ngx_tf_session_t *s,
    PGresult *res);
static void ngx_tf_session_touch(ngx_tf_op_t *op, tf_sql_e sql);


ngx_int_t
ngx_tf_session_get(ngx_tf_op_t *op, ngx_tf_session_t *s, PGresult *res,
    tf_sql_e *sql)
{
    if (res != NULL) {
        ngx_tf_session_answer(op, s, res);
        return NGX_OK;
    }

    ngx_memzero(s, sizeof(ngx_tf_session_t));

    if (ngx_tf_session_sent(op, s, sql) != NGX_OK) {
        return NGX_OK;
    }

    if (ngx_tf_session_zone_get(s) == NGX_OK) {
        return NGX_OK;
    }

    return ngx_tf_session_ask(op, s, sql);
}


/* What the client sent to prove itself: NGX_OK with s->id and *sql set, or
 * NGX_DECLINED.  A bearer token, even a bad one, is preferred to a cookie:
 * whoever sends it means it. */

static ngx_int_t
ngx_tf_session_sent(ngx_tf_op_t *op, ngx_tf_session_t *s, tf_sql_e *sql)
{
    u_char              *p;
    tf_str_t             token, prefix;
    ngx_table_elt_t     *h;
    ngx_http_request_t  *r;

    r = op->r;
    h = r->headers_in.authorization;

    if (h && h->value.len > 7
        && ngx_strncasecmp(h->value.data, (u_char *) "Bearer ", 7) == 0)
    {
        token.data = h->value.data + 7;
        token.len = h->value.len - 7;

        if (!tf_auth_bearer_ok(token, &prefix)) {
            return NGX_DECLINED;
        }

        p = ngx_pnalloc(r->pool, prefix.len + 1);
        if (p == NULL) {
            return NGX_DECLINED;
        }

        ngx_cpystrn(p, prefix.data, prefix.len + 1);
        prefix.data = p;

        if (ngx_tf_input_set(op, "_prefix", prefix) != NGX_OK) {
            return NGX_DECLINED;
        }

        *sql = TF_SQL_token_get;

    } else {
        token = ngx_tf_cookie_get(r, NGX_TF_COOKIE_SESSION);
        if (token.data == NULL) {
            return NGX_DECLINED;
        }

        s->cookie = 1;
        *sql = TF_SQL_session_get;
    }

    tf_sha256(s->id, token.data, token.len);

    return NGX_OK;
}


static ngx_int_t
ngx_tf_session_ask(ngx_tf_op_t *op, ngx_tf_session_t *s, tf_sql_e *sql)
{
    tf_str_t  idle;

    idle.data = ngx_pnalloc(op->r->pool, NGX_TIME_T_LEN + 1);
    if (idle.data == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    idle.len = ngx_sprintf(idle.data, "%T%Z", ngx_tf_conf()->session_idle)
               - idle.data - 1;

    if (ngx_tf_input_set_digest(op, "_digest", s->id) != NGX_OK
        || ngx_tf_input_set(op, "_idle", idle) != NGX_OK)
    {
        return NGX_ERROR;
    }

    s->asked = ngx_current_msec;

    return NGX_AGAIN;
}


static void
ngx_tf_session_answer(ngx_tf_op_t *op, ngx_tf_session_t *s, PGresult *res)
{
    tf_str_t  id, name, touch;

    s->role = NGX_TF_ROLE_NONE;

    if (PQntuples(res) == 1 && ngx_tf_session_proved(s, res)) {
        id = tf_row_get(res, 0, "id");
        name = tf_row_get(res, 0, "username");
        touch = tf_row_get(res, 0, "touch");

        s->role = ngx_tf_request_role(tf_row_get(res, 0, "role"));
        s->user_id = ngx_atosz(id.data, id.len);
        ngx_cpystrn(s->username, name.data,
                    ngx_min(name.len + 1, sizeof(s->username)));

        if (PQfnumber(res, "hash") >= 0) {
            s->bearer = 1;
            s->read_only = !tf_str_eq(tf_row_get(res, 0, "scope"), "write");
        }

        if (tf_str_eq(touch, "t")) {
            ngx_tf_session_touch(op, s->bearer ? TF_SQL_token_touch
                                               : TF_SQL_session_touch);
        }
    }

    ngx_tf_session_zone_put(s);
}


/* A session was found by its digest; a token by its prefix only. */

static ngx_uint_t
ngx_tf_session_proved(const ngx_tf_session_t *s, PGresult *res)
{
    u_char    hex[2 * TF_DIGEST_LEN];
    tf_str_t  hash;

    if (PQfnumber(res, "hash") < 0) {
        return 1;
    }

    hash = tf_row_get(res, 0, "hash");
    tf_hex(hex, s->id, TF_DIGEST_LEN);

    return hash.len == sizeof(hex) && tf_secret_eq(hash.data, hex, sizeof(hex));
}


/* Nobody waits for it: it is lost when PostgreSQL is, and the next request
 * tries again. */

static void
ngx_tf_session_touch(ngx_tf_op_t *op, tf_sql_e sql)
{
    ngx_uint_t         i;
    tf_str_t           values[NGX_TF_PG_PARAMS_MAX];
    ngx_tf_pg_unit_t  *u;

    for (i = 0; i < tf_sql[sql].nparams; i++) {
        values[i] = ngx_tf_input_get(op, tf_sql[sql].params[i]);
    }

    u = ngx_tf_pg_unit(&sql, 1, values);

    if (u != NULL) {
        (void) ngx_tf_pg_send(u);
    }
}


int
ngx_tf_session_may(ngx_tf_role_e role, ngx_tf_perm_e perm)
{
    switch (perm) {

    case TF_PUBLIC:
    case TF_ANYONE:
        return 1;

    case TF_LOGIN:
    case TF_VIEW:
        return role != NGX_TF_ROLE_NONE;

    case TF_CREATE:
    case TF_DELETE:
        return role == NGX_TF_ROLE_ADMIN || role == NGX_TF_ROLE_OPERATOR;

    case TF_UPDATE:
        return role == NGX_TF_ROLE_ADMIN || role == NGX_TF_ROLE_OPERATOR
               || role == NGX_TF_ROLE_USER;

    case TF_LOGS:
        return role == NGX_TF_ROLE_ADMIN || role == NGX_TF_ROLE_AUDITOR;

    case TF_ADMIN:
        return role == NGX_TF_ROLE_ADMIN;
    }

    return 0;
}


ngx_int_t
ngx_tf_session_cookie(ngx_tf_op_t *op, const u_char *token)
{
    tf_str_t  value = tf_null_string;

    if (token) {
        value.data = (u_char *) token;
        value.len = TF_TOKEN_LEN;
    }

    return ngx_tf_cookie_set(op, NGX_TF_COOKIE_SESSION, value);
}


ngx_int_t
ngx_tf_session_person(ngx_tf_op_t *op)
{
    if (op->session.bearer) {
        return ngx_tf_request_fail(op, TF_E_PERMISSION_DENIED, NULL,
                                   "an API token cannot do this");
    }

    return NGX_OK;
}


ngx_int_t
ngx_tf_session_renew(ngx_tf_op_t *op, u_char *token, u_char id[TF_DIGEST_LEN])
{
    u_char    *p;
    tf_str_t   life;

    tf_token(token);
    tf_sha256(id, token, TF_TOKEN_LEN);

    p = ngx_pnalloc(op->r->pool, NGX_TIME_T_LEN + 1);
    if (p == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    life.data = p;
    life.len = ngx_sprintf(p, "%T%Z", ngx_tf_conf()->session_life) - p - 1;

    if (ngx_tf_input_set(op, "_life", life) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_input_set_digest(op, "_new", id);
}
