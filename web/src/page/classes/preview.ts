/* What a rule would match, asked for while it is written. */

import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import { api, ask, isAbort, problemOf, type Problem } from '@/api/client';
import type { Engine } from '@/api/types';
import type { Expression } from '@/lib/rules';
import { endOf, isDone, problemOfItem } from '@/use/live';

export interface Preview {
    accounts: { id: number; username: string; instance_id: number; instance_name: string;
        why: { pointer: string; text: string; value: boolean | null }[] }[];
    evaluated_count: number;
    matched_count: number;
    added_count: number;
    removed_count: number;
}

export interface Draft {
    db_type: Engine;
    rule_text?: string;
    rule_expression?: Expression;
    rule_id?: number;
}

export const MOST = 50;

/* The server waited long enough: its run has the answer when it is over. */
async function waited(run_id: string, signal: AbortSignal): Promise<Preview> {
    const item = await endOf(run_id, signal);
    if (!isDone(item)) {
        throw problemOfItem(item);
    }
    return item.details_json as unknown as Preview;
}

export function usePreview(draft: () => Draft | undefined) {
    const result = shallowRef<Preview>();
    const problem = ref<Problem>();
    const busy = ref(false);
    let timer = 0;
    let running: AbortController | undefined;

    async function look(body: Draft): Promise<void> {
        const mine = running = new AbortController();
        try {
            const answer = await ask(api.POST('/api/v1/accounts/classifications/rules/actions/preview',
                { body: { ...body, rule_expression: body.rule_expression as never, limit: MOST }, signal: mine.signal })) as
                { preview?: Preview; run_id?: string };
            result.value = answer.preview ?? await waited(answer.run_id!, mine.signal);
            problem.value = undefined;
        } catch (e) {
            if (isAbort(e)) {
                return;
            }
            problem.value = problemOf(e);
        }
        if (running === mine) {
            busy.value = false;
        }
    }

    watch(() => JSON.stringify(draft()), () => {
        const body = draft();
        clearTimeout(timer);
        running?.abort();
        problem.value = undefined;
        busy.value = !!body;
        if (body) {
            timer = window.setTimeout(() => void look(body), 600);
        } else {
            result.value = undefined;
        }
    }, { immediate: true });

    onScopeDispose(() => {
        clearTimeout(timer);
        running?.abort();
    });

    return { result, problem, busy };
}
