
#include "../../src/core/tf_buf.c"

#include "mem.h"
#include "tap.h"


static void
test_growth(void)
{
    int       i, same;
    tf_buf_t  b;
    tf_str_t  out;

    tf_buf_init(&b, &mem, 4, 1000);

    for (i = 0; i < 1000; i++) {
        tf_buf_char(&b, 'a' + i % 26);
    }

    is_int(tf_buf_done(&b, &out), TF_OK, "a buffer grows up to its limit");
    is_int(out.len, 1000, "... and has all bytes");

    for (i = 0, same = 0; i < 1000; i++) {
        same += out.data[i] == 'a' + i % 26;
    }

    is_int(same, 1000, "... the right ones");

    tf_buf_char(&b, 'x');
    is_int(tf_buf_done(&b, &out), TF_ERROR, "one byte more is an error");

    tf_buf_init(&b, &mem, 64, 10);
    tf_buf_lit(&b, "0123456789");
    is_int(tf_buf_done(&b, &out), TF_OK, "a limit below the size holds");
    tf_buf_lit(&b, "");
    tf_buf_add(&b, NULL, 0);
    is_int(tf_buf_done(&b, &out), TF_OK, "nothing fits into a full buffer");

    tf_buf_init(&b, &mem, 16, 16);
    is_int(tf_buf_done(&b, &out), TF_OK, "an empty buffer is no error");
    ok(out.len == 0, "... and has no bytes");

    tf_buf_init(&b, &mem, 8, 100);
    ok(tf_buf_reserve(&b, 101) == NULL, "no room past the limit");
    tf_buf_char(&b, 'a');
    is_int(tf_buf_done(&b, &out), TF_ERROR, "errors are sticky");

    tf_buf_init(&b, &mem, 8, SIZE_MAX);
    tf_buf_lit(&b, "abc");
    ok(tf_buf_reserve(&b, SIZE_MAX) == NULL, "sizes do not wrap around");

    tf_buf_init(&b, &mem, 0, 100);
    tf_buf_lit(&b, "hello");
    is_int(tf_buf_done(&b, &out), TF_OK, "a first size of 0 works");
    is_str(out, "hello", "... too");
}


static void
test_int(void)
{
    tf_buf_t  b;
    tf_str_t  out;

    tf_buf_init(&b, &mem, 8, 1000);
    tf_buf_int(&b, 0);
    tf_buf_char(&b, ' ');
    tf_buf_int(&b, -1);
    tf_buf_char(&b, ' ');
    tf_buf_int(&b, INT64_MAX);
    tf_buf_char(&b, ' ');
    tf_buf_int(&b, INT64_MIN);

    is_int(tf_buf_done(&b, &out), TF_OK, "integers are written");
    is_str(out, "0 -1 9223372036854775807 -9223372036854775808",
           "... at both ends of the range");
}


static void
test_memory(void)
{
    int       i, failed;
    tf_buf_t  b;
    tf_str_t  out;
    unsigned  n, total;

    for (n = 0, failed = 0, total = 0; ; n++) {
        mem_reset(n);
        tf_buf_init(&b, &mem, 1, 100000);

        for (i = 0; i < 1000; i++) {
            tf_buf_lit(&b, "abc");
        }

        if (n == 0) {
            total = mem_count;
            continue;
        }

        if (n > total) {
            break;
        }

        failed += tf_buf_done(&b, &out) == TF_ERROR;
    }

    is_int(failed, total, "every failed allocation is an error");
    mem_reset(0);
}


int
main(void)
{
    test_growth();
    test_int();
    test_memory();

    return tap_done();
}
