
/*
 * Instances from a file: titles to columns, rows to values, what is wrong with
 * each.  The checks of a value are those of the endpoint that creates one.
 */


#ifndef _TF_IMPORT_H_INCLUDED_
#define _TF_IMPORT_H_INCLUDED_


#include "tf_csv.h"
#include "tf_export.h"
#include "tf_param.h"


#define TF_IMPORT_COLUMNS  64
#define TF_IMPORT_ROWS     10000
#define TF_IMPORT_ERRORS   1000     /* of those kept */


/* Something wrong with a row: its number as a spreadsheet shows it (the titles
 * are row 1), and what. */

typedef struct {
    unsigned             row;
    tf_err_t             err;       /* err.field: the name of the column */
} tf_import_error_t;


typedef struct {
    const tf_mem_t      *mem;
    const tf_export_t   *titles;    /* other names of the columns */

    tf_csv_t             csv;
    unsigned             shift;     /* lines that are no rows, so far */
    size_t               n;         /* of columns */
    const tf_param_t    *columns[TF_IMPORT_COLUMNS];    /* NULL: ignored */
    tf_str_t             names[TF_IMPORT_COLUMNS];      /* as in the file */

    unsigned             rows;      /* read, without the titles */
    unsigned             good;
    tf_buf_t             json;      /* the good ones, an array of objects with
                                       texts and "line", the row's number */
    size_t               wrong;     /* things wrong; the first are kept */
    tf_import_error_t   *errors;
} tf_import_t;


/*
 * Starts with a text in UTF-8, which has to live as long as the import.  A
 * title is a parameter's name or its title in any language.  VALIDATION_ERROR
 * with the field "file": no titles, one twice, a required one missing.
 */
tf_int_t tf_import_open(tf_import_t *im, const tf_mem_t *mem, tf_str_t text,
    const tf_param_t *params, const tf_export_t *titles, tf_err_t *err)
    TF_MUST_CHECK;

/* Reads at most so many rows.  TF_OK: there are more; TF_DECLINED: no more, and
 * the JSON is complete; TF_ERROR with the field "file": the file ends here, or
 * has too many rows. */
tf_int_t tf_import_read(tf_import_t *im, unsigned rows, tf_err_t *err)
    TF_MUST_CHECK;

/* The title of a column for people; its name when there is none. */
const char *tf_import_title(const tf_export_t *titles, const char *name,
    tf_lang_e lang);


#endif /* _TF_IMPORT_H_INCLUDED_ */
