
#include "ngx_tf_routes.h"


const ngx_tf_routes_t  ngx_tf_routes[] = {
    { "tags", ngx_tf_tags_routes },
    { NULL, NULL }
};
