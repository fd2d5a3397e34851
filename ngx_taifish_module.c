
/*
 * TaiFish: the nginx module's directives and hooks.
 */


#include "ngx_tf_admit.h"
#include "ngx_tf_conf.h"
#include "ngx_tf_count.h"
#include "ngx_tf_log.h"
#include "ngx_tf_op.h"
#include "ngx_tf_redis.h"
#include "ngx_tf_reload.h"
#include "ngx_tf_router.h"
#include "ngx_tf_routes.h"
#include "ngx_tf_run.h"
#include "ngx_tf_session_zone.h"


static void *ngx_taifish_create_main_conf(ngx_conf_t *cf);
static char *ngx_taifish_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_taifish_create_loc_conf(ngx_conf_t *cf);
static char *ngx_taifish_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_taifish(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_taifish_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_taifish_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_taifish_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_taifish_init_process(ngx_cycle_t *cycle);
static void ngx_taifish_exit_process(ngx_cycle_t *cycle);


static ngx_conf_num_bounds_t  ngx_taifish_queue_bounds = {
    ngx_conf_check_num_bounds, 1, 65536
};

static ngx_conf_num_bounds_t  ngx_taifish_slow_bounds = {
    ngx_conf_check_num_bounds, 1, 16
};

static ngx_conf_num_bounds_t  ngx_taifish_slots_bounds = {
    ngx_conf_check_num_bounds, 0, 1024
};

static ngx_conf_num_bounds_t  ngx_taifish_hash_bounds = {
    ngx_conf_check_num_bounds, 1, 1024
};


static ngx_conf_num_bounds_t  ngx_taifish_log_bounds = {
    ngx_conf_check_num_bounds, 16, 65536
};


/* what the course of a request asks of features */

static const tf_sql_e  ngx_taifish_uses[] = {
    TF_SQL_session_get, TF_SQL_session_touch, TF_SQL_token_get,
    TF_SQL_token_touch, TF_SQL_task_run_outcome, TF_SQL_NONE
};

static const ngx_tf_hooks_t  ngx_taifish_hooks = {
    ngx_tf_admit, ngx_tf_run_await, ngx_tf_session_zone_forget_user,
    ngx_taifish_uses,
    "_prefix _digest _idle run_id"
};


/* makes a zone of shared memory, the post of its directive */

typedef struct {
    ngx_int_t  (*add)(ngx_conf_t *cf, ngx_str_t *name, size_t size);
} ngx_taifish_zone_post_t;


static ngx_taifish_zone_post_t  ngx_taifish_session_zone = {
    ngx_tf_session_zone
};

static ngx_taifish_zone_post_t  ngx_taifish_metrics_zone = {
    ngx_tf_count_zone
};


static ngx_command_t  ngx_taifish_commands[] = {

    { ngx_string("taifish"),
      NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_taifish,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_tf_loc_conf_t, api),
      NULL },

    { ngx_string("taifish_database_url"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, pg.url),
      &ngx_tf_conf_placed },

    { ngx_string("taifish_redis_url"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, redis_url),
      &ngx_tf_conf_placed },

    { ngx_string("taifish_keys"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, keys),
      NULL },

    { ngx_string("taifish_tls_default"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, tls_default),
      NULL },

    { ngx_string("taifish_session_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_taifish_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      &ngx_taifish_session_zone },

    { ngx_string("taifish_metrics_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_taifish_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      &ngx_taifish_metrics_zone },

    { ngx_string("taifish_session_idle"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, session_idle),
      NULL },

    { ngx_string("taifish_session_lifetime"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, session_life),
      NULL },

    { ngx_string("taifish_cookie_secure"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, cookie_secure),
      NULL },

    { ngx_string("taifish_pg_queue"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, pg.queue),
      &ngx_taifish_queue_bounds },

    { ngx_string("taifish_pg_slow_connections"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, pg.slow_conns),
      &ngx_taifish_slow_bounds },

    { ngx_string("taifish_pg_slow_slots"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, pg.slow_slots),
      &ngx_taifish_slots_bounds },

    { ngx_string("taifish_pg_slow_queue"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, pg.slow_queue),
      &ngx_taifish_queue_bounds },

    { ngx_string("taifish_pg_connect_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, pg.connect_timeout),
      NULL },

    { ngx_string("taifish_pg_statement_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, pg.statement_timeout),
      NULL },

    { ngx_string("taifish_request_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, deadline),
      NULL },

    { ngx_string("taifish_run_wait"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, run_wait),
      NULL },

    { ngx_string("taifish_body_max"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, body_max),
      NULL },

    { ngx_string("taifish_hash_limit"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, hashes),
      &ngx_taifish_hash_bounds },

    { ngx_string("taifish_exports_path"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_path_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, exports),
      NULL },

    { ngx_string("taifish_log_buffer"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_tf_main_conf_t, log_buffer),
      &ngx_taifish_log_bounds },

      ngx_null_command
};


static ngx_http_module_t  ngx_taifish_module_ctx = {
    ngx_taifish_preconfiguration,          /* preconfiguration */
    NULL,                                  /* postconfiguration */

    ngx_taifish_create_main_conf,          /* create main configuration */
    ngx_taifish_init_main_conf,            /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_taifish_create_loc_conf,           /* create location configuration */
    ngx_taifish_merge_loc_conf             /* merge location configuration */
};


ngx_module_t  ngx_taifish_module = {
    NGX_MODULE_V1,
    &ngx_taifish_module_ctx,               /* module context */
    ngx_taifish_commands,                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_taifish_init_module,               /* init module */
    ngx_taifish_init_process,              /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_taifish_exit_process,              /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_taifish_create_main_conf(ngx_conf_t *cf)
{
    ngx_tf_main_conf_t  *mcf;

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_tf_main_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     mcf->pg.url = { 0, NULL };
     *     mcf->redis_url = { 0, NULL };
     *     mcf->keys = { 0, NULL };
     *     mcf->exports = NULL;
     *     mcf->zone = NULL;
     *     mcf->metrics = NULL;
     *     mcf->used = 0;
     */

    ngx_tf_module = &ngx_taifish_module;

    mcf->routes = ngx_tf_routes;
    mcf->hooks = &ngx_taifish_hooks;
    mcf->pg.slow_conns = NGX_CONF_UNSET_UINT;
    mcf->pg.slow_slots = NGX_CONF_UNSET_UINT;
    mcf->pg.queue = NGX_CONF_UNSET_UINT;
    mcf->pg.slow_queue = NGX_CONF_UNSET_UINT;
    mcf->pg.connect_timeout = NGX_CONF_UNSET_MSEC;
    mcf->pg.statement_timeout = NGX_CONF_UNSET_MSEC;
    mcf->hashes = NGX_CONF_UNSET_UINT;
    mcf->deadline = NGX_CONF_UNSET_MSEC;
    mcf->run_wait = NGX_CONF_UNSET_MSEC;
    mcf->session_idle = NGX_CONF_UNSET;
    mcf->session_life = NGX_CONF_UNSET;
    mcf->cookie_secure = NGX_CONF_UNSET;
    mcf->body_max = NGX_CONF_UNSET_SIZE;
    mcf->log_buffer = NGX_CONF_UNSET_UINT;

    return mcf;
}


static char *
ngx_taifish_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_tf_main_conf_t *mcf = conf;

    ngx_str_t  sessions = ngx_string("taifish");
    ngx_str_t  metrics = ngx_string("taifish_metrics");

    ngx_conf_init_uint_value(mcf->pg.slow_conns, 1);
    ngx_conf_init_uint_value(mcf->pg.slow_slots, 0);
    ngx_conf_init_uint_value(mcf->pg.queue, 1024);
    ngx_conf_init_uint_value(mcf->pg.slow_queue, 64);
    ngx_conf_init_msec_value(mcf->pg.connect_timeout, 3000);
    ngx_conf_init_msec_value(mcf->pg.statement_timeout, 5000);
    ngx_conf_init_uint_value(mcf->hashes, 32);
    ngx_conf_init_msec_value(mcf->deadline, 30000);
    ngx_conf_init_msec_value(mcf->run_wait, 20000);
    ngx_conf_init_value(mcf->session_idle, 30 * 60);
    ngx_conf_init_value(mcf->session_life, 12 * 60 * 60);
    ngx_conf_init_value(mcf->cookie_secure, 1);
    ngx_conf_init_size_value(mcf->body_max, 1024 * 1024);
    ngx_conf_init_uint_value(mcf->log_buffer, 1000);

    if (!mcf->used) {
        return NGX_CONF_OK;
    }

    if (ngx_tf_conf_init(cf, mcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if ((mcf->zone == NULL
         && ngx_tf_session_zone(cf, &sessions, 8 * 1024 * 1024) != NGX_OK)
        || (mcf->metrics == NULL
            && ngx_tf_count_zone(cf, &metrics, 512 * 1024) != NGX_OK))
    {
        return NGX_CONF_ERROR;
    }

    mcf->router = ngx_tf_router_create(cf, mcf->routes, mcf->hooks);

    return mcf->router ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static void *
ngx_taifish_create_loc_conf(ngx_conf_t *cf)
{
    ngx_tf_loc_conf_t  *lcf;

    lcf = ngx_pcalloc(cf->pool, sizeof(ngx_tf_loc_conf_t));
    if (lcf == NULL) {
        return NULL;
    }

    lcf->api = NGX_CONF_UNSET;

    return lcf;
}


static char *
ngx_taifish_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_tf_loc_conf_t *prev = parent;
    ngx_tf_loc_conf_t *conf = child;

    ngx_conf_merge_value(conf->api, prev->api, 0);

    return NGX_CONF_OK;
}


static char *
ngx_taifish(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_tf_loc_conf_t *lcf = conf;

    char                      *rv;
    ngx_tf_main_conf_t        *mcf;
    ngx_http_core_loc_conf_t  *clcf;

    rv = ngx_conf_set_flag_slot(cf, cmd, conf);

    if (rv != NGX_CONF_OK || !lcf->api) {
        return rv;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_tf_op_handler;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_taifish_module);
    mcf->used = 1;

    return NGX_CONF_OK;
}


static char *
ngx_taifish_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    u_char                   *p;
    ssize_t                   size;
    ngx_str_t                *value, name, s;
    ngx_taifish_zone_post_t  *post;

    post = cmd->post;
    value = cf->args->elts;

    p = ngx_strlchr(value[1].data, value[1].data + value[1].len, ':');
    if (p == NULL) {
        return "needs name:size";
    }

    name.data = value[1].data;
    name.len = p - name.data;
    s.data = p + 1;
    s.len = value[1].data + value[1].len - s.data;

    size = ngx_parse_size(&s);

    if (size == NGX_ERROR || size < (ssize_t) (8 * ngx_pagesize)) {
        return "needs a size of at least 8 memory pages";
    }

    return post->add(cf, &name, size) == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_taifish_preconfiguration(ngx_conf_t *cf)
{
    return ngx_tf_request_variables(cf);
}


static ngx_int_t
ngx_taifish_init_module(ngx_cycle_t *cycle)
{
    ngx_tf_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_taifish_module);

    if (mcf && mcf->used) {
        ngx_tf_count_init_module(cycle);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_taifish_init_process(ngx_cycle_t *cycle)
{
    ngx_tf_main_conf_t  *mcf;

    /* the cache processes of nginx come here too */

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_taifish_module);

    if (mcf == NULL) {
        return NGX_OK;
    }

    /* an edge without "taifish on" has clients to keep through a reload too */

    if (ngx_tf_reload_init_process(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!mcf->used) {
        return NGX_OK;
    }

    if (ngx_tf_pg_init_process(cycle, &mcf->pg) != NGX_OK
        || ngx_tf_redis_init_process(cycle, mcf->redis) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_tf_log_init_process(cycle, mcf->log_buffer, mcf->redis != NULL);
    ngx_tf_count_init_process(cycle);

    return NGX_OK;
}


static void
ngx_taifish_exit_process(ngx_cycle_t *cycle)
{
    ngx_tf_log_exit_process(cycle);
    ngx_tf_count_exit_process(cycle);
    ngx_tf_redis_exit_process(cycle);
    ngx_tf_pg_exit_process(cycle);
    ngx_tf_reload_exit_process(cycle);
}
