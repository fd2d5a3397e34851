
#include "ngx_tf_auth.h"
#include "ngx_tf_conf.h"
#include "ngx_tf_routes.h"
#include "tf_auth.h"


#define NGX_TF_USER_SCHEMA                                                   \
    "{\"type\":\"object\",\"required\":[\"id\",\"username\",\"role\","       \
    "\"is_active\"],\"properties\":{\"id\":{\"type\":\"integer\"},"          \
    "\"username\":{\"type\":\"string\"},"                                    \
    "\"role\":{\"enum\":[\"admin\",\"user\",\"viewer\",\"auditor\"]},"       \
    "\"is_active\":{\"type\":\"boolean\"}}}"


static ngx_int_t ngx_tf_auth_csrf(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_auth_session(ngx_tf_op_t *op);
static void ngx_tf_auth_permissions(tf_buf_t *b, const ngx_tf_session_t *s);
static ngx_int_t ngx_tf_auth_logout(ngx_tf_op_t *op);


static const tf_param_t  ngx_tf_auth_login_body[] = {
    { "username", TF_P_STR, TF_P_REQUIRED, 1, 64, NULL, NULL,
      "the user's name, in upper or lower case" },
    { "password", TF_P_SECRET, TF_P_REQUIRED, 1, TF_AUTH_PASSWORD_MAX, NULL,
      NULL, "the password" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_auth_password_body[] = {
    { "old_password", TF_P_SECRET, TF_P_REQUIRED, 1, TF_AUTH_PASSWORD_MAX,
      NULL, NULL, "the password up to now" },
    { "new_password", TF_P_SECRET, TF_P_REQUIRED, 1, TF_AUTH_PASSWORD_MAX,
      NULL, NULL,
      "8 to 128 characters, one upper case, one lower case, one digit" },
    { "confirm_password", TF_P_SECRET, TF_P_REQUIRED, 1, TF_AUTH_PASSWORD_MAX,
      NULL, NULL, "the new password once more" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_auth_token_body[] = {
    { "name", TF_P_STR, TF_P_REQUIRED, 1, 100, NULL, NULL,
      "what the token is for; unique among one's own" },
    { "scope", TF_P_ENUM, 0, 0, 0, "read|write", "read",
      "read: only GET requests" },
    { "expires_in_days", TF_P_INT, 0, 1, 365, NULL, "90", "days it is good" },
    { .type = TF_P_END }
};

static const ngx_tf_constraint_t  ngx_tf_auth_token_constraints[] = {
    { "api_tokens_user_id_name_key", TF_E_NAME_EXISTS, "name" },
    { NULL, TF_E_NONE, NULL }
};

static const tf_code_e  ngx_tf_auth_login_errors[] = {
    TF_E_INVALID_CREDENTIALS, TF_E_ACCOUNT_DISABLED, TF_E_NONE
};

static const tf_code_e  ngx_tf_auth_password_errors[] = {
    TF_E_PASSWORD_INVALID, TF_E_PASSWORD_COMMON, TF_E_PASSWORD_MISMATCH,
    TF_E_PASSWORD_DUPLICATED, TF_E_INVALID_OLD_PASSWORD,
    TF_E_PERMISSION_DENIED, TF_E_NONE
};

static const tf_code_e  ngx_tf_auth_person_errors[] = {
    TF_E_PERMISSION_DENIED, TF_E_NONE
};


const ngx_tf_route_t  ngx_tf_auth_routes[] = {

    { NGX_TF_ROUTE(GET, "/auth/csrf-token", TF_ANYONE,
                   "Get a token to send as X-CSRFToken"),
      .next = ngx_tf_auth_csrf,
      .render = NGX_TF_CUSTOM,
      .schema = "{\"type\":\"object\",\"required\":[\"csrf_token\"],"
                "\"properties\":{\"csrf_token\":{\"type\":\"string\"}}}" },

    { NGX_TF_ROUTE(POST, "/auth/login", TF_ANYONE, "Sign in"),
      .body = ngx_tf_auth_login_body,
      .next = ngx_tf_auth_login,
      .errors = ngx_tf_auth_login_errors,
      .render = NGX_TF_CUSTOM,
      .schema = "{\"type\":\"object\",\"required\":[\"auth_model\","
                "\"csrf_token\",\"user\"],\"properties\":{"
                "\"auth_model\":{\"enum\":[\"session\"]},"
                "\"csrf_token\":{\"type\":\"string\"},"
                "\"user\":" NGX_TF_USER_SCHEMA "}}" },

    { NGX_TF_ROUTE(POST, "/auth/logout", TF_LOGIN, "Sign out"),
      .next = ngx_tf_auth_logout,
      .errors = ngx_tf_auth_person_errors,
      .render = NGX_TF_CUSTOM,
      .schema = "{\"type\":\"null\"}" },

    { NGX_TF_ROUTE(GET, "/auth/session", TF_ANYONE, "Who is signed in"),
      .next = ngx_tf_auth_session,
      .render = NGX_TF_CUSTOM,
      .schema = "{\"type\":\"object\",\"required\":[\"authenticated\","
                "\"auth_model\",\"csrf_token\",\"permissions\",\"user\"],"
                "\"properties\":{"
                "\"authenticated\":{\"type\":\"boolean\"},"
                "\"auth_model\":{\"enum\":[\"session\",\"token\"]},"
                "\"csrf_token\":{\"type\":[\"string\",\"null\"]},"
                "\"permissions\":{\"type\":\"array\","
                "\"items\":{\"type\":\"string\"}},"
                "\"user\":{\"oneOf\":[{\"type\":\"null\"},"
                NGX_TF_USER_SCHEMA "]}}}" },

    { NGX_TF_ROUTE(POST, "/auth/change-password", TF_LOGIN,
                   "Change one's own password"),
      .body = ngx_tf_auth_password_body,
      .next = ngx_tf_auth_change_password,
      .errors = ngx_tf_auth_password_errors,
      .render = NGX_TF_CUSTOM,
      .schema = "{\"type\":\"object\",\"required\":[\"csrf_token\"],"
                "\"properties\":{\"csrf_token\":{\"type\":\"string\"}}}" },

    { NGX_TF_ROUTE(GET, "/auth/me", TF_LOGIN, "One's own user"),
      .sql = { TF_SQL_auth_me },
      .render = NGX_TF_ITEM },

    { NGX_TF_ROUTE(GET, "/auth/tokens", TF_LOGIN, "List one's API tokens"),
      .sql = { TF_SQL_tokens_list },
      .next = ngx_tf_auth_token_list,
      .errors = ngx_tf_auth_person_errors,
      .render = NGX_TF_LIST,
      .key = "items" },

    { NGX_TF_ROUTE(POST, "/auth/tokens", TF_LOGIN,
                   "Create an API token, shown this once"),
      .body = ngx_tf_auth_token_body,
      .next = ngx_tf_auth_token_create,
      .errors = ngx_tf_auth_person_errors,
      .render = NGX_TF_CREATED,
      .constraints = ngx_tf_auth_token_constraints,
      .schema = "{\"type\":\"object\",\"required\":[\"id\",\"name\","
                "\"prefix\",\"scope\",\"created_at\",\"expires_at\","
                "\"token\"],\"properties\":{"
                "\"id\":{\"type\":\"integer\"},"
                "\"name\":{\"type\":\"string\"},"
                "\"prefix\":{\"type\":\"string\"},"
                "\"scope\":{\"enum\":[\"read\",\"write\"]},"
                "\"created_at\":{\"type\":\"string\","
                "\"format\":\"date-time\"},"
                "\"expires_at\":{\"type\":\"string\","
                "\"format\":\"date-time\"},"
                "\"token\":{\"type\":\"string\"}}}" },

    { NGX_TF_ROUTE(DELETE, "/auth/tokens/{id}", TF_LOGIN,
                   "Revoke an API token"),
      .next = ngx_tf_auth_token_revoke,
      .errors = ngx_tf_auth_person_errors,
      .render = NGX_TF_CUSTOM,
      .schema = "{\"type\":\"object\",\"required\":[\"id\"],"
                "\"properties\":{\"id\":{\"type\":\"integer\"}}}" },

    { .method = 0 }
};


static ngx_int_t
ngx_tf_auth_csrf(ngx_tf_op_t *op)
{
    tf_buf_t  b;
    tf_str_t  token, data;

    if (ngx_tf_csrf_token(op, ngx_tf_op_session(op), &token) != NGX_OK) {
        return NGX_ERROR;
    }

    tf_buf_init(&b, &op->mem, 128, 1024);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "csrf_token", token);
    tf_buf_char(&b, '}');

    if (tf_buf_done(&b, &data) != TF_OK) {
        return ngx_tf_op_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK, data);
}


static ngx_int_t
ngx_tf_auth_session(ngx_tf_op_t *op)
{
    tf_buf_t           b;
    tf_str_t           token = tf_null_string, data;
    ngx_tf_session_t  *s;

    s = ngx_tf_op_session(op);

    if (!s->bearer && ngx_tf_csrf_token(op, s, &token) != NGX_OK) {
        return NGX_ERROR;
    }

    tf_buf_init(&b, &op->mem, 512, 4096);
    tf_buf_char(&b, '{');
    tf_json_key(&b, "authenticated");
    tf_buf_lit(&b, s->role == NGX_TF_ROLE_NONE ? "false" : "true");
    tf_json_member(&b, "auth_model", tf_str(s->bearer ? "token" : "session"));
    tf_json_member(&b, "csrf_token", token);

    tf_json_key(&b, "permissions");
    ngx_tf_auth_permissions(&b, s);

    tf_json_key(&b, "user");

    if (s->role == NGX_TF_ROLE_NONE) {
        tf_buf_lit(&b, "null");

    } else {
        tf_buf_char(&b, '{');
        tf_json_key(&b, "id");
        tf_buf_int(&b, s->user_id);
        tf_json_member(&b, "username", tf_str((char *) s->username));
        tf_json_member(&b, "role", ngx_tf_op_get(op, "_role"));
        tf_json_key(&b, "is_active");
        tf_buf_lit(&b, "true}");
    }

    tf_buf_char(&b, '}');

    if (tf_buf_done(&b, &data) != TF_OK) {
        return ngx_tf_op_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK, data);
}


static void
ngx_tf_auth_permissions(tf_buf_t *b, const ngx_tf_session_t *s)
{
    ngx_uint_t  i, n;

    static const struct {
        ngx_tf_perm_e    perm;
        const char      *name;
        ngx_uint_t       write;
    } all[] = {
        { TF_VIEW, "view", 0 },
        { TF_CREATE, "create", 1 },
        { TF_UPDATE, "update", 1 },
        { TF_DELETE, "delete", 1 },
        { TF_LOGS, "logs", 0 },
        { TF_ADMIN, "admin", 0 }
    };

    tf_buf_char(b, '[');

    for (i = 0, n = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (ngx_tf_session_may(s->role, all[i].perm)
            && !(s->read_only && all[i].write))
        {
            if (n++) {
                tf_buf_char(b, ',');
            }

            tf_json_string(b, tf_str(all[i].name));
        }
    }

    tf_buf_char(b, ']');
}


static ngx_int_t
ngx_tf_auth_logout(ngx_tf_op_t *op)
{
    tf_str_t                none = tf_null_string;
    static const tf_sql_e   sql[] = { TF_SQL_session_delete };

    if (op->step == 0) {
        if (ngx_tf_auth_person(op) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_tf_op_send(op, sql, 1);
    }

    ngx_tf_session_forget(ngx_tf_op_session(op)->id);

    if (ngx_tf_session_cookie(op, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK, none);
}


ngx_int_t
ngx_tf_auth_person(ngx_tf_op_t *op)
{
    if (ngx_tf_op_session(op)->bearer) {
        return ngx_tf_op_fail(op, TF_E_PERMISSION_DENIED, NULL,
                              "an API token cannot do this");
    }

    return NGX_OK;
}


ngx_int_t
ngx_tf_auth_renew(ngx_tf_op_t *op, u_char *token, u_char id[TF_DIGEST_LEN])
{
    u_char    *p;
    tf_str_t   life;

    tf_token(token);
    tf_sha256(id, token, TF_TOKEN_LEN);

    p = ngx_pnalloc(op->r->pool, NGX_TIME_T_LEN + 1);
    if (p == NULL) {
        return ngx_tf_op_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    life.data = p;
    life.len = ngx_sprintf(p, "%T%Z", ngx_tf_conf()->session_life) - p - 1;

    if (ngx_tf_op_set(op, "_life", life) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_auth_set_digest(op, "_new", id);
}


ngx_int_t
ngx_tf_auth_set_digest(ngx_tf_op_t *op, const char *name,
    const u_char digest[TF_DIGEST_LEN])
{
    tf_str_t  text;

    text.len = 2 + 2 * TF_DIGEST_LEN;
    text.data = ngx_pnalloc(op->r->pool, text.len + 1);

    if (text.data == NULL) {
        return ngx_tf_op_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    text.data[0] = '\\';
    text.data[1] = 'x';
    tf_hex(text.data + 2, digest, TF_DIGEST_LEN);
    text.data[text.len] = '\0';

    return ngx_tf_op_set(op, name, text);
}


ngx_int_t
ngx_tf_auth_limited(ngx_tf_op_t *op, tf_str_t seconds)
{
    tf_str_t   copy;
    ngx_int_t  n;

    n = seconds.data ? ngx_atoi(seconds.data, seconds.len) : 1;

    /* the result is gone when the answer is sent */

    copy.data = ngx_pnalloc(op->r->pool, NGX_INT_T_LEN);
    if (copy.data == NULL) {
        return ngx_tf_op_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    copy.len = ngx_sprintf(copy.data, "%i", ngx_max(n, 1)) - copy.data;

    if (ngx_tf_op_header(op, "Retry-After", copy) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_op_fail(op, TF_E_RATE_LIMIT_EXCEEDED, NULL, NULL);
}
