
/*
 * CSV (RFC 4180) as spreadsheets write and read it.
 *
 * Reading: ",", ";" or a tab between fields, found from the first line, or
 * named by a first line "sep=;"; fields in double quotes may hold separators,
 * line ends and doubled quotes; lines end in CRLF, LF or CR; empty lines are
 * passed over.
 *
 * Writing: a text that a spreadsheet would take for a formula (CWE-1236) gets a
 * "'" in front, and reading takes it off again, so that what was exported can
 * be imported.
 */


#ifndef _TF_CSV_H_INCLUDED_
#define _TF_CSV_H_INCLUDED_


#include "tf_buf.h"
#include "tf_error.h"


typedef enum {
    TF_CSV_UTF8 = 0,        /* with or without a byte order mark */
    TF_CSV_UTF16,           /* with one */
    TF_CSV_OTHER            /* none of both: what GB18030 would be */
} tf_csv_encoding_e;


typedef struct {
    const tf_mem_t          *mem;
    tf_str_t                 text;      /* UTF-8 */
    size_t                   next;      /* offset of the next row */
    unsigned                 line;      /* where the last row began, from 1 */
    unsigned                 lines;     /* ends of lines passed so far */
    unsigned char            separator;
} tf_csv_t;


/* What bytes of an uploaded file are.  A byte order mark is left in place. */
tf_csv_encoding_e tf_csv_encoding(tf_str_t bytes);

/* The text of a file in UTF-8 or UTF-16, without its byte order mark, in mem
 * or in bytes itself.  VALIDATION_ERROR: half a character, an odd number of
 * bytes. */
tf_int_t tf_csv_utf8(const tf_mem_t *mem, tf_str_t bytes, tf_str_t *text,
    tf_err_t *err) TF_MUST_CHECK;

/* Starts to read a text in UTF-8, which must live as long as its rows. */
void tf_csv_open(tf_csv_t *csv, const tf_mem_t *mem, tf_str_t text);

/*
 * The next row: its number of fields in *n, the first max of them in fields.
 * A field is a part of the text, or memory of mem where quotes were doubled.
 * TF_DECLINED: there is none.  TF_ERROR: VALIDATION_ERROR that names the line;
 * the rows behind it cannot be read.
 */
tf_int_t tf_csv_row(tf_csv_t *csv, tf_str_t *fields, size_t max, size_t *n,
    tf_err_t *err) TF_MUST_CHECK;

/* Writes a text as one field, in quotes where it needs them. */
void tf_csv_text(tf_buf_t *b, tf_str_t s);


#endif /* _TF_CSV_H_INCLUDED_ */
