
/*
 * A unit: statements that succeed or fail together.
 */


#ifndef _NGX_TF_PG_UNIT_H_INCLUDED_
#define _NGX_TF_PG_UNIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <libpq-fe.h>

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

    /* the user whose request it is, 0: none; set by the owner before sending.
     * The users of the slow lane take turns. */
    int64_t              user;

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


#endif /* _NGX_TF_PG_UNIT_H_INCLUDED_ */
