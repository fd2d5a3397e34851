/*
 * A rule as checkboxes: conditions without NOT, joined by one word.  What a
 * rule is more than that stays in its text.
 */

export interface Leaf {
    fn: string;
    args?: Record<string, unknown>;
}

export type Node = Leaf | { op: 'AND' | 'OR' | 'NOT'; args: Node[] };

export interface Expression {
    version: 4;
    expr: Node;
}

export type Operator = 'AND' | 'OR';

/** Conditions that every engine has. */
export const GENERAL = ['is_superuser', 'has_grant_option', 'is_locked', 'is_system'];

/* Which condition a privilege of a category is. */
const WAYS: [RegExp, (name: string) => Leaf][] = [
    [/_(predefined_roles|server_roles|database_roles|granted_roles|roles)$/, (name) => ({ fn: 'has_role', args: { name } })],
    [/_role_attributes$/, (name) => ({ fn: 'has_capability', args: { name } })],
    [/_global_privileges$/, (name) => ({ fn: 'has_privilege', args: { name, scope: 'global' } })],
    [/_(server_permissions|system_privileges)$/, (name) => ({ fn: 'has_privilege', args: { name, scope: 'server' } })],
    [/_database_(privileges|permissions)$/, (name) => ({ fn: 'has_privilege', args: { name, scope: 'database' } })],
    [/_tablespace_privileges$/, (name) => ({ fn: 'has_privilege', args: { name, scope: 'tablespace' } })],
];

export function leafOf(category: string, name: string): Leaf | undefined {
    return WAYS.find(([pattern]) => pattern.test(category))?.[1](name);
}

export const keyOf = (leaf: Leaf): string =>
    JSON.stringify([leaf.fn, ...Object.entries(leaf.args ?? {}).sort()]);

/** The boxes of a rule, or undefined where boxes cannot say it. */
export function boxesOf(expression: Expression): { operator: Operator; leaves: Leaf[] } | undefined {
    const { expr } = expression;
    const nodes = 'op' in expr ? expr.args : [expr];

    if ('op' in expr && expr.op === 'NOT') {
        return undefined;
    }
    const leaves = nodes.filter((n): n is Leaf => 'fn' in n && (GENERAL.includes(n.fn)
        || ['has_role', 'has_capability'].includes(n.fn)
        || (n.fn === 'has_privilege' && n.args?.database === undefined)));

    return leaves.length === nodes.length
        ? { operator: 'op' in expr && expr.op === 'AND' ? 'AND' : 'OR', leaves } : undefined;
}

export function expressionOf(operator: Operator, leaves: Leaf[]): Expression | undefined {
    const [first] = leaves;
    return first && { version: 4, expr: leaves.length > 1 ? { op: operator, args: leaves } : first };
}

/** The part of a text that an error is about: from its place to the end of the word. */
export function faultAt(text: string, line: number, column: number): [number, number] {
    const start = text.split('\n').slice(0, line - 1).reduce((n, l) => n + l.length + 1, 0);
    // columns count characters, not the units of a string
    const from = start + [...text.slice(start)].slice(0, column - 1).join('').length;
    const word = /^('(?:[^']|'')*'?|[\w]+|\S)/.exec(text.slice(from));
    return [from, from + (word?.[0].length ?? 0)];
}
