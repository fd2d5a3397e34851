
#include "ngx_tf_events.h"
#include "ngx_tf_routes.h"


const ngx_tf_routes_t  ngx_tf_routes[] = {
    { "auth", ngx_tf_auth_routes },
    { "health", ngx_tf_health_routes },
    { "tags", ngx_tf_tags_routes },
    { "task-runs", ngx_tf_events_routes },
    { NULL, NULL }
};
