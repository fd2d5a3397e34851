/* A new console on the server: this tab's files are gone. */

import { ref } from 'vue';
import { unsaved } from './guard';

export const outdated = ref<string>();

export function ended(path: string): void {
    const before = Number(sessionStorage.getItem('taifish.reloaded'));
    const again = Date.now() - before < 10000;

    if (unsaved() || again) {
        outdated.value = path;
        return;
    }
    sessionStorage.setItem('taifish.reloaded', String(Date.now()));
    window.location.assign(path);
}
