
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <string.h>
#include <crypt.h>
#include <sodium.h>

#include "tf_crypto.h"
#include "tf_password_list.h"
#include "tf_utf8.h"


#define TF_PASSWORD_OPS     2
#define TF_PASSWORD_MEM     (64 * 1024 * 1024)
#define TF_PASSWORD_BYTES   1024

#define TF_CSRF_NONCE       16

#define TF_VERSION          "v1"
#define TF_VERSION_LEN      2
#define TF_NONCE_LEN        crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TF_TAG_LEN          crypto_aead_xchacha20poly1305_ietf_ABYTES
#define TF_ENVELOPE_HEAD    (TF_VERSION_LEN + TF_KID_LEN + TF_NONCE_LEN)


static int tf_bcrypt_check(const char *hash, tf_str_t password);
static int tf_password_has(tf_str_t password, tf_str_t word);
static int tf_password_common(tf_str_t password);
static size_t tf_password_word(const unsigned char *p, size_t len);
static int tf_password_sign(unsigned char c);
static unsigned char tf_lower(unsigned char c);
static void tf_csrf_mac(unsigned char *mac, const unsigned char *nonce,
    const unsigned char *key, tf_str_t binding);
static tf_int_t tf_secret_context(const tf_mem_t *mem, const tf_secret_t *of,
    const char *head, size_t len, tf_str_t *out);


/* What an unknown user's password is compared with: the hash of 32 random
 * bytes that nobody kept.  Its parameters are those above. */

static const char  tf_password_nobody[TF_PASSWORD_LEN] =
    "$argon2id$v=19$m=65536,t=2,p=1$"
    "qLwG2CmZCCSUwGoHbBBsPA$lvutFRRRud3DU27M9XHVDZgUbB7Pkt7XmHKPuzkm6R8";


tf_int_t
tf_crypto_init(void)
{
    return sodium_init() < 0 ? TF_ERROR : TF_OK;
}


void
tf_random(void *buf, size_t len)
{
    randombytes_buf(buf, len);
}


void
tf_wipe(void *buf, size_t len)
{
    sodium_memzero(buf, len);
}


int
tf_secret_eq(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}


void
tf_sha256(unsigned char out[TF_DIGEST_LEN], const void *data, size_t len)
{
    (void) crypto_hash_sha256(out, data, len);
}


void
tf_hex(unsigned char *out, const void *data, size_t len)
{
    size_t                i;
    const unsigned char  *p;
    static const char     hex[] = "0123456789abcdef";

    p = data;

    for (i = 0; i < len; i++) {
        *out++ = hex[p[i] >> 4];
        *out++ = hex[p[i] & 15];
    }
}


void
tf_bytea(unsigned char *out, const void *data, size_t len)
{
    memcpy(out, "\\x", 2);
    tf_hex(out + 2, data, len);
    out[TF_BYTEA_LEN(len) - 1] = '\0';
}


void
tf_token(unsigned char out[TF_TOKEN_LEN])
{
    char           text[TF_TOKEN_LEN + 1];
    unsigned char  bits[32];

    randombytes_buf(bits, sizeof(bits));
    (void) sodium_bin2base64(text, sizeof(text), bits, sizeof(bits),
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);

    memcpy(out, text, TF_TOKEN_LEN);

    sodium_memzero(bits, sizeof(bits));
    sodium_memzero(text, sizeof(text));
}


tf_int_t
tf_password_hash(char out[TF_PASSWORD_LEN], tf_str_t password)
{
    if (password.len > TF_PASSWORD_BYTES) {
        return TF_ERROR;
    }

    return crypto_pwhash_str_alg(out, (const char *) password.data,
                                 password.len, TF_PASSWORD_OPS,
                                 TF_PASSWORD_MEM,
                                 crypto_pwhash_ALG_ARGON2ID13)
           == 0 ? TF_OK : TF_ERROR;
}


int
tf_password_check(const char *hash, tf_str_t password, int *rehash)
{
    int          known, right;
    char         copy[TF_PASSWORD_LEN];
    const char  *text;

    *rehash = 0;

    if (password.len > TF_PASSWORD_BYTES) {
        return 0;
    }

    text = (const char *) password.data;

    if (hash && hash[0] == '$' && hash[1] == '2') {
        right = tf_bcrypt_check(hash, password);
        *rehash = right;
        return right;
    }

    known = hash && strncmp(hash, "$argon2id$", 10) == 0
            && strlen(hash) < TF_PASSWORD_LEN;

    memcpy(copy, tf_password_nobody, TF_PASSWORD_LEN);

    if (known) {
        memset(copy, 0, TF_PASSWORD_LEN);
        memcpy(copy, hash, strlen(hash));
    }

    right = crypto_pwhash_str_verify(copy, text, password.len) == 0;

    if (!known || !right) {
        return 0;
    }

    *rehash = crypto_pwhash_str_needs_rehash(copy, TF_PASSWORD_OPS,
                                             TF_PASSWORD_MEM)
              != 0;

    return 1;
}


/* bcrypt sees a C string, and 72 bytes of it at most; that is how such a hash
 * was made. */

static int
tf_bcrypt_check(const char *hash, tf_str_t password)
{
    int                right;
    char               text[TF_PASSWORD_BYTES + 1];
    const char        *out;
    struct crypt_data  data;

    if (strlen(hash) != 60
        || (password.len && memchr(password.data, '\0', password.len)))
    {
        return 0;
    }

    if (password.len) {
        memcpy(text, password.data, password.len);
    }

    text[password.len] = '\0';

    memset(&data, 0, sizeof(data));

    out = crypt_r(text, hash, &data);
    right = out && strlen(out) == 60 && sodium_memcmp(out, hash, 60) == 0;

    sodium_memzero(text, sizeof(text));
    sodium_memzero(&data, sizeof(data));

    return right;
}


tf_int_t
tf_password_rules(tf_str_t password, tf_str_t username, tf_err_t *err)
{
    size_t    i;
    int64_t   chars;
    unsigned  upper, lower, digit;

    chars = password.len <= TF_PASSWORD_BYTES ? tf_utf8_count(password) : 129;

    if (chars < 0) {
        return tf_fail(err, TF_E_PASSWORD_INVALID, "password",
                       "has to be UTF-8 text");
    }

    if (chars < 8 || chars > 128) {
        return tf_fail(err, TF_E_PASSWORD_INVALID, "password",
                       "has to have 8 to 128 characters");
    }

    upper = 0;
    lower = 0;
    digit = 0;

    for (i = 0; i < password.len; i++) {
        upper |= password.data[i] >= 'A' && password.data[i] <= 'Z';
        lower |= password.data[i] >= 'a' && password.data[i] <= 'z';
        digit |= password.data[i] >= '0' && password.data[i] <= '9';
    }

    if (!upper || !lower || !digit) {
        return tf_fail(err, TF_E_PASSWORD_INVALID, "password",
                       "needs an upper case letter, a lower case letter and"
                       " a digit");
    }

    /* names of one or two letters are in every other password */

    if (username.len > 2 && tf_password_has(password, username)) {
        return tf_fail(err, TF_E_PASSWORD_INVALID, "password",
                       "may not contain the user name");
    }

    if (tf_password_common(password)) {
        return tf_fail(err, TF_E_PASSWORD_COMMON, "password",
                       "is one of the most common passwords");
    }

    return TF_OK;
}


static int
tf_password_has(tf_str_t password, tf_str_t word)
{
    size_t  at, i;

    for (at = 0; at + word.len <= password.len; at++) {

        for (i = 0; i < word.len; i++) {
            if (tf_lower(password.data[at + i]) != tf_lower(word.data[i])) {
                break;
            }
        }

        if (i == word.len) {
            return 1;
        }
    }

    return 0;
}


static int
tf_password_common(tf_str_t password)
{
    int            found;
    size_t         i, len;
    unsigned char  line[TF_PASSWORD_BYTES + 2];

    line[0] = '\n';

    for (i = 0; i < password.len; i++) {
        line[i + 1] = tf_lower(password.data[i]);

        if (line[i + 1] == '\n') {
            return 0;
        }
    }

    line[i + 1] = '\n';

    found = memmem(tf_password_list, tf_password_list_len, line,
                   password.len + 2)
            != NULL;

    len = tf_password_word(line + 1, password.len);

    if (len && !found) {
        line[len + 1] = '\n';

        found = memmem(tf_password_words, tf_password_words_len, line, len + 2)
                != NULL;
    }

    sodium_memzero(line, sizeof(line));

    return found;
}


/* The length of what stands before a usual ending, 0 when it has none: a sign
 * or not, digits that count up from 1, "01" or a year, a sign or not. */

static size_t
tf_password_word(const unsigned char *p, size_t len)
{
    size_t  n;

    len -= (len && tf_password_sign(p[len - 1]));

    for (n = 0; n < len && p[len - n - 1] >= '0' && p[len - n - 1] <= '9'; n++)
    {
        /* void */
    }

    len -= n;

    p += len;

    if (n == 0
        || !((n <= 6 && tf_secret_eq(p, "123456", n))
             || (n == 2 && tf_secret_eq(p, "01", 2))
             || (n == 4 && (tf_secret_eq(p, "19", 2)
                            || tf_secret_eq(p, "20", 2)))))
    {
        return 0;
    }

    return len - (len && tf_password_sign(p[-1]));
}


static int
tf_password_sign(unsigned char c)
{
    return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9')
           && !(c >= 'a' && c <= 'z');
}


static unsigned char
tf_lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}


void
tf_csrf_make(unsigned char out[TF_CSRF_LEN],
    const unsigned char key[TF_KEY_LEN], tf_str_t binding)
{
    char           text[TF_CSRF_LEN + 1];
    unsigned char  token[TF_CSRF_NONCE + crypto_auth_hmacsha256_BYTES];

    randombytes_buf(token, TF_CSRF_NONCE);
    tf_csrf_mac(token + TF_CSRF_NONCE, token, key, binding);

    (void) sodium_bin2base64(text, sizeof(text), token, sizeof(token),
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);

    memcpy(out, text, TF_CSRF_LEN);
}


int
tf_csrf_check(tf_str_t token, const unsigned char key[TF_KEY_LEN],
    tf_str_t binding)
{
    char           text[TF_CSRF_LEN + 1];
    size_t         len;
    unsigned char  mac[crypto_auth_hmacsha256_BYTES];
    unsigned char  bin[TF_CSRF_NONCE + crypto_auth_hmacsha256_BYTES];

    if (token.len != TF_CSRF_LEN
        || sodium_base642bin(bin, sizeof(bin), (const char *) token.data,
                             token.len, NULL, &len, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING)
           != 0
        || len != sizeof(bin))
    {
        return 0;
    }

    /* the decoder takes some bytes above 0x7f for letters */

    (void) sodium_bin2base64(text, sizeof(text), bin, sizeof(bin),
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);

    if (memcmp(text, token.data, TF_CSRF_LEN) != 0) {
        return 0;
    }

    tf_csrf_mac(mac, bin, key, binding);

    return sodium_memcmp(mac, bin + TF_CSRF_NONCE, sizeof(mac)) == 0;
}


static void
tf_csrf_mac(unsigned char *mac, const unsigned char *nonce,
    const unsigned char *key, tf_str_t binding)
{
    crypto_auth_hmacsha256_state  state;

    (void) crypto_auth_hmacsha256_init(&state, key, TF_KEY_LEN);
    (void) crypto_auth_hmacsha256_update(&state, nonce, TF_CSRF_NONCE);
    (void) crypto_auth_hmacsha256_update(&state, binding.data, binding.len);
    (void) crypto_auth_hmacsha256_final(&state, mac);

    sodium_memzero(&state, sizeof(state));
}


/* head, then table, 0, uuid, 0, field.  No part may hold a NUL, so that
 * different owners never have equal bytes. */

static tf_int_t
tf_secret_context(const tf_mem_t *mem, const tf_secret_t *of, const char *head,
    size_t len, tf_str_t *out)
{
    size_t           i;
    tf_buf_t         b;
    const tf_str_t  *part[3] = { &of->table, &of->uuid, &of->field };

    tf_buf_init(&b, mem, len + of->table.len + of->uuid.len + of->field.len + 2,
                SIZE_MAX / 4);

    tf_buf_add(&b, head, len);

    for (i = 0; i < 3; i++) {
        if (part[i]->len == 0 || memchr(part[i]->data, '\0', part[i]->len)) {
            return TF_ERROR;
        }

        if (i) {
            tf_buf_char(&b, '\0');
        }

        tf_buf_str(&b, *part[i]);
    }

    return tf_buf_done(&b, out);
}


/* What is sealed: the owner, NUL, the plaintext. */

tf_int_t
tf_seal(const tf_mem_t *mem, const unsigned char public_key[TF_KEY_LEN],
    const tf_secret_t *of, tf_str_t plain, tf_str_t *out)
{
    int             rc;
    size_t          len;
    tf_str_t        context;
    unsigned char  *open, *sealed;

    if (tf_secret_context(mem, of, "", 0, &context) != TF_OK) {
        return TF_ERROR;
    }

    len = context.len + 1 + plain.len;
    open = tf_alloc(mem, len);
    sealed = tf_alloc(mem, len + crypto_box_SEALBYTES);

    if (open == NULL || sealed == NULL) {
        return TF_ERROR;
    }

    memcpy(open, context.data, context.len);
    open[context.len] = '\0';

    if (plain.len) {
        memcpy(open + context.len + 1, plain.data, plain.len);
    }

    rc = crypto_box_seal(sealed, open, len, public_key);
    sodium_memzero(open, len);

    if (rc != 0) {
        return TF_ERROR;
    }

    out->data = sealed;
    out->len = len + crypto_box_SEALBYTES;

    return TF_OK;
}


tf_int_t
tf_unseal(const tf_mem_t *mem, const unsigned char public_key[TF_KEY_LEN],
    const unsigned char secret_key[TF_KEY_LEN], const tf_secret_t *of,
    tf_str_t sealed, tf_str_t *plain)
{
    size_t          len;
    tf_str_t        context;
    unsigned char  *open;

    if (sealed.len < crypto_box_SEALBYTES
        || tf_secret_context(mem, of, "", 0, &context) != TF_OK)
    {
        return TF_ERROR;
    }

    len = sealed.len - crypto_box_SEALBYTES;

    /* one byte more: the plaintext has a NUL after it */

    open = tf_alloc(mem, len + 1);
    if (open == NULL) {
        return TF_ERROR;
    }

    if (crypto_box_seal_open(open, sealed.data, sealed.len, public_key,
                             secret_key)
        != 0)
    {
        return TF_ERROR;
    }

    open[len] = '\0';

    if (len <= context.len || open[context.len] != '\0'
        || sodium_memcmp(open, context.data, context.len) != 0)
    {
        sodium_memzero(open, len);
        return TF_ERROR;
    }

    plain->data = open + context.len + 1;
    plain->len = len - context.len - 1;

    return TF_OK;
}


tf_int_t
tf_envelope_make(const tf_mem_t *mem, const tf_ring_t *ring,
    const tf_secret_t *of, tf_str_t plain, tf_str_t *out)
{
    char                 head[5 + TF_VERSION_LEN + 1 + TF_KID_LEN + 1];
    tf_str_t             aad;
    const char          *kid;
    unsigned char       *p;
    unsigned long long   len;

    if (ring->count == 0 || ring->count > TF_RING_MAX) {
        return TF_ERROR;
    }

    kid = ring->key[ring->count - 1].kid;

    memcpy(head, "cred\0" TF_VERSION, 5 + TF_VERSION_LEN + 1);
    memcpy(head + 5 + TF_VERSION_LEN + 1, kid, TF_KID_LEN);
    head[sizeof(head) - 1] = '\0';

    if (strlen(kid) != TF_KID_LEN
        || tf_secret_context(mem, of, head, sizeof(head), &aad) != TF_OK)
    {
        return TF_ERROR;
    }

    p = tf_alloc(mem, TF_ENVELOPE_HEAD + plain.len + TF_TAG_LEN);
    if (p == NULL) {
        return TF_ERROR;
    }

    memcpy(p, TF_VERSION, TF_VERSION_LEN);
    memcpy(p + TF_VERSION_LEN, kid, TF_KID_LEN);
    randombytes_buf(p + TF_VERSION_LEN + TF_KID_LEN, TF_NONCE_LEN);

    (void) crypto_aead_xchacha20poly1305_ietf_encrypt(
               p + TF_ENVELOPE_HEAD, &len, plain.data, plain.len,
               aad.data, aad.len, NULL, p + TF_VERSION_LEN + TF_KID_LEN,
               ring->key[ring->count - 1].key);

    out->data = p;
    out->len = TF_ENVELOPE_HEAD + len;

    return TF_OK;
}


tf_int_t
tf_envelope_open(const tf_mem_t *mem, const tf_ring_t *ring,
    const tf_secret_t *of, tf_str_t envelope, tf_str_t *plain, tf_err_t *err)
{
    char                 head[5 + TF_VERSION_LEN + 1 + TF_KID_LEN + 1];
    size_t               size;
    tf_str_t             aad;
    unsigned             i;
    unsigned char       *kid, *text;
    unsigned long long   len;

    if (envelope.len < TF_ENVELOPE_HEAD + TF_TAG_LEN
        || memcmp(envelope.data, TF_VERSION, TF_VERSION_LEN) != 0)
    {
        return tf_fail(err, TF_E_CREDENTIAL_UNREADABLE, NULL,
                       "the envelope is damaged or of another version");
    }

    kid = envelope.data + TF_VERSION_LEN;

    for (i = 0; i < ring->count; i++) {
        if (memcmp(ring->key[i].kid, kid, TF_KID_LEN) == 0) {
            break;
        }
    }

    if (i == ring->count) {
        return tf_fail(err, TF_E_CREDENTIAL_UNREADABLE, NULL,
                       "the key of the envelope is not in the ring");
    }

    memcpy(head, "cred\0" TF_VERSION, 5 + TF_VERSION_LEN + 1);
    memcpy(head + 5 + TF_VERSION_LEN + 1, kid, TF_KID_LEN);
    head[sizeof(head) - 1] = '\0';

    size = envelope.len - TF_ENVELOPE_HEAD;
    text = tf_alloc(mem, size);

    if (text == NULL
        || tf_secret_context(mem, of, head, sizeof(head), &aad) != TF_OK)
    {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL,
                       "out of memory, or the owner has no name");
    }

    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            text, &len, NULL, envelope.data + TF_ENVELOPE_HEAD, size,
            aad.data, aad.len, envelope.data + TF_VERSION_LEN + TF_KID_LEN,
            ring->key[i].key)
        != 0)
    {
        return tf_fail(err, TF_E_CREDENTIAL_UNREADABLE, NULL,
                       "the envelope is damaged or belongs to another"
                       " row or field");
    }

    /* the tag was longer than a NUL */

    text[len] = '\0';

    plain->data = text;
    plain->len = len;

    return TF_OK;
}
