
/*
 * The PostgreSQL engine's own parts: the session, its statements and the guard
 * of its authentication.
 */


#ifndef _TFW_PGSQL_H_INCLUDED_
#define _TFW_PGSQL_H_INCLUDED_


#include <libpq-fe.h>

#include "tfw_reading.h"


#define TFW_PGSQL_COLUMNS  20


/*
 * Without TLS and without libpq 16's require_auth a server may ask for the
 * password in clear text and gets it.  The gate stands between the socket and
 * libpq until the session is authenticated and lets no such request pass, nor
 * one that would cost minutes of hashing: it puts one end of a socket pair in
 * the place of libpq's descriptor and relays.
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

/* Adds what the gate waits for to fd[1] and fd[2]. */
void tfw_pgsql_gate_wait(tfw_pgsql_gate_t *gate, tfw_wait_t *wait);

/* Relays what came. */
tf_int_t tfw_pgsql_gate_relay(tfw_pgsql_gate_t *gate, const tfw_wait_t *wait,
    tf_err_t *err) TF_MUST_CHECK;

/* Gives libpq its socket back.  Closing with fd -1 only frees. */
tf_int_t tfw_pgsql_gate_close(tfw_pgsql_gate_t *gate, int fd, tf_err_t *err);


typedef enum {
    TFW_PGSQL_IDLE = 0,
    TFW_PGSQL_CONNECT,
    TFW_PGSQL_SETTINGS,
    TFW_PGSQL_READ
} tfw_pgsql_phase_e;


typedef struct {
    tfw_session_t             session;  /* first; version is libpq's, 150004 */
    PGconn                   *conn;
    tfw_pgsql_phase_e         phase;
    int64_t                   deadline; /* of connecting or the statement */
    PostgresPollingStatusType polled;
    tfw_pgsql_gate_t         *gate;     /* NULL: under TLS */
    int                       watch;    /* a second descriptor of the socket
                                           while connecting, -1: none */
    unsigned                  reached:1;    /* the TCP connection stood */
    unsigned                  settled:1;    /* has its settings */
    unsigned                  ended:1;      /* the statement in hand has */

    tfw_batch_t              *batch;
    tf_scope_status_e         status;   /* of the statement in hand */
    tf_err_t                  refused;  /* why it is not ok */
    tfw_version_t             reported;

    void                     *from;     /* iconv_t; NULL: values come as UTF-8,
                                           or cannot be converted */
    unsigned char            *text;     /* of the row in hand */
} tfw_pgsql_t;


/* --- names that are not UTF-8: tfw_pgsql_encoding.c --------------------- */

/* Whether values of a database in this encoding are converted here. */
void tfw_pgsql_encoding_open(tfw_pgsql_t *pg, const char *encoding);
void tfw_pgsql_encoding_close(tfw_pgsql_t *pg);

/* Makes UTF-8 of the values of a row, which live until the next one; bytes that
 * are no character stay.  TF_ERROR when memory is out. */
tf_int_t tfw_pgsql_encoding_row(tfw_pgsql_t *pg, tf_str_t *row, int n)
    TF_MUST_CHECK;


extern const tfw_query_t  tfw_pgsql_queries[];
extern const tfw_query_t  tfw_pgsql_databases[];
extern const tfw_query_t  tfw_pgsql_rights[];
extern const tfw_query_t  tfw_pgsql_tables[];

extern const char  tfw_pgsql_sql_settings[];
extern const char  tfw_pgsql_sql_jit[];
extern const char  tfw_pgsql_sql_check[];
extern const char  tfw_pgsql_sql_utf8[];
extern const char  tfw_pgsql_sql_which[];


/* --- rows of the reading "accounts": tfw_pgsql_accounts.c --------------- */

typedef struct {
    uint32_t             oid;
    tf_str_t             principal;
} tfw_pgsql_role_t;

typedef struct {
    tfw_pgsql_role_t    *roles;     /* by oid; the first is PUBLIC */
    size_t               nroles;
    size_t               size;
} tfw_pgsql_accounts_t;

tf_int_t tfw_pgsql_accounts_role(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
tf_int_t tfw_pgsql_accounts_member(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
tf_int_t tfw_pgsql_accounts_grant(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
tf_int_t tfw_pgsql_accounts_database(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);


#endif /* _TFW_PGSQL_H_INCLUDED_ */
