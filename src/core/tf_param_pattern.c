
#define PCRE2_CODE_UNIT_WIDTH  8

#include <pcre2.h>

#include "tf_param_pattern.h"
#include "tf_param_value.h"


/* Room for the states of the matcher, in ints. */
#define TF_PARAM_STATES  4096


static void *tf_param_alloc(size_t size, void *ctx);
static void tf_param_free(void *p, void *ctx);


/* Patterns are the program's: one that does not compile is its own fault. */

tf_int_t
tf_param_pattern_compile(const tf_mem_t *mem, const tf_param_t *p,
    tf_pattern_t *pattern, tf_err_t *err)
{
    int                     error;
    PCRE2_SIZE              at;
    pcre2_general_context  *general;
    pcre2_compile_context  *compile;

    general = pcre2_general_context_create(tf_param_alloc, tf_param_free,
                                           (void *) mem);
    if (general == NULL) {
        return tf_param_value_memory(err);
    }

    compile = pcre2_compile_context_create(general);
    if (compile == NULL) {
        return tf_param_value_memory(err);
    }

    pattern->code = pcre2_compile((PCRE2_SPTR) p->set, PCRE2_ZERO_TERMINATED,
                                  PCRE2_UTF|PCRE2_ANCHORED
                                  |PCRE2_ENDANCHORED|PCRE2_DOLLAR_ENDONLY,
                                  &error, &at, compile);

    if (pattern->code == NULL) {

        if (error == PCRE2_ERROR_HEAP_FAILED) {
            return tf_param_value_memory(err);
        }

        return tf_fail(err, TF_E_INTERNAL_ERROR, p->name,
                       "the pattern is wrong at %zu, error %d", (size_t) at,
                       error);
    }

    pattern->data = pcre2_match_data_create(1, general);

    return pattern->data ? TF_OK : tf_param_value_memory(err);
}


/* The DFA matcher goes through a value once and takes no memory, so no value
 * can make a pattern slow.  It knows no back references. */

tf_int_t
tf_param_pattern_match(const tf_param_t *p, const tf_pattern_t *pattern,
    tf_str_t s, tf_err_t *err)
{
    int  rc, states[TF_PARAM_STATES];

    rc = pcre2_dfa_match(pattern->code, s.data ? s.data : (PCRE2_SPTR) "",
                         s.len, 0, PCRE2_NO_UTF_CHECK, pattern->data, NULL,
                         states, TF_PARAM_STATES);

    if (rc >= 0) {
        return TF_OK;
    }

    if (rc != PCRE2_ERROR_NOMATCH) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, p->name,
                       "matching the pattern failed with %d", rc);
    }

    return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                   "has characters or a form that are not allowed");
}


static void *
tf_param_alloc(size_t size, void *ctx)
{
    return tf_alloc(ctx, size);
}


static void
tf_param_free(void *p, void *ctx)
{
    (void) p;
    (void) ctx;
}
