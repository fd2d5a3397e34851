
#include "tf_csv.h"
#include "tf_utf8.h"


static int tf_csv_formula(tf_str_t s);
static unsigned char tf_csv_separator(tf_str_t line);
static tf_int_t tf_csv_field(tf_csv_t *csv, tf_str_t *field, tf_err_t *err);
static tf_int_t tf_csv_quoted(tf_csv_t *csv, tf_str_t *field, tf_err_t *err);
static int tf_csv_end(const tf_csv_t *csv);
static void tf_csv_line_end(tf_csv_t *csv);
static tf_int_t tf_csv_utf16(const tf_mem_t *mem, tf_str_t bytes,
    tf_str_t *text, tf_err_t *err);


tf_csv_encoding_e
tf_csv_encoding(tf_str_t bytes)
{
    if (bytes.len >= 2
        && ((bytes.data[0] == 0xff && bytes.data[1] == 0xfe)
            || (bytes.data[0] == 0xfe && bytes.data[1] == 0xff)))
    {
        return TF_CSV_UTF16;
    }

    return tf_utf8_count(bytes) >= 0 ? TF_CSV_UTF8 : TF_CSV_OTHER;
}


tf_int_t
tf_csv_utf8(const tf_mem_t *mem, tf_str_t bytes, tf_str_t *text, tf_err_t *err)
{
    switch (tf_csv_encoding(bytes)) {

    case TF_CSV_UTF16:
        return tf_csv_utf16(mem, bytes, text, err);

    case TF_CSV_UTF8:
        *text = bytes;

        if (bytes.len >= 3 && memcmp(bytes.data, "\xef\xbb\xbf", 3) == 0) {
            text->data += 3;
            text->len -= 3;
        }

        return TF_OK;

    default:
        return tf_fail(err, TF_E_VALIDATION_ERROR, "file",
                       "is neither UTF-8 nor UTF-16");
    }
}


static tf_int_t
tf_csv_utf16(const tf_mem_t *mem, tf_str_t bytes, tf_str_t *text,
    tf_err_t *err)
{
    int             big;
    size_t          i;
    uint32_t        c, low;
    unsigned char  *p;

    /* two bytes are at most three of UTF-8 */

    p = tf_alloc(mem, bytes.len / 2 * 3 + 1);
    if (p == NULL) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
    }

    big = bytes.data[0] == 0xfe;
    text->data = p;

    for (i = 2; i + 1 < bytes.len; i += 2) {
        c = big ? (uint32_t) bytes.data[i] << 8 | bytes.data[i + 1]
                : (uint32_t) bytes.data[i + 1] << 8 | bytes.data[i];

        if (c >= 0xd800 && c < 0xdc00 && i + 3 < bytes.len) {
            low = big ? (uint32_t) bytes.data[i + 2] << 8 | bytes.data[i + 3]
                      : (uint32_t) bytes.data[i + 3] << 8 | bytes.data[i + 2];

            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }

        if (c >= 0xd800 && c < 0xe000) {
            break;
        }

        p += tf_utf8_put(p, c);
    }

    if (i != bytes.len) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, "file",
                       "is not valid UTF-16 at byte %zu", i);
    }

    text->len = (size_t) (p - text->data);

    return TF_OK;
}


void
tf_csv_open(tf_csv_t *csv, const tf_mem_t *mem, tf_str_t text)
{
    size_t    i;
    tf_str_t  line;

    memset(csv, 0, sizeof(tf_csv_t));

    csv->mem = mem;
    csv->text = text;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] == '\n' || text.data[i] == '\r') {
            break;
        }
    }

    line.data = text.data;
    line.len = i;

    if (line.len == 5 && memcmp(line.data, "sep=", 4) == 0) {
        csv->separator = line.data[4];
        csv->next = i;
        tf_csv_line_end(csv);
        return;
    }

    csv->separator = tf_csv_separator(line);
}


/* The one of the separators that the first line has most of, outside of
 * quotes. */

static unsigned char
tf_csv_separator(tf_str_t line)
{
    int            quoted;
    size_t         i, commas, semicolons, tabs;

    commas = 0;
    semicolons = 0;
    tabs = 0;
    quoted = 0;

    for (i = 0; i < line.len; i++) {

        if (line.data[i] == '"') {
            quoted = !quoted;
        }

        if (!quoted) {
            commas += line.data[i] == ',';
            semicolons += line.data[i] == ';';
            tabs += line.data[i] == '\t';
        }
    }

    if (semicolons > commas && semicolons >= tabs) {
        return ';';
    }

    return tabs > commas ? '\t' : ',';
}


tf_int_t
tf_csv_row(tf_csv_t *csv, tf_str_t *fields, size_t max, size_t *n,
    tf_err_t *err)
{
    tf_str_t  field;

    while (csv->next < csv->text.len && tf_csv_end(csv)) {
        tf_csv_line_end(csv);
    }

    if (csv->next == csv->text.len) {
        return TF_DECLINED;
    }

    csv->line = csv->lines + 1;

    for (*n = 0; /* void */ ; (*n)++) {

        if (tf_csv_field(csv, &field, err) != TF_OK) {
            return TF_ERROR;
        }

        if (*n < max) {
            fields[*n] = field;
        }

        if (tf_csv_end(csv)) {
            (*n)++;
            tf_csv_line_end(csv);
            return TF_OK;
        }

        csv->next++;                    /* the separator */
    }
}


static tf_int_t
tf_csv_field(tf_csv_t *csv, tf_str_t *field, tf_err_t *err)
{
    tf_str_t  rest;

    if (csv->next < csv->text.len && csv->text.data[csv->next] == '"') {
        if (tf_csv_quoted(csv, field, err) != TF_OK) {
            return TF_ERROR;
        }

    } else {
        field->data = csv->text.data + csv->next;

        while (!tf_csv_end(csv)
               && csv->text.data[csv->next] != csv->separator)
        {
            csv->next++;
        }

        field->len = (size_t) (csv->text.data + csv->next - field->data);
    }

    if (memchr(field->data, '\0', field->len)) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, "file",
                       "has a NUL in the row that begins in line %u",
                       csv->line);
    }

    rest.data = field->data + 1;
    rest.len = field->len ? field->len - 1 : 0;

    if (field->len && field->data[0] == '\'' && tf_csv_formula(rest)) {
        *field = rest;
    }

    return TF_OK;
}


static tf_int_t
tf_csv_quoted(tf_csv_t *csv, tf_str_t *field, tf_err_t *err)
{
    size_t          i, doubled;
    unsigned char  *p, *q;

    p = csv->text.data + csv->next + 1;
    doubled = 0;

    for (i = csv->next + 1; i < csv->text.len; i++) {

        if (csv->text.data[i] == '"') {

            if (i + 1 == csv->text.len || csv->text.data[i + 1] != '"') {
                break;
            }

            doubled++;
            i++;

        } else if (csv->text.data[i] == '\n'
                   || (csv->text.data[i] == '\r'
                       && (i + 1 == csv->text.len
                           || csv->text.data[i + 1] != '\n')))
        {
            csv->lines++;
        }
    }

    if (i == csv->text.len) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, "file",
                       "has a quote without its end in the row that begins"
                       " in line %u", csv->line);
    }

    field->data = p;
    field->len = (size_t) (csv->text.data + i - p);
    csv->next = i + 1;

    if (!tf_csv_end(csv) && csv->text.data[csv->next] != csv->separator) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, "file",
                       "has text behind a quoted field in the row that begins"
                       " in line %u", csv->line);
    }

    if (doubled == 0) {
        return TF_OK;
    }

    q = tf_alloc(csv->mem, field->len);
    if (q == NULL) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
    }

    field->data = q;

    for (i = 0; i < field->len; i++) {
        *q++ = p[i];
        i += p[i] == '"';
    }

    field->len -= doubled;

    return TF_OK;
}


/* 1 at the end of a line or of the text. */

static int
tf_csv_end(const tf_csv_t *csv)
{
    return csv->next == csv->text.len || csv->text.data[csv->next] == '\n'
           || csv->text.data[csv->next] == '\r';
}


static void
tf_csv_line_end(tf_csv_t *csv)
{
    if (csv->next == csv->text.len) {
        return;
    }

    if (csv->text.data[csv->next] == '\r' && csv->next + 1 < csv->text.len
        && csv->text.data[csv->next + 1] == '\n')
    {
        csv->next++;
    }

    csv->next++;
    csv->lines++;
}


void
tf_csv_text(tf_buf_t *b, tf_str_t s)
{
    int     quotes;
    size_t  i;

    quotes = 0;

    for (i = 0; i < s.len && !quotes; i++) {
        quotes = s.data[i] == '"' || s.data[i] == ',' || s.data[i] == ';'
                 || s.data[i] == '\t' || s.data[i] == '\n'
                 || s.data[i] == '\r';
    }

    if (quotes) {
        tf_buf_char(b, '"');
    }

    if (tf_csv_formula(s)) {
        tf_buf_char(b, '\'');
    }

    for (i = 0; i < s.len; i++) {

        if (s.data[i] == '"') {
            tf_buf_char(b, '"');
        }

        tf_buf_char(b, s.data[i]);
    }

    if (quotes) {
        tf_buf_char(b, '"');
    }
}


/* What a spreadsheet takes for a formula, also behind blanks and as the wide
 * signs of East Asian text; and, so that reading is the reverse of writing, the
 * same behind quotes that writing has put in front. */

static int
tf_csv_formula(tf_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len && (s.data[i] == '\'' || s.data[i] == ' '); i++) {
        /* void */
    }

    if (i == s.len) {
        return 0;
    }

    /* U+FF1D, U+FF0B, U+FF0D and U+FF20 */

    return memchr("=+-@\t\r", s.data[i], 6) != NULL
           || (s.len - i >= 3 && s.data[i] == 0xef && s.data[i + 1] == 0xbc
               && memchr("\x9d\x8b\x8d\xa0", s.data[i + 2], 4) != NULL);
}
