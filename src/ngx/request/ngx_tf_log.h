
/*
 * The application log of one nginx worker: events wait in a bounded buffer and
 * go to PostgreSQL in batches, once a second.  No request waits for one.
 *
 * While PostgreSQL is away they are kept; what finds the buffer full is dropped
 * and counted.  Of one kind at most NGX_TF_LOG_BURST events a second are kept;
 * the rest of them is one event that says how many there were.
 */


#ifndef _NGX_TF_LOG_H_INCLUDED_
#define _NGX_TF_LOG_H_INCLUDED_


#include "ngx_tf_pg.h"
#include "tf_event.h"


#define NGX_TF_LOG_BURST  20        /* of one kind, a second */


typedef struct {
    ngx_uint_t           written;
    ngx_uint_t           dropped;
} ngx_tf_log_state_t;


/* max: events that may wait; redis: there is one. */
void ngx_tf_log_init_process(ngx_cycle_t *cycle, ngx_uint_t max,
    ngx_uint_t redis);

/* What was not written by now is dropped and counted. */
void ngx_tf_log_exit_process(ngx_cycle_t *cycle);

/* An event of this kind, to be filled by tf_event_str() and tf_event_int() and
 * ended before the next one begins. */
tf_event_t *ngx_tf_log_begin(tf_event_e what);
void ngx_tf_log_end(tf_event_t *e);

void ngx_tf_log_state(ngx_tf_log_state_t *state);


#endif /* _NGX_TF_LOG_H_INCLUDED_ */
