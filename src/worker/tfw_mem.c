
#include <stdlib.h>

#include "tf_mem.h"
#include "tfw_mem.h"


#define TFW_MEM_BLOCK  (16 * 1024)
#define TFW_MEM_ALIGN  16


struct tfw_mem_block_s {
    tfw_mem_block_t     *next;
    size_t               size;
    _Alignas(TFW_MEM_ALIGN) unsigned char  data[];
};


static void *tfw_mem_alloc(void *ctx, size_t size);
static tfw_mem_block_t *tfw_mem_block(tfw_mem_t *m, size_t size);


void
tfw_mem_init(tfw_mem_t *m, size_t limit)
{
    m->mem.alloc = tfw_mem_alloc;
    m->mem.ctx = m;
    m->blocks = NULL;
    m->left = 0;
    m->used = 0;
    m->limit = limit;
}


void
tfw_mem_clear(tfw_mem_t *m)
{
    tfw_mem_block_t  *b, *next;

    for (b = m->blocks; b != NULL; b = next) {
        next = b->next;
        explicit_bzero(b->data, b->size);
        free(b);
    }

    m->blocks = NULL;
    m->left = 0;
    m->used = 0;
}


char *
tfw_mem_text(const tf_mem_t *mem, tf_str_t s)
{
    tf_str_t  text;

    return tf_mem_copy(mem, s, &text) == TF_OK ? (char *) text.data : NULL;
}


static void *
tfw_mem_alloc(void *ctx, size_t size)
{
    tfw_mem_t        *m = ctx;
    tfw_mem_block_t  *b;

    if (size > m->limit) {
        return NULL;
    }

    size = (size + TFW_MEM_ALIGN - 1) & ~(size_t) (TFW_MEM_ALIGN - 1);

#ifndef TFW_DEBUG_ALLOC

    if (size <= m->left) {
        b = m->blocks;
        m->left -= size;
        return b->data + b->size - m->left - size;
    }

    /* a large object gets a block of its own behind the current one */

    if (size <= TFW_MEM_BLOCK / 4) {
        b = tfw_mem_block(m, TFW_MEM_BLOCK);
        if (b == NULL) {
            return NULL;
        }

        b->next = m->blocks;
        m->blocks = b;
        m->left = b->size - size;

        return b->data;
    }

#endif

    b = tfw_mem_block(m, size);
    if (b == NULL) {
        return NULL;
    }

    if (m->blocks != NULL) {
        b->next = m->blocks->next;
        m->blocks->next = b;

    } else {
        b->next = NULL;
        m->blocks = b;
    }

    return b->data;
}


static tfw_mem_block_t *
tfw_mem_block(tfw_mem_t *m, size_t size)
{
    tfw_mem_block_t  *b;

    if (m->used > m->limit || size > m->limit - m->used) {
        return NULL;
    }

    b = malloc(sizeof(tfw_mem_block_t) + size);

    if (b != NULL) {
        b->size = size;
        m->used += size;
    }

    return b;
}
