
/*
 * Query results as JSON.  Column names and types drive the text: integers,
 * floats and numerics are numbers (NaN and infinities null), booleans true or
 * false, timestamptz becomes RFC 3339 in UTC ("2026-11-22T17:54:48.400979Z";
 * sessions run with datestyle ISO and timezone UTC), json and jsonb are copied
 * but for their times, which get the same form, arrays of text or integers
 * become arrays, all else is a string, NULL is null.
 *
 * A column called "instance.name" is member name of an object instance;
 * columns of the same object stand together.  A column whose name starts with
 * "_" is for the program and not written.
 */


#ifndef _TF_ROW_H_INCLUDED_
#define _TF_ROW_H_INCLUDED_


#include <libpq-fe.h>

#include "tf_json.h"


/* How a column's text becomes JSON. */

typedef enum {
    TF_ROW_STRING = 0,
    TF_ROW_NUMBER,      /* an integer: its text */
    TF_ROW_FLOAT,       /* the same, or null for NaN and the infinities */
    TF_ROW_BOOL,
    TF_ROW_JSON,
    TF_ROW_TIME,
    TF_ROW_STRINGS,     /* arrays */
    TF_ROW_NUMBERS,
    TF_ROW_FLOATS,
    TF_ROW_BOOLS
} tf_row_e;


/* How a column of this type (an Oid) is written. */
tf_row_e tf_row_kind(unsigned type);

/* A cell as a string view; data is NULL for SQL NULL or an unknown column.
 * Valid as long as res. */
tf_str_t tf_row_get(const PGresult *res, int row, const char *column);

/* The same as a number; 0 for SQL NULL. */
int64_t tf_row_int(const PGresult *res, int row, const char *column);

/* One row as an object. */
void tf_row_object(tf_buf_t *b, const PGresult *res, int row);

/* The JSON Schema of a column of this type (an Oid) that may be NULL. */
const char *tf_row_schema(unsigned type);

/* All rows as an array of objects. */
void tf_row_array(tf_buf_t *b, const PGresult *res);

/* All rows as objects, each with a line feed after it. */
void tf_row_lines(tf_buf_t *b, const PGresult *res);


#endif /* _TF_ROW_H_INCLUDED_ */
