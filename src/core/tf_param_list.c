
#include "tf_param_enum.h"
#include "tf_param_list.h"
#include "tf_param_pattern.h"
#include "tf_param_value.h"


/* A JSON number longer than this, or with a larger exponent, is none that
 * PostgreSQL could keep. */
#define TF_PARAM_DIGITS  1000


static tf_int_t tf_param_members(const tf_mem_t *mem, const tf_param_t *p,
    const tf_json_t *first, tf_value_t *v, tf_err_t *err);
static tf_int_t tf_param_member(tf_buf_t *b, const tf_param_t *p,
    const tf_pattern_t *pattern, tf_str_t s, tf_err_t *err);
static int tf_param_storable(const tf_json_t *v);


/* A comma list as a list of JSON strings, which is checked like any other. */

tf_int_t
tf_param_list(const tf_mem_t *mem, const tf_param_t *p, tf_str_t s,
    tf_value_t *v, tf_err_t *err)
{
    tf_json_t       *member, *first, **next;
    unsigned char   *comma, *at, *end;

    first = NULL;
    next = &first;
    at = s.data;
    end = s.data + s.len;

    while (s.len) {
        member = tf_calloc(mem, sizeof(tf_json_t));
        if (member == NULL) {
            return tf_param_value_memory(err);
        }

        comma = memchr(at, ',', end - at);

        member->type = TF_JSON_STRING;
        member->str.data = at;
        member->str.len = (comma ? comma : end) - at;

        *next = member;
        next = &member->next;

        if (comma == NULL) {
            break;
        }

        at = comma + 1;
    }

    return tf_param_members(mem, p, first, v, err);
}


/* An array, or one value of its own. */

tf_int_t
tf_param_list_json(const tf_mem_t *mem, const tf_param_t *p,
    const tf_json_t *raw, tf_value_t *v, tf_err_t *err)
{
    tf_json_t  one;

    if (raw->type == TF_JSON_ARRAY) {
        return tf_param_members(mem, p, raw->child, v, err);
    }

    one = *raw;
    one.next = NULL;

    return tf_param_members(mem, p, &one, v, err);
}


static tf_int_t
tf_param_members(const tf_mem_t *mem, const tf_param_t *p,
    const tf_json_t *first, tf_value_t *v, tf_err_t *err)
{
    int64_t           n;
    tf_buf_t          b;
    tf_pattern_t      pattern;
    const tf_json_t  *m;

    pattern.code = NULL;

    if (p->type == TF_P_STRS && p->set != NULL
        && tf_param_pattern_compile(mem, p, &pattern, err) != TF_OK)
    {
        return TF_ERROR;
    }

    tf_buf_init(&b, mem, 128, SIZE_MAX / 4);
    tf_buf_char(&b, '{');

    for (n = 0, m = first; m; m = m->next, n++) {

        if (m->type != TF_JSON_STRING
            && !(m->type == TF_JSON_NUMBER && p->type == TF_P_INTS))
        {
            return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                           p->type == TF_P_INTS ? "has to be a list of integers"
                           : "has to be a list of strings");
        }

        if (n) {
            tf_buf_char(&b, ',');
        }

        if (tf_param_member(&b, p, &pattern, m->str, err) != TF_OK) {
            return TF_ERROR;
        }
    }

    if (tf_param_value_length(p, n, TF_PARAM_MEMBERS, err) != TF_OK) {
        return TF_ERROR;
    }

    tf_buf_add(&b, "}", 2);

    if (tf_buf_done(&b, &v->value) != TF_OK) {
        return tf_param_value_memory(err);
    }

    v->value.len--;
    v->null = 0;

    return TF_OK;
}


static tf_int_t
tf_param_member(tf_buf_t *b, const tf_param_t *p, const tf_pattern_t *pattern,
    tf_str_t s, tf_err_t *err)
{
    size_t   i;
    int64_t  n;

    s = tf_param_value_trim(p, s);

    if (p->type == TF_P_ENUMS
        && tf_param_enum_choose(p, s, &s, err) != TF_OK)
    {
        return TF_ERROR;
    }

    if (p->type == TF_P_INTS) {
        if (!tf_param_value_integer(s, &n)) {
            return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                           "has to be a list of integers");
        }

        tf_buf_int(b, n);
        return TF_OK;
    }

    if (s.len == 0 && !(p->flags & TF_P_EMPTY)) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                       "has an empty member");
    }

    if (tf_param_value_chars(p, s, err) < 0
        || (pattern->code
            && tf_param_pattern_match(p, pattern, s, err) != TF_OK))
    {
        return TF_ERROR;
    }

    /* in quotes nothing but these two has a meaning, not even NULL */

    tf_buf_char(b, '"');

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '"' || s.data[i] == '\\') {
            tf_buf_char(b, '\\');
        }

        tf_buf_char(b, s.data[i]);
    }

    tf_buf_char(b, '"');

    return TF_OK;
}


tf_int_t
tf_param_list_document(const tf_mem_t *mem, const tf_param_t *p,
    const tf_json_t *raw, tf_value_t *v, tf_err_t *err)
{
    tf_buf_t  b;

    if (raw->type == TF_JSON_NULL) {
        return tf_param_value_none(p, v, err);
    }

    if (!tf_param_storable(raw)) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                       "has a NUL or a number that cannot be kept");
    }

    tf_buf_init(&b, mem, 256, SIZE_MAX / 4);
    tf_json_write(&b, raw);

    if (p->max && (size_t) (b.last - b.start) > (size_t) p->max) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                       "may have at most %lld bytes", (long long) p->max);
    }

    tf_buf_char(&b, '\0');

    if (tf_buf_done(&b, &v->value) != TF_OK) {
        return tf_param_value_memory(err);
    }

    v->value.len--;
    v->null = 0;

    return TF_OK;
}


/* What is JSON but nothing that jsonb takes: NUL in text, numbers out of the
 * range of numeric. */

static int
tf_param_storable(const tf_json_t *v)
{
    int64_t           exponent;
    tf_str_t          s;
    unsigned char    *e, *end;
    const tf_json_t  *child;

    if (v->name.len && memchr(v->name.data, '\0', v->name.len)) {
        return 0;
    }

    if (v->type == TF_JSON_STRING) {
        return v->str.len == 0 || memchr(v->str.data, '\0', v->str.len) == NULL;
    }

    if (v->type == TF_JSON_NUMBER) {

        if (v->str.len > TF_PARAM_DIGITS) {
            return 0;
        }

        end = v->str.data + v->str.len;

        for (e = v->str.data; e < end && (*e | 0x20) != 'e'; e++) {
            /* void */
        }

        if (e == end) {
            return 1;
        }

        e++;
        e += e < end && *e == '+';

        s.data = e;
        s.len = end - e;

        return tf_param_value_integer(s, &exponent)
               && exponent <= TF_PARAM_DIGITS && exponent >= -TF_PARAM_DIGITS;
    }

    for (child = v->child; child; child = child->next) {
        if (!tf_param_storable(child)) {
            return 0;
        }
    }

    return 1;
}
