/* The tab's title: what is looked at, then the page, then the product. */

import { computed, onScopeDispose, ref, watch } from 'vue';
import { useRoute } from 'vue-router';
import { visible } from '@/lib/format';
import { t } from './i18n';

export const subject = ref('');

export function useSubject(name: () => string | null | undefined): void {
    watch(name, (v) => { subject.value = visible(v ?? '', 80); }, { immediate: true });
    onScopeDispose(() => { subject.value = ''; });
}

export function useTitle(): void {
    const route = useRoute();
    const title = computed(() => [subject.value, route.meta.title ? t(route.meta.title) : '', 'TaiFish']
        .filter(Boolean).join(' · '));
    watch(title, (v) => { document.title = v; }, { immediate: true });
}
