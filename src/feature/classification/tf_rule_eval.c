
/*
 * The facts of an account and what a rule says of them, in the logic of three
 * values.
 */


#include <stdlib.h>

#include "tf_mem.h"
#include "tf_rule_int.h"


#define TF_FACTS_FIRST  16


typedef struct {
    tf_buf_t                *b;
    const tf_facts_t        *f;
    unsigned                 written;
} tf_rule_explain_t;


static tf_int_t tf_facts_append(tf_facts_t *f, tf_fact_list_t *list,
    tf_str_t name, tf_str_t object);
static int tf_facts_compare(const void *one, const void *two);
static int tf_facts_strings(tf_str_t a, tf_str_t b);
static int tf_facts_find(const tf_fact_list_t *list, tf_str_t name,
    const tf_str_t *object);
static tf_truth_e tf_facts_has(const tf_facts_t *f, tf_fact_group_e group,
    tf_str_t name, const tf_str_t *object);
static tf_truth_e tf_rule_eval_node(const tf_rule_node_t *n,
    const tf_facts_t *f);
static void tf_rule_explain_node(tf_rule_explain_t *x,
    const tf_rule_node_t *n, tf_buf_t *pointer);


static const tf_str_t  tf_facts_none = { 0, (unsigned char *) "" };


void
tf_facts_init(tf_facts_t *f, const tf_mem_t *mem, const tf_engine_t *engine,
    tf_str_t name)
{
    memset(f, 0, sizeof(tf_facts_t));

    f->mem = mem;
    f->engine = engine;
    f->name = name;
    f->is_system = TF_UNKNOWN;
    f->has_grant_option = TF_UNKNOWN;
    f->password_age = TF_DAYS_UNKNOWN;
    f->expires_in = TF_DAYS_UNKNOWN;
}


tf_int_t
tf_facts_add(tf_facts_t *f, tf_fact_group_e group, tf_str_t name,
    tf_str_t object)
{
    return tf_facts_append(f, &f->have[group], name, object);
}


tf_int_t
tf_facts_unread(tf_facts_t *f, tf_fact_group_e group, tf_str_t what)
{
    return tf_facts_append(f, &f->unread[group], what, tf_facts_none);
}


static tf_int_t
tf_facts_append(tf_facts_t *f, tf_fact_list_t *list, tf_str_t name,
    tf_str_t object)
{
    if (tf_mem_grow(f->mem, &list->fact, sizeof(tf_fact_t), list->count,
                    &list->size)
        != TF_OK)
    {
        return TF_ERROR;
    }

    list->fact[list->count].name = name;
    list->fact[list->count++].object = object;

    return TF_OK;
}


void
tf_facts_sort(tf_facts_t *f)
{
    unsigned  i;

    for (i = 0; i < TF_FACT_GROUPS; i++) {
        if (f->have[i].count > 1) {
            qsort(f->have[i].fact, f->have[i].count, sizeof(tf_fact_t),
                  tf_facts_compare);
        }

        if (f->unread[i].count > 1) {
            qsort(f->unread[i].fact, f->unread[i].count, sizeof(tf_fact_t),
                  tf_facts_compare);
        }
    }
}


static int
tf_facts_compare(const void *one, const void *two)
{
    int               rc;
    const tf_fact_t  *a = one, *b = two;

    rc = tf_facts_strings(a->name, b->name);

    return rc ? rc : tf_facts_strings(a->object, b->object);
}


static int
tf_facts_strings(tf_str_t a, tf_str_t b)
{
    int     rc;
    size_t  n;

    n = a.len < b.len ? a.len : b.len;
    rc = n ? memcmp(a.data, b.data, n) : 0;

    return rc ? rc : (a.len > b.len) - (a.len < b.len);
}


/* 1 when the list has the name, with this object or, NULL, with any. */

static int
tf_facts_find(const tf_fact_list_t *list, tf_str_t name,
    const tf_str_t *object)
{
    int               rc;
    size_t            low, high, middle;
    const tf_fact_t  *fact;

    for (low = 0, high = list->count; low < high; /* void */ ) {
        middle = low + (high - low) / 2;
        fact = &list->fact[middle];
        rc = tf_facts_strings(fact->name, name);

        if (rc == 0 && object) {
            rc = tf_facts_strings(fact->object, *object);
        }

        if (rc == 0) {
            return 1;
        }

        if (rc < 0) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return 0;
}


/* What was found is true, whatever else was not read. */

static tf_truth_e
tf_facts_has(const tf_facts_t *f, tf_fact_group_e group, tf_str_t name,
    const tf_str_t *object)
{
    const tf_str_t        *what;
    const tf_fact_list_t  *unread = &f->unread[group];

    if (tf_facts_find(&f->have[group], name, object)) {
        return TF_TRUE;
    }

    if (unread->count == 0) {
        return TF_FALSE;
    }

    if (group == TF_FACT_DATABASE || group == TF_FACT_TABLESPACE) {

        if (object == NULL) {
            return TF_UNKNOWN;
        }

        what = object;

    } else {
        what = &name;
    }

    return tf_facts_find(unread, tf_facts_none, NULL)
           || tf_facts_find(unread, *what, NULL) ? TF_UNKNOWN : TF_FALSE;
}


tf_truth_e
tf_rule_eval(const tf_rule_t *rule, const tf_facts_t *f)
{
    return tf_rule_eval_node(rule->root, f);
}


static tf_truth_e
tf_rule_eval_node(const tf_rule_node_t *n, const tf_facts_t *f)
{
    tf_truth_e             decisive, all, v;
    const tf_rule_node_t  *c;

    if (n->op == TF_RULE_FN) {
        return n->fn->eval(n, f);
    }

    if (n->op == TF_RULE_NOT) {
        v = tf_rule_eval_node(n->child, f);

        return v == TF_UNKNOWN ? v : v == TF_TRUE ? TF_FALSE : TF_TRUE;
    }

    decisive = n->op == TF_RULE_AND ? TF_FALSE : TF_TRUE;
    all = n->op == TF_RULE_AND ? TF_TRUE : TF_FALSE;

    for (c = n->child; c; c = c->next) {
        v = tf_rule_eval_node(c, f);

        if (v == decisive) {
            return v;
        }

        if (v == TF_UNKNOWN) {
            all = TF_UNKNOWN;
        }
    }

    return all;
}


tf_truth_e
tf_rule_eval_engine(const tf_rule_node_t *n, const tf_facts_t *f)
{
    unsigned  bit;

    for (bit = 0; tf_engines[bit]; bit++) {
        if (tf_engines[bit] == f->engine) {
            return n->engines & (1u << bit) ? TF_TRUE : TF_FALSE;
        }
    }

    return TF_FALSE;
}


tf_truth_e
tf_rule_eval_superuser(const tf_rule_node_t *n, const tf_facts_t *f)
{
    (void) n;

    return tf_facts_has(f, TF_FACT_CAPABILITY, tf_str("SUPERUSER"), NULL);
}


tf_truth_e
tf_rule_eval_locked(const tf_rule_node_t *n, const tf_facts_t *f)
{
    (void) n;

    return tf_facts_has(f, TF_FACT_CAPABILITY, tf_str("LOCKED"), NULL);
}


tf_truth_e
tf_rule_eval_system(const tf_rule_node_t *n, const tf_facts_t *f)
{
    (void) n;

    return f->is_system;
}


tf_truth_e
tf_rule_eval_grant(const tf_rule_node_t *n, const tf_facts_t *f)
{
    (void) n;

    return f->has_grant_option;
}


tf_truth_e
tf_rule_eval_capability(const tf_rule_node_t *n, const tf_facts_t *f)
{
    return tf_facts_has(f, TF_FACT_CAPABILITY, n->arg[0], NULL);
}


tf_truth_e
tf_rule_eval_role(const tf_rule_node_t *n, const tf_facts_t *f)
{
    return tf_facts_has(f, TF_FACT_ROLE, n->arg[0], NULL);
}


/* A right in a tablespace counts as one in a database, as in the reference. */

tf_truth_e
tf_rule_eval_privilege(const tf_rule_node_t *n, const tf_facts_t *f)
{
    tf_truth_e       v, w;
    tf_fact_group_e  group;
    const tf_str_t  *object;

    if (tf_rule_scope(n->arg[1], &group) != TF_OK) {
        return TF_UNKNOWN;
    }

    object = n->arg[2].data ? &n->arg[2] : NULL;
    v = tf_facts_has(f, group, n->arg[0], object);

    if (group != TF_FACT_DATABASE || v == TF_TRUE) {
        return v;
    }

    w = tf_facts_has(f, TF_FACT_TABLESPACE, n->arg[0], object);

    return w == TF_FALSE ? v : w;
}


tf_truth_e
tf_rule_eval_matches(const tf_rule_node_t *n, const tf_facts_t *f)
{
    return tf_rule_regex_match(n, f->name);
}


/* "%" any characters, "_" one, "\" takes the next as it is.  Characters are
 * UTF-8: "_" passes over the bytes that continue one. */

tf_truth_e
tf_rule_eval_like(const tf_rule_node_t *n, const tf_facts_t *f)
{
    const unsigned char  *p, *pe, *s, *se, *retry_p, *retry_s;

    p = n->arg[0].data;
    pe = p + n->arg[0].len;
    s = f->name.data;
    se = s + f->name.len;
    retry_p = NULL;
    retry_s = NULL;

    for ( ;; ) {

        if (p < pe && *p == '%') {
            retry_p = ++p;
            retry_s = s;
            continue;
        }

        if (p == pe && s == se) {
            return TF_TRUE;
        }

        if (p < pe && s < se) {

            if (*p == '_') {
                p++;

                do {
                    s++;
                } while (s < se && (*s & 0xc0) == 0x80);

                continue;
            }

            if (*p == '\\' && p + 1 < pe && p[1] == *s) {
                p += 2;
                s++;
                continue;
            }

            if (*p != '\\' && *p == *s) {
                p++;
                s++;
                continue;
            }
        }

        /* the last "%" takes one byte more */

        if (retry_p == NULL || retry_s == se) {
            return TF_FALSE;
        }

        p = retry_p;
        s = ++retry_s;
    }
}


tf_truth_e
tf_rule_eval_password(const tf_rule_node_t *n, const tf_facts_t *f)
{
    if (f->password_age == TF_DAYS_UNKNOWN) {
        return TF_UNKNOWN;
    }

    return f->password_age > n->days ? TF_TRUE : TF_FALSE;
}


tf_truth_e
tf_rule_eval_expires(const tf_rule_node_t *n, const tf_facts_t *f)
{
    if (f->expires_in == TF_DAYS_UNKNOWN) {
        return TF_UNKNOWN;
    }

    return f->expires_in <= n->days ? TF_TRUE : TF_FALSE;
}


void
tf_rule_explain(tf_buf_t *b, const tf_rule_t *rule, const tf_facts_t *f)
{
    tf_buf_t           pointer;
    tf_rule_explain_t  x = { b, f, 0 };

    tf_buf_init(&pointer, f->mem, 64, sizeof(((tf_rule_error_t *) 0)->pointer));
    tf_buf_lit(&pointer, "/expr");

    tf_buf_char(b, '[');
    tf_rule_explain_node(&x, rule->root, &pointer);
    tf_buf_char(b, ']');
}


static void
tf_rule_explain_node(tf_rule_explain_t *x, const tf_rule_node_t *n,
    tf_buf_t *pointer)
{
    size_t                    len;
    int64_t                   i;
    tf_buf_t                  text;
    tf_str_t                  s;
    const tf_rule_node_t     *c;
    static const char *const  words[] = { "false", "true", "null" };

    if (n->op != TF_RULE_FN) {
        len = (size_t) (pointer->last - pointer->start);

        for (c = n->child, i = 0; c; c = c->next, i++) {
            tf_buf_lit(pointer, "/args/");
            tf_buf_int(pointer, i);
            tf_rule_explain_node(x, c, pointer);
            pointer->last = pointer->start + len;
        }

        return;
    }

    s.data = pointer->start;
    s.len = (size_t) (pointer->last - pointer->start);

    tf_buf_lit(x->b, x->written++ ? ",{" : "{");
    tf_json_member(x->b, "pointer", s);

    tf_buf_init(&text, x->f->mem, 128, TF_RULE_TEXT_MAX);
    tf_rule_text_fn(&text, n);

    if (tf_buf_done(&text, &s) != TF_OK) {
        s = tf_facts_none;
        x->b->failed = 1;
    }

    tf_json_member(x->b, "text", s);
    tf_json_key(x->b, "value");
    tf_buf_lit(x->b, words[n->fn->eval(n, x->f)]);
    tf_buf_char(x->b, '}');
}
