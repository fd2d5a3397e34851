
#include <stdlib.h>

#include "tfw_housekeeping.h"
#include "tfw_queue.h"


static tf_int_t tfw_housekeeping_summaries(tfw_job_t *job, int *n);


/*
 * The nightly job: removes what nobody needs any more, brings stored passwords
 * under the youngest key and fills in summaries that a crash left out.
 */

tf_int_t
tfw_housekeeping(tfw_job_t *job)
{
    int         renewed, unreadable, summaries;
    size_t      i;
    int64_t     rows;
    PGresult   *res;

    static const struct {
        const char  *name;
        tf_sql_e     sql;
    } steps[] = {
        { "sessions", TF_SQL_housekeeping_sessions },
        { "throttles", TF_SQL_housekeeping_throttle },
        { "runs", TF_SQL_housekeeping_runs },
        { "fires", TF_SQL_housekeeping_fires },
        { "workers", TF_SQL_housekeeping_workers }
    };

    if (job->conf->hooks->renew(job, &renewed, &unreadable) != TF_OK
        || tfw_housekeeping_summaries(job, &summaries) != TF_OK
        || tfw_job_report(job, "credentials_renewed", renewed) != TF_OK
        || tfw_job_report(job, "credentials_unreadable", unreadable) != TF_OK
        || tfw_job_report(job, "summaries", summaries) != TF_OK
        || tfw_job_begin(job) != TF_OK)
    {
        return TF_ERROR;
    }

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {

        res = tfw_db_run(job->db, steps[i].sql, NULL, &job->err);
        if (res == NULL) {
            return TF_ERROR;
        }

        rows = strtoll(PQcmdTuples(res), NULL, 10);
        PQclear(res);

        if (tfw_job_report(job, steps[i].name, rows) != TF_OK) {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_housekeeping_summaries(tfw_job_t *job, int *n)
{
    PGresult  *res;

    res = tfw_db_run(job->db, TF_SQL_queue_without_summary, NULL, &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    for (*n = 0; *n < PQntuples(res); *n += 1) {
        tfw_queue_summary(job->db, PQgetvalue(res, *n, 0));
    }

    PQclear(res);

    return TF_OK;
}
