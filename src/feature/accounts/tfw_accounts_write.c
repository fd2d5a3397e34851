
/*
 * Writing a sync: what became different is copied into a temporary table, from
 * which a fixed number of statements brings the store up to date.
 */


#include <stdio.h>
#include <stdlib.h>

#include "tf_crypto.h"
#include "tf_row.h"
#include "tfw_accounts.h"


#define TFW_ACCOUNTS_SCRATCH  ((size_t) 1024 * 1024 * 1024)


/* Hides the table of the schema, see there.  It stays with the connection, so
 * that a sync does not add to the system catalogs. */

static const char  tfw_accounts_table[] =
    "CREATE TEMP TABLE IF NOT EXISTS account_incoming"
    " (LIKE public.account_incoming INCLUDING DEFAULTS)"
    " ON COMMIT DELETE ROWS";

static const char  tfw_accounts_copy_text[] =
    "COPY pg_temp.account_incoming (account_id, principal, username, host,"
    " kind, native_id, is_superuser, is_locked, can_grant, plugin, snapshot,"
    " facts, fingerprint, change_type, is_elevation, message, privilege_diff,"
    " other_diff) FROM STDIN";

static const char  *tfw_accounts_kinds[] = { "", "user", "role", "public" };


/* What changed in one account, ready to be copied. */

typedef struct {
    const char          *type;      /* NULL: a version, but no change */
    tf_str_t             message;
    tf_account_diff_t    diff;
} tfw_accounts_log_t;


static tf_int_t tfw_accounts_copy(tfw_accounts_t *s);
static tf_int_t tfw_accounts_batch(tfw_accounts_t *s, size_t from, size_t n,
    tfw_mem_t *scratch);
static tf_int_t tfw_accounts_lines(tf_buf_t *b, tfw_accounts_t *s,
    const tfw_accounts_change_t *c, size_t n, const PGresult *old);
static tf_int_t tfw_accounts_log(tfw_accounts_t *s,
    const tfw_accounts_change_t *c, tf_str_t snapshot, const tf_mem_t *mem,
    tfw_accounts_log_t *log);
static tf_int_t tfw_accounts_message(tfw_accounts_log_t *log,
    const tf_mem_t *mem);
static tf_int_t tfw_accounts_line(tf_buf_t *b, tfw_accounts_t *s,
    const tfw_accounts_change_t *c, const tfw_accounts_log_t *log,
    const tf_mem_t *mem);
static void tfw_accounts_field(tf_buf_t *b, tf_str_t v);
static void tfw_accounts_flag(tf_buf_t *b, unsigned on);
static tf_int_t tfw_accounts_send(tfw_accounts_t *s, tf_str_t lines);
static tf_int_t tfw_accounts_lock(tfw_accounts_t *s);
static tf_int_t tfw_accounts_apply(tfw_accounts_t *s);
static tf_int_t tfw_accounts_drop(tfw_accounts_t *s);
static tf_int_t tfw_accounts_scopes_write(tfw_accounts_t *s, int applied);
static void tfw_accounts_scopes_now(tf_buf_t *b, tfw_accounts_t *s,
    int applied);
static void tfw_accounts_scopes_old(tf_buf_t *b, tfw_accounts_t *s,
    tf_buf_t *dropped);
static void tfw_accounts_scope(tf_buf_t *b, const tf_scope_t *sc,
    tf_scope_status_e status, tf_code_e code, tf_str_t detail);
static tf_int_t tfw_accounts_done(tfw_accounts_t *s);
static tf_int_t tfw_accounts_run(tfw_accounts_t *s, tf_sql_e sql,
    const tfw_arg_t *args);
static const char *tfw_accounts_id(tfw_accounts_t *s, int64_t id);
static tf_int_t tfw_accounts_memory(tfw_accounts_t *s);


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

    if (s->changes && tfw_accounts_copy(s) != TF_OK) {
        return TF_ERROR;
    }

    if (tfw_accounts_lock(s) != TF_OK
        || (s->changes && tfw_accounts_apply(s) != TF_OK)
        || (s->gones && tfw_accounts_drop(s) != TF_OK)
        || tfw_accounts_scopes_write(s, 1) != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_accounts_done(s);
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


static tf_int_t
tfw_accounts_copy(tfw_accounts_t *s)
{
    size_t      from, n;
    tf_int_t    rc;
    tfw_mem_t   scratch;

    if (tfw_db_exec(s->job->db, tfw_accounts_table, &s->job->err) != TF_OK) {
        return TF_ERROR;
    }

    rc = TF_OK;
    tfw_mem_init(&scratch, TFW_ACCOUNTS_SCRATCH);

    for (from = 0; from < s->changes && rc == TF_OK; from += n) {

        n = s->changes - from;
        n = n < TFW_ACCOUNTS_BATCH ? n : TFW_ACCOUNTS_BATCH;

        rc = tfw_accounts_batch(s, from, n, &scratch);

        tfw_mem_clear(&scratch);
        tfw_job_progress(s->job, "write", from + n, s->changes + s->gones);

        if (rc == TF_OK && tfw_job_stopping(s->job)) {
            rc = tf_fail(&s->job->err, TF_E_RUN_CANCELLED, NULL, "stopped");
        }
    }

    tfw_mem_clear(&scratch);

    return rc;
}


static tf_int_t
tfw_accounts_batch(tfw_accounts_t *s, size_t from, size_t n,
    tfw_mem_t *scratch)
{
    int                     rows[TFW_ACCOUNTS_BATCH];
    size_t                  i, old;
    tf_buf_t                b;
    tf_int_t                rc;
    tf_str_t                lines;
    PGresult               *res;
    tfw_accounts_change_t  *c;

    c = s->change + from;
    res = NULL;

    for (i = 0, old = 0; i < n; i++) {
        if (strcmp(c[i].change, "modify") == 0) {
            rows[old++] = c[i].row;
        }
    }

    if (old) {
        res = tfw_accounts_snapshots(s, rows, old);
        if (res == NULL) {
            return TF_ERROR;
        }
    }

    tf_buf_init(&b, &scratch->mem, n * 4096, TFW_ACCOUNTS_SCRATCH);

    rc = tfw_accounts_lines(&b, s, c, n, res);

    if (rc == TF_OK) {
        rc = tf_buf_done(&b, &lines) == TF_OK ? tfw_accounts_send(s, lines)
                                              : tfw_accounts_memory(s);
    }

    PQclear(res);

    return rc;
}


/* old: the snapshots of those that are modified, in their order. */

static tf_int_t
tfw_accounts_lines(tf_buf_t *b, tfw_accounts_t *s,
    const tfw_accounts_change_t *c, size_t n, const PGresult *old)
{
    int                  row;
    size_t               i;
    tf_int_t             rc;
    tf_str_t             snapshot, none = tf_null_string;
    tfw_mem_t            work;
    tfw_accounts_log_t   log;

    row = 0;
    rc = TF_OK;
    tfw_mem_init(&work, TFW_ACCOUNTS_SCRATCH);

    for (i = 0; i < n && rc == TF_OK; i++) {

        snapshot = none;

        if (strcmp(c[i].change, "modify") == 0) {
            snapshot = tf_row_get(old, row++, "snapshot");
        }

        rc = tfw_accounts_log(s, &c[i], snapshot, &work.mem, &log);

        if (rc == TF_OK) {
            rc = tfw_accounts_line(b, s, &c[i], &log, &work.mem);
        }

        tfw_mem_clear(&work);
    }

    return rc;
}


/* What the change log will say, if anything. */

static tf_int_t
tfw_accounts_log(tfw_accounts_t *s, const tfw_accounts_change_t *c,
    tf_str_t snapshot, const tf_mem_t *mem, tfw_accounts_log_t *log)
{
    tf_str_t        none = tf_null_string;
    tf_accounts_t  *before;

    memset(log, 0, sizeof(tfw_accounts_log_t));
    log->type = c->change;

    /* of the first collection only the number of privileges is told */

    if (s->first) {
        log->diff.granted = tf_accounts_grants(s->set, c->n);
        return tfw_accounts_message(log, mem);
    }

    before = NULL;

    if (strcmp(c->change, "modify") == 0) {

        log->type = NULL;

        if (snapshot.data == NULL) {
            return tfw_accounts_message(log, mem);
        }

        before = tf_account_parse(mem, s->engine->id, snapshot, &s->job->err);
        if (before == NULL) {
            return TF_ERROR;
        }
    }

    if (tf_account_diff(mem, before, s->set, c->n, &s->known, &log->diff)
        != TF_OK)
    {
        return tfw_accounts_memory(s);
    }

    if (before) {
        log->type = log->diff.privileges.data ? "modify_privilege"
                    : log->diff.others.data ? "modify_other" : NULL;

        if (log->type == NULL) {
            log->diff.privileges = none;
            log->diff.elevated = 0;

        } else {
            s->updated++;
        }
    }

    return tfw_accounts_message(log, mem);
}


/* Language neutral: codes and counts. */

static tf_int_t
tfw_accounts_message(tfw_accounts_log_t *log, const tf_mem_t *mem)
{
    size_t    i;
    tf_buf_t  b;

    struct {
        const char  *code;
        size_t       count;
    } part[] = {
        { "GRANT ", log->diff.granted },
        { "REVOKE ", log->diff.revoked },
        { "ALTER ", log->diff.altered },
        { "OTHER ", log->diff.other }
    };

    tf_buf_init(&b, mem, 64, 256);

    if (log->type && log->type[0] == 'a') {
        part[0].code = "ADD ";

    } else if (log->type && log->type[0] == 'r') {
        part[0].code = "RECREATE ";
    }

    for (i = 0; i < 4; i++) {

        if (part[i].count == 0
            && (i > 0 || log->type == NULL || log->type[0] == 'm'))
        {
            continue;
        }

        if (b.start) {
            tf_buf_lit(&b, ", ");
        }

        tf_buf_lit(&b, part[i].code);
        tf_buf_int(&b, part[i].count);
    }

    if (b.start == NULL) {
        log->message = tf_str("");
        return TF_OK;
    }

    return tf_buf_done(&b, &log->message);
}


/* One line of COPY's text format. */

static tf_int_t
tfw_accounts_line(tf_buf_t *b, tfw_accounts_t *s,
    const tfw_accounts_change_t *c, const tfw_accounts_log_t *log,
    const tf_mem_t *mem)
{
    tf_buf_t             t;
    tf_str_t             id, text, none = tf_null_string;
    unsigned char        digest[TF_DIGEST_LEN], hex[TF_DIGEST_LEN * 2];
    const tf_account_t  *a;

    a = tf_accounts_get(s->set, c->n);
    id = c->row == -1 ? none : tf_row_get(s->before, c->row, "id");

    tfw_accounts_field(b, id);
    tfw_accounts_field(b, a->principal);
    tfw_accounts_field(b, a->username);
    tfw_accounts_field(b, a->host);
    tfw_accounts_field(b, tf_str(tfw_accounts_kinds[a->kind]));
    tfw_accounts_field(b, a->native_id.len ? a->native_id : none);
    tfw_accounts_flag(b, a->is_superuser);
    tfw_accounts_flag(b, a->is_locked);
    tfw_accounts_flag(b, a->can_grant);
    tfw_accounts_field(b, a->plugin);

    tf_buf_init(&t, mem, 4096, TFW_ACCOUNTS_SCRATCH);
    tfw_accounts_canonical(&t, s, c->n);

    if (tf_buf_done(&t, &text) != TF_OK) {
        return tfw_accounts_memory(s);
    }

    tf_sha256(digest, text.data, text.len);
    tf_hex(hex, digest, TF_DIGEST_LEN);

    text.data += TFW_ACCOUNTS_HEAD;
    text.len -= TFW_ACCOUNTS_HEAD;
    tfw_accounts_field(b, text);

    tf_buf_init(&t, mem, 1024, TFW_ACCOUNTS_SCRATCH);
    tf_account_facts(&t, s->set, c->n);

    if (tf_buf_done(&t, &text) != TF_OK) {
        return tfw_accounts_memory(s);
    }

    tfw_accounts_field(b, text);
    tf_buf_lit(b, "\\\\x");
    tf_buf_add(b, hex, sizeof(hex));
    tf_buf_char(b, '\t');

    tfw_accounts_field(b, log->type ? tf_str(log->type) : none);
    tfw_accounts_flag(b, log->diff.elevated);
    tfw_accounts_field(b, log->message);
    tfw_accounts_field(b, log->diff.privileges);
    tfw_accounts_field(b, log->diff.others);

    if (b->failed) {
        return tfw_accounts_memory(s);
    }

    b->last[-1] = '\n';

    return TF_OK;
}


/* A field and the tab after it. */

static void
tfw_accounts_field(tf_buf_t *b, tf_str_t v)
{
    size_t         i, from;
    unsigned char  c;

    if (v.data == NULL) {
        tf_buf_lit(b, "\\N\t");
        return;
    }

    for (i = 0, from = 0; i < v.len; i++) {
        c = v.data[i];

        if (c != '\\' && c != '\n' && c != '\t' && c != '\r') {
            continue;
        }

        tf_buf_add(b, v.data + from, i - from);
        tf_buf_char(b, '\\');
        tf_buf_char(b, c == '\n' ? 'n' : c == '\t' ? 't'
                       : c == '\r' ? 'r' : '\\');
        from = i + 1;
    }

    tf_buf_add(b, v.data + from, v.len - from);
    tf_buf_char(b, '\t');
}


static void
tfw_accounts_flag(tf_buf_t *b, unsigned on)
{
    tf_buf_lit(b, on ? "t\t" : "f\t");
}


static tf_int_t
tfw_accounts_send(tfw_accounts_t *s, tf_str_t lines)
{
    int              failed;
    size_t           n;
    PGconn          *conn;
    PGresult        *res;

    conn = tfw_db_conn(s->job->db, &s->job->err);
    if (conn == NULL) {
        return TF_ERROR;
    }

    res = PQexec(conn, tfw_accounts_copy_text);
    failed = PQresultStatus(res) != PGRES_COPY_IN;
    PQclear(res);

    while (lines.len && !failed) {
        n = lines.len < 65536 ? lines.len : 65536;
        failed = PQputCopyData(conn, (char *) lines.data, n) != 1;
        lines.data += n;
        lines.len -= n;
    }

    failed = failed || PQputCopyEnd(conn, NULL) != 1;

    while ((res = PQgetResult(conn)) != NULL) {
        failed = failed || PQresultStatus(res) != PGRES_COMMAND_OK;
        PQclear(res);
    }

    if (failed) {
        return tf_fail(&s->job->err,
                       PQstatus(conn) == CONNECTION_OK
                       ? TF_E_DATABASE_QUERY_ERROR : TF_E_SERVICE_UNAVAILABLE,
                       NULL, "COPY of accounts: %.200s",
                       PQerrorMessage(conn));
    }

    return TF_OK;
}


/* The instance as it was when the reading began, and nobody else's now. */

static tf_int_t
tfw_accounts_lock(tfw_accounts_t *s)
{
    int        same;
    PGresult  *res;
    tf_str_t   before;

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

    PQclear(res);

    return same ? TF_OK
                : tf_fail(&s->job->err, TF_E_ALREADY_RUNNING, NULL,
                          "the instance changed while it was read");
}


static tf_int_t
tfw_accounts_apply(tfw_accounts_t *s)
{
    size_t      i;
    tfw_job_t  *job;

    static const tf_sql_e  steps[] = {
        TF_SQL_accounts_sync_insert,
        TF_SQL_accounts_sync_close,
        TF_SQL_accounts_sync_update,
        TF_SQL_accounts_sync_versions,
        TF_SQL_accounts_sync_changes
    };

    job = s->job;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {

        if (tfw_accounts_run(s, steps[i],
                TFW_ARGS({ "instance_id",
                           tfw_accounts_id(s, job->instance_id) },
                         { "run_id", job->run_uuid },
                         { "db_type", s->engine->name },
                         { "previous_run_at",
                           (char *) tf_row_get(s->instance, 0,
                                               "last_sync_at").data }))
            != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_accounts_drop(tfw_accounts_t *s)
{
    size_t     i;
    tf_buf_t   b;
    tf_str_t   ids;

    tf_buf_init(&b, s->job->mem, 16 * s->gones + 16, 64 * 1024 * 1024);

    for (i = 0; i < s->gones; i++) {
        tf_buf_char(&b, i ? ',' : '{');
        tf_buf_str(&b, tf_row_get(s->before, s->gone[i], "id"));
    }

    tf_buf_add(&b, "}", 2);

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
 * what was not read is told. */

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


static tf_int_t
tfw_accounts_run(tfw_accounts_t *s, tf_sql_e sql, const tfw_arg_t *args)
{
    PGresult  *res;

    res = tfw_db_run(s->job->db, sql, args, &s->job->err);
    PQclear(res);

    return res ? TF_OK : TF_ERROR;
}


/* Text of an id; memory being out shows as a statement that finds nothing. */

static const char *
tfw_accounts_id(tfw_accounts_t *s, int64_t id)
{
    char  *text;

    text = tf_alloc(s->job->mem, 24);

    if (text) {
        (void) snprintf(text, 24, "%lld", (long long) id);
    }

    return text;
}


static tf_int_t
tfw_accounts_memory(tfw_accounts_t *s)
{
    return tf_fail(&s->job->err, TF_E_RESULT_TOO_LARGE, NULL, "out of memory");
}
