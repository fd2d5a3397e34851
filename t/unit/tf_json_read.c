
#include "../../src/core/tf_json_read.c"

#include "mem.h"
#include "tap.h"


static const tf_json_limits_t  limits = { 16, 2000 };


static tf_json_t *
parse(const char *text, size_t len, tf_err_t *err)
{
    tf_str_t    s;
    tf_json_t  *v;

    /* a block of its own size, so that reading past it is seen */

    s.data = tf_alloc(&mem, len);
    memcpy(s.data, text, len);
    s.len = len;
    v = NULL;
    err->code = TF_E_NONE;

    return tf_json_parse(&mem, s, &limits, &v, err) == TF_OK ? v : NULL;
}


static void
test_good(void)
{
    size_t      i;
    tf_buf_t    b;
    tf_err_t    err;
    tf_str_t    out;
    tf_json_t  *v;
    static const struct {
        const char  *in;
        const char  *out;
    } t[] = {
        { "null", "null" },
        { " true ", "true" },
        { "false\n", "false" },
        { "0", "0" },
        { "-0", "-0" },
        { "1e999", "1e999" },
        { "-1.5E-7", "-1.5E-7" },
        { "9223372036854775807", "9223372036854775807" },
        { "99999999999999999999999999", "99999999999999999999999999" },
        { "\"\"", "\"\"" },
        { "\"a\\u0041\\n\\/\"", "\"aA\\n/\"" },
        { "\"\\ud83d\\udc1f\"", "\"\xf0\x9f\x90\x9f\"" },
        { "\"\\uD83D\\uDC1F\"", "\"\xf0\x9f\x90\x9f\"" },
        { "\"\\ud800\\udc00\\udbff\\udfff\"",
          "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"" },
        { "\"\\\\ud800\"", "\"\\\\ud800\"" },
        { "\"\\u6cf0\xe6\x91\xb8\"", "\"\xe6\xb3\xb0\xe6\x91\xb8\"" },
        { "\"\\u0000\"", "\"\\u0000\"" },
        { "[]", "[]" },
        { "{}", "{}" },
        { "[1,[2,[3,{}]],\"x\"]", "[1,[2,[3,{}]],\"x\"]" },
        { "{ \"a\" : 1 , \"b\" : [ true , null ] , \"\" : { \"a\" : 2 } }",
          "{\"a\":1,\"b\":[true,null],\"\":{\"a\":2}}" },
        { "{\"a\":1,\"A\":2,\"a \":3}", "{\"a\":1,\"A\":2,\"a \":3}" },
        { "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
          "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]" }
    };

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        v = parse(t[i].in, strlen(t[i].in), &err);

        if (!ok(v != NULL, "%s is JSON", t[i].in)) {
            printf("# %s\n", err.detail);
            continue;
        }

        tf_buf_init(&b, &mem, 8, 10000);
        tf_json_write(&b, v);

        if (tf_buf_done(&b, &out) == TF_OK) {
            is_str(out, t[i].out, "... and is written back");
        }
    }

    mem_reset(0);
}


static void
test_bad(void)
{
    size_t      i;
    tf_err_t    err;
    static const char *const  t[] = {
        "", " ", "\n", "nul", "nulll", "truefalse", "tru", "TRUE", "1 2",
        "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "NaN", "Infinity",
        "\"", "\"abc", "\"\\\"", "\"\\x41\"", "\"\\u12\"", "\"\\u12g4\"",
        "\"\\u\"", "\"\\\"", "\"a\nb\"", "\"a\tb\"", "'a'", "[", "]", "[1",
        "[1,", "[1,]", "[,1]", "[1 2]", "{", "}", "{]", "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\":1 \"b\":2}", "{,}",
        "[1]]", "{}{}", "{} x", "// c\n1", "/* c */ 1", "[1] // c",
        "\xef\xbb\xbf{}", "\"\xff\"", "\"\xc0\x80\"", "\"\xe0\x80\x80\"",
        "\"\xed\xa0\x80\"", "\"\xed\xa0\xbd\xed\xb0\x9f\"",
        "\"\xf4\x90\x80\x80\"", "\"\xf8\x88\x80\x80\x80\"", "\"\xe6\xb3\"",
        "\"\xc3\"", "\xff", "{\"\xff\":1}",
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800x\"", "\"\\ud800\\n\"",
        "\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"", "\"\\udc00\\ud800\"",
        "\"\\ud83d\\udc1\"", "{\"\\ud800\":1}", "\"\\ud800", "\"\\ud800\\u",
        "\\", "\\u", "\\ud800", "\"\\",
        "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"\":1,\"\":1}",
        "[{\"x\":{\"b\":1,\"c\":2,\"b\":3}}]",
        "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",
        "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}"
    };

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        ok(parse(t[i], strlen(t[i]), &err) == NULL
           && err.code == TF_E_INVALID_REQUEST && err.detail[0],
           "text %zu is refused: %s", i, err.detail);
    }

    ok(parse("\"a\0b\"", 5, &err) == NULL, "a NUL in a string");
    ok(parse("1\0", 2, &err) == NULL, "a NUL after the document");
    ok(parse("\0", 1, &err) == NULL, "a NUL alone");

    mem_reset(0);
}


/* n times text, between head and tail */

static tf_json_t *
bomb(const char *head, const char *text, int n, const char *tail,
    tf_err_t *err)
{
    int        i;
    tf_buf_t   b;
    tf_str_t   s;
    tf_json_t  *v;

    tf_buf_init(&b, &mem, 1024, 100000000);
    tf_buf_lit(&b, head);

    for (i = 0; i < n; i++) {
        tf_buf_lit(&b, text);
    }

    tf_buf_lit(&b, tail);

    v = NULL;

    return tf_buf_done(&b, &s) == TF_OK
           && tf_json_parse(&mem, s, &limits, &v, err) == TF_OK ? v : NULL;
}


static void
test_limits(void)
{
    int         i;
    char        name[32];
    tf_buf_t    b;
    tf_err_t    err;
    tf_str_t    s;
    tf_json_t  *v;

    ok(bomb("", "[", 1000000, "", &err) == NULL, "a depth bomb of arrays");
    ok(bomb("", "{\"a\":", 1000000, "", &err) == NULL, "... of objects");
    ok(bomb("[", "0,", 1998, "0]", &err) != NULL, "2000 values pass");
    ok(bomb("[", "0,", 1999, "0]", &err) == NULL, "2001 do not");
    ok(bomb("[", "0,", 2000000, "0]", &err) == NULL, "nor two million");
    ok(bomb("\"", "a", 5000000, "\"", &err) != NULL, "a long string passes");
    ok(bomb("\"", "\\u0041", 100000, "\"", &err) != NULL, "... of escapes");
    mem_reset(0);

    for (i = 0; i < 3; i++) {
        int  n, j;

        n = i == 2 ? 16 : 1500;
        tf_buf_init(&b, &mem, 1024, 1000000);
        tf_buf_char(&b, '{');

        for (j = 0; j < n; j++) {
            snprintf(name, sizeof(name), "%s\"name%d\":%d", j ? "," : "",
                     i == 1 && j == n - 1 ? 0 : j, j);
            tf_buf_lit(&b, name);
        }

        tf_buf_char(&b, '}');
        v = NULL;

        if (tf_buf_done(&b, &s) != TF_OK) {
            ok(0, "a buffer");
            continue;
        }

        (void) (tf_json_parse(&mem, s, &limits, &v, &err) == TF_OK);

        if (i == 1) {
            ok(v == NULL, "a name twice among many is found");

        } else {
            ok(v != NULL && (int) v->count == n, "%d different names pass", n);
        }

        if (i == 0 && v) {
            ok(tf_json_get(v, "name1499")
               && tf_str_eq(tf_json_get(v, "name1499")->str, "1499"),
               "... and the last is found");
        }
    }

    mem_reset(0);
}


static void
test_get(void)
{
    tf_err_t     err;
    tf_json_t   *v;
    const char  *s;

    s = "{\"a\":{\"b\":[1,2]},\"c\":\"x\",\"n\\u0000\":1}";
    v = parse(s, strlen(s), &err);

    if (!ok(v != NULL, "a document")) {
        return;
    }

    ok(v->count == 3 && v->type == TF_JSON_OBJECT, "has three members");
    ok(tf_json_get(tf_json_get(v, "a"), "b")->count == 2, "nested");
    is_str(tf_json_get(v, "c")->str, "x", "a string");
    ok(tf_json_get(v, "c")->str.data[1] == '\0', "... with a NUL after it");
    ok(tf_json_get(v, "n") == NULL, "a name with a NUL is another name");
    ok(tf_json_get(v, "z") == NULL, "no such member");
    ok(tf_json_get(tf_json_get(v, "z"), "y") == NULL, "of nothing nothing");
    ok(tf_json_get(tf_json_get(v, "c"), "y") == NULL, "of a string nothing");
    mem_reset(0);
}


static void
test_memory(void)
{
    int         failed;
    tf_err_t    err;
    tf_str_t    s;
    unsigned    n, total;
    tf_json_t  *v;

    s = tf_str("{\"a\\n\":[1,2.5,\"x\\u0041\",{\"b\":null}],\"c\":true,\"d\":"
               "1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,"
               "\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,\"q\":1,\"r\":1}");

    for (n = 0, failed = 0, total = 1; n <= total; n++) {
        mem_reset(n);
        err.code = 0;

        if (tf_json_parse(&mem, s, &limits, &v, &err) == TF_OK) {
            total = n ? total : mem_count;

        } else {
            failed += err.code == TF_E_INTERNAL_ERROR;
        }
    }

    is_int(failed, total, "each of %u allocations may fail", total);
    mem_reset(0);
}


int
main(void)
{
    test_good();
    test_bad();
    test_limits();
    test_get();
    test_memory();

    return tap_done();
}
