
/*
 * What every fuzz target needs: a region whose blocks the address sanitizer
 * guards one by one, and the size of its input bounded.
 */


#ifndef _FUZZ_H_INCLUDED_
#define _FUZZ_H_INCLUDED_


#include "mem.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* A copy of the bytes from data[at] to the next newline, in a block of their
 * own; at moves behind it. */

__attribute__((unused))
static tf_str_t
fuzz_line(const uint8_t *data, size_t size, size_t *at)
{
    size_t    len;
    tf_str_t  s;

    for (len = 0; *at + len < size && data[*at + len] != '\n'; len++) { }

    s.len = len;
    s.data = tf_alloc(&mem, len);

    if (len) {
        memcpy(s.data, data + *at, len);
    }

    *at += len + (*at + len < size);

    return s;
}


/* What must never be false. */

#define FUZZ_CHECK(x)  do { if (!(x)) { __builtin_trap(); } } while (0)


#endif /* _FUZZ_H_INCLUDED_ */
