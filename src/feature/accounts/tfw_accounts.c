
#include <stdio.h>

#include "tf_crypto.h"
#include "tf_row.h"
#include "tfw_accounts_int.h"

#define TFW_ACCOUNTS_SNAPSHOT  (256 * 1024 * 1024)


static tf_int_t tfw_accounts_steps(tfw_accounts_t *s);
static tf_int_t tfw_accounts_instance(tfw_accounts_t *s);
static tf_int_t tfw_accounts_check(tfw_accounts_t *s);
static tf_int_t tfw_accounts_before(tfw_accounts_t *s);
static tf_int_t tfw_accounts_known(tfw_accounts_t *s);
static tf_int_t tfw_accounts_restore(tfw_accounts_t *s);
static tf_int_t tfw_accounts_restore_some(tfw_accounts_t *s,
    const size_t *some, size_t n, tfw_mem_t *scratch);
static tf_int_t tfw_accounts_compare(tfw_accounts_t *s);
static const char *tfw_accounts_change(tfw_accounts_t *s, size_t n,
    tf_buf_t *b);
static tf_int_t tfw_accounts_report(tfw_accounts_t *s);
static void tfw_accounts_unknown(tf_buf_t *b, const tfw_accounts_t *s);
static void tfw_accounts_number(tf_buf_t *b, const char *name, size_t n);


tf_int_t
tfw_accounts_sync(tfw_job_t *job, const tfw_accounts_hook_pt *hooks)
{
    tf_int_t        rc;
    tfw_accounts_t  s;

    memset(&s, 0, sizeof(tfw_accounts_t));
    s.job = job;
    s.hooks = hooks;

    rc = tfw_accounts_steps(&s);

    if (rc != TF_OK && s.instance && !s.begun
        && job->err.code != TF_E_RUN_CANCELLED)
    {
        tfw_accounts_failed(&s);
    }

    PQclear(s.instance);
    PQclear(s.before);
    PQclear(s.seen);

    return rc;
}


static tf_int_t
tfw_accounts_steps(tfw_accounts_t *s)
{
    if (tfw_accounts_instance(s) != TF_OK
        || tfw_accounts_read(s) != TF_OK
        || tfw_accounts_before(s) != TF_OK
        || tfw_accounts_check(s) != TF_OK
        || tfw_accounts_restore(s) != TF_OK
        || tfw_accounts_compare(s) != TF_OK)
    {
        return TF_ERROR;
    }

    if (tfw_job_stopping(s->job)) {
        return tf_fail(&s->job->err, TF_E_RUN_CANCELLED, NULL, "stopped");
    }

    if (tfw_accounts_write(s) != TF_OK) {
        return TF_ERROR;
    }

    return tfw_accounts_report(s);
}


static tf_int_t
tfw_accounts_instance(tfw_accounts_t *s)
{
    char        id[24];
    tfw_job_t  *job;

    job = s->job;
    (void) snprintf(id, sizeof(id), "%lld", (long long) job->instance_id);

    s->instance = tfw_db_run(job->db, TF_SQL_accounts_sync_instance,
                             TFW_ARGS({ "instance_id", id }), &job->err);
    if (s->instance == NULL) {
        return TF_ERROR;
    }

    if (PQntuples(s->instance) == 0) {
        return tf_fail(&job->err, TF_E_RESOURCE_NOT_FOUND, "instance_id",
                       "the instance is deleted");
    }

    return TF_OK;
}


/* A list of accounts that was not read to its end, is empty, or has lost more
 * than half of its accounts changes nothing, unless the engine could verify
 * that it shows all of them. */

static tf_int_t
tfw_accounts_check(tfw_accounts_t *s)
{
    int          i, rows;
    size_t       n, seen, open;
    tf_scope_t  *sc;
    tfw_job_t   *job;

    job = s->job;

    sc = tf_scopes_find(tf_accounts_scopes(s->set), tf_str("accounts"),
                        tf_str(""));

    if (sc == NULL || sc->status != TF_SCOPE_OK) {
        return tf_fail(&job->err,
                       sc && sc->code ? sc->code : TF_E_TARGET_OTHER, NULL,
                       "the accounts were not read: %s",
                       sc ? (char *) sc->detail.data : "");
    }

    /* PUBLIC is always there */

    seen = 0;
    open = 0;

    for (n = 0; n < tf_accounts_count(s->set); n++) {
        seen += tf_accounts_get(s->set, n)->kind != TF_KIND_PUBLIC;
    }

    rows = PQntuples(s->before);

    for (i = 0; i < rows; i++) {
        open += tf_str_eq(tf_row_get(s->before, i, "dropped"), "f")
                && !tf_str_eq(tf_row_get(s->before, i, "kind"), "public");
    }

    if ((seen == 0 || seen * 2 < open) && !s->verified) {
        return tf_fail(&job->err, TF_E_ACCOUNTS_REFUSED, NULL,
                       "%zu accounts were listed and %zu are known", seen,
                       open);
    }

    return TF_OK;
}


/* What is stored of the instance's accounts, and which of them are gone. */

static tf_int_t
tfw_accounts_before(tfw_accounts_t *s)
{
    char        id[24];
    tfw_job_t  *job;

    job = s->job;
    (void) snprintf(id, sizeof(id), "%lld", (long long) job->instance_id);

    s->before = tfw_db_run(job->db, TF_SQL_accounts_sync_before,
                           TFW_ARGS({ "instance_id", id }), &job->err);
    if (s->before == NULL) {
        return TF_ERROR;
    }

    s->first = PQntuples(s->before) == 0;

    return tfw_accounts_match(s) == TF_OK ? tfw_accounts_known(s) : TF_ERROR;
}


static tf_int_t
tfw_accounts_known(tfw_accounts_t *s)
{
    int                         i, rows;
    char                        id[24];
    tf_err_t                    err;
    tf_str_t                    scope, database, code;
    PGresult                   *res;
    tfw_job_t                  *job;
    tf_scope_t                 *sc;
    const tf_account_rename_t  *rename;

    job = s->job;
    tf_scopes_init(&s->known, job->mem);
    (void) snprintf(id, sizeof(id), "%lld", (long long) job->instance_id);

    res = tfw_db_run(job->db, TF_SQL_accounts_sync_scopes,
                     TFW_ARGS({ "instance_id", id }), &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    rows = PQntuples(res);
    memset(&err, 0, sizeof(tf_err_t));

    for (i = 0; i < rows; i++) {
        scope = tf_row_get(res, i, "scope");
        database = tf_row_get(res, i, "database");
        rename = tf_account_rename_find(&s->names.databases, database);

        if (rename && rename->gone) {
            continue;
        }

        database = rename ? rename->to : database;
        code = tf_row_get(res, i, "error_code");
        err.code = code.data ? tf_error_find(code) : TF_E_NONE;

        if (tf_scopes_set(&s->known, scope, database,
                          tf_scope_status_find(tf_row_get(res, i, "status")),
                          &err)
            != TF_OK)
        {
            PQclear(res);
            return tfw_accounts_memory(s);
        }

        sc = tf_scopes_find(&s->known, scope, database);
        sc->known = tf_str_eq(tf_row_get(res, i, "known"), "t");
    }

    PQclear(res);

    return TF_OK;
}


/* Takes over what was not read.  A recreated account has nothing to take over:
 * what its predecessor held is gone. */

static tf_int_t
tfw_accounts_restore(tfw_accounts_t *s)
{
    size_t      i, n, count, some[TFW_ACCOUNTS_BATCH];
    tf_int_t    rc;
    tfw_mem_t   scratch;

    rc = TF_OK;
    count = tf_accounts_count(s->set);

    if (tf_accounts_settle(s->set, &s->known)) {

        tfw_mem_init(&scratch, TFW_ACCOUNTS_SNAPSHOT);

        for (i = 0, n = 0; i < count && rc == TF_OK; i++) {

            if (s->row[i] != -1 && !tfw_accounts_recreated(s, i)) {
                some[n++] = i;
            }

            if (n == TFW_ACCOUNTS_BATCH || (n && i == count - 1)) {
                rc = tfw_accounts_restore_some(s, some, n, &scratch);
                n = 0;
            }
        }

        tfw_mem_clear(&scratch);
    }

    if (rc == TF_OK && (tf_accounts_sort(s->set) != TF_OK
                        || tf_accounts_powers(s->set) != TF_OK))
    {
        return tfw_accounts_memory(s);
    }

    return rc;
}


static tf_int_t
tfw_accounts_restore_some(tfw_accounts_t *s, const size_t *some, size_t n,
    tfw_mem_t *scratch)
{
    int                  rows[TFW_ACCOUNTS_BATCH];
    size_t               i;
    tf_int_t             rc;
    PGresult            *res;
    tf_account_stored_t  stored;

    for (i = 0; i < n; i++) {
        rows[i] = s->row[some[i]];
    }

    res = tfw_accounts_snapshots(s, rows, n);
    if (res == NULL) {
        return TF_ERROR;
    }

    rc = TF_OK;

    for (i = 0; i < n && rc == TF_OK; i++) {

        stored = tfw_accounts_stored(s, res, (int) i);

        if (stored.snapshot.data) {
            rc = tf_accounts_restore(s->set, some[i], &stored, &scratch->mem,
                                     &s->job->err);
        }

        tfw_mem_clear(scratch);
    }

    PQclear(res);

    return rc;
}


/* Finds out what has to be written. */

static tf_int_t
tfw_accounts_compare(tfw_accounts_t *s)
{
    size_t                  n, count;
    tf_buf_t                b;
    const char             *change;
    tfw_mem_t               scratch;
    tfw_accounts_change_t  *c;

    count = tf_accounts_count(s->set);

    s->change = tf_alloc(s->job->mem,
                         (count + 1) * sizeof(tfw_accounts_change_t));
    if (s->change == NULL) {
        return tfw_accounts_memory(s);
    }

    tfw_job_progress(s->job, "compare", 0, count);
    tfw_mem_init(&scratch, TFW_ACCOUNTS_SNAPSHOT * (size_t) 2);
    tf_buf_init(&b, &scratch.mem, 65536, TFW_ACCOUNTS_SNAPSHOT);

    for (n = 0; n < count && !b.failed; n++) {

        change = tfw_accounts_change(s, n, &b);

        if (change) {
            c = &s->change[s->changes++];
            c->n = n;
            c->row = s->row[n];
            c->change = change;
        }
    }

    tfw_mem_clear(&scratch);

    return b.failed ? tfw_accounts_memory(s) : tfw_accounts_objects(s);
}


/* What happened to an account: a change_type, "modify" when its versions have
 * to be compared, or NULL for nothing.  b: room, which serves all accounts. */

static const char *
tfw_accounts_change(tfw_accounts_t *s, size_t n, tf_buf_t *b)
{
    int            row;
    char           hex[TF_BYTEA_LEN(TF_DIGEST_LEN)];
    tf_str_t       text;
    unsigned char  digest[TF_DIGEST_LEN];

    row = s->row[n];

    if (!tfw_accounts_listed(s, tf_accounts_get(s->set, n)->principal)) {
        return NULL;
    }

    if (row == -1) {
        s->created++;
        return "add";
    }

    if (tfw_accounts_renamed(s, n)) {
        return "rename";
    }

    if (tfw_accounts_recreated(s, n)) {
        s->recreated++;
        return "recreate";
    }

    b->last = b->start;
    tfw_accounts_canonical(b, s, n);

    if (tf_buf_done(b, &text) != TF_OK) {
        return NULL;
    }

    tf_sha256(digest, text.data, text.len);
    tf_bytea((unsigned char *) hex, digest, TF_DIGEST_LEN);

    return tf_str_eq(tf_row_get(s->before, row, "fingerprint"), hex)
           ? NULL : "modify";
}


/* What the job leaves for people and for the answer to the request. */

static tf_int_t
tfw_accounts_report(tfw_accounts_t *s)
{
    size_t      synced, unchanged;
    tf_buf_t    b;
    tfw_job_t  *job;

    job = s->job;
    synced = tf_accounts_count(s->set);
    unchanged = synced - s->created - s->recreated - s->updated;

    job->partial = s->partial;

    if (tfw_job_report(job, "accounts_synced", synced) != TF_OK
        || tfw_job_report(job, "accounts_created", s->created + s->recreated)
           != TF_OK
        || tfw_job_report(job, "accounts_updated", s->updated) != TF_OK
        || tfw_job_report(job, "accounts_deactivated", s->gones) != TF_OK
        || tfw_job_report(job, "instances_partial", s->partial) != TF_OK)
    {
        return TF_ERROR;
    }

    tf_buf_init(&b, s->job->mem, 1024, 16 * 1024 * 1024);
    tf_buf_lit(&b, "{\"success\":true");
    tf_json_member(&b, "message", tf_str(s->partial ? "账户同步完成，部分范围未能读取"
                                                    : "账户同步完成"));
    tf_json_member(&b, "message_en",
                   tf_str(s->partial ? "Accounts synced, some parts could not"
                                       " be read"
                                     : "Accounts synced"));
    tfw_accounts_number(&b, "synced_count", synced);
    tfw_accounts_number(&b, "added_count", s->created + s->recreated);
    tfw_accounts_number(&b, "modified_count", s->updated);
    tfw_accounts_number(&b, "removed_count", s->gones);
    tf_json_key(&b, "partial");
    tf_buf_lit(&b, s->partial ? "true" : "false");
    tfw_accounts_unknown(&b, s);

    tf_buf_lit(&b, ",\"details\":{\"inventory\":{\"status\":\"completed\"");
    tfw_accounts_number(&b, "created", s->created);
    tfw_accounts_number(&b, "refreshed", synced - s->created - s->recreated);
    tfw_accounts_number(&b, "reactivated", s->recreated);
    tfw_accounts_number(&b, "deactivated", s->gones);
    tfw_accounts_number(&b, "active_accounts", synced);
    tfw_accounts_number(&b, "processed_records", synced + s->gones);

    tf_buf_lit(&b, "},\"collection\":{\"status\":\"completed\"");
    tfw_accounts_number(&b, "created", s->created + s->recreated);
    tfw_accounts_number(&b, "updated", s->updated);
    tfw_accounts_number(&b, "skipped", unchanged);
    tfw_accounts_number(&b, "processed_records", synced);
    tf_buf_lit(&b, ",\"errors\":[],\"message\":\"\"}}}");

    return tf_buf_done(&b, &s->job->details) == TF_OK
           ? TF_OK : tfw_accounts_memory(s);
}


static void
tfw_accounts_unknown(tf_buf_t *b, const tfw_accounts_t *s)
{
    size_t              i;
    const char         *comma;
    const tf_scope_t   *sc;
    const tf_scopes_t  *scopes;

    scopes = tf_accounts_scopes(s->set);
    comma = "";

    tf_json_key(b, "unknown_scopes");
    tf_buf_char(b, '[');

    for (i = 0; i < scopes->count; i++) {
        sc = &scopes->scope[i];

        if (!tfw_accounts_missing(s, sc)) {
            continue;
        }

        tf_buf_lit(b, comma);
        tf_buf_char(b, '{');
        tf_json_member(b, "scope", sc->scope);
        tf_json_member(b, "database", sc->database);
        tf_json_member(b, "status", tf_str(tf_scope_status(sc->status)));
        tf_json_key(b, "error_code");

        if (sc->code) {
            tf_json_string(b, tf_str(tf_errors[sc->code].code));

        } else {
            tf_buf_lit(b, "null");
        }

        tf_buf_char(b, '}');
        comma = ",";
    }

    tf_buf_char(b, ']');
}


static void
tfw_accounts_number(tf_buf_t *b, const char *name, size_t n)
{
    tf_json_key(b, name);
    tf_buf_int(b, n);
}
