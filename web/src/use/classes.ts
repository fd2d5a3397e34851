/* Classes and how many accounts they have; read once for a page. */

import { api, ask } from '@/api/client';
import type { Class } from '@/api/types';
import { named } from './builtin';

export type CountedClass = Class & { accounts: number | null };

export async function readClasses(signal?: AbortSignal): Promise<CountedClass[]> {
    const [{ classifications }, counts] = await Promise.all([
        ask(api.GET('/api/v1/accounts/classifications', { signal })),
        ask(api.GET('/api/v1/accounts/statistics/classifications', { signal })),
    ]);
    const by = counts as unknown as Record<string, { account_count: number } | undefined>;
    return classifications.map((c) => ({ ...c, accounts: by[c.code ?? '']?.account_count ?? null }));
}

export const classOptions = async (): Promise<{ value: string; label: string }[]> => {
    const { classifications } = await ask(api.GET('/api/v1/accounts/classifications'));
    return classifications.map((c) => ({ value: String(c.id), label: named(c.display_name) }));
};

export const classCodes = async (): Promise<{ value: string; label: string }[]> => {
    const { classifications } = await ask(api.GET('/api/v1/accounts/classifications'));
    return classifications.map((c) => ({ value: c.code ?? '', label: named(c.display_name) }));
};
