/* Who is signed in, and what they may do. */

import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import { forget } from '@/use/guard';
import { api, ask, resume, setToken, wire } from './client';
import type { Session } from './types';

const tabs = new BroadcastChannel('taifish-session');

export const useSession = defineStore('session', () => {
    const user = ref<Session['user']>(null);
    const permissions = ref<string[]>([]);
    const loaded = ref(false);

    /** False: another user, and the page begins anew. */
    function take(session: Session): boolean {
        const before = user.value?.id;
        user.value = session.authenticated ? session.user : null;
        permissions.value = session.permissions ?? [];
        setToken(session.csrf_token);
        loaded.value = true;

        // nothing of one user may stay on the screen of another
        if (before !== undefined && user.value && user.value.id !== before) {
            forget();
            window.location.reload();
            return false;
        }
        return true;
    }

    const read = (): Promise<Session> => ask(api.GET('/api/v1/auth/session'));

    async function look(): Promise<boolean> {
        return take(await read());
    }

    async function signIn(username: string, password: string): Promise<void> {
        await ask(api.POST('/api/v1/auth/login', { body: { username, password } }));
        const same = await look();
        tabs.postMessage('changed');

        // what one user was refused is not sent as another
        if (same) {
            resume();
        }
    }

    async function signOut(): Promise<void> {
        await ask(api.POST('/api/v1/auth/logout'));
        tabs.postMessage('changed');
        window.location.assign('/');
    }

    async function changePassword(old: string, next: string, again: string): Promise<void> {
        const answer = await ask(api.POST('/api/v1/auth/change-password', {
            body: { old_password: old, new_password: next, confirm_password: again },
        }));
        setToken(answer.csrf_token);
        tabs.postMessage('changed');
    }

    tabs.onmessage = async () => {
        const session = loaded.value ? await read().catch(() => undefined) : undefined;
        if (session?.authenticated) {
            if (take(session)) {
                resume();
            }
        } else if (session && user.value) {
            // the page stays, with what was typed in it
            wire.ended = true;
        }
    };

    const can = (permission: string): boolean => permissions.value.includes(permission);
    const name = computed(() => user.value?.username ?? '');

    return { user, permissions, loaded, name, can, look, signIn, signOut, changePassword };
});
