
/*
 * The queue's statements as functions.  queue.sql says what they do.
 */


#ifndef _TFW_QUEUE_H_INCLUDED_
#define _TFW_QUEUE_H_INCLUDED_


#include "tfw_job.h"
#include "tfw_redis.h"


#define TFW_LEASE  30000        /* ms, as in queue.sql */


/* How an item ended that did not get done. */

typedef struct {
    const char      *code;      /* a message_code, NULL: none */
    const char      *message;
    unsigned         again:1;   /* worth another attempt */
    unsigned         give_back:1;   /* the worker leaves; not an attempt */
    unsigned         silent:1;      /* its instance did not answer */
} tfw_failure_t;


/* '{a,b}' of the kinds of this program, NUL terminated. */
tf_int_t tfw_queue_kinds(const tfw_conf_t *conf, const tf_mem_t *mem,
    tf_str_t *out) TF_MUST_CHECK;

/* Where to look for an item, one place after the other: arrays of PostgreSQL of
 * the same length, task_items.lane and task_items.doubt. */

typedef struct {
    const char      *lanes;
    const char      *doubts;
} tfw_order_t;

/* Claims one item.  TF_OK: job's ids, kind, attempt, token and
 * payload (in job->mem) are set, *deadline is in ms.  TF_DECLINED: there is
 * none.  After TF_ERROR an item may be claimed without anyone knowing. */
tf_int_t tfw_queue_claim(tfw_job_t *job, const char *worker,
    const tfw_order_t *order, int64_t *deadline) TF_MUST_CHECK;

/* Marks the job's item done.  TF_DECLINED: it belongs to someone else by now.
 * *res is the item and its run as they are now, for tfw_queue_publish(). */
tf_int_t tfw_queue_finish(tfw_job_t *job, const char *worker, PGresult **res)
    TF_MUST_CHECK;

/* Ends one item of the worker; job NULL: all that it has. */
tf_int_t tfw_queue_fail(tfw_db_t *db, const char *worker, const tfw_job_t *job,
    const tfw_failure_t *why, PGresult **res, tf_err_t *err) TF_MUST_CHECK;

/* Publishes the items and runs that ended, which are in res, and writes the
 * summaries of these runs.  Takes res, NULL is nothing. */
void tfw_queue_publish(tfw_db_t *db, tfw_redis_t *redis, PGresult *res);


/* What the summary of every run counts, ended by name NULL. */
extern const tfw_metric_t  tfw_queue_totals[];

/* Writes the summary of a run that ended; a failure is only logged. */
void tfw_queue_summary(tfw_db_t *db, const char *run_id);


/*
 * Queues a run of a kind with its items, in the caller's transaction if there
 * is one.  run takes the run's UUID, *items the number of its items.  When the
 * work on the one instance is queued already, they are of the run that does it.
 */

typedef struct {
    const tfw_job_kind_t  *kind;
    const char            *trigger;     /* "scheduled", "manual" */
    const char            *payload;     /* a JSON object */
    const char            *instance;    /* id, NULL: all */
} tfw_enqueue_t;

tf_int_t tfw_queue_enqueue(tfw_db_t *db, const tfw_enqueue_t *e, char run[37],
    char id[24], int *items, tf_err_t *err) TF_MUST_CHECK;


#endif /* _TFW_QUEUE_H_INCLUDED_ */
