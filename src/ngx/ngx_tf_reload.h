
/*
 * "nginx -s reload" without a lost request on nginx older than 1.27.4, whose
 * leaving workers close keep-alive connections under their clients' feet.
 */


#ifndef _NGX_TF_RELOAD_H_INCLUDED_
#define _NGX_TF_RELOAD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* Takes the sentinel connection; called in init_process before a client can
 * have connected.  Nothing to do on newer nginx. */
ngx_int_t ngx_tf_reload_init_process(ngx_cycle_t *cycle);
void ngx_tf_reload_exit_process(ngx_cycle_t *cycle);


#endif /* _NGX_TF_RELOAD_H_INCLUDED_ */
