
#include "tf_words.h"


typedef struct {
    const char  *en;
    const char  *zh;
} tf_words_t;


/* What tf_fail() is called with, and the same in Chinese with its arguments in
 * the same order. */

static const tf_words_t  tf_words_table[] = {

    { "is required", "不能为空" },

    { "is neither UTF-8, UTF-16 nor GB18030",
      "不是 UTF-8、UTF-16 或 GB18030 编码" },
    { "is not valid UTF-16 at byte %zu", "在第 %zu 字节处不是有效的 UTF-16" },
    { "has a NUL in the row that begins in line %u",
      "从第 %u 行开始的记录含有 NUL 字符" },
    { "has a quote without its end in the row that begins in line %u",
      "从第 %u 行开始的记录缺少结束引号" },
    { "has text behind a quoted field in the row that begins in line %u",
      "从第 %u 行开始的记录在引号之后还有内容" },
    { "has no rows", "没有数据行" },
    { "has more than %d rows", "超过 %d 行" },
    { "has more than %d columns", "超过 %d 列" },
    { "has no column %s", "缺少列 %s" },
    { "has column %s more than once", "列 %s 重复" },
    { "is too large", "过大" },
    { "has more fields than there are titles", "字段数多于标题数" },
    { "stands in more than one row", "在文件中重复" },
    { "multipart/form-data is expected", "应为 multipart/form-data" },
    { "the form is not complete", "表单不完整" },

    { "may be left out, but not empty", "可以省略，但不能为空" },
    { "given more than once", "只能出现一次" },

    { "has to be an integer", "应为整数" },
    { "has to be an integer from %lld to %lld", "应为 %lld 到 %lld 之间的整数" },
    { "has to be an integer of at least %lld", "应为不小于 %lld 的整数" },
    { "has to be true or false", "应为 true 或 false" },
    { "has to be a string", "应为字符串" },
    { "has to be UTF-8 text", "应为 UTF-8 文本" },
    { "may not contain NUL", "不能包含 NUL 字符" },
    { "has to be one of %s", "应为以下之一：%s" },
    { "has to be a sort key", "应为排序字段名" },
    { "is no key this list can be sorted by", "不是此列表支持的排序字段" },
    { "has to be a UUID", "应为 UUID" },
    { "has to be a date, YYYY-MM-DD", "应为日期，格式 YYYY-MM-DD" },
    { "has to be an RFC 3339 time such as 2026-01-31T08:00:00Z",
      "应为 RFC 3339 时间，例如 2026-01-31T08:00:00Z" },
    { "has to be a JSON value", "应为 JSON 值" },
    { "has characters or a form that are not allowed", "包含不允许的字符或格式" },
    { "has to be a list of integers", "应为整数列表" },
    { "has to be a list of strings", "应为字符串列表" },
    { "has an empty member", "包含空成员" },
    { "has a NUL or a number that cannot be kept",
      "包含 NUL 字符或无法保存的数字" },

    { "needs at least %lld characters", "至少需要 %lld 个字符" },
    { "may have at most %lld characters", "最多 %lld 个字符" },
    { "needs at least %lld bytes", "至少需要 %lld 字节" },
    { "may have at most %lld bytes", "最多 %lld 字节" },
    { "needs at least %lld members", "至少需要 %lld 项" },
    { "may have at most %lld members", "最多 %lld 项" },

    { "has to have 8 to 128 characters", "长度应为 8 到 128 个字符" },
    { "needs an upper case letter, a lower case letter and a digit",
      "需要包含大写字母、小写字母和数字" },
    { "may not contain the user name", "不能包含用户名" },
    { "is one of the most common passwords", "属于最常见的密码" },

    { "has to have 1 to 253 characters", "长度应为 1 到 253 个字符" },
    { "is no IPv6 address; the port is given separately",
      "不是 IPv6 地址；端口须单独填写" },
    { "has an empty label or one that ends in a hyphen",
      "有一段为空或以连字符结尾" },
    { "has to be one DNS name or IP address; international names in their"
      " xn-- form", "应为一个 DNS 名称或 IP 地址；国际化域名使用 xn-- 形式" },
    { "has a label longer than 63", "有一段超过 63 个字符" },
    { "may not end in a dot or hyphen", "不能以点或连字符结尾" },
    { "has to be an IPv4 address of four decimal numbers",
      "应为由四个十进制数组成的 IPv4 地址" },

    /* refusals in SQL: tf_fail(code, field, reason) */

    { "is no active credential for this engine",
      "不是适用于该数据库类型的启用凭据" },
    { "names a tag that does not exist", "包含不存在的标签" },
    { "weaker TLS to a new place is an administrator's decision",
      "向新的目标使用较弱的 TLS 须由管理员决定" },
    { "there is no active instance with a credential",
      "没有已启用且配置了凭据的实例" },
    { "one's own user cannot be deleted", "不能删除自己的用户" },

    { "too many requests wait for PostgreSQL", "等待 PostgreSQL 的请求过多" },
    { "too many requests of yours wait", "您等待中的请求过多" }
};


const tf_word_t  tf_words_locks[] = {
    { "is_locked=True",
      { "账户已锁定", "The account is locked" } },
    { "type_specific.account_locked=True",
      { "账户已锁定", "The account is locked" } },
    { "role_attributes.can_login=False",
      { "不能登录（NOLOGIN）", "May not log in (NOLOGIN)" } },
    { "type_specific.valid_until expired",
      { "已过有效期", "Past its validity" } },
    { "type_specific.is_disabled=True",
      { "登录已禁用", "The login is disabled" } },
    { "type_specific.connect_to_engine=DENY",
      { "拒绝连接到引擎", "CONNECT to the engine is denied" } },
    { "type_specific.is_locked_out=True",
      { "因失败次数过多被锁定", "Locked out after failed sign-ins" } },
    { "type_specific.is_password_expired=True",
      { "密码已过期", "The password has expired" } },
    { "type_specific.must_change_password=True",
      { "必须先修改密码", "The password has to be changed first" } },
    { "type_specific.account_status!=OPEN",
      { "账户状态不是 OPEN", "The status of the account is not OPEN" } },
    { NULL, { NULL, NULL } }
};


const tf_word_t  tf_words_life[] = {
    { "NEVER_EXPIRES",
      { "密码不会过期", "The password does not expire" } },
    { "NEVER_SEEN",
      { "服务器从未记录过登录", "The server has never noted a sign-in" } },
    { "NOT_LOCKED",
      { "未锁定", "It is not locked" } },
    { "NO_SIGN_IN",
      { "角色没有自己的密码和登录",
        "A role has no password and no sign-in of its own" } },
    { "NOT_KEPT",
      { "服务器不保存此信息", "The server does not keep it" } },
    { "NO_SUCH_THING",
      { "此数据库类型没有这种情况", "This engine knows no such thing" } },
    { "LOCK_IN_MEMORY",
      { "登录失败造成的锁定只在服务器内存中，系统表里没有",
        "A lock after failed sign-ins is in the server's memory only" } },
    { "NOT_IN_VERSION",
      { "服务器的版本不提供，或升级后尚未采集",
        "The server's version does not tell it, or it was not read since the"
        " last upgrade" } },
    { "NOT_TOLD",
      { "服务器未告知：没有本地密码、采集账户无权查看，或升级后尚未采集",
        "The server does not tell: there is no password of its own, the"
        " collector may not see it, or it was not read since the last"
        " upgrade" } },
    { NULL, { NULL, NULL } }
};


const char *
tf_words(const char *en)
{
    size_t  i;

    for (i = 0; i < sizeof(tf_words_table) / sizeof(tf_words_table[0]); i++) {
        if (strcmp(tf_words_table[i].en, en) == 0) {
            return tf_words_table[i].zh;
        }
    }

    return NULL;
}


const char *const *
tf_words_suggestions(const char *category, tf_lang_e lang)
{
    size_t  i;

    static const struct {
        const char  *category;
        const char  *lines[TF_LANGS][TF_SUGGESTIONS];
    } all[] = {
        { "validation",
          { { "检查 extra.field 指出的参数", "参照 /api/v1/openapi.json 修正后重试" },
            { "Check the parameter that extra.field names",
              "Correct it as /api/v1/openapi.json says and try again" } } },
        { "authentication",
          { { "重新登录", "如忘记密码，请联系管理员" },
            { "Sign in again",
              "Ask an administrator when the password is lost" } } },
        { "authorization",
          { { "联系管理员获取所需权限", "使用有权限的账户重试" },
            { "Ask an administrator for the permission",
              "Try again as a user who has it" } } },
        { "security",
          { { "从 /api/v1/auth/csrf-token 获取新的令牌", "稍后重试" },
            { "Get a new token from /api/v1/auth/csrf-token",
              "Try again after a moment" } } },
        { "business",
          { { "刷新后查看当前状态", "处理 message 中说明的冲突后重试" },
            { "Reload and look at the present state",
              "Resolve what the message names and try again" } } },
        { "network",
          { { "检查主机、端口和网络", "检查 TLS 模式和证书" },
            { "Check host, port and network",
              "Check the TLS mode and the certificate" } } },
        { "external",
          { { "检查目标数据库的状态和监控账户", "检查凭据后重试" },
            { "Check the target database and its monitoring account",
              "Check the credential and try again" } } },
        { "database",
          { { "稍后重试", "如持续出现，请将 context.request_id 告知管理员" },
            { "Try again after a moment",
              "If it goes on, tell an administrator context.request_id" } } },
        { "",
          { { "稍后重试", "如持续出现，请将 context.request_id 告知管理员" },
            { "Try again after a moment",
              "If it goes on, tell an administrator context.request_id" } } }
    };

    for (i = 0; all[i].category[0]; i++) {
        if (strcmp(all[i].category, category) == 0) {
            break;
        }
    }

    return all[i].lines[lang];
}
