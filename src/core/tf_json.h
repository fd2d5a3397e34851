
/*
 * JSON: writing from C values and from query results, reading with limits.
 */


#ifndef _TF_JSON_H_INCLUDED_
#define _TF_JSON_H_INCLUDED_


#include "tf_buf.h"
#include "tf_error.h"


/* --- writing ----------------------------------------------------------- */

/* A quoted string.  Bytes that are not UTF-8 become U+FFFD; control
 * characters, '"' and '\' are escaped, and so are '<', U+2028 and U+2029. */
void tf_json_string(tf_buf_t *b, tf_str_t s);

/* "name": with a comma before it unless b ends in '{', '[' or ':'. */
void tf_json_key(tf_buf_t *b, const char *name);

/* key and string; a NULL data writes null. */
void tf_json_member(tf_buf_t *b, const char *name, tf_str_t value);


/* --- reading ----------------------------------------------------------- */

typedef enum {
    TF_JSON_NULL = 0, TF_JSON_BOOL, TF_JSON_NUMBER, TF_JSON_STRING,
    TF_JSON_ARRAY, TF_JSON_OBJECT
} tf_json_e;


typedef struct tf_json_s  tf_json_t;

/* A value; the children of an array or object are a list in input order. */

struct tf_json_s {
    tf_json_e        type;
    int              boolean;
    tf_str_t         str;       /* a string's text, a number's literal */
    tf_str_t         name;      /* of an object's member */
    size_t           count;     /* of children */
    tf_json_t       *child;
    tf_json_t       *next;
};


typedef struct {
    unsigned         depth;     /* of nesting */
    size_t           values;    /* in the whole document */
} tf_json_limits_t;


/*
 * Parses exactly one document (yajl, UTF-8 validated) into memory of mem.
 * Everything that is not valid JSON, a name that occurs twice in an object and
 * a passed limit are TF_ERROR with INVALID_REQUEST in err.
 */
tf_int_t tf_json_parse(const tf_mem_t *mem, tf_str_t text,
    const tf_json_limits_t *limits, tf_json_t **out, tf_err_t *err)
    TF_MUST_CHECK;

/* The member called name, or NULL; NULL too when v is no object. */
tf_json_t *tf_json_get(const tf_json_t *v, const char *name);

/* Writes v compactly; numbers keep their literal. */
void tf_json_write(tf_buf_t *b, const tf_json_t *v);


#endif /* _TF_JSON_H_INCLUDED_ */
