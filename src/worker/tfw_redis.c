
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

#include "tf_crypto.h"
#include "tfw_clock.h"
#include "tfw_log.h"
#include "tfw_mem.h"
#include "tfw_redis.h"


#define TFW_REDIS_TIMEOUT  250000   /* us, of connecting and of a command */
#define TFW_REDIS_SLOW     100      /* ms */
#define TFW_REDIS_PAUSE    5000     /* ms without a try after a failure */


struct tfw_redis_s {
    redisContext        *c;         /* NULL: not connected */
    tf_conf_redis_t      url;
    int64_t              not_before;    /* ms of CLOCK_MONOTONIC */
    tfw_mem_t            mem;       /* of url's strings */
};


static tf_int_t tfw_redis_connect(tfw_redis_t *r, tf_err_t *err);
static tf_int_t tfw_redis_greet(tfw_redis_t *r, tf_err_t *err);
static tf_int_t tfw_redis_command(tfw_redis_t *r, int argc, const char **argv,
    const size_t *len, tf_err_t *err);
static void tfw_redis_close(tfw_redis_t *r);


tfw_redis_t *
tfw_redis_create(const char *url)
{
    tf_err_t      err;
    tfw_redis_t  *r;

    if (url == NULL || url[0] == '\0') {
        return NULL;
    }

    r = calloc(1, sizeof(tfw_redis_t));
    if (r == NULL) {
        return NULL;
    }

    tfw_mem_init(&r->mem, 64 * 1024);

    if (tf_conf_redis_url(&r->mem.mem, tf_str(url), &r->url, &err) != TF_OK) {
        tfw_redis_free(r);
        return NULL;
    }

    return r;
}


void
tfw_redis_free(tfw_redis_t *r)
{
    if (r != NULL) {
        tfw_redis_close(r);
        tfw_mem_clear(&r->mem);
        free(r);
    }
}


void
tfw_redis_publish(tfw_redis_t *r, const char *run, tf_str_t message)
{
    char         channel[64];
    size_t       len[3];
    int64_t      start;
    tf_err_t     err;
    const char  *argv[3];

    start = tfw_clock();

    if (r == NULL || start < r->not_before) {
        return;
    }

    snprintf(channel, sizeof(channel), "taifish:run:%s", run);

    argv[0] = "PUBLISH";
    argv[1] = channel;
    argv[2] = (const char *) message.data;
    len[0] = strlen(argv[0]);
    len[1] = strlen(argv[1]);
    len[2] = message.len;

    if (tfw_redis_connect(r, &err) != TF_OK
        || tfw_redis_command(r, 3, argv, len, &err) != TF_OK)
    {
        tfw_log("warning", "Redis: %s; watchers see progress later",
                err.detail);
        tfw_redis_close(r);
        start -= TFW_REDIS_SLOW;
    }

    /* one slow answer is borne, a row of them would hold up the caller */

    if (tfw_clock() - start >= TFW_REDIS_SLOW) {
        r->not_before = tfw_clock() + TFW_REDIS_PAUSE;
    }
}


tf_int_t
tfw_redis_ping(tfw_redis_t *r, tf_err_t *err)
{
    size_t       len = 4;
    const char  *argv = "PING";

    if (tfw_redis_connect(r, err) != TF_OK) {
        return TF_ERROR;
    }

    return tfw_redis_command(r, 1, &argv, &len, err);
}


static tf_int_t
tfw_redis_connect(tfw_redis_t *r, tf_err_t *err)
{
    char            host[256];
    struct timeval  tv = { 0, TFW_REDIS_TIMEOUT };

    if (r->c != NULL) {
        return TF_OK;
    }

    if (r->url.path.data != NULL) {
        snprintf(host, sizeof(host), "%.*s", (int) r->url.path.len,
                 r->url.path.data);
        r->c = redisConnectUnixWithTimeout(host, tv);

    } else {
        snprintf(host, sizeof(host), "%.*s", (int) r->url.host.len,
                 r->url.host.data);
        r->c = redisConnectWithTimeout(host, r->url.port, tv);
    }

    if (r->c == NULL || r->c->err) {
        (void) tf_fail(err, TF_E_SERVICE_UNAVAILABLE, NULL,
                       "cannot connect: %s",
                       r->c ? r->c->errstr : "no memory");
        tfw_redis_close(r);
        return TF_ERROR;
    }

    (void) redisSetTimeout(r->c, tv);

    if (tfw_redis_greet(r, err) != TF_OK) {
        tfw_redis_close(r);
        return TF_ERROR;
    }

    return TF_OK;
}


static tf_int_t
tfw_redis_greet(tfw_redis_t *r, tf_err_t *err)
{
    int          n;
    char         db[12];
    size_t       len[3];
    const char  *argv[3];

    if (r->url.password.data != NULL) {
        n = 0;
        argv[n] = "AUTH";
        len[n++] = 4;

        if (r->url.user.len) {
            argv[n] = (const char *) r->url.user.data;
            len[n++] = r->url.user.len;
        }

        argv[n] = (const char *) r->url.password.data;
        len[n++] = r->url.password.len;

        if (tfw_redis_command(r, n, argv, len, err) != TF_OK) {
            return TF_ERROR;
        }
    }

    if (r->url.db == 0) {
        return TF_OK;
    }

    argv[0] = "SELECT";
    len[0] = 6;
    argv[1] = db;
    len[1] = snprintf(db, sizeof(db), "%d", r->url.db);

    return tfw_redis_command(r, 2, argv, len, err);
}


static tf_int_t
tfw_redis_command(tfw_redis_t *r, int argc, const char **argv,
    const size_t *len, tf_err_t *err)
{
    tf_int_t     rc;
    redisReply  *reply;

    reply = redisCommandArgv(r->c, argc, argv, len);

    if (reply == NULL) {
        return tf_fail(err, TF_E_SERVICE_UNAVAILABLE, NULL, "%s: %s", argv[0],
                       r->c->errstr);
    }

    rc = TF_OK;

    if (reply->type == REDIS_REPLY_ERROR) {
        rc = tf_fail(err, TF_E_SERVICE_UNAVAILABLE, NULL, "%s: %.*s", argv[0],
                     (int) reply->len, reply->str);
    }

    freeReplyObject(reply);

    return rc;
}


static void
tfw_redis_close(tfw_redis_t *r)
{
    if (r->c != NULL) {
        redisFree(r->c);
        r->c = NULL;
    }
}
