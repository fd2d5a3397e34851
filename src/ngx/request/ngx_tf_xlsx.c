
#include "ngx_tf_conf.h"
#include "ngx_tf_thread.h"
#include "ngx_tf_xlsx.h"

#include <xlsxwriter.h>


#define NGX_TF_XLSX_COLUMNS  64
#define NGX_TF_XLSX_CELL     (1024 * 1024)
#define NGX_TF_XLSX_DIGITS   15     /* of a number that a spreadsheet keeps */
#define NGX_TF_XLSX_TIME     "yyyy-mm-dd\"T\"hh:mm:ss\"Z\""


/* While running is set all else is the thread's. */

struct ngx_tf_xlsx_s {
    const tf_export_t  *exports;
    tf_lang_e           lang;
    tf_mem_t            mem;
    ngx_pool_t         *pool;       /* of a row */

    ngx_fd_t            fd;
    char                name[sizeof("/proc/self/fd/") + NGX_INT_T_LEN];
    char               *dir;
    lxw_workbook       *book;
    lxw_worksheet      *sheet;
    lxw_format         *bold;
    lxw_format         *time;
    lxw_row_t           row;        /* the next one of the sheet */
    int                 n;          /* columns */
    int                 at[NGX_TF_XLSX_COLUMNS];

    PGresult           *rows;
    const char         *error;
    ngx_err_t           err;
    unsigned            last:1;
    unsigned            whole:1;

    unsigned            running;
    unsigned            released;   /* it goes when the thread has ended */
};


static ngx_int_t ngx_tf_xlsx_file(ngx_tf_xlsx_t *x, ngx_tf_op_t *op);
static void ngx_tf_xlsx_free(ngx_tf_xlsx_t *x);
static void ngx_tf_xlsx_gone(void *data);
static void *ngx_tf_xlsx_alloc(void *pool, size_t size);
static void ngx_tf_xlsx_body(void *data);
static void ngx_tf_xlsx_open(ngx_tf_xlsx_t *x);
static void ngx_tf_xlsx_sheet(ngx_tf_xlsx_t *x);
static void ngx_tf_xlsx_row(ngx_tf_xlsx_t *x, int row);
static lxw_error ngx_tf_xlsx_cell(ngx_tf_xlsx_t *x, int row, int column);
static ngx_int_t ngx_tf_xlsx_number(tf_str_t s, double *number);
static ngx_int_t ngx_tf_xlsx_time(tf_str_t s, lxw_datetime *time);
static ngx_int_t ngx_tf_xlsx_digits(tf_str_t s, size_t at, size_t n);
static void ngx_tf_xlsx_flush(ngx_tf_xlsx_t *x);
static void ngx_tf_xlsx_close(ngx_tf_xlsx_t *x);
static void ngx_tf_xlsx_fail(ngx_tf_xlsx_t *x, const char *error,
    ngx_err_t err);


ngx_tf_xlsx_t *
ngx_tf_xlsx_create(ngx_tf_op_t *op)
{
    ngx_tf_xlsx_t             *x;
    const tf_export_column_t  *c;

    x = ngx_calloc(sizeof(ngx_tf_xlsx_t), ngx_cycle->log);
    if (x == NULL) {
        ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
        return NULL;
    }

    x->fd = NGX_INVALID_FILE;
    x->exports = op->route->exports;
    x->lang = op->lang;
    x->pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);
    x->mem.alloc = ngx_tf_xlsx_alloc;
    x->mem.ctx = x->pool;

    for (c = x->exports->columns; c->name; c++) {
        x->n++;
    }

    if (x->pool == NULL || x->n > NGX_TF_XLSX_COLUMNS) {
        ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);

    } else if (ngx_tf_xlsx_file(x, op) == NGX_OK) {
        return x;
    }

    ngx_tf_xlsx_free(x);

    return NULL;
}


/* The file has no name, so nothing of it stays whatever happens; the library
 * opens it by the number of its descriptor. */

static ngx_int_t
ngx_tf_xlsx_file(ngx_tf_xlsx_t *x, ngx_tf_op_t *op)
{
    u_char                    *name;
    ngx_str_t                 *dir;
    ngx_tf_main_conf_t        *mcf;
    ngx_http_core_loc_conf_t  *clcf;

    mcf = ngx_tf_conf();
    clcf = ngx_http_get_module_loc_conf(op->r, ngx_http_core_module);
    dir = mcf->exports ? &mcf->exports->name
                       : &clcf->client_body_temp_path->name;

    name = ngx_pnalloc(op->r->pool, dir->len + sizeof("/export.XXXXXX"));
    if (name == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    ngx_sprintf(name, "%V/export.XXXXXX%Z", dir);
    x->fd = mkostemp((char *) name, O_CLOEXEC);

    if (x->fd == NGX_INVALID_FILE) {
        ngx_log_error(NGX_LOG_CRIT, op->r->connection->log, ngx_errno,
                      "taifish: no file for an export in \"%V\"", dir);
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                   "no file can be made in the directory of "
                                   "exports");
    }

    (void) ngx_delete_file(name);

    x->dir = (char *) dir->data;
    ngx_sprintf((u_char *) x->name, "/proc/self/fd/%d%Z", x->fd);

    return NGX_OK;
}


void
ngx_tf_xlsx_release(ngx_tf_xlsx_t *x)
{
    x->released = 1;

    if (!x->running) {
        ngx_tf_xlsx_free(x);
    }
}


static void
ngx_tf_xlsx_gone(void *data)
{
    ngx_tf_xlsx_t  *x = data;

    x->running = 0;

    if (x->released) {
        ngx_tf_xlsx_free(x);
    }
}


static void
ngx_tf_xlsx_free(ngx_tf_xlsx_t *x)
{
    lxw_worksheet  *sheet;

    if (x->book) {
        STAILQ_FOREACH(sheet, x->book->worksheets, list_pointers) {
            fclose(sheet->optimize_tmpfile);
        }

        lxw_workbook_free(x->book);
    }

    if (x->fd != NGX_INVALID_FILE) {
        ngx_close_file(x->fd);
    }

    if (x->pool) {
        ngx_destroy_pool(x->pool);
    }

    PQclear(x->rows);
    ngx_free(x);
}


ngx_int_t
ngx_tf_xlsx_write(ngx_tf_xlsx_t *x, ngx_tf_op_t *op, PGresult *rows,
    ngx_uint_t last)
{
    ngx_int_t  rc;

    x->rows = rows;
    x->last = last;

    rc = ngx_tf_thread_file(op, ngx_tf_xlsx_body, x, ngx_tf_xlsx_gone);
    x->running = rc == NGX_AGAIN;

    return rc;
}


ngx_int_t
ngx_tf_xlsx_written(ngx_tf_xlsx_t *x, ngx_tf_op_t *op)
{
    x->running = 0;

    if (x->error == NULL) {
        return x->whole ? NGX_OK : NGX_AGAIN;
    }

    ngx_log_error(NGX_LOG_CRIT, op->r->connection->log, x->err,
                  "taifish: a file of an export could not be written in "
                  "\"%s\": %s", x->dir, x->error);

    return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, x->error);
}


ngx_int_t
ngx_tf_xlsx_buf(ngx_tf_xlsx_t *x, ngx_tf_op_t *op, ngx_buf_t *b)
{
    ngx_file_info_t           fi;
    ngx_pool_cleanup_t       *cln;
    ngx_pool_cleanup_file_t  *clnf;

    cln = ngx_pool_cleanup_add(op->r->pool, sizeof(ngx_pool_cleanup_file_t));
    b->file = ngx_pcalloc(op->r->pool, sizeof(ngx_file_t));

    if (cln == NULL || b->file == NULL
        || ngx_fd_info(x->fd, &fi) == NGX_FILE_ERROR)
    {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    b->file->fd = x->fd;
    b->file->log = op->r->connection->log;
    ngx_str_set(&b->file->name, "export");

    clnf = cln->data;
    clnf->fd = x->fd;
    clnf->name = b->file->name.data;
    clnf->log = op->r->pool->log;
    cln->handler = ngx_pool_cleanup_file;

    x->fd = NGX_INVALID_FILE;

    b->in_file = 1;
    b->file_pos = 0;
    b->file_last = ngx_file_size(&fi);

    return NGX_OK;
}


/* --- in the thread ------------------------------------------------------ */

static void *
ngx_tf_xlsx_alloc(void *pool, size_t size)
{
    return ngx_palloc(pool, size);
}


static void
ngx_tf_xlsx_body(void *data)
{
    int             i, n;
    ngx_tf_xlsx_t  *x = data;

    if (x->book == NULL) {
        ngx_tf_xlsx_open(x);
    }

    n = PQntuples(x->rows);

    for (i = 0; i < n && x->error == NULL; i++) {
        ngx_tf_xlsx_row(x, i);
    }

    if (x->error == NULL) {
        ngx_tf_xlsx_flush(x);
    }

    if (x->error == NULL && x->last) {
        ngx_tf_xlsx_close(x);
    }

    PQclear(x->rows);
    x->rows = NULL;
}


static void
ngx_tf_xlsx_open(ngx_tf_xlsx_t *x)
{
    int                   i;
    lxw_workbook_options  options;

    ngx_memzero(&options, sizeof(options));
    options.constant_memory = LXW_TRUE;
    options.tmpdir = x->dir;

    for (i = 0; i < x->n; i++) {
        x->at[i] = PQfnumber(x->rows, x->exports->columns[i].name);
    }

    x->book = workbook_new_opt(x->name, &options);

    if (x->book == NULL) {
        ngx_tf_xlsx_fail(x, "no workbook", ngx_errno);
        return;
    }

    x->bold = workbook_add_format(x->book);
    x->time = workbook_add_format(x->book);

    if (x->bold == NULL || x->time == NULL) {
        ngx_tf_xlsx_fail(x, "no format", ngx_errno);
        return;
    }

    format_set_bold(x->bold);
    format_set_num_format(x->time, NGX_TF_XLSX_TIME);

    ngx_tf_xlsx_sheet(x);
}


/* A sheet with the line of titles. */

static void
ngx_tf_xlsx_sheet(ngx_tf_xlsx_t *x)
{
    int          i;
    double       width;
    lxw_error    rc;
    tf_row_e     kind;

    x->row = 0;
    x->sheet = workbook_add_worksheet(x->book, NULL);

    if (x->sheet == NULL) {
        ngx_tf_xlsx_fail(x, "no sheet", ngx_errno);
        return;
    }

    for (i = 0; i < x->n; i++) {
        kind = x->at[i] < 0 ? TF_ROW_STRING
                            : tf_row_kind(PQftype(x->rows, x->at[i]));
        width = kind == TF_ROW_TIME ? 22 : kind == TF_ROW_STRING ? 26 : 14;
        rc = worksheet_set_column(x->sheet, i, i, width, NULL);

        if (rc == LXW_NO_ERROR) {
            rc = worksheet_write_string(x->sheet, x->row, i,
                                        x->exports->columns[i].title[x->lang],
                                        x->bold);
        }

        if (rc != LXW_NO_ERROR) {
            ngx_tf_xlsx_fail(x, lxw_strerror(rc), 0);
            return;
        }
    }

    worksheet_freeze_panes(x->sheet, 1, 0);
    x->row++;
}


static void
ngx_tf_xlsx_row(ngx_tf_xlsx_t *x, int row)
{
    int        i;
    lxw_error  rc;

    if (x->row == LXW_ROW_MAX) {
        ngx_tf_xlsx_flush(x);

        if (x->error == NULL) {
            ngx_tf_xlsx_sheet(x);
        }

        if (x->error) {
            return;
        }
    }

    ngx_reset_pool(x->pool);

    for (i = 0; i < x->n; i++) {
        rc = ngx_tf_xlsx_cell(x, row, i);

        if (rc != LXW_NO_ERROR) {
            ngx_tf_xlsx_fail(x, lxw_strerror(rc), 0);
            return;
        }
    }

    x->row++;
}


static lxw_error
ngx_tf_xlsx_cell(ngx_tf_xlsx_t *x, int row, int column)
{
    int           at;
    double        number;
    tf_buf_t      cell, text;
    tf_row_e      kind;
    tf_str_t      s;
    lxw_datetime  time;

    at = x->at[column];
    kind = TF_ROW_STRING;

    if (at >= 0 && !PQgetisnull(x->rows, row, at)) {
        kind = tf_row_kind(PQftype(x->rows, at));
        s.data = (u_char *) PQgetvalue(x->rows, row, at);
        s.len = PQgetlength(x->rows, row, at);
    }

    if ((kind == TF_ROW_NUMBER || kind == TF_ROW_FLOAT)
        && ngx_tf_xlsx_number(s, &number) == NGX_OK)
    {
        return worksheet_write_number(x->sheet, x->row, column, number, NULL);
    }

    if (kind == TF_ROW_TIME && ngx_tf_xlsx_time(s, &time) == NGX_OK) {
        return worksheet_write_datetime(x->sheet, x->row, column, &time,
                                        x->time);
    }

    tf_buf_init(&cell, &x->mem, 256, NGX_TF_XLSX_CELL);
    tf_buf_init(&text, &x->mem, 256, NGX_TF_XLSX_CELL);

    tf_export_cell(&cell, &x->exports->columns[column], x->lang, x->rows, row,
                   at);

    if (tf_buf_done(&cell, &s) != TF_OK) {
        return LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED;
    }

    tf_export_sheet_text(&text, s);
    tf_buf_char(&text, '\0');

    if (tf_buf_done(&text, &s) != TF_OK) {
        return LXW_ERROR_MEMORY_MALLOC_FAILED;
    }

    return worksheet_write_string(x->sheet, x->row, column, (char *) s.data,
                                  NULL);
}


/* A number that would lose digits is a text. */

static ngx_int_t
ngx_tf_xlsx_number(tf_str_t s, double *number)
{
    char    *end, text[NGX_TF_XLSX_DIGITS + 3];
    size_t   i, digits;

    for (i = 0, digits = 0; i < s.len; i++) {
        digits += s.data[i] >= '0' && s.data[i] <= '9';
    }

    if (s.len == 0 || s.len >= sizeof(text) || digits > NGX_TF_XLSX_DIGITS
        || digits == 0)
    {
        return NGX_DECLINED;
    }

    ngx_memcpy(text, s.data, s.len);
    text[s.len] = '\0';
    *number = strtod(text, &end);

    return *end == '\0' ? NGX_OK : NGX_DECLINED;
}


/* "2026-11-22 17:54:48.400979+00"; infinity and times before Christ are
 * texts, and so is what a spreadsheet has no number for. */

static ngx_int_t
ngx_tf_xlsx_time(tf_str_t s, lxw_datetime *time)
{
    if (s.len < sizeof("2026-11-22 17:54:48+00") - 1
        || ngx_memcmp(s.data + s.len - 3, "+00", 3) != 0
        || s.data[4] != '-' || s.data[10] != ' ')
    {
        return NGX_DECLINED;
    }

    time->year = ngx_tf_xlsx_digits(s, 0, 4);
    time->month = ngx_tf_xlsx_digits(s, 5, 2);
    time->day = ngx_tf_xlsx_digits(s, 8, 2);
    time->hour = ngx_tf_xlsx_digits(s, 11, 2);
    time->min = ngx_tf_xlsx_digits(s, 14, 2);
    time->sec = ngx_tf_xlsx_digits(s, 17, 2);

    return time->year > 1900 ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_tf_xlsx_digits(tf_str_t s, size_t at, size_t n)
{
    return ngx_atoi(s.data + at, n);
}


/* The library does not look whether its writes succeed. */

static void
ngx_tf_xlsx_flush(ngx_tf_xlsx_t *x)
{
    if (x->last || x->row == LXW_ROW_MAX) {
        lxw_worksheet_write_single_row(x->sheet);
        worksheet_autofilter(x->sheet, 0, 0, x->row - 1, x->n - 1);
    }

    if (fflush(x->sheet->optimize_tmpfile) != 0
        || ferror(x->sheet->optimize_tmpfile))
    {
        ngx_tf_xlsx_fail(x, "rows could not be written", ngx_errno);
    }
}


static void
ngx_tf_xlsx_close(ngx_tf_xlsx_t *x)
{
    lxw_error  rc;

    ngx_set_errno(0);
    rc = workbook_close(x->book);
    x->book = NULL;

    if (rc != LXW_NO_ERROR) {
        ngx_tf_xlsx_fail(x, lxw_strerror(rc), ngx_errno);
        return;
    }

    x->whole = 1;
}


static void
ngx_tf_xlsx_fail(ngx_tf_xlsx_t *x, const char *error, ngx_err_t err)
{
    x->error = error;
    x->err = err;
}
