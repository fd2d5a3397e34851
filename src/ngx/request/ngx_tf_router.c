
#include "ngx_tf_audit.h"
#include "ngx_tf_input.h"
#include "ngx_tf_router.h"


/* A node stands for one segment of a path; its children for the next one. */

typedef struct ngx_tf_node_s  ngx_tf_node_t;

typedef enum { NGX_TF_LITERAL = 0, NGX_TF_INTEGER, NGX_TF_UUID,
    NGX_TF_TEXT } ngx_tf_segment_e;

#define NGX_TF_METHODS  5

struct ngx_tf_node_s {
    ngx_str_t                segment;
    ngx_tf_segment_e         type;
    ngx_tf_node_t           *child;
    ngx_tf_node_t           *next;
    const ngx_tf_route_t    *route[NGX_TF_METHODS];
    const char              *group[NGX_TF_METHODS];
    ngx_uint_t               index[NGX_TF_METHODS];
    const char             **names[NGX_TF_METHODS];
    const char              *path[NGX_TF_METHODS];
};

struct ngx_tf_router_s {
    ngx_tf_node_t            root;
    ngx_uint_t               n;             /* rows */
    ngx_array_t             *paths;         /* theirs, without types */
};


static ngx_int_t ngx_tf_router_add(ngx_conf_t *cf, ngx_tf_router_t *router,
    const ngx_tf_route_t *route, const char *group);
static ngx_int_t ngx_tf_router_check(ngx_conf_t *cf,
    const ngx_tf_route_t *route);
static ngx_int_t ngx_tf_router_check_sql(ngx_conf_t *cf,
    const ngx_tf_route_t *route, tf_sql_e sql);
static ngx_int_t ngx_tf_router_check_names(ngx_conf_t *cf,
    const ngx_tf_route_t *route, const tf_param_t *params);
static const char *ngx_tf_router_plain(ngx_conf_t *cf, const char *path);
static ngx_tf_node_t *ngx_tf_router_child(ngx_conf_t *cf, ngx_tf_node_t *node,
    ngx_str_t *segment);
static const char *ngx_tf_router_name(ngx_conf_t *cf, ngx_str_t *segment);
static ngx_tf_segment_e ngx_tf_router_type(ngx_str_t *segment);
static ngx_uint_t ngx_tf_router_fits(ngx_tf_node_t *node, ngx_str_t *segment);
static ngx_int_t ngx_tf_router_method(ngx_uint_t method);
static ngx_uint_t ngx_tf_router_segment(u_char **p, u_char *end,
    ngx_str_t *segment);


static const ngx_uint_t  ngx_tf_router_methods[NGX_TF_METHODS] = {
    NGX_HTTP_GET, NGX_HTTP_POST, NGX_HTTP_PUT, NGX_HTTP_PATCH, NGX_HTTP_DELETE
};


ngx_tf_router_t *
ngx_tf_router_create(ngx_conf_t *cf, const ngx_tf_routes_t *tables,
    const ngx_tf_hooks_t *hooks)
{
    const tf_sql_e         *sql;
    ngx_tf_route_t          any;
    ngx_tf_router_t        *router;
    const ngx_tf_route_t   *route;
    const ngx_tf_routes_t  *table;

    router = ngx_pcalloc(cf->pool, sizeof(ngx_tf_router_t));
    if (router == NULL) {
        return NULL;
    }

    router->paths = ngx_array_create(cf->pool, 128, sizeof(char *));
    if (router->paths == NULL) {
        return NULL;
    }

    /* the hooks as a row that has nothing but what they set */

    ngx_memzero(&any, sizeof(ngx_tf_route_t));
    any.path = "(any)";
    any.sets = hooks->sets;

    for (sql = hooks->uses; *sql; sql++) {
        if (ngx_tf_router_check_sql(cf, &any, *sql) != NGX_OK) {
            return NULL;
        }
    }

    for (table = tables; table->name; table++) {
        for (route = table->routes; route->method; route++) {
            if (ngx_tf_router_check(cf, route) != NGX_OK
                || ngx_tf_router_add(cf, router, route, table->name) != NGX_OK)
            {
                return NULL;
            }
        }
    }

    return router;
}


/* "//health" stands outside of the prefix. */

static ngx_int_t
ngx_tf_router_add(ngx_conf_t *cf, ngx_tf_router_t *router,
    const ngx_tf_route_t *route, const char *group)
{
    u_char         *p, *end;
    ngx_int_t       m;
    ngx_str_t       path, segment;
    ngx_uint_t      n;
    const char    **names, **plain;
    ngx_tf_node_t  *node;

    plain = ngx_array_push(router->paths);
    names = ngx_pcalloc(cf->pool, (NGX_TF_PATH_MAX + 1) * sizeof(char *));
    path.data = ngx_pnalloc(cf->pool, sizeof(NGX_TF_PREFIX)
                                      + ngx_strlen(route->path));

    if (plain == NULL || names == NULL || path.data == NULL
        || (*plain = ngx_tf_router_plain(cf, route->path)) == NULL)
    {
        return NGX_ERROR;
    }

    p = (route->path[0] == '/' && route->path[1] == '/')
        ? path.data
        : ngx_cpymem(path.data, NGX_TF_PREFIX, sizeof(NGX_TF_PREFIX) - 1);

    end = ngx_cpymem(p, route->path, ngx_strlen(route->path));
    p = path.data;
    node = &router->root;
    n = 0;

    while (ngx_tf_router_segment(&p, end, &segment)) {
        node = ngx_tf_router_child(cf, node, &segment);
        if (node == NULL) {
            return NGX_ERROR;
        }

        if (node->type == NGX_TF_LITERAL) {

            if (segment.data[0] == '{') {
                goto bad;               /* a type that does not exist */
            }

        } else {
            if (n == NGX_TF_PATH_MAX) {
                goto bad;
            }

            if ((names[n++] = ngx_tf_router_name(cf, &segment)) == NULL) {
                return NGX_ERROR;
            }
        }
    }

    m = ngx_tf_router_method(route->method);

    if (m == NGX_ERROR || node->route[m]) {
        goto bad;
    }

    node->route[m] = route;
    node->group[m] = group;
    node->index[m] = router->n++;
    node->names[m] = names;
    node->path[m] = *plain;

    return NGX_OK;

bad:

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "taifish: route \"%s\" is bad or stands twice", route->path);
    return NGX_ERROR;
}


/* What is wrong with a row is found when nginx starts, not when it is first
 * called. */

static ngx_int_t
ngx_tf_router_check(ngx_conf_t *cf, const ngx_tf_route_t *route)
{
    ngx_uint_t       i;
    const char      *why;
    const tf_sql_e  *sql;

    why = ngx_tf_audit_check(route);

    if (why) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "taifish: route \"%s\" %s",
                      route->path, why);
        return NGX_ERROR;
    }

    if (route->perm == 0
        || (route->next == NULL && (route->sql[0] == TF_SQL_NONE || route->uses
                                    || route->sets)))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "taifish: route \"%s\" has no permission or no "
                      "statement, or what only next has use for",
                      route->path);
        return NGX_ERROR;
    }

    if (ngx_tf_router_check_names(cf, route, route->query) != NGX_OK
        || ngx_tf_router_check_names(cf, route, route->body) != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_TF_SQL_MAX && route->sql[i]; i++) {
        if (ngx_tf_router_check_sql(cf, route, route->sql[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    for (sql = route->uses; sql && *sql; sql++) {
        if (ngx_tf_router_check_sql(cf, route, *sql) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_tf_router_check_sql(ngx_conf_t *cf, const ngx_tf_route_t *route,
    tf_sql_e sql)
{
    ngx_uint_t        i;
    const tf_stmt_t  *stmt;

    stmt = &tf_sql[sql];

    for (i = 0; i < stmt->nparams; i++) {
        if (!ngx_tf_input_known(route, stmt->params[i])) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "taifish: route \"%s\" has no parameter \"%s\" "
                          "for statement %s",
                          route->path, stmt->params[i], stmt->name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* A name stands for one value. */

static ngx_int_t
ngx_tf_router_check_names(ngx_conf_t *cf, const ngx_tf_route_t *route,
    const tf_param_t *params)
{
    const tf_param_t  *p;

    for (p = params; p && p->type != TF_P_END; p++) {
        if (ngx_tf_input_given(route, p->name) != 1) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "taifish: route \"%s\" has parameter \"%s\" "
                          "more than once", route->path, p->name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_tf_node_t *
ngx_tf_router_child(ngx_conf_t *cf, ngx_tf_node_t *node, ngx_str_t *segment)
{
    ngx_tf_node_t     *child, **place;
    ngx_tf_segment_e   type;

    type = ngx_tf_router_type(segment);

    /* literals stand before parameters and so win over them */

    for (place = &node->child; *place; place = &(*place)->next) {
        child = *place;

        if (child->type == type
            && (type != NGX_TF_LITERAL
                || (child->segment.len == segment->len
                    && ngx_memcmp(child->segment.data, segment->data,
                                  segment->len)
                       == 0)))
        {
            return child;
        }

        if (child->type > type) {
            break;
        }
    }

    child = ngx_pcalloc(cf->pool, sizeof(ngx_tf_node_t));
    if (child == NULL) {
        return NULL;
    }

    child->segment = *segment;
    child->type = type;
    child->next = *place;
    *place = child;

    return child;
}


/* "id" out of "{id:uuid}" */

static const char *
ngx_tf_router_name(ngx_conf_t *cf, ngx_str_t *segment)
{
    size_t   len;
    u_char  *name;

    len = strcspn((char *) segment->data + 1, ":}");

    name = ngx_pnalloc(cf->pool, len + 1);
    if (name != NULL) {
        ngx_cpystrn(name, segment->data + 1, len + 1);
    }

    return (const char *) name;
}


static ngx_tf_segment_e
ngx_tf_router_type(ngx_str_t *segment)
{
    u_char  *type;

    if (segment->len < 3 || segment->data[0] != '{'
        || segment->data[segment->len - 1] != '}')
    {
        return NGX_TF_LITERAL;
    }

    type = ngx_strlchr(segment->data, segment->data + segment->len, ':');

    if (type == NULL) {
        return NGX_TF_INTEGER;
    }

    if (ngx_strncmp(type, ":uuid}", 6) == 0) {
        return NGX_TF_UUID;
    }

    return ngx_strncmp(type, ":text}", 6) == 0 ? NGX_TF_TEXT : NGX_TF_LITERAL;
}


/* "/task-runs/{run_id}" out of "/task-runs/{run_id:uuid}" */

static const char *
ngx_tf_router_plain(ngx_conf_t *cf, const char *path)
{
    u_char  *plain, *p;

    plain = ngx_pnalloc(cf->pool, ngx_strlen(path) + 1);
    if (plain == NULL) {
        return NULL;
    }

    for (p = plain; *path; path++) {
        if (*path == ':') {
            path += strcspn(path, "}");
        }

        *p++ = *path;
    }

    *p = '\0';

    return (const char *) plain;
}


ngx_int_t
ngx_tf_router_match(ngx_tf_router_t *router, ngx_tf_op_t *op)
{
    u_char              *p, *end;
    ngx_int_t            i;
    ngx_str_t            segment;
    ngx_tf_node_t       *node;
    ngx_tf_match_t      *m;
    ngx_http_request_t  *r;

    r = op->r;
    m = &op->in.match;
    op->route = NULL;
    m->group = NULL;
    m->n = 0;
    m->allowed = 0;

    p = r->uri.data;
    end = p + r->uri.len;
    node = &router->root;

    while (ngx_tf_router_segment(&p, end, &segment)) {

        for (node = node->child; node; node = node->next) {
            if (ngx_tf_router_fits(node, &segment)) {
                break;
            }
        }

        if (node == NULL) {
            ngx_tf_debug0(op, "no route of this path");
            return NGX_DECLINED;
        }

        if (node->type != NGX_TF_LITERAL) {
            m->values[m->n++] = segment;
        }
    }

    i = ngx_tf_router_method(r->method == NGX_HTTP_HEAD ? NGX_HTTP_GET
                                                        : r->method);
    if (i != NGX_ERROR && node->route[i]) {
        op->route = node->route[i];
        m->path = node->path[i];
        m->group = node->group[i];
        m->index = node->index[i];
        m->names = node->names[i];

        ngx_tf_debug2(op, "%V is for route %s", &r->method_name, m->path);

        return NGX_OK;
    }

    ngx_tf_debug0(op, "no route for this method");

    for (i = 0; i < NGX_TF_METHODS; i++) {
        if (node->route[i]) {
            m->allowed |= ngx_tf_router_methods[i];
        }
    }

    return NGX_DECLINED;
}


const char *
ngx_tf_router_path(ngx_tf_router_t *router, ngx_uint_t index)
{
    return ((const char **) router->paths->elts)[index];
}


static ngx_uint_t
ngx_tf_router_fits(ngx_tf_node_t *node, ngx_str_t *segment)
{
    size_t     i;
    u_char     c, *p;
    uint32_t   ch;

    switch (node->type) {

    case NGX_TF_LITERAL:
        return node->segment.len == segment->len
               && ngx_memcmp(node->segment.data, segment->data, segment->len)
                  == 0;

    case NGX_TF_INTEGER:

        /* 18 digits always fit a bigint */

        if (segment->len == 0 || segment->len > 18) {
            return 0;
        }

        for (i = 0; i < segment->len; i++) {
            if (segment->data[i] < '0' || segment->data[i] > '9') {
                return 0;
            }
        }

        return 1;

    case NGX_TF_UUID:

        if (segment->len != 36) {
            return 0;
        }

        for (i = 0; i < 36; i++) {
            c = segment->data[i] | 0x20;

            if (i == 8 || i == 13 || i == 18 || i == 23) {
                if (segment->data[i] != '-') {
                    return 0;
                }

            } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
                return 0;
            }
        }

        return 1;

    default: /* NGX_TF_TEXT */
        if (segment->len == 0 || segment->len > 255) {
            return 0;
        }

        for (p = segment->data; p < segment->data + segment->len; /* void */) {

            /* nginx decodes what is not ASCII only */

            ch = *p < 0x80 ? *p++
                 : ngx_utf8_decode(&p, segment->data + segment->len - p);

            if (ch == 0 || ch > 0x10ffff) {
                return 0;
            }
        }

        return 1;
    }
}


static ngx_int_t
ngx_tf_router_method(ngx_uint_t method)
{
    ngx_int_t  i;

    for (i = 0; i < NGX_TF_METHODS; i++) {
        if (ngx_tf_router_methods[i] == method) {
            return i;
        }
    }

    return NGX_ERROR;
}


/* Takes the next segment; empty ones do not count, so a slash at the end
 * changes nothing. */

static ngx_uint_t
ngx_tf_router_segment(u_char **p, u_char *end, ngx_str_t *segment)
{
    u_char  *s;

    for (s = *p; s < end && *s == '/'; s++) { /* void */ }

    if (s == end) {
        return 0;
    }

    segment->data = s;

    while (s < end && *s != '/') {
        s++;
    }

    segment->len = s - segment->data;
    *p = s;

    return 1;
}
