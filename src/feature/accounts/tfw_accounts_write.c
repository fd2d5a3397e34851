
/*
 * Writing a sync, in the job's transaction.
 */


#include <stdio.h>
#include <stdlib.h>

#include "tf_crypto.h"
#include "tf_row.h"
#include "tfw_accounts_int.h"


static tf_int_t tfw_accounts_lock(tfw_accounts_t *s);
static tf_int_t tfw_accounts_drop(tfw_accounts_t *s);
static tf_int_t tfw_accounts_scopes_write(tfw_accounts_t *s, int applied);
static void tfw_accounts_scopes_now(tf_buf_t *b, tfw_accounts_t *s,
    int applied);
static void tfw_accounts_scopes_old(tf_buf_t *b, tfw_accounts_t *s,
    tf_buf_t *dropped);
static void tfw_accounts_scope(tf_buf_t *b, const tf_scope_t *sc,
    tf_scope_status_e status, tf_code_e code, tf_str_t detail);
static tf_int_t tfw_accounts_hook(tfw_accounts_t *s);
static tf_int_t tfw_accounts_done(tfw_accounts_t *s);


tf_int_t
tfw_accounts_write(tfw_accounts_t *s)
{
    size_t              i;
    const tf_scopes_t  *scopes;

    tfw_job_progress(s->job, "write", 0, s->changes + s->gones);

    scopes = tf_accounts_scopes(s->set);

    for (i = 0; i < scopes->count; i++) {
        s->partial |= tfw_accounts_missing(s, &scopes->scope[i]);
    }

    if (tfw_job_begin(s->job) != TF_OK) {
        return TF_ERROR;
    }

    s->begun = 1;

    /* a name has to be free before another account gets it */

    if (tfw_accounts_lock(s) != TF_OK
        || (s->gones && tfw_accounts_drop(s) != TF_OK)
        || tfw_accounts_names_write(s) != TF_OK
        || (s->changes && tfw_accounts_copy(s) != TF_OK)
        || tfw_accounts_objects_write(s) != TF_OK
        || tfw_accounts_scopes_write(s, 1) != TF_OK
        || (s->changes + s->gones && tfw_accounts_hook(s) != TF_OK))
    {
        return TF_ERROR;
    }

    return tfw_accounts_done(s);
}


static tf_int_t
tfw_accounts_hook(tfw_accounts_t *s)
{
    size_t                       i;
    tf_account_id_t             *ids;
    const tfw_accounts_hook_pt  *hook;

    ids = tf_alloc(s->job->mem, (s->changes + 1) * sizeof(tf_account_id_t));
    if (ids == NULL) {
        return tfw_accounts_memory(s);
    }

    for (i = 0; i < s->changes; i++) {
        ids[i].n = s->change[i].n;
        ids[i].id = s->change[i].id;
    }

    for (hook = s->hooks; *hook; hook++) {
        if ((*hook)(s->job, s->engine, s->set, ids, s->changes) != TF_OK) {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


int
tfw_accounts_missing(const tfw_accounts_t *s, const tf_scope_t *sc)
{
    if (sc->status == TF_SCOPE_OK) {
        return 0;
    }

    return sc->status != TF_SCOPE_UNSUPPORTED
           || tf_scopes_known(&s->known, sc->scope, sc->database);
}


void
tfw_accounts_failed(tfw_accounts_t *s)
{
    tf_err_t  err;

    /* the job's own error is what counts */

    err = s->job->err;

    if (tfw_accounts_run(s, TF_SQL_accounts_sync_failed,
                         TFW_ARGS({ "instance_id",
                                    tfw_accounts_id(s, s->job->instance_id) },
                                  { "item_id",
                                    tfw_accounts_id(s, s->job->id) },
                                  { "token",
                                    tfw_accounts_id(s, s->job->token) },
                                  { "connected", s->connected ? "t" : "f" }))
            != TF_OK
        || (s->before && tfw_accounts_scopes_write(s, 0) != TF_OK))
    {
        tfw_job_log(s->job, "warning", "the failed sync was not noted: %s",
                    s->job->err.detail);
    }

    s->job->err = err;
}


/* The instance as it was when the reading began, and nobody else's now. */

static tf_int_t
tfw_accounts_lock(tfw_accounts_t *s)
{
    int        same;
    tf_str_t   before;
    PGresult  *res;

    res = tfw_db_run(s->job->db, TF_SQL_accounts_sync_lock,
                     TFW_ARGS({ "instance_id",
                                tfw_accounts_id(s, s->job->instance_id) }),
                     &s->job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    before = tf_row_get(s->instance, 0, "state");
    same = PQntuples(res) == 1
           && tf_str_eq(tf_row_get(res, 0, "state"), (char *) before.data);

    s->now = tf_row_int(res, 0, "now");
    s->last_sync = tf_row_int(res, 0, "last_sync");

    PQclear(res);

    return same ? TF_OK
                : tf_fail(&s->job->err, TF_E_ALREADY_RUNNING, NULL,
                          "the instance changed while it was read");
}


static tf_int_t
tfw_accounts_drop(tfw_accounts_t *s)
{
    tf_buf_t   b;
    tf_str_t   ids;

    tf_buf_init(&b, s->job->mem, 16 * s->gones + 16, 64 * 1024 * 1024);
    tfw_accounts_row_ids(&b, s, s->gone, s->gones);

    if (tf_buf_done(&b, &ids) != TF_OK) {
        return tfw_accounts_memory(s);
    }

    return tfw_accounts_run(s, TF_SQL_accounts_sync_drop,
                            TFW_ARGS({ "ids", (char *) ids.data },
                                     { "db_type", s->engine->name },
                                     { "run_id", s->job->run_uuid }));
}


/* Rows of instance_scopes that became different, and those of databases that
 * are no more.  applied: what was read is kept; else nothing is fresh, and only
 * what was not read is written. */

static tf_int_t
tfw_accounts_scopes_write(tfw_accounts_t *s, int applied)
{
    tf_buf_t   b, dropped;
    tf_str_t   text;

    tf_buf_init(&b, s->job->mem, 1024, 64 * 1024 * 1024);
    tf_buf_init(&dropped, s->job->mem, 1024, 64 * 1024 * 1024);

    tfw_accounts_scopes_now(&b, s, applied);

    if (applied) {
        tfw_accounts_scopes_old(&b, s, &dropped);
    }

    if (b.start) {
        tf_buf_add(&b, "]", 2);

        if (tf_buf_done(&b, &text) != TF_OK) {
            return tfw_accounts_memory(s);
        }

        if (tfw_accounts_run(s, TF_SQL_accounts_sync_scopes_write,
                TFW_ARGS({ "scopes", (char *) text.data },
                         { "instance_id",
                           tfw_accounts_id(s, s->job->instance_id) },
                         { "item_id", tfw_accounts_id(s, s->job->id) },
                         { "token", tfw_accounts_id(s, s->job->token) }))
            != TF_OK)
        {
            return TF_ERROR;
        }
    }

    if (dropped.start == NULL) {
        return TF_OK;
    }

    tf_buf_add(&dropped, "]", 2);

    if (tf_buf_done(&dropped, &text) != TF_OK) {
        return tfw_accounts_memory(s);
    }

    return tfw_accounts_run(s, TF_SQL_accounts_sync_scopes_drop,
               TFW_ARGS({ "scopes", (char *) text.data },
                        { "instance_id",
                          tfw_accounts_id(s, s->job->instance_id) }));
}


static void
tfw_accounts_scopes_now(tf_buf_t *b, tfw_accounts_t *s, int applied)
{
    size_t              i;
    const tf_scope_t   *sc, *old;
    const tf_scopes_t  *scopes;

    scopes = tf_accounts_scopes(s->set);

    for (i = 0; i < scopes->count; i++) {
        sc = &scopes->scope[i];
        old = tf_scopes_find(&s->known, sc->scope, sc->database);

        if (!applied && sc->status == TF_SCOPE_OK) {
            continue;
        }

        if (old == NULL || old->status != sc->status
            || old->code != sc->code)
        {
            tfw_accounts_scope(b, sc, sc->status, sc->code, sc->detail);
        }
    }
}


/* What this reading did not report: a database that is gone, or a scope that
 * was not reached. */

static void
tfw_accounts_scopes_old(tf_buf_t *b, tfw_accounts_t *s, tf_buf_t *dropped)
{
    size_t              i;
    tf_str_t            none = tf_null_string;
    const tf_scope_t   *old, *list;
    const tf_scopes_t  *scopes;

    scopes = tf_accounts_scopes(s->set);

    for (i = 0; i < s->known.count; i++) {
        old = &s->known.scope[i];

        if (tf_scopes_find(scopes, old->scope, old->database)) {
            continue;
        }

        list = old->database.len ? tf_scopes_find(scopes, old->scope,
                                                  tf_str(""))
                                 : NULL;

        if (list && list->status == TF_SCOPE_OK) {
            tfw_accounts_scope(dropped, old, TF_SCOPE_OK, TF_E_NONE, none);

        } else if (old->status == TF_SCOPE_OK) {
            tfw_accounts_scope(b, old, list ? list->status : TF_SCOPE_ERROR,
                               list ? list->code : TF_E_NONE, none);
        }
    }
}


static void
tfw_accounts_scope(tf_buf_t *b, const tf_scope_t *sc,
    tf_scope_status_e status, tf_code_e code, tf_str_t detail)
{
    tf_str_t  none = tf_null_string;

    tf_buf_lit(b, b->start ? ",{" : "[{");
    tf_json_member(b, "scope", sc->scope);
    tf_json_member(b, "database", sc->database);
    tf_json_member(b, "status", tf_str(tf_scope_status(status)));
    tf_json_member(b, "code", code ? tf_str(tf_errors[code].code) : none);
    tf_json_member(b, "detail", detail.len ? detail : none);
    tf_buf_char(b, '}');
}


static tf_int_t
tfw_accounts_done(tfw_accounts_t *s)
{
    return tfw_accounts_run(s, TF_SQL_accounts_sync_done,
               TFW_ARGS({ "instance_id",
                          tfw_accounts_id(s, s->job->instance_id) },
                        { "status", s->partial ? "partial" : "completed" },
                        { "version", s->version.text },
                        { "main", s->version.main },
                        { "detailed", s->version.detailed }));
}
