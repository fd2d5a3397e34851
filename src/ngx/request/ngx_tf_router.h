
/*
 * From method and path to a row of a route table.
 */


#ifndef _NGX_TF_ROUTER_H_INCLUDED_
#define _NGX_TF_ROUTER_H_INCLUDED_


#include "ngx_tf.h"


#define NGX_TF_PREFIX    "/api/v1"
#define NGX_TF_PATH_MAX  4          /* parameters in one path */

typedef struct ngx_tf_router_s  ngx_tf_router_t;


typedef struct {
    const ngx_tf_route_t    *route;
    const char              *group;     /* the table's name */
    ngx_uint_t               index;     /* of the row among all rows */
    const char *const       *names;     /* of the path's parameters */
    ngx_uint_t               n;
    ngx_str_t                values[NGX_TF_PATH_MAX];
    ngx_uint_t               allowed;   /* methods, when the path is known but
                                           not for this method */
} ngx_tf_match_t;


/* Compiles all tables; NULL with a log line when two rows are the same, a
 * pattern is bad or a statement needs a parameter its row does not have. */
ngx_tf_router_t *ngx_tf_router_create(ngx_conf_t *cf);

/* NGX_OK; NGX_DECLINED: no such path (allowed is 0) or not with this method.
 * HEAD is answered by GET rows. */
ngx_int_t ngx_tf_router_match(ngx_tf_router_t *router, ngx_http_request_t *r,
    ngx_tf_match_t *m);

/* The JSON Schema of a parameter of a path, "{id}". */
const char *ngx_tf_router_schema(ngx_str_t *segment);


#endif /* _NGX_TF_ROUTER_H_INCLUDED_ */
