
#include <stdio.h>
#include <stdlib.h>

#include "tf_account.h"
#include "tf_mem.h"
#include "tf_row.h"
#include "tfw_databases.h"


/* The size of a database with many files takes its time. */
#define TFW_DATABASES_STATEMENT  300

#define TFW_DATABASES_JSON       (64 * 1024 * 1024)


typedef struct {
    tf_str_t             name;
    tf_str_t             native_id;
    int                  is_system;
    tfw_size_t           size;          /* total -1: it was not read */
    tf_code_e            code;          /* why, as far as somebody said */
} tfw_databases_one_t;


typedef struct {
    tfw_sink_t           sink;          /* has to stand first */
    tfw_job_t           *job;
    tfw_version_t        version;
    PGresult            *instance;

    tfw_databases_one_t *one;
    size_t               count;
    size_t               size;
    size_t               last;          /* the one found last */

    tf_scope_status_e    listed;
    tf_scope_status_e    sized;
    tf_err_t             err;           /* of the first scope that failed */
    unsigned             complete:1;
    unsigned             connected:1;
    unsigned             begun:1;
} tfw_databases_t;


static tf_int_t tfw_databases_run(tfw_databases_t *s);
static tf_int_t tfw_databases_instance(tfw_databases_t *s);
static tf_int_t tfw_databases_read(tfw_databases_t *s);
static tf_int_t tfw_databases_write(tfw_databases_t *s);
static tf_int_t tfw_databases_lock(tfw_databases_t *s);
static tf_int_t tfw_databases_json(tfw_databases_t *s, tf_str_t *json);
static tf_int_t tfw_databases_report(tfw_databases_t *s, const PGresult *res);
static tf_int_t tfw_databases_details(tfw_databases_t *s, const PGresult *res);
static void tfw_databases_failed(tfw_databases_t *s);
static tf_int_t tfw_databases_sink_database(tfw_sink_t *sink, tf_str_t name,
    tf_str_t native_id, int is_system);
static tf_int_t tfw_databases_sink_size(tfw_sink_t *sink, tf_str_t name,
    const tfw_size_t *size);
static tf_int_t tfw_databases_sink_scope(tfw_sink_t *sink, const char *scope,
    tf_str_t database, tf_scope_status_e status, const tf_err_t *err);
static tf_int_t tfw_databases_sink_verified(tfw_sink_t *sink);
static tfw_databases_one_t *tfw_databases_find(tfw_databases_t *s,
    tf_str_t name);
static tf_int_t tfw_databases_memory(tfw_databases_t *s);


tf_int_t
tfw_databases_sync(tfw_job_t *job)
{
    tf_int_t          rc;
    tfw_databases_t  *s;

    s = tf_calloc(job->mem, sizeof(tfw_databases_t));
    if (s == NULL) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
    }

    s->job = job;
    rc = tfw_databases_run(s);

    if (rc != TF_OK && s->instance && !s->begun
        && job->err.code != TF_E_RUN_CANCELLED)
    {
        tfw_databases_failed(s);
    }

    PQclear(s->instance);

    return rc;
}


static tf_int_t
tfw_databases_run(tfw_databases_t *s)
{
    tfw_job_t  *job = s->job;

    if (tfw_databases_instance(s) != TF_OK || tfw_databases_read(s) != TF_OK) {
        return TF_ERROR;
    }

    if (s->listed != TF_SCOPE_OK) {
        return tf_fail(&job->err, s->err.code ? s->err.code
                                              : TF_E_TARGET_OTHER, NULL,
                       "the databases were not read: %s", s->err.detail);
    }

    if (tfw_job_stopping(job)) {
        return tf_fail(&job->err, TF_E_RUN_CANCELLED, NULL, "stopped");
    }

    return tfw_databases_write(s);
}


static tf_int_t
tfw_databases_instance(tfw_databases_t *s)
{
    tfw_job_t  *job = s->job;

    s->instance = tfw_db_run(job->db, TF_SQL_databases_sync_instance,
                             TFW_ARGS({ "instance_id",
                                        tfw_databases_id(job,
                                                         job->instance_id) }),
                             &job->err);
    if (s->instance == NULL) {
        return TF_ERROR;
    }

    if (PQntuples(s->instance) == 0) {
        return tf_fail(&job->err, TF_E_RESOURCE_NOT_FOUND, "instance_id",
                       "the instance is deleted");
    }

    return TF_OK;
}


static tf_int_t
tfw_databases_read(tfw_databases_t *s)
{
    tf_int_t        rc;
    tfw_instance_t  in;

    s->sink.database = tfw_databases_sink_database;
    s->sink.database_size = tfw_databases_sink_size;
    s->sink.scope = tfw_databases_sink_scope;
    s->sink.verified = tfw_databases_sink_verified;

    rc = tfw_instance_prepare(s->job, s->instance, &in);

    if (rc == TF_OK) {
        in.target.statement_timeout = TFW_DATABASES_STATEMENT;
        rc = tfw_instance_read(s->job, &in, "databases", &s->sink);
        s->connected = in.connected;
        s->version = in.version;
    }

    tfw_instance_close(&in);

    if (rc != TF_OK && s->listed == TF_SCOPE_OK
        && s->job->err.code != TF_E_RUN_CANCELLED)
    {
        /* the list is there: what has no size has its reason */
        s->sized = TF_SCOPE_ERROR;
        s->err = s->job->err;
        return TF_OK;
    }

    return rc;
}


/* Writes what was read.  Of a reading without any size the list is kept, and
 * the job fails for the reason that the sizes had. */

static tf_int_t
tfw_databases_write(tfw_databases_t *s)
{
    size_t      i, read = 0;
    tf_int_t    rc;
    tf_str_t    json;
    PGresult   *res;
    tfw_job_t  *job = s->job;

    for (i = 0; i < s->count; i++) {
        read += s->one[i].size.total != -1;
    }

    if (tfw_databases_json(s, &json) != TF_OK) {
        return TF_ERROR;
    }

    if (read || s->count == 0) {
        if (tfw_job_begin(job) != TF_OK) {
            return TF_ERROR;
        }

        s->begun = 1;

        if (tfw_databases_lock(s) != TF_OK) {
            return TF_ERROR;
        }
    }

    res = tfw_db_run(job->db, TF_SQL_databases_sync_write,
                     TFW_ARGS({ "databases", (char *) json.data },
                              { "instance_id",
                                tfw_databases_id(job, job->instance_id) },
                              { "item_id", tfw_databases_id(job, job->id) },
                              { "token", tfw_databases_id(job, job->token) },
                              { "complete", s->complete ? "t" : "f" },
                              { "run_id", job->run_uuid },
                              { "version", s->version.text },
                              { "main", s->version.main },
                              { "detailed", s->version.detailed }),
                     &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    if (read || s->count == 0) {
        rc = tfw_databases_report(s, res);

    } else {
        s->begun = 1;
        rc = tf_fail(&job->err, s->one[0].code, NULL,
                     "no size of %zu databases was read: %s", s->count,
                     s->err.detail);
    }

    PQclear(res);

    return rc;
}


static tf_int_t
tfw_databases_lock(tfw_databases_t *s)
{
    int         same;
    tf_str_t    before;
    PGresult   *res;
    tfw_job_t  *job = s->job;

    res = tfw_db_run(job->db, TF_SQL_databases_sync_lock,
                     TFW_ARGS({ "instance_id",
                                tfw_databases_id(job, job->instance_id) }),
                     &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    before = tf_row_get(s->instance, 0, "state");
    same = PQntuples(res) == 1
           && tf_str_eq(tf_row_get(res, 0, "state"), (char *) before.data);

    PQclear(res);

    return same ? TF_OK
                : tf_fail(&job->err, TF_E_ALREADY_RUNNING, NULL,
                          "the instance changed while it was read");
}


/* Everything that was read, and the reason of each database without a size. */

static tf_int_t
tfw_databases_json(tfw_databases_t *s, tf_str_t *json)
{
    size_t                i;
    tf_buf_t              b;
    tf_str_t              none = tf_null_string;
    tfw_databases_one_t  *d;

    tf_buf_init(&b, s->job->mem, 1024, TFW_DATABASES_JSON);
    tf_buf_char(&b, '[');

    for (i = 0; i < s->count; i++) {
        d = &s->one[i];

        if (d->size.total == -1 && d->code == TF_E_NONE) {
            d->code = s->sized != TF_SCOPE_OK && s->err.code
                      ? s->err.code : TF_E_TARGET_OTHER;
        }

        tf_buf_lit(&b, i ? ",{" : "{");
        tf_json_member(&b, "name", d->name);
        tf_json_member(&b, "native_id", d->native_id.len ? d->native_id
                                                         : none);
        tf_json_key(&b, "is_system");
        tf_buf_lit(&b, d->is_system ? "true" : "false");
        tfw_databases_number(&b, "size_bytes", d->size.total);
        tfw_databases_number(&b, "data_bytes", d->size.data);
        tfw_databases_number(&b, "log_bytes", d->size.log);
        tf_json_member(&b, "unread",
                       d->size.total == -1 ? tf_str(tf_errors[d->code].code)
                                           : none);
        tf_buf_char(&b, '}');
    }

    tf_buf_add(&b, "]", 2);

    return tf_buf_done(&b, json) == TF_OK ? TF_OK : tfw_databases_memory(s);
}


static tf_int_t
tfw_databases_report(tfw_databases_t *s, const PGresult *res)
{
    tfw_job_t  *job = s->job;

    job->partial = !s->complete || tf_row_int(res, 0, "unread") > 0;

    if (tfw_job_report(job, "databases_synced",
                       tf_row_int(res, 0, "databases")) != TF_OK
        || tfw_job_report(job, "databases_created",
                          tf_row_int(res, 0, "created")
                          + tf_row_int(res, 0, "reactivated")) != TF_OK
        || tfw_job_report(job, "databases_dropped",
                          tf_row_int(res, 0, "deactivated")) != TF_OK
        || tfw_job_report(job, "sizes_saved",
                          tf_row_int(res, 0, "read")) != TF_OK
        || tfw_job_report(job, "databases_unread",
                          tf_row_int(res, 0, "unread")) != TF_OK
        || tfw_job_report(job, "total_size_mb",
                          tf_row_int(res, 0, "total_size_mb")) != TF_OK
        || tfw_job_report(job, "instances_partial", job->partial) != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_databases_details(s, res);
}


/* What the answer to a request has. */

static tf_int_t
tfw_databases_details(tfw_databases_t *s, const PGresult *res)
{
    tf_buf_t    b;
    tfw_job_t  *job = s->job;

    tf_buf_init(&b, job->mem, 4096, TFW_DATABASES_JSON);
    tf_buf_lit(&b, "{\"success\":true,\"status\":\"completed\"");
    tf_json_member(&b, "message",
                   tf_str(job->partial ? "容量同步完成，部分数据库未能读取"
                                       : "容量同步完成"));
    tf_json_member(&b, "message_en",
                   tf_str(job->partial ? "Capacity synced, some databases could"
                                         " not be read"
                                       : "Capacity synced"));
    tf_json_key(&b, "partial");
    tf_buf_lit(&b, job->partial ? "true" : "false");
    tf_json_key(&b, "databases");
    tf_buf_str(&b, tf_row_get(res, 0, "list"));
    tfw_databases_number(&b, "database_count",
                         tf_row_int(res, 0, "databases"));
    tfw_databases_number(&b, "unread_count", tf_row_int(res, 0, "unread"));
    tfw_databases_number(&b, "saved_count", tf_row_int(res, 0, "read"));
    tfw_databases_number(&b, "total_size_mb",
                         tf_row_int(res, 0, "total_size_mb"));
    tf_json_key(&b, "instance_stat_updated");
    tf_buf_lit(&b, tf_str_eq(tf_row_get(res, 0, "instance_stat_updated"), "t")
                   ? "true" : "false");

    tf_buf_lit(&b, ",\"inventory\":{\"is_complete\":");
    tf_buf_lit(&b, s->complete ? "true" : "false");
    tfw_databases_number(&b, "created", tf_row_int(res, 0, "created"));
    tfw_databases_number(&b, "refreshed", tf_row_int(res, 0, "refreshed"));
    tfw_databases_number(&b, "reactivated",
                         tf_row_int(res, 0, "reactivated"));
    tfw_databases_number(&b, "deactivated",
                         tf_row_int(res, 0, "deactivated"));
    tf_json_key(&b, "active_databases");
    tf_buf_str(&b, tf_row_get(res, 0, "names"));
    tf_buf_lit(&b, "}}");

    return tf_buf_done(&b, &job->details) == TF_OK ? TF_OK
                                                   : tfw_databases_memory(s);
}


/* Notes a sync that failed before it wrote anything. */

static void
tfw_databases_failed(tfw_databases_t *s)
{
    tf_err_t    err;
    PGresult   *res;
    tfw_job_t  *job = s->job;

    /* the job's own error is what counts */

    err = job->err;

    res = tfw_db_run(job->db, TF_SQL_databases_sync_failed,
                     TFW_ARGS({ "instance_id",
                                tfw_databases_id(job, job->instance_id) },
                              { "item_id", tfw_databases_id(job, job->id) },
                              { "token", tfw_databases_id(job, job->token) },
                              { "code", tf_errors[err.code].code },
                              { "connected", s->connected ? "t" : "f" }),
                     &job->err);
    if (res == NULL) {
        tfw_job_log(job, "warning", "the failed sync was not noted: %s",
                    job->err.detail);
    }

    PQclear(res);
    job->err = err;
}


static tf_int_t
tfw_databases_sink_database(tfw_sink_t *sink, tf_str_t name,
    tf_str_t native_id, int is_system)
{
    tfw_databases_t      *s = (tfw_databases_t *) sink;
    tfw_databases_one_t  *one;

    if (tf_mem_grow(s->job->mem, &s->one, sizeof(tfw_databases_one_t), s->count,
                    &s->size)
        != TF_OK)
    {
        return TF_ERROR;
    }

    one = &s->one[s->count++];
    memset(one, 0, sizeof(tfw_databases_one_t));
    one->is_system = is_system;
    one->size.total = -1;
    one->size.data = -1;
    one->size.log = -1;

    if (tfw_job_stopping(s->job)) {
        return TF_ERROR;
    }

    return tf_mem_copy(s->job->mem, name, &one->name) == TF_OK
           ? tf_mem_copy(s->job->mem, native_id, &one->native_id) : TF_ERROR;
}


static tf_int_t
tfw_databases_sink_size(tfw_sink_t *sink, tf_str_t name,
    const tfw_size_t *size)
{
    tfw_databases_t      *s = (tfw_databases_t *) sink;
    tfw_databases_one_t  *one = tfw_databases_find(s, name);

    if (one) {
        one->size = *size;
        tfw_job_progress(s->job, "read", (int64_t) s->last,
                         (int64_t) s->count);
    }

    if (tfw_job_stopping(s->job)) {
        return TF_ERROR;
    }

    return TF_OK;
}


static tf_int_t
tfw_databases_sink_scope(tfw_sink_t *sink, const char *scope,
    tf_str_t database, tf_scope_status_e status, const tf_err_t *err)
{
    tfw_databases_t      *s = (tfw_databases_t *) sink;
    tfw_databases_one_t  *one;

    if (status != TF_SCOPE_OK) {
        tfw_job_log(s->job, "warning", "%s of %.*s was not read: %s: %s",
                    scope, (int) database.len, (char *) database.data,
                    tf_scope_status(status), err ? err->detail : "");
    }

    if (database.len) {
        one = tfw_databases_find(s, database);

        if (one && err) {
            one->code = err->code;
        }

        return TF_OK;
    }

    if (strcmp(scope, "databases") == 0) {
        s->listed = status;

    } else {
        s->sized = status;
    }

    if (status != TF_SCOPE_OK && err && s->err.code == TF_E_NONE) {
        s->err = *err;
    }

    return TF_OK;
}


static tf_int_t
tfw_databases_sink_verified(tfw_sink_t *sink)
{
    ((tfw_databases_t *) sink)->complete = 1;

    return TF_OK;
}


/* They are asked for mostly in the order in which they were listed. */

static tfw_databases_one_t *
tfw_databases_find(tfw_databases_t *s, tf_str_t name)
{
    size_t                i;
    tfw_databases_one_t  *one;

    for (i = 0; i < s->count; i++) {
        one = &s->one[(s->last + i) % s->count];

        if (one->name.len == name.len
            && memcmp(one->name.data, name.data, name.len) == 0)
        {
            s->last = (s->last + i) % s->count + 1;
            return one;
        }
    }

    return NULL;
}


static tf_int_t
tfw_databases_memory(tfw_databases_t *s)
{
    return tf_fail(&s->job->err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
}


void
tfw_databases_number(tf_buf_t *b, const char *name, int64_t n)
{
    tf_json_key(b, name);

    if (n == -1) {
        tf_buf_lit(b, "null");

    } else {
        tf_buf_int(b, n);
    }
}


const char *
tfw_databases_id(tfw_job_t *job, int64_t id)
{
    char  *text = tf_alloc(job->mem, 24);

    if (text) {
        (void) snprintf(text, 24, "%lld", (long long) id);
    }

    return text;
}
