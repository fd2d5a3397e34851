
/*
 * The pattern of a parameter (pcre2), which its whole value matches.
 */


#ifndef _TF_PARAM_PATTERN_H_INCLUDED_
#define _TF_PARAM_PATTERN_H_INCLUDED_


#include "tf_param_type.h"


/* code is NULL when there is nothing to match. */

typedef struct {
    struct pcre2_real_code_8        *code;
    struct pcre2_real_match_data_8  *data;
} tf_pattern_t;


/* Compiles the pattern of p, if it has one, in mem. */
tf_int_t tf_param_pattern_compile(const tf_mem_t *mem, const tf_param_t *p,
    tf_pattern_t *pattern, tf_err_t *err);

/* TF_ERROR: s does not match. */
tf_int_t tf_param_pattern_match(const tf_param_t *p,
    const tf_pattern_t *pattern, tf_str_t s, tf_err_t *err);


#endif /* _TF_PARAM_PATTERN_H_INCLUDED_ */
