
/*
 * The module's configuration: one for the whole process (http level), and
 * whether a location answers the API.
 */


#ifndef _NGX_TF_CONF_H_INCLUDED_
#define _NGX_TF_CONF_H_INCLUDED_


#include "ngx_tf_pg.h"
#include "ngx_tf_redis.h"
#include "ngx_tf_route.h"
#include "tf_crypto.h"


/* Where a directive stands; no file: the value is the environment's. */
typedef struct {
    ngx_str_t            file;
    ngx_uint_t           line;
} ngx_tf_conf_place_t;

/*
 * What the course of a request asks of features, so that it includes none.
 * uses (ended by TF_SQL_NONE) and sets (names with spaces between them) are
 * what the hooks send and set.
 */

typedef struct {

    /* Finds out who sends the request, and whether it may have its route.
     * NGX_OK; NGX_ERROR with op->err; NGX_AGAIN: to be called again with the
     * first result of *sql, which the op sends.  res is NULL at first. */
    ngx_int_t          (*admit)(ngx_tf_op_t *op, PGresult *res, tf_sql_e *sql);

    /* Waits for the end of the run in op->res, then answers. */
    void               (*await_run)(ngx_tf_op_t *op);

    /* A statement is about to change what this user may do, or what proves
     * who the user is: what is cached of it is no longer used. */
    void               (*forget)(int64_t user_id);

    const tf_sql_e      *uses;
    const char          *sets;
} ngx_tf_hooks_t;


typedef struct {
    const ngx_tf_routes_t  *routes;         /* ended by name NULL */
    const ngx_tf_hooks_t   *hooks;

    ngx_tf_pg_conf_t     pg;
    ngx_tf_conf_place_t  pg_place;          /* of pg.url */
    ngx_str_t            redis_url;
    ngx_tf_conf_place_t  redis_place;
    ngx_tf_redis_conf_t *redis;             /* made from it, NULL: none */
    ngx_str_t            keys;              /* directory: csrf.key, seal.pub */
    ngx_str_t            tls_default;       /* of instances that say none:
                                               verify-full */
    ngx_thread_pool_t   *threads;           /* "taifish": password hashing */
    ngx_thread_pool_t   *file_threads;      /* "taifish_files" */
    ngx_path_t          *exports;           /* NULL: with the bodies */
    ngx_uint_t           hashes;            /* in the pool at once, 32 */
    struct ngx_tf_router_s  *router;

    u_char               csrf_key[TF_KEY_LEN];
    u_char               seal_key[TF_KEY_LEN];  /* the worker's public key */

    ngx_msec_t           deadline;          /* of a request, default 30 s */
    ngx_msec_t           run_wait;          /* for a job's end, 20 s */
    time_t               session_idle;      /* 30 min */
    time_t               session_life;      /* 12 h */
    ngx_shm_zone_t      *zone;              /* of sessions */
    ngx_shm_zone_t      *metrics;
    ngx_flag_t           cookie_secure;     /* Secure and __Host- */
    size_t               body_max;          /* 1 MiB */
    ngx_uint_t           log_buffer;        /* events waiting, 1000 */
    ngx_flag_t           used;              /* a location says "taifish on" */
} ngx_tf_main_conf_t;


/* For ngx_conf_set_str_slot: keeps the place of a URL's directive. */
extern ngx_conf_post_t  ngx_tf_conf_placed;


typedef struct {
    ngx_flag_t           api;               /* "taifish on" */
} ngx_tf_loc_conf_t;


/* Set by the module before it reads a directive: nothing below it names it. */
extern ngx_module_t  *ngx_tf_module;

/*
 * Completes the configuration from the environment (DATABASE_URL, REDIS_URL,
 * TAIFISH_KEYS and NAME_FILE) and its defaults, reads the keys and checks all
 * of it; what is wrong is logged, everything at once.
 */
ngx_int_t ngx_tf_conf_init(ngx_conf_t *cf, ngx_tf_main_conf_t *mcf);

/* The configuration of the running cycle, of another one, and of the one that
 * is being read. */
ngx_tf_main_conf_t *ngx_tf_conf(void);
ngx_tf_main_conf_t *ngx_tf_conf_cycle(ngx_cycle_t *cycle);
ngx_tf_main_conf_t *ngx_tf_conf_main(ngx_conf_t *cf);


#endif /* _NGX_TF_CONF_H_INCLUDED_ */
