
#include "ngx_tf_conf.h"
#include "ngx_tf_count.h"
#include "ngx_tf_log.h"


#define NGX_TF_METRICS_PERIOD   1000    /* ms between two looks at ourselves */
#define NGX_TF_METRICS_SILENCE  10000   /* ms after which a worker is gone */


/* Written by the worker whose place it is, read by all; two cache lines, so
 * that neighbours do not disturb each other. */

typedef struct ngx_tf_metrics_process_s {
    ngx_msec_t           seen;          /* 0: nobody */
    ngx_uint_t           gauge[NGX_TF_GAUGES];
    ngx_uint_t           unused[15 - NGX_TF_GAUGES];
} ngx_tf_metrics_process_t;


static ngx_int_t ngx_tf_count_zone_init(ngx_shm_zone_t *zone, void *data);
static void ngx_tf_count_look_handler(ngx_event_t *ev);
static void ngx_tf_count_look(void);
static void ngx_tf_count_add(ngx_tf_counter_e counter, ngx_uint_t now);
static ngx_uint_t ngx_tf_count_route(ngx_tf_op_t *op);
static ngx_uint_t ngx_tf_count_method(ngx_uint_t method);


const ngx_uint_t  ngx_tf_metrics_codes[NGX_TF_METRICS_CODES] = {
    200, 201, 202, 204, 206, 301, 302, 304, 400, 401, 403, 404, 405, 408, 409,
    410, 411, 413, 414, 422, 423, 429, 499, 500, 502, 503, 504, 0
};

const ngx_tf_metrics_bound_t
ngx_tf_metrics_bounds[NGX_TF_METRICS_BUCKETS - 1] = {
    { 5, "0.005" }, { 10, "0.01" }, { 25, "0.025" }, { 50, "0.05" },
    { 100, "0.1" }, { 250, "0.25" }, { 500, "0.5" }, { 1000, "1" },
    { 2500, "2.5" }, { 5000, "5" }, { 10000, "10" }, { 30000, "30" }
};


/* This worker's: the zone, its place in it, and what of the counters of its
 * pools has been added to the zone. */

static ngx_tf_metrics_sh_t       *ngx_tf_metrics;
static ngx_tf_metrics_process_t  *ngx_tf_metrics_self;
static ngx_uint_t                 ngx_tf_metrics_added[NGX_TF_COUNTERS];
static ngx_event_t                ngx_tf_metrics_timer;

/* Its address tells the zone from others of this module. */

static ngx_connection_t           ngx_tf_metrics_dummy;


ngx_int_t
ngx_tf_count_zone(ngx_conf_t *cf, ngx_str_t *name, size_t size)
{
    ngx_shm_zone_t      *zone;
    ngx_tf_main_conf_t  *mcf;

    zone = ngx_shared_memory_add(cf, name, size, &ngx_tf_metrics_dummy);
    if (zone == NULL) {
        return NGX_ERROR;
    }

    zone->init = ngx_tf_count_zone_init;

    mcf = ngx_tf_conf_main(cf);
    mcf->metrics = zone;
    zone->data = mcf;

    return NGX_OK;
}


/* A zone that is kept was made by this very code: what is loaded from another
 * file has another tag, and a zone of its own. */

static ngx_int_t
ngx_tf_count_zone_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_uint_t              n;
    ngx_slab_pool_t        *pool;
    ngx_tf_main_conf_t     *mcf;
    ngx_tf_metrics_sh_t    *sh;
    const ngx_tf_route_t   *route;
    const ngx_tf_routes_t  *table;

    mcf = zone->data;

    if (data) {
        zone->data = data;
        return NGX_OK;
    }

    pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (zone->shm.exists) {
        zone->data = pool->data;
        return NGX_OK;
    }

    n = 0;

    for (table = mcf->routes; table->name; table++) {
        for (route = table->routes; route->method; route++) {
            n++;
        }
    }

    pool->log_nomem = 0;

    sh = ngx_slab_calloc(pool, sizeof(ngx_tf_metrics_sh_t));
    if (sh == NULL) {
        goto small;
    }

    sh->started = ngx_time();
    sh->nroutes = n;
    sh->routes = ngx_slab_calloc(pool, (n + 2 * NGX_TF_METRICS_METHODS)
                                       * sizeof(ngx_tf_metrics_route_t));
    sh->processes = ngx_slab_calloc(pool, NGX_MAX_PROCESSES
                                          * sizeof(ngx_tf_metrics_process_t));

    if (sh->routes == NULL || sh->processes == NULL) {
        goto small;
    }

    pool->data = sh;
    zone->data = sh;

    return NGX_OK;

small:

    ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                  "taifish_metrics_zone \"%V\" is too small", &zone->shm.name);
    return NGX_ERROR;
}


void
ngx_tf_count_init_module(ngx_cycle_t *cycle)
{
    ngx_tf_main_conf_t   *mcf;
    ngx_tf_metrics_sh_t  *sh;

    mcf = ngx_tf_conf_cycle(cycle);
    sh = mcf->metrics->data;

    (void) ngx_atomic_fetch_add(&sh->counter[NGX_TF_COUNTER_CONFIG_LOADS], 1);
    sh->loaded = ngx_time();
}


void
ngx_tf_count_init_process(ngx_cycle_t *cycle)
{
    ngx_tf_main_conf_t  *mcf;

    mcf = ngx_tf_conf_cycle(cycle);

    ngx_tf_metrics = mcf->metrics->data;
    ngx_tf_metrics_self = &ngx_tf_metrics->processes[ngx_process_slot];

    ngx_memzero(ngx_tf_metrics_self, sizeof(ngx_tf_metrics_process_t));

    ngx_tf_metrics_timer.handler = ngx_tf_count_look_handler;
    ngx_tf_metrics_timer.data = &ngx_tf_metrics_dummy;
    ngx_tf_metrics_timer.log = cycle->log;
    ngx_tf_metrics_timer.cancelable = 1;

    ngx_tf_count_look_handler(&ngx_tf_metrics_timer);
}


void
ngx_tf_count_exit_process(ngx_cycle_t *cycle)
{
    if (ngx_tf_metrics_self == NULL) {
        return;
    }

    ngx_tf_count_look();
    ngx_memzero(ngx_tf_metrics_self, sizeof(ngx_tf_metrics_process_t));
}


static void
ngx_tf_count_look_handler(ngx_event_t *ev)
{
    ngx_tf_count_look();
    ngx_add_timer(ev, NGX_TF_METRICS_PERIOD);
}


/* Writes down what the pools of this worker say of themselves. */

static void
ngx_tf_count_look(void)
{
    ngx_uint_t            *gauge;
    ngx_tf_pg_state_t      pg;
    ngx_tf_log_state_t     logs;
    ngx_tf_redis_state_t   redis;

    ngx_tf_pg_state(&pg);
    ngx_tf_redis_state(&redis);
    ngx_tf_log_state(&logs);

    gauge = ngx_tf_metrics_self->gauge;

    gauge[NGX_TF_GAUGE_WORKER] = 1;
    gauge[NGX_TF_GAUGE_LEAVING] = ngx_exiting;
    gauge[NGX_TF_GAUGE_PG_UP] = pg.up;
    gauge[NGX_TF_GAUGE_PG_WAITING] = pg.waiting;
    gauge[NGX_TF_GAUGE_PG_IN_FLIGHT] = pg.in_flight;
    gauge[NGX_TF_GAUGE_REDIS_UP] = redis.up;
    gauge[NGX_TF_GAUGE_REDIS_SUBSCRIPTIONS] = redis.subscriptions;

    ngx_tf_count_add(NGX_TF_COUNTER_PG_REJECTED, pg.rejected);
    ngx_tf_count_add(NGX_TF_COUNTER_PG_RECONNECTS, pg.reconnects);
    ngx_tf_count_add(NGX_TF_COUNTER_REDIS_RECONNECTS, redis.reconnects);
    ngx_tf_count_add(NGX_TF_COUNTER_LOG_WRITTEN, logs.written);
    ngx_tf_count_add(NGX_TF_COUNTER_LOG_DROPPED, logs.dropped);

    ngx_tf_metrics_self->seen = ngx_max(ngx_current_msec, 1);
}


void
ngx_tf_count_gauge(ngx_tf_gauge_e gauge, ngx_uint_t value)
{
    ngx_tf_metrics_self->gauge[gauge] = value;
}


/* The sum over all workers must not fall when one of them goes: what is new
 * since the last look is added. */

static void
ngx_tf_count_add(ngx_tf_counter_e counter, ngx_uint_t now)
{
    (void) ngx_atomic_fetch_add(&ngx_tf_metrics->counter[counter],
                                now - ngx_tf_metrics_added[counter]);
    ngx_tf_metrics_added[counter] = now;
}


void
ngx_tf_count_begin(ngx_tf_op_t *op)
{
    ngx_tf_metrics_self->gauge[NGX_TF_GAUGE_REQUESTS]++;
}


void
ngx_tf_count_stream(ngx_tf_op_t *op)
{
    op->in.stream = 1;

    ngx_tf_metrics_self->gauge[NGX_TF_GAUGE_REQUESTS]--;
    ngx_tf_metrics_self->gauge[NGX_TF_GAUGE_STREAMS]++;
}


void
ngx_tf_count_end(ngx_tf_op_t *op)
{
    ngx_uint_t               i, ms;
    ngx_http_request_t      *r;
    ngx_tf_metrics_route_t  *route;

    r = op->r;
    route = &ngx_tf_metrics->routes[ngx_tf_count_route(op)];

    for (i = 0; i < NGX_TF_METRICS_CODES - 1; i++) {
        if (ngx_tf_metrics_codes[i] == r->headers_out.status) {
            break;
        }
    }

    (void) ngx_atomic_fetch_add(&route->requests[i], 1);

    if (op->in.stream) {
        ngx_tf_metrics_self->gauge[NGX_TF_GAUGE_STREAMS]--;
        return;
    }

    ngx_tf_metrics_self->gauge[NGX_TF_GAUGE_REQUESTS]--;

    ms = ngx_tf_count_ms(r);

    for (i = 0; i < NGX_TF_METRICS_BUCKETS - 1; i++) {
        if (ms <= ngx_tf_metrics_bounds[i].msec) {
            break;
        }
    }

    (void) ngx_atomic_fetch_add(&route->took[i], 1);
    (void) ngx_atomic_fetch_add(&route->msec, ms);
}


ngx_uint_t
ngx_tf_count_ms(ngx_http_request_t *r)
{
    ngx_time_t      *now;
    ngx_msec_int_t   ms;

    now = ngx_timeofday();
    ms = (ngx_msec_int_t) ((now->sec - r->start_sec) * 1000
                           + (ngx_msec_int_t) (now->msec - r->start_msec));

    return ngx_max(ms, 0);
}


static ngx_uint_t
ngx_tf_count_route(ngx_tf_op_t *op)
{
    ngx_uint_t  i;

    if (op->route) {
        return op->in.match.index;
    }

    i = ngx_tf_metrics->nroutes + ngx_tf_count_method(op->r->method);

    return op->in.refused ? i + NGX_TF_METRICS_METHODS : i;
}


/* In the order of ngx_tf_metrics_host.c. */

static ngx_uint_t
ngx_tf_count_method(ngx_uint_t method)
{
    switch (method) {

    case NGX_HTTP_GET:
        return 0;

    case NGX_HTTP_HEAD:
        return 1;

    case NGX_HTTP_POST:
        return 2;

    case NGX_HTTP_PUT:
        return 3;

    case NGX_HTTP_PATCH:
        return 4;

    case NGX_HTTP_DELETE:
        return 5;

    case NGX_HTTP_OPTIONS:
        return 6;

    default:
        return NGX_TF_METRICS_METHODS - 1;
    }
}


const ngx_tf_metrics_sh_t *
ngx_tf_count_read(void)
{
    return ngx_tf_metrics;
}


void
ngx_tf_count_sum(ngx_uint_t sum[NGX_TF_GAUGES])
{
    ngx_uint_t                 i, k;
    ngx_tf_metrics_process_t  *p;

    ngx_tf_count_look();

    ngx_memzero(sum, NGX_TF_GAUGES * sizeof(ngx_uint_t));

    for (i = 0; i < NGX_MAX_PROCESSES; i++) {
        p = &ngx_tf_metrics->processes[i];

        if (p->seen == 0
            || ngx_abs((ngx_msec_int_t) (ngx_current_msec - p->seen))
               > NGX_TF_METRICS_SILENCE)
        {
            continue;
        }

        for (k = 0; k < NGX_TF_GAUGES; k++) {
            sum[k] += p->gauge[k];
        }
    }
}
