/* Reading a CSV file as the server does, so that a row it refused can be mended. */

export function decode(data: ArrayBuffer): string {
    const bytes = new Uint8Array(data);
    if (bytes[0] === 0xff && bytes[1] === 0xfe) {
        return new TextDecoder('utf-16le').decode(data);
    }
    if (bytes[0] === 0xfe && bytes[1] === 0xff) {
        return new TextDecoder('utf-16be').decode(data);
    }
    try {
        return new TextDecoder('utf-8', { fatal: true }).decode(data);
    } catch {
        return new TextDecoder('gb18030').decode(data);
    }
}

/** Records of cells; the first has the titles.  A line "sep=;" is none. */
export function parse(text: string): string[][] {
    let rest = text.replace(/^\ufeff/, '');
    const named = /^sep=(.)\r?\n/i.exec(rest);
    rest = named ? rest.slice(named[0].length) : rest;
    const first = /^[^\r\n]*/.exec(rest)![0];
    const comma = named?.[1] ?? [',', ';', '\t'].map((c) => [c, first.split(c).length] as const)
        .reduce((a, b) => (b[1] > a[1] ? b : a))[0];

    const records: string[][] = [];
    let record: string[] = [];
    let at = 0;
    while (at < rest.length) {
        let cell = '';
        if (rest[at] === '"') {
            for (at++; at < rest.length && !(rest[at] === '"' && rest[at + 1] !== '"'); at++) {
                cell += rest[at];
                at += Number(rest[at] === '"');
            }
            at++;
        }
        for (; at < rest.length && rest[at] !== comma && rest[at] !== '\n' && rest[at] !== '\r'; at++) {
            cell += rest[at];
        }
        record.push(cell);
        if (rest[at] === comma) {
            at++;
            if (at === rest.length) {
                record.push('');
            }
            continue;
        }
        at += rest[at] === '\r' && rest[at + 1] === '\n' ? 2 : 1;
        if (record.length > 1 || record[0] !== '') {
            records.push(record);
        }
        record = [];
    }
    if (record.length) {
        records.push(record);
    }
    return records;
}

/** Cells as they are: the server is asked what they mean. */
export function write(records: string[][]): string {
    const one = (s: string): string => (/[",;\t\r\n]/.test(s) ? `"${s.replace(/"/g, '""')}"` : s);
    return `${records.map((r) => r.map(one).join(',')).join('\r\n')}\r\n`;
}
