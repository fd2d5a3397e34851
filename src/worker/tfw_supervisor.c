
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tfw_clock.h"
#include "tfw_commands.h"
#include "tfw_event.h"
#include "tfw_log.h"
#include "tfw_migrate.h"
#include "tfw_supervisor.h"


#define TFW_TICK         200            /* ms, the longest sleep */
#define TFW_RENEW        10000          /* ms between two renewals */
#define TFW_WATCH        500
#define TFW_SWEEP        5000
#define TFW_CLOSE        60000
#define TFW_CRON         1000
#define TFW_SEEN         10000
#define TFW_EVENTS       1000
#define TFW_RETRY        1000           /* ms after PostgreSQL was away */
#define TFW_STATEMENT    5000           /* ms for a statement */
#define TFW_DRAIN_GRACE  1500           /* ms from SIGTERM to SIGKILL */
#define TFW_DRAIN_IDLE   3000           /* ms that a child without an item may
                                           take to leave */


typedef tf_int_t (*tfw_periodic_pt)(tfw_supervisor_t *s, tf_err_t *err);


static int tfw_supervisor_open(tfw_supervisor_t *s);
static tf_int_t tfw_supervisor_connections(tfw_supervisor_t *s);
static void tfw_supervisor_signal(int signo);
static void tfw_supervisor_loop(tfw_supervisor_t *s);
static void tfw_supervisor_wait(tfw_supervisor_t *s);
static void tfw_supervisor_periodic(tfw_supervisor_t *s);
static tf_int_t tfw_supervisor_listen(tfw_supervisor_t *s, tf_err_t *err);
static tf_int_t tfw_supervisor_due(tfw_supervisor_t *s, int64_t *at,
    int64_t every, tfw_periodic_pt run, tf_err_t *err);
static tf_int_t tfw_supervisor_cron(tfw_supervisor_t *s, tf_err_t *err);
static tf_int_t tfw_supervisor_seen(tfw_supervisor_t *s, tf_err_t *err);
static tf_int_t tfw_supervisor_events(tfw_supervisor_t *s, tf_err_t *err);
static tf_int_t tfw_supervisor_state(tfw_supervisor_t *s, const char *state,
    tf_err_t *err);
static void tfw_supervisor_event(tf_event_e what, const char *name,
    tf_str_t value);
static void tfw_supervisor_notified(tfw_supervisor_t *s);
static void tfw_supervisor_drain(tfw_supervisor_t *s);
static int tfw_supervisor_left(tfw_supervisor_t *s);
static void tfw_supervisor_reload(tfw_supervisor_t *s);
static void tfw_supervisor_problem(const char *setting, const char *problem);


static volatile sig_atomic_t  tfw_terminate;
static volatile sig_atomic_t  tfw_hangup;
static int                    tfw_signal_fd;


int
tfw_command_run(tfw_conf_t *conf, int argc, char **argv)
{
    int                rc;
    tf_err_t           err;
    tfw_supervisor_t  *s;

    (void) argv;

    if (argc) {
        fprintf(stderr, "taifish-worker: run takes no arguments\n");
        return 2;
    }

    if (tfw_conf_load(conf, TFW_CONF_KEYS, tfw_supervisor_problem) > 0) {
        return 1;
    }

    s = calloc(1, sizeof(tfw_supervisor_t));
    if (s == NULL) {
        return 1;
    }

    s->conf = conf;

    rc = tfw_supervisor_open(s);

    if (rc == 0) {
        tfw_log("info", "worker %s starts, %d children and one for short "
                "jobs", s->id, conf->children);
        tfw_supervisor_event(TF_EVENT_WORKER_STARTED, "version",
                             tf_str(TF_RELEASE));

        tfw_supervisor_loop(s);

        if (tfw_db_up(s->db)
            && tfw_supervisor_state(s, "stopped", &err) != TF_OK)
        {
            tfw_log_err("warning", &err, "leaving");
        }

        tfw_log("info", "worker %s ends", s->id);
        tfw_supervisor_event(TF_EVENT_WORKER_ENDED, NULL, tf_str(""));

        if (s->ready && !s->down) {
            tfw_event_flush(s->db, 1);
        }
    }

    tfw_db_free(s->db);
    tfw_redis_free(s->redis);
    free(s);

    return rc;
}


static int
tfw_supervisor_open(tfw_supervisor_t *s)
{
    size_t             i;
    struct sigaction   sa;

    static const int  signals[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };

    tfw_uuid(s->id);

    s->slots = mmap(NULL, TFW_CHILDREN_MAX * sizeof(tfw_slot_t),
                    PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0);

    if (s->slots == MAP_FAILED || pipe2(s->pipe, O_NONBLOCK|O_CLOEXEC) == -1) {
        tfw_log("error", "start: %s", strerror(errno));
        return 1;
    }

    tfw_signal_fd = s->pipe[1];

    memset(&sa, 0, sizeof(struct sigaction));
    sa.sa_handler = tfw_supervisor_signal;

    for (i = 0; i < sizeof(signals) / sizeof(int); i++) {
        (void) sigaction(signals[i], &sa, NULL);
    }

    sa.sa_handler = SIG_IGN;
    (void) sigaction(SIGPIPE, &sa, NULL);

    return tfw_supervisor_connections(s) == TF_OK ? 0 : 1;
}


static tf_int_t
tfw_supervisor_connections(tfw_supervisor_t *s)
{
    tf_err_t  err;

    if (s->db != NULL) {
        tfw_db_free(s->db);
    }

    tfw_redis_free(s->redis);

    s->listening = 0;
    s->redis = tfw_redis_create(s->conf->redis_url);
    s->db = tfw_db_create(s->conf->database_url, "taifish-supervisor");

    if (s->db == NULL) {
        tfw_log("error", "no memory");
        return TF_ERROR;
    }

    tfw_db_limit(s->db, TFW_STATEMENT);
    tfw_db_on_wait(s->db, tfw_procs_guard, s);

    /* nothing waits for Redis, so nothing else would say that it is wrong */

    if (s->redis && tfw_redis_ping(s->redis, &err) != TF_OK) {
        tfw_log("warning", "Redis: %s; watchers see progress later",
                err.detail);
    }

    return TF_OK;
}


static void
tfw_supervisor_signal(int signo)
{
    int      saved;
    ssize_t  n;

    saved = errno;

    if (signo == SIGTERM || signo == SIGINT) {
        tfw_terminate = 1;

    } else if (signo == SIGHUP) {
        tfw_hangup = 1;
    }

    n = write(tfw_signal_fd, "", 1);
    (void) n;

    errno = saved;
}


static void
tfw_supervisor_loop(tfw_supervisor_t *s)
{
    for ( ;; ) {
        tfw_supervisor_wait(s);

        tfw_procs_guard(s);
        tfw_procs_reap(s);

        if (tfw_terminate) {
            tfw_supervisor_drain(s);

        } else if (tfw_hangup) {
            tfw_hangup = 0;
            tfw_supervisor_reload(s);
        }

        if (s->ready && !tfw_terminate) {
            tfw_procs_spawn(s);
        }

        tfw_supervisor_periodic(s);

        if (tfw_terminate && tfw_supervisor_left(s)) {
            return;
        }
    }
}


static void
tfw_supervisor_wait(tfw_supervisor_t *s)
{
    char           bytes[64];
    nfds_t         n;
    tf_err_t       err;
    struct pollfd  pfd[2];

    pfd[0].fd = s->pipe[0];
    pfd[0].events = POLLIN;
    n = 1;

    if (s->listening && tfw_db_up(s->db)) {
        pfd[1].fd = PQsocket(tfw_db_conn(s->db, &err));
        pfd[1].events = POLLIN;
        n = 2;
    }

    if (poll(pfd, n, TFW_TICK) < 1) {
        return;
    }

    while (read(s->pipe[0], bytes, sizeof(bytes)) > 0) { /* void */ }

    if (n == 2 && pfd[1].revents) {
        tfw_supervisor_notified(s);
    }
}


/* Runs what is due, the most urgent first; the first failure ends the turn. */

static void
tfw_supervisor_periodic(tfw_supervisor_t *s)
{
    tf_err_t  err;

    if (tfw_clock() < s->retry_at) {
        return;
    }

    if (!tfw_db_up(s->db)) {
        s->listening = 0;
    }

    if ((s->listening || tfw_supervisor_listen(s, &err) == TF_OK)
        && tfw_supervisor_due(s, &s->renew_at, TFW_RENEW, tfw_leases_renew,
                              &err) == TF_OK
        && tfw_leases_orphans(s, &err) == TF_OK
        && tfw_supervisor_due(s, &s->watch_at, TFW_WATCH, tfw_leases_watch,
                              &err) == TF_OK
        && tfw_supervisor_due(s, &s->seen_at, TFW_SEEN, tfw_supervisor_seen,
                              &err) == TF_OK
        && tfw_supervisor_due(s, &s->sweep_at, TFW_SWEEP, tfw_leases_sweep,
                              &err) == TF_OK
        && tfw_supervisor_due(s, &s->close_at, TFW_CLOSE, tfw_leases_close,
                              &err) == TF_OK
        && tfw_supervisor_due(s, &s->cron_at, TFW_CRON, tfw_supervisor_cron,
                              &err) == TF_OK
        && tfw_supervisor_due(s, &s->events_at, TFW_EVENTS,
                              tfw_supervisor_events, &err) == TF_OK)
    {
        if (s->down) {
            tfw_log("info", "PostgreSQL is back");
            tfw_supervisor_event(TF_EVENT_WORKER_POSTGRES_BACK, NULL,
                                 tf_str(""));
            s->down = 0;
        }

        return;
    }

    if (!s->down) {
        tfw_log_err("error", &err, "PostgreSQL");
        s->down = 1;
    }

    s->retry_at = tfw_clock() + TFW_RETRY;
}


static tf_int_t
tfw_supervisor_listen(tfw_supervisor_t *s, tf_err_t *err)
{
    int  newer;

    if (!s->ready) {

        if (tfw_migrate_check(s->conf, s->db, &newer, err) != TF_OK
            || tfw_migrate_role(s->db, err) != TF_OK)
        {
            return TF_ERROR;
        }

        if (newer) {
            tfw_log("warning", "the schema is newer (%d) than this program: "
                    "an older one was started again", newer);
        }
    }

    if (tfw_db_exec(s->db, "LISTEN taifish_queue", err) != TF_OK) {
        return TF_ERROR;
    }

    s->ready = 1;
    s->listening = 1;

    return TF_OK;
}


static tf_int_t
tfw_supervisor_due(tfw_supervisor_t *s, int64_t *at, int64_t every,
    tfw_periodic_pt run, tf_err_t *err)
{
    int64_t  now;

    now = tfw_clock();

    if (now < *at) {
        return TF_OK;
    }

    if (run(s, err) != TF_OK) {
        return TF_ERROR;
    }

    *at = now + every;

    return TF_OK;
}


static tf_int_t
tfw_supervisor_cron(tfw_supervisor_t *s, tf_err_t *err)
{
    int  fired;

    if (tfw_terminate) {
        return TF_OK;
    }

    if (s->conf->hooks->schedules(s->conf, s->db, &fired, err) != TF_OK) {
        return TF_ERROR;
    }

    if (fired) {
        tfw_procs_wake(s);
    }

    return TF_OK;
}


static tf_int_t
tfw_supervisor_seen(tfw_supervisor_t *s, tf_err_t *err)
{
    return tfw_supervisor_state(s, tfw_terminate ? "draining" : "running",
                                err);
}


static tf_int_t
tfw_supervisor_events(tfw_supervisor_t *s, tf_err_t *err)
{
    (void) err;

    tfw_event_flush(s->db, 1);

    return TF_OK;
}


/* An event of the worker itself, with at most one text. */

static void
tfw_supervisor_event(tf_event_e what, const char *name, tf_str_t value)
{
    tf_event_t  *e;

    e = tfw_event_begin(what);

    if (name) {
        tf_event_str(e, name, value);
    }

    tfw_event_end(e);
}


static tf_int_t
tfw_supervisor_state(tfw_supervisor_t *s, const char *state, tf_err_t *err)
{
    char       host[256], pid[12];
    PGresult  *res;

    tfw_command_host(host, sizeof(host));
    snprintf(pid, sizeof(pid), "%d", getpid());

    res = tfw_db_run(s->db, TF_SQL_worker_seen,
                     TFW_ARGS({ "id", s->id }, { "host", host },
                              { "pid", pid }, { "version", TF_RELEASE },
                              { "state", state }), err);
    if (res == NULL) {
        return TF_ERROR;
    }

    PQclear(res);

    return TF_OK;
}


static void
tfw_supervisor_notified(tfw_supervisor_t *s)
{
    PGconn    *c;
    tf_err_t   err;
    PGnotify  *n;

    c = tfw_db_conn(s->db, &err);

    if (c == NULL || !PQconsumeInput(c)) {
        tfw_db_close(s->db);
        return;
    }

    if ((n = PQnotifies(c)) == NULL) {
        return;
    }

    do {
        PQfreemem(n);
    } while ((n = PQnotifies(c)) != NULL);

    tfw_procs_wake(s);
    s->watch_at = 0;                /* it may be news of a cancelled run */
}


static void
tfw_supervisor_drain(tfw_supervisor_t *s)
{
    int64_t      now, item;
    unsigned     i;
    tf_event_t  *e;
    tfw_proc_t  *p;

    now = tfw_clock();

    if (s->drain_at == 0) {
        s->drain_at = now + (int64_t) s->conf->drain * 1000;
        s->idle_since = now;
        s->seen_at = 0;
        tfw_log("info", "draining, %u children have %d s", tfw_procs_alive(s),
                s->conf->drain);
        e = tfw_event_begin(TF_EVENT_WORKER_DRAINING);
        tf_event_int(e, "children", tfw_procs_alive(s));
        tf_event_int(e, "seconds", s->conf->drain);
        tfw_event_end(e);
        tfw_procs_retire(s);
    }

    for (i = 0; i < TFW_CHILDREN_MAX; i++) {
        p = &s->procs[i];
        item = p->pid ? p->child.slot->item : 0;

        if (item && now >= s->drain_at) {
            tfw_procs_stop(p, item, TFW_STOP_DRAIN, TFW_DRAIN_GRACE);

        } else if (p->pid && item == 0
                   && now >= s->idle_since + TFW_DRAIN_IDLE)
        {
            kill(p->pid, SIGKILL);  /* waits for a silent PostgreSQL */

        } else if (item) {
            s->idle_since = now;
        }
    }
}


/* 1 when no child is left and their items were given back, or PostgreSQL is
 * not there to give them back to. */

static int
tfw_supervisor_left(tfw_supervisor_t *s)
{
    if (tfw_procs_alive(s)) {
        return 0;
    }

    return s->norphans == 0 || s->down || !s->ready;
}


static void
tfw_supervisor_reload(tfw_supervisor_t *s)
{
    tfw_conf_t  *conf;

    conf = sodium_malloc(sizeof(tfw_conf_t));
    if (conf == NULL) {
        tfw_log("error", "no memory to read the settings again");
        return;
    }

    sodium_memzero(conf, sizeof(tfw_conf_t));
    conf->hooks = s->conf->hooks;

    if (tfw_conf_load(conf, TFW_CONF_KEYS, tfw_supervisor_problem) > 0) {
        tfw_log("error", "the settings are wrong, the old ones stay");
        tfw_supervisor_event(TF_EVENT_WORKER_SETTINGS_WRONG, NULL,
                             tf_str(""));
        tfw_conf_free(conf);
        sodium_free(conf);
        return;
    }

    tfw_conf_free(s->conf);
    memcpy(s->conf, conf, sizeof(tfw_conf_t));
    sodium_free(conf);

    tfw_log("info", "settings and keys read again");
    tfw_supervisor_event(TF_EVENT_WORKER_SETTINGS, NULL, tf_str(""));

    if (tfw_supervisor_connections(s) != TF_OK) {
        tfw_terminate = 1;
        return;
    }

    tfw_procs_retire(s);
}


static void
tfw_supervisor_problem(const char *setting, const char *problem)
{
    tfw_log("error", "%s: %s", setting, problem);
}
