
/*
 * A byte buffer that grows up to a limit.
 *
 * Errors are sticky: after the first failed write (limit passed, memory out)
 * every other write does nothing, so a writer checks tf_buf_str() once, at its
 * end.
 */


#ifndef _TF_BUF_H_INCLUDED_
#define _TF_BUF_H_INCLUDED_


#include "tf_types.h"


typedef struct {
    unsigned char   *start;
    unsigned char   *last;
    unsigned char   *end;
    size_t           size;      /* of the block, or of the first one to take */
    size_t           max;       /* bytes the buffer may ever hold */
    const tf_mem_t  *mem;
    int              failed;
} tf_buf_t;


/* Prepares an empty buffer; size bytes are taken at the first write. */
void tf_buf_init(tf_buf_t *b, const tf_mem_t *mem, size_t size, size_t max);

/* Room for n more bytes at b->last, or NULL; the caller advances b->last. */
unsigned char *tf_buf_reserve(tf_buf_t *b, size_t n);

void tf_buf_add(tf_buf_t *b, const void *data, size_t len);
void tf_buf_str(tf_buf_t *b, tf_str_t s);
void tf_buf_lit(tf_buf_t *b, const char *s);
void tf_buf_char(tf_buf_t *b, unsigned char c);
void tf_buf_int(tf_buf_t *b, int64_t n);

/* TF_OK and the bytes written, or TF_ERROR when any write failed. */
tf_int_t tf_buf_done(tf_buf_t *b, tf_str_t *out) TF_MUST_CHECK;


#endif /* _TF_BUF_H_INCLUDED_ */
