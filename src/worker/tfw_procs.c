
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tfw_clock.h"
#include "tfw_event.h"
#include "tfw_log.h"
#include "tfw_supervisor.h"


#define TFW_PROCS_GRACE   2000      /* ms from SIGTERM to SIGKILL */
#define TFW_PROCS_MARGIN  5000      /* ms of a lease that are not used */
#define TFW_PROCS_MORE    4         /* children instead of waiting ones, for
                                       each that is configured */
#define TFW_PROCS_WAITING 300       /* ms to connect: then a child counts as
                                       one that waits */
#define TFW_PROCS_YOUNG   1000      /* ms: who ends sooner waits to be
                                       replaced */


static unsigned tfw_procs_waiting(const tfw_supervisor_t *s, int64_t now);
static void tfw_procs_fork(tfw_supervisor_t *s, unsigned i);
static void tfw_procs_child(tfw_supervisor_t *s, tfw_proc_t *p)
    __attribute__((noreturn));
static void tfw_procs_ended(tfw_supervisor_t *s, tfw_proc_t *p, int status);
static int tfw_procs_why(const tfw_supervisor_t *s, const tfw_proc_t *p,
    int status, tfw_orphan_t *o);
static void tfw_procs_guard_one(tfw_proc_t *p, int64_t now);


void
tfw_procs_spawn(tfw_supervisor_t *s)
{
    ssize_t      n;
    int64_t      now;
    unsigned     i, wanted;
    tfw_proc_t  *p;

    now = tfw_clock();

    wanted = 1 + s->conf->children + tfw_procs_waiting(s, now);

    for (i = 0; i < TFW_CHILDREN_MAX; i++) {
        p = &s->procs[i];

        if (i < wanted && p->pid == 0 && p->not_before <= now) {
            tfw_procs_fork(s, i);

        } else if (i >= wanted && p->pid && p->child.slot->item == 0
                   && !p->child.slot->retire)
        {
            p->child.slot->retire = 1;
            n = write(p->wake, "", 1);
            (void) n;               /* full: it will wake */
        }
    }
}


/* How many children wait for an instance to answer and have others instead. */

static unsigned
tfw_procs_waiting(const tfw_supervisor_t *s, int64_t now)
{
    unsigned           i, n, most;
    const tfw_slot_t  *slot;

    n = 0;

    for (i = 1; i < TFW_CHILDREN_MAX; i++) {
        slot = &s->slots[i];
        n += s->procs[i].pid && slot->item && slot->connect
             && now > slot->since + TFW_PROCS_WAITING;
    }

    most = TFW_CHILDREN_MAX - 1 - s->conf->children;

    if (most > TFW_PROCS_MORE * (unsigned) s->conf->children) {
        most = TFW_PROCS_MORE * s->conf->children;
    }

    return n < most ? n : most;
}


void
tfw_procs_reap(tfw_supervisor_t *s)
{
    int       status;
    pid_t     pid;
    unsigned  i;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (i = 0; i < TFW_CHILDREN_MAX; i++) {
            if (s->procs[i].pid == pid) {
                tfw_procs_ended(s, &s->procs[i], status);
                break;
            }
        }
    }
}


void
tfw_procs_wake(tfw_supervisor_t *s)
{
    ssize_t      n;
    unsigned     i;
    tfw_proc_t  *p;

    for (i = 0; i < TFW_CHILDREN_MAX; i++) {
        p = &s->procs[i];

        if (p->pid && p->child.slot->item == 0) {
            n = write(p->wake, "", 1);
            (void) n;               /* full: it will wake */
        }
    }
}


void
tfw_procs_retire(tfw_supervisor_t *s)
{
    unsigned  i;

    for (i = 0; i < TFW_CHILDREN_MAX; i++) {
        if (s->procs[i].pid) {
            s->procs[i].child.slot->retire = 1;
        }
    }

    tfw_procs_wake(s);
}


unsigned
tfw_procs_alive(const tfw_supervisor_t *s)
{
    unsigned  i, n;

    n = 0;

    for (i = 0; i < TFW_CHILDREN_MAX; i++) {
        n += s->procs[i].pid != 0;
    }

    return n;
}


void
tfw_procs_stop(tfw_proc_t *p, int64_t item, tfw_stop_e why, int64_t grace)
{
    int64_t      at;
    tfw_slot_t  *slot;

    at = tfw_clock() + grace;
    slot = p->child.slot;

    if (p->kill_item == item && p->kill_token == slot->token) {
        p->kill_at = at < p->kill_at ? at : p->kill_at;
        return;
    }

    slot->stop = why;
    slot->stop_item = item;

    p->kill_item = item;
    p->kill_token = slot->token;
    p->kill_at = at;

    kill(p->pid, grace ? SIGTERM : SIGKILL);
}


void
tfw_procs_guard(void *supervisor)
{
    unsigned           i;
    int64_t            now;
    tfw_supervisor_t  *s = supervisor;

    now = tfw_clock();

    for (i = 0; i < TFW_CHILDREN_MAX; i++) {
        if (s->procs[i].pid) {
            tfw_procs_guard_one(&s->procs[i], now);
        }
    }
}


void
tfw_uuid(char uuid[37])
{
    unsigned char  b[16];

    tf_random(b, sizeof(b));
    b[6] = (b[6] & 0x0f) | 0x40;            /* RFC 9562, version 4 */
    b[8] = (b[8] & 0x3f) | 0x80;

    snprintf(uuid, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
             "%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5],
             b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
}


static void
tfw_procs_guard_one(tfw_proc_t *p, int64_t now)
{
    int64_t            item, deadline, lease;
    const tfw_slot_t  *slot;

    slot = p->child.slot;
    item = slot->item;
    deadline = slot->deadline;
    lease = slot->lease;

    if (p->kill_item
        && (p->kill_item != item || p->kill_token != slot->token))
    {
        p->kill_item = 0;                   /* it let go in time */
    }

    if (item == 0 || slot->item != item) {
        return;
    }

    if (p->kill_item && now >= p->kill_at) {
        kill(p->pid, SIGKILL);
        return;
    }

    if (now >= lease - TFW_PROCS_MARGIN) {
        if (p->kill_item == 0) {
            tfw_log("warning", "the lease of item %" PRId64 " could not be "
                    "renewed in time", item);
        }
        tfw_procs_stop(p, item, TFW_STOP_LEASE, 0);

    } else if (slot->connect && now >= slot->connect && p->kill_item == 0) {
        tfw_log("warning", "the instance of item %" PRId64 " did not answer "
                "in time", item);
        tfw_procs_stop(p, item, TFW_STOP_CONNECT, 0);

    } else if (now >= deadline && p->kill_item == 0) {
        tfw_log("warning", "item %" PRId64 " took longer than its deadline",
                item);
        tfw_procs_stop(p, item, TFW_STOP_DEADLINE, TFW_PROCS_GRACE);
    }
}


static void
tfw_procs_fork(tfw_supervisor_t *s, unsigned i)
{
    int          fds[2];
    pid_t        pid;
    sigset_t     all, old;
    tfw_proc_t  *p;

    p = &s->procs[i];

    if (pipe2(fds, O_NONBLOCK|O_CLOEXEC) == -1) {
        tfw_log("error", "pipe: %s", strerror(errno));
        p->not_before = tfw_clock() + TFW_PROCS_YOUNG;
        return;
    }

    memset(&s->slots[i], 0, sizeof(tfw_slot_t));
    s->slots[i].used = 1;

    tfw_uuid(p->child.id);

    p->child.slot = &s->slots[i];
    p->child.wake = fds[0];
    p->child.slots = s->slots;
    p->child.number = i;
    p->child.parent = getpid();
    p->wake = fds[1];
    p->kill_item = 0;
    p->spawned = tfw_clock();

    /* none of the supervisor's handlers runs in a child */

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);

    pid = fork();

    if (pid == 0) {
        tfw_procs_child(s, p);
    }

    sigprocmask(SIG_SETMASK, &old, NULL);

    close(fds[0]);

    if (pid == -1) {
        tfw_log("error", "fork: %s", strerror(errno));
        close(fds[1]);
        p->not_before = tfw_clock() + TFW_PROCS_YOUNG;
        return;
    }

    p->pid = pid;
}


/* Lets go of everything that is the supervisor's. */

static void
tfw_procs_child(tfw_supervisor_t *s, tfw_proc_t *p)
{
    unsigned  i;

    close(s->pipe[0]);
    close(s->pipe[1]);
    close(p->wake);

    for (i = 0; i < TFW_CHILDREN_MAX; i++) {
        if (s->procs[i].pid) {
            close(s->procs[i].wake);
        }
    }

    tfw_db_forget(s->db);
    tfw_redis_free(s->redis);

    _exit(tfw_child_run(s->conf, &p->child));
}


static void
tfw_procs_ended(tfw_supervisor_t *s, tfw_proc_t *p, int status)
{
    int64_t        now;
    tfw_orphan_t  *o, dropped;

    now = tfw_clock();

    close(p->wake);
    p->pid = 0;
    p->child.slot->used = 0;
    p->not_before = now - p->spawned < TFW_PROCS_YOUNG
                    && !p->child.slot->retire ? now + TFW_PROCS_YOUNG : 0;

    /* when there is no room the sweep finds the item half a minute later */

    o = s->norphans < TFW_ORPHANS_MAX ? &s->orphans[s->norphans] : &dropped;

    if (tfw_procs_why(s, p, status, o) && o != &dropped) {
        s->norphans++;
    }
}


/* How the item of a child that ended is to end; 0 when it had none. */

static int
tfw_procs_why(const tfw_supervisor_t *s, const tfw_proc_t *p, int status,
    tfw_orphan_t *o)
{
    int                stop;
    int64_t            item;
    tf_event_t        *e;
    const tfw_slot_t  *slot;

    slot = p->child.slot;
    item = slot->item;
    stop = item && slot->stop_item == item ? slot->stop : TFW_STOP_NONE;

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && item == 0) {
        return 0;
    }

    memset(o, 0, sizeof(tfw_orphan_t));
    memcpy(o->worker, p->child.id, sizeof(o->worker));

    o->why.code = "TASK_EXECUTION_FAILED";
    o->why.message = o->message;
    o->why.again = 1;
    o->why.give_back = stop == TFW_STOP_DRAIN || (s->drain_at && item == 0);

    if (stop == TFW_STOP_CONNECT) {
        o->why.code = "TARGET_TIMEOUT";
        o->why.silent = 1;
        snprintf(o->message, sizeof(o->message), "%s",
                 tf_errors[TF_E_TARGET_TIMEOUT].message[TF_LANG_EN]);

    } else if (stop == TFW_STOP_DEADLINE) {
        snprintf(o->message, sizeof(o->message),
                 "took longer than its deadline");

    } else if (stop == TFW_STOP_LEASE) {
        snprintf(o->message, sizeof(o->message), "the lease was lost");

    } else if (WIFSIGNALED(status)) {
        snprintf(o->message, sizeof(o->message), "killed by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));

    } else {
        snprintf(o->message, sizeof(o->message), "the process ended with "
                 "code %d", WEXITSTATUS(status));
    }

    tfw_log(stop ? "info" : "error", "child %s, item %" PRId64 ": %s",
            p->child.id, item, o->message);

    if (!stop) {
        e = tfw_event_begin(TF_EVENT_WORKER_CHILD_DIED);
        tf_event_int(e, "item", item);
        tf_event_str(e, "reason", tf_str(o->message));
        tfw_event_end(e);
    }

    return 1;
}
