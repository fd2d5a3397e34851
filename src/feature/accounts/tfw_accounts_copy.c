
/*
 * Copying new rows in: accounts, versions and changes, in batches.
 *
 * A row goes into its table once and directly: a first sync costs little more
 * than a COPY of what was read.
 */


#include <stdio.h>
#include <stdlib.h>

#include "tf_crypto.h"
#include "tf_row.h"
#include "tfw_accounts.h"


#define TFW_ACCOUNTS_SCRATCH  ((size_t) 1024 * 1024 * 1024)


/* What changed in one account, ready to be copied. */

typedef struct {
    const char          *type;      /* NULL: a version, but no change */
    tf_str_t             message;
    tf_account_diff_t    diff;
} tfw_accounts_log_t;


/* The rows of a batch, as lines of COPY's text format. */

typedef struct {
    tf_buf_t             accounts;
    tf_buf_t             versions;
    tf_buf_t             changes;
    tf_buf_t             updates;   /* of accounts: JSON */
    PGresult            *ids;       /* for all batches */
    int                  version;   /* the next row of ids to take */
    int                  account;
    PGconn              *copying;   /* a COPY whose end is not read yet */
} tfw_accounts_rows_t;


static tf_int_t tfw_accounts_batch(tfw_accounts_t *s, tfw_accounts_rows_t *r,
    size_t from, size_t n);
static tf_int_t tfw_accounts_store(tfw_accounts_t *s, tfw_accounts_rows_t *r);
static tf_int_t tfw_accounts_lines(tfw_accounts_t *s, tfw_accounts_rows_t *r,
    const tfw_accounts_change_t *c, size_t n, const PGresult *old);
static tf_int_t tfw_accounts_log(tfw_accounts_t *s,
    const tfw_accounts_change_t *c, tf_str_t snapshot, const tf_mem_t *mem,
    tfw_accounts_log_t *log);
static tf_int_t tfw_accounts_message(tfw_accounts_log_t *log,
    const tf_mem_t *mem);
static tf_int_t tfw_accounts_row(tfw_accounts_t *s, tfw_accounts_rows_t *r,
    const tfw_accounts_change_t *c, const tfw_accounts_log_t *log,
    const tf_mem_t *mem);
static void tfw_accounts_account(tf_buf_t *b, tfw_accounts_t *s,
    const tf_account_t *a, tf_str_t id, tf_str_t version);
static void tfw_accounts_update(tf_buf_t *b, const tf_account_t *a,
    tf_str_t id, tf_str_t version, int change);
static tf_int_t tfw_accounts_version(tf_buf_t *b, tfw_accounts_t *s, size_t n,
    tf_str_t id, const tf_mem_t *mem);
static void tfw_accounts_changed(tf_buf_t *b, tfw_accounts_t *s,
    const tf_account_t *a, tf_str_t id, const tfw_accounts_log_t *log);
static void tfw_accounts_field(tf_buf_t *b, tf_str_t v);
static void tfw_accounts_flag(tf_buf_t *b, unsigned on);
static void tfw_accounts_end(tf_buf_t *b);
static void tfw_accounts_bool(tf_buf_t *b, const char *name, unsigned on);
static tf_int_t tfw_accounts_send(tfw_accounts_t *s, tfw_accounts_rows_t *r,
    const char *copy, tf_buf_t *b);
static tf_int_t tfw_accounts_settle(tfw_accounts_t *s, tfw_accounts_rows_t *r,
    int failed);


static const char  tfw_accounts_into_accounts[] =
    "COPY accounts (id, instance_id, principal, username, host, kind,"
    " native_id, is_superuser, is_locked, can_grant, plugin, version_id)"
    " FROM STDIN";

static const char  tfw_accounts_into_versions[] =
    "COPY account_versions (id, account_id, snapshot, facts, fingerprint,"
    " observed, previous_run_at, run_id) FROM STDIN";

static const char  tfw_accounts_into_changes[] =
    "COPY account_changes (account_id, instance_id, db_type, username,"
    " change_type, is_elevation, message, privilege_diff, other_diff, run_id)"
    " FROM STDIN";

static const char *const  tfw_accounts_kinds[] = {
    "", "user", "role", "public"
};


tf_int_t
tfw_accounts_copy(tfw_accounts_t *s)
{
    size_t               from, n;
    tf_int_t             rc;
    PGresult            *res;
    tfw_accounts_rows_t  r;

    memset(&r, 0, sizeof(tfw_accounts_rows_t));

    r.ids = tfw_db_run(s->job->db, TF_SQL_accounts_sync_ids,
                       TFW_ARGS({ "changed", tfw_accounts_id(s, s->changes) },
                                { "created", tfw_accounts_id(s, s->created) }),
                       &s->job->err);
    if (r.ids == NULL) {
        return TF_ERROR;
    }

    rc = TF_OK;

    for (from = 0; from < s->changes && rc == TF_OK; from += n) {

        n = s->changes - from;
        n = n < TFW_ACCOUNTS_BATCH ? n : TFW_ACCOUNTS_BATCH;

        rc = tfw_accounts_batch(s, &r, from, n);

        tfw_job_progress(s->job, "write", from + n, s->changes + s->gones);

        if (rc == TF_OK && tfw_job_stopping(s->job)) {
            rc = tf_fail(&s->job->err, TF_E_RUN_CANCELLED, NULL, "stopped");
        }
    }

    /* after a failure the COPY has to end before the rollback */

    if (rc == TF_OK) {
        rc = tfw_accounts_settle(s, &r, 0);

    } else if (r.copying) {
        while ((res = PQgetResult(r.copying)) != NULL) {
            PQclear(res);
        }
    }

    PQclear(r.ids);

    return rc;
}


static tf_int_t
tfw_accounts_batch(tfw_accounts_t *s, tfw_accounts_rows_t *r, size_t from,
    size_t n)
{
    int                           rows[TFW_ACCOUNTS_BATCH];
    size_t                        i, old;
    tf_int_t                      rc;
    PGresult                     *res;
    tfw_mem_t                     scratch;
    const tfw_accounts_change_t  *c;

    c = s->change + from;
    res = NULL;

    for (i = 0, old = 0; i < n; i++) {
        if (strcmp(c[i].change, "modify") == 0) {
            rows[old++] = c[i].row;
        }
    }

    if (old) {
        if (tfw_accounts_settle(s, r, 0) != TF_OK) {
            return TF_ERROR;
        }

        res = tfw_accounts_snapshots(s, rows, old);
        if (res == NULL) {
            return TF_ERROR;
        }
    }

    tfw_mem_init(&scratch, TFW_ACCOUNTS_SCRATCH);
    tf_buf_init(&r->accounts, &scratch.mem, n * 256, TFW_ACCOUNTS_SCRATCH);
    tf_buf_init(&r->versions, &scratch.mem, n * 4096, TFW_ACCOUNTS_SCRATCH);
    tf_buf_init(&r->changes, &scratch.mem, n * 256, TFW_ACCOUNTS_SCRATCH);
    tf_buf_init(&r->updates, &scratch.mem, n * 256, TFW_ACCOUNTS_SCRATCH);

    rc = tfw_accounts_lines(s, r, c, n, res);

    if (rc == TF_OK) {
        rc = tfw_accounts_store(s, r);
    }

    PQclear(res);
    tfw_mem_clear(&scratch);

    return rc;
}


/* Sends the lines of a batch. The store works on the versions, the most of
 * them, while the next lines are made. */

static tf_int_t
tfw_accounts_store(tfw_accounts_t *s, tfw_accounts_rows_t *r)
{
    tf_str_t  updates;

    if (tfw_accounts_settle(s, r, 0) != TF_OK) {
        return TF_ERROR;
    }

    if (r->updates.start) {
        tf_buf_add(&r->updates, "]", 2);

        if (tf_buf_done(&r->updates, &updates) != TF_OK) {
            return tfw_accounts_memory(s);
        }

        if (tfw_accounts_run(s, TF_SQL_accounts_sync_update,
                             TFW_ARGS({ "accounts", (char *) updates.data }))
            != TF_OK)
        {
            return TF_ERROR;
        }
    }

    if (tfw_accounts_send(s, r, tfw_accounts_into_accounts, &r->accounts)
        != TF_OK
        || tfw_accounts_settle(s, r, 0) != TF_OK
        || tfw_accounts_send(s, r, tfw_accounts_into_changes, &r->changes)
           != TF_OK
        || tfw_accounts_settle(s, r, 0) != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_accounts_send(s, r, tfw_accounts_into_versions, &r->versions);
}


/* old: the snapshots of those that are modified, in their order. */

static tf_int_t
tfw_accounts_lines(tfw_accounts_t *s, tfw_accounts_rows_t *r,
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
            rc = tfw_accounts_row(s, r, &c[i], &log, &work.mem);
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


/* The rows of one account. */

static tf_int_t
tfw_accounts_row(tfw_accounts_t *s, tfw_accounts_rows_t *r,
    const tfw_accounts_change_t *c, const tfw_accounts_log_t *log,
    const tf_mem_t *mem)
{
    tf_str_t             id, version;
    const tf_account_t  *a;

    a = tf_accounts_get(s->set, c->n);
    version = tf_row_get(r->ids, r->version++, "version_id");

    if (c->row == -1) {
        id = tf_row_get(r->ids, r->account++, "account_id");
        tfw_accounts_account(&r->accounts, s, a, id, version);

    } else {
        id = tf_row_get(s->before, c->row, "id");
        tfw_accounts_update(&r->updates, a, id, version, log->type != NULL);
    }

    tfw_accounts_field(&r->versions, version);

    if (tfw_accounts_version(&r->versions, s, c->n, id, mem) != TF_OK) {
        return tfw_accounts_memory(s);
    }

    if (log->type) {
        tfw_accounts_changed(&r->changes, s, a, id, log);
    }

    return TF_OK;
}


static void
tfw_accounts_account(tf_buf_t *b, tfw_accounts_t *s, const tf_account_t *a,
    tf_str_t id, tf_str_t version)
{
    tf_str_t  none = tf_null_string;

    tfw_accounts_field(b, id);
    tf_buf_int(b, s->job->instance_id);
    tf_buf_char(b, '\t');
    tfw_accounts_field(b, a->principal);
    tfw_accounts_field(b, a->username);
    tfw_accounts_field(b, a->host);
    tfw_accounts_field(b, tf_str(tfw_accounts_kinds[a->kind]));
    tfw_accounts_field(b, a->native_id.len ? a->native_id : none);
    tfw_accounts_flag(b, a->is_superuser);
    tfw_accounts_flag(b, a->is_locked);
    tfw_accounts_flag(b, a->can_grant);
    tfw_accounts_field(b, a->plugin);
    tfw_accounts_field(b, version);
    tfw_accounts_end(b);
}


static void
tfw_accounts_update(tf_buf_t *b, const tf_account_t *a, tf_str_t id,
    tf_str_t version, int change)
{
    tf_str_t  none = tf_null_string;

    tf_buf_lit(b, b->start ? ",{" : "[{");
    tf_json_member(b, "id", id);
    tf_json_member(b, "version_id", version);
    tf_json_member(b, "username", a->username);
    tf_json_member(b, "host", a->host);
    tf_json_member(b, "kind", tf_str(tfw_accounts_kinds[a->kind]));
    tf_json_member(b, "native_id", a->native_id.len ? a->native_id : none);
    tf_json_member(b, "plugin", a->plugin);
    tfw_accounts_bool(b, "is_superuser", a->is_superuser);
    tfw_accounts_bool(b, "is_locked", a->is_locked);
    tfw_accounts_bool(b, "can_grant", a->can_grant);
    tfw_accounts_bool(b, "is_change", change);
    tf_buf_char(b, '}');
}


/* All of a version but its id. */

static tf_int_t
tfw_accounts_version(tf_buf_t *b, tfw_accounts_t *s, size_t n, tf_str_t id,
    const tf_mem_t *mem)
{
    tf_buf_t       t;
    tf_str_t       text;
    unsigned char  digest[TF_DIGEST_LEN], hex[TF_DIGEST_LEN * 2];

    tf_buf_init(&t, mem, 4096, TFW_ACCOUNTS_SCRATCH);
    tfw_accounts_canonical(&t, s, n);

    if (tf_buf_done(&t, &text) != TF_OK) {
        return TF_ERROR;
    }

    tf_sha256(digest, text.data, text.len);
    tf_hex(hex, digest, TF_DIGEST_LEN);

    text.data += TFW_ACCOUNTS_HEAD;
    text.len -= TFW_ACCOUNTS_HEAD;

    tfw_accounts_field(b, id);
    tfw_accounts_field(b, text);

    tf_buf_init(&t, mem, 1024, TFW_ACCOUNTS_SCRATCH);
    tf_account_facts(&t, s->set, n);

    if (tf_buf_done(&t, &text) != TF_OK) {
        return TF_ERROR;
    }

    tfw_accounts_field(b, text);
    tf_buf_lit(b, "\\\\x");
    tf_buf_add(b, hex, sizeof(hex));
    tf_buf_lit(b, "\t[\"");
    tf_buf_lit(b, s->now);
    tf_buf_lit(b, "\",)\t");
    tfw_accounts_field(b, tf_row_get(s->instance, 0, "last_sync_at"));
    tfw_accounts_field(b, tf_str(s->job->run_uuid));
    tfw_accounts_end(b);

    return b->failed ? TF_ERROR : TF_OK;
}


static void
tfw_accounts_changed(tf_buf_t *b, tfw_accounts_t *s, const tf_account_t *a,
    tf_str_t id, const tfw_accounts_log_t *log)
{
    tfw_accounts_field(b, id);
    tf_buf_int(b, s->job->instance_id);
    tf_buf_char(b, '\t');
    tfw_accounts_field(b, tf_str(s->engine->name));
    tfw_accounts_field(b, a->principal);
    tfw_accounts_field(b, tf_str(log->type));
    tfw_accounts_flag(b, log->diff.elevated);
    tfw_accounts_field(b, log->message);
    tfw_accounts_field(b, log->diff.privileges);
    tfw_accounts_field(b, log->diff.others);
    tfw_accounts_field(b, tf_str(s->job->run_uuid));
    tfw_accounts_end(b);
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


/* The last tab of a line becomes its end. */

static void
tfw_accounts_end(tf_buf_t *b)
{
    if (!b->failed) {
        b->last[-1] = '\n';
    }
}


static void
tfw_accounts_bool(tf_buf_t *b, const char *name, unsigned on)
{
    tf_json_key(b, name);
    tf_buf_lit(b, on ? "true" : "false");
}


/* Sends the lines; what became of them is tfw_accounts_settle()'s to say. */

static tf_int_t
tfw_accounts_send(tfw_accounts_t *s, tfw_accounts_rows_t *r, const char *copy,
    tf_buf_t *b)
{
    int        failed;
    size_t     n;
    PGconn    *conn;
    tf_str_t   lines;
    PGresult  *res;

    if (tf_buf_done(b, &lines) != TF_OK) {
        return tfw_accounts_memory(s);
    }

    if (lines.len == 0) {
        return TF_OK;
    }

    conn = tfw_db_conn(s->job->db, &s->job->err);
    if (conn == NULL) {
        return TF_ERROR;
    }

    r->copying = conn;

    res = PQexec(conn, copy);
    failed = PQresultStatus(res) != PGRES_COPY_IN;
    PQclear(res);

    while (lines.len && !failed) {
        n = lines.len < 65536 ? lines.len : 65536;
        failed = PQputCopyData(conn, (char *) lines.data, n) != 1;
        lines.data += n;
        lines.len -= n;
    }

    failed = failed || PQputCopyEnd(conn, NULL) != 1;

    return failed ? tfw_accounts_settle(s, r, 1) : TF_OK;
}


/* Waits for the end of the COPY under way, if any. */

static tf_int_t
tfw_accounts_settle(tfw_accounts_t *s, tfw_accounts_rows_t *r, int failed)
{
    PGconn    *conn;
    PGresult  *res;

    conn = r->copying;

    if (conn == NULL) {
        return TF_OK;
    }

    r->copying = NULL;

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
