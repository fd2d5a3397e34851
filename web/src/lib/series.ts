/* Series of a chart that has room for a few only. */

/** A value per category; null is a time of which nothing is known. */
export interface Series {
    name: string;
    data: (number | null)[];
    /** a colour with a meaning; others are given in turn */
    tone?: 'accent' | 'bad' | 'warn' | 'good' | 'quiet';
    dashed?: boolean;
    /** not drawn until it is asked for in the legend */
    off?: boolean;
    /** what it is compared by, the last known value when left out */
    weight?: number;
}

export const last = (data: (number | null)[]): number | null =>
    [...data].reverse().find((v) => v !== null) ?? null;

const weight = (s: Series): number => s.weight ?? last(s.data) ?? 0;

/** A sum is known where a part of it is. */
export function sum(data: (number | null)[][]): (number | null)[] {
    const size = Math.max(0, ...data.map((d) => d.length));
    return Array.from({ length: size }, (_, n) => data.reduce<number | null>(
        (all, d) => (typeof d[n] === 'number' ? (all ?? 0) + d[n] : all), null));
}

/** The `most` heaviest; all others become one series, `others` names it. */
export function top(series: Series[], most: number, others: (n: number) => string): Series[] {
    const sorted = [...series].sort((a, b) => weight(b) - weight(a));
    const rest = sorted.slice(most);

    return rest.length < 2 ? sorted : [...sorted.slice(0, most), {
        name: others(rest.length), data: sum(rest.map((s) => s.data)), tone: 'quiet', off: true,
    }];
}
