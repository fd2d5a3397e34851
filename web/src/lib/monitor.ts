/* The statements for a monitoring account, as its page in the docs has them. */

import page from '../../../docs/monitoring-account.md?raw';

export function monitorSql(engine: string): string {
    const blocks = [...page.matchAll(/```sql (\w+)\n([\s\S]*?)```/g)]
        .filter(([, name]) => name === engine || (engine === 'mysql' && name === 'mysql8'))
        .map(([, name, text]) => (name === 'mysql8' ? `-- MySQL 8\n${text}` : text));
    return blocks.join('\n').trim();
}
