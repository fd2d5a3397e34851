
/*
 * A job: what a child of the worker runs.
 *
 * The child claims a task item and calls the run function of its kind.  Reading
 * and computing happen outside of any transaction; then the job calls
 * tfw_job_begin() and writes.  When run returns TF_OK the child finishes the
 * item in that same transaction, fenced by its token, and commits: the effects
 * of a job and its being done are one.  When run returns TF_ERROR everything is
 * rolled back and the item is retried or ends dead as err says (recoverable
 * codes of tf_error.c are retried).
 */


#ifndef _TFW_JOB_H_INCLUDED_
#define _TFW_JOB_H_INCLUDED_


#include "tf_json.h"
#include "tfw_conf.h"
#include "tfw_db.h"


typedef struct tfw_job_s  tfw_job_t;

struct tfw_job_s {
    int64_t              id;            /* task_items.id */
    int64_t              run_id;        /* task_runs.id */
    char                 run_uuid[37];
    int64_t              instance_id;   /* 0 when the item has none */
    int64_t              token;
    int                  attempt;       /* from 1 */
    const char          *kind;
    const tf_json_t     *payload;       /* an object */

    const tf_mem_t      *mem;           /* freed when the job ends */
    tfw_db_t            *db;
    const tfw_conf_t    *conf;
    tf_err_t             err;

    /* what run leaves for task_items */
    tf_str_t             details;       /* JSON text; data NULL for none */
    unsigned             partial:1;     /* some of it could not be read */

    struct tfw_job_int_s  *in;          /* tfw_child.c's own */
};


typedef tf_int_t (*tfw_job_pt)(tfw_job_t *job);

typedef enum {
    TFW_ONCE = 0,                       /* a run has one item */
    TFW_FLEET,                          /* one per active instance that has a
                                           credential, or a named instance */
    TFW_INSTANCE                        /* named instances only */
} tfw_scope_e;


/* A number that a kind of job reports. */

typedef struct {
    const char          *name;          /* a key of task_items.metrics; NULL
                                           ends the list */
    const char          *counts;        /* "synced", "created", "updated",
                                           "deleted": what a sync session shows
                                           it as; NULL: nothing */
    const char          *text[TF_LANGS];
} tfw_metric_t;

#define TFW_METRICS  16


/*
 * A kind of job.  This is all that is said about it anywhere: "taifish-worker
 * migrate" writes it to the table job_kinds, tf_enqueue() queues by it and the
 * API reads what its items reported by it.
 */

typedef struct {
    const char          *kind;          /* task_items.kind, and the task_key of
                                           its runs */
    tfw_job_pt           run;
    const char          *title[TF_LANGS];
    const char          *about[TF_LANGS];
    const char          *category;      /* task_runs.task_category */
    tfw_scope_e          scope;
    const char          *lane;          /* "short": a person waits for it;
                                           "test"; "normal" */
    int                  attempts;
    int                  deadline;      /* seconds, of an attempt */
    int                  connect;       /* seconds until tfw_job_connected();
                                           0: connects to no instance */
    int                  per_user;      /* runs a user may have open; 0: any */
    unsigned             exclusive:1;   /* one open item per instance */
    tfw_metric_t         metrics[TFW_METRICS + 1];
} tfw_job_kind_t;


/*
 * What the features give the worker, which includes none of them: tfw_main.c
 * fills it in.
 */

struct tfw_hooks_s {
    const tfw_job_kind_t  *kinds;       /* all, ended by kind NULL */

    /* Fires the schedules that are due; *fired counts the runs queued. */
    tf_int_t (*schedules)(const tfw_conf_t *conf, tfw_db_t *db, int *fired,
        tf_err_t *err);

    /* The login of a credential: tfw_credentials_open(). */
    tf_int_t (*login)(tfw_job_t *job, int64_t credential_id,
        const char **username, const char **password);

    /* Brings stored passwords under the youngest key:
     * tfw_credentials_renew(). */
    tf_int_t (*renew)(tfw_job_t *job, int *n, int *failed);
};


/* NULL when the program has no such kind. */
const tfw_job_kind_t *tfw_job_kind(const tfw_conf_t *conf, const char *kind);


/* Starts the job's transaction. */
tf_int_t tfw_job_begin(tfw_job_t *job) TF_MUST_CHECK;

/* To be called when the managed database has answered: the kind's deadline for
 * connecting ends, and the instance's items are no longer put behind others. */
void tfw_job_connected(tfw_job_t *job);

/* Sets a number that the item reports.  TF_ERROR when its kind's row does not
 * name it. */
tf_int_t tfw_job_report(tfw_job_t *job, const char *name, int64_t n)
    TF_MUST_CHECK;

/* The JSON object of the numbers that were set, NUL terminated, in job->mem;
 * *out NULL when there are none.  TF_ERROR: no memory. */
tf_int_t tfw_job_metrics(const tfw_job_t *job, const char **out)
    TF_MUST_CHECK;

/* Publishes how far the job is on Redis; it is not stored, and nothing fails
 * when Redis is away.  stage: an identifier such as "grants". */
void tfw_job_progress(tfw_job_t *job, const char *stage, int64_t done,
    int64_t total);

/* 1 when the job should stop: cancelled by a person or its worker drains past
 * its grace.  Cheap; to be asked between pieces of work. */
int tfw_job_stopping(tfw_job_t *job);

/* One JSON line to the worker's log with the job's ids.  level: "info",
 * "warning", "error". */
void tfw_job_log(tfw_job_t *job, const char *level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));


#endif /* _TFW_JOB_H_INCLUDED_ */
