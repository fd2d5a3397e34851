/*
 * The API viewer in Chromium, for t/35docs.t, which says by BASE, CHROMIUM and
 * PASSWORD where: every group is opened, operations are read and called.
 * Prints TAP without numbers.
 */

import { chromium } from 'playwright-core';

const { BASE, CHROMIUM, PASSWORD } = process.env;
const complaints = [];

function ok(good, what) {
    console.log(`${good ? '' : 'not '}ok - ${what}`);
}

const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage();

page.setDefaultTimeout(120000);
page.on('pageerror', (e) => complaints.push(`error: ${e.stack}`));
page.on('request', (r) => {
    if (!r.url().startsWith(BASE) && !/^(data|blob):/.test(r.url())) {
        complaints.push(`asked of another host: ${r.url()}`);
    }
});
page.on('console', (m) => {
    if (m.type() === 'error' && !/status of 40[0-9]/.test(m.text())) {
        complaints.push(`console: ${m.text()}`);
    }
});
await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (e) => {
        window.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`);
    });
});

async function quiet(what) {
    const found = await page.evaluate(() => window.violations.splice(0));
    complaints.push(...found);
    ok(complaints.length === 0, `${what}: nothing to complain of`);
    complaints.splice(0).forEach((c) => console.log(c));
}

/** Opens an operation, calls it, and waits for an answer of this status. */
async function call(id, status) {
    const op = page.locator(`.opblock[id$="-${id}"]`);

    for (const button of ['.opblock-summary-control', '.try-out__btn', '.execute']) {
        await op.locator(button).waitFor();
        await op.locator(button).dispatchEvent('click');
    }
    await op.locator('.live-responses-table .response-col_status', { hasText: status }).waitFor();
    ok(true, `${id} answers ${status}`);
}

await page.goto(`${BASE}/api/v1/docs`);
await page.waitForSelector('.opblock-tag');
ok((await page.title()) === 'TaiFish API', 'the page');
await quiet('the page');

// a session, as the console makes one

ok(await page.evaluate(async (password) => {
    const token = async () => (await (await fetch('/api/v1/auth/csrf-token')).json()).data.csrf_token;
    const answer = await fetch('/api/v1/auth/login', {
        method: 'POST', body: JSON.stringify({ username: 'admin', password }),
        headers: { 'Content-Type': 'application/json', 'X-CSRFToken': await token() },
    });
    return answer.status;
}, PASSWORD) === 200, 'signed in');

// by the page's own click: a mouse waits for a page of this length to stand still

await page.evaluate(() => document.querySelectorAll('.opblock-tag').forEach((tag) => tag.click()));
const documented = await page.evaluate(async () => Object.values((await (await fetch('/api/v1/openapi.json')).json()).paths)
    .reduce((n, path) => n + Object.keys(path).length, 0));
await page.waitForFunction((n) => document.querySelectorAll('.opblock').length >= n, documented);
const operations = await page.locator('.opblock').count();
ok(operations === documented && operations > 100, `${operations} operations of ${documented}`);
await quiet('all groups');

await call('getTags', '200');
await call('postAuthLogout', '200');
await quiet('operations that were called');

await browser.close();
