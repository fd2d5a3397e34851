/* The language: chosen, else the browser's; its words are a file of their own. */

import { createI18n } from 'vue-i18n';
import { ref, shallowRef } from 'vue';
import { setLanguage } from '@/api/client';
import { visible } from '@/lib/format';

export type Language = 'zh-CN' | 'en';

export const i18n = createI18n({
    legacy: false,
    locale: 'zh-CN',
    fallbackLocale: 'zh-CN',
    missingWarn: false,
    fallbackWarn: false,
});
const say = i18n.global.t as unknown as (key: string, named: Record<string, unknown>, options: { plural: number }) => string;

/** The words of a key, names in them as they can be looked at; {n} decides
 * between one and many, "1,200" is a number too. */
export function t(key: string, named: Record<string, unknown> = {}): string {
    const shown = Object.fromEntries(Object.entries(named).map(([k, v]) => [k, typeof v === 'string' ? visible(v) : v]));
    return say(key, shown, { plural: Number(String(named.n ?? 1).replace(/\D/g, '')) });
}

export const language = ref<Language>('zh-CN');
export const elementWords = shallowRef();

const files = {
    'zh-CN': () => Promise.all([
        import('@/lang/zh-CN.json'), import('element-plus/es/locale/lang/zh-cn')]),
    en: () => Promise.all([
        import('@/lang/en.json'), import('element-plus/es/locale/lang/en')]),
};

export function wantedLanguage(): Language {
    const kept = localStorage.getItem('taifish.language');
    if (kept === 'zh-CN' || kept === 'en') {
        return kept;
    }
    return /^en\b/i.test(navigator.language) ? 'en' : 'zh-CN';
}

export async function speak(next: Language): Promise<void> {
    const [words, element] = await files[next]();
    i18n.global.setLocaleMessage(next, words.default as never);
    i18n.global.locale.value = next as never;
    elementWords.value = element.default;
    language.value = next;
    document.documentElement.lang = next;
    setLanguage(next);
}

export async function chooseLanguage(next: Language): Promise<void> {
    localStorage.setItem('taifish.language', next);
    await speak(next);
}

/** The words for a code, or the code itself where there are none. */
export function word(group: string, code: string | null | undefined): string {
    const words = i18n.global.getLocaleMessage(language.value) as Record<string, object>;
    const known = code && Object.hasOwn(words[group] ?? {}, code);
    return known ? t(`${group}.${code}`) : code ?? '';
}
