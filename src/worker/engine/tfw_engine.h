
/*
 * A kind of managed database.  One const tfw_engine_t per engine.
 *
 * An engine only reads: sessions are read only, every statement has a timeout,
 * every result a cap on rows and bytes.  It reports what it reads to a sink,
 * row by row, and each scope's outcome after its rows: what it could not read
 * is a scope that did not end ok, never an empty answer.  The number of catalog
 * queries does not depend on the number of accounts.
 */


#ifndef _TFW_ENGINE_H_INCLUDED_
#define _TFW_ENGINE_H_INCLUDED_


#include "tf_account.h"
#include "tf_error.h"


/* Where and how to connect.  Strings end in NUL. */

typedef struct {
    const char      *host;              /* a name or address, never a path */
    const char      *address;           /* the checked numeric address that is
                                           connected to; host is for TLS */
    int              port;
    const char      *database;          /* NULL: the engine's default */
    const char      *username;
    const char      *password;
    const char      *tls_mode;          /* as instances.tls_mode */
    const char      *tls_ca;            /* file of CA certificates, or NULL for
                                           the system's */
    int              connect_timeout;   /* seconds */
    int              statement_timeout; /* seconds */
    int64_t          max_rows;          /* of one result */
    int64_t          max_bytes;
} tfw_target_t;


typedef struct {
    char             text[1001];        /* as the server says it */
    char             main[21];          /* "10.11", "15" -> "15.4" */
    char             detailed[51];
} tfw_version_t;


/* Receives what an engine reads.  Strings need not end in NUL and live until
 * the call returns.  A function that returns TF_ERROR stops the reading. */

typedef struct tfw_sink_s  tfw_sink_t;

struct tfw_sink_s {
    /* once per principal, before its attributes and grants; native_id may be
     * empty, host.data NULL for engines whose principals have no host */
    tf_int_t (*account)(tfw_sink_t *s, tf_str_t principal, tf_str_t username,
        tf_str_t host, tf_kind_e kind, tf_str_t native_id);

    /* an attribute of type_specific; json is its value as JSON text.  Every
     * engine reports the booleans is_superuser, is_locked, can_grant and
     * is_system (an account that the engine itself brings along) */
    tf_int_t (*attribute)(tfw_sink_t *s, tf_str_t principal, const char *name,
        tf_str_t json);

    /* one privilege; database is for TF_SHAPE_DBMAP, object for all but
     * TF_SHAPE_LIST.  A grant to a principal that account() never named is
     * dropped by the sink */
    tf_int_t (*grant)(tfw_sink_t *s, tf_str_t principal,
        const tf_category_t *category, tf_str_t database, tf_str_t object,
        tf_str_t privilege);

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

    /* the collector's own right to see every principal was verified */
    tf_int_t (*verified)(tfw_sink_t *s);
};


typedef struct {
    tf_engine_e      id;
    const char      *name;              /* instances.db_type */
    int              default_port;
    size_t           session_size;      /* of the engine's own session struct */

    /*
     * session: session_size bytes, zeroed.  err: one of the TARGET_* codes,
     * DRIVER_MISSING or RESULT_TOO_LARGE; the server's own words go to
     * err->detail, which is for the log and never for a client.
     * close is called after every open, failed or not.
     */
    tf_int_t (*open)(void *session, const tfw_target_t *target, tf_err_t *err);
    void (*close)(void *session);

    tf_int_t (*version)(void *session, tfw_version_t *version, tf_err_t *err);

    /* Principals, attributes and grants, all scopes.  TF_ERROR only when the
     * connection is lost or the sink stopped it; scopes not reached by then
     * count as not read. */
    tf_int_t (*accounts)(void *session, const tf_mem_t *mem, tfw_sink_t *sink,
        tf_err_t *err);
} tfw_engine_t;


extern const tfw_engine_t  tfw_pgsql_engine;
extern const tfw_engine_t  tfw_mysql_engine;


/* The engine for instances.db_type, or NULL when this build has none. */
const tfw_engine_t *tfw_engine_find(tf_str_t db_type);


/* --- for engines ------------------------------------------------------- */

/* Fills version from what the server says about itself. */
void tfw_engine_version(const char *text, tfw_version_t *version);

/* The system's file of CA certificates. */
const char *tfw_engine_system_ca(void);

/* A name as TaiFish can keep it: bytes that are not UTF-8 become \xNN; out is
 * in itself or memory of mem.  TF_ERROR when memory is out. */
tf_int_t tfw_engine_text(const tf_mem_t *mem, tf_str_t in, tf_str_t *out)
    TF_MUST_CHECK;


#endif /* _TFW_ENGINE_H_INCLUDED_ */
