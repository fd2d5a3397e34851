
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "tf_row.h"
#include "tfw_credential.h"
#include "tfw_mem.h"


#define TFW_CREDENTIAL_OPEN  4      /* passwords open at once */


typedef struct {
    const char      *id;
    int              active;
    tf_secret_t      of;
    tf_str_t         sealed;        /* data NULL: none */
    tf_str_t         envelope;
    char            *sealed_text;   /* as PostgreSQL writes them */
    char            *envelope_text;
    char            *key_id;
} tfw_credential_t;


static tf_int_t tfw_credential_get(tfw_job_t *job, tfw_credential_t *c,
    const char **username);
static tf_int_t tfw_credential_read(tfw_job_t *job, PGresult *res,
    tfw_credential_t *c, const char **username);
static tf_int_t tfw_credential_bytes(tfw_job_t *job, tf_str_t text,
    tf_str_t *bytes, char **copy);
static tf_int_t tfw_credential_decrypt(tfw_job_t *job,
    const tf_mem_t *mem, tfw_credential_t *c, tf_str_t *plain);
static tf_int_t tfw_credential_plain(tfw_job_t *job, const tf_mem_t *mem,
    tfw_credential_t *c, tf_str_t *plain);
static tf_int_t tfw_credential_keep(tfw_job_t *job, tfw_credential_t *c,
    tf_str_t plain);
static tf_int_t tfw_credential_try(tfw_job_t *job, const char *id);
static const char *tfw_credential_lock(tf_str_t plain);


static char  *tfw_credential_open_now[TFW_CREDENTIAL_OPEN];


tf_int_t
tfw_credential_open(tfw_job_t *job, int64_t credential_id,
    const char **username, const char **password)
{
    char               id[24];
    tf_int_t           rc;
    tf_str_t           plain;
    tfw_mem_t          m;
    tfw_credential_t   c;

    snprintf(id, sizeof(id), "%" PRId64, credential_id);

    memset(&c, 0, sizeof(tfw_credential_t));
    c.id = id;

    if (tfw_credential_get(job, &c, username) != TF_OK) {
        return TF_ERROR;
    }

    if (!c.active) {
        return tf_fail(&job->err, TF_E_CREDENTIAL_UNREADABLE, NULL,
                       "the credential is disabled");
    }

    /* the only copy besides the locked one is wiped with m */

    tfw_mem_init(&m, 1024 * 1024);

    rc = tfw_credential_decrypt(job, &m.mem, &c, &plain);

    if (rc == TF_OK) {
        *password = tfw_credential_lock(plain);

        if (*password == NULL) {
            rc = tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL,
                         "no locked memory for a password");
        }
    }

    tfw_mem_clear(&m);

    return rc;
}


void
tfw_credential_close(const char *password)
{
    int  i;

    for (i = 0; i < TFW_CREDENTIAL_OPEN; i++) {
        if (password != NULL && tfw_credential_open_now[i] == password) {
            sodium_free(tfw_credential_open_now[i]);
            tfw_credential_open_now[i] = NULL;
        }
    }
}


void
tfw_credential_close_all(void)
{
    int  i;

    for (i = 0; i < TFW_CREDENTIAL_OPEN; i++) {
        tfw_credential_close(tfw_credential_open_now[i]);
    }
}


tf_int_t
tfw_credential_renew(tfw_job_t *job, int *n, int *failed)
{
    int          i, rows;
    char         after[24];
    PGresult    *res;
    const char  *username, *password, *kid;

    *n = 0;
    *failed = 0;
    kid = job->conf->ring.key[job->conf->ring.count - 1].kid;

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

            if (tfw_credential_open(job, strtoll(after, NULL, 10), &username,
                                    &password)
                == TF_OK)
            {
                tfw_credential_close(password);
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


tf_int_t
tfw_credential_prove(tfw_job_t *job, tfw_conf_problem_pt problem, int *n,
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

            if (tfw_credential_try(job, after) == TF_OK) {
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
tfw_credential_try(tfw_job_t *job, const char *id)
{
    tf_int_t           rc;
    tf_str_t           plain;
    tfw_mem_t          m;
    const char        *username;
    const tf_mem_t    *mem;
    tfw_credential_t   c;

    memset(&c, 0, sizeof(tfw_credential_t));
    c.id = id;

    tfw_mem_init(&m, 1024 * 1024);

    mem = job->mem;
    job->mem = &m.mem;

    rc = tfw_credential_get(job, &c, &username);

    if (rc == TF_OK) {
        rc = tfw_credential_plain(job, &m.mem, &c, &plain);
    }

    job->mem = mem;
    tfw_mem_clear(&m);

    return rc;
}


static tf_int_t
tfw_credential_get(tfw_job_t *job, tfw_credential_t *c, const char **username)
{
    tf_int_t   rc;
    PGresult  *res;

    res = tfw_db_run(job->db, TF_SQL_credential_get,
                     TFW_ARGS({ "id", c->id }), &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    rc = tfw_credential_read(job, res, c, username);
    PQclear(res);

    return rc;
}


static tf_int_t
tfw_credential_read(tfw_job_t *job, PGresult *res, tfw_credential_t *c,
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

    if (tfw_credential_bytes(job, tf_row_get(res, 0, "sealed"), &c->sealed,
                             &c->sealed_text)
        != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_credential_bytes(job, tf_row_get(res, 0, "envelope"),
                                &c->envelope, &c->envelope_text);
}


/* A bytea as bytes and as the text it came in. */

static tf_int_t
tfw_credential_bytes(tfw_job_t *job, tf_str_t text, tf_str_t *bytes,
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
tfw_credential_decrypt(tfw_job_t *job, const tf_mem_t *mem,
    tfw_credential_t *c, tf_str_t *plain)
{
    const char        *kid;
    const tfw_conf_t  *conf = job->conf;

    if (tfw_credential_plain(job, mem, c, plain) != TF_OK) {
        return TF_ERROR;
    }

    kid = conf->ring.key[conf->ring.count - 1].kid;

    return c->sealed.data == NULL && c->key_id && strcmp(c->key_id, kid) == 0
           ? TF_OK : tfw_credential_keep(job, c, *plain);
}


static tf_int_t
tfw_credential_plain(tfw_job_t *job, const tf_mem_t *mem, tfw_credential_t *c,
    tf_str_t *plain)
{
    const tfw_conf_t  *conf = job->conf;

    /* a seal is newer than an envelope beside it */

    if (c->sealed.data == NULL) {
        return tf_envelope_open(mem, &conf->ring, &c->of, c->envelope, plain,
                                &job->err);
    }

    if (tf_unseal(mem, conf->public_key, conf->secret_key, &c->of, c->sealed,
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
tfw_credential_keep(tfw_job_t *job, tfw_credential_t *c, tf_str_t plain)
{
    char              *text;
    tf_str_t           envelope;
    PGresult          *res;
    const tf_ring_t   *ring = &job->conf->ring;

    if (tf_envelope_make(job->mem, ring, &c->of, plain, &envelope) != TF_OK) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL,
                       "the password can not be encrypted");
    }

    text = tf_alloc(job->mem, 2 * envelope.len + 3);
    if (text == NULL) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    text[0] = '\\';
    text[1] = 'x';
    tf_hex((unsigned char *) text + 2, envelope.data, envelope.len);
    text[2 * envelope.len + 2] = '\0';

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


/* A copy in locked memory that ends in NUL; NULL when there is no room. */

static const char *
tfw_credential_lock(tf_str_t plain)
{
    int    i;
    char  *p;

    for (i = 0; i < TFW_CREDENTIAL_OPEN; i++) {
        if (tfw_credential_open_now[i] == NULL) {
            break;
        }
    }

    if (i == TFW_CREDENTIAL_OPEN
        || (plain.len && memchr(plain.data, '\0', plain.len) != NULL))
    {
        return NULL;
    }

    p = sodium_malloc(plain.len + 1);

    if (p != NULL) {
        if (plain.len) {
            memcpy(p, plain.data, plain.len);
        }
        p[plain.len] = '\0';
        tfw_credential_open_now[i] = p;
    }

    return p;
}
