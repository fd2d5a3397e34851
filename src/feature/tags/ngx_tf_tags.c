
/*
 * Tags: labels of instances, in categories.
 */


#include "ngx_tf.h"


#define NGX_TF_TAGS_BULK  1000
#define NGX_TF_TAGS_LINE  "[^\\x00-\\x1f\\x7f]+"


static const tf_param_t  ngx_tf_tags_page[] = {
    TF_P_PAGE("name", "asc"),
    { "search", TF_P_SEARCH, 0, 0, 100, NULL, NULL, "in name or label" },
    { "category", TF_P_STR, 0, 1, 50, NULL, NULL, "only of this category" },
    { "status", TF_P_ENUM, 0, 0, 0, "active|inactive", NULL,
      "only of this state" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_tags_category[] = {
    { "category", TF_P_STR, 0, 1, 50, NULL, NULL, "only of this category" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_tags_body[] = {
    { "name", TF_P_STR, TF_P_REQUIRED, 1, 50, "[A-Za-z0-9_-]+", NULL,
      "code: letters, digits, _ and -" },
    { "display_name", TF_P_STR, TF_P_REQUIRED, 1, 100, NGX_TF_TAGS_LINE, NULL,
      "label" },
    { "category", TF_P_STR, TF_P_REQUIRED, 1, 50, NGX_TF_TAGS_LINE, NULL,
      "category" },
    { "is_active", TF_P_BOOL, 0, 0, 0, NULL, NULL,
      "offered for choice; true for a new tag" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_tags_ids[] = {
    { "tag_ids", TF_P_INTS, TF_P_REQUIRED, 1, NGX_TF_TAGS_BULK, NULL, NULL,
      "tags" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_tags_instances[] = {
    { "instance_ids", TF_P_INTS, TF_P_REQUIRED, 1, NGX_TF_TAGS_BULK, NULL,
      NULL, "instances" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_tags_pairs[] = {
    { "instance_ids", TF_P_INTS, TF_P_REQUIRED, 1, NGX_TF_TAGS_BULK, NULL,
      NULL, "instances" },
    { "tag_ids", TF_P_INTS, TF_P_REQUIRED, 1, NGX_TF_TAGS_BULK, NULL, NULL,
      "tags" },
    { .type = TF_P_END }
};


static const ngx_tf_constraint_t  ngx_tf_tags_rules[] = {
    { "tags_name_key", TF_E_NAME_EXISTS, "name" },
    { "instance_tags_tag_id_fkey", TF_E_TAG_IN_USE, "id" },
    { NULL, TF_E_NONE, NULL }
};


const ngx_tf_route_t  ngx_tf_tags_routes[] = {

    { NGX_TF_ROUTE(GET, "/tags", TF_VIEW, "List tags"),
      .query = ngx_tf_tags_page,
      .sql = { TF_SQL_tags_stats, TF_SQL_tags_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(POST, "/tags", TF_CREATE, "Create a tag"),
      .audit = TF_AUDIT_TAG_CREATE,
      .body = ngx_tf_tags_body,
      .sql = { TF_SQL_tags_create },
      .render = NGX_TF_CREATED, .key = "tag",
      .constraints = ngx_tf_tags_rules },

    { NGX_TF_ROUTE(GET, "/tags/{id}", TF_VIEW, "Read a tag"),
      .sql = { TF_SQL_tags_get },
      .key = "tag" },

    { NGX_TF_ROUTE(PUT, "/tags/{id}", TF_UPDATE, "Change a tag"),
      .audit = TF_AUDIT_TAG_UPDATE,
      .body = ngx_tf_tags_body,
      .sql = { TF_SQL_tags_update },
      .key = "tag",
      .constraints = ngx_tf_tags_rules },

    { NGX_TF_ROUTE(DELETE, "/tags/{id}", TF_DELETE, "Delete an unused tag"),
      .audit = TF_AUDIT_TAG_DELETE,
      .sql = { TF_SQL_tags_delete },
      .constraints = ngx_tf_tags_rules },

    { NGX_TF_ROUTE(POST, "/tags/batch-delete", TF_DELETE,
                   "Delete those of the tags that are unused"),
      .audit = TF_AUDIT_TAG_DELETE,
      .body = ngx_tf_tags_ids,
      .sql = { TF_SQL_tags_batch_delete },
      .render = NGX_TF_LIST, .key = "results",
      .constraints = ngx_tf_tags_rules },

    { NGX_TF_ROUTE(GET, "/tags/options", TF_VIEW, "Active tags to choose from"),
      .query = ngx_tf_tags_category,
      .sql = { TF_SQL_tags_options } },

    { NGX_TF_ROUTE(GET, "/tags/categories", TF_VIEW, "Categories in use"),
      .sql = { TF_SQL_tags_categories } },

    { NGX_TF_ROUTE(GET, "/tags/bulk/tags", TF_VIEW, "All tags"),
      .sql = { TF_SQL_tags_bulk_tags } },

    { NGX_TF_ROUTE(GET, "/tags/bulk/instances", TF_VIEW,
                   "All instances that can carry tags"),
      .sql = { TF_SQL_tags_bulk_instances },
      .render = NGX_TF_LIST, .key = "instances" },

    { NGX_TF_ROUTE(POST, "/tags/bulk/instance-tags", TF_VIEW,
                   "Tags that any of the instances carries"),
      .audit = TF_AUDIT_READS,
      .body = ngx_tf_tags_instances,
      .sql = { TF_SQL_tags_bulk_instance_tags } },

    { NGX_TF_ROUTE(POST, "/tags/bulk/actions/assign", TF_CREATE,
                   "Put each of the tags on each of the instances"),
      .audit = TF_AUDIT_TAG_ASSIGN,
      .body = ngx_tf_tags_pairs,
      .sql = { TF_SQL_tags_bulk_assign } },

    { NGX_TF_ROUTE(POST, "/tags/bulk/actions/remove", TF_CREATE,
                   "Take each of the tags off each of the instances"),
      .audit = TF_AUDIT_TAG_REMOVE,
      .body = ngx_tf_tags_pairs,
      .sql = { TF_SQL_tags_bulk_remove } },

    { NGX_TF_ROUTE(POST, "/tags/bulk/actions/remove-all", TF_CREATE,
                   "Take all tags off the instances"),
      .audit = TF_AUDIT_TAG_REMOVE,
      .body = ngx_tf_tags_instances,
      .sql = { TF_SQL_tags_bulk_remove_all } },

    { .method = 0 }
};
