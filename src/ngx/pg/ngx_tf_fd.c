
#include "ngx_tf_fd.h"


static ngx_int_t ngx_tf_fd_set(ngx_event_t *ev, ngx_int_t event,
    ngx_uint_t on);


ngx_connection_t *
ngx_tf_fd_open(ngx_socket_t fd, void *data, ngx_event_handler_pt read,
    ngx_event_handler_pt write)
{
    ngx_connection_t  *c;

    c = ngx_get_connection(fd, ngx_cycle->log);
    if (c == NULL) {
        return NULL;
    }

    c->data = data;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    c->read->handler = read;
    c->read->log = ngx_cycle->log;
    c->write->handler = write;
    c->write->log = ngx_cycle->log;

    return c;
}


ngx_int_t
ngx_tf_fd_watch(ngx_connection_t *c, ngx_uint_t events)
{
    /* what is added comes first: a socket never leaves epoll in between */

    if ((events & NGX_TF_FD_READ)
        && ngx_tf_fd_set(c->read, NGX_READ_EVENT, 1) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_tf_fd_set(c->write, NGX_WRITE_EVENT, events & NGX_TF_FD_WRITE)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_tf_fd_set(c->read, NGX_READ_EVENT, events & NGX_TF_FD_READ);
}


void
ngx_tf_fd_close(ngx_connection_t *c, ngx_uint_t gone)
{
    ngx_uint_t  flags;

    flags = gone ? NGX_CLOSE_EVENT : 0;

    if (ngx_del_conn) {
        if (c->read->active || c->write->active) {
            ngx_del_conn(c, flags);
        }

    } else {
        if (c->read->active) {
            ngx_del_event(c->read, NGX_READ_EVENT, flags);
        }

        if (c->write->active) {
            ngx_del_event(c->write, NGX_WRITE_EVENT, flags);
        }
    }

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    c->read->closed = 1;
    c->write->closed = 1;
    c->idle = 0;

    ngx_free_connection(c);

    c->fd = (ngx_socket_t) -1;
}


static ngx_int_t
ngx_tf_fd_set(ngx_event_t *ev, ngx_int_t event, ngx_uint_t on)
{
    if (on && !ev->active) {
        return ngx_add_event(ev, event, NGX_LEVEL_EVENT);
    }

    if (!on && ev->active) {
        return ngx_del_event(ev, event, 0);
    }

    return NGX_OK;
}


ngx_array_t *
ngx_tf_fd_resolve(ngx_conf_t *cf, const char *host, const char *server)
{
    u_char        *text;
    ngx_url_t      u;
    ngx_uint_t     i;
    ngx_array_t   *list;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.host.data = (u_char *) host;
    u.host.len = ngx_strlen(host);

    if (ngx_inet_resolve_host(cf->pool, &u) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "taifish: host \"%s\" of the %s URL cannot be "
                      "resolved: %s", host, server,
                      u.err ? u.err : "no memory");
        return NULL;
    }

    list = ngx_array_create(cf->pool, u.naddrs, sizeof(char *));
    if (list == NULL) {
        return NULL;
    }

    for (i = 0; i < u.naddrs; i++) {
        text = ngx_pcalloc(cf->pool, NGX_SOCKADDR_STRLEN + 1);
        if (text == NULL) {
            return NULL;
        }

        (void) ngx_sock_ntop(u.addrs[i].sockaddr, u.addrs[i].socklen, text,
                             NGX_SOCKADDR_STRLEN, 0);

        *(u_char **) ngx_array_push(list) = text;
    }

    return list;
}
