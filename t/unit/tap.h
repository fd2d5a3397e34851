
/*
 * TAP for C tests: ok() and is*() count themselves; a test's main ends in
 * "return tap_done();", which prints the plan and is 1 when a test failed.
 */


#ifndef _TAP_H_INCLUDED_
#define _TAP_H_INCLUDED_


#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tf_types.h"


static int  tap_tests;
static int  tap_failed;


/* Every test ends here: 1 when it passed. */

__attribute__((format(printf, 2, 0), unused))
static int
tap_result(int passed, const char *fmt, va_list args)
{
    printf("%sok %d - ", passed ? "" : "not ", ++tap_tests);
    vprintf(fmt, args);
    printf("\n");
    fflush(stdout);

    tap_failed += !passed;

    return passed;
}


__attribute__((format(printf, 2, 3), unused))
static int
ok(int passed, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    passed = tap_result(passed, fmt, args);
    va_end(args);

    return passed;
}


__attribute__((format(printf, 3, 4), unused))
static int
is_int(long long got, long long expected, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    tap_result(got == expected, fmt, args);
    va_end(args);

    if (got != expected) {
        printf("#      got: %lld\n# expected: %lld\n", got, expected);
    }

    return got == expected;
}


/* Bytes, compared with a literal; a NULL literal is a string without data. */

__attribute__((format(printf, 3, 4), unused))
static int
is_str(tf_str_t got, const char *expected, const char *fmt, ...)
{
    int      same;
    va_list  args;

    same = expected == NULL ? got.data == NULL
                            : got.data != NULL && tf_str_eq(got, expected);

    va_start(args, fmt);
    tap_result(same, fmt, args);
    va_end(args);

    if (!same) {
        printf("#      got: \"%.*s\"\n# expected: \"%s\"\n",
               got.data ? (int) got.len : 6,
               got.data ? (char *) got.data : "(NULL)",
               expected ? expected : "(NULL)");
    }

    return same;
}


__attribute__((unused))
static int
tap_done(void)
{
    printf("1..%d\n", tap_tests);

    return tap_failed != 0;
}


#endif /* _TAP_H_INCLUDED_ */
