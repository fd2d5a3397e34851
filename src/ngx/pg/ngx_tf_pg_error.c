
#include "ngx_tf_pg_error.h"


static ngx_uint_t ngx_tf_pg_error_passing(ngx_tf_pg_conn_t *conn,
    const PGresult *res, const char *state);
static void ngx_tf_pg_error_said(ngx_tf_pg_item_t *item, const PGresult *res);
static ngx_uint_t ngx_tf_pg_error_alien(ngx_tf_pg_item_t *item,
    const PGresult *res, const char *state);
static void ngx_tf_pg_error_refused(ngx_tf_pg_conn_t *conn,
    ngx_tf_pg_item_t *item, const PGresult *res, const char *state);
static void ngx_tf_pg_error_log(ngx_tf_pg_item_t *item, const PGresult *res,
    const char *state);
static tf_code_e ngx_tf_pg_error_code(const char *state);
static const char *ngx_tf_pg_error_field(const PGresult *res, int field);


void
ngx_tf_pg_error(ngx_tf_pg_conn_t *conn, ngx_tf_pg_item_t *item,
    const PGresult *res)
{
    tf_code_e          code;
    const char        *state;
    ngx_tf_pg_unit_t  *u;

    u = &item->u;

    if (u->err.code != TF_E_NONE || item->again) {
        return;
    }

    state = ngx_tf_pg_error_field(res, PG_DIAG_SQLSTATE);

    if (state[0] == '\0') {
        conn->broken = 1;
        return;
    }

    if (ngx_tf_pg_error_alien(item, res, state)) {
        ngx_tf_pg_error_refused(conn, item, res, state);
        return;
    }

    if (ngx_strcmp(state, "26000") == 0 && item->at < u->n
        && !conn->prepared[u->sql[item->at]])
    {
        /* its Parse failed just now, and the log says why */

        tf_fail(&u->err, conn->refused, NULL, "it could not be prepared");
        return;
    }

    if (ngx_tf_pg_error_passing(conn, res, state)) {

        if (conn->broken) {
            return;
        }

        item->again = !u->retried;

        if (item->again) {
            return;
        }
    }

    if (ngx_strcmp(state, "TF000") == 0) {
        ngx_tf_pg_error_said(item, res);
        return;
    }

    code = ngx_tf_pg_error_code(state);

    tf_fail(&u->err, code, NULL, "SQLSTATE %s", state);

    ngx_cpystrn((u_char *) u->constraint,
                (u_char *) ngx_tf_pg_error_field(res, PG_DIAG_CONSTRAINT_NAME),
                sizeof(u->constraint));

    ngx_tf_pg_error_log(item, res, state);
}


/* What clients can cause at will is no error of ours, as a statement that was
 * cancelled when its client left; the text of such a message may quote what
 * they sent. */

static void
ngx_tf_pg_error_log(ngx_tf_pg_item_t *item, const PGresult *res,
    const char *state)
{
    ngx_str_t          line;
    ngx_uint_t         level;
    const char        *name;
    ngx_tf_pg_unit_t  *u;

    u = &item->u;

    level = (u->err.code == TF_E_CONSTRAINT_VIOLATION
             || u->err.code == TF_E_VALIDATION_ERROR || u->done == NULL)
            ? NGX_LOG_INFO : NGX_LOG_ERR;

    line = ngx_tf_pg_error_line(level == NGX_LOG_INFO ? u->constraint
                                : ngx_tf_pg_error_field(res,
                                                     PG_DIAG_MESSAGE_PRIMARY));
    name = item->at < u->n ? tf_sql[u->sql[item->at]].name : "";

    ngx_log_error(level, u->log, 0,
                  "taifish: statement \"%s\" failed, SQLSTATE %s: %V",
                  name, state, &line);
}


/*
 * Failures that say nothing about the statement; it is as if it had not been
 * sent.  25006: this server has become a standby.  26000 and a changed result
 * type: the statements were prepared for another schema.
 */

static ngx_uint_t
ngx_tf_pg_error_passing(ngx_tf_pg_conn_t *conn, const PGresult *res,
    const char *state)
{
    const char  *function;

    if (ngx_strncmp(state, "57P", 3) == 0 || ngx_strncmp(state, "08", 2) == 0) {
        conn->broken = 1;
        return 1;
    }

    if (ngx_strcmp(state, "40001") == 0 || ngx_strcmp(state, "40P01") == 0) {
        return 1;
    }

    function = ngx_tf_pg_error_field(res, PG_DIAG_SOURCE_FUNCTION);

    if (ngx_strcmp(state, "26000") == 0
        || (ngx_strcmp(state, "0A000") == 0
            && ngx_strcmp(function, "RevalidateCachedQuery") == 0))
    {
        conn->recycle = 1;
        conn->closed = 1;
        return 1;
    }

    if (ngx_strcmp(state, "25006") == 0) {

        /* a lone server that stays read-only must not cost a connection for
         * every write */

        if (!conn->closed
            && (conn->lane->pool->nhosts > 1
                || ngx_current_msec - conn->ready_at > 1000))
        {
            conn->recycle = 1;
            conn->closed = 1;
            conn->host = (conn->host + 1) % conn->lane->pool->nhosts;
        }

        return 1;
    }

    return 0;
}


/* tf_fail() of our own SQL: a code of the catalogue, the field at fault and the
 * reason. */

static void
ngx_tf_pg_error_said(ngx_tf_pg_item_t *item, const PGresult *res)
{
    tf_code_e    code;
    const char  *name;

    name = ngx_tf_pg_error_field(res, PG_DIAG_MESSAGE_PRIMARY);
    code = tf_error_find(tf_str(name));

    if (code == TF_E_NONE) {
        ngx_log_error(NGX_LOG_ERR, item->u.log, 0,
                      "taifish: SQL fails with unknown code \"%s\"", name);
        code = TF_E_INTERNAL_ERROR;
    }

    tf_fail(&item->u.err, code,
            ngx_tf_pg_error_field(res, PG_DIAG_COLUMN_NAME), "%s",
            ngx_tf_pg_error_field(res, PG_DIAG_MESSAGE_DETAIL));
}


/* Whether the schema refuses the statement: a Parse failed, or a statement that
 * is not prepared names what is not there, which PostgreSQL tells by a position
 * in its text; an error within a function or a trigger has none. */

static ngx_uint_t
ngx_tf_pg_error_alien(ngx_tf_pg_item_t *item, const PGresult *res,
    const char *state)
{
    if (item->prepare) {
        return ngx_strncmp(state, "57P", 3) != 0;
    }

    return item->at < item->u.n
           && (tf_sql[item->u.sql[item->at]].flags & TF_SQL_WRITE)
           && ngx_strncmp(state, "42", 2) == 0
           && ngx_tf_pg_error_field(res, PG_DIAG_STATEMENT_POSITION)[0] != '\0';
}


/* When a Parse failed, the items that came for it get the same code. */

static void
ngx_tf_pg_error_refused(ngx_tf_pg_conn_t *conn, ngx_tf_pg_item_t *item,
    const PGresult *res, const char *state)
{
    tf_sql_e   sql;
    ngx_str_t  line;
    tf_code_e  code;

    sql = item->u.sql[item->prepare ? 0 : item->at];
    code = ngx_tf_pg_error_code(state);

    conn->prepared[sql] = 0;
    conn->refused = code == TF_E_DATABASE_TIMEOUT ? code
                                                  : TF_E_SERVICE_UNAVAILABLE;

    tf_fail(&item->u.err, conn->refused, NULL, "SQLSTATE %s", state);

    line = ngx_tf_pg_error_line(ngx_tf_pg_error_field(res,
                                                 PG_DIAG_MESSAGE_PRIMARY));

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "taifish: PostgreSQL refuses statement \"%s\" "
                  "(SQLSTATE %s, %V); is the schema migrated?",
                  tf_sql[sql].name, state, &line);
}


static tf_code_e
ngx_tf_pg_error_code(const char *state)
{
    ngx_uint_t  i;

    /* the first match counts */

    static const struct {
        const char  *prefix;
        tf_code_e    code;
    } codes[] = {
        { "23", TF_E_CONSTRAINT_VIOLATION },
        { "22", TF_E_VALIDATION_ERROR },
        { "57014", TF_E_DATABASE_TIMEOUT },
        { "55P03", TF_E_DATABASE_TIMEOUT },
        { "25006", TF_E_SERVICE_UNAVAILABLE },
        { "26000", TF_E_SERVICE_UNAVAILABLE },
        { "53", TF_E_SERVICE_UNAVAILABLE }
    };

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (ngx_strncmp(state, codes[i].prefix, ngx_strlen(codes[i].prefix))
            == 0)
        {
            return codes[i].code;
        }
    }

    return TF_E_DATABASE_QUERY_ERROR;
}


static const char *
ngx_tf_pg_error_field(const PGresult *res, int field)
{
    const char  *text;

    text = PQresultErrorField(res, field);

    return text ? text : "";
}


ngx_str_t
ngx_tf_pg_error_line(const char *message)
{
    ngx_str_t  line;

    line.data = (u_char *) (message ? message : "");
    line.len = strcspn((char *) line.data, "\r\n");

    return line;
}
