
/*
 * Reading the accounts of a managed database into a set.
 */


#include <stdlib.h>
#include <unistd.h>

#include "tf_row.h"
#include "tfw_accounts.h"
#include "tfw_credential.h"
#include "tfw_target.h"


#define TFW_ACCOUNTS_CONNECT    10          /* seconds */
#define TFW_ACCOUNTS_STATEMENT  60
#define TFW_ACCOUNTS_ROWS       5000000
#define TFW_ACCOUNTS_BYTES      (512 * 1024 * 1024)

/* Reports between two looks at whether the job should stop. */
#define TFW_ACCOUNTS_LOOK       4096


static tf_int_t tfw_accounts_connect(tfw_accounts_t *s, tfw_target_t *target,
    int *ca);
static tf_int_t tfw_accounts_session(tfw_accounts_t *s,
    const tfw_target_t *target);
static tf_int_t tfw_accounts_row(tfw_accounts_t *s, tf_int_t rc);
static tf_int_t tfw_accounts_sink_account(tfw_sink_t *sink,
    tf_str_t principal, tf_str_t username, tf_str_t host, tf_kind_e kind,
    tf_str_t native_id);
static tf_int_t tfw_accounts_sink_attribute(tfw_sink_t *sink,
    tf_str_t principal, const char *name, tf_str_t json);
static tf_int_t tfw_accounts_sink_grant(tfw_sink_t *sink, tf_str_t principal,
    const tf_category_t *category, tf_str_t database, tf_str_t object,
    tf_str_t privilege);
static tf_int_t tfw_accounts_sink_scope(tfw_sink_t *sink, const char *scope,
    tf_str_t database, tf_scope_status_e status, const tf_err_t *err);
static tf_int_t tfw_accounts_sink_verified(tfw_sink_t *sink);


tf_int_t
tfw_accounts_read(tfw_accounts_t *s)
{
    int            ca;
    tf_int_t       rc;
    tfw_target_t   target;

    memset(&target, 0, sizeof(tfw_target_t));
    ca = -1;

    s->sink.account = tfw_accounts_sink_account;
    s->sink.attribute = tfw_accounts_sink_attribute;
    s->sink.grant = tfw_accounts_sink_grant;
    s->sink.scope = tfw_accounts_sink_scope;
    s->sink.verified = tfw_accounts_sink_verified;

    s->set = tf_accounts_create(s->job->mem, s->engine->id);

    if (s->set == NULL) {
        return tf_fail(&s->job->err, TF_E_INTERNAL_ERROR, NULL,
                       "out of memory");
    }

    rc = tfw_accounts_connect(s, &target, &ca);

    if (rc == TF_OK) {
        rc = tfw_accounts_session(s, &target);
    }

    tfw_credential_close(target.password);

    if (ca != -1) {
        (void) close(ca);
    }

    return rc;
}


/* Where to connect, as the instance's row says. */

static tf_int_t
tfw_accounts_connect(tfw_accounts_t *s, tfw_target_t *target, int *ca)
{
    char        *address, *path;
    tf_str_t     v;
    tfw_job_t   *job;

    job = s->job;

    v = tf_row_get(s->instance, 0, "credential_id");
    if (v.data == NULL) {
        return tf_fail(&job->err, TF_E_CREDENTIAL_REQUIRED, "credential_id",
                       "the instance has no credential");
    }

    address = tf_calloc(job->mem, TFW_ADDRESS_LEN);
    path = tf_calloc(job->mem, TFW_CA_LEN);

    if (address == NULL || path == NULL) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
    }

    target->host = (char *) tf_row_get(s->instance, 0, "host").data;
    target->port = strtol((char *) tf_row_get(s->instance, 0, "port").data,
                          NULL, 10);
    target->database = (char *) tf_row_get(s->instance, 0,
                                           "database_name").data;
    target->tls_mode = (char *) tf_row_get(s->instance, 0, "tls_mode").data;
    target->address = address;
    target->connect_timeout = TFW_ACCOUNTS_CONNECT;
    target->statement_timeout = TFW_ACCOUNTS_STATEMENT;
    target->max_rows = TFW_ACCOUNTS_ROWS;
    target->max_bytes = TFW_ACCOUNTS_BYTES;

    if (tfw_target_resolve(&job->conf->targets, target->host, target->port,
                           address, &job->err)
            != TF_OK
        || tfw_target_ca(tf_row_get(s->instance, 0, "tls_ca"), path, ca,
                         &job->err)
           != TF_OK)
    {
        return TF_ERROR;
    }

    target->tls_ca = path[0] ? path : NULL;

    return tfw_credential_open(job, strtoll((char *) v.data, NULL, 10),
                               &target->username, &target->password);
}


static tf_int_t
tfw_accounts_session(tfw_accounts_t *s, const tfw_target_t *target)
{
    void       *session;
    tf_int_t    rc;
    tfw_job_t  *job;

    job = s->job;

    session = tf_calloc(job->mem, s->engine->session_size);
    if (session == NULL) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
    }

    tfw_job_progress(job, "connect", 0, 0);

    rc = s->engine->open(session, target, &job->err);

    if (rc == TF_OK) {
        s->connected = 1;
        tfw_job_connected(job);
        rc = s->engine->version(session, &s->version, &job->err);
    }

    if (rc == TF_OK) {
        tfw_job_progress(job, "read", 0, 0);
        job->err.code = TF_E_NONE;
        rc = s->engine->accounts(session, job->mem, &s->sink, &job->err);
    }

    s->engine->close(session);

    if (s->stopped) {
        return tf_fail(&job->err, TF_E_RUN_CANCELLED, NULL, "stopped");
    }

    if (rc != TF_OK && job->err.code == TF_E_NONE) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL,
                       "what was read could not be kept");
    }

    return rc;
}


/* The end of every report. */

static tf_int_t
tfw_accounts_row(tfw_accounts_t *s, tf_int_t rc)
{
    if (++s->rows % TFW_ACCOUNTS_LOOK == 0) {

        if (tfw_job_stopping(s->job)) {
            s->stopped = 1;
            return TF_ERROR;
        }

        tfw_job_progress(s->job, "read", s->rows, 0);
    }

    return rc;
}


static tf_int_t
tfw_accounts_sink_account(tfw_sink_t *sink, tf_str_t principal,
    tf_str_t username, tf_str_t host, tf_kind_e kind, tf_str_t native_id)
{
    tf_account_t     a;
    tfw_accounts_t  *s = (tfw_accounts_t *) sink;

    memset(&a, 0, sizeof(tf_account_t));
    a.principal = principal;
    a.username = username;
    a.host = host;
    a.kind = kind;
    a.native_id = native_id;

    return tfw_accounts_row(s, tf_accounts_add(s->set, &a));
}


static tf_int_t
tfw_accounts_sink_attribute(tfw_sink_t *sink, tf_str_t principal,
    const char *name, tf_str_t json)
{
    tfw_accounts_t  *s = (tfw_accounts_t *) sink;

    return tfw_accounts_row(s, tf_accounts_attribute(s->set, principal, name,
                                                     json));
}


static tf_int_t
tfw_accounts_sink_grant(tfw_sink_t *sink, tf_str_t principal,
    const tf_category_t *category, tf_str_t database, tf_str_t object,
    tf_str_t privilege)
{
    tfw_accounts_t  *s = (tfw_accounts_t *) sink;

    return tfw_accounts_row(s, tf_accounts_grant(s->set, principal, category,
                                                 database, object, privilege));
}


static tf_int_t
tfw_accounts_sink_scope(tfw_sink_t *sink, const char *scope,
    tf_str_t database, tf_scope_status_e status, const tf_err_t *err)
{
    tfw_accounts_t  *s = (tfw_accounts_t *) sink;

    if (status != TF_SCOPE_OK && status != TF_SCOPE_UNSUPPORTED) {
        tfw_job_log(s->job, "warning", "scope %s of %.*s was not read: %s: %s",
                    scope, (int) database.len, (char *) database.data,
                    tf_scope_status(status), err ? err->detail : "");
    }

    return tfw_accounts_row(s, tf_scopes_set(tf_accounts_scopes(s->set),
                                             tf_str(scope), database, status,
                                             err));
}


static tf_int_t
tfw_accounts_sink_verified(tfw_sink_t *sink)
{
    ((tfw_accounts_t *) sink)->verified = 1;

    return TF_OK;
}
