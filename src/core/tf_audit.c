
#include "tf_audit.h"


const tf_audit_t  tf_audits[TF_AUDIT_END] = {

    [TF_AUDIT_NONE] = { "", { "", "" } },
    [TF_AUDIT_READS] = { "", { "", "" } },

    [TF_AUDIT_SIGN_IN] = {
        "session.create",
        { "登录", "sign in" }
    },

    [TF_AUDIT_SIGN_OUT] = {
        "session.delete",
        { "退出登录", "sign out" }
    },

    [TF_AUDIT_USER_CREATE] = {
        "user.create",
        { "创建用户", "create a user" }
    },

    [TF_AUDIT_USER_UPDATE] = {
        "user.update",
        { "修改用户", "change a user" }
    },

    [TF_AUDIT_USER_DELETE] = {
        "user.delete",
        { "删除用户", "delete a user" }
    },

    [TF_AUDIT_USER_PASSWORD] = {
        "user.password",
        { "修改密码", "change a password" }
    },

    [TF_AUDIT_TOKEN_CREATE] = {
        "token.create",
        { "创建 API 令牌", "create an API token" }
    },

    [TF_AUDIT_TOKEN_REVOKE] = {
        "token.revoke",
        { "吊销 API 令牌", "revoke an API token" }
    },

    [TF_AUDIT_CREDENTIAL_CREATE] = {
        "credential.create",
        { "创建凭据", "create a credential" }
    },

    [TF_AUDIT_CREDENTIAL_UPDATE] = {
        "credential.update",
        { "修改凭据", "change a credential" }
    },

    [TF_AUDIT_CREDENTIAL_DELETE] = {
        "credential.delete",
        { "删除凭据", "delete a credential" }
    },

    [TF_AUDIT_INSTANCE_CREATE] = {
        "instance.create",
        { "创建实例", "create an instance" }
    },

    [TF_AUDIT_INSTANCE_UPDATE] = {
        "instance.update",
        { "修改实例", "change an instance" }
    },

    [TF_AUDIT_INSTANCE_DELETE] = {
        "instance.delete",
        { "删除实例", "delete an instance" }
    },

    [TF_AUDIT_INSTANCE_RESTORE] = {
        "instance.restore",
        { "恢复实例", "restore an instance" }
    },

    [TF_AUDIT_INSTANCE_IMPORT] = {
        "instance.import",
        { "导入实例", "import instances" }
    },

    [TF_AUDIT_INSTANCE_TEST] = {
        "instance.test",
        { "测试连接", "test a connection" }
    },

    [TF_AUDIT_INSTANCE_EXPORT] = {
        "instance.export",
        { "导出实例", "export instances" }
    },

    [TF_AUDIT_TAG_CREATE] = {
        "tag.create",
        { "创建标签", "create a tag" }
    },

    [TF_AUDIT_TAG_UPDATE] = {
        "tag.update",
        { "修改标签", "change a tag" }
    },

    [TF_AUDIT_TAG_DELETE] = {
        "tag.delete",
        { "删除标签", "delete a tag" }
    },

    [TF_AUDIT_TAG_ASSIGN] = {
        "tag.assign",
        { "为实例添加标签", "put tags on instances" }
    },

    [TF_AUDIT_TAG_REMOVE] = {
        "tag.remove",
        { "移除实例标签", "take tags off instances" }
    },

    [TF_AUDIT_ACCOUNT_SYNC] = {
        "account.sync",
        { "同步账户", "read accounts" }
    },

    [TF_AUDIT_ACCOUNT_EXPORT] = {
        "account.export",
        { "导出账户", "export accounts" }
    },

    [TF_AUDIT_CHANGE_EXPORT] = {
        "account_change.export",
        { "导出账户变更", "export changes of accounts" }
    },

    [TF_AUDIT_CLASS_CREATE] = {
        "class.create",
        { "创建账户分类", "create a class" }
    },

    [TF_AUDIT_CLASS_UPDATE] = {
        "class.update",
        { "修改账户分类", "change a class" }
    },

    [TF_AUDIT_CLASS_DELETE] = {
        "class.delete",
        { "删除账户分类", "delete a class" }
    },

    [TF_AUDIT_CLASS_EVALUATE] = {
        "class.evaluate",
        { "重新执行账户分类", "classify all accounts again" }
    },

    [TF_AUDIT_RULE_CREATE] = {
        "rule.create",
        { "创建分类规则", "create a rule" }
    },

    [TF_AUDIT_RULE_UPDATE] = {
        "rule.update",
        { "修改分类规则", "change a rule" }
    },

    [TF_AUDIT_RULE_DELETE] = {
        "rule.delete",
        { "删除分类规则", "delete a rule" }
    },

    [TF_AUDIT_RULE_PREVIEW] = {
        "rule.preview",
        { "预览分类规则", "preview a rule" }
    },

    [TF_AUDIT_ASSIGNMENT_DELETE] = {
        "assignment.delete",
        { "移除账户的分类", "take a class off an account" }
    },

    [TF_AUDIT_SCHEDULE_UPDATE] = {
        "schedule.update",
        { "修改调度", "change a schedule" }
    },

    [TF_AUDIT_SCHEDULE_DELETE] = {
        "schedule.delete",
        { "删除调度", "delete a schedule" }
    },

    [TF_AUDIT_SCHEDULE_PAUSE] = {
        "schedule.pause",
        { "暂停调度", "pause a schedule" }
    },

    [TF_AUDIT_SCHEDULE_RESUME] = {
        "schedule.resume",
        { "恢复调度", "resume a schedule" }
    },

    [TF_AUDIT_SCHEDULE_RUN] = {
        "schedule.run",
        { "立即执行调度", "run a schedule now" }
    },

    [TF_AUDIT_SCHEDULE_RELOAD] = {
        "schedule.reload",
        { "恢复默认调度", "bring the built-in schedules back" }
    },

    [TF_AUDIT_RUN_CREATE] = {
        "run.create",
        { "排队执行任务", "queue a task" }
    },

    [TF_AUDIT_RUN_CANCEL] = {
        "run.cancel",
        { "取消任务", "cancel a run" }
    },

    [TF_AUDIT_DATABASE_SYNC] = {
        "database.sync",
        { "同步数据库", "read databases and sizes" }
    },

    [TF_AUDIT_DATABASE_EXPORT] = {
        "database.export",
        { "导出数据库", "export databases" }
    },

    [TF_AUDIT_CAPACITY_AGGREGATE] = {
        "capacity.aggregate",
        { "汇总当前容量", "sum up capacity now" }
    },

    [TF_AUDIT_PARTITION_CREATE] = {
        "partition.create",
        { "创建分区", "create partitions" }
    },

    [TF_AUDIT_PARTITION_DELETE] = {
        "partition.delete",
        { "清理分区", "drop old partitions" }
    },

    [TF_AUDIT_CACHE_CLEAR] = {
        "cache.clear",
        { "清除缓存", "clear a cache" }
    },

    [TF_AUDIT_SCHEMA_MIGRATE] = {
        "schema.migrate",
        { "升级数据库结构", "migrate the schema" }
    },

    [TF_AUDIT_KEY_CREATE] = {
        "key.create",
        { "生成密钥", "make keys" }
    },

    [TF_AUDIT_KEY_ROTATE] = {
        "key.rotate",
        { "轮换密钥", "rotate the key" }
    },

    [TF_AUDIT_BACKUP_VERIFY] = {
        "backup.verify",
        { "核对备份密钥", "verify the keys of a backup" }
    },

    [TF_AUDIT_AUDIT_EXPORT] = {
        "audit.export",
        { "导出审计日志", "export the audit log" }
    },

    [TF_AUDIT_AUDIT_CUT] = {
        "audit.cut",
        { "按保留期裁剪审计日志", "cut the audit log by its retention" }
    },

    [TF_AUDIT_AUDIT_ACKNOWLEDGE] = {
        "audit.acknowledge",
        { "确认审计链断点", "acknowledge a break of the audit log" }
    }
};
