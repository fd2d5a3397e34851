/*
 * Every page, for t/35console.t and t/35console-fleet.t, which fill the system
 * and say by INSTANCE, ACCOUNT and so on where.  SHOTS=DIR keeps pictures,
 * ONLY=PATTERN takes the pages that match it.
 */

import { accessible, BASE, complain, focused, looked, ok, quiet, run, settled, signedIn } from './browser.mjs';
import { pages, plain } from './pages.mjs';

const { FLEET, ONLY, SHOTS } = process.env;
const all = pages(process.env).filter((path) => new RegExp(ONLY ?? '').test(path));
const views = [
    { width: 1440, language: 'zh-CN', theme: 'light' },
    ...FLEET ? [
        { width: 1440, language: 'zh-CN', theme: 'dark' },
        { width: 390, language: 'zh-CN', theme: 'dark' },
        { width: 390, language: 'zh-CN', theme: 'light' },
        { width: 1440, language: 'en', theme: 'light' },
        { width: 1440, language: 'en', theme: 'dark' },
    ] : [],
    { width: 390, language: 'en', theme: 'dark' },
    ...FLEET ? [{ width: 390, language: 'en', theme: 'light' }] : [],
];

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
    if (!FLEET && !plain.test(where.split(' ')[0]) && !/alert\(\d+\)/.test(text)) {
        complain(`${where}: no hostile name is to be seen`);
    }
    if (/[\u202a-\u202e\u2066-\u2069]/.test(text + title)) {
        complain(`${where}: a mark of direction turns the text`);
    }
    if (/(^|\s)49(\s|$).*gpj/.test(text + title)) {
        complain(`${where}: a template was filled in`);
    }
}

/* The page as it is, in another view: as a person switches, without loading it anew. */
async function view(page, { width, language, theme }) {
    if (await page.evaluate(() => document.documentElement.lang) !== language) {
        // also from under a drawer, and where a phone has it in a menu
        await page.locator('.look').first().dispatchEvent('click');
        await page.waitForFunction((l) => document.documentElement.lang === l, language);
    }
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: theme });
    await page.waitForFunction((dark) => document.documentElement.classList.contains('dark') === dark, theme === 'dark');
    await settled(page);
}

async function walk() {
    const page = await signedIn({ language: views[0].language, theme: 'auto' });
    for (const path of all) {
        await page.goto(BASE + path);
        for (const v of views) {
            const where = `${path} at ${v.width} px in ${v.language}, ${v.theme}`;
            await view(page, v);
            await harmless(page, where);
            await accessible(page, where);
            await hovered(page, where);
            await page.keyboard.press('Tab');
            const { tag, seen, html } = await focused(page);
            if (tag !== 'BODY' && !seen) {
                complain(`${where}: nobody sees the focus on ${html}`);
            }
            await looked(page, where);
            if (SHOTS) {
                await page.screenshot({ path: `${SHOTS}/${path.replace(/\W+/g, '_')}-${v.width}-${v.language}-${v.theme}.png` });
            }
        }
    }
    quiet(`${all.length} pages in ${views.length} views`);
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

await run(walk, ...ONLY ? [] : [weight, ...FLEET ? [ledger] : []]);
