
/*
 * Rules of classification: which accounts a class is given to.
 *
 * A rule is an expression over the facts of one account.  It has two forms
 * that are converted into each other without loss.  The stored one is the rule
 * language v4 of the reference API:
 *
 *     {"version": 4, "expr": NODE}
 *     NODE = {"op": "AND" | "OR", "args": [NODE, ...]}
 *          | {"op": "NOT", "args": [NODE]}
 *          | {"fn": NAME, "args": {...}}
 *
 * and the other one is text, for people who write rules by hand:
 *
 *     SUPERUSER AND NOT (NAME LIKE 'app\_%' OR LOCKED)
 *
 * NOT binds tighter than AND, AND tighter than OR.  Keywords may be written in
 * any case.  A string stands in single quotes, a quote in it is doubled.  The
 * functions are a table in tf_rule_fns.c:
 *
 *     fn                  args                    text
 *     db_type_in          types: [name, ...]      ENGINE IN (mysql, oracle)
 *     is_superuser                                SUPERUSER
 *     is_locked                                   LOCKED
 *     is_system                                   SYSTEM
 *     has_grant_option                            CAN GRANT
 *     has_capability      name                    CAPABILITY 'can_replicate'
 *     has_role            name                    ROLE 'sysadmin'
 *     has_privilege       name, scope[, database] PRIVILEGE 'SELECT' ON GLOBAL
 *                                                 ... ON DATABASE 'app'
 *     name_matches        pattern                 NAME MATCHES 'app_[0-9]+'
 *     name_like           pattern                 NAME LIKE 'app\_%'
 *     password_age_over   days                    PASSWORD OLDER THAN 90 DAYS
 *     expires_within      days                    EXPIRES WITHIN 30 DAYS
 *
 * The logic has three values.  A fact that was never read makes a function
 * unknown, NOT unknown is unknown, unknown AND false is false, unknown OR true
 * is true (SQL:2016 6.39).  Only a rule that is true matches, so that no
 * account is given a class because something could not be read.
 */


#ifndef _TF_RULE_H_INCLUDED_
#define _TF_RULE_H_INCLUDED_


#include "tf_account.h"
#include "tf_json.h"


#define TF_RULE_DEPTH_MAX    32         /* of nested operators */
#define TF_RULE_NODES_MAX    500
#define TF_RULE_TEXT_MAX     65536      /* bytes of either form */
#define TF_RULE_STRING_MAX   512        /* bytes of an argument */


typedef struct tf_rule_s  tf_rule_t;


/* Why a rule was refused: the code is the reference API's where it has one. */

typedef enum {
    TF_RULE_OK = 0,
    TF_RULE_VERSION,            /* "version" is not 4 */
    TF_RULE_FORM,               /* a node is no operator and no function */
    TF_RULE_FUNCTION,           /* an unknown function */
    TF_RULE_ARGUMENT,           /* an argument's type or value */
    TF_RULE_MISSING,            /* an argument is missing */
    TF_RULE_EXTRA,              /* a member that the node does not have */
    TF_RULE_PATTERN,            /* a regular expression that does not compile */
    TF_RULE_SIZE,               /* too deep, too many nodes, too long */
    TF_RULE_SYNTAX,             /* the text form: another word was expected */
    TF_RULE_STRING,             /* the text form: a string without its end */
    TF_RULE_MEMORY,             /* memory is out */
    TF_RULE_FAULTS
} tf_rule_fault_e;

typedef struct {
    const char              *code;              /* "INVALID_DSL_ARGS" */
    const char              *message[TF_LANGS];
} tf_rule_fault_t;

/* Indexed by tf_rule_fault_e. */
extern const tf_rule_fault_t  tf_rule_faults[TF_RULE_FAULTS];


/* What is wrong and where: a JSON pointer (RFC 6901) for the stored form, a
 * line and a column in characters, both from 1, for the text form. */

typedef struct {
    tf_rule_fault_e          fault;
    char                     pointer[320];
    unsigned                 line;
    unsigned                 column;
    char                     expected[64];  /* what would be right, or "" */
} tf_rule_error_t;


/* Read a rule; the result and all it needs live in mem.  NULL with *e filled
 * when the rule is refused.  An AND or OR of one argument becomes that
 * argument, engines are sorted; nothing else of the form changes. */

tf_rule_t *tf_rule_read(const tf_mem_t *mem, const tf_json_t *v,
    tf_rule_error_t *e);
tf_rule_t *tf_rule_read_text(const tf_mem_t *mem, tf_str_t text,
    tf_rule_error_t *e);

/* Write the one form or the other. */

void tf_rule_write(tf_buf_t *b, const tf_rule_t *rule);
void tf_rule_write_text(tf_buf_t *b, const tf_rule_t *rule);


/* --- facts ------------------------------------------------------------- */

typedef enum { TF_FALSE = 0, TF_TRUE, TF_UNKNOWN } tf_truth_e;

typedef enum {
    TF_FACT_CAPABILITY = 0,     /* name; SUPERUSER, LOCKED and others */
    TF_FACT_ROLE,               /* name */
    TF_FACT_GLOBAL,             /* name of a privilege */
    TF_FACT_SERVER,             /* name of a privilege */
    TF_FACT_DATABASE,           /* name of a privilege, object: the database */
    TF_FACT_TABLESPACE,         /* name of a privilege, object: tablespace */
    TF_FACT_GROUPS
} tf_fact_group_e;

typedef struct {
    tf_str_t                 name;
    tf_str_t                 object;
} tf_fact_t;

typedef struct {
    tf_fact_t               *fact;
    size_t                   count;
    size_t                   size;
} tf_fact_list_t;

/* An age or a time left that is not known, and one that never comes. */
#define TF_DAYS_UNKNOWN  INT64_MIN
#define TF_DAYS_NEVER    INT64_MAX


/* The facts of one account.  Strings are not copied. */

typedef struct {
    const tf_mem_t          *mem;
    const tf_engine_t       *engine;
    tf_str_t                 name;              /* without a host */
    tf_truth_e               is_system;
    tf_truth_e               has_grant_option;
    int64_t                  password_age;      /* days since it was set */
    int64_t                  expires_in;        /* days; below 0: expired */
    tf_fact_list_t           have[TF_FACT_GROUPS];
    tf_fact_list_t           unread[TF_FACT_GROUPS];
} tf_facts_t;

/* All groups empty and read, the flags and days unknown. */
void tf_facts_init(tf_facts_t *f, const tf_mem_t *mem,
    const tf_engine_t *engine, tf_str_t name);

/* Adds a fact; object is empty but for DATABASE and TABLESPACE. */
tf_int_t tf_facts_add(tf_facts_t *f, tf_fact_group_e group, tf_str_t name,
    tf_str_t object) TF_MUST_CHECK;

/* Says that a part of a group was never read: a capability by its name, a
 * database or tablespace by its name; what is empty: the whole group. */
tf_int_t tf_facts_unread(tf_facts_t *f, tf_fact_group_e group, tf_str_t what)
    TF_MUST_CHECK;

/* To be called once, after the last fact and before the first rule. */
void tf_facts_sort(tf_facts_t *f);


/* --- facts of an account that was read ---------------------------------- */

/* A scope, or one database of it, that was never read of an instance. */

typedef struct {
    tf_str_t                 scope;
    tf_str_t                 database;          /* empty: the whole scope */
} tf_unread_t;

/* Initialises facts from what set says of account n.  name and set must live as
 * long as the facts.  TF_ERROR: memory is out. */
tf_int_t tf_facts_account(tf_facts_t *f, const tf_mem_t *mem,
    const tf_engine_t *engine, tf_str_t name, const tf_accounts_t *set,
    size_t n) TF_MUST_CHECK;

/* Adds what scopes that were never read leave unknown. */
tf_int_t tf_facts_scopes(tf_facts_t *f, const tf_engine_t *engine,
    const tf_unread_t *unread, size_t n) TF_MUST_CHECK;

/* Sets the ages; now is in seconds since 1970. */
void tf_facts_ages(tf_facts_t *f, const tf_accounts_t *set, size_t n,
    int64_t now);


/* --- evaluation -------------------------------------------------------- */

/* A pattern that passes the matcher's limits is unknown. */
tf_truth_e tf_rule_eval(const tf_rule_t *rule, const tf_facts_t *f);

/* Why: writes [{"pointer": "/expr/args/0", "text": "SUPERUSER", "value": true}]
 * for every function of the rule, null for unknown. */
void tf_rule_explain(tf_buf_t *b, const tf_rule_t *rule, const tf_facts_t *f);


#endif /* _TF_RULE_H_INCLUDED_ */
