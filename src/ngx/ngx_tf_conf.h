
/*
 * The module's configuration: one for the whole process (http level), and
 * whether a location answers the API.
 */


#ifndef _NGX_TF_CONF_H_INCLUDED_
#define _NGX_TF_CONF_H_INCLUDED_


#include "ngx_tf_pg.h"
#include "tf_crypto.h"


typedef struct {
    ngx_tf_pg_conf_t     pg;
    ngx_str_t            redis_url;
    ngx_thread_pool_t   *threads;           /* "taifish": password hashing */
    ngx_uint_t           hashes;            /* at once or waiting, at most 32 */

    u_char               csrf_key[TF_KEY_LEN];
    u_char               seal_key[TF_KEY_LEN];  /* the worker's public key */

    ngx_msec_t           deadline;          /* of a request, default 30 s */
    ngx_msec_t           run_wait;          /* for a job's end, 20 s */
    time_t               session_idle;      /* 30 min */
    time_t               session_life;      /* 12 h */
    ngx_flag_t           cookie_secure;     /* Secure and __Host- */
    size_t               body_max;          /* 1 MiB */
} ngx_tf_main_conf_t;

typedef struct {
    ngx_flag_t           api;               /* "taifish on" */
} ngx_tf_loc_conf_t;


extern ngx_module_t  ngx_taifish_module;

/* The configuration of the running cycle. */
ngx_tf_main_conf_t *ngx_tf_conf(void);


#endif /* _NGX_TF_CONF_H_INCLUDED_ */
