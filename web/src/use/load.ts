/* One document: its state for a page, and reading it again. */

import { onScopeDispose, reactive, ref, shallowRef, watch } from 'vue';
import { isAbort, problemOf, type Problem } from '@/api/client';

export interface Load<T> {
    data: T | undefined;
    problem: Problem | undefined;
    loading: boolean;
    load: () => Promise<void>;
}

export function useLoad<T>(read: (signal: AbortSignal) => Promise<T>, when?: () => unknown): Load<T> {
    const data = shallowRef<T>();
    const problem = ref<Problem>();
    const loading = ref(true);
    let running: AbortController | undefined;

    async function load(): Promise<void> {
        running?.abort();
        const mine = new AbortController();
        running = mine;
        loading.value = true;
        try {
            data.value = await read(mine.signal);
            problem.value = undefined;
        } catch (e) {
            if (isAbort(e)) {
                return;
            }
            problem.value = problemOf(e);
        }
        if (running === mine) {
            loading.value = false;
        }
    }

    watch(when ?? (() => 0), () => void load(), { immediate: true });
    onScopeDispose(() => running?.abort());

    return reactive({ data, problem, loading, load }) as Load<T>;
}
