
/*
 * Regions for C tests: every block is a malloc of its own, so that the address
 * sanitizer sees each overrun, and the n-th allocation can be made to fail.
 */


#ifndef _MEM_H_INCLUDED_
#define _MEM_H_INCLUDED_


#include <stdlib.h>

#include "tf_types.h"


typedef struct mem_block_s  mem_block_t;

struct mem_block_s {
    mem_block_t     *next;
    max_align_t      data[];
};


static mem_block_t  *mem_blocks;
static unsigned      mem_count;     /* of allocations since mem_reset() */
static unsigned      mem_fail;      /* the one that fails; 0: none */


static void *
mem_alloc(void *ctx, size_t size)
{
    mem_block_t  *block;

    (void) ctx;

    if (++mem_count == mem_fail || size > SIZE_MAX / 2) {
        return NULL;
    }

    block = malloc(sizeof(mem_block_t) + size);
    if (block == NULL) {
        return NULL;
    }

    /* regions are not zeroed */

    memset(block->data, 0xa5, size);

    block->next = mem_blocks;
    mem_blocks = block;

    return block->data;
}


static const tf_mem_t  mem = { mem_alloc, NULL };


/* Frees all of the region; the fail-th allocation after it fails. */

__attribute__((unused))
static void
mem_reset(unsigned fail)
{
    mem_block_t  *block;

    while ((block = mem_blocks) != NULL) {
        mem_blocks = block->next;
        free(block);
    }

    mem_count = 0;
    mem_fail = fail;
}


#endif /* _MEM_H_INCLUDED_ */
