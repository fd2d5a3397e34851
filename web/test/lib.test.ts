import { describe, expect, it } from 'vitest';
import { cronFields, cronText, inZone } from '@/lib/cron';
import { decode, parse, write } from '@/lib/csv';
import { bytes } from '@/lib/format';
import { pivot } from '@/lib/growth';
import { pageOf } from '@/lib/page';
import { boxesOf, expressionOf, faultAt, leafOf, type Expression } from '@/lib/rules';
import { last, sum, top } from '@/lib/series';

describe('rules', () => {
    const role = { fn: 'has_role', args: { name: 'sysadmin' } };
    const locked = { fn: 'is_locked' };

    it('are boxes where boxes say all of it', () => {
        const both = expressionOf('AND', [role, locked])!;
        expect(boxesOf(both)).toEqual({ operator: 'AND', leaves: [role, locked] });
        expect(boxesOf(expressionOf('OR', [role])!)).toEqual({ operator: 'OR', leaves: [role] });
        expect(expressionOf('OR', [])).toBeUndefined();
    });

    it('stay text where not', () => {
        const one = (expr: Expression['expr']): unknown => boxesOf({ version: 4, expr });
        expect(one({ op: 'NOT', args: [locked] })).toBeUndefined();
        expect(one({ op: 'OR', args: [locked, { op: 'AND', args: [role, locked] }] })).toBeUndefined();
        expect(one({ fn: 'name_like', args: { pattern: 'a%' } })).toBeUndefined();
        expect(one({ fn: 'has_privilege', args: { name: 'SELECT', scope: 'database', database: 'app' } })).toBeUndefined();
    });

    it('have a condition for every category of the catalog', () => {
        expect(leafOf('sqlserver_server_roles', 'x')).toEqual({ fn: 'has_role', args: { name: 'x' } });
        expect(leafOf('postgresql_role_attributes', 'x')?.fn).toBe('has_capability');
        expect(leafOf('oracle_system_privileges', 'x')?.args).toEqual({ name: 'x', scope: 'server' });
        expect(leafOf('mysql_database_privileges', 'x')?.args).toEqual({ name: 'x', scope: 'database' });
        expect(leafOf('no_such', 'x')).toBeUndefined();
    });

    it('are underlined where they are wrong, also behind letters of two units', () => {
        const text = "ROLE '🐟' OR\n ROLE x";
        expect(text.slice(...faultAt(text, 2, 7))).toBe('x');
        expect(text.slice(...faultAt(text, 1, 10))).toBe('OR');
        expect(faultAt('LOCKED AND', 1, 11)).toEqual([10, 10]);
    });
});

describe('series', () => {
    const s = (name: string, ...data: (number | null)[]) => ({ name, data });

    it('beyond the heaviest are one, and unknown is not nought', () => {
        const all = top([s('a', 1, 2), s('b', 5, 9), s('c', null, 3), s('d', null, 1)], 2, (n) => `${n} others`);
        expect(all.map((x) => x.name)).toEqual(['b', 'c', '2 others']);
        expect(all[2]!.data).toEqual([1, 3]);
        expect(sum([[null, 1], [null, null]])).toEqual([null, 1]);
        expect(last([3, null])).toBe(3);
    });

    it('are not summed when only one is left', () => {
        expect(top([s('a', 1), s('b', 2), s('c', 3)], 2, String)).toHaveLength(3);
    });
});

describe('a page of rows', () => {
    const rows = [{ n: 2 }, { n: null }, { n: 10 }, { n: 1 }];

    it('is sorted by number, unknown last in either order', () => {
        const of = (order: string) => pageOf(rows, { page: 1, limit: 9, sort: 'n', order }).items.map((r) => r.n);
        expect(of('asc')).toEqual([1, 2, 10, null]);
        expect(of('desc')).toEqual([10, 2, 1, null]);
        expect(pageOf(rows, { page: 2, limit: 3, sort: 'n', order: 'asc' })).toMatchObject({ items: [{ n: null }], total: 4 });
    });
});

describe('cron', () => {
    it('is fields and text without loss', () => {
        for (const text of ['0 1 * * *', '15 30 2 * * MON', '0 0 12 L * * 2027', '*/5 * 1,15 * 1#2']) {
            expect(cronText(cronFields(text)!)).toBe(text);
        }
        expect(cronFields('@daily')).toBeUndefined();
        expect(cronFields('1 2 3')).toBeUndefined();
        expect(cronText({ ...cronFields('0 1 * * *')!, hour: ' ' })).toBe('0 * * * *');
    });

    it('is told in its own zone', () => {
        expect(inZone('2026-11-26T17:00:00Z', 'Asia/Shanghai', 'en')).toBe('2026-11-27 01:00:00 Fri');
        expect(inZone('2026-11-26T17:00:00Z', 'Moon/Tycho', 'en')).toBe('2026-11-26T17:00:00Z');
    });
});

describe('sizes', () => {
    it('have three figures', () => {
        expect([0, 512, 1023, 1536, 10485760, 1023.9 * 1024, 2 ** 40].map(bytes))
            .toEqual(['0 B', '512 B', '1.00 KB', '1.50 KB', '10.0 MB', '1.00 MB', '1.00 TB']);
        expect(bytes(-1536)).toBe('−1.50 KB');
    });

    it('are lines over the same periods, and a period without one is unknown', () => {
        const row = (key: number, start: string, size: number) =>
            ({ key, name: `n${key}`, where: '', instance: key, engine: 'mysql', start, bytes: size, change: 1, percent: 1 });
        const { starts, lines } = pivot([row(1, '2026-11-02', 5), row(2, '2026-11-01', 9), row(1, '2026-11-01', 3)]);
        expect(pivot([row(1, '2026-11-01', 5), row(1, '2026-11-04', 6)], 1).lines[0]!.bytes).toEqual([5, null, null, 6]);
        expect(starts).toEqual(['2026-11-01', '2026-11-02']);
        expect(lines.map((l) => [l.key, l.bytes, l.latest, l.grown])).toEqual([[2, [9, null], 9, 0], [1, [3, 5], 5, 2]]);
    });
});

describe('a CSV file', () => {
    it('has cells with quotes, lines and any separator', () => {
        expect(parse('\ufeffname;host\r\n"a ""b""\nc";h1\r\n;h2')).toEqual([['name', 'host'], ['a "b"\nc', 'h1'], ['', 'h2']]);
        expect(parse('sep=|\na|b,c\n1|')).toEqual([['a', 'b,c'], ['1', '']]);
        expect(parse('')).toEqual([]);
        const records = [['name', 'x'], ['=1', 'a,"b"\r\n'], ['', '中文']];
        expect(parse(write(records))).toEqual(records);
    });

    it('is in the encodings of spreadsheets', () => {
        expect(decode(new Uint8Array([0xd6, 0xd0]).buffer)).toBe('中');
        expect(decode(new Uint8Array([0xff, 0xfe, 0x2d, 0x4e]).buffer)).toBe('中');
        expect(decode(new TextEncoder().encode('中').buffer as ArrayBuffer)).toBe('中');
    });
});
