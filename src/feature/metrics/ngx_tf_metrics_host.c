
#include "ngx_tf_conf.h"
#include "ngx_tf_count.h"
#include "ngx_tf_metrics.h"
#include "ngx_tf_router.h"
#include "tf_release.h"


#define NGX_TF_METRICS_LABELS  512

typedef void (*ngx_tf_metrics_write_pt)(tf_buf_t *b,
    const ngx_tf_metrics_route_t *counted, const u_char *labels);


static void ngx_tf_metrics_about(tf_buf_t *b);
static void ngx_tf_metrics_routed(tf_buf_t *b, ngx_tf_metrics_write_pt write);
static const char *ngx_tf_metrics_method_of(const ngx_tf_route_t *route);
static void ngx_tf_metrics_requests(tf_buf_t *b,
    const ngx_tf_metrics_route_t *counted, const u_char *labels);
static void ngx_tf_metrics_durations(tf_buf_t *b,
    const ngx_tf_metrics_route_t *counted, const u_char *labels);
static void ngx_tf_metrics_line(tf_buf_t *b, const char *fmt, ...);


/* In the order of ngx_tf_count.c. */

static const char *const  ngx_tf_metrics_methods[NGX_TF_METRICS_METHODS] = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"
};


static const struct {
    ngx_tf_gauge_e       gauge;
    const char          *name;
    const char          *help;
} ngx_tf_metrics_gauges[] = {

    { NGX_TF_GAUGE_WORKER, "taifish_nginx_workers",
      "nginx workers, those included that end after a reload." },

    { NGX_TF_GAUGE_LEAVING, "taifish_nginx_workers_leaving",
      "nginx workers that finish their last requests after a reload." },

    { NGX_TF_GAUGE_REQUESTS, "taifish_http_requests_in_flight",
      "Requests being answered, the one for this page included." },

    { NGX_TF_GAUGE_STREAMS, "taifish_http_event_streams",
      "Open streams of events of runs." },

    { NGX_TF_GAUGE_HASHES, "taifish_password_hashes_in_flight",
      "Passwords being checked or waiting for it." },

    { NGX_TF_GAUGE_PG_UP, "taifish_postgres_pool_connected_workers",
      "nginx workers whose connection to PostgreSQL is ready." },

    { NGX_TF_GAUGE_PG_WAITING, "taifish_postgres_pool_waiting",
      "Units of statements waiting to be sent to PostgreSQL." },

    { NGX_TF_GAUGE_PG_IN_FLIGHT, "taifish_postgres_pool_in_flight",
      "Units of statements sent to PostgreSQL and not answered yet." },

    { NGX_TF_GAUGE_REDIS_UP, "taifish_redis_connected_workers",
      "nginx workers whose connection to Redis is ready." },

    { NGX_TF_GAUGE_REDIS_SUBSCRIPTIONS, "taifish_redis_subscriptions",
      "Channels of Redis that nginx workers listen to." }
};


static const struct {
    ngx_tf_counter_e     counter;
    const char          *name;
    const char          *help;
} ngx_tf_metrics_counters[] = {

    { NGX_TF_COUNTER_PG_REJECTED, "taifish_postgres_pool_rejected_total",
      "Units of statements refused because too many were waiting." },

    { NGX_TF_COUNTER_PG_RECONNECTS, "taifish_postgres_pool_reconnects_total",
      "Connections to PostgreSQL that were lost or could not be made." },

    { NGX_TF_COUNTER_REDIS_RECONNECTS, "taifish_redis_reconnects_total",
      "Connections to Redis that were lost or could not be made." },

    { NGX_TF_COUNTER_CONFIG_LOADS, "taifish_config_loads_total",
      "Times nginx has taken a configuration: its start and reloads." },

    { NGX_TF_COUNTER_LOG_WRITTEN, "taifish_log_events_written_total",
      "Events of nginx written to the application log." },

    { NGX_TF_COUNTER_LOG_DROPPED, "taifish_log_events_dropped_total",
      "Events of nginx that were dropped: too many waited, or the process "
      "ended." }
};


void
ngx_tf_metrics_host(tf_buf_t *b)
{
    ngx_uint_t                  i, sum[NGX_TF_GAUGES];
    const ngx_tf_metrics_sh_t  *sh;

    sh = ngx_tf_count_read();

    ngx_tf_count_sum(sum);
    ngx_tf_metrics_about(b);

    for (i = 0; i < sizeof(ngx_tf_metrics_gauges)
                    / sizeof(ngx_tf_metrics_gauges[0]); i++)
    {
        ngx_tf_metrics_host_family(b, ngx_tf_metrics_gauges[i].name, "gauge",
                                   ngx_tf_metrics_gauges[i].help);
        ngx_tf_metrics_line(b, "%s %ui\n", ngx_tf_metrics_gauges[i].name,
                            sum[ngx_tf_metrics_gauges[i].gauge]);
    }

    for (i = 0; i < sizeof(ngx_tf_metrics_counters)
                    / sizeof(ngx_tf_metrics_counters[0]); i++)
    {
        ngx_tf_metrics_host_family(b, ngx_tf_metrics_counters[i].name,
                                   "counter",
                                   ngx_tf_metrics_counters[i].help);
        ngx_tf_metrics_line(b, "%s %uA\n", ngx_tf_metrics_counters[i].name,
                            sh->counter[ngx_tf_metrics_counters[i].counter]);
    }

    ngx_tf_metrics_host_family(b, "taifish_http_requests_total", "counter",
                               "Requests that have ended, by route, method and "
                               "status.");
    ngx_tf_metrics_routed(b, ngx_tf_metrics_requests);

    ngx_tf_metrics_host_family(b, "taifish_http_request_duration_seconds",
                          "histogram", "From the first byte of a request to "
                               "the last of its answer; streams are left out.");
    ngx_tf_metrics_routed(b, ngx_tf_metrics_durations);
}


static void
ngx_tf_metrics_about(tf_buf_t *b)
{
    ngx_tf_redis_state_t  redis;

    ngx_tf_metrics_host_family(b, "taifish_build_info", "gauge",
                               "The releases of TaiFish and of nginx.");
    tf_buf_lit(b, "taifish_build_info{version=\"" TF_RELEASE "\",nginx=\""
               NGINX_VERSION "\"} 1\n");

    ngx_tf_metrics_host_family(b, "taifish_config_last_load_timestamp_seconds",
                               "gauge", "When the configuration in force was "
                               "taken.");
    ngx_tf_metrics_line(b, "taifish_config_last_load_timestamp_seconds %uA\n",
                        ngx_tf_count_read()->loaded);

    if (ngx_tf_conf()->redis == NULL) {
        return;
    }

    ngx_tf_redis_state(&redis);

    ngx_tf_metrics_host_family(b, "taifish_redis_up", "gauge",
                          "Whether the nginx worker that wrote this page is "
                                    "connected to Redis.");
    tf_buf_lit(b, redis.up ? "taifish_redis_up 1\n" : "taifish_redis_up 0\n");
}


/* Writes what was counted of each route, and of requests without one. */

static void
ngx_tf_metrics_routed(tf_buf_t *b, ngx_tf_metrics_write_pt write)
{
    ngx_uint_t                     i, m, n;
    const char                    *path;
    const ngx_tf_route_t          *route;
    const ngx_tf_routes_t         *table;
    const ngx_tf_metrics_route_t  *counted;
    u_char                         labels[NGX_TF_METRICS_LABELS];

    counted = ngx_tf_count_read()->routes;
    n = 0;

    for (table = ngx_tf_conf()->routes; table->name; table++) {
        for (route = table->routes; route->method; route++, counted++) {
            path = ngx_tf_router_path(ngx_tf_conf()->router, n++);

            /* "//health" stands outside of the prefix */

            (void) ngx_snprintf(labels, sizeof(labels),
                                "route=\"%s%s\",method=\"%s\"%Z",
                                path[1] == '/' ? "" : NGX_TF_PREFIX,
                                path[1] == '/' ? path + 1 : path,
                                ngx_tf_metrics_method_of(route));
            write(b, counted, labels);
        }
    }

    for (i = 0; i < 2; i++) {
        for (m = 0; m < NGX_TF_METRICS_METHODS; m++, counted++) {
            (void) ngx_snprintf(labels, sizeof(labels),
                                "route=\"%s\",method=\"%s\"%Z",
                                i ? "refused" : "unknown",
                                ngx_tf_metrics_methods[m]);
            write(b, counted, labels);
        }
    }
}


static const char *
ngx_tf_metrics_method_of(const ngx_tf_route_t *route)
{
    switch (route->method) {

    case NGX_HTTP_POST:
        return "POST";

    case NGX_HTTP_PUT:
        return "PUT";

    case NGX_HTTP_PATCH:
        return "PATCH";

    case NGX_HTTP_DELETE:
        return "DELETE";

    default:
        return "GET";
    }
}


static void
ngx_tf_metrics_requests(tf_buf_t *b, const ngx_tf_metrics_route_t *counted,
    const u_char *labels)
{
    ngx_uint_t         i;
    ngx_atomic_uint_t  n;

    for (i = 0; i < NGX_TF_METRICS_CODES; i++) {
        n = counted->requests[i];

        if (n == 0) {
            continue;
        }

        ngx_tf_metrics_line(b, "taifish_http_requests_total{%s,code=", labels);

        if (ngx_tf_metrics_codes[i]) {
            ngx_tf_metrics_line(b, "\"%ui\"} %uA\n", ngx_tf_metrics_codes[i],
                                n);
        } else {
            ngx_tf_metrics_line(b, "\"other\"} %uA\n", n);
        }
    }
}


static void
ngx_tf_metrics_durations(tf_buf_t *b, const ngx_tf_metrics_route_t *counted,
    const u_char *labels)
{
    ngx_uint_t         i;
    ngx_atomic_uint_t  n, msec, took[NGX_TF_METRICS_BUCKETS];

    /* the sum first: it may be short of what is counted, never more */

    msec = counted->msec;

    for (i = 0, n = 0; i < NGX_TF_METRICS_BUCKETS; i++) {
        n += counted->took[i];
        took[i] = n;
    }

    if (n == 0) {
        return;
    }

    for (i = 0; i < NGX_TF_METRICS_BUCKETS - 1; i++) {
        ngx_tf_metrics_line(b, "taifish_http_request_duration_seconds_bucket"
                            "{%s,le=\"%s\"} %uA\n", labels,
                            ngx_tf_metrics_bounds[i].text, took[i]);
    }

    ngx_tf_metrics_line(b, "taifish_http_request_duration_seconds_bucket"
                        "{%s,le=\"+Inf\"} %uA\n", labels, n);
    ngx_tf_metrics_line(b, "taifish_http_request_duration_seconds_sum{%s} "
                        "%uA.%03uA\n", labels, msec / 1000, msec % 1000);
    ngx_tf_metrics_line(b, "taifish_http_request_duration_seconds_count{%s} "
                        "%uA\n", labels, n);
}


static void
ngx_tf_metrics_line(tf_buf_t *b, const char *fmt, ...)
{
    u_char   *p, line[NGX_TF_METRICS_LABELS + 256];
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(line, line + sizeof(line), fmt, args);
    va_end(args);

    tf_buf_add(b, line, p - line);
}


void
ngx_tf_metrics_host_family(tf_buf_t *b, const char *name, const char *type,
    const char *help)
{
    tf_buf_lit(b, "# HELP ");
    tf_buf_lit(b, name);
    tf_buf_char(b, ' ');
    tf_buf_lit(b, help);
    tf_buf_lit(b, "\n# TYPE ");
    tf_buf_lit(b, name);
    tf_buf_char(b, ' ');
    tf_buf_lit(b, type);
    tf_buf_char(b, '\n');
}
