
#include <stdlib.h>

#include "tf_mem.h"
#include "tf_row.h"
#include "tfw_partitions.h"


#define TFW_PARTITIONS_DETAILS  (1024 * 1024)   /* bytes, at most */


typedef struct {
    tf_sql_e             sql;           /* what is done with each table */
    const char          *key;           /* of the list in the result */
    const char          *zh;
    const char          *en;
    const char          *partitions;    /* metrics */
    const char          *rows;
} tfw_partitions_job_t;

typedef struct {
    const tfw_partitions_job_t  *what;
    const char          *today;         /* NULL: the day it is */
    const char          *month;
    const char          *months;
    const char          *lang;

    tf_buf_t             list;          /* of what was done, JSON */
    int64_t              items;
    int64_t              partitions;
    int64_t              rows;
    int64_t              busy;          /* tables that were left as they were */
} tfw_partitions_t;


static tf_int_t tfw_partitions_run(tfw_job_t *job,
    const tfw_partitions_job_t *what);
static tf_int_t tfw_partitions_all(tfw_job_t *job, tfw_partitions_t *p);
static const char *tfw_partitions_payload(tfw_job_t *job, const char *name);
static tf_int_t tfw_partitions_table(tfw_job_t *job, tfw_partitions_t *p,
    const PGresult *tables, int row);
static void tfw_partitions_item(tfw_partitions_t *p, const PGresult *tables,
    int row, const PGresult *done, int i);
static tf_int_t tfw_partitions_details(tfw_job_t *job, tfw_partitions_t *p);


tf_int_t
tfw_partitions_ahead(tfw_job_t *job)
{
    static const tfw_partitions_job_t  make = {
        TF_SQL_partitions_make, "created_partitions", "分区已创建",
        "partitions created", "partitions_created", "rows_moved"
    };

    return tfw_partitions_run(job, &make);
}


tf_int_t
tfw_partitions_cleanup(tfw_job_t *job)
{
    static const tfw_partitions_job_t  drop = {
        TF_SQL_partitions_drop, "dropped_partitions", "旧分区已清理",
        "old partitions dropped", "partitions_dropped", "rows_dropped"
    };

    return tfw_partitions_run(job, &drop);
}


static tf_int_t
tfw_partitions_run(tfw_job_t *job, const tfw_partitions_job_t *what)
{
    tfw_partitions_t  p;

    memset(&p, 0, sizeof(tfw_partitions_t));
    p.what = what;

    return tfw_partitions_all(job, &p) == TF_OK
           && tfw_job_report(job, what->partitions, p.partitions) == TF_OK
           && tfw_job_report(job, what->rows, p.rows) == TF_OK
           ? TF_OK : TF_ERROR;
}


static tf_int_t
tfw_partitions_all(tfw_job_t *job, tfw_partitions_t *p)
{
    int        i;
    tf_int_t   rc;
    tf_err_t   busy;
    PGresult  *tables;

    p->today = tfw_partitions_payload(job, "today");
    p->month = tfw_partitions_payload(job, "month");
    p->months = tfw_partitions_payload(job, "retention_months");
    p->lang = tfw_partitions_payload(job, "lang");

    tf_buf_init(&p->list, job->mem, 1024, TFW_PARTITIONS_DETAILS);
    tf_buf_char(&p->list, '[');

    tables = tfw_db_run(job->db, TF_SQL_partitions_tables,
                        TFW_ARGS({ "lang", p->lang }), &job->err);
    if (tables == NULL) {
        return TF_ERROR;
    }

    for (i = 0; i < PQntuples(tables); i++) {

        if (tfw_partitions_table(job, p, tables, i) == TF_OK) {
            continue;
        }

        tfw_job_log(job, "warning", "partitions of %s: %s",
                    (char *) tf_row_get(tables, i, "table_name").data,
                    job->err.detail);
        busy = job->err;
        p->busy++;
    }

    PQclear(tables);

    if (p->busy) {
        job->err = busy;
        return TF_ERROR;
    }

    rc = tfw_job_begin(job);

    return rc == TF_OK ? tfw_partitions_details(job, p) : rc;
}


/* A text or a number; NULL: there is none. */

static const char *
tfw_partitions_payload(tfw_job_t *job, const char *name)
{
    tf_json_t  *v;

    v = tf_json_get(job->payload, name);

    return v && (v->type == TF_JSON_STRING || v->type == TF_JSON_NUMBER)
           ? (char *) v->str.data : NULL;
}


static tf_int_t
tfw_partitions_table(tfw_job_t *job, tfw_partitions_t *p,
    const PGresult *tables, int row)
{
    int        i;
    PGresult  *res;

    res = tfw_db_run(job->db, p->what->sql,
                     TFW_ARGS({ "table", (char *) tf_row_get(tables, row,
                                                     "table_name").data },
                              { "type", (char *) tf_row_get(tables, row,
                                                     "table_type").data },
                              { "today", p->today }, { "month", p->month },
                              { "months", p->months }),
                     &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    for (i = 0; i < PQntuples(res); i++) {
        tfw_partitions_item(p, tables, row, res, i);
    }

    PQclear(res);

    return TF_OK;
}


static void
tfw_partitions_item(tfw_partitions_t *p, const PGresult *tables, int row,
    const PGresult *done, int i)
{
    tf_str_t  rows;

    /* NULL of a month that was there already */

    rows = tf_row_get(done, i, "rows");

    if (rows.data) {
        p->partitions++;
        p->rows += strtoll((char *) rows.data, NULL, 10);
    }

    if (p->items++) {
        tf_buf_char(&p->list, ',');
    }

    tf_buf_char(&p->list, '{');
    tf_json_member(&p->list, "table", tf_row_get(tables, row, "table_type"));
    tf_json_member(&p->list, "table_name",
                   tf_row_get(tables, row, "table_name"));
    tf_json_member(&p->list, "partition_name", tf_row_get(done, i, "name"));
    tf_json_member(&p->list, "display_name", tf_row_get(tables, row, "title"));
    tf_json_member(&p->list, "status",
                   tf_str(rows.data == NULL ? "exists"
                          : p->what->sql == TF_SQL_partitions_make ? "created"
                                                             : "dropped"));
    tf_buf_char(&p->list, '}');
}


static tf_int_t
tfw_partitions_details(tfw_job_t *job, tfw_partitions_t *p)
{
    tf_int_t   rc;
    tf_str_t   list;
    PGresult  *res;

    tf_buf_add(&p->list, "]", 2);

    if (tf_buf_done(&p->list, &list) != TF_OK) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    res = tfw_db_run(job->db, TF_SQL_partitions_done,
                     TFW_ARGS({ "key", p->what->key }, { "zh", p->what->zh },
                              { "en", p->what->en }, { "lang", p->lang },
                              { "month", p->month },
                              { "list", (char *) list.data }),
                     &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    rc = tf_mem_copy(job->mem, tf_row_get(res, 0, "details"), &job->details);

    PQclear(res);

    return rc == TF_OK ? TF_OK
           : tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "no memory");
}
