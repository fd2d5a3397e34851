
/*
 * Facts: what follows from a snapshot, for filters and rules.
 *
 * Privileges in facts are plain names; that they may be passed on is told by
 * the snapshot.  Capabilities are SUPERUSER, GRANT_ADMIN and LOCKED, as the
 * engine reported them, and for PostgreSQL every role attribute that is set,
 * under its own name.
 */


#include "tf_account_int.h"


#define TF_ACCOUNT_OPTION      " WITH GRANT OPTION"
#define TF_ACCOUNT_OPTION_LEN  (sizeof(TF_ACCOUNT_OPTION) - 1)

#define TF_ACCOUNT_RUNS        4


typedef struct {
    const char      *name;
    tf_engine_e      engine;        /* 0: any other */
    const char      *attribute;     /* evidence: this attribute */
    const char      *value;         /* has this value */
    const char      *category;      /* or this category has */
    const char      *object;        /* this object (flags), */
    const char      *privilege;     /* this privilege */
    const char      *reason;
} tf_account_reason_t;


static void tf_account_capabilities(tf_buf_t *b, const tf_accounts_t *set,
    size_t n);
static void tf_account_capability(tf_buf_t *b, const char *name);
static void tf_account_reasons(tf_buf_t *b, const tf_accounts_t *set,
    size_t n);
static void tf_account_reason(tf_buf_t *b, const tf_accounts_t *set, size_t n,
    const char *name, const char *attribute);
static int tf_account_evidence(const tf_accounts_t *set, size_t n,
    const tf_account_reason_t *r);
static void tf_account_roles(tf_buf_t *b, const tf_accounts_t *set, size_t n);
static void tf_account_list(tf_buf_t *b, const tf_accounts_t *set, size_t n,
    const char *category);
static void tf_account_map(tf_buf_t *b, const tf_accounts_t *set, size_t n,
    const char *category);
static tf_str_t tf_account_plain(tf_str_t privilege);


static const tf_account_reason_t  tf_account_reason_table[] = {

    { "SUPERUSER", TF_ENGINE_MYSQL, "super_priv", "true", NULL, NULL, NULL,
      "type_specific.super_priv=True" },
    { "SUPERUSER", TF_ENGINE_MYSQL, NULL, NULL, "mysql_global_privileges", "",
      "SUPER", "mysql_global_privileges contains SUPER" },
    { "SUPERUSER", TF_ENGINE_POSTGRESQL, NULL, NULL,
      "postgresql_role_attributes", "can_super", "true",
      "role_attributes.can_super=True" },

    { "GRANT_ADMIN", TF_ENGINE_MYSQL, NULL, NULL, "mysql_global_privileges",
      "", "GRANT OPTION", "mysql_global_privileges contains GRANT OPTION" },
    { "GRANT_ADMIN", TF_ENGINE_POSTGRESQL, NULL, NULL,
      "postgresql_role_attributes", "can_create_role", "true",
      "role_attributes.can_create_role=True" },

    { "LOCKED", TF_ENGINE_MYSQL, "account_locked", "true", NULL, NULL, NULL,
      "type_specific.account_locked=True" },
    { "LOCKED", TF_ENGINE_POSTGRESQL, NULL, NULL,
      "postgresql_role_attributes", "can_login", "false",
      "role_attributes.can_login=False" },
    { "LOCKED", TF_ENGINE_POSTGRESQL, NULL, NULL,
      "postgresql_role_attributes", "can_login", "true",
      "type_specific.valid_until expired" },

    { NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL }
};


void
tf_account_facts(tf_buf_t *b, const tf_accounts_t *set, size_t n)
{
    tf_buf_lit(b, "{\"version\":2,\"db_type\":\"");
    tf_buf_lit(b, tf_account_engine(set->engine));
    tf_buf_lit(b, "\",\"capabilities\":[");
    tf_account_capabilities(b, set, n);
    tf_buf_lit(b, "],\"capability_reasons\":{");
    tf_account_reasons(b, set, n);
    tf_buf_lit(b, "},\"roles\":[");
    tf_account_roles(b, set, n);
    tf_buf_lit(b, "],\"privileges\":{");

    switch (set->engine) {

    case TF_ENGINE_MYSQL:
        tf_json_key(b, "global");
        tf_account_list(b, set, n, "mysql_global_privileges");
        tf_json_key(b, "database");
        tf_account_map(b, set, n, "mysql_database_privileges");
        break;

    case TF_ENGINE_POSTGRESQL:
        tf_json_key(b, "database");
        tf_account_map(b, set, n, "postgresql_database_privileges");
        break;

    default:
        break;
    }

    tf_buf_lit(b, "},\"errors\":[");

    if (tf_accounts_grants(set, n) == 0) {
        tf_buf_lit(b, "\"PERMISSION_DATA_MISSING\"");
    }

    tf_buf_lit(b, "],\"meta\":{\"source\":\"snapshot\","
                  "\"snapshot_contract_ok\":true,\"snapshot_version\":4}}");
}


/* In byte order, which puts the names of attributes after the others. */

static void
tf_account_capabilities(tf_buf_t *b, const tf_accounts_t *set, size_t n)
{
    size_t                     i;
    const tf_account_t        *a;
    const tf_account_grant_t  *g;

    a = &set->account[n];

    if (a->can_grant) {
        tf_account_capability(b, "GRANT_ADMIN");
    }

    if (a->is_locked) {
        tf_account_capability(b, "LOCKED");
    }

    if (a->is_superuser) {
        tf_account_capability(b, "SUPERUSER");
    }

    for (i = set->grant_start[n]; i < set->grant_start[n + 1]; i++) {
        g = &set->grant[i];

        if (g->category->shape == TF_SHAPE_FLAGS
            && tf_str_eq(g->privilege->str, "true"))
        {
            tf_account_capability(b, (char *) g->object->str.data);
        }
    }
}


static void
tf_account_capability(tf_buf_t *b, const char *name)
{
    if (b->last > b->start && b->last[-1] != '[') {
        tf_buf_char(b, ',');
    }

    tf_json_string(b, tf_str(name));
}


static void
tf_account_reasons(tf_buf_t *b, const tf_accounts_t *set, size_t n)
{
    const tf_account_t  *a;

    a = &set->account[n];

    if (a->can_grant) {
        tf_account_reason(b, set, n, "GRANT_ADMIN", "can_grant=True");
    }

    if (a->is_locked) {
        tf_account_reason(b, set, n, "LOCKED", "is_locked=True");
    }

    if (a->is_superuser) {
        tf_account_reason(b, set, n, "SUPERUSER", "is_superuser=True");
    }
}


/* The first reason of the table that is true, or what the engine said. */

static void
tf_account_reason(tf_buf_t *b, const tf_accounts_t *set, size_t n,
    const char *name, const char *attribute)
{
    const tf_account_reason_t  *r;

    for (r = tf_account_reason_table; r->name; r++) {
        if (r->engine == set->engine
            && strcmp(r->name, name) == 0
            && tf_account_evidence(set, n, r))
        {
            break;
        }
    }

    tf_json_key(b, name);
    tf_buf_char(b, '[');
    tf_json_string(b, tf_str(r->name ? r->reason : attribute));
    tf_buf_char(b, ']');
}


static int
tf_account_evidence(const tf_accounts_t *set, size_t n,
    const tf_account_reason_t *r)
{
    size_t                     i;
    const tf_account_attr_t   *attr;
    const tf_account_grant_t  *g;

    if (r->attribute) {
        attr = tf_account_attr(set, n, r->attribute);
        return attr && tf_str_eq(attr->value->str, r->value);
    }

    for (i = set->grant_start[n]; i < set->grant_start[n + 1]; i++) {
        g = &set->grant[i];

        if (strcmp(g->category->key, r->category) == 0
            && tf_str_eq(g->object->str, r->object)
            && tf_str_eq(g->privilege->str, r->privilege))
        {
            return 1;
        }
    }

    return 0;
}


/* Each once and in order: MySQL has up to three sorted lists of them (direct,
 * by default, with admin option), PostgreSQL one. */

static void
tf_account_roles(tf_buf_t *b, const tf_accounts_t *set, size_t n)
{
    size_t                     i, k, runs;
    const char                *category;
    const tf_account_grant_t  *g, *least, *run[TF_ACCOUNT_RUNS][2];

    category = set->engine == TF_ENGINE_MYSQL ? "mysql_granted_roles"
                                              : "postgresql_predefined_roles";
    runs = 0;

    for (i = set->grant_start[n]; i < set->grant_start[n + 1]; i++) {
        g = &set->grant[i];

        if (strcmp(g->category->key, category) != 0) {
            continue;
        }

        if (runs == 0 || run[runs - 1][0]->object != g->object) {
            if (runs == TF_ACCOUNT_RUNS) {
                break;
            }

            run[runs++][0] = g;
        }

        run[runs - 1][1] = g + 1;
    }

    while (runs) {
        least = run[0][0];

        for (k = 1; k < runs; k++) {
            if (tf_account_cmp(run[k][0]->privilege->str,
                               least->privilege->str) < 0)
            {
                least = run[k][0];
            }
        }

        tf_account_capability(b, (char *) least->privilege->str.data);

        for (k = 0; k < runs; /* void */ ) {
            if (run[k][0]->privilege == least->privilege
                && ++run[k][0] == run[k][1])
            {
                runs--;
                run[k][0] = run[runs][0];
                run[k][1] = run[runs][1];
                continue;
            }

            k++;
        }
    }
}


static void
tf_account_list(tf_buf_t *b, const tf_accounts_t *set, size_t n,
    const char *category)
{
    size_t                     i;
    tf_str_t                   p, last;
    const tf_account_grant_t  *g;

    last.data = NULL;
    last.len = 0;
    tf_buf_char(b, '[');

    for (i = set->grant_start[n]; i < set->grant_start[n + 1]; i++) {
        g = &set->grant[i];

        if (strcmp(g->category->key, category) != 0) {
            continue;
        }

        p = tf_account_plain(g->privilege->str);

        if (last.data && tf_account_cmp(p, last) == 0) {
            continue;
        }

        if (last.data) {
            tf_buf_char(b, ',');
        }

        tf_json_string(b, p);
        last = p;
    }

    tf_buf_char(b, ']');
}


static void
tf_account_map(tf_buf_t *b, const tf_accounts_t *set, size_t n,
    const char *category)
{
    size_t                     i;
    tf_str_t                   p, last;
    const tf_account_grant_t  *g, *before;

    before = NULL;
    last.data = NULL;
    last.len = 0;
    tf_buf_char(b, '{');

    for (i = set->grant_start[n]; i < set->grant_start[n + 1]; i++) {
        g = &set->grant[i];

        if (strcmp(g->category->key, category) != 0) {
            continue;
        }

        if (before == NULL || before->object != g->object) {
            tf_buf_lit(b, before ? "]," : "");
            tf_json_string(b, g->object->str);
            tf_buf_lit(b, ":[");
            last.data = NULL;
            before = g;
        }

        p = tf_account_plain(g->privilege->str);

        if (last.data && tf_account_cmp(p, last) == 0) {
            continue;
        }

        if (last.data) {
            tf_buf_char(b, ',');
        }

        tf_json_string(b, p);
        last = p;
    }

    tf_buf_lit(b, before ? "]}" : "}");
}


static tf_str_t
tf_account_plain(tf_str_t privilege)
{
    size_t  n = TF_ACCOUNT_OPTION_LEN;

    if (privilege.len > n
        && memcmp(privilege.data + privilege.len - n, TF_ACCOUNT_OPTION, n)
           == 0)
    {
        privilege.len -= n;
    }

    return privilege;
}
