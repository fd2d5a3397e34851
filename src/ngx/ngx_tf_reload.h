
/*
 * A worker of nginx that leaves, by a reload or because nginx stops, without a
 * lost request: nginx older than 1.27.4 closes keep-alive connections under
 * their clients' feet, and each closes its listening sockets with what waits
 * in them.
 */


#ifndef _NGX_TF_RELOAD_H_INCLUDED_
#define _NGX_TF_RELOAD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* Takes the sentinel connection and a second descriptor of each listening
 * socket; called in init_process before a client can have connected. */
ngx_int_t ngx_tf_reload_init_process(ngx_cycle_t *cycle);
void ngx_tf_reload_exit_process(ngx_cycle_t *cycle);


#endif /* _NGX_TF_RELOAD_H_INCLUDED_ */
