
#include <stdlib.h>

#include "tf_account.h"
#include "tf_row.h"
#include "tfw_databases.h"


#define TFW_TABLES_STATEMENT  300
#define TFW_TABLES_JSON       (256 * 1024 * 1024)

/* Tables between two looks at whether the job should stop. */
#define TFW_TABLES_LOOK       1024


typedef struct {
    tfw_sink_t           sink;          /* has to stand first */
    tfw_job_t           *job;
    const char          *database_id;
    PGresult            *target;
    tf_buf_t             tables;        /* JSON */
    size_t               count;
    tf_scope_status_e    status;
    tf_err_t             err;
    int64_t              began;         /* tfw_clock() */
} tfw_tables_t;


static tf_int_t tfw_tables_sync(tfw_tables_t *s);
static tf_int_t tfw_tables_target(tfw_tables_t *s, tf_sql_e sql,
    PGresult **res);
static tf_int_t tfw_tables_read(tfw_tables_t *s);
static tf_int_t tfw_tables_write(tfw_tables_t *s);
static tf_int_t tfw_tables_lock(tfw_tables_t *s);
static tf_int_t tfw_tables_report(tfw_tables_t *s,
    const PGresult *written);
static tf_int_t tfw_tables_page(tfw_tables_t *s,
    const PGresult *written);
static const char *tfw_tables_asked(tfw_tables_t *s,
    const char *name);
static tf_int_t tfw_tables_sink_table(tfw_sink_t *sink,
    const tfw_table_t *table);
static tf_int_t tfw_tables_sink_scope(tfw_sink_t *sink,
    const char *scope, tf_str_t database, tf_scope_status_e status,
    const tf_err_t *err);


tf_int_t
tfw_databases_tables(tfw_job_t *job)
{
    tf_int_t           rc;
    tfw_tables_t  s;

    memset(&s, 0, sizeof(tfw_tables_t));
    s.job = job;
    s.began = tfw_clock();
    s.database_id = tfw_tables_asked(&s, "database_id");

    rc = tfw_tables_sync(&s);

    PQclear(s.target);

    return rc;
}


static tf_int_t
tfw_tables_sync(tfw_tables_t *s)
{
    tfw_job_t  *job = s->job;

    if (tfw_tables_target(s, TF_SQL_table_sizes_target, &s->target)
            != TF_OK
        || tfw_tables_read(s) != TF_OK)
    {
        return TF_ERROR;
    }

    if (s->status != TF_SCOPE_OK) {
        return tf_fail(&job->err, s->err.code ? s->err.code
                                              : TF_E_TARGET_OTHER, NULL,
                       "the tables were not read: %s", s->err.detail);
    }

    return tfw_tables_write(s);
}


/* The database and its instance, as they are. */

static tf_int_t
tfw_tables_target(tfw_tables_t *s, tf_sql_e sql, PGresult **res)
{
    tfw_job_t  *job = s->job;

    *res = tfw_db_run(job->db, sql,
                      TFW_ARGS({ "database_id", s->database_id },
                               { "instance_id",
                                 tfw_databases_id(job, job->instance_id) }),
                      &job->err);
    if (*res == NULL) {
        return TF_ERROR;
    }

    if (PQntuples(*res) == 0) {
        return tf_fail(&job->err, TF_E_RESOURCE_NOT_FOUND, "id",
                       "the database is no more");
    }

    return TF_OK;
}


static tf_int_t
tfw_tables_read(tfw_tables_t *s)
{
    tf_int_t        rc;
    tfw_instance_t  in;

    s->sink.table_size = tfw_tables_sink_table;
    s->sink.scope = tfw_tables_sink_scope;

    tf_buf_init(&s->tables, s->job->mem, 65536, TFW_TABLES_JSON);
    tf_buf_char(&s->tables, '[');

    rc = tfw_instance_prepare(s->job, s->target, &in);

    if (rc == TF_OK) {
        in.target.statement_timeout = TFW_TABLES_STATEMENT;
        in.target.only = (char *) tf_row_get(s->target, 0, "database").data;
        rc = tfw_instance_read(s->job, &in, "table_sizes", &s->sink);
    }

    tfw_instance_close(&in);

    return rc;
}


static tf_int_t
tfw_tables_write(tfw_tables_t *s)
{
    tf_int_t    rc;
    tf_str_t    tables;
    PGresult   *res;
    tfw_job_t  *job = s->job;

    tf_buf_add(&s->tables, "]", 2);

    if (tf_buf_done(&s->tables, &tables) != TF_OK) {
        return tf_fail(&job->err, TF_E_RESULT_TOO_LARGE, NULL,
                       "%zu tables are too many", s->count);
    }

    if (tfw_job_begin(job) != TF_OK || tfw_tables_lock(s) != TF_OK) {
        return TF_ERROR;
    }

    res = tfw_db_run(job->db, TF_SQL_table_sizes_write,
                     TFW_ARGS({ "database_id", s->database_id },
                              { "tables", (char *) tables.data }),
                     &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    rc = tfw_tables_report(s, res);

    PQclear(res);

    return rc;
}


/* The database is still called what it was called, and stands where it did. */

static tf_int_t
tfw_tables_lock(tfw_tables_t *s)
{
    int         same;
    PGresult   *now;

    if (tfw_tables_target(s, TF_SQL_table_sizes_lock, &now) != TF_OK) {
        PQclear(now);
        return TF_ERROR;
    }

    same = tf_str_eq(tf_row_get(now, 0, "state"),
                     (char *) tf_row_get(s->target, 0, "state").data)
           && tf_str_eq(tf_row_get(now, 0, "database"),
                        (char *) tf_row_get(s->target, 0, "database").data);

    PQclear(now);

    return same ? TF_OK
                : tf_fail(&s->job->err, TF_E_ALREADY_RUNNING, NULL,
                          "the database changed while it was read");
}


static tf_int_t
tfw_tables_report(tfw_tables_t *s, const PGresult *written)
{
    tfw_job_t  *job = s->job;

    job->partial = tf_row_int(written, 0, "unread") > 0;

    if (tfw_job_report(job, "tables_saved",
                       tf_row_int(written, 0, "saved")) != TF_OK
        || tfw_job_report(job, "tables_deleted",
                          tf_row_int(written, 0, "gone")) != TF_OK
        || tfw_job_report(job, "tables_unread",
                          tf_row_int(written, 0, "unread")) != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_tables_page(s, written);
}


/* The answer to the request: the page that it asked for. */

static tf_int_t
tfw_tables_page(tfw_tables_t *s, const PGresult *written)
{
    tf_buf_t    b;
    tf_int_t    rc;
    PGresult   *res;
    tfw_job_t  *job = s->job;

    res = tfw_db_run(job->db, TF_SQL_table_sizes_result,
                     TFW_ARGS({ "id", s->database_id },
                              { "schema_name",
                                tfw_tables_asked(s, "schema_name") },
                              { "table_name",
                                tfw_tables_asked(s, "table_name") },
                              { "page", tfw_tables_asked(s, "page") },
                              { "limit", tfw_tables_asked(s, "limit") }),
                     &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    tf_buf_init(&b, job->mem, 65536, TFW_TABLES_JSON);
    tf_row_object(&b, res, 0);
    PQclear(res);

    if (b.last > b.start && b.last[-1] == '}') {
        b.last--;
    }

    tfw_databases_number(&b, "saved_count",
                         tf_row_int(written, 0, "saved"));
    tfw_databases_number(&b, "deleted_count",
                         tf_row_int(written, 0, "gone"));
    tfw_databases_number(&b, "unread_count",
                         tf_row_int(written, 0, "unread"));
    tfw_databases_number(&b, "elapsed_ms", tfw_clock() - s->began);
    tf_buf_char(&b, '}');

    rc = tf_buf_done(&b, &job->details);

    return rc == TF_OK ? TF_OK
                       : tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL,
                                 "out of memory");
}


/* A value of the payload as text; NULL when it has none. */

static const char *
tfw_tables_asked(tfw_tables_t *s, const char *name)
{
    tf_json_t  *v = tf_json_get(s->job->payload, name);

    return v && v->type != TF_JSON_NULL ? (char *) v->str.data : NULL;
}


static tf_int_t
tfw_tables_sink_table(tfw_sink_t *sink, const tfw_table_t *table)
{
    tf_buf_t           *b;
    tf_str_t            none = tf_null_string;
    tfw_tables_t  *s = (tfw_tables_t *) sink;

    b = &s->tables;

    tf_buf_lit(b, s->count ? ",{" : "{");
    tf_json_member(b, "schema_name", table->schema);
    tf_json_member(b, "table_name", table->name);
    tf_json_member(b, "native_id", table->native_id.len ? table->native_id
                                                        : none);
    tfw_databases_number(b, "size_bytes", table->total);
    tfw_databases_number(b, "data_bytes", table->data);
    tfw_databases_number(b, "index_bytes", table->index);
    tfw_databases_number(b, "row_estimate", table->rows);
    tf_buf_char(b, '}');

    if (++s->count % TFW_TABLES_LOOK == 0) {

        if (tfw_job_stopping(s->job)) {
            return TF_ERROR;
        }

        tfw_job_progress(s->job, "read", (int64_t) s->count, 0);
    }

    return TF_OK;
}


static tf_int_t
tfw_tables_sink_scope(tfw_sink_t *sink, const char *scope,
    tf_str_t database, tf_scope_status_e status, const tf_err_t *err)
{
    tfw_tables_t  *s = (tfw_tables_t *) sink;

    s->status = status;

    if (status != TF_SCOPE_OK) {
        tfw_job_log(s->job, "warning", "%s of %.*s was not read: %s: %s",
                    scope, (int) database.len, (char *) database.data,
                    tf_scope_status(status), err ? err->detail : "");

        if (err) {
            s->err = *err;
        }
    }

    return TF_OK;
}
