
/* A form: the file is a part of it, and stands between ends of lines. */

#include "tf_multipart.h"

#include "fuzz.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t    at;
    tf_err_t  err;
    tf_str_t  body, file, type;

    mem_reset(0);
    at = 0;
    type = fuzz_line(data, size, &at);

    body.len = size - at;
    body.data = malloc(body.len + 1);
    memcpy(body.data, data + at, body.len);

    if (tf_multipart_file(type, body, "file", &file, &err) == TF_OK) {
        FUZZ_CHECK(file.data > body.data
                   && file.data + file.len < body.data + body.len);
        FUZZ_CHECK(memcmp(file.data - 4, "\r\n\r\n", 4) == 0);
        FUZZ_CHECK(memcmp(file.data + file.len, "\r\n--", 4) == 0);
    }

    free(body.data);
    mem_reset(0);

    return 0;
}
