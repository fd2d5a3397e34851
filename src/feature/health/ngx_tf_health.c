
/*
 * Is it well?  live: the process answers.  ready: it can do its work; what a
 * load balancer asks.  The others tell people and monitors more.  None of the
 * public ones needs PostgreSQL to answer.
 */


#include "ngx_tf.h"
#include "ngx_tf_count.h"
#include "ngx_tf_health.h"
#include "ngx_tf_redis.h"
#include "tf_release.h"


#define NGX_TF_HEALTH_STATUS                                                 \
    "'status':{'enum':['healthy','unhealthy']}"
#define NGX_TF_HEALTH_PART                                                   \
    NGX_TF_HEALTH_STATUS ",'healthy':{'type':'boolean'}"
#define NGX_TF_HEALTH_PERCENT  "{'type':['integer','null']}"
#define NGX_TF_HEALTH_COUNT    "{'type':'integer'}"
#define NGX_TF_HEALTH_TIME                                                   \
    "'timestamp':{'type':'string','format':'date-time'}"

#define NGX_TF_HEALTH_SCHEMA                                                 \
    "{'type':'object','required':['status','database','redis',"              \
    "'timestamp','uptime'],'properties':{" NGX_TF_HEALTH_STATUS ","          \
    "'database':{'enum':['connected','disconnected']},"                      \
    "'redis':{'enum':['connected','disconnected']},"                         \
    NGX_TF_HEALTH_TIME ",'uptime':" NGX_TF_HEALTH_COUNT "}}"

#define NGX_TF_HEALTH_STATUS_SCHEMA(word)                                    \
    "{'type':'object','required':['status'],'properties':{"                  \
    "'status':{'enum':['" word "']}}}"


static ngx_int_t ngx_tf_health_ping(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_health_live(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_health_ready(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_health_basic(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_health(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_health_cache(ngx_tf_op_t *op);
static ngx_int_t ngx_tf_health_detailed(ngx_tf_op_t *op);
static void ngx_tf_health_database(tf_buf_t *b, ngx_tf_pg_state_t *pg);
static void ngx_tf_health_redis(tf_buf_t *b);
static ngx_uint_t ngx_tf_health_system(tf_buf_t *b);
static void ngx_tf_health_workers(ngx_tf_op_t *op, tf_buf_t *b);
static void ngx_tf_health_part(tf_buf_t *b, ngx_uint_t healthy);
static void ngx_tf_health_status(tf_buf_t *b, ngx_uint_t healthy);
static void ngx_tf_health_percent(tf_buf_t *b, const char *name,
    ngx_int_t percent);
static void ngx_tf_health_timestamp(tf_buf_t *b);
static ngx_int_t ngx_tf_health_reply(ngx_tf_op_t *op, tf_buf_t *b);


const ngx_tf_route_t  ngx_tf_health_routes[] = {

    { NGX_TF_ROUTE(GET, "//health", TF_PUBLIC, "Health in short"),
      .next = ngx_tf_health,
      .render = NGX_TF_CUSTOM,
      .schema = NGX_TF_HEALTH_SCHEMA },

    { NGX_TF_ROUTE(GET, "//health/live", TF_PUBLIC,
                   "Whether the process answers"),
      .next = ngx_tf_health_live,
      .render = NGX_TF_CUSTOM,
      .schema = NGX_TF_HEALTH_STATUS_SCHEMA("live") },

    { NGX_TF_ROUTE(GET, "//health/ready", TF_PUBLIC,
                   "Whether requests can be served; 503 if not"),
      .sql = { TF_SQL_health_schema },
      .next = ngx_tf_health_ready,
      .render = NGX_TF_CUSTOM,
      .schema = NGX_TF_HEALTH_STATUS_SCHEMA("ready") },

    { NGX_TF_ROUTE(GET, "/health", TF_PUBLIC, "Health in short"),
      .next = ngx_tf_health,
      .render = NGX_TF_CUSTOM,
      .schema = NGX_TF_HEALTH_SCHEMA },

    { NGX_TF_ROUTE(GET, "/health/ping", TF_PUBLIC,
                   "Whether the process answers"),
      .next = ngx_tf_health_ping,
      .render = NGX_TF_CUSTOM,
      .schema = NGX_TF_HEALTH_STATUS_SCHEMA("ok") },

    { NGX_TF_ROUTE(GET, "/health/basic", TF_PUBLIC,
                   "That the process answers, and its release"),
      .next = ngx_tf_health_basic,
      .render = NGX_TF_CUSTOM,
      .schema = "{'type':'object','required':['status','timestamp','version'],"
                "'properties':{"
                NGX_TF_HEALTH_STATUS "," NGX_TF_HEALTH_TIME ","
                "'version':{'type':'string'}}}" },

    { NGX_TF_ROUTE(GET, "/health/cache", TF_LOGIN, "Health of Redis"),
      .next = ngx_tf_health_cache,
      .render = NGX_TF_CUSTOM,
      .schema = "{'type':'object','required':['healthy','status'],"
                "'properties':{'healthy':{'type':'boolean'},"
                "'status':{'enum':['connected','disconnected']}}}" },

    { NGX_TF_ROUTE(GET, "/health/detailed", TF_PUBLIC,
                   "Health of all components"),
      .sql = { TF_SQL_health_workers },
      .next = ngx_tf_health_detailed,
      .render = NGX_TF_CUSTOM,
      .schema = "{'type':'object','required':['status','timestamp','version',"
                "'components'],'properties':{"
                NGX_TF_HEALTH_STATUS "," NGX_TF_HEALTH_TIME ","
                "'version':{'type':'string'},'components':{'type':'object',"
                "'properties':{'database':{'type':'object','properties':{"
                NGX_TF_HEALTH_PART ",'waiting':" NGX_TF_HEALTH_COUNT ","
                "'in_flight':" NGX_TF_HEALTH_COUNT ","
                "'reconnects':" NGX_TF_HEALTH_COUNT ","
                "'rejected':" NGX_TF_HEALTH_COUNT "}},"
                "'cache':{'type':'object','properties':{"
                NGX_TF_HEALTH_PART ",'reconnects':" NGX_TF_HEALTH_COUNT ","
                "'subscriptions':" NGX_TF_HEALTH_COUNT "}},"
                "'system':{'type':'object','properties':{"
                NGX_TF_HEALTH_PART ",'cpu_percent':" NGX_TF_HEALTH_PERCENT
                ",'memory_percent':" NGX_TF_HEALTH_PERCENT
                ",'disk_percent':" NGX_TF_HEALTH_PERCENT "}},"
                "'workers':{'type':'object',"
                "'properties':{'status':{'enum':['healthy','unhealthy',"
                "'unknown']},'healthy':{'type':['boolean','null']},"
                "'alive':{'type':['integer','null']},"
                "'last_seen_at':{'type':['string','null'],"
                "'format':'date-time'}}}}}}}" },

    { .method = 0 }
};


static ngx_int_t
ngx_tf_health_ping(ngx_tf_op_t *op)
{
    return ngx_tf_op_reply(op, NGX_HTTP_OK, tf_str("{\"status\":\"ok\"}"));
}


static ngx_int_t
ngx_tf_health_live(ngx_tf_op_t *op)
{
    return ngx_tf_op_reply(op, NGX_HTTP_OK, tf_str("{\"status\":\"live\"}"));
}


/*
 * A schema newer than ours is fine, because migrations only add to what we
 * use; but it is news, once, when an older nginx was started again.
 */

static ngx_int_t
ngx_tf_health_ready(ngx_tf_op_t *op)
{
    tf_str_t          text, role;
    ngx_int_t         version;
    static ngx_int_t  logged = TF_SCHEMA_VERSION;

    if (op->step == 0) {
        return ngx_tf_op_send(op, op->route->sql, 1);
    }

    text = tf_row_get(op->res[0], 0, "version");
    version = ngx_atoi(text.data, text.len);

    if (version < TF_SCHEMA_VERSION) {
        return ngx_tf_request_fail(op, TF_E_SERVICE_UNAVAILABLE, NULL,
                                   "the schema is old: run taifish-worker "
                                   "migrate");
    }

    if (tf_row_get(op->res[0], 0, "well").data[0] != 't') {
        role = tf_row_get(op->res[0], 0, "role");
        ngx_log_error(NGX_LOG_ERR, op->r->connection->log, 0,
                      "taifish: role %*s may not do nginx's work: use a member "
                      "of taifish_api", role.len, role.data);
        return ngx_tf_request_fail(op, TF_E_SERVICE_UNAVAILABLE, NULL,
                                   "the role of DATABASE_URL may not do "
                                   "nginx's work: use a member of taifish_api");
    }

    if (version > logged) {
        logged = version;
        ngx_log_error(NGX_LOG_WARN, op->r->connection->log, 0,
                      "taifish: the schema is newer (%i) than this module (%d)",
                      version, TF_SCHEMA_VERSION);
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK, tf_str("{\"status\":\"ready\"}"));
}


static ngx_int_t
ngx_tf_health_basic(ngx_tf_op_t *op)
{
    tf_buf_t  b;

    tf_buf_init(&b, &op->mem, 256, 1024);
    tf_buf_char(&b, '{');
    ngx_tf_health_status(&b, 1);
    ngx_tf_health_timestamp(&b);
    tf_json_member(&b, "version", tf_str(TF_RELEASE));
    tf_buf_char(&b, '}');

    return ngx_tf_health_reply(op, &b);
}


static ngx_int_t
ngx_tf_health(ngx_tf_op_t *op)
{
    tf_buf_t              b;
    ngx_tf_pg_state_t     pg;
    ngx_tf_redis_state_t  redis;

    ngx_tf_pg_state(&pg);
    ngx_tf_redis_state(&redis);

    tf_buf_init(&b, &op->mem, 256, 1024);
    tf_buf_char(&b, '{');
    ngx_tf_health_status(&b, pg.up);
    tf_json_member(&b, "database", tf_str(pg.up ? "connected"
                                                : "disconnected"));
    tf_json_member(&b, "redis", tf_str(redis.up ? "connected"
                                                : "disconnected"));
    ngx_tf_health_timestamp(&b);
    tf_json_key(&b, "uptime");
    tf_buf_int(&b, ngx_time() - ngx_tf_count_read()->started);
    tf_buf_char(&b, '}');

    return ngx_tf_health_reply(op, &b);
}


static ngx_int_t
ngx_tf_health_cache(ngx_tf_op_t *op)
{
    tf_buf_t              b;
    ngx_tf_redis_state_t  redis;

    ngx_tf_redis_state(&redis);

    tf_buf_init(&b, &op->mem, 128, 1024);
    tf_buf_char(&b, '{');
    tf_json_key(&b, "healthy");
    tf_buf_lit(&b, redis.up ? "true" : "false");
    tf_json_member(&b, "status", tf_str(redis.up ? "connected"
                                                 : "disconnected"));
    tf_buf_char(&b, '}');

    return ngx_tf_health_reply(op, &b);
}


static ngx_int_t
ngx_tf_health_detailed(ngx_tf_op_t *op)
{
    tf_buf_t                b, parts;
    tf_str_t                components;
    ngx_uint_t              healthy;
    ngx_tf_pg_state_t       pg;

    ngx_tf_pg_state(&pg);

    if (op->step == 0 && pg.up) {
        return ngx_tf_op_send(op, op->route->sql, 1);
    }

    tf_buf_init(&parts, &op->mem, 1024, 4096);
    tf_buf_char(&parts, '{');
    ngx_tf_health_database(&parts, &pg);
    ngx_tf_health_redis(&parts);
    healthy = ngx_tf_health_system(&parts) && pg.up;
    ngx_tf_health_workers(op, &parts);
    tf_buf_char(&parts, '}');

    if (tf_buf_done(&parts, &components) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    tf_buf_init(&b, &op->mem, components.len + 256, 8192);
    tf_buf_char(&b, '{');
    ngx_tf_health_status(&b, healthy);
    ngx_tf_health_timestamp(&b);
    tf_json_member(&b, "version", tf_str(TF_RELEASE));
    tf_json_key(&b, "components");
    tf_buf_str(&b, components);
    tf_buf_char(&b, '}');

    return ngx_tf_health_reply(op, &b);
}


static void
ngx_tf_health_database(tf_buf_t *b, ngx_tf_pg_state_t *pg)
{
    tf_json_key(b, "database");
    tf_buf_char(b, '{');
    ngx_tf_health_part(b, pg->up);
    tf_json_key(b, "waiting");
    tf_buf_int(b, pg->waiting);
    tf_json_key(b, "in_flight");
    tf_buf_int(b, pg->in_flight);
    tf_json_key(b, "reconnects");
    tf_buf_int(b, pg->reconnects);
    tf_json_key(b, "rejected");
    tf_buf_int(b, pg->rejected);
    tf_buf_char(b, '}');
}


static void
ngx_tf_health_redis(tf_buf_t *b)
{
    ngx_tf_redis_state_t  redis;

    ngx_tf_redis_state(&redis);

    tf_json_key(b, "cache");
    tf_buf_char(b, '{');
    ngx_tf_health_part(b, redis.up);
    tf_json_key(b, "reconnects");
    tf_buf_int(b, redis.reconnects);
    tf_json_key(b, "subscriptions");
    tf_buf_int(b, redis.subscriptions);
    tf_buf_char(b, '}');
}


static ngx_uint_t
ngx_tf_health_system(tf_buf_t *b)
{
    ngx_uint_t                healthy;
    ngx_tf_health_machine_t   m;

    ngx_tf_health_machine(&m);

    healthy = m.cpu <= NGX_TF_HEALTH_LIMIT && m.memory <= NGX_TF_HEALTH_LIMIT
              && m.disk <= NGX_TF_HEALTH_LIMIT;

    tf_json_key(b, "system");
    tf_buf_char(b, '{');
    ngx_tf_health_part(b, healthy);
    ngx_tf_health_percent(b, "cpu_percent", m.cpu);
    ngx_tf_health_percent(b, "memory_percent", m.memory);
    ngx_tf_health_percent(b, "disk_percent", m.disk);
    tf_buf_char(b, '}');

    return healthy;
}


/* Without an answer of PostgreSQL nobody knows. */

static void
ngx_tf_health_workers(ngx_tf_op_t *op, tf_buf_t *b)
{
    tf_str_t  alive;

    tf_json_key(b, "workers");

    if (op->step == 0) {
        tf_buf_lit(b, "{\"status\":\"unknown\",\"healthy\":null,\"alive\":null,"
                   "\"last_seen_at\":null}");
        return;
    }

    alive = tf_row_get(op->res[0], 0, "alive");

    tf_row_object(b, op->res[0], 0);

    /* into the row's object */

    if (!b->failed) {
        b->last--;
    }

    ngx_tf_health_part(b, !tf_str_eq(alive, "0"));
    tf_buf_char(b, '}');
}


static void
ngx_tf_health_part(tf_buf_t *b, ngx_uint_t healthy)
{
    ngx_tf_health_status(b, healthy);
    tf_json_key(b, "healthy");
    tf_buf_lit(b, healthy ? "true" : "false");
}


static void
ngx_tf_health_status(tf_buf_t *b, ngx_uint_t healthy)
{
    tf_json_member(b, "status", tf_str(healthy ? "healthy" : "unhealthy"));
}


static void
ngx_tf_health_percent(tf_buf_t *b, const char *name, ngx_int_t percent)
{
    tf_json_key(b, name);

    if (percent < 0) {
        tf_buf_lit(b, "null");

    } else {
        tf_buf_int(b, percent);
    }
}


static void
ngx_tf_health_timestamp(tf_buf_t *b)
{
    ngx_tf_reply_time(b, "timestamp", ngx_time());
}


static ngx_int_t
ngx_tf_health_reply(ngx_tf_op_t *op, tf_buf_t *b)
{
    tf_str_t  data;

    if (tf_buf_done(b, &data) != TF_OK) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    return ngx_tf_op_reply(op, NGX_HTTP_OK, data);
}
