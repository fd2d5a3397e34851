
#include "tfw_accounts.h"
#include "tfw_audits.h"
#include "tfw_capacity.h"
#include "tfw_classification.h"
#include "tfw_databases.h"
#include "tfw_inject.h"
#include "tfw_instances.h"
#include "tfw_partitions.h"


const tfw_job_kind_t  tfw_job_kinds[] = {

    { .kind = "housekeeping", .run = tfw_housekeeping, .category = "other",
      .scope = TFW_ONCE, .lane = "normal", .attempts = 3, .deadline = 600,
      .metrics = { { "credentials_renewed", NULL },
                   { "credentials_unreadable", NULL },
                   { "summaries", NULL },
                   { "sessions", NULL },
                   { "throttles", NULL },
                   { "runs", NULL },
                   { "fires", NULL },
                   { "workers", NULL } } },

    { .kind = "audit_head", .run = tfw_audits_publish, .category = "other",
      .scope = TFW_ONCE, .lane = "normal", .attempts = 3, .deadline = 60 },

    { .kind = "cleanup_logs", .run = tfw_audits_cleanup, .category = "other",
      .scope = TFW_ONCE, .lane = "normal", .attempts = 3, .deadline = 600,
      .metrics = { { "audit_rows", NULL },
                   { "log_counts", NULL } } },

    { .kind = "test_connection", .run = tfw_test_connection,
      .category = "other", .scope = TFW_INSTANCE, .lane = "short",
      .attempts = 1, .deadline = 25, .connect = 18, .per_user = 4,
      .exclusive = 1 },

    { .kind = "test_connections", .run = tfw_test_connection,
      .category = "other", .scope = TFW_INSTANCE, .lane = "test",
      .attempts = 1, .deadline = 25, .connect = 18, .per_user = 2,
      .exclusive = 1 },

    { .kind = "sync_accounts", .run = tfw_sync_accounts,
      .category = "account", .scope = TFW_FLEET, .lane = "normal",
      .attempts = 3, .deadline = 900, .connect = 30, .exclusive = 1,
      .metrics = { { "accounts_synced", "synced" },
                   { "accounts_created", "created" },
                   { "accounts_updated", "updated" },
                   { "accounts_deactivated", "deleted" },
                   { "instances_partial", NULL } } },

    { .kind = "sync_databases", .run = tfw_databases_sync,
      .category = "capacity", .scope = TFW_FLEET, .lane = "normal",
      .attempts = 3, .deadline = 900, .connect = 30, .exclusive = 1,
      .metrics = { { "databases_synced", "synced" },
                   { "databases_created", "created" },
                   { "sizes_saved", "updated" },
                   { "databases_dropped", "deleted" },
                   { "databases_unread", NULL },
                   { "total_size_mb", NULL },
                   { "instances_partial", NULL } } },

    { .kind = "sync_table_sizes", .run = tfw_databases_tables,
      .category = "capacity", .scope = TFW_INSTANCE, .lane = "normal",
      .attempts = 1, .deadline = 600, .connect = 18, .per_user = 20,
      .metrics = { { "tables_saved", "synced" },
                   { "tables_deleted", "deleted" },
                   { "tables_unread", NULL } } },

    { .kind = "auto_classify_accounts", .run = tfw_auto_classify,
      .category = "classification", .scope = TFW_INSTANCE, .lane = "normal",
      .attempts = 3, .deadline = 600,
      .metrics = { { "accounts_count", NULL },
                   { "rules_count", NULL },
                   { "total_matches", NULL },
                   { "total_classifications_added", NULL },
                   { "total_classifications_removed", NULL } } },

    { .kind = "preview_rule", .run = tfw_preview_rule,
      .category = "classification", .scope = TFW_ONCE, .lane = "short",
      .attempts = 1, .deadline = 300, .per_user = 1 },

    { .kind = "calculate_account", .run = tfw_calculate_account,
      .category = "classification", .scope = TFW_ONCE, .lane = "normal",
      .attempts = 3, .deadline = 600,
      .metrics = { { "rules_count", NULL },
                   { "accounts_count", NULL },
                   { "rule_match_rows", NULL },
                   { "classification_match_rows", NULL } } },

    { .kind = "partitions_ahead", .run = tfw_partitions_ahead,
      .category = "other", .scope = TFW_ONCE, .lane = "normal",
      .attempts = 5, .deadline = 900,
      .metrics = { { "partitions_created", NULL },
                   { "rows_moved", NULL } } },

    { .kind = "cleanup_partitions", .run = tfw_partitions_cleanup,
      .category = "other", .scope = TFW_ONCE, .lane = "normal",
      .attempts = 5, .deadline = 900,
      .metrics = { { "partitions_dropped", NULL },
                   { "rows_dropped", NULL } } },

    { .kind = "calculate_database", .run = tfw_capacity_closed,
      .category = "aggregation", .scope = TFW_ONCE, .lane = "normal",
      .attempts = 3, .deadline = 3600,
      .metrics = { { "periods_executed", NULL },
                   { "instances_total", NULL },
                   { "records_instance", NULL },
                   { "records_database", NULL } } },

    { .kind = "capacity_aggregate_current", .run = tfw_capacity_current,
      .category = "aggregation", .scope = TFW_ONCE, .lane = "normal",
      .attempts = 3, .deadline = 600,
      .metrics = { { "periods_executed", NULL },
                   { "instances_total", NULL },
                   { "records_instance", NULL },
                   { "records_database", NULL } } },

#ifdef TFW_INJECTIONS
    { .kind = "test_effect", .run = tfw_test_effect, .category = "other",
      .scope = TFW_ONCE, .lane = "normal", .attempts = 3, .deadline = 300,
      .metrics = { { "effects", NULL } } },
#endif

    { .kind = NULL }
};


const tfw_accounts_hook_pt  tfw_accounts_hooks[] = {
    tfw_classification_synced, NULL
};


const tfw_job_kind_t *
tfw_job_kind(const char *kind)
{
    const tfw_job_kind_t  *k;

    for (k = tfw_job_kinds; k->kind; k++) {
        if (strcmp(k->kind, kind) == 0) {
            return k;
        }
    }

    return NULL;
}
