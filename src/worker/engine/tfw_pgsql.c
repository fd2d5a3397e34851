
/*
 * PostgreSQL 10 to 18 through libpq: connection, statements, version.
 *
 * Nothing blocks: the connection is made with PQconnectPoll(), the statements
 * of a batch go out at once in pipeline mode, each with a Sync of its own, so
 * that one that is refused ends alone.  Results come in single-row mode.
 *
 * The way a connection ended is found from SQLSTATE, errno and the phase it was
 * in, never from the words of a message, which are in the server's language.
 */


#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tfw_pgsql.h"


#define TFW_PGSQL_PARAMS    24

/* The server's own statement timeout has to come first. */
#define TFW_PGSQL_GRACE_MS  3000

/* What a statement waits for a lock on a catalog; ms. */
#define TFW_PGSQL_LOCK_MS   5000


typedef struct {
    const char          *keys[TFW_PGSQL_PARAMS];
    const char          *values[TFW_PGSQL_PARAMS];
    int                  n;
    char                 port[16];
} tfw_pgsql_params_t;


static tf_int_t tfw_pgsql_open(void *session, const tfw_target_t *target,
    const char *database, tf_err_t *err);
static void tfw_pgsql_close(void *session);
static tf_int_t tfw_pgsql_run(void *session, tfw_batch_t *batch,
    tf_err_t *err);
static tf_int_t tfw_pgsql_step(void *session, tfw_wait_t *wait, tf_err_t *err);
static void tfw_pgsql_version(void *session, tfw_version_t *version);
static int tfw_pgsql_plain(const tfw_pgsql_t *pg);
static void tfw_pgsql_params(tfw_pgsql_params_t *p, const tfw_target_t *t,
    const char *database);
static void tfw_pgsql_param(tfw_pgsql_params_t *p, const char *key,
    const char *value);
static int tfw_pgsql_has_option(const char *keyword);
static tf_int_t tfw_pgsql_connecting(tfw_pgsql_t *pg, tfw_wait_t *wait,
    tf_err_t *err);
static tf_int_t tfw_pgsql_reached(tfw_pgsql_t *pg, tf_err_t *err);
static tf_int_t tfw_pgsql_connected(tfw_pgsql_t *pg, tf_err_t *err);
static tf_int_t tfw_pgsql_connect_error(tfw_pgsql_t *pg, tf_err_t *err);
static int tfw_pgsql_state(const char *message, char state[6]);
static tf_code_e tfw_pgsql_state_code(const char *state);
static int tfw_pgsql_closed(const tfw_pgsql_t *pg);
static tf_int_t tfw_pgsql_settings(tfw_pgsql_t *pg, tf_err_t *err);
static tf_int_t tfw_pgsql_send(tfw_pgsql_t *pg, const char *sql,
    tf_err_t *err);
static void tfw_pgsql_statement(tfw_pgsql_t *pg);
static tf_int_t tfw_pgsql_reading(tfw_pgsql_t *pg, tfw_wait_t *wait,
    tf_err_t *err);
static tf_int_t tfw_pgsql_await(tfw_pgsql_t *pg, tfw_wait_t *wait,
    tf_err_t *err);
static tf_int_t tfw_pgsql_result(tfw_pgsql_t *pg, PGresult *res,
    tf_err_t *err);
static tf_int_t tfw_pgsql_row(tfw_pgsql_t *pg, const PGresult *res,
    tf_err_t *err);
static void tfw_pgsql_refused(tfw_pgsql_t *pg, const PGresult *res);
static tf_int_t tfw_pgsql_synced(tfw_pgsql_t *pg, tf_err_t *err);
static tf_int_t tfw_pgsql_lost(tfw_pgsql_t *pg, tf_err_t *err);
static void tfw_pgsql_notice(void *arg, const PGresult *res);


static const tfw_read_t  tfw_pgsql_reads[] = {
    { "accounts", sizeof(tfw_pgsql_accounts_t), tfw_pgsql_queries },
    { "databases", 0, tfw_pgsql_databases },
    { "table_sizes", 0, tfw_pgsql_tables },
    { "rights", 0, tfw_pgsql_rights },
    { NULL, 0, NULL }
};


const tfw_engine_t  tfw_pgsql_engine = {
    &tf_engine_postgresql,
    sizeof(tfw_pgsql_t),
    TFW_CONNECTIONS,
    tfw_pgsql_reads,
    tfw_pgsql_open,
    tfw_pgsql_close,
    tfw_pgsql_run,
    tfw_pgsql_step,
    tfw_pgsql_version
};


static tf_int_t
tfw_pgsql_open(void *session, const tfw_target_t *target,
    const char *database, tf_err_t *err)
{
    tfw_pgsql_t         *pg = session;
    tfw_pgsql_params_t   params;

    if (database == NULL) {
        database = target->only ? target->only
                   : target->database ? target->database : "postgres";
    }

    pg->session.target = target;
    pg->session.flavour = 1;
    pg->watch = -1;
    pg->phase = TFW_PGSQL_CONNECT;
    pg->polled = PGRES_POLLING_WRITING;
    pg->deadline = tfw_clock()
                   + (int64_t) target->connect_timeout * 1000;

    if (tfw_pgsql_plain(pg)) {
        /* on the heap for its size */
        pg->gate = calloc(1, sizeof(tfw_pgsql_gate_t));

        if (pg->gate == NULL) {
            return tf_fail(err, TF_E_TARGET_OTHER, NULL, "memory is out");
        }

        pg->gate->server = -1;
    }

    tfw_pgsql_params(&params, target, database);

    pg->conn = PQconnectStartParams(params.keys, params.values, 0);

    if (pg->conn == NULL) {
        return tf_fail(err, TF_E_TARGET_OTHER, NULL, "memory is out");
    }

    (void) PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
    (void) PQsetNoticeReceiver(pg->conn, tfw_pgsql_notice, NULL);

    return PQstatus(pg->conn) == CONNECTION_BAD
           ? tfw_pgsql_connect_error(pg, err) : TF_OK;
}


static void
tfw_pgsql_close(void *session)
{
    tfw_pgsql_t  *pg = session;

    if (pg->gate) {
        (void) tfw_pgsql_gate_close(pg->gate, -1, NULL);
        free(pg->gate);
        pg->gate = NULL;
    }

    tfw_pgsql_encoding_close(pg);

    if (pg->conn) {
        if (pg->watch != -1) {
            (void) close(pg->watch);
            pg->watch = -1;
        }

        PQfinish(pg->conn);
        pg->conn = NULL;
    }
}


static int
tfw_pgsql_plain(const tfw_pgsql_t *pg)
{
    return strcmp(pg->session.target->tls_mode, "disable") == 0;
}


static void
tfw_pgsql_params(tfw_pgsql_params_t *p, const tfw_target_t *t,
    const char *database)
{
    int  plain = strcmp(t->tls_mode, "disable") == 0;

    p->n = 0;
    (void) snprintf(p->port, sizeof(p->port), "%d", t->port);

    tfw_pgsql_param(p, "host", t->host);
    tfw_pgsql_param(p, "hostaddr", t->address);
    tfw_pgsql_param(p, "port", p->port);
    tfw_pgsql_param(p, "dbname", database);
    tfw_pgsql_param(p, "user", t->username);
    tfw_pgsql_param(p, "password", t->password);
    tfw_pgsql_param(p, "client_encoding", "SQL_ASCII");
    tfw_pgsql_param(p, "fallback_application_name", "taifish");
    tfw_pgsql_param(p, "gssencmode", "disable");
    tfw_pgsql_param(p, "target_session_attrs", "any");
    tfw_pgsql_param(p, "keepalives_idle", "30");

    /* nothing of the account that the worker runs under goes out */
    tfw_pgsql_param(p, "passfile", "/dev/null");
    tfw_pgsql_param(p, "sslcert", "/dev/null/none");

    tfw_pgsql_param(p, "sslmode", t->tls_mode);
    tfw_pgsql_param(p, "ssl_min_protocol_version", "TLSv1.2");

    if (!plain) {
        if (t->tls_ca) {
            tfw_pgsql_param(p, "sslrootcert", t->tls_ca);

        } else if (strcmp(t->tls_mode, "require") == 0) {
            /* a file that exists would turn require into verify-ca */
            tfw_pgsql_param(p, "sslrootcert", "/dev/null/none");

        } else {
            tfw_pgsql_param(p, "sslrootcert", tfw_engine_system_ca());
        }
    }

    /*
     * No password in clear, whoever asks.  libpq before 16 has no require_auth
     * and its only refusal under TLS is channel binding, which SCRAM brings
     * from PostgreSQL 11 on; without TLS the gate refuses.
     */
    if (tfw_pgsql_has_option("require_auth")) {
        tfw_pgsql_param(p, "require_auth", "scram-sha-256,md5");
        tfw_pgsql_param(p, "channel_binding", "prefer");

    } else {
        tfw_pgsql_param(p, "channel_binding", plain ? "disable" : "require");
    }

    tfw_pgsql_param(p, NULL, NULL);
}


static void
tfw_pgsql_param(tfw_pgsql_params_t *p, const char *key, const char *value)
{
    p->keys[p->n] = key;
    p->values[p->n++] = value;
}


static int
tfw_pgsql_has_option(const char *keyword)
{
    int                has = 0;
    PQconninfoOption  *all, *o;

    all = PQconndefaults();

    for (o = all; o && o->keyword; o++) {
        if (strcmp(o->keyword, keyword) == 0) {
            has = 1;
            break;
        }
    }

    PQconninfoFree(all);

    return has;
}


static tf_int_t
tfw_pgsql_step(void *session, tfw_wait_t *wait, tf_err_t *err)
{
    tfw_pgsql_t  *pg = session;

    switch (pg->phase) {

    case TFW_PGSQL_CONNECT:
        return tfw_pgsql_connecting(pg, wait, err);

    case TFW_PGSQL_SETTINGS:
    case TFW_PGSQL_READ:
        return tfw_pgsql_reading(pg, wait, err);

    default:
        return TF_OK;
    }
}


static void
tfw_pgsql_version(void *session, tfw_version_t *version)
{
    *version = ((tfw_pgsql_t *) session)->reported;
}


static tf_int_t
tfw_pgsql_connecting(tfw_pgsql_t *pg, tfw_wait_t *wait, tf_err_t *err)
{
    if (pg->gate && wait->n
        && tfw_pgsql_gate_relay(pg->gate, wait, err) != TF_OK)
    {
        return TF_ERROR;
    }

    if (wait->n && wait->fd[0].revents) {

        if (!pg->reached && tfw_pgsql_reached(pg, err) != TF_OK) {
            return TF_ERROR;
        }

        pg->polled = PQconnectPoll(pg->conn);

        if (pg->polled == PGRES_POLLING_OK) {
            return tfw_pgsql_connected(pg, err);
        }

        if (pg->polled == PGRES_POLLING_FAILED) {
            return tfw_pgsql_connect_error(pg, err);
        }

        if (pg->gate && pg->gate->server == -1
            && PQstatus(pg->conn) == CONNECTION_MADE
            && tfw_pgsql_gate_open(pg->gate, PQsocket(pg->conn), err) != TF_OK)
        {
            return TF_ERROR;
        }
    }

    wait->n = 1;
    wait->deadline = pg->deadline;
    wait->fd[0].fd = PQsocket(pg->conn);
    wait->fd[0].events = pg->polled == PGRES_POLLING_WRITING ? POLLOUT
                                                             : POLLIN;
    wait->fd[0].revents = 0;

    if (pg->gate) {
        tfw_pgsql_gate_wait(pg->gate, wait);
    }

    return TF_AGAIN;
}


/* Takes the result of connect() before libpq does: libpq would report it as
 * text only. */

static tf_int_t
tfw_pgsql_reached(tfw_pgsql_t *pg, tf_err_t *err)
{
    int        error = 0, fd = PQsocket(pg->conn);
    socklen_t  len = sizeof(error);

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1) {
        error = errno;
    }

    if (error) {
        return tf_fail(err, error == ETIMEDOUT ? TF_E_TARGET_TIMEOUT
                                               : TF_E_TARGET_REFUSED,
                       NULL, "connect: errno %d", error);
    }

    pg->reached = 1;

    if (pg->gate == NULL) {
        pg->watch = dup(fd);
    }

    return TF_OK;
}


static tf_int_t
tfw_pgsql_connected(tfw_pgsql_t *pg, tf_err_t *err)
{
    if (pg->gate
        && tfw_pgsql_gate_close(pg->gate, PQsocket(pg->conn), err) != TF_OK)
    {
        return TF_ERROR;
    }

    if (pg->watch != -1) {
        (void) close(pg->watch);
        pg->watch = -1;
    }

    pg->phase = TFW_PGSQL_IDLE;
    pg->session.version = PQserverVersion(pg->conn);
    pg->session.database = PQdb(pg->conn);

    if (PQsetnonblocking(pg->conn, 1) != 0
        || PQenterPipelineMode(pg->conn) != 1)
    {
        return tfw_pgsql_lost(pg, err);
    }

    return TF_OK;
}


static tf_int_t
tfw_pgsql_connect_error(tfw_pgsql_t *pg, tf_err_t *err)
{
    char        text[200], state[6];
    size_t      i;
    tf_code_e   code;
    const char  *m = PQerrorMessage(pg->conn);

    for (i = 0; i < sizeof(text) - 1 && m[i] && m[i] != '\n'; i++) {
        text[i] = m[i];
    }

    text[i] = '\0';

    if (tfw_pgsql_state(text, state)) {
        code = tfw_pgsql_state_code(state);

    } else if (!pg->reached || tfw_pgsql_closed(pg)) {
        code = TF_E_TARGET_REFUSED;

    } else if (tfw_pgsql_plain(pg)) {
        code = TF_E_TARGET_PROTOCOL;

    } else {
        /* under TLS libpq gives up when it will not sign in as it is asked to:
         * with a password in clear, or with a method it does not know */
        code = PQsslInUse(pg->conn) ? TF_E_TARGET_AUTH : TF_E_TARGET_TLS;
    }

    return tf_fail(err, code, NULL, "%s", text);
}


/* The SQLSTATE of a message of the form "SEVERITY:  SQLSTATE: text", which
 * PQERRORS_VERBOSE gives to errors of a server, and only to those. */

static int
tfw_pgsql_state(const char *message, char state[6])
{
    const char  *p;

    static const char  digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    for (p = strstr(message, ":  "); p; p = strstr(p + 1, ":  ")) {
        if (strspn(p + 3, digits) == 5 && p[8] == ':') {
            memcpy(state, p + 3, 5);
            state[5] = '\0';
            return 1;
        }
    }

    return 0;
}


/* Ways a server refuses or ends a session; the first prefix counts. */

static tf_code_e
tfw_pgsql_state_code(const char *state)
{
    size_t  i;

    static const struct {
        const char  *state;
        tf_code_e    code;
    } codes[] = {
        { "28", TF_E_TARGET_AUTH },
        { "42501", TF_E_TARGET_PERMISSION },
        { "3D000", TF_E_TARGET_DATABASE },
        { "57014", TF_E_TARGET_TIMEOUT },       /* statement_timeout */
        { "55P03", TF_E_TARGET_TIMEOUT },       /* lock_timeout */
        { "25P03", TF_E_TARGET_REFUSED },       /* idle too long */
        { "57P05", TF_E_TARGET_REFUSED },
        { "57P01", TF_E_TARGET_REFUSED },       /* shuts down, crashed, */
        { "57P02", TF_E_TARGET_REFUSED },
        { "57P03", TF_E_TARGET_REFUSED },       /* or is starting up */
        { "08", TF_E_TARGET_REFUSED },
        { "53300", TF_E_TARGET_BUSY }           /* too many connections */
    };

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strncmp(state, codes[i].state, strlen(codes[i].state)) == 0) {
            return codes[i].code;
        }
    }

    return TF_E_TARGET_OTHER;
}


/* 1 when the server has closed the connection, which libpq does not report. */

static int
tfw_pgsql_closed(const tfw_pgsql_t *pg)
{
    char     c;
    ssize_t  n;

    if (pg->watch == -1) {
        return 0;
    }

    n = recv(pg->watch, &c, 1, MSG_PEEK | MSG_DONTWAIT);

    return n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR);
}


static tf_int_t
tfw_pgsql_run(void *session, tfw_batch_t *batch, tf_err_t *err)
{
    unsigned      i;
    tfw_pgsql_t  *pg = session;

    pg->batch = batch;

    if (!pg->settled && tfw_pgsql_settings(pg, err) != TF_OK) {
        return TF_ERROR;
    }

    for (i = 0; i < batch->n; i++) {
        if (tfw_pgsql_send(pg, batch->query[i]->sql, err) != TF_OK) {
            return TF_ERROR;
        }
    }

    pg->phase = pg->settled ? batch->n ? TFW_PGSQL_READ : TFW_PGSQL_IDLE
                            : TFW_PGSQL_SETTINGS;
    tfw_pgsql_statement(pg);

    return TF_OK;
}


/* The session's settings: whatever the database's owner put on it, names are
 * those of the system catalog and nothing is written.  A session begins in
 * SQL_ASCII, which every encoding can be read in, as it is; it stays so but for
 * UTF-8, and for what the C library cannot convert and the server can. */

static tf_int_t
tfw_pgsql_settings(tfw_pgsql_t *pg, tf_err_t *err)
{
    int          n, statement, lock;
    char         sql[2048];
    const char  *encoding;

    statement = pg->session.target->statement_timeout * 1000;
    lock = statement < TFW_PGSQL_LOCK_MS ? 0 : TFW_PGSQL_LOCK_MS;

    n = snprintf(sql, sizeof(sql), tfw_pgsql_sql_settings, statement, lock);

    if (pg->session.version >= 110000) {
        n += snprintf(sql + n, sizeof(sql) - (size_t) n, "%s",
                      tfw_pgsql_sql_jit);
    }

    if (pg->session.version >= 140000) {
        n += snprintf(sql + n, sizeof(sql) - (size_t) n, "%s",
                      tfw_pgsql_sql_check);
    }

    encoding = PQparameterStatus(pg->conn, "server_encoding");

    if (encoding) {
        tfw_pgsql_encoding_open(pg, encoding);
    }

    if (encoding && pg->from == NULL && strcmp(encoding, "SQL_ASCII") != 0
        && strcmp(encoding, "MULE_INTERNAL") != 0)
    {
        n += snprintf(sql + n, sizeof(sql) - (size_t) n, "%s",
                      tfw_pgsql_sql_utf8);
    }

    if (pg->batch->id.len) {
        (void) snprintf(sql + n, sizeof(sql) - (size_t) n, "%s",
                        tfw_pgsql_sql_which);
    }

    return tfw_pgsql_send(pg, sql, err);
}


static tf_int_t
tfw_pgsql_send(tfw_pgsql_t *pg, const char *sql, tf_err_t *err)
{
    if (PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 0) != 1
        || PQpipelineSync(pg->conn) != 1)
    {
        return tfw_pgsql_lost(pg, err);
    }

    return TF_OK;
}


/* The results of the next statement are expected now. */

static void
tfw_pgsql_statement(tfw_pgsql_t *pg)
{
    pg->ended = 0;
    pg->status = TF_SCOPE_OK;
    pg->deadline = tfw_clock() + TFW_PGSQL_GRACE_MS
                   + (int64_t) pg->session.target->statement_timeout * 1000;

    if (pg->phase == TFW_PGSQL_READ) {
        (void) PQsetSingleRowMode(pg->conn);
    }
}


static tf_int_t
tfw_pgsql_reading(tfw_pgsql_t *pg, tfw_wait_t *wait, tf_err_t *err)
{
    tf_int_t   rc;
    PGresult  *res;

    for ( ;; ) {
        rc = tfw_pgsql_await(pg, wait, err);

        if (rc != TF_OK) {
            return rc;
        }

        res = PQgetResult(pg->conn);

        if (res == NULL) {
            /* between the results of a statement and its Sync */

            if (PQstatus(pg->conn) == CONNECTION_BAD) {
                return tfw_pgsql_lost(pg, err);
            }

            continue;
        }

        rc = tfw_pgsql_result(pg, res, err);

        PQclear(res);

        if (rc != TF_OK || pg->phase == TFW_PGSQL_IDLE) {
            return rc;
        }
    }
}


static tf_int_t
tfw_pgsql_await(tfw_pgsql_t *pg, tfw_wait_t *wait, tf_err_t *err)
{
    int  flushed;

    flushed = PQflush(pg->conn);

    if (PQisBusy(pg->conn)) {
        if (PQconsumeInput(pg->conn) != 1) {
            return tfw_pgsql_lost(pg, err);
        }

        if (PQisBusy(pg->conn)) {
            wait->n = 1;
            wait->deadline = pg->deadline;
            wait->fd[0].fd = PQsocket(pg->conn);
            wait->fd[0].events = flushed == 1 ? POLLIN | POLLOUT : POLLIN;

            return TF_AGAIN;
        }
    }

    if (tfw_clock() > pg->deadline) {
        return tf_fail(err, TF_E_TARGET_TIMEOUT, NULL,
                       "no end within the statement timeout");
    }

    return TF_OK;
}


static tf_int_t
tfw_pgsql_result(tfw_pgsql_t *pg, PGresult *res, tf_err_t *err)
{
    switch (PQresultStatus(res)) {

    case PGRES_SINGLE_TUPLE:
        return tfw_pgsql_row(pg, res, err);

    case PGRES_TUPLES_OK:
        pg->ended = 1;
        return pg->phase == TFW_PGSQL_SETTINGS ? tfw_pgsql_row(pg, res, err)
                                               : TF_OK;

    case PGRES_FATAL_ERROR:
        pg->ended = 1;
        tfw_pgsql_refused(pg, res);
        return PQstatus(pg->conn) == CONNECTION_BAD ? tfw_pgsql_lost(pg, err)
                                                    : TF_OK;

    case PGRES_PIPELINE_SYNC:
        return tfw_pgsql_synced(pg, err);

    default:
        return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                       "server answers a query with %s",
                       PQresStatus(PQresultStatus(res)));
    }
}


/* The only place where a value that a server sent is taken from a result. */

static tf_int_t
tfw_pgsql_row(tfw_pgsql_t *pg, const PGresult *res, tf_err_t *err)
{
    int       i, n;
    tf_str_t  row[TFW_PGSQL_COLUMNS];

    n = PQnfields(res);

    if (PQntuples(res) != 1 || n < 1 || n > TFW_PGSQL_COLUMNS) {
        return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                       "server answers with %d rows of %d columns",
                       PQntuples(res), n);
    }

    for (i = 0; i < n; i++) {
        row[i].len = (size_t) PQgetlength(res, 0, i);
        row[i].data = PQgetisnull(res, 0, i)
                      ? NULL : (unsigned char *) PQgetvalue(res, 0, i);
    }

    if (pg->phase == TFW_PGSQL_SETTINGS) {
        tfw_engine_version(row[0], &pg->reported);

        return pg->batch->id.len == 0
               || tfw_reading_same(pg->batch->id, row[n - 1])
               ? TF_OK : tf_fail(err, TF_E_TARGET_DATABASE, NULL,
                                 "another database has this name now");
    }

    if (tfw_pgsql_encoding_row(pg, row, n) != TF_OK) {
        return tf_fail(err, TF_E_TARGET_OTHER, NULL, "memory is out");
    }

    return tfw_reading_row(pg->batch, row, (unsigned) n, err);
}


static void
tfw_pgsql_refused(tfw_pgsql_t *pg, const PGresult *res)
{
    size_t       i;
    tf_code_e    code;
    const char  *state, *text;

    /* no such table, column or function, or no such feature */
    static const char *const  unsupported[] = {
        "42P01", "42703", "42883", "0A000"
    };

    state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    pg->status = TF_SCOPE_ERROR;

    if (state == NULL) {
        (void) tf_fail(&pg->refused, PQstatus(pg->conn) == CONNECTION_BAD
                                     ? TF_E_TARGET_REFUSED
                                     : TF_E_TARGET_PROTOCOL,
                       NULL, "%s", PQresultErrorMessage(res));
        return;
    }

    code = tfw_pgsql_state_code(state);

    if (code == TF_E_TARGET_PERMISSION) {
        pg->status = TF_SCOPE_DENIED;

    } else if (code == TF_E_TARGET_TIMEOUT) {
        pg->status = TF_SCOPE_TIMEOUT;
    }

    for (i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++) {
        if (strcmp(state, unsupported[i]) == 0) {
            pg->status = TF_SCOPE_UNSUPPORTED;
        }
    }

    (void) tf_fail(&pg->refused, code, NULL, "%.5s %s", state,
                   text ? text : "");
}


/* The Sync of a statement came: it has ended. */

static tf_int_t
tfw_pgsql_synced(tfw_pgsql_t *pg, tf_err_t *err)
{
    if (!pg->ended) {
        return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                       "server answers a query without a result");
    }

    if (pg->phase == TFW_PGSQL_SETTINGS) {

        if (pg->status != TF_SCOPE_OK) {
            *err = pg->refused;
            return TF_ERROR;
        }

        pg->settled = 1;
        pg->phase = TFW_PGSQL_READ;

    } else if (tfw_reading_end(pg->batch, pg->status, &pg->refused, err)
               != TF_OK)
    {
        return TF_ERROR;
    }

    if (pg->batch->at == pg->batch->n) {
        pg->phase = TFW_PGSQL_IDLE;

    } else {
        tfw_pgsql_statement(pg);
    }

    return TF_OK;
}


/* The session has ended by itself; why is in the last result, if there was
 * one. */

static tf_int_t
tfw_pgsql_lost(tfw_pgsql_t *pg, tf_err_t *err)
{
    if (pg->ended && pg->status != TF_SCOPE_OK) {
        *err = pg->refused;

        if (err->code == TF_E_TARGET_REFUSED) {
            return TF_ERROR;
        }
    }

    return tf_fail(err, TF_E_TARGET_REFUSED, NULL, "connection is lost: %s",
                   PQerrorMessage(pg->conn));
}


/* What a managed server has to say besides its answers is nobody's. */

static void
tfw_pgsql_notice(void *arg, const PGresult *res)
{
    (void) arg;
    (void) res;
}
