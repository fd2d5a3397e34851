
/*
 * Who is a superuser, may grant, or may use programs and files of the server,
 * by own rights or by those of roles to any depth.
 *
 * For engines that do not say it themselves it follows from the rights, those
 * that were taken over from before included: what was not read takes nobody's
 * powers away.
 */


#include "tf_account_int.h"


static void tf_account_powers_own(const tf_accounts_t *set, unsigned *has);
static int tf_account_powers_roles(const tf_accounts_t *set, unsigned *has);
static unsigned tf_account_powers_all(const tf_accounts_t *set,
    const unsigned *has);
static void tf_account_powers_set(tf_accounts_t *set, size_t n, unsigned has,
    const tf_account_name_t *yes);


tf_int_t
tf_accounts_powers(tf_accounts_t *set)
{
    size_t                    n;
    unsigned                 *has, all;
    const tf_account_name_t  *yes;

    if (set->engine->power == NULL || set->accounts == 0) {
        return TF_OK;
    }

    has = tf_calloc(set->mem, set->accounts * sizeof(unsigned));
    yes = tf_accounts_name(set, tf_str("true"), 1);

    if (has == NULL || yes == NULL) {
        return TF_ERROR;
    }

    tf_account_powers_own(set, has);

    while (tf_account_powers_roles(set, has)) {
        /* once for each level of roles in roles */
    }

    all = tf_account_powers_all(set, has);

    for (n = 0; n < set->accounts; n++) {
        has[n] |= set->account[n].kind == TF_KIND_USER ? all : 0;
        tf_account_powers_set(set, n, has[n], yes);
    }

    return TF_OK;
}


static void
tf_account_powers_own(const tf_accounts_t *set, unsigned *has)
{
    size_t                     n;
    tf_right_t                 right;
    const tf_account_grant_t  *g;

    memset(&right, 0, sizeof(tf_right_t));

    for (n = 0; n < set->accounts; n++) {

        for (g = set->grant + set->grant_start[n];
             g < set->grant + set->grant_start[n + 1];
             g++)
        {
            right.category = g->category;
            right.database = g->database->str;
            right.object = g->object->str;
            right.privilege = g->privilege->str;
            right.state = g->state;

            has[n] |= set->engine->power(&right);
        }

        has[n] = tf_powers(has[n]);
    }
}


/* One level of roles; 1 when somebody gained by it. */

static int
tf_account_powers_roles(const tf_accounts_t *set, unsigned *has)
{
    int                        gained = 0;
    size_t                     n;
    unsigned                   before;
    const tf_account_grant_t  *g;

    for (n = 0; n < set->accounts; n++) {
        before = has[n];

        for (g = set->grant + set->grant_start[n];
             g < set->grant + set->grant_start[n + 1];
             g++)
        {
            if ((g->category->roles & TF_ROLES_PRIVILEGES)
                && g->privilege->account)
            {
                has[n] |= has[g->privilege->account - 1];
            }
        }

        gained |= has[n] != before;
    }

    return gained;
}


/* What everybody has. */

static unsigned
tf_account_powers_all(const tf_accounts_t *set, const unsigned *has)
{
    size_t    n;
    unsigned  all = 0;

    for (n = 0; n < set->accounts; n++) {
        all |= set->account[n].kind == TF_KIND_PUBLIC ? has[n] : 0;
    }

    return all;
}


static void
tf_account_powers_set(tf_accounts_t *set, size_t n, unsigned has,
    const tf_account_name_t *yes)
{
    size_t              i, k;
    tf_account_attr_t  *attr;

    static const struct {
        const char  *name;
        unsigned     power;
    } names[] = {
        { "is_superuser", TF_POWER_SUPERUSER },
        { "can_grant", TF_POWER_GRANT },
        { "server_access", TF_POWER_SERVER }
    };

    for (i = set->attr_start[n]; i < set->attr_start[n + 1]; i++) {
        attr = &set->attr[i];

        for (k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            if ((has & names[k].power)
                && tf_str_eq(attr->name->str, names[k].name))
            {
                attr->value = yes;
                tf_account_flag(&set->account[n], names[k].name, yes);
            }
        }
    }
}
