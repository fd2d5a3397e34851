/* The fields of a cron expression, as an editor shows them. */

export const FIELDS = ['second', 'minute', 'hour', 'day', 'month', 'day_of_week', 'year'] as const;
export type CronField = typeof FIELDS[number];
export type Cron = Record<CronField, string>;

/** 5 fields, 6 with seconds, 7 with a year; undefined for names like @daily. */
export function cronFields(expression: string): Cron | undefined {
    const parts = expression.trim().split(/\s+/);
    if (parts.length < 5 || parts.length > 7) {
        return undefined;
    }
    const [second, ...rest] = parts.length === 5 ? ['0', ...parts] : parts;
    const [minute, hour, day, month, day_of_week, year] = rest;
    return { second: second!, minute: minute!, hour: hour!, day: day!, month: month!, day_of_week: day_of_week!, year: year ?? '*' };
}

/** The shortest expression that says the same. */
export function cronText(cron: Cron): string {
    const of = (f: CronField): string => cron[f].replace(/\s+/g, '') || '*';
    const five = ['minute', 'hour', 'day', 'month', 'day_of_week'].map((f) => of(f as CronField)).join(' ');
    const second = cron.second.trim() === '' ? '0' : of('second');
    return of('year') !== '*' ? `${second} ${five} ${of('year')}` : second !== '0' ? `${second} ${five}` : five;
}

/** An instant as the clocks of a zone show it, with the weekday. */
export function inZone(iso: string, timeZone: string, language: string): string {
    const date = new Date(iso);
    try {
        const weekday = new Intl.DateTimeFormat(language, { timeZone, weekday: 'short' }).format(date);
        const text = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(date);
        return `${text} ${weekday}`;
    } catch {
        return iso;
    }
}
