
/*
 * Which account of the store each account of the server is.
 *
 * An engine that has an identity of its own says so by it: another name is a
 * rename, another identity under the same name is another account.  Accounts
 * of other engines, and those that were stored before the identity was, are
 * what their name says.
 */


#include <stdlib.h>

#include "tf_row.h"
#include "tfw_accounts_int.h"


/* An account of the set that no row of the store is known for yet. */

typedef struct {
    tf_str_t             native_id;
    size_t               n;
} tfw_accounts_native_t;


static size_t tfw_accounts_same(tfw_accounts_t *s, int *left);
static tf_int_t tfw_accounts_moved(tfw_accounts_t *s, int *left, size_t *n);
static void tfw_accounts_rest(tfw_accounts_t *s, const int *left, size_t n);
static int tfw_accounts_native_cmp(const void *one, const void *two);
static tf_int_t tfw_accounts_principals(tfw_accounts_t *s);
static tf_int_t tfw_accounts_databases(tfw_accounts_t *s);
static tf_int_t tfw_accounts_native_ids(tfw_accounts_t *s);
static tf_int_t tfw_accounts_free_names(tfw_accounts_t *s);
static tf_int_t tfw_accounts_scopes_rename(tfw_accounts_t *s);
static tf_int_t tfw_accounts_databases_write(tfw_accounts_t *s);
static int tfw_accounts_all(const tfw_accounts_t *s);
static tf_int_t tfw_accounts_array(tfw_accounts_t *s, tf_buf_t *b,
    tf_str_t *out);


tf_int_t
tfw_accounts_match(tfw_accounts_t *s)
{
    int     rows, *left;
    size_t  n, count;

    rows = PQntuples(s->before);
    count = tf_accounts_count(s->set);

    left = tf_alloc(s->job->mem, ((size_t) rows + 1) * sizeof(int));
    s->row = tf_alloc(s->job->mem, (count + 1) * sizeof(int));
    s->gone = tf_alloc(s->job->mem, ((size_t) rows + 1) * sizeof(int));

    if (left == NULL || s->row == NULL || s->gone == NULL) {
        return tfw_accounts_memory(s);
    }

    for (n = 0; n < count; n++) {
        s->row[n] = -1;
    }

    n = tfw_accounts_same(s, left);

    if (n && tfw_accounts_moved(s, left, &n) != TF_OK) {
        return tfw_accounts_memory(s);
    }

    tfw_accounts_rest(s, left, n);

    if (tfw_accounts_principals(s) != TF_OK) {
        return tfw_accounts_memory(s);
    }

    return tfw_accounts_databases(s);
}


/* Rows that have the same name and no other identity; how many are left. */

static size_t
tfw_accounts_same(tfw_accounts_t *s, int *left)
{
    int       i;
    size_t    n, count = 0;
    tf_str_t  native_id;

    for (i = 0; i < PQntuples(s->before); i++) {

        native_id = tf_row_get(s->before, i, "native_id");

        if (tf_str_eq(tf_row_get(s->before, i, "dropped"), "f")
            && tf_accounts_find(s->set, tf_row_get(s->before, i, "principal"),
                                &n) == TF_OK)
        {
            s->row[n] = i;

            if (!tfw_accounts_recreated(s, n)) {
                s->unnamed |= native_id.len == 0
                              && tf_accounts_get(s->set, n)->native_id.len;
                continue;
            }

            s->row[n] = -1;
        }

        left[count++] = i;
    }

    return count;
}


/* Of those that are left, rows whose identity is there under another name. */

static tf_int_t
tfw_accounts_moved(tfw_accounts_t *s, int *left, size_t *n)
{
    size_t                  i, k, count, rest;
    tfw_accounts_native_t  *native, *found, key;

    count = tf_accounts_count(s->set);

    native = tf_alloc(s->job->mem,
                      (count + 1) * sizeof(tfw_accounts_native_t));
    if (native == NULL) {
        return TF_ERROR;
    }

    for (i = 0, k = 0; i < count; i++) {
        native[k].native_id = tf_accounts_get(s->set, i)->native_id;
        native[k].n = i;
        k += s->row[i] == -1 && native[k].native_id.len;
    }

    if (k) {
        qsort(native, k, sizeof(tfw_accounts_native_t),
              tfw_accounts_native_cmp);
    }

    for (i = 0, rest = 0; i < *n; i++) {

        key.native_id = tf_row_get(s->before, left[i], "native_id");
        found = NULL;

        if (k && key.native_id.len
            && tf_str_eq(tf_row_get(s->before, left[i], "dropped"), "f"))
        {
            found = bsearch(&key, native, k, sizeof(tfw_accounts_native_t),
                            tfw_accounts_native_cmp);
        }

        if (found && s->row[found->n] == -1) {
            s->row[found->n] = left[i];

        } else {
            left[rest++] = left[i];
        }
    }

    *n = rest;

    return TF_OK;
}


/* What is left of a name that another account has now, or is gone. */

static void
tfw_accounts_rest(tfw_accounts_t *s, const int *left, size_t n)
{
    size_t  i, k;

    for (i = 0; i < n; i++) {

        if (tf_accounts_find(s->set,
                             tf_row_get(s->before, left[i], "principal"), &k)
            == TF_OK
            && s->row[k] == -1)
        {
            s->row[k] = left[i];

        } else if (tf_str_eq(tf_row_get(s->before, left[i], "dropped"), "f")
                   && tfw_accounts_listed(s, tf_row_get(s->before, left[i],
                                                        "principal")))
        {
            s->gone[s->gones++] = left[i];
        }
    }
}


static int
tfw_accounts_native_cmp(const void *one, const void *two)
{
    int                           rc;
    size_t                        len;
    const tfw_accounts_native_t  *a = one, *b = two;

    len = a->native_id.len < b->native_id.len ? a->native_id.len
                                              : b->native_id.len;
    rc = len ? memcmp(a->native_id.data, b->native_id.data, len) : 0;

    return rc ? rc : (a->native_id.len > b->native_id.len)
                     - (a->native_id.len < b->native_id.len);
}


int
tfw_accounts_recreated(const tfw_accounts_t *s, size_t n)
{
    tf_str_t             before;
    const tf_account_t  *a;

    a = tf_accounts_get(s->set, n);

    if (tf_str_eq(tf_row_get(s->before, s->row[n], "dropped"), "t")) {
        return 1;
    }

    before = tf_row_get(s->before, s->row[n], "native_id");

    return before.len && a->native_id.len
           && !tf_str_eq(before, (char *) a->native_id.data);
}


int
tfw_accounts_renamed(const tfw_accounts_t *s, size_t n)
{
    tf_str_t             before;
    const tf_account_t  *a;

    a = tf_accounts_get(s->set, n);
    before = tf_row_get(s->before, s->row[n], "principal");

    return before.len != a->principal.len
           || memcmp(before.data, a->principal.data, before.len) != 0;
}


static tf_int_t
tfw_accounts_principals(tfw_accounts_t *s)
{
    size_t                 i;
    const tf_mem_t        *mem = s->job->mem;
    tf_account_renames_t  *r = &s->names.principals;

    for (i = 0; i < tf_accounts_count(s->set); i++) {

        if (s->row[i] != -1 && tfw_accounts_renamed(s, i)
            && tf_account_rename(mem, r,
                                 tf_row_get(s->before, s->row[i], "principal"),
                                 tf_accounts_get(s->set, i)->principal)
               != TF_OK)
        {
            return TF_ERROR;
        }
    }

    for (i = 0; i < s->gones && r->count; i++) {
        if (tf_account_rename_gone(mem, r,
                                   tf_row_get(s->before, s->gone[i],
                                              "principal"),
                                   tf_row_get(s->before, s->gone[i],
                                              "native_id"))
            != TF_OK)
        {
            return TF_ERROR;
        }
    }

    tf_account_renames_sort(r);

    return TF_OK;
}


/* What databases were called, and whether that has changed. */

static tf_int_t
tfw_accounts_databases(tfw_accounts_t *s)
{
    int                         i, pass, rows;
    tf_int_t                    rc = TF_OK;
    tf_str_t                    native_id, name;
    tf_account_renames_t       *r = &s->names.databases;
    const tf_account_rename_t  *now;

    tf_account_renames_sort(&s->databases);

    s->seen = tfw_db_run(s->job->db, TF_SQL_accounts_sync_databases,
                         TFW_ARGS({ "instance_id",
                                    tfw_accounts_id(s, s->job->instance_id) }),
                         &s->job->err);
    if (s->seen == NULL) {
        return TF_ERROR;
    }

    rows = PQntuples(s->seen);
    s->databases_new = (size_t) rows != s->databases.count;

    for (pass = 0; pass < 2; pass++) {
        for (i = 0; i < rows && rc == TF_OK; i++) {
            native_id = tf_row_get(s->seen, i, "native_id");
            name = tf_row_get(s->seen, i, "name");
            now = tf_account_rename_find(&s->databases, native_id);

            if (now == NULL) {
                s->databases_new = 1;
                rc = pass ? tf_account_rename_gone(s->job->mem, r, name,
                                                   native_id)
                          : TF_OK;

            } else if (pass == 0 && !tf_str_eq(name, (char *) now->to.data)) {
                s->databases_new = 1;
                rc = tf_account_rename(s->job->mem, r, name, now->to);
            }
        }
    }

    tf_account_renames_sort(r);

    return rc == TF_OK ? TF_OK : tfw_accounts_memory(s);
}


tf_int_t
tfw_accounts_names_write(tfw_accounts_t *s)
{
    if ((s->names.principals.count && tfw_accounts_free_names(s) != TF_OK)
        || (s->unnamed && tfw_accounts_native_ids(s) != TF_OK)
        || (s->names.databases.count && tfw_accounts_scopes_rename(s) != TF_OK)
        || (s->databases_new && tfw_accounts_databases_write(s) != TF_OK))
    {
        return TF_ERROR;
    }

    return TF_OK;
}


static tf_int_t
tfw_accounts_free_names(tfw_accounts_t *s)
{
    int      *rows;
    size_t    i, n = 0;
    tf_buf_t  b;
    tf_str_t  ids;

    rows = tf_alloc(s->job->mem, (s->changes + 1) * sizeof(int));
    if (rows == NULL) {
        return tfw_accounts_memory(s);
    }

    for (i = 0; i < s->changes; i++) {
        if (strcmp(s->change[i].change, "rename") == 0) {
            rows[n++] = s->change[i].row;
        }
    }

    tf_buf_init(&b, s->job->mem, 16 * n + 16, 64 * 1024 * 1024);
    tfw_accounts_row_ids(&b, s, rows, n);

    if (tf_buf_done(&b, &ids) != TF_OK) {
        return tfw_accounts_memory(s);
    }

    return tfw_accounts_run(s, TF_SQL_accounts_sync_rename,
                            TFW_ARGS({ "ids", (char *) ids.data }));
}


static tf_int_t
tfw_accounts_native_ids(tfw_accounts_t *s)
{
    size_t    n;
    tf_buf_t  b;
    tf_str_t  accounts, native_id;

    tf_buf_init(&b, s->job->mem, 65536, 256 * 1024 * 1024);

    for (n = 0; n < tf_accounts_count(s->set); n++) {

        native_id = tf_accounts_get(s->set, n)->native_id;

        if (s->row[n] == -1 || native_id.len == 0
            || tf_row_get(s->before, s->row[n], "native_id").len)
        {
            continue;
        }

        tf_buf_lit(&b, b.start ? ",{" : "[{");
        tf_json_member(&b, "id", tf_row_get(s->before, s->row[n], "id"));
        tf_json_member(&b, "native_id", native_id);
        tf_buf_char(&b, '}');
    }

    if (tfw_accounts_array(s, &b, &accounts) != TF_OK) {
        return TF_ERROR;
    }

    return tfw_accounts_run(s, TF_SQL_accounts_sync_native_ids,
                            TFW_ARGS({ "accounts", (char *) accounts.data }));
}


static tf_int_t
tfw_accounts_scopes_rename(tfw_accounts_t *s)
{
    size_t                      i;
    tf_buf_t                    b;
    tf_str_t                    renames, none = tf_null_string;
    const tf_account_rename_t  *r;

    tf_buf_init(&b, s->job->mem, 1024, 64 * 1024 * 1024);

    for (i = 0; i < s->names.databases.count; i++) {
        r = &s->names.databases.rename[i];

        tf_buf_lit(&b, i ? ",{" : "[{");
        tf_json_member(&b, "old", r->from);
        tf_json_member(&b, "new", r->gone ? none : r->to);
        tf_buf_char(&b, '}');
    }

    if (tfw_accounts_array(s, &b, &renames) != TF_OK) {
        return TF_ERROR;
    }

    return tfw_accounts_run(s, TF_SQL_accounts_sync_scopes_rename,
               TFW_ARGS({ "renames", (char *) renames.data },
                        { "instance_id",
                          tfw_accounts_id(s, s->job->instance_id) }));
}


static tf_int_t
tfw_accounts_databases_write(tfw_accounts_t *s)
{
    size_t                      i;
    tf_buf_t                    b;
    tf_str_t                    databases;
    const tf_account_rename_t  *d;

    tf_buf_init(&b, s->job->mem, 1024, 64 * 1024 * 1024);

    for (i = 0; i < s->databases.count; i++) {
        d = &s->databases.rename[i];

        tf_buf_lit(&b, i ? ",{" : "[{");
        tf_json_member(&b, "native_id", d->from);
        tf_json_member(&b, "name", d->to);
        tf_buf_char(&b, '}');
    }

    if (tfw_accounts_array(s, &b, &databases) != TF_OK) {
        return TF_ERROR;
    }

    return tfw_accounts_run(s, TF_SQL_accounts_sync_databases_write,
               TFW_ARGS({ "databases", (char *) databases.data },
                        { "instance_id",
                          tfw_accounts_id(s, s->job->instance_id) },
                        { "complete", tfw_accounts_all(s) ? "t" : "f" }));
}


/* 1 when the list of databases was read to its end. */

static int
tfw_accounts_all(const tfw_accounts_t *s)
{
    size_t              i;
    const tf_scope_t   *whole;
    const tf_scopes_t  *scopes;

    scopes = tf_accounts_scopes(s->set);

    for (i = 0; i < scopes->count; i++) {

        if (scopes->scope[i].database.len == 0) {
            continue;
        }

        whole = tf_scopes_find(scopes, scopes->scope[i].scope, tf_str(""));

        return whole && whole->status == TF_SCOPE_OK;
    }

    return 0;
}


/* The end of an array of rows, which may be empty. */

static tf_int_t
tfw_accounts_array(tfw_accounts_t *s, tf_buf_t *b, tf_str_t *out)
{
    tf_buf_add(b, b->start ? "]" : "[]", b->start ? 2 : 3);

    return tf_buf_done(b, out) == TF_OK ? TF_OK : tfw_accounts_memory(s);
}
