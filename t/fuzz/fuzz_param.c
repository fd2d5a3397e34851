
/* A query value or body value of every type: what passes is text that
 * PostgreSQL takes, with a NUL behind it and none inside. */

#include "tf_param.h"
#include "tf_utf8.h"

#include "fuzz.h"


static void fuzz_value(const tf_param_t *p, const tf_value_t *v);


static const tf_param_t  params[] = {
    { "int", TF_P_INT, 0, -5, 70000, NULL, "7", "" },
    { "id", TF_P_INT, TF_P_REQUIRED, 0, 0, NULL, NULL, "" },
    { "bool", TF_P_BOOL, 0, 0, 0, NULL, "true", "" },
    { "str", TF_P_STR, 0, 1, 20, NULL, NULL, "" },
    { "raw", TF_P_STR, TF_P_NOTRIM|TF_P_EMPTY, 0, 0, NULL, NULL, "" },
    { "name", TF_P_STR, 0, 1, 64, "[\\p{L}_][\\p{L}0-9_.-]*", NULL, "" },
    { "secret", TF_P_SECRET, 0, 1, 64, NULL, NULL, "" },
    { "search", TF_P_SEARCH, 0, 0, 64, NULL, NULL, "" },
    { "enum", TF_P_ENUM, 0, 0, 0, "asc|desc", "asc", "" },
    { "uuid", TF_P_UUID, 0, 0, 0, NULL, NULL, "" },
    { "date", TF_P_DATE, 0, 0, 0, NULL, NULL, "" },
    { "time", TF_P_TIME, 0, 0, 0, NULL, NULL, "" },
    { "ints", TF_P_INTS, 0, 0, 10, NULL, NULL, "" },
    { "strs", TF_P_STRS, 0, 0, 0, NULL, NULL, "" },
    { "codes", TF_P_STRS, 0, 1, 9, "[a-z]+", NULL, "" },
    { "sort", TF_P_SORT, 0, 0, 64, NULL, NULL, "" },
    { "json", TF_P_JSON, 0, 0, 0, NULL, NULL, "" }
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tf_err_t                 err;
    tf_int_t                 rc;
    tf_str_t                 s;
    tf_json_t               *json;
    tf_value_t               v;
    const tf_param_t        *p;
    const tf_json_limits_t   limits = { 32, 2000 };

    if (size < 2) {
        return 0;
    }

    p = &params[data[0] % (sizeof(params) / sizeof(params[0]))];

    s.len = size - 2;
    s.data = malloc(size);
    memcpy(s.data, data + 2, s.len);

    mem_reset(data[1] & 0x7f);
    memset(&err, 0, sizeof(err));

    if (data[1] & 0x80) {
        rc = TF_DECLINED;

        if (tf_json_parse(&mem, s, &limits, &json, &err) == TF_OK) {
            rc = tf_param_json(&mem, p, json, &v, &err);
        }

    } else {
        rc = tf_param_text(&mem, p, &s, &v, &err);
    }

    if (rc == TF_OK) {
        fuzz_value(p, &v);

    } else if (rc == TF_ERROR) {
        FUZZ_CHECK(err.code == TF_E_VALIDATION_ERROR
                   || (err.code == TF_E_INTERNAL_ERROR
                       && strcmp(err.detail, "out of memory") == 0));
    }

    free(s.data);
    mem_reset(0);

    return 0;
}


static void
fuzz_value(const tf_param_t *p, const tf_value_t *v)
{
    int       quoted;
    size_t    i, depth;
    tf_str_t  s;

    s = v->value;
    FUZZ_CHECK(v->param == p);

    if (v->null) {
        FUZZ_CHECK(s.data == NULL);
        return;
    }

    FUZZ_CHECK(s.data[s.len] == '\0');
    FUZZ_CHECK(strlen((char *) s.data) == s.len);
    FUZZ_CHECK(tf_utf8_count(s) >= 0);

    if (p->type != TF_P_INTS && p->type != TF_P_STRS) {
        return;
    }

    /* one array, closed by its last byte */

    FUZZ_CHECK(s.len >= 2 && s.data[0] == '{' && s.data[s.len - 1] == '}');

    for (i = 0, quoted = 0, depth = 0; i < s.len; i++) {
        if (quoted && s.data[i] == '\\') {
            i++;

        } else if (s.data[i] == '"') {
            quoted = !quoted;

        } else if (!quoted) {
            depth += s.data[i] == '{';
            depth -= s.data[i] == '}';
            FUZZ_CHECK(strchr("{},-0123456789", s.data[i]));
            FUZZ_CHECK(depth == (i + 1 < s.len));
        }
    }

    FUZZ_CHECK(!quoted);
}
