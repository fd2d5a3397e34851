
/*
 * A third engine for t/70engine-third.t: what both programs know of it.
 */


#include "tf_engine.h"


static const tf_category_t  tf_engine_double_categories[] = {

    { "double_roles", TF_SHAPE_LIST, "server",
      { "角色", "Roles" }, NULL, 1 },

    { "double_server_privileges", TF_SHAPE_LIST, "server",
      { "服务器权限", "Server privileges" }, "server", 0 },

    { "double_object_privileges", TF_SHAPE_DBMAP, "objects",
      { "对象权限", "Object privileges" }, NULL, 0 },

    { .key = NULL }
};


static const tf_reason_t  tf_engine_double_reasons[] = {

    { "SUPERUSER", NULL, NULL, "double_server_privileges", "", "CONTROL",
      "double_server_privileges contains CONTROL" },

    { .capability = NULL }
};


static const char *const  tf_engine_double_spellings[] = { "dbl", NULL };


const tf_engine_t  tf_engine_double = {
    .name = "double",
    .display = "Double",
    .spellings = tf_engine_double_spellings,
    .port = 4711,
    .quote = { '[', ']' },
    .categories = tf_engine_double_categories,
    .reasons = tf_engine_double_reasons
};
