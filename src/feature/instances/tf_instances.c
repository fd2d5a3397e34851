
#include "tf_instances.h"


const tf_param_t  tf_instances_row[] = {
    TF_INSTANCES_NAME,
    TF_INSTANCES_WHERE(TF_P_REQUIRED),
    TF_INSTANCES_ABOUT,
    { "status", TF_P_ENUM, 0, 0, 0,
      "active|inactive|启用=active|停用=inactive|禁用=inactive", NULL,
      "whether it takes part in scheduled work" },
    { "tags", TF_P_STR, 0, 0, 10000, NULL, NULL,
      "codes or names of its tags, between commas or semicolons" },
    { .type = TF_P_END }
};


static const tf_export_word_t  tf_instances_states[] = {
    { "active", { "启用", "active" } },
    { "inactive", { "停用", "inactive" } },
    { "deleted", { "已删除", "deleted" } },
    { NULL, { NULL, NULL } }
};

static const tf_export_column_t  tf_instances_columns[] = {
    { "id", { "ID", "ID" }, NULL, 0 },
    { "name", { "实例名称", "Instance" }, NULL, 0 },
    { "db_type", { "数据库类型", "Database type" }, NULL, 0 },
    { "host", { "主机地址", "Host" }, NULL, 0 },
    { "port", { "端口", "Port" }, NULL, 0 },
    { "database_name", { "数据库名", "Database" }, NULL, 0 },
    { "tags", { "标签", "Tags" }, NULL, 0 },
    { "status", { "状态", "Status" }, tf_instances_states, 0 },
    { "description", { "描述", "Description" }, NULL, 0 },
    { "credential_id", { "凭据ID", "Credential ID" }, NULL, 0 },
    { "sync_count", { "同步次数", "Syncs" }, NULL, 0 },
    { "last_connected", { "最后连接时间", "Last connected" }, NULL, 0 },
    { "created_at", { "创建时间", "Created" }, NULL, 0 },
    { "updated_at", { "更新时间", "Updated" }, NULL, 0 },
    { NULL, { NULL, NULL }, NULL, 0 }
};

const tf_export_t  tf_instances_file = {
    "instances_export", tf_instances_columns
};
