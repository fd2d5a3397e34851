
/*
 * What this is, and the API document.  The document is made when a route
 * changes (make document) and built into the module.
 */


#include "ngx_tf.h"
#include "tf_document.h"
#include "tf_release.h"


static ngx_int_t ngx_tf_document_index(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_document(ngx_tf_op_t *op);


const ngx_tf_route_t  ngx_tf_document_routes[] = {

    { NGX_TF_ROUTE(GET, "/", TF_PUBLIC, "What this is and where to read on"),
      .next = ngx_tf_document_index,
      .render = NGX_TF_CUSTOM,
      .schema = "{'type':'object','required':['name','version','openapi'],"
                "'properties':{'name':{'type':'string'},"
                "'version':{'type':'string'},'openapi':{'type':'string'},"
                "'openapi_url':{'type':'string'},'docs_url':{'type':'string'},"
                "'swagger_url':{'type':'string'},"
                "'health_ping_url':{'type':'string'}}}" },

    { NGX_TF_ROUTE(GET, "/openapi.json", TF_PUBLIC, "This document"),
      .next = ngx_tf_document,
      .render = NGX_TF_CUSTOM,
      .schema = "application/json" },

    { .method = 0 }
};


static ngx_int_t
ngx_tf_document_index(ngx_tf_op_t *op)
{
    return ngx_tf_op_reply(op, NGX_HTTP_OK,
                           tf_str("{\"name\":\"TaiFish\","
                                  "\"version\":\"" TF_RELEASE "\","
                                  "\"openapi\":\"/api/v1/openapi.json\","
                                  "\"openapi_url\":"
                                  "\"/api/v1/openapi.json\","
                                  "\"docs_url\":\"/api/v1/docs\","
                                  "\"swagger_url\":\"/api/v1/docs\","
                                  "\"health_ping_url\":"
                                  "\"/api/v1/health/ping\"}"));
}


static ngx_int_t
ngx_tf_document(ngx_tf_op_t *op)
{
    tf_str_t  text;

    text.data = (u_char *) tf_document;
    text.len = tf_document_len;

    return ngx_tf_op_reply_text(op, NGX_TF_REPLY_JSON, text);
}
