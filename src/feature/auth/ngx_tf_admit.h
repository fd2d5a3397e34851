
/*
 * Who sends a request and whether it may have its route: the identity hook of
 * every request.
 */


#ifndef _NGX_TF_ADMIT_H_INCLUDED_
#define _NGX_TF_ADMIT_H_INCLUDED_


#include "ngx_tf_conf.h"
#include "ngx_tf_request.h"


/* ngx_tf_hooks_t.admit: session or token, permission of the row, CSRF token of
 * unsafe methods. */
ngx_int_t ngx_tf_admit(ngx_tf_op_t *op, PGresult *res, tf_sql_e *sql);


#endif /* _NGX_TF_ADMIT_H_INCLUDED_ */
