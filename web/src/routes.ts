/* The pages: one folder each, loaded when it is opened.  test/pages.mjs names each
 * of them to the walk. */

import type { RouteRecordRaw } from 'vue-router';

declare module 'vue-router' {
    interface RouteMeta {
        title: string;
        need?: string;
        /** the list holds the window's height */
        fill?: boolean;
    }
}

const page = (path: string, name: string, file: () => Promise<unknown>, meta: object = {}) =>
    ({ path, name, component: file, meta: { title: `page.${name}`, ...meta } }) as RouteRecordRaw;

const list = { fill: true };
const thing = () => import('./frame/ThingPage.vue');

export const routes: RouteRecordRaw[] = [
    page('/', 'dashboard', () => import('./page/dashboard/Dashboard.vue')),
    page('/start', 'start', () => import('./page/start/Start.vue')),
    page('/instances', 'instances', () => import('./page/instances/Instances.vue'), list),
    page('/instances/:id(\\d+)', 'instance', thing),
    page('/databases', 'databases', () => import('./page/databases/Databases.vue'), list),
    page('/databases/:id(\\d+)', 'database', thing),
    page('/capacity', 'capacity', () => import('./page/capacity/Capacity.vue')),
    page('/accounts', 'accounts', () => import('./page/accounts/Accounts.vue'), list),
    page('/accounts/:id(\\d+)', 'account', thing),
    page('/classes', 'classes', () => import('./page/classes/Classes.vue'), list),
    page('/classes/rules/:id(\\d+|new)', 'rule', () => import('./page/classes/RuleEditor.vue')),
    page('/changes', 'changes', () => import('./page/changes/Changes.vue'), list),
    page('/changes/:id(\\d+)', 'change', thing),
    page('/schedules', 'schedules', () => import('./page/schedules/Schedules.vue'), list),
    page('/runs', 'runs', () => import('./page/runs/Runs.vue'), list),
    page('/runs/:id', 'run', thing),
    page('/logs', 'logs', () => import('./page/logs/Logs.vue'), { ...list, need: 'logs' }),
    page('/logs/:id(\\d+)', 'log', thing, { need: 'logs' }),
    page('/audit', 'audits', () => import('./page/audit/Audit.vue'), { ...list, need: 'logs' }),
    page('/audit/:id(\\d+)', 'audit', thing, { need: 'logs' }),
    page('/credentials', 'credentials', () => import('./page/credentials/Credentials.vue'), list),
    page('/tags', 'tags', () => import('./page/tags/Tags.vue'), list),
    page('/tags/assign', 'assign', () => import('./page/tags/Assign.vue')),
    page('/partitions', 'partitions', () => import('./page/partitions/Partitions.vue')),
    page('/users', 'users', () => import('./page/users/Users.vue'), { ...list, need: 'admin' }),
    page('/settings', 'settings', () => import('./page/settings/Settings.vue')),
    page('/about', 'about', () => import('./page/about/About.vue')),
    page('/:rest(.*)', 'nowhere', () => import('./page/nowhere/Nowhere.vue')),
];
