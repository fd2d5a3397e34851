
/*
 * The functions of the rule language, what they take, and what is wrong with
 * it; the stored form is read and written here.
 */


#include "tf_rule_int.h"


#define TF_RULE_DAYS_MAX  36500


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
static tf_int_t tf_rule_days(tf_rule_make_t *m, tf_rule_node_t *n,
    tf_str_t value);
static tf_int_t tf_rule_members(tf_rule_make_t *m, const tf_json_t *v,
    const char *one, const char *two);
static void tf_rule_down(tf_rule_make_t *m, size_t at, const char *name,
    size_t index);
static size_t tf_rule_here(const tf_rule_make_t *m);
static void tf_rule_write_node(tf_buf_t *b, const tf_rule_node_t *n);
static void tf_rule_write_args(tf_buf_t *b, const tf_rule_node_t *n);


const tf_rule_fault_t  tf_rule_faults[TF_RULE_FAULTS] = {
    { "", { "", "" } },
    { "DSL_V4_REQUIRED",
      { "规则表达式的 version 必须是 4", "the rule's version must be 4" } },
    { "INVALID_DSL_EXPRESSION",
      { "此处应为带 op 或 fn 的对象",
        "an object with op or fn was expected here" } },
    { "UNKNOWN_DSL_FUNCTION",
      { "没有这个函数", "there is no such function" } },
    { "INVALID_DSL_ARGS",
      { "参数的类型或取值不正确",
        "the type or value of this argument is wrong" } },
    { "MISSING_DSL_ARGS",
      { "缺少参数", "an argument is missing" } },
    { "INVALID_DSL_EXPRESSION",
      { "此处不能有这个成员", "this member is not allowed here" } },
    { "INVALID_DSL_ARGS",
      { "正则表达式不正确", "the regular expression is not valid" } },
    { "INVALID_DSL_EXPRESSION",
      { "规则过长、过深或条件过多",
        "the rule is too long, too deep or has too many conditions" } },
    { "INVALID_DSL_EXPRESSION",
      { "语法错误", "another word was expected here" } },
    { "INVALID_DSL_EXPRESSION",
      { "字符串缺少结束的引号", "the string has no closing quote" } },
    { "INTERNAL_ERROR",
      { "内存不足", "out of memory" } }
};


const tf_rule_fn_t  tf_rule_fns[] = {
    { "db_type_in", "ENGINE IN ( $ )", tf_rule_eval_engine,
      { { "types", TF_RULE_ARG_ENGINES } } },
    { "is_superuser", "SUPERUSER", tf_rule_eval_superuser, { { NULL, 0 } } },
    { "is_locked", "LOCKED", tf_rule_eval_locked, { { NULL, 0 } } },
    { "is_system", "SYSTEM", tf_rule_eval_system, { { NULL, 0 } } },
    { "has_grant_option", "CAN GRANT", tf_rule_eval_grant, { { NULL, 0 } } },
    { "has_capability", "CAPABILITY $", tf_rule_eval_capability,
      { { "name", TF_RULE_ARG_STRING } } },
    { "has_role", "ROLE $", tf_rule_eval_role,
      { { "name", TF_RULE_ARG_STRING } } },
    { "has_privilege", "PRIVILEGE $ ON $ $", tf_rule_eval_privilege,
      { { "name", TF_RULE_ARG_STRING }, { "scope", TF_RULE_ARG_SCOPE },
        { "database", TF_RULE_ARG_OBJECT } } },
    { "name_matches", "NAME MATCHES $", tf_rule_eval_matches,
      { { "pattern", TF_RULE_ARG_REGEX } } },
    { "name_like", "NAME LIKE $", tf_rule_eval_like,
      { { "pattern", TF_RULE_ARG_LIKE } } },
    { "password_age_over", "PASSWORD OLDER THAN $ DAYS",
      tf_rule_eval_password, { { "days", TF_RULE_ARG_DAYS } } },
    { "expires_within", "EXPIRES WITHIN $ DAYS", tf_rule_eval_expires,
      { { "days", TF_RULE_ARG_DAYS } } },
    { NULL, NULL, NULL, { { NULL, 0 } } }
};


static const struct {
    const char              *name;
    tf_fact_group_e          group;
} tf_rule_scopes[] = {
    { "global", TF_FACT_GLOBAL },
    { "server", TF_FACT_SERVER },
    { "database", TF_FACT_DATABASE },
    { "tablespace", TF_FACT_TABLESPACE },
    { NULL, 0 }
};


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


tf_rule_node_t *
tf_rule_node(tf_rule_make_t *m, tf_rule_op_e op)
{
    tf_rule_node_t  *n;

    if (++m->nodes > TF_RULE_NODES_MAX) {
        tf_rule_fault(m, TF_RULE_SIZE, NULL);
        return NULL;
    }

    n = tf_calloc(m->mem, sizeof(tf_rule_node_t));
    if (n == NULL) {
        tf_rule_fault(m, TF_RULE_MEMORY, NULL);
        return NULL;
    }

    n->op = op;

    return n;
}


tf_int_t
tf_rule_set(tf_rule_make_t *m, tf_rule_node_t *n, unsigned i, tf_str_t value)
{
    unsigned            bit;
    tf_fact_group_e     group;
    const tf_engine_t  *engine;

    if (value.len > TF_RULE_STRING_MAX) {
        return tf_rule_fault(m, TF_RULE_SIZE, NULL);
    }

    switch (n->fn->args[i].type) {

    case TF_RULE_ARG_ENGINES:

        engine = tf_engine_spelled(value);

        for (bit = 0; tf_engines[bit]; bit++) {
            if (tf_engines[bit] == engine) {
                n->engines |= 1u << bit;
                return TF_OK;
            }
        }

        return tf_rule_fault(m, TF_RULE_ARGUMENT, TF_ENGINE_NAMES);

    case TF_RULE_ARG_DAYS:
        return tf_rule_days(m, n, value);

    case TF_RULE_ARG_SCOPE:

        if (tf_rule_scope(value, &group) != TF_OK) {
            return tf_rule_fault(m, TF_RULE_ARGUMENT,
                                 "global, server, database, tablespace");
        }

        break;

    case TF_RULE_ARG_REGEX:

        if (tf_rule_regex(m, n, value) != TF_OK) {
            return TF_ERROR;
        }

        break;

    default:
        break;
    }

    /* the text form has no NUL */

    if (value.len == 0 || memchr(value.data, '\0', value.len)) {
        return tf_rule_fault(m, TF_RULE_ARGUMENT, "'...'");
    }

    n->arg[i] = value;

    return TF_OK;
}


static tf_int_t
tf_rule_days(tf_rule_make_t *m, tf_rule_node_t *n, tf_str_t value)
{
    size_t  i;

    n->days = 0;

    for (i = 0; i < value.len; i++) {

        if (value.data[i] < '0' || value.data[i] > '9'
            || (i > 0 && value.data[0] == '0'))
        {
            break;
        }

        n->days = n->days * 10 + value.data[i] - '0';

        if (n->days > TF_RULE_DAYS_MAX) {
            break;
        }
    }

    if (value.len == 0 || i < value.len) {
        return tf_rule_fault(m, TF_RULE_ARGUMENT, "0 .. 36500");
    }

    return TF_OK;
}


tf_int_t
tf_rule_complete(tf_rule_make_t *m, tf_rule_node_t *n)
{
    tf_fact_group_e  group;

    /* an object belongs to a scope that has objects */

    if (n->fn->args[2].name && n->arg[2].data
        && tf_rule_scope(n->arg[1], &group) == TF_OK
        && (group == TF_FACT_GLOBAL || group == TF_FACT_SERVER))
    {
        return tf_rule_fault(m, TF_RULE_ARGUMENT, "scope database");
    }

    return TF_OK;
}


tf_int_t
tf_rule_fault(tf_rule_make_t *m, tf_rule_fault_e fault, const char *expected)
{
    size_t            len;
    tf_rule_error_t  *e = m->e;

    if (e->fault == TF_RULE_OK) {
        e->fault = fault;

        if (expected) {
            len = strlen(expected);
            len = len < sizeof(e->expected) ? len : sizeof(e->expected) - 1;
            memcpy(e->expected, expected, len);
            e->expected[len] = '\0';
        }
    }

    return TF_ERROR;
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


tf_int_t
tf_rule_scope(tf_str_t name, tf_fact_group_e *group)
{
    unsigned  i;

    for (i = 0; tf_rule_scopes[i].name; i++) {
        if (tf_str_eq(name, tf_rule_scopes[i].name)) {
            *group = tf_rule_scopes[i].group;
            return TF_OK;
        }
    }

    return TF_DECLINED;
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
