
/*
 * PostgreSQL for one nginx worker: a pipelined connection for short statements
 * (the fast lane), a few for slow ones and one for the log, statements prepared
 * when a connection first needs them, results as PGresult.
 *
 * A unit is up to NGX_TF_PG_UNIT_MAX statements and one Sync: they succeed or
 * fail together.  Units live outside of requests.  The owner of a unit either
 * waits for its done call or detaches from it; done of a detached unit is not
 * called.  A detached unit runs to its end, but for one that only reads on the
 * slow lane: that is cancelled.
 */


#ifndef _NGX_TF_PG_H_INCLUDED_
#define _NGX_TF_PG_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <libpq-fe.h>

#include "ngx_tf_pg_conf.h"
#include "tf_error.h"
#include "tf_sql.h"


#define NGX_TF_SQL_MAX         4        /* statements that are asked for */
#define NGX_TF_PG_UNIT_MAX     5        /* of a unit: the audit log's too */
#define NGX_TF_PG_PARAMS_MAX  32        /* parameters of a statement */

typedef struct ngx_tf_pg_unit_s  ngx_tf_pg_unit_t;

typedef void (*ngx_tf_pg_done_pt)(ngx_tf_pg_unit_t *u);


struct ngx_tf_pg_unit_s {
    ngx_queue_t          queue;         /* the pool's: waiting or in flight */

    ngx_tf_pg_done_pt    done;          /* NULL: detached */
    void                *data;

    ngx_uint_t           n;
    tf_sql_e             sql[NGX_TF_PG_UNIT_MAX];
    PGresult            *res[NGX_TF_PG_UNIT_MAX];

    /* set before done when the unit failed: nothing of it was stored, but for
     * OUTCOME_UNKNOWN.  constraint: the name of the broken constraint, "" */
    tf_err_t             err;
    char                 constraint[64];

    /* parameter texts (NUL terminated, NULL is SQL NULL), first those of
     * sql[0], and the bytes they point to: both inside the unit's block */
    const char         **values;

    /* for log lines; set by the owner between making and sending the unit, and
     * taken back when it detaches.  Without an owner: the process's own log. */
    ngx_log_t           *log;
    ngx_str_t            label;         /* the request's id, or "-" */
    ngx_uint_t           number;        /* of this process, from 1 on */

    unsigned             write:1;       /* any statement writes */
    unsigned             slow:1;
    unsigned             log_lane:1;
    unsigned             sent:1;
    unsigned             retried:1;
};


/* The state of the pool for health answers and metrics. */

typedef struct {
    unsigned             up:1;          /* the fast lane is ready */
    ngx_uint_t           waiting;
    ngx_uint_t           in_flight;
    ngx_uint_t           reconnects;
    ngx_uint_t           rejected;
} ngx_tf_pg_state_t;


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

void ngx_tf_pg_state(ngx_tf_pg_state_t *state);


#endif /* _NGX_TF_PG_H_INCLUDED_ */
