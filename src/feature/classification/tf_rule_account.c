
/*
 * The facts of an account, from what was read of it.
 */


#include "tf_rule.h"


#define TF_RULE_DAY  86400


typedef struct {
    tf_facts_t              *facts;
    int                      passes_on;     /* a right that it may give */
} tf_rule_rights_t;


static tf_int_t tf_rule_right(void *data, const tf_right_t *right);
static tf_int_t tf_rule_unread(tf_facts_t *f, const tf_engine_t *engine,
    const tf_unread_t *unread);
static int tf_rule_group(const char *fact, tf_fact_group_e *group);
static int64_t tf_rule_time(tf_str_t json);


tf_int_t
tf_facts_account(tf_facts_t *f, const tf_mem_t *mem,
    const tf_engine_t *engine, tf_str_t name, const tf_accounts_t *set,
    size_t n)
{
    tf_str_t             none = tf_string("");
    tf_rule_rights_t     rights = { f, 0 };
    const tf_account_t  *a;

    tf_facts_init(f, mem, engine, name);

    a = tf_accounts_get(set, n);

    if (tf_accounts_rights(set, n, tf_rule_right, &rights) != TF_OK
        || (a->is_superuser
            && tf_facts_add(f, TF_FACT_CAPABILITY, tf_str("SUPERUSER"), none)
               != TF_OK)
        || (a->is_locked
            && tf_facts_add(f, TF_FACT_CAPABILITY, tf_str("LOCKED"), none)
               != TF_OK)
        || (a->can_grant
            && tf_facts_add(f, TF_FACT_CAPABILITY, tf_str("GRANT_ADMIN"), none)
               != TF_OK))
    {
        return TF_ERROR;
    }

    f->is_system = a->is_system ? TF_TRUE : TF_FALSE;
    f->has_grant_option = rights.passes_on || a->can_grant ? TF_TRUE
                                                           : TF_FALSE;

    return TF_OK;
}


static tf_int_t
tf_rule_right(void *data, const tf_right_t *right)
{
    tf_str_t           where, none = tf_string("");
    tf_fact_group_e    group;
    tf_rule_rights_t  *rights = data;

    /* what is denied is no right */

    if (right->state == TF_STATE_DENIED) {
        return TF_OK;
    }

    rights->passes_on |= right->state == TF_STATE_GRANTABLE
                         || right->state == TF_STATE_ADMIN
                         || tf_str_eq(right->privilege, "GRANT OPTION");

    if (right->category->shape == TF_SHAPE_FLAGS) {
        return tf_str_eq(right->privilege, "true")
               ? tf_facts_add(rights->facts, TF_FACT_CAPABILITY,
                              right->object, none)
               : TF_OK;
    }

    if (right->category->roles & TF_ROLES_PRIVILEGES) {
        return tf_facts_add(rights->facts, TF_FACT_ROLE, right->privilege,
                            none);
    }

    if (right->category->fact
        && tf_rule_group(right->category->fact, &group))
    {
        where = right->category->shape == TF_SHAPE_DBLIST ? right->database
                                                          : right->object;

        return tf_facts_add(rights->facts, group, right->privilege,
                            group == TF_FACT_DATABASE
                            || group == TF_FACT_TABLESPACE ? where : none);
    }

    return TF_OK;
}


tf_int_t
tf_facts_scopes(tf_facts_t *f, const tf_engine_t *engine,
    const tf_unread_t *unread, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (tf_rule_unread(f, engine, &unread[i]) != TF_OK) {
            return TF_ERROR;
        }
    }

    if (n && f->has_grant_option == TF_FALSE) {
        f->has_grant_option = TF_UNKNOWN;
    }

    return TF_OK;
}


/* A scope that was never read makes unknown what its categories say: the facts
 * that they are, and the capabilities that follow from them. */

static tf_int_t
tf_rule_unread(tf_facts_t *f, const tf_engine_t *engine,
    const tf_unread_t *unread)
{
    tf_str_t              none = tf_string("");
    tf_fact_group_e       group;
    const tf_reason_t    *r;
    const tf_category_t  *c, *from;

    for (c = engine->categories; c->key; c++) {

        if (!tf_str_eq(unread->scope, c->scope)) {
            continue;
        }

        if ((c->roles & TF_ROLES_PRIVILEGES)
            && tf_facts_unread(f, TF_FACT_ROLE, none) != TF_OK)
        {
            return TF_ERROR;
        }

        if (c->fact && tf_rule_group(c->fact, &group)
            && tf_facts_unread(f, group, unread->database) != TF_OK)
        {
            return TF_ERROR;
        }

        if (c->shape == TF_SHAPE_FLAGS
            && tf_facts_unread(f, TF_FACT_CAPABILITY, none) != TF_OK)
        {
            return TF_ERROR;
        }

        for (r = engine->reasons; r->capability; r++) {
            from = r->category ? tf_category_find(engine, r->category) : NULL;

            if (from == c
                && tf_facts_unread(f, TF_FACT_CAPABILITY,
                                   tf_str(r->capability)) != TF_OK)
            {
                return TF_ERROR;
            }
        }
    }

    return TF_OK;
}


static int
tf_rule_group(const char *fact, tf_fact_group_e *group)
{
    unsigned  i;

    static const struct {
        const char          *name;
        tf_fact_group_e      group;
    } groups[] = {
        { "global", TF_FACT_GLOBAL },
        { "server", TF_FACT_SERVER },
        { "system", TF_FACT_SERVER },
        { "database", TF_FACT_DATABASE },
        { "database_permissions", TF_FACT_DATABASE },
        { "tablespace", TF_FACT_TABLESPACE },
        { NULL, 0 }
    };

    for (i = 0; groups[i].name; i++) {
        if (strcmp(fact, groups[i].name) == 0) {
            *group = groups[i].group;
            return 1;
        }
    }

    return 0;
}


/* Seconds are since 1970, UTC. */

void
tf_facts_ages(tf_facts_t *f, const tf_accounts_t *set, size_t n, int64_t now)
{
    int64_t   at;
    tf_str_t  value;

    value = tf_accounts_attr(set, n, "password_last_changed");
    at = value.data ? tf_rule_time(value) : -1;

    if (at >= 0) {
        f->password_age = (now - at) / TF_RULE_DAY;
    }

    value = tf_accounts_attr(set, n, "valid_until");

    if (value.data == NULL) {
        return;                         /* the engine does not tell */
    }

    at = tf_rule_time(value);

    if (at >= 0) {
        f->expires_in = (at - now) / TF_RULE_DAY;

    } else if (tf_str_eq(value, "null") || tf_str_eq(value, "\"infinity\"")) {
        f->expires_in = TF_DAYS_NEVER;
    }
}


/* "2026-11-24 01:00:00" with what may follow, in quotes; -1: no such time.
 * Days are counted, so an offset of the zone does not matter. */

static int64_t
tf_rule_time(tf_str_t json)
{
    int64_t         n, days, y, m, d;
    unsigned        i;
    unsigned char  *p = json.data + 1;

    if (json.len < 12 || json.data[0] != '"' || p[4] != '-' || p[7] != '-') {
        return -1;
    }

    for (i = 0, n = 0; i < 10; i++) {

        if (i == 4 || i == 7) {
            continue;
        }

        if (p[i] < '0' || p[i] > '9') {
            return -1;
        }

        n = n * 10 + p[i] - '0';
    }

    y = n / 10000;
    m = n / 100 % 100;
    d = n % 100;

    if (y < 1970 || m < 1 || m > 12 || d < 1 || d > 31) {
        return -1;
    }

    /* days since 1970, with years that begin in March (Hinnant,
     * days_from_civil) */

    y -= m <= 2;
    days = 365 * y + y / 4 - y / 100 + y / 400
           + (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1 - 719468;

    return days * TF_RULE_DAY;
}
