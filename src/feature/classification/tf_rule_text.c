
/*
 * The text form of a rule.
 *
 * The text of a function in tf_rule_fns is its grammar: words, "(" and ")"
 * stand for themselves and $ for the next argument.  Functions that begin with
 * the same word are tried one after the other, and the error that was found
 * farthest in the text is the one that is reported.
 */


#include "tf_rule_int.h"
#include "tf_utf8.h"


/* Of parentheses and NOT within each other.  A tree of the greatest depth
 * needs fewer. */
#define TF_RULE_PARENTHESES_MAX  (TF_RULE_DEPTH_MAX + 8)


typedef enum { TF_RULE_END = 0, TF_RULE_WORD, TF_RULE_QUOTED, TF_RULE_MARK }
    tf_rule_token_e;

typedef struct {
    tf_rule_token_e          type;
    tf_str_t                 text;      /* a string without its quotes */
    size_t                   at;        /* offset in the rule's text */
} tf_rule_token_t;

typedef struct {
    tf_rule_make_t           make;
    tf_str_t                 text;
    size_t                   next;      /* offset behind the token */
    tf_rule_token_t          token;     /* the one to be read next */
} tf_rule_reader_t;


static unsigned tf_rule_levels(const tf_rule_node_t *n);
static tf_rule_node_t *tf_rule_list(tf_rule_reader_t *r, tf_rule_op_e op,
    unsigned depth);
static tf_rule_node_t *tf_rule_term(tf_rule_reader_t *r, unsigned depth);
static tf_rule_node_t *tf_rule_leaf(tf_rule_reader_t *r);
static tf_int_t tf_rule_leaf_try(tf_rule_reader_t *r, tf_rule_node_t *n);
static tf_int_t tf_rule_value(tf_rule_reader_t *r, tf_rule_node_t *n,
    unsigned i);
static tf_int_t tf_rule_engine_list(tf_rule_reader_t *r, tf_rule_node_t *n);
static tf_int_t tf_rule_token(tf_rule_reader_t *r);
static tf_int_t tf_rule_quoted(tf_rule_reader_t *r);
static tf_int_t tf_rule_lower(tf_rule_reader_t *r);
static int tf_rule_word(const tf_rule_reader_t *r, const char *word,
    size_t len);
static int tf_rule_word_char(unsigned char c);
static tf_int_t tf_rule_wrong(tf_rule_reader_t *r, tf_rule_fault_e fault,
    const char *expected);
static void tf_rule_place(tf_rule_reader_t *r, size_t at);


tf_rule_t *
tf_rule_read_text(const tf_mem_t *mem, tf_str_t text, tf_rule_error_t *e)
{
    tf_rule_t         *rule;
    tf_rule_reader_t   r = { { mem, e, 0 }, text, 0, { 0, { 0, NULL }, 0 } };

    memset(e, 0, sizeof(tf_rule_error_t));

    if (text.len > TF_RULE_TEXT_MAX) {
        tf_rule_wrong(&r, TF_RULE_SIZE, NULL);
        return NULL;
    }

    if (tf_utf8_count(text) < 0) {
        tf_rule_wrong(&r, TF_RULE_SYNTAX, "UTF-8");
        return NULL;
    }

    rule = tf_calloc(mem, sizeof(tf_rule_t));
    if (rule == NULL) {
        tf_rule_wrong(&r, TF_RULE_MEMORY, NULL);
        return NULL;
    }

    if (tf_rule_token(&r) != TF_OK) {
        return NULL;
    }

    rule->root = tf_rule_list(&r, TF_RULE_OR, 0);
    if (rule->root == NULL) {
        return NULL;
    }

    if (r.token.type != TF_RULE_END) {
        tf_rule_wrong(&r, TF_RULE_SYNTAX, "AND, OR");
        return NULL;
    }

    if (tf_rule_levels(rule->root) > TF_RULE_DEPTH_MAX) {
        tf_rule_wrong(&r, TF_RULE_SIZE, NULL);
        return NULL;
    }

    return rule;
}


static unsigned
tf_rule_levels(const tf_rule_node_t *n)
{
    unsigned               levels, most;
    const tf_rule_node_t  *c;

    for (c = n->child, most = 0; c; c = c->next) {
        levels = tf_rule_levels(c);
        most = levels > most ? levels : most;
    }

    return most + 1;
}


/* Terms with AND between them, or such lists with OR between them.  A list of
 * one is that one. */

static tf_rule_node_t *
tf_rule_list(tf_rule_reader_t *r, tf_rule_op_e op, unsigned depth)
{
    const char       *word = tf_rule_words[op];
    tf_rule_node_t   *n, *c, *first, **last;

    n = NULL;
    first = NULL;
    last = &first;

    for ( ;; ) {
        c = op == TF_RULE_OR ? tf_rule_list(r, TF_RULE_AND, depth)
                             : tf_rule_term(r, depth);
        if (c == NULL) {
            return NULL;
        }

        *last = c;
        last = &c->next;

        if (n) {
            n->count++;
        }

        if (!tf_rule_word(r, word, strlen(word))) {
            break;
        }

        if (n == NULL) {
            n = tf_rule_node(&r->make, op);
            if (n == NULL) {
                tf_rule_place(r, r->token.at);
                return NULL;
            }

            n->child = first;
            n->count = 1;
        }

        if (tf_rule_token(r) != TF_OK) {
            return NULL;
        }
    }

    return n ? n : first;
}


static tf_rule_node_t *
tf_rule_term(tf_rule_reader_t *r, unsigned depth)
{
    tf_rule_node_t  *n;

    /* bounds the recursion; the depth of the tree is checked at the end */

    if (depth >= TF_RULE_PARENTHESES_MAX) {
        tf_rule_wrong(r, TF_RULE_SIZE, NULL);
        return NULL;
    }

    if (tf_rule_word(r, "NOT", 3)) {
        n = tf_rule_node(&r->make, TF_RULE_NOT);

        if (n == NULL) {
            tf_rule_place(r, r->token.at);
            return NULL;
        }

        if (tf_rule_token(r) != TF_OK) {
            return NULL;
        }

        n->count = 1;
        n->child = tf_rule_term(r, depth + 1);

        return n->child ? n : NULL;
    }

    if (tf_rule_word(r, "(", 1)) {

        if (tf_rule_token(r) != TF_OK) {
            return NULL;
        }

        n = tf_rule_list(r, TF_RULE_OR, depth + 1);
        if (n == NULL) {
            return NULL;
        }

        if (!tf_rule_word(r, ")", 1)) {
            tf_rule_wrong(r, TF_RULE_SYNTAX, "AND, OR, )");
            return NULL;
        }

        return tf_rule_token(r) == TF_OK ? n : NULL;
    }

    return tf_rule_leaf(r);
}


static tf_rule_node_t *
tf_rule_leaf(tf_rule_reader_t *r)
{
    size_t               len, farthest;
    tf_rule_node_t      *n;
    tf_rule_error_t      e;
    tf_rule_reader_t     start;
    const tf_rule_fn_t  *f;

    n = tf_rule_node(&r->make, TF_RULE_FN);
    if (n == NULL) {
        tf_rule_place(r, r->token.at);
        return NULL;
    }

    start = *r;
    farthest = 0;
    memset(&e, 0, sizeof(tf_rule_error_t));

    for (f = tf_rule_fns; f->name; f++) {
        len = strcspn(f->text, " ");

        if (!tf_rule_word(r, f->text, len)) {
            continue;
        }

        memset(n, 0, sizeof(tf_rule_node_t));
        n->op = TF_RULE_FN;
        n->fn = f;

        if (tf_rule_leaf_try(r, n) == TF_OK) {
            return n;
        }

        if (r->token.at >= farthest) {
            farthest = r->token.at;
            e = *r->make.e;
        }

        *r = start;
        memset(r->make.e, 0, sizeof(tf_rule_error_t));
    }

    if (e.fault == TF_RULE_OK) {
        tf_rule_wrong(r, TF_RULE_SYNTAX,
                      "NOT, (, SUPERUSER, ROLE, PRIVILEGE, NAME, ...");
        return NULL;
    }

    *r->make.e = e;

    return NULL;
}


static tf_int_t
tf_rule_leaf_try(tf_rule_reader_t *r, tf_rule_node_t *n)
{
    char             word[16];
    size_t           at, len;
    unsigned         i;
    const char      *p;

    at = r->token.at;

    for (p = n->fn->text, i = 0; *p; p += len + (p[len] == ' ')) {
        len = strcspn(p, " ");

        if (*p == '$') {
            at = r->token.at;

            if (tf_rule_value(r, n, i++) != TF_OK) {
                tf_rule_place(r, at);
                return TF_ERROR;
            }

            continue;
        }

        if (!tf_rule_word(r, p, len)) {
            len = len < sizeof(word) ? len : sizeof(word) - 1;
            memcpy(word, p, len);
            word[len] = '\0';

            return tf_rule_wrong(r, TF_RULE_SYNTAX, word);
        }

        if (tf_rule_token(r) != TF_OK) {
            return TF_ERROR;
        }
    }

    if (tf_rule_complete(&r->make, n) != TF_OK) {
        tf_rule_place(r, at);
        return TF_ERROR;
    }

    return TF_OK;
}


static tf_int_t
tf_rule_value(tf_rule_reader_t *r, tf_rule_node_t *n, unsigned i)
{
    tf_rule_arg_e  type;

    type = n->fn->args[i].type;

    if (type == TF_RULE_ARG_ENGINES) {
        return tf_rule_engine_list(r, n);
    }

    if (type == TF_RULE_ARG_DAYS || type == TF_RULE_ARG_SCOPE) {

        if (r->token.type != TF_RULE_WORD) {
            return tf_rule_wrong(r, TF_RULE_SYNTAX,
                                 type == TF_RULE_ARG_DAYS
                                 ? "0 .. 36500"
                                 : "GLOBAL, SERVER, DATABASE, TABLESPACE");
        }

        if (tf_rule_lower(r) != TF_OK) {
            return TF_ERROR;
        }

    } else if (r->token.type != TF_RULE_QUOTED) {
        return type == TF_RULE_ARG_OBJECT ? TF_OK
               : tf_rule_wrong(r, TF_RULE_SYNTAX, "'...'");
    }

    if (tf_rule_set(&r->make, n, i, r->token.text) != TF_OK) {
        return TF_ERROR;
    }

    return tf_rule_token(r);
}


static tf_int_t
tf_rule_engine_list(tf_rule_reader_t *r, tf_rule_node_t *n)
{
    for ( ;; ) {

        if (r->token.type != TF_RULE_WORD || tf_rule_lower(r) != TF_OK) {
            return tf_rule_wrong(r, TF_RULE_SYNTAX, TF_ENGINE_NAMES);
        }

        if (tf_rule_set(&r->make, n, 0, r->token.text) != TF_OK
            || tf_rule_token(r) != TF_OK)
        {
            return TF_ERROR;
        }

        if (!tf_rule_word(r, ",", 1)) {
            return TF_OK;
        }

        if (tf_rule_token(r) != TF_OK) {
            return TF_ERROR;
        }
    }
}


/* Reads the next token: a word (letters, digits, "_"), a string, or one other
 * character. */

static tf_int_t
tf_rule_token(tf_rule_reader_t *r)
{
    size_t          i;
    unsigned char  *p = r->text.data;

    i = r->next;

    while (i < r->text.len
           && (p[i] == ' ' || p[i] == '\t' || p[i] == '\n' || p[i] == '\r'))
    {
        i++;
    }

    r->token.at = i;
    r->token.text.data = p + i;

    if (i == r->text.len) {
        r->token.type = TF_RULE_END;
        r->token.text.len = 0;
        r->next = i;
        return TF_OK;
    }

    if (p[i] == '\'') {
        return tf_rule_quoted(r);
    }

    r->token.type = TF_RULE_MARK;

    if (tf_rule_word_char(p[i])) {
        r->token.type = TF_RULE_WORD;

        while (i < r->text.len && tf_rule_word_char(p[i])) {
            i++;
        }

    } else {
        i++;
    }

    r->token.text.len = i - r->token.at;
    r->next = i;

    return TF_OK;
}


static tf_int_t
tf_rule_quoted(tf_rule_reader_t *r)
{
    size_t          i, doubled;
    unsigned char  *p = r->text.data, *q;

    doubled = 0;

    for (i = r->token.at + 1; i < r->text.len; i++) {

        if (p[i] == '\0') {
            break;
        }

        if (p[i] != '\'') {
            continue;
        }

        if (i + 1 == r->text.len || p[i + 1] != '\'') {
            break;
        }

        doubled++;
        i++;
    }

    if (i == r->text.len || p[i] == '\0') {
        return tf_rule_wrong(r, TF_RULE_STRING, "'");
    }

    r->token.type = TF_RULE_QUOTED;
    r->token.text.data = p + r->token.at + 1;
    r->token.text.len = i - r->token.at - 1;
    r->next = i + 1;

    if (doubled == 0) {
        return TF_OK;
    }

    q = tf_alloc(r->make.mem, r->token.text.len);
    if (q == NULL) {
        return tf_rule_wrong(r, TF_RULE_MEMORY, NULL);
    }

    p = r->token.text.data;
    r->token.text.data = q;

    for (i = 0; i < r->token.text.len; i++) {
        *q++ = p[i];

        if (p[i] == '\'') {
            i++;
        }
    }

    r->token.text.len -= doubled;

    return TF_OK;
}


static tf_int_t
tf_rule_lower(tf_rule_reader_t *r)
{
    size_t          i;
    unsigned char  *p;

    p = tf_alloc(r->make.mem, r->token.text.len);
    if (p == NULL) {
        return tf_rule_wrong(r, TF_RULE_MEMORY, NULL);
    }

    for (i = 0; i < r->token.text.len; i++) {
        p[i] = r->token.text.data[i];

        if (p[i] >= 'A' && p[i] <= 'Z') {
            p[i] |= 0x20;
        }
    }

    r->token.text.data = p;

    return TF_OK;
}


/* 1 when the token is this word in any case, or this mark. */

static int
tf_rule_word(const tf_rule_reader_t *r, const char *word, size_t len)
{
    size_t         i;
    unsigned char  c;

    if (r->token.type == TF_RULE_QUOTED || r->token.text.len != len) {
        return 0;
    }

    for (i = 0; i < len; i++) {
        c = r->token.text.data[i];

        if (c >= 'a' && c <= 'z') {
            c &= 0xdf;
        }

        if (c != (unsigned char) word[i]) {
            return 0;
        }
    }

    return len > 0;
}


static int
tf_rule_word_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '_';
}


static tf_int_t
tf_rule_wrong(tf_rule_reader_t *r, tf_rule_fault_e fault, const char *expected)
{
    tf_rule_fault(&r->make, fault, expected);
    tf_rule_place(r, r->token.at);

    return TF_ERROR;
}


/* Puts the line and the column of an offset into the error, once. */

static void
tf_rule_place(tf_rule_reader_t *r, size_t at)
{
    size_t            i;
    tf_rule_error_t  *e = r->make.e;

    if (e->line) {
        return;
    }

    e->line = 1;
    e->column = 1;

    for (i = 0; i < at; i++) {

        if (r->text.data[i] == '\n') {
            e->line++;
            e->column = 1;

        } else if ((r->text.data[i] & 0xc0) != 0x80) {
            e->column++;
        }
    }
}
