
#include <stdlib.h>

#include "tfw_audit.h"
#include "tfw_audits.h"
#include "tfw_event.h"


tf_int_t
tfw_audits_publish(tfw_job_t *job)
{
    char        *seq, *hash;
    PGresult    *res;
    tf_event_t  *e;

    res = tfw_db_run(job->db, TF_SQL_audit_head, NULL, &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    seq = PQgetvalue(res, 0, 0);
    hash = PQgetvalue(res, 0, 1);

    tfw_job_log(job, "info", "the audit log ends in %s:%s", seq, hash);

    e = tfw_event_begin(TF_EVENT_AUDIT_HEAD);
    tf_event_run(e, tf_str(job->run_uuid));
    tf_event_int(e, "seq", strtoll(seq, NULL, 10));
    tf_event_str(e, "hash", tf_str(hash));
    tfw_event_end(e);

    PQclear(res);

    return TF_OK;
}


tf_int_t
tfw_audits_cleanup(tfw_job_t *job)
{
    char       actor[400];
    int64_t    rows, counts;
    PGresult  *res;

    if (tfw_job_begin(job) != TF_OK) {
        return TF_ERROR;
    }

    tfw_audit_actor(actor, sizeof(actor));

    res = tfw_db_run(job->db, TF_SQL_logs_prune_counts, NULL, &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    counts = strtoll(PQcmdTuples(res), NULL, 10);
    PQclear(res);

    /* the last: it holds the head until the end of the transaction */

    res = tfw_db_run(job->db, TF_SQL_audit_cut, TFW_ARGS({ "actor", actor }),
                     &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    rows = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
    PQclear(res);

    return tfw_job_report(job, "log_counts", counts) == TF_OK
           && tfw_job_report(job, "audit_rows", rows) == TF_OK
           ? TF_OK : TF_ERROR;
}
