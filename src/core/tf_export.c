
#include "tf_csv.h"
#include "tf_export.h"


#define TF_EXPORT_COLUMNS  64
#define TF_EXPORT_LIST     10000    /* members of a list in a cell */
#define TF_EXPORT_CELL     (1024 * 1024)


static const char *tf_export_word(const tf_export_column_t *c, tf_lang_e lang,
    tf_str_t value);
static void tf_export_time(tf_buf_t *b, tf_str_t s);
static void tf_export_list(tf_buf_t *b, tf_str_t s);
static void tf_export_line(tf_buf_t *b, const tf_export_t *e, tf_lang_e lang,
    const PGresult *res, int row, const int *at);


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
