
/*
 * What all nginx workers of this host count, in shared memory that a reload
 * keeps; src/feature/metrics/ shows it.
 *
 * Counters are added to with atomics and stay right when a worker is killed.
 * What is true of one worker at this moment stands in a place of its own, the
 * worker's in nginx's table of processes, which no two living workers share.
 * It is written by its worker only, cleared when a worker starts in it and when
 * one ends, and does not count when nothing was heard of its worker for ten
 * seconds.  So what a killed worker leaves behind is gone with the next worker
 * in its place, and after ten seconds without one.
 */


#ifndef _NGX_TF_COUNT_H_INCLUDED_
#define _NGX_TF_COUNT_H_INCLUDED_


#include "ngx_tf_request.h"


#define NGX_TF_METRICS_CODES    28      /* statuses, the last: any other */
#define NGX_TF_METRICS_BUCKETS  13      /* of durations, the last: no bound */
#define NGX_TF_METRICS_METHODS   8      /* the last: any other */


/* Of one worker, now. */

typedef enum {
    NGX_TF_GAUGE_WORKER = 0,            /* 1 */
    NGX_TF_GAUGE_LEAVING,               /* 1 while it ends after a reload */
    NGX_TF_GAUGE_REQUESTS,
    NGX_TF_GAUGE_STREAMS,
    NGX_TF_GAUGE_HASHES,                /* passwords in the thread pool */
    NGX_TF_GAUGE_PG_UP,
    NGX_TF_GAUGE_PG_WAITING,
    NGX_TF_GAUGE_PG_IN_FLIGHT,
    NGX_TF_GAUGE_REDIS_UP,
    NGX_TF_GAUGE_REDIS_SUBSCRIPTIONS,
    NGX_TF_GAUGES
} ngx_tf_gauge_e;


/* Of all workers there have been. */

typedef enum {
    NGX_TF_COUNTER_PG_REJECTED = 0,
    NGX_TF_COUNTER_PG_RECONNECTS,
    NGX_TF_COUNTER_REDIS_RECONNECTS,
    NGX_TF_COUNTER_CONFIG_LOADS,
    NGX_TF_COUNTER_LOG_WRITTEN,
    NGX_TF_COUNTER_LOG_DROPPED,
    NGX_TF_COUNTERS
} ngx_tf_counter_e;


/* Of one route. */

typedef struct {
    ngx_atomic_t         requests[NGX_TF_METRICS_CODES];
    ngx_atomic_t         took[NGX_TF_METRICS_BUCKETS];
    ngx_atomic_t         msec;          /* all of them together */
} ngx_tf_metrics_route_t;


typedef struct {
    ngx_atomic_t             counter[NGX_TF_COUNTERS];
    time_t                   started;   /* this nginx, reloads aside */
    ngx_atomic_t             loaded;    /* seconds: the configuration */

    /* all rows in their order; then requests that no row
     * answers, by method; then those nginx refused by itself, by method */
    ngx_uint_t               nroutes;
    ngx_tf_metrics_route_t  *routes;

    struct ngx_tf_metrics_process_s  *processes;
} ngx_tf_metrics_sh_t;


typedef struct {
    ngx_uint_t           msec;          /* not more than */
    const char          *text;          /* the same in seconds */
} ngx_tf_metrics_bound_t;


/* The numbers behind requests[], 0 for the last, and the bounds of took[]. */
extern const ngx_uint_t  ngx_tf_metrics_codes[NGX_TF_METRICS_CODES];
extern const ngx_tf_metrics_bound_t
    ngx_tf_metrics_bounds[NGX_TF_METRICS_BUCKETS - 1];


/* The zone of the taifish_metrics_zone directive. */
ngx_int_t ngx_tf_count_zone(ngx_conf_t *cf, ngx_str_t *name, size_t size);

/* A configuration has become the one in force: counts it. */
void ngx_tf_count_init_module(ngx_cycle_t *cycle);

void ngx_tf_count_init_process(ngx_cycle_t *cycle);
void ngx_tf_count_exit_process(ngx_cycle_t *cycle);

/* A request begins; it has become a stream of events; it ends.  Streams are
 * counted, their durations are not. */
void ngx_tf_count_begin(ngx_tf_op_t *op);
void ngx_tf_count_stream(ngx_tf_op_t *op);
void ngx_tf_count_end(ngx_tf_op_t *op);

/* How long the request has taken, as $request_time has it, in ms. */
ngx_uint_t ngx_tf_count_ms(ngx_http_request_t *r);

/* Something else of this worker, now. */
void ngx_tf_count_gauge(ngx_tf_gauge_e gauge, ngx_uint_t value);

/* The counters, as they are while others write them. */
const ngx_tf_metrics_sh_t *ngx_tf_count_read(void);

/* Adds up what is true of the workers that live. */
void ngx_tf_count_sum(ngx_uint_t sum[NGX_TF_GAUGES]);


#endif /* _NGX_TF_COUNT_H_INCLUDED_ */
