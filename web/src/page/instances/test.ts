/* What TaiFish does at an instance while somebody waits: a connection test, and
 * the check of what its account may read.  Both end at once, in a run, or are
 * refused. */

import { api, ask, problemOf } from '@/api/client';
import { language } from '@/use/i18n';
import { endOf, isDone } from '@/use/live';
import type { Test } from './TestResult.vue';

type Body = NonNullable<Parameters<typeof api.POST<'/api/v1/instances/actions/test-connection', {
    body: object;
}>>[1]>['body'];

export interface Right {
    right: string;
    held: boolean | null;
    error_code: string | null;
    without: string;
    statement: string | null;
    databases?: string[];
}

export interface Check extends Test {
    account?: string;
    missing_count?: number;
    unknown_count?: number;
    rights?: Right[];
    script?: string;
}

async function waited<T extends Test>(call: Promise<object>): Promise<T> {
    try {
        const answer = await call as T | { run_id: string };
        return 'success' in answer ? answer : spoken<T>(await endOf(answer.run_id));
    } catch (e) {
        const p = problemOf(e);
        return { success: false, message: [p.message, p.detail].filter(Boolean).join(': '), error_code: String(p.extra?.error_code ?? p.code) } as T;
    }
}

/* What the server did not wait for stands in the run, in both languages. */
function spoken<T extends Test>(item: Awaited<ReturnType<typeof endOf>>): T {
    const d = (item.details_json ?? {}) as Record<string, unknown>;
    const own = Object.fromEntries(Object.entries(d).map(([k, v]) => [k, language.value === 'en' ? d[`${k}_en`] ?? v : v]));
    return {
        ...own, success: isDone(item) && !item.error_code && d.success !== false,
        message: item.error_message || String(own.message ?? ''), error_code: item.error_code ?? d.error_code,
    } as T;
}

export const testPlace = (body: Body): Promise<Test> =>
    waited(ask(api.POST('/api/v1/instances/actions/test-connection', { body })));

export const checkRights = (id: number): Promise<Check> =>
    waited(ask(api.POST('/api/v1/instances/{id}/actions/check-collector', { params: { path: { id } } })));
