
/*
 * The supervisor: one process, one loop, one connection.
 *
 * It forks children and never runs a job.  What it does when:
 *
 *     every 10 s   renews the leases of all running items in one statement
 *     every 0.5 s  asks which of them were cancelled or lost
 *     every 1 s    fires schedules
 *     every 5 s    returns items whose worker was lost, anybody's
 *     every 60 s   ends runs whose last items were deleted with their instance
 *     at once      stops a child whose deadline passed or whose lease could
 *                  not be renewed until 5 s before its end; takes note of a
 *                  child that ended and writes how its item ended
 *
 * SIGTERM and SIGINT drain: children finish what they run, and after
 * TAIFISH_DRAIN_SECONDS give it back to the queue.  SIGHUP reads the settings
 * and keys again and replaces each child after its current item.
 */


#ifndef _TFW_SUPERVISOR_H_INCLUDED_
#define _TFW_SUPERVISOR_H_INCLUDED_


#include "tfw_child.h"
#include "tfw_queue.h"


#define TFW_ORPHANS_MAX   256


/* A child in the supervisor's eyes.  Times are ms of CLOCK_MONOTONIC. */

typedef struct {
    pid_t                pid;           /* 0: none */
    tfw_child_t          child;
    int                  wake;          /* writing end of child.wake */
    int64_t              spawned;
    int64_t              not_before;    /* of the next spawn */

    /* being stopped: SIGKILL at kill_at unless it let go of the item */
    int64_t              kill_item;
    int64_t              kill_token;
    int64_t              kill_at;
} tfw_proc_t;


/* The end of an item whose child is gone, still to be written. */

typedef struct {
    char                 worker[37];
    tfw_failure_t        why;
    char                 message[128];
} tfw_orphan_t;


typedef struct {
    tfw_conf_t          *conf;
    tfw_db_t            *db;
    tfw_redis_t         *redis;
    char                 id[37];
    int                  pipe[2];       /* a byte per signal */
    tfw_slot_t          *slots;         /* shared */
    tfw_proc_t           procs[TFW_CHILDREN_MAX];
    unsigned             norphans;
    tfw_orphan_t         orphans[TFW_ORPHANS_MAX];

    int64_t              renew_at;
    int64_t              watch_at;
    int64_t              sweep_at;
    int64_t              close_at;
    int64_t              cron_at;
    int64_t              seen_at;
    int64_t              events_at;
    int64_t              retry_at;      /* PostgreSQL is not asked before */
    int64_t              drain_at;      /* 0, or when the grace ends */
    int64_t              idle_since;    /* draining, no child has an item */
    unsigned             ready:1;       /* the schema is right */
    unsigned             listening:1;
    unsigned             down:1;        /* said so already */
} tfw_supervisor_t;


/* tfw_procs.c: children. */
void tfw_procs_spawn(tfw_supervisor_t *s);
void tfw_procs_reap(tfw_supervisor_t *s);
void tfw_procs_wake(tfw_supervisor_t *s);
void tfw_procs_retire(tfw_supervisor_t *s);
unsigned tfw_procs_alive(const tfw_supervisor_t *s);

/* A random UUID as text. */
void tfw_uuid(char uuid[37]);

/* Asks the child to let go of its item, by SIGKILL after grace ms. */
void tfw_procs_stop(tfw_proc_t *p, int64_t item, tfw_stop_e why,
    int64_t grace);

/* Deadlines, leases and SIGKILLs that are due; asks nobody. */
void tfw_procs_guard(void *supervisor);

/* tfw_leases.c: what the supervisor asks PostgreSQL about running items. */
tf_int_t tfw_leases_renew(tfw_supervisor_t *s, tf_err_t *err) TF_MUST_CHECK;
tf_int_t tfw_leases_watch(tfw_supervisor_t *s, tf_err_t *err) TF_MUST_CHECK;
tf_int_t tfw_leases_sweep(tfw_supervisor_t *s, tf_err_t *err) TF_MUST_CHECK;
tf_int_t tfw_leases_orphans(tfw_supervisor_t *s, tf_err_t *err) TF_MUST_CHECK;
tf_int_t tfw_leases_close(tfw_supervisor_t *s, tf_err_t *err) TF_MUST_CHECK;


#endif /* _TFW_SUPERVISOR_H_INCLUDED_ */
