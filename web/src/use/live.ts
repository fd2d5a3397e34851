/*
 * Following what happens.  `usePoll` asks again and again while somebody looks:
 * a hidden tab, or one that nobody touched for ten minutes, is quiet, so that
 * it does not keep a session alive.  `useRun` follows one run by server-sent
 * events and polls while the stream is broken.
 */

import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import { api, ApiError, ask } from '@/api/client';
import type { Run, RunItem } from '@/api/types';

let touched = Date.now();
for (const name of ['pointerdown', 'pointermove', 'keydown', 'wheel']) {
    window.addEventListener(name, () => { touched = Date.now(); }, { passive: true });
}

const someoneLooks = (): boolean => !document.hidden && Date.now() - touched < 600000;

export function usePoll(work: () => Promise<unknown>, seconds: () => number): void {
    let timer = 0;
    let over = false;

    async function turn(): Promise<void> {
        if (someoneLooks()) {
            await work().catch(() => undefined);
        }
        if (!over) {
            timer = window.setTimeout(turn, seconds() * 1000);
        }
    }

    timer = window.setTimeout(turn, seconds() * 1000);
    onScopeDispose(() => {
        over = true;
        clearTimeout(timer);
    });
}

export const isOver = (status: string | null | undefined): boolean =>
    status !== 'pending' && status !== 'running';

export type Progress = Pick<Run, 'run_id' | 'task_key' | 'status' | 'progress_total'
    | 'progress_completed' | 'progress_failed' | 'progress_cancelled' | 'started_at' | 'completed_at'>;

/** The only item of a run, when the run is over. */
export async function endOf(run_id: string, signal?: AbortSignal): Promise<RunItem> {
    for (;;) {
        const { run, items } = await ask(api.GET('/api/v1/task-runs/{run_id}', { params: { path: { run_id } }, signal }));
        if (isOver((run as unknown as Run).status)) {
            return (items as unknown as RunItem[])[0]!;
        }
        await new Promise((go) => setTimeout(go, 1000));
        signal?.throwIfAborted();
    }
}

/** It was done, wholly or in part. */
export const isDone = (item: RunItem): boolean => item.status.startsWith('completed');

/** Why it failed, as the endpoint that waits for it would have said. */
export const problemOfItem = (item: RunItem): ApiError => new ApiError(0, {
    message_code: item.error_code ?? 'TASK_EXECUTION_FAILED',
    message: item.error_message ?? '',
    extra: { detail: item.error_detail ?? undefined },
});

export function useRun(id: () => string | undefined, changed?: (run: Progress) => void) {
    const run = shallowRef<Progress>();
    const polling = ref(false);
    let stream: EventSource | undefined;
    let timer = 0;

    function take(next: Progress): void {
        run.value = next;
        changed?.(next);
        if (isOver(next.status)) {
            stop();
        }
    }

    function unpoll(): void {
        clearInterval(timer);
        polling.value = false;
    }

    function stop(): void {
        stream?.close();
        unpoll();
    }

    function poll(): void {
        if (polling.value) {
            return;
        }
        polling.value = true;
        timer = window.setInterval(async () => {
            const run_id = id();
            if (run_id && someoneLooks()) {
                const answer = await ask(api.GET('/api/v1/task-runs/{run_id}',
                    { params: { path: { run_id } } })).catch(() => undefined);
                if (answer) {
                    take(answer.run as Progress);
                }
            }
        }, 5000);
    }

    function follow(run_id: string): void {
        stream = new EventSource(`/api/v1/task-runs/${run_id}/events`);
        stream.addEventListener('run', (e) => take(JSON.parse((e as MessageEvent).data)));
        stream.addEventListener('end', stop);

        // the browser opens it again where it can
        stream.onerror = poll;
        stream.onopen = unpoll;
    }

    watch(id, (run_id) => {
        stop();
        run.value = undefined;
        if (run_id) {
            follow(run_id);
        }
    }, { immediate: true });
    onScopeDispose(stop);

    return { run, polling };
}
