
/* Bytes from outside as an envelope, a sealed box, a request token and a
 * password: none but what the keys made is taken. */

#include "tf_crypto.h"

#include "fuzz.h"


static void fuzz_envelope(tf_str_t s);


static const tf_secret_t  owner = {
    tf_string("credentials"), tf_string("0123abcd"), tf_string("password")
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tf_err_t       err;
    tf_str_t       s, plain;
    unsigned char  key[TF_KEY_LEN];

    mem_reset(0);
    FUZZ_CHECK(tf_crypto_init() == TF_OK);

    s.data = tf_alloc(&mem, size);
    s.len = size;
    memcpy(s.data, data, size);

    memset(key, 7, sizeof(key));

    FUZZ_CHECK(!tf_csrf_check(s, key, tf_str("session")));
    FUZZ_CHECK(tf_unseal(&mem, key, key, &owner, s, &plain) == TF_ERROR);
    (void) (tf_password_rules(s, tf_str("fish"), &err) == TF_OK);

    fuzz_envelope(s);
    mem_reset(0);

    return 0;
}


/* The bytes as they are, and as damage done to an envelope of ours. */

static void
fuzz_envelope(tf_str_t s)
{
    size_t     i;
    int        changed;
    tf_err_t   err;
    tf_str_t   envelope, plain;
    tf_ring_t  ring;

    memset(&ring, 0, sizeof(ring));
    ring.count = 1;
    memcpy(ring.key[0].kid, "0000000000000001", 17);

    FUZZ_CHECK(tf_envelope_open(&mem, &ring, &owner, s, &plain, &err)
               == TF_ERROR);
    FUZZ_CHECK(err.code == TF_E_CREDENTIAL_UNREADABLE);

    FUZZ_CHECK(tf_envelope_make(&mem, &ring, &owner, tf_str("secret"),
                                &envelope) == TF_OK);

    for (i = 0, changed = 0; i < s.len && i < envelope.len; i++) {
        envelope.data[i] ^= s.data[i];
        changed |= s.data[i];
    }

    FUZZ_CHECK((tf_envelope_open(&mem, &ring, &owner, envelope, &plain, &err)
                == TF_OK) == !changed);
}
