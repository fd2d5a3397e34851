
/*
 * Query results as files for people and programs: CSV with titles and words in
 * the reader's language (UTF-8 with a byte order mark, lines end in CRLF), and
 * JSON Lines with the names and values of the API.
 */


#ifndef _TF_EXPORT_H_INCLUDED_
#define _TF_EXPORT_H_INCLUDED_


#include "tf_row.h"


/* What people read in place of a value; "" stands for NULL, an empty text and
 * an empty list. */

typedef struct {
    const char              *value;
    const char              *text[TF_LANGS];
} tf_export_word_t;


typedef struct {
    const char              *name;      /* of the statement's column */
    const char              *title[TF_LANGS];
    const tf_export_word_t  *words;     /* ended by value NULL; may be NULL */
    unsigned                 upper:1;   /* ASCII letters are written large */
} tf_export_column_t;


typedef struct {
    const char                *file;    /* its name, without time and type */
    const tf_export_column_t  *columns; /* ended by name NULL */
} tf_export_t;


/* The byte order mark and the line of titles of a CSV file. */
void tf_export_titles(tf_buf_t *b, const tf_export_t *e, tf_lang_e lang);

/* The rows of a result as lines of a CSV file.  Memory is taken from b's. */
void tf_export_rows(tf_buf_t *b, const tf_export_t *e, tf_lang_e lang,
    const PGresult *res);

/* One cell as the text a person reads; column is its number in res, -1: res
 * has none. */
void tf_export_cell(tf_buf_t *b, const tf_export_column_t *c, tf_lang_e lang,
    const PGresult *res, int row, int column);

/* A text as the cell of an XLSX file: at most the 32,767 units of UTF-16 that a
 * cell may have, the last of them an ellipsis when something is missing; what
 * is no character of XML is U+FFFD; "_x000D_", which would be read as the
 * character of that number, is "_x005F_x000D_". */
void tf_export_sheet_text(tf_buf_t *b, tf_str_t s);


#endif /* _TF_EXPORT_H_INCLUDED_ */
