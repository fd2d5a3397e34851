
/*
 * Text as the value of a parameter: what all types of parameters share.
 */


#ifndef _TF_PARAM_VALUE_H_INCLUDED_
#define _TF_PARAM_VALUE_H_INCLUDED_


#include "tf_param_type.h"


typedef enum {
    TF_PARAM_CHARACTERS = 0,
    TF_PARAM_BYTES,
    TF_PARAM_MEMBERS
} tf_param_unit_e;


/* Of a JSON value in a query. */
extern const tf_json_limits_t  tf_param_value_limits;


/* No value: an error when one is required. */
tf_int_t tf_param_value_none(const tf_param_t *p, tf_value_t *v,
    tf_err_t *err);

/* A copy of the text, NUL behind it, as the value. */
tf_int_t tf_param_value_keep(const tf_mem_t *mem, tf_str_t s, tf_value_t *v,
    tf_err_t *err);

/* Fails: out of memory. */
tf_int_t tf_param_value_memory(tf_err_t *err);

/* Without white space at both ends. */
tf_str_t tf_param_value_trim(const tf_param_t *p, tf_str_t s);

/* The number of characters, or TF_ERROR. */
int64_t tf_param_value_chars(const tf_param_t *p, tf_str_t s, tf_err_t *err);

/* 1 and the number when s is one of 64 bits; 0 and the nearest such when it is
 * too long a number. */
int tf_param_value_integer(tf_str_t s, int64_t *n);

/* n of this unit against minimum and maximum, of which 0 is none. */
tf_int_t tf_param_value_length(const tf_param_t *p, int64_t n,
    tf_param_unit_e unit, tf_err_t *err);


#endif /* _TF_PARAM_VALUE_H_INCLUDED_ */
