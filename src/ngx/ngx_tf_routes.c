
#include "ngx_tf_routes.h"


const ngx_tf_routes_t  ngx_tf_routes[] = {
    { "account-change-logs", ngx_tf_account_changes_routes },
    { "accounts", ngx_tf_account_stats_routes },
    { "accounts", ngx_tf_accounts_routes },
    { "audit", ngx_tf_audit_routes },
    { "auth", ngx_tf_auth_routes },
    { "cache", ngx_tf_cache_routes },
    { "capacity", ngx_tf_capacity_routes },
    { "classification", ngx_tf_classification_routes },
    { "instances", ngx_tf_coverage_routes },
    { "credentials", ngx_tf_credentials_routes },
    { "dashboard", ngx_tf_dashboard_routes },
    { "dashboard", ngx_tf_health_status_routes },
    { "databases", ngx_tf_databases_routes },
    { "health", ngx_tf_health_routes },
    { "instances", ngx_tf_instances_routes },
    { "logs", ngx_tf_logs_routes },
    { "metrics", ngx_tf_metrics_routes },
    { "partitions", ngx_tf_partitions_routes },
    { "scheduler", ngx_tf_schedules_routes },
    { "sync-sessions", ngx_tf_sync_sessions_routes },
    { "tags", ngx_tf_tags_routes },
    { "task-runs", ngx_tf_events_routes },
    { "task-runs", ngx_tf_tasks_routes },
    { "users", ngx_tf_users_routes },
    { "document", ngx_tf_document_routes },
    { NULL, NULL }
};
