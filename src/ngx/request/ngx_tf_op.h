
/*
 * The content handler of "taifish on" and what tells the access log about a
 * request.
 */


#ifndef _NGX_TF_OP_H_INCLUDED_
#define _NGX_TF_OP_H_INCLUDED_


#include "ngx_tf.h"


ngx_int_t ngx_tf_op_handler(ngx_http_request_t *r);

/* $taifish_route (the template), $taifish_user, $taifish_request_id */
ngx_int_t ngx_tf_op_variables(ngx_conf_t *cf);


#endif /* _NGX_TF_OP_H_INCLUDED_ */
