
#include "ngx_tf_auth.h"
#include "ngx_tf_csrf.h"
#include "ngx_tf_session.h"
#include "ngx_tf_session_zone.h"
#include "tf_auth.h"


#define NGX_TF_USER_SCHEMA                                                   \
    "{'type':'object','required':['id','username','role','is_active'],"      \
    "'properties':{'id':{'type':'integer'},'username':{'type':'string'},"    \
    "'role':{'enum':['admin','operator','user','viewer','auditor']},"        \
    "'email':{'type':['string','null']},'created_at':{'type':'string',"      \
    "'format':'date-time'},'last_login':{'type':['string','null'],"          \
    "'format':'date-time'},'is_active':{'type':'boolean'}}}"


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
    { "end_tokens", TF_P_BOOL, 0, 0, 0, NULL, "true",
      "one's API tokens end too, in case somebody else knew the password" },
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
      .schema = "{'type':'object','required':['csrf_token'],"
                "'properties':{'csrf_token':{'type':'string'}}}" },

    { NGX_TF_ROUTE(POST, "/auth/login", TF_ANYONE, "Sign in"),
      .audit = TF_AUDIT_SIGN_IN,
      .audited = TF_SQL_login_store, .actor = "username",
      .body = ngx_tf_auth_login_body,
      .sql = { TF_SQL_login_begin },
      .next = ngx_tf_auth_password_login,
      .uses = NGX_TF_USES(TF_SQL_login_store),
      .sets = "_old _new _life _rehash _hash _id",
      .errors = ngx_tf_auth_login_errors,
      .render = NGX_TF_CUSTOM,
      .schema = "{'type':'object','required':['auth_model','csrf_token',"
                "'user'],'properties':{'auth_model':{'enum':['session']},"
                "'csrf_token':{'type':'string'},"
                "'user':" NGX_TF_USER_SCHEMA "}}" },

    { NGX_TF_ROUTE(POST, "/auth/logout", TF_LOGIN, "Sign out"),
      .audit = TF_AUDIT_SIGN_OUT,
      .sql = { TF_SQL_session_delete },
      .next = ngx_tf_auth_logout,
      .errors = ngx_tf_auth_person_errors,
      .render = NGX_TF_CUSTOM,
      .schema = "{'type':'null'}" },

    { NGX_TF_ROUTE(GET, "/auth/session", TF_ANYONE, "Who is signed in"),
      .sql = { TF_SQL_auth_me },
      .next = ngx_tf_auth_session,
      .render = NGX_TF_CUSTOM,
      .schema = "{'type':'object','required':['authenticated','auth_model',"
                "'csrf_token','permissions','user'],"
                "'properties':{'authenticated':{'type':'boolean'},"
                "'auth_model':{'enum':['session','token']},"
                "'csrf_token':{'type':['string','null']},"
                "'permissions':{'type':'array','items':{'type':'string'}},"
                "'user':{'oneOf':[{'type':'null'},"
                NGX_TF_USER_SCHEMA "]}}}" },

    { NGX_TF_ROUTE(POST, "/auth/change-password", TF_LOGIN,
                   "Change one's own password"),
      .audit = TF_AUDIT_USER_PASSWORD,
      .audited = TF_SQL_password_store,
      .body = ngx_tf_auth_password_body,
      .sql = { TF_SQL_password_begin },
      .next = ngx_tf_auth_password_change,
      .uses = NGX_TF_USES(TF_SQL_password_store),
      .sets = "_new _life _rehash _hash",
      .rights = "_user_id",
      .errors = ngx_tf_auth_password_errors,
      .render = NGX_TF_CUSTOM,
      .schema = "{'type':'object','required':['csrf_token'],"
                "'properties':{'csrf_token':{'type':'string'}}}" },

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
      .audit = TF_AUDIT_TOKEN_CREATE,
      .body = ngx_tf_auth_token_body,
      .sql = { TF_SQL_token_make_room, TF_SQL_token_create },
      .next = ngx_tf_auth_token_create,
      .sets = "_prefix _digest",
      .errors = ngx_tf_auth_person_errors,
      .render = NGX_TF_CREATED,
      .constraints = ngx_tf_auth_token_constraints,
      .schema = "{'type':'object','required':['id','name','prefix','scope',"
                "'created_at','expires_at','token'],"
                "'properties':{'id':{'type':'integer'},"
                "'name':{'type':'string'},'prefix':{'type':'string'},"
                "'scope':{'enum':['read','write']},"
                "'created_at':{'type':'string','format':'date-time'},"
                "'expires_at':{'type':'string','format':'date-time'},"
                "'token':{'type':'string'}}}" },

    { NGX_TF_ROUTE(DELETE, "/auth/tokens/{id}", TF_LOGIN,
                   "Revoke an API token"),
      .audit = TF_AUDIT_TOKEN_REVOKE,
      .sql = { TF_SQL_token_revoke },
      .rights = "_user_id",
      .next = ngx_tf_auth_token_revoke,
      .errors = ngx_tf_auth_person_errors,
      .render = NGX_TF_CUSTOM,
      .schema = "{'type':'object','required':['id'],"
                "'properties':{'id':{'type':'integer'}}}" },

    { .method = 0 }
};


static ngx_int_t
ngx_tf_auth_csrf(ngx_tf_op_t *op)
{
    tf_buf_t  b;
    tf_str_t  token, data;

    if (ngx_tf_csrf_token(op, &op->session, &token) != NGX_OK) {
        return NGX_ERROR;
    }

    tf_buf_init(&b, &op->mem, 128, 1024);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "csrf_token", token);
    tf_buf_char(&b, '}');

    if (tf_buf_done(&b, &data) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK, data);
}


static ngx_int_t
ngx_tf_auth_session(ngx_tf_op_t *op)
{
    tf_buf_t           b;
    tf_str_t           token = tf_null_string, data;
    ngx_tf_session_t  *s;

    s = &op->session;

    if (s->role != NGX_TF_ROLE_NONE && op->step == 0) {
        return ngx_tf_op_send(op, op->route->sql, 1);
    }

    /* the user may be gone since */

    if (op->step && PQntuples(op->res[0]) == 0) {
        return ngx_tf_request_fail(op, TF_E_AUTHENTICATION_REQUIRED, NULL,
                                   NULL);
    }

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
        tf_row_object(&b, op->res[0], 0);
    }

    tf_buf_char(&b, '}');

    if (tf_buf_done(&b, &data) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
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
        { TF_VIEW, "read", 0 },
        { TF_CREATE, "create", 1 },
        { TF_UPDATE, "update", 1 },
        { TF_UPDATE, "execute", 1 },
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
    tf_str_t  none = tf_null_string;

    if (op->step == 0) {
        if (ngx_tf_session_person(op) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_tf_op_send(op, op->route->sql, 1);
    }

    ngx_tf_session_zone_forget(op->session.id);

    if (ngx_tf_session_cookie(op, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK, none);
}
