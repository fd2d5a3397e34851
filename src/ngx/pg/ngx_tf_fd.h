
/*
 * Sockets owned by libpq and hiredis in nginx's event loop.
 *
 * Both libraries read once per call and leave the rest in the socket, so their
 * sockets are watched level-triggered: what they left is announced again.
 * nginx never closes these sockets; their library does.
 */


#ifndef _NGX_TF_FD_H_INCLUDED_
#define _NGX_TF_FD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


#define NGX_TF_FD_READ   1
#define NGX_TF_FD_WRITE  2


/* Takes a connection slot for fd.  Both handlers get an event whose data is
 * the connection, and c->data is data.  NULL: no slot is free (logged). */
ngx_connection_t *ngx_tf_fd_open(ngx_socket_t fd, void *data,
    ngx_event_handler_pt read, ngx_event_handler_pt write);

/* Watches for exactly these events: 0, READ, WRITE or both. */
ngx_int_t ngx_tf_fd_watch(ngx_connection_t *c, ngx_uint_t events);

/* Gives the slot back; the socket stays open.  gone: the library has closed
 * the socket already, so the kernel has forgotten it. */
void ngx_tf_fd_close(ngx_connection_t *c, ngx_uint_t gone);

/* Looks a host name up while the configuration is read (libpq and hiredis would
 * do it while requests wait): its numeric addresses as char *, at least one.
 * NULL is logged; server names the URL it stands in. */
ngx_array_t *ngx_tf_fd_resolve(ngx_conf_t *cf, const char *host,
    const char *server);


#endif /* _NGX_TF_FD_H_INCLUDED_ */
