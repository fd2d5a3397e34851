
#include "tf_number.h"


tf_int_t
tf_number(tf_str_t s, int64_t max, int64_t *n)
{
    int      digit;
    size_t   i;
    int64_t  left;

    *n = 0;
    left = max;

    for (i = 0; i < s.len; i++) {
        digit = s.data[i] - '0';

        if (digit < 0 || digit > 9 || left == 0 || digit > max
            || *n > (max - digit) / 10)
        {
            return TF_DECLINED;
        }

        *n = *n * 10 + digit;
        left /= 10;
    }

    return s.len ? TF_OK : TF_DECLINED;
}


tf_int_t
tf_number_int(tf_str_t s, int max, int *n)
{
    int64_t   wide;
    tf_int_t  rc;

    rc = tf_number(s, max, &wide);
    *n = (int) wide;

    return rc;
}
