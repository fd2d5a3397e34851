/* A connection test, whichever way it ends: at once, in a run, or refused. */

import { api, ask, problemOf } from '@/api/client';
import { isOver } from '@/use/live';
import type { RunItem } from '@/api/types';
import { t } from '@/use/i18n';
import type { Test } from './TestResult.vue';

type Body = NonNullable<Parameters<typeof api.POST<'/api/v1/instances/actions/test-connection', {
    body: object;
}>>[1]>['body'];

export async function testPlace(body: Body): Promise<Test> {
    try {
        const answer = await ask(api.POST('/api/v1/instances/actions/test-connection', { body }));
        return 'success' in answer ? answer : await waited(answer.run_id);
    } catch (e) {
        const p = problemOf(e);
        return { success: false, message: [p.message, p.detail].filter(Boolean).join(': '), error_code: String(p.extra?.error_code ?? p.code) };
    }
}

/* The server did not wait any longer: the run says how it ended. */
async function waited(run_id: string): Promise<Test> {
    for (let n = 0; n < 30; n++) {
        const { run, items } = await ask(api.GET('/api/v1/task-runs/{run_id}', { params: { path: { run_id } } }));
        const [item] = items as unknown as RunItem[];
        if (item && isOver((run as { status: string }).status)) {
            return {
                success: item.status === 'completed' && !item.error_code,
                message: item.error_message ?? item.details_json?.message ?? '',
                error_code: item.error_code ?? undefined,
            };
        }
        await new Promise((go) => setTimeout(go, 1000));
    }
    return { success: false, message: t('instance.testLate'), error_code: 'TARGET_TIMEOUT' };
}
