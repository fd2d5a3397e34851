
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
    const char          *odbc_sqlserver;    /* TAIFISH_ODBC_SQLSERVER: a file
                                               or a name, "": what is found */
    const char          *odbc_oracle;       /* TAIFISH_ODBC_ORACLE */
    int                  children;          /* TAIFISH_WORKERS, default 4; one
                                               more runs short jobs only */
    int                  drain;             /* TAIFISH_DRAIN_SECONDS, 30 */
} tfw_conf_t;


/* Receives what is wrong with a setting, one call per problem. */
typedef void (*tfw_conf_problem_pt)(const char *setting, const char *problem);


#define TFW_CONF_KEYS  1    /* keys are needed */

/* Reads the settings into conf, zeroed or loaded before, and returns the
 * number of problems.  All of them are reported, not just the first. */
int tfw_conf_load(tfw_conf_t *conf, unsigned flags,
    tfw_conf_problem_pt problem);
void tfw_conf_free(tfw_conf_t *conf);

/* The value of setting NAME or the content of the file NAME_FILE names, the
 * caller's to free(); "" when neither is set, NULL after a problem. */
char *tfw_conf_setting(const char *name, tfw_conf_problem_pt problem);


#endif /* _TFW_CONF_H_INCLUDED_ */
