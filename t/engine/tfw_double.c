
/*
 * A third engine for t/70engine-third.t: how it is read.  Its server is a file,
 * the instance's database_name, with lines of words between tabs:
 *
 *     account   name  is_superuser
 *     server    name  category  privilege  state
 *     database  name
 *     object    name  object  privilege  state  database
 */


#include <stdio.h>

#include "tfw_reading.h"


#define TFW_DOUBLE_COLUMNS  6
#define TFW_DOUBLE_LINE     1024


typedef struct {
    tfw_session_t    session;   /* first */
    FILE            *file;
    tfw_batch_t     *batch;
} tfw_double_t;


static tf_int_t tfw_double_open(void *session, const tfw_target_t *target,
    const char *database, tf_err_t *err);
static void tfw_double_close(void *session);
static tf_int_t tfw_double_run(void *session, tfw_batch_t *batch,
    tf_err_t *err);
static tf_int_t tfw_double_step(void *session, tfw_wait_t *wait,
    tf_err_t *err);
static void tfw_double_version(void *session, tfw_version_t *version);
static tf_int_t tfw_double_rows(tfw_double_t *d, const tfw_query_t *q,
    tf_err_t *err);
static tf_int_t tfw_double_account(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
static tf_int_t tfw_double_server(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
static tf_int_t tfw_double_database(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
static tf_int_t tfw_double_object(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);


static const tfw_query_t  tfw_double_queries[] = {

    { "accounts", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 2, tfw_double_account, 0,
      NULL, "account" },
    { "server", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 4, tfw_double_server, 0,
      NULL, "server" },
    { "", TFW_LIST_OF_DATABASES, 0, 0, 0, 1, tfw_double_database, 0, NULL,
      "database" },
    { "objects", TFW_ONCE_PER_DATABASE, 0, 0, 0, 5, tfw_double_object, 0,
      "double_object_privileges", "object" },

    { .scope = NULL }
};

static const tfw_read_t  tfw_double_reads[] = {
    { "accounts", 0, tfw_double_queries },
    { NULL, 0, NULL }
};


const tfw_engine_t  tfw_double_engine = {
    &tf_engine_double,
    sizeof(tfw_double_t),
    TFW_CONNECTIONS,
    tfw_double_reads,
    tfw_double_open,
    tfw_double_close,
    tfw_double_run,
    tfw_double_step,
    tfw_double_version
};


static tf_int_t
tfw_double_open(void *session, const tfw_target_t *target,
    const char *database, tf_err_t *err)
{
    tfw_double_t  *d = session;

    d->session.target = target;
    d->session.database = database;
    d->file = fopen(target->database, "r");

    return d->file ? TF_OK : tf_fail(err, TF_E_TARGET_REFUSED, NULL, "no %s",
                                     target->database);
}


static void
tfw_double_close(void *session)
{
    tfw_double_t  *d = session;

    if (d->file) {
        (void) fclose(d->file);
        d->file = NULL;
    }
}


static tf_int_t
tfw_double_run(void *session, tfw_batch_t *batch, tf_err_t *err)
{
    (void) err;

    ((tfw_double_t *) session)->batch = batch;

    return TF_OK;
}


static tf_int_t
tfw_double_step(void *session, tfw_wait_t *wait, tf_err_t *err)
{
    tfw_batch_t   *b;
    tfw_double_t  *d = session;

    (void) wait;

    for (b = d->batch; b && b->at < b->n; /* void */ ) {
        if (tfw_double_rows(d, b->query[b->at], err) != TF_OK
            || tfw_reading_end(b, TF_SCOPE_OK, NULL, err) != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static void
tfw_double_version(void *session, tfw_version_t *version)
{
    (void) session;

    tfw_engine_version(tf_str("Double 7.1"), version);
}


static tf_int_t
tfw_double_rows(tfw_double_t *d, const tfw_query_t *q, tf_err_t *err)
{
    char       line[TFW_DOUBLE_LINE], *p;
    unsigned   n;
    tf_str_t   row[TFW_DOUBLE_COLUMNS];

    rewind(d->file);

    while (fgets(line, sizeof(line), d->file)) {
        line[strcspn(line, "\n")] = '\0';

        for (n = 0, p = line; p && n < TFW_DOUBLE_COLUMNS; n++) {
            row[n].data = (unsigned char *) p;
            row[n].len = strcspn(p, "\t");
            p += row[n].len;
            p = *p ? p + 1 : NULL;
        }

        if (tf_str_eq(row[0], q->sql)
            && tfw_reading_row(d->batch, row + 1, n - 1, err) != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_double_account(tfw_batch_t *b, const tfw_query_t *q, const tf_str_t *row)
{
    tfw_sink_t      *s = b->sink;
    const tf_str_t   none = tf_null_string;

    (void) q;

    tfw_reading_complete(b);

    if (s->account(s, row[0], row[0], none, TF_KIND_USER, none) != TF_OK
        || s->attribute(s, row[0], "is_superuser", row[1]) != TF_OK
        || s->attribute(s, row[0], "is_locked", tf_str("false")) != TF_OK
        || s->attribute(s, row[0], "can_grant", tf_str("false")) != TF_OK
        || s->attribute(s, row[0], "is_system", tf_str("false")) != TF_OK)
    {
        return TF_ERROR;
    }

    return TF_OK;
}


static tf_int_t
tfw_double_server(tfw_batch_t *b, const tfw_query_t *q, const tf_str_t *row)
{
    tf_right_t  right;

    (void) q;

    memset(&right, 0, sizeof(tf_right_t));
    right.category = tf_category_named(b->engine, row[1]);
    right.privilege = row[2];
    right.state = (tf_state_e) tf_state_find(row[3]);

    return right.category ? b->sink->grant(b->sink, row[0], &right)
                          : TF_DECLINED;
}


static tf_int_t
tfw_double_database(tfw_batch_t *b, const tfw_query_t *q, const tf_str_t *row)
{
    (void) q;

    return tfw_reading_database(b, row[0], tf_str(""), TFW_DATABASE_OPEN);
}


static tf_int_t
tfw_double_object(tfw_batch_t *b, const tfw_query_t *q, const tf_str_t *row)
{
    tf_right_t  right;

    if (row[4].len != b->database.len
        || memcmp(row[4].data, b->database.data, row[4].len) != 0)
    {
        return TF_OK;
    }

    right.category = tf_category_find(b->engine, q->category);
    right.database = b->database;
    right.object = row[1];
    right.privilege = row[2];
    right.state = (tf_state_e) tf_state_find(row[3]);

    return b->sink->grant(b->sink, row[0], &right);
}
