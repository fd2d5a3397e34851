
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tfw_clock.h"
#include "tfw_db.h"
#include "tfw_log.h"


#define TFW_DB_LIMIT       600000   /* ms */
#define TFW_DB_SLICE       100      /* ms between two calls of wait */
#define TFW_DB_PARAMS_MAX  64


struct tfw_db_s {
    PGconn          *conn;          /* NULL: not connected */
    char            *conninfo;
    char            *name;
    int              limit;         /* ms */
    void           (*wait)(void *data);
    void            *data;
    unsigned         transaction:1; /* between BEGIN and its end */
    unsigned char    prepared[TF_SQL_END];
};


static tf_int_t tfw_db_connect(tfw_db_t *db, tf_err_t *err);
static tf_int_t tfw_db_prepare(tfw_db_t *db, tf_sql_e sql, tf_err_t *err);
static PGresult *tfw_db_result(tfw_db_t *db, int sent, tf_err_t *err);
static tf_int_t tfw_db_wait(tfw_db_t *db, tf_err_t *err);
static tf_int_t tfw_db_lost(tfw_db_t *db, tf_err_t *err);
static void tfw_db_error(tfw_db_t *db, const PGresult *res, tf_err_t *err);
static tf_code_e tfw_db_code(const char *state);
static void tfw_db_notice(void *data, const char *message);


tfw_db_t *
tfw_db_create(const char *conninfo, const char *application_name)
{
    tfw_db_t  *db;

    db = calloc(1, sizeof(tfw_db_t));
    if (db == NULL) {
        return NULL;
    }

    db->limit = TFW_DB_LIMIT;
    db->conninfo = strdup(conninfo);
    db->name = strdup(application_name);

    if (db->conninfo == NULL || db->name == NULL) {
        tfw_db_free(db);
        return NULL;
    }

    return db;
}


void
tfw_db_free(tfw_db_t *db)
{
    tfw_db_close(db);
    free(db->conninfo);
    free(db->name);
    free(db);
}


void
tfw_db_limit(tfw_db_t *db, int ms)
{
    db->limit = ms;
}


void
tfw_db_on_wait(tfw_db_t *db, void (*wait)(void *data), void *data)
{
    db->wait = wait;
    db->data = data;
}


int
tfw_db_up(const tfw_db_t *db)
{
    return db->conn != NULL && PQstatus(db->conn) == CONNECTION_OK;
}


void
tfw_db_close(tfw_db_t *db)
{
    if (db->conn != NULL) {
        PQfinish(db->conn);
        db->conn = NULL;
    }

    memset(db->prepared, 0, sizeof(db->prepared));
}


int
tfw_db_in_transaction(const tfw_db_t *db)
{
    return db->transaction;
}


void
tfw_db_forget(tfw_db_t *db)
{
    if (db->conn != NULL) {
        close(PQsocket(db->conn));
        db->conn = NULL;
    }

    memset(db->prepared, 0, sizeof(db->prepared));
}


PGconn *
tfw_db_conn(tfw_db_t *db, tf_err_t *err)
{
    return tfw_db_connect(db, err) == TF_OK ? db->conn : NULL;
}


PGresult *
tfw_db_run(tfw_db_t *db, tf_sql_e sql, const tfw_arg_t *args, tf_err_t *err)
{
    int               i, sent;
    const char       *values[TFW_DB_PARAMS_MAX];
    const tfw_arg_t  *arg;
    const tf_stmt_t  *stmt;

    stmt = &tf_sql[sql];

    for (i = 0; i < stmt->nparams; i++) {

        for (arg = args; arg && arg->name; arg++) {
            if (strcmp(arg->name, stmt->params[i]) == 0) {
                break;
            }
        }

        if (arg == NULL || arg->name == NULL || i == TFW_DB_PARAMS_MAX) {
            tfw_log("error", "statement %s has no parameter %s", stmt->name,
                    stmt->params[i]);
            abort();
        }

        values[i] = arg->value;
    }

    if (tfw_db_connect(db, err) != TF_OK
        || tfw_db_prepare(db, sql, err) != TF_OK)
    {
        return NULL;
    }

    sent = PQsendQueryPrepared(db->conn, stmt->name, stmt->nparams, values,
                               NULL, NULL, 0);

    return tfw_db_result(db, sent, err);
}


tf_int_t
tfw_db_exec(tfw_db_t *db, const char *sql, tf_err_t *err)
{
    int        ends, lost;
    PGresult  *res;

    if (tfw_db_connect(db, err) != TF_OK) {
        return TF_ERROR;
    }

    ends = strcmp(sql, "COMMIT") == 0;

    res = tfw_db_result(db, PQsendQuery(db->conn, sql), err);
    if (res == NULL) {
        return TF_ERROR;
    }

    /* COMMIT of a failed transaction answers ROLLBACK */

    lost = ends && strcmp(PQcmdStatus(res), "COMMIT") != 0;

    PQclear(res);

    if (ends) {
        db->transaction = 0;

    } else if (strcmp(sql, "BEGIN") == 0) {
        db->transaction = 1;
    }

    return lost ? tf_fail(err, TF_E_DATABASE_QUERY_ERROR, NULL,
                          "the transaction had failed before its COMMIT")
                : TF_OK;
}


void
tfw_db_rollback(tfw_db_t *db)
{
    tf_err_t   err;
    PGresult  *res;

    if (tfw_db_up(db) && PQtransactionStatus(db->conn) != PQTRANS_IDLE) {

        res = tfw_db_result(db, PQsendQuery(db->conn, "ROLLBACK"), &err);

        if (res == NULL) {
            tfw_db_close(db);
        }

        PQclear(res);
    }

    db->transaction = 0;
}


static tf_int_t
tfw_db_connect(tfw_db_t *db, tf_err_t *err)
{
    PGresult          *res;

    /* generic plans: planning a claim takes much longer than running it; no
     * JIT: with many partitions compiling takes a thousand times as long */

    static const char  setup[] =
        "SET datestyle = ISO; SET timezone = 'UTC';"
        "SET client_min_messages = warning;"
        "SET idle_in_transaction_session_timeout = '10min';"
        "SET lock_timeout = '60s';"
        "SET jit = off; SET plan_cache_mode = force_generic_plan";

    /* what stands before dbname may be overridden by the URL */

    const char  *names[] = {
        "connect_timeout", "keepalives_idle", "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "target_session_attrs",
        "dbname", "application_name", "client_encoding", NULL
    };
    const char  *values[] = {
        "3", "5", "3", "2", "10000", "read-write",
        db->conninfo, db->name, "UTF8", NULL
    };

    if (tfw_db_up(db)) {
        return TF_OK;
    }

    tfw_db_close(db);

    if (db->transaction) {
        return tf_fail(err, TF_E_SERVICE_UNAVAILABLE, NULL,
                       "the transaction was lost with its connection");
    }

    db->conn = PQconnectdbParams(names, values, 1);

    if (!tfw_db_up(db)) {
        return tfw_db_lost(db, err);
    }

    PQsetNoticeProcessor(db->conn, tfw_db_notice, NULL);

    res = tfw_db_result(db, PQsendQuery(db->conn, setup), err);
    PQclear(res);

    return res ? TF_OK : TF_ERROR;
}


static tf_int_t
tfw_db_prepare(tfw_db_t *db, tf_sql_e sql, tf_err_t *err)
{
    int        sent;
    PGresult  *res;

    if (db->prepared[sql]) {
        return TF_OK;
    }

    sent = PQsendPrepare(db->conn, tf_sql[sql].name, tf_sql[sql].text, 0,
                         NULL);
    res = tfw_db_result(db, sent, err);

    if (res == NULL) {
        return TF_ERROR;
    }

    PQclear(res);
    db->prepared[sql] = 1;

    return TF_OK;
}


/* The last result of what was sent, or NULL and err. */

static PGresult *
tfw_db_result(tfw_db_t *db, int sent, tf_err_t *err)
{
    PGresult        *res, *next;
    ExecStatusType   status;

    if (!sent) {
        (void) tfw_db_lost(db, err);
        return NULL;
    }

    res = NULL;

    for ( ;; ) {
        if (tfw_db_wait(db, err) != TF_OK) {
            PQclear(res);
            return NULL;
        }

        next = PQgetResult(db->conn);
        if (next == NULL) {
            break;
        }

        status = PQresultStatus(res);

        if (res != NULL && status != PGRES_COMMAND_OK
            && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
        {
            PQclear(next);      /* the first error is reported */
            continue;
        }

        PQclear(res);
        res = next;
    }

    status = PQresultStatus(res);

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
        || status == PGRES_EMPTY_QUERY)
    {
        return res;
    }

    tfw_db_error(db, res, err);
    PQclear(res);

    return NULL;
}


/* Waits until a result can be taken without blocking. */

static tf_int_t
tfw_db_wait(tfw_db_t *db, tf_err_t *err)
{
    int64_t        left, start;
    struct pollfd  pfd;

    start = tfw_clock();

    while (PQisBusy(db->conn)) {
        left = db->limit - (tfw_clock() - start);

        if (left <= 0) {
            tfw_db_close(db);
            return tf_fail(err, TF_E_SERVICE_UNAVAILABLE, NULL,
                           "PostgreSQL did not answer within %d ms",
                           db->limit);
        }

        pfd.fd = PQsocket(db->conn);
        pfd.events = POLLIN;

        if (poll(&pfd, 1, left < TFW_DB_SLICE ? (int) left : TFW_DB_SLICE)
            == -1 && errno != EINTR)
        {
            return tfw_db_lost(db, err);
        }

        if (db->wait) {
            db->wait(db->data);
        }

        if (!PQconsumeInput(db->conn)) {
            return tfw_db_lost(db, err);
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_db_lost(tfw_db_t *db, tf_err_t *err)
{
    char  *text, *end;

    text = db->conn ? PQerrorMessage(db->conn) : (char *) "no memory";
    end = text + strlen(text);

    while (end > text && end[-1] == '\n') {
        end--;
    }

    (void) tf_fail(err, TF_E_SERVICE_UNAVAILABLE, NULL, "%.*s",
                   (int) (end - text), text);
    tfw_db_close(db);

    return TF_ERROR;
}


static void
tfw_db_error(tfw_db_t *db, const PGresult *res, tf_err_t *err)
{
    tf_code_e    code;
    const char  *state, *text, *field;

    state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    field = PQresultErrorField(res, PG_DIAG_COLUMN_NAME);

    if (state == NULL) {
        if (PQstatus(db->conn) != CONNECTION_OK) {
            (void) tfw_db_lost(db, err);
            return;
        }

        (void) tf_fail(err, TF_E_DATABASE_QUERY_ERROR, NULL, "%s",
                       PQresultErrorMessage(res));
        return;
    }

    if (strcmp(state, "TF000") == 0 && text) {
        code = tf_error_find(tf_str(text));
        (void) tf_fail(err, code ? code : TF_E_DATABASE_QUERY_ERROR, field,
                       "%s", text);
        return;
    }

    (void) tf_fail(err, tfw_db_code(state), NULL, "%s (SQLSTATE %s)",
                   text ? text : "", state);

    /* a plan made before a migration is not made again in this session */

    if (strcmp(state, "0A000") == 0) {
        tfw_db_close(db);
    }
}


static tf_code_e
tfw_db_code(const char *state)
{
    size_t             i;
    static const char *again[] = {
        "08",           /* connection */
        "40",           /* serialization, deadlock */
        "53",           /* disk, memory, connections */
        "55P03",        /* lock not available */
        "57P",          /* shutdown, recovery */
        "0A000",        /* cached plan must not change result type */
        "25006"         /* read only: another server leads now */
    };

    if (strcmp(state, "57014") == 0) {
        return TF_E_DATABASE_TIMEOUT;
    }

    for (i = 0; i < sizeof(again) / sizeof(again[0]); i++) {
        if (strncmp(state, again[i], strlen(again[i])) == 0) {
            return TF_E_SERVICE_UNAVAILABLE;
        }
    }

    return TF_E_DATABASE_QUERY_ERROR;
}


static void
tfw_db_notice(void *data, const char *message)
{
    (void) data;

    tfw_log("info", "PostgreSQL says %.*s", (int) strcspn(message, "\n"),
            message);
}
