
/*
 * Gathering the accounts of an instance.
 *
 * Rows point to names that are kept once each, so that a comparison of equal
 * names is one of pointers.  They are put in order by account in one pass
 * (counting) and sorted inside of each account: nothing here grows faster than
 * n log n.
 */


#include <stdlib.h>

#include "tf_account_int.h"
#include "tf_mem.h"


#define TF_ACCOUNTS_FIRST  64
#define TF_NAMES_FIRST     256


static tf_int_t tf_accounts_name_grow(tf_accounts_t *set);
static tf_account_name_t *tf_accounts_principal(tf_accounts_t *set,
    tf_str_t principal);
static tf_int_t tf_accounts_json(tf_accounts_t *set, tf_str_t *json);
static int tf_accounts_plain(tf_str_t json);
static tf_int_t tf_accounts_sort_grants(tf_accounts_t *set);
static tf_int_t tf_accounts_sort_attrs(tf_accounts_t *set);
static int tf_accounts_grant_cmp(const void *one, const void *two);
static int tf_accounts_attr_cmp(const void *one, const void *two);


tf_accounts_t *
tf_accounts_create(const tf_mem_t *mem, const tf_engine_t *engine)
{
    tf_accounts_t  *set;

    set = tf_calloc(mem, sizeof(tf_accounts_t));
    if (set == NULL) {
        return NULL;
    }

    set->mem = mem;
    set->engine = engine;
    tf_scopes_init(&set->scopes, mem);

    return set;
}


tf_scopes_t *
tf_accounts_scopes(tf_accounts_t *set)
{
    return &set->scopes;
}


tf_int_t
tf_accounts_add(tf_accounts_t *set, const tf_account_t *account)
{
    tf_str_t            none = tf_null_string;
    tf_account_t       *a;
    tf_account_name_t  *principal, *username, *host, *native;

    principal = tf_accounts_name(set, account->principal, 1);
    username = tf_accounts_name(set, account->username, 1);
    native = tf_accounts_name(set, account->native_id, 1);
    host = account->host.data ? tf_accounts_name(set, account->host, 1)
                              : principal;

    if (principal == NULL || username == NULL || native == NULL
        || host == NULL)
    {
        return TF_ERROR;
    }

    if (principal->account) {
        return TF_OK;
    }

    if (tf_mem_grow(set->mem, &set->account, sizeof(tf_account_t),
                    set->accounts, &set->account_size)
        != TF_OK)
    {
        return TF_ERROR;
    }

    a = &set->account[set->accounts];
    principal->account = ++set->accounts;

    *a = *account;
    a->principal = principal->str;
    a->username = username->str;
    a->native_id = native->str;
    a->host = account->host.data ? host->str : none;
    a->plugin = none;

    return TF_OK;
}


tf_int_t
tf_accounts_attribute(tf_accounts_t *set, tf_str_t principal, const char *name,
    tf_str_t json)
{
    tf_account_attr_t  *attr;
    tf_account_name_t  *p;

    p = tf_accounts_principal(set, principal);

    if (p == NULL) {
        return TF_OK;
    }

    if (tf_mem_grow(set->mem, &set->attr, sizeof(tf_account_attr_t), set->attrs,
                    &set->attr_size)
        != TF_OK)
    {
        return TF_ERROR;
    }

    if (!tf_accounts_plain(json) && tf_accounts_json(set, &json) != TF_OK) {
        return TF_ERROR;
    }

    attr = &set->attr[set->attrs];
    attr->account = p->account - 1;
    attr->name = tf_accounts_name(set, tf_str(name), 1);
    attr->value = tf_accounts_name(set, json, 1);

    if (attr->name == NULL || attr->value == NULL) {
        return TF_ERROR;
    }

    tf_account_flag(&set->account[attr->account], name, attr->value);
    set->attrs++;

    return TF_OK;
}


tf_int_t
tf_accounts_grant(tf_accounts_t *set, tf_str_t principal,
    const tf_right_t *right)
{
    tf_str_t             database, object;
    tf_account_name_t   *p;
    tf_account_block_t  *block;
    tf_account_grant_t  *g;

    p = tf_accounts_principal(set, principal);

    if (p == NULL) {
        return TF_OK;
    }

    block = set->last;

    if (block == NULL || block->count == TF_ACCOUNT_ROWS) {
        block = tf_alloc(set->mem, sizeof(tf_account_block_t));
        if (block == NULL) {
            return TF_ERROR;
        }

        block->next = NULL;
        block->count = 0;

        if (set->last) {
            set->last->next = block;

        } else {
            set->first = block;
        }

        set->last = block;
    }

    database = right->database;
    object = right->object;

    if (right->category->shape != TF_SHAPE_DBMAP
        && right->category->shape != TF_SHAPE_DBLIST)
    {
        database.len = 0;
    }

    if (right->category->shape == TF_SHAPE_LIST
        || right->category->shape == TF_SHAPE_DBLIST)
    {
        object.len = 0;
    }

    g = &block->grant[block->count];
    g->category = right->category;
    g->account = p->account - 1;
    g->state = right->state;
    g->database = tf_accounts_name(set, database, 1);
    g->object = tf_accounts_name(set, object, 1);
    g->privilege = tf_accounts_name(set, right->privilege, 1);
    g->id = right->id.len ? tf_accounts_name(set, right->id, 1) : NULL;

    if (g->database == NULL || g->object == NULL || g->privilege == NULL
        || (right->id.len && g->id == NULL))
    {
        return TF_ERROR;
    }

    block->count++;

    return TF_OK;
}


int
tf_accounts_settle(tf_accounts_t *set, const tf_scopes_t *known)
{
    int                       read;
    size_t                    i, n;
    const tf_scope_t         *sc;
    const tf_category_t      *category;
    tf_account_grant_t       *g;
    tf_account_block_t       *block;
    const tf_account_name_t  *database;

    read = 0;
    category = NULL;
    database = NULL;

    for (block = set->first; block; block = block->next) {
        n = 0;

        for (i = 0; i < block->count; i++) {
            g = &block->grant[i];

            if (g->category != category || g->database != database) {
                category = g->category;
                database = g->database;
                read = tf_scopes_read(&set->scopes, tf_str(category->scope),
                                      database->str);
            }

            if (read) {
                block->grant[n++] = *g;
            }
        }

        block->count = n;
    }

    for (i = 0; i < set->scopes.count; i++) {
        sc = &set->scopes.scope[i];
        set->unread |= sc->status != TF_SCOPE_OK
                       && sc->status != TF_SCOPE_UNSUPPORTED
                       && !tf_scopes_known(known, sc->scope, sc->database);
    }

    /* what was never read is in no snapshot */

    for (i = 0; i < known->count; i++) {
        if (known->scope[i].known
            && !tf_scopes_read(&set->scopes, known->scope[i].scope,
                               known->scope[i].database))
        {
            return 1;
        }
    }

    return 0;
}


tf_int_t
tf_accounts_sort(tf_accounts_t *set)
{
    if (tf_accounts_sort_grants(set) != TF_OK) {
        return TF_ERROR;
    }

    return tf_accounts_sort_attrs(set);
}


size_t
tf_accounts_count(const tf_accounts_t *set)
{
    return set->accounts;
}


const tf_account_t *
tf_accounts_get(const tf_accounts_t *set, size_t n)
{
    return &set->account[n];
}


tf_int_t
tf_accounts_find(const tf_accounts_t *set, tf_str_t principal, size_t *n)
{
    tf_account_name_t  *p;

    /* not adding leaves the set as it is */
    p = tf_accounts_name((tf_accounts_t *) set, principal, 0);

    if (p == NULL || p->account == 0) {
        return TF_DECLINED;
    }

    *n = p->account - 1;

    return TF_OK;
}


size_t
tf_accounts_grants(const tf_accounts_t *set, size_t n)
{
    return set->grant_start[n + 1] - set->grant_start[n];
}


tf_account_name_t *
tf_accounts_name(tf_accounts_t *set, tf_str_t s, int add)
{
    size_t              i;
    uint32_t            h;
    tf_account_name_t  *name;

    if (add && set->names * 2 >= set->name_slots
        && tf_accounts_name_grow(set) != TF_OK)
    {
        return NULL;
    }

    if (set->name_slots == 0) {
        return NULL;
    }

    h = 2166136261u;

    for (i = 0; i < s.len; i++) {
        h = (h ^ s.data[i]) * 16777619u;
    }

    for (i = h & (set->name_slots - 1);
         set->name[i];
         i = (i + 1) & (set->name_slots - 1))
    {
        name = set->name[i];

        if (name->hash == h && name->str.len == s.len
            && (s.len == 0 || memcmp(name->str.data, s.data, s.len) == 0))
        {
            return name;
        }
    }

    if (!add) {
        return NULL;
    }

    name = tf_alloc(set->mem, sizeof(tf_account_name_t) + s.len + 1);
    if (name == NULL) {
        return NULL;
    }

    name->hash = h;
    name->account = 0;
    name->str.len = s.len;
    name->str.data = (unsigned char *) (name + 1);

    if (s.len) {
        memcpy(name->str.data, s.data, s.len);
    }

    name->str.data[s.len] = '\0';

    set->name[i] = name;
    set->names++;

    return name;
}


const tf_account_attr_t *
tf_account_attr(const tf_accounts_t *set, size_t n, const char *name)
{
    size_t  i;

    for (i = set->attr_start[n]; i < set->attr_start[n + 1]; i++) {
        if (tf_str_eq(set->attr[i].name->str, name)) {
            return &set->attr[i];
        }
    }

    return NULL;
}


tf_int_t
tf_accounts_rights(const tf_accounts_t *set, size_t n,
    tf_int_t (*f)(void *data, const tf_right_t *right), void *data)
{
    size_t                     i;
    tf_int_t                   rc;
    tf_str_t                   none = tf_null_string;
    tf_right_t                 right;
    const tf_account_grant_t  *g;

    for (i = set->grant_start[n]; i < set->grant_start[n + 1]; i++) {
        g = &set->grant[i];

        right.category = g->category;
        right.database = g->database->str;
        right.object = g->object->str;
        right.privilege = g->privilege->str;
        right.state = g->state;
        right.id = g->id ? g->id->str : none;

        rc = f(data, &right);

        if (rc != TF_OK) {
            return rc;
        }
    }

    return TF_OK;
}


tf_str_t
tf_accounts_attr(const tf_accounts_t *set, size_t n, const char *name)
{
    tf_str_t                  none = tf_null_string;
    const tf_account_attr_t  *attr;

    attr = tf_account_attr(set, n, name);

    return attr ? attr->value->str : none;
}


static tf_int_t
tf_accounts_name_grow(tf_accounts_t *set)
{
    size_t               i, j, slots;
    tf_account_name_t  **name;

    slots = set->name_slots ? set->name_slots * 2 : TF_NAMES_FIRST;

    name = tf_calloc(set->mem, slots * sizeof(tf_account_name_t *));
    if (name == NULL) {
        return TF_ERROR;
    }

    for (i = 0; i < set->name_slots; i++) {
        if (set->name[i] == NULL) {
            continue;
        }

        for (j = set->name[i]->hash & (slots - 1);
             name[j];
             j = (j + 1) & (slots - 1))
        {
            /* void */
        }

        name[j] = set->name[i];
    }

    set->name = name;
    set->name_slots = slots;

    return TF_OK;
}


static tf_account_name_t *
tf_accounts_principal(tf_accounts_t *set, tf_str_t principal)
{
    tf_account_name_t  *p;

    p = set->principal;

    if (p && p->str.len == principal.len
        && memcmp(p->str.data, principal.data, principal.len) == 0)
    {
        return p;
    }

    p = tf_accounts_name(set, principal, 0);

    if (p == NULL || p->account == 0) {
        return NULL;
    }

    set->principal = p;

    return p;
}


/* One spelling for equal values, so that they can be compared as text. */

static tf_int_t
tf_accounts_json(tf_accounts_t *set, tf_str_t *json)
{
    tf_buf_t                b;
    tf_err_t                err;
    tf_json_t              *v;
    const tf_json_limits_t  limits = { 16, 100000 };

    if (tf_json_parse(set->mem, *json, &limits, &v, &err) != TF_OK) {
        return TF_ERROR;
    }

    tf_buf_init(&b, set->mem, json->len + 64, json->len * 6 + 64);
    tf_json_write(&b, v);

    return tf_buf_done(&b, json);
}


/* true, false, null, an integer or a string of plain ASCII: one spelling. */

static int
tf_accounts_plain(tf_str_t json)
{
    size_t         i;
    unsigned char  c;

    if (json.len == 0) {
        return 0;
    }

    if (json.data[0] != '"') {
        if (tf_str_eq(json, "true") || tf_str_eq(json, "false")
            || tf_str_eq(json, "null") || tf_str_eq(json, "0"))
        {
            return 1;
        }

        for (i = 0; i < json.len; i++) {
            c = json.data[i];

            if (c < '0' || c > '9' || (i == 0 && c == '0')) {
                return 0;
            }
        }

        return 1;
    }

    if (json.len < 2 || json.data[json.len - 1] != '"') {
        return 0;
    }

    for (i = 1; i < json.len - 1; i++) {
        c = json.data[i];

        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '<') {
            return 0;
        }
    }

    return 1;
}


void
tf_account_flag(tf_account_t *a, const char *name,
    const tf_account_name_t *value)
{
    unsigned  on;

    on = tf_str_eq(value->str, "true");

    if (strcmp(name, "is_superuser") == 0) {
        a->is_superuser = on;

    } else if (strcmp(name, "is_locked") == 0) {
        a->is_locked = on;

    } else if (strcmp(name, "can_grant") == 0) {
        a->can_grant = on;

    } else if (strcmp(name, "is_system") == 0) {
        a->is_system = on;

    } else if (strcmp(name, "plugin") == 0
               && value->str.len > 2 && value->str.data[0] == '"'
               && memchr(value->str.data, '\\', value->str.len) == NULL)
    {
        a->plugin.data = value->str.data + 1;
        a->plugin.len = value->str.len - 2;
    }
}


static tf_int_t
tf_accounts_sort_grants(tf_accounts_t *set)
{
    size_t               i, n, at, total, *start;
    tf_account_block_t  *block;
    tf_account_grant_t  *grant;

    total = 0;
    start = tf_calloc(set->mem, (set->accounts + 2) * sizeof(size_t));
    if (start == NULL) {
        return TF_ERROR;
    }

    for (block = set->first; block; block = block->next) {
        for (i = 0; i < block->count; i++) {
            start[block->grant[i].account + 2]++;
        }

        total += block->count;
    }

    for (i = 2; i <= set->accounts + 1; i++) {
        start[i] += start[i - 1];
    }

    grant = tf_alloc(set->mem, (total + 1) * sizeof(tf_account_grant_t));
    if (grant == NULL) {
        return TF_ERROR;
    }

    /* start[n + 1] walks from the begin of account n to its end */

    for (block = set->first; block; block = block->next) {
        for (i = 0; i < block->count; i++) {
            grant[start[block->grant[i].account + 1]++] = block->grant[i];
        }
    }

    at = 0;

    for (i = 0; i < set->accounts; i++) {
        n = start[i + 1] - start[i];

        n = tf_account_grants_sort(grant + start[i], n);
        memmove(grant + at, grant + start[i], n * sizeof(tf_account_grant_t));
        start[i] = at;
        at += n;
    }

    start[set->accounts] = at;

    set->grant = grant;
    set->grant_start = start;

    return TF_OK;
}


static tf_int_t
tf_accounts_sort_attrs(tf_accounts_t *set)
{
    size_t  i, n, *start;

    if (set->attrs) {
        qsort(set->attr, set->attrs, sizeof(tf_account_attr_t),
              tf_accounts_attr_cmp);
    }

    start = tf_alloc(set->mem, (set->accounts + 1) * sizeof(size_t));
    if (start == NULL) {
        return TF_ERROR;
    }

    n = 0;

    for (i = 0; i <= set->accounts; i++) {
        while (n < set->attrs && set->attr[n].account < i) {
            n++;
        }

        start[i] = n;
    }

    set->attr_start = start;

    return TF_OK;
}


/* A privilege that two grantors gave with the same state is one. */

size_t
tf_account_grants_sort(tf_account_grant_t *g, size_t n)
{
    size_t  i, k;

    k = 0;
    qsort(g, n, sizeof(tf_account_grant_t), tf_accounts_grant_cmp);

    for (i = 0; i < n; i++) {
        if (k && tf_accounts_grant_cmp(&g[k - 1], &g[i]) == 0) {
            continue;
        }

        g[k++] = g[i];
    }

    return k;
}


static int
tf_accounts_grant_cmp(const void *one, const void *two)
{
    int                        rc;
    const tf_account_grant_t  *a = one, *b = two;

    if (a->category != b->category) {
        return strcmp(a->category->key, b->category->key);
    }

    if (a->database != b->database) {
        rc = tf_str_cmp(a->database->str, b->database->str);

    } else if (a->object != b->object) {
        rc = tf_str_cmp(a->object->str, b->object->str);

    } else if (a->privilege != b->privilege) {
        rc = tf_str_cmp(a->privilege->str, b->privilege->str);

    } else {
        rc = (a->state > b->state) - (a->state < b->state);
    }

    return rc;
}


static int
tf_accounts_attr_cmp(const void *one, const void *two)
{
    const tf_account_attr_t  *a = one, *b = two;

    if (a->account != b->account) {
        return a->account < b->account ? -1 : 1;
    }

    return tf_str_cmp(a->name->str, b->name->str);
}
