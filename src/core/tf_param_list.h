
/*
 * Lists and whole JSON documents as values of parameters.  Text is trimmed
 * already.
 */


#ifndef _TF_PARAM_LIST_H_INCLUDED_
#define _TF_PARAM_LIST_H_INCLUDED_


#include "tf_param_type.h"


/* A comma list. */
tf_int_t tf_param_list(const tf_mem_t *mem, const tf_param_t *p,
    tf_str_t s, tf_value_t *v, tf_err_t *err);

/* An array or one value of a body. */
tf_int_t tf_param_list_json(const tf_mem_t *mem, const tf_param_t *p,
    const tf_json_t *raw, tf_value_t *v, tf_err_t *err);

/* Any value of a body as its text. */
tf_int_t tf_param_list_document(const tf_mem_t *mem, const tf_param_t *p,
    const tf_json_t *raw, tf_value_t *v, tf_err_t *err);


#endif /* _TF_PARAM_LIST_H_INCLUDED_ */
