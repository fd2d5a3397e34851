
/*
 * The route tables of all features, each in its feature's ngx_tf_<name>.c.
 * A new one is declared here and named in ngx_tf_routes.c.
 */


#ifndef _NGX_TF_ROUTES_H_INCLUDED_
#define _NGX_TF_ROUTES_H_INCLUDED_


#include "ngx_tf_route.h"


extern const ngx_tf_route_t  ngx_tf_account_changes_routes[];
extern const ngx_tf_route_t  ngx_tf_account_stats_routes[];
extern const ngx_tf_route_t  ngx_tf_accounts_routes[];
extern const ngx_tf_route_t  ngx_tf_audit_routes[];
extern const ngx_tf_route_t  ngx_tf_auth_routes[];
extern const ngx_tf_route_t  ngx_tf_cache_routes[];
extern const ngx_tf_route_t  ngx_tf_capacity_routes[];
extern const ngx_tf_route_t  ngx_tf_classification_routes[];
extern const ngx_tf_route_t  ngx_tf_coverage_routes[];
extern const ngx_tf_route_t  ngx_tf_credentials_routes[];
extern const ngx_tf_route_t  ngx_tf_dashboard_routes[];
extern const ngx_tf_route_t  ngx_tf_databases_routes[];
extern const ngx_tf_route_t  ngx_tf_events_routes[];
extern const ngx_tf_route_t  ngx_tf_health_routes[];
extern const ngx_tf_route_t  ngx_tf_health_status_routes[];
extern const ngx_tf_route_t  ngx_tf_instances_routes[];
extern const ngx_tf_route_t  ngx_tf_logs_routes[];
extern const ngx_tf_route_t  ngx_tf_metrics_routes[];
extern const ngx_tf_route_t  ngx_tf_partitions_routes[];
extern const ngx_tf_route_t  ngx_tf_schedules_routes[];
extern const ngx_tf_route_t  ngx_tf_sync_sessions_routes[];
extern const ngx_tf_route_t  ngx_tf_document_routes[];
extern const ngx_tf_route_t  ngx_tf_tags_routes[];
extern const ngx_tf_route_t  ngx_tf_tasks_routes[];
extern const ngx_tf_route_t  ngx_tf_users_routes[];

/* All of them, ended by name NULL. */
extern const ngx_tf_routes_t  ngx_tf_routes[];


#endif /* _NGX_TF_ROUTES_H_INCLUDED_ */
