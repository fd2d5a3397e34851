
#include "tf_mem.h"


#define TF_MEM_FIRST  32            /* items */


tf_int_t
tf_mem_copy(const tf_mem_t *mem, tf_str_t in, tf_str_t *out)
{
    unsigned char  *data;

    data = tf_alloc(mem, in.len + 1);
    if (data == NULL) {
        return TF_ERROR;
    }

    if (in.len) {
        memcpy(data, in.data, in.len);
    }

    data[in.len] = '\0';

    out->data = data;
    out->len = in.len;

    return TF_OK;
}


tf_int_t
tf_mem_grow(const tf_mem_t *mem, void *list, size_t item, size_t n,
    size_t *size)
{
    void    *old, *new;
    size_t   more;

    if (n < *size) {
        return TF_OK;
    }

    more = *size ? *size * 2 : TF_MEM_FIRST;

    new = tf_alloc(mem, more * item);
    if (new == NULL) {
        return TF_ERROR;
    }

    if (n) {
        memcpy(&old, list, sizeof(void *));
        memcpy(new, old, n * item);
    }

    memcpy(list, &new, sizeof(void *));
    *size = more;

    return TF_OK;
}
