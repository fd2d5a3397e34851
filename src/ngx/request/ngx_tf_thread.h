
/*
 * Work of a request that takes long, in a thread: hashing passwords, writing
 * files.
 */


#ifndef _NGX_TF_THREAD_H_INCLUDED_
#define _NGX_TF_THREAD_H_INCLUDED_


#include "ngx_tf_request.h"


/* Runs body(arg) in the thread pool and waits.  size bytes of arg are copied
 * to the thread and wiped after next has run; the copy is at *data.  body may
 * use nothing of nginx.  NGX_AGAIN, or NGX_ERROR: RATE_LIMIT_EXCEEDED, the pool
 * is full. */
ngx_int_t ngx_tf_thread_run(ngx_tf_op_t *op, void (*body)(void *data),
    const void *arg, size_t size, void **data);

/* The same in a pool of its own, for work on files: data stays where it is and
 * is body's until next runs; when the op ends before that, gone(data) is called
 * in its place. */
ngx_int_t ngx_tf_thread_file(ngx_tf_op_t *op, void (*body)(void *data),
    void *data, void (*gone)(void *data));


#endif /* _NGX_TF_THREAD_H_INCLUDED_ */
