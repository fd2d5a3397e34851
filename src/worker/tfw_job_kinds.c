
#include "tfw_accounts.h"
#include "tfw_audits.h"
#include "tfw_capacity.h"
#include "tfw_classification.h"
#include "tfw_databases.h"
#include "tfw_housekeeping.h"
#include "tfw_instances.h"
#include "tfw_job_kinds.h"
#include "tfw_partitions.h"
#include "tfw_schedules.h"
#include "tfw_test_effect.h"


static tf_int_t tfw_job_kinds_sync(tfw_job_t *job);


const tfw_job_kind_t  tfw_job_kinds[] = {

    { .kind = "housekeeping", .run = tfw_housekeeping,
      .title = { "日常清理", "Housekeeping" },
      .about = { "删除过期的会话、运行记录和触发记录",
                 "Deletes expired sessions, old runs and old firings" },
      .category = "other",
      .scope = TFW_ONCE, .lane = "normal", .attempts = 3, .deadline = 600,
      .metrics = { { "credentials_renewed", NULL,
                     { "重新加密的凭据", "Credentials sealed anew" } },
                   { "credentials_unreadable", NULL,
                     { "无法读取的凭据", "Credentials that cannot be read" } },
                   { "summaries", NULL,
                     { "摘要", "Summaries" } },
                   { "sessions", NULL,
                     { "删除的会话", "Sessions deleted" } },
                   { "throttles", NULL,
                     { "删除的登录计数", "Counters of sign-ins deleted" } },
                   { "runs", NULL,
                     { "删除的任务", "Runs deleted" } },
                   { "fires", NULL,
                     { "删除的触发记录", "Firings deleted" } },
                   { "workers", NULL,
                     { "移除的工作进程", "Workers forgotten" } } } },

    { .kind = "audit_head", .run = tfw_audits_publish,
      .title = { "公布审计链末端", "Publish the audit head" },
      .about = { "将审计日志末行的序号和哈希写入日志",
                 "Writes number and hash of the last audit row to the logs" },
      .category = "other",
      .scope = TFW_ONCE, .lane = "normal", .attempts = 3, .deadline = 60 },

    { .kind = "cleanup_logs", .run = tfw_audits_cleanup,
      .title = { "日志清理", "Log cleanup" },
      .about = { "按保留期裁剪审计日志和日志计数",
                 "Cuts the audit log and counts of events by their retention" },
      .category = "other",
      .scope = TFW_ONCE, .lane = "normal", .attempts = 3, .deadline = 600,
      .metrics = { { "audit_rows", NULL,
                     { "审计行", "Audit rows" } },
                   { "log_counts", NULL,
                     { "日志计数", "Counts of events" } } } },

    { .kind = "test_connection", .run = tfw_test_connection,
      .title = { "连接测试", "Connection test" },
      .about = { "连接一个实例并登录",
                 "Connects to an instance and signs in" },
      .category = "other", .scope = TFW_INSTANCE, .lane = "short",
      .attempts = 1, .deadline = 25, .connect = 18, .per_user = 4,
      .exclusive = 1 },

    { .kind = "test_connections", .run = tfw_test_connection,
      .title = { "批量连接测试", "Connection tests" },
      .about = { "连接多个实例并登录",
                 "Connects to several instances and signs in" },
      .category = "other", .scope = TFW_INSTANCE, .lane = "test",
      .attempts = 1, .deadline = 25, .connect = 18, .per_user = 2,
      .exclusive = 1 },

    { .kind = "check_collector", .run = tfw_check_collector,
      .title = { "监控账户检查", "Check of the monitoring account" },
      .about = { "登录一个实例，逐项检查监控账户的权限",
                 "Signs in to an instance and looks for each right" },
      .category = "other", .scope = TFW_INSTANCE, .lane = "short",
      .attempts = 1, .deadline = 25, .connect = 18, .per_user = 4,
      .exclusive = 1 },

    { .kind = "sync_accounts", .run = tfw_job_kinds_sync,
      .title = { "账户同步", "Sync accounts" },
      .about = { "读取所有实例的账户与权限",
                 "Reads accounts and privileges of all instances" },
      .category = "account", .scope = TFW_FLEET, .lane = "normal",
      .attempts = 3, .deadline = 900, .connect = 30, .exclusive = 1,
      .metrics = { { "accounts_synced", "synced",
                     { "已同步账户", "Accounts synced" } },
                   { "accounts_created", "created",
                     { "新增账户", "Accounts added" } },
                   { "accounts_updated", "updated",
                     { "变更账户", "Accounts changed" } },
                   { "accounts_deactivated", "deleted",
                     { "删除账户", "Accounts dropped" } },
                   { "instances_partial", NULL,
                     { "部分读取的实例", "Instances read in part" } } } },

    { .kind = "sync_databases", .run = tfw_databases_sync,
      .title = { "数据库同步", "Sync databases" },
      .about = { "读取所有实例的数据库及其大小",
                 "Reads databases and their sizes of all instances" },
      .category = "capacity", .scope = TFW_FLEET, .lane = "normal",
      .attempts = 3, .deadline = 900, .connect = 30, .exclusive = 1,
      .metrics = { { "databases_synced", "synced",
                     { "已同步数据库", "Databases synced" } },
                   { "databases_created", "created",
                     { "新发现的数据库", "Databases found" } },
                   { "sizes_saved", "updated",
                     { "保存的大小", "Sizes kept" } },
                   { "databases_dropped", "deleted",
                     { "消失的数据库", "Databases gone" } },
                   { "databases_unread", NULL,
                     { "未读取的数据库", "Databases not read" } },
                   { "total_size_mb", NULL,
                     { "大小，MB", "Size, MB" } },
                   { "instances_partial", NULL,
                     { "部分读取的实例", "Instances read in part" } } } },

    { .kind = "sync_table_sizes", .run = tfw_databases_tables,
      .title = { "表大小同步", "Sync table sizes" },
      .about = { "读取一个数据库中各表的大小",
                 "Reads the sizes of the tables of a database" },
      .category = "capacity", .scope = TFW_INSTANCE, .lane = "normal",
      .attempts = 1, .deadline = 600, .connect = 18, .per_user = 20,
      .metrics = { { "tables_saved", "synced",
                     { "保存的表", "Tables kept" } },
                   { "tables_deleted", "deleted",
                     { "消失的表", "Tables gone" } },
                   { "tables_unread", NULL,
                     { "未读取的表", "Tables not read" } } } },

    { .kind = "auto_classify_accounts", .run = tfw_auto_classify,
      .title = { "账户自动分类", "Classify accounts" },
      .about = { "按规则为账户分类",
                 "Gives accounts their classes by the rules" },
      .category = "classification", .scope = TFW_INSTANCE, .lane = "normal",
      .attempts = 3, .deadline = 600,
      .metrics = { { "accounts_count", NULL,
                     { "账户", "Accounts" } },
                   { "rules_count", NULL,
                     { "规则", "Rules" } },
                   { "total_matches", NULL,
                     { "匹配", "Matches" } },
                   { "total_classifications_added", NULL,
                     { "新增分类", "Classes given" } },
                   { "total_classifications_removed", NULL,
                     { "移除分类", "Classes taken off" } } } },

    { .kind = "preview_rule", .run = tfw_preview_rule,
      .title = { "规则预览", "Rule preview" },
      .about = { "计算一条规则匹配的账户",
                 "Finds the accounts that a rule matches" },
      .category = "classification", .scope = TFW_ONCE, .lane = "short",
      .attempts = 1, .deadline = 300, .per_user = 1 },

    { .kind = "calculate_account", .run = tfw_calculate_account,
      .title = { "账户分类统计", "Account statistics" },
      .about = { "计算每日的账户分类统计",
                 "Computes the statistics of classes for each day" },
      .category = "classification", .scope = TFW_ONCE, .lane = "normal",
      .attempts = 3, .deadline = 600,
      .metrics = { { "rules_count", NULL,
                     { "规则", "Rules" } },
                   { "accounts_count", NULL,
                     { "账户", "Accounts" } },
                   { "rule_match_rows", NULL,
                     { "规则统计行", "Rows of rules" } },
                   { "classification_match_rows", NULL,
                     { "分类统计行", "Rows of classes" } } } },

    { .kind = "partitions_ahead", .run = tfw_partitions_ahead,
      .title = { "预建分区", "Partitions ahead" },
      .about = { "提前创建按月分区，并归位默认分区中的数据",
                 "Makes partitions of the months to come" },
      .category = "other", .scope = TFW_ONCE, .lane = "normal",
      .attempts = 5, .deadline = 900,
      .metrics = { { "partitions_created", NULL,
                     { "创建的分区", "Partitions made" } },
                   { "rows_moved", NULL,
                     { "移动的行", "Rows moved" } } } },

    { .kind = "cleanup_partitions", .run = tfw_partitions_cleanup,
      .title = { "清理分区", "Clean up partitions" },
      .about = { "删除超过保留期的按月分区",
                 "Drops partitions that are past retention" },
      .category = "other", .scope = TFW_ONCE, .lane = "normal",
      .attempts = 5, .deadline = 900,
      .metrics = { { "partitions_dropped", NULL,
                     { "删除的分区", "Partitions dropped" } },
                   { "rows_dropped", NULL,
                     { "删除的行", "Rows dropped" } } } },

    { .kind = "calculate_database", .run = tfw_capacity_closed,
      .title = { "容量统计", "Capacity statistics" },
      .about = { "按周期汇总数据库容量",
                 "Sums up sizes of databases by period" },
      .category = "aggregation", .scope = TFW_ONCE, .lane = "normal",
      .attempts = 3, .deadline = 3600,
      .metrics = { { "periods_executed", NULL,
                     { "计算的周期", "Periods calculated" } },
                   { "instances_total", NULL,
                     { "实例总数", "Instances" } },
                   { "records_instance", NULL,
                     { "实例大小", "Sizes of instances" } },
                   { "records_database", NULL,
                     { "数据库大小", "Sizes of databases" } } } },

    { .kind = "capacity_aggregate_current", .run = tfw_capacity_current,
      .title = { "当前周期容量统计", "Capacity of this period" },
      .about = { "汇总当前周期的数据库容量",
                 "Sums up sizes of databases of the present period" },
      .category = "aggregation", .scope = TFW_ONCE, .lane = "normal",
      .attempts = 3, .deadline = 600,
      .metrics = { { "periods_executed", NULL,
                     { "计算的周期", "Periods calculated" } },
                   { "instances_total", NULL,
                     { "实例总数", "Instances" } },
                   { "records_instance", NULL,
                     { "实例大小", "Sizes of instances" } },
                   { "records_database", NULL,
                     { "数据库大小", "Sizes of databases" } } } },

#ifdef TFW_INJECTIONS
    { .kind = "test_effect", .run = tfw_test_effect,
      .title = { "测试", "Test" },
      .about = { "",
                 "" },
      .category = "other",
      .scope = TFW_ONCE, .lane = "normal", .attempts = 3, .deadline = 300,
      .metrics = { { "effects", NULL,
                     { "效果", "Effects" } } } },

    { .kind = "test_schedule", .run = tfw_schedules_test,
      .title = { "测试", "Test" },
      .about = { "计算触发时间", "Computes due times" },
      .category = "other", .scope = TFW_ONCE, .lane = "normal",
      .attempts = 3, .deadline = 300 },
#endif

    { .kind = NULL }
};


static tf_int_t
tfw_job_kinds_sync(tfw_job_t *job)
{
    static const tfw_accounts_hook_pt  hooks[] = {
        tfw_classification_synced, NULL
    };

    return tfw_accounts_sync(job, hooks);
}
