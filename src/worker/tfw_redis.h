
/*
 * News for watchers, published on Redis.  Redis may be away, slow or empty:
 * a message that can not be sent within a quarter of a second is dropped, and
 * the next ones for five seconds with it.  Nothing waits for Redis and nothing
 * fails because of it.
 */


#ifndef _TFW_REDIS_H_INCLUDED_
#define _TFW_REDIS_H_INCLUDED_


#include "tf_conf.h"


typedef struct tfw_redis_s  tfw_redis_t;


/* Connects at first use.  NULL: the URL is empty, wrong, or no memory. */
tfw_redis_t *tfw_redis_create(const char *url);
void tfw_redis_free(tfw_redis_t *r);

/* Publishes on taifish:run:<run>; r may be NULL. */
void tfw_redis_publish(tfw_redis_t *r, const char *run, tf_str_t message);

/* Connects and asks for an answer; err says in detail what went wrong. */
tf_int_t tfw_redis_ping(tfw_redis_t *r, tf_err_t *err) TF_MUST_CHECK;


#endif /* _TFW_REDIS_H_INCLUDED_ */
