
/*
 * Words of a set as values of parameters: "a|b|c=b" is a, b, and c for b.
 */


#ifndef _TF_PARAM_ENUM_H_INCLUDED_
#define _TF_PARAM_ENUM_H_INCLUDED_


#include "tf_param_type.h"


/* The next word of a set, of which *set is the rest; *means is the word it
 * stands for, most often itself.  0 at the end. */
int tf_param_enum_next(const char **set, tf_str_t *word, tf_str_t *means);

/* The word of the set that s is, in any case. */
tf_int_t tf_param_enum_choose(const tf_param_t *p, tf_str_t s,
    tf_str_t *word, tf_err_t *err);

/* 1 when both are the same but for the case of ASCII letters; nothing is the
 * same as nothing. */
int tf_param_enum_same(tf_str_t a, tf_str_t b);


#endif /* _TF_PARAM_ENUM_H_INCLUDED_ */
