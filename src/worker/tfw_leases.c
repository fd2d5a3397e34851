
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tfw_clock.h"
#include "tfw_inject.h"
#include "tfw_event.h"
#include "tfw_log.h"
#include "tfw_supervisor.h"


#define TFW_LEASES_GRACE  1000      /* ms, for an item that was cancelled */
#define TFW_LEASES_TEXT  (TFW_CHILDREN_MAX * 24 + 3)


/* The items that children run, taken at one moment. */

typedef struct {
    unsigned             n;
    struct {
        tfw_proc_t          *proc;
        int64_t              item;
        int64_t              token;
        int                  found;
    } of[TFW_CHILDREN_MAX];
    char                 items[TFW_LEASES_TEXT];    /* '{1,2}' */
    char                 tokens[TFW_LEASES_TEXT];
} tfw_leases_t;


static void tfw_leases_take(tfw_supervisor_t *s, tfw_leases_t *l);
static int tfw_leases_find(tfw_leases_t *l, const PGresult *res, int row);
static int tfw_leases_same(const tfw_leases_t *l, unsigned i);


tf_int_t
tfw_leases_renew(tfw_supervisor_t *s, tf_err_t *err)
{
    int            i, row;
    int64_t        sent;
    PGresult      *res;
    tfw_leases_t   l;

    tfw_leases_take(s, &l);

    if (l.n == 0) {
        return TF_OK;
    }

    sent = tfw_clock();

    res = tfw_db_run(s->db, TF_SQL_queue_renew,
                     TFW_ARGS({ "ids", l.items }, { "tokens", l.tokens }),
                     err);
    if (res == NULL) {
        return TF_ERROR;
    }

    TFW_INJECT("mid_heartbeat");

    for (row = 0; row < PQntuples(res); row++) {
        i = tfw_leases_find(&l, res, row);

        if (i >= 0 && tfw_leases_same(&l, i)) {
            l.of[i].proc->child.slot->lease = sent + TFW_LEASE;
        }
    }

    /* one that is not among them was locked, or is noticed by the watch */

    PQclear(res);

    return TF_OK;
}


tf_int_t
tfw_leases_watch(tfw_supervisor_t *s, tf_err_t *err)
{
    int            row, found;
    unsigned       i;
    PGresult      *res;
    tfw_leases_t   l;

    tfw_leases_take(s, &l);

    if (l.n == 0) {
        return TF_OK;
    }

    res = tfw_db_run(s->db, TF_SQL_queue_watch, TFW_ARGS({ "ids", l.items }),
                     err);
    if (res == NULL) {
        return TF_ERROR;
    }

    for (row = 0; row < PQntuples(res); row++) {
        found = tfw_leases_find(&l, res, row);

        if (found >= 0) {
            l.of[found].found = 1;

            if (PQgetvalue(res, row, 2)[0] == 't') {
                tfw_procs_stop(l.of[found].proc, l.of[found].item,
                               TFW_STOP_CANCEL, TFW_LEASES_GRACE);
            }
        }
    }

    PQclear(res);

    /* still at it after the answer, and not the owner: the end of its item is
     * not being written, or the phase would say so */

    for (i = 0; i < l.n; i++) {
        if (!l.of[i].found && tfw_leases_same(&l, i)) {
            tfw_log("warning", "item %" PRId64 " is not ours any more",
                    l.of[i].item);
            tfw_procs_stop(l.of[i].proc, l.of[i].item, TFW_STOP_LEASE, 0);
        }
    }

    return TF_OK;
}


tf_int_t
tfw_leases_sweep(tfw_supervisor_t *s, tf_err_t *err)
{
    int          n;
    PGresult    *res;
    tf_event_t  *e;

    do {
        res = tfw_db_run(s->db, TF_SQL_queue_sweep, NULL, err);
        if (res == NULL) {
            return TF_ERROR;
        }

        n = PQntuples(res);

        if (n) {
            tfw_log("warning", "%d items of lost workers taken back", n);
            e = tfw_event_begin(TF_EVENT_ITEMS_TAKEN_BACK);
            tf_event_int(e, "count", n);
            tfw_event_end(e);
        }

        tfw_queue_publish(s->db, s->redis, res);

    } while (n == 500);

    return TF_OK;
}


tf_int_t
tfw_leases_close(tfw_supervisor_t *s, tf_err_t *err)
{
    PGresult  *res;

    res = tfw_db_run(s->db, TF_SQL_queue_close, NULL, err);
    if (res == NULL) {
        return TF_ERROR;
    }

    PQclear(res);

    return TF_OK;
}


tf_int_t
tfw_leases_orphans(tfw_supervisor_t *s, tf_err_t *err)
{
    PGresult      *res;
    tfw_orphan_t  *o;

    while (s->norphans) {
        o = &s->orphans[s->norphans - 1];

        if (tfw_queue_fail(s->db, o->worker, NULL, &o->why, &res, err)
            != TF_OK)
        {
            return TF_ERROR;
        }

        s->norphans--;
        tfw_queue_publish(s->db, s->redis, res);
    }

    return TF_OK;
}


static void
tfw_leases_take(tfw_supervisor_t *s, tfw_leases_t *l)
{
    int          ni, nt;
    unsigned     i;
    int64_t      item, token;
    tfw_slot_t  *slot;

    l->n = 0;
    ni = 0;
    nt = 0;

    for (i = 0; i < TFW_CHILDREN_MAX; i++) {

        if (s->procs[i].pid == 0) {
            continue;
        }

        slot = s->procs[i].child.slot;
        item = slot->item;
        token = slot->token;

        if (item == 0 || slot->phase != TFW_RUNNING || slot->item != item) {
            continue;
        }

        l->of[l->n].proc = &s->procs[i];
        l->of[l->n].item = item;
        l->of[l->n].token = token;
        l->of[l->n].found = 0;

        ni += snprintf(l->items + ni, sizeof(l->items) - ni, "%c%" PRId64,
                       l->n ? ',' : '{', item);
        nt += snprintf(l->tokens + nt, sizeof(l->tokens) - nt, "%c%" PRId64,
                       l->n ? ',' : '{', token);
        l->n++;
    }

    snprintf(l->items + ni, sizeof(l->items) - ni, "}");
    snprintf(l->tokens + nt, sizeof(l->tokens) - nt, "}");
}


/* The lease that a row (id, token, ...) is about, or -1. */

static int
tfw_leases_find(tfw_leases_t *l, const PGresult *res, int row)
{
    unsigned  i;
    int64_t   item, token;

    item = strtoll(PQgetvalue(res, row, 0), NULL, 10);
    token = strtoll(PQgetvalue(res, row, 1), NULL, 10);

    for (i = 0; i < l->n; i++) {
        if (l->of[i].item == item && l->of[i].token == token) {
            return (int) i;
        }
    }

    return -1;
}


/* 1 while the child still runs the item as it did when the list was taken. */

static int
tfw_leases_same(const tfw_leases_t *l, unsigned i)
{
    const tfw_slot_t  *slot;

    slot = l->of[i].proc->child.slot;

    return l->of[i].proc->pid && slot->phase == TFW_RUNNING
           && slot->item == l->of[i].item && slot->token == l->of[i].token;
}
