
/*
 * What changed between two versions of an account.
 *
 * Both sides are in canonical order, so they are walked together, one group of
 * privileges after the other: a group is what one list of the snapshot holds,
 * or all flags of a category.
 */


#include "tf_account_int.h"


#define TF_ACCOUNT_OPTION      " WITH GRANT OPTION"
#define TF_ACCOUNT_OPTION_LEN  (sizeof(TF_ACCOUNT_OPTION) - 1)

/* Entries end here; counts do not. */
#define TF_ACCOUNT_DIFF_BYTES  (1024 * 1024)


typedef struct {
    const tf_account_grant_t    *g;     /* the begin of a group */
    const tf_account_grant_t    *end;   /* of all rows */
} tf_account_side_t;


typedef struct {
    const tf_mem_t              *mem;
    tf_account_diff_t           *out;
    tf_buf_t                     b;
    unsigned                     truncated;

    /* of the group in hand */
    const tf_account_grant_t    *group;
    tf_str_t                    *list[2];   /* lost, gained: sorted */
    size_t                       count[2];
    size_t                       size[2];
} tf_account_work_t;


static tf_int_t tf_account_diff_privileges(tf_account_work_t *w,
    tf_account_side_t *old, tf_account_side_t *new, const tf_scopes_t *known);
static tf_int_t tf_account_diff_group(tf_account_work_t *w,
    tf_account_side_t old, tf_account_side_t new);
static size_t tf_account_group_len(const tf_account_grant_t *g,
    const tf_account_grant_t *end);
static int tf_account_group_cmp(const tf_account_grant_t *a,
    const tf_account_grant_t *b);
static tf_int_t tf_account_collect(tf_account_work_t *w, unsigned side,
    tf_account_side_t s);
static tf_int_t tf_account_diff_altered(tf_account_work_t *w);
static int tf_account_take(tf_account_work_t *w, tf_str_t name);
static void tf_account_entry(tf_account_work_t *w, const char *action,
    const tf_str_t *list, size_t n);
static void tf_account_label(tf_account_work_t *w,
    const tf_account_grant_t *g);
static tf_int_t tf_account_diff_others(tf_account_work_t *w,
    const tf_accounts_t *before, const tf_accounts_t *set, size_t n);
static void tf_account_other(tf_account_work_t *w,
    const tf_account_attr_t *before, const tf_account_attr_t *after);
static void tf_account_begin(tf_account_work_t *w);
static tf_int_t tf_account_end(tf_account_work_t *w, tf_str_t *out);
static unsigned tf_account_elevated(const tf_accounts_t *before,
    const tf_account_t *a);


/* Attributes that every engine has; the others are called by their name. */

static const struct {
    const char  *name;
    const char  *label[2];
} tf_account_labels[] = {
    { "is_superuser", { "超级用户", "Superuser" } },
    { "is_locked", { "锁定状态", "Locked" } },
    { "can_grant", { "可授权他人", "May grant" } },
    { "is_system", { "系统账户", "System account" } },
    { NULL, { NULL, NULL } }
};


tf_int_t
tf_account_diff(const tf_mem_t *mem, const tf_accounts_t *before,
    const tf_accounts_t *set, size_t n, const tf_scopes_t *known,
    tf_account_diff_t *diff)
{
    tf_account_side_t  old, new;
    tf_account_work_t  w;

    memset(diff, 0, sizeof(tf_account_diff_t));
    memset(&w, 0, sizeof(tf_account_work_t));
    memset(&old, 0, sizeof(tf_account_side_t));

    w.mem = mem;
    w.out = diff;

    new.g = set->grant + set->grant_start[n];
    new.end = set->grant + set->grant_start[n + 1];

    if (before) {
        old.g = before->grant;
        old.end = before->grant + before->grant_start[1];
    }

    tf_account_begin(&w);

    if (tf_account_diff_privileges(&w, &old, &new, before ? known : NULL)
        != TF_OK)
    {
        return TF_ERROR;
    }

    if (diff->granted + diff->revoked + diff->altered
        && tf_account_end(&w, &diff->privileges) != TF_OK)
    {
        return TF_ERROR;
    }

    diff->elevated = tf_account_elevated(before, &set->account[n]);

    return before ? tf_account_diff_others(&w, before, set, n) : TF_OK;
}


static tf_int_t
tf_account_diff_privileges(tf_account_work_t *w, tf_account_side_t *old,
    tf_account_side_t *new, const tf_scopes_t *known)
{
    int                        rc;
    tf_account_side_t          lost, gained;
    const tf_account_grant_t  *g;

    while (old->g < old->end || new->g < new->end) {

        rc = old->g == old->end ? 1
             : new->g == new->end ? -1 : tf_account_group_cmp(old->g, new->g);

        g = rc > 0 ? new->g : old->g;
        lost = *old;
        gained = *new;

        lost.end = lost.g + (rc <= 0 ? tf_account_group_len(old->g, old->end)
                                     : 0);
        gained.end = gained.g
                     + (rc >= 0 ? tf_account_group_len(new->g, new->end) : 0);

        old->g = lost.end;
        new->g = gained.end;

        if (known && !tf_scopes_known(known, tf_str(g->category->scope),
                                      g->database->str))
        {
            continue;
        }

        w->group = g;

        if (tf_account_diff_group(w, lost, gained) != TF_OK) {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tf_account_diff_group(tf_account_work_t *w, tf_account_side_t old,
    tf_account_side_t new)
{
    int        rc;
    size_t     i, k, n[2];
    tf_str_t  *list[2];

    if (tf_account_collect(w, 0, old) != TF_OK
        || tf_account_collect(w, 1, new) != TF_OK)
    {
        return TF_ERROR;
    }

    /* what both have falls out; both lists stay sorted */

    list[0] = w->list[0];
    list[1] = w->list[1];
    n[0] = w->count[0];
    n[1] = w->count[1];
    w->count[0] = 0;
    w->count[1] = 0;

    for (i = 0, k = 0; i < n[0] || k < n[1]; /* void */ ) {

        rc = i == n[0] ? 1
             : k == n[1] ? -1 : tf_account_cmp(list[0][i], list[1][k]);

        if (rc < 0) {
            w->list[0][w->count[0]++] = list[0][i++];

        } else if (rc > 0) {
            w->list[1][w->count[1]++] = list[1][k++];

        } else {
            i++;
            k++;
        }
    }

    if (w->count[0] && w->count[1] && tf_account_diff_altered(w) != TF_OK) {
        return TF_ERROR;
    }

    w->out->granted += w->count[1];
    w->out->revoked += w->count[0];

    tf_account_entry(w, "GRANT", w->list[1], w->count[1]);
    tf_account_entry(w, "REVOKE", w->list[0], w->count[0]);

    return TF_OK;
}


static size_t
tf_account_group_len(const tf_account_grant_t *g,
    const tf_account_grant_t *end)
{
    const tf_account_grant_t  *p;

    for (p = g + 1; p < end && tf_account_group_cmp(g, p) == 0; p++) {
        /* void */
    }

    return p - g;
}


static int
tf_account_group_cmp(const tf_account_grant_t *a, const tf_account_grant_t *b)
{
    int         rc;
    tf_shape_e  shape;

    if (a->category != b->category) {
        return strcmp(a->category->key, b->category->key);
    }

    shape = a->category->shape;

    if (shape == TF_SHAPE_LIST || shape == TF_SHAPE_FLAGS) {
        return 0;
    }

    rc = a->database == b->database
         ? 0 : tf_account_cmp(a->database->str, b->database->str);

    if (rc == 0 && a->object != b->object) {
        rc = tf_account_cmp(a->object->str, b->object->str);
    }

    return rc;
}


/* The privileges of a group; for flags the names of those that are set. */

static tf_int_t
tf_account_collect(tf_account_work_t *w, unsigned side, tf_account_side_t s)
{
    size_t                     n;
    const tf_account_grant_t  *g;

    n = s.end - s.g;

    if (n > w->size[side]) {
        w->size[side] = n * 2;
        w->list[side] = tf_alloc(w->mem, w->size[side] * sizeof(tf_str_t));

        if (w->list[side] == NULL) {
            return TF_ERROR;
        }
    }

    w->count[side] = 0;

    for (g = s.g; g < s.end; g++) {

        if (g->category->shape != TF_SHAPE_FLAGS) {
            w->list[side][w->count[side]++] = g->privilege->str;

        } else if (tf_str_eq(g->privilege->str, "true")) {
            w->list[side][w->count[side]++] = g->object->str;
        }
    }

    return TF_OK;
}


/* A privilege that gained or lost its grant option was not granted or
 * revoked. */

static tf_int_t
tf_account_diff_altered(tf_account_work_t *w)
{
    size_t     i, kept, n;
    tf_str_t   p, *altered;

    n = 0;
    kept = 0;

    altered = tf_alloc(w->mem, w->count[1] * sizeof(tf_str_t));
    if (altered == NULL) {
        return TF_ERROR;
    }

    for (i = 0; i < w->count[1]; i++) {
        p = w->list[1][i];

        if (tf_account_take(w, p)) {
            altered[n++] = p;

        } else {
            w->list[1][kept++] = p;
        }
    }

    w->count[1] = kept;
    w->out->altered += n;

    tf_account_entry(w, "ALTER", altered, n);

    return TF_OK;
}


/* Takes the other form of a gained privilege off the lost ones. */

static int
tf_account_take(tf_account_work_t *w, tf_str_t name)
{
    size_t    i, len, option;
    tf_str_t  lost;

    option = TF_ACCOUNT_OPTION_LEN;

    for (i = 0; i < w->count[0]; i++) {
        lost = w->list[0][i];
        len = lost.len < name.len ? lost.len : name.len;

        if (lost.len + name.len != 2 * len + option
            || memcmp(lost.data, name.data, len) != 0
            || memcmp((lost.len > len ? lost.data : name.data) + len,
                      TF_ACCOUNT_OPTION, option) != 0)
        {
            continue;
        }

        memmove(&w->list[0][i], &w->list[0][i + 1],
                (w->count[0] - i - 1) * sizeof(tf_str_t));
        w->count[0]--;

        return 1;
    }

    return 0;
}


static void
tf_account_entry(tf_account_work_t *w, const char *action,
    const tf_str_t *list, size_t n)
{
    size_t                     i;
    tf_buf_t                  *b;
    const tf_account_grant_t  *g;

    b = &w->b;
    g = w->group;

    if (n == 0 || b->failed) {
        return;
    }

    if (b->last - b->start > TF_ACCOUNT_DIFF_BYTES) {
        w->truncated = 1;
        return;
    }

    tf_buf_lit(b, b->last[-1] == '[' ? "{" : ",{");
    tf_json_member(b, "field", tf_str(g->category->key));
    tf_json_member(b, "label", tf_str(g->category->label[TF_LANG_ZH]));
    tf_json_member(b, "label_en", tf_str(g->category->label[TF_LANG_EN]));
    tf_account_label(w, g);

    if (g->category->shape == TF_SHAPE_DBMAP) {
        tf_json_member(b, "database", g->database->str);
    }

    if (g->category->shape == TF_SHAPE_DBMAP
        || g->category->shape == TF_SHAPE_MAP)
    {
        tf_json_member(b, "name", g->object->str);
    }

    tf_json_member(b, "action", tf_str(action));
    tf_json_key(b, "permissions");
    tf_buf_char(b, '[');

    for (i = 0; i < n; i++) {
        if (i) {
            tf_buf_char(b, ',');
        }

        tf_json_string(b, list[i]);
    }

    tf_buf_lit(b, "]}");
}


/* "label", "label:object" or "label:database.object". */

static void
tf_account_label(tf_account_work_t *w, const tf_account_grant_t *g)
{
    tf_buf_t    text;
    tf_str_t    object;
    tf_shape_e  shape;

    shape = g->category->shape;

    tf_buf_init(&text, w->mem, 128, 65536);
    tf_buf_lit(&text, g->category->label[TF_LANG_ZH]);

    if (shape == TF_SHAPE_DBMAP) {
        tf_buf_char(&text, ':');
        tf_buf_str(&text, g->database->str);
        tf_buf_char(&text, '.');
        tf_buf_str(&text, g->object->str);

    } else if (shape == TF_SHAPE_MAP) {
        tf_buf_char(&text, ':');
        tf_buf_str(&text, g->object->str);
    }

    if (tf_buf_done(&text, &object) != TF_OK) {
        w->b.failed = 1;
        return;
    }

    tf_json_member(&w->b, "object", object);
}


static tf_int_t
tf_account_diff_others(tf_account_work_t *w, const tf_accounts_t *before,
    const tf_accounts_t *set, size_t n)
{
    int                       rc;
    const tf_account_attr_t  *old, *old_end, *new, *new_end;

    old = before->attr;
    old_end = before->attr + before->attr_start[1];
    new = set->attr + set->attr_start[n];
    new_end = set->attr + set->attr_start[n + 1];

    tf_account_begin(w);

    /* an attribute that one side lacks was not asked for then */

    while (old < old_end && new < new_end) {

        rc = tf_account_cmp(old->name->str, new->name->str);

        if (rc < 0) {
            old++;
            continue;
        }

        if (rc > 0) {
            new++;
            continue;
        }

        if (tf_account_cmp(old->value->str, new->value->str) != 0) {
            tf_account_other(w, old, new);
            w->out->other++;
        }

        old++;
        new++;
    }

    return w->out->other ? tf_account_end(w, &w->out->others) : TF_OK;
}


static void
tf_account_other(tf_account_work_t *w, const tf_account_attr_t *before,
    const tf_account_attr_t *after)
{
    size_t     i;
    tf_buf_t  *b, text;
    tf_str_t   name, words;

    b = &w->b;
    name = after->name->str;

    if (b->failed) {
        return;
    }

    for (i = 0; tf_account_labels[i].name; i++) {
        if (tf_str_eq(name, tf_account_labels[i].name)) {
            break;
        }
    }

    tf_buf_lit(b, b->last[-1] == '[' ? "{" : ",{");

    if (tf_account_labels[i].name) {
        tf_json_member(b, "field", name);
        tf_json_member(b, "label", tf_str(tf_account_labels[i].label[0]));
        tf_json_member(b, "label_en", tf_str(tf_account_labels[i].label[1]));

    } else {
        tf_buf_lit(b, "\"field\":\"type_specific.");
        tf_buf_str(b, name);
        tf_buf_char(b, '"');
        tf_json_member(b, "label", name);
        tf_json_member(b, "label_en", name);
    }

    tf_json_key(b, "before");
    tf_buf_str(b, before->value->str);
    tf_json_key(b, "after");
    tf_buf_str(b, after->value->str);

    tf_buf_init(&text, w->mem, 128, 16 * 1024 * 1024);
    tf_buf_str(&text, name);
    tf_buf_lit(&text, ": ");
    tf_buf_str(&text, before->value->str);
    tf_buf_lit(&text, " -> ");
    tf_buf_str(&text, after->value->str);

    if (tf_buf_done(&text, &words) != TF_OK) {
        b->failed = 1;
        return;
    }

    tf_json_member(b, "description", words);
    tf_buf_char(b, '}');
}


static void
tf_account_begin(tf_account_work_t *w)
{
    w->truncated = 0;
    tf_buf_init(&w->b, w->mem, 1024, 256 * 1024 * 1024);
    tf_buf_lit(&w->b, "{\"version\":1,\"entries\":[");
}


static tf_int_t
tf_account_end(tf_account_work_t *w, tf_str_t *out)
{
    tf_buf_lit(&w->b, "]");

    if (w->truncated) {
        tf_buf_lit(&w->b, ",\"truncated\":true");
    }

    tf_buf_char(&w->b, '}');

    return tf_buf_done(&w->b, out);
}


/* An attribute that the version before lacks proves no gain. */

static unsigned
tf_account_elevated(const tf_accounts_t *before, const tf_account_t *a)
{
    if (before == NULL) {
        return a->is_superuser || a->can_grant;
    }

    return (a->is_superuser && !before->account[0].is_superuser
            && tf_account_attr(before, 0, "is_superuser"))
           || (a->can_grant && !before->account[0].can_grant
               && tf_account_attr(before, 0, "can_grant"));
}
