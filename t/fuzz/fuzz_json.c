
/* A JSON body: whatever is read is written as text that reads back equal. */

#include "tf_json.h"
#include "tf_utf8.h"

#include "fuzz.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tf_buf_t                 b;
    tf_err_t                 err;
    tf_str_t                 text, one, two;
    tf_json_t               *v;
    const tf_json_limits_t   limits = { 32, 5000 };

    if (size == 0) {
        return 0;
    }

    /* the first byte makes an allocation fail, now and then */

    mem_reset(data[0] < 64 ? data[0] : 0);

    text.data = malloc(size);
    text.len = size - 1;
    memcpy(text.data, data + 1, text.len);

    if (tf_json_parse(&mem, text, &limits, &v, &err) != TF_OK) {
        FUZZ_CHECK(err.code == TF_E_INVALID_REQUEST
                   || err.code == TF_E_INTERNAL_ERROR);
        goto done;
    }

    mem_fail = 0;

    tf_buf_init(&b, &mem, 16, 64 * size + 64);
    tf_json_write(&b, v);
    FUZZ_CHECK(tf_buf_done(&b, &one) == TF_OK);
    FUZZ_CHECK(tf_utf8_count(one) >= 0);

    FUZZ_CHECK(tf_json_parse(&mem, one, &limits, &v, &err) == TF_OK);

    tf_buf_init(&b, &mem, 16, 64 * size + 64);
    tf_json_write(&b, v);
    FUZZ_CHECK(tf_buf_done(&b, &two) == TF_OK);
    FUZZ_CHECK(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);

done:

    free(text.data);
    mem_reset(0);

    return 0;
}
