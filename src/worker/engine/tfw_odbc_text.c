
/*
 * Texts of ODBC: UTF-16 at the drivers' side, UTF-8 at ours.  The functions of
 * drivers that take bytes depend on the process's locale; these do not.
 */


#include <stdlib.h>

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

        if (c < 0x80) {
            *d++ = (unsigned char) c;

        } else if (c < 0x800) {
            *d++ = (unsigned char) (0xc0 | c >> 6);
            *d++ = (unsigned char) (0x80 | (c & 0x3f));

        } else if (c < 0x10000) {
            *d++ = (unsigned char) (0xe0 | c >> 12);
            *d++ = (unsigned char) (0x80 | (c >> 6 & 0x3f));
            *d++ = (unsigned char) (0x80 | (c & 0x3f));

        } else {
            *d++ = (unsigned char) (0xf0 | c >> 18);
            *d++ = (unsigned char) (0x80 | (c >> 12 & 0x3f));
            *d++ = (unsigned char) (0x80 | (c >> 6 & 0x3f));
            *d++ = (unsigned char) (0x80 | (c & 0x3f));
        }
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
        c = in.data[i];
        len = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2
              : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;

        if (len == 0 || in.len - i < len) {
            free(out);
            return NULL;
        }

        c &= len == 1 ? 0x7f : 0xffu >> (len + 1);

        for (k = 1; k < len; k++) {
            if ((in.data[i + k] & 0xc0) != 0x80) {
                free(out);
                return NULL;
            }

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
