
#include "tfw_inject.h"


#ifdef TFW_INJECTIONS

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tf_crypto.h"
#include "tfw_cron.h"
#include "tfw_mem.h"


static tf_int_t tfw_test_cron(tfw_job_t *job, const tf_json_t *cron);


void
tfw_inject(const char *point)
{
    size_t       len;
    unsigned     dice;
    const char  *p;

    len = strlen(point);
    p = getenv("TFW_INJECT");

    while (p && *p) {

        if (strncmp(p, point, len) == 0 && p[len] == '=') {
            tf_random(&dice, sizeof(dice));

            if (dice % 100 < strtoul(p + len + 1, NULL, 10)) {
                kill(getpid(), SIGKILL);
            }
        }

        p = strchr(p, ',');
        p = p ? p + 1 : NULL;
    }
}


/* details: the next n due times of a schedule after a time */

static tf_int_t
tfw_test_cron(tfw_job_t *job, const tf_json_t *cron)
{
    long       n;
    int64_t    at;
    tf_buf_t   b;
    tf_int_t   rc;
    char      *expression, *zone;

    expression = tfw_mem_text(job->mem, tf_json_get(cron, "expression")->str);
    zone = tfw_mem_text(job->mem, tf_json_get(cron, "zone")->str);
    at = strtoll((char *) tf_json_get(cron, "after")->str.data, NULL, 10);
    n = strtol((char *) tf_json_get(cron, "n")->str.data, NULL, 10);

    tf_buf_init(&b, job->mem, 256, 64 * 1024);
    tf_buf_char(&b, '[');

    for (rc = TF_OK; n > 0; n--) {
        rc = tfw_cron_after(job->db, expression, zone, at, &at, &job->err);

        if (rc != TF_OK) {
            break;
        }

        tf_buf_int(&b, at);
        tf_buf_lit(&b, n > 1 ? "," : "");
    }

    tf_buf_char(&b, ']');

    return rc == TF_OK ? tf_buf_done(&b, &job->details) : TF_ERROR;
}


tf_int_t
tfw_test_effect(tfw_job_t *job)
{
    long              ms;
    char              sql[160];
    tf_json_t        *v;
    struct timespec   ts = { 0, 10000000 };

    v = tf_json_get(job->payload, "cron");

    if (v != NULL) {
        return tfw_test_cron(job, v);
    }

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
