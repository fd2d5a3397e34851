import { describe, expect, it } from 'vitest';
import { createRouterMatcher, START_LOCATION } from 'vue-router';
import { things } from '@/frame/things';
import { menu } from '@/frame/menu';
import { routes } from '@/routes';
import { pages } from './pages.mjs';

const paths = pages(new Proxy({}, { get: () => '1' }) as Parameters<typeof pages>[0]);
const matcher = createRouterMatcher(routes, {});
const nameOf = (path: string): unknown => matcher.resolve({ path: path.split('?')[0]! }, START_LOCATION).name;

describe('the walk', () => {
    it('comes to every page of the router', () => {
        const seen = paths.map(nameOf);
        expect(routes.map((r) => r.name).filter((name) => !seen.includes(name))).toEqual([]);
        expect(paths.filter((p) => nameOf(p) === 'nowhere')).toEqual(['/nowhere']);
    });

    it('looks at every kind of thing beside a list', () => {
        const seen = paths.map((p) => /peek=(\w+):/.exec(p)?.[1]);
        expect(Object.keys(things).filter((kind) => !seen.includes(kind))).toEqual([]);
    });

    it('has a page for every item of the rail', () => {
        expect(menu.flatMap((g) => g.items).filter((i) => nameOf(i.path) === 'nowhere')).toEqual([]);
    });
});
