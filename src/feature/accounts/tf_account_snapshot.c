
/*
 * Snapshots: written in one canonical order (categories, databases, objects and
 * privileges in byte order), read back from jsonb, which has an order of its
 * own.
 */


#include "tf_account_int.h"


/* Names and their ids, of the objects of one database or of a list. */

typedef struct {
    const tf_json_t             *first;
    const tf_json_t             *at;        /* the last one that was found */
} tf_account_ids_t;


/* What is stored of an account, while it is read. */

typedef struct {
    tf_accounts_t               *set;
    tf_str_t                     principal;
    const tf_mem_t              *mem;
    tf_json_t                   *snapshot;
    tf_json_t                   *objects;   /* NULL: none */
    const tf_account_names_t    *names;
    const tf_scopes_t           *skip;      /* leaves out what these outcomes
                                               say was read; NULL: nothing */
    tf_account_ids_t             ids;
    tf_right_t                   right;     /* the one in hand */
} tf_account_parts_t;


static void tf_account_categories(tf_buf_t *b, const tf_accounts_t *set,
    size_t n);
static void tf_account_open(tf_buf_t *b, const tf_account_grant_t *g,
    const tf_account_grant_t *last);
static void tf_account_close(tf_buf_t *b, const tf_account_grant_t *g,
    const tf_account_grant_t *next);
static void tf_account_name(tf_buf_t *b, tf_str_t name);
static tf_int_t tf_account_parts(const tf_mem_t *mem,
    const tf_account_stored_t *stored, tf_account_parts_t *p, tf_err_t *err);
static tf_int_t tf_account_read(tf_account_parts_t *p);
static tf_int_t tf_account_read_database(tf_account_parts_t *p,
    tf_str_t database, const tf_json_t *v);
static tf_int_t tf_account_read_map(tf_account_parts_t *p,
    const tf_json_t *map);
static tf_int_t tf_account_read_list(tf_account_parts_t *p,
    const tf_json_t *v);
static tf_int_t tf_account_read_privilege(tf_account_parts_t *p,
    tf_str_t name, tf_str_t *out);
static void tf_account_ids(tf_account_ids_t *ids, const tf_json_t *map);
static const tf_json_t *tf_account_id(tf_account_ids_t *ids, tf_str_t name);
static tf_str_t tf_account_id_text(tf_account_ids_t *ids, tf_str_t name);
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
tf_accounts_restore(tf_accounts_t *set, size_t n,
    const tf_account_stored_t *stored, const tf_mem_t *scratch, tf_err_t *err)
{
    tf_account_parts_t  p;

    if (tf_account_parts(scratch, stored, &p, err) != TF_OK) {
        return TF_ERROR;
    }

    p.set = set;
    p.principal = set->account[n].principal;
    p.skip = &set->scopes;

    return tf_account_read(&p) == TF_OK
           ? TF_OK : tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
}


tf_accounts_t *
tf_account_parse(const tf_mem_t *mem, const tf_engine_t *engine,
    const tf_account_stored_t *stored, tf_err_t *err)
{
    tf_str_t            none = tf_null_string;
    tf_account_t        account;
    tf_account_parts_t  p;

    if (tf_account_parts(mem, stored, &p, err) != TF_OK) {
        return NULL;
    }

    memset(&account, 0, sizeof(tf_account_t));
    account.principal = stored->principal;
    account.username = tf_account_none;
    account.native_id = tf_account_none;
    account.host = none;
    account.kind = TF_KIND_USER;

    p.set = tf_accounts_create(mem, engine);
    p.principal = stored->principal;

    if (p.set == NULL
        || tf_accounts_add(p.set, &account) != TF_OK
        || tf_account_read(&p) != TF_OK
        || tf_account_read_attributes(p.set, p.principal, p.snapshot)
           != TF_OK
        || tf_accounts_sort(p.set) != TF_OK)
    {
        tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
        return NULL;
    }

    return p.set;
}


static tf_int_t
tf_account_parts(const tf_mem_t *mem, const tf_account_stored_t *stored,
    tf_account_parts_t *p, tf_err_t *err)
{
    memset(p, 0, sizeof(tf_account_parts_t));
    p->mem = mem;
    p->names = stored->names;

    if (tf_json_parse(mem, stored->snapshot, &tf_account_limits, &p->snapshot,
                      err)
        != TF_OK)
    {
        return TF_ERROR;
    }

    return stored->objects.data
           ? tf_json_parse(mem, stored->objects, &tf_account_limits,
                           &p->objects, err)
           : TF_OK;
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


static tf_int_t
tf_account_read(tf_account_parts_t *p)
{
    tf_int_t              rc;
    const tf_json_t      *c, *v;
    tf_account_ids_t      ids;
    const tf_category_t  *category;

    c = tf_json_get(p->snapshot, "categories");

    for (c = c ? c->child : NULL; c; c = c->next) {

        category = tf_category_named(p->set->engine, c->name);
        if (category == NULL) {
            continue;
        }

        p->right.category = category;
        tf_account_ids(&ids, p->objects ? tf_json_get(p->objects,
                                                      category->key)
                                        : NULL);

        if (category->shape != TF_SHAPE_DBMAP
            && category->shape != TF_SHAPE_DBLIST)
        {
            p->ids = ids;
            rc = tf_account_read_database(p, tf_account_none, c);

            if (rc != TF_OK) {
                return rc;
            }

            continue;
        }

        for (v = c->child; v; v = v->next) {
            tf_account_ids(&p->ids, tf_account_id(&ids, v->name));
            rc = tf_account_read_database(p, v->name, v);

            if (rc != TF_OK) {
                return rc;
            }
        }
    }

    return TF_OK;
}


/* The part of a category in one database, "" for all of it. */

static tf_int_t
tf_account_read_database(tf_account_parts_t *p, tf_str_t database,
    const tf_json_t *v)
{
    if (p->names && database.len) {
        database = tf_account_renamed(&p->names->databases, database);
    }

    if (p->skip && tf_scopes_read(p->skip, tf_str(p->right.category->scope),
                                  database))
    {
        return TF_OK;
    }

    p->right.database = database;
    p->right.object = tf_account_none;

    return tf_account_is_list(p->right.category)
           ? tf_account_read_list(p, v) : tf_account_read_map(p, v);
}


static tf_int_t
tf_account_read_map(tf_account_parts_t *p, const tf_json_t *map)
{
    tf_int_t          rc;
    const tf_json_t  *v;

    for (v = map->child; v; v = v->next) {

        p->right.id = tf_account_id_text(&p->ids, v->name);
        p->right.object = v->name;

        if (p->names && (p->right.category->roles & TF_ROLES_OBJECTS)) {
            p->right.object = tf_account_renamed(&p->names->principals,
                                                 v->name);
        }

        if (p->right.category->shape == TF_SHAPE_FLAGS) {
            p->right.state = TF_STATE_GRANTED;
            p->right.privilege = tf_str(v->boolean ? "true" : "false");
            rc = tf_accounts_grant(p->set, p->principal, &p->right);

        } else {
            rc = tf_account_read_list(p, v);
        }

        if (rc != TF_OK) {
            return rc;
        }
    }

    return TF_OK;
}


/* "SELECT", or {"SELECT": "grantable"}. */

static tf_int_t
tf_account_read_list(tf_account_parts_t *p, const tf_json_t *v)
{
    int               state;
    tf_str_t          name;
    const tf_json_t  *e;

    for (e = v->child; e; e = e->next) {
        state = -1;
        name = e->str;

        if (e->type == TF_JSON_STRING) {
            state = TF_STATE_GRANTED;

        } else if (e->type == TF_JSON_OBJECT && e->child
                   && e->child->type == TF_JSON_STRING)
        {
            name = e->child->name;
            state = tf_state_find(e->child->str);
        }

        if (state == -1) {
            continue;
        }

        if (tf_account_is_list(p->right.category)) {
            p->right.id = tf_account_id_text(&p->ids, name);
        }

        p->right.state = (tf_state_e) state;

        if (tf_account_read_privilege(p, name, &p->right.privilege) != TF_OK
            || tf_accounts_grant(p->set, p->principal, &p->right) != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


/* The privilege as it is called now. */

static tf_int_t
tf_account_read_privilege(tf_account_parts_t *p, tf_str_t name, tf_str_t *out)
{
    tf_buf_t         b;
    tf_str_t         grantor, now;
    const tf_str_t   by = tf_string("GRANTED BY ");

    *out = name;

    if (p->names == NULL) {
        return TF_OK;
    }

    if (p->right.category->roles & TF_ROLES_PRIVILEGES) {
        *out = tf_account_renamed(&p->names->principals, name);
        return TF_OK;
    }

    if (!(p->right.category->roles & TF_ROLES_OBJECTS)
        || name.len <= by.len || memcmp(name.data, by.data, by.len) != 0)
    {
        return TF_OK;
    }

    grantor.data = name.data + by.len;
    grantor.len = name.len - by.len;
    now = tf_account_renamed(&p->names->principals, grantor);

    if (now.data == grantor.data) {
        return TF_OK;
    }

    tf_buf_init(&b, p->mem, by.len + now.len + 1, 65536);
    tf_buf_str(&b, by);
    tf_buf_str(&b, now);

    return tf_buf_done(&b, out);
}


static void
tf_account_ids(tf_account_ids_t *ids, const tf_json_t *map)
{
    ids->first = map ? map->child : NULL;
    ids->at = ids->first;
}


/* The member called name, or NULL.  Looked for from the last one on, and then
 * from the first: both documents are in one order, unless somebody changed
 * them. */

static const tf_json_t *
tf_account_id(tf_account_ids_t *ids, tf_str_t name)
{
    const tf_json_t  *v;

    for (v = ids->at; v; v = v->next) {
        if (tf_str_cmp(v->name, name) == 0) {
            ids->at = v;
            return v;
        }
    }

    for (v = ids->first; v && v != ids->at; v = v->next) {
        if (tf_str_cmp(v->name, name) == 0) {
            ids->at = v;
            return v;
        }
    }

    return NULL;
}


static tf_str_t
tf_account_id_text(tf_account_ids_t *ids, tf_str_t name)
{
    const tf_json_t  *v;

    v = tf_account_id(ids, name);

    return v ? v->str : tf_account_none;
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
