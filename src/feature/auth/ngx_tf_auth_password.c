
#include "ngx_tf_auth.h"
#include "ngx_tf_csrf.h"
#include "ngx_tf_log.h"
#include "ngx_tf_session.h"
#include "ngx_tf_session_zone.h"
#include "tf_auth.h"


/* A check of one password and the hashing of another; runs in the thread
 * pool, and the pool wipes it. */

typedef struct {
    unsigned    known:1;                    /* hash is set */
    unsigned    ok:1;
    unsigned    hashed:1;                   /* fresh is set */
    unsigned    failed:1;                   /* no memory to hash in */
    size_t      len;
    size_t      next_len;                   /* 0: keep the password; its hash
                                               is renewed if too weak */
    char        hash[TF_PASSWORD_LEN];
    char        fresh[TF_PASSWORD_LEN];
    u_char      password[TF_AUTH_PASSWORD_MAX];
    u_char      next[TF_AUTH_PASSWORD_MAX];
} ngx_tf_auth_work_t;


static ngx_int_t ngx_tf_auth_limited(ngx_tf_op_t *op, tf_str_t seconds);
static ngx_int_t ngx_tf_auth_login_begin(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_auth_login_check(ngx_tf_op_t *op);
static void ngx_tf_auth_login_undo(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_auth_login_store(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_auth_login_reply(ngx_tf_op_t *op);
static void ngx_tf_auth_login_event(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_auth_password_begin(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_auth_password_check(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_auth_password_store(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_auth_password_reply(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_auth_work(ngx_tf_op_t *op, tf_str_t password,
    tf_str_t next);
static void ngx_tf_auth_work_body(void *data);
static ngx_int_t ngx_tf_auth_work_done(ngx_tf_op_t *op);


/* What lasts from step to step. */

typedef struct {
    ngx_tf_auth_work_t  *work;
    PGresult            *user;              /* of the first statement */
    u_char               id[TF_DIGEST_LEN];
    u_char               token[TF_TOKEN_LEN];
} ngx_tf_auth_ctx_t;


ngx_int_t
ngx_tf_auth_password_login(ngx_tf_op_t *op)
{
    switch (op->step) {

    case 0:
        return ngx_tf_auth_login_begin(op);

    case 1:
        return ngx_tf_auth_login_check(op);

    case 2:
        return ngx_tf_auth_login_store(op);

    default:
        return ngx_tf_auth_login_reply(op);
    }
}


static ngx_int_t
ngx_tf_auth_login_begin(ngx_tf_op_t *op)
{
    op->ctx = ngx_pcalloc(op->r->pool, sizeof(ngx_tf_auth_ctx_t));
    if (op->ctx == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    /* the form of names is no secret: nobody can be called so */

    if (!tf_auth_name_ok(ngx_tf_input_get(op, "username"))) {
        return ngx_tf_request_fail(op, TF_E_INVALID_CREDENTIALS, NULL, NULL);
    }

    return ngx_tf_op_send(op, op->route->sql, 1);
}


/* A name nobody has takes the same way, and time, as a wrong password. */

static ngx_int_t
ngx_tf_auth_login_check(ngx_tf_op_t *op)
{
    tf_str_t            none = tf_null_string;
    ngx_int_t           rc;
    ngx_tf_auth_ctx_t  *ctx;

    ctx = op->ctx;
    ctx->user = op->res[0];

    if (!tf_str_eq(tf_row_get(ctx->user, 0, "allowed"), "t")) {
        return ngx_tf_auth_limited(op, tf_row_get(ctx->user, 0,
                                                  "retry_after"));
    }

    rc = ngx_tf_auth_work(op, ngx_tf_input_plain(op, "password").bytes, none);

    if (rc != NGX_AGAIN) {
        ngx_tf_auth_login_undo(op);
    }

    return rc;
}


/* The pool is full: that was no guess.  Nobody waits for it. */

static void
ngx_tf_auth_login_undo(ngx_tf_op_t *op)
{
    tf_str_t           username;
    ngx_tf_pg_unit_t  *u;

    static const tf_sql_e  sql = TF_SQL_login_undo;

    username = ngx_tf_input_get(op, "username");
    u = ngx_tf_pg_unit(&sql, 1, &username);

    if (u != NULL) {
        (void) ngx_tf_pg_send(u);
    }
}


static ngx_int_t
ngx_tf_auth_login_store(ngx_tf_op_t *op)
{
    ngx_tf_session_t       *s;
    ngx_tf_auth_ctx_t      *ctx;
    ngx_tf_auth_work_t     *work;
    tf_str_t                rehash = tf_null_string;
    static const tf_sql_e   sql[] = { TF_SQL_login_store };

    if (ngx_tf_auth_work_done(op) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx = op->ctx;
    work = ctx->work;

    if (!work->ok) {
        return ngx_tf_request_fail(op, TF_E_INVALID_CREDENTIALS, NULL, NULL);
    }

    if (!tf_str_eq(tf_row_get(ctx->user, 0, "is_active"), "t")) {
        return ngx_tf_request_fail(op, TF_E_ACCOUNT_DISABLED, NULL, NULL);
    }

    if (work->hashed) {
        rehash = tf_str(work->fresh);
    }

    s = &op->session;

    if (s->role != NGX_TF_ROLE_NONE && !s->bearer
        && ngx_tf_input_set_digest(op, "_old", s->id) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_tf_session_renew(op, ctx->token, ctx->id) != NGX_OK
        || ngx_tf_input_set(op, "_rehash", rehash) != NGX_OK
        || ngx_tf_input_set(op, "_hash",
                            tf_row_get(ctx->user, 0, "password_hash"))
           != NGX_OK
        || ngx_tf_input_set(op, "_id", tf_row_get(ctx->user, 0, "id"))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_tf_op_send(op, sql, 1);
}


static ngx_int_t
ngx_tf_auth_login_reply(ngx_tf_op_t *op)
{
    tf_buf_t            b;
    tf_str_t            csrf, data;
    ngx_tf_session_t    s, *old;
    ngx_tf_auth_ctx_t  *ctx;

    ctx = op->ctx;

    /* disabled, or another password, since the first statement */

    if (PQntuples(op->res[0]) == 0) {
        return ngx_tf_request_fail(op, TF_E_INVALID_CREDENTIALS, NULL, NULL);
    }

    old = &op->session;

    if (old->role != NGX_TF_ROLE_NONE && !old->bearer) {
        ngx_tf_session_zone_forget(old->id);
    }

    ngx_memzero(&s, sizeof(ngx_tf_session_t));
    ngx_memcpy(s.id, ctx->id, TF_DIGEST_LEN);
    s.role = NGX_TF_ROLE_VIEWER;    /* somebody: the token is the session's */

    if (ngx_tf_csrf_token(op, &s, &csrf) != NGX_OK
        || ngx_tf_session_cookie(op, ctx->token) != NGX_OK)
    {
        return NGX_ERROR;
    }

    tf_buf_init(&b, &op->mem, 512, 4096);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "auth_model", tf_str("session"));
    tf_json_member(&b, "csrf_token", csrf);
    tf_json_key(&b, "user");
    tf_row_object(&b, op->res[0], 0);
    tf_buf_char(&b, '}');

    if (tf_buf_done(&b, &data) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    ngx_tf_auth_login_event(op);

    return ngx_tf_op_reply(op, NGX_HTTP_OK, data);
}


static void
ngx_tf_auth_login_event(ngx_tf_op_t *op)
{
    tf_event_t  *e;

    e = ngx_tf_log_begin(TF_EVENT_SIGNED_IN);
    tf_event_request(e, (tf_str_t) { op->id.len, op->id.data });
    tf_event_str(e, "user", tf_row_get(op->res[0], 0, "username"));
    tf_event_str(e, "address", ngx_tf_input_get(op, "_addr"));
    ngx_tf_log_end(e);
}


ngx_int_t
ngx_tf_auth_password_change(ngx_tf_op_t *op)
{
    switch (op->step) {

    case 0:
        return ngx_tf_auth_password_begin(op);

    case 1:
        return ngx_tf_auth_password_check(op);

    case 2:
        return ngx_tf_auth_password_store(op);

    default:
        return ngx_tf_auth_password_reply(op);
    }
}


static ngx_int_t
ngx_tf_auth_password_begin(ngx_tf_op_t *op)
{
    tf_str_t  old, next, confirm;

    op->ctx = ngx_pcalloc(op->r->pool, sizeof(ngx_tf_auth_ctx_t));
    if (op->ctx == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    if (ngx_tf_session_person(op) != NGX_OK) {
        return NGX_ERROR;
    }

    old = ngx_tf_input_plain(op, "old_password").bytes;
    next = ngx_tf_input_plain(op, "new_password").bytes;
    confirm = ngx_tf_input_plain(op, "confirm_password").bytes;

    if (next.len != confirm.len
        || !tf_secret_eq(next.data, confirm.data, next.len))
    {
        return ngx_tf_request_fail(op, TF_E_PASSWORD_MISMATCH,
                                   "confirm_password", NULL);
    }

    if (next.len == old.len && tf_secret_eq(next.data, old.data, next.len)) {
        return ngx_tf_request_fail(op, TF_E_PASSWORD_DUPLICATED,
                                   "new_password", NULL);
    }

    if (tf_password_rules(next,
                          tf_str((char *) op->session.username),
                          &op->err)
        != TF_OK)
    {
        if (op->err.field[0] == '\0' || tf_str_eq(tf_str(op->err.field),
                                                  "password"))
        {
            ngx_cpystrn((u_char *) op->err.field, (u_char *) "new_password",
                        sizeof(op->err.field));
        }

        return NGX_ERROR;
    }

    return ngx_tf_op_send(op, op->route->sql, 1);
}


static ngx_int_t
ngx_tf_auth_password_check(ngx_tf_op_t *op)
{
    ngx_tf_auth_ctx_t  *ctx;

    ctx = op->ctx;
    ctx->user = op->res[0];

    if (PQntuples(ctx->user) == 0) {
        return ngx_tf_request_fail(op, TF_E_AUTHENTICATION_REQUIRED, NULL,
                                   NULL);
    }

    if (!tf_str_eq(tf_row_get(ctx->user, 0, "allowed"), "t")) {
        return ngx_tf_auth_limited(op, tf_row_get(ctx->user, 0,
                                                  "retry_after"));
    }

    return ngx_tf_auth_work(op, ngx_tf_input_plain(op, "old_password").bytes,
                            ngx_tf_input_plain(op, "new_password").bytes);
}


static ngx_int_t
ngx_tf_auth_password_store(ngx_tf_op_t *op)
{
    ngx_tf_auth_ctx_t      *ctx;
    static const tf_sql_e   sql[] = { TF_SQL_password_store };

    if (ngx_tf_auth_work_done(op) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx = op->ctx;

    if (!ctx->work->ok) {
        return ngx_tf_request_fail(op, TF_E_INVALID_OLD_PASSWORD,
                                   "old_password", NULL);
    }

    if (ngx_tf_session_renew(op, ctx->token, ctx->id) != NGX_OK
        || ngx_tf_input_set(op, "_rehash", tf_str(ctx->work->fresh))
           != NGX_OK
        || ngx_tf_input_set(op, "_hash",
                            tf_row_get(ctx->user, 0, "password_hash"))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_tf_op_send(op, sql, 1);
}


static ngx_int_t
ngx_tf_auth_password_reply(ngx_tf_op_t *op)
{
    tf_buf_t            b;
    tf_str_t            csrf, data;
    ngx_tf_session_t    s;
    ngx_tf_auth_ctx_t  *ctx;

    ctx = op->ctx;
    s = *&op->session;

    /* another request changed it first */

    if (PQntuples(op->res[0]) == 0) {
        return ngx_tf_request_fail(op, TF_E_INVALID_OLD_PASSWORD,
                                   "old_password", NULL);
    }

    ngx_tf_session_zone_forget(s.id);

    ngx_memcpy(s.id, ctx->id, TF_DIGEST_LEN);

    if (ngx_tf_csrf_token(op, &s, &csrf) != NGX_OK
        || ngx_tf_session_cookie(op, ctx->token) != NGX_OK)
    {
        return NGX_ERROR;
    }

    tf_buf_init(&b, &op->mem, 128, 1024);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "csrf_token", csrf);
    tf_buf_char(&b, '}');

    if (tf_buf_done(&b, &data) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK, data);
}


/* Hands both passwords to a thread; here they are wiped with the request. */

static ngx_int_t
ngx_tf_auth_work(ngx_tf_op_t *op, tf_str_t password, tf_str_t next)
{
    void                *data;
    tf_str_t             hash;
    ngx_int_t            rc;
    ngx_tf_auth_ctx_t   *ctx;
    ngx_tf_auth_work_t   work;

    ctx = op->ctx;
    hash = tf_row_get(ctx->user, 0, "password_hash");

    ngx_memzero(&work, sizeof(ngx_tf_auth_work_t));

    work.known = hash.data != NULL && hash.len < TF_PASSWORD_LEN;

    if (work.known) {
        ngx_memcpy(work.hash, hash.data, hash.len);
    }

    work.len = ngx_min(password.len, TF_AUTH_PASSWORD_MAX);
    ngx_memcpy(work.password, password.data, work.len);

    if (next.data) {
        work.next_len = ngx_min(next.len, TF_AUTH_PASSWORD_MAX);
        ngx_memcpy(work.next, next.data, work.next_len);
    }

    rc = ngx_tf_thread_run(op, ngx_tf_auth_work_body, &work, sizeof(work),
                           &data);

    tf_wipe(&work, sizeof(work));

    if (rc == NGX_AGAIN) {
        ctx->work = data;

    } else {
        (void) ngx_tf_reply_header(op, "Retry-After", tf_str("1"));
    }

    return rc;
}


static void
ngx_tf_auth_work_body(void *data)
{
    ngx_tf_auth_work_t  *work = data;

    int       rehash;
    tf_str_t  password;

    password.data = work->password;
    password.len = work->len;
    rehash = 0;

    work->ok = tf_password_check(work->known ? work->hash : NULL, password,
                                 &rehash);

    if (!work->ok || (work->next_len == 0 && !rehash)) {
        return;
    }

    if (work->next_len) {
        password.data = work->next;
        password.len = work->next_len;
    }

    if (tf_password_hash(work->fresh, password) == TF_OK) {
        work->hashed = 1;

    } else {
        work->failed = 1;
    }
}


static ngx_int_t
ngx_tf_auth_work_done(ngx_tf_op_t *op)
{
    ngx_tf_auth_work_t  *work;

    work = ((ngx_tf_auth_ctx_t *) op->ctx)->work;

    if (work->failed) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                   "no memory to hash a password in");
    }

    return NGX_OK;
}


/* Answers 429 with Retry-After: seconds as text, at least 1. */

static ngx_int_t
ngx_tf_auth_limited(ngx_tf_op_t *op, tf_str_t seconds)
{
    tf_str_t   copy;
    ngx_int_t  n;

    n = seconds.data ? ngx_atoi(seconds.data, seconds.len) : 1;

    /* the result is gone when the answer is sent */

    copy.data = ngx_pnalloc(op->r->pool, NGX_INT_T_LEN);
    if (copy.data == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    copy.len = ngx_sprintf(copy.data, "%i", ngx_max(n, 1)) - copy.data;

    if (ngx_tf_reply_header(op, "Retry-After", copy) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_request_fail(op, TF_E_RATE_LIMIT_EXCEEDED, NULL, NULL);
}
