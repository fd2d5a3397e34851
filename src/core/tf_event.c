
#include "tf_event.h"


#define TF_EVENT_TEXT  512


static void tf_event_text(tf_event_t *e, const char *name, tf_str_t value);


const tf_event_module_t  tf_event_modules[] = {
    { "http", { "HTTP 请求", "HTTP requests" } },
    { "auth", { "认证", "Authentication" } },
    { "nginx", { "nginx", "nginx" } },
    { "postgres", { "PostgreSQL", "PostgreSQL" } },
    { "redis", { "Redis", "Redis" } },
    { "logs", { "日志", "Logs" } },
    { "worker", { "工作进程", "Worker" } },
    { "jobs", { "后台任务", "Jobs" } },
    { "scheduler", { "调度任务", "Scheduler" } },
    { "audit", { "审计", "Audit" } },
    { "other", { "其他", "Other" } },
    { NULL, { NULL, NULL } }
};


const tf_event_kind_t  tf_event_kinds[TF_EVENT_END] = {

    [TF_EVENT_NONE] = { "", "", "", { "", "" } },

    [TF_EVENT_REQUEST_FAILED] = {
        "request.failed", "ERROR", "http",
        { "{method} {path} 失败：{status} {error}",
          "{method} {path} failed: {status} {error}" }
    },

    [TF_EVENT_REQUEST_SLOW] = {
        "request.slow", "WARNING", "http",
        { "{method} {path} 用时 {ms} 毫秒", "{method} {path} took {ms} ms" }
    },

    [TF_EVENT_REQUEST_FORBIDDEN] = {
        "request.forbidden", "WARNING", "auth",
        { "用户 {user} 无权 {method} {path}：{error}",
          "{user} may not {method} {path}: {error}" }
    },

    [TF_EVENT_REQUEST_THROTTLED] = {
        "request.throttled", "WARNING", "http",
        { "来自 {address} 的请求过于频繁：{method} {path}",
          "too many requests from {address}: {method} {path}" }
    },

    [TF_EVENT_SIGNED_IN] = {
        "auth.signed_in", "INFO", "auth",
        { "用户 {user} 从 {address} 登录", "{user} signed in from {address}" }
    },

    [TF_EVENT_SIGN_IN_REFUSED] = {
        "auth.refused", "WARNING", "auth",
        { "来自 {address} 的登录被拒绝：{error}",
          "a sign-in from {address} was refused: {error}" }
    },

    [TF_EVENT_NGINX_STARTED] = {
        "nginx.started", "INFO", "nginx",
        { "{host} 上的 nginx 进程已启动，版本 {version}",
          "an nginx process of {host} started, release {version}" }
    },

    [TF_EVENT_POSTGRES_LOST] = {
        "postgres.lost", "ERROR", "postgres",
        { "{host} 上的 nginx 进程失去与 PostgreSQL 的连接",
          "an nginx process of {host} lost its connection to PostgreSQL" }
    },

    [TF_EVENT_POSTGRES_BACK] = {
        "postgres.back", "INFO", "postgres",
        { "{host} 上的 nginx 进程在 {seconds} 秒后恢复与 PostgreSQL 的连接",
          "an nginx process of {host} is connected to PostgreSQL again after "
          "{seconds} s" }
    },

    [TF_EVENT_REDIS_LOST] = {
        "redis.lost", "WARNING", "redis",
        { "{host} 上的 nginx 进程失去与 Redis 的连接",
          "an nginx process of {host} lost its connection to Redis" }
    },

    [TF_EVENT_REDIS_BACK] = {
        "redis.back", "INFO", "redis",
        { "{host} 上的 nginx 进程在 {seconds} 秒后恢复与 Redis 的连接",
          "an nginx process of {host} is connected to Redis again after "
          "{seconds} s" }
    },

    [TF_EVENT_LOG_REPEATED] = {
        "log.repeated", "WARNING", "logs",
        { "事件 {event} 又出现 {count} 次，未逐条记录",
          "{event} happened {count} more times, which were not written one by "
          "one" }
    },

    [TF_EVENT_LOG_DROPPED] = {
        "log.dropped", "ERROR", "logs",
        { "{host} 丢弃了 {count} 条日志", "{host} dropped {count} events" }
    },

    [TF_EVENT_WORKER_STARTED] = {
        "worker.started", "INFO", "worker",
        { "{host} 上的工作进程已启动，版本 {version}",
          "the worker of {host} started, release {version}" }
    },

    [TF_EVENT_WORKER_DRAINING] = {
        "worker.draining", "INFO", "worker",
        { "{host} 上的工作进程正在停止，{children} 个子进程有 {seconds} 秒",
          "the worker of {host} is ending, {children} children have "
          "{seconds} s" }
    },

    [TF_EVENT_WORKER_ENDED] = {
        "worker.ended", "INFO", "worker",
        { "{host} 上的工作进程已结束", "the worker of {host} ended" }
    },

    [TF_EVENT_WORKER_SETTINGS] = {
        "worker.settings", "INFO", "worker",
        { "{host} 上的工作进程已重新读取设置和密钥",
          "the worker of {host} read its settings and keys again" }
    },

    [TF_EVENT_WORKER_SETTINGS_WRONG] = {
        "worker.settings_wrong", "ERROR", "worker",
        { "{host} 上的工作进程：新设置有误，沿用旧设置",
          "the worker of {host} keeps its old settings, the new ones are "
          "wrong" }
    },

    [TF_EVENT_WORKER_CHILD_DIED] = {
        "worker.child_died", "CRITICAL", "worker",
        { "{host} 上执行任务项 {item} 的子进程异常终止：{reason}",
          "the child of {host} that ran item {item} died: {reason}" }
    },

    [TF_EVENT_WORKER_POSTGRES_BACK] = {
        "worker.postgres_back", "WARNING", "postgres",
        { "{host} 上的工作进程恢复与 PostgreSQL 的连接",
          "the worker of {host} is connected to PostgreSQL again" }
    },

    [TF_EVENT_MIGRATED] = {
        "schema.migrated", "INFO", "postgres",
        { "数据库结构已升级到 {version}（{name}）",
          "the schema was brought to {version} ({name})" }
    },

    [TF_EVENT_JOB_STARTED] = {
        "job.started", "DEBUG", "jobs",
        { "{kind} 任务项 {item} 开始，第 {attempt} 次",
          "{kind}, item {item}, attempt {attempt} started" }
    },

    [TF_EVENT_JOB_DONE] = {
        "job.done", "INFO", "jobs",
        { "{kind} 任务项 {item} 完成，用时 {ms} 毫秒",
          "{kind}, item {item}, is done after {ms} ms" }
    },

    [TF_EVENT_JOB_PARTIAL] = {
        "job.partial", "WARNING", "jobs",
        { "{kind} 任务项 {item} 部分完成，用时 {ms} 毫秒",
          "{kind}, item {item}, is done in part after {ms} ms" }
    },

    [TF_EVENT_JOB_FAILED] = {
        "job.failed", "ERROR", "jobs",
        { "{kind} 任务项 {item} 第 {attempt} 次失败：{error}",
          "{kind}, item {item}, attempt {attempt} failed: {error}" }
    },

    [TF_EVENT_JOB_STOPPED] = {
        "job.stopped", "WARNING", "jobs",
        { "{kind} 任务项 {item} 第 {attempt} 次被停止：{error}",
          "{kind}, item {item}, attempt {attempt} was stopped: {error}" }
    },

    [TF_EVENT_JOB_LEASE_LOST] = {
        "job.lease_lost", "WARNING", "jobs",
        { "{kind} 任务项 {item} 的租约已失效，结果已回滚",
          "{kind}, item {item}: the lease was lost, what it did is rolled "
          "back" }
    },

    [TF_EVENT_ITEMS_TAKEN_BACK] = {
        "job.taken_back", "WARNING", "jobs",
        { "收回失联工作进程的 {count} 个任务项",
          "{count} items of lost workers were taken back" }
    },

    [TF_EVENT_SCHEDULE_FIRED] = {
        "schedule.fired", "INFO", "scheduler",
        { "调度 {schedule} 触发 {kind}，{items} 个任务项",
          "schedule {schedule} queued {kind} with {items} items" }
    },

    [TF_EVENT_SCHEDULE_BROKEN] = {
        "schedule.broken", "ERROR", "scheduler",
        { "调度 {schedule} 无法计算，一小时后重试：{reason}",
          "schedule {schedule} does not work and is put off by an hour: "
          "{reason}" }
    },

    [TF_EVENT_AUDIT_HEAD] = {
        "audit.head", "INFO", "audit",
        { "审计链末端 {seq}:{hash}", "the audit log ends in {seq}:{hash}" }
    }
};


void
tf_event_begin(tf_event_t *e, const tf_mem_t *mem, tf_event_e what)
{
    tf_buf_init(&e->b, mem, TF_EVENT_MAX, TF_EVENT_MAX);
    e->context = 0;

    tf_json_key(&e->b, "code");
    tf_json_string(&e->b, tf_str(tf_event_kinds[what].code));
}


void
tf_event_request(tf_event_t *e, tf_str_t id)
{
    tf_event_text(e, "request_id", id);
}


void
tf_event_run(tf_event_t *e, tf_str_t uuid)
{
    tf_event_text(e, "run_id", uuid);
}


void
tf_event_str(tf_event_t *e, const char *name, tf_str_t value)
{
    if (!e->context) {
        tf_json_key(&e->b, "context");
        tf_buf_char(&e->b, '{');
    }

    tf_event_text(e, name, value);
    e->context = 1;
}


void
tf_event_int(tf_event_t *e, const char *name, int64_t value)
{
    if (!e->context) {
        tf_json_key(&e->b, "context");
        tf_buf_char(&e->b, '{');
    }

    tf_json_key(&e->b, name);
    tf_buf_int(&e->b, value);
    e->context = 1;
}


tf_int_t
tf_event_end(tf_event_t *e, tf_str_t *out)
{
    tf_buf_lit(&e->b, e->context ? "}}" : "}");

    return tf_buf_done(&e->b, out);
}


/* Cut between characters.  A database keeps no NUL. */

static void
tf_event_text(tf_event_t *e, const char *name, tf_str_t value)
{
    size_t         i;
    unsigned char  text[TF_EVENT_TEXT];

    tf_json_key(&e->b, name);

    if (value.data == NULL) {
        tf_buf_lit(&e->b, "null");
        return;
    }

    if (value.len > sizeof(text)) {
        value.len = sizeof(text);

        while (value.len && (value.data[value.len] & 0xc0) == 0x80) {
            value.len--;
        }
    }

    for (i = 0; i < value.len; i++) {
        text[i] = value.data[i] ? value.data[i] : '?';
    }

    value.data = text;
    tf_json_string(&e->b, value);
}
