
/*
 * Caches: Redis, which only carries news, and that of rules, which is empty
 * because every job reads them.
 */


#include "ngx_tf.h"
#include "ngx_tf_redis.h"


static ngx_int_t ngx_tf_cache_stats(ngx_tf_op_t *op);


static const tf_param_t  ngx_tf_cache_body[] = {
    { "db_type", TF_P_STR, 0, 1, 32, NULL, NULL, "only of this engine" },
    { .type = TF_P_END }
};


const ngx_tf_route_t  ngx_tf_cache_routes[] = {

    { NGX_TF_ROUTE(GET, "/cache/stats", TF_LOGIN, "State of Redis"),
      .next = ngx_tf_cache_stats,
      .render = NGX_TF_CUSTOM,
      .schema = "{'type':'object','required':['backend','status','reconnects',"
                "'subscriptions'],'properties':{'backend':{'enum':['redis']},"
                "'status':{'enum':['connected','disconnected']},"
                "'reconnects':{'type':'integer'},"
                "'subscriptions':{'type':'integer'}}}" },

    { NGX_TF_ROUTE(GET, "/cache/classification/stats", TF_VIEW,
                   "State of the cache of rules"),
      .sql = { TF_SQL_cache_classification_stats } },

    { NGX_TF_ROUTE(POST, "/cache/actions/clear-classification", TF_UPDATE,
                   "Forget cached rules"),
      .audit = TF_AUDIT_CACHE_CLEAR,
      .body = ngx_tf_cache_body,
      .sql = { TF_SQL_cache_clear_classification } },

    { .method = 0 }
};


static ngx_int_t
ngx_tf_cache_stats(ngx_tf_op_t *op)
{
    tf_buf_t              b;
    tf_str_t              data;
    ngx_tf_redis_state_t  redis;

    ngx_tf_redis_state(&redis);

    tf_buf_init(&b, &op->mem, 128, 1024);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "backend", tf_str("redis"));
    tf_json_member(&b, "status", tf_str(redis.up ? "connected"
                                                 : "disconnected"));
    tf_json_key(&b, "reconnects");
    tf_buf_int(&b, redis.reconnects);
    tf_json_key(&b, "subscriptions");
    tf_buf_int(&b, redis.subscriptions);
    tf_buf_char(&b, '}');

    if (tf_buf_done(&b, &data) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK, data);
}
