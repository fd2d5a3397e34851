
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tf_row.h"
#include "tfw_credential.h"
#include "tfw_engine.h"
#include "tfw_instances.h"
#include "tfw_target.h"


#define TFW_TEST_CONNECT   8            /* seconds */
#define TFW_TEST_QUERY     5
#define TFW_TEST_MIN       500          /* ms that a refusal takes at least */


/* A test: what it works on and what it found. */

typedef struct {
    tfw_job_t               *job;
    const tfw_engine_t      *engine;
    tfw_target_t             target;
    char                     address[TFW_ADDRESS_LEN];
    char                     ca_path[TFW_CA_LEN];
    int                      ca;        /* fd, -1 for none */
    tfw_version_t            version;
} tfw_test_t;


static tf_int_t tfw_test_place(tfw_test_t *t, const PGresult *place);
static tf_int_t tfw_test_open(tfw_test_t *t);
static tf_int_t tfw_test_failed(tfw_test_t *t, int64_t started);
static tf_int_t tfw_test_connected(tfw_test_t *t);
static tf_int_t tfw_test_details(tfw_test_t *t, int code);
static void tfw_test_ascii(char *s);
static const char *tfw_test_text(const PGresult *place, const char *column);
static int64_t tfw_test_clock(void);


tf_int_t
tfw_test_connection(tfw_job_t *job)
{
    char         item[24];
    int64_t      started;
    tf_int_t     rc;
    PGresult    *place;
    tfw_test_t   t;

    memset(&t, 0, sizeof(tfw_test_t));

    t.job = job;
    t.ca = -1;
    started = tfw_test_clock();

    snprintf(item, sizeof(item), "%lld", (long long) job->id);

    place = tfw_db_run(job->db, TF_SQL_instance_place,
                       TFW_ARGS({ "item", item }), &job->err);
    if (place == NULL) {
        return TF_ERROR;
    }

    if (PQntuples(place) == 0) {
        PQclear(place);
        return tf_fail(&job->err, TF_E_RESOURCE_NOT_FOUND, "instance_id",
                       "the instance was deleted");
    }

    rc = tfw_test_place(&t, place);

    if (rc == TF_OK) {
        rc = tfw_test_open(&t);
    }

    tfw_credential_close(t.target.password);
    t.target.password = NULL;

    if (t.ca != -1) {
        close(t.ca);
    }

    rc = rc == TF_OK ? tfw_test_connected(&t) : tfw_test_failed(&t, started);

    /* the target's texts are those of the row */

    PQclear(place);

    return rc;
}


/* Finds everything that connecting needs, the password last. */

static tf_int_t
tfw_test_place(tfw_test_t *t, const PGresult *place)
{
    tfw_job_t     *job = t->job;
    tf_str_t       credential;
    tfw_target_t  *target = &t->target;

    target->host = tfw_test_text(place, "host");
    target->database = tfw_test_text(place, "database_name");
    target->tls_mode = tfw_test_text(place, "tls_mode");
    target->port = (int) strtol(tfw_test_text(place, "port"), NULL, 10);
    target->address = t->address;
    target->connect_timeout = TFW_TEST_CONNECT;
    target->statement_timeout = TFW_TEST_QUERY;
    target->max_rows = 16;
    target->max_bytes = 65536;

    t->engine = tfw_engine_find(tf_row_get(place, 0, "db_type"));

    if (t->engine == NULL) {
        return tf_fail(&job->err, TF_E_DRIVER_MISSING, "db_type", "%s",
                       tfw_test_text(place, "db_type"));
    }

    credential = tf_row_get(place, 0, "credential_id");

    if (credential.data == NULL) {
        return tf_fail(&job->err, TF_E_CREDENTIAL_REQUIRED, "credential_id",
                       "the instance has no credential");
    }

    if (tfw_target_resolve(&job->conf->targets, target->host, target->port,
                           t->address, &job->err)
            != TF_OK
        || tfw_target_ca(tf_row_get(place, 0, "tls_ca"), t->ca_path, &t->ca,
                         &job->err)
           != TF_OK)
    {
        return TF_ERROR;
    }

    target->tls_ca = t->ca_path[0] ? t->ca_path : NULL;

    return tfw_credential_open(job, strtoll((char *) credential.data, NULL,
                                            10),
                               &target->username, &target->password);
}


static tf_int_t
tfw_test_open(tfw_test_t *t)
{
    void       *session;
    tf_int_t    rc;
    tf_err_t   *err = &t->job->err;

    session = tf_calloc(t->job->mem, t->engine->session_size);
    if (session == NULL) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    rc = t->engine->open(session, &t->target, err);

    if (rc == TF_OK) {
        tfw_job_connected(t->job);
        rc = t->engine->version(session, &t->version, err);
    }

    t->engine->close(session);

    return rc;
}


/* Why it failed is for the log; the client gets one of a few codes, and not
 * sooner for one than for the other. */

static tf_int_t
tfw_test_failed(tfw_test_t *t, int64_t started)
{
    int64_t          left;
    tfw_job_t       *job = t->job;
    struct timespec  ts;

    if (job->err.code == TF_E_INTERNAL_ERROR
        || job->err.code == TF_E_SERVICE_UNAVAILABLE
        || job->err.code == TF_E_DATABASE_QUERY_ERROR)
    {
        return TF_ERROR;
    }

    tfw_job_log(job, "warning", "connection test of %s port %d failed: %s: %s",
                t->target.host, t->target.port, tf_errors[job->err.code].code,
                job->err.detail);

    left = started + TFW_TEST_MIN - tfw_test_clock();

    if (left > 0) {
        ts.tv_sec = left / 1000;
        ts.tv_nsec = left % 1000 * 1000000;
        (void) nanosleep(&ts, NULL);
    }

    if (tfw_test_details(t, job->err.code) != TF_OK) {
        return TF_ERROR;
    }

    job->err.code = TF_E_NONE;

    return tfw_job_begin(job);
}


static tf_int_t
tfw_test_connected(tfw_test_t *t)
{
    char        id[24];
    PGresult   *res;
    tfw_job_t  *job = t->job;

    tfw_test_ascii(t->version.text);
    tfw_test_ascii(t->version.main);
    tfw_test_ascii(t->version.detailed);

    if (tfw_test_details(t, TF_E_NONE) != TF_OK
        || tfw_job_begin(job) != TF_OK)
    {
        return TF_ERROR;
    }

    if (job->instance_id == 0) {
        return TF_OK;
    }

    snprintf(id, sizeof(id), "%lld", (long long) job->instance_id);

    res = tfw_db_run(job->db, TF_SQL_instance_connected,
                     TFW_ARGS({ "id", id },
                              { "version", t->version.text },
                              { "main", t->version.main },
                              { "detailed", t->version.detailed }),
                     &job->err);

    PQclear(res);

    return res ? TF_OK : TF_ERROR;
}


static tf_int_t
tfw_test_details(tfw_test_t *t, int code)
{
    tf_buf_t           b;
    const tfw_job_t   *job = t->job;
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
    tf_json_member(&b, "host", tf_str(t->target.host));
    tf_json_key(&b, "port");
    tf_buf_int(&b, t->target.port);
    tf_json_member(&b, "tls_mode", tf_str(t->target.tls_mode));

    if (code == TF_E_NONE) {
        tf_json_member(&b, "database_version", tf_str(t->version.text));
        tf_json_member(&b, "main_version", tf_str(t->version.main));
        tf_json_member(&b, "detailed_version", tf_str(t->version.detailed));
    }

    tf_buf_lit(&b, "}}");

    if (tf_buf_done(&b, &t->job->details) != TF_OK) {
        return tf_fail(&t->job->err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    return TF_OK;
}


/* A server may call itself anything; a version is plain text. */

static void
tfw_test_ascii(char *s)
{
    for ( /* void */ ; *s; s++) {
        if (*s < 0x20 || *s > 0x7e) {
            *s = '?';
        }
    }
}


/* A text of the row, which ends in NUL; NULL for SQL NULL. */

static const char *
tfw_test_text(const PGresult *place, const char *column)
{
    return (const char *) tf_row_get(place, 0, column).data;
}


/* ms */

static int64_t
tfw_test_clock(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
