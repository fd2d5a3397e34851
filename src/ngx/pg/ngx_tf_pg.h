
/*
 * PostgreSQL for one nginx worker: a pipelined connection for short statements
 * (the fast lane) and a few for slow ones, statements prepared on connect,
 * results as PGresult.
 *
 * A unit is up to NGX_TF_SQL_MAX statements and one Sync: they succeed or fail
 * together.  Units live outside of requests.  The owner of a unit either waits
 * for its done call or detaches from it; a detached unit runs to its end and
 * nobody hears of it.
 */


#ifndef _NGX_TF_PG_H_INCLUDED_
#define _NGX_TF_PG_H_INCLUDED_


#include "ngx_tf.h"


#define NGX_TF_PG_PARAMS_MAX  32

typedef struct ngx_tf_pg_unit_s  ngx_tf_pg_unit_t;

typedef void (*ngx_tf_pg_done_pt)(ngx_tf_pg_unit_t *u);


struct ngx_tf_pg_unit_s {
    ngx_queue_t          queue;         /* the pool's: waiting or in flight */

    ngx_tf_pg_done_pt    done;          /* NULL: detached */
    void                *data;

    ngx_uint_t           n;
    tf_sql_e             sql[NGX_TF_SQL_MAX];
    PGresult            *res[NGX_TF_SQL_MAX];

    /* set before done when the unit failed: nothing of it was stored, but for
     * OUTCOME_UNKNOWN.  constraint: the name of the broken constraint, "" */
    tf_err_t             err;
    char                 constraint[64];

    /* parameter texts (NUL terminated, NULL is SQL NULL), first those of
     * sql[0], and the bytes they point to: both inside the unit's block */
    const char         **values;

    unsigned             write:1;       /* any statement writes */
    unsigned             slow:1;
    unsigned             sent:1;
    unsigned             retried:1;
};


/* pool configuration, set up from the directives */

typedef struct {
    ngx_str_t            url;           /* a libpq URI or conninfo */
    ngx_array_t         *hosts;         /* made by ngx_tf_pg_conf_init() */
    ngx_uint_t           slow_conns;    /* default 1 */
    ngx_uint_t           queue;         /* units waiting or in flight, at most;
                                           default 1024 */
    ngx_msec_t           connect_timeout;   /* per host, default 3 s */
    ngx_msec_t           statement_timeout; /* fast lane, default 5 s; the slow
                                               lane has ten times as much */
} ngx_tf_pg_conf_t;


/* The state of the pool for health answers and metrics. */

typedef struct {
    unsigned             up:1;          /* the fast lane is ready */
    ngx_uint_t           waiting;
    ngx_uint_t           in_flight;
    ngx_uint_t           reconnects;
    ngx_uint_t           rejected;
} ngx_tf_pg_state_t;


/*
 * Splits the URL into single hosts and looks their names up; called when the
 * configuration is read and the other members are set.  NGX_ERROR is logged.
 * Without sslmode in the URL: require, or disable on a unix socket and on this
 * machine's own addresses.  With several hosts the one that can be written to
 * is found.
 */
ngx_int_t ngx_tf_pg_conf_init(ngx_conf_t *cf, ngx_tf_pg_conf_t *conf);

/* Starts connecting; never fails because PostgreSQL is away. */
ngx_int_t ngx_tf_pg_init_process(ngx_cycle_t *cycle, ngx_tf_pg_conf_t *conf);
void ngx_tf_pg_exit_process(ngx_cycle_t *cycle);

/*
 * Makes a unit of n statements from values (all their parameters in order; the
 * texts are copied).  NULL when memory is out.
 */
ngx_tf_pg_unit_t *ngx_tf_pg_unit(const tf_sql_e *sql, ngx_uint_t n,
    const tf_str_t *values);

/*
 * Queues the unit; it is sent at the end of this turn of the event loop.  done
 * is called exactly once, later, unless detached; then the pool frees the unit
 * after done returned.  NGX_BUSY: the queue is full (the unit is freed); the
 * client gets 503 with Retry-After.  While PostgreSQL is away units that read
 * wait for a short time (up to 1 s) for it to return, then fail with
 * SERVICE_UNAVAILABLE.  A unit that only reads is sent again once when its
 * connection is lost; a sent unit that writes ends with OUTCOME_UNKNOWN.
 */
ngx_int_t ngx_tf_pg_send(ngx_tf_pg_unit_t *u);

/* The owner is gone: done will not be called. */
void ngx_tf_pg_detach(ngx_tf_pg_unit_t *u);

/*
 * Describes statements instead of running them: res[i] is the PGresult of
 * PQdescribePrepared (PQnfields, PQfname, PQftype).  For the API document.
 */
ngx_tf_pg_unit_t *ngx_tf_pg_describe(const tf_sql_e *sql, ngx_uint_t n);

void ngx_tf_pg_state(ngx_tf_pg_state_t *state);


#endif /* _NGX_TF_PG_H_INCLUDED_ */
