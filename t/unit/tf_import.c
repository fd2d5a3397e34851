
#include "../../src/feature/instances/tf_import.c"

#include "mem.h"
#include "tap.h"


static const tf_param_t  params[] = {
    { "name", TF_P_STR, TF_P_REQUIRED, 1, 10, NULL, NULL, "" },
    { "host", TF_P_STR, TF_P_REQUIRED, 1, 253, NULL, NULL, "" },
    { "port", TF_P_INT, 0, 1, 65535, NULL, NULL, "" },
    { .type = TF_P_END }
};

static const tf_export_column_t  columns[] = {
    { "name", { "名称", "Title" }, NULL, 0 },
    { NULL, { NULL, NULL }, NULL, 0 }
};

static const tf_export_t  titles = { "file", columns };


static void
test_files(void)
{
    size_t       i, k;
    tf_buf_t     b;
    tf_err_t     err;
    tf_int_t     rc;
    tf_str_t     said;
    tf_import_t  im;

    /* the good rows, and of the others "row:column " */

    static const struct {
        const char  *text;
        const char  *said;
    } tests[] = {
        { "name,host\na,b\n",
          "[{\"line\":2,\"name\":\"a\",\"host\":\"b\"}]" },
        { "Title;HOST;x;port\n a ; b ;y;7", "[{\"line\":2,\"name\":\"a\","
          "\"host\":\"b\",\"port\":\"7\"}]" },
        { "sep=;\nname;host\na;b\n",
          "[{\"line\":2,\"name\":\"a\",\"host\":\"b\"}]" },
        { "名称,host\n\n,,\na,b", "[{\"line\":4,\"name\":\"a\","
          "\"host\":\"b\"}]" },
        { "name,host\n\"a\nb\n\",b\nc,d\n,e\n\"f\n\",\ng,h", "["
          "{\"line\":2,\"name\":\"a\\nb\",\"host\":\"b\"},"
          "{\"line\":3,\"name\":\"c\",\"host\":\"d\"},"
          "{\"line\":6,\"name\":\"g\",\"host\":\"h\"}]4:name 5:host " },
        { "name,host,port\na\na,b,c\na,-b,1\nall,b,\n'=x,b\na,b,1,2\n", "["
          "{\"line\":5,\"name\":\"all\",\"host\":\"b\"},"
          "{\"line\":6,\"name\":\"=x\",\"host\":\"b\"}]"
          "2:host 3:port 4:host 7: " },
        { "", "file has no rows" },
        { "name,host", "file has no rows" },
        { "name\nx", "file has no column host" },
        { "name,host,title\nx", "file has column name more than once" },
        { "name,host\n\"a", "file has a quote without its end in the row that"
          " begins in line 2" }
    };

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        memset(&err, 0, sizeof(tf_err_t));
        tf_buf_init(&b, &mem, 64, 4096);

        rc = tf_import_open(&im, &mem, tf_str(tests[i].text), params, &titles,
                            &err);

        while (rc == TF_OK) {
            rc = tf_import_read(&im, 1, &err);
        }

        said.data = NULL;
        said.len = 0;

        if (rc == TF_DECLINED && tf_buf_done(&im.json, &said) == TF_OK) {
            tf_buf_str(&b, said);

        } else {
            tf_buf_lit(&b, err.field);
            tf_buf_char(&b, ' ');
            tf_buf_lit(&b, err.detail);
        }

        for (k = 0; rc == TF_DECLINED && k < im.wrong; k++) {
            tf_buf_int(&b, im.errors[k].row);
            tf_buf_char(&b, ':');
            tf_buf_lit(&b, im.errors[k].err.field);
            tf_buf_char(&b, ' ');
        }

        ok(tf_buf_done(&b, &said) == TF_OK && tf_str_eq(said, tests[i].said),
           "file %zu", i);

        mem_reset(0);
    }
}


/* So many rows, each of them wrong. */

static void
test_limits(void)
{
    tf_buf_t      b;
    tf_err_t      err;
    tf_int_t      rc;
    tf_str_t      text = tf_null_string;
    unsigned      i, n;
    tf_import_t   im;

    for (n = TF_IMPORT_ROWS; n <= TF_IMPORT_ROWS + 1; n++) {
        tf_buf_init(&b, &mem, 4096, 65536);
        tf_buf_lit(&b, "name,host\n");

        for (i = 0; i < n; i++) {
            tf_buf_lit(&b, "a,\n");
        }

        ok(tf_buf_done(&b, &text) == TF_OK, "a file");

        rc = tf_import_open(&im, &mem, text, params, &titles, &err);

        if (rc == TF_OK) {
            rc = tf_import_read(&im, n + 1, &err);
        }

        if (n == TF_IMPORT_ROWS) {
            ok(rc == TF_DECLINED && im.wrong == n && im.rows == n,
               "%u rows are read, and %u things wrong counted", n, n);

        } else {
            ok(rc == TF_ERROR && strcmp(err.field, "file") == 0,
               "%u rows are too many", n);
        }

        mem_reset(0);
    }
}


int
main(void)
{
    test_files();
    test_limits();

    return tap_done();
}
