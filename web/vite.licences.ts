/* The licences of the packages whose code is in the built files. */

import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

interface Manifest {
    name: string;
    version: string;
    license?: string;
    dependencies?: Record<string, string>;
}

const read = (dir: string): Manifest => JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));

export function writeLicences(root: string): void {
    const found = new Map<string, { name: string; version: string; licence: string; text: string }>();

    const visit = (name: string, from: string): void => {
        let dir = from;
        while (!existsSync(join(dir, 'node_modules', name, 'package.json'))) {
            if (dir === root) {
                return;
            }
            dir = resolve(dir, '..');
        }
        const at = join(dir, 'node_modules', name);
        const manifest = read(at);
        const key = `${name} ${manifest.version}`;

        // types are no code
        if (found.has(key) || name.startsWith('@types/') || name === 'csstype') {
            return;
        }
        const file = readdirSync(at).find((f) => /^licen[cs]e/i.test(f));
        found.set(key, {
            name, version: manifest.version, licence: manifest.license ?? 'unknown',
            text: file ? readFileSync(join(at, file), 'utf8') : '',
        });
        Object.keys(manifest.dependencies ?? {}).forEach((d) => visit(d, at));
    };

    Object.keys(read(root).dependencies ?? {}).forEach((d) => visit(d, root));
    writeFileSync(join(root, 'src/licences.json'), JSON.stringify([...found.values()]
        .sort((a, b) => a.name.localeCompare(b.name)), null, 1));
}
