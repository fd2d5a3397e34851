
/* The stored form of a rule: JSON. */


#include "tf_rule_int.h"


static tf_rule_node_t *tf_rule_expr(tf_rule_make_t *m, const tf_json_t *v,
    unsigned depth);
static tf_rule_node_t *tf_rule_operator(tf_rule_make_t *m, const tf_json_t *v,
    const tf_json_t *op, unsigned depth);
static tf_rule_node_t *tf_rule_function(tf_rule_make_t *m, const tf_json_t *v,
    const tf_json_t *fn);
static tf_int_t tf_rule_argument(tf_rule_make_t *m, tf_rule_node_t *n,
    unsigned i, const tf_json_t *v);
static tf_int_t tf_rule_engines(tf_rule_make_t *m, tf_rule_node_t *n,
    const tf_json_t *v);
static tf_int_t tf_rule_members(tf_rule_make_t *m, const tf_json_t *v,
    const char *one, const char *two);
static void tf_rule_down(tf_rule_make_t *m, size_t at, const char *name,
    size_t index);
static size_t tf_rule_here(const tf_rule_make_t *m);
static void tf_rule_write_node(tf_buf_t *b, const tf_rule_node_t *n);
static void tf_rule_write_args(tf_buf_t *b, const tf_rule_node_t *n);


tf_rule_t *
tf_rule_read(const tf_mem_t *mem, const tf_json_t *v, tf_rule_error_t *e)
{
    tf_rule_t       *rule;
    tf_json_t       *version, *expr;
    tf_rule_make_t   m = { mem, e, 0 };

    memset(e, 0, sizeof(tf_rule_error_t));

    if (v->type != TF_JSON_OBJECT) {
        tf_rule_fault(&m, TF_RULE_FORM, "{\"version\": 4, \"expr\": ...}");
        return NULL;
    }

    version = tf_json_get(v, "version");
    expr = tf_json_get(v, "expr");

    if (version == NULL || version->type != TF_JSON_NUMBER
        || !tf_str_eq(version->str, "4"))
    {
        tf_rule_down(&m, 0, "version", 0);
        tf_rule_fault(&m, TF_RULE_VERSION, "4");
        return NULL;
    }

    if (expr == NULL) {
        tf_rule_fault(&m, TF_RULE_MISSING, "expr");
        return NULL;
    }

    if (tf_rule_members(&m, v, "version", "expr") != TF_OK) {
        return NULL;
    }

    rule = tf_calloc(mem, sizeof(tf_rule_t));
    if (rule == NULL) {
        tf_rule_fault(&m, TF_RULE_MEMORY, NULL);
        return NULL;
    }

    tf_rule_down(&m, 0, "expr", 0);
    rule->root = tf_rule_expr(&m, expr, 0);

    return rule->root ? rule : NULL;
}


/* e->pointer is the path to v; it is longer only while a part of v is read or
 * when that part has the fault. */

static tf_rule_node_t *
tf_rule_expr(tf_rule_make_t *m, const tf_json_t *v, unsigned depth)
{
    tf_json_t  *op, *fn;

    if (depth >= TF_RULE_DEPTH_MAX) {
        tf_rule_fault(m, TF_RULE_SIZE, NULL);
        return NULL;
    }

    op = tf_json_get(v, "op");
    fn = tf_json_get(v, "fn");

    if ((op == NULL) == (fn == NULL)) {
        tf_rule_fault(m, TF_RULE_FORM, "op, fn");
        return NULL;
    }

    if (tf_rule_members(m, v, op ? "op" : "fn", "args") != TF_OK) {
        return NULL;
    }

    return op ? tf_rule_operator(m, v, op, depth) : tf_rule_function(m, v, fn);
}


static tf_rule_node_t *
tf_rule_operator(tf_rule_make_t *m, const tf_json_t *v, const tf_json_t *op,
    unsigned depth)
{
    size_t            i, at;
    tf_json_t        *args, *arg;
    tf_rule_op_e      what;
    tf_rule_node_t   *n, **last;

    at = tf_rule_here(m);

    if (op->type == TF_JSON_STRING && tf_str_eq(op->str, "AND")) {
        what = TF_RULE_AND;

    } else if (op->type == TF_JSON_STRING && tf_str_eq(op->str, "OR")) {
        what = TF_RULE_OR;

    } else if (op->type == TF_JSON_STRING && tf_str_eq(op->str, "NOT")) {
        what = TF_RULE_NOT;

    } else {
        tf_rule_down(m, at, "op", 0);
        tf_rule_fault(m, TF_RULE_FORM, "AND, OR, NOT");
        return NULL;
    }

    args = tf_json_get(v, "args");

    if (args == NULL || args->type != TF_JSON_ARRAY || args->count == 0
        || (what == TF_RULE_NOT && args->count != 1))
    {
        tf_rule_down(m, at, "args", 0);
        tf_rule_fault(m, args ? TF_RULE_ARGUMENT : TF_RULE_MISSING,
                      what == TF_RULE_NOT ? "[NODE]" : "[NODE, ...]");
        return NULL;
    }

    /* an operator of one argument says what its argument says */

    if (what != TF_RULE_NOT && args->count == 1) {
        tf_rule_down(m, at, "args", 0);
        tf_rule_down(m, tf_rule_here(m), NULL, 0);

        return tf_rule_expr(m, args->child, depth + 1);
    }

    n = tf_rule_node(m, what);
    if (n == NULL) {
        return NULL;
    }

    last = &n->child;

    for (arg = args->child, i = 0; arg; arg = arg->next, i++) {
        tf_rule_down(m, at, "args", 0);
        tf_rule_down(m, tf_rule_here(m), NULL, i);

        *last = tf_rule_expr(m, arg, depth + 1);
        if (*last == NULL) {
            return NULL;
        }

        last = &(*last)->next;
        n->count++;
    }

    m->e->pointer[at] = '\0';

    return n;
}


static tf_rule_node_t *
tf_rule_function(tf_rule_make_t *m, const tf_json_t *v, const tf_json_t *fn)
{
    size_t               at, given;
    unsigned             i;
    tf_json_t           *args, *arg;
    tf_rule_node_t      *n;
    const tf_rule_fn_t  *f;

    at = tf_rule_here(m);

    for (f = tf_rule_fns; f->name; f++) {
        if (fn->type == TF_JSON_STRING && tf_str_eq(fn->str, f->name)) {
            break;
        }
    }

    if (f->name == NULL) {
        tf_rule_down(m, at, "fn", 0);
        tf_rule_fault(m, TF_RULE_FUNCTION, NULL);
        return NULL;
    }

    n = tf_rule_node(m, TF_RULE_FN);
    if (n == NULL) {
        return NULL;
    }

    n->fn = f;
    args = tf_json_get(v, "args");

    tf_rule_down(m, at, "args", 0);
    at = tf_rule_here(m);

    if (args && args->type != TF_JSON_OBJECT) {
        tf_rule_fault(m, TF_RULE_ARGUMENT, "{...}");
        return NULL;
    }

    for (i = 0, given = 0; i < TF_RULE_ARGS_MAX && f->args[i].name; i++) {
        arg = args ? tf_json_get(args, f->args[i].name) : NULL;
        given += arg != NULL;
        tf_rule_down(m, at, f->args[i].name, 0);

        if (tf_rule_argument(m, n, i, arg) != TF_OK) {
            return NULL;
        }

        m->e->pointer[at] = '\0';
    }

    if (args && args->count != given) {
        tf_rule_fault(m, TF_RULE_EXTRA, NULL);
        return NULL;
    }

    if (tf_rule_complete(m, n) != TF_OK) {
        return NULL;
    }

    m->e->pointer[at - (sizeof("/args") - 1)] = '\0';

    return n;
}


static tf_int_t
tf_rule_argument(tf_rule_make_t *m, tf_rule_node_t *n, unsigned i,
    const tf_json_t *v)
{
    tf_rule_arg_e  type;

    type = n->fn->args[i].type;

    if (v == NULL || (v->type == TF_JSON_NULL && type == TF_RULE_ARG_OBJECT)) {
        return type == TF_RULE_ARG_OBJECT ? TF_OK
               : tf_rule_fault(m, TF_RULE_MISSING, n->fn->args[i].name);
    }

    if (type == TF_RULE_ARG_ENGINES) {
        return tf_rule_engines(m, n, v);
    }

    if (v->type != (type == TF_RULE_ARG_DAYS ? TF_JSON_NUMBER
                                             : TF_JSON_STRING))
    {
        return tf_rule_fault(m, TF_RULE_ARGUMENT,
                             type == TF_RULE_ARG_DAYS ? "0 .. 36500"
                                                      : "\"...\"");
    }

    return tf_rule_set(m, n, i, v->str);
}


static tf_int_t
tf_rule_engines(tf_rule_make_t *m, tf_rule_node_t *n, const tf_json_t *v)
{
    size_t      i, at;
    tf_json_t  *c;

    if (v->type != TF_JSON_ARRAY || v->count == 0) {
        return tf_rule_fault(m, TF_RULE_ARGUMENT, "[\"mysql\", ...]");
    }

    at = tf_rule_here(m);

    for (c = v->child, i = 0; c; c = c->next, i++) {
        tf_rule_down(m, at, NULL, i);

        if (c->type != TF_JSON_STRING) {
            return tf_rule_fault(m, TF_RULE_ARGUMENT, "\"...\"");
        }

        if (tf_rule_set(m, n, 0, c->str) != TF_OK) {
            return TF_ERROR;
        }
    }

    m->e->pointer[at] = '\0';

    return TF_OK;
}


/* Only the members that a node has, so that a misspelt one is not lost. */

static tf_int_t
tf_rule_members(tf_rule_make_t *m, const tf_json_t *v, const char *one,
    const char *two)
{
    tf_json_t  *c;

    for (c = v->child; c; c = c->next) {
        if (!tf_str_eq(c->name, one) && !tf_str_eq(c->name, two)) {
            return tf_rule_fault(m, TF_RULE_EXTRA, NULL);
        }
    }

    return TF_OK;
}


static size_t
tf_rule_here(const tf_rule_make_t *m)
{
    return strlen(m->e->pointer);
}


/* Puts "/name", or "/index" without a name, behind the first at bytes of the
 * pointer.  The depth is limited, so that it always fits. */

static void
tf_rule_down(tf_rule_make_t *m, size_t at, const char *name, size_t index)
{
    char    digits[20];
    char   *p = m->e->pointer + at;
    size_t  len, i;

    if (name == NULL) {
        i = sizeof(digits);

        do {
            digits[--i] = (char) ('0' + index % 10);
            index /= 10;
        } while (index);

        name = digits + i;
        len = sizeof(digits) - i;

    } else {
        len = strlen(name);
    }

    if (at + 1 + len >= sizeof(m->e->pointer)) {
        return;
    }

    *p++ = '/';
    memcpy(p, name, len);
    p[len] = '\0';
}


void
tf_rule_write(tf_buf_t *b, const tf_rule_t *rule)
{
    tf_buf_lit(b, "{\"version\":4,\"expr\":");
    tf_rule_write_node(b, rule->root);
    tf_buf_char(b, '}');
}


static void
tf_rule_write_node(tf_buf_t *b, const tf_rule_node_t *n)
{
    const tf_rule_node_t     *c;
    static const char *const  ops[] = { "", "AND", "OR", "NOT" };

    if (n->op == TF_RULE_FN) {
        tf_buf_char(b, '{');
        tf_json_member(b, "fn", tf_str(n->fn->name));
        tf_json_key(b, "args");
        tf_rule_write_args(b, n);
        tf_buf_char(b, '}');
        return;
    }

    tf_buf_char(b, '{');
    tf_json_member(b, "op", tf_str(ops[n->op]));
    tf_json_key(b, "args");
    tf_buf_char(b, '[');

    for (c = n->child; c; c = c->next) {
        if (c != n->child) {
            tf_buf_char(b, ',');
        }

        tf_rule_write_node(b, c);
    }

    tf_buf_lit(b, "]}");
}


static void
tf_rule_write_args(tf_buf_t *b, const tf_rule_node_t *n)
{
    unsigned              i, bit, more;
    const tf_rule_arg_t  *arg;

    tf_buf_char(b, '{');

    for (i = 0; i < TF_RULE_ARGS_MAX && n->fn->args[i].name; i++) {
        arg = &n->fn->args[i];

        if (arg->type == TF_RULE_ARG_DAYS) {
            tf_json_key(b, arg->name);
            tf_buf_int(b, n->days);

        } else if (arg->type == TF_RULE_ARG_ENGINES) {
            tf_json_key(b, arg->name);
            tf_buf_char(b, '[');

            for (bit = 0, more = 0; tf_engines[bit]; bit++) {
                if (n->engines & (1u << bit)) {
                    tf_buf_lit(b, more++ ? "," : "");
                    tf_json_string(b, tf_str(tf_engines[bit]->name));
                }
            }

            tf_buf_char(b, ']');

        } else if (n->arg[i].data) {
            tf_json_member(b, arg->name, n->arg[i]);
        }
    }

    tf_buf_char(b, '}');
}
