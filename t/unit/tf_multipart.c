
#include "../../src/core/tf_multipart.c"
#include "tf_buf.h"

#include "mem.h"
#include "tap.h"


#define TYPE   "multipart/form-data; boundary=xy"
#define PART   "Content-Disposition: form-data; name=\"file\"; filename=\"a\""


static void
test_files(void)
{
    size_t    i;
    tf_err_t  err;
    tf_int_t  rc;
    tf_str_t  file;

    static const struct {
        const char  *type;
        const char  *body;
        const char  *file;      /* NULL: refused */
        tf_code_e    code;
    } tests[] = {
        { TYPE, "--xy\r\n" PART "\r\n\r\nabc\r\n--xy--\r\n", "abc", 0 },
        { TYPE, "--xy\r\n" PART "\r\n\r\n\r\n--xy--", "", 0 },
        { "Multipart/Form-Data;Boundary=\"xy\"; charset=x",
          "--xy\r\n" PART "\r\n\r\nabc\r\n--xy--", "abc", 0 },
        { TYPE, "pre --xy amble\r\n--xy  \r\nA: b\r\n" PART "\r\nC: d\r\n\r\n"
          "a\r\n--x\r\n-- xy\n--xy\r\n--xy--epilogue",
          "a\r\n--x\r\n-- xy\n--xy", 0 },
        { TYPE, "--xy\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n"
          "1\r\n--xy\r\n" PART "\r\n\r\nabc\r\n--xy--", "abc", 0 },
        { TYPE, "--xy\r\nContent-Disposition: form-data; filename=\"; "
          "name=file\"; name=\"other\"\r\n\r\n1\r\n--xy\r\n" PART
          "\r\n\r\nabc\r\n--xy--", "abc", 0 },
        { TYPE, "--xy\r\ncontent-disposition:form-data;name=file;filename=a"
          "\r\n\r\nabc\r\n--xy--", "abc", 0 },

        { "text/csv", "", NULL, TF_E_UNSUPPORTED_MEDIA_TYPE },
        { "multipart/form-data", "", NULL, TF_E_UNSUPPORTED_MEDIA_TYPE },
        { "multipart/form-data; boundary=", "", NULL,
          TF_E_UNSUPPORTED_MEDIA_TYPE },
        { "multipart/form-data; boundary=\"xy", "", NULL,
          TF_E_UNSUPPORTED_MEDIA_TYPE },
        { "multipart/form-databoundary=xy", "", NULL,
          TF_E_UNSUPPORTED_MEDIA_TYPE },
        { "multipart/mixed; boundary=xy", "", NULL,
          TF_E_UNSUPPORTED_MEDIA_TYPE },
        { TYPE, "", NULL, TF_E_INVALID_REQUEST },
        { TYPE, "--xy", NULL, TF_E_INVALID_REQUEST },
        { TYPE, "--xy\r\n", NULL, TF_E_INVALID_REQUEST },
        { TYPE, "--xy\r\n--xy--", NULL, TF_E_INVALID_REQUEST },
        { TYPE, "--xy\r\n\r\n--xy--", NULL, TF_E_INVALID_REQUEST },
        { TYPE, "--xy\r\n" PART "\r\n\r\nabc", NULL, TF_E_INVALID_REQUEST },
        { TYPE, "--xy\r\n" PART "\r\n\r\nabc--xy--", NULL,
          TF_E_INVALID_REQUEST },
        { TYPE, "--xy\n" PART "\n\nabc\n--xy--", NULL, TF_E_INVALID_REQUEST },
        { TYPE, "--xy\r\n" PART "\r\n--xy--", NULL, TF_E_INVALID_REQUEST },
        { TYPE, "--xy--", NULL, TF_E_VALIDATION_ERROR },
        { TYPE, "--xy\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n"
          "x\r\n--xy--", NULL, TF_E_VALIDATION_ERROR },
        { TYPE, "--xy\r\n" PART "\r\n\r\na\r\n--xy\r\n" PART
          "\r\n\r\nb\r\n--xy--", NULL, TF_E_VALIDATION_ERROR }
    };

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        memset(&err, 0, sizeof(tf_err_t));
        rc = tf_multipart_file(tf_str(tests[i].type), tf_str(tests[i].body),
                               "file", &file, &err);

        if (tests[i].file) {
            ok(rc == TF_OK && tf_str_eq(file, tests[i].file), "file %zu", i);

        } else {
            ok(rc == TF_ERROR && err.code == (int) tests[i].code,
               "refused %zu", i);
        }
    }
}


static void
test_parts(void)
{
    int       i, n;
    tf_buf_t  b;
    tf_err_t  err;
    tf_str_t  body = tf_null_string, file;

    for (n = 14; n < 20; n++) {
        tf_buf_init(&b, &mem, 1024, 4096);

        for (i = 0; i < n; i++) {
            tf_buf_lit(&b, "--xy\r\nA: b\r\n\r\nx\r\n");
        }

        tf_buf_lit(&b, "--xy\r\n" PART "\r\n\r\nabc\r\n--xy--");

        ok(tf_buf_done(&b, &body) == TF_OK
           && (tf_multipart_file(tf_str(TYPE), body, "file", &file, &err)
               == TF_OK) == (n < 16), "%d parts before it", n);
        mem_reset(0);
    }
}


int
main(void)
{
    test_files();
    test_parts();

    return tap_done();
}
