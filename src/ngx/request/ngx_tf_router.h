
/*
 * From method and path to a row of a route table.
 */


#ifndef _NGX_TF_ROUTER_H_INCLUDED_
#define _NGX_TF_ROUTER_H_INCLUDED_


#include "ngx_tf_conf.h"
#include "ngx_tf_request.h"


#define NGX_TF_PREFIX    "/api/v1"

typedef struct ngx_tf_router_s  ngx_tf_router_t;


/* Compiles the tables; NULL with a log line when two rows are the same, a
 * pattern is bad, a row has no permission, or a statement it may send needs a
 * parameter it does not have. */
ngx_tf_router_t *ngx_tf_router_create(ngx_conf_t *cf,
    const ngx_tf_routes_t *tables, const ngx_tf_hooks_t *hooks);

/* Sets the row of a request.  NGX_OK; NGX_DECLINED: no such path
 * (op->in.match.allowed is 0) or not with this method.  HEAD is answered by GET
 * rows. */
ngx_int_t ngx_tf_router_match(ngx_tf_router_t *router, ngx_tf_op_t *op);

/* The path of a row without types, below the prefix as in the row; index counts
 * all rows in the order of the tables. */
const char *ngx_tf_router_path(ngx_tf_router_t *router, ngx_uint_t index);


#endif /* _NGX_TF_ROUTER_H_INCLUDED_ */
