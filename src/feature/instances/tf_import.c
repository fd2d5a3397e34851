
#include <strings.h>

#include "tf_conf.h"
#include "tf_import.h"


#define TF_IMPORT_JSON  (32 * 1024 * 1024)


static tf_int_t tf_import_column(tf_import_t *im, const tf_param_t *params,
    tf_str_t title, tf_err_t *err);
static int tf_import_names(const tf_export_t *titles, const char *name,
    tf_str_t title);
static int tf_import_same(tf_str_t s, const char *name);
static tf_str_t tf_import_trim(tf_str_t s);
static tf_int_t tf_import_next(tf_import_t *im, tf_str_t *fields, size_t *n,
    unsigned *row, tf_err_t *err);
static tf_int_t tf_import_row(tf_import_t *im, const tf_str_t *fields,
    size_t n, unsigned row, tf_err_t *err);
static tf_int_t tf_import_wrong(tf_import_t *im, unsigned row,
    const tf_err_t *wrong, tf_err_t *err);
static void tf_import_write(tf_import_t *im, const tf_value_t *values,
    unsigned row);


tf_int_t
tf_import_open(tf_import_t *im, const tf_mem_t *mem, tf_str_t text,
    const tf_param_t *params, const tf_export_t *titles, tf_err_t *err)
{
    size_t             i, n;
    tf_str_t           fields[TF_IMPORT_COLUMNS];
    tf_int_t           rc;
    unsigned           row;
    const tf_param_t  *p;

    memset(im, 0, sizeof(tf_import_t));

    im->mem = mem;
    im->titles = titles;

    tf_csv_open(&im->csv, mem, text);
    tf_buf_init(&im->json, mem, text.len + 1024, TF_IMPORT_JSON);

    /* a first line "sep=;" is no row of a spreadsheet */

    im->shift = im->csv.lines;

    rc = tf_import_next(im, fields, &n, &row, err);

    if (rc == TF_DECLINED) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, "file", "has no rows");
    }

    if (rc != TF_OK) {
        return TF_ERROR;
    }

    if (n > TF_IMPORT_COLUMNS) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, "file",
                       "has more than %d columns", TF_IMPORT_COLUMNS);
    }

    for (i = 0; i < n; i++) {
        if (tf_import_column(im, params, fields[i], err) != TF_OK) {
            return TF_ERROR;
        }
    }

    for (p = params; p->type != TF_P_END; p++) {
        for (i = 0; i < im->n && im->columns[i] != p; i++) { /* void */ }

        if (i == im->n && p->flags & TF_P_REQUIRED) {
            return tf_fail(err, TF_E_VALIDATION_ERROR, "file",
                           "has no column %s", p->name);
        }
    }

    tf_buf_char(&im->json, '[');

    return TF_OK;
}


static tf_int_t
tf_import_column(tf_import_t *im, const tf_param_t *params, tf_str_t title,
    tf_err_t *err)
{
    size_t             i;
    const tf_param_t  *p;

    title = tf_import_trim(title);

    for (p = params; p->type != TF_P_END; p++) {
        if (tf_import_names(im->titles, p->name, title)) {
            break;
        }
    }

    p = p->type == TF_P_END ? NULL : p;

    for (i = 0; p && i < im->n; i++) {
        if (im->columns[i] == p) {
            return tf_fail(err, TF_E_VALIDATION_ERROR, "file",
                           "has column %s more than once", p->name);
        }
    }

    im->columns[im->n] = p;
    im->names[im->n] = title;
    im->n++;

    return TF_OK;
}


static int
tf_import_names(const tf_export_t *titles, const char *name, tf_str_t title)
{
    int                        lang;
    const tf_export_column_t  *c;

    if (tf_import_same(title, name)) {
        return 1;
    }

    for (c = titles->columns; c->name; c++) {
        if (strcmp(c->name, name) != 0) {
            continue;
        }

        for (lang = 0; lang < TF_LANGS; lang++) {
            if (tf_import_same(title, c->title[lang])) {
                return 1;
            }
        }
    }

    return 0;
}


static int
tf_import_same(tf_str_t s, const char *name)
{
    return s.len == strlen(name)
           && strncasecmp((char *) s.data, name, s.len) == 0;
}


const char *
tf_import_title(const tf_export_t *titles, const char *name, tf_lang_e lang)
{
    const tf_export_column_t  *c;

    for (c = titles->columns; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            return c->title[lang];
        }
    }

    return name;
}


static tf_str_t
tf_import_trim(tf_str_t s)
{
    while (s.len && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.len--;
    }

    while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t')) {
        s.len--;
    }

    return s;
}


tf_int_t
tf_import_read(tf_import_t *im, unsigned rows, tf_err_t *err)
{
    size_t    n;
    tf_int_t  rc;
    unsigned  row;
    tf_str_t  fields[TF_IMPORT_COLUMNS];

    for ( /* void */ ; rows; rows--) {

        rc = tf_import_next(im, fields, &n, &row, err);

        if (rc == TF_DECLINED) {
            break;
        }

        if (rc != TF_OK) {
            return TF_ERROR;
        }

        if (im->rows == TF_IMPORT_ROWS) {
            return tf_fail(err, TF_E_VALIDATION_ERROR, "file",
                           "has more than %d rows", TF_IMPORT_ROWS);
        }

        im->rows++;

        if (tf_import_row(im, fields, n, row, err) != TF_OK) {
            return TF_ERROR;
        }
    }

    if (rows == 0) {
        return TF_OK;
    }

    if (im->rows == 0) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, "file", "has no rows");
    }

    tf_buf_char(&im->json, ']');

    return im->json.failed
           ? tf_fail(err, TF_E_VALIDATION_ERROR, "file", "is too large")
           : TF_DECLINED;
}


/* The next row that is not empty, and its number: a spreadsheet shows a row
 * with line feeds in it as one. */

static tf_int_t
tf_import_next(tf_import_t *im, tf_str_t *fields, size_t *n, unsigned *row,
    tf_err_t *err)
{
    size_t    i;
    tf_int_t  rc;
    unsigned  lines;

    for ( ;; ) {
        rc = tf_csv_row(&im->csv, fields, TF_IMPORT_COLUMNS, n, err);

        if (rc != TF_OK) {
            return rc;
        }

        *row = im->csv.line - im->shift;

        /* the last row may have no end of its line */

        lines = im->csv.lines - (im->csv.line - 1);
        im->shift += lines > 1 ? lines - 1 : 0;

        for (i = 0; i < *n && i < TF_IMPORT_COLUMNS; i++) {
            if (tf_import_trim(fields[i]).len) {
                return TF_OK;
            }
        }
    }
}


/* The first thing that is wrong with each field is said. */

static tf_int_t
tf_import_row(tf_import_t *im, const tf_str_t *fields, size_t n, unsigned row,
    tf_err_t *err)
{
    size_t             i;
    tf_err_t           wrong;
    unsigned           bad;
    tf_json_t          text;
    tf_value_t         values[TF_IMPORT_COLUMNS];
    const tf_param_t  *p;

    bad = 0;

    if (n > im->n) {
        bad = 1;
        tf_fail(&wrong, TF_E_VALIDATION_ERROR, NULL,
                "has more fields than there are titles");

        if (tf_import_wrong(im, row, &wrong, err) != TF_OK) {
            return TF_ERROR;
        }
    }

    for (i = 0; i < im->n; i++) {
        p = im->columns[i];

        if (p == NULL) {
            continue;
        }

        memset(&text, 0, sizeof(tf_json_t));
        text.type = TF_JSON_STRING;

        if (i < n) {
            text.str = fields[i];
        }

        if (tf_param_json(im->mem, p, &text, &values[i], &wrong)
            == TF_OK
            && (strcmp(p->name, "host") != 0
                || tf_target_host(values[i].value, &wrong) == TF_OK))
        {
            continue;
        }

        bad = 1;
        (void) snprintf(wrong.field, sizeof(wrong.field), "%s", p->name);

        if (tf_import_wrong(im, row, &wrong, err) != TF_OK) {
            return TF_ERROR;
        }
    }

    if (!bad) {
        tf_import_write(im, values, row);
    }

    return TF_OK;
}


static tf_int_t
tf_import_wrong(tf_import_t *im, unsigned row, const tf_err_t *wrong,
    tf_err_t *err)
{
    if (wrong->code == TF_E_INTERNAL_ERROR) {
        *err = *wrong;
        return TF_ERROR;
    }

    if (im->errors == NULL) {
        im->errors = tf_alloc(im->mem,
                              TF_IMPORT_ERRORS * sizeof(tf_import_error_t));
        if (im->errors == NULL) {
            return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
        }
    }

    if (im->wrong < TF_IMPORT_ERRORS) {
        im->errors[im->wrong].row = row;
        im->errors[im->wrong].err = *wrong;
    }

    im->wrong++;

    return TF_OK;
}


static void
tf_import_write(tf_import_t *im, const tf_value_t *values, unsigned row)
{
    size_t  i;

    if (im->good++) {
        tf_buf_char(&im->json, ',');
    }

    tf_buf_char(&im->json, '{');
    tf_json_key(&im->json, "line");
    tf_buf_int(&im->json, row);

    for (i = 0; i < im->n; i++) {
        if (im->columns[i] && !values[i].null) {
            tf_json_member(&im->json, im->columns[i]->name, values[i].value);
        }
    }

    tf_buf_char(&im->json, '}');
}
