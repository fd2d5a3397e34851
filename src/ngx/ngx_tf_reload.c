
#include "ngx_tf_reload.h"

#include <ngx_event.h>

#include <sys/eventfd.h>


/*
 * A leaving worker of nginx before 1.27.4 walks its connections once, in the
 * order of their slots, and closes every idle one; a request that is on its
 * way to one of these is lost.  The sentinel is idle too and its slot comes
 * first, so its handler runs before any client's is called and takes them out
 * of nginx's sight.  They get some time for one more request, whose answer
 * carries "Connection: close" because the worker is leaving.
 */

#define NGX_TF_RELOAD_LINGER  1000      /* ms */


static void ngx_tf_reload_handler(ngx_event_t *ev);
static ngx_uint_t ngx_tf_reload_waits(ngx_connection_t *c);


/* One per worker process, NULL once it has done its work. */

static ngx_connection_t  *ngx_tf_reload_sentinel;


ngx_int_t
ngx_tf_reload_init_process(ngx_cycle_t *cycle)
{
    int                fd;
    ngx_connection_t  *c;

    if (nginx_version >= 1027004) {
        return NGX_OK;
    }

    fd = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);

    if (fd == -1) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                      "eventfd() failed");
        return NGX_ERROR;
    }

    c = ngx_get_connection(fd, cycle->log);

    if (c == NULL) {
        (void) close(fd);
        return NGX_ERROR;
    }

    /* never added to epoll: nobody but nginx's walk calls the handler */

    c->read->handler = ngx_tf_reload_handler;
    c->read->log = cycle->log;
    c->write->log = cycle->log;
    c->idle = 1;

    ngx_tf_reload_sentinel = c;

    return NGX_OK;
}


void
ngx_tf_reload_exit_process(ngx_cycle_t *cycle)
{
    ngx_connection_t  *c;

    c = ngx_tf_reload_sentinel;

    if (c == NULL) {
        return;
    }

    ngx_tf_reload_sentinel = NULL;

    (void) close(c->fd);

    ngx_free_connection(c);

    c->fd = (ngx_socket_t) -1;
    c->idle = 0;
}


static void
ngx_tf_reload_handler(ngx_event_t *ev)
{
    ngx_uint_t         i;
    ngx_connection_t  *c;

    c = ngx_cycle->connections;

    for (i = 0; i < ngx_cycle->connection_n; i++) {

        if (c[i].fd == (ngx_socket_t) -1 || !ngx_tf_reload_waits(&c[i])) {
            continue;
        }

        c[i].idle = 0;

        ngx_add_timer(c[i].read, NGX_TF_RELOAD_LINGER);
    }

    ngx_tf_reload_exit_process((ngx_cycle_t *) ngx_cycle);
}


/*
 * Whether a client of HTTP/1 may send a request on this connection at any
 * moment, told by the action nginx keeps for its log.  HTTP/2 says GOAWAY and
 * needs no help.  A client that has connected and said nothing yet is not
 * idle to nginx and would keep the process for client_header_timeout.
 */

static ngx_uint_t
ngx_tf_reload_waits(ngx_connection_t *c)
{
    const char  *action;

    if (c->listening == NULL || c->read->accept || !c->read->timer_set) {
        return 0;
    }

    action = c->log->action;

    return action != NULL
           && ((c->idle && ngx_strcmp(action, "keepalive") == 0)
               || ngx_strcmp(action, "waiting for request") == 0);
}
