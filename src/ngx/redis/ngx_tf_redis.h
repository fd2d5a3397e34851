
/*
 * Redis for one nginx worker, by hiredis: news of running jobs.
 *
 * Redis holds only what may vanish.  Whoever waits for a message also has a
 * timer and asks PostgreSQL; a message only makes him ask sooner.
 */


#ifndef _NGX_TF_REDIS_H_INCLUDED_
#define _NGX_TF_REDIS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct ngx_tf_redis_sub_s   ngx_tf_redis_sub_t;
typedef struct ngx_tf_redis_conf_s  ngx_tf_redis_conf_t;

/* message is valid during the call.  It may call ngx_tf_redis_unsubscribe. */
typedef void (*ngx_tf_redis_message_pt)(ngx_tf_redis_sub_t *sub,
    ngx_str_t *message);


/* Owned by the subscriber, who unsubscribes before it goes away. */

struct ngx_tf_redis_sub_s {
    ngx_queue_t               queue;
    ngx_str_t                 channel;  /* the bytes outlive the subscription */
    ngx_tf_redis_message_pt   handler;
    void                     *data;

    ngx_log_t                *log;      /* the subscriber's, and */
    ngx_str_t                 label;    /* its request's id, for debug lines */
};


typedef struct {
    unsigned                  up:1;
    ngx_uint_t                reconnects;
    ngx_uint_t                subscriptions;
} ngx_tf_redis_state_t;


/* url as tf_conf_redis_url() reads it, or empty: no Redis.  Its host name is
 * looked up now.  NGX_ERROR is logged. */
ngx_int_t ngx_tf_redis_conf_init(ngx_conf_t *cf, ngx_str_t *url,
    ngx_tf_redis_conf_t **conf);

/* Starts connecting; never fails because Redis is away. */
ngx_int_t ngx_tf_redis_init_process(ngx_cycle_t *cycle,
    ngx_tf_redis_conf_t *conf);
void ngx_tf_redis_exit_process(ngx_cycle_t *cycle);

/* Several subscriptions to one channel share one SUBSCRIBE; all are renewed
 * after a reconnect. */
void ngx_tf_redis_subscribe(ngx_tf_redis_sub_t *sub);
void ngx_tf_redis_unsubscribe(ngx_tf_redis_sub_t *sub);

void ngx_tf_redis_state(ngx_tf_redis_state_t *state);


#endif /* _NGX_TF_REDIS_H_INCLUDED_ */
