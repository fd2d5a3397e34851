
/*
 * What the files of tf_param share; nobody else includes this.
 *
 * Functions that fill v take text that is trimmed already, and return TF_ERROR
 * with err filled.
 */


#ifndef _TF_PARAM_INT_H_INCLUDED_
#define _TF_PARAM_INT_H_INCLUDED_


#include "tf_param.h"


/* A compiled pattern; code is NULL when there is nothing to match. */

typedef struct {
    struct pcre2_real_code_8        *code;
    struct pcre2_real_match_data_8  *data;
} tf_pattern_t;


/* Of a JSON value in a query. */
extern const tf_json_limits_t  tf_param_limits;


/* tf_param.c: no value; text as the value; "out of memory"; white space off
 * both ends; the number of characters, or TF_ERROR; 1 and the number when s is
 * one of 64 bits; n against minimum and maximum, of which 0 is none. */
tf_int_t tf_param_none(const tf_param_t *p, tf_value_t *v,
    tf_err_t *err);
tf_int_t tf_param_keep(const tf_mem_t *mem, tf_str_t s, tf_value_t *v,
    tf_err_t *err);
tf_int_t tf_param_memory(tf_err_t *err);
tf_str_t tf_param_trim(tf_str_t s);
int64_t tf_param_chars(const tf_param_t *p, tf_str_t s, tf_err_t *err);
int tf_param_integer(tf_str_t s, int64_t *n);
tf_int_t tf_param_length(const tf_param_t *p, int64_t n,
    const char *unit, tf_err_t *err);

/* tf_param_list.c: a comma list; an array or one value of a body; any value of
 * a body as its text. */
tf_int_t tf_param_list(const tf_mem_t *mem, const tf_param_t *p,
    tf_str_t s, tf_value_t *v, tf_err_t *err);
tf_int_t tf_param_json_list(const tf_mem_t *mem, const tf_param_t *p,
    const tf_json_t *raw, tf_value_t *v, tf_err_t *err);
tf_int_t tf_param_document(const tf_mem_t *mem, const tf_param_t *p,
    const tf_json_t *raw, tf_value_t *v, tf_err_t *err);

/* tf_param_pattern.c */
tf_int_t tf_param_compile(const tf_mem_t *mem, const tf_param_t *p,
    tf_pattern_t *pattern, tf_err_t *err);
tf_int_t tf_param_match(const tf_param_t *p,
    const tf_pattern_t *pattern, tf_str_t s, tf_err_t *err);


#endif /* _TF_PARAM_INT_H_INCLUDED_ */
