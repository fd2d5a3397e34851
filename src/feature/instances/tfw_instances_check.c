
/*
 * What the monitoring account of an instance may do, right by right.
 */


#include <stdio.h>

#include "tf_grants.h"
#include "tf_row.h"
#include "tfw_instances.h"


#define TFW_CHECK_ROWS   100000
#define TFW_CHECK_BYTES  (16 * 1024 * 1024)


typedef struct {
    tfw_sink_t   sink;          /* first: the sink is the check */
    tf_buf_t     rights;        /* what became of each, as JSON */
    unsigned     n;
} tfw_check_t;


static tf_int_t tfw_check_rights(tfw_job_t *job, tfw_instance_t *in,
    tfw_check_t *c);
static tf_int_t tfw_check_scope(tfw_sink_t *sink, const char *scope,
    tf_str_t database, tf_scope_status_e status, const tf_err_t *err);
static tf_int_t tfw_check_details(tfw_job_t *job, const tfw_instance_t *in,
    tfw_check_t *c);
static tf_int_t tfw_check_script(tfw_job_t *job, const tfw_instance_t *in,
    tf_str_t *script);


tf_int_t
tfw_check_collector(tfw_job_t *job)
{
    int64_t         started;
    tf_int_t        rc;
    PGresult       *place;
    tfw_check_t     c;
    tfw_instance_t  in;

    started = tfw_clock();

    place = tfw_instances_place(job);
    if (place == NULL) {
        return TF_ERROR;
    }

    rc = tfw_instance_prepare(job, place, &in);

    if (rc == TF_OK) {
        rc = tfw_check_rights(job, &in, &c);
    }

    tfw_instance_close(&in);

    if (rc != TF_OK) {
        rc = tfw_instances_failed(job, &in, started);

    } else {
        rc = tfw_instances_connected(job, &in) == TF_OK
             ? tfw_check_details(job, &in, &c) : TF_ERROR;
    }

    PQclear(place);

    return rc;
}


static tf_int_t
tfw_check_rights(tfw_job_t *job, tfw_instance_t *in, tfw_check_t *c)
{
    in->target.connect_timeout = TFW_TEST_CONNECT;
    in->target.statement_timeout = TFW_TEST_QUERY;
    in->target.max_rows = TFW_CHECK_ROWS;
    in->target.max_bytes = TFW_CHECK_BYTES;

    if (tfw_instance_connect(job, in) != TF_OK) {
        return TF_ERROR;
    }

    memset(c, 0, sizeof(tfw_check_t));
    c->sink.scope = tfw_check_scope;
    tf_buf_init(&c->rights, job->mem, 4096, TFW_CHECK_BYTES);
    tf_buf_char(&c->rights, '[');

    return tfw_reading_run(in->engine, "rights", in->session, job->mem,
                           &c->sink, &job->err);
}


static tf_int_t
tfw_check_scope(tfw_sink_t *sink, const char *scope, tf_str_t database,
    tf_scope_status_e status, const tf_err_t *err)
{
    static const char *const  held[] = { "null", "true", "false" };

    tfw_check_t  *c = (tfw_check_t *) sink;
    tf_buf_t     *b = &c->rights;

    if (c->n++) {
        tf_buf_char(b, ',');
    }

    tf_buf_char(b, '{');
    tf_json_member(b, "name", tf_str(scope));
    tf_json_member(b, "database", database);
    tf_json_key(b, "held");
    tf_buf_lit(b, held[status <= TF_SCOPE_DENIED ? status : 0]);
    tf_json_key(b, "code");

    if (err) {
        tf_json_string(b, tf_str(tf_errors[err->code].code));

    } else {
        tf_buf_lit(b, "null");
    }

    tf_buf_char(b, '}');

    return TF_OK;
}


/* In words by the schema, which has those of the statements. */

static tf_int_t
tfw_check_details(tfw_job_t *job, const tfw_instance_t *in, tfw_check_t *c)
{
    char       id[24];
    tf_int_t   rc;
    tf_str_t   rights, script, details;
    PGresult  *res;

    tf_buf_char(&c->rights, ']');

    if (tf_buf_done(&c->rights, &rights) != TF_OK
        || tfw_check_script(job, in, &script) != TF_OK)
    {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    snprintf(id, sizeof(id), "%lld", (long long) job->instance_id);

    res = tfw_db_run(job->db, TF_SQL_collector_check,
                     TFW_ARGS({ "id", id },
                              { "rights", (char *) rights.data },
                              { "script", (char *) script.data }),
                     &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    details = tf_row_get(res, 0, "details");
    job->details.data = tf_alloc(job->mem, details.len + 1);
    rc = job->details.data && details.data
         ? TF_OK
         : tf_fail(&job->err, TF_E_RESOURCE_NOT_FOUND, "instance_id",
                   "the instance was deleted");

    if (rc == TF_OK) {
        memcpy(job->details.data, details.data, details.len);
        job->details.len = details.len;
    }

    PQclear(res);

    return rc;
}


static tf_int_t
tfw_check_script(tfw_job_t *job, const tfw_instance_t *in, tf_str_t *script)
{
    int       version;
    tf_buf_t  b;
    tf_str_t  product;

    version = tf_grants_version(in->engine->engine, tf_str(in->version.main));
    product = tf_str(strstr(in->version.text, "MariaDB") ? "mariadb"
                                                         : "mysql");

    tf_buf_init(&b, job->mem, 4096, 65536);
    (void) tf_grants_script(&b, in->engine->engine, product,
                            version ? version : TF_GRANTS_NEWEST);

    return tf_buf_done(&b, script);
}
