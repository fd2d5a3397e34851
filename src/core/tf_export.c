
#include "tf_csv.h"
#include "tf_export.h"
#include "tf_utf8.h"


#define TF_EXPORT_COLUMNS  64
#define TF_EXPORT_LIST     10000    /* members of a list in a cell */
#define TF_EXPORT_CELL     (1024 * 1024)
#define TF_EXPORT_UNITS    32767    /* of UTF-16, in a cell of XLSX */


static const char *tf_export_word(const tf_export_column_t *c, tf_lang_e lang,
    tf_str_t value);
static void tf_export_time(tf_buf_t *b, tf_str_t s);
static void tf_export_list(tf_buf_t *b, tf_str_t s);
static void tf_export_line(tf_buf_t *b, const tf_export_t *e, tf_lang_e lang,
    const PGresult *res, int row, const int *at);
static int tf_export_escape(const unsigned char *p, const unsigned char *end);


void
tf_export_titles(tf_buf_t *b, const tf_export_t *e, tf_lang_e lang)
{
    const tf_export_column_t  *c;

    tf_buf_lit(b, "\xef\xbb\xbf");

    for (c = e->columns; c->name; c++) {
        if (c != e->columns) {
            tf_buf_char(b, ',');
        }

        tf_csv_text(b, tf_str(c->title[lang]));
    }

    tf_buf_lit(b, "\r\n");
}


void
tf_export_rows(tf_buf_t *b, const tf_export_t *e, tf_lang_e lang,
    const PGresult *res)
{
    int                        i, at[TF_EXPORT_COLUMNS];
    const tf_export_column_t  *c;

    for (c = e->columns, i = 0; c->name; c++, i++) {
        if (i == TF_EXPORT_COLUMNS) {
            b->failed = 1;
            return;
        }

        at[i] = PQfnumber(res, c->name);
    }

    for (i = 0; i < PQntuples(res); i++) {
        tf_export_line(b, e, lang, res, i, at);
    }
}


static void
tf_export_line(tf_buf_t *b, const tf_export_t *e, tf_lang_e lang,
    const PGresult *res, int row, const int *at)
{
    tf_buf_t                   text;
    tf_str_t                   cell;
    const tf_export_column_t  *c;

    tf_buf_init(&text, b->mem, 256, TF_EXPORT_CELL);

    for (c = e->columns; c->name; c++, at++) {
        if (c != e->columns) {
            tf_buf_char(b, ',');
        }

        if (*at >= 0 && tf_row_kind(PQftype(res, *at)) == TF_ROW_NUMBER) {

            /* a number is no text: "-1" is no formula */

            tf_buf_add(b, PQgetvalue(res, row, *at),
                       PQgetlength(res, row, *at));
            continue;
        }

        text.last = text.start;
        tf_export_cell(&text, c, lang, res, row, *at);

        if (tf_buf_done(&text, &cell) != TF_OK) {
            b->failed = 1;
            return;
        }

        tf_csv_text(b, cell);
    }

    tf_buf_lit(b, "\r\n");
}


void
tf_export_cell(tf_buf_t *b, const tf_export_column_t *c, tf_lang_e lang,
    const PGresult *res, int row, int column)
{
    size_t       i;
    tf_str_t     s;
    const char  *word;

    s.data = (unsigned char *) "";
    s.len = 0;

    if (column >= 0) {
        s.data = (unsigned char *) PQgetvalue(res, row, column);
        s.len = PQgetlength(res, row, column);
    }

    word = tf_export_word(c, lang, s);

    if (word) {
        tf_buf_lit(b, word);
        return;
    }

    switch (column < 0 ? TF_ROW_STRING : tf_row_kind(PQftype(res, column))) {

    case TF_ROW_TIME:
        tf_export_time(b, s);
        return;

    case TF_ROW_JSON:
        tf_export_list(b, s);
        return;

    case TF_ROW_BOOL:
        if (s.len) {
            tf_buf_lit(b, s.data[0] == 't' ? "true" : "false");
        }

        return;

    default:
        break;
    }

    for (i = 0; i < s.len; i++) {
        tf_buf_char(b, c->upper && s.data[i] >= 'a' && s.data[i] <= 'z'
                       ? s.data[i] - 'a' + 'A' : s.data[i]);
    }
}


static const char *
tf_export_word(const tf_export_column_t *c, tf_lang_e lang, tf_str_t value)
{
    const tf_export_word_t  *w;

    if (tf_str_eq(value, "[]")) {
        value.len = 0;
    }

    for (w = c->words; w && w->value; w++) {
        if (tf_str_eq(value, w->value)) {
            return w->text[lang];
        }
    }

    return NULL;
}


/* "2026-11-22 17:54:48.400979+00" as 2026-11-22T17:54:48Z; what is no such time
 * stays as it is. */

static void
tf_export_time(tf_buf_t *b, tf_str_t s)
{
    if (s.len < 22 || s.data[10] != ' '
        || memcmp(s.data + s.len - 3, "+00", 3) != 0)
    {
        tf_buf_str(b, s);
        return;
    }

    tf_buf_add(b, s.data, 10);
    tf_buf_char(b, 'T');
    tf_buf_add(b, s.data + 11, 8);
    tf_buf_char(b, 'Z');
}


/* A JSON list of texts, with ", " between them; anything else as JSON. */

static void
tf_export_list(tf_buf_t *b, tf_str_t s)
{
    tf_err_t                err;
    tf_json_t              *doc, *v;
    const tf_json_limits_t  limits = { 4, TF_EXPORT_LIST };

    if (s.len == 0 || tf_str_eq(s, "[]")) {
        return;
    }

    if (tf_json_parse(b->mem, s, &limits, &doc, &err) != TF_OK
        || doc->type != TF_JSON_ARRAY)
    {
        tf_buf_str(b, s);
        return;
    }

    for (v = doc->child; v; v = v->next) {
        if (v != doc->child) {
            tf_buf_lit(b, ", ");
        }

        if (v->type == TF_JSON_STRING) {
            tf_buf_str(b, v->str);

        } else {
            tf_json_write(b, v);
        }
    }
}


void
tf_export_sheet_text(tf_buf_t *b, tf_str_t s)
{
    size_t                units, n, cut;
    unsigned              len;
    const unsigned char  *p, *end;

    cut = 0;
    end = s.data + s.len;

    for (p = s.data, units = 0; p != end; p += len) {
        len = tf_utf8_len(p, end);

        if (len == 0) {
            b->failed = 1;
            return;
        }

        n = tf_export_escape(p, end) ? sizeof("_x005F_") - 1 : len == 4 ? 2 : 1;

        /* where it is cut when it is too long: before what leaves no room for
         * the ellipsis */

        if (units + n > TF_EXPORT_UNITS - 1 && cut == 0) {
            cut = b->last - b->start;
        }

        if (units + n > TF_EXPORT_UNITS) {
            b->last = b->start + cut;
            tf_buf_lit(b, "\xe2\x80\xa6");
            return;
        }

        units += n;

        if (len == 3 && p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe) {
            tf_buf_lit(b, "\xef\xbf\xbd");

        } else if (n == sizeof("_x005F_") - 1) {
            tf_buf_lit(b, "_x005F_");

        } else {
            tf_buf_add(b, p, len);
        }
    }
}


/* Whether "_x000D_" or the like begins here. */

static int
tf_export_escape(const unsigned char *p, const unsigned char *end)
{
    int  i;

    if (end - p < 7 || p[0] != '_' || p[1] != 'x' || p[6] != '_') {
        return 0;
    }

    for (i = 2; i < 6; i++) {
        if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'A' && p[i] <= 'F')
              || (p[i] >= 'a' && p[i] <= 'f')))
        {
            return 0;
        }
    }

    return 1;
}
