
/*
 * A blocking connection to TaiFish's own PostgreSQL, statements by name.
 */


#ifndef _TFW_DB_H_INCLUDED_
#define _TFW_DB_H_INCLUDED_


#include <libpq-fe.h>

#include "tf_error.h"
#include "tf_sql.h"


typedef struct tfw_db_s  tfw_db_t;


/* A named parameter; data NULL is SQL NULL. */

typedef struct {
    const char      *name;
    const char      *value;     /* NUL terminated text */
} tfw_arg_t;

/* tfw_db_run(db, TF_SQL_x, TFW_ARGS({ "id", "5" }, { "name", NULL }), ...) */
#define TFW_ARGS(...)  (const tfw_arg_t []) { __VA_ARGS__, { NULL, NULL } }


/* Opens lazily: the first use connects, and each later use after a loss of the
 * connection does so again.  conninfo: DATABASE_URL, several hosts allowed. */
tfw_db_t *tfw_db_create(const char *conninfo, const char *application_name);
void tfw_db_free(tfw_db_t *db);

/* A statement that takes longer is given up together with its connection:
 * SERVICE_UNAVAILABLE.  Default 600,000 ms. */
void tfw_db_limit(tfw_db_t *db, int ms);

/* Calls wait(data) about every 100 ms while a statement runs. */
void tfw_db_on_wait(tfw_db_t *db, void (*wait)(void *data), void *data);

/* 1 while there is a connection as far as is known; nothing is sent. */
int tfw_db_up(const tfw_db_t *db);

/* 1 between BEGIN and its end. */
int tfw_db_in_transaction(const tfw_db_t *db);

/* Drops the connection; the next use connects again. */
void tfw_db_close(tfw_db_t *db);

/* The same in a forked child, whose parent goes on using the connection: it
 * sends nothing to the server. */
void tfw_db_forget(tfw_db_t *db);

/* The libpq handle for COPY and LISTEN, connected; NULL and err otherwise. */
PGconn *tfw_db_conn(tfw_db_t *db, tf_err_t *err) TF_MUST_CHECK;

/*
 * Runs one statement, prepared at its first use.  Every parameter that the
 * statement has must be among args; a missing one is a bug and aborts.
 * The result is the caller's to PQclear.  NULL and err: SERVICE_UNAVAILABLE
 * when the connection failed or the statement may succeed unchanged a little
 * later (deadlock, shutdown, resources), DATABASE_TIMEOUT, the code raised by
 * SQL tf_fail(), or DATABASE_QUERY_ERROR.
 *
 * A connection lost between BEGIN and its end is not replaced before
 * tfw_db_rollback(): what belonged together can not end up in two halves.
 */
PGresult *tfw_db_run(tfw_db_t *db, tf_sql_e sql, const tfw_arg_t *args,
    tf_err_t *err) TF_MUST_CHECK;

/* The same for a fixed text without parameters (BEGIN, COMMIT, SET ...), which
 * may hold several statements. */
tf_int_t tfw_db_exec(tfw_db_t *db, const char *sql, tf_err_t *err)
    TF_MUST_CHECK;

/* Ends a transaction without its effects, for certain: by dropping the
 * connection when there is no other way.  Nothing to do outside of one. */
void tfw_db_rollback(tfw_db_t *db);


#endif /* _TFW_DB_H_INCLUDED_ */
