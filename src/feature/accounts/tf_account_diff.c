
/*
 * What changed between two versions of an account.
 *
 * Both sides are in canonical order, so they are walked together, one group of
 * privileges after the other: a group is what one list of the snapshot holds,
 * or all flags of a category.  A privilege that both have with another state
 * was altered.  A membership is one grant with its options, however many lists
 * hold them.
 */


#include "tf_account_int.h"


/* Entries end here; counts do not. */
#define TF_ACCOUNT_DIFF_BYTES  (1024 * 1024)


typedef struct {
    const tf_account_grant_t    *g;     /* the begin of a group */
    const tf_account_grant_t    *end;   /* of all rows */
} tf_account_side_t;


/* A privilege of a group, before or after. */

typedef struct {
    tf_str_t                     name;
    tf_state_e                   state;
} tf_account_priv_t;

/* One that changed; -1: it was or is not held. */

typedef struct {
    tf_str_t                     name;
    int                          before;
    int                          after;
} tf_account_step_t;


/* What happened to a privilege; an entry is of one action. */

typedef enum { TF_ACCOUNT_ALTER = 0, TF_ACCOUNT_GRANT, TF_ACCOUNT_DENY,
    TF_ACCOUNT_REVOKE, TF_ACCOUNT_ACTIONS } tf_account_action_e;


typedef struct {
    const tf_mem_t              *mem;
    tf_account_diff_t           *out;
    tf_buf_t                     b;
    unsigned                     truncated;

    /* of the group in hand */
    const tf_account_grant_t    *group;
    tf_account_priv_t           *list[2];   /* before, after: sorted */
    size_t                       count[2];
    size_t                       size[2];
    tf_account_step_t           *step;
    size_t                       steps;
    size_t                       step_size;
    unsigned                     whole;     /* its steps are one change, of */
    tf_account_action_e          change;    /* this action */

    /* of the category in hand: who has the ADMIN OPTION, before and after */
    const tf_category_t         *admins;
    tf_account_side_t            admin[2];
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
static int tf_account_among(tf_account_side_t *side,
    const tf_account_grant_t *g);
static tf_int_t tf_account_steps(tf_account_work_t *w);
static void tf_account_whole(tf_account_work_t *w);
static void tf_account_count(tf_account_work_t *w,
    tf_account_action_e action);
static int tf_account_twice(const tf_account_work_t *w, size_t i, size_t k);
static void tf_account_step(tf_account_work_t *w, tf_str_t name, int before,
    int after);
static tf_account_action_e tf_account_action(const tf_account_work_t *w,
    const tf_account_step_t *step);
static void tf_account_entry(tf_account_work_t *w,
    tf_account_action_e action);
static void tf_account_permissions(tf_account_work_t *w,
    tf_account_action_e action);
static void tf_account_permission(tf_account_work_t *w, tf_str_t name,
    tf_state_e state);
static void tf_account_states(tf_account_work_t *w,
    tf_account_action_e action);
static void tf_account_state(tf_buf_t *b, const char *name, int state);
static void tf_account_label(tf_account_work_t *w,
    const tf_account_grant_t *g);
static tf_int_t tf_account_diff_others(tf_account_work_t *w,
    const tf_accounts_t *before, const tf_accounts_t *set, size_t n);
static void tf_account_name_changed(tf_account_work_t *w, tf_str_t before,
    tf_str_t after);
static void tf_account_other(tf_account_work_t *w,
    const tf_account_attr_t *before, const tf_account_attr_t *after);
static void tf_account_begin(tf_account_work_t *w);
static tf_int_t tf_account_end(tf_account_work_t *w, tf_str_t *out);
static unsigned tf_account_elevated(const tf_accounts_t *before,
    const tf_accounts_t *set, size_t n);
static int tf_account_comparable(const tf_accounts_t *before,
    const tf_accounts_t *set, size_t n, const tf_account_attr_t *attr);


static const char *const  tf_account_actions[] = {
    "ALTER", "GRANT", "DENY", "REVOKE"
};


/* Attributes that every engine has; the others are called by their name. */

static const struct {
    const char  *name;
    const char  *label[2];
} tf_account_labels[] = {
    { "is_superuser", { "超级用户", "Superuser" } },
    { "is_locked", { "锁定状态", "Locked" } },
    { "can_grant", { "可授权他人", "May grant" } },
    { "is_system", { "系统账户", "System account" } },
    { "server_access", { "可用服务器的程序或文件",
                         "Programs or files of the server" } },
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

    if (diff->granted + diff->revoked + diff->altered + diff->denied
        && tf_account_end(&w, &diff->privileges) != TF_OK)
    {
        return TF_ERROR;
    }

    diff->elevated = tf_account_elevated(before, set, n);

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

        if ((g->category->roles & TF_TOLD_ELSEWHERE)
            || (known && !tf_scopes_known(known, tf_str(g->category->scope),
                                          g->database->str)))
        {
            continue;
        }

        if ((g->category->roles & TF_TOLD_ADMIN)
            && tf_str_eq(g->object->str, "admin"))
        {
            /* comes before "direct" */
            w->admins = g->category;
            w->admin[0] = lost;
            w->admin[1] = gained;
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
    size_t               i;
    tf_account_action_e  action;

    if (tf_account_collect(w, 0, old) != TF_OK
        || tf_account_collect(w, 1, new) != TF_OK
        || tf_account_steps(w) != TF_OK)
    {
        return TF_ERROR;
    }

    w->whole = 0;

    if ((w->group->category->roles & TF_TOLD_WHOLE) && w->steps) {
        tf_account_whole(w);

    } else {
        for (i = 0; i < w->steps; i++) {
            tf_account_count(w, tf_account_action(w, &w->step[i]));
        }
    }

    for (action = 0; action < TF_ACCOUNT_ACTIONS && w->steps; action++) {
        tf_account_entry(w, action);
    }

    return TF_OK;
}


static void
tf_account_whole(tf_account_work_t *w)
{
    w->whole = 1;
    w->change = w->count[0] == 0 ? TF_ACCOUNT_GRANT
                : w->count[1] == 0 ? TF_ACCOUNT_REVOKE : TF_ACCOUNT_ALTER;

    tf_account_count(w, w->change);
}


static void
tf_account_count(tf_account_work_t *w, tf_account_action_e action)
{
    switch (action) {

    case TF_ACCOUNT_GRANT:
        w->out->granted++;
        break;

    case TF_ACCOUNT_REVOKE:
        w->out->revoked++;
        break;

    case TF_ACCOUNT_DENY:
        w->out->denied++;
        break;

    default:
        w->out->altered++;
    }
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
         ? 0 : tf_str_cmp(a->database->str, b->database->str);

    if (rc == 0 && a->object != b->object) {
        rc = tf_str_cmp(a->object->str, b->object->str);
    }

    return rc;
}


/* The privileges of a group; for flags the names of those that are set. */

static tf_int_t
tf_account_collect(tf_account_work_t *w, unsigned side, tf_account_side_t s)
{
    size_t                     n;
    tf_account_side_t          admin;
    tf_account_priv_t         *p;
    const tf_account_grant_t  *g;

    n = s.end - s.g;
    admin = w->admin[side];

    if (n > w->size[side]) {
        w->size[side] = n * 2;
        w->list[side] = tf_alloc(w->mem,
                                 w->size[side] * sizeof(tf_account_priv_t));

        if (w->list[side] == NULL) {
            return TF_ERROR;
        }
    }

    w->count[side] = 0;

    for (g = s.g; g < s.end; g++) {
        p = &w->list[side][w->count[side]];
        p->state = g->state;

        if (g->category == w->admins && tf_str_eq(g->object->str, "direct")
            && tf_account_among(&admin, g))
        {
            p->state = TF_STATE_ADMIN;
        }

        if (g->category->shape != TF_SHAPE_FLAGS) {
            p->name = g->privilege->str;
            w->count[side]++;

        } else if (tf_str_eq(g->privilege->str, "true")) {
            p->name = g->object->str;
            w->count[side]++;
        }
    }

    return TF_OK;
}


/* 1 when the privilege of g is on the side, too, which is left at the first one
 * that is not before it. */

static int
tf_account_among(tf_account_side_t *side, const tf_account_grant_t *g)
{
    int  rc = -1;

    while (side->g < side->end) {
        rc = tf_str_cmp(side->g->privilege->str, g->privilege->str);

        if (rc >= 0) {
            break;
        }

        side->g++;
    }

    return rc == 0;
}


/* What both have with the same state falls out; what both have with another
 * state makes one step. */

static tf_int_t
tf_account_steps(tf_account_work_t *w)
{
    int                 rc;
    size_t              i, k;
    tf_account_priv_t  *a, *b;

    i = w->count[0] + w->count[1];
    w->steps = 0;

    if (i > w->step_size) {
        w->step_size = i * 2;
        w->step = tf_alloc(w->mem, w->step_size * sizeof(tf_account_step_t));

        if (w->step == NULL) {
            return TF_ERROR;
        }
    }

    for (i = 0, k = 0; i < w->count[0] || k < w->count[1]; /* void */ ) {

        a = &w->list[0][i];
        b = &w->list[1][k];
        rc = i == w->count[0] ? 1
             : k == w->count[1] ? -1 : tf_str_cmp(a->name, b->name);

        if (rc == 0 && a->state != b->state) {
            rc = tf_account_twice(w, i, k);
        }

        if (rc < 0) {
            tf_account_step(w, a->name, a->state, -1);

        } else if (rc > 0) {
            tf_account_step(w, b->name, -1, b->state);

        } else if (a->state != b->state) {
            tf_account_step(w, a->name, a->state, b->state);
        }

        i += rc <= 0;
        k += rc >= 0;
    }

    return TF_OK;
}


/* Two of the same name with another state: lost or gained when only that side
 * has one more of the name, which may be equal to the other's. */

static int
tf_account_twice(const tf_account_work_t *w, size_t i, size_t k)
{
    tf_account_priv_t  *a = &w->list[0][i], *b = &w->list[1][k];

    return (k + 1 < w->count[1] && tf_str_cmp(b->name, b[1].name) == 0)
           - (i + 1 < w->count[0] && tf_str_cmp(a->name, a[1].name) == 0);
}


static void
tf_account_step(tf_account_work_t *w, tf_str_t name, int before, int after)
{
    tf_account_step_t  *step = &w->step[w->steps++];

    step->name = name;
    step->before = before;
    step->after = after;
}


static tf_account_action_e
tf_account_action(const tf_account_work_t *w, const tf_account_step_t *step)
{
    if (w->whole) {
        return w->change;
    }

    if (step->after == -1) {
        return TF_ACCOUNT_REVOKE;
    }

    if (step->after == TF_STATE_DENIED) {
        return TF_ACCOUNT_DENY;
    }

    return step->before == -1 ? TF_ACCOUNT_GRANT : TF_ACCOUNT_ALTER;
}


/* The entry of a group with all steps of one action, if there are. */

static void
tf_account_entry(tf_account_work_t *w, tf_account_action_e action)
{
    size_t                     i;
    tf_buf_t                  *b;
    const tf_account_grant_t  *g;

    b = &w->b;
    g = w->group;

    for (i = 0; i < w->steps; i++) {
        if (tf_account_action(w, &w->step[i]) == action) {
            break;
        }
    }

    if (i == w->steps || b->failed) {
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

    if (g->category->shape == TF_SHAPE_DBMAP
        || g->category->shape == TF_SHAPE_DBLIST)
    {
        tf_json_member(b, "database", g->database->str);
    }

    if (g->category->shape == TF_SHAPE_DBMAP
        || g->category->shape == TF_SHAPE_MAP)
    {
        tf_json_member(b, "name", g->object->str);
    }

    tf_json_member(b, "action", tf_str(tf_account_actions[action]));
    tf_account_permissions(w, action);
    tf_account_states(w, action);
    tf_buf_char(b, '}');
}


/* As clients see them: "SELECT WITH GRANT OPTION".  Of a grant that was altered
 * all that it has now. */

static void
tf_account_permissions(tf_account_work_t *w, tf_account_action_e action)
{
    size_t              i;
    tf_account_step_t  *step;

    tf_json_key(&w->b, "permissions");
    tf_buf_char(&w->b, '[');

    if (w->whole && action == TF_ACCOUNT_ALTER) {

        for (i = 0; i < w->count[1]; i++) {
            tf_account_permission(w, w->list[1][i].name, w->list[1][i].state);
        }

    } else {

        for (i = 0; i < w->steps; i++) {
            step = &w->step[i];

            if (tf_account_action(w, step) == action) {
                tf_account_permission(w, step->name, step->after == -1
                                                     ? step->before
                                                     : step->after);
            }
        }
    }

    tf_buf_char(&w->b, ']');
}


static void
tf_account_permission(tf_account_work_t *w, tf_str_t name, tf_state_e state)
{
    tf_buf_t  *b = &w->b, text;
    tf_str_t   words;

    if (b->failed) {
        return;
    }

    if (b->last[-1] != '[') {
        tf_buf_char(b, ',');
    }

    tf_buf_init(&text, w->mem, name.len + 32, 1024 * 1024);
    tf_right_text(&text, name, state);

    if (tf_buf_done(&text, &words) != TF_OK) {
        b->failed = 1;
        return;
    }

    tf_json_string(b, words);
}


/* Of those that are or were more than granted, or are options that came or
 * went. */

static void
tf_account_states(tf_account_work_t *w, tf_account_action_e action)
{
    size_t              i, n;
    tf_buf_t           *b;
    tf_account_step_t  *step;

    n = 0;
    b = &w->b;

    for (i = 0; i < w->steps; i++) {
        step = &w->step[i];

        if (tf_account_action(w, step) != action
            || (step->before <= TF_STATE_GRANTED
                && step->after <= TF_STATE_GRANTED
                && !(w->whole && action == TF_ACCOUNT_ALTER)))
        {
            continue;
        }

        if (n++ == 0) {
            tf_json_key(b, "states");
            tf_buf_char(b, '[');

        } else {
            tf_buf_char(b, ',');
        }

        tf_buf_char(b, '{');
        tf_json_member(b, "privilege", step->name);
        tf_account_state(b, "before", step->before);
        tf_account_state(b, "after", step->after);
        tf_buf_char(b, '}');
    }

    if (n) {
        tf_buf_char(b, ']');
    }
}


static void
tf_account_state(tf_buf_t *b, const char *name, int state)
{
    tf_str_t  none = tf_null_string;

    tf_json_member(b, name, state == -1 ? none : tf_str(tf_state_name(state)));
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

    } else if (shape == TF_SHAPE_MAP || shape == TF_SHAPE_DBLIST) {
        tf_buf_char(&text, ':');
        tf_buf_str(&text, shape == TF_SHAPE_MAP ? g->object->str
                                                : g->database->str);
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
    tf_account_name_changed(w, before->account[0].principal,
                            set->account[n].principal);

    /* an attribute that one side lacks was not asked for then */

    while (old < old_end && new < new_end) {

        rc = tf_str_cmp(old->name->str, new->name->str);

        if (rc < 0) {
            old++;
            continue;
        }

        if (rc > 0) {
            new++;
            continue;
        }

        if (tf_str_cmp(old->value->str, new->value->str) != 0
            && tf_account_comparable(before, set, n, old))
        {
            tf_account_other(w, old, new);
            w->out->other++;
        }

        old++;
        new++;
    }

    return w->out->other || w->out->renamed
           ? tf_account_end(w, &w->out->others) : TF_OK;
}


static void
tf_account_name_changed(tf_account_work_t *w, tf_str_t before, tf_str_t after)
{
    tf_buf_t  text;
    tf_str_t  words;

    if (before.len == 0 || tf_str_cmp(before, after) == 0) {
        return;
    }

    w->out->renamed = 1;

    tf_buf_init(&text, w->mem, 128, 65536);
    tf_buf_str(&text, before);
    tf_buf_lit(&text, " -> ");
    tf_buf_str(&text, after);

    if (tf_buf_done(&text, &words) != TF_OK) {
        w->b.failed = 1;
        return;
    }

    tf_buf_char(&w->b, '{');
    tf_json_member(&w->b, "field", tf_str("username"));
    tf_json_member(&w->b, "label", tf_str("账户名"));
    tf_json_member(&w->b, "label_en", tf_str("Name"));
    tf_json_member(&w->b, "before", before);
    tf_json_member(&w->b, "after", after);
    tf_json_member(&w->b, "description", words);
    tf_buf_char(&w->b, '}');
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


/* Superuser, may grant, or may run programs and use files of the server.  An
 * attribute that the version before lacks proves no gain. */

static unsigned
tf_account_elevated(const tf_accounts_t *before, const tf_accounts_t *set,
    size_t n)
{
    size_t                    i;
    const tf_account_attr_t  *old, *new;

    static const char *const  names[] = {
        "is_superuser", "can_grant", "server_access"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        new = tf_account_attr(set, n, names[i]);

        if (new == NULL || !tf_str_eq(new->value->str, "true")) {
            continue;
        }

        if (before == NULL) {
            return 1;
        }

        old = tf_account_attr(before, 0, names[i]);

        if (old && !tf_str_eq(old->value->str, "true")
            && tf_account_comparable(before, set, n, old))
        {
            return 1;
        }
    }

    return 0;
}


/* That an account is the engine's own is what is known of its name, and nothing
 * that somebody did.  Before server_access was read, only what an account was
 * itself made it a superuser, and a superuser was none who may grant: from then
 * to now a difference is no change. */

static int
tf_account_comparable(const tf_accounts_t *before, const tf_accounts_t *set,
    size_t n, const tf_account_attr_t *attr)
{
    if (tf_str_eq(attr->name->str, "is_system")) {
        return 0;
    }

    if (!tf_str_eq(attr->name->str, "is_superuser")
        && !tf_str_eq(attr->name->str, "can_grant"))
    {
        return 1;
    }

    return (tf_account_attr(before, 0, "server_access") == NULL)
           == (tf_account_attr(set, n, "server_access") == NULL);
}
