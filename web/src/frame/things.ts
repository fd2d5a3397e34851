/* What a name leads to: beside the list it was found in, or on a page of its own. */

import { defineAsyncComponent } from 'vue';

export const things = {
    instance: { path: '/instances/', view: defineAsyncComponent(() => import('@/page/instances/InstanceView.vue')) },
    account: { path: '/accounts/', view: defineAsyncComponent(() => import('@/page/accounts/AccountView.vue')) },
    change: { path: '/changes/', view: defineAsyncComponent(() => import('@/page/changes/ChangeView.vue')) },
    run: { path: '/runs/', view: defineAsyncComponent(() => import('@/page/runs/RunView.vue')) },
    audit: { path: '/audit/', view: defineAsyncComponent(() => import('@/page/audit/AuditView.vue')) },
    database: { path: '/databases/', view: defineAsyncComponent(() => import('@/page/databases/DatabaseView.vue')) },
    log: { path: '/logs/', view: defineAsyncComponent(() => import('@/page/logs/LogView.vue')) },
};

export type ThingKind = keyof typeof things;
