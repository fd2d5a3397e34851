
#include "tap.h"

#include "../../src/feature/auth/tf_auth.c"


static void
test_names(void)
{
    ok(tf_auth_name_ok(tf_str("abc")), "three characters");
    ok(tf_auth_name_ok(tf_str("Admin_0123456789_abc")), "twenty");
    ok(!tf_auth_name_ok(tf_str("ab")), "two");
    ok(!tf_auth_name_ok(tf_str("Admin_0123456789_abcd")), "twenty-one");
    ok(!tf_auth_name_ok(tf_str("a b")), "a space");
    ok(!tf_auth_name_ok(tf_str("password/1")), "a slash");
    ok(!tf_auth_name_ok(tf_str("\xe6\xb3\xb0\xe9\xb1\xbc")), "not ASCII");
}


static void
test_tokens(void)
{
    tf_str_t       s;
    unsigned char  token[TF_TOKEN_LEN];

    tf_token(token);
    s.data = token;
    s.len = TF_TOKEN_LEN;
    ok(tf_auth_token_ok(s), "a fresh token");

    s.len--;
    ok(!tf_auth_token_ok(s), "too short");

    s.len++;
    token[7] = '"';
    ok(!tf_auth_token_ok(s), "a bad character");
}


static void
test_bearers(void)
{
    size_t         i;
    unsigned       wrong;
    tf_str_t       s, prefix;
    unsigned char  token[TF_BEARER_LEN], other[TF_BEARER_LEN];

    static const unsigned char  text[] = "123456789";

    /* the check value that lists of checksums give for CRC-32 */

    tf_auth_sum(token, text, 9);
    ok(memcmp(token, "cbf43926", 8) == 0, "CRC-32 of 123456789");

    tf_auth_bearer_make(token);
    tf_auth_bearer_make(other);
    ok(memcmp(token, other, TF_BEARER_LEN) != 0, "two differ");

    s.data = token;
    s.len = TF_BEARER_LEN;
    ok(tf_auth_bearer_ok(s, &prefix), "a fresh one");
    ok(prefix.data == token + 3 && prefix.len == TF_BEARER_PREFIX_LEN,
       "its prefix");

    for (i = 0, wrong = 0; i < TF_BEARER_LEN; i++) {
        token[i] ^= 1;
        wrong += tf_auth_bearer_ok(s, &prefix);
        token[i] ^= 1;
    }

    ok(wrong == 0, "one with any bit of a character changed");

    s.len--;
    ok(!tf_auth_bearer_ok(s, &prefix), "too short");

    s.len = 0;
    ok(!tf_auth_bearer_ok(s, &prefix), "nothing");
}


int
main(void)
{
    if (tf_crypto_init() != TF_OK) {
        return 1;
    }

    test_names();
    test_tokens();
    test_bearers();

    return tap_done();
}
