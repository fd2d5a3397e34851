
/*
 * Memory of one job or one command: an arena behind tf_mem_t.
 *
 * Blocks are wiped before they go back, for a job's rows may hold names that
 * nobody else should find.  Built with -DTFW_DEBUG_ALLOC every object is a
 * malloc() of its own, so that sanitizers see each overrun.
 */


#ifndef _TFW_MEM_H_INCLUDED_
#define _TFW_MEM_H_INCLUDED_


#include "tf_types.h"


typedef struct tfw_mem_block_s  tfw_mem_block_t;

typedef struct {
    tf_mem_t             mem;
    tfw_mem_block_t     *blocks;
    size_t               left;      /* free bytes at the end of blocks */
    size_t               used;      /* bytes taken from the system */
    size_t               limit;     /* the most it may take */
} tfw_mem_t;


/* m is the caller's; &m->mem is what core code wants. */
void tfw_mem_init(tfw_mem_t *m, size_t limit);

/* Gives everything back; m may be used again. */
void tfw_mem_clear(tfw_mem_t *m);

/* A NUL terminated copy; NULL when memory is out. */
char *tfw_mem_text(const tf_mem_t *mem, tf_str_t s);


#endif /* _TFW_MEM_H_INCLUDED_ */
