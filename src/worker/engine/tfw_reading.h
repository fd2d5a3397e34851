
/*
 * One reading of a managed database: what all engines share.
 */


#ifndef _TFW_READING_H_INCLUDED_
#define _TFW_READING_H_INCLUDED_


#include "tfw_engine.h"


#define TFW_BATCH  64                   /* statements of one batch at most */


typedef struct tfw_reading_s  tfw_reading_t;


/* The statements of a reading that one session runs, in their order. */

struct tfw_batch_s {
    tfw_reading_t        *reading;
    void                 *state;        /* of the engine's row functions */
    const tf_mem_t       *mem;          /* as long as the reading */
    tfw_sink_t           *sink;
    const tf_engine_t    *engine;
    void                 *session;
    tf_str_t              database;     /* whose rows come, as it is kept; "":
                                           of none */
    tf_str_t              id;           /* of that one; another database is
                                           TF_E_TARGET_DATABASE.  Length 0:
                                           not known */

    const tfw_query_t    *query[TFW_BATCH];
    unsigned              n;
    unsigned              at;           /* the current statement */

    /* of the current statement, and of its scope so far */
    int64_t               rows;
    int64_t               bytes;
    tf_scope_status_e     status;
    tf_err_t              err;
};


/* Connects and learns the version, within the target's timeouts. */
tf_int_t tfw_reading_open(const tfw_engine_t *engine, void *session,
    const tfw_target_t *target, tfw_version_t *version, tf_err_t *err)
    TF_MUST_CHECK;

/*
 * Reads all that the engine's reading of this name has; session is open, and
 * may be closed afterwards.  TF_ERROR when the connection is lost or the sink
 * stopped it; scopes that were not reached by then count as not read.
 */
tf_int_t tfw_reading_run(const tfw_engine_t *engine, const char *name,
    void *session, const tf_mem_t *mem, tfw_sink_t *sink, tf_err_t *err)
    TF_MUST_CHECK;


/* --- for engines ------------------------------------------------------- */

/*
 * A row of the current statement.  TF_ERROR when the session has to be given
 * up, for the reason in err: more rows or bytes than the target allows, columns
 * that were not asked for, or the row function.
 */
tf_int_t tfw_reading_row(tfw_batch_t *b, const tf_str_t *row, unsigned n,
    tf_err_t *err) TF_MUST_CHECK;

/* The current statement has ended, with TF_SCOPE_OK or for the reason in
 * refused.  TF_ERROR only when the sink stopped the reading. */
tf_int_t tfw_reading_end(tfw_batch_t *b, tf_scope_status_e status,
    const tf_err_t *refused, tf_err_t *err) TF_MUST_CHECK;

/* Runs one statement and gives its rows to tfw_reading_row().  TF_DECLINED:
 * the server refused it and the session goes on; status and err say how.
 * TF_ERROR: the session is lost. */
typedef tf_int_t (*tfw_reading_query_pt)(void *session, const char *sql,
    tfw_batch_t *b, tf_scope_status_e *status, tf_err_t *err);

/* The step() of an engine whose client library waits for each answer: all
 * statements of the batch that are left, one after the other.  b may be
 * NULL. */
tf_int_t tfw_reading_step(tfw_batch_t *b, tfw_reading_query_pt query,
    void *session, tf_err_t *err) TF_MUST_CHECK;

typedef enum {
    TFW_DATABASE_OPEN = 0,              /* is read */
    TFW_DATABASE_CLOSED,                /* takes no connections: denied */
    TFW_DATABASE_TEMPLATE               /* nor is it there for that:
                                           unsupported */
} tfw_database_e;

/*
 * A row of the list of databases.  Each of them is reported to the sink, with
 * whatever outcome: only a database that is not in the list is gone.  id: what
 * the engine knows it by, which sink->database() is told; may be empty.
 * TF_ERROR when memory is out.
 *
 * The list is read again when a database was not found under its name.
 */
tf_int_t tfw_reading_database(tfw_batch_t *b, tf_str_t name, tf_str_t id,
    tfw_database_e kind) TF_MUST_CHECK;

/* 1 for the same id. */
int tfw_reading_same(tf_str_t a, tf_str_t b);

/* Reports an attribute that is a string, null when its data is NULL, or a
 * boolean. */
tf_int_t tfw_reading_text(tfw_batch_t *b, tf_str_t principal,
    const char *name, tf_str_t value) TF_MUST_CHECK;
tf_int_t tfw_reading_flag(tfw_batch_t *b, tf_str_t principal,
    const char *name, int value) TF_MUST_CHECK;

/* The row functions of the reading "rights": its scopes are the rights of
 * tf_grants, and denied when a row's value is 0, or for the database that it
 * names. */
tf_int_t tfw_reading_right(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row) TF_MUST_CHECK;
tf_int_t tfw_reading_barred(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row) TF_MUST_CHECK;

/* The first scope shows all there is: the reader itself is among the principals
 * of a list that shows all of them or none, or may see every database. */
void tfw_reading_complete(tfw_batch_t *b);


#endif /* _TFW_READING_H_INCLUDED_ */
