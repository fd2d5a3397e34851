
/*
 * Copying new rows in: accounts, then changes and versions in batches.
 *
 * A row goes into its table once and directly: a first sync costs little more
 * than a COPY of what was read.
 */


#include "tf_crypto.h"
#include "tf_row.h"
#include "tfw_accounts_int.h"
#include "tfw_copy.h"


#define TFW_ACCOUNTS_SCRATCH  ((size_t) 1024 * 1024 * 1024)


/* What changed in one account, as the change log has it. */

typedef struct {
    const char          *type;      /* NULL: a version, but no change */
    tf_str_t             message;
    tf_account_diff_t    diff;
} tfw_accounts_log_t;


static tf_int_t tfw_accounts_ids(tfw_accounts_t *s);
static tf_int_t tfw_accounts_created(tfw_accounts_t *s);
static tf_int_t tfw_accounts_batch(tfw_accounts_t *s,
    const tfw_accounts_change_t *c, size_t n);
static tf_int_t tfw_accounts_old(tfw_accounts_t *s,
    const tfw_accounts_change_t *c, size_t n, PGresult **res);
static tf_int_t tfw_accounts_changes(tfw_accounts_t *s,
    const tfw_accounts_change_t *c, size_t n, const PGresult *old,
    tf_buf_t *updates);
static tf_int_t tfw_accounts_log(tfw_accounts_t *s,
    const tfw_accounts_change_t *c, const tf_account_stored_t *stored,
    const tf_mem_t *mem, tfw_accounts_log_t *log);
static int tfw_accounts_always(const tf_account_t *a);
static int tfw_accounts_compared(const tfw_accounts_change_t *c);
static tf_int_t tfw_accounts_message(tfw_accounts_log_t *log,
    const tf_mem_t *mem);
static void tfw_accounts_changed(tfw_copy_t *copy, tfw_accounts_t *s,
    const tfw_accounts_change_t *c, const tfw_accounts_log_t *log);
static tf_int_t tfw_accounts_update(tfw_accounts_t *s, tf_buf_t *updates);
static void tfw_accounts_updated(tf_buf_t *b, const tfw_accounts_t *s,
    const tfw_accounts_change_t *c, int logged);
static void tfw_accounts_number(tf_buf_t *b, const char *name, int64_t n);
static void tfw_accounts_bool(tf_buf_t *b, const char *name, unsigned on);
static tf_int_t tfw_accounts_versions(tfw_accounts_t *s,
    const tfw_accounts_change_t *c, size_t n);


static const char  tfw_accounts_into_accounts[] =
    "COPY accounts (id, instance_id, principal, username, host, kind,"
    " native_id, is_superuser, is_locked, can_grant, plugin, version_id)"
    " FROM STDIN (FORMAT binary)";

static const char  tfw_accounts_into_changes[] =
    "COPY account_changes (account_id, instance_id, db_type, username,"
    " change_type, is_elevation, message, privilege_diff, other_diff, run_id)"
    " FROM STDIN (FORMAT binary)";

static const char  tfw_accounts_into_versions[] =
    "COPY account_versions (id, account_id, snapshot, facts, fingerprint,"
    " observed, previous_run_at, run_id) FROM STDIN (FORMAT binary)";

static const char *const  tfw_accounts_kinds[] = {
    "", "user", "role", "public"
};


tf_int_t
tfw_accounts_copy(tfw_accounts_t *s)
{
    size_t  from, n;

    if (tfw_accounts_ids(s) != TF_OK
        || (s->created && tfw_accounts_created(s) != TF_OK))
    {
        return TF_ERROR;
    }

    for (from = 0; from < s->changes; from += n) {

        n = s->changes - from;
        n = n < TFW_ACCOUNTS_BATCH ? n : TFW_ACCOUNTS_BATCH;

        if (tfw_accounts_batch(s, s->change + from, n) != TF_OK) {
            return TF_ERROR;
        }

        tfw_job_progress(s->job, "write", from + n, s->changes + s->gones);

        if (tfw_job_stopping(s->job)) {
            return tf_fail(&s->job->err, TF_E_RUN_CANCELLED, NULL, "stopped");
        }
    }

    return TF_OK;
}


/* The ids of all new rows, for those of one table name those of another. */

static tf_int_t
tfw_accounts_ids(tfw_accounts_t *s)
{
    int                     created;
    size_t                  i;
    PGresult               *res;
    tfw_accounts_change_t  *c;

    res = tfw_db_run(s->job->db, TF_SQL_accounts_sync_ids,
                     TFW_ARGS({ "changed", tfw_accounts_id(s, s->changes) },
                              { "created", tfw_accounts_id(s, s->created) }),
                     &s->job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    created = 0;

    for (i = 0; i < s->changes; i++) {
        c = &s->change[i];
        c->version_id = tf_row_int(res, i, "version_id");
        c->id = c->row == -1 ? tf_row_int(res, created++, "account_id")
                             : tf_row_int(s->before, c->row, "id");
    }

    PQclear(res);

    return TF_OK;
}


static tf_int_t
tfw_accounts_created(tfw_accounts_t *s)
{
    size_t                        i;
    tf_str_t                      none = tf_null_string;
    tfw_copy_t                    copy;
    const tf_account_t           *a;
    const tfw_accounts_change_t  *c;

    if (tfw_copy_begin(&copy, s->job->db, tfw_accounts_into_accounts,
                       &s->job->err)
        != TF_OK)
    {
        return TF_ERROR;
    }

    for (i = 0; i < s->changes; i++) {
        c = &s->change[i];

        if (c->row != -1) {
            continue;
        }

        a = tf_accounts_get(s->set, c->n);

        tfw_copy_row(&copy, 12);
        tfw_copy_int(&copy, c->id);
        tfw_copy_int(&copy, s->job->instance_id);
        tfw_copy_text(&copy, a->principal);
        tfw_copy_text(&copy, a->username);
        tfw_copy_text(&copy, a->host);
        tfw_copy_text(&copy, tf_str(tfw_accounts_kinds[a->kind]));
        tfw_copy_text(&copy, a->native_id.len ? a->native_id : none);
        tfw_copy_bool(&copy, a->is_superuser);
        tfw_copy_bool(&copy, a->is_locked);
        tfw_copy_bool(&copy, a->can_grant);
        tfw_copy_text(&copy, a->plugin);
        tfw_copy_int(&copy, c->version_id);
    }

    return tfw_copy_end(&copy, &s->job->err);
}


static tf_int_t
tfw_accounts_batch(tfw_accounts_t *s, const tfw_accounts_change_t *c,
    size_t n)
{
    tf_int_t    rc;
    tf_buf_t    updates;
    PGresult   *old;
    tfw_mem_t   scratch;

    if (tfw_accounts_old(s, c, n, &old) != TF_OK) {
        return TF_ERROR;
    }

    tfw_mem_init(&scratch, TFW_ACCOUNTS_SCRATCH);
    tf_buf_init(&updates, &scratch.mem, n * 256, TFW_ACCOUNTS_SCRATCH);

    rc = tfw_accounts_changes(s, c, n, old, &updates);
    PQclear(old);

    if (rc == TF_OK && updates.start) {
        rc = tfw_accounts_update(s, &updates);
    }

    tfw_mem_clear(&scratch);

    return rc == TF_OK ? tfw_accounts_versions(s, c, n) : TF_ERROR;
}


/* The snapshots before of those that are modified, in their order. */

static tf_int_t
tfw_accounts_old(tfw_accounts_t *s, const tfw_accounts_change_t *c, size_t n,
    PGresult **res)
{
    int     rows[TFW_ACCOUNTS_BATCH];
    size_t  i, old;

    for (i = 0, old = 0; i < n; i++) {
        if (tfw_accounts_compared(&c[i])) {
            rows[old++] = c[i].row;
        }
    }

    *res = NULL;

    if (old == 0) {
        return TF_OK;
    }

    *res = tfw_accounts_snapshots(s, rows, old);

    return *res ? TF_OK : TF_ERROR;
}


/* The change log of a batch, and the accounts there were before as JSON. */

static tf_int_t
tfw_accounts_changes(tfw_accounts_t *s, const tfw_accounts_change_t *c,
    size_t n, const PGresult *old, tf_buf_t *updates)
{
    int                  row;
    size_t               i;
    tf_int_t             rc;
    tfw_mem_t            work;
    tfw_copy_t           copy;
    tfw_accounts_log_t   log;
    tf_account_stored_t  stored;

    if (tfw_copy_begin(&copy, s->job->db, tfw_accounts_into_changes,
                       &s->job->err)
        != TF_OK)
    {
        return TF_ERROR;
    }

    row = 0;
    rc = TF_OK;
    tfw_mem_init(&work, TFW_ACCOUNTS_SCRATCH);

    for (i = 0; i < n && rc == TF_OK; i++) {

        memset(&stored, 0, sizeof(tf_account_stored_t));

        if (tfw_accounts_compared(&c[i])) {
            stored = tfw_accounts_stored(s, old, row++);
            stored.principal = tf_row_get(s->before, c[i].row, "principal");
        }

        rc = tfw_accounts_log(s, &c[i], &stored, &work.mem, &log);

        if (rc == TF_OK && log.type) {
            tfw_accounts_changed(&copy, s, &c[i], &log);
        }

        if (rc == TF_OK && c[i].row != -1) {
            tfw_accounts_updated(updates, s, &c[i], log.type != NULL);
        }

        tfw_mem_clear(&work);
    }

    if (rc != TF_OK) {
        tfw_copy_abort(&copy);
        return TF_ERROR;
    }

    return tfw_copy_end(&copy, &s->job->err);
}


/* What the change log will say, if anything. */

static tf_int_t
tfw_accounts_log(tfw_accounts_t *s, const tfw_accounts_change_t *c,
    const tf_account_stored_t *stored, const tf_mem_t *mem,
    tfw_accounts_log_t *log)
{
    tf_str_t        none = tf_null_string;
    tf_accounts_t  *before;

    memset(log, 0, sizeof(tfw_accounts_log_t));
    log->type = c->change;

    /* the first collection is logged by its number of privileges only */

    if (s->first) {
        log->diff.granted = tf_accounts_grants(s->set, c->n);
        return tfw_accounts_message(log, mem);
    }

    before = NULL;

    if (c->row == -1 && tfw_accounts_always(tf_accounts_get(s->set, c->n))) {
        /* not read before, and no news */
        log->type = NULL;
        return tfw_accounts_message(log, mem);
    }

    if (tfw_accounts_compared(c)) {

        log->type = NULL;

        if (stored->snapshot.data == NULL) {
            return tfw_accounts_message(log, mem);
        }

        before = tf_account_parse(mem, s->engine, stored, &s->job->err);
        if (before == NULL) {
            return TF_ERROR;
        }

        if (tf_account_follow(before, s->set, c->n) != TF_OK) {
            return tfw_accounts_memory(s);
        }
    }

    if (tf_account_diff(mem, before, s->set, c->n, &s->known, &log->diff)
        != TF_OK)
    {
        return tfw_accounts_memory(s);
    }

    if (before) {
        log->type = log->diff.renamed ? "rename"
                    : log->diff.privileges.data ? "modify_privilege"
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


/* 1 for everybody of an engine that has no account for that which could be
 * made. */

static int
tfw_accounts_always(const tf_account_t *a)
{
    return a->kind == TF_KIND_PUBLIC && a->native_id.len;
}


/* 1 when a change is what the version before differs in. */

static int
tfw_accounts_compared(const tfw_accounts_change_t *c)
{
    return strcmp(c->change, "modify") == 0 || strcmp(c->change, "rename") == 0;
}


/* Language neutral: codes and counts. */

static tf_int_t
tfw_accounts_message(tfw_accounts_log_t *log, const tf_mem_t *mem)
{
    int       whole;
    size_t    i;
    tf_buf_t  b;

    struct {
        const char  *code;
        size_t       count;
    } part[] = {
        { "GRANT ", log->diff.granted },
        { "REVOKE ", log->diff.revoked },
        { "ALTER ", log->diff.altered },
        { "DENY ", log->diff.denied },
        { "OTHER ", log->diff.other }
    };

    tf_buf_init(&b, mem, 64, 256);

    whole = log->type && (strcmp(log->type, "add") == 0
                          || strcmp(log->type, "recreate") == 0);

    if (whole) {
        part[0].code = log->type[0] == 'a' ? "ADD " : "RECREATE ";

    } else if (log->diff.renamed) {
        tf_buf_lit(&b, "RENAME");
    }

    for (i = 0; i < sizeof(part) / sizeof(part[0]); i++) {

        if (part[i].count == 0 && (i > 0 || !whole)) {
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


static void
tfw_accounts_changed(tfw_copy_t *copy, tfw_accounts_t *s,
    const tfw_accounts_change_t *c, const tfw_accounts_log_t *log)
{
    tfw_copy_row(copy, 10);
    tfw_copy_int(copy, c->id);
    tfw_copy_int(copy, s->job->instance_id);
    tfw_copy_text(copy, tf_str(s->engine->name));
    tfw_copy_text(copy, tf_accounts_get(s->set, c->n)->principal);
    tfw_copy_text(copy, tf_str(log->type));
    tfw_copy_bool(copy, log->diff.elevated);
    tfw_copy_text(copy, log->message);
    tfw_copy_jsonb(copy, log->diff.privileges);
    tfw_copy_jsonb(copy, log->diff.others);
    tfw_copy_uuid(copy, s->job->run_uuid);
}


/* Ends the open version of the accounts that were known before and points them
 * to the next one. */

static tf_int_t
tfw_accounts_update(tfw_accounts_t *s, tf_buf_t *updates)
{
    tf_str_t  accounts;

    tf_buf_add(updates, "]", 2);

    if (tf_buf_done(updates, &accounts) != TF_OK) {
        return tfw_accounts_memory(s);
    }

    return tfw_accounts_run(s, TF_SQL_accounts_sync_update,
                            TFW_ARGS({ "accounts", (char *) accounts.data }));
}


static void
tfw_accounts_updated(tf_buf_t *b, const tfw_accounts_t *s,
    const tfw_accounts_change_t *c, int logged)
{
    tf_str_t             none = tf_null_string;
    const tf_account_t  *a;

    a = tf_accounts_get(s->set, c->n);

    tf_buf_lit(b, b->start ? ",{" : "[{");
    tfw_accounts_number(b, "id", c->id);
    tfw_accounts_number(b, "version_id", c->version_id);
    tf_json_member(b, "principal", a->principal);
    tf_json_member(b, "username", a->username);
    tf_json_member(b, "host", a->host);
    tf_json_member(b, "kind", tf_str(tfw_accounts_kinds[a->kind]));
    tf_json_member(b, "native_id", a->native_id.len ? a->native_id : none);
    tf_json_member(b, "plugin", a->plugin);
    tfw_accounts_bool(b, "is_superuser", a->is_superuser);
    tfw_accounts_bool(b, "is_locked", a->is_locked);
    tfw_accounts_bool(b, "can_grant", a->can_grant);
    tfw_accounts_bool(b, "is_change", logged);
    tf_buf_char(b, '}');
}


static void
tfw_accounts_number(tf_buf_t *b, const char *name, int64_t n)
{
    tf_json_key(b, name);
    tf_buf_int(b, n);
}


static void
tfw_accounts_bool(tf_buf_t *b, const char *name, unsigned on)
{
    tf_json_key(b, name);
    tf_buf_lit(b, on ? "true" : "false");
}


static tf_int_t
tfw_accounts_versions(tfw_accounts_t *s, const tfw_accounts_change_t *c,
    size_t n)
{
    size_t         i;
    tf_buf_t       snapshot, facts;
    tfw_mem_t      work;
    tfw_copy_t     copy;
    unsigned char  digest[TF_DIGEST_LEN];

    if (tfw_copy_begin(&copy, s->job->db, tfw_accounts_into_versions,
                       &s->job->err)
        != TF_OK)
    {
        return TF_ERROR;
    }

    tfw_mem_init(&work, TFW_ACCOUNTS_SCRATCH);
    tf_buf_init(&snapshot, &work.mem, 16384, TFW_ACCOUNTS_SCRATCH);
    tf_buf_init(&facts, &work.mem, 16384, TFW_ACCOUNTS_SCRATCH);

    for (i = 0; i < n && !snapshot.failed && !facts.failed; i++) {

        snapshot.last = snapshot.start;     /* one block serves all */
        facts.last = facts.start;
        tfw_accounts_canonical(&snapshot, s, c[i].n);
        tf_account_facts(&facts, s->set, c[i].n);

        if (snapshot.failed || facts.failed) {
            continue;
        }

        tf_sha256(digest, snapshot.start, snapshot.last - snapshot.start);

        tfw_copy_row(&copy, 8);
        tfw_copy_int(&copy, c[i].version_id);
        tfw_copy_int(&copy, c[i].id);
        tfw_copy_bytes(&copy, snapshot.start + TFW_ACCOUNTS_HEAD,
                       snapshot.last - snapshot.start - TFW_ACCOUNTS_HEAD);
        tfw_copy_bytes(&copy, facts.start, facts.last - facts.start);
        tfw_copy_bytes(&copy, digest, TF_DIGEST_LEN);
        tfw_copy_since(&copy, s->now);

        if (s->last_sync) {
            tfw_copy_time(&copy, s->last_sync);

        } else {
            tfw_copy_null(&copy);
        }

        tfw_copy_uuid(&copy, s->job->run_uuid);
    }

    tfw_mem_clear(&work);

    if (snapshot.failed || facts.failed) {
        tfw_copy_abort(&copy);
        return tfw_accounts_memory(s);
    }

    return tfw_copy_end(&copy, &s->job->err);
}
