
/*
 * A reading from its begin to its end: the database that the session of the
 * caller is in, then each other by a session of its own.
 */


#include "tfw_reading_int.h"


/* Databases in a row that nobody answered for until the server counts as
 * gone. */
#define TFW_READING_SILENT  5

/* How long a server without a free connection is waited for, in all, and
 * between two attempts; ms. */
#define TFW_READING_FULL    30000
#define TFW_READING_PAUSE   100


static tf_int_t tfw_reading_base(tfw_reading_t *rd, void *session,
    tf_err_t *err);
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
static tf_int_t tfw_visit_seek(tfw_reading_t *rd);
static tf_int_t tfw_visit_list(tfw_reading_t *rd, tf_err_t *err);
static void tfw_visit_later(tfw_reading_t *rd, tfw_database_t *db);


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


/* Every database but the one that was read, then the outcome of the list. */

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

    return rc == TF_OK ? tfw_reading_all(rd, tf_str(""), rd->listed,
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

        if (tfw_target_stopping(rd->target)) {
            return tf_fail(err, TF_E_RUN_CANCELLED, NULL, "stopped");
        }

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

        if (busy || rd->laters || rd->next < rd->databases) {
            tfw_visit_wait(rd, busy);
            continue;
        }

        if (!rd->moved) {
            return TF_OK;
        }

        if (tfw_visit_seek(rd) != TF_OK) {
            return TF_ERROR;
        }
    }
}


/* NULL: none now. */

static tfw_database_t *
tfw_visit_next(tfw_reading_t *rd)
{
    tfw_database_t  *db;

    if (rd->laters) {
        return tfw_clock() < rd->not_before ? NULL
                                           : rd->later[--rd->laters];
    }

    while (rd->next < rd->databases) {
        db = &rd->database[rd->next++];

        if (db->sought == rd->sought) {
            return db;
        }
    }

    return NULL;
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
    v->deadline = tfw_clock()
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

    now = tfw_clock();
    until = now + (rd->target->stopping ? TFW_STOPPING_MS : 60000);

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

            if (tfw_clock() < v->wait.deadline) {
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
            v->batch.database = v->database->text;
            v->batch.id = v->database->id;
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

    case TF_E_TARGET_DATABASE:
        /* it has another name since the list was read, or is no more */

        if (db->id.len && !db->sought) {
            db->moved = 1;
            rd->moved = 1;
            return TF_OK;
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


/*
 * Databases that were not found under the names that they had: those of a
 * second list are visited once more, by the names they have there, and keep
 * those of the first.  Who is in none is gone, and nobody has rights in it.
 */

static tf_int_t
tfw_visit_seek(tfw_reading_t *rd)
{
    size_t           i;
    tf_int_t         rc;
    tf_err_t         why;
    tfw_database_t  *db;

    rd->moved = 0;
    rd->seeking = 1;
    rc = tfw_visit_list(rd, &why);
    rd->seeking = 0;

    if (rd->stopped) {
        return TF_ERROR;
    }

    for (i = 0; i < rd->databases; i++) {
        db = &rd->database[i];

        if (!db->moved) {
            continue;
        }

        db->moved = 0;
        db->sought = db->found;

        if (!db->found
            && tfw_reading_all(rd, db->text, rc == TF_OK ? TF_SCOPE_OK
                                             : tfw_reading_status(&why), &why)
               != TF_OK)
        {
            return TF_ERROR;
        }
    }

    rd->next = 0;
    rd->sought = 1;

    return TF_OK;
}


static tf_int_t
tfw_visit_list(tfw_reading_t *rd, tf_err_t *err)
{
    unsigned              i, n;
    tf_int_t              rc;
    tfw_batch_t           b;
    void                 *session = rd->visit[0].session;
    const tfw_engine_t   *engine = rd->engine;
    tfw_version_t         version;

    memset(session, 0, engine->session_size);
    rc = tfw_reading_open(engine, session, rd->target, &version, err);

    if (rc == TF_OK) {
        tfw_reading_batch(rd, &b, session, 1);

        for (i = 0, n = 0; i < b.n; i++) {
            if (b.query[i]->each == TFW_LIST_OF_DATABASES) {
                b.query[n++] = b.query[i];
            }
        }

        b.n = n;
        rc = engine->run(session, &b, err);
    }

    if (rc == TF_OK) {
        rc = tfw_reading_finish(engine, session, err);
    }

    engine->close(session);

    return rc;
}


static void
tfw_visit_later(tfw_reading_t *rd, tfw_database_t *db)
{
    rd->later[rd->laters++] = db;
    rd->not_before = tfw_clock() + TFW_READING_PAUSE;
}
