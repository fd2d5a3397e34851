
/*
 * Input of an endpoint: what is expected, and the check of what came.
 *
 * A parameter arrives as text (query, path) or as a JSON value (body) and
 * leaves as text that PostgreSQL reads back as the same value, or as no value.
 */


#ifndef _TF_PARAM_H_INCLUDED_
#define _TF_PARAM_H_INCLUDED_


#include "tf_param_type.h"


/*
 * Checks one parameter.  raw is NULL when it was absent, and v takes the
 * default; so it does for an empty query value.  null or "" in a body is no
 * value, and an error where there is a default: nobody meant it.  The first
 * form takes a URL-decoded query value, the second a value of the JSON body;
 * there a string of digits is an INT and "true" a BOOL as well.  In a query
 * "all" is no value for a filter: what is optional and has no default or the
 * default "all", and is neither a search nor a time.
 * TF_ERROR: VALIDATION_ERROR with the field's name (INTERNAL_ERROR when memory
 * is out or the table is wrong).
 */
tf_int_t tf_param_text(const tf_mem_t *mem, const tf_param_t *p,
    const tf_str_t *raw, tf_value_t *v, tf_err_t *err) TF_MUST_CHECK;
tf_int_t tf_param_json(const tf_mem_t *mem, const tf_param_t *p,
    const tf_json_t *raw, tf_value_t *v, tf_err_t *err) TF_MUST_CHECK;


#endif /* _TF_PARAM_H_INCLUDED_ */
