/*
 * A list: its filters, order and page are in the URL, the server answers one
 * page, and the old rows stay until the new ones are there.  With `local` the
 * same without the URL, for lists inside of a drawer.
 */

import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue';
import { useRoute, useRouter, type LocationQuery } from 'vue-router';
import { isAbort, problemOf, type Problem } from '@/api/client';
import { readJson, writeJson } from './prefs';

export interface Filter {
    key: string;
    kind: 'text' | 'word' | 'select' | 'switch' | 'instance' | 'tags';
    /** values of a select; their words are in the group `words` */
    options?: string[];
    words?: string;
    /** values of a select that are read first */
    choices?: () => Promise<{ value: string; label: string }[]>;
}

export interface Page<R> {
    items: R[];
    total: number;
    page: number;
    limit: number;
    /** the total is at least this */
    open?: boolean;
}

export type Query = Record<string, string | string[] | undefined>;

export interface ListOptions<R> {
    name: string;
    filters: Filter[];
    sort: string;
    order: 'asc' | 'desc';
    fixed?: Record<string, unknown>;
    local?: boolean;
    load: (query: never, signal: AbortSignal) => Promise<Page<R>>;
}

const own = ['page', 'limit', 'sort', 'order'];

export function useList<R>(options: ListOptions<R>) {
    const route = useRoute();
    const router = useRouter();
    const inner = ref<Query>({});
    const keys = [...options.filters.map((f) => f.key), ...own];
    const home = route.path;

    const query = computed<Query>(() => {
        const all = options.local ? inner.value : route.query as Query;
        return Object.fromEntries(keys.map((k) => [k, all[k]]).filter(([, v]) => v !== undefined));
    });

    const rows = shallowRef<R[]>([]);
    const total = ref(0);
    const isOpen = ref(false);
    const loading = ref(true);
    const loaded = ref(false);
    const problem = ref<Problem>();
    const limit = computed(() => Number(query.value.limit)
        || readJson<number>(`limit.${options.name}`, 50));
    const page = computed(() => Math.max(Number(query.value.page) || 1, 1));
    const sort = computed(() => String(query.value.sort ?? options.sort));
    const order = computed(() => String(query.value.order ?? options.order));
    const filtered = computed(() => options.filters.some((f) => query.value[f.key] !== undefined));

    /** What is asked for, without how it is shown. */
    function filter(): Record<string, unknown> {
        const q: Record<string, unknown> = {};
        for (const f of options.filters) {
            const v = query.value[f.key];
            if (v !== undefined && v !== '') {
                q[f.key] = f.kind === 'tags' && !Array.isArray(v) ? [v] : v;
            }
        }
        return { ...q, ...options.fixed };
    }

    const request = (): Record<string, unknown> => ({
        page: page.value, limit: limit.value, sort: sort.value, order: order.value, ...filter(),
    });

    let running: AbortController | undefined;

    async function load(): Promise<void> {
        running?.abort();
        const mine = new AbortController();
        running = mine;
        loading.value = true;

        try {
            const answer = await options.load(request() as never, mine.signal);
            rows.value = answer.items;
            total.value = answer.total;
            isOpen.value = !!answer.open;
            problem.value = undefined;
            loaded.value = true;
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

    /** Up to `most` rows of all pages, for an export. */
    async function all(most: number, progress: (n: number) => void): Promise<R[]> {
        const found: R[] = [];
        for (let p = 1; found.length < most; p++) {
            const answer = await options.load(
                { ...request(), page: p, limit: 200 } as never, new AbortController().signal);
            found.push(...answer.items);
            progress(found.length);
            if (answer.items.length < 200) {
                break;
            }
        }
        return found.slice(0, most);
    }

    function set(patch: Query, replace = false): void {
        const all: Query = { ...(options.local ? inner.value : route.query as Query), page: undefined, ...patch };
        const next: Query = Object.fromEntries(Object.entries(all)
            .filter(([, v]) => v !== undefined && v !== '' && !(Array.isArray(v) && v.length === 0)));
        if (patch.limit) {
            writeJson(`limit.${options.name}`, Number(patch.limit));
        }
        if (options.local) {
            inner.value = next;
        } else {
            void router[replace ? 'replace' : 'push']({ query: next as LocationQuery });
        }
    }

    function clear(): void {
        set(Object.fromEntries(options.filters.map((f) => [f.key, undefined])));
    }

    watch(() => JSON.stringify(query.value), () => {
        // a page that is being left does not ask again
        if (options.local || route.path === home) {
            void load();
        }
    }, { immediate: true });

    onScopeDispose(() => running?.abort());

    return {
        name: options.name, filters: options.filters, query, rows, total, isOpen, loading, loaded, problem,
        limit, page, sort, order, filtered, filter, load, all, set, clear,
    };
}

export type List<R> = ReturnType<typeof useList<R>>;
