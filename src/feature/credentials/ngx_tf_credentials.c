
/*
 * Credentials: how TaiFish logs in to what it manages.  The password goes one
 * way: nginx seals it to the worker's public key and forgets it.
 */


#include "ngx_tf_conf.h"
#include "ngx_tf.h"
#include "tf_engine.h"


static ngx_int_t ngx_tf_credentials_create(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_credentials_update(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_credentials_uuid(ngx_tf_op_t *op, tf_str_t *uuid);
static ngx_int_t ngx_tf_credentials_seal(ngx_tf_op_t *op, tf_str_t uuid);


#define NGX_TF_CREDENTIALS_TYPES  "database|ssh|windows|api|ldap|veeam"

static const tf_param_t  ngx_tf_credentials_page[] = {
    TF_P_PAGE("created_at", "desc"),
    { "search", TF_P_SEARCH, 0, 0, 100, NULL, NULL,
      "in name, user name or description" },
    { "credential_type", TF_P_ENUM, 0, 0, 0, NGX_TF_CREDENTIALS_TYPES,
      NULL, "only of this type" },
    { "db_type", TF_P_ENUM, 0, 0, 0, TF_ENGINE_NAMES, NULL,
      "only for this engine" },
    { "status", TF_P_ENUM, 0, 0, 0, "active|inactive", NULL,
      "only of this state" },
    { "tags", TF_P_STRS, 0, 0, 100, NULL, NULL,
      "only those of instances with one of these tags" },
    { .type = TF_P_END }
};

#define NGX_TF_CREDENTIALS_BODY(password_flags)                              \
    { "name", TF_P_STR, TF_P_REQUIRED, 1, 255, "[^\\x00-\\x1f\\x7f]+",       \
      NULL, "unique name" },                                                 \
    { "credential_type", TF_P_ENUM, TF_P_REQUIRED, 0, 0,                     \
      NGX_TF_CREDENTIALS_TYPES, NULL, "what it opens" },                     \
    { "db_type", TF_P_ENUM, 0, 0, 0, TF_ENGINE_NAMES, NULL,                   \
      "engine it opens; none: any.  Only for the type database" },           \
    { "username", TF_P_STR, TF_P_REQUIRED, 1, 128, "[^\\x00-\\x1f\\x7f]+",   \
      NULL, "name to sign in with" },                                        \
    { "password", TF_P_SECRET, password_flags, 1, 1024, NULL, NULL,          \
      "never shown again; left out of a change: stays" },                    \
    { "description", TF_P_STR, 0, 0, 500, NULL, NULL, "free text" },         \
    { "is_active", TF_P_BOOL, 0, 0, 0, NULL, NULL,                           \
      "may be given to instances; true for a new one" }

static const tf_param_t  ngx_tf_credentials_new[] = {
    NGX_TF_CREDENTIALS_BODY(TF_P_REQUIRED),
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_credentials_change[] = {
    NGX_TF_CREDENTIALS_BODY(0),
    { .type = TF_P_END }
};


static const ngx_tf_constraint_t  ngx_tf_credentials_rules[] = {
    { "credentials_name_key", TF_E_NAME_EXISTS, "name" },
    { "instances_credential_id_fkey", TF_E_CREDENTIAL_IN_USE, "id" },
    { NULL, TF_E_NONE, NULL }
};


const ngx_tf_route_t  ngx_tf_credentials_routes[] = {

    { NGX_TF_ROUTE(GET, "/credentials", TF_VIEW, "List credentials"),
      .query = ngx_tf_credentials_page,
      .sql = { TF_SQL_credentials_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(POST, "/credentials", TF_ADMIN, "Create a credential"),
      .audit = TF_AUDIT_CREDENTIAL_CREATE,
      .body = ngx_tf_credentials_new,
      .sql = { TF_SQL_credentials_create },
      .render = NGX_TF_CREATED, .key = "credential",
      .constraints = ngx_tf_credentials_rules,
      .next = ngx_tf_credentials_create,
      .sets = "uuid sealed" },

    { NGX_TF_ROUTE(GET, "/credentials/{id}", TF_VIEW, "Read a credential"),
      .sql = { TF_SQL_credentials_get },
      .key = "credential" },

    { NGX_TF_ROUTE(PUT, "/credentials/{id}", TF_ADMIN,
                   "Change a credential"),
      .audit = TF_AUDIT_CREDENTIAL_UPDATE,
      .body = ngx_tf_credentials_change,
      .sql = { TF_SQL_credentials_update, TF_SQL_credentials_get },
      .key = "credential",
      .constraints = ngx_tf_credentials_rules,
      .next = ngx_tf_credentials_update,
      .uses = NGX_TF_USES(TF_SQL_credentials_uuid, TF_SQL_credentials_seal),
      .sets = "sealed" },

    { NGX_TF_ROUTE(DELETE, "/credentials/{id}", TF_ADMIN,
                   "Delete an unused credential"),
      .audit = TF_AUDIT_CREDENTIAL_DELETE,
      .sql = { TF_SQL_credentials_delete },
      .constraints = ngx_tf_credentials_rules },

    { .method = 0 }
};


static ngx_int_t
ngx_tf_credentials_create(ngx_tf_op_t *op)
{
    tf_str_t  uuid;

    if (op->step) {
        return NGX_OK;
    }

    if (ngx_tf_credentials_uuid(op, &uuid) != NGX_OK
        || ngx_tf_input_set(op, "uuid", uuid) != NGX_OK
        || ngx_tf_credentials_seal(op, uuid) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_tf_op_send(op, op->route->sql, 1);
}


/* A new password is sealed for the row it goes to, so its uuid is asked for
 * first. */

static ngx_int_t
ngx_tf_credentials_update(ngx_tf_op_t *op)
{
    tf_str_t  uuid;

    static const tf_sql_e  ask = TF_SQL_credentials_uuid;
    static const tf_sql_e  change[] = {
        TF_SQL_credentials_update, TF_SQL_credentials_seal,
        TF_SQL_credentials_get
    };

    if (ngx_tf_input_plain(op, "password").bytes.data == NULL) {
        return op->step ? NGX_OK : ngx_tf_op_send(op, op->route->sql, 2);
    }

    switch (op->step) {

    case 0:
        return ngx_tf_op_send(op, &ask, 1);

    case 1:
        if (PQntuples(op->res[0]) == 0) {
            return ngx_tf_request_fail(op, TF_E_RESOURCE_NOT_FOUND, NULL, NULL);
        }

        uuid = tf_row_get(op->res[0], 0, "_uuid");

        if (ngx_tf_credentials_seal(op, uuid) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_tf_op_send(op, change, 3);

    default:
        return NGX_OK;
    }
}


/* a random one: RFC 9562, version 4 */

static ngx_int_t
ngx_tf_credentials_uuid(ngx_tf_op_t *op, tf_str_t *uuid)
{
    u_char  *p, raw[16], hex[32];

    p = ngx_pnalloc(op->r->pool, 37);
    if (p == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    tf_random(raw, sizeof(raw));

    raw[6] = (raw[6] & 0x0f) | 0x40;
    raw[8] = (raw[8] & 0x3f) | 0x80;

    tf_hex(hex, raw, sizeof(raw));

    ngx_sprintf(p, "%*s-%*s-%*s-%*s-%*s%Z", (size_t) 8, hex, (size_t) 4,
                hex + 8, (size_t) 4, hex + 12, (size_t) 4, hex + 16,
                (size_t) 12, hex + 20);

    uuid->data = p;
    uuid->len = 36;

    return NGX_OK;
}


/* Sets sealed, as the text of a bytea, and wipes the password. */

static ngx_int_t
ngx_tf_credentials_seal(ngx_tf_op_t *op, tf_str_t uuid)
{
    tf_str_t     plain, sealed, text;
    tf_secret_t  of;

    of.table = tf_str("credentials");
    of.uuid = uuid;
    of.field = tf_str("password");

    plain = ngx_tf_input_plain(op, "password").bytes;

    if (tf_seal(&op->mem, ngx_tf_conf()->seal_key, &of, plain, &sealed)
        != TF_OK)
    {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                   "the password could not be sealed");
    }

    tf_wipe(plain.data, plain.len);

    if (ngx_tf_input_bytea(op, sealed, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_input_set(op, "sealed", text);
}
