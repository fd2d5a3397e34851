
#include "../../src/core/tf_csv.c"

#include "mem.h"
#include "tap.h"


#define MAX  8


/* Rows of a text as "a|b/c|d", with the error in the end. */

static tf_str_t
rows(tf_str_t text)
{
    size_t    i, n;
    tf_buf_t  b;
    tf_csv_t  csv;
    tf_err_t  err;
    tf_int_t  rc;
    tf_str_t  s, fields[MAX];

    tf_buf_init(&b, &mem, 64, 1 << 20);
    tf_csv_open(&csv, &mem, text);
    err.detail[0] = '\0';

    while ((rc = tf_csv_row(&csv, fields, MAX, &n, &err)) == TF_OK) {
        tf_buf_lit(&b, b.start ? "/" : "");

        for (i = 0; i < n && i < MAX; i++) {
            tf_buf_lit(&b, i ? "|" : "");
            tf_buf_str(&b, fields[i]);
        }
    }

    tf_buf_lit(&b, rc == TF_ERROR ? "!" : "");
    tf_buf_lit(&b, rc == TF_ERROR ? err.detail : "");

    return tf_buf_done(&b, &s) == TF_OK ? s : (tf_str_t) tf_null_string;
}


static void
test_rows(void)
{
    size_t  i;

    static const struct {
        const char  *text;
        const char  *rows;
        const char  *what;
    } tests[] = {
        { "a,b\nc,d\n", "a|b/c|d", "two rows" },
        { "a,b\r\nc,d", "a|b/c|d", "CRLF, and no end of line at the end" },
        { "a,b\rc,d\r", "a|b/c|d", "CR" },
        { "a,b\n\n\r\n\nc,d\n\n", "a|b/c|d", "empty lines are passed over" },
        { "a;b\nc,x;d\n", "a|b/c,x|d", "semicolons" },
        { "a\tb\nc,x\td;y\n", "a|b/c,x|d;y", "tabs" },
        { "sep=;\na;b\n", "a|b", "a separator that is named" },
        { "sep=,\r\na,b;c\n", "a|b;c", "the same with CRLF" },
        { "\"a;b;c\",d\n1,2", "a;b;c|d/1|2",
          "separators in quotes do not count" },
        { "\"a\",\"b\"\n", "a|b", "quoted fields" },
        { "\"a\"\"b\",\"\"\"\",\"\"\n", "a\"b|\"|", "doubled quotes" },
        { "\"a\nb\",c\n", "a\nb|c", "a line end in quotes" },
        { "a\"b,c\n", "a\"b|c", "a quote inside of a field is a quote" },
        { ",\n,,", "|/||", "empty fields" },
        { "a", "a", "one field" },
        { "", NULL, "nothing" },
        { "\n\n", NULL, "nothing but line ends" },
        { "'=1,'-x,'@y\n", "=1|-x|@y", "what was written is read back" },
        { "'a,''=b\n", "'a|'=b", "other quotes stay" },
        { "\xe5\x90\x8d,\xe7\xa7\xb0\n", "\xe5\x90\x8d|\xe7\xa7\xb0",
          "other scripts" },
        { "a,b\n\"c\nd\n", "a|b!has a quote without its end in the row that "
          "begins in line 2", "a quote without an end" },
        { "a,b\n\"c\"d,e\n", "a|b!has text behind a quoted field in the row "
          "that begins in line 2", "text behind a quoted field" },
        { "\"a\nb\nc\",d\n\"x", "a\nb\nc|d!has a quote without its end in the "
          "row that begins in line 4", "lines in quotes are counted" },
        { "\"a\r\nb\rc\",d\r\n\r\n\"x", "a\r\nb\rc|d!has a quote without its "
          "end in the row that begins in line 5", "and those of each form" },
        { "1,2,3,4,5,6,7,8,9,10\n", "1|2|3|4|5|6|7|8",
          "no more fields than there is room for" },
    };

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        is_str(rows(tf_str(tests[i].text)), tests[i].rows, "%s",
               tests[i].what);
        mem_reset(0);
    }

    is_str(rows((tf_str_t) { 5, (unsigned char *) "a,b\0c" }),
           "!has a NUL in the row that begins in line 1", "a NUL");
    mem_reset(0);
}


static void
test_encodings(void)
{
    size_t    i;
    tf_err_t  err;
    tf_str_t  text;

    static const struct {
        const char         *bytes;
        size_t              len;
        tf_csv_encoding_e   encoding;
        const char         *text;       /* NULL: refused */
        const char         *what;
    } tests[] = {
        { "a,b", 3, TF_CSV_UTF8, "a,b", "ASCII" },
        { "\xe5\x90\x8d", 3, TF_CSV_UTF8, "\xe5\x90\x8d", "UTF-8" },
        { "\xef\xbb\xbfname", 7, TF_CSV_UTF8, "name",
          "UTF-8 with a byte order mark, which is no part of the first name" },
        { "\xef\xbb\xbf", 3, TF_CSV_UTF8, "", "nothing but the mark" },
        { "\xff\xfe" "a\0,\0\x0d\x54", 8, TF_CSV_UTF16, "a,\xe5\x90\x8d",
          "UTF-16, little end first" },
        { "\xfe\xff" "\0a\0,\x54\x0d", 8, TF_CSV_UTF16, "a,\xe5\x90\x8d",
          "UTF-16, big end first" },
        { "\xff\xfe\x3d\xd8\x1f\xdc\xe9\0", 8, TF_CSV_UTF16,
          "\xf0\x9f\x90\x9f\xc3\xa9", "a pair of surrogates" },
        { "\xff\xfe\x00\xd8\xff\xdf", 6, TF_CSV_UTF16, "\xf0\x90\x8f\xbf",
          "the last of the second halves" },
        { "\xff\xfe\x3d\xd8", 4, TF_CSV_UTF16, NULL, "half a pair" },
        { "\xff\xfe\x3d\xd8" "a\0", 6, TF_CSV_UTF16, NULL,
          "a letter for the other half" },
        { "\xff\xfe" "a\0b", 5, TF_CSV_UTF16, NULL, "half a character" },
        { "\xff\xfe", 2, TF_CSV_UTF16, "", "nothing but the mark" },
        { "\xc3\xfb\xb3\xc6", 4, TF_CSV_OTHER, NULL, "GB18030" },
        { "", 0, TF_CSV_UTF8, "", "nothing" },
    };

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        tf_str_t  bytes = { tests[i].len, (unsigned char *) tests[i].bytes };

        is_int(tf_csv_encoding(bytes), tests[i].encoding, "%s: is known",
               tests[i].what);

        if (tests[i].text == NULL) {
            ok(tf_csv_utf8(&mem, bytes, &text, &err) == TF_ERROR
               && err.code == TF_E_VALIDATION_ERROR, "%s: is refused",
               tests[i].what);

        } else if (tf_csv_utf8(&mem, bytes, &text, &err) == TF_OK) {
            is_str(text, tests[i].text, "%s: is read", tests[i].what);

        } else {
            ok(0, "%s: is read", tests[i].what);
        }

        mem_reset(0);
    }
}


static void
test_writing(void)
{
    size_t    i;
    tf_buf_t  b;
    tf_str_t  s;

    static const struct {
        const char  *text;
        const char  *field;
    } tests[] = {
        { "", "" }, { "a b", "a b" }, { "a,b", "\"a,b\"" },
        { "a\"b", "\"a\"\"b\"" }, { "a\nb", "\"a\nb\"" },
        { "a;b", "\"a;b\"" }, { "=1+1", "'=1+1" }, { "+1", "'+1" },
        { "-1", "'-1" }, { "@x", "'@x" }, { "\tx", "\"'\tx\"" },
        { "\rx", "\"'\rx\"" }, { "=HYPERLINK(\"x\")",
          "\"'=HYPERLINK(\"\"x\"\")\"" }, { "a=1", "a=1" }, { "'a", "'a" },
        { "'=1", "''=1" }, { "  =1", "'  =1" }, { " '=1", "' '=1" },
        { "'", "'" }, { "  ", "  " }, { "a =1", "a =1" },
        { "\xef\xbc\x9d" "1", "'\xef\xbc\x9d" "1" },
        { "\xef\xbc\xa0x", "'\xef\xbc\xa0x" },
        { "\xef\xbc\x9ax", "\xef\xbc\x9ax" }
    };

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        tf_buf_init(&b, &mem, 64, 4096);
        tf_csv_text(&b, tf_str(tests[i].text));
        tf_buf_lit(&b, ",x\n");
        s.data = NULL;
        ok(tf_buf_done(&b, &s) == TF_OK && s.len == strlen(tests[i].field) + 3
           && memcmp(s.data, tests[i].field, s.len - 3) == 0,
           "field %zu is written so that no spreadsheet takes it for a formula",
           i);

        tf_buf_init(&b, &mem, 64, 4096);
        tf_buf_lit(&b, tests[i].text);
        tf_buf_lit(&b, "|x");

        {
            tf_str_t  want = tf_null_string, got;

            ok(tf_buf_done(&b, &want) == TF_OK, "its text");
            got = rows(s);
            ok(got.len == want.len && memcmp(got.data, want.data, got.len) == 0,
               "and read back as it was");
        }

        mem_reset(0);
    }
}


int
main(void)
{
    test_rows();
    test_encodings();
    test_writing();

    return tap_done();
}
