/* The rail's groups; a page that a role may not see is not in them. */

/** Lines of 16 by 16. */
const icons = {
    dashboard: 'M2.5 2.5h4.5v6H2.5zM9 2.5h4.5v3.5H9zM2.5 10.5h4.5v3H2.5zM9 8h4.5v5.5H9z',
    instances: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.5M5 11h.5',
    accounts: 'M8 8.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 13.5c.5-2.5 2.5-3.5 5.5-3.5s5 1 5.5 3.5',
    changes: 'M3 5h6M6 2v6M8 12h5.5M2.5 13.5l11-11',
    classes: 'M8 1.800l5.5 2.2v3.500c0 3.200-2.200 5.600-5.5 6.700-3.300-1.100-5.500-3.500-5.500-6.700V4zM5.700 8l1.600 1.600 3-3.200',
    schedules: 'M2.500 3.500h11v10h-11zM2.500 6.500h11M5.500 2v3M10.500 2v3M5 9h2M5 11.200h5',
    logs: 'M2.500 2.500h11v11h-11zM5 5.500h6M5 8h6M5 10.500h4',
    databases: 'M2.500 4c0-1 2.500-1.800 5.500-1.800s5.500.800 5.500 1.800-2.500 1.800-5.500 1.800-5.500-.800-5.500-1.800zM2.500 4v8c0 1 2.500 1.800 5.500 1.800s5.500-.800 5.500-1.800V4M2.500 8c0 1 2.500 1.800 5.500 1.800s5.500-.800 5.500-1.800',
    capacity: 'M2.500 13.500h11M2.500 2.500v11M4.500 10.500l3-3.500 2.500 2 3.500-5',
    partitions: 'M2.500 2.500h3v11h-3zM6.500 2.500h3v11h-3zM10.500 2.500h3v11h-3z',
    audit: 'M3 2.500h7l3 3v8h-10zM5.500 9l1.800 1.800 3.200-3.600',
    runs: 'M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM8 5v3.5l2 1.5',
    credentials: 'M5.5 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM7.7 7.8 13 2.5M11 4.5l2 2',
    tags: 'M2.5 2.5h5l6 6-5 5-6-6zM5.5 5.5h.1',
    users: 'M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13c.5-2.3 2-3.3 4.5-3.3s4 1 4.5 3.3M10.5 2.8a2.5 2.5 0 0 1 0 4.5M12 10c1.5.4 2.200 1.400 2.5 3',
    settings: 'M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M10 3v3M6 10v3',
    about: 'M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM8 7.5v3.5M8 5h.1',
};

export interface MenuItem {
    path: string;
    title: string;
    sign: string;
    keys?: string;
    need?: string;
}

export const menu: { title: string; items: MenuItem[] }[] = [
    { title: 'group.overview', items: [
        { path: '/', title: 'page.dashboard', sign: icons.dashboard, keys: 'g d' },
    ] },
    { title: 'group.resources', items: [
        { path: '/instances', title: 'page.instances', sign: icons.instances, keys: 'g i' },
        { path: '/databases', title: 'page.databases', sign: icons.databases, keys: 'g b' },
        { path: '/capacity', title: 'page.capacity', sign: icons.capacity, keys: 'g p' },
    ] },
    { title: 'group.accounts', items: [
        { path: '/accounts', title: 'page.accounts', sign: icons.accounts, keys: 'g a' },
        { path: '/changes', title: 'page.changes', sign: icons.changes, keys: 'g c' },
        { path: '/classes', title: 'page.classes', sign: icons.classes, keys: 'g k' },
    ] },
    { title: 'group.automation', items: [
        { path: '/schedules', title: 'page.schedules', sign: icons.schedules, keys: 'g s' },
        { path: '/runs', title: 'page.runs', sign: icons.runs, keys: 'g r' },
    ] },
    { title: 'group.system', items: [
        { path: '/logs', title: 'page.logs', sign: icons.logs, keys: 'g l', need: 'logs' },
        { path: '/audit', title: 'page.audits', sign: icons.audit, keys: 'g u', need: 'logs' },
        { path: '/credentials', title: 'page.credentials', sign: icons.credentials },
        { path: '/tags', title: 'page.tags', sign: icons.tags },
        { path: '/partitions', title: 'page.partitions', sign: icons.partitions },
        { path: '/users', title: 'page.users', sign: icons.users, need: 'admin' },
        { path: '/settings', title: 'page.settings', sign: icons.settings },
        { path: '/about', title: 'page.about', sign: icons.about },
    ] },
];
