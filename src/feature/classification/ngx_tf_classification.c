
/*
 * Classification: classes of accounts, the rules that give them, and the
 * catalog that the editor of rules offers.
 */


#include "ngx_tf.h"
#include "tf_rule.h"


static ngx_int_t ngx_tf_classification_create(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_classification_update(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_classification_validate(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_classification_preview(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_classification_rule(ngx_tf_op_t *op);
static tf_rule_t *ngx_tf_classification_read(ngx_tf_op_t *op,
    tf_rule_error_t *e);
static ngx_int_t ngx_tf_classification_refuse(ngx_tf_op_t *op,
    const tf_rule_error_t *e);


#define NGX_TF_CLASSIFICATION_ICONS                                          \
    "fa-crown|fa-shield-alt|fa-exclamation-triangle|fa-user|fa-eye|fa-tag"
#define NGX_TF_CLASSIFICATION_LINE     "[^\\x00-\\x1f\\x7f]+"


#define NGX_TF_CLASSIFICATION_CLASS(flags)                                   \
    { "display_name", TF_P_STR, flags, 1, 100, NGX_TF_CLASSIFICATION_LINE,   \
      NULL, "name shown" },                                                  \
    { "description", TF_P_STR, 0, 0, 500, NULL, NULL, "free text" },         \
    { "risk_level", TF_P_INT, 0, 1, 6, NULL, NULL,                           \
      "1 is the highest; 4 for a new class" },                               \
    { "icon_name", TF_P_ENUM, 0, 0, 0, NGX_TF_CLASSIFICATION_ICONS, NULL,    \
      "icon; fa-tag for a new class" },                                      \
    { "priority", TF_P_INT, 0, 0, 100, NULL, NULL,                           \
      "order of classes, the highest first; 0 for a new class" }

static const tf_param_t  ngx_tf_classification_new[] = {
    { "code", TF_P_STR, 0, 1, 100, NGX_TF_CLASSIFICATION_LINE, NULL,
      "unique, kept in lower case, never changed; the display name when it is"
      " left out" },
    NGX_TF_CLASSIFICATION_CLASS(TF_P_REQUIRED),
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_classification_change[] = {
    NGX_TF_CLASSIFICATION_CLASS(0),
    { .type = TF_P_END }
};

#define NGX_TF_CLASSIFICATION_EXPRESSION                                     \
    { "rule_expression", TF_P_JSON, 0, 0, 0, NULL, NULL,                     \
      "the rule as JSON, {\"version\": 4, \"expr\": ...}, or that in a"      \
      " string" },                                                           \
    { "rule_text", TF_P_STR, 0, 0, TF_RULE_TEXT_MAX, NULL, NULL,             \
      "the rule as text instead, such as SUPERUSER AND NOT LOCKED" }

static const tf_param_t  ngx_tf_classification_rule_new[] = {
    { "rule_name", TF_P_STR, TF_P_REQUIRED, 1, 100,
      NGX_TF_CLASSIFICATION_LINE, NULL, "unique in its class and engine" },
    { "classification_id", TF_P_INT, TF_P_REQUIRED, 1, INT64_MAX, NULL, NULL,
      "the class that it gives" },
    { "db_type", TF_P_ENUM, TF_P_REQUIRED, 0, 0,
      TF_ENGINE_NAMES, NULL, "the engine of its accounts" },
    { "operator", TF_P_ENUM, 0, 0, 0, "AND|OR", "OR",
      "how an editor joins the conditions" },
    NGX_TF_CLASSIFICATION_EXPRESSION,
    { "is_active", TF_P_BOOL, 0, 0, 0, NULL, NULL,
      "is evaluated; true for a new rule" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_classification_rule_change[] = {
    { "rule_name", TF_P_STR, 0, 1, 100, NGX_TF_CLASSIFICATION_LINE, NULL,
      "unique in its class and engine" },
    { "classification_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "may be sent, not changed" },
    { "db_type", TF_P_ENUM, 0, 0, 0, TF_ENGINE_NAMES, NULL,
      "may be sent, not changed" },
    { "operator", TF_P_ENUM, 0, 0, 0, "AND|OR", NULL,
      "how an editor joins the conditions" },
    NGX_TF_CLASSIFICATION_EXPRESSION,
    { "is_active", TF_P_BOOL, 0, 0, 0, NULL, NULL, "is evaluated" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_classification_expression[] = {
    NGX_TF_CLASSIFICATION_EXPRESSION,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_classification_try[] = {
    { "db_type", TF_P_ENUM, TF_P_REQUIRED, 0, 0,
      TF_ENGINE_NAMES, NULL, "the engine of its accounts" },
    { "instance_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "only accounts of this instance" },
    { "rule_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "the rule that would be replaced: counts what would change" },
    { "limit", TF_P_INT, 0, 1, 200, NULL, "50", "accounts to show" },
    NGX_TF_CLASSIFICATION_EXPRESSION,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_classification_filter[] = {
    { "classification_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "only of this class" },
    { "db_type", TF_P_ENUM, 0, 0, 0, TF_ENGINE_NAMES,
      NULL, "only of this engine" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_classification_assigned[] = {
    { "page", TF_P_INT, 0, 1, 1000000, NULL, "1", "page number" },
    { "limit", TF_P_INT, 0, 1, 1000, NULL, "200", "rows a page" },
    { "classification_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "only of this class" },
    { "instance_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "only of this instance" },
    { "account_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "only of this account" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_classification_scope[] = {
    { "account_scope", TF_P_STR, 0, 0, 64,
      "(instance|sqlserver_ag):[0-9]{1,18}", NULL,
      "instance:ID; all accounts when it is left out" },
    { .type = TF_P_END }
};


static const ngx_tf_constraint_t  ngx_tf_classification_names[] = {
    { "account_classes_code_key", TF_E_NAME_EXISTS, "code" },
    { "classification_rules_name_key", TF_E_NAME_EXISTS, "rule_name" },
    { "classification_rules_expression_key", TF_E_EXPRESSION_DUPLICATED,
      "rule_expression" },
    { "classification_rules_class_fkey", TF_E_CLASSIFICATION_IN_USE, "id" },
    { NULL, TF_E_NONE, NULL }
};

static const tf_code_e  ngx_tf_classification_errors[] = {
    TF_E_DSL_V4_REQUIRED, TF_E_INVALID_DSL_EXPRESSION, TF_E_NONE
};

static const char  ngx_tf_classification_forms[] =
    "{'type':'object','properties':{'rule_expression':{'type':'object'},"
    "'rule_text':{'type':'string'}},'required':['rule_expression',"
    "'rule_text']}";


const ngx_tf_route_t  ngx_tf_classification_routes[] = {

    { NGX_TF_ROUTE(GET, "/accounts/classifications", TF_VIEW,
                   "List classes of accounts"),
      .sql = { TF_SQL_classes_list },
      .render = NGX_TF_LIST, .key = "classifications" },

    { NGX_TF_ROUTE(POST, "/accounts/classifications", TF_CREATE,
                   "Create a class"),
      .audit = TF_AUDIT_CLASS_CREATE,
      .body = ngx_tf_classification_new,
      .sql = { TF_SQL_classes_create },
      .render = NGX_TF_CREATED, .key = "classification",
      .constraints = ngx_tf_classification_names },

    { NGX_TF_ROUTE(GET, "/accounts/classifications/{id}", TF_VIEW,
                   "Read a class"),
      .sql = { TF_SQL_classes_get },
      .key = "classification" },

    { NGX_TF_ROUTE(PUT, "/accounts/classifications/{id}", TF_UPDATE,
                   "Change a class"),
      .audit = TF_AUDIT_CLASS_UPDATE,
      .body = ngx_tf_classification_change,
      .sql = { TF_SQL_classes_update },
      .key = "classification",
      .constraints = ngx_tf_classification_names },

    { NGX_TF_ROUTE(DELETE, "/accounts/classifications/{id}", TF_DELETE,
                   "Delete a class without rules and accounts"),
      .audit = TF_AUDIT_CLASS_DELETE,
      .sql = { TF_SQL_classes_delete },
      .constraints = ngx_tf_classification_names },

    { NGX_TF_ROUTE(GET, "/accounts/classifications/rules", TF_VIEW,
                   "All rules, by engine"),
      .sql = { TF_SQL_rules_by_engine } },

    { NGX_TF_ROUTE(POST, "/accounts/classifications/rules", TF_CREATE,
                   "Create a rule, and classify all accounts of its engine"),
      .audit = TF_AUDIT_RULE_CREATE,
      .body = ngx_tf_classification_rule_new,
      .sql = { TF_SQL_classification_enqueue, TF_SQL_rules_create },
      .render = NGX_TF_CREATED,
      .constraints = ngx_tf_classification_names,
      .errors = ngx_tf_classification_errors,
      .next = ngx_tf_classification_create,
      .sets = "_expression _text" },

    { NGX_TF_ROUTE(GET, "/accounts/classifications/rules/filter", TF_VIEW,
                   "Rules of a class or an engine"),
      .query = ngx_tf_classification_filter,
      .sql = { TF_SQL_rules_filter },
      .render = NGX_TF_LIST, .key = "rules" },

    { NGX_TF_ROUTE(POST,
                   "/accounts/classifications/rules/actions/"
                   "validate-expression", TF_VIEW,
                   "Check a rule and give both of its forms"),
      .audit = TF_AUDIT_READS,
      .body = ngx_tf_classification_expression,
      .render = NGX_TF_CUSTOM, .schema = ngx_tf_classification_forms,
      .errors = ngx_tf_classification_errors,
      .next = ngx_tf_classification_validate,
      .sets = "_expression _text" },

    { NGX_TF_ROUTE(POST, "/accounts/classifications/rules/actions/preview",
                   TF_VIEW, "Which accounts a rule matches now, and why"),
      .audit = TF_AUDIT_RULE_PREVIEW,
      .body = ngx_tf_classification_try,
      .sql = { TF_SQL_rules_preview },
      .render = NGX_TF_RUN, .key = "preview",
      .errors = ngx_tf_classification_errors,
      .next = ngx_tf_classification_preview,
      .sets = "_expression _text" },

    { NGX_TF_ROUTE(GET, "/accounts/classifications/rules/{id}", TF_VIEW,
                   "Read a rule with its versions"),
      .sql = { TF_SQL_rules_get },
      .key = "rule" },

    { NGX_TF_ROUTE(PUT, "/accounts/classifications/rules/{id}", TF_UPDATE,
                   "Change a rule; another expression is a new version"),
      .audit = TF_AUDIT_RULE_UPDATE,
      .body = ngx_tf_classification_rule_change,
      .sql = { TF_SQL_rules_update, TF_SQL_classification_enqueue_rule,
               TF_SQL_rules_version },
      .constraints = ngx_tf_classification_names,
      .errors = ngx_tf_classification_errors,
      .next = ngx_tf_classification_update,
      .sets = "_expression _text" },

    { NGX_TF_ROUTE(DELETE, "/accounts/classifications/rules/{id}", TF_DELETE,
                   "Delete a rule with its versions and what it gave"),
      .audit = TF_AUDIT_RULE_DELETE,
      .sql = { TF_SQL_classification_enqueue_rule, TF_SQL_rules_delete } },

    { NGX_TF_ROUTE(GET, "/accounts/classifications/assignments", TF_VIEW,
                   "Which accounts have which class"),
      .query = ngx_tf_classification_assigned,
      .sql = { TF_SQL_assignments_list },
      .render = NGX_TF_LIST, .key = "assignments" },

    { NGX_TF_ROUTE(DELETE, "/accounts/classifications/assignments/{id}",
                   TF_DELETE,
                   "Take a class off an account until it is classified again"),
      .audit = TF_AUDIT_ASSIGNMENT_DELETE,
      .sql = { TF_SQL_assignments_delete } },

    { NGX_TF_ROUTE(GET, "/accounts/classifications/permissions/{db_type:text}",
                   TF_VIEW, "Privileges that an engine has, by category"),
      .sql = { TF_SQL_classification_permissions } },

    { NGX_TF_ROUTE(POST, "/accounts/classifications/actions/auto-classify",
                   TF_UPDATE, "Evaluate all rules again"),
      .audit = TF_AUDIT_CLASS_EVALUATE,
      .body = ngx_tf_classification_scope,
      .sql = { TF_SQL_classification_run } },

    { .method = 0 }
};


static ngx_int_t
ngx_tf_classification_create(ngx_tf_op_t *op)
{
    if (op->step) {
        return NGX_OK;
    }

    if (ngx_tf_classification_rule(op) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_op_send(op, op->route->sql, 2);
}


/* Without an expression only the name and the like are changed. */

static ngx_int_t
ngx_tf_classification_update(ngx_tf_op_t *op)
{
    if (op->step) {
        return NGX_OK;
    }

    if ((ngx_tf_input_get(op, "rule_expression").data
         || ngx_tf_input_get(op, "rule_text").data)
        && ngx_tf_classification_rule(op) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_tf_op_send(op, op->route->sql, 3);
}


static ngx_int_t
ngx_tf_classification_validate(ngx_tf_op_t *op)
{
    tf_buf_t  b;
    tf_str_t  data, text;

    if (ngx_tf_classification_rule(op) != NGX_OK) {
        return NGX_ERROR;
    }

    text = ngx_tf_input_get(op, "_text");

    tf_buf_init(&b, &op->mem, 1024, 8 * TF_RULE_TEXT_MAX);
    tf_buf_char(&b, '{');
    tf_json_key(&b, "rule_expression");
    tf_buf_str(&b, ngx_tf_input_get(op, "_expression"));
    tf_json_member(&b, "rule_text", text);
    tf_buf_char(&b, '}');

    if (tf_buf_done(&b, &data) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK, data);
}


static ngx_int_t
ngx_tf_classification_preview(ngx_tf_op_t *op)
{
    if (op->step) {
        return NGX_OK;
    }

    if (ngx_tf_classification_rule(op) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_op_send(op, op->route->sql, 1);
}


/* Reads the rule in the form the client sent and sets both forms for the
 * statements. */

static ngx_int_t
ngx_tf_classification_rule(ngx_tf_op_t *op)
{
    tf_buf_t          b;
    tf_str_t          expression, text;
    tf_rule_t        *rule;
    tf_rule_error_t   e;

    rule = ngx_tf_classification_read(op, &e);
    if (rule == NULL) {
        return ngx_tf_classification_refuse(op, &e);
    }

    tf_buf_init(&b, &op->mem, 1024, 4 * TF_RULE_TEXT_MAX);
    tf_rule_write(&b, rule);
    tf_buf_char(&b, '\0');

    if (tf_buf_done(&b, &expression) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    tf_buf_init(&b, &op->mem, 1024, 4 * TF_RULE_TEXT_MAX);
    tf_rule_write_text(&b, rule);
    tf_buf_char(&b, '\0');

    if (tf_buf_done(&b, &text) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    expression.len--;
    text.len--;

    if (ngx_tf_input_set(op, "_expression", expression) != NGX_OK
        || ngx_tf_input_set(op, "_text", text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static tf_rule_t *
ngx_tf_classification_read(ngx_tf_op_t *op, tf_rule_error_t *e)
{
    tf_err_t    err;
    tf_str_t    text;
    tf_json_t  *v;

    static const tf_json_limits_t  limits = { 3 * TF_RULE_DEPTH_MAX + 8,
                                              10 * TF_RULE_NODES_MAX };

    ngx_memzero(e, sizeof(tf_rule_error_t));
    ngx_memzero(&err, sizeof(tf_err_t));

    text = ngx_tf_input_get(op, "rule_text");
    if (text.data) {
        return tf_rule_read_text(&op->mem, text, e);
    }

    text = ngx_tf_input_get(op, "rule_expression");
    if (text.data == NULL) {
        e->fault = TF_RULE_MISSING;
        return NULL;
    }

    if (tf_json_parse(&op->mem, text, &limits, &v, &err) != TF_OK) {
        e->fault = TF_RULE_SIZE;
        return NULL;
    }

    if (v->type == TF_JSON_STRING
        && tf_json_parse(&op->mem, v->str, &limits, &v, &err) != TF_OK)
    {
        e->fault = TF_RULE_FORM;
        return NULL;
    }

    return tf_rule_read(&op->mem, v, e);
}


/* Where the rule is wrong stands in "extra": a pointer into rule_expression, or
 * line and column of rule_text. */

static ngx_int_t
ngx_tf_classification_refuse(ngx_tf_op_t *op, const tf_rule_error_t *e)
{
    int                     as_text;
    tf_buf_t                b;
    tf_str_t                extra;
    const tf_rule_fault_t  *fault;

    if (e->fault == TF_RULE_MEMORY) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    as_text = e->line > 0;
    fault = &tf_rule_faults[e->fault];

    tf_buf_init(&b, &op->mem, 512, 4096);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "reason", tf_str(fault->code));
    tf_json_member(&b, "reason_message",
                   tf_str(fault->message[op->lang]));

    if (as_text) {
        tf_json_key(&b, "line");
        tf_buf_int(&b, e->line);
        tf_json_key(&b, "column");
        tf_buf_int(&b, e->column);

    } else {
        tf_json_member(&b, "pointer", tf_str(e->pointer));
    }

    tf_json_member(&b, "expected", tf_str(e->expected));

    if (tf_buf_done(&b, &extra) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    extra.data++;
    extra.len--;

    ngx_tf_reply_more(op, extra);

    return ngx_tf_request_fail(op, e->fault == TF_RULE_VERSION
                              ? TF_E_DSL_V4_REQUIRED
                              : TF_E_INVALID_DSL_EXPRESSION,
                          as_text ? "rule_text" : "rule_expression",
                          fault->message[TF_LANG_EN]);
}
