
/*
 * What goes out: the envelope around data or an error, headers, and the body.
 */


#ifndef _NGX_TF_REPLY_H_INCLUDED_
#define _NGX_TF_REPLY_H_INCLUDED_


#include "ngx_tf_request.h"
#include "tf_buf.h"


#define NGX_TF_REPLY_JSON  "application/json"


/* Adds a response header; both live as long as the request. */
ngx_int_t ngx_tf_reply_header(ngx_tf_op_t *op, const char *name,
    tf_str_t value);


/* Adds a member that is this time, RFC 3339 in UTC. */
void ngx_tf_reply_time(tf_buf_t *b, const char *name, time_t t);

/* Adds members ("name":value, no comma at the ends) to the "extra" of an error
 * answer; they live as long as the request. */
void ngx_tf_reply_more(ngx_tf_op_t *op, tf_str_t members);


/* --- for the op --------------------------------------------------------- */

/* The envelope around data (JSON text; empty means none); NGX_ERROR with
 * op->err. */
ngx_int_t ngx_tf_reply_data(ngx_tf_op_t *op, ngx_uint_t status, tf_str_t data,
    tf_str_t *body);

/* The same around op->res as the row says. */
ngx_int_t ngx_tf_reply_render(ngx_tf_op_t *op, ngx_uint_t *status,
    tf_str_t *body);

/* The envelope of the failure in op->err; NGX_ERROR: no memory. */
ngx_int_t ngx_tf_reply_error(ngx_tf_op_t *op, ngx_uint_t *status,
    tf_str_t *body);

/* Sets the status and the headers that every answer has; NGX_ERROR with
 * op->err. */
ngx_int_t ngx_tf_reply_headers(ngx_tf_op_t *op, ngx_uint_t status,
    const char *type);

/* Sends a body as it is (not empty); returns what the request is to be
 * finalized with. */
ngx_int_t ngx_tf_reply_send(ngx_tf_op_t *op, ngx_uint_t status,
    const char *type, tf_str_t body);


#endif /* _NGX_TF_REPLY_H_INCLUDED_ */
