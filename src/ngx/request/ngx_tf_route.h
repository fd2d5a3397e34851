
/*
 * A row of a route table: everything the request's course needs to know of an
 * endpoint.
 */


#ifndef _NGX_TF_ROUTE_H_INCLUDED_
#define _NGX_TF_ROUTE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_tf_pg.h"
#include "tf_audit.h"
#include "tf_error.h"
#include "tf_export.h"
#include "tf_param.h"
#include "tf_sql.h"


typedef struct ngx_tf_op_s     ngx_tf_op_t;
typedef struct ngx_tf_route_s  ngx_tf_route_t;


/* Who may call a route.  A row without one (0) is refused when nginx
 * starts. */

typedef enum {
    TF_PUBLIC = 1,      /* without signing in; PostgreSQL may be away */
    TF_ANYONE,          /* the same, but who it is gets looked up */
    TF_LOGIN,           /* whoever is signed in */
    TF_VIEW,            /* admin, operator, user, viewer, auditor */
    TF_CREATE,          /* admin, operator */
    TF_UPDATE,          /* admin, operator, user */
    TF_DELETE,          /* admin, operator */
    TF_LOGS,            /* admin, auditor: logs and settings */
    TF_ADMIN            /* admin */
} ngx_tf_perm_e;


/* How results become the answer's data. */

typedef enum {
    NGX_TF_ITEM = 0,    /* the first row as an object; no row is 404 */
    NGX_TF_CREATED,     /* the same with status 201 */
    NGX_TF_PAGE,        /* a page statement's items and where they are in the
                           list, see ngx_tf_page.h */
    NGX_TF_LIST,        /* {key: [rows]}; 207 when a row's _refused is true */
    NGX_TF_RUN,         /* the row has run_id: wait for that run up to 20 s,
                           then 200 with its outcome, or 202 with run_id */
    NGX_TF_RUNS,        /* the same, and its outcome is what all of its items
                           left, also when all of them failed */
    NGX_TF_CUSTOM       /* next answers by ngx_tf_op_reply() */
} ngx_tf_render_e;


/*
 * The steps of an endpoint that needs more than one wait.  Called first with
 * op->step 0 when the input is valid, then once after each wait with step one
 * higher and the results of that wait in op->res.  It returns
 *     NGX_AGAIN  after ngx_tf_op_send() or another call that waits
 *     NGX_OK     to render op->res as the row says
 *     NGX_DONE   after ngx_tf_op_reply()
 *     NGX_ERROR  after ngx_tf_request_fail()
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
    const char                  *path;          /* below /api/v1; {id} is an
                                                   integer, {id:uuid} a UUID,
                                                   {name:text} any text */
    ngx_tf_perm_e                perm;
    const char                  *summary;       /* for the API document */

    const tf_param_t            *query;         /* ended by TF_P_END */
    const tf_param_t            *body;
    size_t                       upload;        /* bytes, at most, of a body
                                                   that is a file: the value
                                                   "file" */
    tf_sql_e                     sql[NGX_TF_SQL_MAX];   /* one atomic unit */
    ngx_tf_render_e              render;        /* of the last statement */
    const char                  *key;           /* data is {key: ...} */
    const ngx_tf_constraint_t   *constraints;   /* ended by name NULL */

    /* What the audit log calls it: of every row that is not GET, and of a GET
     * that is worth one.  TF_AUDIT_READS: it changes nothing.  audited: the
     * statement whose unit does it, when not every one that writes does.
     * actor: the value that is the name of who does it, when that is not who
     * is signed in. */
    tf_audit_e                   audit;
    tf_sql_e                     audited;
    const char                  *actor;

    const char                  *rights;        /* the value that is the id of
                                                   the user whose rights, or
                                                   proofs of who it is, the
                                                   statements change */
    ngx_tf_next_pt               next;

    /* of a row with next: the statements it may send besides sql, ended by
     * TF_SQL_NONE, and the names it may set, separated by spaces.  Both are
     * checked when nginx starts, and again when next sends and sets. */
    const tf_sql_e              *uses;
    const char                  *sets;

    /* JSON Schema of data, with ' for ", for rows whose data is not the columns
     * of a statement; or the media type of a body without the envelope */
    const char                  *schema;

    const tf_export_t           *exports;       /* NGX_TF_EXPORT() */

    /* for the API document: codes next can end in, ended by TF_E_NONE */
    const tf_code_e             *errors;
};

/* .uses of a row: NGX_TF_USES(TF_SQL_one, TF_SQL_two) */
#define NGX_TF_USES(...)  ((const tf_sql_e []) { __VA_ARGS__, TF_SQL_NONE })

/* The start of every row: NGX_TF_ROUTE(GET, "/tags", TF_VIEW, "List tags") */
#define NGX_TF_ROUTE(method_, path_, perm_, summary_)                        \
    .method = NGX_HTTP_##method_, .path = path_, .perm = perm_,              \
    .summary = summary_


#define ngx_tf_route_waits(route)                                            \
    ((route)->render == NGX_TF_RUN || (route)->render == NGX_TF_RUNS)


typedef struct {
    const char              *name;      /* the document's tag */
    const ngx_tf_route_t    *routes;    /* ended by method 0 */
} ngx_tf_routes_t;


#endif /* _NGX_TF_ROUTE_H_INCLUDED_ */
