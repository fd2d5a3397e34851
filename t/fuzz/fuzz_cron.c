
/* A cron expression: a firing is after its start, is a date that exists, and
 * nothing lies between it and what the second before it leads to. */

#include "tf_cron.h"

#include "fuzz.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int         i;
    tf_err_t    err;
    tf_str_t    s;
    tf_cron_t   cron;
    tf_civil_t  t, n;

    s.data = malloc(size + 1);
    s.len = size;
    memcpy(s.data, data, size);
    s.data[size] = '5';

    t = (tf_civil_t) { 2026, 11, 23, 8, 30, 15 };

    if (tf_cron_parse(s, &cron, &err) == TF_OK) {

        for (i = 0; i < 20 && tf_cron_next(&cron, &t, &n) == TF_OK; i++) {
            FUZZ_CHECK(n.year >= t.year && n.year <= 2097
                       && n.month >= 1 && n.month <= 12
                       && n.day >= 1 && n.day <= 31
                       && n.hour >= 0 && n.hour <= 23
                       && n.minute >= 0 && n.minute <= 59
                       && n.second >= 0 && n.second <= 59);

            FUZZ_CHECK(((((n.year * 13LL + n.month) * 32 + n.day) * 24
                         + n.hour) * 60 + n.minute) * 60 + n.second
                       > ((((t.year * 13LL + t.month) * 32 + t.day) * 24
                           + t.hour) * 60 + t.minute) * 60 + t.second);

            FUZZ_CHECK((cron.month >> n.month & 1) && (cron.hour >> n.hour & 1)
                       && (cron.minute >> n.minute & 1)
                       && (cron.second >> n.second & 1));
            t = n;
        }

    } else {
        FUZZ_CHECK(err.code == TF_E_VALIDATION_ERROR && err.detail[0]);
    }

    free(s.data);

    return 0;
}
