
/*
 * "taifish-worker audit-verify" and "audit-acknowledge": whether each row of
 * the audit log is as it was written, and none is missing.
 *
 * Each row has the SHA-256 of its own text and of the hash before.  The text
 * comes from a statement of this program and is hashed here.  A row that cut
 * the log for its age says the number and the hash of the last row that went.
 */


#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "tf_crypto.h"
#include "tf_json.h"
#include "tf_row.h"
#include "tfw_audit.h"
#include "tfw_commands.h"
#include "tfw_mem.h"


#define TFW_VERIFY_HEX    (2 * TF_DIGEST_LEN)
#define TFW_VERIFY_BREAKS 20            /* that are reported */
#define TFW_VERIFY_ZEROS                                                     \
    "0000000000000000000000000000000000000000000000000000000000000000"


/* A hash as text. */
typedef char  tfw_hash_t[TFW_VERIFY_HEX + 1];


typedef struct {
    const char          *kind;          /* "changed" "missing" "forked" */
    int64_t              from;
    int64_t              upto;
    tfw_hash_t           found;         /* what it is instead, or "" */
} tfw_break_t;


typedef struct {
    tfw_db_t            *db;
    PGresult            *notes;         /* rows about other rows */

    int64_t              first;         /* 0: no row */
    int64_t              last;
    tfw_hash_t           hash;          /* of the last one */
    char                 time[40];

    int64_t              rows;
    int64_t              acknowledged;
    int64_t              wanted;        /* the break to acknowledge, or 0 */
    unsigned             found:1;       /* it is in wanted_break */
    tfw_break_t          wanted_break;
    int                  breaks;        /* not acknowledged */

    /* rows that have to have these hashes: the head that the database keeps,
     * and one that was published; seq 0: none */
    struct {
        int64_t          seq;
        tfw_hash_t       hash;
        unsigned         seen:1;
    } head[2];
} tfw_verify_t;


static int tfw_verify_head_option(tfw_verify_t *v, int *argc, char **argv);
static int tfw_verify_run(tfw_verify_t *v, const tfw_conf_t *conf,
    tf_err_t *err);
static tf_int_t tfw_verify_head(tfw_verify_t *v, tf_err_t *err);
static tf_int_t tfw_verify_rows(tfw_verify_t *v, tf_err_t *err);
static void tfw_verify_row(tfw_verify_t *v, const PGresult *res, int row);
static void tfw_verify_link(tfw_verify_t *v, int64_t seq, const char *prev);
static void tfw_verify_hash(const char *prev, tf_str_t text, tfw_hash_t out);
static void tfw_verify_heads(tfw_verify_t *v, int64_t seq, const char *hash);
static void tfw_verify_tail(tfw_verify_t *v);
static const char *tfw_verify_cut(const tfw_verify_t *v, int64_t last);
static void tfw_verify_break(tfw_verify_t *v, const char *kind, int64_t from,
    int64_t upto, const char *found);
static int64_t tfw_verify_acknowledged(const tfw_verify_t *v,
    const tfw_break_t *b);
static tf_int_t tfw_verify_store(tfw_verify_t *v, const char *reason,
    tf_err_t *err);
static int64_t tfw_verify_number(const PGresult *res, int row,
    const char *column);
static const char *tfw_verify_text(const PGresult *res, int row,
    const char *column);


int
tfw_command_audit_verify(tfw_conf_t *conf, int argc, char **argv)
{
    int           rc;
    tf_err_t      err;
    tfw_verify_t  v;

    memset(&v, 0, sizeof(tfw_verify_t));

    if (tfw_verify_head_option(&v, &argc, argv) != 0 || argc != 0) {
        fprintf(stderr, "taifish-worker: audit-verify [--head SEQ:HASH]\n");
        return 2;
    }

    rc = tfw_verify_run(&v, conf, &err);

    if (rc == 0 && v.breaks == 0) {
        printf("the audit log is whole: %" PRId64 " rows, %" PRId64
               " acknowledged breaks\nhead: %" PRId64 ":%s\n", v.rows,
               v.acknowledged, v.last, v.hash);
    }

    PQclear(v.notes);
    tfw_db_free(v.db);

    return rc || v.breaks ? 1 : 0;
}


int
tfw_command_audit_acknowledge(tfw_conf_t *conf, int argc, char **argv)
{
    int           rc;
    char         *end;
    tf_err_t      err;
    const char   *reason;
    tfw_verify_t  v;

    memset(&v, 0, sizeof(tfw_verify_t));

    reason = tfw_command_option(&argc, argv, "--reason");
    rc = tfw_verify_head_option(&v, &argc, argv);

    if (argc == 1) {
        errno = 0;
        v.wanted = strtoll(argv[0], &end, 10);
    }

    if (rc || argc != 1 || *end || errno || v.wanted < 1 || reason == NULL
        || reason[0] == '\0')
    {
        fprintf(stderr, "taifish-worker: audit-acknowledge SEQ --reason TEXT "
                "[--head SEQ:HASH]\n");
        return 2;
    }

    rc = tfw_verify_run(&v, conf, &err);

    if (rc == 0 && !v.found) {
        fprintf(stderr, "taifish-worker: row %" PRId64 " is no break that is "
                "not acknowledged\n", v.wanted);
        rc = 1;

    } else if (rc == 0 && tfw_verify_store(&v, reason, &err) != TF_OK) {
        tfw_db_rollback(v.db);
        rc = tfw_command_failed("nothing was acknowledged", &err);

    } else if (rc == 0) {
        printf("acknowledged: row %" PRId64 ", %s\n", v.wanted,
               v.wanted_break.kind);
    }

    PQclear(v.notes);
    tfw_db_free(v.db);

    return rc;
}


/* 0, or 1 when it is no SEQ:HASH. */

static int
tfw_verify_head_option(tfw_verify_t *v, int *argc, char **argv)
{
    char        *end;
    const char  *head;

    head = tfw_command_option(argc, argv, "--head");

    if (head == NULL) {
        return 0;
    }

    errno = 0;
    v->head[1].seq = strtoll(head, &end, 10);

    if (errno || v->head[1].seq < 1 || *end != ':'
        || strlen(end + 1) != TFW_VERIFY_HEX
        || strspn(end + 1, "0123456789abcdef") != TFW_VERIFY_HEX)
    {
        return 1;
    }

    memcpy(v->head[1].hash, end + 1, TFW_VERIFY_HEX + 1);

    return 0;
}


/* Reads all of it; breaks are reported as they are found.  1: it could not. */

static int
tfw_verify_run(tfw_verify_t *v, const tfw_conf_t *conf, tf_err_t *err)
{
    tfw_conf_t  *c = (tfw_conf_t *) conf;

    if (tfw_conf_load(c, 0, tfw_command_problem) > 0) {
        return 1;
    }

    v->db = tfw_command_db(conf, "taifish-audit");
    if (v->db == NULL) {
        return 1;
    }

    v->notes = tfw_db_run(v->db, TF_SQL_audit_notes, NULL, err);

    if (v->notes == NULL || tfw_verify_head(v, err) != TF_OK
        || tfw_verify_rows(v, err) != TF_OK)
    {
        return tfw_command_failed("the audit log was not read", err);
    }

    tfw_verify_tail(v);

    return 0;
}


/* The head is read before the rows: those that come later are more. */

static tf_int_t
tfw_verify_head(tfw_verify_t *v, tf_err_t *err)
{
    PGresult  *res;

    res = tfw_db_run(v->db, TF_SQL_audit_head, NULL, err);
    if (res == NULL) {
        return TF_ERROR;
    }

    v->head[0].seq = tfw_verify_number(res, 0, "seq");
    snprintf(v->head[0].hash, sizeof(tfw_hash_t), "%s",
             tfw_verify_text(res, 0, "hash"));
    PQclear(res);

    return TF_OK;
}


static tf_int_t
tfw_verify_rows(tfw_verify_t *v, tf_err_t *err)
{
    int        i, n;
    char       seq[24];
    PGresult  *res;

    snprintf(v->hash, sizeof(tfw_hash_t), "%s", TFW_VERIFY_ZEROS);
    snprintf(v->time, sizeof(v->time), "-infinity");

    do {
        snprintf(seq, sizeof(seq), "%" PRId64, v->rows ? v->last : INT64_MIN);

        res = tfw_db_run(v->db, TF_SQL_audit_rows,
                         TFW_ARGS({ "seq", seq }, { "time", v->time }), err);
        if (res == NULL) {
            return TF_ERROR;
        }

        n = PQntuples(res);

        for (i = 0; i < n; i++) {
            tfw_verify_row(v, res, i);
        }

        if (n) {
            snprintf(v->time, sizeof(v->time), "%s",
                     tfw_verify_text(res, n - 1, "time"));
        }

        PQclear(res);

    } while (n);

    return TF_OK;
}


static void
tfw_verify_row(tfw_verify_t *v, const PGresult *res, int row)
{
    int64_t      seq;
    tfw_hash_t   hash;
    const char  *prev, *stored;

    seq = tfw_verify_number(res, row, "seq");
    prev = tfw_verify_text(res, row, "prev_hash");
    stored = tfw_verify_text(res, row, "hash");

    tfw_verify_link(v, seq, prev);
    tfw_verify_hash(prev, tf_row_get(res, row, "text"), hash);

    if (strcmp(hash, stored) != 0) {
        tfw_verify_break(v, "changed", seq, seq, hash);
    }

    tfw_verify_heads(v, seq, stored);

    if (v->rows++ == 0) {
        v->first = seq;
    }

    v->last = seq;
    snprintf(v->hash, sizeof(tfw_hash_t), "%s", stored);
}


/* Whether the row comes right after the one before it, or after a cut. */

static void
tfw_verify_link(tfw_verify_t *v, int64_t seq, const char *prev)
{
    int64_t      next;
    const char  *want;

    next = v->last + 1;
    want = v->hash;

    if (v->rows == 0 && seq != 1) {
        want = tfw_verify_cut(v, seq - 1);

        if (want != NULL) {
            next = seq;
        }
    }

    if (seq > next) {
        tfw_verify_break(v, "missing", next, seq - 1, prev);

    } else if (seq < next || strcmp(prev, want) != 0) {
        tfw_verify_break(v, "forked", seq, seq, prev);
    }
}


static void
tfw_verify_hash(const char *prev, tf_str_t text, tfw_hash_t out)
{
    size_t                    len;
    unsigned char             bytes[TF_DIGEST_LEN], digest[TF_DIGEST_LEN];
    crypto_hash_sha256_state  state;

    (void) sodium_hex2bin(bytes, sizeof(bytes), prev, strlen(prev), NULL, &len,
                          NULL);

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, bytes, len);
    crypto_hash_sha256_update(&state, text.data, text.len);
    crypto_hash_sha256_final(&state, digest);

    tf_hex((unsigned char *) out, digest, sizeof(digest));
    out[TFW_VERIFY_HEX] = '\0';
}


static void
tfw_verify_heads(tfw_verify_t *v, int64_t seq, const char *hash)
{
    int  i;

    for (i = 0; i < 2; i++) {

        if (v->head[i].seq != seq) {
            continue;
        }

        v->head[i].seen = 1;

        if (strcmp(v->head[i].hash, hash) != 0) {
            tfw_verify_break(v, "forked", seq, seq, hash);
        }
    }
}


/* What the heads say of rows that are not there: behind the last one they were
 * taken away, before the first one they were cut for their age. */

static void
tfw_verify_tail(tfw_verify_t *v)
{
    int          i;
    const char  *cut;

    for (i = 0; i < 2; i++) {

        if (v->head[i].seq == 0 || v->head[i].seen) {
            continue;
        }

        if (v->head[i].seq > v->last) {
            tfw_verify_break(v, "missing", v->last + 1, v->head[i].seq, "");
            return;
        }

        cut = tfw_verify_cut(v, v->head[i].seq);

        if (cut != NULL && strcmp(cut, v->head[i].hash) != 0) {
            tfw_verify_break(v, "forked", v->head[i].seq, v->head[i].seq, cut);

        } else if (cut == NULL && v->head[i].seq < v->first) {
            printf("row %" PRId64 " was cut for its age and is not compared\n",
                   v->head[i].seq);
        }
    }
}


/* The hash of the row that was the last of those cut, NULL: it was not. */

static const char *
tfw_verify_cut(const tfw_verify_t *v, int64_t last)
{
    int  i;

    for (i = 0; i < PQntuples(v->notes); i++) {

        if (strcmp(tfw_verify_text(v->notes, i, "action"),
                   tf_audits[TF_AUDIT_AUDIT_CUT].action) == 0
            && tfw_verify_number(v->notes, i, "last") == last)
        {
            return tfw_verify_text(v->notes, i, "hash");
        }
    }

    return NULL;
}


static void
tfw_verify_break(tfw_verify_t *v, const char *kind, int64_t from,
    int64_t upto, const char *found)
{
    int64_t      by;
    tfw_break_t  b;

    b.kind = kind;
    b.from = from;
    b.upto = upto;
    snprintf(b.found, sizeof(tfw_hash_t), "%s", found);

    by = tfw_verify_acknowledged(v, &b);

    if (by) {
        v->acknowledged++;
        printf("row %" PRId64 ": %s, acknowledged by row %" PRId64 "\n", from,
               kind, by);
        return;
    }

    if (v->wanted == from && !v->found) {
        v->found = 1;
        v->wanted_break = b;
    }

    if (v->breaks++ >= TFW_VERIFY_BREAKS) {
        return;
    }

    if (from == upto) {
        fprintf(stderr, "taifish-worker: audit log: row %" PRId64 " is %s\n",
                from, kind);

    } else {
        fprintf(stderr, "taifish-worker: audit log: rows %" PRId64 " to %"
                PRId64 " are %s\n", from, upto, kind);
    }
}


/* The row that acknowledges this very break, 0: none. */

static int64_t
tfw_verify_acknowledged(const tfw_verify_t *v, const tfw_break_t *b)
{
    int  i;

    for (i = 0; i < PQntuples(v->notes); i++) {

        if (strcmp(tfw_verify_text(v->notes, i, "action"),
                   tf_audits[TF_AUDIT_AUDIT_ACKNOWLEDGE].action) == 0
            && strcmp(tfw_verify_text(v->notes, i, "kind"), b->kind) == 0
            && strcmp(tfw_verify_text(v->notes, i, "found"), b->found) == 0
            && tfw_verify_number(v->notes, i, "from") == b->from
            && tfw_verify_number(v->notes, i, "upto") == b->upto)
        {
            return tfw_verify_number(v->notes, i, "seq");
        }
    }

    return 0;
}


static tf_int_t
tfw_verify_store(tfw_verify_t *v, const char *reason, tf_err_t *err)
{
    char                seq[24];
    tf_buf_t            b;
    tf_str_t            details;
    tf_int_t            rc;
    tfw_mem_t           m;
    const tfw_break_t  *is = &v->wanted_break;

    tfw_mem_init(&m, 64 * 1024);
    tf_buf_init(&b, &m.mem, 512, 32 * 1024);

    tf_buf_char(&b, '{');
    tf_json_member(&b, "kind", tf_str(is->kind));
    tf_json_key(&b, "from");
    tf_buf_int(&b, is->from);
    tf_json_key(&b, "upto");
    tf_buf_int(&b, is->upto);
    tf_json_member(&b, "found", tf_str(is->found));
    tf_json_member(&b, "reason", tf_str(reason));
    tf_buf_add(&b, "}", 2);

    snprintf(seq, sizeof(seq), "%" PRId64, is->from);

    rc = tf_buf_done(&b, &details) == TF_OK
         ? tfw_db_exec(v->db, "BEGIN", err)
         : tf_fail(err, TF_E_VALIDATION_ERROR, "reason", "is too long");

    if (rc == TF_OK) {
        rc = tfw_audit_add(v->db, TF_AUDIT_AUDIT_ACKNOWLEDGE, seq,
                           (char *) details.data, err);
    }

    if (rc == TF_OK) {
        rc = tfw_db_exec(v->db, "COMMIT", err);
    }

    tfw_mem_clear(&m);

    return rc;
}


static int64_t
tfw_verify_number(const PGresult *res, int row, const char *column)
{
    return strtoll(tfw_verify_text(res, row, column), NULL, 10);
}


static const char *
tfw_verify_text(const PGresult *res, int row, const char *column)
{
    return PQgetvalue(res, row, PQfnumber(res, column));
}
