
/* What the steps of a sync share. */


#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tf_row.h"
#include "tfw_accounts_int.h"


/* Part of every fingerprint.  Another number makes a new version of every
 * account at its next sync; to be changed with the rules of facts. */
#define TFW_ACCOUNTS_REVISION  "1\n"


tf_int_t
tfw_accounts_run(tfw_accounts_t *s, tf_sql_e sql, const tfw_arg_t *args)
{
    PGresult  *res;

    res = tfw_db_run(s->job->db, sql, args, &s->job->err);
    PQclear(res);

    return res ? TF_OK : TF_ERROR;
}


/* Text of an id; memory being out shows as a statement that finds nothing. */

const char *
tfw_accounts_id(tfw_accounts_t *s, int64_t id)
{
    char  *text;

    text = tf_alloc(s->job->mem, 24);

    if (text) {
        (void) snprintf(text, 24, "%lld", (long long) id);
    }

    return text;
}


tf_int_t
tfw_accounts_memory(tfw_accounts_t *s)
{
    return tf_fail(&s->job->err, TF_E_RESULT_TOO_LARGE, NULL, "out of memory");
}


void
tfw_accounts_row_ids(tf_buf_t *b, const tfw_accounts_t *s, const int *rows,
    size_t n)
{
    size_t  i;

    tf_buf_char(b, '{');

    for (i = 0; i < n; i++) {
        tf_buf_lit(b, i ? "," : "");
        tf_buf_str(b, tf_row_get(s->before, rows[i], "id"));
    }

    tf_buf_add(b, "}", 2);
}


PGresult *
tfw_accounts_snapshots(tfw_accounts_t *s, const int *rows, size_t n)
{
    size_t      i;
    tf_buf_t    b;
    tf_str_t    id, ids;
    tfw_mem_t   scratch;
    PGresult   *res;

    tfw_mem_init(&scratch, 1024 * 1024);
    tf_buf_init(&b, &scratch.mem, 24 * n + 8, 512 * 1024);
    tf_buf_char(&b, '{');

    for (i = 0; i < n; i++) {

        if (i) {
            tf_buf_char(&b, ',');
        }

        id = tf_row_get(s->before, rows[i], "version_id");

        if (id.data) {
            tf_buf_str(&b, id);

        } else {
            tf_buf_lit(&b, "NULL");
        }
    }

    tf_buf_lit(&b, "}");
    tf_buf_char(&b, '\0');

    res = NULL;

    if (tf_buf_done(&b, &ids) == TF_OK) {
        res = tfw_db_run(s->job->db, TF_SQL_accounts_sync_snapshots,
                         TFW_ARGS({ "ids", (char *) ids.data }),
                         &s->job->err);
    } else {
        (void) tfw_accounts_memory(s);
    }

    tfw_mem_clear(&scratch);

    return res;
}


tf_account_stored_t
tfw_accounts_stored(const tfw_accounts_t *s, const PGresult *res, int i)
{
    tf_account_stored_t  stored;

    memset(&stored, 0, sizeof(tf_account_stored_t));
    stored.snapshot = tf_row_get(res, i, "snapshot");
    stored.objects = tf_row_get(res, i, "objects");
    stored.names = &s->names;

    return stored;
}


void
tfw_accounts_canonical(tf_buf_t *b, const tfw_accounts_t *s, size_t n)
{
    tf_buf_lit(b, TFW_ACCOUNTS_REVISION);
    tf_buf_char(b, '0' + tf_accounts_get(s->set, n)->kind);
    tf_buf_char(b, '\n');

    if (tf_account_unread(s->set, n)) {
        tf_buf_lit(b, "unread\n");
    }

    tf_account_snapshot(b, s->set, n);
}


int
tfw_accounts_listed(const tfw_accounts_t *s, tf_str_t principal)
{
    tf_str_t  database;

    if (s->engine->users == NULL || principal.len == 0
        || principal.data[0] != (unsigned char) s->engine->quote[0])
    {
        return 1;
    }

    database.data = tf_alloc(s->job->mem, principal.len);

    return database.data
           && (!tf_engine_database(s->engine, principal, &database)
               || tf_scopes_read(tf_accounts_scopes(s->set),
                                 tf_str(s->engine->users), database));
}
