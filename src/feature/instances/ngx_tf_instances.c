
/*
 * Instances: the managed databases.
 */


#include "ngx_tf_import.h"
#include "tf_conf.h"
#include "tf_engine.h"
#include "tf_instances.h"


static ngx_int_t ngx_tf_instances_next(ngx_tf_op_t *op);


#define NGX_TF_INSTANCES_BULK  1000
#define NGX_TF_INSTANCES_TEST  50

#define NGX_TF_INSTANCES_FILTERS                                             \
    { "search", TF_P_SEARCH, 0, 0, 100, NULL, NULL,                          \
      "in name, host or description" },                                      \
    { "db_type", TF_P_ENUM, 0, 0, 0, TF_ENGINE_NAMES, NULL,                  \
      "only of this engine" },                                               \
    { "status", TF_P_ENUM, 0, 0, 0, "active|inactive", NULL,                 \
      "only of this state" },                                                \
    { "tags", TF_P_STRS, 0, 0, 100, NULL, NULL, "only with one of these" },  \
    { "audit_status", TF_P_ENUM, 0, 0, 0,                                    \
      "enabled|configured_disabled|not_configured", NULL,                    \
      "only with this state of auditing; nobody knows it yet, none matches" },\
    { "managed_status", TF_P_ENUM, 0, 0, 0, "managed|unmanaged", NULL,       \
      "only with this state; nobody knows it yet, none matches" },           \
    { "backup_status", TF_P_ENUM, 0, 0, 0,                                   \
      "backed_up|backup_stale|not_backed_up", NULL,                          \
      "only with this state of backup; nobody knows it yet, none matches" }, \
    { "include_deleted", TF_P_BOOL, 0, 0, 0, NULL, "false",                  \
      "deleted ones too" }

static const tf_param_t  ngx_tf_instances_page[] = {
    TF_P_PAGE("id", "desc"),
    NGX_TF_INSTANCES_FILTERS,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_instances_exported[] = {
    NGX_TF_EXPORT_PARAMS,
    NGX_TF_INSTANCES_FILTERS,
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_instances_engines[] = {
    { "db_type", TF_P_ENUMS, 0, 0, TF_ENGINE_COUNT, TF_ENGINE_NAMES, NULL,
      "only of these engines" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_instances_body[] = {
    TF_INSTANCES_NAME,
    TF_INSTANCES_WHERE(TF_P_REQUIRED),
    TF_INSTANCES_ABOUT,
    { "is_active", TF_P_BOOL, 0, 0, 0, NULL, NULL,
      "takes part in scheduled work; true for a new one" },
    { "tag_names", TF_P_STRS, 0, 0, 100, NULL, NULL, "codes of its tags" },
    { "capacity_limit_bytes", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "size of all its databases at which it is full; null: unknown" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_instances_ids[] = {
    { "instance_ids", TF_P_INTS, TF_P_REQUIRED, 1, NGX_TF_INSTANCES_BULK,
      NULL, NULL, "instances" },
    { "deletion_mode", TF_P_ENUM, 0, 0, 0, "soft|hard", "soft",
      "hard: with accounts and history, for good" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_instances_place[] = {
    { "instance_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "a stored instance; else the rest is needed" },
    { "name", TF_P_STR, 0, 1, 100, "[^\\x00-\\x1f\\x7f]+", NULL,
      "what to call it" },
    TF_INSTANCES_WHERE(0),
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_instances_params[] = {
    { "db_type", TF_P_ENUM, TF_P_REQUIRED, 0, 0, TF_ENGINE_NAMES, NULL,
      "engine" },
    { "port", TF_P_INT, TF_P_REQUIRED, 1, 65535, NULL, NULL, "TCP port" },
    { "host", TF_P_STR, 0, 1, 253, NULL, NULL, "name or address" },
    { "credential_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,
      "an active credential for this engine" },
    { .type = TF_P_END }
};

static const tf_param_t  ngx_tf_instances_tests[] = {
    { "instance_ids", TF_P_INTS, TF_P_REQUIRED, 1, NGX_TF_INSTANCES_TEST,
      NULL, NULL, "instances" },
    { .type = TF_P_END }
};


static const ngx_tf_constraint_t  ngx_tf_instances_rules[] = {
    { "instances_name_key", TF_E_NAME_EXISTS, "name" },
    { "instances_credential_id_fkey", TF_E_RESOURCE_NOT_FOUND,
      "credential_id" },
    { NULL, TF_E_NONE, NULL }
};


static const char  ngx_tf_instances_tested[] =
    "{'type':'object','required':['success','message'],"
    "'properties':{'success':{'type':'boolean'},'message':{'type':'string'},"
    "'error_code':{'type':'string'},'details':{'type':'object'}}}";

static const char  ngx_tf_instances_checked[] =
    "{\"type\":\"object\",\"required\":[\"success\",\"message\",\"rights\","
    "\"script\"],\"properties\":{"
    "\"success\":{\"type\":\"boolean\"},"
    "\"message\":{\"type\":\"string\"},"
    "\"db_type\":{\"type\":\"string\"},"
    "\"engine_tested\":{\"type\":\"string\",\"enum\":[\"real\",\"simulated\"]},"
    "\"database_version\":{\"type\":\"string\"},"
    "\"main_version\":{\"type\":\"string\"},"
    "\"account\":{\"type\":\"string\"},"
    "\"missing_count\":{\"type\":\"integer\"},"
    "\"unknown_count\":{\"type\":\"integer\"},"
    "\"script\":{\"type\":\"string\","
    "\"description\":\"all statements of this engine and version\"},"
    "\"rights\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"properties\":{"
    "\"right\":{\"type\":\"string\"},"
    "\"held\":{\"type\":[\"boolean\",\"null\"],"
    "\"description\":\"null: the server did not say\"},"
    "\"error_code\":{\"type\":[\"string\",\"null\"]},"
    "\"without\":{\"type\":\"string\","
    "\"description\":\"what is not read without it\"},"
    "\"statement\":{\"type\":[\"string\",\"null\"]},"
    "\"databases\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},"
    "\"description\":\"those it is missing for\"}}}}}}";

static const char  ngx_tf_instances_tests_done[] =
    "{'type':'object','properties':{'run_id':{'type':'string',"
    "'format':'uuid'},'results':{'type':'array','items':{'type':'object'}},"
    "'summary':{'type':'object','properties':{'total':{'type':'integer'},"
    "'success':{'type':'integer'},'failed':{'type':'integer'}}}}}";


const ngx_tf_route_t  ngx_tf_instances_routes[] = {

    { NGX_TF_ROUTE(GET, "/instances", TF_VIEW, "List instances"),
      .query = ngx_tf_instances_page,
      .sql = { TF_SQL_instances_list },
      .render = NGX_TF_PAGE },

    { NGX_TF_ROUTE(GET, "/instances/exports", TF_VIEW,
                   "Instances as a file"),
      .audit = TF_AUDIT_INSTANCE_EXPORT,
      .query = ngx_tf_instances_exported,
      .sql = { TF_SQL_instances_list_export },
      NGX_TF_EXPORT(tf_instances_file) },

    { NGX_TF_ROUTE(POST, "/instances", TF_CREATE, "Create an instance"),
      .audit = TF_AUDIT_INSTANCE_CREATE,
      .body = ngx_tf_instances_body,
      .sql = { TF_SQL_instances_create, TF_SQL_instances_get_named },
      .render = NGX_TF_CREATED, .key = "instance",
      .constraints = ngx_tf_instances_rules,
      .next = ngx_tf_instances_next },

    { NGX_TF_ROUTE(GET, "/instances/imports/template", TF_VIEW,
                   "A file to begin an import with"),
      .render = NGX_TF_CUSTOM,
      .next = ngx_tf_import_template,
      .schema = "text/csv" },

    { NGX_TF_ROUTE(POST, "/instances/actions/batch-create", TF_CREATE,
                   "Create instances of the rows of a file"),
      .audit = TF_AUDIT_INSTANCE_IMPORT,
      .upload = NGX_TF_IMPORT_MAX,
      .uses = NGX_TF_USES(TF_SQL_instances_import_text,
                          TF_SQL_instances_import),
      .sets = "_bytes _wanted",
      .render = NGX_TF_CUSTOM,
      .constraints = ngx_tf_instances_rules,
      .next = ngx_tf_import_next,
      .schema = ngx_tf_import_schema },

    { NGX_TF_ROUTE(GET, "/instances/{id}", TF_VIEW, "Read an instance"),
      .sql = { TF_SQL_instances_get },
      .key = "instance" },

    { NGX_TF_ROUTE(PUT, "/instances/{id}", TF_UPDATE, "Change an instance"),
      .audit = TF_AUDIT_INSTANCE_UPDATE,
      .body = ngx_tf_instances_body,
      .sql = { TF_SQL_instances_update, TF_SQL_instances_get },
      .key = "instance",
      .constraints = ngx_tf_instances_rules,
      .next = ngx_tf_instances_next },

    { NGX_TF_ROUTE(DELETE, "/instances/{id}", TF_DELETE,
                   "Hide an instance; it can be restored"),
      .audit = TF_AUDIT_INSTANCE_DELETE,
      .sql = { TF_SQL_instances_delete } },

    { NGX_TF_ROUTE(POST, "/instances/{id}/actions/restore", TF_UPDATE,
                   "Undo the deletion of an instance"),
      .audit = TF_AUDIT_INSTANCE_RESTORE,
      .sql = { TF_SQL_instances_restore, TF_SQL_instances_get },
      .key = "instance" },

    { NGX_TF_ROUTE(POST, "/instances/actions/batch-delete", TF_DELETE,
                   "Delete instances"),
      .audit = TF_AUDIT_INSTANCE_DELETE,
      .body = ngx_tf_instances_ids,
      .sql = { TF_SQL_instances_batch_delete } },

    { NGX_TF_ROUTE(GET, "/instances/options", TF_VIEW,
                   "Instances to choose from"),
      .query = ngx_tf_instances_engines,
      .sql = { TF_SQL_instances_options },
      .render = NGX_TF_LIST, .key = "instances" },

    { NGX_TF_ROUTE(GET, "/instances/engines", TF_VIEW,
                   "Kinds of databases, and on what each was tested"),
      .sql = { TF_SQL_instances_engines },
      .render = NGX_TF_LIST, .key = "engines" },

    { NGX_TF_ROUTE(GET, "/instances/account-scope-options", TF_VIEW,
                   "Owners of accounts to choose from"),
      .query = ngx_tf_instances_engines,
      .sql = { TF_SQL_instances_account_scopes },
      .render = NGX_TF_LIST, .key = "account_scopes" },

    { NGX_TF_ROUTE(GET, "/instances/statistics", TF_VIEW, "Count instances"),
      .sql = { TF_SQL_instances_statistics } },

    { NGX_TF_ROUTE(GET, "/instances/{id}/connection-status", TF_VIEW,
                   "When an instance was last reached"),
      .sql = { TF_SQL_instances_connection_status } },

    { NGX_TF_ROUTE(POST, "/instances/actions/validate-connection-params",
                   TF_VIEW, "Check parameters without connecting"),
      .audit = TF_AUDIT_READS,
      .body = ngx_tf_instances_params,
      .sql = { TF_SQL_instances_validate_connection },
      .next = ngx_tf_instances_next },

    { NGX_TF_ROUTE(POST, "/instances/actions/test-connection", TF_VIEW,
                   "Connect to an instance, or to one not stored yet"),
      .audit = TF_AUDIT_INSTANCE_TEST,
      .body = ngx_tf_instances_place,
      .sql = { TF_SQL_instances_test_connection },
      .render = NGX_TF_RUN,
      .next = ngx_tf_instances_next,
      .schema = ngx_tf_instances_tested },

    { NGX_TF_ROUTE(POST, "/instances/{id}/actions/check-collector", TF_VIEW,
                   "Which rights the monitoring account has and lacks"),
      .audit = TF_AUDIT_INSTANCE_TEST,
      .sql = { TF_SQL_instances_check_collector },
      .render = NGX_TF_RUN,
      .schema = ngx_tf_instances_checked },

    { NGX_TF_ROUTE(POST, "/instances/actions/batch-test-connections", TF_UPDATE,
                   "Connect to instances"),
      .audit = TF_AUDIT_INSTANCE_TEST,
      .body = ngx_tf_instances_tests,
      .sql = { TF_SQL_instances_batch_test },
      .render = NGX_TF_RUNS,
      .schema = ngx_tf_instances_tests_done },

    { .method = 0 }
};


/* The one rule of a host's name that is code. */

static ngx_int_t
ngx_tf_instances_next(ngx_tf_op_t *op)
{
    tf_str_t    host;
    ngx_uint_t  n;

    if (op->step) {
        return NGX_OK;
    }

    host = ngx_tf_input_get(op, "host");

    if (host.data != NULL && tf_target_host(host, &op->err) != TF_OK) {
        ngx_cpystrn((u_char *) op->err.field, (u_char *) "host",
                    sizeof(op->err.field));
        return NGX_ERROR;
    }

    for (n = 0; n < NGX_TF_SQL_MAX && op->route->sql[n]; n++) { /* void */ }

    return ngx_tf_op_send(op, op->route->sql, n);
}
