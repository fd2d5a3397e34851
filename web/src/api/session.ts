/* Who is signed in, and what they may do. */

import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import { api, ask, resume, setToken, wire } from './client';
import type { Session } from './types';

const tabs = new BroadcastChannel('taifish-session');

export const useSession = defineStore('session', () => {
    const user = ref<Session['user']>(null);
    const permissions = ref<string[]>([]);
    const loaded = ref(false);

    function take(session: Session): void {
        const before = user.value?.id;
        user.value = session.authenticated ? session.user : null;
        permissions.value = session.permissions ?? [];
        setToken(session.csrf_token);
        loaded.value = true;

        // nothing of one user may stay on the screen of another
        if (before !== undefined && user.value && user.value.id !== before) {
            window.location.reload();
        }
    }

    async function look(): Promise<void> {
        take(await ask(api.GET('/api/v1/auth/session')));
    }

    async function signIn(username: string, password: string): Promise<void> {
        await ask(api.POST('/api/v1/auth/login', { body: { username, password } }));
        await look();
        tabs.postMessage('changed');
        resume();
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
        if (!loaded.value) {
            return;
        }
        const had = user.value !== null;
        await look().catch(() => undefined);
        if (had && user.value === null) {
            wire.ended = true;
        } else if (user.value !== null) {
            resume();
        }
    };

    const can = (permission: string): boolean => permissions.value.includes(permission);
    const name = computed(() => user.value?.username ?? '');

    return { user, permissions, loaded, name, can, look, signIn, signOut, changePassword };
});
