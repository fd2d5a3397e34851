
/*
 * What engines share: versions, numbers and names as servers write them.
 */


#include <stdio.h>
#include <unistd.h>

#include "tfw_engine.h"


static size_t tfw_engine_char(const unsigned char *p, const unsigned char *end);


void
tfw_engine_version(tf_str_t text, tfw_version_t *version)
{
    int          dots = 0;
    size_t       i, n = 0;
    const char  *p;

    memset(version, 0, sizeof(tfw_version_t));

    /* a server may call itself anything; a version is plain text */

    for (i = 0; i < text.len && i < sizeof(version->text) - 1; i++) {
        version->text[i] = text.data[i] < 0x20 || text.data[i] > 0x7e
                           ? '?' : (char) text.data[i];
    }

    /* what MariaDB puts before its version for old replicas */
    p = strncmp(version->text, "5.5.5-", 6) == 0 ? version->text + 6
                                                 : version->text;

    p += strcspn(p, "0123456789");

    while ((*p >= '0' && *p <= '9')
           || (*p == '.' && p[1] >= '0' && p[1] <= '9'))
    {
        dots += *p == '.';

        if (n < sizeof(version->detailed) - 1) {
            version->detailed[n] = *p;
        }

        if (dots < 2 && n < sizeof(version->main) - 1) {
            version->main[n] = *p;
        }

        n++;
        p++;
    }
}


const char *
tfw_engine_system_ca(void)
{
    size_t                    i;
    static const char *const  files[] = {
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/cert.pem"
    };

    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (access(files[i], R_OK) == 0) {
            return files[i];
        }
    }

    return files[0];
}


tf_int_t
tfw_engine_int(tf_str_t text, int64_t *n)
{
    size_t  i;

    *n = -1;

    if (text.data == NULL) {
        return TF_OK;
    }

    if (text.len == 0 || text.len > 18) {
        return TF_DECLINED;
    }

    for (*n = 0, i = 0; i < text.len; i++) {

        if (text.data[i] < '0' || text.data[i] > '9') {
            return TF_DECLINED;
        }

        *n = *n * 10 + (text.data[i] - '0');
    }

    return TF_OK;
}


tf_int_t
tfw_engine_text(const tf_mem_t *mem, tf_str_t in, tf_str_t *out)
{
    size_t                n;
    unsigned char        *d;
    const unsigned char  *p, *end = in.data + in.len;
    static const char     hex[] = "0123456789ABCDEF";

    *out = in;

    for (p = in.data; p < end; p += n) {
        n = tfw_engine_char(p, end);
        if (n == 0) {
            break;
        }
    }

    if (p == end) {
        return TF_OK;
    }

    d = tf_alloc(mem, in.len * 4);
    if (d == NULL) {
        return TF_ERROR;
    }

    out->data = d;

    for (p = in.data; p < end; p += n) {
        n = tfw_engine_char(p, end);

        if (n) {
            memcpy(d, p, n);
            d += n;

        } else {
            *d++ = '\\';
            *d++ = 'x';
            *d++ = (unsigned char) hex[*p >> 4];
            *d++ = (unsigned char) hex[*p & 15];
            n = 1;
        }
    }

    out->len = (size_t) (d - out->data);

    return TF_OK;
}


/* The length of the UTF-8 character at p; 0 when there is none that
 * PostgreSQL could store (no NUL, no surrogate, nothing past U+10FFFF). */

static size_t
tfw_engine_char(const unsigned char *p, const unsigned char *end)
{
    size_t    i, n;
    uint32_t  c;

    if (*p < 0x80) {
        return *p != 0;
    }

    if (*p >= 0xc2 && *p < 0xe0) {
        n = 2;
        c = *p & 0x1f;

    } else if (*p >= 0xe0 && *p < 0xf0) {
        n = 3;
        c = *p & 0x0f;

    } else if (*p >= 0xf0 && *p < 0xf5) {
        n = 4;
        c = *p & 0x07;

    } else {
        return 0;
    }

    if ((size_t) (end - p) < n) {
        return 0;
    }

    for (i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }

        c = c << 6 | (p[i] & 0x3f);
    }

    if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000)
        || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
    {
        return 0;
    }

    return n;
}
