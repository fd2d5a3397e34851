
/*
 * The course of a request: match, admit, read the body, validate, send, await,
 * render, answer.  Every request takes it, in this order.
 */


#ifndef _NGX_TF_OP_H_INCLUDED_
#define _NGX_TF_OP_H_INCLUDED_


#include "ngx_tf_request.h"


/* The content handler of "taifish on". */
ngx_int_t ngx_tf_op_handler(ngx_http_request_t *r);


/* --- for next functions ------------------------------------------------- */

/* Sends up to NGX_TF_SQL_MAX statements as one atomic unit and waits for them:
 * returns NGX_AGAIN, or NGX_ERROR with the failure set. */
ngx_int_t ngx_tf_op_send(ngx_tf_op_t *op, const tf_sql_e *sql, ngx_uint_t n);

/* Answers with this data (JSON text; empty means none): NGX_DONE, or NGX_ERROR
 * with the failure set. */
ngx_int_t ngx_tf_op_reply(ngx_tf_op_t *op, ngx_uint_t status, tf_str_t data);

/* Answers 200 with a text as it is (not empty, the request's or older) of this
 * media type; returns NGX_DONE. */
ngx_int_t ngx_tf_op_reply_text(ngx_tf_op_t *op, const char *type,
    tf_str_t text);


/* --- for what waits by itself: threads, runs, streams ------------------- */

/* Sends a unit and waits for it: NGX_AGAIN, or NGX_ERROR with op->err. */
ngx_int_t ngx_tf_op_await(ngx_tf_op_t *op, ngx_tf_pg_unit_t *u);

/* Calls op->process from outside of the client connection's own events. */
void ngx_tf_op_resume(ngx_tf_op_t *op);

/* Puts another time limit, ms from now, on the op. */
void ngx_tf_op_deadline(ngx_tf_op_t *op, ngx_msec_t ms);

/* The answer has become a stream of at most this life in ms, which its feature
 * writes and finishes itself. */
void ngx_tf_op_stream(ngx_tf_op_t *op, ngx_msec_t life);

/* handler is called once when the op ends, before its results go. */
ngx_int_t ngx_tf_op_on_end(ngx_tf_op_t *op, ngx_tf_op_pt handler);

/* Answers with the failure in op->err. */
void ngx_tf_op_error(ngx_tf_op_t *op);

/* Takes a result of the last wait from the op; it is the caller's to clear. */
PGresult *ngx_tf_op_take(ngx_tf_op_t *op, ngx_uint_t n);

/* Lets go of the results so far: op->res, and what values point to. */
void ngx_tf_op_forget(ngx_tf_op_t *op);

/* Ends the op and finalizes its request with rc. */
void ngx_tf_op_finish(ngx_tf_op_t *op, ngx_int_t rc);

/* Lets go of everything the op waits for and owns. */
void ngx_tf_op_end(ngx_tf_op_t *op);


#endif /* _NGX_TF_OP_H_INCLUDED_ */
