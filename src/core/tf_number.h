
/*
 * Numbers as text.
 */


#ifndef _TF_NUMBER_H_INCLUDED_
#define _TF_NUMBER_H_INCLUDED_


#include "tf_types.h"


/* The number that decimal digits are, nothing but them and no more of them than
 * max has, from 0 to max.  TF_DECLINED: they are none. */
tf_int_t tf_number(tf_str_t s, int64_t max, int64_t *n) TF_MUST_CHECK;
tf_int_t tf_number_int(tf_str_t s, int max, int *n) TF_MUST_CHECK;


#endif /* _TF_NUMBER_H_INCLUDED_ */
