
#include "../../src/core/tf_json_write.c"

#include "mem.h"
#include "tap.h"


static tf_str_t
json_string(const char *text, size_t len)
{
    tf_buf_t  b;
    tf_str_t  s, out;

    s.data = (unsigned char *) text;
    s.len = len;

    tf_buf_init(&b, &mem, 8, 100000);
    tf_json_string(&b, s);

    if (tf_buf_done(&b, &out) != TF_OK) {
        out.data = NULL;
    }

    return out;
}


static void
test_strings(void)
{
    int       i, bad;
    char      all[256];
    size_t    j;
    tf_str_t  out;
    static const struct {
        const char  *in;
        const char  *out;
    } t[] = {
        { "", "\"\"" },
        { "plain", "\"plain\"" },
        { "a\"b\\c/d", "\"a\\\"b\\\\c/d\"" },
        { "\n\r\t\b\x01\x1f", "\"\\n\\r\\t\\u0008\\u0001\\u001f\"" },
        { "\x7f", "\"\\u007f\"" },
        { "</script>", "\"\\u003c/script>\"" },
        { "\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\"" },
        { "\xe2\x80\xa7\xe2\x80\xaa", "\"\xe2\x80\xa7\xe2\x80\xaa\"" },
        { "\xe6\xb3\xb0\xe6\x91\xb8\xe9\xb1\xbc",
          "\"\xe6\xb3\xb0\xe6\x91\xb8\xe9\xb1\xbc\"" },
        { "\xf0\x9f\x90\x9f", "\"\xf0\x9f\x90\x9f\"" },
        { "\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\"" },
        { "\xff", "\"\xef\xbf\xbd\"" },
        { "a\x80z", "\"a\xef\xbf\xbdz\"" },
        { "\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xc1\xbf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xe0\x80\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xf4\x90\x80\x80",
          "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xf0\x8f\xbf\xbf",
          "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xe6\xb3", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xf0\x9f\x90", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xc3", "\"\xef\xbf\xbd\"" },
        { "\xc3\"", "\"\xef\xbf\xbd\\\"\"" },
        { "12345678\"12345678\\1234567812345678",
          "\"12345678\\\"12345678\\\\1234567812345678\"" }
    };

    for (j = 0; j < sizeof(t) / sizeof(t[0]); j++) {
        is_str(json_string(t[j].in, strlen(t[j].in)), t[j].out,
               "string %zu", j);
    }

    is_str(json_string("a\0b", 3), "\"a\\u0000b\"", "a NUL");

    /* every byte at every place of a word */

    for (i = 0, bad = 0; i < 256; i++) {
        for (j = 0; j < 20; j++) {
            memset(all, 'x', 20);
            all[j] = i;
            out = json_string(all, 20);

            if (out.data == NULL || tf_utf8_count(out) < 0
                || out.data[0] != '"' || out.data[out.len - 1] != '"'
                || out.len < 22)
            {
                bad++;
            }
        }
    }

    is_int(bad, 0, "every byte at every place leaves valid UTF-8");
    mem_reset(0);
}


static void
test_limit(void)
{
    tf_buf_t  b;
    tf_str_t  out;

    tf_buf_init(&b, &mem, 8, 7);
    tf_json_string(&b, tf_str("12345"));
    is_int(tf_buf_done(&b, &out), TF_OK, "a string may fill the limit");

    tf_buf_init(&b, &mem, 8, 6);
    tf_json_string(&b, tf_str("12345"));
    is_int(tf_buf_done(&b, &out), TF_ERROR, "but not pass it");

    tf_buf_init(&b, &mem, 8, 11);
    tf_json_string(&b, tf_str("<\"\n"));
    is_int(tf_buf_done(&b, &out), TF_ERROR, "nor with escapes");

    tf_buf_init(&b, &mem, 8, 12);
    tf_json_string(&b, tf_str("<\"\n"));
    is_int(tf_buf_done(&b, &out), TF_OK, "which may fill it too");
    is_str(out, "\"\\u003c\\\"\\n\"", "... whole");
    mem_reset(0);
}


static void
test_members(void)
{
    tf_buf_t   b;
    tf_str_t   none = tf_null_string, out;

    tf_buf_init(&b, &mem, 8, 1000);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "a", tf_str("{"));
    tf_json_member(&b, "b\"", none);
    tf_json_key(&b, "c");
    tf_buf_char(&b, '[');
    tf_buf_char(&b, '{');
    tf_json_key(&b, "d");
    tf_buf_int(&b, 1);
    tf_json_key(&b, "e");
    tf_buf_char(&b, '{');
    tf_json_member(&b, "f", tf_str(""));
    tf_buf_lit(&b, "}}]}");

    is_int(tf_buf_done(&b, &out), TF_OK, "members are written");
    is_str(out, "{\"a\":\"{\",\"b\\\"\":null,\"c\":[{\"d\":1,\"e\":"
           "{\"f\":\"\"}}]}", "... with their commas");

    tf_buf_init(&b, &mem, 8, 1000);
    tf_json_key(&b, "x");
    is_int(tf_buf_done(&b, &out), TF_OK, "a key may come first");
    is_str(out, "\"x\":", "... without a comma");
    mem_reset(0);
}


static void
test_memory(void)
{
    int        failed;
    tf_buf_t   b;
    tf_str_t   out;
    unsigned   n, total;

    for (n = 0, failed = 0, total = 1; n <= total; n++) {
        mem_reset(n);
        tf_buf_init(&b, &mem, 1, 100000);
        tf_json_member(&b, "\xff\xff\xff", tf_str("<<<<<<<<<<<<<<<<<<<<<<<"));

        if (n == 0) {
            total = mem_count;

        } else {
            failed += tf_buf_done(&b, &out) == TF_ERROR;
        }
    }

    is_int(failed, total, "every failed allocation is an error");
    mem_reset(0);
}


int
main(void)
{
    test_strings();
    test_limit();
    test_members();
    test_memory();

    return tap_done();
}
