
#include "tf_mem.h"
#include "tf_param_value.h"
#include "tf_utf8.h"


const tf_json_limits_t  tf_param_value_limits = { 32, 10000 };


tf_int_t
tf_param_value_none(const tf_param_t *p, tf_value_t *v, tf_err_t *err)
{
    if (p->flags & TF_P_REQUIRED) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, p->name, "is required");
    }

    v->null = 1;

    return TF_OK;
}


tf_int_t
tf_param_value_keep(const tf_mem_t *mem, tf_str_t s, tf_value_t *v,
    tf_err_t *err)
{
    v->null = 0;

    return tf_mem_copy(mem, s, &v->value) == TF_OK
           ? TF_OK : tf_param_value_memory(err);
}


tf_int_t
tf_param_value_memory(tf_err_t *err)
{
    return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
}


tf_str_t
tf_param_value_trim(const tf_param_t *p, tf_str_t s)
{
    int  nul = p->flags & TF_P_NULEND;

    if (p->type == TF_P_SECRET || (p->flags & TF_P_NOTRIM)) {
        return s;
    }

    while (s.len && (s.data[0] == ' '
                     || (s.data[0] >= '\t' && s.data[0] <= '\r')))
    {
        s.data++;
        s.len--;
    }

    while (s.len && (s.data[s.len - 1] == ' '
                     || (nul && s.data[s.len - 1] == '\0')
                     || (s.data[s.len - 1] >= '\t'
                         && s.data[s.len - 1] <= '\r')))
    {
        s.len--;
    }

    return s;
}


/* The number of characters of text that PostgreSQL takes, or TF_ERROR. */

int64_t
tf_param_value_chars(const tf_param_t *p, tf_str_t s, tf_err_t *err)
{
    int64_t  n;

    n = tf_utf8_count(s);

    if (n < 0) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                       "has to be UTF-8 text");
    }

    if (s.len && memchr(s.data, '\0', s.len)) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                       "may not contain NUL");
    }

    return n;
}


/* 1 and the number when s is one that fits. */

int
tf_param_value_integer(tf_str_t s, int64_t *n)
{
    int       negative, fits;
    size_t    i;
    uint64_t  u, d, limit;

    i = 0;
    negative = s.len && s.data[0] == '-';
    i += negative;
    *n = 0;

    if (i == s.len) {
        return 0;
    }

    limit = (uint64_t) INT64_MAX + negative;

    for (u = 0, fits = 1; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            *n = 0;
            return 0;
        }

        d = s.data[i] - '0';

        if (!fits || u > (limit - d) / 10) {
            fits = 0;
            u = limit;
            continue;
        }

        u = u * 10 + d;
    }

    *n = (int64_t) (negative ? 0 - u : u);

    return fits;
}


/* A maximum of 0 is none. */

tf_int_t
tf_param_value_length(const tf_param_t *p, int64_t n, tf_param_unit_e unit,
    tf_err_t *err)
{
    static const char *const  few[] = {
        [TF_PARAM_CHARACTERS] = "needs at least %lld characters",
        [TF_PARAM_BYTES] = "needs at least %lld bytes",
        [TF_PARAM_MEMBERS] = "needs at least %lld members"
    };

    static const char *const  many[] = {
        [TF_PARAM_CHARACTERS] = "may have at most %lld characters",
        [TF_PARAM_BYTES] = "may have at most %lld bytes",
        [TF_PARAM_MEMBERS] = "may have at most %lld members"
    };

    if (n < p->min) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                       few[unit], (long long) p->min);
    }

    if (p->max && n > p->max) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                       many[unit], (long long) p->max);
    }

    return TF_OK;
}
