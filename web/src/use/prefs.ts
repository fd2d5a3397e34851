/* What a person chose in this browser: theme, density, rail. */

import { ref, watch } from 'vue';

function kept<T extends string>(key: string, initial: T) {
    const value = ref((localStorage.getItem(`taifish.${key}`) ?? initial) as T);
    watch(value, (v) => localStorage.setItem(`taifish.${key}`, v));
    return value;
}

export const theme = kept<'auto' | 'light' | 'dark'>('theme', 'auto');
export const density = kept<'dense' | 'roomy'>('density', 'dense');
export const rail = kept<'wide' | 'narrow'>('rail', 'wide');

const darkSystem = window.matchMedia('(prefers-color-scheme: dark)');
export const isDark = ref(false);

function apply(): void {
    isDark.value = theme.value === 'dark' || (theme.value === 'auto' && darkSystem.matches);
    document.documentElement.classList.toggle('dark', isDark.value);
}

watch(theme, apply, { immediate: true });
darkSystem.addEventListener('change', apply);

export function readJson<T>(key: string, initial: T): T {
    try {
        return JSON.parse(localStorage.getItem(`taifish.${key}`) ?? '') as T;
    } catch {
        return initial;
    }
}

export function writeJson(key: string, value: unknown): void {
    localStorage.setItem(`taifish.${key}`, JSON.stringify(value));
}
