
/*
 * The endpoint seam: what a feature's ngx_tf_<name>.c needs to know.
 *
 * An endpoint is a row of a route table and a statement in a .sql file.  For
 * each request ngx_tf_op does: match, authorise, read the body, validate, bind
 * parameters by name, send, await, render.  A row with a next function takes
 * over after validation; see ngx_tf_next_pt.
 *
 * Names a statement may use as parameters:
 *     {x} of the path, query and body parameters of the row
 *     has_x         't' when the client gave x, even as null
 *     _offset       (page - 1) * limit
 *     _after _after_id   of the row a page comes after, see tf_sql.h
 *     _user_id _role _session    of the signed-in user; _session is bytea text
 *     _addr _agent               the client's address and user agent
 *     _lang         "zh" or "en", what the client reads
 *     whatever next set by ngx_tf_op_set()
 */


#ifndef _NGX_TF_H_INCLUDED_
#define _NGX_TF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_tf_pg.h"
#include "tf_error.h"
#include "tf_json.h"
#include "tf_param.h"
#include "tf_row.h"
#include "tf_sql.h"


/* Who may call a route.  There is no value for nobody in particular: a row
 * without a permission does not compile. */

typedef enum {
    TF_PUBLIC = 1,      /* without signing in; PostgreSQL may be away */
    TF_ANYONE,          /* the same, but who it is gets looked up */
    TF_LOGIN,           /* whoever is signed in */
    TF_VIEW,            /* admin, user, viewer, auditor */
    TF_CREATE,          /* admin, user */
    TF_UPDATE,          /* admin, user */
    TF_DELETE,          /* admin, user */
    TF_LOGS,            /* admin, auditor: logs and settings */
    TF_ADMIN            /* admin */
} ngx_tf_perm_e;


/* How results become the answer's data. */

typedef enum {
    NGX_TF_ITEM = 0,    /* the first row as an object; no row is 404 */
    NGX_TF_CREATED,     /* the same with status 201 */
    NGX_TF_PAGE,        /* a page statement's items and where they are in the
                           list, see ngx_tf_page.h */
    NGX_TF_LIST,        /* {key: [rows]} */
    NGX_TF_RUN,         /* the row has run_id: wait for that run up to 20 s,
                           then 200 with its outcome, or 202 with run_id */
    NGX_TF_CUSTOM       /* next answers by ngx_tf_op_reply() */
} ngx_tf_render_e;


typedef struct ngx_tf_op_s     ngx_tf_op_t;
typedef struct ngx_tf_route_s  ngx_tf_route_t;


/*
 * The steps of an endpoint that needs more than one wait.  Called first with
 * op->step 0 when the input is valid, then once after each wait with step one
 * higher and the results of that wait in op->res.  It returns
 *     NGX_AGAIN  after ngx_tf_op_send() or another call that waits
 *     NGX_OK     to render op->res as the row says
 *     NGX_DONE   after ngx_tf_op_reply()
 *     NGX_ERROR  after ngx_tf_op_fail()
 * A failed statement never reaches next: the request has its error answer.
 */
typedef ngx_int_t (*ngx_tf_next_pt)(ngx_tf_op_t *op);


/* A constraint of the schema and what breaking it means to the client. */

typedef struct {
    const char          *name;
    tf_code_e            code;
    const char          *field;
} ngx_tf_constraint_t;


struct ngx_tf_route_s {
    ngx_uint_t                   method;        /* NGX_HTTP_GET ... */
    const char                  *path;          /* below /api/v1; {id} and
                                                   {x_id} are integers, {run_id}
                                                   a UUID, {x_name} text */
    ngx_tf_perm_e                perm;
    const char                  *summary;       /* for the API document */

    const tf_param_t            *query;         /* ended by TF_P_END */
    const tf_param_t            *body;
    tf_sql_e                     sql[NGX_TF_SQL_MAX];   /* one atomic unit */
    ngx_tf_render_e              render;        /* of the last statement */
    const char                  *key;           /* data is {key: ...} */
    const ngx_tf_constraint_t   *constraints;   /* ended by name NULL */
    ngx_tf_next_pt               next;

    /* JSON Schema of data, for rows whose data is not the columns of a
     * statement; or the media type of a body without the envelope */
    const char                  *schema;

    /* for the API document: codes next can end in, ended by TF_E_NONE */
    const tf_code_e             *errors;
};

/* The start of every row: NGX_TF_ROUTE(GET, "/tags", TF_VIEW, "List tags") */
#define NGX_TF_ROUTE(method_, path_, perm_, summary_)                        \
    .method = NGX_HTTP_##method_, .path = path_, .perm = perm_,              \
    .summary = summary_


typedef struct {
    const char              *name;      /* the document's tag */
    const ngx_tf_route_t    *routes;    /* ended by method 0 */
} ngx_tf_routes_t;

/* Every table of the program: ngx_tf_routes.c. */
extern const ngx_tf_routes_t  ngx_tf_routes[];


struct ngx_tf_op_s {
    ngx_http_request_t          *r;
    const ngx_tf_route_t        *route;
    tf_mem_t                     mem;           /* the request's pool */
    tf_err_t                     err;
    ngx_uint_t                   step;
    ngx_uint_t                   nres;
    PGresult                    *res[NGX_TF_SQL_MAX];   /* of the last wait;
                                                   cleared by the op */
    void                        *ctx;           /* next's own */
    struct ngx_tf_op_int_s      *in;            /* ngx_tf_op.c's own */
};


/* The text of a validated input or a set value; data NULL: none. */
tf_str_t ngx_tf_op_get(ngx_tf_op_t *op, const char *name);

/* Sets a value for statements sent from now on; data NULL is SQL NULL.  name
 * and the bytes (NUL after them) must live as long as the request. */
ngx_int_t ngx_tf_op_set(ngx_tf_op_t *op, const char *name, tf_str_t value);

/* Sends up to NGX_TF_SQL_MAX statements as one atomic unit and waits for them:
 * returns NGX_AGAIN, or NGX_ERROR with the failure set. */
ngx_int_t ngx_tf_op_send(ngx_tf_op_t *op, const tf_sql_e *sql, ngx_uint_t n);

/* Sets the request's failure and returns NGX_ERROR. */
ngx_int_t ngx_tf_op_fail(ngx_tf_op_t *op, tf_code_e code, const char *field,
    const char *detail);

/* Answers with this data (JSON text; empty means none) and returns NGX_DONE. */
ngx_int_t ngx_tf_op_reply(ngx_tf_op_t *op, ngx_uint_t status, tf_str_t data);

/* Adds a response header; both live as long as the request. */
ngx_int_t ngx_tf_op_header(ngx_tf_op_t *op, const char *name, tf_str_t value);

/* Runs body(arg) in the thread pool and waits.  size bytes of arg are copied
 * to the thread and wiped after next has run; the copy is at *data.  body may
 * use nothing of nginx.  NGX_ERROR: RATE_LIMIT_EXCEEDED, the pool is full. */
ngx_int_t ngx_tf_op_thread(ngx_tf_op_t *op, void (*body)(void *data),
    const void *arg, size_t size, void **data);


#endif /* _NGX_TF_H_INCLUDED_ */
