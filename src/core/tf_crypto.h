
/*
 * Cryptography, all of it libsodium's: passwords (argon2id), random tokens and
 * their digests, request tokens (HMAC), and the two forms of a stored secret.
 *
 * nginx holds the worker's public key and can only seal.  The worker opens the
 * seal, checks for whom it was made and keeps an envelope
 *
 *     v1 . kid . nonce (24) . ciphertext . tag (16)      XChaCha20-Poly1305
 *     AAD = "cred" 0 version 0 kid 0 table 0 row uuid 0 field
 *
 * so that no ciphertext can be moved to another row, field or key.
 */


#ifndef _TF_CRYPTO_H_INCLUDED_
#define _TF_CRYPTO_H_INCLUDED_


#include "tf_buf.h"
#include "tf_error.h"


#define TF_KEY_LEN        32
#define TF_DIGEST_LEN     32        /* SHA-256 */
#define TF_TOKEN_LEN      43        /* 32 random bytes, base64url, no padding */
#define TF_PASSWORD_LEN   128       /* longest argon2id string with its NUL */
#define TF_KID_LEN        16        /* hex digits naming a key */
#define TF_RING_MAX       16


/* Must succeed once in a process before anything else here. */
tf_int_t tf_crypto_init(void) TF_MUST_CHECK;

void tf_random(void *buf, size_t len);
void tf_wipe(void *buf, size_t len);

/* 1 when the len bytes are equal; time depends on len only. */
int tf_secret_eq(const void *a, const void *b, size_t len);

void tf_sha256(unsigned char out[TF_DIGEST_LEN], const void *data, size_t len);

/* Writes 2 * len hex digits. */
void tf_hex(unsigned char *out, const void *data, size_t len);

/* Bytes as a text that PostgreSQL reads as bytea: TF_BYTEA_LEN(len) bytes go to
 * out, the last one NUL. */
#define TF_BYTEA_LEN(len)  (2 * (len) + 3)
void tf_bytea(unsigned char *out, const void *data, size_t len);

/* A fresh token: 256 random bits as TF_TOKEN_LEN characters. */
void tf_token(unsigned char out[TF_TOKEN_LEN]);


/*
 * argon2id, m = 64 MiB, t = 2, p = 1 (ASVS 5.0 11.4.2).  About 0.1 s and
 * 64 MiB: never in an event loop.  tf_password_check answers 1 or 0 and takes
 * the same time for hash = NULL, the unknown user; *rehash is set when the hash
 * is right but of other parameters.  bcrypt strings ("$2b$") are checked too.
 */
tf_int_t tf_password_hash(char out[TF_PASSWORD_LEN], tf_str_t password)
    TF_MUST_CHECK;
int tf_password_check(const char *hash, tf_str_t password, int *rehash);

/* The rules for a new password (S3, S4): 8 to 128 characters with an upper
 * case letter, a lower case letter and a digit, not among the most common ones,
 * not containing the user's name. */
tf_int_t tf_password_rules(tf_str_t password, tf_str_t username, tf_err_t *err)
    TF_MUST_CHECK;


/* A token that proves knowledge of key and is bound to binding (a session's
 * digest): base64url of nonce (16) and HMAC-SHA256 (32), TF_CSRF_LEN long. */

#define TF_CSRF_LEN  64

void tf_csrf_make(unsigned char out[TF_CSRF_LEN],
    const unsigned char key[TF_KEY_LEN], tf_str_t binding);
int tf_csrf_check(tf_str_t token, const unsigned char key[TF_KEY_LEN],
    tf_str_t binding);


/* Who a secret belongs to. */

typedef struct {
    tf_str_t         table;
    tf_str_t         uuid;
    tf_str_t         field;
} tf_secret_t;


/* The worker's keys, oldest first; the last one seals. */

typedef struct {
    unsigned         count;
    struct {
        char             kid[TF_KID_LEN + 1];
        unsigned char    key[TF_KEY_LEN];
    } key[TF_RING_MAX];
} tf_ring_t;


/* nginx: plaintext and its context to the worker's public key. */
tf_int_t tf_seal(const tf_mem_t *mem,
    const unsigned char public_key[TF_KEY_LEN], const tf_secret_t *of,
    tf_str_t plain, tf_str_t *out) TF_MUST_CHECK;

/* worker: the same back; TF_ERROR when it is damaged or made for another
 * row or field.  The caller wipes *plain. */
tf_int_t tf_unseal(const tf_mem_t *mem,
    const unsigned char public_key[TF_KEY_LEN],
    const unsigned char secret_key[TF_KEY_LEN], const tf_secret_t *of,
    tf_str_t sealed, tf_str_t *plain) TF_MUST_CHECK;

/* worker: the envelope that is kept.  CREDENTIAL_UNREADABLE in err tells a
 * missing key from a damaged envelope by its detail. */
tf_int_t tf_envelope_make(const tf_mem_t *mem, const tf_ring_t *ring,
    const tf_secret_t *of, tf_str_t plain, tf_str_t *out) TF_MUST_CHECK;
tf_int_t tf_envelope_open(const tf_mem_t *mem, const tf_ring_t *ring,
    const tf_secret_t *of, tf_str_t envelope, tf_str_t *plain, tf_err_t *err)
    TF_MUST_CHECK;


#endif /* _TF_CRYPTO_H_INCLUDED_ */
