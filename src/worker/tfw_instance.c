
#include <stdlib.h>
#include <unistd.h>

#include "tf_row.h"
#include "tfw_engines.h"
#include "tfw_instance.h"
#include "tfw_secret.h"


#define TFW_INSTANCE_CONNECT    10      /* seconds */
#define TFW_INSTANCE_STATEMENT  60
#define TFW_INSTANCE_ROWS       5000000
#define TFW_INSTANCE_BYTES      (512 * 1024 * 1024)


static const char *tfw_instance_text(const PGresult *row, const char *column);
static int tfw_instance_stopping(void *job);


tf_int_t
tfw_instance_prepare(tfw_job_t *job, const PGresult *row, tfw_instance_t *in)
{
    tf_str_t       db_type, credential;
    tfw_target_t  *t = &in->target;

    memset(in, 0, sizeof(tfw_instance_t));
    in->ca = -1;

    t->host = tfw_instance_text(row, "host");
    t->port = (int) strtol(tfw_instance_text(row, "port"), NULL, 10);
    t->database = tfw_instance_text(row, "database_name");
    t->tls_mode = tfw_instance_text(row, "tls_mode");
    t->address = in->address;
    t->connect_timeout = TFW_INSTANCE_CONNECT;
    t->statement_timeout = TFW_INSTANCE_STATEMENT;
    t->max_rows = TFW_INSTANCE_ROWS;
    t->max_bytes = TFW_INSTANCE_BYTES;
    t->stopping = tfw_instance_stopping;
    t->job = job;

    db_type = tf_row_get(row, 0, "db_type");
    in->engine = tfw_engines_find(db_type);

    if (in->engine == NULL) {
        return tf_fail(&job->err, TF_E_DRIVER_MISSING, "db_type",
                       "no engine for %.*s", (int) db_type.len,
                       (char *) db_type.data);
    }

    t->driver = tf_str_eq(db_type, "oracle") ? job->conf->odbc_oracle
                                             : job->conf->odbc_sqlserver;

    credential = tf_row_get(row, 0, "credential_id");

    if (credential.data == NULL) {
        return tf_fail(&job->err, TF_E_CREDENTIAL_REQUIRED, "credential_id",
                       "the instance has no credential");
    }

    if (tfw_target_resolve(&job->conf->targets, t->host, t->port, in->address,
                           &job->err)
            != TF_OK
        || tfw_target_ca(tf_row_get(row, 0, "tls_ca"), in->ca_path, &in->ca,
                         &job->err)
           != TF_OK)
    {
        return TF_ERROR;
    }

    t->tls_ca = in->ca_path[0] ? in->ca_path : NULL;

    return job->conf->hooks->login(job, strtoll((char *) credential.data, NULL,
                                                10),
                                   &t->username, &t->password);
}


tf_int_t
tfw_instance_connect(tfw_job_t *job, tfw_instance_t *in)
{
    in->session = tf_calloc(job->mem, in->engine->session_size);

    if (in->session == NULL) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
    }

    if (tfw_reading_open(in->engine, in->session, &in->target, &in->version,
                         &job->err)
        != TF_OK)
    {
        return TF_ERROR;
    }

    in->connected = 1;
    tfw_job_connected(job);

    return TF_OK;
}


tf_int_t
tfw_instance_read(tfw_job_t *job, tfw_instance_t *in, const char *reading,
    tfw_sink_t *sink)
{
    tf_int_t  rc;

    tfw_job_progress(job, "connect", 0, 0);

    rc = tfw_instance_connect(job, in);

    if (rc == TF_OK) {
        job->err.code = TF_E_NONE;
        tfw_job_progress(job, "read", 0, 0);

        rc = tfw_reading_run(in->engine, reading, in->session, job->mem, sink,
                             &job->err);
    }

    return rc != TF_OK && tfw_job_stopping(job)
           ? tf_fail(&job->err, TF_E_RUN_CANCELLED, NULL, "stopped") : rc;
}


void
tfw_instance_close(tfw_instance_t *in)
{
    if (in->session) {
        in->engine->close(in->session);
        in->session = NULL;
    }

    tfw_secret_close(in->target.password);
    in->target.password = NULL;

    if (in->ca != -1) {
        (void) close(in->ca);
        in->ca = -1;
    }
}


/* A text of the row, which ends in NUL; NULL for SQL NULL. */

static const char *
tfw_instance_text(const PGresult *row, const char *column)
{
    return (const char *) tf_row_get(row, 0, column).data;
}


static int
tfw_instance_stopping(void *job)
{
    return tfw_job_stopping(job);
}
