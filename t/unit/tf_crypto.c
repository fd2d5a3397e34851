
#include "../../src/core/tf_crypto.c"

#include "mem.h"
#include "tap.h"


static const tf_secret_t  owner = {
    tf_string("credentials"),
    tf_string("0123abcd-89ab-cdef-0123-456789abcdef"), tf_string("password")
};


static void
test_small(void)
{
    unsigned char  out[64], token[2][TF_TOKEN_LEN];
    tf_str_t       s;

    tf_sha256(out, "abc", 3);
    tf_hex(out + 32, out, 16);
    s.data = out + 32;
    s.len = 32;
    is_str(s, "ba7816bf8f01cfea414140de5dae2223", "SHA-256 and hex");

    tf_token(token[0]);
    tf_token(token[1]);
    ok(memcmp(token[0], token[1], TF_TOKEN_LEN) != 0, "two tokens differ");
    memcpy(out, token[0], TF_TOKEN_LEN);
    out[TF_TOKEN_LEN] = '\0';
    ok(strspn((char *) out,
              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
              "0123456789-_") == TF_TOKEN_LEN, "... and are base64url");

    ok(tf_secret_eq("abc", "abd", 2) && !tf_secret_eq("abc", "abd", 3)
       && tf_secret_eq("a", "b", 0), "secrets are compared");

    memcpy(out, "secret", 6);
    tf_wipe(out, 6);
    ok(memcmp(out, "\0\0\0\0\0\0", 6) == 0, "and wiped");
}


static void
test_passwords(void)
{
    int       rehash;
    char      hash[TF_PASSWORD_LEN], weak[crypto_pwhash_STRBYTES];
    char      cut[2][74], big[2000];
    tf_str_t  s;

    is_int(tf_password_hash(hash, tf_str("Correct horse 1")), TF_OK, "hash");
    ok(strncmp(hash, "$argon2id$v=19$m=65536,t=2,p=1$", 31) == 0,
       "has the parameters of S1");
    ok(strncmp(tf_password_nobody, "$argon2id$v=19$m=65536,t=2,p=1$", 31) == 0,
       "... and so has nobody's");

    ok(tf_password_check(hash, tf_str("Correct horse 1"), &rehash), "right");
    ok(!rehash, "... needs no other hash");
    ok(!tf_password_check(hash, tf_str("Correct horse 2"), &rehash), "wrong");
    ok(!tf_password_check(hash, tf_str(""), &rehash), "empty");
    ok(!tf_password_check(NULL, tf_str("Correct horse 1"), &rehash),
       "nobody has no password");
    ok(!tf_password_check("", tf_str("x"), &rehash), "an empty hash");
    ok(!tf_password_check("$argon2id$", tf_str("x"), &rehash), "half a hash");
    ok(!tf_password_check("plain", tf_str("plain"), &rehash), "no hash");

    s.data = (unsigned char *) "Correct horse 1\0x";
    s.len = 17;
    ok(!tf_password_check(hash, s, &rehash), "a NUL does not end a password");

    if (crypto_pwhash_str_alg(weak, "old", 3, 1, 8192,
                              crypto_pwhash_ALG_ARGON2ID13) == 0)
    {
        ok(tf_password_check(weak, tf_str("old"), &rehash) && rehash,
           "a weaker hash is right and made anew");
    }

    memset(cut, 'a', sizeof(cut));
    cut[0][72] = '\0';
    cut[1][73] = '\0';
    is_int(tf_password_hash(hash, tf_str(cut[0])), TF_OK, "72 bytes");
    ok(tf_password_check(hash, tf_str(cut[0]), &rehash)
       && !tf_password_check(hash, tf_str(cut[1]), &rehash),
       "72 and 73 bytes are different passwords");

    memset(big, 'a', sizeof(big));
    s.data = (unsigned char *) big;
    s.len = sizeof(big);
    is_int(tf_password_hash(hash, s), TF_ERROR, "2000 bytes are refused");
    ok(!tf_password_check(hash, s, &rehash), "... always");
}


static void
test_bcrypt(void)
{
    int          rehash;
    tf_str_t     s;

    /* the vectors of the crypt_blowfish distribution */

    static const struct {
        const char  *hash;
        const char  *password;
    } t[] = {
        { "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
          "U*U" },
        { "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
          "U*U*" },
        { "$2y$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", "" }
    };

    ok(tf_password_check(t[0].hash, tf_str(t[0].password), &rehash) && rehash,
       "$2b$ is checked and made anew");
    ok(tf_password_check(t[1].hash, tf_str(t[1].password), &rehash) && rehash,
       "... and $2a$");
    ok(tf_password_check(t[2].hash, tf_str(t[2].password), &rehash) && rehash,
       "... and $2y$");
    ok(!tf_password_check(t[0].hash, tf_str("U*u"), &rehash) && !rehash,
       "... and a wrong password seen");
    ok(!tf_password_check("$2b$05$CCCC", tf_str("U*U"), &rehash),
       "a short one is wrong");
    ok(!tf_password_check("$2b$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4"
                          "YMJKvyOeW", tf_str("U*U"), &rehash),
       "an impossible cost is wrong");
    s.data = (unsigned char *) "U*U\0";
    s.len = 4;
    ok(!tf_password_check(t[0].hash, s, &rehash), "a NUL is wrong");
}


static const struct {
    const char  *password;
    const char  *user;
    tf_code_e    code;
} rules[] = {
    { "Mackerel7x", "tom", TF_E_NONE },
    { "Aa3\xe6\xb3\xb0\xe6\x91\xb8\xe9\xb1\xbc\xe5\x90\xa7\xe5\xa5\xbd",
      "tom", TF_E_NONE },
    { "Aa3\xe6\xb3\xb0\xe6\x91\xb8\xe9\xb1\xbc\xe5\x90\xa7", "tom",
      TF_E_PASSWORD_INVALID },
    { "Short7x", "tom", TF_E_PASSWORD_INVALID },
    { "mackerel7x", "tom", TF_E_PASSWORD_INVALID },
    { "MACKEREL7X", "tom", TF_E_PASSWORD_INVALID },
    { "Mackerelxx", "tom", TF_E_PASSWORD_INVALID },
    { "Mackerel7\xff", "tom", TF_E_PASSWORD_INVALID },
    { "", "tom", TF_E_PASSWORD_INVALID },
    { "xxToMxx77", "tom", TF_E_PASSWORD_INVALID },
    { "Mackerel7x", "Mackerel7x", TF_E_PASSWORD_INVALID },
    { "Mackerel7x", "ma", TF_E_NONE },
    { "Mackerel7x", "", TF_E_NONE },
    { "Password1", "tom", TF_E_PASSWORD_COMMON },
    { "pAsSwOrD123", "tom", TF_E_PASSWORD_COMMON },
    { "P@ssw0rd", "tom", TF_E_PASSWORD_COMMON },
    { "1Qaz2wsx", "tom", TF_E_PASSWORD_COMMON },
    { "Admin@123", "tom", TF_E_PASSWORD_COMMON },
    { "Woaini1314", "tom", TF_E_PASSWORD_COMMON },
    { "Password1\nAdmin123", "tom", TF_E_NONE }
};


/* Each entry with this ending, spelled so that nothing but the list refuses
 * it. */

static void
common_passwords(const char *list, size_t len, const char *ending)
{
    char         pw[160];
    size_t       i, n, bad;
    tf_err_t     err;
    unsigned     upper;
    const char  *p, *end;

    p = list + 1;
    end = list + len;

    for (n = 0, bad = 0; p < end; p += i + 1, n++) {
        i = (const char *) memchr(p, '\n', end - p) - p;
        snprintf(pw, sizeof(pw), "%.*s%s", (int) i, p, ending);

        if (strlen(pw) < 8) {
            continue;                   /* refused for its length */
        }

        for (upper = 0; pw[upper] < 'a' || pw[upper] > 'z'; upper++) { }

        pw[upper] &= 0xdf;

        memset(&err, 0, sizeof(err));

        if (tf_password_rules(tf_str(pw), tf_str(""), &err) == TF_OK
            || err.code != TF_E_PASSWORD_COMMON)
        {
            printf("# %s: %s\n", pw, err.detail);
            bad++;
        }
    }

    is_int(bad, 0, "each of %zu common passwords with \"%s\"", n, ending);
    ok(n > 90, "of a list that is there");
}


static void
test_rules(void)
{
    char         pw[300];
    size_t       i;
    tf_err_t     err;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        err.code = TF_E_NONE;
        (void) (tf_password_rules(tf_str(rules[i].password),
                                  tf_str(rules[i].user), &err) == TF_OK);
        is_int(err.code, rules[i].code, "password %zu: %s", i,
               tf_errors[rules[i].code].code);
    }

    memset(pw, 'x', sizeof(pw));
    memcpy(pw, "Aa3", 3);
    pw[128] = '\0';
    is_int(tf_password_rules(tf_str(pw), tf_str("tom"), &err), TF_OK,
           "128 characters");
    pw[128] = 'x';
    pw[129] = '\0';
    is_int(tf_password_rules(tf_str(pw), tf_str("tom"), &err), TF_ERROR,
           "129 are too many");

    common_passwords(tf_password_list, tf_password_list_len, "");
    common_passwords(tf_password_words, tf_password_words_len, "12345");
    common_passwords(tf_password_words, tf_password_words_len, "@2026");
    common_passwords(tf_password_words, tf_password_words_len, "#123456");
    common_passwords(tf_password_words, tf_password_words_len, "1999!");

    is_int(tf_password_rules(tf_str("Password124357"), tf_str(""), &err),
           TF_OK, "digits that are no usual ending");
    is_int(tf_password_rules(tf_str("Xpassword2026"), tf_str(""), &err),
           TF_OK, "a word that is not in the list");
}


static void
test_csrf(void)
{
    int            bit, good;
    tf_str_t       token;
    unsigned char  key[TF_KEY_LEN], other[TF_KEY_LEN], one[TF_CSRF_LEN];
    unsigned char  two[TF_CSRF_LEN];

    memset(key, 1, sizeof(key));
    memset(other, 2, sizeof(other));

    tf_csrf_make(one, key, tf_str("session"));
    tf_csrf_make(two, key, tf_str("session"));
    token.data = one;
    token.len = TF_CSRF_LEN;

    ok(tf_csrf_check(token, key, tf_str("session")), "a token is right");
    ok(memcmp(one, two, TF_CSRF_LEN) != 0, "... and another one differs");
    ok(!tf_csrf_check(token, key, tf_str("sessioo")), "... not elsewhere");
    ok(!tf_csrf_check(token, other, tf_str("session")), "... by this key");

    for (bit = 0, good = 0; bit < 8 * TF_CSRF_LEN; bit++) {
        one[bit / 8] ^= 1 << bit % 8;
        good += tf_csrf_check(token, key, tf_str("session"));
        one[bit / 8] ^= 1 << bit % 8;
    }

    is_int(good, 0, "every flipped bit is seen");

    for (token.len = 0, good = 0; token.len < TF_CSRF_LEN; token.len++) {
        good += tf_csrf_check(token, key, tf_str("session"));
    }

    is_int(good, 0, "a shorter one is wrong");
    ok(!tf_csrf_check((tf_str_t) tf_null_string, key, tf_str("session")),
       "none is wrong");
}


static void
test_seal(void)
{
    size_t         i, good;
    tf_str_t       sealed, plain;
    tf_secret_t    other;
    unsigned char  pk[TF_KEY_LEN], sk[TF_KEY_LEN], pk2[TF_KEY_LEN];
    unsigned char  sk2[TF_KEY_LEN];

    (void) crypto_box_keypair(pk, sk);
    (void) crypto_box_keypair(pk2, sk2);

    is_int(tf_seal(&mem, pk, &owner, tf_str("s3cret"), &sealed), TF_OK,
           "seal");
    is_int(tf_unseal(&mem, pk, sk, &owner, sealed, &plain), TF_OK, "unseal");
    is_str(plain, "s3cret", "... gives the same");
    is_int(tf_unseal(&mem, pk2, sk2, &owner, sealed, &plain), TF_ERROR,
           "not with another key");

    for (i = 0, good = 0; i < 8 * sealed.len; i++) {
        sealed.data[i / 8] ^= 1 << i % 8;
        good += tf_unseal(&mem, pk, sk, &owner, sealed, &plain) == TF_OK;
        sealed.data[i / 8] ^= 1 << i % 8;
    }

    is_int(good, 0, "every flipped bit is seen");

    for (i = sealed.len, good = 0; i-- > 0; /* void */ ) {
        plain = sealed;
        plain.len = i;
        good += tf_unseal(&mem, pk, sk, &owner, plain, &plain) == TF_OK;
    }

    is_int(good, 0, "every cut is seen");

    other = owner;
    other.field = tf_str("passwore");
    is_int(tf_unseal(&mem, pk, sk, &other, sealed, &plain), TF_ERROR,
           "made for another field");
    other.field = tf_str("passwor");
    is_int(tf_unseal(&mem, pk, sk, &other, sealed, &plain), TF_ERROR,
           "... a shorter one");
    other = owner;
    other.uuid = tf_str("0123abcd-89ab-cdef-0123-456789abcdee");
    is_int(tf_unseal(&mem, pk, sk, &other, sealed, &plain), TF_ERROR,
           "... another row");
    other = owner;
    other.table = tf_str("credential");
    is_int(tf_unseal(&mem, pk, sk, &other, sealed, &plain), TF_ERROR,
           "... another table");

    other.table.data = (unsigned char *) "a\0b";
    other.table.len = 3;
    is_int(tf_seal(&mem, pk, &other, tf_str("x"), &sealed), TF_ERROR,
           "an owner with a NUL is none");
    other.table.len = 0;
    is_int(tf_seal(&mem, pk, &other, tf_str("x"), &sealed), TF_ERROR,
           "... nor one without a table");

    is_int(tf_seal(&mem, pk, &owner, tf_str(""), &sealed), TF_OK, "nothing");
    is_int(tf_unseal(&mem, pk, sk, &owner, sealed, &plain), TF_OK, "... back");
    is_str(plain, "", "... is nothing");
    mem_reset(0);
}


static void
test_envelope_swap(void)
{
    tf_err_t     err;
    tf_ring_t    ring;
    tf_str_t     envelope, plain;
    tf_secret_t  other;

    memset(&ring, 0, sizeof(ring));
    ring.count = 2;
    memcpy(ring.key[0].kid, "0000000000000001", 17);
    memcpy(ring.key[1].kid, "0000000000000002", 17);
    tf_random(ring.key[0].key, TF_KEY_LEN);
    tf_random(ring.key[1].key, TF_KEY_LEN);

    is_int(tf_envelope_make(&mem, &ring, &owner, tf_str("s3cret"), &envelope),
           TF_OK, "an envelope");

    memcpy(envelope.data + 2, "0000000000000001", 16);
    is_int(tf_envelope_open(&mem, &ring, &owner, envelope, &plain, &err),
           TF_ERROR, "another key's name");
    memcpy(envelope.data + 2, "0000000000000002", 16);

    other = owner;
    other.uuid = tf_str("0123abcd-89ab-cdef-0123-456789abcdee");
    is_int(tf_envelope_open(&mem, &ring, &other, envelope, &plain, &err),
           TF_ERROR, "another row");
    other = owner;
    other.field = tf_str("token");
    is_int(tf_envelope_open(&mem, &ring, &other, envelope, &plain, &err),
           TF_ERROR, "another field");
    ok(strstr(err.detail, "ring") == NULL, "... is not a missing key");
    other = owner;
    other.table = tf_str("credentials2");
    is_int(tf_envelope_open(&mem, &ring, &other, envelope, &plain, &err),
           TF_ERROR, "another table");
    mem_reset(0);
}


static void
test_envelope(void)
{
    size_t       i, good;
    tf_err_t     err;
    tf_ring_t    ring, old;
    tf_str_t     envelope, second, plain;

    memset(&ring, 0, sizeof(ring));
    ring.count = 2;
    memcpy(ring.key[0].kid, "0000000000000001", 17);
    memcpy(ring.key[1].kid, "0000000000000002", 17);
    tf_random(ring.key[0].key, TF_KEY_LEN);
    tf_random(ring.key[1].key, TF_KEY_LEN);
    old = ring;
    old.count = 1;

    is_int(tf_envelope_make(&mem, &ring, &owner, tf_str("s3cret"), &envelope),
           TF_OK, "an envelope is made");
    is_int(envelope.len, 2 + 16 + 24 + 6 + 16, "... of the length of S15");
    ok(memcmp(envelope.data, "v10000000000000002", 18) == 0,
       "... by the newest key");
    is_int(tf_envelope_open(&mem, &ring, &owner, envelope, &plain, &err),
           TF_OK, "... and opened");
    is_str(plain, "s3cret", "... with the same inside");

    is_int(tf_envelope_make(&mem, &old, &owner, tf_str("older"), &second),
           TF_OK, "one of the older key");
    is_int(tf_envelope_open(&mem, &ring, &owner, second, &plain, &err), TF_OK,
           "... is opened by the ring too");
    is_str(plain, "older", "... right");

    is_int(tf_envelope_open(&mem, &old, &owner, envelope, &plain, &err),
           TF_ERROR, "an unknown key");
    ok(err.code == TF_E_CREDENTIAL_UNREADABLE && strstr(err.detail, "ring"),
       "... is called that");

    for (i = 0, good = 0; i < 8 * envelope.len; i++) {
        envelope.data[i / 8] ^= 1 << i % 8;
        good += tf_envelope_open(&mem, &ring, &owner, envelope, &plain, &err)
                == TF_OK || err.code != TF_E_CREDENTIAL_UNREADABLE;
        envelope.data[i / 8] ^= 1 << i % 8;
    }

    is_int(good, 0, "every flipped bit is seen");

    for (i = envelope.len, good = 0; i-- > 0; /* void */ ) {
        second = envelope;
        second.len = i;
        good += tf_envelope_open(&mem, &ring, &owner, second, &plain, &err)
                == TF_OK;
    }

    is_int(good, 0, "every cut is seen");

    ring.count = 0;
    is_int(tf_envelope_make(&mem, &ring, &owner, tf_str("x"), &envelope),
           TF_ERROR, "without a key none is made");
    mem_reset(0);
}


static void
test_memory(void)
{
    int            bad;
    tf_err_t       err;
    tf_ring_t      ring;
    tf_str_t       sealed, envelope, out, keep[2];
    unsigned       n;
    unsigned char  pk[TF_KEY_LEN], sk[TF_KEY_LEN], bytes[2][400];

    (void) crypto_box_keypair(pk, sk);
    memset(&ring, 0, sizeof(ring));
    ring.count = 1;
    memcpy(ring.key[0].kid, "0000000000000001", 17);

    if (tf_seal(&mem, pk, &owner, tf_str("x"), &sealed) != TF_OK
        || tf_envelope_make(&mem, &ring, &owner, tf_str("x"), &envelope)
           != TF_OK)
    {
        ok(0, "seal");
        return;
    }

    keep[0].data = memcpy(bytes[0], sealed.data, sealed.len);
    keep[0].len = sealed.len;
    keep[1].data = memcpy(bytes[1], envelope.data, envelope.len);
    keep[1].len = envelope.len;

    for (n = 1, bad = 0; n <= 2; n++) {
        mem_reset(n);
        bad += tf_seal(&mem, pk, &owner, tf_str("x"), &out) == TF_OK;
        mem_reset(n);
        bad += tf_unseal(&mem, pk, sk, &owner, keep[0], &out) == TF_OK;
        mem_reset(n);
        bad += tf_envelope_make(&mem, &ring, &owner, tf_str("x"), &out)
               == TF_OK;
        mem_reset(n);
        bad += tf_envelope_open(&mem, &ring, &owner, keep[1], &out, &err)
               == TF_OK || err.code != TF_E_INTERNAL_ERROR;
    }

    is_int(bad, 0, "each allocation may fail");
    mem_reset(0);
}


int
main(void)
{
    is_int(tf_crypto_init(), TF_OK, "init");

    test_small();
    test_passwords();
    test_bcrypt();
    test_rules();
    test_csrf();
    test_seal();
    test_envelope();
    test_envelope_swap();
    test_memory();

    return tap_done();
}
