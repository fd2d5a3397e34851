
#include "tfw_test_effect.h"


#ifdef TFW_INJECTIONS

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tfw_inject.h"


tf_int_t
tfw_test_effect(tfw_job_t *job)
{
    long              ms;
    char              sql[160];
    tf_json_t        *v;
    struct timespec   ts = { 0, 10000000 };

    if (tf_json_get(job->payload, "nothing")) {
        return TF_OK;
    }

    v = tf_json_get(job->payload, "ms");

    for (ms = v ? strtol((char *) v->str.data, NULL, 10) : 0; ms > 0; ms -= 10)
    {
        if (tfw_job_stopping(job)) {
            return tf_fail(&job->err, TF_E_RUN_CANCELLED, NULL, "stopped");
        }
        nanosleep(&ts, NULL);
    }

    if (tf_json_get(job->payload, "crash")) {
        raise(SIGSEGV);
    }

    v = tf_json_get(job->payload, "fail");

    if (v != NULL) {
        return tf_fail(&job->err, tf_error_find(v->str), NULL, "on purpose");
    }

    snprintf(sql, sizeof(sql), "INSERT INTO tfw_test_effects (item, attempt)"
             " VALUES (%" PRId64 ", %d)", job->id, job->attempt);

    if (tfw_job_report(job, "effects", 1) != TF_OK
        || tfw_job_begin(job) != TF_OK
        || tfw_db_exec(job->db, sql, &job->err) != TF_OK)
    {
        return TF_ERROR;
    }

    TFW_INJECT("after_effect");

    return TF_OK;
}


#endif
