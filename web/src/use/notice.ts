/* Toasts for results, and the one way to say that an action failed. */

import { h } from 'vue';
import { ElMessage } from 'element-plus/es/components/message/index';
import { problemOf } from '@/api/client';
import ErrorBox from '@/part/ErrorBox.vue';
import { t } from './i18n';

export function done(message: string, undo?: () => void): void {
    const toast = ElMessage({
        type: 'success',
        duration: undo ? 8000 : 3000,
        message: undo ? h('span', { class: 'row' }, [message,
            h('button', {
                class: 'plain link',
                type: 'button',
                onClick: () => { toast.close(); undo(); },
            }, t('action.undo'))]) : message,
    });
}

export function failed(e: unknown): void {
    ElMessage({
        type: 'error', duration: 10000, showClose: true,
        message: h(ErrorBox, { problem: problemOf(e), bare: true }),
    });
}
