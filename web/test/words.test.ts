import { describe, expect, it } from 'vitest';
import document from '../../docs/openapi.json?raw';
import errors from '../../src/core/tf_error.c?raw';
import classesSql from '../../sql/0010_classification.sql?raw';
import kinds from '../../src/worker/tfw_job_kinds.c?raw';
import en from '@/lang/en.json';
import zh from '@/lang/zh-CN.json';
import { BUILT_IN } from '@/use/builtin';

/* What the API has words for is read where it is defined: a new code without
 * words in the console is found here. */

const engines = import.meta.glob('../../src/core/tf_engine_*.c', { query: '?raw', import: 'default', eager: true }) as Record<string, string>;
const queries = import.meta.glob('../../src/worker/engine/tfw_*.c', { query: '?raw', import: 'default', eager: true }) as Record<string, string>;
const all = (texts: string[], pattern: RegExp): string[] =>
    [...new Set(texts.flatMap((x) => [...x.matchAll(pattern)].map((m) => m[1]!)))];

function missing(group: string, codes: string[]): string[] {
    return [en, zh].flatMap((words) => codes.filter((c) =>
        !Object.hasOwn((words as unknown as Record<string, object>)[group] ?? {}, c)));
}

describe('every code has words', () => {
    it('errors', () => {
        const codes = all([errors], /\bTF_E\((\w+),/g).filter((c) => c !== 'name');
        expect(codes.length).toBeGreaterThan(50);
        expect(missing('problem', codes)).toEqual([]);
    });

    it('categories of rights, and scopes that are read', () => {
        const texts = Object.values(engines);
        const categories = all(texts, /\{ "(\w+)", TF_SHAPE_/g);
        expect(categories.length).toBeGreaterThan(40);
        expect(missing('category', categories)).toEqual([]);
        const scopes = [...all(texts, /TF_SHAPE_\w+,\s+"(\w+)"/g), ...all(Object.values(queries), /\.scope = "(\w+)"/g)];
        expect(scopes.length).toBeGreaterThan(10);
        expect(missing('scope', scopes)).toEqual([]);
    });

    it('tasks, and what they count', () => {
        const real = kinds.replace(/#if(?:def)? .*TFW_INJECTIONS[^]*?#endif/g, '');
        const tasks = all([real], /\.kind = "(\w+)"/g);
        expect(tasks.length).toBeGreaterThan(6);
        expect(missing('task', tasks)).toEqual([]);
        expect(missing('metric', all([kinds], /\{ "(\w+)", (?:NULL|")/g))).toEqual([]);
    });

    it('values of the filters of every list', () => {
        interface Parameter { name?: string; schema?: { enum?: string[]; items?: { enum?: string[] } } }
        const paths = JSON.parse(document).paths as Record<string, { get?: { parameters?: Parameter[] } }>;
        const groups: Record<string, string> = {
            db_type: 'engine', change_type: 'change', credential_type: 'credentialType', level: 'level', trigger_source: 'trigger', role: 'roles',
            period_type: 'period', sync_status: 'sizeState', status: 'state', type: '', owner_type: '', ad_status: '', audit_status: '', managed_status: '', backup_status: '',
            sync_type: '', outcome: 'outcome', sort: '', order: '', format: 'export',
        };
        const special: Record<string, string> = {
            '/partitions': 'partition', '/instances': 'active', '/tags': 'active', '/users': 'active', '/credentials': 'active', '/overview': '', '/instances/exports': 'active',
        };
        let checked = 0;
        for (const [path, { get }] of Object.entries(paths)) {
            for (const { name, schema } of get?.parameters ?? []) {
                const values = schema?.enum ?? schema?.items?.enum;
                if (name && values) {
                    expect(Object.keys(groups), `${path} ${name}`).toContain(name);
                    const own = Object.keys(special).find((end) => path.endsWith(end));
                    const group = name === 'status' && own !== undefined ? special[own]! : groups[name]!;
                    expect(group ? missing(group, values) : [], `${path} ${name}`).toEqual([]);
                    checked++;
                }
            }
        }
        expect(checked).toBeGreaterThan(20);
    });
});

describe('classes and rules that come along', () => {
    it('are named in both languages', () => {
        const classes = all([classesSql], /\('\w+', '([^']+)', '[^']+', \d,/g);
        const about = all([classesSql], /\('\w+', '[^']+', '([^']+)', \d,/g);
        const rules = all([classesSql], /\n {4}\('\w+', '\w+',\s+'([^']+)'/g);
        expect([classes.length, about.length, rules.length > 5]).toEqual([6, 6, true]);
        expect([...classes, ...about, ...rules].filter((name) => !Object.hasOwn(BUILT_IN, name))).toEqual([]);
        expect(missing('builtin', Object.values(BUILT_IN))).toEqual([]);
    });
});
