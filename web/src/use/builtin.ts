/* Classes and rules that TaiFish brings along are stored with one name, which
 * may be changed like any other.  While it is the one that was brought, it is
 * said in the reader's language. */

import { t } from './i18n';

export const BUILT_IN: Record<string, string> = {
    超级账户: 'super', 高权限账户: 'highly', 敏感账户: 'sensitive', 中权限账户: 'medium', 低权限账户: 'low', 公共账户: 'public',
    '拥有全部权限，不受任何限制': 'superAbout', '可管理账户、权限或服务器': 'highlyAbout', 可读写全部数据: 'sensitiveAbout',
    可创建或修改对象: 'mediumAbout', 监控与只读系统信息: 'lowAbout', 共用账户: 'publicAbout',
    'Superusers': 'superusers', 'Managers of roles': 'roles', 'Managers of accounts and the server': 'accounts',
    'Managers of logins and the server': 'logins', 'Managers of users and privileges': 'users',
    'Readers and writers of all data': 'data', 'Creators of databases and schemas': 'schemas', 'Definers of objects': 'objects',
    'Owners of databases': 'databases', 'Monitoring': 'monitoring',
};

export function named(name: string | null | undefined): string {
    const key = name && Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
    return key ? t(`builtin.${key}`) : name ?? '';
}
