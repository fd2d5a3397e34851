
/*
 * MySQL 5.7 to 9 and MariaDB 10.4 and later through libmariadb: connection,
 * statements, version.
 *
 * libmariadb looks a host up by itself, verifies the certificate against the
 * same name and waits for every read anew.  Some of its I/O functions are
 * therefore wrapped: connecting goes to the address that was checked while the
 * name stays the target's, and no wait goes past the session's deadline.  Nor
 * does it insist on TLS unless it verifies: what goes out before TLS is looked
 * at, and only the request for TLS may.
 */


#define _GNU_SOURCE     /* memmem() */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tfw_mysql.h"

#include <errmsg.h>
#include <ma_pvio.h>
#include <mysqld_error.h>
#include <openssl/ssl.h>


#define TFW_MYSQL_COLUMNS   32
#define TFW_MYSQL_GRACE_MS  3000
#define TFW_MYSQL_KILL_MS   800
#define TFW_MYSQL_KILL_TEXT  100    /* of the statement */
/* What a statement waits for who has locked a table of rights. */
#define TFW_MYSQL_LOCK_SECONDS  "5"
/* A packet's header and the handshake response cut before the user's name. */
#define TFW_MYSQL_SSL_REQUEST  (4 + 32)

/* May have to send the password itself: only under TLS. */
#define TFW_MYSQL_SHA2      "caching_sha2_password"

#define TFW_MYSQL_PACKET    (16 * 1024 * 1024)

/* Errors newer than the header. */
#define TFW_MYSQL_LOCKED          4151  /* MariaDB: account is locked */
#define TFW_MYSQL_LOCKED_MYSQL    3118
#define TFW_MYSQL_EXPIRED         1862
#define TFW_MYSQL_TIMEOUT         1969  /* MariaDB: max_statement_time */
#define TFW_MYSQL_TIMEOUT_MYSQL   3024  /* max_execution_time */
#define TFW_MYSQL_NOT_AVAILABLE   3168  /* of MySQL, as the next two */
#define TFW_MYSQL_WAS_KILLED      3169
#define TFW_MYSQL_INACTIVE        4031
#define TFW_MYSQL_NEEDS_TLS       3159  /* require_secure_transport */


/* <mysql/client_plugin.h> does not compile outside of libmariadb's own tree:
 * this is its declaration of an I/O plugin. */

#define TFW_MYSQL_PVIO            101
#define TFW_MYSQL_PVIO_INTERFACE  0x0100

typedef struct {
    int                          type;
    unsigned int                 interface_version;
    const char                  *name;
    const char                  *author;
    const char                  *desc;
    unsigned int                 version[3];
    const char                  *license;
    void                        *mysql_api;
    int                        (*init)(char *, size_t, int, va_list);
    int                        (*deinit)(void);
    int                        (*options)(const char *option, const void *);
    struct st_ma_pvio_methods   *methods;
} tfw_mysql_plugin_t;


/* Nor does <ma_tls.h>: its session of TLS. */

typedef struct {
    void                        *data;
    MARIADB_PVIO                *pvio;
    SSL                         *ssl;
} tfw_mysql_tls_t;


static tf_int_t tfw_mysql_open(void *session, const tfw_target_t *target,
    const char *database, tf_err_t *err);
static tf_int_t tfw_mysql_connect(tfw_mysql_t *my, const tfw_target_t *target,
    int64_t ms, tf_err_t *err);
static void tfw_mysql_close(void *session);
static void tfw_mysql_kill(const tfw_mysql_t *my);
static tf_int_t tfw_mysql_run(void *session, tfw_batch_t *batch,
    tf_err_t *err);
static tf_int_t tfw_mysql_step(void *session, tfw_wait_t *wait, tf_err_t *err);
static void tfw_mysql_version(void *session, tfw_version_t *version);
static tf_int_t tfw_mysql_options(tfw_mysql_t *my, tf_err_t *err);
static tf_int_t tfw_mysql_session(tfw_mysql_t *my, tf_err_t *err);
static void tfw_mysql_says(tfw_mysql_t *my, tf_str_t text);
static tf_int_t tfw_mysql_query(void *session, const char *sql,
    tfw_batch_t *batch, tf_scope_status_e *status, tf_err_t *err);
static tf_int_t tfw_mysql_rows(tfw_mysql_t *my, MYSQL_RES *res,
    tfw_batch_t *batch, tf_err_t *err);
static tf_int_t tfw_mysql_failed(tfw_mysql_t *my, tf_scope_status_e *status,
    tf_err_t *err);
static int tfw_mysql_ended(unsigned int n);
static tf_code_e tfw_mysql_connect_code(tfw_mysql_t *my);
static void tfw_mysql_break(tfw_mysql_t *my);
static tf_int_t tfw_mysql_wrap(tf_err_t *err);
static my_bool tfw_mysql_io_connect(MARIADB_PVIO *pvio, MA_PVIO_CINFO *info);
static ssize_t tfw_mysql_io_read(MARIADB_PVIO *pvio, uchar *buffer,
    size_t length);
static ssize_t tfw_mysql_io_write(MARIADB_PVIO *pvio, const uchar *buffer,
    size_t length);
static int tfw_mysql_io_wait(MARIADB_PVIO *pvio, my_bool is_read,
    int timeout);
static my_bool tfw_mysql_io_handle(MARIADB_PVIO *pvio, void *handle);
static void tfw_mysql_tls_event(const SSL *ssl, int where, int ret);
static int tfw_mysql_cut(const tfw_mysql_t *my);
static int tfw_mysql_io_left(MARIADB_PVIO *pvio);
static int tfw_mysql_infile_init(void **ptr, const char *name, void *data);
static int tfw_mysql_infile_read(void *ptr, char *buf, unsigned int len);
static void tfw_mysql_infile_end(void *ptr);
static int tfw_mysql_infile_error(void *ptr, char *text, unsigned int len);
static tfw_mysql_t *tfw_mysql_of(const MYSQL *mysql);


static const tfw_read_t  tfw_mysql_reads[] = {
    { "accounts", sizeof(tfw_mysql_accounts_t), tfw_mysql_queries },
    { "databases", sizeof(tfw_mysql_sizes_t), tfw_mysql_databases },
    { "table_sizes", sizeof(tfw_mysql_sizes_t), tfw_mysql_tables },
    { "rights", sizeof(tfw_mysql_sizes_t), tfw_mysql_rights },
    { NULL, 0, NULL }
};


const tfw_engine_t  tfw_mysql_engine = {
    &tf_engine_mysql,
    sizeof(tfw_mysql_t),
    1,
    tfw_mysql_reads,
    tfw_mysql_open,
    tfw_mysql_close,
    tfw_mysql_run,
    tfw_mysql_step,
    tfw_mysql_version
};


/* libmariadb's own I/O functions and ours around them: of the process, set
 * once. */

static struct st_ma_pvio_methods   tfw_mysql_io;
static struct st_ma_pvio_methods  *tfw_mysql_io_original;

/* The session whose TLS is watched. */
static tfw_mysql_t                *tfw_mysql_signing;


/* libmariadb is not asked to go on later: connecting and every statement are
 * done when the function returns, within their deadline. */

static tf_int_t
tfw_mysql_open(void *session, const tfw_target_t *target,
    const char *database, tf_err_t *err)
{
    tfw_mysql_t  *my = session;

    (void) database;

    if (tfw_mysql_connect(my, target, (int64_t) target->connect_timeout * 1000,
                          err)
        != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_mysql_session(my, err);
}


static tf_int_t
tfw_mysql_connect(tfw_mysql_t *my, const tfw_target_t *target, int64_t ms,
    tf_err_t *err)
{
    int        connected;
    char       text[200];
    tf_code_e  code;

    my->session.target = target;
    my->session.database = target->only;

    if (mysql_init(&my->mysql) == NULL) {
        return tf_fail(err, TF_E_TARGET_OTHER, NULL, "memory is out");
    }

    my->open = 1;

    if (tfw_mysql_wrap(err) != TF_OK || tfw_mysql_options(my, err) != TF_OK) {
        return TF_ERROR;
    }

    my->deadline = tfw_clock() + ms;

    connected = mysql_real_connect(&my->mysql, target->host, target->username,
                                   target->password, target->only,
                                   (unsigned int) target->port, NULL, 0)
                != NULL;
    code = connected ? TF_E_NONE
           : tfw_target_stopping(target) ? TF_E_RUN_CANCELLED
           : tfw_mysql_connect_code(my);

    tfw_mysql_signing = NULL;

    if (my->watch) {
        (void) close(my->watch);
        my->watch = 0;
    }

    if (!connected) {
        (void) snprintf(text, sizeof(text), "%u %s", mysql_errno(&my->mysql),
                        mysql_error(&my->mysql));
        return tf_fail(err, code, NULL, "%s", text);
    }

    my->id = mysql_thread_id(&my->mysql);

    return TF_OK;
}


static tf_int_t
tfw_mysql_run(void *session, tfw_batch_t *batch, tf_err_t *err)
{
    (void) err;

    ((tfw_mysql_t *) session)->batch = batch;

    return TF_OK;
}


static tf_int_t
tfw_mysql_step(void *session, tfw_wait_t *wait, tf_err_t *err)
{
    tfw_batch_t  *b;
    tfw_mysql_t  *my = session;

    (void) wait;

    b = my->batch;
    my->batch = NULL;

    return tfw_reading_step(b, tfw_mysql_query, session, err);
}


static tf_int_t
tfw_mysql_options(tfw_mysql_t *my, tf_err_t *err)
{
    int                  failed = 0, full;
    my_bool              on = 1, off = 0;
    MYSQL               *m = &my->mysql;
    const char          *plugins;
    const tfw_target_t  *t = my->session.target;
    unsigned int         seconds, protocol = MYSQL_PROTOCOL_TCP, no = 0;
    const unsigned long  packet = TFW_MYSQL_PACKET;

    seconds = (unsigned int) t->connect_timeout;

    failed |= mysql_optionsv(m, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    failed |= mysql_optionsv(m, MYSQL_OPT_READ_TIMEOUT, &seconds);
    failed |= mysql_optionsv(m, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
    failed |= mysql_optionsv(m, MYSQL_OPT_PROTOCOL, &protocol);
    failed |= mysql_optionsv(m, MYSQL_OPT_RECONNECT, &off);
    failed |= mysql_optionsv(m, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    failed |= mysql_optionsv(m, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
    failed |= mysql_optionsv(m, MYSQL_OPT_CONNECT_ATTR_RESET, NULL);

    /* no file of ours, whatever the server asks for */
    failed |= mysql_optionsv(m, MYSQL_OPT_LOCAL_INFILE, &no);
    mysql_set_local_infile_handler(m, tfw_mysql_infile_init,
                                   tfw_mysql_infile_read,
                                   tfw_mysql_infile_end,
                                   tfw_mysql_infile_error, NULL);

    if (strcmp(t->tls_mode, "disable") == 0) {
        plugins = "mysql_native_password,client_ed25519";

    } else {
        plugins = "mysql_native_password,client_ed25519," TFW_MYSQL_SHA2;
        my->tls = 1;

        failed |= mysql_optionsv(m, MYSQL_OPT_SSL_ENFORCE, &on);
        failed |= mysql_optionsv(m, MARIADB_OPT_TLS_VERSION,
                                 "TLSv1.2,TLSv1.3");

        if (strcmp(t->tls_mode, "require") != 0) {
            failed |= mysql_optionsv(m, MYSQL_OPT_SSL_CA,
                                     t->tls_ca ? t->tls_ca
                                               : tfw_engine_system_ca());
        }

        /* where authorities are given libmariadb verifies the chain; this
         * is for the name, too */
        full = strcmp(t->tls_mode, "verify-full") == 0;
        failed |= mysql_optionsv(m, MYSQL_OPT_SSL_VERIFY_SERVER_CERT,
                                 full ? &on : &off);
    }

    failed |= mysql_optionsv(m, MARIADB_OPT_RESTRICTED_AUTH, plugins);

    if (failed) {
        return tf_fail(err, TF_E_DRIVER_MISSING, NULL,
                       "libmariadb lacks an option that is needed");
    }

    return TF_OK;
}


/* Read only, limited in time, and names as they are. */

static tf_int_t
tfw_mysql_session(tfw_mysql_t *my, tf_err_t *err)
{
    int                mariadb;
    char               limit[80];
    size_t             i;
    tf_scope_status_e  status;

    /* a server may have been told not to take the client's character set, or to
     * set another one for every session: init_connect */

    static const char *const  settings[] = {
        "SET NAMES utf8mb4, SESSION sql_mode = '',"
        " SESSION time_zone = '+00:00',"
        " SESSION lock_wait_timeout = " TFW_MYSQL_LOCK_SECONDS,
        "SET SESSION TRANSACTION READ ONLY"
    };

    /* not what it greets with: a proxy has a version of its own there */

    if (tfw_mysql_query(my, "SELECT VERSION()", NULL, &status, err) != TF_OK) {
        return TF_ERROR;
    }

    if (my->session.flavour == 0) {
        return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL, "no version");
    }

    for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (tfw_mysql_query(my, settings[i], NULL, &status, err) != TF_OK) {
            return TF_ERROR;
        }
    }

    /* a server that does not know the limit still has ours */

    mariadb = my->session.flavour == TFW_MYSQL_MARIADB;

    /* or what is said of tables is up to a day old */

    if (!mariadb && my->session.version >= 80000
        && tfw_mysql_query(my, "SET SESSION information_schema_stats_expiry"
                               " = 0", NULL, &status, err)
           == TF_ERROR)
    {
        return TF_ERROR;
    }

    (void) snprintf(limit, sizeof(limit), "SET SESSION %s = %d%s",
                    mariadb ? "max_statement_time" : "max_execution_time",
                    my->session.target->statement_timeout,
                    mariadb ? "" : "000");

    return tfw_mysql_query(my, limit, NULL, &status, err) == TF_ERROR
               ? TF_ERROR : TF_OK;
}


/* The row of SELECT VERSION(). */

static void
tfw_mysql_says(tfw_mysql_t *my, tf_str_t text)
{
    char           *p;
    unsigned long   part[3] = { 0, 0, 0 };

    tfw_engine_version(text, &my->reported);

    (void) sscanf(my->reported.detailed, "%lu.%lu.%lu", &part[0], &part[1],
                  &part[2]);

    my->session.version = (int) (part[0] % 1000 * 10000 + part[1] % 100 * 100
                                 + part[2] % 100);
    my->session.flavour = TFW_MYSQL_MYSQL;

    for (p = my->reported.text; *p; p++) {
        if (strncasecmp(p, "mariadb", 7) == 0) {
            my->session.flavour = TFW_MYSQL_MARIADB;
        }
    }
}


static void
tfw_mysql_version(void *session, tfw_version_t *version)
{
    *version = ((tfw_mysql_t *) session)->reported;
}


static void
tfw_mysql_close(void *session)
{
    tfw_mysql_t  *my = session;

    if (my->open) {
        if (my->running && tfw_target_stopping(my->session.target)) {
            tfw_mysql_kill(my);
        }

        my->deadline = tfw_clock() + 1000;
        mysql_close(&my->mysql);
        my->open = 0;
    }
}


/*
 * Ends a session in the middle of a statement, from a second one.  The server
 * would notice only now and then that its client is gone, and in most
 * statements not before their end.  A proxy may lead the second one to another
 * server, where the number is somebody else's: so the statement has to be the
 * same.  KILL without a number is refused, and that is all.
 */

static void
tfw_mysql_kill(const tfw_mysql_t *my)
{
    int                n;
    char               text[2 * TFW_MYSQL_KILL_TEXT + 1];
    char               sql[sizeof(text) + 160];
    tf_err_t           err;
    tfw_mysql_t        k;
    tfw_target_t       t = *my->session.target;
    tf_scope_status_e  status;

    memset(&k, 0, sizeof(tfw_mysql_t));
    t.stopping = NULL;

    n = (int) strnlen(my->running, TFW_MYSQL_KILL_TEXT);
    (void) mysql_hex_string(text, my->running, (unsigned long) n);
    (void) snprintf(sql, sizeof(sql),
                    "SET @id = (SELECT ID FROM information_schema.PROCESSLIST"
                    " WHERE ID = %lu AND LEFT(INFO, %d) = 0x%s)",
                    my->id, n, text);

    if (tfw_mysql_connect(&k, &t, TFW_MYSQL_KILL_MS, &err) == TF_OK
        && tfw_mysql_query(&k, sql, NULL, &status, &err) == TF_OK)
    {
        (void) tfw_mysql_query(&k, "KILL @id", NULL, &status, &err);
    }

    tfw_mysql_close(&k);
}


/*
 * Runs one statement of a batch, or a setting.  TF_DECLINED: the server
 * refused it and the session goes on; status and err say how.  TF_ERROR: the
 * connection is lost, or closed because of its answer.
 */

static tf_int_t
tfw_mysql_query(void *session, const char *sql, tfw_batch_t *batch,
    tf_scope_status_e *status, tf_err_t *err)
{
    tf_int_t      rc;
    MYSQL_RES    *res;
    tfw_mysql_t  *my = session;

    my->deadline = tfw_clock() + TFW_MYSQL_GRACE_MS
                   + (int64_t) my->session.target->statement_timeout * 1000;
    my->running = sql;

    if (mysql_real_query(&my->mysql, sql, (unsigned long) strlen(sql)) != 0) {
        return tfw_mysql_failed(my, status, err);
    }

    res = mysql_use_result(&my->mysql);

    if (res == NULL) {
        if (mysql_errno(&my->mysql)) {
            return tfw_mysql_failed(my, status, err);
        }

        if (batch) {
            tfw_mysql_break(my);
            return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                           "server answers a query without a result");
        }

        my->running = NULL;

        return TF_OK;
    }

    rc = tfw_mysql_rows(my, res, batch, err);

    if (rc == TF_OK && mysql_errno(&my->mysql)) {
        rc = tfw_mysql_failed(my, status, err);
    }

    if (rc == TF_ERROR) {
        /* or freeing would read the rest, which may have no end */
        tfw_mysql_break(my);

    } else {
        my->running = NULL;
    }

    mysql_free_result(res);

    return rc;
}


/* The only place where a value that a server sent is taken from a result. */

static tf_int_t
tfw_mysql_rows(tfw_mysql_t *my, MYSQL_RES *res, tfw_batch_t *batch,
    tf_err_t *err)
{
    unsigned        i, n;
    tf_str_t        columns[TFW_MYSQL_COLUMNS];
    MYSQL_ROW       values;
    unsigned long  *lengths;

    n = mysql_num_fields(res);

    if (n > TFW_MYSQL_COLUMNS
        || (batch == NULL && (n != 1 || my->session.flavour)))
    {
        return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                       "server answers with %u columns", n);
    }

    while ((values = mysql_fetch_row(res)) != NULL) {
        lengths = mysql_fetch_lengths(res);

        if (lengths == NULL) {
            return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL, "row in disorder");
        }

        for (i = 0; i < n; i++) {
            columns[i].data = (unsigned char *) values[i];
            columns[i].len = values[i] ? lengths[i] : 0;
        }

        if (tfw_clock() > my->deadline) {
            return tf_fail(err, TF_E_TARGET_TIMEOUT, NULL,
                           "no end within the statement timeout");
        }

        if (batch == NULL) {
            tfw_mysql_says(my, columns[0]);

        } else if (tfw_reading_row(batch, columns, n, err) != TF_OK) {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_mysql_failed(tfw_mysql_t *my, tf_scope_status_e *status, tf_err_t *err)
{
    char          text[200];
    unsigned int  n;

    n = mysql_errno(&my->mysql);
    (void) snprintf(text, sizeof(text), "%u %s", n, mysql_error(&my->mysql));
    *status = TF_SCOPE_ERROR;

    if (tfw_target_stopping(my->session.target)) {
        return tf_fail(err, TF_E_RUN_CANCELLED, NULL, "stopped");
    }

    my->running = NULL;

    switch (n) {

    case ER_DBACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
    case ER_ACCESS_DENIED_ERROR:
        *status = TF_SCOPE_DENIED;
        (void) tf_fail(err, TF_E_TARGET_PERMISSION, NULL, "%s", text);
        return TF_DECLINED;

    case ER_NO_SUCH_TABLE:
    case ER_BAD_FIELD_ERROR:
    case ER_BAD_TABLE_ERROR:
    case ER_UNKNOWN_TABLE:
    case ER_SP_DOES_NOT_EXIST:
        *status = TF_SCOPE_UNSUPPORTED;
        (void) tf_fail(err, TF_E_TARGET_OTHER, NULL, "%s", text);
        return TF_DECLINED;

    case ER_MUST_CHANGE_PASSWORD:
        *status = TF_SCOPE_DENIED;
        (void) tf_fail(err, TF_E_TARGET_PASSWORD_EXPIRED, NULL, "%s", text);
        return TF_DECLINED;

    case ER_QUERY_INTERRUPTED:
    case TFW_MYSQL_TIMEOUT:
    case TFW_MYSQL_TIMEOUT_MYSQL:
    case ER_LOCK_WAIT_TIMEOUT:
        *status = TF_SCOPE_TIMEOUT;
        (void) tf_fail(err, TF_E_TARGET_TIMEOUT, NULL, "%s", text);
        return TF_DECLINED;
    }

    if (n == ER_USER_LIMIT_REACHED) {
        (void) tf_fail(err, TF_E_TARGET_BUSY, NULL, "%s", text);
        return TF_DECLINED;
    }

    /* TLS that breaks after the sign-in was cut */

    if (tfw_mysql_ended(n) || n == CR_SSL_CONNECTION_ERROR) {
        return tf_fail(err,
                       tfw_clock() >= my->deadline
                           ? TF_E_TARGET_TIMEOUT : TF_E_TARGET_REFUSED,
                       NULL, "%s", text);
    }

    /* what else libmariadb finds wrong ends it, too */

    if ((n >= CR_MIN_ERROR && n < 3000) || n >= 5000) {
        return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL, "%s", text);
    }

    (void) tf_fail(err, TF_E_TARGET_OTHER, NULL, "%s", text);

    return TF_DECLINED;
}


/* 1 for an error that says that the connection is no more: the server shuts
 * down, somebody ended the session, or the network did. */

static int
tfw_mysql_ended(unsigned int n)
{
    switch (n) {

    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SERVER_LOST_EXTENDED:
    case ER_SERVER_SHUTDOWN:
    case ER_NORMAL_SHUTDOWN:
    case ER_CONNECTION_KILLED:
    case ER_NEW_ABORTING_CONNECTION:
    case ER_ABORTING_CONNECTION:
    case ER_NET_READ_ERROR:
    case ER_NET_READ_INTERRUPTED:
    case ER_NET_ERROR_ON_WRITE:
    case ER_NET_WRITE_INTERRUPTED:
    case TFW_MYSQL_NOT_AVAILABLE:
    case TFW_MYSQL_WAS_KILLED:
    case TFW_MYSQL_INACTIVE:
        return 1;
    }

    return 0;
}


static tf_code_e
tfw_mysql_connect_code(tfw_mysql_t *my)
{
    size_t        i;
    unsigned int  n = mysql_errno(&my->mysql);

    static const struct {
        unsigned int  n;
        tf_code_e     code;
    } codes[] = {
        { ER_DBACCESS_DENIED_ERROR, TF_E_TARGET_PERMISSION },
        { ER_BAD_DB_ERROR, TF_E_TARGET_DATABASE },
        { ER_ACCESS_DENIED_ERROR, TF_E_TARGET_AUTH },
        { ER_ACCESS_DENIED_NO_PASSWORD_ERROR, TF_E_TARGET_AUTH },
        { ER_HOST_NOT_PRIVILEGED, TF_E_TARGET_AUTH },
        { TFW_MYSQL_EXPIRED, TF_E_TARGET_PASSWORD_EXPIRED },
        { TFW_MYSQL_LOCKED, TF_E_TARGET_AUTH },
        { TFW_MYSQL_LOCKED_MYSQL, TF_E_TARGET_AUTH },
        { ER_NOT_SUPPORTED_AUTH_MODE, TF_E_TARGET_AUTH },
        { ER_PLUGIN_IS_NOT_LOADED, TF_E_TARGET_AUTH },
        { CR_AUTH_PLUGIN_CANNOT_LOAD, TF_E_TARGET_AUTH },
        { CR_AUTH_PLUGIN_ERR, TF_E_TARGET_AUTH },
        { CR_PLUGIN_NOT_ALLOWED, TF_E_TARGET_AUTH },
        { CR_ERR_LOAD_PLUGIN, TF_E_TARGET_AUTH },
        { ER_CON_COUNT_ERROR, TF_E_TARGET_BUSY },
        { ER_TOO_MANY_USER_CONNECTIONS, TF_E_TARGET_BUSY },
        { ER_USER_LIMIT_REACHED, TF_E_TARGET_BUSY },
        { ER_HOST_IS_BLOCKED, TF_E_TARGET_REFUSED },
        { CR_SSL_CONNECTION_ERROR, TF_E_TARGET_TLS },
        { TFW_MYSQL_NEEDS_TLS, TF_E_TARGET_TLS_REQUIRED },
        { CR_UNKNOWN_HOST, TF_E_TARGET_DNS }
    };

    if (my->refused) {
        return TF_E_TARGET_TLS;
    }

    if (n == CR_SSL_CONNECTION_ERROR && tfw_mysql_cut(my)) {
        return TF_E_TARGET_REFUSED;
    }

    if (n == CR_PLUGIN_NOT_ALLOWED && !my->tls && my->sha2) {
        return TF_E_TARGET_TLS_REQUIRED;
    }

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (n == codes[i].n) {
            return codes[i].code;
        }
    }

    /* its own timeout may end a little before ours */

    if (tfw_clock() + 100 >= my->deadline) {
        return TF_E_TARGET_TIMEOUT;
    }

    if (n == CR_CONN_HOST_ERROR || n == CR_CONNECTION_ERROR) {
        return TF_E_TARGET_REFUSED;
    }

    /* one that said something else than a greeting is no MySQL */

    if (tfw_mysql_ended(n) && (my->greeted || !my->heard)) {
        return TF_E_TARGET_REFUSED;
    }

    return n < CR_MIN_ERROR || (n >= 3000 && n < 5000)
           ? TF_E_TARGET_OTHER : TF_E_TARGET_PROTOCOL;
}


/* After this nothing waits for the server. */

static void
tfw_mysql_break(tfw_mysql_t *my)
{
    my_socket  fd = mysql_get_socket(&my->mysql);

    my->deadline = 0;

    if (fd != (my_socket) -1) {
        (void) shutdown(fd, SHUT_RDWR);
    }
}


static tf_int_t
tfw_mysql_wrap(tf_err_t *err)
{
    tfw_mysql_plugin_t  *plugin;

    if (tfw_mysql_io_original) {
        return TF_OK;
    }

    plugin = (tfw_mysql_plugin_t *)
             mysql_client_find_plugin(NULL, "pvio_socket", TFW_MYSQL_PVIO);

    if (plugin == NULL || plugin->methods == NULL
        || plugin->interface_version != TFW_MYSQL_PVIO_INTERFACE)
    {
        return tf_fail(err, TF_E_DRIVER_MISSING, NULL,
                       "libmariadb without its socket functions");
    }

    tfw_mysql_io = *plugin->methods;
    tfw_mysql_io_original = plugin->methods;

    tfw_mysql_io.connect = tfw_mysql_io_connect;
    tfw_mysql_io.read = tfw_mysql_io_read;
    tfw_mysql_io.write = tfw_mysql_io_write;
    tfw_mysql_io.wait_io_or_timeout = tfw_mysql_io_wait;
    tfw_mysql_io.get_handle = tfw_mysql_io_handle;

    plugin->methods = &tfw_mysql_io;

    return TF_OK;
}


static my_bool
tfw_mysql_io_connect(MARIADB_PVIO *pvio, MA_PVIO_CINFO *info)
{
    tfw_mysql_t    *my = tfw_mysql_of(info->mysql);
    MA_PVIO_CINFO   address = *info;

    address.host = my->session.target->address;

    return tfw_mysql_io_original->connect(pvio, &address);
}


static ssize_t
tfw_mysql_io_read(MARIADB_PVIO *pvio, uchar *buffer, size_t length)
{
    int           left = tfw_mysql_io_left(pvio);
    ssize_t       n;
    my_socket     fd;
    tfw_mysql_t  *my = tfw_mysql_of(pvio->mysql);

    if (left <= 0) {
        errno = ETIMEDOUT;
        return -1;
    }

    if (tfw_mysql_io_wait(pvio, 1, left) < 1) {
        return -1;
    }

    pvio->timeout[PVIO_READ_TIMEOUT] = left;

    n = tfw_mysql_io_original->read(pvio, buffer, length);

    if (n > 0 && my) {
        if (!my->heard) {

            if (my->tls && tfw_mysql_io_original->get_handle(pvio, &fd) == 0) {
                my->watch = dup(fd);
                my->watch = my->watch == -1 ? 0 : my->watch;
            }

            /* the first packet: a greeting of version 10, or an error */
            my->heard = 1;
            my->greeted = n > 4 && buffer[3] == 0
                          && (buffer[4] == 10 || buffer[4] == 0xff);
        }

        my->sha2 = memmem(buffer, (size_t) n, TFW_MYSQL_SHA2,
                          sizeof(TFW_MYSQL_SHA2) - 1)
                   != NULL;
    }

    return n;
}


static ssize_t
tfw_mysql_io_write(MARIADB_PVIO *pvio, const uchar *buffer, size_t length)
{
    tfw_mysql_t  *my = tfw_mysql_of(pvio->mysql);

    if (my && my->tls && pvio->ctls == NULL
        && (length != TFW_MYSQL_SSL_REQUEST
            || !(buffer[5] & CLIENT_SSL >> 8)))
    {
        my->refused = 1;
        errno = EPROTO;
        return -1;
    }

    return tfw_mysql_io_original->write(pvio, buffer, length);
}


static int
tfw_mysql_io_wait(MARIADB_PVIO *pvio, my_bool is_read, int timeout)
{
    int           n, part, left = tfw_mysql_io_left(pvio);
    tfw_mysql_t  *my = tfw_mysql_of(pvio->mysql);

    if (timeout < 0 || timeout > left || is_read) {
        timeout = left;
    }

    while (timeout > 0) {
        if (my && tfw_target_stopping(my->session.target)) {
            errno = ECANCELED;
            return -1;
        }

        part = timeout < TFW_STOPPING_MS ? timeout : TFW_STOPPING_MS;
        timeout -= part;

        n = tfw_mysql_io_original->wait_io_or_timeout(pvio, is_read, part);

        if (n != 0) {
            return n;
        }
    }

    errno = ETIMEDOUT;

    return 0;
}


/* TLS asks for the socket before it begins. */

static my_bool
tfw_mysql_io_handle(MARIADB_PVIO *pvio, void *handle)
{
    const char   *library = "";
    tfw_mysql_t  *my = tfw_mysql_of(pvio->mysql);

    if (my && my->watch && pvio->ctls && tfw_mysql_signing != my
        && mariadb_get_infov(pvio->mysql, MARIADB_TLS_LIBRARY, &library) == 0
        && strncmp(library, "OpenSSL", 7) == 0)
    {
        tfw_mysql_signing = my;
        SSL_set_info_callback(((tfw_mysql_tls_t *) pvio->ctls)->ssl,
                              tfw_mysql_tls_event);
    }

    return tfw_mysql_io_original->get_handle(pvio, handle);
}


/* Whoever finds something wrong in TLS says so by an alert.  That a message is
 * not whole is what OpenSSL says to the end of a connection. */

static void
tfw_mysql_tls_event(const SSL *ssl, int where, int ret)
{
    (void) ssl;

    if ((where & SSL_CB_ALERT) && tfw_mysql_signing
        && (where != SSL_CB_WRITE_ALERT || (ret & 0xff) != SSL_AD_DECODE_ERROR))
    {
        tfw_mysql_signing->alert = 1;
    }
}


/* 1 when the server has closed the connection in the middle of TLS, and neither
 * side had found anything wrong. */

static int
tfw_mysql_cut(const tfw_mysql_t *my)
{
    char     c;
    ssize_t  n;

    if (my->watch == 0 || tfw_mysql_signing != my || my->alert) {
        return 0;
    }

    n = recv(my->watch, &c, 1, MSG_PEEK | MSG_DONTWAIT);

    return n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR);
}


/* Milliseconds. */

static int
tfw_mysql_io_left(MARIADB_PVIO *pvio)
{
    int64_t       left;
    tfw_mysql_t  *my = tfw_mysql_of(pvio->mysql);

    if (my == NULL) {
        return 1000;
    }

    left = my->deadline - tfw_clock();

    return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int) left;
}


static int
tfw_mysql_infile_init(void **ptr, const char *name, void *data)
{
    (void) name;
    (void) data;

    *ptr = NULL;

    return 1;
}


static int
tfw_mysql_infile_read(void *ptr, char *buf, unsigned int len)
{
    (void) ptr;
    (void) buf;
    (void) len;

    return -1;
}


static void
tfw_mysql_infile_end(void *ptr)
{
    (void) ptr;
}


static int
tfw_mysql_infile_error(void *ptr, char *text, unsigned int len)
{
    (void) ptr;

    (void) snprintf(text, len, "server asks for a file");

    return CR_UNKNOWN_ERROR;
}


/* The session that a MYSQL is part of; NULL of NULL. */

static tfw_mysql_t *
tfw_mysql_of(const MYSQL *mysql)
{
    return mysql ? (tfw_mysql_t *) ((char *) mysql
                                    - offsetof(tfw_mysql_t, mysql))
                 : NULL;
}
