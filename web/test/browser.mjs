/*
 * What all walks in Chromium share.  t/lib/TaiFish/Browser.pm starts them and
 * says by BASE, CHROMIUM and PASSWORD where; they print TAP without numbers.
 * Complaints come from the browser itself: an error, a report of the policy, a
 * request to another host, a script that ran.
 */

import { createInterface } from 'node:readline';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

export const { BASE, PASSWORD } = process.env;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const complaints = [];
const asking = new WeakMap();

export function ok(good, what) {
    console.log(`${good ? '' : 'not '}ok - ${what}`);
}

export function complain(what) {
    complaints.push(what);
}

export function quiet(what) {
    ok(complaints.length === 0, `${what}: nothing to complain of`);
    complaints.splice(0).forEach((c) => console.log(c));
}

/* The test does what is named, on the server. */
export async function asked(name) {
    console.log(name);
    await lines.next();
}

const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync'],
});

/* What `expected` matches is no complaint of the browser's console. */
export async function open({ width = 1440, language = 'en', theme = 'light', zone, context, expected } = {}) {
    const mine = context ?? await browser.newContext({ viewport: { width, height: 900 }, locale: language, timezoneId: zone });
    const page = await mine.newPage();

    await page.addInitScript(([l, th]) => {
        localStorage.setItem('taifish.language', l);
        localStorage.setItem('taifish.theme', th);
        window.violations = [];
        document.addEventListener('securitypolicyviolation', (e) => {
            window.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`);
        });
    }, [language, theme]);
    page.setDefaultTimeout(120000);
    page.on('pageerror', (e) => complain(`error: ${e.stack}`));
    page.on('dialog', (d) => { complain(`a script ran: ${d.message()}`); void d.dismiss(); });
    const open = new Set();
    asking.set(page, open);
    for (const end of ['requestfinished', 'requestfailed']) {
        page.on(end, (r) => open.delete(r));
    }
    page.on('request', (r) => {
        // a stream of events has no end
        if (!r.url().endsWith('/events')) {
            open.add(r);
        }
        if (!r.url().startsWith(BASE) && !/^(data|blob):/.test(r.url())) {
            complain(`asked of another host: ${r.url()}`);
        }
    });
    page.on('console', (m) => {
        // Chromium says every answer of 4xx, an expected one too
        if (['error', 'warning'].includes(m.type()) && !/status of 40[0-9]/.test(m.text()) && !expected?.test(m.text())) {
            complain(`console: ${m.text()}`);
        }
    });
    return page;
}

export async function signIn(page, user = 'admin') {
    await page.fill('input[name=username]', user);
    await page.fill('input[name=password]', PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.top');
}

export async function signedIn(options) {
    const page = await open(options);
    await page.goto(BASE);
    await signIn(page, options?.user);
    return page;
}

/* Nothing is asked for any more, and what came is on the screen: seen at three
 * looks with frames between them, for one answer may ask for the next. */
export async function settled(page) {
    const until = Date.now() + 600000;
    for (let calm = 0; calm < 3;) {
        const still = await page.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(() => go(
            document.querySelector('.main')?.innerText.trim() && !document.querySelector('.waiting, [aria-busy=true]'))))));
        calm = still && !asking.get(page).size ? calm + 1 : 0;
        if (Date.now() > until) {
            throw new Error(`${page.url()} does not come to rest: ${[...asking.get(page)].map((r) => r.url())}`);
        }
    }
}

/* Reports of the policy, a page that is too wide, a key instead of its words. */
export async function looked(page, where) {
    const { found, wide, text } = await page.evaluate(() => {
        const seen = window.violations;
        window.violations = [];
        return {
            found: seen, text: document.body.innerText,
            wide: document.documentElement.scrollWidth > window.innerWidth,
        };
    });
    found.forEach((v) => complain(`${where}: CSP ${v}`));
    if (wide) {
        complain(`${where}: wider than the window`);
    }
    const key = /(?:^|\s)(?:page|col|list|action|filter|instance|account|state|run|dashboard|problem)\.[a-z]\w+(?:\s|$)/i.exec(text);
    if (key) {
        complain(`${where}: no words for ${key[0].trim()}`);
    }
}

/* What has the focus: its name, as a reader of screens would say it, and
 * whether it can be seen. */
export function focused(page) {
    return page.evaluate(() => {
        const e = document.activeElement;
        const box = e.getBoundingClientRect();
        const label = e.closest('.el-form-item')?.querySelector('.el-form-item__label')?.innerText;
        const style = getComputedStyle(e);
        const around = getComputedStyle(e.closest('.el-input__wrapper, .el-select__wrapper, .el-checkbox, .el-textarea') ?? e);
        return {
            tag: e.tagName, name: (e.getAttribute('aria-label') ?? (/^(INPUT|TEXTAREA)$/.test(e.tagName) ? label ?? e.placeholder : e.innerText) ?? '').trim(),
            html: e.outerHTML.slice(0, 160),
            seen: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth
                && [style, around].some((s) => parseFloat(s.outlineWidth) > 0 && s.outlineStyle !== 'none' || s.boxShadow !== 'none'
                    || /^(INPUT|TEXTAREA)$/.test(e.tagName)),
        };
    });
}

/* Serious and critical findings of axe-core, with where. */
export async function accessible(page, where) {
    await page.evaluate(`${axe.source};0`);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    for (const v of found.violations.filter((x) => ['serious', 'critical'].includes(x.impact))) {
        complain(`${where}: ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200)).join(' | ')}`);
    }
}

/* The parts of a script one after the other; the first that breaks ends it. */
export async function run(...parts) {
    try {
        for (const part of parts) {
            await part();
        }
    } catch (e) {
        ok(false, String(e.stack ?? e).replace(/\n/g, ' | ').slice(0, 1500));
        complaints.forEach((c) => console.log(c));
    } finally {
        await browser.close();
    }
    process.exit(0);
}
