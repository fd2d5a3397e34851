
/*
 * Inside the PostgreSQL pool: one pool per worker process, its lanes, their
 * connections, and units on their way.
 *
 * Who calls whom: ngx_tf_pg.c decides what is sent where and answers owners;
 * ngx_tf_pg_conn.c runs one connection and reports to the pool by the functions
 * the pool gives it; ngx_tf_pg_error.c reads error results; ngx_tf_pg_conf.c
 * makes the list of hosts.
 */


#ifndef _NGX_TF_PG_POOL_H_INCLUDED_
#define _NGX_TF_PG_POOL_H_INCLUDED_


#include "ngx_tf_fd.h"
#include "ngx_tf_pg_conf.h"
#include "ngx_tf_pg_unit.h"

#include <ngx_event.h>


#define NGX_TF_PG_LOGS_QUEUE  4


/* Where a unit is. */

typedef enum {
    NGX_TF_PG_NEW = 0,      /* its owner's, not queued */
    NGX_TF_PG_WAITING,      /* in lane->waiting: to be sent */
    NGX_TF_PG_IN_FLIGHT,    /* in conn->flight: sent, its Sync is to come */
    NGX_TF_PG_ANSWERED,     /* in no queue: its done runs, then it is freed */
    NGX_TF_PG_PLACES
} ngx_tf_pg_where_e;


typedef struct ngx_tf_pg_conn_s  ngx_tf_pg_conn_t;
typedef struct ngx_tf_pg_lane_s  ngx_tf_pg_lane_t;
typedef struct ngx_tf_pg_pool_s  ngx_tf_pg_pool_t;


typedef struct {
    ngx_tf_pg_unit_t      u;            /* first: u and item are one address */
    ngx_tf_pg_where_e     where;        /* set by ngx_tf_pg_move() only */
    ngx_tf_pg_lane_t     *lane;         /* since it was queued */
    ngx_tf_pg_conn_t     *conn;         /* while it is in flight */
    ngx_msec_t            since;        /* queued or sent at */
    ngx_uint_t            turn;         /* of its user, while it waits */
    ngx_uint_t            at;           /* the statement whose result is next */
    size_t                size;         /* of the values, which may be secret */
    unsigned              prepare:1;    /* a Parse of sql[0], the pool's own */
    unsigned              again:1;      /* its error is worth another try */
    unsigned              shared:1;     /* the next one's Sync is its own */
    unsigned              aborted:1;    /* by an error before it, same Sync */
    unsigned              alone:1;      /* was aborted once: from then on it
                                           gets a Sync of its own */
} ngx_tf_pg_item_t;


/*
 * DOWN ── connect ──► CONNECTING ── authenticated ──► READY ── any failure ──►
 * DOWN.  Only ngx_tf_pg_conn.c changes the state.
 */

typedef enum {
    NGX_TF_PG_DOWN = 0,     /* pg is NULL; the timer, if set, is the next try */
    NGX_TF_PG_CONNECTING,   /* the timer is this try's end */
    NGX_TF_PG_READY         /* the timer watches the head of flight, or closes
                               an idle connection of the slow lane */
} ngx_tf_pg_conn_e;


struct ngx_tf_pg_conn_s {
    ngx_tf_pg_lane_t     *lane;
    ngx_tf_pg_conn_e      state;

    PGconn               *pg;
    ngx_connection_t     *c;            /* NULL between two polls of connect */
    ngx_event_t           timer;

    ngx_queue_t           flight;       /* items sent, in order of answers */
    ngx_uint_t            nflight;

    ngx_uint_t            host;         /* in the pool's list */
    ngx_uint_t            tried;        /* hosts, since the last pause */
    ngx_msec_t            backoff;
    ngx_msec_t            tried_at;     /* the last try began */
    ngx_msec_t            ready_at;
    ngx_msec_t            moved_at;     /* the last Sync came, or idle since */

    char                  slot[NGX_INT32_LEN + 1];  /* of the slow lane */
    ngx_tf_pg_unit_t     *cancel;       /* on its way to the server: it stops
                                           what runs here, so nothing else may
                                           start here before its answer */
    tf_code_e             refused;      /* why the last Parse failed */

    unsigned              recycle:1;    /* close it when nothing is in flight,
                                           and connect anew */
    unsigned              closed:1;     /* send nothing more until then */
    unsigned              broken:1;     /* the server says it is going away */
    unsigned              queueing:1;   /* the next result is of pg_slow_slot */

    /* by tf_sql_e, 1: Parse was sent and did not fail so far */
    u_char                prepared[TF_SQL_END];
};


struct ngx_tf_pg_lane_s {
    ngx_tf_pg_pool_t     *pool;
    ngx_uint_t            id;           /* NGX_TF_PG_FAST, ... */
    ngx_msec_t            timeout;      /* statement_timeout */
    ngx_uint_t            queue;        /* units waiting and in flight, at
                                           most */
    ngx_uint_t            count[NGX_TF_PG_PLACES];  /* units, by where */
    ngx_queue_t           waiting;      /* items to be sent */
    ngx_tf_pg_conn_t     *conns;
    ngx_uint_t            nconns;
};


struct ngx_tf_pg_pool_s {

    /* What a connection reports.  answer: the item has its answer and is out of
     * flight.  lost: the connection is down with these items in flight.  wake:
     * something may be sent now. */
    void                (*answer)(ngx_tf_pg_lane_t *lane,
                                  ngx_tf_pg_item_t *item);
    void                (*lost)(ngx_tf_pg_lane_t *lane, ngx_queue_t *flight);
    void                (*wake)(ngx_tf_pg_pool_t *pool);

    ngx_tf_pg_conf_t     *conf;
    ngx_tf_pg_host_t     *hosts;
    ngx_uint_t            nhosts;
    ngx_tf_pg_lane_t      lanes[NGX_TF_PG_LANES];
    ngx_event_t           flush;        /* posted: sends what waits */
    ngx_event_t           expire;       /* of units waiting for PostgreSQL */
    ngx_msec_t            logged;       /* last time an outage was logged */
    ngx_uint_t            units;        /* made so far: their numbers */
    ngx_tf_pg_state_t     state;
};


#endif /* _NGX_TF_PG_POOL_H_INCLUDED_ */
