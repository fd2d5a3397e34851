/*
 * The main job by keyboard alone, for t/35console-jobs.t: sign in, credential,
 * instance, test, sync, ledger, a grant on the server, sync, time line.  A
 * button of the mouse that goes down is a complaint, and so is a focus that
 * nobody sees.
 */

import { asked, BASE, complain, focused as focusOf, looked, ok, open, PASSWORD, quiet, run, settled } from './browser.mjs';

const { PG_PORT } = process.env;
let page;

const focused = () => focusOf(page);

async function press(...keys) {
    for (const key of keys) {
        await page.keyboard.press(key);
    }
}

/* Another page has the focus on its content. */
async function at(path) {
    await page.waitForURL(path);
    await page.waitForFunction(() => document.activeElement?.id === 'main');
    await settled(page);
}

/* Tab until this has the focus. */
async function to(name, most = 120) {
    const passed = [];
    for (let n = 0; n < most; n++) {
        await press('Tab');
        const at = await focused();
        passed.push(at.name.slice(0, 30) || at.html);
        if (at.tag !== 'BODY' && !at.seen) {
            complain(`nobody sees the focus on ${at.html}`);
        }
        if (name.test(at.name)) {
            return;
        }
    }
    throw new Error(`${name} was not reached: ${passed.join(', ')}`);
}

/* Keys that belong together, as fast as fingers. */
async function chord(...keys) {
    await Promise.all(keys.map((key) => page.keyboard.press(key)));
}

async function type(text) {
    await press('Control+a');
    await page.keyboard.type(text);
}

/* A page or a thing by the palette. */
async function jump(text, hit) {
    await press('Control+k');
    await page.waitForFunction(() => document.activeElement?.matches('.palette-input'));
    await page.keyboard.type(text);
    await page.locator('#palette-hits li.at').filter({ hasText: hit }).waitFor();
    await press('Enter');
    await page.locator('.palette:visible').waitFor({ state: 'detached' });
}

async function choose(field, option) {
    await to(field);
    await press('Enter');
    await page.getByRole('option', { name: option }).waitFor();
    for (let n = 0; n < 20; n++) {
        await press('ArrowDown');
        const at = await page.evaluate(() => [...document.querySelectorAll('.el-select-dropdown__item.is-hovering')]
            .find((e) => e.getClientRects().length)?.innerText.trim() ?? '');
        if (option.test(at)) {
            await press('Enter');
            return;
        }
    }
    throw new Error(`no option ${option}`);
}

async function sync() {
    await to(/^Sync accounts$/);
    await press('Enter');
    await page.getByText(/^Synced:/).last().waitFor();
    await page.getByText(/^Synced:/).last().waitFor({ state: 'detached' });
}

async function start() {
    page = await open();
    await page.addInitScript(() => {
        for (const name of ['pointerdown', 'mousedown', 'touchstart', 'wheel']) {
            window.addEventListener(name, () => { window.mouse = name; }, true);
        }
    });
    await page.goto(BASE);
    await page.waitForFunction(() => document.activeElement?.matches('input[name=username]'));
    await page.keyboard.type('admin');
    await press('Tab');
    await page.keyboard.type(PASSWORD);
    await press('Enter');
    await page.waitForSelector('.top');
    ok(true, 'by keyboard: signed in');
}

async function credential() {
    await jump('cred', 'Credentials');
    await at(/\/credentials$/);
    await to(/^New credential$/);
    await press('Enter');
    await to(/^Name$/);
    await press('Escape');
    await page.locator('.el-dialog:visible').waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement !== document.body);
    const back = await focused();
    ok(/^New credential$/.test(back.name) && back.seen, 'by keyboard: Escape closes a dialog, which gives the focus back');
    await press('Enter');
    await to(/^Name$/);
    await type('keys');
    await to(/^User name$/);
    await type('console_monitor');
    await to(/^Password$/);
    await type('Monitor-pass-1');
    await press('Enter');
    await page.getByRole('button', { name: 'keys', exact: true }).waitFor();
    ok(true, 'by keyboard: a credential');
}

async function instance() {
    await page.locator('.el-dialog:visible').waitFor({ state: 'detached' });
    await chord('g', 'i');
    await at(/\/instances$/);
    await to(/^Add instance$/);
    await press('Enter');
    await to(/^Name$/);
    await type('keys target');
    await to(/^Host$/);
    await type('127.0.0.1');
    await to(/^Port$/);
    await type(PG_PORT);
    await choose(/^Credential$/, /^keys/);
    await to(/^Test connection$/);
    await press('Enter');
    await page.locator('.result.no').waitFor();
    await choose(/^TLS$/, /^no TLS$/);
    await to(/^Test connection$/);
    await press('Enter');
    await page.locator('.result.ok').waitFor();
    ok(true, 'by keyboard: an instance that connects');
    await to(/^Save$/);
    await press('Enter');
    await page.getByRole('heading', { name: 'keys target' }).waitFor();
    await sync();
    ok(true, 'by keyboard: a sync');
}

/* The account's row, wherever it is, and a look at it. */
async function peek() {
    const row = page.locator('tr.active').filter({ hasText: 'keys target' });
    for (let n = 0; n < 5 && !await row.count(); n++) {
        await press('j');
    }
    await press('Enter');
    await page.locator('.el-drawer').getByRole('heading', { name: 'console_keys' }).waitFor();
}

/* The account's row, by a search of the ledger, and a look at it. */
async function found() {
    await chord('g', 'a');
    await at(/\/accounts$/);
    await press('/');
    await page.keyboard.type('console_keys');
    await press('Enter');
    await page.waitForURL(/search=console_keys/);
    await settled(page);
    await peek();
}

async function ledger() {
    await press('Escape');
    await page.locator('.el-drawer:visible').waitFor({ state: 'detached' });
    await found();
    ok(true, 'by keyboard: the account in the ledger');
}

async function change() {
    await asked('grant');
    await press('Escape');
    await jump('keys target', 'keys target');
    await page.getByRole('heading', { name: 'keys target' }).waitFor();
    await sync();
    await found();
    await press('o');
    await at(/\/accounts\/\d+$/);
    await page.locator('.el-drawer:visible').waitFor({ state: 'detached' });
    await to(/^Rights$/);
    await press('ArrowRight');
    await page.waitForURL(/tab=history/);
    await page.getByText('granted').first().waitFor();
    ok(/pg_read_all_settings/.test(await page.locator('.line').first().innerText()), 'by keyboard: the grant in the time line');
    const mouse = await page.evaluate(() => window.mouse);
    ok(!mouse, `no event of a mouse ${mouse ?? ''}`);
    await looked(page, 'by keyboard');
    quiet('by keyboard');
}

/* Where it stood when it broke. */
const seen = (part) => () => part().catch(async (e) => {
    throw new Error(`${e.message} at ${page.url()}, focus on ${(await focused()).html}`);
});

await run(...[start, credential, instance, ledger, change].map(seen));
