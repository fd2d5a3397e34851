
#include "ngx_tf_fd.h"
#include "ngx_tf_pg_conn.h"
#include "ngx_tf_pg_error.h"


#define NGX_TF_PG_GRACE        2000     /* ms past statement_timeout */
#define NGX_TF_PG_IDLE        60000     /* ms, slow lane */
#define NGX_TF_PG_BACKOFF_MIN   100     /* ms */
#define NGX_TF_PG_BACKOFF_MAX  5000     /* ms */
#define NGX_TF_PG_STEADY       1000     /* ms ready, then the next try is at
                                           once */
#define NGX_TF_PG_LOG         10000     /* ms between two logged failures */

/* A row this large has made libpq's input buffer as large, and that never
 * shrinks; only results of more than this need a look at their rows. */
#define NGX_TF_PG_ROW_MAX   (512 * 1024)


static void ngx_tf_pg_conn_connect_handler(ngx_event_t *ev);
static void ngx_tf_pg_conn_poll(ngx_tf_pg_conn_t *conn,
    PostgresPollingStatusType poll);
static ngx_int_t ngx_tf_pg_conn_open(ngx_tf_pg_conn_t *conn,
    ngx_uint_t events);
static void ngx_tf_pg_conn_ready(ngx_tf_pg_conn_t *conn);
static ngx_int_t ngx_tf_pg_conn_slot(ngx_tf_pg_conn_t *conn);
static void ngx_tf_pg_conn_read_handler(ngx_event_t *ev);
static void ngx_tf_pg_conn_write_handler(ngx_event_t *ev);
static ngx_uint_t ngx_tf_pg_conn_leaving(ngx_tf_pg_conn_t *conn);
static void ngx_tf_pg_conn_results(ngx_tf_pg_conn_t *conn);
static ngx_int_t ngx_tf_pg_conn_null(ngx_tf_pg_conn_t *conn);
static ngx_tf_pg_item_t *ngx_tf_pg_conn_head(ngx_tf_pg_conn_t *conn);
static ngx_int_t ngx_tf_pg_conn_result(ngx_tf_pg_conn_t *conn, PGresult *res);
static ngx_int_t ngx_tf_pg_conn_keep(ngx_tf_pg_conn_t *conn,
    ngx_tf_pg_item_t *item, PGresult *res);
static void ngx_tf_pg_conn_measure(ngx_tf_pg_conn_t *conn,
    const PGresult *res);
static ngx_int_t ngx_tf_pg_conn_sync(ngx_tf_pg_conn_t *conn);
static void ngx_tf_pg_conn_answer(ngx_tf_pg_conn_t *conn,
    ngx_tf_pg_item_t *item);
static void ngx_tf_pg_conn_rest(ngx_tf_pg_conn_t *conn);
static void ngx_tf_pg_conn_lost(ngx_tf_pg_conn_t *conn, const char *why);
static void ngx_tf_pg_conn_log(ngx_tf_pg_conn_t *conn, const char *why);
static void ngx_tf_pg_conn_again(ngx_tf_pg_conn_t *conn);
static void ngx_tf_pg_conn_timer_handler(ngx_event_t *ev);
static void ngx_tf_pg_conn_watchdog(ngx_tf_pg_conn_t *conn);
static void ngx_tf_pg_conn_notice(void *arg, const PGresult *res);


void
ngx_tf_pg_conn_init(ngx_tf_pg_conn_t *conn, ngx_tf_pg_lane_t *lane)
{
    ngx_memzero(conn, sizeof(ngx_tf_pg_conn_t));

    conn->lane = lane;
    ngx_queue_init(&conn->flight);

    conn->timer.handler = ngx_tf_pg_conn_timer_handler;
    conn->timer.data = conn;
    conn->timer.log = ngx_cycle->log;
    conn->timer.cancelable = 1;
}


void
ngx_tf_pg_conn_start(ngx_tf_pg_conn_t *conn)
{
    ngx_tf_pg_host_t  *host;
    ngx_tf_pg_pool_t  *pool;

    pool = conn->lane->pool;
    host = &pool->hosts[conn->host];

    conn->state = NGX_TF_PG_CONNECTING;
    conn->tried_at = ngx_current_msec;
    conn->tried++;
    conn->recycle = 0;
    conn->closed = 0;
    conn->broken = 0;
    conn->queueing = 0;
    ngx_memzero(conn->prepared, TF_SQL_END);

    ngx_add_timer(&conn->timer, pool->conf->connect_timeout);

    conn->pg = PQconnectStartParams(host->keywords[conn->lane->id],
                                    host->values[conn->lane->id], 0);

    if (conn->pg == NULL) {
        ngx_tf_pg_conn_lost(conn, "no memory");
        return;
    }

    PQsetNoticeReceiver(conn->pg, ngx_tf_pg_conn_notice, conn);

    if (PQstatus(conn->pg) == CONNECTION_BAD) {
        ngx_tf_pg_conn_lost(conn, NULL);
        return;
    }

    ngx_tf_pg_conn_poll(conn, PGRES_POLLING_WRITING);
}


static void
ngx_tf_pg_conn_connect_handler(ngx_event_t *ev)
{
    ngx_connection_t  *c;
    ngx_tf_pg_conn_t  *conn;

    c = ev->data;
    conn = c->data;

    if (c->close && ngx_tf_pg_conn_leaving(conn)) {
        return;
    }

    /* PQconnectPoll() may close the socket and open another one, which may
     * even get the same number: nginx has to forget it before */

    ngx_tf_fd_close(c, 0);
    conn->c = NULL;

    ngx_tf_pg_conn_poll(conn, PQconnectPoll(conn->pg));
}


static void
ngx_tf_pg_conn_poll(ngx_tf_pg_conn_t *conn, PostgresPollingStatusType poll)
{
    ngx_uint_t  events;

    switch (poll) {

    case PGRES_POLLING_READING:
        events = NGX_TF_FD_READ;
        break;

    case PGRES_POLLING_WRITING:
        events = NGX_TF_FD_WRITE;
        break;

    case PGRES_POLLING_OK:
        ngx_tf_pg_conn_ready(conn);
        return;

    default:
        ngx_tf_pg_conn_lost(conn, NULL);
        return;
    }

    if (ngx_tf_pg_conn_open(conn, events) != NGX_OK) {
        ngx_tf_pg_conn_lost(conn, "no connection slot");
    }
}


static ngx_int_t
ngx_tf_pg_conn_open(ngx_tf_pg_conn_t *conn, ngx_uint_t events)
{
    ngx_event_handler_pt  read, write;

    if (conn->state == NGX_TF_PG_CONNECTING) {
        read = ngx_tf_pg_conn_connect_handler;
        write = ngx_tf_pg_conn_connect_handler;

    } else {
        read = ngx_tf_pg_conn_read_handler;
        write = ngx_tf_pg_conn_write_handler;
    }

    conn->c = ngx_tf_fd_open(PQsocket(conn->pg), conn, read, write);

    if (conn->c == NULL) {
        return NGX_ERROR;
    }

    return ngx_tf_fd_watch(conn->c, events);
}


static void
ngx_tf_pg_conn_ready(ngx_tf_pg_conn_t *conn)
{
    ngx_tf_pg_pool_t  *pool;

    conn->state = NGX_TF_PG_READY;
    pool = conn->lane->pool;

    if (ngx_tf_pg_conn_open(conn, NGX_TF_FD_READ) != NGX_OK) {
        ngx_tf_pg_conn_lost(conn, "no connection slot");
        return;
    }

    if (PQsetnonblocking(conn->pg, 1) != 0
        || PQenterPipelineMode(conn->pg) != 1)
    {
        ngx_tf_pg_conn_lost(conn, NULL);
        return;
    }

    conn->ready_at = ngx_current_msec;
    conn->moved_at = ngx_current_msec;
    conn->tried = 0;
    conn->c->idle = 1;

    ngx_del_timer(&conn->timer);

    if (conn->lane->id != NGX_TF_PG_FAST) {
        ngx_add_timer(&conn->timer, NGX_TF_PG_IDLE);
    }

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "taifish: connected to PostgreSQL at %V in %M ms",
                  &pool->hosts[conn->host].name,
                  ngx_current_msec - conn->tried_at);

    pool->logged = 0;
    pool->state.reconnects++;

    pool->wake(pool);
}


ngx_int_t
ngx_tf_pg_conn_send(ngx_tf_pg_conn_t *conn, ngx_tf_pg_item_t *item,
    ngx_uint_t sync)
{
    int                 rc;
    ngx_uint_t          i;
    const char        **values;
    const tf_stmt_t    *stmt;
    ngx_tf_pg_unit_t   *u;

    u = &item->u;
    values = u->values;

    item->conn = conn;
    item->since = ngx_current_msec;
    item->at = 0;
    item->again = 0;
    item->aborted = 0;
    item->shared = !sync;
    u->sent = 1;

    ngx_queue_insert_tail(&conn->flight, &u->queue);
    conn->nflight++;

    if (conn->c->idle) {
        conn->c->idle = 0;
        conn->moved_at = ngx_current_msec;
        ngx_add_timer(&conn->timer, conn->lane->timeout + NGX_TF_PG_GRACE);
    }

    if (conn->lane->id == NGX_TF_PG_SLOW && !item->prepare
        && ngx_tf_pg_conn_slot(conn) != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < u->n; i++) {
        stmt = &tf_sql[u->sql[i]];

        ngx_log_debug4(NGX_LOG_DEBUG_HTTP, u->log, 0,
                       "taifish %V: unit %ui: sends \"%s\" on socket %d",
                       &u->label, u->number, stmt->name, conn->c->fd);

        if (item->prepare) {
            rc = PQsendPrepare(conn->pg, stmt->name, stmt->text, 0, NULL);

        } else if (stmt->flags & TF_SQL_WRITE) {

            /* seldom and large: what a backend keeps of a prepared one is up
             * to 300 KiB */

            rc = PQsendQueryParams(conn->pg, stmt->text, stmt->nparams, NULL,
                                   values, NULL, NULL, 0);
            values += stmt->nparams;

        } else {
            rc = PQsendQueryPrepared(conn->pg, stmt->name, stmt->nparams,
                                     values, NULL, NULL, 0);
            values += stmt->nparams;
        }

        if (rc != 1) {
            ngx_tf_pg_conn_lost(conn, NULL);
            return NGX_ERROR;
        }
    }

    if (sync && PQpipelineSync(conn->pg) != 1) {
        ngx_tf_pg_conn_lost(conn, NULL);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * A slow statement keeps a CPU of PostgreSQL's machine busy; when each of them
 * has one, short statements wait for theirs.  So slow ones run in slots that
 * all nginx processes of all hosts share, and wait in PostgreSQL, first come
 * first served, for the slot of their connection.
 */

static ngx_int_t
ngx_tf_pg_conn_slot(ngx_tf_pg_conn_t *conn)
{
    const char  *value;

    value = conn->slot;

    if (PQsendQueryParams(conn->pg, tf_sql[TF_SQL_pg_slow_slot].text, 1, NULL,
                          &value, NULL, NULL, 0)
        != 1)
    {
        ngx_tf_pg_conn_lost(conn, NULL);
        return NGX_ERROR;
    }

    conn->queueing = 1;

    return NGX_OK;
}


void
ngx_tf_pg_conn_flush(ngx_tf_pg_conn_t *conn)
{
    int         rc;
    ngx_uint_t  events;

    rc = PQflush(conn->pg);

    if (rc == -1) {
        ngx_tf_pg_conn_lost(conn, NULL);
        return;
    }

    /* reading goes on meanwhile: a server that cannot write does not read */

    events = rc ? NGX_TF_FD_READ|NGX_TF_FD_WRITE : NGX_TF_FD_READ;

    if (ngx_tf_fd_watch(conn->c, events) != NGX_OK) {
        ngx_tf_pg_conn_lost(conn, "the socket cannot be watched");
    }
}


static void
ngx_tf_pg_conn_read_handler(ngx_event_t *ev)
{
    ngx_connection_t  *c;
    ngx_tf_pg_conn_t  *conn;

    c = ev->data;
    conn = c->data;

    if (c->close && ngx_tf_pg_conn_leaving(conn)) {
        return;
    }

    if (PQconsumeInput(conn->pg) != 1) {

        /* answers that came before the end still count */

        conn->broken = 1;
    }

    ngx_tf_pg_conn_results(conn);
}


static void
ngx_tf_pg_conn_write_handler(ngx_event_t *ev)
{
    ngx_connection_t  *c;

    c = ev->data;

    ngx_tf_pg_conn_flush(c->data);
}


/*
 * nginx calls the read handler with c->close set when the worker has begun to
 * leave (connections marked idle only) and, with c->error too, when
 * worker_shutdown_timeout is over.  Returns 1 when the connection is gone.
 */

static ngx_uint_t
ngx_tf_pg_conn_leaving(ngx_tf_pg_conn_t *conn)
{
    if (conn->c->error) {
        ngx_tf_pg_conn_lost(conn, "the worker process is leaving");
        return 1;
    }

    /* the mark stays otherwise, and clients still being served would find
     * nobody who reads */

    conn->c->close = 0;

    if (conn->state == NGX_TF_PG_READY && conn->lane->id != NGX_TF_PG_FAST
        && conn->nflight == 0)
    {
        ngx_tf_pg_conn_close(conn);
        return 1;
    }

    return 0;
}


static void
ngx_tf_pg_conn_results(ngx_tf_pg_conn_t *conn)
{
    PGresult    *res;
    ngx_uint_t   nulls;

    nulls = 0;

    while (!PQisBusy(conn->pg)) {

        res = PQgetResult(conn->pg);

        if (res == NULL) {

            /* the end of a statement's results; two in a row: libpq has
             * nothing more although something is in flight */

            if (conn->nflight == 0) {
                break;
            }

            if (++nulls == 2 || ngx_tf_pg_conn_null(conn) != NGX_OK) {
                ngx_tf_pg_conn_lost(conn, NULL);
                return;
            }

            continue;
        }

        nulls = 0;

        if (ngx_tf_pg_conn_result(conn, res) != NGX_OK) {
            ngx_tf_pg_conn_lost(conn, NULL);
            return;
        }
    }

    if (conn->broken || PQstatus(conn->pg) != CONNECTION_OK) {
        ngx_tf_pg_conn_lost(conn, NULL);
        return;
    }

    if (conn->nflight == 0) {
        ngx_tf_pg_conn_rest(conn);
    }
}


static ngx_int_t
ngx_tf_pg_conn_null(ngx_tf_pg_conn_t *conn)
{
    ngx_tf_pg_item_t  *item;

    item = ngx_tf_pg_conn_head(conn);

    if (conn->queueing && !item->prepare) {
        conn->queueing = 0;
        conn->moved_at = ngx_current_msec;
        return NGX_OK;
    }

    if (++item->at > item->u.n) {
        return NGX_ERROR;
    }

    if (item->shared && !conn->broken) {

        /* one statement that only reads needs no Sync to be true; but what a
         * server says in leaving is no answer */

        ngx_tf_pg_conn_answer(conn, item);
    }

    return NGX_OK;
}


/* The item whose answer is next; something is in flight. */

static ngx_tf_pg_item_t *
ngx_tf_pg_conn_head(ngx_tf_pg_conn_t *conn)
{
    ngx_queue_t  *q;

    q = ngx_queue_head(&conn->flight);

    return (ngx_tf_pg_item_t *) ngx_queue_data(q, ngx_tf_pg_unit_t, queue);
}


static ngx_int_t
ngx_tf_pg_conn_result(ngx_tf_pg_conn_t *conn, PGresult *res)
{
    ngx_tf_pg_item_t  *item;

    if (conn->nflight == 0) {

        /* an error nobody asked for: the server takes its leave */

        PQclear(res);
        conn->broken = 1;
        return NGX_OK;
    }

    item = ngx_tf_pg_conn_head(conn);

    switch (PQresultStatus(res)) {

    case PGRES_PIPELINE_SYNC:
        PQclear(res);
        return ngx_tf_pg_conn_sync(conn);

    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        return ngx_tf_pg_conn_keep(conn, item, res);

    case PGRES_PIPELINE_ABORTED:

        if (item->u.err.code == TF_E_NONE && !item->again && !conn->broken) {

            /* of another one before this Sync, or the connection breaks */

            item->again = 1;
            item->aborted = 1;
            item->alone = 1;
        }

        break;

    case PGRES_FATAL_ERROR:
        ngx_tf_pg_error(conn, item, res);
        break;

    default:

        /* COPY and the like: no statement of ours */

        PQclear(res);
        return NGX_ERROR;
    }

    PQclear(res);

    return NGX_OK;
}


/* Gives a result to the item it is of, or frees it. */

static ngx_int_t
ngx_tf_pg_conn_keep(ngx_tf_pg_conn_t *conn, ngx_tf_pg_item_t *item,
    PGresult *res)
{
    if (conn->queueing && !item->prepare) {
        PQclear(res);
        return NGX_OK;
    }

    if (item->at >= item->u.n || item->u.res[item->at] != NULL) {
        PQclear(res);
        return NGX_ERROR;
    }

    ngx_log_debug4(NGX_LOG_DEBUG_HTTP, item->u.log, 0,
                   "taifish %V: unit %ui: result of \"%s\", %d rows",
                   &item->u.label, item->u.number,
                   tf_sql[item->u.sql[item->at]].name, PQntuples(res));

    ngx_tf_pg_conn_measure(conn, res);

    if (item->u.done) {
        item->u.res[item->at] = res;

    } else {
        PQclear(res);
    }

    return NGX_OK;
}


/* Marks the connection for renewal when this result made its buffer huge. */

static void
ngx_tf_pg_conn_measure(ngx_tf_pg_conn_t *conn, const PGresult *res)
{
    int     row, column, rows, columns;
    size_t  size;

    if (conn->recycle || PQresultMemorySize(res) < NGX_TF_PG_ROW_MAX) {
        return;
    }

    rows = PQntuples(res);
    columns = PQnfields(res);

    for (row = 0; row < rows; row++) {
        size = 0;

        for (column = 0; column < columns; column++) {
            size += PQgetlength(res, row, column);
        }

        if (size >= NGX_TF_PG_ROW_MAX) {
            conn->recycle = 1;
            return;
        }
    }
}


static ngx_int_t
ngx_tf_pg_conn_sync(ngx_tf_pg_conn_t *conn)
{
    ngx_tf_pg_item_t  *item;

    item = ngx_tf_pg_conn_head(conn);

    if (item->at != item->u.n) {
        return NGX_ERROR;
    }

    ngx_tf_pg_conn_answer(conn, item);

    return NGX_OK;
}


static void
ngx_tf_pg_conn_answer(ngx_tf_pg_conn_t *conn, ngx_tf_pg_item_t *item)
{
    ngx_queue_remove(&item->u.queue);
    conn->nflight--;
    conn->moved_at = ngx_current_msec;

    conn->lane->pool->answer(conn->lane, item);
}


/* Nothing is in flight. */

static void
ngx_tf_pg_conn_rest(ngx_tf_pg_conn_t *conn)
{
    if (PQtransactionStatus(conn->pg) == PQTRANS_INTRANS
        || PQtransactionStatus(conn->pg) == PQTRANS_INERROR)
    {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "taifish: a statement left a transaction open");
        conn->recycle = 1;
    }

    if (conn->recycle) {
        ngx_tf_pg_conn_close(conn);
        conn->tried = 0;
        conn->lane->pool->wake(conn->lane->pool);
        return;
    }

    conn->c->idle = 1;

    if (conn->lane->id != NGX_TF_PG_FAST) {
        ngx_add_timer(&conn->timer, NGX_TF_PG_IDLE);

        /* it takes one unit at a time */
        conn->lane->pool->wake(conn->lane->pool);
    }
}


/* Ends a try or a connection that worked; why NULL: libpq knows. */

static void
ngx_tf_pg_conn_lost(ngx_tf_pg_conn_t *conn, const char *why)
{
    ngx_uint_t    worked;
    ngx_queue_t   flight;

    worked = (conn->state == NGX_TF_PG_READY);

    ngx_tf_pg_conn_log(conn, why);
    ngx_tf_pg_conn_close(conn);

    ngx_queue_init(&flight);

    if (!ngx_queue_empty(&conn->flight)) {
        ngx_queue_add(&flight, &conn->flight);
        ngx_queue_init(&conn->flight);
    }

    conn->nflight = 0;

    if (!worked) {
        conn->host = (conn->host + 1) % conn->lane->pool->nhosts;

    } else if (ngx_current_msec - conn->ready_at > NGX_TF_PG_STEADY) {
        conn->backoff = 0;

    } else {

        /* it comes and goes: that calls for a pause */
        conn->tried = conn->lane->pool->nhosts;
    }

    conn->lane->pool->lost(conn->lane, &flight);

    ngx_tf_pg_conn_again(conn);
}


static void
ngx_tf_pg_conn_log(ngx_tf_pg_conn_t *conn, const char *why)
{
    ngx_str_t          line;
    ngx_uint_t         level;
    ngx_tf_pg_pool_t  *pool;

    pool = conn->lane->pool;
    line = ngx_tf_pg_error_line(why ? why : PQerrorMessage(conn->pg));

    if (line.len == 0) {

        /* the server has said why as the answer to a statement */

        line = ngx_tf_pg_error_line("the server ended it");
    }

    level = NGX_LOG_INFO;

    if (pool->logged == 0
        || ngx_current_msec - pool->logged >= NGX_TF_PG_LOG)
    {
        pool->logged = ngx_current_msec;
        level = NGX_LOG_ERR;
    }

    ngx_log_error(level, ngx_cycle->log, 0,
                  "taifish: PostgreSQL at %V is lost while %s: %V",
                  &pool->hosts[conn->host].name,
                  conn->state == NGX_TF_PG_CONNECTING ? "connecting"
                                                      : "working", &line);
}


/* Sets the timer of the next try: the other hosts at once, then a pause that
 * grows, and differs between worker processes. */

static void
ngx_tf_pg_conn_again(ngx_tf_pg_conn_t *conn)
{
    ngx_msec_t         delay;
    ngx_tf_pg_pool_t  *pool;

    pool = conn->lane->pool;

    if (conn->lane->id != NGX_TF_PG_FAST
        && ngx_queue_empty(&conn->lane->waiting))
    {
        conn->tried = 0;
        return;
    }

    if (conn->backoff == 0) {
        conn->backoff = NGX_TF_PG_BACKOFF_MIN;
        delay = 1 + ngx_random() % 50;

    } else if (conn->tried < pool->nhosts) {
        delay = 1;

    } else {
        conn->tried = 0;
        delay = conn->backoff * 3 / 4 + ngx_random() % (conn->backoff / 2);
        conn->backoff = ngx_min(conn->backoff * 2, NGX_TF_PG_BACKOFF_MAX);
    }

    ngx_add_timer(&conn->timer, delay);
}


static void
ngx_tf_pg_conn_timer_handler(ngx_event_t *ev)
{
    ngx_tf_pg_conn_t  *conn;

    conn = ev->data;

    switch (conn->state) {

    case NGX_TF_PG_DOWN:
        ngx_tf_pg_conn_start(conn);
        break;

    case NGX_TF_PG_CONNECTING:
        ngx_tf_pg_conn_lost(conn, "no answer in time");
        break;

    case NGX_TF_PG_READY:
        ngx_tf_pg_conn_watchdog(conn);
        break;
    }
}


static void
ngx_tf_pg_conn_watchdog(ngx_tf_pg_conn_t *conn)
{
    ngx_msec_t         limit, since;
    ngx_tf_pg_item_t  *item;

    if (conn->nflight == 0) {

        if (conn->lane->id != NGX_TF_PG_FAST) {
            ngx_tf_pg_conn_close(conn);
        }

        return;
    }

    item = ngx_tf_pg_conn_head(conn);

    limit = conn->lane->timeout + NGX_TF_PG_GRACE;

    /* the head has been at work since the answer before it */

    since = ngx_min(ngx_current_msec - item->since,
                    ngx_current_msec - conn->moved_at);

    if (since >= limit) {
        ngx_tf_pg_conn_lost(conn, "a statement has no end");
        return;
    }

    ngx_add_timer(&conn->timer, limit - since);
}


void
ngx_tf_pg_conn_close(ngx_tf_pg_conn_t *conn)
{
    conn->cancel = NULL;

    if (conn->timer.timer_set) {
        ngx_del_timer(&conn->timer);
    }

    if (conn->c) {
        ngx_tf_fd_close(conn->c, PQsocket(conn->pg) == -1);
        conn->c = NULL;
    }

    if (conn->pg) {
        PQfinish(conn->pg);
        conn->pg = NULL;
    }

    conn->state = NGX_TF_PG_DOWN;
}


static void
ngx_tf_pg_conn_notice(void *arg, const PGresult *res)
{
    ngx_str_t  line;

    line = ngx_tf_pg_error_line(PQresultErrorMessage(res));

    ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0,
                  "taifish: PostgreSQL says: %V", &line);
}
