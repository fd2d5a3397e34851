/* Going from page to page: what was typed is not lost, and the focus follows. */

import { nextTick } from 'vue';
import { createRouter, createWebHistory } from 'vue-router';
import { routes } from './routes';
import { mayLeave, unsaved } from './use/guard';
import { ended } from './use/update';

export const router = createRouter({
    history: createWebHistory(),
    routes,
    scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
});

/* Is a page on its way? */
let going = false;

router.beforeEach(async (to, from) => {
    going = true;
    return to.path === from.path || !unsaved() || await mayLeave();
});

router.afterEach((to, from, failure) => {
    going = false;
    if (!failure && to.path !== from.path && from.matched.length) {
        void nextTick(() => document.getElementById('main')?.focus({ preventScroll: true }));
    }
});

/* A tab that is older than the server asks for files that are gone: those of a
 * page, or of a part of the one that is there. */
router.onError((_e, to) => {
    going = false;
    ended(to.fullPath);
});
window.addEventListener('vite:preloadError', (e) => {
    e.preventDefault();
    if (!going) {
        ended(router.currentRoute.value.fullPath);
    }
});
