
/*
 * Coverage: what of an instance is read, what is not and why, and which rights
 * TaiFish's account needs for it.
 */


#include "ngx_tf.h"


#define NGX_TF_COVERAGE_TEXT   "{'type':['string','null']}"
#define NGX_TF_COVERAGE_TIME                                                  \
    "{'type':['string','null'],'format':'date-time'}"
#define NGX_TF_COVERAGE_COUNT  "{'type':'integer'}"

#define NGX_TF_COVERAGE_WHY                                                   \
    "'error_code':" NGX_TF_COVERAGE_TEXT ","                                  \
    "'message':" NGX_TF_COVERAGE_TEXT


static const char  ngx_tf_coverage_schema[] =
    "{'type':'object','required':['instance_id','scopes'],"
    "'properties':{'instance_id':{'type':'integer'},"
    "'instance_name':{'type':'string'},'db_type':{'type':'string'},"
    "'engine':{'type':'string'},'tested':{'type':'string','enum':['real',"
    "'simulated']},"
    "'database_version':" NGX_TF_COVERAGE_TEXT ","
    "'main_version':" NGX_TF_COVERAGE_TEXT ","
    "'account':{'type':'string'},"
    "'last_sync_time':" NGX_TF_COVERAGE_TIME ","
    "'last_sync_status':" NGX_TF_COVERAGE_TEXT ","
    "'last_capacity_time':" NGX_TF_COVERAGE_TIME ","
    "'last_capacity_status':" NGX_TF_COVERAGE_TEXT ","
    "'scope_count':" NGX_TF_COVERAGE_COUNT ","
    "'read_scope_count':" NGX_TF_COVERAGE_COUNT ","
    "'partial_scope_count':" NGX_TF_COVERAGE_COUNT ","
    "'unread_scope_count':" NGX_TF_COVERAGE_COUNT ","
    "'scopes':{'type':'array','items':{'type':'object','required':['reading',"
    "'scope','name','kind','status','grants'],"
    "'properties':{'reading':{'type':'string','enum':['accounts',"
    "'databases']},'scope':{'type':'string'},'name':{'type':'string'},"
    "'kind':{'type':'string','enum':['instance','database']},"
    "'status':{'type':['string','null'],'enum':['ok','partial','denied',"
    "'unsupported','timeout','error',null],"
    "'description':'null: it was never read'},"
    "'read_at':" NGX_TF_COVERAGE_TIME ","
    "'complete_at':" NGX_TF_COVERAGE_TIME ","
    NGX_TF_COVERAGE_WHY ","
    "'database_count':" NGX_TF_COVERAGE_COUNT ","
    "'unread_database_count':" NGX_TF_COVERAGE_COUNT ","
    "'unread_databases':{'type':'array','description':'at most 100',"
    "'items':{'type':'object','properties':{'database':{'type':'string'},"
    "'status':{'type':'string'},"
    NGX_TF_COVERAGE_WHY ","
    "'complete_at':" NGX_TF_COVERAGE_TIME "}}},"
    "'grants':{'type':'array','items':{'type':'object','properties':{"
    "'database':" NGX_TF_COVERAGE_TEXT ","
    "'statement':{'type':'string'},'without':{'type':'string'}}}}}}}}}";


const ngx_tf_route_t  ngx_tf_coverage_routes[] = {

    { NGX_TF_ROUTE(GET, "/instances/{id}/coverage", TF_VIEW,
                   "What of an instance is read, and what the rest needs"),
      .sql = { TF_SQL_coverage_get },
      .schema = ngx_tf_coverage_schema },

    { .method = 0 }
};
