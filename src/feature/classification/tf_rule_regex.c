
#define PCRE2_CODE_UNIT_WIDTH  8

#include <pcre2.h>

#include "tf_rule_int.h"


/* Bounds of one match, in pcre2's own units: steps, nested frames, KiB. */
#define TF_RULE_MATCH_LIMIT  100000
#define TF_RULE_DEPTH_LIMIT  1000
#define TF_RULE_HEAP_LIMIT   1024


struct tf_rule_regex_s {
    pcre2_code              *code;
    pcre2_match_data        *data;
    pcre2_match_context     *context;
};


static void *tf_rule_regex_alloc(size_t size, void *ctx);
static void tf_rule_regex_free(void *p, void *ctx);


tf_int_t
tf_rule_regex(tf_rule_make_t *m, tf_rule_node_t *n, tf_str_t pattern)
{
    int                      error;
    PCRE2_SIZE               at;
    struct tf_rule_regex_s  *regex;
    pcre2_compile_context   *compile;
    pcre2_general_context   *general;

    regex = tf_calloc(m->mem, sizeof(struct tf_rule_regex_s));
    general = pcre2_general_context_create(tf_rule_regex_alloc,
                                           tf_rule_regex_free,
                                           (void *) m->mem);
    if (regex == NULL || general == NULL) {
        return tf_rule_fault(m, TF_RULE_MEMORY, NULL);
    }

    compile = pcre2_compile_context_create(general);
    regex->context = pcre2_match_context_create(general);

    if (compile == NULL || regex->context == NULL) {
        return tf_rule_fault(m, TF_RULE_MEMORY, NULL);
    }

    pcre2_set_match_limit(regex->context, TF_RULE_MATCH_LIMIT);
    pcre2_set_depth_limit(regex->context, TF_RULE_DEPTH_LIMIT);
    pcre2_set_heap_limit(regex->context, TF_RULE_HEAP_LIMIT);

    regex->code = pcre2_compile(pattern.data, pattern.len,
                                PCRE2_UTF|PCRE2_ANCHORED|PCRE2_ENDANCHORED
                                |PCRE2_DOLLAR_ENDONLY|PCRE2_NEVER_BACKSLASH_C,
                                &error, &at, compile);

    if (regex->code == NULL) {
        return tf_rule_fault(m, error == PCRE2_ERROR_HEAP_FAILED
                                ? TF_RULE_MEMORY : TF_RULE_PATTERN, NULL);
    }

    regex->data = pcre2_match_data_create(1, general);
    n->regex = regex;

    return regex->data ? TF_OK : tf_rule_fault(m, TF_RULE_MEMORY, NULL);
}


tf_truth_e
tf_rule_regex_match(const tf_rule_node_t *n, tf_str_t s)
{
    int  rc;

    rc = pcre2_match(n->regex->code, s.data ? s.data : (PCRE2_SPTR) "", s.len,
                     0, 0, n->regex->data, n->regex->context);

    /* 0: it matches, and the one slot is too few for its groups */

    if (rc >= 0) {
        return TF_TRUE;
    }

    /* a limit was passed, or the name is not UTF-8 */

    return rc == PCRE2_ERROR_NOMATCH ? TF_FALSE : TF_UNKNOWN;
}


static void *
tf_rule_regex_alloc(size_t size, void *ctx)
{
    return tf_alloc(ctx, size);
}


static void
tf_rule_regex_free(void *p, void *ctx)
{
    (void) p;
    (void) ctx;
}
