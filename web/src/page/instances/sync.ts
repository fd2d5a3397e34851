/* A sync of one instance: started, followed by its events, and told how it ended. */

import { computed, h, ref } from 'vue';
import { api, ask } from '@/api/client';
import Bar from '@/part/Bar.vue';
import Ref from '@/part/Ref.vue';
import State from '@/part/State.vue';
import { t } from '@/use/i18n';
import { endOf, isDone, isOver, problemOfItem, useRun } from '@/use/live';
import { done, failed } from '@/use/notice';
import { started } from '@/use/runs';

export function useSync(id: () => number, ended: () => void) {
    const run_id = ref<string>();
    const starting = ref(false);

    const { run: progress, polling } = useRun(() => run_id.value, (p) => {
        if (isOver(p.status)) {
            void over(p.run_id!);
        }
    });
    const busy = computed(() => starting.value
        || (!!run_id.value && !(progress.value && isOver(progress.value.status))));

    /* The answer is the run, at once: a short sync is seen as it goes, too. */
    async function sync(): Promise<void> {
        starting.value = true;
        run_id.value = undefined;
        try {
            const answer = await ask(api.POST('/api/v1/instances/{id}/actions/sync-accounts', {
                params: { path: { id: id() }, header: { Prefer: 'respond-async' } },
            })) as unknown as { run_id: string };
            run_id.value = answer.run_id;
            started.on();
        } catch (e) {
            failed(e);
        } finally {
            starting.value = false;
        }
    }

    async function over(run: string): Promise<void> {
        try {
            const item = await endOf(run);
            const { added_count: added = 0, modified_count: changed = 0, removed_count: gone = 0 } =
                (item.details_json ?? {}) as Record<string, number>;
            if (isDone(item)) {
                done(t('instance.synced', { added, changed, gone }));
            } else {
                failed(problemOfItem(item));
            }
        } catch (e) {
            failed(e);
        }
        ended();
    }

    const run = computed(() => (run_id.value ? h('div', { class: 'panel row sync-run' }, [
        h(Ref, { kind: 'run', id: run_id.value, name: t('task.sync_accounts') }),
        h(Bar, {
            total: progress.value?.progress_total ?? 0,
            done: progress.value?.progress_completed ?? 0,
            failed: progress.value?.progress_failed ?? 0,
        }),
        h(State, { value: progress.value?.status ?? 'pending' }),
        polling.value ? h('span', { class: 'quiet small' }, t('run.polling')) : null,
    ]) : undefined));

    return { sync, run, busy };
}
