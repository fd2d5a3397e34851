
/*
 * How the worker reads a kind of managed database: one const tfw_engine_t per
 * engine, in a file tfw_<name>.c, and one row in tfw_engine.c.
 *
 * An engine only reads: sessions are read only, every statement has a timeout,
 * every result a cap on rows and bytes.  It says how to connect, how to run a
 * batch of statements, and which statements a reading has with a function that
 * takes their rows; tfw_reading.c does what is the same for all: the loop over
 * scopes and databases, outcomes, retries and limits.  The number of catalog
 * queries does not depend on the number of accounts.
 *
 * A session never blocks without a deadline.  An engine whose library can wait
 * for a descriptor returns TF_AGAIN from step(), so that several databases are
 * read at once; one whose library cannot does all of its work inside of step().
 */


#ifndef _TFW_ENGINE_H_INCLUDED_
#define _TFW_ENGINE_H_INCLUDED_


#include <poll.h>

#include "tf_engine.h"
#include "tf_error.h"
#include "tfw_clock.h"


/* Where and how to connect.  Strings end in NUL. */

typedef struct {
    const char      *host;              /* a name or address, never a path */
    const char      *address;           /* the checked numeric address that is
                                           connected to; host is for TLS */
    int              port;
    const char      *database;          /* NULL: the engine's default */
    const char      *only;              /* the one database that is read; NULL:
                                           all that a reading is for */
    const char      *username;
    const char      *password;
    const char      *driver;            /* of ODBC: a file or a name; NULL: the
                                           one that is found */
    const char      *tls_mode;          /* as instances.tls_mode */
    const char      *tls_ca;            /* file of CA certificates, or NULL for
                                           the system's */
    int              connect_timeout;   /* seconds */
    int              statement_timeout; /* seconds */
    int64_t          max_rows;          /* of one result */
    int64_t          max_bytes;
    int            (*stopping)(void *job);  /* 1: a reading has to end; NULL:
                                               nobody ends it.  Asked while a
                                               server is waited for */
    void            *job;
} tfw_target_t;

/* ms between two of these questions. */
#define TFW_STOPPING_MS  50

#define tfw_target_stopping(t)  ((t)->stopping && (t)->stopping((t)->job))


typedef struct {
    char             text[1001];        /* as the server says it, in ASCII */
    char             main[21];          /* "10.11", "15" -> "15.4" */
    char             detailed[51];
} tfw_version_t;


/* Sizes in bytes, as far as the engine knows them; else -1. */

typedef struct {
    int64_t          total;
    int64_t          data;
    int64_t          log;               /* -1, too: one for all databases */
} tfw_size_t;


typedef struct {
    tf_str_t         schema;
    tf_str_t         name;
    tf_str_t         native_id;         /* may be empty */
    int64_t          total;             /* bytes; -1: it was not read now */
    int64_t          data;
    int64_t          index;
    int64_t          rows;              /* by the engine's statistics; -1 */
} tfw_table_t;


/* Receives what an engine reads.  Strings need not end in NUL and live until
 * the call returns.  A function that returns TF_ERROR stops the reading. */

typedef struct tfw_sink_s  tfw_sink_t;

struct tfw_sink_s {
    /* once per principal, before its attributes and grants; native_id may be
     * empty, host.data NULL for engines whose principals have no host */
    tf_int_t (*account)(tfw_sink_t *s, tf_str_t principal, tf_str_t username,
        tf_str_t host, tf_kind_e kind, tf_str_t native_id);

    /* an attribute of type_specific; json is its value as JSON text.  Every
     * engine reports the booleans is_superuser, is_locked, can_grant,
     * server_access and is_system (an account that the engine itself brings
     * along); the first, third and fourth may follow from tf_engine_t.power */
    tf_int_t (*attribute)(tfw_sink_t *s, tf_str_t principal, const char *name,
        tf_str_t json);

    /* one right.  That of a principal which account() never named is dropped
     * by the sink */
    tf_int_t (*grant)(tfw_sink_t *s, tf_str_t principal,
        const tf_right_t *right);

    /* once per database of the instance, in the reading "accounts" only where
     * the engine has an identity for it; native_id may be empty: its name is
     * its identity.  is_system: the engine itself brings it along */
    tf_int_t (*database)(tfw_sink_t *s, tf_str_t name, tf_str_t native_id,
        int is_system);

    /* the size of a database that database() named; one without has its reason
     * in scope() of "sizes" */
    tf_int_t (*database_size)(tfw_sink_t *s, tf_str_t name,
        const tfw_size_t *size);

    /* a table of the database that is read; a partitioned one with all of its
     * partitions, which are not reported themselves */
    tf_int_t (*table_size)(tfw_sink_t *s, const tfw_table_t *table);

    /*
     * What became of a scope, after its rows; err NULL when ok.  database is
     * "" for a scope of the whole instance.  A scope read database by database
     * is reported for every database that exists, then once with "": ok means
     * that the list of databases was complete, so that those not named are
     * gone.  "accounts" is the scope of account() and attribute() themselves.
     * Rows of a scope that does not end ok are incomplete.
     */
    tf_int_t (*scope)(tfw_sink_t *s, const char *scope, tf_str_t database,
        tf_scope_status_e status, const tf_err_t *err);

    /* the collector's own right to see every principal, or every database of
     * the reading "databases", was verified */
    tf_int_t (*verified)(tfw_sink_t *s);
};


/* --- for engines ------------------------------------------------------- */

typedef struct tfw_query_s  tfw_query_t;
typedef struct tfw_batch_s  tfw_batch_t;


/*
 * Takes a row of q->columns values; NULL is data NULL with length 0.  What a
 * server sent reaches an engine in no other way.  TF_DECLINED: a value that the
 * statement cannot give; TF_ERROR: memory is out or the sink stopped.
 */
typedef tf_int_t (*tfw_row_pt)(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);


typedef enum {
    TFW_ONCE_PER_INSTANCE = 0,
    TFW_LIST_OF_DATABASES,              /* its row() calls
                                           tfw_reading_database() */
    TFW_ONCE_PER_DATABASE
} tfw_each_e;


/*
 * One statement of a reading.  All of one scope stand together; those of the
 * instance first, then the list of databases, then what is read in each of
 * them.  Without the first scope, the list of accounts, the rest is not read.
 */

#define TFW_OPTIONAL  0x100             /* in flavour: its scope is ok without
                                           it */

struct tfw_query_s {
    const char      *scope;             /* NULL ends the list */
    tfw_each_e       each;
    int              flavour;           /* 0: every one; see tfw_session_t */
    int              since;             /* versions; 0: no bound */
    int              before;
    unsigned         columns;
    tfw_row_pt       row;
    int              what;              /* for row() */
    const char      *category;          /* for row() */
    const char      *sql;
};


/* What can be read of an engine; tfw_reading_run() finds it by its name. */

typedef struct {
    const char         *name;           /* "accounts", "databases",
                                           "table_sizes" or "rights"; NULL
                                           ends the list */
    size_t              state_size;     /* of what its row functions keep for
                                           one reading, zeroed */
    const tfw_query_t  *queries;
} tfw_read_t;


/* The part that all sessions begin with; set by open() and step(). */

typedef struct {
    const tfw_target_t  *target;
    int                  flavour;       /* which product it is, from 1 */
    int                  version;       /* in the engine's own numbers */
    const char          *database;      /* the one the session is in; NULL: it
                                           is in none */
} tfw_session_t;


/* What a session waits for; revents tell step() what came. */

typedef struct {
    struct pollfd        fd[3];
    unsigned             n;
    int64_t              deadline;      /* tfw_clock() */
} tfw_wait_t;


typedef struct {
    const tf_engine_t   *engine;
    size_t               session_size;  /* of a struct that begins with
                                           tfw_session_t */
    int                  connections;   /* at once with one instance, to
                                           databases of it; at most
                                           TFW_CONNECTIONS */
    const tfw_read_t    *reads;

    /*
     * Starts to connect, to database or the target's.  session: session_size
     * bytes, zeroed.  err: one of the TARGET_* codes, DRIVER_MISSING or
     * RESULT_TOO_LARGE; the server's own words go to err->detail, which is for
     * the log and never for a client.  close() is called after every open(),
     * failed or not, and may be called twice.
     */
    tf_int_t (*open)(void *session, const tfw_target_t *target,
        const char *database, tf_err_t *err);
    void (*close)(void *session);

    /* Starts to run the statements of a batch on a session that is open. */
    tf_int_t (*run)(void *session, tfw_batch_t *batch, tf_err_t *err);

    /* Goes on with what open() or run() started: TF_OK when that is done,
     * TF_AGAIN and what to wait for, TF_ERROR when the session is lost. */
    tf_int_t (*step)(void *session, tfw_wait_t *wait, tf_err_t *err);

    /* As the server says it; after the first run(). */
    void (*version)(void *session, tfw_version_t *version);
} tfw_engine_t;


#define TFW_CONNECTIONS  2


/* Fills version from what the server says about itself. */
void tfw_engine_version(tf_str_t text, tfw_version_t *version);

/* The system's file of CA certificates. */
const char *tfw_engine_system_ca(void);

/* A number of a row, NULL being -1.  TF_DECLINED: it is none from 0 on. */
tf_int_t tfw_engine_int(tf_str_t text, int64_t *n) TF_MUST_CHECK;

/* A name as TaiFish can keep it: bytes that are not UTF-8 become \xNN; out is
 * in itself or memory of mem.  TF_ERROR when memory is out. */
tf_int_t tfw_engine_text(const tf_mem_t *mem, tf_str_t in, tf_str_t *out)
    TF_MUST_CHECK;


#endif /* _TFW_ENGINE_H_INCLUDED_ */
