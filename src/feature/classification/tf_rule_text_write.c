
/* Writes a rule as text. */


#include "tf_rule_int.h"


static void tf_rule_text_node(tf_buf_t *b, const tf_rule_node_t *n,
    tf_rule_op_e within);
static void tf_rule_text_arg(tf_buf_t *b, const tf_rule_node_t *n, unsigned i);


void
tf_rule_write_text(tf_buf_t *b, const tf_rule_t *rule)
{
    tf_rule_text_node(b, rule->root, 0);
}


/* Parentheses stand where the tree has a list in a list, also of the same
 * operator, so that the text is read back as the same tree. */

static void
tf_rule_text_node(tf_buf_t *b, const tf_rule_node_t *n, tf_rule_op_e within)
{
    int                    inside;
    const tf_rule_node_t  *c;

    if (n->op == TF_RULE_FN) {
        tf_rule_text_fn(b, n);
        return;
    }

    if (n->op == TF_RULE_NOT) {
        tf_buf_lit(b, "NOT ");
        tf_rule_text_node(b, n->child, TF_RULE_NOT);
        return;
    }

    /* AND needs none within OR */

    inside = within && !(n->op == TF_RULE_AND && within == TF_RULE_OR);

    tf_buf_lit(b, inside ? "(" : "");

    for (c = n->child; c; c = c->next) {

        if (c != n->child) {
            tf_buf_char(b, ' ');
            tf_buf_lit(b, tf_rule_words[n->op]);
            tf_buf_char(b, ' ');
        }

        tf_rule_text_node(b, c, n->op);
    }

    tf_buf_lit(b, inside ? ")" : "");
}


void
tf_rule_text_fn(tf_buf_t *b, const tf_rule_node_t *n)
{
    unsigned     i;
    const char  *p;

    for (p = n->fn->text, i = 0; *p; p++) {

        if (*p == '$') {
            tf_rule_text_arg(b, n, i++);
            continue;
        }

        /* "( mysql )" is written "(mysql)", and nothing before what is left
         * out */

        if (*p == ' ' && (p[-1] == '(' || p[1] == ')'
                          || (p[1] == '$' && n->fn->args[i].type
                                             == TF_RULE_ARG_OBJECT
                              && n->arg[i].data == NULL)))
        {
            continue;
        }

        tf_buf_char(b, (unsigned char) *p);
    }
}


static void
tf_rule_text_arg(tf_buf_t *b, const tf_rule_node_t *n, unsigned i)
{
    size_t    k;
    unsigned  bit, more;

    switch (n->fn->args[i].type) {

    case TF_RULE_ARG_ENGINES:

        for (bit = 0, more = 0; tf_engines[bit]; bit++) {
            if (n->engines & (1u << bit)) {
                tf_buf_lit(b, more++ ? ", " : "");
                tf_buf_lit(b, tf_engines[bit]->name);
            }
        }

        break;

    case TF_RULE_ARG_DAYS:
        tf_buf_int(b, n->days);
        break;

    case TF_RULE_ARG_SCOPE:

        for (k = 0; k < n->arg[i].len; k++) {
            tf_buf_char(b, n->arg[i].data[k] & 0xdf);
        }

        break;

    default:

        if (n->arg[i].data == NULL) {
            break;
        }

        tf_buf_char(b, '\'');

        for (k = 0; k < n->arg[i].len; k++) {

            if (n->arg[i].data[k] == '\'') {
                tf_buf_char(b, '\'');
            }

            tf_buf_char(b, n->arg[i].data[k]);
        }

        tf_buf_char(b, '\'');
    }
}
