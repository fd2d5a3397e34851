
/*
 * Facts: what follows from a snapshot, for filters and rules.
 *
 * Privileges in facts are plain names; their state is in the snapshot, and what
 * is denied is left out.  Capabilities are SUPERUSER, GRANT_ADMIN and LOCKED,
 * as the engine reported them, and every flag that is set, under its own name
 * (PostgreSQL's role attributes).
 */


#include <stdlib.h>

#include "tf_account_int.h"


static void tf_account_capabilities(tf_buf_t *b, const tf_accounts_t *set,
    size_t n);
static void tf_account_capability(tf_buf_t *b, const char *name);
static void tf_account_reasons(tf_buf_t *b, const tf_accounts_t *set,
    size_t n);
static void tf_account_reason(tf_buf_t *b, const tf_accounts_t *set, size_t n,
    const char *name, const char *attribute);
static int tf_account_evidence(const tf_accounts_t *set, size_t n,
    const tf_reason_t *r);
static void tf_account_roles(tf_buf_t *b, const tf_accounts_t *set, size_t n);
static int tf_account_role(const tf_account_grant_t *g);
static int tf_account_role_cmp(const void *one, const void *two);
static void tf_account_privileges(tf_buf_t *b, const tf_accounts_t *set,
    size_t n);
static void tf_account_fact(tf_buf_t *b, const tf_accounts_t *set, size_t n,
    const tf_category_t *category);


void
tf_account_facts(tf_buf_t *b, const tf_accounts_t *set, size_t n)
{
    tf_buf_lit(b, "{\"version\":2,\"db_type\":\"");
    tf_buf_lit(b, set->engine->name);
    tf_buf_lit(b, "\",\"capabilities\":[");
    tf_account_capabilities(b, set, n);
    tf_buf_lit(b, "],\"capability_reasons\":{");
    tf_account_reasons(b, set, n);
    tf_buf_lit(b, "},\"roles\":[");
    tf_account_roles(b, set, n);
    tf_buf_lit(b, "],\"privileges\":{");

    tf_account_privileges(b, set, n);
    tf_buf_lit(b, "},\"errors\":[");

    if (tf_account_unread(set, n)) {
        tf_buf_lit(b, "\"PERMISSION_DATA_MISSING\"");
    }

    tf_buf_lit(b, "],\"meta\":{\"source\":\"snapshot\","
                  "\"snapshot_contract_ok\":true,\"snapshot_version\":4}}");
}


int
tf_account_unread(const tf_accounts_t *set, size_t n)
{
    return set->unread && tf_accounts_grants(set, n) == 0;
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
    const tf_reason_t  *r;

    for (r = set->engine->reasons; r->capability; r++) {
        if (strcmp(r->capability, name) == 0
            && tf_account_evidence(set, n, r))
        {
            break;
        }
    }

    tf_json_key(b, name);
    tf_buf_char(b, '[');
    tf_json_string(b, tf_str(r->capability ? r->text : attribute));
    tf_buf_char(b, ']');
}


static int
tf_account_evidence(const tf_accounts_t *set, size_t n,
    const tf_reason_t *r)
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
            && tf_str_eq(g->privilege->str, r->privilege)
            && g->state != TF_STATE_DENIED)
        {
            return 1;
        }
    }

    return 0;
}


/* Each once and in order, whatever list has it. */

static void
tf_account_roles(tf_buf_t *b, const tf_accounts_t *set, size_t n)
{
    size_t                     i, count;
    const tf_account_grant_t  *g;
    const tf_account_name_t  **role;

    count = 0;

    for (i = set->grant_start[n]; i < set->grant_start[n + 1]; i++) {
        count += tf_account_role(&set->grant[i]);
    }

    if (count == 0) {
        return;
    }

    role = tf_alloc(set->mem, count * sizeof(tf_account_name_t *));
    if (role == NULL) {
        b->failed = 1;
        return;
    }

    count = 0;

    for (i = set->grant_start[n]; i < set->grant_start[n + 1]; i++) {
        g = &set->grant[i];

        if (tf_account_role(g)) {
            role[count++] = g->privilege;
        }
    }

    qsort(role, count, sizeof(tf_account_name_t *), tf_account_role_cmp);

    for (i = 0; i < count; i++) {
        if (i == 0 || role[i] != role[i - 1]) {
            tf_account_capability(b, (char *) role[i]->str.data);
        }
    }
}


static int
tf_account_role(const tf_account_grant_t *g)
{
    return (g->category->roles & TF_ROLES_PRIVILEGES)
           && g->state != TF_STATE_DENIED;
}


static int
tf_account_role_cmp(const void *one, const void *two)
{
    const tf_account_name_t *const  *a = one, *const  *b = two;

    return tf_str_cmp((*a)->str, (*b)->str);
}


/* {"global":["SELECT"],"database":{"app":["SELECT"]}}, without the braces
 * around; the categories that the facts name. */

static void
tf_account_privileges(tf_buf_t *b, const tf_accounts_t *set, size_t n)
{
    const tf_category_t  *c;

    for (c = set->engine->categories; c->key; c++) {
        if (c->fact) {
            tf_json_key(b, c->fact);
            tf_account_fact(b, set, n, c);
        }
    }
}


/* The names of the privileges of a list or a map, each once; what is denied is
 * none. */

static void
tf_account_fact(tf_buf_t *b, const tf_accounts_t *set, size_t n,
    const tf_category_t *category)
{
    int                        map, databases;
    size_t                     i;
    const tf_account_grant_t  *g, *last;

    last = NULL;
    map = category->shape != TF_SHAPE_LIST;
    databases = category->shape == TF_SHAPE_DBLIST;
    tf_buf_char(b, map ? '{' : '[');

    for (i = set->grant_start[n]; i < set->grant_start[n + 1]; i++) {
        g = &set->grant[i];

        if (g->category != category || g->state == TF_STATE_DENIED
            || (last && last->object == g->object
                && last->database == g->database
                && last->privilege == g->privilege))
        {
            continue;
        }

        if (map && (last == NULL || last->object != g->object
                    || last->database != g->database))
        {
            tf_buf_lit(b, last ? "]," : "");
            tf_json_string(b, databases ? g->database->str : g->object->str);
            tf_buf_lit(b, ":[");

        } else if (last) {
            tf_buf_char(b, ',');
        }

        tf_json_string(b, g->privilege->str);
        last = g;
    }

    tf_buf_lit(b, !map ? "]" : last ? "]}" : "}");
}
