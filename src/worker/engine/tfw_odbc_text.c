
/*
 * Texts of ODBC: UTF-16 at the drivers' side, UTF-8 at ours.  The functions of
 * drivers that take bytes depend on the process's locale; these do not.
 */


#include <stdlib.h>

#include "tf_utf8.h"
#include "tfw_odbc.h"


size_t
tfw_odbc_utf8(unsigned char *to, const SQLWCHAR *from, size_t n)
{
    size_t          i;
    uint32_t        c;
    unsigned char  *d = to;

    for (i = 0; i < n; i++) {
        c = from[i];

        if (c >= 0xd800 && c < 0xdc00 && i + 1 < n
            && from[i + 1] >= 0xdc00 && from[i + 1] < 0xe000)
        {
            c = 0x10000 + ((c - 0xd800) << 10) + (from[++i] - 0xdc00u);
        }

        d += tf_utf8_put(d, c);
    }

    return (size_t) (d - to);
}


SQLWCHAR *
tfw_odbc_utf16(tf_str_t in, size_t *n)
{
    size_t           len, i, k;
    uint32_t         c;
    SQLWCHAR        *out, *d;

    out = malloc((in.len + 1) * sizeof(SQLWCHAR));
    if (out == NULL) {
        return NULL;
    }

    for (i = 0, d = out; i < in.len; i += len) {
        len = tf_utf8_len(in.data + i, in.data + in.len);

        if (len == 0) {
            free(out);
            return NULL;
        }

        c = in.data[i] & (len == 1 ? 0x7f : 0xffu >> (len + 1));

        for (k = 1; k < len; k++) {
            c = c << 6 | (in.data[i + k] & 0x3f);
        }

        if (c < 0x10000) {
            *d++ = (SQLWCHAR) c;

        } else {
            c -= 0x10000;
            *d++ = (SQLWCHAR) (0xd800 + (c >> 10));
            *d++ = (SQLWCHAR) (0xdc00 + (c & 0x3ff));
        }
    }

    *d = 0;
    *n = (size_t) (d - out);

    return out;
}
