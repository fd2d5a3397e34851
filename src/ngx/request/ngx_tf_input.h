
/*
 * What comes in: path, query and body, checked by the specs of the row, and the
 * values that statements get by name.
 */


#ifndef _NGX_TF_INPUT_H_INCLUDED_
#define _NGX_TF_INPUT_H_INCLUDED_


#include "ngx_tf_request.h"


/* The text of a validated input or a set value; data NULL: none. */
tf_str_t ngx_tf_input_get(ngx_tf_op_t *op, const char *name);

/* The same of an input that is secret, which ngx_tf_input_get() never gives. */
tf_plain_t ngx_tf_input_plain(ngx_tf_op_t *op, const char *name);

/* Sets a value, or replaces an input, for statements sent from now on; data
 * NULL is SQL NULL.  The row names what its next sets.  name and the bytes (NUL
 * after them) must live as long as the request. */
ngx_int_t ngx_tf_input_set(ngx_tf_op_t *op, const char *name, tf_str_t value);

/* The same for a digest, as the text of a bytea. */
ngx_int_t ngx_tf_input_set_digest(ngx_tf_op_t *op, const char *name,
    const u_char digest[TF_DIGEST_LEN]);

/* The text of a bytea, in the request's pool. */
ngx_int_t ngx_tf_input_bytea(ngx_tf_op_t *op, tf_str_t bytes, tf_str_t *text);


/* --- for the op --------------------------------------------------------- */

/* Take path, query and body in; NGX_ERROR with op->err. */
ngx_int_t ngx_tf_input_path(ngx_tf_op_t *op);
ngx_int_t ngx_tf_input_query(ngx_tf_op_t *op);
ngx_int_t ngx_tf_input_body(ngx_tf_op_t *op);

/* ngx_tf_input_set() for what the request sets itself: not asked whether the
 * row names it. */
ngx_int_t ngx_tf_input_put(ngx_tf_op_t *op, const char *name, tf_str_t value);

/* Wipes what was made of a body with a secret in it. */
void ngx_tf_input_wipe(ngx_tf_op_t *op);

/* The parameters of a statement, in order; at most NGX_TF_PG_PARAMS_MAX. */
ngx_int_t ngx_tf_input_bind(ngx_tf_op_t *op, tf_sql_e sql, tf_str_t *values);


/* --- for the router, when nginx starts ---------------------------------- */

/* 1 when a statement of the row can get this parameter. */
ngx_uint_t ngx_tf_input_known(const ngx_tf_route_t *route, const char *name);

/* How often path, query and body have a parameter of this name. */
ngx_uint_t ngx_tf_input_given(const ngx_tf_route_t *route, const char *name);


#endif /* _NGX_TF_INPUT_H_INCLUDED_ */
