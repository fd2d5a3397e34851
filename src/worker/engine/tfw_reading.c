
/*
 * The loop over the scopes and databases of a managed instance.
 *
 * The session that the caller opened runs everything that is read once, the
 * list of databases, and what is read in the database that it is in.  Then it
 * is closed, and the other databases are visited, each by a session of its own,
 * engine->connections at a time.
 *
 * What goes wrong in a database is an outcome of that database.  The reading
 * ends only when the server is gone: nobody answers, or refuses.
 */


#include "tf_json.h"
#include "tf_mem.h"
#include "tfw_reading_int.h"


static int tfw_reading_applies(const tfw_query_t *q, const tfw_session_t *s);
static int tfw_reading_wait(tfw_wait_t *wait, const tfw_target_t *t);
static tf_int_t tfw_reading_ended(tfw_batch_t *b, const tfw_query_t *q);
static tf_int_t tfw_reading_scope(tfw_reading_t *rd, const char *scope,
    tf_str_t database, tf_scope_status_e status, const tf_err_t *err);
static tf_int_t tfw_reading_refuse(tfw_batch_t *b, const tfw_query_t *q,
    tf_str_t database);
static tf_int_t tfw_reading_found(tfw_reading_t *rd, tf_str_t name,
    tf_str_t id, tfw_database_e kind);
static char *tfw_reading_copy(tfw_reading_t *rd, tf_str_t s);


static const tf_str_t  tfw_reading_whole = tf_string("");


tf_int_t
tfw_reading_open(const tfw_engine_t *engine, void *session,
    const tfw_target_t *target, tfw_version_t *version, tf_err_t *err)
{
    tfw_batch_t  b;

    memset(&b, 0, sizeof(tfw_batch_t));

    if (engine->open(session, target, NULL, err) != TF_OK
        || tfw_reading_finish(engine, session, err) != TF_OK
        || engine->run(session, &b, err) != TF_OK
        || tfw_reading_finish(engine, session, err) != TF_OK)
    {
        return TF_ERROR;
    }

    engine->version(session, version);

    return TF_OK;
}


void
tfw_reading_batch(tfw_reading_t *rd, tfw_batch_t *b, void *session, int base)
{
    const tfw_query_t    *q;
    const tfw_session_t  *s = session;

    memset(b, 0, sizeof(tfw_batch_t));

    b->reading = rd;
    b->state = rd->state;
    b->mem = rd->mem;
    b->sink = rd->sink;
    b->engine = rd->engine->engine;
    b->session = session;
    b->status = TF_SCOPE_OK;
    b->database = tfw_reading_whole;

    if (s->database
        && tfw_engine_text(rd->mem, tf_str(s->database), &b->database)
           != TF_OK)
    {
        rd->stopped = 1;
    }

    for (q = rd->read->queries; q->scope; q++) {
        if (tfw_reading_applies(q, s) && b->n < TFW_BATCH
            && (q->each == TFW_ONCE_PER_DATABASE ? s->database != NULL : base))
        {
            b->query[b->n++] = q;
        }
    }
}


static int
tfw_reading_applies(const tfw_query_t *q, const tfw_session_t *s)
{
    int  flavour = q->flavour & ~TFW_OPTIONAL;

    return (flavour == 0 || flavour == s->flavour)
           && s->version >= q->since
           && (q->before == 0 || s->version < q->before);
}


tf_int_t
tfw_reading_finish(const tfw_engine_t *engine, void *session, tf_err_t *err)
{
    tf_int_t              rc;
    tfw_wait_t            wait;
    const tfw_session_t  *s = session;

    memset(&wait, 0, sizeof(tfw_wait_t));

    for ( ;; ) {
        rc = engine->step(session, &wait, err);

        if (rc != TF_AGAIN) {
            return rc;
        }

        if (tfw_target_stopping(s->target)) {
            return tf_fail(err, TF_E_RUN_CANCELLED, NULL, "stopped");
        }

        if (!tfw_reading_wait(&wait, s->target)) {
            return tf_fail(err, TF_E_TARGET_TIMEOUT, NULL,
                           "no answer within the timeout");
        }
    }
}


/* 0: the deadline has passed. */

static int
tfw_reading_wait(tfw_wait_t *wait, const tfw_target_t *t)
{
    int64_t  left, most;

    left = wait->deadline - tfw_clock();
    most = t->stopping ? TFW_STOPPING_MS : 60000;

    if (left <= 0) {
        return 0;
    }

    if (poll(wait->fd, wait->n, (int) (left > most ? most : left)) == -1) {
        /* EINTR: step() finds nothing to do and asks again */
        for (left = 0; left < (int64_t) wait->n; left++) {
            wait->fd[left].revents = 0;
        }
    }

    return 1;
}


tf_int_t
tfw_reading_row(tfw_batch_t *b, const tf_str_t *row, unsigned n, tf_err_t *err)
{
    unsigned             i;
    tf_int_t             rc;
    const tfw_query_t   *q;
    const tfw_target_t  *t = b->reading->target;

    q = b->query[b->at];

    for (i = 0; i < n; i++) {
        b->bytes += (int64_t) row[i].len;
    }

    if (++b->rows > t->max_rows || b->bytes > t->max_bytes) {
        return tf_fail(err, TF_E_RESULT_TOO_LARGE, NULL,
                       "more than %lld rows or %lld bytes",
                       (long long) t->max_rows, (long long) t->max_bytes);
    }

    if (n != q->columns) {
        return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                       "%u columns, %u were asked for", n, q->columns);
    }

    if (b->reading->blind) {
        return TF_OK;
    }

    rc = q->row(b, q, row);

    if (rc == TF_DECLINED) {
        return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                       "row that was not asked for");
    }

    if (rc != TF_OK) {
        b->reading->stopped = 1;
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL,
                       "what was read could not be taken");
    }

    return TF_OK;
}


tf_int_t
tfw_reading_end(tfw_batch_t *b, tf_scope_status_e status,
    const tf_err_t *refused, tf_err_t *err)
{
    tf_int_t            rc = TF_OK;
    const tfw_query_t  *q, *next;

    q = b->query[b->at++];
    next = b->at < b->n ? b->query[b->at] : NULL;

    if (status != TF_SCOPE_OK && b->status == TF_SCOPE_OK
        && !(q->flavour & TFW_OPTIONAL))
    {
        b->status = status;
        b->err = *refused;
    }

    if (next == NULL || next->each != q->each
        || strcmp(next->scope, q->scope) != 0)
    {
        rc = tfw_reading_ended(b, q);
        b->status = TF_SCOPE_OK;
    }

    b->rows = 0;
    b->bytes = 0;

    return rc == TF_OK ? TF_OK
                       : tf_fail(err, TF_E_INTERNAL_ERROR, NULL,
                                 "what was read could not be taken");
}


tf_int_t
tfw_reading_step(tfw_batch_t *b, tfw_reading_query_pt query, void *session,
    tf_err_t *err)
{
    tf_int_t            rc;
    tf_err_t            refused;
    tf_scope_status_e   status;

    while (b && b->at < b->n) {
        rc = query(session, b->query[b->at]->sql, b, &status, &refused);

        if (rc == TF_ERROR) {
            *err = refused;
            return TF_ERROR;
        }

        if (tfw_reading_end(b, rc == TF_OK ? TF_SCOPE_OK : status, &refused,
                            err)
            != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


/* All statements of a scope have ended. */

static tf_int_t
tfw_reading_ended(tfw_batch_t *b, const tfw_query_t *q)
{
    tfw_reading_t  *rd = b->reading;

    if (rd->blind) {
        return TF_OK;
    }

    if (q->each == TFW_LIST_OF_DATABASES) {
        if (!rd->seeking) {
            rd->listed = b->status;
            rd->list_err = b->err;
        }

        return TF_OK;
    }

    if (tfw_reading_scope(rd, q->scope, q->each == TFW_ONCE_PER_DATABASE
                                        ? b->database : tfw_reading_whole,
                          b->status, &b->err)
        != TF_OK)
    {
        return TF_ERROR;
    }

    if (strcmp(q->scope, rd->read->queries->scope) != 0) {
        return TF_OK;
    }

    /* without the principals no right has a holder */

    rd->blind = b->status != TF_SCOPE_OK;

    if (!rd->blind && rd->complete && rd->sink->verified(rd->sink) != TF_OK) {
        rd->stopped = 1;
        return TF_ERROR;
    }

    return TF_OK;
}


tf_int_t
tfw_reading_absent(tfw_reading_t *rd, tfw_each_e each, tfw_batch_t *b)
{
    int                 has;
    const char         *scope;
    const tfw_query_t  *q;

    for (q = rd->read->queries; q->scope; /* void */ ) {
        scope = q->scope;
        has = q->each != each;

        for ( /* void */ ; q->scope && strcmp(q->scope, scope) == 0; q++) {
            has |= tfw_reading_applies(q, b->session);
        }

        if (!has
            && tfw_reading_scope(rd, scope, each == TFW_ONCE_PER_DATABASE
                                            ? b->database : tfw_reading_whole,
                                 TF_SCOPE_OK, NULL)
               != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


tf_int_t
tfw_reading_rest(tfw_batch_t *b, tf_err_t *err)
{
    int                 local;
    const char         *last = "";
    tfw_reading_t      *rd = b->reading;
    const tfw_query_t  *q;

    if (rd->stopped || b->at == b->n || rd->blind) {
        return TF_ERROR;
    }

    local = b->query[b->at]->each == TFW_ONCE_PER_DATABASE
            && (b->query[0]->each == TFW_ONCE_PER_DATABASE
                || err->code == TF_E_TARGET_TIMEOUT
                || err->code == TF_E_RESULT_TOO_LARGE);

    for ( /* void */ ; b->at < b->n; b->at++) {
        q = b->query[b->at];

        if (q->each == TFW_LIST_OF_DATABASES || strcmp(q->scope, last) == 0) {
            continue;
        }

        last = q->scope;

        if (tfw_reading_scope(rd, q->scope, q->each == TFW_ONCE_PER_DATABASE
                                            ? b->database : tfw_reading_whole,
                              tfw_reading_status(err), err)
            != TF_OK)
        {
            return TF_ERROR;
        }

        if (!local) {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


tf_int_t
tfw_reading_all(tfw_reading_t *rd, tf_str_t database, tf_scope_status_e status,
    const tf_err_t *err)
{
    const char         *last = "";
    const tfw_query_t  *q;

    for (q = rd->read->queries; q->scope; q++) {

        if (q->each != TFW_ONCE_PER_DATABASE || strcmp(q->scope, last) == 0) {
            continue;
        }

        last = q->scope;

        if (tfw_reading_scope(rd, q->scope, database, status, err) != TF_OK) {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_reading_scope(tfw_reading_t *rd, const char *scope, tf_str_t database,
    tf_scope_status_e status, const tf_err_t *err)
{
    if (rd->sink->scope(rd->sink, scope, database, status,
                        status == TF_SCOPE_OK ? NULL : err)
        != TF_OK)
    {
        rd->stopped = 1;
        return TF_ERROR;
    }

    return TF_OK;
}


tf_scope_status_e
tfw_reading_status(const tf_err_t *err)
{
    switch (err->code) {

    case TF_E_TARGET_TIMEOUT:
        return TF_SCOPE_TIMEOUT;

    case TF_E_TARGET_AUTH:
    case TF_E_TARGET_PASSWORD_EXPIRED:
    case TF_E_TARGET_PERMISSION:
        return TF_SCOPE_DENIED;
    }

    return TF_SCOPE_ERROR;
}


tf_int_t
tfw_reading_database(tfw_batch_t *b, tf_str_t name, tf_str_t id,
    tfw_database_e kind)
{
    tf_str_t              text;
    tfw_reading_t        *rd = b->reading;
    tfw_database_t       *db;
    const tfw_session_t  *s = b->session;

    if (rd->seeking) {
        return tfw_reading_found(rd, name, id, kind);
    }

    if (tfw_engine_text(rd->mem, name, &text) != TF_OK
        || (id.len && rd->sink->database(rd->sink, text, id, 0) != TF_OK))
    {
        return TF_ERROR;
    }

    if (s->database && tf_str_eq(name, s->database)) {
        return TF_OK;
    }

    if (tf_mem_grow(rd->mem, &rd->database, sizeof(tfw_database_t),
                    rd->databases, &rd->size)
        != TF_OK)
    {
        return TF_ERROR;
    }

    db = &rd->database[rd->databases];
    memset(db, 0, sizeof(tfw_database_t));

    db->name = tfw_reading_copy(rd, name);
    db->id.data = (unsigned char *) tfw_reading_copy(rd, id);

    if (db->name == NULL || db->id.data == NULL) {
        return TF_ERROR;
    }

    db->id.len = id.len;
    db->kind = kind;
    rd->databases++;

    return tfw_engine_text(rd->mem, tf_str(db->name), &db->text);
}


/* A row of the second list. */

static tf_int_t
tfw_reading_found(tfw_reading_t *rd, tf_str_t name, tf_str_t id,
    tfw_database_e kind)
{
    size_t           i;
    tfw_database_t  *db;

    for (i = 0; i < rd->databases; i++) {
        db = &rd->database[i];

        if (db->moved && tfw_reading_same(db->id, id)) {
            db->name = tfw_reading_copy(rd, name);
            db->kind = kind;
            db->found = 1;

            return db->name ? TF_OK : TF_ERROR;
        }
    }

    return TF_OK;
}


int
tfw_reading_same(tf_str_t a, tf_str_t b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}


/* NULL when memory is out. */

static char *
tfw_reading_copy(tfw_reading_t *rd, tf_str_t s)
{
    char  *copy;

    copy = tf_calloc(rd->mem, s.len + 1);

    if (copy && s.len) {
        memcpy(copy, s.data, s.len);
    }

    return copy;
}


void
tfw_reading_complete(tfw_batch_t *b)
{
    b->reading->complete = 1;
}


tf_int_t
tfw_reading_text(tfw_batch_t *b, tf_str_t principal, const char *name,
    tf_str_t value)
{
    tf_buf_t     json;
    tfw_sink_t  *s = b->sink;

    if (value.data == NULL) {
        return s->attribute(s, principal, name, tf_str("null"));
    }

    if (tfw_engine_text(b->mem, value, &value) != TF_OK) {
        return TF_ERROR;
    }

    tf_buf_init(&json, b->mem, value.len + 16, 1 << 20);
    tf_json_string(&json, value);

    return tf_buf_done(&json, &value) == TF_OK
               ? s->attribute(s, principal, name, value) : TF_ERROR;
}


tf_int_t
tfw_reading_flag(tfw_batch_t *b, tf_str_t principal, const char *name,
    int value)
{
    return b->sink->attribute(b->sink, principal, name,
                              tf_str(value ? "true" : "false"));
}


tf_int_t
tfw_reading_right(tfw_batch_t *b, const tfw_query_t *q, const tf_str_t *row)
{
    if (row[0].data && !tf_str_eq(row[0], "0")) {
        return TF_OK;
    }

    b->status = TF_SCOPE_DENIED;

    return tfw_reading_refuse(b, q, tfw_reading_whole);
}


tf_int_t
tfw_reading_barred(tfw_batch_t *b, const tfw_query_t *q, const tf_str_t *row)
{
    return tfw_reading_refuse(b, q, row[0]);
}


static tf_int_t
tfw_reading_refuse(tfw_batch_t *b, const tfw_query_t *q, tf_str_t database)
{
    tf_err_t  err;

    (void) tf_fail(&err, TF_E_TARGET_PERMISSION, NULL, "right %s is missing",
                   q->scope);

    if (database.len == 0) {
        b->err = err;
        return TF_OK;
    }

    return b->sink->scope(b->sink, q->scope, database, TF_SCOPE_DENIED, &err);
}
