/* How numbers, sizes and instants are written.  Pure: the language is given. */

const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ['year', 31536000], ['month', 2592000], ['day', 86400], ['hour', 3600], ['minute', 60],
];

export function relative(iso: string, language: string, now = Date.now()): string {
    const seconds = (Date.parse(iso) - now) / 1000;
    const format = new Intl.RelativeTimeFormat(language, { numeric: 'always' });

    for (const [unit, size] of units) {
        if (Math.abs(seconds) >= size) {
            return format.format(Math.trunc(seconds / size), unit);
        }
    }
    return format.format(Math.trunc(Math.min(seconds, 0)), 'second');
}

/** 2026-11-24 01:00:00 GMT+8: the reader's zone, always named. */
export function exact(iso: string, language: string, timeZone?: string): string {
    const date = new Date(iso);
    if (Number.isNaN(date.getTime())) {
        return iso;
    }
    const part = (options: Intl.DateTimeFormatOptions): string =>
        new Intl.DateTimeFormat('sv-SE', { timeZone, ...options }).format(date);
    const zone = new Intl.DateTimeFormat(language, { timeZone, timeZoneName: 'short' })
        .formatToParts(date).find((p) => p.type === 'timeZoneName')?.value ?? '';

    return `${part({ dateStyle: 'short' })} ${part({ timeStyle: 'medium' })} ${zone}`;
}

export function day(iso: string, language: string): string {
    return new Intl.DateTimeFormat(language, { dateStyle: 'full' }).format(new Date(iso));
}

export function clock(iso: string, language: string): string {
    return new Intl.DateTimeFormat(language, {
        hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false,
    }).format(new Date(iso));
}

export function count(n: number, language: string): string {
    return new Intl.NumberFormat(language).format(n);
}

/** 1.5 GB: by 1024, three figures. */
export function bytes(n: number): string {
    const unit = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
    let size = Math.abs(n);
    let at = 0;

    for (; size >= 999.5 && at < unit.length - 1; at++) {
        size /= 1024;
    }
    const text = at === 0 ? String(Math.round(size)) : size.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
    return `${n < 0 ? '−' : ''}${text} ${unit[at]}`;
}

/** 1 h 02 min, 3 min 05 s, 4.2 s */
export function duration(seconds: number): string {
    const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');

    if (seconds < 10) {
        return `${Math.max(seconds, 0).toFixed(1)} s`;
    }
    if (seconds < 60) {
        return `${Math.floor(seconds)} s`;
    }
    if (seconds < 3600) {
        return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
    }
    return `${Math.floor(seconds / 3600)} h ${two((seconds % 3600) / 60)} min`;
}

/**
 * A text that a person can look at: control characters and marks of direction
 * become visible, and it ends after `limit` characters.
 */
export function visible(text: string, limit = 2000): string {
    const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;

    // eslint-disable-next-line no-control-regex
    return cut.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** One cell of a CSV: quoted, and never a formula. */
export function csvCell(value: unknown): string {
    const text = value === null || value === undefined ? '' : String(value);
    const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

export function csv(rows: unknown[][]): string {
    return `\ufeff${rows.map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
}
