
/* The nodes of a rule's tree, what can be wrong with it, and scopes. */


#include "tf_rule_int.h"


const char *const  tf_rule_words[] = { "", "AND", "OR", "NOT" };


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
