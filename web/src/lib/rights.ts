/*
 * A snapshot's categories as a flat list of rights, their comparison, and the
 * engine's own GRANT statements for them.
 */

import type { DiffEntry, Rights, Snapshot } from '@/api/types';

/** What a right is more than granted: may be passed on, or is denied. */
export type State = 'granted' | 'grantable' | 'admin' | 'denied';

export interface Right {
    category: string;
    database: string;
    object: string;
    privilege: string;
    state: State;
}

const OPTION = ' WITH GRANT OPTION';
const ADMIN = ' WITH ADMIN OPTION';
const DENY = 'DENY ';

/* A privilege with its state in words: "DENY SELECT", "r1 WITH ADMIN OPTION". */
function one(category: string, database: string, object: string, words: string): Right {
    const [privilege, state]: [string, State] = words.endsWith(OPTION)
        ? [words.slice(0, -OPTION.length), 'grantable'] : words.endsWith(ADMIN)
            ? [words.slice(0, -ADMIN.length), 'admin'] : words.startsWith(DENY)
                ? [words.slice(DENY.length), 'denied'] : [words, 'granted'];

    return { category, database, object, privilege, state };
}

/* What stands behind the grantee in a statement. */
function option(r: Right): string {
    return r.state === 'grantable' ? OPTION : r.state === 'admin' ? ADMIN : '';
}

export function flatten(category: string, rights: Rights): Right[] {
    if (Array.isArray(rights)) {
        return rights.map((p) => one(category, '', '', p));
    }
    return Object.entries(rights).flatMap(([key, value]): Right[] => {
        if (typeof value === 'boolean') {
            return [one(category, '', key, String(value))];
        }
        if (Array.isArray(value)) {
            return value.map((p) => one(category, '', key, p));
        }
        return Object.entries(value).flatMap(([object, list]) =>
            flatten(category, { [object]: list }).map((r) => ({ ...r, database: key })));
    });
}

export function rightsOf(snapshot: Snapshot): Right[] {
    return Object.entries(snapshot.categories ?? {}).flatMap(([c, r]) => flatten(c, r));
}

const keyOf = (r: Right): string =>
    JSON.stringify([r.category, r.database, r.object, r.privilege, r.state]);

export function compare(before: Right[], after: Right[]): { revoked: Right[]; granted: Right[] } {
    const old = new Set(before.map(keyOf));
    const now = new Set(after.map(keyOf));
    return {
        revoked: before.filter((r) => !now.has(keyOf(r))),
        granted: after.filter((r) => !old.has(keyOf(r))),
    };
}

export function attributes(snapshot: Snapshot): Record<string, unknown> {
    return Object.assign({}, ...Object.values(snapshot.type_specific ?? {}));
}

/** Entries of a diff as the API gives it: a list, or an object that has one. */
export function entries(diff: { entries: DiffEntry[] } | DiffEntry[] | null | undefined): DiffEntry[] {
    return Array.isArray(diff) ? diff : diff?.entries ?? [];
}

const pg = (name: string): string =>
    /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replace(/"/g, '""')}"`;
const my = (name: string): string => `\`${name.replace(/`/g, '``')}\``;
const ms = (name: string): string => `[${name.replace(/]/g, ']]')}]`;
const literal = (text: string): string => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "''")}'`;

const POSTGRESQL: Record<string, string> = {
    postgresql_database_privileges: 'DATABASE',
    postgresql_tablespace_privileges: 'TABLESPACE',
    postgresql_parameter_privileges: 'PARAMETER',
    postgresql_schema_privileges: 'SCHEMA',
    postgresql_language_privileges: 'LANGUAGE',
    postgresql_type_privileges: 'TYPE',
    postgresql_table_privileges: 'TABLE',
    postgresql_sequence_privileges: 'SEQUENCE',
    postgresql_large_object_privileges: 'LARGE OBJECT',
    postgresql_function_privileges: 'FUNCTION',
};

/** schema.table with each part quoted where it has to be; the first dot parts. */
function dotted(name: string, quote: (part: string) => string): string {
    const at = name.indexOf('.');
    return at < 0 ? quote(name) : `${quote(name.slice(0, at))}.${quote(name.slice(at + 1))}`;
}

function mysqlAccount(principal: string): string {
    const at = principal.lastIndexOf('@');
    return at < 0 ? literal(principal)
        : `${literal(principal.slice(0, at))}@${literal(principal.slice(at + 1))}`;
}

type Group = { first: Right; list: string[] };

function grouped(rights: Right[]): Group[] {
    const groups = new Map<string, Group>();

    for (const r of rights) {
        const key = JSON.stringify([r.category, r.database, r.object, r.state]);
        const group = groups.get(key) ?? { first: r, list: [] };
        group.list.push(r.privilege);
        groups.set(key, group);
    }
    return [...groups.values()];
}

function postgresql({ first: r, list }: Group, who: string): string | null {
    const to = who === 'PUBLIC' ? 'PUBLIC' : pg(who);
    const tail = `TO ${to}${option(r)};`;

    if (r.category === 'postgresql_predefined_roles') {
        return `GRANT ${list.map(pg).join(', ')} ${tail}`;
    }
    if (r.category === 'postgresql_column_privileges') {
        const at = r.object.lastIndexOf('.');
        const column = pg(r.object.slice(at + 1));
        return `GRANT ${list.map((p) => `${p} (${column})`).join(', ')} ON TABLE `
            + `${dotted(r.object.slice(0, at), pg)} ${tail}`;
    }
    const kind = POSTGRESQL[r.category];
    if (!kind) {
        return null;
    }
    // a function's signature is no name
    const object = kind === 'FUNCTION' || kind === 'LARGE OBJECT' ? r.object : dotted(r.object, pg);
    return `GRANT ${list.join(', ')} ON ${kind} ${object} ${tail}`;
}

function mysql({ first: r, list }: Group, who: string): string | null {
    const to = mysqlAccount(who);
    const end = list.includes('GRANT OPTION') ? OPTION : option(r);
    const names = list.filter((p) => p !== 'GRANT OPTION');
    const what = names.length ? names.join(', ') : 'USAGE';
    const grant = (on: string): string => `GRANT ${what} ON ${on} TO ${to}${end};`;

    switch (r.category) {
    case 'mysql_global_privileges':
        return grant('*.*');
    case 'mysql_database_privileges':
        return grant(r.object.startsWith('LIKE ') ? `${my(r.object.slice(5))}.*`
            : `${my(r.object.replace(/[_%]/g, '\\$&'))}.*`);
    case 'mysql_table_privileges':
        return grant(`${my(r.database)}.${my(r.object)}`);
    case 'mysql_granted_roles':
        return r.object === 'direct' || r.object === 'admin'
            ? `GRANT ${list.map(mysqlAccount).join(', ')} TO ${to}${r.object === 'admin' ? ADMIN : end};`
            : `SET DEFAULT ROLE ${list.map(mysqlAccount).join(', ')} TO ${to};`;
    case 'mysql_proxy_privileges':
        return `GRANT PROXY ON ${mysqlAccount(r.object)} TO ${to}${end};`;
    case 'mysql_partial_revokes':
        return `REVOKE ${what} ON ${my(r.object)}.* FROM ${to};`;
    default:
        return null;
    }
}

function sqlserver({ first: r, list }: Group, who: string): string | null {
    switch (r.category) {
    case 'sqlserver_server_roles':
        return list.map((p) => `ALTER SERVER ROLE ${ms(p)} ADD MEMBER ${ms(who)};`).join('\n');
    case 'sqlserver_server_permissions':
        return `${r.state === 'denied' ? 'DENY' : 'GRANT'} ${list.join(', ')} TO ${ms(who)}${option(r)};`;
    case 'sqlserver_database_roles':
        return list.map((p) => `USE ${ms(r.object)}; ALTER ROLE ${ms(p)} ADD MEMBER ${ms(who)};`).join('\n');
    default:
        return null;
    }
}

function oracle({ first: r, list }: Group, who: string): string | null {
    return r.category === 'oracle_roles' || r.category === 'oracle_system_privileges'
        ? `GRANT ${list.join(', ')} TO "${who}"${option(r)};` : null;
}

const WRITERS: Record<string, (group: Group, who: string) => string | null> = {
    postgresql, mysql, sqlserver, oracle,
};

/** Statements; what has none in this engine is a comment that says so. */
export function grants(rights: Right[], engine: string, who: string): string {
    const lines: string[] = [];
    let database = '';

    for (const group of grouped(rights)) {
        const r = group.first;
        if (engine === 'postgresql' && r.database && r.database !== database) {
            database = r.database;
            lines.push('', `\\connect ${pg(database)}`);
        }
        lines.push(WRITERS[engine]?.(group, who)
            ?? `-- ${r.category}: ${[r.database, r.object, group.list.join(', ')]
                .filter(Boolean).join(' ').replace(/[\r\n]/g, ' ')}`);
    }
    return lines.join('\n').trim();
}
