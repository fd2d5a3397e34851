
/*
 * Cookies and other headers of a request.
 */


#ifndef _NGX_TF_COOKIE_H_INCLUDED_
#define _NGX_TF_COOKIE_H_INCLUDED_


#include "ngx_tf.h"


/* The names of our cookies, without what cookie_secure puts before them. */
#define NGX_TF_COOKIE_SESSION  "taifish_session"
#define NGX_TF_COOKIE_ANON     "taifish_anon"


/* The value of the first header of this name (in lower case), or data NULL. */
tf_str_t ngx_tf_cookie_header(ngx_http_request_t *r, const char *name);

/* The cookie of this name that is a token (TF_TOKEN_LEN characters); data NULL
 * when there is none.  With cookie_secure its name starts with "__Host-". */
tf_str_t ngx_tf_cookie_get(ngx_http_request_t *r, const char *name);

/* Answers with the cookie, "" takes it away: HttpOnly, SameSite=Lax, Path=/ and
 * with cookie_secure Secure. */
ngx_int_t ngx_tf_cookie_set(ngx_tf_op_t *op, const char *name, tf_str_t value);


#endif /* _NGX_TF_COOKIE_H_INCLUDED_ */
