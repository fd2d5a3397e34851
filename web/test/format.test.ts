import { describe, expect, it, vi } from 'vitest';
import { csv, csvCell, duration, exact, relative, visible } from '@/lib/format';
import { compare, entries, flatten, grants, rightsOf } from '@/lib/rights';
import { monitorSql } from '@/lib/monitor';
import { speak, t } from '@/use/i18n';
import en from '@/lang/en.json?raw';
import zh from '@/lang/zh-CN.json?raw';

const at = Date.parse('2026-11-26T12:00:00Z');

describe('times', () => {
    it('are told relatively, never in the future by a clock that is off', () => {
        expect(relative('2026-11-26T09:00:00Z', 'en', at)).toBe('3 hours ago');
        expect(relative('2026-11-26T09:00:00Z', 'zh-CN', at)).toBe('3小时前');
        expect(relative('2026-11-26T12:00:05Z', 'en', at)).toBe('in 0 seconds');
        expect(relative('2024-11-26T12:00:00Z', 'en', at)).toBe('2 years ago');
    });

    it('are exact with their zone', () => {
        expect(exact('2026-11-26T12:00:00Z', 'en', 'Asia/Shanghai')).toBe('2026-11-26 20:00:00 GMT+8');
        expect(exact('no date', 'en')).toBe('no date');
    });

    it('last', () => {
        expect(duration(4.23)).toBe('4.2 s');
        expect(duration(59.9)).toBe('59 s');
        expect(duration(185)).toBe('3 min 05 s');
        expect(duration(3725)).toBe('1 h 02 min');
        expect(duration(-1)).toBe('0.0 s');
    });
});

describe('texts from a managed database', () => {
    it('show what is invisible', () => {
        expect(visible('a\u0000b\u202egpj.exe\u200b')).toBe('a\\u0000b\\u202egpj.exe\\u200b');
        expect(visible('x'.repeat(65536), 100)).toHaveLength(101);
    });

    it('show it in sentences, too', async () => {
        vi.stubGlobal('document', { documentElement: {} });
        await speak('en');
        expect(t('saved', { name: 'a\u202eb' })).toBe('a\\u202eb saved');
    }, 60000);

    it('stand in a box of their own in one way', () => {
        const sources = import.meta.glob('../src/**/*.vue', { query: '?raw', import: 'default', eager: true }) as Record<string, string>;
        expect(Object.keys(sources).filter((path) => /<pre\b/.test(sources[path]!))).toEqual(['../src/part/Verbatim.vue']);
    });

    it('are never a formula in a spreadsheet', () => {
        expect(csvCell('=1+1')).toBe("'=1+1");
        expect(csvCell('@SUM(A1)')).toBe("'@SUM(A1)");
        expect(csvCell(-5)).toBe('-5');
        expect(csvCell('a "b", c')).toBe('"a ""b"", c"');
        expect(csv([['a', null], [1, 'x\ny']])).toBe('\ufeffa,\r\n1,"x\ny"\r\n');
    });
});

describe('rights', () => {
    const snapshot = {
        version: 4, type_specific: {},
        categories: {
            postgresql_role_attributes: { can_login: true },
            postgresql_predefined_roles: ['pg_monitor', 'App "x"'],
            postgresql_database_privileges: { app: ['CONNECT', 'TEMP WITH GRANT OPTION'] },
            postgresql_table_privileges: { app: { 'Sales.lines': ['SELECT'] } },
        },
    };

    it('are flat', () => {
        expect(rightsOf(snapshot)).toHaveLength(6);
        expect(flatten('c', { db: { t: ['SELECT WITH GRANT OPTION'] } })).toEqual([
            { category: 'c', database: 'db', object: 't', privilege: 'SELECT', state: 'grantable' }]);
        expect(flatten('c', ['DENY SELECT', 'r WITH ADMIN OPTION']).map((r) => [r.privilege, r.state]))
            .toEqual([['SELECT', 'denied'], ['r', 'admin']]);
    });

    it('are compared', () => {
        const old = rightsOf(snapshot);
        expect(compare(old, old)).toEqual({ granted: [], revoked: [] });
        expect(compare(old.slice(1), old).granted).toEqual(old.slice(0, 1));
        expect(compare(old, old.slice(1)).revoked).toEqual(old.slice(0, 1));
    });

    it('are statements of the engine', () => {
        const sql = grants(rightsOf(snapshot), 'postgresql', 'App');
        expect(sql).toContain('GRANT pg_monitor, "App ""x""" TO "App";');
        expect(sql).toContain('GRANT CONNECT ON DATABASE app TO "App";');
        expect(sql).toContain('GRANT TEMP ON DATABASE app TO "App" WITH GRANT OPTION;');
        expect(sql).toContain('\\connect app\nGRANT SELECT ON TABLE "Sales".lines TO "App";');
        expect(sql).toContain('-- postgresql_role_attributes: can_login true');
    });

    it('are statements that say what a right is more than granted', () => {
        expect(grants(flatten('postgresql_predefined_roles', ['r WITH ADMIN OPTION']), 'postgresql', 'u'))
            .toBe('GRANT r TO u WITH ADMIN OPTION;');
        expect(grants(flatten('sqlserver_server_permissions', ['DENY CONNECT SQL']), 'sqlserver', 'a]b'))
            .toBe('DENY CONNECT SQL TO [a]]b];');
    });

    it('are statements of MySQL, whose names may hold anything', () => {
        const sql = grants([
            ...flatten('mysql_global_privileges', ['GRANT OPTION', 'SELECT']),
            ...flatten('mysql_database_privileges', { 'app_`db': ['SELECT'] }),
        ], 'mysql', "o'neil@%");
        expect(sql).toBe("GRANT SELECT ON *.* TO 'o''neil'@'%' WITH GRANT OPTION;\n"
            + "GRANT SELECT ON `app\\_``db`.* TO 'o''neil'@'%';");
    });

    it('come out of a diff in both of its shapes', () => {
        const entry = { field: 'f' };
        expect(entries([entry])).toEqual([entry]);
        expect(entries({ entries: [entry] })).toEqual([entry]);
        expect(entries(null)).toEqual([]);
    });
});

describe('the monitoring account', () => {
    it('has the statements of its documentation', () => {
        expect(monitorSql('postgresql')).toContain('CREATE ROLE taifish_monitor');
        expect(monitorSql('mysql')).toContain('-- MySQL 8\nGRANT SELECT ON mysql.global_grants');
        expect(monitorSql('none')).toBe('');
    });
});

describe('words', () => {
    const flat = (o: object, path = ''): [string, string][] => Object.entries(o).flatMap(([k, v]) =>
        (typeof v === 'string' ? [[path + k, v] as [string, string]] : flat(v as object, `${path}${k}.`)));
    const left = new Map(flat(JSON.parse(zh)));
    const right = new Map(flat(JSON.parse(en)));
    const names = (s: string): string[] => [...new Set(s.match(/\{\w+\}/g))].sort();

    it('exist in both languages, with the same parts', () => {
        expect([...left.keys()].sort()).toEqual([...right.keys()].sort());
        for (const [key, text] of left) {
            expect(names(right.get(key)!), key).toEqual(names(text));
        }
    });

    it('say one and many', async () => {
        expect(en.match(/"[^"|]*\{n\} [a-z]+s\b[^"|]*"/g) ?? []).toEqual([]);
        vi.stubGlobal('document', { documentElement: {} });
        await speak('en');
        expect([1, '1', '1,200', 0].map((n) => t('list.exported', { n })))
            .toEqual(['1 row exported', '1 row exported', '1,200 rows exported', '0 rows exported']);
    }, 60000);

    it('exist for every key that a source names', () => {
        const sources = import.meta.glob('../src/**/*.{vue,ts}', { query: '?raw', import: 'default', eager: true });
        const missing = new Set<string>();
        for (const text of Object.values(sources) as string[]) {
            for (const [, key] of text.matchAll(/\bt\('([\w.]+)'/g)) {
                if (!left.has(key!)) {
                    missing.add(key!);
                }
            }
        }
        expect([...missing]).toEqual([]);
    });
});
