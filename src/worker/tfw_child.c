
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tfw_child.h"
#include "tfw_clock.h"
#include "tfw_event.h"
#include "tfw_inject.h"
#include "tfw_job_int.h"
#include "tfw_log.h"
#include "tfw_mem.h"
#include "tfw_queue.h"
#include "tfw_secret.h"


#define TFW_CHILD_POLL    1000          /* ms between two looks at the queue */
#define TFW_CHILD_SOON    100           /* the same, while doubtful items wait
                                           for a child to be free */
#define TFW_CHILD_FIRST   3000          /* ms to connect to an instance that was
                                           never tried, if that is tried again
                                           later with more */
#define TFW_CHILD_ITEMS   1000          /* then the child is replaced */
#define TFW_CHILD_SPACE   1024          /* MiB of address space */
#define TFW_CHILD_MEMORY  (768u * 1024 * 1024)  /* bytes of job->mem */
#define TFW_CHILD_FILES   256
#define TFW_CHILD_FILE    (256 * 1024)  /* bytes of one */


typedef struct {
    const tfw_conf_t    *conf;
    const tfw_child_t   *child;
    tfw_db_t            *db;
    tfw_redis_t         *redis;
    tfw_mem_t            mem;
    int                  lost;      /* an item may be ours without our
                                       knowing */
    int                  held;      /* doubtful items were not looked at */
} tfw_child_ctx_t;


static void tfw_child_signals(void);
static void tfw_child_signal(int signo);
static void tfw_child_limits(void);
static void tfw_child_limit(int what, rlim_t soft, rlim_t hard);
static void tfw_child_cpu(int64_t ms);
static tf_int_t tfw_child_next(tfw_child_ctx_t *ctx);
static const tfw_order_t *tfw_child_order(tfw_child_ctx_t *ctx);
static int tfw_child_may_doubt(const tfw_child_ctx_t *ctx);
static tf_int_t tfw_child_claim(tfw_child_ctx_t *ctx, tfw_job_t *job);
static int64_t tfw_child_connect(const tfw_job_t *job, int64_t now);
static void tfw_child_job(tfw_child_ctx_t *ctx, tfw_job_t *job);
static tf_int_t tfw_child_finish(tfw_child_ctx_t *ctx, tfw_job_t *job,
    PGresult **res);
static PGresult *tfw_child_fail(tfw_child_ctx_t *ctx, tfw_job_t *job);
static void tfw_child_why(tfw_child_ctx_t *ctx, tfw_job_t *job,
    tfw_failure_t *why, char *message, size_t size);
static tf_event_t *tfw_child_event(tf_event_e what, const tfw_job_t *job);
static tf_int_t tfw_child_recover(tfw_child_ctx_t *ctx);
static void tfw_child_wait(tfw_child_ctx_t *ctx);


int
tfw_child_run(const tfw_conf_t *conf, const tfw_child_t *child)
{
    int              n;
    tf_int_t         rc;
    tfw_child_ctx_t  ctx;

    tfw_child_signals();

    /* the supervisor may have gone between fork() and prctl() */

    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1
        || getppid() != child->parent)
    {
        return 1;
    }

    tfw_child_limits();
    tfw_event_forget();

    memset(&ctx, 0, sizeof(tfw_child_ctx_t));

    ctx.conf = conf;
    ctx.child = child;
    ctx.db = tfw_db_create(conf->database_url, child->number == 0
                           ? "taifish-worker short" : "taifish-worker");
    ctx.redis = tfw_redis_create(conf->redis_url);
    tfw_mem_init(&ctx.mem, TFW_CHILD_MEMORY);

    if (ctx.db == NULL) {
        return 1;
    }

    tfw_db_limit(ctx.db, 300000);

    n = 0;

    while (!child->slot->retire && n < TFW_CHILD_ITEMS) {

        rc = ctx.lost ? tfw_child_recover(&ctx) : tfw_child_next(&ctx);

        tfw_event_flush(ctx.db, rc != TF_OK && !ctx.lost);

        if (rc == TF_OK) {
            n++;
            continue;
        }

        tfw_child_wait(&ctx);
    }

    tfw_event_flush(ctx.db, 1);

    tfw_redis_free(ctx.redis);
    tfw_db_free(ctx.db);

    return 0;
}


/* SIGTERM only interrupts a wait: whether to stop stands in the slot, so that
 * a signal to the whole group does not end jobs that the drain lets finish. */

static void
tfw_child_signals(void)
{
    size_t            i;
    sigset_t          none;
    struct sigaction  sa;

    static const int  ignored[] = { SIGINT, SIGHUP, SIGPIPE, SIGXFSZ };

    memset(&sa, 0, sizeof(struct sigaction));
    sa.sa_handler = SIG_IGN;

    for (i = 0; i < sizeof(ignored) / sizeof(int); i++) {
        (void) sigaction(ignored[i], &sa, NULL);
    }

    sa.sa_handler = SIG_DFL;
    (void) sigaction(SIGCHLD, &sa, NULL);

    sa.sa_handler = tfw_child_signal;
    (void) sigaction(SIGTERM, &sa, NULL);

    sigemptyset(&none);
    (void) sigprocmask(SIG_SETMASK, &none, NULL);
}


static void
tfw_child_signal(int signo)
{
    (void) signo;
}


static void
tfw_child_limits(void)
{
    struct stat  st;

    tfw_child_limit(RLIMIT_CORE, 0, 0);
    tfw_child_limit(RLIMIT_NOFILE, TFW_CHILD_FILES, TFW_CHILD_FILES);

    /* sanitizers map terabytes */

#ifndef __SANITIZE_ADDRESS__
    tfw_child_limit(RLIMIT_AS, (rlim_t) TFW_CHILD_SPACE * 1024 * 1024,
                    (rlim_t) TFW_CHILD_SPACE * 1024 * 1024);
#endif

    /* a child writes no file but CA certificates in memory, and its log may be
     * one */

    if (fstat(STDERR_FILENO, &st) == -1 || !S_ISREG(st.st_mode)) {
        tfw_child_limit(RLIMIT_FSIZE, TFW_CHILD_FILE, TFW_CHILD_FILE);
    }
}


static void
tfw_child_limit(int what, rlim_t soft, rlim_t hard)
{
    struct rlimit  limit = { soft, hard };

    if (setrlimit(what, &limit) == -1) {
        tfw_log("warning", "setrlimit: %s", strerror(errno));
    }
}


/* As much processor time as the job may take in all, and a little. */

static void
tfw_child_cpu(int64_t ms)
{
    struct rusage  usage;

    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        tfw_child_limit(RLIMIT_CPU, usage.ru_utime.tv_sec
                        + usage.ru_stime.tv_sec + ms / 1000 + 5,
                        RLIM_INFINITY);
    }
}


/* TF_OK after an item, TF_DECLINED when there was none. */

static tf_int_t
tfw_child_next(tfw_child_ctx_t *ctx)
{
    tf_int_t              rc;
    tfw_job_t             job;
    tfw_job_int_t         in;

    memset(&job, 0, sizeof(tfw_job_t));
    memset(&in, 0, sizeof(tfw_job_int_t));

    in.slot = ctx->child->slot;
    in.redis = ctx->redis;

    job.mem = &ctx->mem.mem;
    job.db = ctx->db;
    job.conf = ctx->conf;
    job.in = &in;

    rc = tfw_child_claim(ctx, &job);

    if (rc == TF_OK) {
        tfw_log_item(job.id, job.run_uuid);
        tfw_child_job(ctx, &job);
        tfw_log_item(0, NULL);

        if (ctx->mem.used > 4 * 1024 * 1024) {
            tfw_mem_clear(&ctx->mem);
            malloc_trim(0);
        }
    }

    tfw_mem_clear(&ctx->mem);

    return rc;
}


/*
 * Where child n looks for work.  Instances that answered last time go first,
 * then those that were never tried, then those that did not answer; among them
 * short jobs go first, for a person waits for them.  Children differ in what
 * comes second, so that neither tests nor the rest take all of them.
 */

static const tfw_order_t *
tfw_child_order(tfw_child_ctx_t *ctx)
{
    unsigned  n;

    static const tfw_order_t  short_jobs = {
        "{short,short,short}", "{0,1,2}"
    };

    /* by even and odd numbers; sure: without doubtful items */

    static const tfw_order_t  all[] = {
        { "{short,normal,test,short,normal,test,short,normal,test}",
          "{0,0,0,1,1,1,2,2,2}" },
        { "{short,test,normal,short,test,normal,short,test,normal}",
          "{0,0,0,1,1,1,2,2,2}" }
    };
    static const tfw_order_t  sure[] = {
        { "{short,normal,test}", "{0,0,0}" },
        { "{short,test,normal}", "{0,0,0}" }
    };

    n = ctx->child->number;
    ctx->held = 0;

    if (n == 0) {
        return &short_jobs;
    }

    ctx->held = !tfw_child_may_doubt(ctx);

    return ctx->held ? &sure[n % 2] : &all[n % 2];
}


/* Half of the configured children never wait for doubtful instances to answer.
 * Those that do are replaced meanwhile: tfw_procs_spawn(). */

static int
tfw_child_may_doubt(const tfw_child_ctx_t *ctx)
{
    unsigned           i, alive, waiting;
    const tfw_slot_t  *slot;

    alive = 0;
    waiting = 0;

    for (i = 1; i < TFW_CHILDREN_MAX; i++) {
        slot = &ctx->child->slots[i];
        alive += slot->used != 0;
        waiting += slot->used && slot->item && slot->doubtful && slot->connect;
    }

    return waiting + ctx->conf->children / 2 < alive;
}


static tf_int_t
tfw_child_claim(tfw_child_ctx_t *ctx, tfw_job_t *job)
{
    int64_t       now, deadline;
    tf_int_t      rc;
    tfw_slot_t   *slot;

    slot = ctx->child->slot;
    now = tfw_clock();

    rc = tfw_queue_claim(job, ctx->child->id, tfw_child_order(ctx), &deadline);

    if (rc == TF_ERROR) {
        tfw_log_err("warning", &job->err, "claim");
        ctx->lost = 1;
    }

    if (rc != TF_OK) {
        return rc;
    }

    TFW_INJECT("after_claim");

    /* the lease counts from before the claim was sent */

    slot->stop_item = 0;
    slot->lease = now + TFW_LEASE;
    slot->deadline = now + deadline;
    slot->since = now;
    slot->doubtful = job->in->doubt != 0;
    slot->connect = tfw_child_connect(job, now);
    slot->token = job->token;
    slot->phase = TFW_RUNNING;
    slot->item = job->id;

    tfw_child_cpu(deadline);

    return TF_OK;
}


/* Until when the job may take to connect, 0: it does not. */

static int64_t
tfw_child_connect(const tfw_job_t *job, int64_t now)
{
    const tfw_job_kind_t  *kind = job->in->kind;

    if (kind == NULL || kind->connect == 0) {
        return 0;
    }

    if (job->in->doubt == 1 && job->attempt < kind->attempts) {
        return now + TFW_CHILD_FIRST;
    }

    return now + (int64_t) kind->connect * 1000;
}


static void
tfw_child_job(tfw_child_ctx_t *ctx, tfw_job_t *job)
{
    tf_int_t     rc;
    PGresult    *res;
    tfw_slot_t  *slot;

    res = NULL;
    slot = ctx->child->slot;
    rc = TF_ERROR;

    tfw_event_end(tfw_child_event(TF_EVENT_JOB_STARTED, job));

    /* err says what is wrong with an item that has no payload */

    if (job->payload != NULL) {
        rc = job->in->kind ? job->in->kind->run(job)
                  : tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL,
                            "no kind of job is called %s", job->kind);
    }

    tfw_secret_close_all();

    slot->phase = TFW_FINISHING;
    slot->connect = 0;

    if (rc == TF_OK) {
        rc = tfw_child_finish(ctx, job, &res);
    }

    if (rc == TF_ERROR && !ctx->lost) {
        res = tfw_child_fail(ctx, job);
    }

    if (rc == TF_OK) {
        tfw_event_end(tfw_child_event(job->partial ? TF_EVENT_JOB_PARTIAL
                                                   : TF_EVENT_JOB_DONE, job));
    }

    if (rc == TF_DECLINED) {
        tfw_event_end(tfw_child_event(TF_EVENT_JOB_LEASE_LOST, job));
        tfw_log("warning", "the lease of this item was lost: what it did is "
                "rolled back");
    }

    slot->item = 0;
    slot->phase = TFW_IDLE;

    tfw_queue_publish(ctx->db, ctx->redis, res);
}


/* Done and the job's effects are committed together, or neither.  A job that
 * began no transaction has no effects: the statement commits by itself. */

static tf_int_t
tfw_child_finish(tfw_child_ctx_t *ctx, tfw_job_t *job, PGresult **res)
{
    int       alone;
    tf_int_t  rc;

    alone = !tfw_db_in_transaction(job->db);
    rc = tfw_queue_finish(job, ctx->child->id, res);

    if (rc != TF_OK && !(alone && rc == TF_ERROR)) {
        tfw_db_rollback(job->db);
        return rc;
    }

    if (rc == TF_OK && !alone) {
        TFW_INJECT("before_commit");
        rc = tfw_db_exec(job->db, "COMMIT", &job->err);
    }

    if (rc == TF_OK) {
        TFW_INJECT("after_commit");
        return TF_OK;
    }

    /* it may be committed: tfw_child_recover() looks at the row */

    tfw_db_rollback(job->db);
    PQclear(*res);
    *res = NULL;

    if (job->err.code == TF_E_SERVICE_UNAVAILABLE) {
        tfw_log_err("warning", &job->err, "the outcome of COMMIT is unknown");
        ctx->lost = 1;
    }

    return TF_ERROR;
}


static PGresult *
tfw_child_fail(tfw_child_ctx_t *ctx, tfw_job_t *job)
{
    char           message[400];
    tf_err_t       err;
    PGresult      *res;
    tfw_failure_t  why;

    tfw_db_rollback(job->db);
    tfw_child_why(ctx, job, &why, message, sizeof(message));

    if (tfw_queue_fail(job->db, ctx->child->id, job, &why, &res, &err)
        == TF_OK)
    {
        return res;
    }

    tfw_log_err("warning", &err, "the end of an item");
    ctx->lost = 1;

    return NULL;
}


static void
tfw_child_why(tfw_child_ctx_t *ctx, tfw_job_t *job, tfw_failure_t *why,
    char *message, size_t size)
{
    int                stop;
    tf_event_t        *event;
    const tf_error_t  *e;

    stop = ctx->child->slot->stop_item == job->id ? ctx->child->slot->stop
                                                  : TFW_STOP_NONE;

    e = &tf_errors[job->err.code > 0 && job->err.code < TF_E_END
                   ? job->err.code : TF_E_INTERNAL_ERROR];

    memset(why, 0, sizeof(tfw_failure_t));

    why->code = e->code;
    why->again = e->recoverable;
    why->message = message;

    snprintf(message, size, "%s%s%s", job->err.field,
             job->err.field[0] ? ": " : "", job->err.detail);

    tfw_log(stop ? "info" : "error", "%s, attempt %d: %s: %s", job->kind,
            job->attempt, why->code, message);

    /* a server's own words stay in the log (S23) */

    if (job->err.code >= TF_E_TARGET_DNS && job->err.code <= TF_E_TARGET_OTHER)
    {
        snprintf(message, size, "%s", e->message[TF_LANG_EN]);
    }

    if (stop == TFW_STOP_DRAIN) {
        why->give_back = 1;

    } else if (stop == TFW_STOP_DEADLINE) {
        why->code = tf_errors[TF_E_TASK_EXECUTION_FAILED].code;
        why->again = 1;
        snprintf(message, size, "took longer than its deadline");

    } else if (stop == TFW_STOP_CONNECT) {
        why->code = tf_errors[TF_E_TARGET_TIMEOUT].code;
        why->again = 1;
        snprintf(message, size, "%s",
                 tf_errors[TF_E_TARGET_TIMEOUT].message[TF_LANG_EN]);

    } else if (stop != TFW_STOP_NONE) {
        why->again = 1;
    }

    event = tfw_child_event(stop ? TF_EVENT_JOB_STOPPED : TF_EVENT_JOB_FAILED,
                            job);
    tf_event_str(event, "error", tf_str(why->code));
    tf_event_str(event, "reason", tf_str(message));
    tfw_event_end(event);
}


/* An event of a job; without its times it is the job's start. */

static tf_event_t *
tfw_child_event(tf_event_e what, const tfw_job_t *job)
{
    tf_event_t  *e;

    e = tfw_event_begin(what);
    tf_event_run(e, tf_str(job->run_uuid));
    tf_event_str(e, "kind", tf_str(job->kind ? job->kind : ""));
    tf_event_int(e, "item", job->id);
    tf_event_int(e, "attempt", job->attempt);

    if (job->instance_id) {
        tf_event_int(e, "instance_id", job->instance_id);
    }

    if (what != TF_EVENT_JOB_STARTED) {
        tf_event_int(e, "ms", tfw_clock() - job->in->slot->since);
    }

    return e;
}


/* Returns to the queue what the database has as running by this child. */

static tf_int_t
tfw_child_recover(tfw_child_ctx_t *ctx)
{
    tf_err_t       err;
    PGresult      *res;
    tfw_failure_t  why = {
        .code = "SERVICE_UNAVAILABLE",
        .message = "the connection to PostgreSQL was lost",
        .again = 1
    };

    if (tfw_queue_fail(ctx->db, ctx->child->id, NULL, &why, &res, &err)
        != TF_OK)
    {
        return TF_DECLINED;
    }

    ctx->lost = 0;
    tfw_queue_publish(ctx->db, ctx->redis, res);

    return TF_OK;
}


/* Until there may be work; the time is a little different for each child. */

static void
tfw_child_wait(tfw_child_ctx_t *ctx)
{
    int            wait;
    char           bytes[64];
    ssize_t        n;
    struct pollfd  pfd = { ctx->child->wake, POLLIN, 0 };

    wait = ctx->held ? TFW_CHILD_SOON : TFW_CHILD_POLL - getpid() % 64;

    if (poll(&pfd, 1, wait) < 1) {
        return;
    }

    n = read(ctx->child->wake, bytes, sizeof(bytes));

    if (n == 0) {
        _exit(0);
    }
}
