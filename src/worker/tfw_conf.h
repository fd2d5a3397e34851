
/*
 * The worker's settings, from the environment and NAME_FILE secrets.
 * docs/settings.md lists them all.
 */


#ifndef _TFW_CONF_H_INCLUDED_
#define _TFW_CONF_H_INCLUDED_


#include "tf_conf.h"
#include "tf_crypto.h"


typedef struct {
    const char          *database_url;      /* DATABASE_URL */
    const char          *redis_url;         /* REDIS_URL, "" for none */
    const char          *keys;              /* TAIFISH_KEYS: a directory with
                                               seal.pub, seal.key, ring/<kid> */
    unsigned char        public_key[TF_KEY_LEN];
    unsigned char        secret_key[TF_KEY_LEN];
    tf_ring_t            ring;
    tf_conf_targets_t    targets;           /* TAIFISH_TARGET_ALLOW,
                                               TAIFISH_TARGET_PORTS */
    int                  children;          /* TAIFISH_WORKERS, default 4; one
                                               more runs short jobs only */
    int                  drain;             /* TAIFISH_DRAIN_SECONDS, 30 */
} tfw_conf_t;


#endif /* _TFW_CONF_H_INCLUDED_ */
