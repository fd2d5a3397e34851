
/*
 * The audit log's side of a request: which of its units carries the row that
 * says who did it, and what stands in that row.
 *
 * A row of the route table has an action.  A unit that writes gets one
 * statement more, which adds the row in the same transaction: what was not
 * stored was not done, and what was done is in the log.  A request that writes
 * nothing (an export) has its row before it begins, and one that was refused
 * because of who sent it before it is answered.
 */


#ifndef _NGX_TF_AUDIT_H_INCLUDED_
#define _NGX_TF_AUDIT_H_INCLUDED_


#include "ngx_tf_request.h"


/* Whether a unit of these statements gets the audit statement. */
ngx_uint_t ngx_tf_audit_joins(ngx_tf_op_t *op, const tf_sql_e *sql,
    ngx_uint_t n);

/* Whether the request's row has to be there before anything of it is done. */
ngx_uint_t ngx_tf_audit_first(ngx_tf_op_t *op);

/* Whether the failure in op->err is a row of its own. */
ngx_uint_t ngx_tf_audit_refused(ngx_tf_op_t *op);

/* The parameters of TF_SQL_audit_append.  always: whether or not the
 * transaction wrote anything.  NGX_ERROR with op->err. */
ngx_int_t ngx_tf_audit_bind(ngx_tf_op_t *op, ngx_uint_t always,
    tf_str_t *values);

/* What is wrong with the row's action, NULL: nothing. */
const char *ngx_tf_audit_check(const ngx_tf_route_t *route);


#endif /* _NGX_TF_AUDIT_H_INCLUDED_ */
