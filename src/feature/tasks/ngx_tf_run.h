
/*
 * Waiting for the end of a run: what an endpoint with NGX_TF_RUN answers.
 */


#ifndef _NGX_TF_RUN_H_INCLUDED_
#define _NGX_TF_RUN_H_INCLUDED_


#include "ngx_tf_request.h"


/* ngx_tf_hooks_t.await_run: waits for the end of the run in op->res, which is
 * read again after 50 ms to 1 s and at each message on Redis; then answers 200
 * with its outcome, its error, or 202 with run_id after taifish_run_wait.  With
 * "Prefer: respond-async" it answers 202 without waiting. */
void ngx_tf_run_await(ngx_tf_op_t *op);


#endif /* _NGX_TF_RUN_H_INCLUDED_ */
