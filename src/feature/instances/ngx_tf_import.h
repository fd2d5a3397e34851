
/*
 * Instances from an uploaded file.  The file is read in the event loop in small
 * parts, and its rows go to PostgreSQL in one statement of the slow lane.
 */


#ifndef _NGX_TF_IMPORT_H_INCLUDED_
#define _NGX_TF_IMPORT_H_INCLUDED_


#include "ngx_tf.h"


/* Bytes of a request with a file, at most. */
#define NGX_TF_IMPORT_MAX  (8 * 1024 * 1024)


/* The JSON Schema of its answer. */
extern const char  ngx_tf_import_schema[];

ngx_int_t ngx_tf_import_next(ngx_tf_op_t *op);

/* The file to begin with. */
ngx_int_t ngx_tf_import_template(ngx_tf_op_t *op);


#endif /* _NGX_TF_IMPORT_H_INCLUDED_ */
