
#include <stdio.h>
#include <stdlib.h>

#include "tf_audit.h"
#include "tf_crypto.h"
#include "tf_engine.h"
#include "tf_row.h"
#include "tf_words.h"
#include "tfw_audit.h"
#include "tfw_event.h"
#include "tfw_log.h"
#include "tfw_mem.h"
#include "tfw_migrate.h"
#include "tfw_queue.h"


#define TFW_MIGRATE_LOCK  "SELECT pg_advisory_lock(8455217706284114003)"

#define TFW_MIGRATE_NO_TABLE  "42P01"   /* SQLSTATE undefined_table */
#define TFW_MIGRATE_NO_RIGHT  "42501"   /* insufficient_privilege */


typedef char  tfw_checksum_t[2 * TF_DIGEST_LEN + 1];


static tf_int_t tfw_migrate_locked(tfw_db_t *db, int *applied, tf_err_t *err);
static tf_int_t tfw_migrate_apply(tfw_db_t *db, const tfw_migration_t *m,
    tf_err_t *err);
static tf_int_t tfw_migrate_steps(tfw_db_t *db, PGconn *c,
    const tfw_migration_t *m, tf_err_t *err);
static tf_int_t tfw_migrate_kinds(const tfw_conf_t *conf, tfw_db_t *db,
    tf_err_t *err);
static tf_int_t tfw_migrate_kind(tfw_db_t *db, const tfw_job_kind_t *k,
    const tf_mem_t *mem, tf_err_t *err);
static tf_int_t tfw_migrate_audit(tfw_db_t *db, int applied, tf_err_t *err);
static tf_int_t tfw_migrate_events(tfw_db_t *db, tf_err_t *err);
static tf_int_t tfw_migrate_words(const tfw_conf_t *conf, tfw_db_t *db,
    tf_err_t *err);
static void tfw_migrate_word(tf_buf_t *b, const char *topic, const char *code,
    const char *const *text);
static tf_int_t tfw_migrate_kinds_check(const tfw_conf_t *conf, tfw_db_t *db,
    tf_err_t *err);
static void tfw_migrate_partitions(tfw_db_t *db);
static int tfw_migrate_done(const PGresult *res, const tfw_migration_t *m,
    tf_err_t *err);
static tf_int_t tfw_migrate_query(tfw_db_t *db, const char *sql,
    PGresult **res, tf_err_t *err);
static void tfw_migrate_checksum(const tfw_migration_t *m,
    tfw_checksum_t checksum);


static const char  tfw_migrate_table[] =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "    version    integer PRIMARY KEY,"
    "    name       text NOT NULL,"
    "    checksum   text NOT NULL,"
    "    applied_at timestamptz NOT NULL DEFAULT now()"
    ")";

static const char  tfw_migrate_select[] =
    "SELECT version, checksum FROM schema_migrations ORDER BY version";

/* the roles come into being with the first migration */

static const char  tfw_migrate_grant[] =
    "GRANT SELECT ON schema_migrations TO taifish_api, taifish_worker";


tf_int_t
tfw_migrate(const tfw_conf_t *conf, tfw_db_t *db, int *applied, tf_err_t *err)
{
    tf_int_t  rc;

    *applied = 0;

    /* lock_timeout would end the wait for a long migration elsewhere */

    if (tfw_db_exec(db, "SET lock_timeout = 0", err) != TF_OK
        || tfw_db_exec(db, TFW_MIGRATE_LOCK, err) != TF_OK)
    {
        return TF_ERROR;
    }

    rc = tfw_migrate_locked(db, applied, err);

    if (rc == TF_OK) {
        rc = tfw_migrate_engines(db, err);
    }

    if (rc == TF_OK) {
        rc = tfw_migrate_kinds(conf, db, err);
    }

    if (rc == TF_OK) {
        rc = tfw_migrate_events(db, err);
    }

    if (rc == TF_OK) {
        rc = tfw_migrate_words(conf, db, err);
    }

    if (rc == TF_OK) {
        tfw_migrate_partitions(db);
        tfw_event_flush(db, 1);
        rc = *applied ? tfw_migrate_audit(db, *applied, err) : TF_OK;
    }

    tfw_db_close(db);

    return rc;
}


tf_int_t
tfw_migrate_check(const tfw_conf_t *conf, tfw_db_t *db, int *newer,
    tf_err_t *err)
{
    int                     rc, last;
    PGresult               *res;
    const tfw_migration_t  *m;

    *newer = 0;

    if (tfw_migrate_query(db, tfw_migrate_select, &res, err) != TF_OK) {
        return TF_ERROR;
    }

    last = PQntuples(res)
           ? (int) strtol(PQgetvalue(res, PQntuples(res) - 1, 0), NULL, 10)
           : 0;

    for (m = tfw_migrations; m->version; m++) {
        rc = tfw_migrate_done(res, m, err);

        if (rc == 1) {
            continue;
        }

        PQclear(res);

        return rc ? TF_ERROR
                  : tf_fail(err, TF_E_SERVICE_UNAVAILABLE, NULL,
                            "the schema is old, migration %d (%s) is missing: "
                            "run \"taifish-worker migrate\"", m->version,
                            m->name);
    }

    PQclear(res);

    *newer = last > m[-1].version ? last : 0;

    return tfw_migrate_kinds_check(conf, db, err);
}


tf_int_t
tfw_migrate_role(tfw_db_t *db, tf_err_t *err)
{
    tf_int_t   rc;
    PGresult  *res;

    res = tfw_db_run(db, TF_SQL_worker_rights, NULL, err);
    if (res == NULL) {
        return TF_ERROR;
    }

    rc = PQgetvalue(res, 0, 0)[0] == 't'
         ? TF_OK
         : tf_fail(err, TF_E_FORBIDDEN, "DATABASE_URL",
                   "role %.63s may not do the worker's work: use a member of "
                   "taifish_worker", PQgetvalue(res, 0, 1));
    PQclear(res);

    return rc;
}


static tf_int_t
tfw_migrate_locked(tfw_db_t *db, int *applied, tf_err_t *err)
{
    int                     rc;
    PGresult               *res;
    const tfw_migration_t  *m;

    if (tfw_db_exec(db, tfw_migrate_table, err) != TF_OK
        || tfw_migrate_query(db, tfw_migrate_select, &res, err) != TF_OK)
    {
        return TF_ERROR;
    }

    for (m = tfw_migrations; m->version; m++) {
        rc = tfw_migrate_done(res, m, err);

        if (rc == 0) {
            rc = tfw_migrate_apply(db, m, err) == TF_OK ? 1 : -1;
            *applied += rc == 1;
        }

        if (rc == -1) {
            PQclear(res);
            return TF_ERROR;
        }
    }

    PQclear(res);

    return TF_OK;
}


static tf_int_t
tfw_migrate_apply(tfw_db_t *db, const tfw_migration_t *m, tf_err_t *err)
{
    char         detail[200];
    PGconn      *c;
    tf_event_t  *e;

    c = tfw_db_conn(db, err);

    if (c != NULL && tfw_db_exec(db, "BEGIN", err) == TF_OK
        && tfw_migrate_steps(db, c, m, err) == TF_OK
        && tfw_db_exec(db, "COMMIT", err) == TF_OK)
    {
        tfw_log("info", "migration %d (%s) applied", m->version, m->name);
        e = tfw_event_begin(TF_EVENT_MIGRATED);
        tf_event_int(e, "version", m->version);
        tf_event_str(e, "name", tf_str(m->name));
        tfw_event_end(e);
        return TF_OK;
    }

    tfw_db_rollback(db);

    snprintf(detail, sizeof(detail), "%.190s", err->detail);

    return tf_fail(err, err->code, NULL, "migration %d (%s): %s", m->version,
                   m->name, detail);
}


static tf_int_t
tfw_migrate_steps(tfw_db_t *db, PGconn *c, const tfw_migration_t *m,
    tf_err_t *err)
{
    char            version[12];
    tf_int_t        rc;
    PGresult       *res;
    tfw_checksum_t  checksum;
    const char     *values[] = { version, m->name, checksum };

    if (tfw_db_exec(db, m->sql, err) != TF_OK) {
        return TF_ERROR;
    }

    snprintf(version, sizeof(version), "%d", m->version);
    tfw_migrate_checksum(m, checksum);

    res = PQexecParams(c, "INSERT INTO schema_migrations"
                       " (version, name, checksum) VALUES ($1, $2, $3)",
                       3, NULL, values, NULL, NULL, 0);

    rc = PQresultStatus(res) == PGRES_COMMAND_OK ? TF_OK
         : tf_fail(err, TF_E_DATABASE_QUERY_ERROR, NULL, "%s",
                   PQresultErrorMessage(res));
    PQclear(res);

    return rc == TF_OK ? tfw_db_exec(db, tfw_migrate_grant, err) : rc;
}


/* The months ahead.  A table that is busy is no reason to stop: the job
 * partitions_ahead tries again, and meanwhile rows have the DEFAULT one. */

static void
tfw_migrate_partitions(tfw_db_t *db)
{
    tf_err_t   err;
    PGresult  *res;

    res = tfw_db_run(db, TF_SQL_migrate_partitions, NULL, &err);

    if (res == NULL) {
        tfw_log("warning", "months of partitioned tables: %s", err.detail);
    }

    PQclear(res);
}


/* The rows of tfw_job_kinds.c.  One that left the program stays: runs of its
 * kind are still shown. */

static tf_int_t
tfw_migrate_kinds(const tfw_conf_t *conf, tfw_db_t *db, tf_err_t *err)
{
    tf_int_t               rc;
    tfw_mem_t              m;
    const tfw_job_kind_t  *k;

    tfw_mem_init(&m, 1024 * 1024);
    rc = tfw_db_exec(db, "BEGIN", err);

    for (k = conf->hooks->kinds; k->kind && rc == TF_OK; k++) {
        rc = tfw_migrate_kind(db, k, &m.mem, err);
    }

    if (rc == TF_OK) {
        rc = tfw_db_exec(db, "COMMIT", err);
    }

    if (rc != TF_OK) {
        tfw_db_rollback(db);
    }

    tfw_mem_clear(&m);

    return rc;
}


/* Migrations are in the audit log once they are done: one of them makes it. */

static tf_int_t
tfw_migrate_audit(tfw_db_t *db, int applied, tf_err_t *err)
{
    char                    version[12], details[64];
    const tfw_migration_t  *m;

    for (m = tfw_migrations; m[1].version; m++) { /* void */ }

    snprintf(version, sizeof(version), "%d", m->version);
    snprintf(details, sizeof(details), "{\"applied\": %d}", applied);

    return tfw_audit_add(db, TF_AUDIT_SCHEMA_MIGRATE, version, details, err);
}


/* The words of the application log and of the audit log. */

static tf_int_t
tfw_migrate_events(tfw_db_t *db, tf_err_t *err)
{
    int                       what;
    PGresult                 *res;
    const tf_audit_t         *a;
    const tf_event_kind_t    *k;
    const tf_event_module_t  *m;

    for (m = tf_event_modules; m->name; m++) {
        res = tfw_db_run(db, TF_SQL_log_module_store,
                         TFW_ARGS({ "module", m->name },
                                  { "zh", m->text[TF_LANG_ZH] },
                                  { "en", m->text[TF_LANG_EN] }), err);
        if (res == NULL) {
            return TF_ERROR;
        }

        PQclear(res);
    }

    for (what = TF_EVENT_NONE + 1; what < TF_EVENT_END; what++) {
        k = &tf_event_kinds[what];
        res = tfw_db_run(db, TF_SQL_log_event_store,
                         TFW_ARGS({ "code", k->code }, { "level", k->level },
                                  { "module", k->module },
                                  { "zh", k->text[TF_LANG_ZH] },
                                  { "en", k->text[TF_LANG_EN] }), err);
        if (res == NULL) {
            return TF_ERROR;
        }

        PQclear(res);
    }

    for (what = TF_AUDIT_READS + 1; what < TF_AUDIT_END; what++) {
        a = &tf_audits[what];
        res = tfw_db_run(db, TF_SQL_audit_action_store,
                         TFW_ARGS({ "action", a->action },
                                  { "zh", a->text[TF_LANG_ZH] },
                                  { "en", a->text[TF_LANG_EN] }), err);
        if (res == NULL) {
            return TF_ERROR;
        }

        PQclear(res);
    }

    return TF_OK;
}


/* The words that answers have beside codes, in one statement. */

static tf_int_t
tfw_migrate_words(const tfw_conf_t *conf, tfw_db_t *db, tf_err_t *err)
{
    tf_buf_t               b;
    tf_int_t               rc;
    tf_str_t               words;
    PGresult              *res;
    tfw_mem_t              m;
    const tf_word_t       *l;
    const tfw_metric_t    *n;
    const tfw_job_kind_t  *k;

    tfw_mem_init(&m, 1024 * 1024);
    tf_buf_init(&b, &m.mem, 16 * 1024, 256 * 1024);
    tf_buf_char(&b, '[');

    for (l = tf_words_locks; l->code; l++) {
        tfw_migrate_word(&b, "lock", l->code, l->text);
    }

    for (l = tf_words_life; l->code; l++) {
        tfw_migrate_word(&b, "life", l->code, l->text);
    }

    for (n = tfw_queue_totals; n->name; n++) {
        tfw_migrate_word(&b, "metric", n->name, n->text);
    }

    for (k = conf->hooks->kinds; k->kind; k++) {
        tfw_migrate_word(&b, "task", k->kind, k->title);
        tfw_migrate_word(&b, "task_about", k->kind, k->about);

        for (n = k->metrics; n->name; n++) {
            tfw_migrate_word(&b, "metric", n->name, n->text);
        }
    }

    tf_buf_add(&b, "]", 2);

    res = NULL;

    if (tf_buf_done(&b, &words) == TF_OK) {
        res = tfw_db_run(db, TF_SQL_words_store,
                         TFW_ARGS({ "words", (char *) words.data }), err);

    } else {
        (void) tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    rc = res ? TF_OK : TF_ERROR;

    PQclear(res);
    tfw_mem_clear(&m);

    return rc;
}


static void
tfw_migrate_word(tf_buf_t *b, const char *topic, const char *code,
    const char *const *text)
{
    if (b->last[-1] != '[') {
        tf_buf_char(b, ',');
    }

    tf_buf_char(b, '{');
    tf_json_member(b, "topic", tf_str(topic));
    tf_json_member(b, "code", tf_str(code));
    tf_json_member(b, "zh", tf_str(text[TF_LANG_ZH]));
    tf_json_member(b, "en", tf_str(text[TF_LANG_EN]));
    tf_buf_char(b, '}');
}


static tf_int_t
tfw_migrate_kind(tfw_db_t *db, const tfw_job_kind_t *k, const tf_mem_t *mem,
    tf_err_t *err)
{
    char                 attempts[12], deadline[12], per_user[12];
    tf_buf_t             b;
    tf_str_t             metrics;
    PGresult            *res;
    const tfw_metric_t  *m;

    static const char *const  scopes[] = { "once", "fleet", "instance" };

    tf_buf_init(&b, mem, 256, 8192);
    tf_buf_char(&b, '[');

    for (m = k->metrics; m->name; m++) {
        tf_buf_lit(&b, m == k->metrics ? "{\"name\":" : ",{\"name\":");
        tf_json_string(&b, tf_str(m->name));
        tf_json_key(&b, "counts");

        if (m->counts) {
            tf_json_string(&b, tf_str(m->counts));

        } else {
            tf_buf_lit(&b, "null");
        }

        tf_buf_char(&b, '}');
    }

    tf_buf_add(&b, "]", 2);

    if (tf_buf_done(&b, &metrics) != TF_OK) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    snprintf(attempts, sizeof(attempts), "%d", k->attempts);
    snprintf(deadline, sizeof(deadline), "%d", k->deadline);
    snprintf(per_user, sizeof(per_user), "%d", k->per_user);

    res = tfw_db_run(db, TF_SQL_job_kind_write,
                     TFW_ARGS({ "kind", k->kind }, { "category", k->category },
                              { "scope", scopes[k->scope] },
                              { "lane", k->lane }, { "attempts", attempts },
                              { "deadline", deadline },
                              { "exclusive", k->exclusive ? "t" : "f" },
                              { "connects", k->connect ? "t" : "f" },
                              { "per_user", k->per_user ? per_user : NULL },
                              { "metrics", (char *) metrics.data }),
                     err);
    if (res == NULL) {
        return TF_ERROR;
    }

    PQclear(res);

    return TF_OK;
}


/* A kind may come without a migration. */

static tf_int_t
tfw_migrate_kinds_check(const tfw_conf_t *conf, tfw_db_t *db, tf_err_t *err)
{
    tf_int_t    rc;
    tf_str_t    kinds, missing;
    PGresult   *res;
    tfw_mem_t   m;

    tfw_mem_init(&m, 64 * 1024);

    if (tfw_queue_kinds(conf, &m.mem, &kinds) != TF_OK) {
        tfw_mem_clear(&m);
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    res = tfw_db_run(db, TF_SQL_job_kinds_missing,
                     TFW_ARGS({ "kinds", (char *) kinds.data }), err);
    tfw_mem_clear(&m);

    if (res == NULL) {
        return TF_ERROR;
    }

    missing = tf_row_get(res, 0, "kinds");

    rc = missing.data == NULL ? TF_OK
         : tf_fail(err, TF_E_SERVICE_UNAVAILABLE, NULL, "the table job_kinds "
                   "lacks %s: run \"taifish-worker migrate\"",
                   (char *) missing.data);
    PQclear(res);

    return rc;
}


/* 1 when applied, 0 when not, -1 when applied with another text. */

static int
tfw_migrate_done(const PGresult *res, const tfw_migration_t *m, tf_err_t *err)
{
    int             i;
    tfw_checksum_t  checksum;

    tfw_migrate_checksum(m, checksum);

    for (i = 0; i < PQntuples(res); i++) {

        if (strtol(PQgetvalue(res, i, 0), NULL, 10) != m->version) {
            continue;
        }

        if (strcmp(PQgetvalue(res, i, 1), checksum) == 0) {
            return 1;
        }

        (void) tf_fail(err, TF_E_CONSTRAINT_VIOLATION, NULL,
                       "migration %d (%s) was changed after it was applied "
                       "to this database", m->version, m->name);
        return -1;
    }

    return 0;
}


static tf_int_t
tfw_migrate_query(tfw_db_t *db, const char *sql, PGresult **res, tf_err_t *err)
{
    PGconn      *c;
    const char  *state;

    c = tfw_db_conn(db, err);
    if (c == NULL) {
        return TF_ERROR;
    }

    *res = PQexec(c, sql);

    if (PQresultStatus(*res) == PGRES_TUPLES_OK) {
        return TF_OK;
    }

    state = PQresultErrorField(*res, PG_DIAG_SQLSTATE);

    if (state && strcmp(state, TFW_MIGRATE_NO_TABLE) == 0) {
        (void) tf_fail(err, TF_E_SERVICE_UNAVAILABLE, NULL,
                       "database %.63s has no schema of TaiFish: run "
                       "\"taifish-worker migrate\"", PQdb(c));

    } else if (state && strcmp(state, TFW_MIGRATE_NO_RIGHT) == 0) {
        (void) tf_fail(err, TF_E_FORBIDDEN, "DATABASE_URL",
                       "role %.63s may not read the schema: use a member of "
                       "taifish_worker", PQuser(c));

    } else {
        (void) tf_fail(err, TF_E_DATABASE_QUERY_ERROR, NULL,
                       "schema_migrations: %s", PQresultErrorMessage(*res));
    }

    PQclear(*res);

    return TF_ERROR;
}


static void
tfw_migrate_checksum(const tfw_migration_t *m, tfw_checksum_t checksum)
{
    unsigned char  digest[TF_DIGEST_LEN];

    tf_sha256(digest, m->sql, strlen(m->sql));
    tf_hex((unsigned char *) checksum, digest, sizeof(digest));
    checksum[2 * TF_DIGEST_LEN] = '\0';
}
