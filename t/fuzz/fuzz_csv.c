
/* A file of rows: every field that was read is written as text that reads back
 * equal. */

#include "tf_csv.h"

#include "fuzz.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t      i, n, m;
    tf_buf_t    b;
    tf_csv_t    csv, again;
    tf_err_t    err;
    tf_str_t    bytes, text, line, fields[8], other[8];

    if (size == 0) {
        return 0;
    }

    /* the first byte makes an allocation fail, now and then */

    mem_reset(data[0] < 64 ? data[0] : 0);

    bytes.data = malloc(size);
    bytes.len = size - 1;
    memcpy(bytes.data, data + 1, bytes.len);

    if (tf_csv_utf8(&mem, bytes, &text, &err) != TF_OK) {
        goto done;
    }

    tf_csv_open(&csv, &mem, text);

    while (tf_csv_row(&csv, fields, 8, &n, &err) == TF_OK) {
        mem_fail = 0;
        FUZZ_CHECK(n > 0 && csv.line > 0);

        tf_buf_init(&b, &mem, 64, 4 * size + 64);
        tf_buf_lit(&b, "sep=,\n");

        for (i = 0; i < n && i < 8; i++) {
            tf_buf_lit(&b, i ? "," : "");
            tf_csv_text(&b, fields[i]);
        }

        tf_buf_lit(&b, ",end\n");
        FUZZ_CHECK(tf_buf_done(&b, &line) == TF_OK);

        tf_csv_open(&again, &mem, line);
        FUZZ_CHECK(tf_csv_row(&again, other, 8, &m, &err) == TF_OK);
        FUZZ_CHECK(m == (n < 8 ? n : 8) + 1);

        for (i = 0; i < n && i < 8; i++) {
            FUZZ_CHECK(other[i].len == fields[i].len
                       && (other[i].len == 0
                           || memcmp(other[i].data, fields[i].data,
                                     other[i].len) == 0));
        }
    }

done:

    free(bytes.data);
    mem_reset(0);

    return 0;
}
