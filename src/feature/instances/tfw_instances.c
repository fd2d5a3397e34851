
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tfw_instances.h"


#define TFW_TEST_MIN       500          /* ms that a refusal takes at least */


static tf_int_t tfw_test_details(tfw_job_t *job, const tfw_instance_t *in,
    int code);


tf_int_t
tfw_test_connection(tfw_job_t *job)
{
    int64_t         started;
    tf_int_t        rc;
    PGresult       *place;
    tfw_instance_t  in;

    started = tfw_clock();

    place = tfw_instances_place(job);
    if (place == NULL) {
        return TF_ERROR;
    }

    rc = tfw_instance_prepare(job, place, &in);

    if (rc == TF_OK) {
        in.target.connect_timeout = TFW_TEST_CONNECT;
        in.target.statement_timeout = TFW_TEST_QUERY;
        in.target.max_rows = 16;
        in.target.max_bytes = 65536;

        rc = tfw_instance_connect(job, &in);
    }

    tfw_instance_close(&in);

    if (rc != TF_OK) {
        rc = tfw_instances_failed(job, &in, started);

    } else {
        rc = tfw_test_details(job, &in, TF_E_NONE) == TF_OK
             ? tfw_instances_connected(job, &in) : TF_ERROR;
    }

    /* the target's texts are those of the row */

    PQclear(place);

    return rc;
}


PGresult *
tfw_instances_place(tfw_job_t *job)
{
    char       item[24];
    PGresult  *place;

    snprintf(item, sizeof(item), "%lld", (long long) job->id);

    place = tfw_db_run(job->db, TF_SQL_instance_place,
                       TFW_ARGS({ "item", item }), &job->err);

    if (place && PQntuples(place) == 0) {
        PQclear(place);
        (void) tf_fail(&job->err, TF_E_RESOURCE_NOT_FOUND, "instance_id",
                       "the instance was deleted");
        return NULL;
    }

    return place;
}


tf_int_t
tfw_instances_failed(tfw_job_t *job, const tfw_instance_t *in, int64_t started)
{
    int64_t          left;
    struct timespec  ts;

    if (job->err.code == TF_E_INTERNAL_ERROR
        || job->err.code == TF_E_RUN_CANCELLED
        || job->err.code == TF_E_SERVICE_UNAVAILABLE
        || job->err.code == TF_E_DATABASE_QUERY_ERROR)
    {
        return TF_ERROR;
    }

    tfw_job_log(job, "warning", "connection test of %s port %d failed: %s: %s",
                in->target.host, in->target.port, tf_errors[job->err.code].code,
                job->err.detail);

    left = started + TFW_TEST_MIN - tfw_clock();

    if (left > 0) {
        ts.tv_sec = left / 1000;
        ts.tv_nsec = left % 1000 * 1000000;
        (void) nanosleep(&ts, NULL);
    }

    if (tfw_test_details(job, in, job->err.code) != TF_OK) {
        return TF_ERROR;
    }

    job->err.code = TF_E_NONE;

    return tfw_job_begin(job);
}


tf_int_t
tfw_instances_connected(tfw_job_t *job, const tfw_instance_t *in)
{
    char       id[24];
    PGresult  *res;

    if (tfw_job_begin(job) != TF_OK) {
        return TF_ERROR;
    }

    if (job->instance_id == 0) {
        return TF_OK;
    }

    snprintf(id, sizeof(id), "%lld", (long long) job->instance_id);

    res = tfw_db_run(job->db, TF_SQL_instance_connected,
                     TFW_ARGS({ "id", id },
                              { "version", in->version.text },
                              { "main", in->version.main },
                              { "detailed", in->version.detailed }),
                     &job->err);

    PQclear(res);

    return res ? TF_OK : TF_ERROR;
}


static tf_int_t
tfw_test_details(tfw_job_t *job, const tfw_instance_t *in, int code)
{
    tf_buf_t           b;
    const tf_error_t  *e = &tf_errors[code];

    tf_buf_init(&b, job->mem, 1024, 65536);

    tf_buf_lit(&b, code ? "{\"success\":false" : "{\"success\":true");
    tf_json_member(&b, "message", tf_str(code ? e->message[TF_LANG_ZH]
                                              : "连接成功"));
    tf_json_member(&b, "message_en", tf_str(code ? e->message[TF_LANG_EN]
                                                 : "Connected"));
    if (code) {
        tf_json_member(&b, "error_code", tf_str(e->code));
    }

    tf_json_key(&b, "details");
    tf_buf_char(&b, '{');
    tf_json_member(&b, "host", tf_str(in->target.host));
    tf_json_key(&b, "port");
    tf_buf_int(&b, in->target.port);
    tf_json_member(&b, "tls_mode", tf_str(in->target.tls_mode));

    if (in->engine) {
        tf_json_member(&b, "engine_tested",
                       tf_str(in->engine->engine->simulated ? "simulated"
                                                            : "real"));
    }

    if (code == TF_E_NONE) {
        tf_json_member(&b, "database_version", tf_str(in->version.text));
        tf_json_member(&b, "main_version", tf_str(in->version.main));
        tf_json_member(&b, "detailed_version", tf_str(in->version.detailed));
    }

    tf_buf_lit(&b, "}}");

    if (tf_buf_done(&b, &job->details) != TF_OK) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    return TF_OK;
}
