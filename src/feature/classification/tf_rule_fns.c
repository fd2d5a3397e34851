
/* The functions of the rule language and what they take. */


#include "tf_number.h"
#include "tf_rule_int.h"


#define TF_RULE_DAYS_MAX  36500


static tf_int_t tf_rule_days(tf_rule_make_t *m, tf_rule_node_t *n,
    tf_str_t value);


const tf_rule_fn_t  tf_rule_fns[] = {
    { "db_type_in", "ENGINE IN ( $ )", tf_rule_eval_engine,
      { { "types", TF_RULE_ARG_ENGINES } } },
    { "is_superuser", "SUPERUSER", tf_rule_eval_superuser, { { NULL, 0 } } },
    { "is_locked", "LOCKED", tf_rule_eval_locked, { { NULL, 0 } } },
    { "is_system", "SYSTEM", tf_rule_eval_system, { { NULL, 0 } } },
    { "has_grant_option", "CAN GRANT", tf_rule_eval_grant, { { NULL, 0 } } },
    { "has_capability", "CAPABILITY $", tf_rule_eval_capability,
      { { "name", TF_RULE_ARG_STRING } } },
    { "has_role", "ROLE $", tf_rule_eval_role,
      { { "name", TF_RULE_ARG_STRING } } },
    { "has_privilege", "PRIVILEGE $ ON $ $", tf_rule_eval_privilege,
      { { "name", TF_RULE_ARG_STRING }, { "scope", TF_RULE_ARG_SCOPE },
        { "database", TF_RULE_ARG_OBJECT } } },
    { "name_matches", "NAME MATCHES $", tf_rule_eval_matches,
      { { "pattern", TF_RULE_ARG_REGEX } } },
    { "name_like", "NAME LIKE $", tf_rule_eval_like,
      { { "pattern", TF_RULE_ARG_LIKE } } },
    { "password_age_over", "PASSWORD OLDER THAN $ DAYS",
      tf_rule_eval_password, { { "days", TF_RULE_ARG_DAYS } } },
    { "expires_within", "EXPIRES WITHIN $ DAYS", tf_rule_eval_expires,
      { { "days", TF_RULE_ARG_DAYS } } },
    { NULL, NULL, NULL, { { NULL, 0 } } }
};


tf_int_t
tf_rule_set(tf_rule_make_t *m, tf_rule_node_t *n, unsigned i, tf_str_t value)
{
    unsigned            bit;
    tf_fact_group_e     group;
    const tf_engine_t  *engine;

    if (value.len > TF_RULE_STRING_MAX) {
        return tf_rule_fault(m, TF_RULE_SIZE, NULL);
    }

    switch (n->fn->args[i].type) {

    case TF_RULE_ARG_ENGINES:

        engine = tf_engine_spelled(value);

        for (bit = 0; tf_engines[bit]; bit++) {
            if (tf_engines[bit] == engine) {
                n->engines |= 1u << bit;
                return TF_OK;
            }
        }

        return tf_rule_fault(m, TF_RULE_ARGUMENT, TF_ENGINE_NAMES);

    case TF_RULE_ARG_DAYS:
        return tf_rule_days(m, n, value);

    case TF_RULE_ARG_SCOPE:

        if (tf_rule_scope(value, &group) != TF_OK) {
            return tf_rule_fault(m, TF_RULE_ARGUMENT,
                                 "global, server, database, tablespace");
        }

        break;

    case TF_RULE_ARG_REGEX:

        if (tf_rule_regex(m, n, value) != TF_OK) {
            return TF_ERROR;
        }

        break;

    default:
        break;
    }

    /* the text form has no NUL */

    if (value.len == 0 || memchr(value.data, '\0', value.len)) {
        return tf_rule_fault(m, TF_RULE_ARGUMENT, "'...'");
    }

    n->arg[i] = value;

    return TF_OK;
}


static tf_int_t
tf_rule_days(tf_rule_make_t *m, tf_rule_node_t *n, tf_str_t value)
{
    if (tf_number(value, TF_RULE_DAYS_MAX, &n->days) != TF_OK
        || (value.len > 1 && value.data[0] == '0'))
    {
        return tf_rule_fault(m, TF_RULE_ARGUMENT, "0 .. 36500");
    }

    return TF_OK;
}


tf_int_t
tf_rule_complete(tf_rule_make_t *m, tf_rule_node_t *n)
{
    tf_fact_group_e  group;

    /* an object belongs to a scope that has objects */

    if (n->fn->args[2].name && n->arg[2].data
        && tf_rule_scope(n->arg[1], &group) == TF_OK
        && (group == TF_FACT_GLOBAL || group == TF_FACT_SERVER))
    {
        return tf_rule_fault(m, TF_RULE_ARGUMENT, "scope database");
    }

    return TF_OK;
}
