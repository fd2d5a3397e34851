/*
 * What the walks look at: every route, every kind of thing beside a list, every
 * tab.  test/pages.test.ts compares it with the router's table.
 */

export const pages = ({ INSTANCE, ACCOUNT, CHANGE, RULE, DATABASE, CLASS, RUN, LOG, AUDIT }) => [
    '/',
    '/start',
    '/instances', `/instances?peek=instance:${INSTANCE}`, `/instances/${INSTANCE}`,
    ...['databases', 'capacity', 'changes', 'coverage'].map((tab) => `/instances/${INSTANCE}?tab=${tab}`),
    '/databases', `/databases?peek=database:${DATABASE}`, `/databases/${DATABASE}`,
    '/capacity', '/capacity?tab=databases&shape=bar', '/capacity?tab=forecasts', '/capacity?measure=percent',
    '/accounts', `/accounts?peek=account:${ACCOUNT}`, `/accounts/${ACCOUNT}`,
    `/accounts/${ACCOUNT}?tab=history`, `/accounts/${ACCOUNT}?tab=compare`,
    '/classes', '/classes?tab=classes', '/classes?tab=accounts', `/classes?tab=trends&classification_id=${CLASS}`,
    '/classes/rules/new', `/classes/rules/${RULE}`,
    '/changes', `/changes?peek=change:${CHANGE}`, `/changes/${CHANGE}`,
    '/schedules',
    '/runs', `/runs?peek=run:${RUN}`, `/runs/${RUN}`,
    '/logs', `/logs?peek=log:${LOG}`, `/logs/${LOG}`,
    '/audit', `/audit?peek=audit:${AUDIT}`, `/audit/${AUDIT}`,
    '/credentials',
    '/tags', '/tags/assign',
    '/partitions',
    '/users',
    '/settings',
    '/about',
    '/nowhere',
];

/* Pages that have no names of managed servers on them. */
export const plain = /^\/(start|schedules|runs|partitions|users|settings|about|nowhere|tags\/assign)?$|^\/classes\/rules\/new|^\/instances\/\d+\?tab=capacity/;
