
#include "ngx_tf_pg.h"
#include "ngx_tf_pg_conn.h"


#define NGX_TF_PG_WAIT    1000      /* ms a unit waits for PostgreSQL */
#define NGX_TF_PG_RETRY    300      /* ms between tries while units wait */
#define NGX_TF_PG_SHARE     16      /* items before one Sync */


static void ngx_tf_pg_answer(ngx_tf_pg_lane_t *lane, ngx_tf_pg_item_t *item);
static void ngx_tf_pg_lost(ngx_tf_pg_lane_t *lane, ngx_queue_t *flight);
static void ngx_tf_pg_wake(ngx_tf_pg_pool_t *pool);
static void ngx_tf_pg_flush_handler(ngx_event_t *ev);
static void ngx_tf_pg_flush_fast(ngx_tf_pg_lane_t *lane);
static void ngx_tf_pg_flush_slow(ngx_tf_pg_lane_t *lane);
static ngx_int_t ngx_tf_pg_prepare(ngx_tf_pg_conn_t *conn,
    ngx_tf_pg_item_t *item);
static ngx_int_t ngx_tf_pg_put(ngx_tf_pg_conn_t *conn, ngx_tf_pg_item_t *item,
    ngx_uint_t sync);
static ngx_uint_t ngx_tf_pg_shares(ngx_tf_pg_item_t *item);
static ngx_tf_pg_item_t *ngx_tf_pg_take(ngx_tf_pg_lane_t *lane);
static void ngx_tf_pg_connect(ngx_tf_pg_conn_t *conn);
static ngx_uint_t ngx_tf_pg_serves(ngx_tf_pg_lane_t *lane);
static void ngx_tf_pg_expire_handler(ngx_event_t *ev);
static ngx_uint_t ngx_tf_pg_turn(ngx_tf_pg_lane_t *lane,
    ngx_tf_pg_item_t *item);
static void ngx_tf_pg_queue(ngx_tf_pg_item_t *item, ngx_tf_pg_lane_t *lane);
static void ngx_tf_pg_move(ngx_tf_pg_item_t *item, ngx_tf_pg_where_e where);
static void ngx_tf_pg_cancel(ngx_tf_pg_conn_t *conn);
static void ngx_tf_pg_cancelled(ngx_tf_pg_unit_t *u);
static void ngx_tf_pg_fail(ngx_tf_pg_item_t *item, tf_code_e code);
static void ngx_tf_pg_finish(ngx_tf_pg_item_t *item);
static void ngx_tf_pg_free(ngx_tf_pg_item_t *item);
static void ngx_tf_pg_again(ngx_tf_pg_lane_t *lane, ngx_tf_pg_item_t *item);
static ngx_tf_pg_item_t *ngx_tf_pg_item(ngx_queue_t *q);
static ngx_tf_pg_item_t *ngx_tf_pg_alloc(const tf_sql_e *sql, ngx_uint_t n,
    size_t size);


/* One pool per worker process. */

static ngx_tf_pg_pool_t  ngx_tf_pg_pool;

static const char *const  ngx_tf_pg_lane_names[NGX_TF_PG_LANES] = {
    "fast", "slow", "log"
};

static const ngx_str_t  ngx_tf_pg_no_label = ngx_string("-");


ngx_int_t
ngx_tf_pg_init_process(ngx_cycle_t *cycle, ngx_tf_pg_conf_t *conf)
{
    ngx_uint_t         i, n, slots;
    ngx_core_conf_t   *ccf;
    ngx_tf_pg_lane_t  *lane;
    ngx_tf_pg_pool_t  *pool;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    slots = conf->slow_slots;

    if (slots == 0) {
        slots = ngx_max(ccf->worker_processes / 2, 1);
    }

    pool = &ngx_tf_pg_pool;

    ngx_memzero(pool, sizeof(ngx_tf_pg_pool_t));

    pool->answer = ngx_tf_pg_answer;
    pool->lost = ngx_tf_pg_lost;
    pool->wake = ngx_tf_pg_wake;

    pool->conf = conf;
    pool->hosts = conf->hosts->elts;
    pool->nhosts = conf->hosts->nelts;

    pool->flush.handler = ngx_tf_pg_flush_handler;
    pool->flush.data = pool;
    pool->flush.log = cycle->log;

    pool->expire.handler = ngx_tf_pg_expire_handler;
    pool->expire.data = pool;
    pool->expire.log = cycle->log;
    pool->expire.cancelable = 1;

    for (i = 0; i < NGX_TF_PG_LANES; i++) {
        lane = &pool->lanes[i];

        lane->pool = pool;
        lane->id = i;
        lane->timeout = ngx_tf_pg_conf_timeout(conf, i);
        lane->nconns = (i == NGX_TF_PG_SLOW) ? conf->slow_conns : 1;
        lane->queue = (i == NGX_TF_PG_FAST) ? conf->queue
                      : (i == NGX_TF_PG_SLOW) ? conf->slow_queue
                      : NGX_TF_PG_LOGS_QUEUE;

        ngx_queue_init(&lane->waiting);

        lane->conns = ngx_pcalloc(cycle->pool,
                                  lane->nconns * sizeof(ngx_tf_pg_conn_t));
        if (lane->conns == NULL) {
            return NGX_ERROR;
        }

        for (n = 0; n < lane->nconns; n++) {
            ngx_tf_pg_conn_init(&lane->conns[n], lane);

            (void) ngx_sprintf((u_char *) lane->conns[n].slot, "%ui%Z",
                               (ngx_worker + n) % slots);
        }
    }

    ngx_tf_pg_conn_start(&pool->lanes[NGX_TF_PG_FAST].conns[0]);

    return NGX_OK;
}


void
ngx_tf_pg_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t         i, n;
    ngx_queue_t       *q;
    ngx_tf_pg_conn_t  *conn;
    ngx_tf_pg_lane_t  *lane;
    ngx_tf_pg_pool_t  *pool;

    pool = &ngx_tf_pg_pool;

    if (pool->conf == NULL) {
        return;
    }

    for (i = 0; i < NGX_TF_PG_LANES; i++) {
        lane = &pool->lanes[i];

        for (n = 0; n < lane->nconns; n++) {
            conn = &lane->conns[n];

            ngx_tf_pg_conn_close(conn);

            while (!ngx_queue_empty(&conn->flight)) {
                q = ngx_queue_head(&conn->flight);
                ngx_queue_remove(q);
                ngx_tf_pg_free(ngx_tf_pg_item(q));
            }
        }

        while (!ngx_queue_empty(&lane->waiting)) {
            ngx_tf_pg_free(ngx_tf_pg_take(lane));
        }
    }

    pool->conf = NULL;
}


ngx_tf_pg_unit_t *
ngx_tf_pg_unit(const tf_sql_e *sql, ngx_uint_t n, const tf_str_t *values)
{
    u_char            *p;
    size_t             size;
    ngx_uint_t         i, nvalues;
    ngx_tf_pg_item_t  *item;

    nvalues = 0;

    for (i = 0; i < n; i++) {
        nvalues += tf_sql[sql[i]].nparams;
    }

    size = nvalues * sizeof(char *);

    for (i = 0; i < nvalues; i++) {
        size += values[i].len + 1;
    }

    item = ngx_tf_pg_alloc(sql, n, size);
    if (item == NULL) {
        return NULL;
    }

    p = (u_char *) (item->u.values + nvalues);

    for (i = 0; i < nvalues; i++) {

        if (values[i].data == NULL) {
            item->u.values[i] = NULL;
            continue;
        }

        item->u.values[i] = (const char *) p;
        p = ngx_cpymem(p, values[i].data, values[i].len);
        *p++ = '\0';
    }

    return &item->u;
}


static ngx_tf_pg_item_t *
ngx_tf_pg_alloc(const tf_sql_e *sql, ngx_uint_t n, size_t size)
{
    ngx_uint_t         i;
    ngx_tf_pg_item_t  *item;

    for (i = 0; i < n; i++) {

        /* a statement of the worker is not prepared here: that mistake must
         * not look like a schema that changed */

        if (i == NGX_TF_PG_UNIT_MAX
            || sql[i] == TF_SQL_NONE || sql[i] >= TF_SQL_END
            || (tf_sql[sql[i]].flags & TF_SQL_WORKER))
        {
            ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                          "taifish: a unit with a statement that is not "
                          "nginx's to run");
            return NULL;
        }
    }

    item = ngx_alloc(sizeof(ngx_tf_pg_item_t) + size, ngx_cycle->log);
    if (item == NULL) {
        return NULL;
    }

    ngx_memzero(item, sizeof(ngx_tf_pg_item_t));

    item->u.n = n;
    item->u.values = (const char **) (item + 1);
    item->size = size;

    item->u.log = ngx_cycle->log;
    item->u.label = ngx_tf_pg_no_label;
    item->u.number = ++ngx_tf_pg_pool.units;

    for (i = 0; i < n; i++) {
        item->u.sql[i] = sql[i];

        if (tf_sql[sql[i]].flags & TF_SQL_WRITE) {
            item->u.write = 1;
        }

        if (tf_sql[sql[i]].flags & TF_SQL_SLOW) {
            item->u.slow = 1;
        }

        if (tf_sql[sql[i]].flags & TF_SQL_LOG) {
            item->u.log_lane = 1;
        }
    }

    return item;
}


ngx_int_t
ngx_tf_pg_send(ngx_tf_pg_unit_t *u)
{
    ngx_int_t          rc;
    ngx_tf_pg_item_t  *item;
    ngx_tf_pg_lane_t  *lane;
    ngx_tf_pg_pool_t  *pool;

    item = (ngx_tf_pg_item_t *) u;
    pool = &ngx_tf_pg_pool;
    lane = &pool->lanes[u->log_lane ? NGX_TF_PG_LOGS
                        : u->slow ? NGX_TF_PG_SLOW : NGX_TF_PG_FAST];

    rc = NGX_OK;

    if (pool->conf == NULL
        || lane->count[NGX_TF_PG_WAITING] + lane->count[NGX_TF_PG_IN_FLIGHT]
           >= lane->queue)
    {
        rc = NGX_BUSY;

    } else if (u->slow && ngx_tf_pg_turn(lane, item) >= (lane->queue + 1) / 2) {
        rc = NGX_DECLINED;
    }

    if (rc != NGX_OK) {
        pool->state.rejected++;

        ngx_log_debug3(NGX_LOG_DEBUG_HTTP, u->log, 0,
                       "taifish %V: unit %ui: refused, the queue is full%s",
                       &u->label, u->number,
                       rc == NGX_DECLINED ? " of this user's" : "");

        ngx_tf_pg_free(item);
        return rc;
    }

    ngx_tf_pg_queue(item, lane);

    return NGX_OK;
}


/* Sets the unit's turn, which comes after those of its user that wait, and
 * returns their number. */

static ngx_uint_t
ngx_tf_pg_turn(ngx_tf_pg_lane_t *lane, ngx_tf_pg_item_t *item)
{
    ngx_uint_t         n;
    ngx_queue_t       *q;
    ngx_tf_pg_item_t  *other;

    n = 0;

    for (q = ngx_queue_head(&lane->waiting);
         q != ngx_queue_sentinel(&lane->waiting);
         q = ngx_queue_next(q))
    {
        other = ngx_tf_pg_item(q);

        if (other->u.user == item->u.user) {
            item->turn = other->turn + 1;
            n++;
        }
    }

    return n;
}


static void
ngx_tf_pg_queue(ngx_tf_pg_item_t *item, ngx_tf_pg_lane_t *lane)
{
    ngx_queue_t  *q;

    item->lane = lane;
    item->since = ngx_current_msec;

    ngx_tf_pg_move(item, NGX_TF_PG_WAITING);

    for (q = ngx_queue_last(&lane->waiting);
         q != ngx_queue_sentinel(&lane->waiting)
         && ngx_tf_pg_item(q)->turn > item->turn;
         q = ngx_queue_prev(q))
    { /* void */ }

    ngx_queue_insert_after(q, &item->u.queue);

    ngx_log_debug4(NGX_LOG_DEBUG_HTTP, item->u.log, 0,
                   "taifish %V: unit %ui: queued, %ui statements, lane %s",
                   &item->u.label, item->u.number, item->u.n,
                   ngx_tf_pg_lane_names[lane->id]);

    ngx_tf_pg_wake(lane->pool);
}


static void
ngx_tf_pg_move(ngx_tf_pg_item_t *item, ngx_tf_pg_where_e where)
{
    if (item->where != NGX_TF_PG_NEW) {
        item->lane->count[item->where]--;
    }

    item->where = where;
    item->lane->count[where]++;
}


void
ngx_tf_pg_detach(ngx_tf_pg_unit_t *u)
{
    ngx_tf_pg_item_t  *item;

    item = (ngx_tf_pg_item_t *) u;

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, u->log, 0,
                   "taifish %V: unit %ui: detached%s", &u->label, u->number,
                   item->where == NGX_TF_PG_IN_FLIGHT ? " in flight" : "");

    u->done = NULL;
    u->log = ngx_cycle->log;
    u->label = ngx_tf_pg_no_label;

    switch (item->where) {

    case NGX_TF_PG_NEW:
        ngx_tf_pg_free(item);
        break;

    case NGX_TF_PG_WAITING:
        ngx_queue_remove(&u->queue);
        ngx_tf_pg_free(item);
        break;

    case NGX_TF_PG_IN_FLIGHT:

        /* a write goes on: it may be nearly done, and who asked for it may
         * rely on that */

        if (u->slow && !u->write) {
            ngx_tf_pg_cancel(item->conn);
        }

        break;

    default:
        break;
    }
}


/*
 * Stops what runs on a connection of the slow lane, which has one unit at a
 * time.  libpq 15's PQcancel() blocks and sends the key in the clear; a
 * statement on the fast lane does neither, and its answer says when the signal
 * has been sent: until then nothing else starts on the connection, so that
 * nothing else can be hit.
 */

static void
ngx_tf_pg_cancel(ngx_tf_pg_conn_t *conn)
{
    u_char              text[NGX_INT32_LEN + 1];
    tf_str_t            pid;
    const tf_sql_e      sql = TF_SQL_pg_cancel;
    ngx_tf_pg_pool_t   *pool;
    ngx_tf_pg_unit_t   *u;

    pool = conn->lane->pool;

    if (conn->cancel || conn->state != NGX_TF_PG_READY) {
        return;
    }

    pid.data = text;
    pid.len = ngx_sprintf(text, "%d%Z", PQbackendPID(conn->pg)) - text - 1;

    u = ngx_tf_pg_unit(&sql, 1, &pid);

    if (u == NULL) {

        /* it ends by its statement_timeout */

        return;
    }

    u->done = ngx_tf_pg_cancelled;
    u->data = conn;
    conn->cancel = u;

    ngx_tf_pg_queue((ngx_tf_pg_item_t *) u, &pool->lanes[NGX_TF_PG_FAST]);
}


static void
ngx_tf_pg_cancelled(ngx_tf_pg_unit_t *u)
{
    ngx_tf_pg_conn_t  *conn;

    conn = u->data;

    if (conn->cancel == u) {
        conn->cancel = NULL;
    }

    ngx_tf_pg_wake(conn->lane->pool);
}


void
ngx_tf_pg_state(ngx_tf_pg_state_t *state)
{
    ngx_uint_t         i;
    ngx_tf_pg_pool_t  *pool;

    pool = &ngx_tf_pg_pool;

    *state = pool->state;

    for (i = 0; i < NGX_TF_PG_LANES; i++) {
        state->waiting += pool->lanes[i].count[NGX_TF_PG_WAITING];
        state->in_flight += pool->lanes[i].count[NGX_TF_PG_IN_FLIGHT];
    }

    state->up = pool->conf != NULL
                && pool->lanes[NGX_TF_PG_FAST].conns[0].state
                   == NGX_TF_PG_READY;
}


static void
ngx_tf_pg_wake(ngx_tf_pg_pool_t *pool)
{
    ngx_post_event(&pool->flush, &ngx_posted_next_events);
}


/* Runs at the end of a turn of the event loop: whatever the requests of this
 * turn asked for leaves together. */

static void
ngx_tf_pg_flush_handler(ngx_event_t *ev)
{
    ngx_uint_t         i;
    ngx_tf_pg_pool_t  *pool;

    pool = ev->data;

    if (pool->conf == NULL) {
        return;
    }

    ngx_tf_pg_flush_fast(&pool->lanes[NGX_TF_PG_FAST]);
    ngx_tf_pg_flush_slow(&pool->lanes[NGX_TF_PG_SLOW]);
    ngx_tf_pg_flush_slow(&pool->lanes[NGX_TF_PG_LOGS]);

    for (i = 0; i < NGX_TF_PG_LANES; i++) {

        if (!ngx_queue_empty(&pool->lanes[i].waiting)
            && !ngx_tf_pg_serves(&pool->lanes[i])
            && !pool->expire.timer_set)
        {
            ngx_add_timer(&pool->expire, NGX_TF_PG_WAIT / 10);
        }
    }
}


static void
ngx_tf_pg_flush_fast(ngx_tf_pg_lane_t *lane)
{
    ngx_uint_t         n, sync;
    ngx_queue_t       *q;
    ngx_tf_pg_conn_t  *conn;
    ngx_tf_pg_item_t  *item;

    conn = &lane->conns[0];

    if (conn->state == NGX_TF_PG_DOWN) {
        ngx_tf_pg_connect(conn);
        return;
    }

    if (conn->state != NGX_TF_PG_READY || conn->closed
        || ngx_queue_empty(&lane->waiting))
    {
        return;
    }

    for (q = ngx_queue_head(&lane->waiting);
         q != ngx_queue_sentinel(&lane->waiting);
         q = ngx_queue_next(q))
    {
        if (ngx_tf_pg_prepare(conn, ngx_tf_pg_item(q)) != NGX_OK) {
            return;
        }
    }

    n = 0;

    while (!ngx_queue_empty(&lane->waiting)) {
        item = ngx_tf_pg_take(lane);

        sync = ngx_queue_empty(&lane->waiting)
               || ++n == NGX_TF_PG_SHARE
               || !ngx_tf_pg_shares(item)
               || !ngx_tf_pg_shares(ngx_tf_pg_item(
                                            ngx_queue_head(&lane->waiting)));

        if (ngx_tf_pg_put(conn, item, sync) != NGX_OK) {
            return;
        }

        if (sync) {
            n = 0;
        }
    }

    ngx_tf_pg_conn_flush(conn);
}


/*
 * Sends a Parse for each statement of the item that only reads and that this
 * connection does not have yet, before any item of this turn: the Parse has a
 * Sync of its own, so that a statement that the schema refuses spoils nothing
 * else, and no error of another item skips it.
 */

static ngx_int_t
ngx_tf_pg_prepare(ngx_tf_pg_conn_t *conn, ngx_tf_pg_item_t *item)
{
    tf_sql_e           sql;
    ngx_uint_t         i;
    ngx_tf_pg_item_t  *parse;

    for (i = 0; i < item->u.n; i++) {
        sql = item->u.sql[i];

        if (conn->prepared[sql] || (tf_sql[sql].flags & TF_SQL_WRITE)) {
            continue;
        }

        parse = ngx_tf_pg_alloc(&sql, 1, 0);
        if (parse == NULL) {
            return NGX_ERROR;
        }

        parse->lane = conn->lane;
        parse->prepare = 1;
        parse->u.write = 0;
        conn->prepared[sql] = 1;

        if (ngx_tf_pg_put(conn, parse, 1) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_tf_pg_put(ngx_tf_pg_conn_t *conn, ngx_tf_pg_item_t *item, ngx_uint_t sync)
{
    ngx_tf_pg_move(item, NGX_TF_PG_IN_FLIGHT);

    return ngx_tf_pg_conn_send(conn, item, sync);
}


/* Whether the item may have its Sync together with others: a Sync costs both
 * sides a system call. */

static ngx_uint_t
ngx_tf_pg_shares(ngx_tf_pg_item_t *item)
{
    return item->u.n == 1 && !item->u.write && !item->alone;
}


/* A connection of the slow lane has one unit at a time, and a new connection
 * is made while others are busy; one by one, as signing in costs CPU time. */

static void
ngx_tf_pg_flush_slow(ngx_tf_pg_lane_t *lane)
{
    ngx_uint_t         i;
    ngx_tf_pg_conn_t  *conn;
    ngx_tf_pg_item_t  *item;

    for (i = 0; i < lane->nconns && !ngx_queue_empty(&lane->waiting); i++) {
        conn = &lane->conns[i];

        if (conn->state != NGX_TF_PG_READY || conn->nflight || conn->closed
            || conn->cancel)
        {
            continue;
        }

        item = ngx_tf_pg_item(ngx_queue_head(&lane->waiting));

        if (ngx_tf_pg_prepare(conn, item) == NGX_OK
            && ngx_tf_pg_put(conn, ngx_tf_pg_take(lane), 1) == NGX_OK)
        {
            ngx_tf_pg_conn_flush(conn);
        }
    }

    if (ngx_queue_empty(&lane->waiting)) {
        return;
    }

    conn = NULL;

    for (i = 0; i < lane->nconns; i++) {

        switch (lane->conns[i].state) {

        case NGX_TF_PG_CONNECTING:
            return;

        case NGX_TF_PG_DOWN:
            if (conn == NULL) {
                conn = &lane->conns[i];
            }
            break;

        default:
            break;
        }
    }

    if (conn) {
        ngx_tf_pg_connect(conn);
    }
}


static ngx_tf_pg_item_t *
ngx_tf_pg_take(ngx_tf_pg_lane_t *lane)
{
    ngx_queue_t  *q;

    q = ngx_queue_head(&lane->waiting);
    ngx_queue_remove(q);

    return ngx_tf_pg_item(q);
}


/* Somebody waits for this connection: a long pause between tries is cut
 * short, but nobody can make it try all the time. */

static void
ngx_tf_pg_connect(ngx_tf_pg_conn_t *conn)
{
    if (conn->timer.timer_set) {

        if (ngx_queue_empty(&conn->lane->waiting)
            || ngx_current_msec - conn->tried_at < NGX_TF_PG_RETRY)
        {
            return;
        }

        ngx_del_timer(&conn->timer);
    }

    ngx_tf_pg_conn_start(conn);
}


/* Whether units of the lane will get their turn without a new connection. */

static ngx_uint_t
ngx_tf_pg_serves(ngx_tf_pg_lane_t *lane)
{
    ngx_uint_t  i;

    for (i = 0; i < lane->nconns; i++) {
        if (lane->conns[i].state == NGX_TF_PG_READY) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_tf_pg_expire_handler(ngx_event_t *ev)
{
    ngx_uint_t         i;
    ngx_msec_t         wait;
    ngx_tf_pg_conn_t  *conn;
    ngx_tf_pg_item_t  *item;
    ngx_tf_pg_lane_t  *lane;
    ngx_tf_pg_pool_t  *pool;

    pool = ev->data;

    conn = &pool->lanes[NGX_TF_PG_FAST].conns[0];

    /* the very first connection may take its time on a busy machine, and an
     * edge sends requests already */

    wait = conn->state == NGX_TF_PG_CONNECTING && conn->tried == 1
           && pool->state.reconnects == 0
           ? pool->conf->connect_timeout : NGX_TF_PG_WAIT;

    for (i = 0; i < NGX_TF_PG_LANES; i++) {
        lane = &pool->lanes[i];

        if (ngx_tf_pg_serves(lane)) {
            continue;
        }

        while (!ngx_queue_empty(&lane->waiting)) {
            item = ngx_tf_pg_item(ngx_queue_head(&lane->waiting));

            if (ngx_current_msec - item->since < wait) {
                break;
            }

            ngx_tf_pg_fail(ngx_tf_pg_take(lane), TF_E_SERVICE_UNAVAILABLE);
        }
    }

    ngx_tf_pg_wake(pool);
}


static void
ngx_tf_pg_answer(ngx_tf_pg_lane_t *lane, ngx_tf_pg_item_t *item)
{
    if (item->again && item->u.done) {
        ngx_tf_pg_again(lane, item);
        ngx_tf_pg_wake(lane->pool);
        return;
    }

    ngx_tf_pg_finish(item);
}


static void
ngx_tf_pg_lost(ngx_tf_pg_lane_t *lane, ngx_queue_t *flight)
{
    ngx_queue_t        answered, *q;
    ngx_tf_pg_item_t  *item;

    ngx_queue_init(&answered);

    /* from the last to the first: each goes before those behind it */

    while (!ngx_queue_empty(flight)) {
        q = ngx_queue_last(flight);
        ngx_queue_remove(q);

        item = ngx_tf_pg_item(q);

        if (item->u.done && item->u.err.code == TF_E_NONE && !item->u.write
            && !item->u.retried)
        {
            ngx_tf_pg_again(lane, item);
            continue;
        }

        ngx_tf_pg_move(item, NGX_TF_PG_ANSWERED);
        ngx_queue_insert_head(&answered, q);
    }

    while (!ngx_queue_empty(&answered)) {
        q = ngx_queue_head(&answered);
        ngx_queue_remove(q);

        item = ngx_tf_pg_item(q);

        if (item->u.err.code != TF_E_NONE) {
            ngx_tf_pg_finish(item);

        } else {
            ngx_tf_pg_fail(item, item->u.write ? TF_E_OUTCOME_UNKNOWN
                                               : TF_E_SERVICE_UNAVAILABLE);
        }
    }

    ngx_tf_pg_wake(lane->pool);
}


/* Puts an item before those that wait, as if it had not been sent. */

static void
ngx_tf_pg_again(ngx_tf_pg_lane_t *lane, ngx_tf_pg_item_t *item)
{
    ngx_uint_t  i;

    for (i = 0; i < item->u.n; i++) {
        PQclear(item->u.res[i]);
        item->u.res[i] = NULL;
    }

    if (!item->aborted) {
        item->u.retried = 1;
    }

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, item->u.log, 0,
                   "taifish %V: unit %ui: to be sent again%s",
                   &item->u.label, item->u.number,
                   item->aborted ? ", another one of its Sync failed" : "");

    item->u.sent = 0;
    item->since = ngx_current_msec;

    ngx_tf_pg_move(item, NGX_TF_PG_WAITING);
    ngx_queue_insert_head(&lane->waiting, &item->u.queue);
}


static void
ngx_tf_pg_fail(ngx_tf_pg_item_t *item, tf_code_e code)
{
    tf_fail(&item->u.err, code, NULL, "PostgreSQL is away");

    ngx_tf_pg_finish(item);
}


static void
ngx_tf_pg_finish(ngx_tf_pg_item_t *item)
{
    ngx_tf_pg_move(item, NGX_TF_PG_ANSWERED);

    ngx_log_debug4(NGX_LOG_DEBUG_HTTP, item->u.log, 0,
                   "taifish %V: unit %ui: answered after %M ms, error \"%s\"",
                   &item->u.label, item->u.number,
                   ngx_current_msec - item->since,
                   item->u.err.code ? tf_errors[item->u.err.code].code : "");

    if (item->u.done) {
        item->u.done(&item->u);
    }

    ngx_tf_pg_free(item);
}


static void
ngx_tf_pg_free(ngx_tf_pg_item_t *item)
{
    ngx_uint_t  i;

    if (item->where != NGX_TF_PG_NEW) {
        item->lane->count[item->where]--;
    }

    for (i = 0; i < item->u.n; i++) {
        PQclear(item->u.res[i]);
    }

    ngx_explicit_memzero(item->u.values, item->size);
    ngx_free(item);
}


static ngx_tf_pg_item_t *
ngx_tf_pg_item(ngx_queue_t *q)
{
    return (ngx_tf_pg_item_t *) ngx_queue_data(q, ngx_tf_pg_unit_t, queue);
}
