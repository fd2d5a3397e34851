
/*
 * The worker's settings, from the environment and NAME_FILE secrets.
 * docs/settings.md lists them all.
 */


#ifndef _TFW_CONF_H_INCLUDED_
#define _TFW_CONF_H_INCLUDED_


#include "tf_conf.h"
#include "tfw_keys.h"


/* What the features give the worker: tfw_job.h. */
typedef struct tfw_hooks_s  tfw_hooks_t;

typedef struct {
    const tfw_hooks_t   *hooks;
    const char          *database_url;      /* DATABASE_URL */
    const char          *redis_url;         /* REDIS_URL, "" for none */
    const char          *keys_dir;          /* TAIFISH_KEYS */
    tfw_keys_t           keys;              /* what is in it */
    tf_conf_targets_t    targets;           /* TAIFISH_TARGET_ALLOW,
                                               TAIFISH_TARGET_PORTS */
    const char          *odbc_sqlserver;    /* TAIFISH_ODBC_SQLSERVER: a file
                                               or a name, "": what is found */
    const char          *odbc_oracle;       /* TAIFISH_ODBC_ORACLE */
    int                  children;          /* TAIFISH_WORKERS, default 4; one
                                               more runs short jobs only */
    int                  drain;             /* TAIFISH_DRAIN_SECONDS, 30 */
} tfw_conf_t;


#define TFW_CONF_KEYS  1    /* keys are needed */

/* Reads the settings into conf, zeroed or loaded before, and returns the
 * number of problems.  All of them are reported, not just the first.  The hooks
 * stay as they are. */
int tfw_conf_load(tfw_conf_t *conf, unsigned flags,
    tf_conf_problem_pt problem);
void tfw_conf_free(tfw_conf_t *conf);

/* The value of setting NAME or the content of the file NAME_FILE names, the
 * caller's to free(); "" when neither is set, NULL after a problem. */
char *tfw_conf_setting(const char *name, tf_conf_problem_pt problem);


#endif /* _TFW_CONF_H_INCLUDED_ */
