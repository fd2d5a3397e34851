
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


#include <errno.h>
#include <time.h>

#include "tf_json.h"
#include "tfw_reading.h"


/* Databases in a row that nobody answered for until the server counts as
 * gone. */
#define TFW_READING_SILENT  5

/* How long a server without a free connection is waited for, in all, and
 * between two attempts; ms. */
#define TFW_READING_FULL    30000
#define TFW_READING_PAUSE   100


typedef struct {
    char                    *name;      /* as the server has it; ends in NUL */
    tf_str_t                 text;      /* as it is kept */
    tfw_database_e           kind;
    unsigned                 again:1;   /* the session broke once before */
} tfw_database_t;


/* A session of its own in one database. */

typedef struct {
    tfw_database_t          *database;  /* NULL: idle */
    void                    *session;
    unsigned                 open:1;
    int64_t                  deadline;  /* of all that is read there */
    tfw_wait_t               wait;
    tfw_batch_t              batch;
} tfw_visit_t;


struct tfw_reading_s {
    const tfw_engine_t      *engine;
    const tfw_read_t        *read;
    const tfw_target_t      *target;
    const tf_mem_t          *mem;
    tfw_sink_t              *sink;
    void                    *state;

    unsigned                 complete:1;
    unsigned                 blind:1;   /* the first scope was not read */
    unsigned                 stopped:1; /* by the sink or for lack of memory */
    tf_scope_status_e        listed;    /* outcome of the list of databases */
    tf_err_t                 list_err;

    tfw_database_t          *database;
    size_t                   databases;
    size_t                   size;
    size_t                   next;

    tfw_visit_t              visit[TFW_CONNECTIONS];
    int                      visits;    /* that may be at once */
    unsigned                 silent;
    tfw_database_t          *later[TFW_CONNECTIONS];    /* to be tried again */
    int                      laters;
    int64_t                  not_before;
    int64_t                  waited;
};


static tf_int_t tfw_reading_base(tfw_reading_t *rd, void *session,
    tf_err_t *err);
static void tfw_reading_batch(tfw_reading_t *rd, tfw_batch_t *b,
    void *session, int base);
static int tfw_reading_applies(const tfw_query_t *q, const tfw_session_t *s);
static tf_int_t tfw_reading_finish(const tfw_engine_t *engine, void *session,
    tf_err_t *err);
static int tfw_reading_wait(tfw_wait_t *wait);
static tf_int_t tfw_reading_ended(tfw_batch_t *b, const tfw_query_t *q);
static tf_int_t tfw_reading_absent(tfw_reading_t *rd, tfw_each_e each,
    tfw_batch_t *b);
static tf_int_t tfw_reading_rest(tfw_batch_t *b, tf_err_t *err);
static tf_int_t tfw_reading_all(tfw_reading_t *rd, tf_str_t database,
    tf_scope_status_e status, const tf_err_t *err);
static tf_int_t tfw_reading_scope(tfw_reading_t *rd, const char *scope,
    tf_str_t database, tf_scope_status_e status, const tf_err_t *err);
static tf_scope_status_e tfw_reading_status(const tf_err_t *err);
static tf_int_t tfw_reading_refuse(tfw_batch_t *b, const tfw_query_t *q,
    tf_str_t database);
static tf_int_t tfw_reading_visits(tfw_reading_t *rd, tf_err_t *err);
static tf_int_t tfw_visit_all(tfw_reading_t *rd, tf_err_t *err);
static tfw_database_t *tfw_visit_next(tfw_reading_t *rd);
static tf_int_t tfw_visit_begin(tfw_reading_t *rd, tfw_visit_t *v,
    tf_err_t *err);
static void tfw_visit_wait(tfw_reading_t *rd, int busy);
static tf_int_t tfw_visit_step(tfw_reading_t *rd, tfw_visit_t *v,
    tf_err_t *err);
static tf_int_t tfw_visit_failed(tfw_reading_t *rd, tfw_visit_t *v,
    tf_err_t *err);
static void tfw_visit_later(tfw_reading_t *rd, tfw_database_t *db);


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


tf_int_t
tfw_reading_run(const tfw_engine_t *engine, const char *name, void *session,
    const tf_mem_t *mem, tfw_sink_t *sink, tf_err_t *err)
{
    tf_int_t        rc;
    tfw_reading_t  *rd;

    rd = tf_calloc(mem, sizeof(tfw_reading_t));
    if (rd == NULL) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "memory is out");
    }

    rd->engine = engine;
    rd->target = ((tfw_session_t *) session)->target;
    rd->mem = mem;
    rd->sink = sink;
    rd->visits = engine->connections;

    for (rd->read = engine->reads; rd->read->name; rd->read++) {
        if (strcmp(rd->read->name, name) == 0) {
            break;
        }
    }

    if (rd->read->name == NULL) {
        return tf_fail(err, TF_E_DRIVER_MISSING, NULL, "%s has no reading %s",
                       engine->engine->name, name);
    }

    if (rd->read->state_size) {
        rd->state = tf_calloc(mem, rd->read->state_size);

        if (rd->state == NULL) {
            return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "memory is out");
        }
    }

    rc = tfw_reading_base(rd, session, err);

    if (rc == TF_OK && !rd->blind && rd->listed) {
        engine->close(session);
        rc = tfw_reading_visits(rd, err);
    }

    if (rd->stopped) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL,
                       "what was read could not be taken");
    }

    return rc;
}


/* Everything that the session of the caller can read. */

static tf_int_t
tfw_reading_base(tfw_reading_t *rd, void *session, tf_err_t *err)
{
    tfw_batch_t  b;

    tfw_reading_batch(rd, &b, session, 1);

    if (rd->engine->run(session, &b, err) != TF_OK
        || tfw_reading_finish(rd->engine, session, err) != TF_OK)
    {
        /* a hung database is no reason to give the others up */

        if (tfw_reading_rest(&b, err) != TF_OK) {
            return TF_ERROR;
        }
    }

    if (rd->blind) {
        return TF_OK;
    }

    if (tfw_reading_absent(rd, TFW_ONCE_PER_INSTANCE, &b) != TF_OK
        || (b.database.len
            && tfw_reading_absent(rd, TFW_ONCE_PER_DATABASE, &b) != TF_OK))
    {
        return TF_ERROR;
    }

    return TF_OK;
}


/* base: what is read once, too. */

static void
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


static tf_int_t
tfw_reading_finish(const tfw_engine_t *engine, void *session, tf_err_t *err)
{
    tf_int_t    rc;
    tfw_wait_t  wait;

    memset(&wait, 0, sizeof(tfw_wait_t));

    for ( ;; ) {
        rc = engine->step(session, &wait, err);

        if (rc != TF_AGAIN) {
            return rc;
        }

        if (!tfw_reading_wait(&wait)) {
            return tf_fail(err, TF_E_TARGET_TIMEOUT, NULL,
                           "no answer within the timeout");
        }
    }
}


/* 0: the deadline has passed. */

static int
tfw_reading_wait(tfw_wait_t *wait)
{
    int64_t  left;

    left = wait->deadline - tfw_engine_clock();

    if (left <= 0) {
        return 0;
    }

    if (poll(wait->fd, wait->n, left > 60000 ? 60000 : (int) left) == -1) {
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
        rd->listed = b->status;
        rd->list_err = b->err;
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


/* A scope that the server's version does not have has nothing to say: it was
 * read. */

static tf_int_t
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


/* The session of a batch broke; err is why.  TF_OK when that concerns nothing
 * but the database it was in. */

static tf_int_t
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


/* The same outcome for all scopes of a database. */

static tf_int_t
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


static tf_scope_status_e
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
tfw_reading_database(tfw_batch_t *b, tf_str_t name, tfw_database_e kind)
{
    size_t                size;
    tfw_reading_t        *rd = b->reading;
    tfw_database_t       *db;
    const tfw_session_t  *s = b->session;

    if (s->database && tf_str_eq(name, s->database)) {
        return TF_OK;
    }

    if (rd->databases == rd->size) {
        size = rd->size ? rd->size * 2 : 64;

        db = tf_alloc(rd->mem, size * sizeof(tfw_database_t));
        if (db == NULL) {
            return TF_ERROR;
        }

        if (rd->databases) {
            memcpy(db, rd->database, rd->databases * sizeof(tfw_database_t));
        }

        rd->database = db;
        rd->size = size;
    }

    db = &rd->database[rd->databases];
    memset(db, 0, sizeof(tfw_database_t));

    db->name = tf_calloc(rd->mem, name.len + 1);
    if (db->name == NULL) {
        return TF_ERROR;
    }

    if (name.len) {
        memcpy(db->name, name.data, name.len);
    }

    db->kind = kind;
    rd->databases++;

    return tfw_engine_text(rd->mem, tf_str(db->name), &db->text);
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


/* Every database but the one that is read, then the outcome of the list. */

static tf_int_t
tfw_reading_visits(tfw_reading_t *rd, tf_err_t *err)
{
    int       i;
    tf_int_t  rc = TF_OK;

    if (rd->databases && rd->listed == TF_SCOPE_OK) {

        rc = tfw_visit_all(rd, err);

        for (i = 0; i < TFW_CONNECTIONS; i++) {
            if (rd->visit[i].database) {
                rd->engine->close(rd->visit[i].session);
            }
        }
    }

    return rc == TF_OK ? tfw_reading_all(rd, tfw_reading_whole, rd->listed,
                                         &rd->list_err)
                       : rc;
}


static tf_int_t
tfw_visit_all(tfw_reading_t *rd, tf_err_t *err)
{
    int           i, busy = 0;
    tfw_visit_t  *v;

    for (i = 0; i < rd->engine->connections; i++) {
        rd->visit[i].session = tf_alloc(rd->mem, rd->engine->session_size);

        if (rd->visit[i].session == NULL) {
            rd->stopped = 1;
            return TF_ERROR;
        }
    }

    for ( ;; ) {

        for (i = 0; i < rd->engine->connections; i++) {
            v = &rd->visit[i];

            if (v->database == NULL && busy < rd->visits) {
                if (tfw_visit_begin(rd, v, err) != TF_OK) {
                    return TF_ERROR;
                }

                busy += v->database != NULL;
            }

            if (v->database) {
                if (tfw_visit_step(rd, v, err) != TF_OK) {
                    return TF_ERROR;
                }

                busy -= v->database == NULL;
            }
        }

        if (busy == 0 && rd->laters == 0 && rd->next == rd->databases) {
            return TF_OK;
        }

        tfw_visit_wait(rd, busy);
    }
}


/* NULL: none now. */

static tfw_database_t *
tfw_visit_next(tfw_reading_t *rd)
{
    if (rd->laters) {
        return tfw_engine_clock() < rd->not_before ? NULL
                                                   : rd->later[--rd->laters];
    }

    return rd->next < rd->databases ? &rd->database[rd->next++] : NULL;
}


/* Starts to read the next database that takes connections. */

static tf_int_t
tfw_visit_begin(tfw_reading_t *rd, tfw_visit_t *v, tf_err_t *err)
{
    tfw_database_t      *db;
    const tfw_target_t  *t = rd->target;

    while ((db = tfw_visit_next(rd)) != NULL) {

        if (db->kind == TFW_DATABASE_OPEN) {
            break;
        }

        (void) tf_fail(err, TF_E_TARGET_PERMISSION, NULL,
                       "database allows no connections");

        if (tfw_reading_all(rd, db->text, db->kind == TFW_DATABASE_TEMPLATE
                                          ? TF_SCOPE_UNSUPPORTED
                                          : TF_SCOPE_DENIED, err)
            != TF_OK)
        {
            return TF_ERROR;
        }
    }

    if (db == NULL) {
        return TF_OK;
    }

    memset(v->session, 0, rd->engine->session_size);
    memset(&v->wait, 0, sizeof(tfw_wait_t));

    v->database = db;
    v->open = 0;
    v->deadline = tfw_engine_clock()
                  + (int64_t) t->connect_timeout * 1000
                  + (int64_t) t->statement_timeout * 2000;

    if (rd->engine->open(v->session, t, db->name, err) != TF_OK) {
        return tfw_visit_failed(rd, v, err);
    }

    return TF_OK;
}


/* Until one of the visits can go on or has to end. */

static void
tfw_visit_wait(tfw_reading_t *rd, int busy)
{
    int             i, timeout;
    int64_t         now, until;
    unsigned        k, n = 0;
    tfw_visit_t    *v;
    struct pollfd   fd[3 * TFW_CONNECTIONS];

    now = tfw_engine_clock();
    until = now + 60000;

    if (busy < rd->visits && (rd->laters || rd->next < rd->databases)) {
        until = rd->laters ? rd->not_before : now;
    }

    for (i = 0; i < TFW_CONNECTIONS; i++) {
        v = &rd->visit[i];

        if (v->database == NULL) {
            continue;
        }

        until = v->wait.deadline < until ? v->wait.deadline : until;
        memcpy(&fd[n], v->wait.fd, v->wait.n * sizeof(struct pollfd));
        n += v->wait.n;
    }

    timeout = until > now ? (int) (until - now) : 0;

    if (poll(fd, n, timeout) == -1) {
        for (k = 0; k < n; k++) {
            fd[k].revents = 0;
        }
    }

    for (i = 0, n = 0; i < TFW_CONNECTIONS; i++) {
        v = &rd->visit[i];

        if (v->database) {
            memcpy(v->wait.fd, &fd[n], v->wait.n * sizeof(struct pollfd));
            n += v->wait.n;
        }
    }
}


static tf_int_t
tfw_visit_step(tfw_reading_t *rd, tfw_visit_t *v, tf_err_t *err)
{
    tf_int_t  rc;

    for ( ;; ) {
        rc = rd->engine->step(v->session, &v->wait, err);

        if (rc == TF_AGAIN) {
            if (v->wait.deadline > v->deadline) {
                v->wait.deadline = v->deadline;
            }

            if (tfw_engine_clock() < v->wait.deadline) {
                return TF_OK;
            }

            (void) tf_fail(err, TF_E_TARGET_TIMEOUT, NULL,
                           "no answer within the timeout");
            return tfw_visit_failed(rd, v, err);
        }

        if (rc == TF_OK && !v->open) {
            v->open = 1;
            rd->silent = 0;
            tfw_reading_batch(rd, &v->batch, v->session, 0);
            rc = rd->engine->run(v->session, &v->batch, err);

            if (rc == TF_OK) {
                memset(&v->wait, 0, sizeof(tfw_wait_t));
                continue;
            }
        }

        if (rc != TF_OK) {
            return tfw_visit_failed(rd, v, err);
        }

        rd->engine->close(v->session);
        v->database = NULL;

        return tfw_reading_absent(rd, TFW_ONCE_PER_DATABASE, &v->batch);
    }
}


/* The session of a visit could not be made, or broke.  TF_OK when the other
 * databases are read nevertheless. */

static tf_int_t
tfw_visit_failed(tfw_reading_t *rd, tfw_visit_t *v, tf_err_t *err)
{
    tfw_database_t  *db = v->database;

    rd->engine->close(v->session);
    v->database = NULL;

    if (rd->stopped) {
        return TF_ERROR;
    }

    switch (err->code) {

    case TF_E_TARGET_BUSY:
        /* from now on one at a time */

        if (rd->waited < TFW_READING_FULL) {
            rd->visits = 1;
            rd->waited += TFW_READING_PAUSE;
            tfw_visit_later(rd, db);
            return TF_OK;
        }

        break;

    case TF_E_TARGET_REFUSED:
        /* a session that somebody ended, or the server is going down */

        if (v->open && !db->again) {
            db->again = 1;
            tfw_visit_later(rd, db);
            return TF_OK;
        }

        return TF_ERROR;

    case TF_E_TARGET_TIMEOUT:
        if (!v->open && ++rd->silent == TFW_READING_SILENT) {
            return TF_ERROR;
        }

        break;

    case TF_E_TARGET_AUTH:
    case TF_E_TARGET_PASSWORD_EXPIRED:
    case TF_E_TARGET_PERMISSION:
    case TF_E_TARGET_OTHER:
    case TF_E_RESULT_TOO_LARGE:
        break;

    default:
        return TF_ERROR;
    }

    if (v->open) {
        return tfw_reading_rest(&v->batch, err);
    }

    return tfw_reading_all(rd, db->text, tfw_reading_status(err), err);
}


static void
tfw_visit_later(tfw_reading_t *rd, tfw_database_t *db)
{
    rd->later[rd->laters++] = db;
    rd->not_before = tfw_engine_clock() + TFW_READING_PAUSE;
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
