
/*
 * What engines share: versions, numbers and names as servers write them.
 */


#include <stdio.h>
#include <unistd.h>

#include "tf_number.h"
#include "tf_utf8.h"
#include "tfw_engine.h"


/* A few of them may be added. */
#define TFW_ENGINE_INT_MAX  999999999999999999




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
    if (text.data == NULL) {
        *n = -1;
        return TF_OK;
    }

    return tf_number(text, TFW_ENGINE_INT_MAX, n);
}


tf_int_t
tfw_engine_text(const tf_mem_t *mem, tf_str_t in, tf_str_t *out)
{
    size_t                n;
    unsigned char        *d;
    const unsigned char  *p, *end = in.data + in.len;
    static const char     hex[] = "0123456789ABCDEF";

    *out = in;

    /* PostgreSQL stores no NUL */

    for (p = in.data; p < end; p += n) {
        n = *p ? tf_utf8_len(p, end) : 0;
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
        n = *p ? tf_utf8_len(p, end) : 0;

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
