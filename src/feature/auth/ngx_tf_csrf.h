
/*
 * The request token: proof that an unsafe request comes from our own pages.
 */


#ifndef _NGX_TF_CSRF_H_INCLUDED_
#define _NGX_TF_CSRF_H_INCLUDED_


#include "ngx_tf.h"


/*
 * The check of unsafe methods (S12): Sec-Fetch-Site, else Origin, names this
 * site, and X-CSRFToken proves the session (before sign-in: the anonymous
 * cookie).  NGX_OK, or NGX_ERROR with op->err set.
 */
ngx_int_t ngx_tf_csrf_check(ngx_tf_op_t *op, ngx_tf_session_t *s);

/* A token the client is to send as X-CSRFToken.  Before sign-in it also sets
 * the anonymous cookie when there is none. */
ngx_int_t ngx_tf_csrf_token(ngx_tf_op_t *op, const ngx_tf_session_t *s,
    tf_str_t *token);


#endif /* _NGX_TF_CSRF_H_INCLUDED_ */
