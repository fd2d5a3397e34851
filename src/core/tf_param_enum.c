
#include "tf_param_enum.h"


/* The refusal names the words of the set without the other spellings. */

tf_int_t
tf_param_enum_choose(const tf_param_t *p, tf_str_t s, tf_str_t *word,
    tf_err_t *err)
{
    char         names[160];
    size_t       n;
    tf_str_t     w, means;
    const char  *set;

    n = 0;

    for (set = p->set; tf_param_enum_next(&set, &w, &means); /* void */ ) {

        if (tf_param_enum_same(s, w)) {
            *word = means;
            return TF_OK;
        }

        if (w.data == means.data && n + w.len + 3 < sizeof(names)) {
            memcpy(names + n, ", ", 2);
            memcpy(names + n + 2, w.data, w.len);
            n += 2 + w.len;
        }
    }

    names[n] = '\0';

    return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                   "has to be one of %s", n ? names + 2 : "");
}


int
tf_param_enum_next(const char **set, tf_str_t *word, tf_str_t *means)
{
    size_t       len;
    const char  *p, *equals;

    p = *set;

    if (p == NULL) {
        return 0;
    }

    len = strcspn(p, "|");
    *set = p[len] ? p + len + 1 : NULL;

    word->data = (unsigned char *) p;
    word->len = len;
    *means = *word;

    equals = memchr(p, '=', len);

    if (equals) {
        word->len = equals - p;
        means->data = (unsigned char *) equals + 1;
        means->len = len - word->len - 1;
    }

    return 1;
}


int
tf_param_enum_same(tf_str_t a, tf_str_t b)
{
    size_t         i;
    unsigned char  c, d;

    if (a.len != b.len) {
        return 0;
    }

    for (i = 0; i < a.len; i++) {
        c = a.data[i];
        d = b.data[i];

        if (c >= 'A' && c <= 'Z') {
            c |= 0x20;
        }

        if (d >= 'A' && d <= 'Z') {
            d |= 0x20;
        }

        if (c != d) {
            return 0;
        }
    }

    return a.len > 0;
}
