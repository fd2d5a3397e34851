
/*
 * Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above
 * U+10FFFF.
 */


#ifndef _TF_UTF8_H_INCLUDED_
#define _TF_UTF8_H_INCLUDED_


#include "tf_types.h"


/* Bytes of the character at p (1 to 4), 0 when there is no valid one before
 * end. */
static inline unsigned
tf_utf8_len(const unsigned char *p, const unsigned char *end)
{
    unsigned  c, low, high;

    if (p == end) {
        return 0;
    }

    c = p[0];

    if (c < 0x80) {
        return 1;
    }

    if (c < 0xc2 || c > 0xf4) {
        return 0;
    }

    if (c < 0xe0) {
        return end - p >= 2 && (p[1] & 0xc0) == 0x80 ? 2 : 0;
    }

    low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;

    if (end - p < (c < 0xf0 ? 3 : 4)
        || p[1] < low || p[1] > high
        || (p[2] & 0xc0) != 0x80
        || (c >= 0xf0 && (p[3] & 0xc0) != 0x80))
    {
        return 0;
    }

    return c < 0xf0 ? 3 : 4;
}


/* Writes the character c, which is no surrogate and at most U+10FFFF; the bytes
 * it takes. */
static inline unsigned
tf_utf8_put(unsigned char *p, uint32_t c)
{
    unsigned  i, len;

    len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (i = len - 1; i > 0; i--) {
        p[i] = (unsigned char) (0x80 | (c & 0x3f));
        c >>= 6;
    }

    p[0] = (unsigned char) (len == 1 ? c : 0xf00u >> len | c);

    return len;
}


/* The number of characters, or -1 when s is not UTF-8. */
static inline int64_t
tf_utf8_count(tf_str_t s)
{
    int64_t               n;
    unsigned              len;
    const unsigned char  *p, *end;

    n = 0;
    p = s.data;
    end = s.data + s.len;

    for ( /* void */ ; p != end; p += len) {
        len = tf_utf8_len(p, end);
        if (len == 0) {
            return -1;
        }

        n++;
    }

    return n;
}


#endif /* _TF_UTF8_H_INCLUDED_ */
