
/*
 * The state of this host and of what it needs, for the dashboard.
 */


#include "ngx_tf.h"
#include "ngx_tf_count.h"
#include "ngx_tf_health.h"
#include "ngx_tf_redis.h"


#define NGX_TF_HEALTH_STATUS_PERCENT                                         \
    "{'type':['integer','null'],'minimum':0,'maximum':100}"
#define NGX_TF_HEALTH_STATUS_WORD                                            \
    "{'enum':['healthy','unhealthy']}"


static ngx_int_t ngx_tf_health_status_show(ngx_tf_op_t *op);
static void ngx_tf_health_status_percent(tf_buf_t *b, const char *name,
    ngx_int_t percent);


const ngx_tf_route_t  ngx_tf_health_status_routes[] = {

    { NGX_TF_ROUTE(GET, "/dashboard/status", TF_LOGIN,
                   "How busy this host is, and whether PostgreSQL and Redis "
                   "answer"),
      .next = ngx_tf_health_status_show,
      .render = NGX_TF_CUSTOM,
      .schema = "{'type':'object','required':['cpu','memory','disk',"
                "'database','redis','uptime'],'properties':{"
                "'cpu':" NGX_TF_HEALTH_STATUS_PERCENT ","
                "'memory':" NGX_TF_HEALTH_STATUS_PERCENT ","
                "'disk':" NGX_TF_HEALTH_STATUS_PERCENT ","
                "'database':" NGX_TF_HEALTH_STATUS_WORD ","
                "'redis':" NGX_TF_HEALTH_STATUS_WORD ","
                "'uptime':{'type':'integer'}}}" },

    { .method = 0 }
};


static ngx_int_t
ngx_tf_health_status_show(ngx_tf_op_t *op)
{
    tf_buf_t                  b;
    tf_str_t                  data;
    ngx_tf_pg_state_t         pg;
    ngx_tf_redis_state_t      redis;
    ngx_tf_health_machine_t   m;

    ngx_tf_pg_state(&pg);
    ngx_tf_redis_state(&redis);
    ngx_tf_health_machine(&m);

    tf_buf_init(&b, &op->mem, 256, 1024);
    tf_buf_char(&b, '{');
    ngx_tf_health_status_percent(&b, "cpu", m.cpu);
    ngx_tf_health_status_percent(&b, "memory", m.memory);
    ngx_tf_health_status_percent(&b, "disk", m.disk);
    tf_json_member(&b, "database", tf_str(pg.up ? "healthy" : "unhealthy"));
    tf_json_member(&b, "redis", tf_str(redis.up ? "healthy" : "unhealthy"));
    tf_json_key(&b, "uptime");
    tf_buf_int(&b, ngx_time() - ngx_tf_count_read()->started);
    tf_buf_char(&b, '}');

    if (tf_buf_done(&b, &data) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK, data);
}


static void
ngx_tf_health_status_percent(tf_buf_t *b, const char *name, ngx_int_t percent)
{
    tf_json_key(b, name);

    if (percent < 0) {
        tf_buf_lit(b, "null");

    } else {
        tf_buf_int(b, percent);
    }
}
