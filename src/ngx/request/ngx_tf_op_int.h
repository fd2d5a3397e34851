
/*
 * The inside of a request in flight, shared by the files that make up the op:
 * ngx_tf_op.c (its course), ngx_tf_input.c (what came in), ngx_tf_reply.c (what
 * goes out), ngx_tf_thread.c and ngx_tf_run.c (waiting for threads and runs).
 */


#ifndef _NGX_TF_OP_INT_H_INCLUDED_
#define _NGX_TF_OP_INT_H_INCLUDED_


#include "ngx_tf_conf.h"
#include "ngx_tf_router.h"
#include "ngx_tf_session.h"


#define NGX_TF_VALUES_MAX  64
#define NGX_TF_KEPT_MAX    16


/* A value statements may use; those of one request are a flat list in the
 * order path, query, body, set. */

typedef struct {
    const char              *name;
    tf_str_t                 text;      /* data NULL: none */
    unsigned                 present:1; /* the client gave it */
    unsigned                 null:1;
} ngx_tf_input_t;


/* In front of memory that is wiped when the request ends. */

typedef struct ngx_tf_secret_s  ngx_tf_secret_t;

struct ngx_tf_secret_s {
    ngx_tf_secret_t         *next;
    size_t                   size;
};


typedef struct ngx_tf_run_s  ngx_tf_run_t;

typedef struct ngx_tf_op_int_s  ngx_tf_op_int_t;

struct ngx_tf_op_int_s {
    ngx_tf_op_t              op;
    ngx_tf_match_t           match;
    ngx_tf_session_t         session;

    /* what the op does when the thing it waits for has come */
    void                   (*process)(ngx_tf_op_t *op);

    ngx_tf_pg_unit_t        *unit;      /* waited for, or NULL */
    ngx_thread_task_t       *task;      /* the last one, or NULL */
    ngx_tf_run_t            *run;
    void                    *data;      /* of a stream */
    ngx_event_t              deadline;

    /* results until the op ends, the oldest first to go */
    ngx_uint_t               nkept;
    PGresult                *kept[NGX_TF_KEPT_MAX];

    ngx_uint_t               ninputs;
    ngx_tf_input_t           inputs[NGX_TF_VALUES_MAX];
    ngx_tf_secret_t         *secrets;

    tf_lang_e                lang;
    ngx_str_t                request_id;
    unsigned                 unsafe:1;  /* POST, PUT, PATCH, DELETE */
    unsigned                 done:1;    /* answered */
    unsigned                 task_running:1;
    unsigned                 counted:1; /* not by an earlier op of it */
    unsigned                 refused:1; /* an error of nginx's own */
    unsigned                 stream:1;
};


/* --- ngx_tf_op.c -------------------------------------------------------- */

/* Continues an op from outside of its client connection's own events. */
void ngx_tf_op_resume(ngx_tf_op_t *op);

/* Sends a unit and waits for it: NGX_AGAIN, or NGX_ERROR with op->err. */
ngx_int_t ngx_tf_op_await(ngx_tf_op_t *op, ngx_tf_pg_unit_t *u);

/* Answers with the failure in op->err. */
void ngx_tf_op_error(ngx_tf_op_t *op);

/* Lets go of everything the op waits for and owns. */
void ngx_tf_op_end(ngx_tf_op_t *op);

/* Puts another time limit, ms from now, on the op. */
void ngx_tf_op_deadline(ngx_tf_op_t *op, ngx_msec_t ms);


/* --- ngx_tf_input.c ----------------------------------------------------- */

/* Take path, query and body in; NGX_ERROR with op->err. */
ngx_int_t ngx_tf_input_path(ngx_tf_op_t *op);
ngx_int_t ngx_tf_input_query(ngx_tf_op_t *op);
ngx_int_t ngx_tf_input_body(ngx_tf_op_t *op);

/* Wipes what was made of a body with a secret in it. */
void ngx_tf_input_wipe(ngx_tf_op_t *op);

/* The parameters of a statement, in order; at most NGX_TF_PG_PARAMS_MAX. */
ngx_int_t ngx_tf_input_bind(ngx_tf_op_t *op, tf_sql_e sql, tf_str_t *values);

/* At start: 1 when a statement of the row can get all its parameters. */
int ngx_tf_input_known(const ngx_tf_route_t *route, const char *name);


/* --- ngx_tf_reply.c ----------------------------------------------------- */

/* Sends the envelope around data and finalizes the request. */
void ngx_tf_reply_data(ngx_tf_op_t *op, ngx_uint_t status, tf_str_t data);

/* Sends an error envelope and finalizes the request. */
void ngx_tf_reply_error(ngx_tf_op_t *op, const tf_err_t *err);

/* Sends a body as it is (not empty, the request's or older) and finalizes. */
void ngx_tf_reply_body(ngx_tf_op_t *op, ngx_uint_t status, const char *type,
    tf_str_t body);

/* Renders op->res as the row says. */
void ngx_tf_reply_render(ngx_tf_op_t *op);


/* --- ngx_tf_thread.c, ngx_tf_run.c -------------------------------------- */

void ngx_tf_thread_detach(ngx_tf_op_t *op);

/* Tasks queued or running in this process. */
ngx_uint_t ngx_tf_thread_count(void);

/* Waits for the end of the run in op->res, then answers. */
void ngx_tf_run_wait(ngx_tf_op_t *op);
void ngx_tf_run_end(ngx_tf_op_t *op);


#endif /* _NGX_TF_OP_INT_H_INCLUDED_ */
