
/*
 * Sessions through unixODBC.
 */


#define _GNU_SOURCE     /* strcasestr() */

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tf_crypto.h"
#include "tfw_odbc.h"


#define TFW_ODBC_STRING  16384      /* bytes of a connection string at most */
#define TFW_ODBC_UNITS   2048       /* UTF-16 units of one SQLGetData() */
#define TFW_ODBC_END     1          /* no row is left */


/* The values of one row, and their text. */

typedef struct {
    tf_str_t             column[TFW_ODBC_COLUMNS];
    unsigned char       *data;
    size_t               used;
    size_t               size;
} tfw_odbc_row_t;


static void *tfw_odbc_alloc(void *ctx, size_t size);
static tf_int_t tfw_odbc_handles(tfw_odbc_t *o, tf_err_t *err);
static tf_int_t tfw_odbc_connect(tfw_odbc_t *o, tf_err_t *err);
static tf_int_t tfw_odbc_string(tfw_odbc_t *o, tf_buf_t *b, tf_err_t *err);
static tf_int_t tfw_odbc_found(tfw_odbc_t *o, const char *pattern);
static int tfw_odbc_later(const char *one, const char *two);
static tf_int_t tfw_odbc_query(void *session, const char *sql,
    tfw_batch_t *batch, tf_scope_status_e *status, tf_err_t *err);
static tf_int_t tfw_odbc_execute(tfw_odbc_t *o, const char *sql,
    SQLHSTMT *stmt, tf_scope_status_e *status, tf_err_t *err);
static tf_int_t tfw_odbc_fetch(tfw_odbc_t *o, SQLHSTMT stmt,
    tfw_odbc_row_t *row, unsigned n, tf_err_t *err);
static tf_int_t tfw_odbc_value(SQLHSTMT stmt, tfw_odbc_row_t *row, unsigned i,
    tf_err_t *err);
static unsigned char *tfw_odbc_room(tfw_odbc_row_t *row, size_t n);
static tf_int_t tfw_odbc_failed(tfw_odbc_t *o, SQLSMALLINT type,
    SQLHANDLE handle, tf_scope_status_e *status, tf_err_t *err);
static void tfw_odbc_said(tfw_odbc_t *o, SQLSMALLINT type, SQLHANDLE handle,
    char *text, size_t size);
static size_t tfw_odbc_rank(const tfw_odbc_t *o, int native);
static const tfw_odbc_error_t *tfw_odbc_known(const tfw_odbc_t *o);
static tf_code_e tfw_odbc_connect_code(const tfw_odbc_t *o);
static tf_code_e tfw_odbc_state_code(const tfw_odbc_t *o,
    tf_scope_status_e *status);
static int tfw_odbc_dead(const tfw_odbc_t *o);


static const tf_mem_t  tfw_odbc_mem = { tfw_odbc_alloc, NULL };


static void *
tfw_odbc_alloc(void *ctx, size_t size)
{
    (void) ctx;

    return malloc(size);
}


tf_int_t
tfw_odbc_open(tfw_odbc_t *o, const tfw_odbc_engine_t *engine,
    const tfw_target_t *target, const char *database, tf_err_t *err)
{
    int  n;

    o->engine = engine;
    o->session.target = target;
    o->deadline = tfw_clock()
                  + (int64_t) target->connect_timeout * 1000;

    if (database == NULL) {
        database = target->database;
    }

    if (database && *database) {
        n = snprintf(o->name, sizeof(o->name), "%s", database);

        if (n < 0 || (size_t) n >= sizeof(o->name)) {
            return tf_fail(err, TF_E_TARGET_OTHER, NULL,
                           "the database's name is too long");
        }

        o->session.database = o->name;
    }

    if (tfw_odbc_driver(o, target->driver, err) != TF_OK
        || tfw_odbc_handles(o, err) != TF_OK
        || tfw_odbc_connect(o, err) != TF_OK)
    {
        return TF_ERROR;
    }

    return engine->begin(o, err);
}


static tf_int_t
tfw_odbc_handles(tfw_odbc_t *o, tf_err_t *err)
{
    SQLULEN  seconds;

    /* DSNs of this machine are none of ours */
    (void) setenv("ODBCINI", "/dev/null", 1);

    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE,
                                      &o->env))
        || !SQL_SUCCEEDED(SQLSetEnvAttr(o->env, SQL_ATTR_ODBC_VERSION,
                                        (SQLPOINTER) SQL_OV_ODBC3, 0))
        || !SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, o->env, &o->dbc)))
    {
        return tf_fail(err, TF_E_DRIVER_MISSING, NULL,
                       "unixODBC does not start");
    }

    seconds = (SQLULEN) o->session.target->connect_timeout;

    /* not every driver knows them; the guard's deadline holds all the same */

    (void) SQLSetConnectAttr(o->dbc, SQL_ATTR_LOGIN_TIMEOUT,
                             (SQLPOINTER) seconds, 0);
    (void) SQLSetConnectAttr(o->dbc, SQL_ATTR_ACCESS_MODE,
                             (SQLPOINTER) SQL_MODE_READ_ONLY, 0);

    return tfw_odbc_guard_begin(o->session.target->host,
                                o->session.target->address, err);
}


static tf_int_t
tfw_odbc_connect(tfw_odbc_t *o, tf_err_t *err)
{
    size_t     units;
    tf_buf_t   b;
    tf_str_t   text;
    SQLWCHAR  *wide;
    SQLRETURN  rc;

    tf_buf_init(&b, &tfw_odbc_mem, TFW_ODBC_STRING, TFW_ODBC_STRING);

    if (tfw_odbc_string(o, &b, err) != TF_OK) {
        tf_wipe(b.start, TFW_ODBC_STRING);
        free(b.start);
        return TF_ERROR;
    }

    wide = NULL;
    units = 0;

    if (tf_buf_done(&b, &text) == TF_OK) {
        wide = tfw_odbc_utf16(text, &units);
        tf_wipe(text.data, text.len);
    }

    free(b.start);

    if (wide == NULL) {
        return tf_fail(err, TF_E_TARGET_OTHER, NULL,
                       "the settings of the driver are too long");
    }

    tfw_odbc_guard_until(o->deadline);

    rc = SQLDriverConnectW(o->dbc, NULL, wide, (SQLSMALLINT) units, NULL, 0,
                           NULL, SQL_DRIVER_NOPROMPT);

    tf_wipe(wide, units * sizeof(SQLWCHAR));
    free(wide);

    if (SQL_SUCCEEDED(rc)) {
        o->connected = 1;
        return TF_OK;
    }

    return tfw_odbc_failed(o, SQL_HANDLE_DBC, o->dbc, NULL, err);
}


static tf_int_t
tfw_odbc_string(tfw_odbc_t *o, tf_buf_t *b, tf_err_t *err)
{
    const tfw_target_t  *t = o->session.target;

    tf_buf_lit(b, "DRIVER={");
    tf_buf_lit(b, o->driver);
    tf_buf_lit(b, "};");

    if (o->engine->address(o, o->session.database, b, err) != TF_OK) {
        return TF_ERROR;
    }

    if (tfw_odbc_keyword(o, b, "UID", tf_str(t->username)) != TF_OK) {
        return tf_fail(err, TF_E_TARGET_AUTH, NULL,
                       "the driver can not take this user name");
    }

    if (tfw_odbc_keyword(o, b, "PWD", tf_str(t->password)) != TF_OK) {
        return tf_fail(err, TF_E_TARGET_AUTH, NULL,
                       "the driver can not take a password with \"};\"");
    }

    return TF_OK;
}


tf_int_t
tfw_odbc_keyword(tfw_odbc_t *o, tf_buf_t *b, const char *keyword,
    tf_str_t value)
{
    size_t  i;

    /* to FreeTDS only "};" is the end of a value in braces, and nothing stands
     * for it */

    for (i = 0; o->family == TFW_ODBC_FREETDS && i + 1 < value.len; i++) {
        if (value.data[i] == '}' && value.data[i + 1] == ';') {
            return TF_DECLINED;
        }
    }

    tf_buf_lit(b, keyword);
    tf_buf_char(b, '=');

    for (i = 0; i < value.len && !strchr(";{}=", value.data[i]); i++) {
        /* void */
    }

    /* not every driver takes braces around every value */

    if (i && i == value.len && value.data[0] != ' '
        && value.data[i - 1] != ' ')
    {
        tf_buf_str(b, value);
        tf_buf_char(b, ';');
        return TF_OK;
    }

    tf_buf_char(b, '{');

    for (i = 0; i < value.len; i++) {
        if (value.data[i] == '}' && o->family != TFW_ODBC_FREETDS) {
            tf_buf_char(b, '}');
        }

        tf_buf_char(b, value.data[i]);
    }

    tf_buf_lit(b, "};");

    return TF_OK;
}


tf_int_t
tfw_odbc_driver(tfw_odbc_t *o, const char *named, tf_err_t *err)
{
    const char *const  *p;

    static const struct {
        const char         *part;
        tfw_odbc_family_e   family;
    } families[] = {
        { "tdsodbc", TFW_ODBC_FREETDS },
        { "freetds", TFW_ODBC_FREETDS },
        { "msodbcsql", TFW_ODBC_MICROSOFT },
        { "for SQL Server", TFW_ODBC_MICROSOFT },
        { "sqora", TFW_ODBC_ORACLE },
        { "oracle", TFW_ODBC_ORACLE },
        { "", TFW_ODBC_OTHER }
    }, *f;

    if (named && *named) {
        (void) snprintf(o->driver, sizeof(o->driver), "%.1000s", named);

        if (o->driver[0] == '/' && access(o->driver, R_OK) != 0) {
            return tf_fail(err, TF_E_DRIVER_MISSING, NULL, "no %.300s",
                           o->driver);
        }

    } else {
        for (p = o->engine->places; *p; p++) {
            if (tfw_odbc_found(o, *p) == TF_OK) {
                break;
            }
        }

        if (*p == NULL) {
            return tf_fail(err, TF_E_DRIVER_MISSING, NULL, "%s",
                           o->engine->missing);
        }
    }

    /* it stands in braces */

    if (strpbrk(o->driver, "{}")) {
        return tf_fail(err, TF_E_DRIVER_MISSING, NULL,
                       "a driver can not have braces in its name");
    }

    for (f = families; strcasestr(o->driver, f->part) == NULL; f++) {
        /* void */
    }

    o->family = f->family;

    return TF_OK;
}


/* The last of the files by the numbers in their names. */

static tf_int_t
tfw_odbc_found(tfw_odbc_t *o, const char *pattern)
{
    int          n;
    char         path[1024];
    glob_t       g;
    size_t       i;
    const char  *home, *best = NULL;

    if (*pattern == '$') {
        home = getenv("ORACLE_HOME");

        if (home == NULL || home[0] != '/') {
            return TF_DECLINED;
        }

        n = snprintf(path, sizeof(path), "%s%s", home, pattern + 1);

        if (n < 0 || (size_t) n >= sizeof(path)) {
            return TF_DECLINED;
        }

        pattern = path;
    }

    if (glob(pattern, 0, NULL, &g) != 0) {
        return TF_DECLINED;
    }

    for (i = 0; i < g.gl_pathc; i++) {
        if (access(g.gl_pathv[i], R_OK) == 0
            && (best == NULL || tfw_odbc_later(g.gl_pathv[i], best)))
        {
            best = g.gl_pathv[i];
        }
    }

    if (best) {
        (void) snprintf(o->driver, sizeof(o->driver), "%.1000s", best);
    }

    globfree(&g);

    return best ? TF_OK : TF_DECLINED;
}


static int
tfw_odbc_later(const char *one, const char *two)
{
    return strverscmp(one, two) > 0;
}


void
tfw_odbc_close(void *session)
{
    tfw_odbc_t  *o = session;

    if (o->env == NULL) {
        return;
    }

    if (o->connected) {
        tfw_odbc_guard_until(tfw_clock() + 1000);
        (void) SQLDisconnect(o->dbc);
        o->connected = 0;
    }

    if (o->dbc) {
        (void) SQLFreeHandle(SQL_HANDLE_DBC, o->dbc);
        o->dbc = NULL;
    }

    (void) SQLFreeHandle(SQL_HANDLE_ENV, o->env);
    o->env = NULL;

    tfw_odbc_guard_end();

    if (o->settings) {
        (void) close(o->settings);
        o->settings = 0;
    }
}


tf_int_t
tfw_odbc_run(void *session, tfw_batch_t *batch, tf_err_t *err)
{
    (void) err;

    ((tfw_odbc_t *) session)->batch = batch;

    return TF_OK;
}


/* A driver is not asked to go on later: every statement is done when its
 * function returns, within its deadline. */

tf_int_t
tfw_odbc_step(void *session, tfw_wait_t *wait, tf_err_t *err)
{
    tfw_batch_t  *b;
    tfw_odbc_t   *o = session;

    (void) wait;

    b = o->batch;
    o->batch = NULL;

    return tfw_reading_step(b, tfw_odbc_query, session, err);
}


void
tfw_odbc_version(void *session, tfw_version_t *version)
{
    *version = ((tfw_odbc_t *) session)->reported;
}


tf_int_t
tfw_odbc_ask(tfw_odbc_t *o, const char *sql, tfw_odbc_cell_t *cell, unsigned n,
    tf_err_t *err)
{
    unsigned            i;
    SQLHSTMT            stmt;
    tf_int_t            rc;
    tfw_odbc_row_t      row;
    tf_scope_status_e   status;

    rc = tfw_odbc_execute(o, sql, &stmt, &status, err);

    if (rc == TF_OK && n) {
        memset(&row, 0, sizeof(tfw_odbc_row_t));
        rc = tfw_odbc_fetch(o, stmt, &row, n, err);

        if (rc == TFW_ODBC_END) {
            rc = tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                         "a question without an answer");
        }

        for (i = 0; rc == TF_OK && i < n; i++) {
            cell[i].null = row.column[i].data == NULL;
            (void) snprintf(cell[i].text, sizeof(cell[i].text), "%.*s",
                            (int) row.column[i].len,
                            cell[i].null ? "" : (char *) row.column[i].data);
        }

        free(row.data);
    }

    if (rc == TF_ERROR) {
        tfw_odbc_guard_cut();
    }

    if (stmt) {
        (void) SQLFreeHandle(SQL_HANDLE_STMT, stmt);
    }

    return rc;
}


/*
 * Runs one statement of a batch.  TF_DECLINED: the server refused it and the
 * session goes on; status and err say how.  TF_ERROR: the connection is lost,
 * or closed because of its answer.
 */

static tf_int_t
tfw_odbc_query(void *session, const char *sql, tfw_batch_t *batch,
    tf_scope_status_e *status, tf_err_t *err)
{
    unsigned         n;
    SQLHSTMT         stmt;
    tf_int_t         rc;
    tfw_odbc_t      *o = session;
    SQLSMALLINT      columns;
    tfw_odbc_row_t   row;

    rc = tfw_odbc_execute(o, sql, &stmt, status, err);

    if (rc != TF_OK) {
        goto done;
    }

    memset(&row, 0, sizeof(tfw_odbc_row_t));

    if (!SQL_SUCCEEDED(SQLNumResultCols(stmt, &columns))
        || columns < 1 || columns > TFW_ODBC_COLUMNS)
    {
        rc = tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                     "an answer that is no result");
        goto done;
    }

    n = (unsigned) columns;

    do {
        rc = tfw_odbc_fetch(o, stmt, &row, n, err);

        if (rc == TF_OK) {
            rc = tfw_reading_row(batch, row.column, n, err);
        }

    } while (rc == TF_OK);

    if (rc == TFW_ODBC_END) {
        rc = TF_OK;

    } else if (rc == TF_DECLINED) {
        rc = tfw_odbc_failed(o, SQL_HANDLE_STMT, stmt, status, err);
    }

    free(row.data);

done:

    if (rc == TF_ERROR) {
        /* or freeing would read the rest, which may have no end */
        tfw_odbc_guard_cut();
    }

    if (stmt) {
        (void) SQLFreeHandle(SQL_HANDLE_STMT, stmt);
    }

    return rc;
}


/* *stmt is the caller's to free, also after a failure; NULL: there is none. */

static tf_int_t
tfw_odbc_execute(tfw_odbc_t *o, const char *sql, SQLHSTMT *stmt,
    tf_scope_status_e *status, tf_err_t *err)
{
    size_t               n;
    SQLWCHAR            *wide;
    SQLRETURN            rc;
    const tfw_target_t  *t = o->session.target;

    *stmt = NULL;

    o->deadline = tfw_clock() + TFW_ODBC_GRACE
                  + (int64_t) t->statement_timeout * 1000;
    tfw_odbc_guard_until(o->deadline);

    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, o->dbc, stmt))) {
        *stmt = NULL;
        return tfw_odbc_failed(o, SQL_HANDLE_DBC, o->dbc, NULL, err);
    }

    (void) SQLSetStmtAttr(*stmt, SQL_ATTR_QUERY_TIMEOUT,
                          (SQLPOINTER) (SQLULEN) t->statement_timeout, 0);

    wide = tfw_odbc_utf16(tf_str(sql), &n);

    if (wide == NULL) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "memory is out");
    }

    rc = SQLExecDirectW(*stmt, wide, (SQLINTEGER) n);
    free(wide);

    /* SQL_NO_DATA: a statement that is no query */

    return SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA
           ? TF_OK
           : tfw_odbc_failed(o, SQL_HANDLE_STMT, *stmt, status, err);
}


/* The next row.  TFW_ODBC_END: there is none.  TF_DECLINED: the driver says why
 * not. */

static tf_int_t
tfw_odbc_fetch(tfw_odbc_t *o, SQLHSTMT stmt, tfw_odbc_row_t *row, unsigned n,
    tf_err_t *err)
{
    size_t     offset[TFW_ODBC_COLUMNS];
    unsigned   i;
    SQLRETURN  rc;

    rc = SQLFetch(stmt);

    if (rc == SQL_NO_DATA) {
        return TFW_ODBC_END;
    }

    if (!SQL_SUCCEEDED(rc)) {
        return TF_DECLINED;
    }

    if (tfw_clock() > o->deadline) {
        return tf_fail(err, TF_E_TARGET_TIMEOUT, NULL,
                       "no end within the statement timeout");
    }

    row->used = 0;

    for (i = 0; i < n; i++) {
        offset[i] = row->used;

        if (tfw_odbc_value(stmt, row, i, err) != TF_OK) {
            return TF_ERROR;
        }
    }

    for (i = 0; i < n; i++) {
        if (row->column[i].data) {
            row->column[i].data = row->data + offset[i];
        }
    }

    return TF_OK;
}


/* The only place where a value that a server sent is taken from a result. */

static tf_int_t
tfw_odbc_value(SQLHSTMT stmt, tfw_odbc_row_t *row, unsigned i, tf_err_t *err)
{
    size_t          n, begin = row->used;
    SQLLEN          left;
    SQLWCHAR        part[TFW_ODBC_UNITS];
    SQLRETURN       rc;
    unsigned char  *to;

    row->column[i].data = (unsigned char *) "";

    for ( ;; ) {
        left = 0;
        rc = SQLGetData(stmt, (SQLUSMALLINT) (i + 1), SQL_C_WCHAR, part,
                        sizeof(part), &left);

        if (rc == SQL_NO_DATA) {
            break;
        }

        if (!SQL_SUCCEEDED(rc)) {
            return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                           "value %u can not be had", i + 1);
        }

        if (left == SQL_NULL_DATA) {
            row->column[i].data = NULL;
            row->column[i].len = 0;
            return TF_OK;
        }

        /* the part ends in 0; left: bytes before this part was taken */

        n = left >= 0 && (size_t) left < sizeof(part)
            ? (size_t) left / sizeof(SQLWCHAR) : TFW_ODBC_UNITS - 1;

        to = tfw_odbc_room(row, n * 3);

        if (to == NULL || row->used - begin > TFW_ODBC_VALUE) {
            return tf_fail(err, TF_E_RESULT_TOO_LARGE, NULL,
                           "a value of more than %d bytes", TFW_ODBC_VALUE);
        }

        row->used += tfw_odbc_utf8(to, part, n);

        if (n < TFW_ODBC_UNITS - 1 || rc == SQL_SUCCESS) {
            break;
        }
    }

    row->column[i].len = row->used - begin;

    return TF_OK;
}


static unsigned char *
tfw_odbc_room(tfw_odbc_row_t *row, size_t n)
{
    size_t          size;
    unsigned char  *data;

    if (row->size - row->used < n) {
        size = (row->size + n) * 2;

        data = realloc(row->data, size);
        if (data == NULL) {
            return NULL;
        }

        row->data = data;
        row->size = size;
    }

    return row->data + row->used;
}


/* status NULL: connecting. */

static tf_int_t
tfw_odbc_failed(tfw_odbc_t *o, SQLSMALLINT type, SQLHANDLE handle,
    tf_scope_status_e *status, tf_err_t *err)
{
    char                     text[240];
    tf_code_e                code;
    const tfw_odbc_error_t  *known;

    tfw_odbc_said(o, type, handle, text, sizeof(text));

    if (tfw_odbc_guard_refused()) {
        return tf_fail(err, TF_E_TARGET_NOT_ALLOWED, NULL,
                       "sends the session to another host: %s", text);
    }

    if (tfw_clock() >= o->deadline) {
        return tf_fail(err, TF_E_TARGET_TIMEOUT, NULL,
                       "no answer within the timeout: %s", text);
    }

    known = tfw_odbc_known(o);

    if (!o->connected || status == NULL) {
        return tf_fail(err, known ? known->code : tfw_odbc_connect_code(o),
                       NULL, "%s", text);
    }

    *status = TF_SCOPE_ERROR;

    if (known) {
        code = known->code;
        *status = known->status;

    } else {
        code = tfw_odbc_state_code(o, status);
    }

    (void) tf_fail(err, code, NULL, "%s", text);

    return *status == 0 || tfw_odbc_dead(o) ? TF_ERROR : TF_DECLINED;
}


/* Keeps the first state and, of the error numbers, the one that stands first in
 * the engine's table, and cuts the texts of all records to fit. */

static void
tfw_odbc_said(tfw_odbc_t *o, SQLSMALLINT type, SQLHANDLE handle, char *text,
    size_t size)
{
    int            n;
    size_t         used = 0;
    SQLWCHAR       state[6], said[200];
    SQLINTEGER     native;
    SQLSMALLINT    i, len;
    unsigned char  bytes[600];

    o->native = 0;
    o->state[0] = '\0';
    text[0] = '\0';

    for (i = 1; i < 8; i++) {
        native = 0;
        len = 0;

        if (!SQL_SUCCEEDED(SQLGetDiagRecW(type, handle, i, state, &native,
                                          said, 200, &len)))
        {
            break;
        }

        if (o->state[0] == '\0' || strcmp(o->state, "01000") == 0) {
            o->state[tfw_odbc_utf8((unsigned char *) o->state, state, 5)] = 0;
        }

        if (native && tfw_odbc_rank(o, native) < tfw_odbc_rank(o, o->native)) {
            o->native = native;
        }

        len = len < 0 ? 0 : len > 199 ? 199 : len;
        bytes[tfw_odbc_utf8(bytes, said, (size_t) len)] = '\0';

        n = snprintf(text + used, size - used, "%s%s %d %s", i > 1 ? "; " : "",
                     o->state, (int) native, (char *) bytes);
        used += n < 0 ? 0 : (size_t) n;

        if (used >= size) {
            break;
        }
    }
}


/* The place of an error among those that are known; past them when it is none
 * of them, and further for no error. */

static size_t
tfw_odbc_rank(const tfw_odbc_t *o, int native)
{
    size_t                   n;
    const tfw_odbc_error_t  *e = o->engine->errors;

    for (n = 0; e[n].native && e[n].native != native; n++) {
        /* void */
    }

    return native ? n : n + 1;
}


static const tfw_odbc_error_t *
tfw_odbc_known(const tfw_odbc_t *o)
{
    const tfw_odbc_error_t  *e;

    e = &o->engine->errors[o->native ? tfw_odbc_rank(o, o->native) : 0];

    return o->native && e->native ? e : NULL;
}


static tf_code_e
tfw_odbc_connect_code(const tfw_odbc_t *o)
{
    size_t  i;

    static const struct {
        const char  *state;
        tf_code_e    code;
    } codes[] = {
        { "28", TF_E_TARGET_AUTH },
        { "HYT", TF_E_TARGET_TIMEOUT },
        { "08001", TF_E_TARGET_REFUSED },
        { "08S01", TF_E_TARGET_REFUSED },
        { "08004", TF_E_TARGET_REFUSED },
        { "01000", TF_E_DRIVER_MISSING },   /* can't open lib */
        { "IM", TF_E_DRIVER_MISSING }
    };

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strncmp(o->state, codes[i].state, strlen(codes[i].state)) == 0) {
            return codes[i].code;
        }
    }

    return TF_E_TARGET_OTHER;
}


static tf_code_e
tfw_odbc_state_code(const tfw_odbc_t *o, tf_scope_status_e *status)
{
    size_t  i;

    static const struct {
        const char          *state;
        tf_code_e            code;
        tf_scope_status_e    status;
    } codes[] = {
        { "HYT", TF_E_TARGET_TIMEOUT, TF_SCOPE_TIMEOUT },
        { "57014", TF_E_TARGET_TIMEOUT, TF_SCOPE_TIMEOUT },
        { "42501", TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },
        { "42S02", TF_E_TARGET_OTHER, TF_SCOPE_UNSUPPORTED },
        { "42S22", TF_E_TARGET_OTHER, TF_SCOPE_UNSUPPORTED },
        { "08", TF_E_TARGET_REFUSED, 0 }
    };

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strncmp(o->state, codes[i].state, strlen(codes[i].state)) == 0) {
            *status = codes[i].status;
            return codes[i].code;
        }
    }

    return TF_E_TARGET_OTHER;
}


static int
tfw_odbc_dead(const tfw_odbc_t *o)
{
    SQLUINTEGER  dead = SQL_CD_FALSE;

    return SQL_SUCCEEDED(SQLGetConnectAttr(o->dbc, SQL_ATTR_CONNECTION_DEAD,
                                           &dead, 0, NULL))
           && dead == SQL_CD_TRUE;
}
