/* One page of rows that are all there: what a server does for longer lists. */

export interface PageQuery {
    page: number;
    limit: number;
    sort: string;
    order: string;
}

const compare = (a: unknown, b: unknown): number => {
    if (a === null || a === undefined || b === null || b === undefined) {
        return Number(a === null || a === undefined) - Number(b === null || b === undefined);
    }
    return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
};

/** Unknown values come last in either order. */
export function pageOf<R extends object>(rows: R[], query: PageQuery): { items: R[]; total: number; page: number; limit: number } {
    const of = (row: R): unknown => (row as Record<string, unknown>)[query.sort];
    const sorted = [...rows].sort((a, b) => {
        const unknown = of(a) === null || of(b) === null;
        const sign = query.order === 'desc' && !unknown ? -1 : 1;
        return unknown ? compare(of(a), of(b)) : sign * compare(of(a), of(b));
    });
    const from = (query.page - 1) * query.limit;
    return { items: sorted.slice(from, from + query.limit), total: rows.length, page: query.page, limit: query.limit };
}
