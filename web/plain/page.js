// The page's language, and what /health says, asked again every 10 s.

'use strict';

const words = {
    zh: { healthy: '正常', unhealthy: '异常', connected: '已连接',
          disconnected: '未连接', unreachable: '无法访问' },
    en: { healthy: 'healthy', unhealthy: 'unhealthy', connected: 'connected',
          disconnected: 'not connected', unreachable: 'unreachable' }
};

const wanted = new URLSearchParams(location.search).get('lang')
    || navigator.language || 'zh-CN';
const lang = /^zh\b/i.test(wanted) ? 'zh' : 'en';

document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';

function show(id, word) {
    const element = document.getElementById(id);
    element.textContent = words[lang][word] || word;
    element.className = ['healthy', 'connected'].includes(word) ? 'good'
        : word in words.en ? 'bad' : '';
}

async function ask(path) {
    const response = await fetch(path, { cache: 'no-store' });
    if (!response.ok) {
        throw new Error(`${path}: ${response.status}`);
    }
    return (await response.json()).data;
}

async function look() {
    try {
        const health = await ask('/health');
        show('status', health.status);
        show('database', health.database);
        show('redis', health.redis);
        show('version', (await ask('/api/v1/health/basic')).version);

    } catch {
        show('status', 'unreachable');
        show('database', '…');
        show('redis', '…');
    }

    setTimeout(look, 10000);
}

look();
