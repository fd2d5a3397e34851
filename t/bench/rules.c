
/*
 * rules ENGINE RULES SNAPSHOTS: how long the evaluation alone takes, in
 * processor time.  Both files have one JSON text a line: rules as they are
 * stored, and snapshots of accounts.
 */


#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tf_rule.h"
#include "tfw_mem.h"


#define BENCH_RULES  1000


static double bench_clock(void);
static tf_rule_t *bench_rule(const tf_mem_t *mem, tf_str_t text);
static tf_int_t bench_line(FILE *f, tf_str_t *line);


int
main(int argc, char **argv)
{
    FILE                *f;
    long                 accounts = 0, matches = 0;
    size_t               i, n = 0;
    double               started, facts = 0, rules = 0;
    tf_err_t             err;
    tf_str_t             line;
    tf_facts_t           fa;
    tfw_mem_t            mem, scratch;
    tf_rule_t           *rule[BENCH_RULES];
    tf_accounts_t       *set;
    const tf_engine_t   *engine;
    tf_account_stored_t  stored = { .names = NULL };

    engine = argc == 4 ? tf_engine_find(tf_str(argv[1])) : NULL;
    f = engine ? fopen(argv[2], "r") : NULL;

    if (f == NULL) {
        return 2;
    }

    tfw_mem_init(&mem, 256 * 1024 * 1024);

    while (n < BENCH_RULES && bench_line(f, &line) == TF_OK) {
        rule[n] = bench_rule(&mem.mem, line);

        if (rule[n++] == NULL) {
            return 1;
        }
    }

    fclose(f);
    f = fopen(argv[3], "r");

    while (f && bench_line(f, &line) == TF_OK) {
        tfw_mem_init(&scratch, 64 * 1024 * 1024);

        started = bench_clock();
        stored.snapshot = line;
        set = tf_account_parse(&scratch.mem, engine, &stored, &err);

        if (set == NULL
            || tf_facts_account(&fa, &scratch.mem, engine, tf_str("app_1"),
                                set, 0)
               != TF_OK)
        {
            return 1;
        }

        tf_facts_ages(&fa, set, 0, 1800000000);
        tf_facts_sort(&fa);
        facts += bench_clock() - started;

        started = bench_clock();

        for (i = 0; i < n; i++) {
            matches += tf_rule_eval(rule[i], &fa) == TF_TRUE;
        }

        rules += bench_clock() - started;
        accounts++;

        tfw_mem_clear(&scratch);
        free(line.data);
    }

    printf("%ld accounts x %zu rules, %ld matches: %.2f s for facts of"
           " snapshots, %.2f s for rules\n", accounts, n, matches, facts,
           rules);

    return 0;
}


static double
bench_clock(void)
{
    struct timespec  t;

    (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);

    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}


static tf_rule_t *
bench_rule(const tf_mem_t *mem, tf_str_t text)
{
    tf_err_t          err;
    tf_json_t        *v;
    tf_rule_error_t   e;

    static const tf_json_limits_t  limits = { 3 * TF_RULE_DEPTH_MAX + 8,
                                              10 * TF_RULE_NODES_MAX };

    return tf_json_parse(mem, text, &limits, &v, &err) == TF_OK
           ? tf_rule_read(mem, v, &e) : NULL;
}


/* The line is the caller's. */

static tf_int_t
bench_line(FILE *f, tf_str_t *line)
{
    char     *text = NULL;
    size_t    size = 0;
    ssize_t   n;

    n = getline(&text, &size, f);

    if (n < 1) {
        free(text);
        return TF_DECLINED;
    }

    line->data = (unsigned char *) text;
    line->len = (size_t) n - 1;

    return TF_OK;
}
