
/*
 * GET /openapi.json: asks PostgreSQL about the columns, a few statements at a
 * time, and keeps the document for as long as the nginx worker lives.
 */


#include "ngx_tf_openapi.h"
#include "ngx_tf_conf.h"
#include "ngx_tf_router.h"
#include "tf_release.h"


#define NGX_TF_OPENAPI_MAX  (8 * 1024 * 1024)


typedef struct {
    ngx_tf_openapi_t     doc;
    ngx_uint_t           nsql;
    ngx_uint_t           done;          /* of sql: columns are known */
    tf_sql_e             sql[TF_SQL_END];
} ngx_tf_openapi_ctx_t;


static ngx_int_t ngx_tf_openapi_index(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_openapi(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_openapi_begin(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_openapi_ask(ngx_tf_op_t *op,
    ngx_tf_openapi_ctx_t *ctx);
static ngx_int_t ngx_tf_openapi_columns(ngx_tf_op_t *op, tf_sql_e sql,
    PGresult *res);
static ngx_int_t ngx_tf_openapi_make(ngx_tf_op_t *op,
    ngx_tf_openapi_ctx_t *ctx);
static ngx_int_t ngx_tf_openapi_reply(ngx_tf_op_t *op);


/* the document of this process once it is made */

static tf_str_t  ngx_tf_openapi_text;


const ngx_tf_route_t  ngx_tf_openapi_routes[] = {

    { NGX_TF_ROUTE(GET, "/", TF_PUBLIC, "What this is and where to read on"),
      .next = ngx_tf_openapi_index,
      .render = NGX_TF_CUSTOM,
      .schema = "{\"type\":\"object\",\"required\":[\"name\","
                "\"version\",\"openapi\"],\"properties\":{"
                "\"name\":{\"type\":\"string\"},"
                "\"version\":{\"type\":\"string\"},"
                "\"openapi\":{\"type\":\"string\"}}}" },

    { NGX_TF_ROUTE(GET, "/openapi.json", TF_PUBLIC, "This document"),
      .next = ngx_tf_openapi,
      .render = NGX_TF_CUSTOM,
      .schema = "application/json" },

    { .method = 0 }
};


static ngx_int_t
ngx_tf_openapi_index(ngx_tf_op_t *op)
{
    return ngx_tf_op_reply(op, NGX_HTTP_OK,
                           tf_str("{\"name\":\"TaiFish\","
                                  "\"version\":\"" TF_RELEASE "\","
                                  "\"openapi\":\"" NGX_TF_PREFIX
                                  "/openapi.json\"}"));
}


static ngx_int_t
ngx_tf_openapi(ngx_tf_op_t *op)
{
    ngx_uint_t             i;
    ngx_tf_openapi_ctx_t  *ctx;

    if (ngx_tf_openapi_text.len) {
        return ngx_tf_openapi_reply(op);
    }

    if (op->step == 0) {
        return ngx_tf_openapi_begin(op);
    }

    ctx = op->ctx;

    for (i = 0; i < op->nres; i++) {
        if (ngx_tf_openapi_columns(op, ctx->sql[ctx->done + i], op->res[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ctx->done += op->nres;

    if (ctx->done < ctx->nsql) {
        return ngx_tf_openapi_ask(op, ctx);
    }

    return ngx_tf_openapi_make(op, ctx);
}


static ngx_int_t
ngx_tf_openapi_begin(ngx_tf_op_t *op)
{
    u_char                *seen;
    tf_sql_e               sql[2];
    ngx_uint_t             i, n;
    ngx_tf_openapi_ctx_t  *ctx;
    const ngx_tf_route_t  *route;
    const ngx_tf_routes_t *table;

    ctx = ngx_pcalloc(op->r->pool, sizeof(ngx_tf_openapi_ctx_t));
    seen = ngx_pcalloc(op->r->pool, TF_SQL_END);

    if (ctx == NULL || seen == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    op->ctx = ctx;

    for (table = ngx_tf_conf()->routes; table->name; table++) {
        for (route = table->routes; route->method; route++) {
            n = ngx_tf_openapi_sql(route, sql);

            for (i = 0; i < n; i++) {
                if (!seen[sql[i]]) {
                    seen[sql[i]] = 1;
                    ctx->sql[ctx->nsql++] = sql[i];
                }
            }
        }
    }

    return ctx->nsql ? ngx_tf_openapi_ask(op, ctx)
                     : ngx_tf_openapi_make(op, ctx);
}


static ngx_int_t
ngx_tf_openapi_ask(ngx_tf_op_t *op, ngx_tf_openapi_ctx_t *ctx)
{
    ngx_tf_pg_unit_t  *u;

    u = ngx_tf_pg_describe(&ctx->sql[ctx->done],
                           ngx_min(ctx->nsql - ctx->done, NGX_TF_SQL_MAX));
    if (u == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    return ngx_tf_op_await(op, u);
}


/* The results do not stay; what they say does. */

static ngx_int_t
ngx_tf_openapi_columns(ngx_tf_op_t *op, tf_sql_e sql, PGresult *res)
{
    size_t             len;
    u_char            *name;
    ngx_uint_t         i;
    ngx_tf_columns_t  *c;

    c = &((ngx_tf_openapi_ctx_t *) op->ctx)->doc.columns[sql];

    c->n = PQnfields(res);
    c->names = ngx_palloc(op->r->pool, (c->n + 1) * sizeof(char *));
    c->types = ngx_palloc(op->r->pool, (c->n + 1) * sizeof(unsigned));

    if (c->names == NULL || c->types == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    for (i = 0; i < c->n; i++) {
        len = ngx_strlen(PQfname(res, i)) + 1;

        name = ngx_pnalloc(op->r->pool, len);
        if (name == NULL) {
            return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
        }

        ngx_memcpy(name, PQfname(res, i), len);

        c->names[i] = (char *) name;
        c->types[i] = PQftype(res, i);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_tf_openapi_make(ngx_tf_op_t *op, ngx_tf_openapi_ctx_t *ctx)
{
    u_char    *p;
    tf_buf_t   b;
    tf_str_t   text;

    tf_buf_init(&b, &op->mem, 256 * 1024, NGX_TF_OPENAPI_MAX);
    ngx_tf_openapi_write(&b, &ctx->doc);

    if (tf_buf_done(&b, &text) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                   "the API document could not be made");
    }

    /* two requests may have asked at once */

    if (ngx_tf_openapi_text.len == 0) {
        p = ngx_alloc(text.len, ngx_cycle->log);
        if (p == NULL) {
            return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
        }

        ngx_memcpy(p, text.data, text.len);

        ngx_tf_openapi_text.data = p;
        ngx_tf_openapi_text.len = text.len;
    }

    return ngx_tf_openapi_reply(op);
}


static ngx_int_t
ngx_tf_openapi_reply(ngx_tf_op_t *op)
{
    return ngx_tf_op_reply_text(op, NGX_TF_REPLY_JSON, ngx_tf_openapi_text);
}
