
#include "ngx_tf_import.h"
#include "tf_import.h"
#include "tf_instances.h"


#define NGX_TF_IMPORT_STEP    100       /* rows in one turn of the event loop */
#define NGX_TF_IMPORT_ANSWER  (16 * 1024 * 1024)


typedef enum {
    NGX_TF_IMPORT_TEXT = 0,     /* PostgreSQL converts the text */
    NGX_TF_IMPORT_READ,
    NGX_TF_IMPORT_STORE
} ngx_tf_import_stage_e;


/* What PostgreSQL and the reading of the file found wrong, as one list. */

typedef struct {
    tf_buf_t                 texts;     /* members of the answer's lists */
    tf_buf_t                 rows;
    tf_buf_t                 twice;
    tf_buf_t                 there;
    ngx_uint_t               n;         /* all of them */
    ngx_uint_t               created;
} ngx_tf_import_said_t;


typedef struct {
    ngx_tf_op_t             *op;
    ngx_event_t              timer;
    ngx_tf_import_stage_e    stage;
    tf_import_t              import;
} ngx_tf_import_ctx_t;


static ngx_int_t ngx_tf_import_start(ngx_tf_op_t *op);
static void ngx_tf_import_no_text(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_import_open(ngx_tf_import_ctx_t *ctx, tf_str_t text);
static ngx_int_t ngx_tf_import_read(ngx_tf_import_ctx_t *ctx);
static void ngx_tf_import_turn(ngx_event_t *ev);
static void ngx_tf_import_end(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_import_answer(ngx_tf_import_ctx_t *ctx);
static void ngx_tf_import_stored(ngx_tf_import_ctx_t *ctx,
    ngx_tf_import_said_t *said);
static void ngx_tf_import_say(ngx_tf_import_ctx_t *ctx,
    ngx_tf_import_said_t *said, ngx_uint_t row, const tf_err_t *err);
static void ngx_tf_import_name(tf_buf_t *b, const PGresult *res, int i);
static void ngx_tf_import_list(tf_buf_t *b, const char *name, tf_buf_t *list);


const char  ngx_tf_import_schema[] =
    "{'type':'object','required':['created_count','errors','duplicate_names',"
    "'skipped_existing_names','message','row_errors','error_count','total',"
    "'ignored_columns'],'properties':{'created_count':{'type':'integer'},"
    "'errors':{'type':'array','items':{'type':'string'}},"
    "'duplicate_names':{'type':'array','items':{'type':'string'}},"
    "'skipped_existing_names':{'type':'array','items':{'type':'string'}},"
    "'message':{'type':'string'},'row_errors':{'type':'array',"
    "'items':{'type':'object','required':['row','column','code','message'],"
    "'properties':{'row':{'type':'integer'},'column':{'type':['string',"
    "'null']},'code':{'type':'string'},'message':{'type':'string'}}}},"
    "'error_count':{'type':'integer'},'total':{'type':'integer'},"
    "'ignored_columns':{'type':'array','items':{'type':'string'}}}}";


ngx_int_t
ngx_tf_import_template(ngx_tf_op_t *op)
{
    static const char  text[] =
        "\xef\xbb\xbf"
        "name,db_type,host,port,database_name,description,credential_id,"
        "tags\r\n"
        "demo-mysql-01,mysql,10.10.10.10,3306,inventory,example instance,,"
        "\r\n";

    if (ngx_tf_reply_header(op, "Content-Disposition",
                            tf_str("attachment; filename="
                                   "\"instances_import_template.csv\""))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_tf_op_reply_text(op, "text/csv", tf_str(text));
}


ngx_int_t
ngx_tf_import_next(ngx_tf_op_t *op)
{
    ngx_tf_import_ctx_t  *ctx;

    ctx = op->ctx;

    if (ctx == NULL) {
        return ngx_tf_import_start(op);
    }

    switch (ctx->stage) {

    case NGX_TF_IMPORT_TEXT:
        op->failed = NULL;
        return ngx_tf_import_open(ctx, tf_row_get(op->res[0], 0, "text"));

    case NGX_TF_IMPORT_READ:
        return ngx_tf_import_read(ctx);

    default:
        return ngx_tf_import_answer(ctx);
    }
}


static ngx_int_t
ngx_tf_import_start(ngx_tf_op_t *op)
{
    tf_str_t              file, text;
    ngx_tf_import_ctx_t  *ctx;

    static const tf_sql_e  convert = TF_SQL_instances_import_text;

    ctx = ngx_pcalloc(op->r->pool, sizeof(ngx_tf_import_ctx_t));

    if (ctx == NULL || ngx_tf_op_on_end(op, ngx_tf_import_end) != NGX_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    ctx->op = op;
    ctx->timer.handler = ngx_tf_import_turn;
    ctx->timer.data = ctx;
    ctx->timer.log = op->r->connection->log;

    op->ctx = ctx;
    file = ngx_tf_input_get(op, "file");

    if (tf_csv_encoding(file) != TF_CSV_OTHER) {
        if (tf_csv_utf8(&op->mem, file, &text, &op->err) != TF_OK) {
            return NGX_ERROR;
        }

        return ngx_tf_import_open(ctx, text);
    }

    if (ngx_tf_input_bytea(op, file, &text) != NGX_OK
        || ngx_tf_input_set(op, "_bytes", text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    op->failed = ngx_tf_import_no_text;

    return ngx_tf_op_send(op, &convert, 1);
}


static void
ngx_tf_import_no_text(ngx_tf_op_t *op)
{
    if (op->err.code == TF_E_VALIDATION_ERROR) {
        ngx_tf_request_fail(op, TF_E_VALIDATION_ERROR, "file",
                            "is neither UTF-8, UTF-16 nor GB18030");
    }

    ngx_tf_op_error(op);
}


static ngx_int_t
ngx_tf_import_open(ngx_tf_import_ctx_t *ctx, tf_str_t text)
{
    ngx_tf_op_t  *op;

    op = ctx->op;
    ctx->stage = NGX_TF_IMPORT_READ;

    if (tf_import_open(&ctx->import, &op->mem, text, tf_instances_row,
                       &tf_instances_file, &op->err)
        != TF_OK)
    {
        return NGX_ERROR;
    }

    return ngx_tf_import_read(ctx);
}


/* Others have their turn between so many rows. */

static ngx_int_t
ngx_tf_import_read(ngx_tf_import_ctx_t *ctx)
{
    tf_str_t      json;
    tf_int_t      rc;
    ngx_tf_op_t  *op;

    static const tf_sql_e  store = TF_SQL_instances_import;

    op = ctx->op;
    rc = tf_import_read(&ctx->import, NGX_TF_IMPORT_STEP, &op->err);

    if (rc == TF_OK) {
        ngx_add_timer(&ctx->timer, 1);
        return NGX_AGAIN;
    }

    if (rc != TF_DECLINED) {
        return NGX_ERROR;
    }

    ctx->stage = NGX_TF_IMPORT_STORE;

    ngx_tf_debug2(op, "import: %ui rows, %ui good",
                  (ngx_uint_t) ctx->import.rows,
                  (ngx_uint_t) ctx->import.good);

    if (ctx->import.good == 0) {
        op->nres = 0;
        return ngx_tf_import_answer(ctx);
    }

    tf_buf_char(&ctx->import.json, '\0');

    if (tf_buf_done(&ctx->import.json, &json) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    json.len--;

    if (ngx_tf_input_set(op, "_wanted", json) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_op_send(op, &store, 1);
}


static void
ngx_tf_import_turn(ngx_event_t *ev)
{
    ngx_tf_import_ctx_t  *ctx = ev->data;

    ngx_tf_op_resume(ctx->op);
}


static void
ngx_tf_import_end(ngx_tf_op_t *op)
{
    ngx_tf_import_ctx_t  *ctx;

    ctx = op->ctx;

    if (ctx && ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }
}


static ngx_int_t
ngx_tf_import_answer(ngx_tf_import_ctx_t *ctx)
{
    size_t                 i;
    tf_buf_t               b, ignored;
    tf_str_t               data;
    ngx_tf_op_t           *op;
    ngx_tf_import_said_t   said;

    op = ctx->op;
    ngx_memzero(&said, sizeof(ngx_tf_import_said_t));

    tf_buf_init(&said.texts, &op->mem, 1024, NGX_TF_IMPORT_ANSWER);
    tf_buf_init(&said.rows, &op->mem, 1024, NGX_TF_IMPORT_ANSWER);
    tf_buf_init(&said.twice, &op->mem, 256, NGX_TF_IMPORT_ANSWER);
    tf_buf_init(&said.there, &op->mem, 256, NGX_TF_IMPORT_ANSWER);
    tf_buf_init(&ignored, &op->mem, 256, NGX_TF_IMPORT_ANSWER);
    tf_buf_init(&b, &op->mem, 4096, NGX_TF_IMPORT_ANSWER);

    ngx_tf_import_stored(ctx, &said);

    for (i = 0; i < ctx->import.n; i++) {
        if (ctx->import.columns[i] == NULL) {
            if (ignored.start) {
                tf_buf_char(&ignored, ',');
            }

            tf_json_string(&ignored, ctx->import.names[i]);
        }
    }

    tf_buf_lit(&b, "{\"created_count\":");
    tf_buf_int(&b, said.created);
    ngx_tf_import_list(&b, "errors", &said.texts);
    ngx_tf_import_list(&b, "duplicate_names", &said.twice);
    ngx_tf_import_list(&b, "skipped_existing_names", &said.there);
    tf_json_key(&b, "message");
    tf_buf_char(&b, '"');
    tf_buf_lit(&b, op->lang == TF_LANG_EN ? "instances created: "
                                          : "成功创建实例：");
    tf_buf_int(&b, said.created);
    tf_buf_char(&b, '"');
    ngx_tf_import_list(&b, "row_errors", &said.rows);
    tf_json_key(&b, "error_count");
    tf_buf_int(&b, said.n);
    tf_json_key(&b, "total");
    tf_buf_int(&b, ctx->import.rows);
    ngx_tf_import_list(&b, "ignored_columns", &ignored);
    tf_buf_char(&b, '}');

    if (tf_buf_done(&b, &data) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                   "the answer is too large");
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK, data);
}


/* Both lists are in the order of rows, and no row is in both. */

static void
ngx_tf_import_stored(ngx_tf_import_ctx_t *ctx, ngx_tf_import_said_t *said)
{
    int             i, n;
    size_t          k, kept;
    tf_err_t        err;
    tf_str_t        code, line;
    ngx_uint_t      row;
    PGresult       *res;
    tf_import_t    *im;

    im = &ctx->import;
    res = ctx->op->nres ? ctx->op->res[0] : NULL;
    n = res ? PQntuples(res) : 0;
    kept = ngx_min(im->wrong, TF_IMPORT_ERRORS);

    for (i = 0, k = 0; i < n; i++) {
        line = tf_row_get(res, i, "line");
        row = ngx_atoi(line.data, line.len);

        for ( /* void */ ; k < kept && im->errors[k].row < row; k++) {
            ngx_tf_import_say(ctx, said, im->errors[k].row,
                              &im->errors[k].err);
        }

        code = tf_row_get(res, i, "code");

        if (code.data == NULL) {
            said->created++;
            continue;
        }

        tf_fail(&err, tf_error_find(code),
                (char *) tf_row_get(res, i, "field").data, "%s",
                (char *) tf_row_get(res, i, "reason").data);

        ngx_tf_import_say(ctx, said, row, &err);

        if (err.code == TF_E_NAME_EXISTS) {
            ngx_tf_import_name(&said->there, res, i);

        } else if (ngx_strcmp(err.field, "name") == 0) {
            ngx_tf_import_name(&said->twice, res, i);
        }
    }

    for ( /* void */ ; k < kept; k++) {
        ngx_tf_import_say(ctx, said, im->errors[k].row, &im->errors[k].err);
    }

    said->n += im->wrong - kept;
}


/* One thing that is wrong, as words for people and in parts for programs. */

static void
ngx_tf_import_say(ngx_tf_import_ctx_t *ctx, ngx_tf_import_said_t *said,
    ngx_uint_t row, const tf_err_t *err)
{
    tf_lang_e    lang;
    u_char       text[1024], *p;
    tf_str_t     message;
    const char  *detail, *title;

    if (said->n++ >= TF_IMPORT_ERRORS) {
        return;
    }

    lang = ctx->op->lang;
    detail = lang == TF_LANG_ZH && err->detail_zh[0] ? err->detail_zh
                                                     : err->detail;

    if (detail[0] == '\0') {
        detail = tf_errors[err->code].message[lang];
    }

    title = err->field[0] ? tf_import_title(&tf_instances_file, err->field,
                                            lang)
                          : "";

    p = ngx_snprintf(text, sizeof(text),
                     lang == TF_LANG_EN ? "row %ui%s%s: %s"
                                        : "第 %ui 行%s%s：%s",
                     row, title[0] ? lang == TF_LANG_EN ? ", " : "，" : "",
                     title, detail);

    message.data = text;
    message.len = p - text;

    if (said->n > 1) {
        tf_buf_char(&said->texts, ',');
        tf_buf_char(&said->rows, ',');
    }

    tf_json_string(&said->texts, message);

    tf_buf_lit(&said->rows, "{\"row\":");
    tf_buf_int(&said->rows, row);

    if (err->field[0]) {
        tf_json_member(&said->rows, "column", tf_str(err->field));

    } else {
        tf_buf_lit(&said->rows, ",\"column\":null");
    }

    tf_json_member(&said->rows, "code", tf_str(tf_errors[err->code].code));
    tf_json_member(&said->rows, "message", tf_str(detail));
    tf_buf_char(&said->rows, '}');
}


/* Each name once, however many rows have it. */

static void
ngx_tf_import_name(tf_buf_t *b, const PGresult *res, int i)
{
    tf_str_t  name;

    name = tf_row_get(res, i, "name");

    if (tf_row_get(res, i, "_first").data[0] != 't') {
        return;
    }

    if (b->start) {
        tf_buf_char(b, ',');
    }

    tf_json_string(b, name);
}


static void
ngx_tf_import_list(tf_buf_t *b, const char *name, tf_buf_t *list)
{
    tf_str_t  members;

    tf_json_key(b, name);
    tf_buf_char(b, '[');

    if (list->start) {
        if (tf_buf_done(list, &members) != TF_OK) {
            b->failed = 1;
            return;
        }

        tf_buf_str(b, members);
    }

    tf_buf_char(b, ']');
}
