
/*
 * The tree of a rule, shared by the files that read, write and evaluate it.
 */


#ifndef _TF_RULE_INT_H_INCLUDED_
#define _TF_RULE_INT_H_INCLUDED_


#include "tf_rule.h"


#define TF_RULE_ARGS_MAX  3


typedef enum { TF_RULE_AND = 1, TF_RULE_OR, TF_RULE_NOT, TF_RULE_FN }
    tf_rule_op_e;

typedef enum {
    TF_RULE_ARG_STRING = 1,
    TF_RULE_ARG_ENGINES,        /* one or more names of engines */
    TF_RULE_ARG_SCOPE,          /* "global", "server", "database" ... */
    TF_RULE_ARG_OBJECT,         /* a string; may be left out */
    TF_RULE_ARG_REGEX,          /* pcre2, anchored at both ends */
    TF_RULE_ARG_LIKE,           /* SQL's: "%", "_", "\" before them */
    TF_RULE_ARG_DAYS            /* a whole number from 0 to 36500 */
} tf_rule_arg_e;

typedef struct {
    const char              *name;
    tf_rule_arg_e            type;
} tf_rule_arg_t;


typedef struct tf_rule_node_s  tf_rule_node_t;

/* A function.  text is its text form: words, and $ for the next argument. */

typedef struct {
    const char              *name;
    const char              *text;
    tf_truth_e             (*eval)(const tf_rule_node_t *n,
                                   const tf_facts_t *f);
    tf_rule_arg_t            args[TF_RULE_ARGS_MAX];    /* ended by NULL */
} tf_rule_fn_t;


struct tf_rule_node_s {
    tf_rule_op_e             op;
    unsigned                 count;         /* of children */
    tf_rule_node_t          *child;
    tf_rule_node_t          *next;

    const tf_rule_fn_t      *fn;
    tf_str_t                 arg[TF_RULE_ARGS_MAX];  /* data NULL: left out */
    int64_t                  days;
    unsigned                 engines;       /* bit n: tf_engines[n] */
    struct tf_rule_regex_s  *regex;
};

struct tf_rule_s {
    tf_rule_node_t          *root;
};


/* What is under construction: memory, the error, the number of nodes. */

typedef struct {
    const tf_mem_t          *mem;
    tf_rule_error_t         *e;
    unsigned                 nodes;
} tf_rule_make_t;


/* --- tf_rule_node.c ---------------------------------------------------- */

/* A new node, or NULL with the error set. */
tf_rule_node_t *tf_rule_node(tf_rule_make_t *m, tf_rule_op_e op);

/* Sets the fault unless one is set, and returns TF_ERROR. */
tf_int_t tf_rule_fault(tf_rule_make_t *m, tf_rule_fault_e fault,
    const char *expected);

/* The group of facts that a scope's name means; TF_DECLINED: none. */
tf_int_t tf_rule_scope(tf_str_t name, tf_fact_group_e *group);

/* "AND", "OR", "NOT" by tf_rule_op_e. */
extern const char *const  tf_rule_words[];


/* --- tf_rule_regex.c --------------------------------------------------- */

tf_int_t tf_rule_regex(tf_rule_make_t *m, tf_rule_node_t *n, tf_str_t pattern)
    TF_MUST_CHECK;
tf_truth_e tf_rule_regex_match(const tf_rule_node_t *n, tf_str_t s);


/* --- tf_rule_eval.c ---------------------------------------------------- */

tf_truth_e tf_rule_eval_engine(const tf_rule_node_t *n, const tf_facts_t *f);
tf_truth_e tf_rule_eval_superuser(const tf_rule_node_t *n,
    const tf_facts_t *f);
tf_truth_e tf_rule_eval_locked(const tf_rule_node_t *n, const tf_facts_t *f);
tf_truth_e tf_rule_eval_system(const tf_rule_node_t *n, const tf_facts_t *f);
tf_truth_e tf_rule_eval_grant(const tf_rule_node_t *n, const tf_facts_t *f);
tf_truth_e tf_rule_eval_capability(const tf_rule_node_t *n,
    const tf_facts_t *f);
tf_truth_e tf_rule_eval_role(const tf_rule_node_t *n, const tf_facts_t *f);
tf_truth_e tf_rule_eval_privilege(const tf_rule_node_t *n,
    const tf_facts_t *f);
tf_truth_e tf_rule_eval_matches(const tf_rule_node_t *n, const tf_facts_t *f);
tf_truth_e tf_rule_eval_like(const tf_rule_node_t *n, const tf_facts_t *f);
tf_truth_e tf_rule_eval_password(const tf_rule_node_t *n,
    const tf_facts_t *f);
tf_truth_e tf_rule_eval_expires(const tf_rule_node_t *n, const tf_facts_t *f);


/* --- tf_rule_text_write.c ---------------------------------------------- */

/* Writes one function as text. */
void tf_rule_text_fn(tf_buf_t *b, const tf_rule_node_t *n);


/* --- tf_rule_fns.c ----------------------------------------------------- */

/* All functions, ended by name NULL. */
extern const tf_rule_fn_t  tf_rule_fns[];

/* Sets argument i of a function's node from a value of the right type; the
 * string must live as long as the rule.  TF_ERROR with the error's fault and
 * what was expected. */
tf_int_t tf_rule_set(tf_rule_make_t *m, tf_rule_node_t *n, unsigned i,
    tf_str_t value) TF_MUST_CHECK;

/* After the last argument: what one argument demands of another. */
tf_int_t tf_rule_complete(tf_rule_make_t *m, tf_rule_node_t *n) TF_MUST_CHECK;


#endif /* _TF_RULE_INT_H_INCLUDED_ */
