
#include <stdio.h>
#include <stdlib.h>

#include "tf_row.h"
#include "tfw_capacity.h"


typedef struct {
    const char          *today;         /* NULL: the day it is */
    const char          *scope;         /* "instance", "database", "all" */
    int64_t              periods;
    int64_t              instances;     /* rows of all periods */
    int64_t              databases;
} tfw_capacity_t;


static const char *tfw_capacity_payload(tfw_job_t *job, const char *name,
    const char *otherwise);
static tf_int_t tfw_capacity_period(tfw_job_t *job, tfw_capacity_t *c,
    const PGresult *due, int row);
static tf_int_t tfw_capacity_count(tfw_job_t *job, tf_sql_e sql,
    const tfw_arg_t *args, int64_t *n);
static tf_int_t tfw_capacity_report(tfw_job_t *job, tfw_capacity_t *c);
static tf_int_t tfw_capacity_details(tfw_job_t *job, tfw_capacity_t *c,
    const PGresult *now);


tf_int_t
tfw_capacity_closed(tfw_job_t *job)
{
    int              i;
    tf_int_t         rc;
    PGresult        *due;
    tfw_capacity_t   c;

    memset(&c, 0, sizeof(tfw_capacity_t));

    c.today = tfw_capacity_payload(job, "today", NULL);
    c.scope = "all";

    due = tfw_db_run(job->db, TF_SQL_capacity_due,
                     TFW_ARGS({ "today", c.today }), &job->err);
    if (due == NULL) {
        return TF_ERROR;
    }

    rc = tfw_job_begin(job);

    for (i = 0; rc == TF_OK && i < PQntuples(due); i++) {
        rc = tfw_capacity_period(job, &c, due, i);
        tfw_job_progress(job, "periods", i + 1, PQntuples(due));
    }

    PQclear(due);

    return rc == TF_OK ? tfw_capacity_report(job, &c) : TF_ERROR;
}


tf_int_t
tfw_capacity_current(tfw_job_t *job)
{
    tf_int_t         rc;
    PGresult        *now;
    const char      *type;
    tfw_capacity_t   c;

    memset(&c, 0, sizeof(tfw_capacity_t));

    c.today = tfw_capacity_payload(job, "today", NULL);
    c.scope = tfw_capacity_payload(job, "scope", "all");
    type = tfw_capacity_payload(job, "period_type", "daily");

    now = tfw_db_run(job->db, TF_SQL_capacity_now,
                     TFW_ARGS({ "today", c.today }, { "period_type", type }),
                     &job->err);
    if (now == NULL) {
        return TF_ERROR;
    }

    if (PQntuples(now) == 0) {
        PQclear(now);
        return tf_fail(&job->err, TF_E_VALIDATION_ERROR, "period_type",
                       "has to be one of %s",
                       "daily, weekly, monthly, quarterly");
    }

    rc = tfw_job_begin(job);

    if (rc == TF_OK) {
        rc = tfw_capacity_period(job, &c, now, 0);
    }

    if (rc == TF_OK) {
        rc = tfw_capacity_report(job, &c);
    }

    if (rc == TF_OK) {
        rc = tfw_capacity_details(job, &c, now);
    }

    PQclear(now);

    return rc;
}


static const char *
tfw_capacity_payload(tfw_job_t *job, const char *name, const char *otherwise)
{
    tf_json_t  *v;

    v = tf_json_get(job->payload, name);

    return v && v->type == TF_JSON_STRING ? (char *) v->str.data : otherwise;
}


static tf_int_t
tfw_capacity_period(tfw_job_t *job, tfw_capacity_t *c, const PGresult *due,
    int row)
{
    char       databases[24], instances[24];
    int64_t    ndatabases, ninstances;
    PGresult  *res;

    const tfw_arg_t  period[] = {
        { "period_type", (char *) tf_row_get(due, row, "period_type").data },
        { "first", (char *) tf_row_get(due, row, "first").data },
        { "last", (char *) tf_row_get(due, row, "last").data },
        { "before", (char *) tf_row_get(due, row, "before").data },
        { "is_closed", (char *) tf_row_get(due, row, "is_closed").data },
        { "databases", databases },
        { "instances", instances },
        { NULL, NULL }
    };

    ndatabases = 0;
    ninstances = 0;

    if (strcmp(c->scope, "instance") != 0
        && tfw_capacity_count(job, TF_SQL_capacity_databases, period,
                              &ndatabases) != TF_OK)
    {
        return TF_ERROR;
    }

    if (strcmp(c->scope, "database") != 0
        && tfw_capacity_count(job, TF_SQL_capacity_instances, period,
                              &ninstances) != TF_OK)
    {
        return TF_ERROR;
    }

    c->periods++;
    c->databases += ndatabases;
    c->instances += ninstances;

    if (strcmp(c->scope, "all") != 0) {
        return TF_OK;
    }

    (void) snprintf(databases, sizeof(databases), "%lld",
                    (long long) ndatabases);
    (void) snprintf(instances, sizeof(instances), "%lld",
                    (long long) ninstances);

    res = tfw_db_run(job->db, TF_SQL_capacity_period_done, period, &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    PQclear(res);

    return TF_OK;
}


static tf_int_t
tfw_capacity_count(tfw_job_t *job, tf_sql_e sql, const tfw_arg_t *args,
    int64_t *n)
{
    PGresult  *res;

    res = tfw_db_run(job->db, sql, args, &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    *n = tf_row_int(res, 0, "n");

    PQclear(res);

    return TF_OK;
}


static tf_int_t
tfw_capacity_report(tfw_job_t *job, tfw_capacity_t *c)
{
    int64_t  grown;

    if (tfw_capacity_count(job, TF_SQL_capacity_grow,
                           TFW_ARGS({ "today", c->today }), &grown) != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_job_report(job, "periods_executed", c->periods) == TF_OK
           && tfw_job_report(job, "records_instance", c->instances) == TF_OK
           && tfw_job_report(job, "records_database", c->databases) == TF_OK
           && tfw_job_report(job, "instances_total", grown) == TF_OK
           ? TF_OK : TF_ERROR;
}


/* What a client of the reference finds in a result of this. */

static tf_int_t
tfw_capacity_details(tfw_job_t *job, tfw_capacity_t *c, const PGresult *now)
{
    tf_buf_t  b;
    tf_str_t  type;

    type = tf_row_get(now, 0, "period_type");

    tf_buf_init(&b, job->mem, 256, 4096);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "status", tf_str("completed"));
    tf_json_member(&b, "scope", tf_str(c->scope));
    tf_json_member(&b, "requested_period_type", type);
    tf_json_member(&b, "effective_period_type", type);
    tf_json_member(&b, "period_start", tf_row_get(now, 0, "first"));
    tf_json_member(&b, "period_end", tf_row_get(now, 0, "last"));
    tf_buf_char(&b, '}');

    return tf_buf_done(&b, &job->details) == TF_OK ? TF_OK
           : tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "no memory");
}
