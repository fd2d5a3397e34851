
/*
 * Snapshots: written in one canonical order (categories, databases, objects and
 * privileges in byte order), read back from jsonb, which has an order of its
 * own.
 */


#include "tf_account_int.h"


static void tf_account_categories(tf_buf_t *b, const tf_accounts_t *set,
    size_t n);
static void tf_account_open(tf_buf_t *b, const tf_account_grant_t *g,
    const tf_account_grant_t *last);
static void tf_account_close(tf_buf_t *b, const tf_account_grant_t *g,
    const tf_account_grant_t *next);
static void tf_account_name(tf_buf_t *b, tf_str_t name);
static tf_int_t tf_account_read(tf_accounts_t *set, tf_str_t principal,
    const tf_json_t *doc, const tf_scopes_t *skip);
static tf_int_t tf_account_read_map(tf_accounts_t *set, tf_str_t principal,
    const tf_category_t *category, const tf_json_t *map, tf_str_t database);
static tf_int_t tf_account_read_list(tf_accounts_t *set, tf_str_t principal,
    const tf_category_t *category, const tf_json_t *v, tf_str_t database);
static tf_int_t tf_account_read_attributes(tf_accounts_t *set,
    tf_str_t principal, const tf_json_t *doc);


/* PUBLIC of a PostgreSQL with many objects has a large snapshot. */

static const tf_json_limits_t  tf_account_limits = { 16, 20000000 };

static const tf_str_t  tf_account_none = tf_string("");


void
tf_account_snapshot(tf_buf_t *b, const tf_accounts_t *set, size_t n)
{
    size_t  i;

    tf_buf_lit(b, "{\"version\":4,\"categories\":{");
    tf_account_categories(b, set, n);
    tf_buf_lit(b, "},\"type_specific\":{\"");
    tf_buf_lit(b, set->engine->name);
    tf_buf_lit(b, "\":{");

    for (i = set->attr_start[n]; i < set->attr_start[n + 1]; i++) {
        tf_account_name(b, set->attr[i].name->str);
        tf_buf_str(b, set->attr[i].value->str);
    }

    tf_buf_lit(b, "}},\"extra\":{},\"errors\":[],\"meta\":{}}");
}


tf_int_t
tf_accounts_restore(tf_accounts_t *set, size_t n, tf_str_t snapshot,
    const tf_mem_t *scratch, tf_err_t *err)
{
    tf_json_t  *doc;

    if (tf_json_parse(scratch, snapshot, &tf_account_limits, &doc, err)
        != TF_OK)
    {
        return TF_ERROR;
    }

    if (tf_account_read(set, set->account[n].principal, doc, &set->scopes)
        != TF_OK)
    {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
    }

    return TF_OK;
}


tf_accounts_t *
tf_account_parse(const tf_mem_t *mem, const tf_engine_t *engine,
    tf_str_t snapshot, tf_err_t *err)
{
    tf_str_t        none = tf_null_string;
    tf_json_t      *doc;
    tf_account_t    account;
    tf_accounts_t  *set;

    if (tf_json_parse(mem, snapshot, &tf_account_limits, &doc, err) != TF_OK) {
        return NULL;
    }

    memset(&account, 0, sizeof(tf_account_t));
    account.principal = tf_account_none;
    account.username = tf_account_none;
    account.native_id = tf_account_none;
    account.host = none;
    account.kind = TF_KIND_USER;

    set = tf_accounts_create(mem, engine);

    if (set == NULL
        || tf_accounts_add(set, &account) != TF_OK
        || tf_account_read(set, tf_account_none, doc, NULL) != TF_OK
        || tf_account_read_attributes(set, tf_account_none, doc) != TF_OK
        || tf_accounts_sort(set) != TF_OK)
    {
        tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
        return NULL;
    }

    return set;
}


static void
tf_account_categories(tf_buf_t *b, const tf_accounts_t *set, size_t n)
{
    const tf_account_grant_t  *g, *last, *end;

    last = NULL;
    g = set->grant + set->grant_start[n];
    end = set->grant + set->grant_start[n + 1];

    for ( /* void */ ; g < end; g++) {

        if (last) {
            tf_account_close(b, last, g);
        }

        tf_account_open(b, g, last);

        if (g->category->shape == TF_SHAPE_FLAGS) {
            tf_buf_lit(b, tf_str_eq(g->privilege->str, "true") ? "true"
                                                               : "false");
        } else if (g->state == TF_STATE_GRANTED) {
            tf_json_string(b, g->privilege->str);

        } else {
            tf_buf_char(b, '{');
            tf_json_string(b, g->privilege->str);
            tf_buf_char(b, ':');
            tf_json_string(b, tf_str(tf_state_name(g->state)));
            tf_buf_char(b, '}');
        }

        last = g;
    }

    if (last) {
        tf_account_close(b, last, NULL);
    }
}


/* Opens what g needs and last did not leave open, or puts the comma between
 * two privileges of one list. */

static void
tf_account_open(tf_buf_t *b, const tf_account_grant_t *g,
    const tf_account_grant_t *last)
{
    tf_shape_e  shape;

    shape = g->category->shape;

    if (last == NULL || last->category != g->category) {
        tf_json_key(b, g->category->key);
        tf_buf_char(b, shape == TF_SHAPE_LIST ? '[' : '{');
        last = NULL;
    }

    if (shape == TF_SHAPE_DBMAP
        && (last == NULL || last->database != g->database))
    {
        tf_account_name(b, g->database->str);
        tf_buf_char(b, '{');
        last = NULL;
    }

    if (shape == TF_SHAPE_DBLIST
        && (last == NULL || last->database != g->database))
    {
        tf_account_name(b, g->database->str);
        tf_buf_char(b, '[');
        last = NULL;

    } else if (shape != TF_SHAPE_LIST && shape != TF_SHAPE_DBLIST
               && (last == NULL || last->object != g->object))
    {
        tf_account_name(b, g->object->str);

        if (shape != TF_SHAPE_FLAGS) {
            tf_buf_char(b, '[');
        }

        last = NULL;
    }

    if (last) {
        tf_buf_char(b, ',');
    }
}


static void
tf_account_close(tf_buf_t *b, const tf_account_grant_t *g,
    const tf_account_grant_t *next)
{
    int         category, database;
    tf_shape_e  shape;

    shape = g->category->shape;
    category = next == NULL || next->category != g->category;
    database = category || next->database != g->database;

    if (shape == TF_SHAPE_LIST || shape == TF_SHAPE_FLAGS) {

        if (category) {
            tf_buf_char(b, shape == TF_SHAPE_LIST ? ']' : '}');
        }

        return;
    }

    if (database || next->object != g->object) {
        tf_buf_char(b, ']');
    }

    if (database && shape == TF_SHAPE_DBMAP) {
        tf_buf_char(b, '}');
    }

    if (category) {
        tf_buf_char(b, '}');
    }
}


/* The name of a member, with the comma before it. */

static void
tf_account_name(tf_buf_t *b, tf_str_t name)
{
    if (b->last > b->start && b->last[-1] != '{') {
        tf_buf_char(b, ',');
    }

    tf_json_string(b, name);
    tf_buf_char(b, ':');
}


/* skip: leaves out what these outcomes say was read; NULL takes everything. */

static tf_int_t
tf_account_read(tf_accounts_t *set, tf_str_t principal, const tf_json_t *doc,
    const tf_scopes_t *skip)
{
    tf_int_t              rc;
    tf_str_t              scope;
    const tf_json_t      *c, *v;
    const tf_category_t  *category;

    c = tf_json_get(doc, "categories");

    for (c = c ? c->child : NULL; c; c = c->next) {

        category = tf_category_named(set->engine, c->name);
        if (category == NULL) {
            continue;
        }

        scope = tf_str(category->scope);

        if (category->shape == TF_SHAPE_DBMAP
            || category->shape == TF_SHAPE_DBLIST)
        {
            for (v = c->child; v; v = v->next) {
                if (skip && tf_scopes_read(skip, scope, v->name)) {
                    continue;
                }

                rc = category->shape == TF_SHAPE_DBMAP
                     ? tf_account_read_map(set, principal, category, v,
                                           v->name)
                     : tf_account_read_list(set, principal, category, v,
                                            v->name);
                if (rc != TF_OK) {
                    return rc;
                }
            }

            continue;
        }

        if (skip && tf_scopes_read(skip, scope, tf_account_none)) {
            continue;
        }

        rc = category->shape == TF_SHAPE_LIST
             ? tf_account_read_list(set, principal, category, c,
                                    tf_account_none)
             : tf_account_read_map(set, principal, category, c,
                                   tf_account_none);
        if (rc != TF_OK) {
            return rc;
        }
    }

    return TF_OK;
}


static tf_int_t
tf_account_read_map(tf_accounts_t *set, tf_str_t principal,
    const tf_category_t *category, const tf_json_t *map, tf_str_t database)
{
    tf_int_t          rc;
    tf_right_t        right = { category, database, database, database, 0 };
    const tf_json_t  *v;

    for (v = map->child; v; v = v->next) {

        if (category->shape == TF_SHAPE_FLAGS) {
            right.object = v->name;
            right.privilege = tf_str(v->boolean ? "true" : "false");
            rc = tf_accounts_grant(set, principal, &right);

        } else {
            rc = tf_account_read_list(set, principal, category, v, database);
        }

        if (rc != TF_OK) {
            return rc;
        }
    }

    return TF_OK;
}


/* "SELECT", or {"SELECT": "grantable"}. */

static tf_int_t
tf_account_read_list(tf_accounts_t *set, tf_str_t principal,
    const tf_category_t *category, const tf_json_t *v, tf_str_t database)
{
    int               state;
    tf_right_t        right = { category, database, v->name, database, 0 };
    const tf_json_t  *p;

    for (p = v->child; p; p = p->next) {
        state = -1;

        if (p->type == TF_JSON_STRING) {
            right.privilege = p->str;
            state = TF_STATE_GRANTED;

        } else if (p->type == TF_JSON_OBJECT && p->child
                   && p->child->type == TF_JSON_STRING)
        {
            right.privilege = p->child->name;
            state = tf_state_find(p->child->str);
        }

        if (state == -1) {
            continue;
        }

        right.state = (tf_state_e) state;

        if (tf_accounts_grant(set, principal, &right) != TF_OK) {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tf_account_read_attributes(tf_accounts_t *set, tf_str_t principal,
    const tf_json_t *doc)
{
    char              name[64];
    tf_buf_t          b;
    tf_str_t          json;
    const tf_json_t  *v;

    v = tf_json_get(doc, "type_specific");
    v = v ? tf_json_get(v, set->engine->name) : NULL;

    for (v = v ? v->child : NULL; v; v = v->next) {

        if (v->name.len >= sizeof(name)) {
            continue;
        }

        memcpy(name, v->name.data, v->name.len);
        name[v->name.len] = '\0';

        tf_buf_init(&b, set->mem, 64, 16 * 1024 * 1024);
        tf_json_write(&b, v);

        if (tf_buf_done(&b, &json) != TF_OK
            || tf_accounts_attribute(set, principal, name, json) != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}
