
/*
 * The people who sign in.  Only administrators see and change them.
 */


#include "ngx_tf.h"
#include "tf_crypto.h"


#define NGX_TF_USERS_PASSWORD  512      /* bytes of 128 characters */
#define NGX_TF_USERS_ROLES     "admin|operator|user|viewer|auditor"


/* What the thread that hashes a password gets and leaves. */

typedef struct {
    tf_int_t    rc;
    size_t      len;
    u_char      password[NGX_TF_USERS_PASSWORD];
    char        hash[TF_PASSWORD_LEN];
} ngx_tf_users_hash_t;


static ngx_int_t ngx_tf_users_next(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_users_password(ngx_tf_op_t *op, tf_str_t password);
static void ngx_tf_users_hash(void *data);
static ngx_int_t ngx_tf_users_hashed(ngx_tf_op_t *op);


static const tf_param_t  ngx_tf_users_page[] = {
    TF_P_PAGE_OF("10", "created_at", "desc"),
    { "search", TF_P_SEARCH, 0, 0, 100, NULL, NULL, "in name or address" },
    { "role", TF_P_ENUM, 0, 0, 0, NGX_TF_USERS_ROLES, NULL,
      "only of this role" },
    { "status", TF_P_ENUM, 0, 0, 0, "active|inactive", NULL,
      "only of this state" },
    { .type = TF_P_END }
};

#define NGX_TF_USERS_BODY(password_flags)                                    \
    { "username", TF_P_STR, TF_P_REQUIRED, 3, 20, "[A-Za-z0-9_]+", NULL,     \
      "3 to 20 letters, digits and _" },                                     \
    { "role", TF_P_ENUM, TF_P_REQUIRED, 0, 0, NGX_TF_USERS_ROLES, NULL,      \
      "what the person may do" },                                            \
    { "password", TF_P_SECRET, password_flags, 1, NGX_TF_USERS_PASSWORD,     \
      NULL, NULL, "8 to 128 characters: upper case, lower case, digit" },    \
    { "email", TF_P_STR, 0, 3, 254, "[^\\x00-\\x20@]+@[^\\x00-\\x20@]+",     \
      NULL, "address of the person" },                                       \
    { "is_active", TF_P_BOOL, 0, 0, 0, NULL, NULL,                           \
      "may sign in; true for a new user" }

static const tf_param_t  ngx_tf_users_new[] = {
    NGX_TF_USERS_BODY(TF_P_REQUIRED),
    { .type = TF_P_END }
};

/* a password that is empty or not there stays as it is */

static const tf_param_t  ngx_tf_users_change[] = {
    NGX_TF_USERS_BODY(0),
    { .type = TF_P_END }
};


static const ngx_tf_constraint_t  ngx_tf_users_rules[] = {
    { "users_username_key", TF_E_USERNAME_EXISTS, "username" },
    { NULL, TF_E_NONE, NULL }
};


const ngx_tf_route_t  ngx_tf_users_routes[] = {

    { NGX_TF_ROUTE(GET, "/users", TF_ADMIN, "List users"),
      .query = ngx_tf_users_page,
      .sql = { TF_SQL_users_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(GET, "/users/stats", TF_ADMIN, "Count users"),
      .sql = { TF_SQL_users_stats } },

    { NGX_TF_ROUTE(POST, "/users", TF_ADMIN, "Create a user"),
      .audit = TF_AUDIT_USER_CREATE,
      .body = ngx_tf_users_new,
      .sql = { TF_SQL_users_create },
      .render = NGX_TF_CREATED, .key = "user",
      .constraints = ngx_tf_users_rules,
      .next = ngx_tf_users_next,
      .sets = "password_hash" },

    { NGX_TF_ROUTE(GET, "/users/{id}", TF_ADMIN, "Read a user"),
      .sql = { TF_SQL_users_get },
      .key = "user" },

    { NGX_TF_ROUTE(PUT, "/users/{id}", TF_ADMIN, "Change a user"),
      .audit = TF_AUDIT_USER_UPDATE,
      .body = ngx_tf_users_change,
      .sql = { TF_SQL_users_update },
      .key = "user",
      .rights = "id",
      .constraints = ngx_tf_users_rules,
      .next = ngx_tf_users_next,
      .sets = "password_hash" },

    { NGX_TF_ROUTE(DELETE, "/users/{id}", TF_ADMIN, "Delete a user"),
      .audit = TF_AUDIT_USER_DELETE,
      .sql = { TF_SQL_users_delete },
      .rights = "id" },

    { NGX_TF_ROUTE(GET, "/users/{id}/tokens", TF_ADMIN,
                   "List a user's API tokens"),
      .sql = { TF_SQL_users_tokens } },

    { NGX_TF_ROUTE(DELETE, "/users/{id}/tokens/{token_id}", TF_ADMIN,
                   "Revoke an API token of a user"),
      .audit = TF_AUDIT_TOKEN_REVOKE,
      .sql = { TF_SQL_users_token_revoke },
      .rights = "id" },

    { .method = 0 }
};


/* A row with a password has it hashed first; then its statement is sent. */

static ngx_int_t
ngx_tf_users_next(ngx_tf_op_t *op)
{
    tf_str_t  password;

    password = ngx_tf_input_plain(op, "password").bytes;

    if (password.data == NULL) {
        return op->step ? NGX_OK : ngx_tf_op_send(op, op->route->sql, 1);
    }

    switch (op->step) {

    case 0:
        return ngx_tf_users_password(op, password);

    case 1:
        if (ngx_tf_users_hashed(op) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_tf_op_send(op, op->route->sql, 1);

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_tf_users_password(ngx_tf_op_t *op, tf_str_t password)
{
    ngx_int_t            rc;
    ngx_tf_users_hash_t  work;

    if (tf_password_rules(password, ngx_tf_input_get(op, "username"), &op->err)
        != TF_OK)
    {
        return NGX_ERROR;
    }

    work.rc = TF_ERROR;
    work.len = password.len;
    ngx_memcpy(work.password, password.data, password.len);

    rc = ngx_tf_thread_run(op, ngx_tf_users_hash, &work, sizeof(work),
                           &op->ctx);

    tf_wipe(&work, sizeof(work));
    tf_wipe(password.data, password.len);

    return rc;
}


/* in a thread */

static void
ngx_tf_users_hash(void *data)
{
    tf_str_t              password;
    ngx_tf_users_hash_t  *work = data;

    password.data = work->password;
    password.len = work->len;

    work->rc = tf_password_hash(work->hash, password);
}


static ngx_int_t
ngx_tf_users_hashed(ngx_tf_op_t *op)
{
    tf_str_t              hash;
    ngx_tf_users_hash_t  *work = op->ctx;

    if (work->rc != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                   "the password could not be hashed");
    }

    hash.len = ngx_strlen(work->hash);
    hash.data = ngx_pnalloc(op->r->pool, hash.len + 1);
    if (hash.data == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    ngx_memcpy(hash.data, work->hash, hash.len + 1);

    return ngx_tf_input_set(op, "password_hash", hash);
}
