
#include "tf_auth.h"


static int tf_auth_base64url(tf_str_t s);
static void tf_auth_sum(unsigned char out[8], const unsigned char *p,
    size_t len);


int
tf_auth_token_ok(tf_str_t s)
{
    return s.len == TF_TOKEN_LEN && tf_auth_base64url(s);
}


int
tf_auth_name_ok(tf_str_t s)
{
    size_t         i;
    unsigned char  c;

    if (s.len < 3 || s.len > 20) {
        return 0;
    }

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
              || (c >= '0' && c <= '9') || c == '_'))
        {
            return 0;
        }
    }

    return 1;
}


void
tf_auth_bearer_make(unsigned char out[TF_BEARER_LEN])
{
    unsigned char  *p, id[TF_TOKEN_LEN];

    tf_token(id);

    memcpy(out, "tf_", 3);
    p = out + 3;

    memcpy(p, id, TF_BEARER_PREFIX_LEN);
    p += TF_BEARER_PREFIX_LEN;

    tf_token(p);
    p += TF_TOKEN_LEN;

    tf_auth_sum(p, out, p - out);
}


int
tf_auth_bearer_ok(tf_str_t s, tf_str_t *prefix)
{
    tf_str_t       body;
    unsigned char  sum[8];

    if (s.len != TF_BEARER_LEN || memcmp(s.data, "tf_", 3) != 0) {
        return 0;
    }

    body.data = s.data + 3;
    body.len = TF_BEARER_PREFIX_LEN + TF_TOKEN_LEN;

    if (!tf_auth_base64url(body)) {
        return 0;
    }

    tf_auth_sum(sum, s.data, TF_BEARER_LEN - 8);

    if (!tf_secret_eq(sum, s.data + TF_BEARER_LEN - 8, 8)) {
        return 0;
    }

    prefix->data = body.data;
    prefix->len = TF_BEARER_PREFIX_LEN;

    return 1;
}


static int
tf_auth_base64url(tf_str_t s)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
              || (c >= '0' && c <= '9') || c == '-' || c == '_'))
        {
            return 0;
        }
    }

    return 1;
}


/* The CRC-32 of zip and PNG (reflected 0x04c11db7) as 8 hex digits. */

static void
tf_auth_sum(unsigned char out[8], const unsigned char *p, size_t len)
{
    size_t         i;
    uint32_t       crc;
    unsigned       bit;
    unsigned char  be[4];

    crc = 0xffffffff;

    for (i = 0; i < len; i++) {
        crc ^= p[i];

        for (bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320 : 0);
        }
    }

    crc = ~crc;

    be[0] = (unsigned char) (crc >> 24);
    be[1] = (unsigned char) (crc >> 16);
    be[2] = (unsigned char) (crc >> 8);
    be[3] = (unsigned char) crc;

    tf_hex(out, be, sizeof(be));
}
