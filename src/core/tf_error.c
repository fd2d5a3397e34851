
#include <stdarg.h>
#include <stdio.h>

#include "tf_error.h"
#include "tf_utf8.h"
#include "tf_words.h"


static void tf_fail_text(char *text, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));
static tf_str_t tf_lang_trim(tf_str_t s);
static int tf_lang_quality(tf_str_t params);
static int tf_lang_is(tf_str_t range, const char *lang);


#define TF_E(name, status, again, category, severity, zh, en)                 \
    [TF_E_##name] = { #name, status, again, category, severity, { zh, en } }


const tf_error_t  tf_errors[TF_E_END] = {

    [TF_E_NONE] = { "", 200, 0, "unknown", "low", { "操作成功", "OK" } },

    TF_E(INVALID_REQUEST, 400, 0, "validation", "medium",
         "请求无效", "The request is not valid"),
    TF_E(VALIDATION_ERROR, 400, 0, "validation", "low",
         "参数校验失败", "An input value is not valid"),
    TF_E(RESOURCE_NOT_FOUND, 404, 0, "business", "low",
         "请求的资源不存在", "The resource does not exist"),
    TF_E(CONSTRAINT_VIOLATION, 409, 0, "database", "medium",
         "数据冲突，操作未执行", "The change conflicts with existing data"),
    TF_E(PERMISSION_DENIED, 403, 0, "authorization", "medium",
         "没有权限执行此操作", "You may not do this"),
    TF_E(PERMISSION_REQUIRED, 403, 0, "authorization", "medium",
         "此操作需要相应权限", "This action needs a permission you do not have"),
    TF_E(AUTHENTICATION_REQUIRED, 401, 0, "authentication", "medium",
         "请先登录", "Sign in first"),
    TF_E(TASK_EXECUTION_FAILED, 500, 1, "system", "high",
         "任务执行失败", "The task failed"),
    TF_E(DATABASE_QUERY_ERROR, 500, 0, "database", "high",
         "数据库查询失败", "A database query failed"),
    TF_E(DATABASE_TIMEOUT, 504, 1, "database", "high",
         "数据库响应超时，请稍后重试",
         "The database did not answer in time, try again later"),
    TF_E(INTERNAL_ERROR, 500, 0, "system", "critical",
         "服务器内部错误", "Internal server error"),
    TF_E(CSRF_MISSING, 403, 0, "security", "medium",
         "缺少 CSRF 令牌", "The CSRF token is missing"),
    TF_E(CSRF_INVALID, 403, 0, "security", "medium",
         "CSRF 令牌无效或已过期", "The CSRF token is not valid or has expired"),
    TF_E(ADMIN_PERMISSION_REQUIRED, 403, 0, "authorization", "medium",
         "此操作仅限管理员", "Only administrators may do this"),
    TF_E(INVALID_CREDENTIALS, 401, 0, "authentication", "medium",
         "用户名或密码错误", "Wrong user name or password"),
    TF_E(ACCOUNT_DISABLED, 403, 0, "authentication", "medium",
         "账户已停用", "The account is disabled"),
    TF_E(RATE_LIMIT_EXCEEDED, 429, 1, "security", "medium",
         "请求过于频繁，请稍后再试", "Too many requests, try again later"),
    TF_E(INVALID_OLD_PASSWORD, 401, 0, "authentication", "medium",
         "原密码不正确", "The old password is wrong"),
    TF_E(PASSWORD_INVALID, 400, 0, "validation", "low",
         "密码不符合安全要求", "The password does not meet the rules"),
    TF_E(PASSWORD_MISMATCH, 400, 0, "validation", "low",
         "两次输入的密码不一致", "The two passwords differ"),
    TF_E(PASSWORD_DUPLICATED, 400, 0, "validation", "low",
         "新密码不能与原密码相同",
         "The new password must differ from the old one"),
    TF_E(USERNAME_EXISTS, 409, 0, "business", "low",
         "用户名已存在", "The user name is taken"),
    TF_E(LAST_ADMIN_REQUIRED, 400, 0, "business", "medium",
         "必须至少保留一名启用的管理员",
         "At least one active administrator has to remain"),
    TF_E(NAME_EXISTS, 400, 0, "business", "low",
         "名称已存在", "The name is taken"),
    TF_E(FORBIDDEN, 403, 0, "authorization", "medium",
         "禁止执行此操作", "This action is forbidden"),
    TF_E(TAG_IN_USE, 409, 0, "business", "low",
         "标签正在使用，无法删除", "The tag is in use and cannot be deleted"),
    TF_E(REQUEST_DATA_EMPTY, 400, 0, "validation", "low",
         "请求数据不能为空", "The request has no data"),
    TF_E(SNAPSHOT_MISSING, 409, 0, "business", "medium",
         "尚无权限快照，请先同步账户",
         "There is no permission snapshot yet, sync the accounts first"),
    TF_E(SYNC_DATA_ERROR, 409, 1, "external", "medium",
         "同步数据失败", "Synchronising the data failed"),
    TF_E(DATABASE_CONNECTION_ERROR, 409, 1, "external", "medium",
         "无法连接目标数据库", "The target database cannot be reached"),
    TF_E(EXPRESSION_DUPLICATED, 400, 0, "business", "low",
         "已有相同的规则表达式",
         "A rule of this class and engine has the same expression"),
    TF_E(DSL_V4_REQUIRED, 400, 0, "validation", "low",
         "规则表达式必须是第 4 版", "The rule expression must be version 4"),
    TF_E(INVALID_DSL_EXPRESSION, 400, 0, "validation", "low",
         "规则表达式不正确", "The rule expression is not valid"),
    TF_E(CLASSIFICATION_IN_USE, 409, 0, "business", "low",
         "分类正在使用，无法删除",
         "The class has rules or accounts and cannot be deleted"),
    TF_E(SYSTEM_CLASSIFICATION, 400, 0, "business", "low",
         "系统分类不能删除，其风险等级和图标也不能修改",
         "A system class keeps its risk level and icon and is not deleted"),

    TF_E(METHOD_NOT_ALLOWED, 405, 0, "validation", "low",
         "不支持该请求方法", "The method is not allowed here"),
    TF_E(BODY_TOO_LARGE, 413, 0, "validation", "low",
         "请求体过大", "The request body is too large"),
    TF_E(UNSUPPORTED_MEDIA_TYPE, 415, 0, "validation", "low",
         "不支持的内容类型", "The content type is not supported"),
    TF_E(SERVICE_UNAVAILABLE, 503, 1, "system", "high",
         "服务暂时不可用，请稍后重试",
         "The service is unavailable for a moment, try again later"),
    TF_E(OUTCOME_UNKNOWN, 503, 0, "database", "high",
         "连接中断，操作结果未知，请刷新后确认",
         "The connection broke: the change may or may not have been made,"
         " reload and look"),
    TF_E(PASSWORD_COMMON, 400, 0, "validation", "low",
         "该密码过于常见，请更换", "The password is too common, choose another"),
    TF_E(CREDENTIAL_IN_USE, 409, 0, "business", "low",
         "凭据正被实例使用，无法删除",
         "Instances use the credential, it cannot be deleted"),
    TF_E(CREDENTIAL_REQUIRED, 400, 0, "security", "medium",
         "连接参数已变更，请重新选择凭据",
         "The connection settings changed, give the credential again"),
    TF_E(TARGET_NOT_ALLOWED, 400, 0, "security", "medium",
         "目标地址或端口不在允许范围内",
         "The target address or port is not allowed"),
    TF_E(ALREADY_RUNNING, 409, 1, "business", "low",
         "同类任务正在运行", "Such a task is already running"),
    TF_E(RUN_CANCELLED, 409, 0, "business", "low",
         "任务已取消", "The run was cancelled"),
    TF_E(RUN_ENDED, 409, 0, "business", "low",
         "任务已结束，无法取消", "The run is over and cannot be cancelled"),

    TF_E(TARGET_DNS, 409, 1, "network", "medium",
         "无法解析目标主机名", "The target's host name cannot be resolved"),
    TF_E(TARGET_REFUSED, 409, 1, "network", "medium",
         "目标拒绝连接或不可达", "The target refused the connection"),
    TF_E(TARGET_BUSY, 409, 1, "network", "medium",
         "目标数据库没有空闲连接", "The target has no free connection"),
    TF_E(TARGET_TIMEOUT, 409, 1, "network", "medium",
         "连接目标超时", "The target did not answer in time"),
    TF_E(TARGET_TLS, 409, 0, "network", "medium",
         "与目标的 TLS 连接或证书校验失败",
         "TLS with the target failed or its certificate is not trusted"),
    TF_E(TARGET_TLS_REQUIRED, 409, 0, "network", "medium",
         "该账户只能通过 TLS 登录目标数据库",
         "The target needs TLS to sign this account in"),
    TF_E(TARGET_AUTH, 409, 0, "external", "medium",
         "目标数据库认证失败", "The target rejected the credential"),
    TF_E(TARGET_PASSWORD_EXPIRED, 409, 0, "external", "medium",
         "监控账户的密码已过期",
         "The password of the monitoring account has expired"),
    TF_E(TARGET_PERMISSION, 409, 0, "external", "medium",
         "监控账户在目标数据库上权限不足",
         "The monitoring account lacks rights on the target"),
    TF_E(TARGET_DATABASE, 409, 0, "external", "medium",
         "目标服务器上没有该数据库", "The target has no such database"),
    TF_E(TARGET_PROTOCOL, 409, 0, "external", "medium",
         "目标返回了无法识别的协议数据",
         "The target did not speak the expected protocol"),
    TF_E(TARGET_OTHER, 409, 1, "external", "medium",
         "访问目标数据库失败", "Access to the target database failed"),
    TF_E(RESULT_TOO_LARGE, 409, 0, "external", "medium",
         "目标返回的数据超出上限", "The target's answer is larger than allowed"),
    TF_E(DRIVER_MISSING, 409, 0, "system", "medium",
         "worker 主机缺少该数据库类型的驱动：SQL Server 请安装 tdsodbc 软件包，"
         "Oracle 请安装 Instant Client 及其 ODBC 驱动",
         "The worker's host lacks the driver for this engine: install the "
         "package tdsodbc for SQL Server, Oracle's Instant Client with its "
         "ODBC driver for Oracle"),
    TF_E(CREDENTIAL_UNREADABLE, 409, 0, "security", "high",
         "凭据无法解密，请重新录入",
         "The credential cannot be decrypted, enter it again"),
    TF_E(ACCOUNTS_REFUSED, 409, 1, "external", "high",
         "账户列表为空或骤减，已拒绝本次结果",
         "The account list was empty or shrank too much and was refused")
};


tf_code_e
tf_error_find(tf_str_t name)
{
    unsigned  i;

    for (i = TF_E_NONE + 1; i < TF_E_END; i++) {
        if (tf_str_eq(name, tf_errors[i].code)) {
            return (tf_code_e) i;
        }
    }

    return TF_E_NONE;
}


tf_int_t
tf_fail(tf_err_t *err, tf_code_e code, const char *field, const char *fmt, ...)
{
    size_t       len;
    va_list      args;
    const char  *zh;

    err->code = code;

    len = field ? strlen(field) : 0;
    if (len >= sizeof(err->field)) {
        len = sizeof(err->field) - 1;
    }

    if (len) {
        memcpy(err->field, field, len);
    }

    err->field[len] = '\0';
    err->detail_zh[0] = '\0';

    va_start(args, fmt);
    tf_fail_text(err->detail, fmt, args);
    va_end(args);

    zh = tf_words(fmt);

    if (zh) {
        va_start(args, fmt);
        tf_fail_text(err->detail_zh, zh, args);
        va_end(args);

    } else if ((zh = tf_words(err->detail)) != NULL) {
        (void) snprintf(err->detail_zh, sizeof(err->detail_zh), "%s", zh);
    }

    return TF_ERROR;
}


static void
tf_fail_text(char *text, const char *fmt, va_list args)
{
    int             n;
    unsigned char  *p, *end;

    n = vsnprintf(text, sizeof(((tf_err_t *) 0)->detail), fmt, args);

    if (n < 0) {
        text[0] = '\0';

    } else if ((size_t) n >= sizeof(((tf_err_t *) 0)->detail)) {

        /* the start of a character that did not fit is dropped */

        end = (unsigned char *) text + sizeof(((tf_err_t *) 0)->detail) - 1;

        for (p = end - 1; p > end - 4 && (*p & 0xc0) == 0x80; p--) {
            /* void */
        }

        if (*p >= 0xc0 && tf_utf8_len(p, end) == 0) {
            *p = '\0';
        }
    }
}


tf_lang_e
tf_lang(tf_str_t header)
{
    int             q, zh, en, any;
    tf_str_t        range, params;
    unsigned char  *p, *end, *comma, *semicolon;

    zh = -1;
    en = -1;
    any = 0;
    p = header.data;
    end = header.data + header.len;

    while (p < end) {
        comma = memchr(p, ',', end - p);
        if (comma == NULL) {
            comma = end;
        }

        semicolon = memchr(p, ';', comma - p);
        if (semicolon == NULL) {
            semicolon = comma;
        }

        range.data = p;
        range.len = semicolon - p;
        range = tf_lang_trim(range);
        params.data = semicolon;
        params.len = comma - semicolon;
        q = tf_lang_quality(params);

        if (tf_str_eq(range, "*")) {
            any = q;

        } else if (tf_lang_is(range, "zh")) {
            zh = q > zh ? q : zh;

        } else if (tf_lang_is(range, "en")) {
            en = q > en ? q : en;
        }

        p = comma + 1;
    }

    zh = zh < 0 ? any : zh;
    en = en < 0 ? any : en;

    return en > zh ? TF_LANG_EN : TF_LANG_ZH;
}


static tf_str_t
tf_lang_trim(tf_str_t s)
{
    while (s.len && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.len--;
    }

    while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t')) {
        s.len--;
    }

    return s;
}


/* The quality of ";q=0.8" in thousandths; 1000 without one, 0 when it is not a
 * quality. */

static int
tf_lang_quality(tf_str_t s)
{
    int     q, unit;
    size_t  i;

    if (s.len == 0) {
        return 1000;
    }

    s.data++;
    s.len--;
    s = tf_lang_trim(s);

    if (s.len < 3 || (s.data[0] | 0x20) != 'q' || s.data[1] != '='
        || (s.data[2] != '0' && s.data[2] != '1'))
    {
        return 0;
    }

    q = (s.data[2] - '0') * 1000;

    if (s.len > 3 && s.data[3] != '.') {
        return 0;
    }

    for (i = 4, unit = 100; i < s.len && unit; i++, unit /= 10) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            return 0;
        }

        q += (s.data[i] - '0') * unit;
    }

    return q > 1000 ? 1000 : q;
}


static int
tf_lang_is(tf_str_t range, const char *lang)
{
    return range.len >= 2
           && (range.data[0] | 0x20) == lang[0]
           && (range.data[1] | 0x20) == lang[1]
           && (range.len == 2 || range.data[2] == '-');
}
