
/*
 * Managed databases that are read through unixODBC: connection, statements,
 * values, and what keeps a vendor's driver within bounds.
 *
 * An engine of this kind is a tfw_odbc_engine_t: where its driver is found, how
 * it is asked to connect, which errors mean what, and its first statements.
 * Everything else is the same for all of them.
 *
 * A driver is a vendor's code in our process.  It looks hosts up by itself and
 * waits as it likes, so two things are done around it: while a session is open
 * the only host that can be looked up is the target's, and its address is the
 * one that was checked; and when a deadline passes, the sockets that came with
 * the session are shut down, whatever the driver does.
 */


#ifndef _TFW_ODBC_H_INCLUDED_
#define _TFW_ODBC_H_INCLUDED_


#include <sql.h>
#include <sqlext.h>

#include "tfw_reading.h"


#define TFW_ODBC_COLUMNS  32
#define TFW_ODBC_VALUE    (1024 * 1024)     /* bytes of one value at most */
#define TFW_ODBC_GRACE    3000              /* ms past a statement's timeout */


/* The families of drivers: they differ in their settings of TLS. */

typedef enum {
    TFW_ODBC_FREETDS = 1,
    TFW_ODBC_MICROSOFT,
    TFW_ODBC_ORACLE,
    TFW_ODBC_OTHER
} tfw_odbc_family_e;


typedef struct tfw_odbc_engine_s  tfw_odbc_engine_t;

typedef struct {
    tfw_session_t             session;  /* first */
    const tfw_odbc_engine_t  *engine;
    SQLHENV                   env;
    SQLHDBC                   dbc;
    tfw_batch_t              *batch;
    int64_t                   deadline; /* of what is going on */
    int                       connected;
    int                       intent;   /* says that it only reads */
    int                       settings; /* fd of the driver's file, or 0 */
    tfw_odbc_family_e         family;
    char                      driver[1024];
    char                      name[1024];    /* session.database */
    int                       native;   /* error of the last failure */
    char                      state[6];
    tfw_version_t             reported;
} tfw_odbc_t;


/* What an error of the server means.  status 0: it ends the session. */

typedef struct {
    int                  native;
    tf_code_e            code;
    tf_scope_status_e    status;
} tfw_odbc_error_t;


struct tfw_odbc_engine_s {
    const char              *missing;   /* what to install, for the log */
    const char *const       *places;    /* patterns of files, the newest name
                                           of the first that is there */
    const tfw_odbc_error_t  *errors;    /* ended by native 0 */

    /* Appends the driver's keywords besides DRIVER, UID and PWD. */
    tf_int_t (*address)(tfw_odbc_t *o, const char *database, tf_buf_t *b,
        tf_err_t *err);

    /* Sets flavour, version and reported after connecting, with
     * tfw_odbc_ask(). */
    tf_int_t (*begin)(tfw_odbc_t *o, tf_err_t *err);
};


/* The functions of tfw_engine_t; open() of an engine calls the first. */
tf_int_t tfw_odbc_open(tfw_odbc_t *o, const tfw_odbc_engine_t *engine,
    const tfw_target_t *target, const char *database, tf_err_t *err);
void tfw_odbc_close(void *session);
tf_int_t tfw_odbc_run(void *session, tfw_batch_t *batch, tf_err_t *err);
tf_int_t tfw_odbc_step(void *session, tfw_wait_t *wait, tf_err_t *err);
void tfw_odbc_version(void *session, tfw_version_t *version);

/*
 * Runs a statement of begin() and gives the first row's values, of which there
 * have to be exactly n; n 0: it has no result.  Texts are cut at 800 bytes.
 * TF_DECLINED: the server refused it and the session goes on.
 */
typedef struct { char text[801]; int null; } tfw_odbc_cell_t;

tf_int_t tfw_odbc_ask(tfw_odbc_t *o, const char *sql, tfw_odbc_cell_t *cell,
    unsigned n, tf_err_t *err) TF_MUST_CHECK;

/* The driver that is named, or found; o->driver and o->family.  TF_ERROR with
 * DRIVER_MISSING. */
tf_int_t tfw_odbc_driver(tfw_odbc_t *o, const char *named, tf_err_t *err)
    TF_MUST_CHECK;

/*
 * Appends "keyword={value};" so that whatever the value is, it stays one value.
 * TF_DECLINED: the driver has no way to write it.
 */
tf_int_t tfw_odbc_keyword(tfw_odbc_t *o, tf_buf_t *b, const char *keyword,
    tf_str_t value) TF_MUST_CHECK;


/* --- rows of the readings "databases" and "table_sizes": tfw_odbc_sizes.c */

/* name, is the engine's own, do we see all */
tf_int_t tfw_odbc_sizes_database(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* name, bytes of data, or NULL when they are hidden, and of log */
tf_int_t tfw_odbc_sizes_size(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* id, schema, name, bytes of data, of indexes, rows */
tf_int_t tfw_odbc_sizes_table(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);


/* --- tfw_odbc_guard.c ---------------------------------------------------- */

/* From here on only host can be looked up, and is address; sockets that are
 * opened belong to the session.  One session at a time. */
tf_int_t tfw_odbc_guard_begin(const char *host, const char *address,
    tf_err_t *err) TF_MUST_CHECK;
void tfw_odbc_guard_end(void);

/* The session's sockets are shut down at this time of tfw_clock(); 0:
 * no deadline. */
void tfw_odbc_guard_until(int64_t deadline);

/* Shuts them down now. */
void tfw_odbc_guard_cut(void);

/* 1 when the driver looked up another host, as one does that was sent on by the
 * server. */
int tfw_odbc_guard_refused(void);


/* --- tfw_odbc_text.c ----------------------------------------------------- */

/* UTF-16, as all drivers speak it; a surrogate without its other half is
 * written as if it were a character.  n: units.  The result takes at most three
 * bytes for each and its length is returned. */
size_t tfw_odbc_utf8(unsigned char *to, const SQLWCHAR *from, size_t n);

/* NULL when memory is out or in is not UTF-8; *n units, and a 0 after them. */
SQLWCHAR *tfw_odbc_utf16(tf_str_t in, size_t *n);


#endif /* _TFW_ODBC_H_INCLUDED_ */
