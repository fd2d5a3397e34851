
/*
 * Signing in and out, one's own password, one's own API tokens: the steps of
 * ngx_tf_auth_routes and what they share.
 */


#ifndef _NGX_TF_AUTH_H_INCLUDED_
#define _NGX_TF_AUTH_H_INCLUDED_


#include "ngx_tf_session.h"


ngx_int_t ngx_tf_auth_login(ngx_tf_op_t *op);
ngx_int_t ngx_tf_auth_change_password(ngx_tf_op_t *op);
ngx_int_t ngx_tf_auth_token_list(ngx_tf_op_t *op);
ngx_int_t ngx_tf_auth_token_create(ngx_tf_op_t *op);
ngx_int_t ngx_tf_auth_token_revoke(ngx_tf_op_t *op);

/* NGX_OK when a person's session sends the request, not an API token. */
ngx_int_t ngx_tf_auth_person(ngx_tf_op_t *op);

/* Starts a new session: makes its token, sets _new (its digest) and _life for
 * the statement that stores it.  token has room for TF_TOKEN_LEN. */
ngx_int_t ngx_tf_auth_renew(ngx_tf_op_t *op, u_char *token,
    u_char id[TF_DIGEST_LEN]);

/* Sets a value that is a digest. */
ngx_int_t ngx_tf_auth_set_digest(ngx_tf_op_t *op, const char *name,
    const u_char digest[TF_DIGEST_LEN]);

/* Answers 429 with Retry-After: seconds as text, at least 1. */
ngx_int_t ngx_tf_auth_limited(ngx_tf_op_t *op, tf_str_t seconds);


#endif /* _NGX_TF_AUTH_H_INCLUDED_ */
