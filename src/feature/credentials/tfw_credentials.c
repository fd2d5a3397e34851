
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tf_row.h"
#include "tfw_audit.h"
#include "tfw_commands.h"
#include "tfw_credentials.h"
#include "tfw_mem.h"
#include "tfw_secret.h"


typedef struct {
    const char      *id;
    int              active;
    tf_secret_t      of;
    tf_str_t         sealed;        /* data NULL: none */
    tf_str_t         envelope;
    char            *sealed_text;   /* as PostgreSQL writes them */
    char            *envelope_text;
    char            *key_id;
} tfw_credentials_t;


static tf_int_t tfw_credentials_get(tfw_job_t *job, tfw_credentials_t *c,
    const char **username);
static tf_int_t tfw_credentials_read(tfw_job_t *job, PGresult *res,
    tfw_credentials_t *c, const char **username);
static tf_int_t tfw_credentials_bytes(tfw_job_t *job, tf_str_t text,
    tf_str_t *bytes, char **copy);
static tf_int_t tfw_credentials_decrypt(tfw_job_t *job,
    const tf_mem_t *mem, tfw_credentials_t *c, tf_str_t *plain);
static tf_int_t tfw_credentials_plain(tfw_job_t *job, const tf_mem_t *mem,
    tfw_credentials_t *c, tf_str_t *plain);
static tf_int_t tfw_credentials_keep(tfw_job_t *job, tfw_credentials_t *c,
    tf_str_t plain);
static tf_int_t tfw_credentials_prove(tfw_job_t *job,
    tf_conf_problem_pt problem, int *n, int *failed);
static tf_int_t tfw_credentials_try(tfw_job_t *job, const char *id);


tf_int_t
tfw_credentials_open(tfw_job_t *job, int64_t credential_id,
    const char **username, const char **password)
{
    char               id[24];
    tf_int_t           rc;
    tf_str_t           plain;
    tfw_mem_t          m;
    tfw_credentials_t   c;

    snprintf(id, sizeof(id), "%" PRId64, credential_id);

    memset(&c, 0, sizeof(tfw_credentials_t));
    c.id = id;

    if (tfw_credentials_get(job, &c, username) != TF_OK) {
        return TF_ERROR;
    }

    if (!c.active) {
        return tf_fail(&job->err, TF_E_CREDENTIAL_UNREADABLE, NULL,
                       "the credential is disabled");
    }

    /* the only copy besides the locked one is wiped with m */

    tfw_mem_init(&m, 1024 * 1024);

    rc = tfw_credentials_decrypt(job, &m.mem, &c, &plain);

    if (rc == TF_OK) {
        *password = tfw_secret_lock(plain);

        if (*password == NULL) {
            rc = tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL,
                         "no locked memory for a password");
        }
    }

    tfw_mem_clear(&m);

    return rc;
}


tf_int_t
tfw_credentials_renew(tfw_job_t *job, int *n, int *failed)
{
    int          i, rows;
    char         after[24];
    PGresult    *res;
    const char  *username, *password, *kid;

    *n = 0;
    *failed = 0;
    kid = job->conf->keys.ring.key[job->conf->keys.ring.count - 1].kid;

    snprintf(after, sizeof(after), "0");

    do {
        res = tfw_db_run(job->db, TF_SQL_credential_stale,
                         TFW_ARGS({ "key_id", kid }, { "after", after }),
                         &job->err);
        if (res == NULL) {
            return TF_ERROR;
        }

        rows = PQntuples(res);

        for (i = 0; i < rows; i++) {
            snprintf(after, sizeof(after), "%s", PQgetvalue(res, i, 0));

            if (tfw_credentials_open(job, strtoll(after, NULL, 10), &username,
                                    &password)
                == TF_OK)
            {
                tfw_secret_close(password);
                *n += 1;
                continue;
            }

            tfw_job_log(job, "error", "credential %s: %s", after,
                        job->err.detail);
            *failed += 1;
        }

        PQclear(res);

    } while (rows);

    return TF_OK;
}


int
tfw_credentials_verify(tfw_conf_t *conf, int argc, char **argv)
{
    int        n, failed;
    char       details[64];
    tf_int_t   rc;
    tfw_job_t  job;

    (void) argv;

    if (!tfw_command_alone(argc, "backup-verify")) {
        return 2;
    }

    if (tfw_conf_load(conf, TFW_CONF_KEYS, tfw_command_problem) > 0) {
        return 1;
    }

    memset(&job, 0, sizeof(tfw_job_t));

    job.conf = conf;
    job.db = tfw_command_db(conf, "taifish-backup-verify");

    if (job.db == NULL) {
        return 1;
    }

    rc = tfw_db_exec(job.db, "BEGIN ISOLATION LEVEL REPEATABLE READ, "
                     "READ ONLY", &job.err);

    if (rc == TF_OK) {
        rc = tfw_credentials_prove(&job, tfw_command_problem, &n, &failed);
    }

    tfw_db_free(job.db);

    if (rc != TF_OK) {
        return tfw_command_failed("backup-verify", &job.err);
    }

    snprintf(details, sizeof(details),
             "{\"credentials\":%d,\"not_opened\":%d}", n, failed);
    tfw_audit_command(conf->database_url, TF_AUDIT_BACKUP_VERIFY, NULL,
                      details);

    if (failed) {
        fprintf(stderr, "taifish-worker: backup-verify: %d of %d credentials "
                "can not be opened with these keys\n", failed, n);
        return 1;
    }

    printf(n ? "the keys open all %d stored credentials\n"
             : "no credential is stored: nothing shows whether the keys "
               "fit\n", n);

    return 0;
}


/* Opens every credential, a disabled one too, and writes nothing; *n counts
 * them, *failed those that can not be read, each of which is reported. */

static tf_int_t
tfw_credentials_prove(tfw_job_t *job, tf_conf_problem_pt problem, int *n,
    int *failed)
{
    int          i, rows;
    char         after[24], what[320];
    PGresult    *res;

    *n = 0;
    *failed = 0;

    snprintf(after, sizeof(after), "0");

    do {
        res = tfw_db_run(job->db, TF_SQL_credential_all,
                         TFW_ARGS({ "after", after }), &job->err);
        if (res == NULL) {
            return TF_ERROR;
        }

        rows = PQntuples(res);

        for (i = 0; i < rows; i++) {
            snprintf(after, sizeof(after), "%s", PQgetvalue(res, i, 0));
            *n += 1;

            if (tfw_credentials_try(job, after) == TF_OK) {
                continue;
            }

            if (job->err.code != TF_E_CREDENTIAL_UNREADABLE) {
                PQclear(res);
                return TF_ERROR;
            }

            snprintf(what, sizeof(what), "credential %s (%s)", after,
                     PQgetvalue(res, i, 1));
            problem(what, job->err.detail);
            *failed += 1;
        }

        PQclear(res);

    } while (rows);

    return TF_OK;
}


/* Nothing of it outlives the call. */

static tf_int_t
tfw_credentials_try(tfw_job_t *job, const char *id)
{
    tf_int_t           rc;
    tf_str_t           plain;
    tfw_mem_t          m;
    const char        *username;
    const tf_mem_t    *mem;
    tfw_credentials_t   c;

    memset(&c, 0, sizeof(tfw_credentials_t));
    c.id = id;

    tfw_mem_init(&m, 1024 * 1024);

    mem = job->mem;
    job->mem = &m.mem;

    rc = tfw_credentials_get(job, &c, &username);

    if (rc == TF_OK) {
        rc = tfw_credentials_plain(job, &m.mem, &c, &plain);
    }

    job->mem = mem;
    tfw_mem_clear(&m);

    return rc;
}


static tf_int_t
tfw_credentials_get(tfw_job_t *job, tfw_credentials_t *c, const char **username)
{
    tf_int_t   rc;
    PGresult  *res;

    res = tfw_db_run(job->db, TF_SQL_credential_get,
                     TFW_ARGS({ "id", c->id }), &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    rc = tfw_credentials_read(job, res, c, username);
    PQclear(res);

    return rc;
}


static tf_int_t
tfw_credentials_read(tfw_job_t *job, PGresult *res, tfw_credentials_t *c,
    const char **username)
{
    tf_str_t  key_id;

    static const tf_str_t  table = tf_string("credentials");
    static const tf_str_t  field = tf_string("password");

    if (PQntuples(res) == 0) {
        return tf_fail(&job->err, TF_E_CREDENTIAL_UNREADABLE, NULL,
                       "the credential does not exist any more");
    }

    c->active = tf_str_eq(tf_row_get(res, 0, "is_active"), "t");

    key_id = tf_row_get(res, 0, "key_id");

    *username = tfw_mem_text(job->mem, tf_row_get(res, 0, "username"));
    c->key_id = key_id.data ? tfw_mem_text(job->mem, key_id) : NULL;
    c->of.table = table;
    c->of.field = field;
    c->of.uuid = tf_row_get(res, 0, "uuid");
    c->of.uuid.data = (unsigned char *) tfw_mem_text(job->mem, c->of.uuid);

    if (*username == NULL || c->of.uuid.data == NULL) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    if (tfw_credentials_bytes(job, tf_row_get(res, 0, "sealed"), &c->sealed,
                             &c->sealed_text)
        != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_credentials_bytes(job, tf_row_get(res, 0, "envelope"),
                                &c->envelope, &c->envelope_text);
}


/* A bytea as bytes and as the text it came in. */

static tf_int_t
tfw_credentials_bytes(tfw_job_t *job, tf_str_t text, tf_str_t *bytes,
    char **copy)
{
    size_t          len;
    unsigned char  *raw;

    if (text.data == NULL) {
        return TF_OK;
    }

    raw = PQunescapeBytea(text.data, &len);
    *copy = tfw_mem_text(job->mem, text);
    bytes->data = tf_alloc(job->mem, len + 1);
    bytes->len = len;

    if (raw == NULL || *copy == NULL || bytes->data == NULL) {
        PQfreemem(raw);
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    memcpy(bytes->data, raw, len);
    PQfreemem(raw);

    return TF_OK;
}


static tf_int_t
tfw_credentials_decrypt(tfw_job_t *job, const tf_mem_t *mem,
    tfw_credentials_t *c, tf_str_t *plain)
{
    const char        *kid;
    const tfw_conf_t  *conf = job->conf;

    if (tfw_credentials_plain(job, mem, c, plain) != TF_OK) {
        return TF_ERROR;
    }

    kid = conf->keys.ring.key[conf->keys.ring.count - 1].kid;

    return c->sealed.data == NULL && c->key_id && strcmp(c->key_id, kid) == 0
           ? TF_OK : tfw_credentials_keep(job, c, *plain);
}


static tf_int_t
tfw_credentials_plain(tfw_job_t *job, const tf_mem_t *mem, tfw_credentials_t *c,
    tf_str_t *plain)
{
    const tfw_keys_t  *keys = &job->conf->keys;

    /* a seal is newer than an envelope beside it */

    if (c->sealed.data == NULL) {
        return tf_envelope_open(mem, &keys->ring, &c->of, c->envelope, plain,
                                &job->err);
    }

    if (tf_unseal(mem, keys->public_key, keys->secret_key, &c->of, c->sealed,
                  plain)
        != TF_OK)
    {
        return tf_fail(&job->err, TF_E_CREDENTIAL_UNREADABLE, NULL,
                       "the sealed password is damaged, or sealed to another "
                       "key or for another credential: enter it again");
    }

    return TF_OK;
}


static tf_int_t
tfw_credentials_keep(tfw_job_t *job, tfw_credentials_t *c, tf_str_t plain)
{
    char              *text;
    tf_str_t           envelope;
    PGresult          *res;
    const tf_ring_t   *ring = &job->conf->keys.ring;

    if (tf_envelope_make(job->mem, ring, &c->of, plain, &envelope) != TF_OK) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL,
                       "the password can not be encrypted");
    }

    text = tf_alloc(job->mem, TF_BYTEA_LEN(envelope.len));
    if (text == NULL) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    tf_bytea((unsigned char *) text, envelope.data, envelope.len);

    res = tfw_db_run(job->db, TF_SQL_credential_keep,
                     TFW_ARGS({ "id", c->id }, { "envelope", text },
                              { "key_id", ring->key[ring->count - 1].kid },
                              { "sealed", c->sealed_text },
                              { "old_envelope", c->envelope_text }),
                     &job->err);

    if (res == NULL) {
        return TF_ERROR;
    }

    PQclear(res);

    return TF_OK;
}
