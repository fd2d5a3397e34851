
/*
 * Where PostgreSQL is and how long it may take: the pool's configuration.
 */


#ifndef _NGX_TF_PG_CONF_H_INCLUDED_
#define _NGX_TF_PG_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_TF_PG_FAST   0
#define NGX_TF_PG_SLOW   1
#define NGX_TF_PG_LOGS   2      /* as the slow one, with one connection: what
                                   nobody waits for delays nobody */
#define NGX_TF_PG_LANES  3


/* One address to try: what PQconnectStartParams() takes, for each lane. */

typedef struct {
    ngx_str_t             name;         /* for logs: "host:port" */
    const char          **keywords[NGX_TF_PG_LANES];
    const char          **values[NGX_TF_PG_LANES];
} ngx_tf_pg_host_t;


/* Set up from the directives. */

typedef struct {
    ngx_str_t            url;           /* a libpq URI or conninfo */
    ngx_array_t         *hosts;         /* made by ngx_tf_pg_conf_init() */
    ngx_uint_t           slow_conns;    /* default 1 */
    ngx_uint_t           slow_slots;    /* slow statements that run at once, of
                                           all nginx processes and hosts; 0,
                                           default: half of the workers */
    ngx_uint_t           queue;         /* units of the fast lane waiting or in
                                           flight, at most; default 1024 */
    ngx_uint_t           slow_queue;    /* the same of the slow lane; default
                                           64 */
    ngx_msec_t           connect_timeout;   /* per host, default 3 s */
    ngx_msec_t           statement_timeout; /* fast lane, default 5 s; the slow
                                               lane has ten times as much */
} ngx_tf_pg_conf_t;


/*
 * Splits the URL into single hosts and looks their names up; called when the
 * configuration is read and the other members are set.  NGX_ERROR is logged.
 * Without sslmode in the URL: require, or disable on a unix socket and on this
 * machine's own addresses.  With several hosts the one that can be written to
 * is found.
 */
ngx_int_t ngx_tf_pg_conf_init(ngx_conf_t *cf, ngx_tf_pg_conf_t *conf);

/* The statement_timeout of a lane, NGX_TF_PG_FAST and so on. */
ngx_msec_t ngx_tf_pg_conf_timeout(ngx_tf_pg_conf_t *conf, ngx_uint_t lane);


#endif /* _NGX_TF_PG_CONF_H_INCLUDED_ */
