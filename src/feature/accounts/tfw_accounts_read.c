
/*
 * Reading the accounts of a managed database into a set.
 */


#include "tf_mem.h"
#include "tfw_accounts_int.h"


/* Reports between two looks at whether the job should stop. */
#define TFW_ACCOUNTS_LOOK       4096


static tf_int_t tfw_accounts_row(tfw_accounts_t *s, tf_int_t rc);
static tf_int_t tfw_accounts_sink_account(tfw_sink_t *sink,
    tf_str_t principal, tf_str_t username, tf_str_t host, tf_kind_e kind,
    tf_str_t native_id);
static tf_int_t tfw_accounts_sink_attribute(tfw_sink_t *sink,
    tf_str_t principal, const char *name, tf_str_t json);
static tf_int_t tfw_accounts_sink_grant(tfw_sink_t *sink, tf_str_t principal,
    const tf_right_t *right);
static tf_int_t tfw_accounts_sink_scope(tfw_sink_t *sink, const char *scope,
    tf_str_t database, tf_scope_status_e status, const tf_err_t *err);
static tf_int_t tfw_accounts_sink_verified(tfw_sink_t *sink);
static tf_int_t tfw_accounts_sink_database(tfw_sink_t *sink, tf_str_t name,
    tf_str_t native_id, int is_system);


tf_int_t
tfw_accounts_read(tfw_accounts_t *s)
{
    tf_int_t        rc;
    tfw_job_t      *job = s->job;
    tfw_instance_t  in;

    s->sink.account = tfw_accounts_sink_account;
    s->sink.attribute = tfw_accounts_sink_attribute;
    s->sink.grant = tfw_accounts_sink_grant;
    s->sink.scope = tfw_accounts_sink_scope;
    s->sink.verified = tfw_accounts_sink_verified;
    s->sink.database = tfw_accounts_sink_database;

    rc = tfw_instance_prepare(job, s->instance, &in);

    if (rc == TF_OK) {
        s->engine = in.engine->engine;
        s->set = tf_accounts_create(job->mem, s->engine);

        if (s->set == NULL) {
            rc = tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL,
                         "out of memory");
        }
    }

    if (rc == TF_OK) {
        rc = tfw_instance_read(job, &in, "accounts", &s->sink);
        s->connected = in.connected;
        s->version = in.version;
    }

    tfw_instance_close(&in);

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
    const tf_right_t *right)
{
    tfw_accounts_t  *s = (tfw_accounts_t *) sink;

    return tfw_accounts_row(s, tf_accounts_grant(s->set, principal, right));
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


static tf_int_t
tfw_accounts_sink_database(tfw_sink_t *sink, tf_str_t name, tf_str_t native_id,
    int is_system)
{
    tfw_accounts_t  *s = (tfw_accounts_t *) sink;

    (void) is_system;

    if (tf_mem_copy(s->job->mem, name, &name) != TF_OK
        || tf_mem_copy(s->job->mem, native_id, &native_id) != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_accounts_row(s, tf_account_rename(s->job->mem, &s->databases,
                                                 native_id, name));
}
