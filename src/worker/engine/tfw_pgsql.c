
/*
 * PostgreSQL 10 to 18 through libpq: connection, statements, version.
 *
 * Nothing blocks without a deadline: the connection is made with
 * PQconnectPoll() and results are awaited with poll().  Results come in
 * single-row mode and are counted against the target's limits.
 */


#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tfw_pgsql.h"


#define TFW_PGSQL_PARAMS    24

/* The server's own statement timeout has to come first. */
#define TFW_PGSQL_GRACE_MS  3000


typedef struct {
    const char          *keys[TFW_PGSQL_PARAMS];
    const char          *values[TFW_PGSQL_PARAMS];
    int                  n;
    char                 port[16];
} tfw_pgsql_params_t;


static tf_int_t tfw_pgsql_open(void *session, const tfw_target_t *target,
    tf_err_t *err);
static void tfw_pgsql_close(void *session);
static tf_int_t tfw_pgsql_version(void *session, tfw_version_t *version,
    tf_err_t *err);
static void tfw_pgsql_params(tfw_pgsql_params_t *p, const tfw_target_t *t,
    const char *database);
static void tfw_pgsql_param(tfw_pgsql_params_t *p, const char *key,
    const char *value);
static int tfw_pgsql_has_option(const char *keyword);
static tf_int_t tfw_pgsql_poll(tfw_pgsql_t *pg, tfw_pgsql_gate_t *gate,
    tf_err_t *err);
static tf_int_t tfw_pgsql_connect_error(PGconn *conn, int reached,
    tf_err_t *err);
static tf_code_e tfw_pgsql_state_code(const char *state);
static tf_int_t tfw_pgsql_session(tfw_pgsql_t *pg, tf_err_t *err);
static tf_int_t tfw_pgsql_result(tfw_pgsql_t *pg, int64_t deadline,
    PGresult **res, tf_err_t *err);
static tf_int_t tfw_pgsql_failed(PGresult *res, tf_scope_status_e *status,
    tf_err_t *err);
static tf_int_t tfw_pgsql_version_row(void *ctx, const PGresult *res);
static void tfw_pgsql_notice(void *arg, const PGresult *res);


const tfw_engine_t  tfw_pgsql_engine = {
    TF_ENGINE_POSTGRESQL,
    "postgresql",
    5432,
    sizeof(tfw_pgsql_t),
    tfw_pgsql_open,
    tfw_pgsql_close,
    tfw_pgsql_version,
    tfw_pgsql_accounts
};


static tf_int_t
tfw_pgsql_open(void *session, const tfw_target_t *target, tf_err_t *err)
{
    tfw_pgsql_t  *pg = session;

    pg->target = target;

    return tfw_pgsql_connect(pg, target->database ? target->database
                                                  : "postgres", err);
}


static void
tfw_pgsql_close(void *session)
{
    tfw_pgsql_disconnect(session);
}


void
tfw_pgsql_disconnect(tfw_pgsql_t *pg)
{
    PQfinish(pg->conn);
    pg->conn = NULL;
}


tf_int_t
tfw_pgsql_connect(tfw_pgsql_t *pg, const char *database, tf_err_t *err)
{
    tf_int_t             rc;
    tfw_pgsql_gate_t    *gate;
    tfw_pgsql_params_t   params;

    tfw_pgsql_params(&params, pg->target, database);

    pg->conn = PQconnectStartParams(params.keys, params.values, 0);

    /* on the heap for its size, freed below */
    gate = calloc(1, sizeof(tfw_pgsql_gate_t));

    if (pg->conn == NULL || gate == NULL) {
        free(gate);
        return tf_fail(err, TF_E_TARGET_OTHER, NULL, "memory is out");
    }

    gate->server = -1;

    (void) PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
    (void) PQsetNoticeReceiver(pg->conn, tfw_pgsql_notice, NULL);

    rc = tfw_pgsql_poll(pg, gate, err);

    if (rc == TF_OK) {
        rc = tfw_pgsql_gate_close(gate, PQsocket(pg->conn), err);
    }

    (void) tfw_pgsql_gate_close(gate, -1, NULL);
    free(gate);

    return rc == TF_OK ? tfw_pgsql_session(pg, err) : rc;
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
    tfw_pgsql_param(p, "client_encoding", "UTF8");
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
tfw_pgsql_poll(tfw_pgsql_t *pg, tfw_pgsql_gate_t *gate, tf_err_t *err)
{
    int                        plain, reached = 0;
    int64_t                    deadline;
    PostgresPollingStatusType  polled;

    plain = strcmp(pg->target->tls_mode, "disable") == 0;
    deadline = tfw_pgsql_now() + (int64_t) pg->target->connect_timeout * 1000;
    polled = PGRES_POLLING_WRITING;

    if (PQstatus(pg->conn) == CONNECTION_BAD) {
        return tfw_pgsql_connect_error(pg->conn, 0, err);
    }

    for ( ;; ) {
        if (tfw_pgsql_gate_wait(gate, PQsocket(pg->conn),
                                polled == PGRES_POLLING_WRITING, deadline, err)
            != TF_OK)
        {
            return TF_ERROR;
        }

        polled = PQconnectPoll(pg->conn);

        if (polled == PGRES_POLLING_OK) {
            return TF_OK;
        }

        if (polled == PGRES_POLLING_FAILED) {
            return tfw_pgsql_connect_error(pg->conn, reached, err);
        }

        if (PQstatus(pg->conn) == CONNECTION_MADE) {
            reached = 1;

            if (plain && gate->server == -1
                && tfw_pgsql_gate_open(gate, PQsocket(pg->conn), err)
                   != TF_OK)
            {
                return TF_ERROR;
            }
        }
    }
}


/* reached: the TCP connection stood. */

static tf_int_t
tfw_pgsql_connect_error(PGconn *conn, int reached, tf_err_t *err)
{
    char        text[200], *p;
    size_t      i;
    tf_code_e   code;
    const char  *m = PQerrorMessage(conn);

    for (i = 0; i < sizeof(text) - 1 && m[i] && m[i] != '\n'; i++) {
        text[i] = m[i];
    }

    text[i] = '\0';
    p = strstr(text, "FATAL:  ");

    if (p && strlen(p) > 13 && p[13] == ':') {
        p[13] = '\0';
        code = tfw_pgsql_state_code(p + 8);
        p[13] = ':';

    } else if (!reached) {
        code = strstr(text, "timed out") ? TF_E_TARGET_TIMEOUT
                                         : TF_E_TARGET_REFUSED;

    } else if (strstr(text, "hannel binding")
               || strstr(text, "authentication method")
               || strstr(text, "no password supplied"))
    {
        code = TF_E_TARGET_AUTH;

    } else if (strstr(text, "SSL") || strstr(text, "certificate")) {
        code = TF_E_TARGET_TLS;

    } else {
        code = TF_E_TARGET_PROTOCOL;
    }

    return tf_fail(err, code, NULL, "%s", text);
}


static tf_code_e
tfw_pgsql_state_code(const char *state)
{
    if (strncmp(state, "28", 2) == 0) {
        return TF_E_TARGET_AUTH;
    }

    if (strcmp(state, "42501") == 0) {
        return TF_E_TARGET_PERMISSION;
    }

    if (strcmp(state, "57014") == 0) {
        return TF_E_TARGET_TIMEOUT;
    }

    /* starting up or shutting down */
    if (strncmp(state, "57P", 3) == 0) {
        return TF_E_TARGET_REFUSED;
    }

    return TF_E_TARGET_OTHER;
}


/* The session's settings: whatever the database's owner put on it, names are
 * those of the system catalog and nothing is written. */

static tf_int_t
tfw_pgsql_session(tfw_pgsql_t *pg, tf_err_t *err)
{
    char               sql[512];
    tf_scope_status_e  status;

    (void) snprintf(sql, sizeof(sql), tfw_pgsql_sql_session,
                    pg->target->statement_timeout * 1000);

    if (tfw_pgsql_query(pg, sql, NULL, NULL, &status, err) != TF_OK) {
        return TF_ERROR;
    }

    return TF_OK;
}


tf_int_t
tfw_pgsql_query(tfw_pgsql_t *pg, const char *sql, tfw_pgsql_row_pt row,
    void *ctx, tf_scope_status_e *status, tf_err_t *err)
{
    int        i;
    int64_t    deadline, rows = 0, bytes = 0;
    tf_int_t   rc = TF_OK;
    PGresult  *res = NULL;

    deadline = tfw_pgsql_now() + TFW_PGSQL_GRACE_MS
               + (int64_t) pg->target->statement_timeout * 1000;

    if (PQsendQuery(pg->conn, sql) != 1
        || (row && PQsetSingleRowMode(pg->conn) != 1))
    {
        return tf_fail(err, TF_E_TARGET_OTHER, NULL, "%s",
                       PQerrorMessage(pg->conn));
    }

    for ( ;; ) {
        if (tfw_pgsql_result(pg, deadline, &res, err) != TF_OK) {
            return TF_ERROR;
        }

        if (res == NULL) {
            break;
        }

        if (PQresultStatus(res) == PGRES_SINGLE_TUPLE) {
            for (i = 0; i < PQnfields(res); i++) {
                bytes += PQgetlength(res, 0, i);
            }

            if (++rows > pg->target->max_rows
                || bytes > pg->target->max_bytes)
            {
                PQclear(res);
                return tf_fail(err, TF_E_RESULT_TOO_LARGE, NULL,
                               "more than %lld rows or %lld bytes",
                               (long long) pg->target->max_rows,
                               (long long) pg->target->max_bytes);
            }

            if (row(ctx, res) != TF_OK) {
                PQclear(res);
                return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                               "row that was not asked for");
            }

        } else if (PQresultStatus(res) != PGRES_TUPLES_OK
                   && PQresultStatus(res) != PGRES_COMMAND_OK)
        {
            rc = tfw_pgsql_failed(res, status, err);

            if (PQstatus(pg->conn) == CONNECTION_BAD) {
                PQclear(res);
                return TF_ERROR;
            }
        }

        PQclear(res);
    }

    if (PQstatus(pg->conn) == CONNECTION_BAD) {
        return tf_fail(err, TF_E_TARGET_OTHER, NULL, "connection is lost");
    }

    return rc;
}


static tf_int_t
tfw_pgsql_result(tfw_pgsql_t *pg, int64_t deadline, PGresult **res,
    tf_err_t *err)
{
    int64_t        left;
    struct pollfd  p;

    while (PQisBusy(pg->conn)) {
        left = deadline - tfw_pgsql_now();

        if (left <= 0) {
            return tf_fail(err, TF_E_TARGET_TIMEOUT, NULL,
                           "no answer within the statement timeout");
        }

        p.fd = PQsocket(pg->conn);
        p.events = POLLIN;

        if (PQflush(pg->conn) == 1) {
            p.events |= POLLOUT;
        }

        if (poll(&p, 1, (int) left) == -1 && errno != EINTR) {
            return tf_fail(err, TF_E_TARGET_OTHER, NULL, "poll: %d", errno);
        }

        if (PQconsumeInput(pg->conn) != 1) {
            return tf_fail(err, TF_E_TARGET_OTHER, NULL, "%s",
                           PQerrorMessage(pg->conn));
        }
    }

    *res = PQgetResult(pg->conn);

    if (*res && (PQresultStatus(*res) == PGRES_COPY_IN
                 || PQresultStatus(*res) == PGRES_COPY_OUT
                 || PQresultStatus(*res) == PGRES_COPY_BOTH))
    {
        PQclear(*res);
        return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                       "server answers a query with COPY");
    }

    return TF_OK;
}


static tf_int_t
tfw_pgsql_failed(PGresult *res, tf_scope_status_e *status, tf_err_t *err)
{
    tf_code_e    code;
    const char  *state, *text;

    state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

    if (state == NULL) {
        *status = TF_SCOPE_ERROR;
        (void) tf_fail(err, TF_E_TARGET_PROTOCOL, NULL, "%s",
                       PQresultErrorMessage(res));
        return TF_DECLINED;
    }

    code = tfw_pgsql_state_code(state);

    if (code == TF_E_TARGET_PERMISSION) {
        *status = TF_SCOPE_DENIED;

    } else if (code == TF_E_TARGET_TIMEOUT) {
        *status = TF_SCOPE_TIMEOUT;

    } else if (strcmp(state, "42P01") == 0 || strcmp(state, "42703") == 0
               || strcmp(state, "42883") == 0)
    {
        /* no such table, column or function */
        *status = TF_SCOPE_UNSUPPORTED;

    } else {
        *status = TF_SCOPE_ERROR;
    }

    (void) tf_fail(err, code, NULL, "%.5s %s", state, text ? text : "");

    return TF_DECLINED;
}


static tf_int_t
tfw_pgsql_version(void *session, tfw_version_t *version, tf_err_t *err)
{
    tfw_pgsql_t        *pg = session;
    tf_scope_status_e   status;

    memset(version, 0, sizeof(tfw_version_t));

    if (tfw_pgsql_query(pg, "SELECT pg_catalog.version()",
                        tfw_pgsql_version_row, version, &status, err)
        != TF_OK)
    {
        return TF_ERROR;
    }

    return TF_OK;
}


static tf_int_t
tfw_pgsql_version_row(void *ctx, const PGresult *res)
{
    tfw_engine_version(PQgetvalue(res, 0, 0), ctx);

    return TF_OK;
}


/* What a managed server has to say besides its answers is nobody's. */

static void
tfw_pgsql_notice(void *arg, const PGresult *res)
{
    (void) arg;
    (void) res;
}


int64_t
tfw_pgsql_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
