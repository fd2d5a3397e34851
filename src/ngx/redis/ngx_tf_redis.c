
#include "ngx_tf_fd.h"
#include "ngx_tf_redis.h"
#include "tf_conf.h"

#include <hiredis/async.h>


#define NGX_TF_REDIS_CONNECT      3000      /* ms to be signed in */
#define NGX_TF_REDIS_BEAT        15000      /* ms between signs of life */
#define NGX_TF_REDIS_BACKOFF_MIN   100      /* ms */
#define NGX_TF_REDIS_BACKOFF_MAX  5000      /* ms */
#define NGX_TF_REDIS_COMPLAIN    10000      /* ms between logged failures */
#define NGX_TF_REDIS_BUCKETS        64

/*
 * A channel nobody writes to.  While it is subscribed hiredis 0.14 stays in
 * its mode for messages (a message in the other mode fails an assertion), and
 * subscribing again is a PING with an answer that hiredis understands there.
 */

#define NGX_TF_REDIS_BEAT_CHANNEL  "taifish:beat"


struct ngx_tf_redis_conf_s {
    tf_conf_redis_t       server;
    char                 *path;             /* NULL: by the network */
    ngx_array_t          *hosts;            /* char *: numeric addresses */
};


/* DOWN ──► CONNECTING ──► UP ──► DOWN */

typedef enum {
    NGX_TF_REDIS_DOWN = 0,      /* ac is NULL; the timer is the next try */
    NGX_TF_REDIS_CONNECTING,    /* the timer is this try's end */
    NGX_TF_REDIS_UP             /* the timer is the next beat */
} ngx_tf_redis_conn_e;


typedef struct {
    ngx_tf_redis_conf_t  *conf;             /* NULL: no Redis */
    ngx_tf_redis_conn_e   state;

    redisAsyncContext    *ac;
    ngx_connection_t     *c;
    ngx_uint_t            events;           /* NGX_TF_FD_* watched */
    ngx_event_t           timer;
    ngx_msec_t            backoff;
    ngx_msec_t            complained;
    ngx_uint_t            host;

    ngx_queue_t           subs[NGX_TF_REDIS_BUCKETS];
    ngx_queue_t          *next;             /* of the message being delivered */
    ngx_tf_redis_state_t  seen;

    unsigned              writing:1;        /* inside redisAsyncHandleWrite */
    unsigned              heard:1;          /* anything since the last beat */
    unsigned              leaving:1;
} ngx_tf_redis_t;


static ngx_int_t ngx_tf_redis_resolve(ngx_conf_t *cf,
    ngx_tf_redis_conf_t *conf);
static void *ngx_tf_redis_alloc(void *pool, size_t size);
static char *ngx_tf_redis_text(ngx_pool_t *pool, tf_str_t s);
static void ngx_tf_redis_connect(ngx_tf_redis_t *redis);
static void ngx_tf_redis_sign_in(ngx_tf_redis_t *redis);
static void ngx_tf_redis_read_handler(ngx_event_t *ev);
static void ngx_tf_redis_write_handler(ngx_event_t *ev);
static ngx_uint_t ngx_tf_redis_told(ngx_connection_t *c);
static void ngx_tf_redis_timer_handler(ngx_event_t *ev);
static void ngx_tf_redis_drop(ngx_tf_redis_t *redis, const char *why);
static void ngx_tf_redis_again(ngx_tf_redis_t *redis);
static void ngx_tf_redis_complain(ngx_tf_redis_t *redis, const char *why);
static void ngx_tf_redis_watch(ngx_tf_redis_t *redis, ngx_uint_t on,
    ngx_uint_t off);
static void ngx_tf_redis_add_read(void *data);
static void ngx_tf_redis_del_read(void *data);
static void ngx_tf_redis_add_write(void *data);
static void ngx_tf_redis_del_write(void *data);
static void ngx_tf_redis_cleanup(void *data);
static void ngx_tf_redis_on_connect(const redisAsyncContext *ac, int status);
static void ngx_tf_redis_on_auth(redisAsyncContext *ac, void *reply,
    void *data);
static void ngx_tf_redis_on_message(redisAsyncContext *ac, void *reply,
    void *data);
static void ngx_tf_redis_up(ngx_tf_redis_t *redis);
static void ngx_tf_redis_tell(ngx_tf_redis_t *redis, ngx_str_t *channel,
    ngx_str_t *message);
static void ngx_tf_redis_command(ngx_tf_redis_t *redis, const char *verb,
    ngx_str_t *channel);
static ngx_uint_t ngx_tf_redis_has(ngx_tf_redis_t *redis, ngx_str_t *channel);
static ngx_uint_t ngx_tf_redis_same(ngx_queue_t *q, ngx_str_t *channel);
static ngx_queue_t *ngx_tf_redis_bucket(ngx_tf_redis_t *redis,
    ngx_str_t *channel);


/* One per worker process. */

static ngx_tf_redis_t  ngx_tf_redis;


ngx_int_t
ngx_tf_redis_conf_init(ngx_conf_t *cf, ngx_str_t *url,
    ngx_tf_redis_conf_t **out)
{
    tf_err_t              err;
    tf_mem_t              mem;
    tf_str_t              text;
    ngx_tf_redis_conf_t  *conf;

    *out = NULL;

    if (url->len == 0) {
        return NGX_OK;
    }

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_tf_redis_conf_t));
    if (conf == NULL) {
        return NGX_ERROR;
    }

    mem.alloc = ngx_tf_redis_alloc;
    mem.ctx = cf->pool;

    text.len = url->len;
    text.data = url->data;

    if (tf_conf_redis_url(&mem, text, &conf->server, &err) != TF_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "taifish: the Redis URL %s", err.detail);
        return NGX_ERROR;
    }

    *out = conf;

    if (conf->server.path.data) {
        conf->path = ngx_tf_redis_text(cf->pool, conf->server.path);
        return conf->path ? NGX_OK : NGX_ERROR;
    }

    return ngx_tf_redis_resolve(cf, conf);
}


/* hiredis would look the name up while requests wait. */

static ngx_int_t
ngx_tf_redis_resolve(ngx_conf_t *cf, ngx_tf_redis_conf_t *conf)
{
    char  *name;

    name = ngx_tf_redis_text(cf->pool, conf->server.host);
    if (name == NULL) {
        return NGX_ERROR;
    }

    conf->hosts = ngx_tf_fd_resolve(cf, name, "Redis");

    return conf->hosts ? NGX_OK : NGX_ERROR;
}


static void *
ngx_tf_redis_alloc(void *pool, size_t size)
{
    return ngx_palloc(pool, size);
}


static char *
ngx_tf_redis_text(ngx_pool_t *pool, tf_str_t s)
{
    char  *text;

    text = ngx_pnalloc(pool, s.len + 1);
    if (text == NULL) {
        return NULL;
    }

    ngx_memcpy(text, s.data, s.len);
    text[s.len] = '\0';

    return text;
}


ngx_int_t
ngx_tf_redis_init_process(ngx_cycle_t *cycle, ngx_tf_redis_conf_t *conf)
{
    ngx_uint_t       i;
    ngx_tf_redis_t  *redis;

    redis = &ngx_tf_redis;

    ngx_memzero(redis, sizeof(ngx_tf_redis_t));

    redis->conf = conf;

    for (i = 0; i < NGX_TF_REDIS_BUCKETS; i++) {
        ngx_queue_init(&redis->subs[i]);
    }

    redis->timer.handler = ngx_tf_redis_timer_handler;
    redis->timer.data = redis;
    redis->timer.log = cycle->log;
    redis->timer.cancelable = 1;

    if (conf) {
        ngx_tf_redis_connect(redis);
    }

    return NGX_OK;
}


void
ngx_tf_redis_exit_process(ngx_cycle_t *cycle)
{
    ngx_tf_redis_t  *redis;

    redis = &ngx_tf_redis;

    redis->leaving = 1;

    if (redis->ac) {
        redisAsyncFree(redis->ac);
    }

    if (redis->timer.timer_set) {
        ngx_del_timer(&redis->timer);
    }
}


void
ngx_tf_redis_subscribe(ngx_tf_redis_sub_t *sub)
{
    ngx_uint_t       known;
    ngx_tf_redis_t  *redis;

    redis = &ngx_tf_redis;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, sub->log, 0,
                   "taifish %V: subscribes to Redis channel \"%V\"",
                   &sub->label, &sub->channel);

    known = ngx_tf_redis_has(redis, &sub->channel);

    ngx_queue_insert_tail(ngx_tf_redis_bucket(redis, &sub->channel),
                          &sub->queue);
    redis->seen.subscriptions++;

    if (!known && redis->state == NGX_TF_REDIS_UP) {
        ngx_tf_redis_command(redis, "SUBSCRIBE", &sub->channel);
    }
}


void
ngx_tf_redis_unsubscribe(ngx_tf_redis_sub_t *sub)
{
    ngx_tf_redis_t  *redis;

    redis = &ngx_tf_redis;

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, sub->log, 0,
                   "taifish %V: leaves its Redis channel", &sub->label);

    if (redis->next == &sub->queue) {
        redis->next = ngx_queue_next(&sub->queue);
    }

    ngx_queue_remove(&sub->queue);
    redis->seen.subscriptions--;

    if (redis->state == NGX_TF_REDIS_UP
        && !ngx_tf_redis_has(redis, &sub->channel))
    {
        ngx_tf_redis_command(redis, "UNSUBSCRIBE", &sub->channel);
    }
}


void
ngx_tf_redis_state(ngx_tf_redis_state_t *state)
{
    *state = ngx_tf_redis.seen;
    state->up = (ngx_tf_redis.state == NGX_TF_REDIS_UP);
}


static void
ngx_tf_redis_connect(ngx_tf_redis_t *redis)
{
    char                **hosts;
    redisAsyncContext    *ac;
    ngx_tf_redis_conf_t  *conf;

    conf = redis->conf;
    redis->state = NGX_TF_REDIS_CONNECTING;

    if (conf->path) {
        ac = redisAsyncConnectUnix(conf->path);

    } else {
        hosts = conf->hosts->elts;
        ac = redisAsyncConnect(hosts[redis->host++ % conf->hosts->nelts],
                               conf->server.port);
    }

    if (ac == NULL || ac->err) {
        ngx_tf_redis_complain(redis, ac ? ac->errstr : "no memory");

        if (ac) {
            redisAsyncFree(ac);
        }

        ngx_tf_redis_again(redis);
        return;
    }

    redis->c = ngx_tf_fd_open(ac->c.fd, redis, ngx_tf_redis_read_handler,
                              ngx_tf_redis_write_handler);

    if (redis->c == NULL) {
        ngx_tf_redis_complain(redis, "no connection slot");
        redisAsyncFree(ac);
        ngx_tf_redis_again(redis);
        return;
    }

    redis->ac = ac;
    redis->events = 0;

    ac->data = redis;
    ac->ev.data = redis;
    ac->ev.addRead = ngx_tf_redis_add_read;
    ac->ev.delRead = ngx_tf_redis_del_read;
    ac->ev.addWrite = ngx_tf_redis_add_write;
    ac->ev.delWrite = ngx_tf_redis_del_write;
    ac->ev.cleanup = ngx_tf_redis_cleanup;

    ngx_add_timer(&redis->timer, NGX_TF_REDIS_CONNECT);

    /* this watches the socket */

    redisAsyncSetConnectCallback(ac, ngx_tf_redis_on_connect);

    ngx_tf_redis_sign_in(redis);
}


/* Commands wait in hiredis for the connection.  Channels belong to no
 * database, so the one of the URL does not matter here. */

static void
ngx_tf_redis_sign_in(ngx_tf_redis_t *redis)
{
    ngx_str_t         beat = ngx_string(NGX_TF_REDIS_BEAT_CHANNEL);
    tf_conf_redis_t  *server;

    server = &redis->conf->server;

    if (server->password.data && server->user.data && server->user.len) {
        redisAsyncCommand(redis->ac, ngx_tf_redis_on_auth, redis,
                          "AUTH %b %b", server->user.data, server->user.len,
                          server->password.data, server->password.len);

    } else if (server->password.data) {
        redisAsyncCommand(redis->ac, ngx_tf_redis_on_auth, redis, "AUTH %b",
                          server->password.data, server->password.len);
    }

    ngx_tf_redis_command(redis, "SUBSCRIBE", &beat);
}


static void
ngx_tf_redis_read_handler(ngx_event_t *ev)
{
    ngx_connection_t  *c;
    ngx_tf_redis_t    *redis;

    c = ev->data;
    redis = c->data;

    if (c->close && ngx_tf_redis_told(c)) {
        return;
    }

    /* frees redis->ac and takes c away when it fails */

    redisAsyncHandleRead(redis->ac);
}


static void
ngx_tf_redis_write_handler(ngx_event_t *ev)
{
    ngx_connection_t  *c;
    ngx_tf_redis_t    *redis;

    c = ev->data;
    redis = c->data;

    redis->writing = 1;
    redisAsyncHandleWrite(redis->ac);
    redis->writing = 0;
}


/* The worker leaves: those who still listen go on, until nginx has had enough
 * (c->error).  Returns 1 when the connection is gone. */

static ngx_uint_t
ngx_tf_redis_told(ngx_connection_t *c)
{
    if (c->error) {
        ngx_tf_redis_drop(c->data, "the worker process is leaving");
        return 1;
    }

    c->close = 0;

    return 0;
}


static void
ngx_tf_redis_timer_handler(ngx_event_t *ev)
{
    ngx_str_t        beat = ngx_string(NGX_TF_REDIS_BEAT_CHANNEL);
    ngx_tf_redis_t  *redis;

    redis = ev->data;

    switch (redis->state) {

    case NGX_TF_REDIS_DOWN:
        ngx_tf_redis_connect(redis);
        break;

    case NGX_TF_REDIS_CONNECTING:
        ngx_tf_redis_drop(redis, "no answer in time");
        break;

    case NGX_TF_REDIS_UP:
        if (!redis->heard) {
            ngx_tf_redis_drop(redis, "no sign of life");
            break;
        }

        redis->heard = 0;
        ngx_tf_redis_command(redis, "SUBSCRIBE", &beat);
        ngx_add_timer(&redis->timer, NGX_TF_REDIS_BEAT);
        break;
    }
}


/* Not from a callback of hiredis but that of a reply. */

static void
ngx_tf_redis_drop(ngx_tf_redis_t *redis, const char *why)
{
    ngx_tf_redis_complain(redis, why);

    redisAsyncFree(redis->ac);
}


static void
ngx_tf_redis_again(ngx_tf_redis_t *redis)
{
    ngx_msec_t  delay;

    redis->state = NGX_TF_REDIS_DOWN;

    if (redis->leaving) {
        return;
    }

    if (redis->backoff == 0) {
        redis->backoff = NGX_TF_REDIS_BACKOFF_MIN;
    }

    delay = redis->backoff * 3 / 4 + ngx_random() % (redis->backoff / 2);
    redis->backoff = ngx_min(redis->backoff * 2, NGX_TF_REDIS_BACKOFF_MAX);

    ngx_add_timer(&redis->timer, delay);
}


static void
ngx_tf_redis_complain(ngx_tf_redis_t *redis, const char *why)
{
    ngx_uint_t  level;

    if (redis->leaving) {
        return;
    }

    level = NGX_LOG_INFO;

    if (redis->complained == 0
        || ngx_current_msec - redis->complained >= NGX_TF_REDIS_COMPLAIN)
    {
        redis->complained = ngx_current_msec;
        level = NGX_LOG_ERR;
    }

    ngx_log_error(level, ngx_cycle->log, 0,
                  "taifish: Redis is lost while %s: %s",
                  redis->state == NGX_TF_REDIS_UP ? "working" : "connecting",
                  why && why[0] ? why : "it has closed the connection");
}


static void
ngx_tf_redis_watch(ngx_tf_redis_t *redis, ngx_uint_t on, ngx_uint_t off)
{
    ngx_uint_t  events;

    events = (redis->events | on) & ~off;

    if (events != redis->events) {
        redis->events = events;

        /* a failure is logged; the next beat finds the connection dead */

        (void) ngx_tf_fd_watch(redis->c, events);
    }
}


static void
ngx_tf_redis_add_read(void *data)
{
    ngx_tf_redis_watch(data, NGX_TF_FD_READ, 0);
}


static void
ngx_tf_redis_del_read(void *data)
{
    ngx_tf_redis_watch(data, 0, NGX_TF_FD_READ);
}


/* A socket that just connects or is full has to be watched; otherwise all
 * commands of this turn of the event loop leave in one write at its end. */

static void
ngx_tf_redis_add_write(void *data)
{
    ngx_tf_redis_t  *redis;

    redis = data;

    if (redis->writing || !(redis->ac->c.flags & REDIS_CONNECTED)) {
        ngx_tf_redis_watch(redis, NGX_TF_FD_WRITE, 0);
        return;
    }

    ngx_post_event(redis->c->write, &ngx_posted_events);
}


static void
ngx_tf_redis_del_write(void *data)
{
    ngx_tf_redis_watch(data, 0, NGX_TF_FD_WRITE);
}


/* hiredis ends the connection, whoever asked for it; the socket is closed by
 * it afterwards, so a new one must not be opened here. */

static void
ngx_tf_redis_cleanup(void *data)
{
    ngx_tf_redis_t     *redis;
    redisAsyncContext  *ac;

    redis = data;
    ac = redis->ac;

    if (ac->err) {
        ngx_tf_redis_complain(redis, ac->errstr);
    }

    ngx_tf_fd_close(redis->c, ac->c.fd == -1);

    redis->c = NULL;
    redis->ac = NULL;
    redis->writing = 0;

    ngx_tf_redis_again(redis);
}


static void
ngx_tf_redis_on_connect(const redisAsyncContext *ac, int status)
{
    /* hiredis frees ac after a failure, which ends in the cleanup */
}


static void
ngx_tf_redis_on_auth(redisAsyncContext *ac, void *data, void *arg)
{
    redisReply  *reply;

    reply = data;

    if (reply && reply->type == REDIS_REPLY_ERROR) {
        ngx_tf_redis_drop(arg, "it refuses the password");
    }
}


static void
ngx_tf_redis_on_message(redisAsyncContext *ac, void *data, void *arg)
{
    ngx_str_t        channel, message;
    redisReply      *reply, **part;
    ngx_tf_redis_t  *redis;

    reply = data;
    redis = arg;

    if (reply == NULL || redis->ac == NULL) {
        return;
    }

    redis->heard = 1;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        return;
    }

    part = reply->element;

    if (part[0]->type != REDIS_REPLY_STRING
        || part[1]->type != REDIS_REPLY_STRING)
    {
        return;
    }

    channel.data = (u_char *) part[1]->str;
    channel.len = part[1]->len;

    if (redis->state == NGX_TF_REDIS_CONNECTING) {
        ngx_tf_redis_up(redis);
        return;
    }

    if (part[2]->type == REDIS_REPLY_STRING
        && ngx_strcmp(part[0]->str, "message") == 0)
    {
        message.data = (u_char *) part[2]->str;
        message.len = part[2]->len;

        ngx_tf_redis_tell(redis, &channel, &message);
    }
}


/* The first answer to SUBSCRIBE: everyone's channels follow. */

static void
ngx_tf_redis_up(ngx_tf_redis_t *redis)
{
    ngx_uint_t           i;
    ngx_queue_t         *q, *p;
    ngx_tf_redis_sub_t  *sub;

    redis->state = NGX_TF_REDIS_UP;
    redis->backoff = 0;
    redis->complained = 0;
    redis->seen.reconnects++;

    ngx_add_timer(&redis->timer, NGX_TF_REDIS_BEAT);

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "taifish: connected to Redis");

    for (i = 0; i < NGX_TF_REDIS_BUCKETS; i++) {

        for (q = ngx_queue_head(&redis->subs[i]);
             q != ngx_queue_sentinel(&redis->subs[i]);
             q = ngx_queue_next(q))
        {
            sub = ngx_queue_data(q, ngx_tf_redis_sub_t, queue);

            /* only for the first of those who share a channel */

            for (p = ngx_queue_head(&redis->subs[i]); p != q;
                 p = ngx_queue_next(p))
            {
                if (ngx_tf_redis_same(p, &sub->channel)) {
                    break;
                }
            }

            if (p == q) {
                ngx_tf_redis_command(redis, "SUBSCRIBE", &sub->channel);
            }
        }
    }
}


/* A handler may end its own subscription and, closing a connection of HTTP/2,
 * others too. */

static void
ngx_tf_redis_tell(ngx_tf_redis_t *redis, ngx_str_t *channel,
    ngx_str_t *message)
{
    ngx_queue_t         *q, *bucket;
    ngx_tf_redis_sub_t  *sub;

    bucket = ngx_tf_redis_bucket(redis, channel);

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = redis->next)
    {
        redis->next = ngx_queue_next(q);

        if (ngx_tf_redis_same(q, channel)) {
            sub = ngx_queue_data(q, ngx_tf_redis_sub_t, queue);

            ngx_log_debug2(NGX_LOG_DEBUG_HTTP, sub->log, 0,
                           "taifish %V: Redis message of %uz bytes",
                           &sub->label, message->len);

            sub->handler(sub, message);
        }
    }

    redis->next = NULL;
}


static void
ngx_tf_redis_command(ngx_tf_redis_t *redis, const char *verb,
    ngx_str_t *channel)
{
    /* fails only on a connection about to end; a new one subscribes anew */

    (void) redisAsyncCommand(redis->ac, ngx_tf_redis_on_message, redis,
                             "%s %b", verb, channel->data, channel->len);
}


static ngx_uint_t
ngx_tf_redis_has(ngx_tf_redis_t *redis, ngx_str_t *channel)
{
    ngx_queue_t  *q, *bucket;

    bucket = ngx_tf_redis_bucket(redis, channel);

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        if (ngx_tf_redis_same(q, channel)) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_tf_redis_same(ngx_queue_t *q, ngx_str_t *channel)
{
    ngx_tf_redis_sub_t  *sub;

    sub = ngx_queue_data(q, ngx_tf_redis_sub_t, queue);

    return sub->channel.len == channel->len
           && ngx_memcmp(sub->channel.data, channel->data, channel->len) == 0;
}


static ngx_queue_t *
ngx_tf_redis_bucket(ngx_tf_redis_t *redis, ngx_str_t *channel)
{
    uint32_t  hash;

    hash = ngx_crc32_short(channel->data, channel->len);

    return &redis->subs[hash % NGX_TF_REDIS_BUCKETS];
}
