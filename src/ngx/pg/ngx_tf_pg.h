
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


#include "ngx_tf_pg_conf.h"
#include "ngx_tf_pg_unit.h"


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
 * client gets 503 with Retry-After.  NGX_DECLINED: half of the slow lane's
 * queue is this user's own (the unit is freed).  While PostgreSQL is away units
 * that read wait for a short time (up to 1 s) for it to return, then fail with
 * SERVICE_UNAVAILABLE.  A unit that only reads is sent again once when its
 * connection is lost; a sent unit that writes ends with OUTCOME_UNKNOWN.
 */
ngx_int_t ngx_tf_pg_send(ngx_tf_pg_unit_t *u);

/* The owner is gone: done will not be called. */
void ngx_tf_pg_detach(ngx_tf_pg_unit_t *u);

void ngx_tf_pg_state(ngx_tf_pg_state_t *state);


#endif /* _NGX_TF_PG_H_INCLUDED_ */
