import 'element-plus/es/components/base/style/css';
import 'element-plus/es/components/message/style/css';
import 'element-plus/es/components/message-box/style/css';
import '@/style/tokens.css';
import '@/style/base.css';

import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { useSession } from './api/session';
import { i18n, speak, wantedLanguage } from './use/i18n';
import { startTips } from './use/tip';
import { router } from './router';
import './use/prefs';

async function start(): Promise<void> {
    const app = createApp(App).use(createPinia());

    await Promise.all([speak(wantedLanguage()), useSession().look().catch(() => undefined)]);
    app.use(i18n).use(router);
    await router.isReady().catch(() => undefined);
    app.mount('#app');
    startTips();
}

void start();
