
#include "../../src/core/tf_export.c"

#include "mem.h"
#include "tap.h"


static const tf_export_word_t  locks[] = {
    { "t", { "已锁定", "locked" } },
    { "f", { "正常", "normal" } },
    { NULL, { NULL, NULL } }
};

static const tf_export_word_t  none[] = {
    { "", { "无", "none" } },
    { NULL, { NULL, NULL } }
};

static const tf_export_column_t  columns[] = {
    { "n", { "数", "Number" }, NULL, 0 },
    { "text", { "文", "=Text" }, NULL, 0 },
    { "list", { "表", "List" }, none, 0 },
    { "lock", { "锁", "Lock" }, locks, 0 },
    { "at", { "时", "Time" }, NULL, 0 },
    { "kind", { "类", "Kind" }, NULL, 1 },
    { "nowhere", { "缺", "Missing" }, none, 0 },
    { NULL, { NULL, NULL }, NULL, 0 }
};

static const tf_export_t  file = { "file", columns };


static PGresult *
result(void)
{
    int           i;
    PGresult     *res;
    PGresAttDesc  desc[6];

    static const struct {
        const char  *name;
        Oid          oid;
    } types[] = { { "n", 20 }, { "text", 25 }, { "list", 114 }, { "lock", 16 },
                  { "at", 1184 }, { "kind", 25 } };

    static const char *const  cells[] = {
        "-5", "=1+1", "[]", "t", "2026-11-22 17:54:48.400979+00", "pg_x",
        NULL, NULL, "[\"a\", \"b,c\"]", "f", NULL, NULL,
        "1", "a\"b", "[1,\"x\",{\"k\":2}]", NULL, "infinity", "-x",
        "2", "l\nm", "{\"k\":1}", "f", "2026-11-22 17:54:48+00 BC", "\xc3\xa9",
    };

    res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    memset(desc, 0, sizeof(desc));

    for (i = 0; i < 6; i++) {
        desc[i].name = (char *) types[i].name;
        desc[i].typid = types[i].oid;
    }

    PQsetResultAttrs(res, 6, desc);

    for (i = 0; i < 24; i++) {
        PQsetvalue(res, i / 6, i % 6, (char *) cells[i],
                   cells[i] ? (int) strlen(cells[i]) : -1);
    }

    return res;
}


static void
test_file(void)
{
    tf_buf_t   b;
    tf_str_t   text = tf_null_string;
    PGresult  *res;

    static const char  en[] =
        "\xef\xbb\xbfNumber,'=Text,List,Lock,Time,Kind,Missing\r\n"
        "-5,'=1+1,none,locked,2026-11-22T17:54:48Z,PG_X,none\r\n"
        ",,\"a, b,c\",normal,,,none\r\n"
        "1,\"a\"\"b\",\"1, x, {\"\"k\"\":2}\",,infinity,'-X,none\r\n"
        "2,\"l\nm\",\"{\"\"k\"\":1}\",normal,2026-11-22 17:54:48+00 BC,"
        "\xc3\xa9,none\r\n";
    static const char  zh[] = "\xef\xbb\xbf数,文,表,锁,时,类,缺\r\n-5,'=1+1,无,"
        "已锁定,";

    res = result();

    tf_buf_init(&b, &mem, 16, 100000);
    tf_export_titles(&b, &file, TF_LANG_EN);
    tf_export_rows(&b, &file, TF_LANG_EN, res);
    ok(tf_buf_done(&b, &text) == TF_OK && text.len == sizeof(en) - 1
       && memcmp(text.data, en, text.len) == 0, "a file in English");

    tf_buf_init(&b, &mem, 16, 100000);
    tf_export_titles(&b, &file, TF_LANG_ZH);
    tf_export_rows(&b, &file, TF_LANG_ZH, res);
    ok(tf_buf_done(&b, &text) == TF_OK && text.len > sizeof(zh) - 1
       && memcmp(text.data, zh, sizeof(zh) - 1) == 0, "and in Chinese");

    tf_buf_init(&b, &mem, 16, 100);
    tf_export_rows(&b, &file, TF_LANG_EN, res);
    ok(tf_buf_done(&b, &text) == TF_ERROR, "a file that is too large");

    PQclear(res);
    mem_reset(0);
}


static void
test_lines(void)
{
    tf_buf_t   b;
    tf_str_t   text = tf_null_string;
    PGresult  *res;

    static const char  want[] =
        "{\"n\":-5,\"text\":\"=1+1\",\"list\":[],\"lock\":true,"
        "\"at\":\"2026-11-22T17:54:48.400979Z\",\"kind\":\"pg_x\"}\n"
        "{\"n\":null,\"text\":null,";

    res = result();

    tf_buf_init(&b, &mem, 16, 100000);
    tf_row_lines(&b, res);
    ok(tf_buf_done(&b, &text) == TF_OK && text.len > sizeof(want) - 1
       && memcmp(text.data, want, sizeof(want) - 1) == 0, "as lines");

    PQclear(res);
    mem_reset(0);
}


static void
is_cell(const char *text, const char *want)
{
    tf_buf_t  b;
    tf_str_t  got = tf_null_string;

    tf_buf_init(&b, &mem, 16, 1000000);
    tf_export_sheet_text(&b, tf_str(text));
    ok(tf_buf_done(&b, &got) == TF_OK && got.len == strlen(want)
       && memcmp(got.data, want, got.len) == 0, "cell of %zu bytes",
       strlen(text));
    mem_reset(0);
}


static void
test_sheet(void)
{
    char      text[70000], want[70000];
    tf_buf_t  b;
    tf_str_t  got = tf_null_string;

    is_cell("=1+1", "=1+1");
    is_cell("a\r\nb", "a\r\nb");
    is_cell("_x000D_", "_x005F_x000D_");
    is_cell("__x00aF_x0041_", "__x005F_x00aF_x005F_x0041_");
    is_cell("_x00G0_ _x000_ _X000D_ _x000D", "_x00G0_ _x000_ _X000D_ _x000D");
    is_cell("\xef\xbf\xbe|\xef\xbf\xbf|\xef\xbf\xbd",
            "\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd");

    /* 32,767 units fit; of one more only 32,766 and the ellipsis */

    memset(text, 'x', 32767);
    text[32767] = '\0';
    is_cell(text, text);

    memcpy(want, text, 32766);
    memcpy(want + 32766, "\xe2\x80\xa6", 4);
    memcpy(text + 32767, "y", sizeof("y"));
    is_cell(text, want);

    /* a fish is two units, an escape is seven: neither is halved */

    memcpy(text + 32766, "\xf0\x9f\x90\x9f", sizeof("\xf0\x9f\x90\x9f"));
    is_cell(text, want);

    memcpy(text + 32765, "\xf0\x9f\x90\x9f", sizeof("\xf0\x9f\x90\x9f"));
    is_cell(text, text);

    memcpy(want + 32762, "\xe2\x80\xa6", 4);
    memcpy(text + 32762, "_x0000_", sizeof("_x0000_"));
    is_cell(text, want);

    tf_buf_init(&b, &mem, 16, 1000000);
    tf_export_sheet_text(&b, tf_str("\xff"));
    ok(tf_buf_done(&b, &got) == TF_ERROR, "what is not UTF-8");
    mem_reset(0);
}


int
main(void)
{
    test_file();
    test_sheet();
    test_lines();

    return tap_done();
}
