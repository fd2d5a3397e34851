
#include "tf_buf.h"


void
tf_buf_init(tf_buf_t *b, const tf_mem_t *mem, size_t size, size_t max)
{
    b->start = NULL;
    b->last = NULL;
    b->end = NULL;
    b->size = size < max ? size : max;
    b->max = max;
    b->mem = mem;
    b->failed = 0;
}


unsigned char *
tf_buf_reserve(tf_buf_t *b, size_t n)
{
    size_t          used, size;
    unsigned char  *p;

    if (b->failed) {
        return NULL;
    }

    if (b->start != NULL && (size_t) (b->end - b->last) >= n) {
        return b->last;
    }

    used = b->start ? (size_t) (b->last - b->start) : 0;

    if (n > b->max || used > b->max - n) {
        b->failed = 1;
        return NULL;
    }

    /* the first block has the size asked for, each later one doubles */

    size = b->start ? 2 * b->size : b->size;

    if (size < used + n) {
        size = used + n;
    }

    if (size > b->max) {
        size = b->max;
    }

    p = tf_alloc(b->mem, size);
    if (p == NULL) {
        b->failed = 1;
        return NULL;
    }

    if (used) {
        memcpy(p, b->start, used);
    }

    b->start = p;
    b->last = p + used;
    b->end = p + size;
    b->size = size;

    return b->last;
}


void
tf_buf_add(tf_buf_t *b, const void *data, size_t len)
{
    unsigned char  *p;

    if (len == 0) {
        return;
    }

    p = tf_buf_reserve(b, len);

    if (p != NULL) {
        memcpy(p, data, len);
        b->last = p + len;
    }
}


void
tf_buf_str(tf_buf_t *b, tf_str_t s)
{
    tf_buf_add(b, s.data, s.len);
}


void
tf_buf_lit(tf_buf_t *b, const char *s)
{
    tf_buf_add(b, s, strlen(s));
}


void
tf_buf_char(tf_buf_t *b, unsigned char c)
{
    tf_buf_add(b, &c, 1);
}


void
tf_buf_int(tf_buf_t *b, int64_t n)
{
    uint64_t        u;
    unsigned char   digits[21], *p;

    p = digits + sizeof(digits);
    u = n < 0 ? 0 - (uint64_t) n : (uint64_t) n;

    do {
        *--p = '0' + u % 10;
        u /= 10;
    } while (u);

    if (n < 0) {
        *--p = '-';
    }

    tf_buf_add(b, p, digits + sizeof(digits) - p);
}


tf_int_t
tf_buf_done(tf_buf_t *b, tf_str_t *out)
{
    if (b->failed) {
        return TF_ERROR;
    }

    out->data = b->start;
    out->len = b->start ? (size_t) (b->last - b->start) : 0;

    return TF_OK;
}
