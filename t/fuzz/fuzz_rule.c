
/* A rule in either form: what is read is written in both forms, and each reads
 * back as the same rule. */

#include "tf_rule.h"

#include "fuzz.h"


static tf_str_t
written(const tf_rule_t *rule, int as_text, size_t size)
{
    tf_buf_t  b;
    tf_str_t  s;

    tf_buf_init(&b, &mem, 64, 64 * size + 4096);

    if (as_text) {
        tf_rule_write_text(&b, rule);

    } else {
        tf_rule_write(&b, rule);
    }

    FUZZ_CHECK(tf_buf_done(&b, &s) == TF_OK);

    return s;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tf_err_t                 err;
    tf_str_t                 text, json, again;
    tf_json_t               *v;
    tf_rule_t               *rule;
    tf_facts_t               facts;
    tf_rule_error_t          e;
    const tf_json_limits_t   limits = { 80, 5000 };

    if (size < 2) {
        return 0;
    }

    /* the first byte makes an allocation fail, now and then; the second one
     * says which form it is */

    mem_reset(data[0] < 64 ? data[0] : 0);

    text.len = size - 2;
    text.data = malloc(text.len + 1);
    memcpy(text.data, data + 2, text.len);

    if (data[1] & 1) {
        rule = tf_rule_read_text(&mem, text, &e);

    } else if (tf_json_parse(&mem, text, &limits, &v, &err) == TF_OK) {
        rule = tf_rule_read(&mem, v, &e);

    } else {
        goto done;
    }

    mem_fail = 0;

    if (rule == NULL) {
        FUZZ_CHECK(e.fault > TF_RULE_OK && e.fault < TF_RULE_FAULTS);
        goto done;
    }

    json = written(rule, 0, size);
    rule = tf_rule_read_text(&mem, written(rule, 1, size), &e);
    FUZZ_CHECK(rule != NULL);

    again = written(rule, 0, size);
    FUZZ_CHECK(again.len == json.len
               && memcmp(again.data, json.data, json.len) == 0);

    FUZZ_CHECK(tf_json_parse(&mem, json, &limits, &v, &err) == TF_OK);
    FUZZ_CHECK(tf_rule_read(&mem, v, &e) != NULL);

    tf_facts_init(&facts, &mem, &tf_engine_mysql, text);
    FUZZ_CHECK(tf_facts_add(&facts, TF_FACT_ROLE, text, text) == TF_OK);
    tf_facts_sort(&facts);
    FUZZ_CHECK(tf_rule_eval(rule, &facts) <= TF_UNKNOWN);

done:

    free(text.data);
    mem_reset(0);

    return 0;
}
