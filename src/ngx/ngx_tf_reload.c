
#include "ngx_tf_reload.h"

#include <ngx_event.h>

#include <poll.h>
#include <sys/eventfd.h>


/*
 * A leaving worker of nginx before 1.27.4 walks its connections once, in the
 * order of their slots, and closes every idle one; a request that is on its
 * way to one of these is lost.  The sentinel is idle too and its slot comes
 * first, so its handler runs before any client's is called and takes them out
 * of nginx's sight.  They get some time for one more request, whose answer
 * carries "Connection: close" because the worker is leaving.
 */

#define NGX_TF_RELOAD_LINGER  4000      /* ms */


/*
 * A leaving worker closes its listening sockets without a look at what waits
 * in them.  When it is the last one that has such a socket open, because nginx
 * stops, the kernel resets these connections, which to their clients have been
 * accepted and may carry a request.  A second descriptor of each socket keeps
 * it open until they are accepted too.
 */

typedef struct {
    ngx_listening_t            listening;
    ngx_connection_t           connection;
    ngx_event_t                event;
} ngx_tf_reload_listen_t;


static ngx_int_t ngx_tf_reload_listen(ngx_cycle_t *cycle);
static void ngx_tf_reload_accept(void);
static void ngx_tf_reload_handler(ngx_event_t *ev);
static void ngx_tf_reload_linger(void);
static ngx_uint_t ngx_tf_reload_waits(ngx_connection_t *c);


/* One per worker process, NULL once it has done its work. */

static ngx_connection_t        *ngx_tf_reload_sentinel;
static ngx_tf_reload_listen_t  *ngx_tf_reload_listens;
static ngx_uint_t               ngx_tf_reload_nlistens;


ngx_int_t
ngx_tf_reload_init_process(ngx_cycle_t *cycle)
{
    int                fd;
    ngx_connection_t  *c;

    if (ngx_tf_reload_listen(cycle) != NGX_OK) {
        return NGX_ERROR;
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


static ngx_int_t
ngx_tf_reload_listen(ngx_cycle_t *cycle)
{
    int                      fd;
    ngx_uint_t               i;
    ngx_listening_t         *ls;
    ngx_tf_reload_listen_t  *listens, *l;

    ls = cycle->listening.elts;
    listens = ngx_pcalloc(cycle->pool, (cycle->listening.nelts + 1)
                                       * sizeof(ngx_tf_reload_listen_t));
    if (listens == NULL) {
        return NGX_ERROR;
    }

    ngx_tf_reload_listens = listens;
    ngx_tf_reload_nlistens = 0;

    for (i = 0; i < cycle->listening.nelts; i++) {

        /* with reuseport there is one for each worker */

        if (ls[i].type != SOCK_STREAM || ls[i].connection == NULL
            || ls[i].fd == (ngx_socket_t) -1)
        {
            continue;
        }

        fd = fcntl(ls[i].fd, F_DUPFD_CLOEXEC, 0);

        if (fd == -1) {
            ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                          "fcntl(F_DUPFD_CLOEXEC) failed");
            return NGX_ERROR;
        }

        l = &listens[ngx_tf_reload_nlistens++];
        l->listening = ls[i];
        l->connection.fd = fd;
        l->connection.listening = &l->listening;
        l->event.data = &l->connection;
        l->event.log = cycle->log;

        /* or nginx would add its own, closed descriptor to epoll again */

        l->listening.connection = &l->connection;
        l->listening.reuseport = 1;
    }

    return NGX_OK;
}


static void
ngx_tf_reload_accept(void)
{
    ngx_uint_t               i;
    struct pollfd            waits;
    ngx_tf_reload_listen_t  *l;

    for (i = 0; i < ngx_tf_reload_nlistens; i++) {
        l = &ngx_tf_reload_listens[i];

        waits.fd = l->connection.fd;
        waits.events = POLLIN;

        while (ngx_cycle->free_connection_n > 0 && poll(&waits, 1, 0) == 1
               && (waits.revents & POLLIN))
        {
            ngx_event_accept(&l->event);
        }

        (void) close(l->connection.fd);
    }

    ngx_tf_reload_nlistens = 0;
}


static void
ngx_tf_reload_handler(ngx_event_t *ev)
{
    if (nginx_version < 1027004) {
        ngx_tf_reload_linger();
    }

    ngx_tf_reload_accept();

    ngx_tf_reload_exit_process((ngx_cycle_t *) ngx_cycle);
}


static void
ngx_tf_reload_linger(void)
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
}


/*
 * Whether a client of HTTP/1 may send a request on this connection at any
 * moment, by the action nginx keeps for its log.  HTTP/2 says GOAWAY and
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
