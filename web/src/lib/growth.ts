/* Rows of sizes by period, as lines over the same periods. */

import { last } from './series';

export interface SizeRow {
    key: number;
    name: string;
    where: string;
    instance: number;
    engine: string;
    start: string;
    bytes: number | null;
    change: number | null;
    percent: number | null;
}

export interface Line {
    key: number;
    name: string;
    where: string;
    instance: number;
    engine: string;
    bytes: (number | null)[];
    change: (number | null)[];
    percent: (number | null)[];
    latest: number | null;
    /** between the first and the last period that are known */
    grown: number | null;
}

/* Every day or week from the first to the last, also those without a row. */
function periods(rows: SizeRow[], step?: number): string[] {
    const known = [...new Set(rows.map((r) => r.start))].sort();
    const first = known[0];
    if (!step || !first) {
        return known;
    }
    const all: string[] = [];
    for (let at = Date.parse(first); at <= Date.parse(known[known.length - 1]!); at += step * 86400000) {
        all.push(new Date(at).toISOString().slice(0, 10));
    }
    return all;
}

/** The largest first.  A period without a row is unknown; `step` in days where all are as long. */
export function pivot(rows: SizeRow[], step?: number): { starts: string[]; lines: Line[] } {
    const starts = periods(rows, step);
    const at = new Map(starts.map((s, n) => [s, n]));
    const lines = new Map<number, Line>();

    for (const r of rows) {
        const nothing = (): (number | null)[] => starts.map(() => null);
        const line = lines.get(r.key) ?? {
            key: r.key, name: r.name, where: r.where, instance: r.instance, engine: r.engine,
            bytes: nothing(), change: nothing(), percent: nothing(), latest: null, grown: null,
        };
        const n = at.get(r.start)!;
        line.bytes[n] = r.bytes;
        line.change[n] = r.change;
        line.percent[n] = r.percent;
        lines.set(r.key, line);
    }
    for (const line of lines.values()) {
        const first = line.bytes.find((v) => v !== null) ?? null;
        line.latest = last(line.bytes);
        line.grown = line.latest === null || first === null ? null : line.latest - first;
    }
    return { starts, lines: [...lines.values()].sort((a, b) => (b.latest ?? -1) - (a.latest ?? -1)) };
}
