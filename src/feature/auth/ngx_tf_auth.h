
/*
 * Signing in and out, one's own password, one's own API tokens: the next
 * functions of ngx_tf_auth_routes.
 */


#ifndef _NGX_TF_AUTH_H_INCLUDED_
#define _NGX_TF_AUTH_H_INCLUDED_


#include "ngx_tf.h"


ngx_int_t ngx_tf_auth_password_login(ngx_tf_op_t *op);
ngx_int_t ngx_tf_auth_password_change(ngx_tf_op_t *op);
ngx_int_t ngx_tf_auth_token_list(ngx_tf_op_t *op);
ngx_int_t ngx_tf_auth_token_create(ngx_tf_op_t *op);
ngx_int_t ngx_tf_auth_token_revoke(ngx_tf_op_t *op);


#endif /* _NGX_TF_AUTH_H_INCLUDED_ */
