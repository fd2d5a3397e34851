
/*
 * By what the engine knows the objects that accounts have rights on.
 *
 * Kept beside the versions of an account, not in them: a table that is dropped
 * and made again with the same rights is no other version.
 */


#include "tf_crypto.h"
#include "tf_row.h"
#include "tfw_accounts_int.h"
#include "tfw_copy.h"


#define TFW_ACCOUNTS_OBJECTS  (256 * 1024 * 1024)


static int tfw_accounts_objects_differ(const tfw_accounts_t *s, size_t n,
    tf_buf_t *b);
static tf_int_t tfw_accounts_objects_drop(tfw_accounts_t *s);
static tf_int_t tfw_accounts_objects_copy(tfw_accounts_t *s,
    const int64_t *created);


static const char  tfw_accounts_into_objects[] =
    "COPY account_objects (account_id, digest, objects)"
    " FROM STDIN (FORMAT binary)";


tf_int_t
tfw_accounts_objects(tfw_accounts_t *s)
{
    size_t     n, count;
    tf_buf_t   b;
    tfw_mem_t  scratch;

    count = tf_accounts_count(s->set);
    s->moved = tf_alloc(s->job->mem, (count + 1) * sizeof(size_t));

    if (s->moved == NULL) {
        return tfw_accounts_memory(s);
    }

    tfw_mem_init(&scratch, TFW_ACCOUNTS_OBJECTS * (size_t) 2);
    tf_buf_init(&b, &scratch.mem, 65536, TFW_ACCOUNTS_OBJECTS);

    for (n = 0; n < count && !b.failed; n++) {
        if (tfw_accounts_objects_differ(s, n, &b)) {
            s->moved[s->moves++] = n;
        }
    }

    tfw_mem_clear(&scratch);

    return b.failed ? tfw_accounts_memory(s) : TF_OK;
}


/* b: room, which serves all accounts. */

static int
tfw_accounts_objects_differ(const tfw_accounts_t *s, size_t n, tf_buf_t *b)
{
    char           hex[TF_BYTEA_LEN(TF_DIGEST_LEN)];
    size_t         len;
    tf_str_t       before = tf_null_string;
    unsigned char  digest[TF_DIGEST_LEN];

    b->last = b->start;
    tf_account_objects(b, s->set, n);

    if (b->failed) {
        return 0;
    }

    len = (size_t) (b->last - b->start);

    if (s->row[n] != -1) {
        before = tf_row_get(s->before, s->row[n], "objects");
    }

    if (before.len == 0) {
        return len > 2;
    }

    tf_sha256(digest, b->start, len);
    tf_bytea((unsigned char *) hex, digest, TF_DIGEST_LEN);

    return !tf_str_eq(before, hex);
}


tf_int_t
tfw_accounts_objects_write(tfw_accounts_t *s)
{
    size_t    i;
    int64_t  *created;

    if (s->moves == 0) {
        return TF_OK;
    }

    created = tf_alloc(s->job->mem,
                       tf_accounts_count(s->set) * sizeof(int64_t));
    if (created == NULL) {
        return tfw_accounts_memory(s);
    }

    for (i = 0; i < s->changes; i++) {
        created[s->change[i].n] = s->change[i].id;
    }

    return tfw_accounts_objects_drop(s) == TF_OK
           ? tfw_accounts_objects_copy(s, created) : TF_ERROR;
}


static tf_int_t
tfw_accounts_objects_drop(tfw_accounts_t *s)
{
    int      *rows;
    size_t    i, n = 0;
    tf_buf_t  b;
    tf_str_t  ids;

    rows = tf_alloc(s->job->mem, s->moves * sizeof(int));
    if (rows == NULL) {
        return tfw_accounts_memory(s);
    }

    for (i = 0; i < s->moves; i++) {
        rows[n] = s->row[s->moved[i]];
        n += rows[n] != -1 && tf_row_get(s->before, rows[n], "objects").len;
    }

    if (n == 0) {
        return TF_OK;
    }

    tf_buf_init(&b, s->job->mem, 16 * n + 16, 64 * 1024 * 1024);
    tfw_accounts_row_ids(&b, s, rows, n);

    if (tf_buf_done(&b, &ids) != TF_OK) {
        return tfw_accounts_memory(s);
    }

    return tfw_accounts_run(s, TF_SQL_accounts_sync_objects_drop,
                            TFW_ARGS({ "ids", (char *) ids.data }));
}


/* created: ids of new accounts, by their number in the set. */

static tf_int_t
tfw_accounts_objects_copy(tfw_accounts_t *s, const int64_t *created)
{
    int            row;
    size_t         i, n, len;
    tf_buf_t       b;
    tfw_mem_t      scratch;
    tfw_copy_t     copy;
    unsigned char  digest[TF_DIGEST_LEN];

    if (tfw_copy_begin(&copy, s->job->db, tfw_accounts_into_objects,
                       &s->job->err)
        != TF_OK)
    {
        return TF_ERROR;
    }

    tfw_mem_init(&scratch, TFW_ACCOUNTS_OBJECTS * (size_t) 2);
    tf_buf_init(&b, &scratch.mem, 65536, TFW_ACCOUNTS_OBJECTS);

    for (i = 0; i < s->moves && !b.failed; i++) {
        n = s->moved[i];
        row = s->row[n];
        b.last = b.start;
        tf_account_objects(&b, s->set, n);
        len = (size_t) (b.last - b.start);

        if (b.failed || len <= 2) {
            continue;
        }

        tf_sha256(digest, b.start, len);

        tfw_copy_row(&copy, 3);
        tfw_copy_int(&copy, row == -1 ? created[n]
                                      : tf_row_int(s->before, row, "id"));
        tfw_copy_bytes(&copy, digest, TF_DIGEST_LEN);
        tfw_copy_bytes(&copy, b.start, len);
    }

    tfw_mem_clear(&scratch);

    if (b.failed) {
        tfw_copy_abort(&copy);
        return tfw_accounts_memory(s);
    }

    return tfw_copy_end(&copy, &s->job->err);
}
