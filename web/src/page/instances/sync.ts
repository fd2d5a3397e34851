/* A sync of one instance: started, followed, and told how it ended. */

import { computed, h, ref } from 'vue';
import { api, ask } from '@/api/client';
import Bar from '@/part/Bar.vue';
import Ref from '@/part/Ref.vue';
import { t } from '@/use/i18n';
import { isOver, useRun } from '@/use/live';
import { done, failed } from '@/use/notice';
import { started } from '@/use/runs';

export function useSync(id: number, ended: () => void) {
    const run_id = ref<string>();
    const busy = ref(false);

    const { run: progress, polling } = useRun(() => run_id.value, (p) => {
        if (isOver(p.status)) {
            run_id.value = undefined;
            ended();
        }
    });

    /* The answer comes when the sync is over, or with its run when it is long. */
    async function sync(): Promise<void> {
        busy.value = true;
        setTimeout(started.on, 300);
        try {
            const answer = await ask(api.POST('/api/v1/instances/{id}/actions/sync-accounts',
                { params: { path: { id } } })) as unknown as {
                    run_id?: string;
                    result?: { added_count: number; modified_count: number; removed_count: number };
                };
            if (answer.result) {
                const { added_count: added, modified_count: changed, removed_count: gone } = answer.result;
                done(t('instance.synced', { added, changed, gone }));
                ended();
            } else {
                run_id.value = answer.run_id;
            }
        } catch (e) {
            failed(e);
            ended();
        } finally {
            busy.value = false;
        }
    }

    const run = computed(() => (run_id.value ? h('div', { class: 'panel row' }, [
        h(Ref, { kind: 'run', id: run_id.value, name: t('task.sync_accounts') }),
        h(Bar, {
            total: progress.value?.progress_total ?? 0,
            done: progress.value?.progress_completed ?? 0,
            failed: progress.value?.progress_failed ?? 0,
        }),
        polling.value ? h('span', { class: 'quiet small' }, t('run.polling')) : null,
    ]) : undefined));

    return { sync, run, busy };
}
