/* One word of the URL: what is not the default stands in it. */

import { computed, type WritableComputedRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';

export function useQuery(key: string, initial = ''): WritableComputedRef<string> {
    const route = useRoute();
    const router = useRouter();

    return computed({
        get: () => String(route.query[key] ?? initial),
        set: (v) => {
            const { [key]: _old, ...query } = route.query;
            void router.replace({ query: v && v !== initial ? { ...query, [key]: v } : query });
        },
    });
}
