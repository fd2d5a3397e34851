/* Keys: one listener; a component names its own while it is on the screen. */

import { onMounted, onUnmounted, reactive } from 'vue';

export interface Key {
    /** "j", "g i", "?" */
    keys: string;
    /** what it does: a key of the words */
    says: string;
    run: () => void;
    /** also while a drawer is open */
    over?: boolean;
}

export const known = reactive<Key[]>([]);

let before = '';
let at = 0;

/* A box that is ticked takes no text. */
function typing(target: EventTarget | null): boolean {
    return target instanceof HTMLElement
        && (target.isContentEditable || target.matches('input:not([type=checkbox], [type=radio]), textarea, select'));
}

/* Is one of these on the screen? */
function open(what: string): boolean {
    return [...document.querySelectorAll(what)].some((e) => e.getClientRects().length > 0);
}

window.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || typing(e.target)
        || open('.el-dialog, .el-message-box')) {
        return;
    }
    // when it was pressed, not when there was time for it
    const now = e.timeStamp;
    const pair = now - at < 1000 ? `${before} ${e.key}` : '';
    const drawer = open('.el-drawer');
    const last = known.filter((k) => !drawer || k.over).reverse();
    const found = last.find((k) => k.keys === pair) ?? last.find((k) => k.keys === e.key);

    before = e.key;
    at = now;
    if (found) {
        // a button or link has its own Enter
        if (e.key === 'Enter' && e.target instanceof HTMLElement
            && /^(A|BUTTON)$/.test(e.target.tagName)) {
            return;
        }
        e.preventDefault();
        before = '';
        found.run();
    }
});

export function useKeys(keys: Key[]): void {
    onMounted(() => known.push(...keys));
    onUnmounted(() => keys.forEach((k) => {
        const i = known.findIndex((other) => other.run === k.run);
        if (i >= 0) {
            known.splice(i, 1);
        }
    }));
}
