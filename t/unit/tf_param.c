
#include "tf_engine.h"
#include "../../src/core/tf_param.c"

#include "mem.h"
#include "tap.h"


/* Input and outcome of one parameter: out NULL is a validation error, NONE no
 * value. */

#define NONE  "(none)"

typedef struct {
    const char  *in;
    const char  *out;
} try_t;


static tf_str_t
outcome(tf_int_t rc, const tf_param_t *p, const tf_value_t *v,
    const tf_err_t *err)
{
    static tf_str_t  none = tf_string(NONE), wrong = tf_string("(wrong)");
    static tf_str_t  bad = tf_null_string;

    if (rc == TF_OK) {
        if (v->param != p || (v->null && v->value.data != NULL)
            || (!v->null && (v->value.data == NULL
                             || v->value.data[v->value.len] != '\0')))
        {
            return wrong;
        }

        return v->null ? none : v->value;
    }

    return err->code == TF_E_VALIDATION_ERROR
           && strcmp(err->field, p->name) == 0 && err->detail[0]
           ? bad : wrong;
}


static tf_str_t
text(const tf_param_t *p, const char *in, size_t len)
{
    tf_err_t    err;
    tf_str_t    s;
    tf_int_t    rc;
    tf_value_t  v;

    /* a block of its own size, so that reading past it is seen */

    s.data = tf_alloc(&mem, len);
    memcpy(s.data, in, len);
    s.len = len;

    rc = tf_param_text(&mem, p, &s, &v, &err);

    return outcome(rc, p, &v, &err);
}


static tf_str_t
json(const tf_param_t *p, const char *in)
{
    tf_err_t                 err;
    tf_int_t                 rc;
    tf_json_t               *j;
    tf_value_t               v;
    const tf_json_limits_t   limits = { 64, 100000 };

    if (tf_json_parse(&mem, tf_str(in), &limits, &j, &err) != TF_OK) {
        return tf_str("(no JSON)");
    }

    rc = tf_param_json(&mem, p, j, &v, &err);

    return outcome(rc, p, &v, &err);
}


static void
texts(const tf_param_t *p, const try_t *t)
{
    for ( /* void */ ; t->in; t++) {
        is_str(text(p, t->in, strlen(t->in)), t->out, "%s=%s", p->name, t->in);
        mem_reset(0);
    }
}


static void
jsons(const tf_param_t *p, const try_t *t)
{
    for ( /* void */ ; t->in; t++) {
        is_str(json(p, t->in), t->out, "%s: %s", p->name, t->in);
        mem_reset(0);
    }
}


static void
test_int(void)
{
    static const tf_param_t  p = { "port", TF_P_INT, 0, 1, 65535, NULL, NULL,
                                   "" };
    static const tf_param_t  any = { "id", TF_P_INT, 0, 0, 0, NULL, NULL, "" };
    static const try_t  t[] = {
        { "1", "1" }, { "65535", "65535" }, { " 5432 ", "5432" },
        { "007", "7" }, { "0", NULL }, { "65536", NULL }, { "-1", NULL },
        { "", NONE }, { "  ", NONE }, { "x", NULL }, { "1x", NULL },
        { "1.0", NULL }, { "1e3", NULL }, { "+1", NULL }, { "0x10", NULL },
        { "-", NULL }, { "--1", NULL }, { "1 2", NULL }, { "1,2", NULL },
        { "4294967297", NULL }, { "18446744073709551617", NULL },
        { "99999999999999999999999999999999", NULL },
        { "\xef\xbc\x91", NULL }, { NULL, NULL }
    };
    static const try_t  wide[] = {
        { "9223372036854775807", "9223372036854775807" },
        { "9223372036854775808", NULL },
        { "-9223372036854775808", "-9223372036854775808" },
        { "-9223372036854775809", NULL },
        { "92233720368547758070", NULL },
        { "0", "0" }, { "-0", "0" }, { NULL, NULL }
    };
    static const try_t  body[] = {
        { "5432", "5432" }, { "\"5432\"", "5432" }, { "null", NONE },
        { "\"\"", NONE }, { "0", NULL }, { "65536", NULL }, { "1.0", NULL },
        { "1e3", NULL }, { "1e999", NULL }, { "true", NULL }, { "[1]", NULL },
        { "{}", NULL }, { "\"x\"", NULL }, { "-0.5", NULL },
        { "9999999999999999999", NULL }, { NULL, NULL }
    };

    texts(&p, t);
    texts(&any, wide);
    jsons(&p, body);
    is_str(text(&p, "1\0" "2", 3), NULL, "port=1 NUL 2");
}


static void
test_bool(void)
{
    static const tf_param_t  p = { "on", TF_P_BOOL, 0, 0, 0, NULL, NULL, "" };
    static const try_t  t[] = {
        { "true", "t" }, { "false", "f" }, { "1", "t" }, { "0", "f" },
        { "", NONE }, { "TRUE", NULL }, { "yes", NULL }, { "2", NULL },
        { "truefalse", NULL }, { NULL, NULL }
    };
    static const try_t  body[] = {
        { "true", "t" }, { "false", "f" }, { "null", NONE },
        { "\"true\"", "t" }, { "\"yes\"", NULL }, { "1", NULL },
        { "0", NULL }, { "[]", NULL }, { "{}", NULL }, { NULL, NULL }
    };

    texts(&p, t);
    jsons(&p, body);
}


static void
test_str(void)
{
    tf_err_t    err;
    tf_value_t  v;
    static const tf_param_t  p = { "name", TF_P_STR, TF_P_REQUIRED, 2, 4, NULL,
                                   NULL, "" };
    static const tf_param_t  set = { "code", TF_P_STR, 0, 1, 64,
                                     "[a-z][a-z0-9_]*", NULL, "" };
    static const tf_param_t  alt = { "alt", TF_P_STR, 0, 0, 0, "a|ab", NULL,
                                     "" };
    static const tf_param_t  raw = { "raw", TF_P_STR,
                                     TF_P_NOTRIM|TF_P_EMPTY, 0, 3, NULL, NULL,
                                     "" };
    static const tf_param_t  nul = { "nul", TF_P_STR, TF_P_NULEND, 0, 4, NULL,
                                     NULL, "" };
    static const tf_param_t  wrong = { "wrong", TF_P_STR, 0, 0, 0, "(", NULL,
                                       "" };
    static const try_t  t[] = {
        { "ab", "ab" }, { "  ab\t\n", "ab" }, { "a", NULL }, { "abcde", NULL },
        { "\xe6\xb3\xb0\xe6\x91\xb8\xe9\xb1\xbc\xe5\x90\xa7",
          "\xe6\xb3\xb0\xe6\x91\xb8\xe9\xb1\xbc\xe5\x90\xa7" },
        { "\xf0\x9f\x90\x9f\xf0\x9f\x90\x9f", "\xf0\x9f\x90\x9f"
          "\xf0\x9f\x90\x9f" },
        { "\xf0\x9f\x90\x9f", NULL }, { "ab\xff", NULL }, { "\xc0\x80x", NULL },
        { "\xed\xa0\x80x", NULL }, { "", NULL }, { "   ", NULL },
        { NULL, NULL }
    };
    static const try_t  sets[] = {
        { "abc_1", "abc_1" }, { "Abc", NULL }, { "1a", NULL }, { "a b", NULL },
        { "a\nb", NULL }, { "abc\n", "abc" }, { "a-", NULL },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
        { NULL, NULL }
    };
    static const try_t  alts[] = {
        { "a", "a" }, { "ab", "ab" }, { "abc", NULL }, { "b", NULL },
        { NULL, NULL }
    };
    static const try_t  raws[] = {
        { "", "" }, { "   ", "   " }, { " a ", " a " }, { "    ", NULL },
        { NULL, NULL }
    };
    static const try_t  body[] = {
        { "\"abc\"", "abc" }, { "\" abc \"", "abc" }, { "null", NULL },
        { "\"\"", NULL }, { "\"a\\u0000b\"", NULL }, { "123", NULL },
        { "true", NULL }, { "[\"abc\"]", NULL }, { "{}", NULL },
        { "\"\\ud83d\\udc1fx\"", "\xf0\x9f\x90\x9fx" }, { NULL, NULL }
    };

    texts(&p, t);
    texts(&set, sets);
    texts(&alt, alts);
    texts(&raw, raws);
    jsons(&p, body);
    is_str(text(&p, "a\0b", 3), NULL, "a NUL in text");
    is_str(text(&p, "ab\0", 3), NULL, "a NUL at its end");
    is_str(text(&nul, "ab\n\0", 4), "ab", "which may be white space");
    is_str(text(&nul, "a\0b\0", 4), NULL, "but not inside");

    is_int(tf_param_text(&mem, &wrong, &(tf_str_t) tf_string("x"), &v, &err),
           TF_ERROR, "a pattern that does not compile");
    is_int(err.code, TF_E_INTERNAL_ERROR, "... is not the client's fault");
    mem_reset(0);
}


/* A pattern and a value that a backtracking matcher would not live to see the
 * end of. */

static void
test_slow_pattern(void)
{
    char  in[4001];
    static const tf_param_t  p = { "slow", TF_P_STR, 0, 0, 0,
                                   "(a+)+(a*)*b", NULL, "" };
    static const tf_param_t  longp = { "long", TF_P_STR, 0, 0, 0,
                                       "(?:[a-z0-9]+[.-])*[a-z0-9]{1,500}",
                                       NULL, "" };

    memset(in, 'a', 4000);
    in[4000] = '\0';
    is_str(text(&p, in, 4000), NULL, "no value makes a pattern slow");
    is_str(text(&longp, in, 400), (in[400] = '\0', in),
           "a pattern with many states");
    mem_reset(0);
}


static void
test_secret(void)
{
    tf_err_t    err;
    tf_str_t    s;
    tf_value_t  v;
    static const tf_param_t  p = { "password", TF_P_SECRET, 0, 2, 8, NULL,
                                   NULL, "" };
    static const try_t  t[] = {
        { "  ", "  " }, { " ab ", " ab " }, { "a", NULL }, { "", NONE },
        { "123456789", NULL }, { "\xe6\xb3\xb0\xe6\x91\xb8\xe9\xb1\xbc", NULL },
        { NULL, NULL }
    };

    texts(&p, t);
    s = tf_str("hunter2hunter2");
    is_int(tf_param_text(&mem, &p, &s, &v, &err), TF_ERROR, "too long");
    ok(strstr(err.detail, "hunter") == NULL, "a secret is in no error");
    mem_reset(0);
}


static void
test_search(void)
{
    static const tf_param_t  p = { "search", TF_P_SEARCH, 0, 0, 20, NULL, NULL,
                                   "" };
    static const try_t  t[] = {
        { "abc", "%abc%" }, { " abc ", "%abc%" }, { "", NONE }, { " ", NONE },
        { "100%", "%100\\%%" }, { "a_b", "%a\\_b%" }, { "a\\b", "%a\\\\b%" },
        { "%_\\", "%\\%\\_\\\\%" }, { "'; --", "%'; --%" },
        { "%%%%%%%%%%%%%%%%%%%%", "%\\%\\%\\%\\%\\%\\%\\%\\%\\%\\%\\%\\%\\%"
          "\\%\\%\\%\\%\\%\\%\\%%" },
        { "123456789012345678901", NULL }, { "\xff", NULL }, { NULL, NULL }
    };

    texts(&p, t);
}


static void
test_enum_sort_uuid(void)
{
    static const tf_param_t  e = { "order", TF_P_ENUM, 0, 0, 0, "asc|desc",
                                   NULL, "" };
    static const tf_param_t  s = { "sort", TF_P_SORT, 0, 0, 8, NULL, NULL,
                                   "" };
    static const tf_param_t  u = { "uuid", TF_P_UUID, 0, 0, 0, NULL, NULL,
                                   "" };
    static const try_t  es[] = {
        { "asc", "asc" }, { "desc", "desc" }, { "ASC", "asc" }, { "as", NULL },
        { "asc|desc", NULL }, { "|", NULL }, { "", NONE }, { NULL, NULL }
    };
    static const try_t  ss[] = {
        { "id", "id" }, { "a_b1", "a_b1" }, { "id desc", NULL },
        { "id;", NULL }, { "Id", NULL }, { "123456789", NULL }, { NULL, NULL }
    };
    static const try_t  us[] = {
        { "0123ABCD-89ab-cdef-0123-456789abcdef",
          "0123abcd-89ab-cdef-0123-456789abcdef" },
        { "0123abcd89abcdef0123456789abcdef", NULL },
        { "{123abcd-89ab-cdef-0123-456789abcdef", NULL },
        { "0123abcg-89ab-cdef-0123-456789abcdef", NULL },
        { "0123abcd-89ab-cdef-0123-456789abcde", NULL },
        { "0123abcd-89ab-cdef-0123-456789abcdef0", NULL },
        { "0123abcd--9ab-cdef-0123-456789abcdef", NULL }, { NULL, NULL }
    };

    static const tf_param_t  w = { "engine", TF_P_ENUM, 0, 0, 0,
                                   TF_ENGINE_NAMES, NULL, "" };
    static const tf_param_t  l = { "engines", TF_P_ENUMS, 0, 0, 2,
                                   TF_ENGINE_NAMES, NULL, "" };
    static const try_t  ws[] = {
        { "MySQL", "mysql" }, { "Postgres", "postgresql" },
        { "SQL Server", "sqlserver" }, { "MARIADB", "mysql" },
        { "all", NONE }, { "ALL", NONE }, { "postgres=postgresql", NULL },
        { "db2", NULL }, { NULL, NULL }
    };
    static const try_t  ls[] = {
        { "PG,mysql", "{\"postgresql\",\"mysql\"}" }, { "all", NONE },
        { "pg,all", NULL }, { "pg,,mysql", NULL }, { "pg,mysql,oracle", NULL },
        { NULL, NULL }
    };

    texts(&e, es);
    texts(&w, ws);
    texts(&l, ls);
    texts(&s, ss);
    texts(&u, us);
    jsons(&e, (const try_t[]) { { "\"asc\"", "asc" }, { "1", NULL },
                                { NULL, NULL } });
}


static void
test_dates(void)
{
    static const tf_param_t  d = { "date", TF_P_DATE, 0, 0, 0, NULL, NULL,
                                   "" };
    static const tf_param_t  p = { "time", TF_P_TIME, 0, 0, 0, NULL, NULL,
                                   "" };
    static const try_t  ds[] = {
        { "2026-11-23", "2026-11-23" }, { "2024-02-29", "2024-02-29" },
        { "2000-02-29", "2000-02-29" }, { "1900-02-29", NULL },
        { "2026-02-29", NULL }, { "2026-04-31", NULL }, { "2026-13-01", NULL },
        { "2026-00-10", NULL }, { "2026-01-00", NULL }, { "0000-01-01", NULL },
        { "0001-01-01", "0001-01-01" }, { "9999-12-31", "9999-12-31" },
        { "2026-1-1", NULL }, { "20261123", NULL }, { "2026/11/23", NULL },
        { "2026-11-23T", NULL }, { "-026-11-23", NULL }, { "today", NULL },
        { "infinity", NULL }, { NULL, NULL }
    };
    static const try_t  ts[] = {
        { "2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z" },
        { "2026-11-23t08:00:00z", "2026-11-23T08:00:00Z" },
        { "2026-11-23T08:00:00.123456Z", "2026-11-23T08:00:00.123456Z" },
        { "2026-11-23T08:00:00+08:00", "2026-11-23T08:00:00+08:00" },
        { "2026-11-23T08:00:00.5-03:30", "2026-11-23T08:00:00.5-03:30" },
        { "2016-12-31T23:59:60Z", "2016-12-31T23:59:60Z" },
        { "2026-11-23T08:00:61Z", NULL }, { "2026-11-23T24:00:00Z", NULL },
        { "2026-11-23T08:60:00Z", NULL }, { "2026-11-23 08:00:00Z", NULL },
        { "2026-11-23T08:00:00", NULL }, { "2026-11-23T08:00Z", NULL },
        { "2026-11-23T08:00:00.Z", NULL },
        { "2026-11-23T08:00:00.1234567890Z", NULL },
        { "2026-11-23T08:00:00+0800", NULL },
        { "2026-11-23T08:00:00+23:59", NULL },
        { "2026-11-23T08:00:00+08:0", NULL },
        { "2026-11-23T08:00:00+08:00Z", NULL },
        { "2026-02-30T08:00:00Z", NULL }, { "2026-11-23", NULL },
        { "now", NULL }, { NULL, NULL }
    };

    texts(&d, ds);
    texts(&p, ts);
}


static void
test_lists(void)
{
    static const tf_param_t  i = { "ids", TF_P_INTS, 0, 1, 3, NULL, NULL, "" };
    static const tf_param_t  s = { "tags", TF_P_STRS, 0, 0, 0, NULL, NULL,
                                   "" };
    static const tf_param_t  c = { "codes", TF_P_STRS, 0, 0, 0, "[a-z]+", NULL,
                                   "" };
    static const try_t  is[] = {
        { "1", "{1}" }, { "1,2,3", "{1,2,3}" }, { "1, 2", "{1,2}" },
        { "1,2,3,4", NULL }, { "1,,2", NULL }, { "1,", NULL }, { ",", NULL },
        { "", NONE }, { "1,x", NULL }, { "{1}", NULL }, { "NULL", NULL },
        { "9223372036854775808", NULL }, { "-5", "{-5}" }, { NULL, NULL }
    };
    static const try_t  ib[] = {
        { "[1,2]", "{1,2}" }, { "7", "{7}" }, { "\"7\"", "{7}" },
        { "[\"7\"]", "{7}" }, { "[]", NULL }, { "[1,2,3,4]", NULL },
        { "[null]", NULL }, { "[1.5]", NULL }, { "[[1]]", NULL },
        { "{}", NULL }, { "null", NONE }, { "true", NULL }, { NULL, NULL }
    };
    static const try_t  ss[] = {
        { "a,b", "{\"a\",\"b\"}" }, { "NULL", "{\"NULL\"}" },
        { "a\"b", "{\"a\\\"b\"}" }, { "a\\b", "{\"a\\\\b\"}" },
        { "{a}", "{\"{a}\"}" }, { "\\\"", "{\"\\\\\\\"\"}" },
        { "'", "{\"'\"}" }, { " a , b ", "{\"a\",\"b\"}" }, { "a,", NULL },
        { "\xff", NULL }, { NULL, NULL }
    };
    static const try_t  sb[] = {
        { "[\"a,b\",\"c\"]", "{\"a,b\",\"c\"}" }, { "\"x,y\"", "{\"x,y\"}" },
        { "[\"}\",\"{\",\"\\\"\",\"\\\\\"]",
          "{\"}\",\"{\",\"\\\"\",\"\\\\\"}" },
        { "[\"a\\nb\"]", "{\"a\nb\"}" }, { "[\"null\"]", "{\"null\"}" },
        { "[\"a\\u0000\"]", NULL }, { "[\"\"]", NULL }, { "[\" \"]", NULL },
        { "[1]", NULL }, { "[\"a\",null]", NULL }, { "[]", "{}" },
        { NULL, NULL }
    };
    static const try_t  cb[] = {
        { "[\"a\",\"bc\"]", "{\"a\",\"bc\"}" }, { "[\"a\",\"B\"]", NULL },
        { "[]", "{}" }, { NULL, NULL }
    };

    texts(&i, is);
    jsons(&i, ib);
    texts(&s, ss);
    jsons(&s, sb);
    jsons(&c, cb);
}


static void
test_json(void)
{
    static const tf_param_t  p = { "doc", TF_P_JSON, 0, 0, 40, NULL, NULL,
                                   "" };
    static const tf_param_t  r = { "doc", TF_P_JSON, TF_P_REQUIRED, 0, 0, NULL,
                                   NULL, "" };
    static const try_t  b[] = {
        { "{ \"a\" : [ 1 , 2 ] }", "{\"a\":[1,2]}" }, { "null", NONE },
        { "\"\"", "\"\"" }, { "true", "true" }, { "1e999", "1e999" },
        { "1e1001", NULL }, { "1E+1000", "1E+1000" }, { "1e-1001", NULL },
        { "1e99999999999999999999999", NULL }, { "\"\\u0000\"", NULL },
        { "{\"\\u0000\":1}", NULL }, { "[[{\"a\":[\"\\u0000\"]}]]", NULL },
        { "\"12345678901234567890123456789012345678901\"", NULL },
        { NULL, NULL }
    };
    static const try_t  t[] = {
        { "{\"a\":1}", "{\"a\":1}" }, { "", NONE }, { "{", NULL },
        { "{\"a\":1,\"a\":2}", NULL }, { NULL, NULL }
    };

    jsons(&p, b);
    texts(&p, t);
    jsons(&r, (const try_t[]) { { "null", NULL }, { "0", "0" },
                                { NULL, NULL } });
}


static void
test_absent(void)
{
    size_t      i;
    tf_err_t    err;
    tf_value_t  v;
    static const tf_param_t  page[] = { TF_P_PAGE("id", "desc") };
    static const tf_param_t  req = { "x", TF_P_STR, TF_P_REQUIRED, 0, 0, NULL,
                                     "def", "" };
    static const tf_param_t  opt = { "on", TF_P_BOOL, 0, 0, 0, NULL, "true",
                                     "" };
    static const tf_param_t  blank = { "b", TF_P_STR, 0, 0, 0, NULL, "  ",
                                       "" };
    static const tf_str_t    empty = tf_string("");
    static const char *const  def[] = { "1", "20", "id", "desc" };

    for (i = 0; i < 4; i++) {
        is_int(tf_param_text(&mem, &page[i], NULL, &v, &err), TF_OK,
               "%s may be absent", page[i].name);
        is_str(v.value, def[i], "... and has its default");
        ok(!v.present && !v.null, "... without being present");
        is_int(tf_param_text(&mem, &page[i], &empty, &v, &err), TF_OK,
               "\"%s=\" is the same", page[i].name);
        is_str(v.value, def[i], "... default");
        ok(v.present, "... but present");
    }

    is_int(tf_param_json(&mem, &opt, NULL, &v, &err), TF_OK,
           "a default is read like a query's text");
    is_str(v.value, "t", "... into a value");
    is_str(json(&opt, "null"), NULL, "null in a body is no default");
    is_int(tf_param_text(&mem, &req, NULL, &v, &err), TF_ERROR,
           "what is required has no default");
    ok(strcmp(err.field, "x") == 0, "... and is named");
    is_int(tf_param_json(&mem, &req, NULL, &v, &err), TF_ERROR,
           "... nor in a body");
    is_int(tf_param_text(&mem, &blank, NULL, &v, &err), TF_OK,
           "a blank default");
    ok(v.null, "... is no value");
    mem_reset(0);
}


static void
test_memory(void)
{
    size_t      i, bad;
    tf_err_t    err;
    tf_str_t    s;
    tf_int_t    rc;
    unsigned    n, total;
    tf_value_t  v;
    static const struct {
        tf_param_t   p;
        const char  *in;
    } t[] = {
        { { "a", TF_P_INT, 0, 0, 0, NULL, NULL, "" }, "1" },
        { { "b", TF_P_BOOL, 0, 0, 0, NULL, NULL, "" }, "true" },
        { { "c", TF_P_STR, 0, 0, 0, "[a-z]+|(?:x{3,9}y?)*", NULL, "" }, "ab" },
        { { "d", TF_P_SEARCH, 0, 0, 0, NULL, NULL, "" }, "%%%%%%%%%%%%%%%%" },
        { { "e", TF_P_INTS, 0, 0, 0, NULL, NULL, "" }, "1,2,3,4,5,6,7,8,9" },
        { { "f", TF_P_STRS, 0, 0, 0, "[a-z]+", NULL, "" }, "a,b,c" },
        { { "g", TF_P_JSON, 0, 0, 0, NULL, NULL, "" }, "{\"a\":[1,\"b\\n\"]}" },
        { { "h", TF_P_TIME, 0, 0, 0, NULL, NULL, "" },
          "2026-11-23T08:00:00Z" },
        { { "i", TF_P_UUID, 0, 0, 0, NULL, NULL, "" },
          "0123abcd-89ab-cdef-0123-456789abcdef" },
        { { "j", TF_P_ENUM, 0, 0, 0, "a|b", NULL, "" }, "b" },
        { { "k", TF_P_SECRET, 0, 0, 0, NULL, NULL, "" }, "b" }
    };

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        s = tf_str(t[i].in);

        for (n = 0, bad = 0, total = 1; n <= total; n++) {
            mem_reset(n);
            rc = tf_param_text(&mem, &t[i].p, &s, &v, &err);

            if (n == 0) {
                bad += rc != TF_OK;
                total = mem_count;

            } else {
                bad += rc != TF_ERROR || err.code != TF_E_INTERNAL_ERROR;
            }
        }

        is_int(bad, 0, "%s: each of %u allocations may fail", t[i].p.name,
               total);
    }

    mem_reset(0);
}


int
main(void)
{
    test_int();
    test_bool();
    test_str();
    test_slow_pattern();
    test_secret();
    test_search();
    test_enum_sort_uuid();
    test_dates();
    test_lists();
    test_json();
    test_absent();
    test_memory();

    return tap_done();
}
