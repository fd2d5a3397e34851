
#include "../../src/core/tf_row.c"

#include "mem.h"
#include "tap.h"


typedef struct {
    const char      *name;
    Oid              oid;
} column_t;


/* A result of n columns; cells go row by row, NULL is SQL NULL. */

static PGresult *
result(const column_t *columns, int n, const char *const *cells, int rows)
{
    int            i;
    PGresult      *res;
    const char    *cell;
    PGresAttDesc   desc[16];

    res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    memset(desc, 0, sizeof(desc));

    for (i = 0; i < n; i++) {
        desc[i].name = (char *) columns[i].name;
        desc[i].typid = columns[i].oid;
    }

    if (n) {
        PQsetResultAttrs(res, n, desc);
    }

    for (i = 0; i < n * rows; i++) {
        cell = cells[i];
        PQsetvalue(res, i / n, i % n, (char *) cell,
                   cell ? (int) strlen(cell) : -1);
    }

    return res;
}


static tf_str_t
row(const PGresult *res, int n)
{
    tf_buf_t  b;
    tf_str_t  out;

    tf_buf_init(&b, &mem, 16, 100000);

    if (n < 0) {
        tf_row_array(&b, res);

    } else {
        tf_row_object(&b, res, n);
    }

    if (tf_buf_done(&b, &out) != TF_OK) {
        out.data = NULL;
    }

    return out;
}


static const struct {
    Oid          oid;
    const char  *in;
    const char  *out;
} cells_of[] = {
    { 25, "", "\"\"" },
    { 25, NULL, "null" },
    { 25, "a\"b\n", "\"a\\\"b\\n\"" },
    { 19, "postgres", "\"postgres\"" },
    { 23, "-7", "-7" },
    { 23, NULL, "null" },
    { 20, "9223372036854775807", "9223372036854775807" },
    { 21, "0", "0" },
    { 26, "4294967295", "4294967295" },
    { 16, "t", "true" },
    { 16, "f", "false" },
    { 16, NULL, "null" },
    { 700, "1.5", "1.5" },
    { 701, "1e+20", "1e+20" },
    { 701, "NaN", "null" },
    { 701, "Infinity", "null" },
    { 701, "-Infinity", "null" },
    { 1700, "12345678901234567890.123456789",
      "12345678901234567890.123456789" },
    { 1700, "NaN", "null" },
    { 1700, "-0.10", "-0.10" },
    { 114, "{\"a\": [1, 2]}", "{\"a\": [1, 2]}" },
    { 3802, "null", "null" },
    { 3802, NULL, "null" },
    { 1184, "2026-11-22 17:54:48.400979+00",
      "\"2026-11-22T17:54:48.400979Z\"" },
    { 1184, "2026-11-22 17:54:48+00", "\"2026-11-22T17:54:48Z\"" },
    { 1184, "2026-11-22 17:54:48.4+00", "\"2026-11-22T17:54:48.4Z\"" },
    { 1184, "2026-11-22 17:54:48+08", "\"2026-11-22T17:54:48+08:00\"" },
    { 1184, "2026-11-22 17:54:48-03", "\"2026-11-22T17:54:48-03:00\"" },
    { 1184, "2026-11-22 17:54:48+05:30", "\"2026-11-22 17:54:48+05:30\"" },
    { 1184, "infinity", "null" },
    { 1184, "-infinity", "null" },
    { 1184, "0044-03-15 00:00:00+00 BC",
      "\"0044-03-15 00:00:00+00 BC\"" },
    { 1184, "12345-01-01 00:00:00+00", "\"12345-01-01 00:00:00+00\"" },
    { 1184, "", "\"\"" },
    { 1114, "2026-11-22 17:54:48", "\"2026-11-22 17:54:48\"" },
    { 1082, "2026-11-22", "\"2026-11-22\"" },
    { 2950, "00000000-0000-0000-0000-000000000001",
      "\"00000000-0000-0000-0000-000000000001\"" },
    { 869, "10.0.0.1", "\"10.0.0.1\"" },
    { 790, "$1.00", "\"$1.00\"" },
    { 1009, "{}", "[]" },
    { 1009, "{a,b}", "[\"a\",\"b\"]" },
    { 1009, "{NULL,\"NULL\",\"null\",null}",
      "[null,\"NULL\",\"null\",\"null\"]" },
    { 1009, "{\"\",\"a,b\",\"{x}\",\"q\\\"q\",\"b\\\\b\"}",
      "[\"\",\"a,b\",\"{x}\",\"q\\\"q\",\"b\\\\b\"]" },
    { 1009, "{\"\\\\\\\"\"}", "[\"\\\\\\\"\"]" },
    { 1009, "{{a,\"b c\"},{d,e}}", "[[\"a\",\"b c\"],[\"d\",\"e\"]]" },
    { 1009, "[0:1]={a,b}", "[\"a\",\"b\"]" },
    { 1015, "{\xe6\xb3\xb0}", "[\"\xe6\xb3\xb0\"]" },
    { 1007, "{1,NULL,-3}", "[1,null,-3]" },
    { 1016, "{9223372036854775807}", "[9223372036854775807]" },
    { 1007, "{{1,2},{3,4}}", "[[1,2],[3,4]]" },
    { 1022, "{1.5,NaN,Infinity}", "[1.5,null,null]" },
    { 1000, "{t,f,NULL}", "[true,false,null]" },
    { 2951, "{00000000-0000-0000-0000-000000000001}",
      "[\"00000000-0000-0000-0000-000000000001\"]" },
    { 99999, "{a}", "\"{a}\"" }
};


static void
test_cells(void)
{
    size_t     i;
    char       expected[300];
    column_t   c;
    PGresult  *res;

    for (i = 0; i < sizeof(cells_of) / sizeof(cells_of[0]); i++) {
        c.name = "v";
        c.oid = cells_of[i].oid;
        res = result(&c, 1, &cells_of[i].in, 1);
        snprintf(expected, sizeof(expected), "{\"v\":%s}", cells_of[i].out);
        is_str(row(res, 0), expected, "type %u: %s", cells_of[i].oid,
               cells_of[i].in ? cells_of[i].in : "NULL");
        PQclear(res);
        mem_reset(0);
    }
}


/* No server writes these; they must not lead out of the cell. */

static void
test_broken_arrays(void)
{
    size_t     i;
    column_t   c = { "v", 1009 };
    PGresult  *res;
    static const char *const  t[] = {
        "", "{", "}", "{\"", "{\"\\", "{\"a", "{\"a\\", "{a", "{a,", "a",
        "[0:1]=", "{{{{", "\"", "{\"\\\"", ",", "{NULL"
    };

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        res = result(&c, 1, &t[i], 1);
        ok(row(res, 0).data != NULL, "broken array %s", t[i]);
        PQclear(res);
        mem_reset(0);
    }
}


static void
test_objects(void)
{
    PGresult  *res;
    static const column_t  c[] = {
        { "_hidden", 25 }, { "id", 23 }, { "instance.id", 20 },
        { "instance.name", 25 }, { "_also", 25 }, { "instance.host.ip", 25 },
        { "instance.host.port", 23 }, { "instance.on", 16 }, { "a\"b", 25 },
        { "owner.id", 23 }
    };
    static const char *const  cells[] = {
        "secret", "1", "2", "pg", "x", "::1", "5432", "t", "q", "7",
        "secret", "3", NULL, NULL, "x", NULL, NULL, NULL, NULL, NULL
    };
#define ROW0 "{\"id\":1,\"instance\":{\"id\":2,\"name\":\"pg\",\"host\":" \
             "{\"ip\":\"::1\",\"port\":5432},\"on\":true},\"a\\\"b\":\"q\"," \
             "\"owner\":{\"id\":7}}"
#define ROW1 "{\"id\":3,\"instance\":{\"id\":null,\"name\":null,\"host\":" \
             "{\"ip\":null,\"port\":null},\"on\":null},\"a\\\"b\":null," \
             "\"owner\":{\"id\":null}}"

    res = result(c, 10, cells, 2);
    is_str(row(res, 0), ROW0, "dotted names are objects");
    is_str(row(res, 1), ROW1, "... of nulls too");
    is_str(row(res, -1), "[" ROW0 "," ROW1 "]", "rows are an array");
    is_str(tf_row_get(res, 0, "instance.name"), "pg", "a cell by name");
    is_str(tf_row_get(res, 0, "_hidden"), "secret", "a hidden one");
    is_str(tf_row_get(res, 1, "instance.name"), NULL, "NULL");
    is_str(tf_row_get(res, 0, "Id"), NULL, "names keep their case");
    is_str(tf_row_get(res, 0, "zzz"), NULL, "an unknown column");
    is_str(tf_row_get(res, 2, "id"), NULL, "a row behind the last");
    is_str(tf_row_get(res, -1, "id"), NULL, "a row before the first");
    PQclear(res);

    res = result(c + 2, 2, cells + 2, 1);
    is_str(row(res, 0), "{\"instance\":{\"id\":2,\"name\":\"pg\"}}",
           "an object may be all there is");
    PQclear(res);

    res = result(c, 1, cells, 1);
    is_str(row(res, 0), "{}", "hidden columns alone");
    is_str(row(res, -1), "[{}]", "... as an array");
    PQclear(res);

    res = result(c, 2, NULL, 0);
    is_str(row(res, -1), "[]", "no rows");
    PQclear(res);

    res = result(NULL, 0, NULL, 0);
    is_str(row(res, -1), "[]", "no columns");
    PQclear(res);

    mem_reset(0);
}


static void
test_memory(void)
{
    int        failed;
    tf_buf_t   b;
    tf_str_t   out;
    unsigned   n, total;
    PGresult  *res;
    static const column_t  c[] = {
        { "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p", 1009 }, { "b", 25 },
    };
    static const char *const  cells[] = {
        "{\"\\\\\",\"xxxxxxxxxxxxxxx\\\"xxxxxx\"}", "xxxxxxxxxxxxxxxxxxxx<"
    };

    res = result(c, 2, cells, 1);

    for (n = 0, failed = 0, total = 1; n <= total; n++) {
        mem_reset(n);
        tf_buf_init(&b, &mem, 1, 100000);
        tf_row_array(&b, res);

        if (n == 0) {
            total = mem_count;

        } else {
            failed += tf_buf_done(&b, &out) == TF_ERROR;
        }
    }

    is_int(failed, total, "each of %u allocations may fail", total);
    PQclear(res);
    mem_reset(0);
}


int
main(void)
{
    test_cells();
    test_broken_arrays();
    test_objects();
    test_memory();

    return tap_done();
}
