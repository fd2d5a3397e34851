/* What was typed is not lost silently: leaving asks while something is. */

import { onScopeDispose, reactive, watch } from 'vue';
import { ElMessageBox } from 'element-plus/es/components/message-box/index';
import { t } from './i18n';

const dirty = reactive(new Set<symbol>());

export const unsaved = (): boolean => dirty.size > 0;

/** What was typed is given up without a question. */
export const forget = (): void => dirty.clear();

window.addEventListener('beforeunload', (e) => {
    if (unsaved()) {
        e.preventDefault();
    }
});

export function useUnsaved(is: () => boolean): void {
    const mine = Symbol('form');
    watch(is, (v) => (v ? dirty.add(mine) : dirty.delete(mine)), { immediate: true });
    onScopeDispose(() => dirty.delete(mine));
}

export async function mayLeave(): Promise<boolean> {
    if (!unsaved()) {
        return true;
    }
    const go = await ElMessageBox.confirm(t('form.unsaved'), t('form.unsavedTitle'), {
        confirmButtonText: t('form.discard'), cancelButtonText: t('form.stay'), type: 'warning',
    }).then(() => true, () => false);
    if (go) {
        forget();
    }
    return go;
}
