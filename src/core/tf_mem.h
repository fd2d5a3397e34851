
/*
 * What is taken from a region and copied there.
 */


#ifndef _TF_MEM_H_INCLUDED_
#define _TF_MEM_H_INCLUDED_


#include "tf_types.h"


/* A copy of in, with NUL behind it.  TF_ERROR: no memory. */
tf_int_t tf_mem_copy(const tf_mem_t *mem, tf_str_t in, tf_str_t *out)
    TF_MUST_CHECK;

/*
 * Makes room for one more item of an array of n items with room for *size; list
 * is the address of the pointer to its items, item the bytes of one.  TF_ERROR
 * leaves all as it was: no memory.
 */
tf_int_t tf_mem_grow(const tf_mem_t *mem, void *list, size_t item, size_t n,
    size_t *size) TF_MUST_CHECK;


#endif /* _TF_MEM_H_INCLUDED_ */
