/*
 * Every page, for t/35console.t and t/35console-fleet.t, which fill the system
 * and say by INSTANCE, ACCOUNT and so on where.  SHOTS=DIR keeps pictures.
 */

import { accessible, BASE, complain, looked, ok, quiet, run, settled, signedIn } from './browser.mjs';
import { pages, plain } from './pages.mjs';

const { FLEET, SHOTS } = process.env;
const all = pages(process.env);

/* Tooltips over each chart that is shown (a tab left keeps its own), and the words of what has some. */
async function hovered(page, where) {
    for (const box of await page.locator('.main canvas:visible, .el-drawer canvas:visible').all()) {
        await box.hover();
    }
    const tips = page.locator('.main [data-tip*="alert("]:visible');
    if (await tips.count()) {
        await tips.first().hover();
        const said = await page.locator('.tip').textContent();
        if (!said.includes('alert(')) {
            complain(`${where}: a tip says ${said}`);
        }
    }
}

/* What is hostile is there, as text. */
async function harmless(page, where) {
    const { text, title } = await page.evaluate(() => ({ text: document.body.innerText, title: document.title }));
    if (!FLEET && !plain.test(where) && !/alert\(\d+\)/.test(text)) {
        complain(`${where}: no hostile name is to be seen`);
    }
    if (/(^|\s)49(\s|$).*gpj/.test(text + title)) {
        complain(`${where}: a template was filled in`);
    }
}

async function walk({ width, language, theme }) {
    const page = await signedIn({ width, language, theme });
    for (const path of all) {
        if (width > 1000) {
            await page.goto(BASE + path);
        } else {
            // as a link in the console does, without loading it anew
            await page.evaluate((to) => {
                history.pushState(null, '', to);
                dispatchEvent(new PopStateEvent('popstate'));
            }, path);
        }
        await settled(page);
        await harmless(page, path);
        await accessible(page, path);
        await hovered(page, path);
        await looked(page, path);
        if (SHOTS) {
            await page.screenshot({ path: `${SHOTS}/${path.replace(/\W+/g, '_')}-${width}-${language}-${theme}.png` });
        }
    }
    ok(await page.evaluate(() => document.documentElement.lang) === language, `the page says it is in ${language}`);
    quiet(`${all.length} pages at ${width} px in ${language}, ${theme}`);
    await page.context().close();
}

/* What a browser that was never here takes for the dashboard. */
async function weight() {
    const page = await signedIn({ language: 'zh-CN' });
    const there = async () => {
        await page.locator('.week').nth(1).waitFor();
        await settled(page);
    };
    await there();
    const kilobytes = await page.evaluate(() => performance.getEntriesByType('resource')
        .filter((r) => /\/assets\//.test(r.name)).reduce((n, r) => n + r.encodedBodySize, 0) / 1024);
    ok(kilobytes > 100 && kilobytes <= 350, `the dashboard is ${Math.round(kilobytes)} KB, at most 350`);

    // a second visit asks for the page and the API only
    await page.reload();
    await there();
    const sizes = await page.evaluate(() => performance.getEntriesByType('resource')
        .filter((r) => /\/assets\//.test(r.name)).map((r) => r.transferSize));
    ok(sizes.length > 3 && sizes.every((n) => n === 0), 'a second visit loads no file again');
    await page.context().close();
}

/* From the answer of the API to 100 rows that can be worked with: drawn, and the
 * thread free. */
async function ledger() {
    const page = await signedIn();
    await page.addInitScript(() => {
        new MutationObserver(() => {
            if (!window.ready && document.querySelectorAll('.list-table tbody tr').length === 100) {
                window.ready = -1;
                requestAnimationFrame(() => setTimeout(() => { window.ready = performance.now(); }));
            }
        }).observe(document, { childList: true, subtree: true });
    });
    const times = [];
    for (let n = 0; n < 5; n++) {
        await page.goto(`${BASE}/accounts?limit=100`);
        await page.waitForFunction(() => window.ready > 0);
        times.push(await page.evaluate(() => window.ready - performance.getEntriesByType('resource')
            .find((r) => /\/accounts\/ledgers\?/.test(r.name)).responseEnd));
    }
    const middle = times.sort((a, b) => a - b)[2];
    ok(middle <= 1000, `100 rows of the ledger can be worked with ${Math.round(middle)} ms after the answer, at most 1000`);
    await page.context().close();
}

const views = [
    { width: 1440, language: 'zh-CN', theme: 'light' },
    { width: 390, language: 'en', theme: 'dark' },
    ...FLEET ? [
        { width: 1440, language: 'en', theme: 'light' },
        { width: 1440, language: 'zh-CN', theme: 'dark' },
        { width: 1440, language: 'en', theme: 'dark' },
        { width: 390, language: 'zh-CN', theme: 'light' },
        { width: 390, language: 'en', theme: 'light' },
        { width: 390, language: 'zh-CN', theme: 'dark' },
    ] : [],
];

await run(...views.map((view) => () => walk(view)), weight, ...FLEET ? [ledger] : []);
