
#include "ngx_tf_auth.h"
#include "ngx_tf_session.h"
#include "ngx_tf_session_zone.h"
#include "tf_auth.h"


static ngx_int_t ngx_tf_auth_token_reply(ngx_tf_op_t *op);


ngx_int_t
ngx_tf_auth_token_list(ngx_tf_op_t *op)
{
    if (op->step) {
        return NGX_OK;
    }

    if (ngx_tf_session_person(op) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_op_send(op, op->route->sql, 1);
}


/* The token is made here, answered once and never stored. */

ngx_int_t
ngx_tf_auth_token_create(ngx_tf_op_t *op)
{
    u_char                 *p, *prefix, digest[TF_DIGEST_LEN];
    tf_str_t                s;

    if (op->step) {
        return ngx_tf_auth_token_reply(op);
    }

    if (ngx_tf_session_person(op) != NGX_OK) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(op->r->pool, TF_BEARER_LEN + TF_BEARER_PREFIX_LEN + 1);
    if (p == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    tf_auth_bearer_make(p);
    tf_sha256(digest, p, TF_BEARER_LEN);
    op->ctx = p;

    prefix = p + TF_BEARER_LEN;
    ngx_cpystrn(prefix, p + 3, TF_BEARER_PREFIX_LEN + 1);

    s.data = prefix;
    s.len = TF_BEARER_PREFIX_LEN;

    if (ngx_tf_input_set(op, "_prefix", s) != NGX_OK
        || ngx_tf_input_set_digest(op, "_digest", digest) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_tf_op_send(op, op->route->sql, 2);
}


static ngx_int_t
ngx_tf_auth_token_reply(ngx_tf_op_t *op)
{
    tf_buf_t  b;
    tf_str_t  token, data;

    token.data = op->ctx;
    token.len = TF_BEARER_LEN;

    tf_buf_init(&b, &op->mem, 512, 4096);
    tf_row_object(&b, op->res[1], 0);

    /* into the row's object */

    if (!b.failed) {
        b.last--;
    }

    tf_json_member(&b, "token", token);
    tf_buf_char(&b, '}');

    if (tf_buf_done(&b, &data) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    return ngx_tf_op_reply(op, NGX_HTTP_CREATED, data);
}


ngx_int_t
ngx_tf_auth_token_revoke(ngx_tf_op_t *op)
{
    u_char                  digest[TF_DIGEST_LEN];
    tf_buf_t                b;
    tf_str_t                hash, data;
    ngx_int_t               n;
    ngx_uint_t              i;

    if (op->step == 0) {
        if (ngx_tf_session_person(op) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_tf_op_send(op, op->route->sql, 1);
    }

    if (PQntuples(op->res[0]) == 0) {
        return ngx_tf_request_fail(op, TF_E_RESOURCE_NOT_FOUND, NULL, NULL);
    }

    hash = tf_row_get(op->res[0], 0, "_hash");

    if (hash.len == 2 * TF_DIGEST_LEN) {
        for (i = 0; i < TF_DIGEST_LEN; i++) {
            n = ngx_hextoi(hash.data + 2 * i, 2);
            digest[i] = (u_char) n;
        }

        ngx_tf_session_zone_forget(digest);
    }

    tf_buf_init(&b, &op->mem, 64, 1024);
    tf_row_object(&b, op->res[0], 0);

    if (tf_buf_done(&b, &data) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK, data);
}
