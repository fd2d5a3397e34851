
/*
 * What all parts of a request share: its route, who sends it, its values, the
 * results of its statements and its failure.
 */


#ifndef _NGX_TF_REQUEST_H_INCLUDED_
#define _NGX_TF_REQUEST_H_INCLUDED_


#include "ngx_tf_route.h"
#include "tf_crypto.h"


#define NGX_TF_PATH_MAX    4        /* parameters in one path */
#define NGX_TF_VALUES_MAX  64
#define NGX_TF_EXPORT_ROWS 500      /* of one chunk */
#define NGX_TF_KEPT_MAX    16       /* results that stay until the op ends */


typedef enum {
    NGX_TF_ROLE_NONE = 0,       /* nobody */
    NGX_TF_ROLE_VIEWER,
    NGX_TF_ROLE_AUDITOR,
    NGX_TF_ROLE_USER,
    NGX_TF_ROLE_OPERATOR,
    NGX_TF_ROLE_ADMIN
} ngx_tf_role_e;


/* Who sends a request; the feature auth finds it out. */

typedef struct {
    ngx_tf_role_e        role;
    int64_t              user_id;
    u_char               username[21];          /* NUL terminated */
    u_char               id[TF_DIGEST_LEN];     /* of session or token */
    unsigned             bearer:1;      /* an API token: no CSRF check */
    unsigned             read_only:1;   /* its scope is "read" */
    unsigned             cookie:1;      /* a session cookie was sent */
    ngx_msec_t           asked;         /* when PostgreSQL was asked */
} ngx_tf_session_t;


/* What the router has found. */

typedef struct {
    const char              *group;     /* the table's name */
    const char              *path;      /* the row's, without types */
    ngx_uint_t               index;     /* of the row among all rows */
    const char *const       *names;     /* of the path's parameters */
    ngx_uint_t               n;
    ngx_str_t                values[NGX_TF_PATH_MAX];
    ngx_uint_t               allowed;   /* methods, when the path is known but
                                           not for this method */
} ngx_tf_match_t;


/* A value statements may use.  Names are unique in a request. */

typedef struct {
    const char              *name;
    tf_str_t                 text;      /* data NULL: none */
    unsigned                 present:1; /* the client gave it */
    unsigned                 null:1;
    unsigned                 secret:1;
} ngx_tf_value_t;


/* In front of memory that is wiped when the request ends. */

typedef struct ngx_tf_secret_s  ngx_tf_secret_t;

struct ngx_tf_secret_s {
    ngx_tf_secret_t         *next;
    size_t                   size;
};


typedef void (*ngx_tf_op_pt)(ngx_tf_op_t *op);

/* Called when the op ends; ngx_tf_op_on_end(). */

typedef struct ngx_tf_end_s  ngx_tf_end_t;

struct ngx_tf_end_s {
    ngx_tf_end_t            *next;
    ngx_tf_op_pt             handler;
};


/* Of src/ngx/request/ alone. */

typedef struct {
    ngx_tf_match_t           match;

    ngx_tf_pg_unit_t        *unit;      /* waited for, or NULL */
    ngx_thread_task_t       *task;      /* the last one, or NULL */
    ngx_tf_end_t            *ends;
    ngx_event_t              deadline;

    /* the oldest is the first to be cleared */
    ngx_uint_t               nkept;
    PGresult                *kept[NGX_TF_KEPT_MAX];

    ngx_uint_t               nvalues;
    ngx_tf_value_t           values[NGX_TF_VALUES_MAX];
    ngx_tf_secret_t         *secrets;
    int64_t                  total;     /* of the page, kept; 0: counted */
    u_char                   total_key[TF_DIGEST_LEN];
    tf_err_t                *refusal;   /* the failure, while its row of the
                                           audit log is written, and after */

    unsigned                 done:1;    /* answered */
    unsigned                 task_running:1;
    unsigned                 threads:1; /* it had a task */
    unsigned                 counted:1; /* not by an earlier op of it */
    unsigned                 refused:1; /* an error of nginx's own */
    unsigned                 stream:1;
    unsigned                 audited:1; /* its row was sent */
    unsigned                 hook:1;    /* not next is at work, but a hook */
} ngx_tf_op_int_t;


struct ngx_tf_op_s {
    ngx_http_request_t          *r;
    const ngx_tf_route_t        *route;
    tf_mem_t                     mem;           /* the request's pool */
    tf_err_t                     err;
    ngx_str_t                    id;            /* X-Request-ID */
    tf_lang_e                    lang;
    tf_str_t                     extra;         /* ngx_tf_reply_more() */
    ngx_tf_session_t             session;       /* role NONE: nobody */
    ngx_uint_t                   step;
    ngx_uint_t                   nres;
    PGresult                    *res[NGX_TF_SQL_MAX];   /* of the last wait;
                                                   cleared by the op */
    void                        *ctx;           /* next's own */

    /* What is called when the thing waited for has come; and instead of an
     * error answer when a unit failed or the time is over (NULL: that
     * answer). */
    ngx_tf_op_pt                 process;
    ngx_tf_op_pt                 failed;
    ngx_tf_op_pt                 expired;

    unsigned                     unsafe:1;      /* POST, PUT, PATCH, DELETE */

    ngx_tf_op_int_t              in;
};


/* Debug lines of a request carry its id. */

#define ngx_tf_debug0(op, fmt)                                               \
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, (op)->r->connection->log, 0,          \
                   "taifish %V: " fmt, &(op)->id)
#define ngx_tf_debug1(op, fmt, a)                                            \
    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, (op)->r->connection->log, 0,          \
                   "taifish %V: " fmt, &(op)->id, a)
#define ngx_tf_debug2(op, fmt, a, b)                                         \
    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, (op)->r->connection->log, 0,          \
                   "taifish %V: " fmt, &(op)->id, a, b)
#define ngx_tf_debug3(op, fmt, a, b, c)                                      \
    ngx_log_debug4(NGX_LOG_DEBUG_HTTP, (op)->r->connection->log, 0,          \
                   "taifish %V: " fmt, &(op)->id, a, b, c)


/* Makes the op of a request, in its pool: id, language, allocator.  NULL: no
 * memory. */
ngx_tf_op_t *ngx_tf_request_create(ngx_http_request_t *r);

/* The op of a request, NULL when it has none. */
ngx_tf_op_t *ngx_tf_request_op(ngx_http_request_t *r);

/* Sets the request's failure and returns NGX_ERROR.  field and detail may be
 * NULL; both are copied. */
ngx_int_t ngx_tf_request_fail(ngx_tf_op_t *op, tf_code_e code,
    const char *field, const char *detail);

/* The first header of this name (in lower case), or NULL. */
ngx_table_elt_t *ngx_tf_request_header(ngx_http_request_t *r,
    const char *name);

/* The next header of this name from *part and *i on, or NULL.  nginx keeps
 * cookies in an array or a list, depending on its version; this works with
 * both. */
ngx_table_elt_t *ngx_tf_request_header_next(ngx_http_request_t *r,
    const char *name, ngx_list_part_t **part, ngx_uint_t *i);

/* "admin" and so on; NULL for NONE.  And back: NONE for what is no role. */
const char *ngx_tf_request_role_name(ngx_tf_role_e role);
ngx_tf_role_e ngx_tf_request_role(tf_str_t name);

/* $taifish_route (the template), $taifish_user, $taifish_request_id */
ngx_int_t ngx_tf_request_variables(ngx_conf_t *cf);


#endif /* _NGX_TF_REQUEST_H_INCLUDED_ */
