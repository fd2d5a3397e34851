
#include "document.h"
#include "ngx_tf_router.h"
#include "ngx_tf_xlsx.h"
#include "tf_release.h"


#define NGX_TF_CODES_MAX  40

#define document_unsafe(route)  ((route)->method != NGX_HTTP_GET)


/* A code the op itself can end in, and with which routes. */

typedef struct {
    tf_code_e    code;
    unsigned     query:1;       /* when it has parameters */
    unsigned     login:1;       /* who may call it is restricted */
    unsigned     right:1;       /* to certain roles */
    unsigned     path:1;        /* something is named in the path */
    unsigned     unsafe:1;
    unsigned     body:1;
    unsigned     run:1;
    unsigned     data:1;        /* it needs PostgreSQL */
} document_rule_t;


static void document_head(tf_buf_t *b);
static void document_tags(tf_buf_t *b);
static const char *document_tag(const char *name);
static void document_paths(tf_buf_t *b, const document_t *doc);
static ngx_uint_t document_first(const ngx_tf_route_t *route);
static void document_path(tf_buf_t *b, const document_t *doc,
    const char *path);
static void document_operation(tf_buf_t *b, const document_t *doc,
    const char *tag, const ngx_tf_route_t *route);
static void document_id(tf_buf_t *b, const char *member,
    const ngx_tf_route_t *route, const char *suffix);
static void document_perm(tf_buf_t *b, const ngx_tf_route_t *route);
static void document_params(tf_buf_t *b, const ngx_tf_route_t *route);
static void document_path_params(tf_buf_t *b, const char *path);
static void document_success(tf_buf_t *b, const document_t *doc,
    const ngx_tf_route_t *route);
static void document_data(tf_buf_t *b, const document_t *doc,
    const ngx_tf_route_t *route);
static void document_page(tf_buf_t *b, const document_t *doc,
    const ngx_tf_route_t *route);
static void document_errors(tf_buf_t *b, const ngx_tf_route_t *route);
static ngx_uint_t document_codes(const ngx_tf_route_t *route,
    tf_code_e *codes);
static void document_components(tf_buf_t *b);
static const char *document_method(ngx_uint_t method);


static const document_rule_t  document_rules[] = {
    { .code = TF_E_INVALID_REQUEST, .body = 1 },
    { .code = TF_E_VALIDATION_ERROR, .query = 1 },
    { .code = TF_E_AUTHENTICATION_REQUIRED, .login = 1 },
    { .code = TF_E_PERMISSION_REQUIRED, .right = 1 },
    { .code = TF_E_CSRF_MISSING, .unsafe = 1 },
    { .code = TF_E_CSRF_INVALID, .unsafe = 1 },
    { .code = TF_E_RESOURCE_NOT_FOUND, .path = 1 },
    { .code = TF_E_CONSTRAINT_VIOLATION, .unsafe = 1 },
    { .code = TF_E_RUN_CANCELLED, .run = 1 },
    { .code = TF_E_TARGET_DNS, .run = 1 },
    { .code = TF_E_TARGET_REFUSED, .run = 1 },
    { .code = TF_E_TARGET_BUSY, .run = 1 },
    { .code = TF_E_TARGET_TIMEOUT, .run = 1 },
    { .code = TF_E_TARGET_TLS, .run = 1 },
    { .code = TF_E_TARGET_TLS_REQUIRED, .run = 1 },
    { .code = TF_E_TARGET_AUTH, .run = 1 },
    { .code = TF_E_TARGET_PASSWORD_EXPIRED, .run = 1 },
    { .code = TF_E_TARGET_PERMISSION, .run = 1 },
    { .code = TF_E_TARGET_DATABASE, .run = 1 },
    { .code = TF_E_TARGET_PROTOCOL, .run = 1 },
    { .code = TF_E_TARGET_OTHER, .run = 1 },
    { .code = TF_E_BODY_TOO_LARGE, .unsafe = 1 },
    { .code = TF_E_UNSUPPORTED_MEDIA_TYPE, .body = 1 },
    { .code = TF_E_RATE_LIMIT_EXCEEDED },
    { .code = TF_E_TASK_EXECUTION_FAILED, .run = 1 },
    { .code = TF_E_INTERNAL_ERROR },
    { .code = TF_E_SERVICE_UNAVAILABLE },
    { .code = TF_E_OUTCOME_UNKNOWN, .unsafe = 1 },
    { .code = TF_E_DATABASE_TIMEOUT, .data = 1 },
    { .code = TF_E_NONE }
};


ngx_uint_t
document_write_sql(const ngx_tf_route_t *route, tf_sql_e sql[2])
{
    ngx_uint_t  n;

    if (route->schema || route->sql[0] == TF_SQL_NONE) {
        return 0;
    }

    for (n = 1; n < NGX_TF_SQL_MAX && route->sql[n]; n++) { /* void */ }

    switch (route->render) {

    case NGX_TF_RUN:
    case NGX_TF_RUNS:
    case NGX_TF_CUSTOM:
        return 0;

    case NGX_TF_PAGE:
        sql[0] = route->sql[n - 1];
        sql[1] = route->sql[0];
        return n > 1 ? 2 : 1;

    default:
        sql[0] = route->sql[n - 1];
        return 1;
    }
}


void
document_write(tf_buf_t *b, const document_t *doc)
{
    document_head(b);
    document_tags(b);
    document_paths(b, doc);
    document_components(b);
    tf_buf_char(b, '}');
}


static void
document_head(tf_buf_t *b)
{
    document_lit(b,
        "{'openapi':'3.1.0','info':{'title':'TaiFish',"
        "'version':'" TF_RELEASE "',"
        "'license':{'name':'MIT License','identifier':'MIT'},"
        "'description':'Inventory, accounts,"
        " privileges and their history of a fleet of databases.  Answers are"
        " in zh-CN, or in English when Accept-Language prefers it.'},"
        "'servers':[{'url':'/','description':'this server'}],"
        "'security':[{'session':[]},{'token':[]}]");
}


static void
document_tags(tf_buf_t *b)
{
    const ngx_tf_routes_t  *table, *t;

    tf_json_key(b, "tags");
    tf_buf_char(b, '[');

    for (table = ngx_tf_routes; table->name; table++) {

        /* several tables may have one tag */

        for (t = ngx_tf_routes; ngx_strcmp(t->name, table->name) != 0;
             t++)
        {
            /* void */
        }

        if (t != table) {
            continue;
        }

        document_schema_comma(b);
        tf_buf_char(b, '{');
        tf_json_member(b, "name", tf_str(table->name));

        if (document_tag(table->name)) {
            tf_json_member(b, "description",
                           tf_str(document_tag(table->name)));
        }

        tf_buf_char(b, '}');
    }

    tf_buf_char(b, ']');
}


/* What a group of endpoints is about; NULL: nothing is written of it. */

static const char *
document_tag(const char *name)
{
    size_t  i;

    static const struct {
        const char  *name;
        const char  *about;
    } tags[] = {
        { "account-change-logs", "What changed in accounts: grants, revokes,"
          " drops, and who gained more than before." },
        { "accounts", "Accounts of managed databases, what each may do now and"
          " could do at earlier times, and their statistics." },
        { "audit", "Who did what here; each entry is chained to the one"
          " before." },
        { "auth", "Signing in and out, request tokens, passwords and API"
          " tokens." },
        { "cache", "Caches, and how to empty them." },
        { "capacity", "Sizes of instances and databases over time, growth, and"
          " when an instance is full." },
        { "classification", "Classes of accounts, and the rules that put"
          " accounts into them." },
        { "credentials", "Monitoring accounts; passwords go in and never come"
          " out." },
        { "dashboard", "Figures of the first page, from counters." },
        { "databases", "Databases of instances, and their sizes." },
        { "document", "What this is, and this document." },
        { "health", "For load balancers, supervisors and people." },
        { "instances", "The managed databases: inventory, connection tests,"
          " files." },
        { "logs", "What both programs said." },
        { "metrics", "For Prometheus." },
        { "partitions", "Partitions of tables that grow with time." },
        { "scheduler", "Schedules of jobs." },
        { "sync-sessions", "Runs that read accounts, as the reference shows"
          " them." },
        { "tags", "Labels of instances." },
        { "task-runs", "Work in the background: runs, their items, and their"
          " progress as a stream." },
        { "users", "Who may sign in, and with which role." }
    };

    for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (ngx_strcmp(tags[i].name, name) == 0) {
            return tags[i].about;
        }
    }

    return NULL;
}


static void
document_paths(tf_buf_t *b, const document_t *doc)
{
    const ngx_tf_route_t   *route;
    const ngx_tf_routes_t  *table;

    tf_json_key(b, "paths");
    tf_buf_char(b, '{');

    for (table = ngx_tf_routes; table->name; table++) {
        for (route = table->routes; route->method; route++) {
            if (document_first(route)) {
                document_path(b, doc, route->path);
            }
        }
    }

    tf_buf_char(b, '}');
}


/* 1 when no row before this one has the same path. */

static ngx_uint_t
document_first(const ngx_tf_route_t *route)
{
    const ngx_tf_route_t   *r;
    const ngx_tf_routes_t  *table;

    for (table = ngx_tf_routes; table->name; table++) {
        for (r = table->routes; r->method; r++) {
            if (ngx_strcmp(r->path, route->path) == 0) {
                return r == route;
            }
        }
    }

    return 1;
}


static void
document_path(tf_buf_t *b, const document_t *doc, const char *path)
{
    const char             *p;
    const ngx_tf_route_t   *route;
    const ngx_tf_routes_t  *table;

    document_schema_comma(b);
    tf_buf_char(b, '"');

    if (path[1] == '/') {
        tf_buf_lit(b, path + 1);

    } else {
        tf_buf_lit(b, NGX_TF_PREFIX);

        for (p = path[1] ? path : ""; *p; p++) {
            p += *p == ':' ? strcspn(p, "}") : 0;
            tf_buf_char(b, *p);
        }
    }

    document_lit(b, "':{");

    for (table = ngx_tf_routes; table->name; table++) {
        for (route = table->routes; route->method; route++) {
            if (ngx_strcmp(route->path, path) == 0) {
                document_operation(b, doc, table->name, route);
            }
        }
    }

    tf_buf_char(b, '}');
}


static void
document_operation(tf_buf_t *b, const document_t *doc,
    const char *tag, const ngx_tf_route_t *route)
{
    tf_json_key(b, document_method(route->method));
    tf_buf_char(b, '{');

    tf_json_key(b, "tags");
    tf_buf_char(b, '[');
    tf_json_string(b, tf_str(tag));
    tf_buf_char(b, ']');

    tf_json_member(b, "summary", tf_str(route->summary));
    document_id(b, "operationId", route, "");
    document_perm(b, route);
    document_params(b, route);

    if (route->body) {
        document_lit(b, ",'requestBody':{'required':true,'content':"
                     "{'application/json':{'schema':");
        tf_buf_char(b, '{');
        document_schema_body(b, route->body);
        document_id(b, "title", route, "Body");
        tf_buf_lit(b, "}}}}");
    }

    if (route->upload) {
        document_lit(b, ",'requestBody':{'required':true,'content':"
                     "{'multipart/form-data':{'schema':{'type':'object',"
                     "'required':['file'],"
                     "'properties':{'file':{'type':'string',"
                     "'contentMediaType':'text/csv'}}}},"
                     "'text/csv':{'schema':{'type':'string'}}}}");
    }

    tf_json_key(b, "responses");
    tf_buf_char(b, '{');
    document_success(b, doc, route);
    document_errors(b, route);
    tf_buf_lit(b, "}}");
}


/* GET /task-runs/{run_id}/items: getTaskRunsByRunIdItems.  What has a title is
 * called by it in clients that a program makes. */

static void
document_id(tf_buf_t *b, const char *member, const ngx_tf_route_t *route,
    const char *suffix)
{
    u_char       c;
    ngx_uint_t   upper;
    const char  *p;

    tf_json_key(b, member);
    tf_buf_char(b, '"');
    tf_buf_lit(b, document_method(route->method));

    if (route->path[1] == '/') {
        tf_buf_lit(b, "Root");

    } else if (route->path[1] == '\0') {
        tf_buf_lit(b, "Index");
    }

    upper = 1;

    for (p = route->path; *p; p++) {
        p += *p == ':' ? strcspn(p, "}") : 0;
        c = *p;

        if (c == '{') {
            tf_buf_lit(b, "By");
            upper = 1;

        } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                   || (c >= '0' && c <= '9'))
        {
            tf_buf_char(b, upper ? ngx_toupper(c) : c);
            upper = 0;

        } else {
            upper = 1;
        }
    }

    tf_buf_lit(b, suffix);
    tf_buf_char(b, '"');
}


static void
document_perm(tf_buf_t *b, const ngx_tf_route_t *route)
{
    static const char *const  names[] = {
        [TF_PUBLIC] = "public",
        [TF_ANYONE] = "public",
        [TF_LOGIN] = "login",
        [TF_VIEW] = "view",
        [TF_CREATE] = "create",
        [TF_UPDATE] = "update",
        [TF_DELETE] = "delete",
        [TF_LOGS] = "logs",
        [TF_ADMIN] = "admin"
    };

    tf_json_member(b, "x-permission", tf_str(names[route->perm]));

    if (route->perm == TF_PUBLIC || route->perm == TF_ANYONE) {
        document_lit(b, ",'security':[]");
    }
}


static void
document_params(tf_buf_t *b, const ngx_tf_route_t *route)
{
    tf_sql_e           page;
    ngx_uint_t         n;
    const tf_param_t  *p;

    tf_json_key(b, "parameters");
    tf_buf_char(b, '[');

    document_path_params(b, route->path);

    page = TF_SQL_NONE;

    for (n = 0; n < NGX_TF_SQL_MAX && route->sql[n]; n++) {
        if (tf_sql[route->sql[n]].nsorts) {
            page = route->sql[n];
        }
    }

    for (p = route->query; p && p->type != TF_P_END; p++) {
        document_schema_comma(b);
        document_lit(b, "{'in':'query'");
        tf_json_member(b, "name", tf_str(p->name));

        if (p->about) {
            tf_json_member(b, "description", tf_str(p->about));
        }

        if (p->flags & TF_P_REQUIRED) {
            document_lit(b, ",'required':true");
        }

        if (p->type == TF_P_INTS || p->type == TF_P_STRS
            || p->type == TF_P_ENUMS)
        {
            document_lit(b, ",'style':'form','explode':false");
        }

        tf_json_key(b, "schema");
        document_schema_param(b, p, 0, page);
        tf_buf_char(b, '}');
    }

    if (document_unsafe(route)) {
        document_schema_comma(b);
        document_lit(b, "{'$ref':'#/components/parameters/csrf'}");
    }

    if (ngx_tf_route_waits(route)) {
        document_lit(b, ",{'$ref':'#/components/parameters/prefer'}");
    }

    tf_buf_char(b, ']');
}


static void
document_path_params(tf_buf_t *b, const char *path)
{
    tf_str_t     name;
    const char  *p, *end;

    for (p = strchr(path, '{'); p; p = strchr(end, '{')) {
        end = strchr(p, '}');
        if (end == NULL) {
            return;
        }

        name.data = (u_char *) p + 1;
        name.len = strcspn(p + 1, ":}");

        document_schema_comma(b);
        document_lit(b, "{'in':'path'");
        tf_json_member(b, "name", name);
        document_lit(b, ",'required':true,'schema':");
        document_lit(b, p[1 + name.len] == '}' ? "{'type':'integer'}"
                      : p[2 + name.len] == 'u'
                      ? "{'type':'string','format':'uuid'}"
                      : "{'type':'string'}");
        tf_buf_char(b, '}');
    }
}


static void
document_success(tf_buf_t *b, const document_t *doc,
    const ngx_tf_route_t *route)
{
    if (route->exports) {
        document_lit(b, "'200':{'description':'the file',"
                     "'headers':{'Content-Disposition':{'description':"
                     "'its name','schema':{'type':'string'}}},"
                     "'content':{'text/csv':{'schema':{'type':'string'}},"
                     "'application/x-ndjson':{'schema':{'type':'string'}},'"
                     NGX_TF_XLSX_TYPE "':{'schema':"
                     "{'type':'string','format':'binary'}}}}");
        return;
    }

    if (route->schema && route->schema[0] != '{') {
        document_lit(b, "'200':{'description':'the document',"
                     "'content':{'");
        tf_buf_lit(b, route->schema);
        document_lit(b, "':{'schema':{}}}}");
        return;
    }

    document_lit(b, route->render == NGX_TF_CREATED
                 ? "'201':{'description':'created'"
                 : "'200':{'description':'done'");
    document_lit(b, ",'content':{'application/json':{'schema':");

    if (route->schema
        && ngx_strcmp(route->schema, "{'type':'null'}") == 0)
    {
        document_lit(b, "{'$ref':'#/components/schemas/Success'}}}}");

    } else {
        document_lit(b, "{'type':'object'");
        document_id(b, "title", route, "Answer");
        document_lit(b, ",'allOf':[{'$ref':"
                     "'#/components/schemas/Success'},{'type':'object',"
                     "'required':['data'],'properties':{'data':");
        document_data(b, doc, route);
        tf_buf_lit(b, "}}]}}}}");
    }

    if (ngx_tf_route_waits(route)) {
        document_lit(b, ",'202':{'$ref':'#/components/responses/Run'}");
    }
}


static void
document_data(tf_buf_t *b, const document_t *doc,
    const ngx_tf_route_t *route)
{
    tf_sql_e  sql[2];

    if (route->schema) {
        document_lit(b, route->schema);
        return;
    }

    if (document_write_sql(route, sql) == 0) {
        document_lit(b, "{'type':'object'}");
        return;
    }

    if (route->render == NGX_TF_PAGE) {
        document_page(b, doc, route);
        return;
    }

    if (route->key) {
        document_lit(b, "{'type':'object','required':[");
        tf_json_string(b, tf_str(route->key));
        document_lit(b, "],'properties':{");
        tf_json_key(b, route->key);
    }

    if (route->render == NGX_TF_LIST) {
        document_lit(b, "{'type':'array','items':");
        document_schema_row(b, &doc->columns[sql[0]]);
        tf_buf_char(b, '}');

    } else {
        document_schema_row(b, &doc->columns[sql[0]]);
    }

    if (route->key) {
        tf_buf_lit(b, "}}");
    }
}


static void
document_page(tf_buf_t *b, const document_t *doc,
    const ngx_tf_route_t *route)
{
    tf_sql_e     sql[2];
    ngx_uint_t   i, n;
    const char  *items;

    static const char *const  counts[] = { "total", "page", "pages", "limit" };

    n = document_write_sql(route, sql);
    items = route->key ? route->key : "items";

    document_lit(b, "{'type':'object','required':[");
    tf_json_string(b, tf_str(items));
    document_lit(b, ",'total','total_is_estimate','page','pages','limit',"
                    "'has_prev','has_next','next'],"
                    "'properties':{'total_is_estimate':{'type':'boolean'},"
                    "'has_prev':{'type':'boolean'},"
                    "'has_next':{'type':'boolean'},'next':{'type':['string',"
                    "'null']}");

    tf_json_key(b, items);
    document_lit(b, "{'type':'array','items':");
    document_schema_row(b, &doc->columns[sql[0]]);
    tf_buf_char(b, '}');

    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        tf_json_key(b, counts[i]);
        document_lit(b, "{'type':'integer'}");
    }

    if (n > 1) {
        tf_json_key(b, "stats");
        document_schema_row(b, &doc->columns[sql[1]]);
    }

    tf_buf_lit(b, "}}");
}


/* One response for every status, with the codes it can have. */

static void
document_errors(tf_buf_t *b, const ngx_tf_route_t *route)
{
    ngx_uint_t        i, k, n, status;
    tf_code_e         codes[NGX_TF_CODES_MAX];
    const tf_error_t *e;

    n = document_codes(route, codes);

    for (i = 0; i < n; i++) {
        if (codes[i] == TF_E_NONE) {
            continue;
        }

        status = tf_errors[codes[i]].status;

        document_lit(b, ",'");
        tf_buf_int(b, status);
        document_lit(b, "':{'description':");
        tf_json_string(b, tf_str(tf_errors[codes[i]].message[TF_LANG_EN]));
        document_lit(b, ",'x-codes':[");

        for (k = i; k < n; k++) {
            e = &tf_errors[codes[k]];

            if (codes[k] != TF_E_NONE && e->status == status) {
                document_schema_comma(b);
                tf_json_string(b, tf_str(e->code));
                codes[k] = TF_E_NONE;
            }
        }

        document_lit(b, "],'content':{'application/json':{'schema':"
                     "{'$ref':'#/components/schemas/Failure'}}}}");
    }
}


/* The codes of a route: those of its steps that the op does, of its
 * constraints and of its own. */

static ngx_uint_t
document_codes(const ngx_tf_route_t *route, tf_code_e *codes)
{
    ngx_uint_t                    n;
    const tf_code_e              *e;
    const ngx_tf_constraint_t    *c;
    const document_rule_t  *rule;

    n = 0;

    for (rule = document_rules; rule->code; rule++) {
        if ((rule->query && !route->query && !route->body
                && !route->upload)
            || (rule->login && route->perm < TF_LOGIN)
            || (rule->right && route->perm < TF_CREATE)
            || (rule->path && strchr(route->path, '{') == NULL)
            || (rule->unsafe && !document_unsafe(route))
            || (rule->body && !route->body && !route->upload)
            || (rule->run && !ngx_tf_route_waits(route))
            || (rule->data && route->perm == TF_PUBLIC))
        {
            continue;
        }

        codes[n++] = rule->code;
    }

    if (route->perm == TF_ADMIN) {
        codes[n++] = TF_E_ADMIN_PERMISSION_REQUIRED;
    }

    for (c = route->constraints; c && c->name && n < NGX_TF_CODES_MAX; c++) {
        codes[n++] = c->code;
    }

    for (e = route->errors; e && *e && n < NGX_TF_CODES_MAX; e++) {
        codes[n++] = *e;
    }

    return n;
}


static void
document_components(tf_buf_t *b)
{
    document_lit(b,
        ",'components':{"
        "'securitySchemes':{"
        "'session':{'type':'apiKey','in':'cookie',"
        "'name':'taifish_session','description':'set by"
        " POST /api/v1/auth/login; called __Host-taifish_session over TLS'},"
        "'token':{'type':'http','scheme':'bearer',"
        "'description':'made by POST /api/v1/auth/tokens'}},"

        "'parameters':{'csrf':{'in':'header',"
        "'name':'X-CSRFToken','schema':{'type':'string'},"
        "'description':'from GET /api/v1/auth/csrf-token; not needed with"
        " an API token'},"
        "'prefer':{'in':'header','name':'Prefer',"
        "'schema':{'type':'string','examples':['respond-async']},"
        "'description':'respond-async: the answer is 202 with run_id at once,"
        " and nothing waits for the run'}},"

        "'responses':{'Run':{'description':'not done yet: follow"
        " run_id','content':{'application/json':{'schema':{'allOf':["
        "{'$ref':'#/components/schemas/Success'},{'type':'object',"
        "'required':['data'],'properties':{'data':{'type':'object',"
        "'required':['run_id'],'properties':{'run_id':{'type':'string',"
        "'format':'uuid'}}}}}]}}}}},"

        "'schemas':{'Success':{'type':'object','required':['success','error',"
        "'message','timestamp'],'properties':{'success':{'const':true},"
        "'error':{'const':false},'message':{'type':'string'},"
        "'timestamp':{'type':'string','format':'date-time'}}},"

        "'Failure':{'type':'object','required':['success','error','error_id',"
        "'category','severity','message_code','message','timestamp',"
        "'recoverable','suggestions','context'],"
        "'properties':{'success':{'const':false},'error':{'const':true},"
        "'error_id':{'type':'string'},'category':{'enum':['validation',"
        "'business','authentication','authorization','security','database',"
        "'external','network','system','unknown']},'severity':{'enum':['low',"
        "'medium','high','critical']},'message_code':{'type':'string'},"
        "'message':{'type':'string'},'timestamp':{'type':'string',"
        "'format':'date-time'},'recoverable':{'type':'boolean'},"
        "'suggestions':{'type':'array','items':{'type':'string'}},"
        "'context':{'type':'object','properties':{'url':{'type':'string'},"
        "'method':{'type':'string'},'request_id':{'type':'string'},"
        "'user_id':{'type':'integer'}}},'extra':{'type':'object',"
        "'properties':{'field':{'type':'string'},"
        "'detail':{'type':'string'}}}}}}}");
}


static const char *
document_method(ngx_uint_t method)
{
    switch (method) {

    case NGX_HTTP_GET:
        return "get";

    case NGX_HTTP_POST:
        return "post";

    case NGX_HTTP_PUT:
        return "put";

    case NGX_HTTP_PATCH:
        return "patch";

    default:
        return "delete";
    }
}
