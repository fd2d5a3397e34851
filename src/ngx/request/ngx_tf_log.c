
#include "ngx_tf_log.h"
#include "ngx_tf_redis.h"
#include "tf_release.h"

#include <ngx_event.h>


#define NGX_TF_LOG_PERIOD  1000     /* ms between two batches */
#define NGX_TF_LOG_BATCH   64       /* events of one */
#define NGX_TF_LOG_LAST    2        /* batches of a worker that ends */


typedef struct {
    ngx_queue_t          queue;
    ngx_msec_t           at;
    size_t               len;
    u_char               text[];
} ngx_tf_log_entry_t;


/* Whether what this worker is connected to is there, for events. */

typedef struct {
    ngx_uint_t           up;
    ngx_msec_t           since;
    tf_event_e           lost;
    tf_event_e           back;
} ngx_tf_log_peer_t;


static void *ngx_tf_log_alloc(void *ctx, size_t size);
static void ngx_tf_log_drop(ngx_uint_t n);
static void ngx_tf_log_tick(ngx_event_t *ev);
static void ngx_tf_log_peer(ngx_tf_log_peer_t *peer, ngx_uint_t up);
static void ngx_tf_log_counted(void);
static void ngx_tf_log_flush(void);
static ngx_int_t ngx_tf_log_batch(tf_str_t *events, ngx_uint_t n);
static void ngx_tf_log_done(ngx_tf_pg_unit_t *u);
static void ngx_tf_log_remove(ngx_uint_t n);


/* This worker's. */

static ngx_queue_t         ngx_tf_log_queue;
static ngx_uint_t          ngx_tf_log_n;
static ngx_uint_t          ngx_tf_log_sent;     /* of them, in flight */
static ngx_uint_t          ngx_tf_log_last;     /* batches since it is ending */
static ngx_event_t         ngx_tf_log_timer;
static ngx_connection_t    ngx_tf_log_dummy;
static ngx_tf_log_state_t  ngx_tf_log_counts;
static ngx_uint_t          ngx_tf_log_said;     /* of dropped, in an event */
static ngx_uint_t          ngx_tf_log_seen[TF_EVENT_END];   /* this second */
static ngx_uint_t          ngx_tf_log_redis;
static ngx_uint_t          ngx_tf_log_max;      /* waiting */

static ngx_tf_log_peer_t   ngx_tf_log_peers[2];

/* the event that is being filled */

static tf_event_e          ngx_tf_log_what;
static tf_event_t          ngx_tf_log_event;
static u_char              ngx_tf_log_space[TF_EVENT_MAX];
static const tf_mem_t      ngx_tf_log_mem = {
    ngx_tf_log_alloc, ngx_tf_log_space
};


void
ngx_tf_log_init_process(ngx_cycle_t *cycle, ngx_uint_t max, ngx_uint_t redis)
{
    ngx_uint_t   i;
    tf_event_t  *e;

    ngx_queue_init(&ngx_tf_log_queue);

    ngx_tf_log_max = max;
    ngx_tf_log_redis = redis;

    ngx_tf_log_peers[0].lost = TF_EVENT_POSTGRES_LOST;
    ngx_tf_log_peers[0].back = TF_EVENT_POSTGRES_BACK;
    ngx_tf_log_peers[1].lost = TF_EVENT_REDIS_LOST;
    ngx_tf_log_peers[1].back = TF_EVENT_REDIS_BACK;

    for (i = 0; i < 2; i++) {
        ngx_tf_log_peers[i].up = 1;
        ngx_tf_log_peers[i].since = ngx_current_msec;
    }

    ngx_tf_log_timer.handler = ngx_tf_log_tick;
    ngx_tf_log_timer.data = &ngx_tf_log_dummy;
    ngx_tf_log_timer.log = cycle->log;
    ngx_tf_log_timer.cancelable = 1;

    ngx_add_timer(&ngx_tf_log_timer, NGX_TF_LOG_PERIOD);

    e = ngx_tf_log_begin(TF_EVENT_NGINX_STARTED);
    tf_event_str(e, "version", tf_str(TF_RELEASE));
    ngx_tf_log_end(e);
}


void
ngx_tf_log_exit_process(ngx_cycle_t *cycle)
{
    if (ngx_tf_log_timer.handler == NULL) {
        return;
    }

    ngx_tf_log_drop(ngx_tf_log_n);
    ngx_tf_log_remove(ngx_tf_log_n);
}


tf_event_t *
ngx_tf_log_begin(tf_event_e what)
{
    ngx_tf_log_what = what;
    tf_event_begin(&ngx_tf_log_event, &ngx_tf_log_mem, what);

    return &ngx_tf_log_event;
}


void
ngx_tf_log_end(tf_event_t *e)
{
    tf_str_t             text;
    ngx_tf_log_entry_t  *entry;

    tf_event_str(e, "host", (tf_str_t) { ngx_cycle->hostname.len,
                                         ngx_cycle->hostname.data });

    if (++ngx_tf_log_seen[ngx_tf_log_what] > NGX_TF_LOG_BURST) {
        return;
    }

    if (ngx_tf_log_n >= ngx_tf_log_max || tf_event_end(e, &text) != TF_OK) {
        ngx_tf_log_drop(1);
        return;
    }

    entry = ngx_alloc(sizeof(ngx_tf_log_entry_t) + text.len, ngx_cycle->log);
    if (entry == NULL) {
        ngx_tf_log_drop(1);
        return;
    }

    entry->at = ngx_current_msec;
    entry->len = text.len;
    ngx_memcpy(entry->text, text.data, text.len);

    ngx_queue_insert_tail(&ngx_tf_log_queue, &entry->queue);
    ngx_tf_log_n++;

    /* a worker that ends stays for what waits, though not for long */

    ngx_tf_log_timer.cancelable = ngx_tf_log_last >= NGX_TF_LOG_LAST;
}


void
ngx_tf_log_state(ngx_tf_log_state_t *state)
{
    *state = ngx_tf_log_counts;
}


/* The one block of an event. */

static void *
ngx_tf_log_alloc(void *ctx, size_t size)
{
    return size <= TF_EVENT_MAX ? ctx : NULL;
}


static void
ngx_tf_log_drop(ngx_uint_t n)
{
    ngx_tf_log_counts.dropped += n;
}


static void
ngx_tf_log_tick(ngx_event_t *ev)
{
    ngx_tf_pg_state_t     pg;
    ngx_tf_redis_state_t  redis;

    ngx_tf_pg_state(&pg);
    ngx_tf_log_peer(&ngx_tf_log_peers[0], pg.up);

    if (ngx_tf_log_redis) {
        ngx_tf_redis_state(&redis);
        ngx_tf_log_peer(&ngx_tf_log_peers[1], redis.up);
    }

    ngx_tf_log_counted();

    if (ngx_exiting) {
        ngx_tf_log_last++;
    }

    ngx_tf_log_flush();

    ev->cancelable = ngx_tf_log_n == 0 || ngx_tf_log_last >= NGX_TF_LOG_LAST;

    ngx_add_timer(ev, NGX_TF_LOG_PERIOD);
}


static void
ngx_tf_log_peer(ngx_tf_log_peer_t *peer, ngx_uint_t up)
{
    tf_event_t  *e;

    if (up == peer->up) {
        return;
    }

    e = ngx_tf_log_begin(up ? peer->back : peer->lost);

    if (up) {
        tf_event_int(e, "seconds", (ngx_current_msec - peer->since) / 1000);
    }

    ngx_tf_log_end(e);

    peer->up = up;
    peer->since = ngx_current_msec;
}


/* What was only counted in the last second becomes an event. */

static void
ngx_tf_log_counted(void)
{
    ngx_uint_t   i, n;
    tf_event_t  *e;

    for (i = 0; i < TF_EVENT_END; i++) {
        n = ngx_tf_log_seen[i];
        ngx_tf_log_seen[i] = 0;

        if (n <= NGX_TF_LOG_BURST) {
            continue;
        }

        e = ngx_tf_log_begin(TF_EVENT_LOG_REPEATED);
        tf_event_str(e, "event", tf_str(tf_event_kinds[i].code));
        tf_event_int(e, "count", n - NGX_TF_LOG_BURST);
        ngx_tf_log_end(e);
    }

    n = ngx_tf_log_counts.dropped - ngx_tf_log_said;

    if (n && ngx_tf_log_n < ngx_tf_log_max / 2) {
        ngx_tf_log_said += n;

        e = ngx_tf_log_begin(TF_EVENT_LOG_DROPPED);
        tf_event_int(e, "count", n);
        ngx_tf_log_end(e);
    }
}


/* Sends the oldest events; they stay until PostgreSQL has said that it has
 * them. */

static void
ngx_tf_log_flush(void)
{
    tf_str_t            events;
    ngx_uint_t          n;
    const tf_sql_e      sql = TF_SQL_logs_write;
    ngx_tf_pg_unit_t   *u;
    ngx_tf_pg_state_t   pg;

    ngx_tf_pg_state(&pg);

    if (ngx_tf_log_n == 0 || ngx_tf_log_sent || !pg.up) {
        return;
    }

    n = ngx_min(ngx_tf_log_n, NGX_TF_LOG_BATCH);

    if (ngx_tf_log_batch(&events, n) != NGX_OK) {
        return;
    }

    u = ngx_tf_pg_unit(&sql, 1, &events);
    ngx_free(events.data);

    if (u == NULL) {
        return;
    }

    u->done = ngx_tf_log_done;

    if (ngx_tf_pg_send(u) == NGX_OK) {
        ngx_tf_log_sent = n;
    }
}


static ngx_int_t
ngx_tf_log_batch(tf_str_t *events, ngx_uint_t n)
{
    size_t               size;
    u_char              *p;
    ngx_uint_t           i;
    ngx_queue_t         *q;
    ngx_tf_log_entry_t  *entry;

    size = 2;
    q = ngx_queue_head(&ngx_tf_log_queue);

    for (i = 0; i < n; i++, q = ngx_queue_next(q)) {
        entry = ngx_queue_data(q, ngx_tf_log_entry_t, queue);
        size += entry->len + sizeof(",{\"age\":,") + NGX_INT_T_LEN;
    }

    events->data = ngx_alloc(size, ngx_cycle->log);
    if (events->data == NULL) {
        return NGX_ERROR;
    }

    p = events->data;
    q = ngx_queue_head(&ngx_tf_log_queue);

    for (i = 0; i < n; i++, q = ngx_queue_next(q)) {
        entry = ngx_queue_data(q, ngx_tf_log_entry_t, queue);
        p = ngx_sprintf(p, "%c{\"age\":%M,", i ? ',' : '[',
                        ngx_current_msec - entry->at);
        p = ngx_cpymem(p, entry->text, entry->len);
    }

    *p++ = ']';
    events->len = p - events->data;

    return NGX_OK;
}


/* A batch whose outcome is unknown is not sent again: nothing is written twice.
 * One that PostgreSQL refuses would be refused again. */

static void
ngx_tf_log_done(ngx_tf_pg_unit_t *u)
{
    ngx_uint_t  n;

    n = ngx_tf_log_sent;
    ngx_tf_log_sent = 0;

    if (u->err.code == TF_E_SERVICE_UNAVAILABLE
        || u->err.code == TF_E_DATABASE_TIMEOUT)
    {
        return;
    }

    if (u->err.code) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "taifish: %ui events were not written: %s", n,
                      tf_errors[u->err.code].code);
        ngx_tf_log_drop(n);

    } else {
        ngx_tf_log_counts.written += n;
    }

    ngx_tf_log_remove(n);
    ngx_tf_log_flush();
}


static void
ngx_tf_log_remove(ngx_uint_t n)
{
    ngx_queue_t  *q;

    for ( /* void */ ; n; n--) {
        q = ngx_queue_head(&ngx_tf_log_queue);
        ngx_queue_remove(q);
        ngx_free(ngx_queue_data(q, ngx_tf_log_entry_t, queue));
        ngx_tf_log_n--;
    }

    if (ngx_tf_log_n == 0) {
        ngx_tf_log_timer.cancelable = 1;
    }
}
