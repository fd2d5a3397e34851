
/*
 * The PostgreSQL engine's own parts: the session, its statements and the guard
 * of its authentication.
 */


#ifndef _TFW_PGSQL_H_INCLUDED_
#define _TFW_PGSQL_H_INCLUDED_


#include <libpq-fe.h>

#include "tfw_engine.h"


typedef struct {
    const tfw_target_t  *target;
    PGconn              *conn;
} tfw_pgsql_t;


/* One statement of a scope, for servers since..before (0: no bound). */

typedef struct {
    const char          *scope;
    int                  since;     /* as PQserverVersion() */
    int                  before;
    const char          *sql;
} tfw_pgsql_query_t;

/* Read once, then in every database; both end with scope NULL.  All statements
 * of one scope stand together.  Rows are (category, grantee oid with 0 for
 * PUBLIC, object, privilege). */
extern const tfw_pgsql_query_t  tfw_pgsql_shared[];
extern const tfw_pgsql_query_t  tfw_pgsql_local[];

extern const char  tfw_pgsql_sql_session[];
extern const char  tfw_pgsql_sql_roles[];
extern const char  tfw_pgsql_sql_members[];
extern const char  tfw_pgsql_sql_members_16[];
extern const char  tfw_pgsql_sql_databases[];


/* Takes one row, the only one of res. */
typedef tf_int_t (*tfw_pgsql_row_pt)(void *ctx, const PGresult *res);


/* Connects to database within the target's deadline and prepares a read-only
 * session.  What it made is in pg even after a failure. */
tf_int_t tfw_pgsql_connect(tfw_pgsql_t *pg, const char *database,
    tf_err_t *err) TF_MUST_CHECK;
void tfw_pgsql_disconnect(tfw_pgsql_t *pg);

/*
 * Runs one statement, row by row.  TF_DECLINED: the server refused it and the
 * session goes on; status and err say how.  TF_ERROR: the connection is lost
 * (closed after a timeout of our own or a result too large) or row() failed.
 */
tf_int_t tfw_pgsql_query(tfw_pgsql_t *pg, const char *sql,
    tfw_pgsql_row_pt row, void *ctx, tf_scope_status_e *status, tf_err_t *err)
    TF_MUST_CHECK;

tf_int_t tfw_pgsql_accounts(void *session, const tf_mem_t *mem,
    tfw_sink_t *sink, tf_err_t *err);

/* Milliseconds of the monotonic clock. */
int64_t tfw_pgsql_now(void);


/*
 * Without TLS and without libpq 16's require_auth a server may ask for the
 * password in clear text and gets it.  The gate stands between the socket and
 * libpq until the session is authenticated and lets no such request pass: it
 * puts one end of a socket pair in the place of libpq's descriptor and relays.
 */

typedef struct {
    int                  server;    /* the true socket, -1: no gate */
    int                  client;    /* our end of the pair */
    int                  passed;    /* authenticated: frames pass unread */
    size_t               used;
    unsigned char        buf[65536];
} tfw_pgsql_gate_t;

/* fd: libpq's connected socket. */
tf_int_t tfw_pgsql_gate_open(tfw_pgsql_gate_t *gate, int fd, tf_err_t *err)
    TF_MUST_CHECK;

/* Waits until libpq's side can be read (or written, when write is set) or the
 * deadline passes, relaying meanwhile. */
tf_int_t tfw_pgsql_gate_wait(tfw_pgsql_gate_t *gate, int fd, int write,
    int64_t deadline, tf_err_t *err) TF_MUST_CHECK;

/* Gives libpq its socket back.  Closing with fd -1 only frees. */
tf_int_t tfw_pgsql_gate_close(tfw_pgsql_gate_t *gate, int fd, tf_err_t *err);


#endif /* _TFW_PGSQL_H_INCLUDED_ */
