
/*
 * Names that change while what they name stays the same.
 *
 * Where an engine has an identity for what it names (a PostgreSQL oid), that
 * is what counts: a renamed role, database or table is the one it was, and the
 * rights on it are neither revoked nor granted.
 */


#include <stdlib.h>

#include "tf_account_int.h"
#include "tf_mem.h"


/* An object of account n and its name there. */

typedef struct {
    const tf_account_grant_t    *grant;
    tf_str_t                     name;
} tf_account_object_t;


static tf_account_object_t *tf_account_objects_of(const tf_mem_t *mem,
    const tf_accounts_t *set, size_t n, size_t *count);
static int tf_account_object_cmp(const void *one, const void *two);
static tf_str_t tf_account_object_name(const tf_account_grant_t *g);
static int tf_account_by_database(const tf_category_t *category);
static int tf_account_rename_cmp(const void *one, const void *two);


tf_int_t
tf_account_rename(const tf_mem_t *mem, tf_account_renames_t *r, tf_str_t from,
    tf_str_t to)
{
    if (tf_mem_grow(mem, &r->rename, sizeof(tf_account_rename_t), r->count,
                    &r->size)
        != TF_OK)
    {
        return TF_ERROR;
    }

    r->rename[r->count].from = from;
    r->rename[r->count].to = to;
    r->rename[r->count++].gone = 0;

    return TF_OK;
}


tf_int_t
tf_account_rename_gone(const tf_mem_t *mem, tf_account_renames_t *r,
    tf_str_t name, tf_str_t native_id)
{
    size_t    i;
    tf_buf_t  b;
    tf_str_t  text;

    for (i = 0; i < r->count; i++) {
        if (tf_str_cmp(r->rename[i].to, name) == 0) {
            break;
        }
    }

    if (i == r->count) {
        return TF_OK;
    }

    tf_buf_init(&b, mem, name.len + native_id.len + 4, 65536);
    tf_buf_str(&b, name);
    tf_buf_lit(&b, " (");
    tf_buf_str(&b, native_id);
    tf_buf_char(&b, ')');

    if (tf_buf_done(&b, &text) != TF_OK
        || tf_account_rename(mem, r, name, text) != TF_OK)
    {
        return TF_ERROR;
    }

    r->rename[r->count - 1].gone = 1;

    return TF_OK;
}


void
tf_account_renames_sort(tf_account_renames_t *r)
{
    if (r->count) {
        qsort(r->rename, r->count, sizeof(tf_account_rename_t),
              tf_account_rename_cmp);
    }
}


const tf_account_rename_t *
tf_account_rename_find(const tf_account_renames_t *r, tf_str_t name)
{
    tf_account_rename_t  key = { name, name, 0 };

    return r->count ? bsearch(&key, r->rename, r->count,
                              sizeof(tf_account_rename_t),
                              tf_account_rename_cmp)
                    : NULL;
}


tf_str_t
tf_account_renamed(const tf_account_renames_t *r, tf_str_t name)
{
    const tf_account_rename_t  *found;

    found = tf_account_rename_find(r, name);

    return found ? found->to : name;
}


void
tf_account_objects(tf_buf_t *b, const tf_accounts_t *set, size_t n)
{
    const tf_account_grant_t  *g, *last, *end;

    last = NULL;
    g = set->grant + set->grant_start[n];
    end = set->grant + set->grant_start[n + 1];

    tf_buf_char(b, '{');

    for ( /* void */ ; g < end; g++) {

        if (g->id == NULL) {
            continue;
        }

        if (last && last->category != g->category) {
            tf_buf_lit(b, tf_account_by_database(last->category) ? "}}" : "}");
            last = NULL;
            tf_buf_char(b, ',');
        }

        if (last == NULL) {
            tf_json_string(b, tf_str(g->category->key));
            tf_buf_lit(b, ":{");
        }

        if (tf_account_by_database(g->category)
            && (last == NULL || last->database != g->database))
        {
            tf_buf_lit(b, last ? "}," : "");
            tf_json_string(b, g->database->str);
            tf_buf_lit(b, ":{");

        } else if (last) {

            if (tf_account_is_list(g->category)
                ? last->privilege == g->privilege
                : last->object == g->object)
            {
                continue;
            }

            tf_buf_char(b, ',');
        }

        tf_json_string(b, tf_account_object_name(g));
        tf_buf_char(b, ':');
        tf_json_string(b, g->id->str);
        last = g;
    }

    if (last) {
        tf_buf_lit(b, tf_account_by_database(last->category) ? "}}" : "}");
    }

    tf_buf_char(b, '}');
}


tf_int_t
tf_account_follow(tf_accounts_t *before, const tf_accounts_t *set, size_t n)
{
    size_t                count, renamed;
    tf_account_grant_t   *g, *end;
    tf_account_name_t    *name;
    tf_account_object_t  *object, *found, key;

    object = tf_account_objects_of(before->mem, set, n, &count);

    if (object == NULL) {
        return TF_ERROR;
    }

    renamed = 0;
    end = before->grant + before->grant_start[1];

    for (g = before->grant; g < end && count; g++) {

        if (g->id == NULL) {
            continue;
        }

        key.grant = g;
        key.name = tf_account_object_name(g);
        found = bsearch(&key, object, count, sizeof(tf_account_object_t),
                        tf_account_object_cmp);

        if (found == NULL || tf_str_cmp(found->name, key.name) == 0) {
            continue;
        }

        name = tf_accounts_name(before, found->name, 1);

        if (name == NULL) {
            return TF_ERROR;
        }

        if (tf_account_is_list(g->category)) {
            g->privilege = name;

        } else {
            g->object = name;
        }

        renamed++;
    }

    if (renamed) {
        before->grant_start[1] =
            tf_account_grants_sort(before->grant, before->grant_start[1]);
    }

    return TF_OK;
}


/* The objects of account n that have an id, in order; NULL when memory is
 * out. */

static tf_account_object_t *
tf_account_objects_of(const tf_mem_t *mem, const tf_accounts_t *set, size_t n,
    size_t *count)
{
    const tf_account_grant_t  *g, *end;
    tf_account_object_t       *object;

    g = set->grant + set->grant_start[n];
    end = set->grant + set->grant_start[n + 1];
    *count = 0;

    object = tf_alloc(mem,
                      (size_t) (end - g + 1) * sizeof(tf_account_object_t));

    for ( /* void */ ; g < end && object; g++) {
        if (g->id) {
            object[*count].grant = g;
            object[(*count)++].name = tf_account_object_name(g);
        }
    }

    if (*count) {
        qsort(object, *count, sizeof(tf_account_object_t),
              tf_account_object_cmp);
    }

    return object;
}


static int
tf_account_object_cmp(const void *one, const void *two)
{
    int                        rc;
    const tf_account_grant_t  *a, *b;

    a = ((const tf_account_object_t *) one)->grant;
    b = ((const tf_account_object_t *) two)->grant;

    if (a->category != b->category) {
        return a->category < b->category ? -1 : 1;
    }

    rc = tf_str_cmp(a->database->str, b->database->str);

    return rc ? rc : tf_str_cmp(a->id->str, b->id->str);
}


/* What the id of a right is of. */

static tf_str_t
tf_account_object_name(const tf_account_grant_t *g)
{
    return tf_account_is_list(g->category) ? g->privilege->str
                                           : g->object->str;
}


int
tf_account_is_list(const tf_category_t *category)
{
    return category->shape == TF_SHAPE_LIST
           || category->shape == TF_SHAPE_DBLIST;
}


static int
tf_account_by_database(const tf_category_t *category)
{
    return category->shape == TF_SHAPE_DBMAP
           || category->shape == TF_SHAPE_DBLIST;
}


static int
tf_account_rename_cmp(const void *one, const void *two)
{
    const tf_account_rename_t  *a = one, *b = two;

    return tf_str_cmp(a->from, b->from);
}
