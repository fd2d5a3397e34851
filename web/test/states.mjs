/*
 * What may happen while somebody works, for t/35console-states.t: a session
 * that ends, a server that is busy or gone, another user, another console on
 * the server.  Each ends in a clear state, and nothing that was typed is lost.
 */

import { asked, BASE, looked, ok, open, PASSWORD, quiet, run, settled, signedIn, signIn } from './browser.mjs';

const dialog = (page) => page.locator('.el-dialog:visible');
const field = (page, label) => dialog(page).locator('.el-form-item').filter({ hasText: label }).first().locator('input').first();

/* A form with something typed in it. */
async function typed(page, code) {
    await page.goto(`${BASE}/tags`);
    await settled(page);
    await page.getByRole('button', { name: 'New tag' }).click();
    await field(page, 'Code').fill(code);
    await field(page, 'Name').fill(`Typed ${code}`);
    await dialog(page).locator('.el-select__wrapper').click();
    await page.getByRole('option').first().click();
}

const save = (page) => page.getByRole('button', { name: 'Save' }).click();
const kept = async (page, code) => await field(page, 'Code').inputValue() === code;
const saved = (page, code) => page.locator('.list-table').getByText(`Typed ${code}`).waitFor();

async function sessionEnds() {
    const page = await signedIn();
    await typed(page, 'ended');
    await page.context().clearCookies();
    await save(page);
    await page.getByText('The session ended.').waitFor();
    ok(true, 'a session that ended asks for the password over the page');
    await page.locator('input[name=password]').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await saved(page, 'ended');
    ok(true, 'and goes on with what was typed');
    await looked(page, 'the end of a session');
    quiet('the end of a session');
    await page.context().close();
}

/* A read waits as long as the server says, and what was typed stays; a change
 * is not repeated by itself. */
async function busy() {
    const page = await signedIn({ expected: /status of 503/ });
    await typed(page, 'busy');
    await asked('database away');
    let sent = 0;
    page.on('request', (r) => { sent += Number(r.method() === 'POST' && r.url().endsWith('/tags')); });
    await save(page);
    await dialog(page).locator('.error').waitFor();
    ok(sent === 1 && await kept(page, 'busy') && /SERVICE_UNAVAILABLE/.test(await dialog(page).locator('.error').innerText()),
        'a change that was answered 503 says so, and keeps what was typed');
    await asked('database back');
    await save(page);
    await saved(page, 'busy');
    ok(true, 'and is sent again by hand');

    await page.goto(`${BASE}/tags`);
    await settled(page);
    await asked('database away');
    await page.getByRole('link', { name: 'Credentials' }).click();
    await page.getByText(/trying again in \d+ s/).waitFor();
    ok(true, 'a read that was answered 503 with Retry-After counts down');
    await asked('database back');
    await page.getByRole('button', { name: 'New credential' }).waitFor();
    await page.getByRole('button', { name: /alert/ }).first().waitFor();
    ok(await page.getByText(/trying again in \d+ s/).count() === 0, 'and reads again by itself');
    quiet('503');
    await page.context().close();
}

async function offline() {
    const page = await signedIn({ expected: /ERR_INTERNET_DISCONNECTED/ });
    await typed(page, 'offline');
    await page.context().setOffline(true);
    await save(page);
    await dialog(page).locator('.error').waitFor();
    ok(await kept(page, 'offline') && /The server cannot be reached/.test(await dialog(page).locator('.error').innerText()),
        'a network that is lost is said, and what was typed is kept');
    await page.context().setOffline(false);
    await save(page);
    await saved(page, 'offline');
    ok(true, 'and saved when it is back');
    quiet('a lost network');
    await page.context().close();
}

/* Another user signs in in another tab: nothing of the first stays to be seen. */
async function twoUsers() {
    const first = await signedIn();
    await typed(first, 'mine');
    const second = await open({ context: first.context() });
    await second.goto(BASE);
    await second.locator('.top-user').click();
    await second.getByRole('menuitem', { name: 'Sign out' }).click();
    await second.locator('input[name=username]').waitFor();
    await first.getByText('The session ended.').waitFor();
    ok(await kept(first, 'mine'), 'who signs out in one tab is signed out in all, and what was typed is kept');
    await signIn(second, 'viewer');
    await first.locator('.top-user').filter({ hasText: 'viewer' }).waitFor();
    await settled(first);
    ok(await dialog(first).count() === 0 && await first.getByRole('link', { name: 'Users' }).count() === 0,
        'another user in one tab is another user in all, with their rights, and nothing of the first');
    quiet('two users');
    await first.context().close();
}

/* The files of a console that was replaced are gone. */
async function updated() {
    // the browser says of files that are gone that they are no styles
    const page = await signedIn({ expected: /Refused to apply style/ });
    await page.goto(`${BASE}/tags`);
    await settled(page);
    await asked('update');
    await Promise.all([page.waitForEvent('load'), page.getByRole('link', { name: 'Credentials' }).click()]);
    await page.getByRole('button', { name: 'New credential' }).waitFor();
    ok(/\/credentials$/.test(page.url()), 'a tab older than the server loads itself anew where it was going');

    // with something typed it stays, and says what to do
    await page.goto(`${BASE}/classes/rules/new`);
    await settled(page);
    await page.getByLabel('Name', { exact: true }).fill('Typed stale');
    await page.locator('.el-form-item').filter({ hasText: 'Engine' }).first().locator('.el-select__wrapper').click();
    await page.getByRole('option', { name: 'MySQL' }).click();
    await page.getByText('As text').click();
    await page.locator('.rule-text textarea').fill('NOT LOCKED');
    const account = page.getByRole('link', { name: /alert\(4\)/ }).first();
    await account.waitFor();
    await asked('update');
    await account.click();
    await page.getByText('The console was updated.').waitFor();
    await page.keyboard.press('Escape');
    ok(await page.getByLabel('Name', { exact: true }).inputValue() === 'Typed stale'
        && await page.locator('.rule-text textarea').inputValue() === 'NOT LOCKED', 'and keeps what was typed, and says that it is old');
    quiet('another console on the server');
    await page.context().close();
}

/* Who may only look is offered nothing else, and told why. */
async function viewer() {
    const page = await signedIn({ user: 'viewer' });
    await page.goto(`${BASE}/instances/${process.env.INSTANCE}`);
    await settled(page);
    const states = [];
    for (const name of ['Edit', 'Delete', 'Sync accounts']) {
        const button = page.locator('.head').getByRole('button', { name, exact: true });
        states.push(await button.isDisabled() && /lacks the permission/.test(await button.locator('xpath=..').getAttribute('data-tip')));
    }
    ok(states.every(Boolean) && await page.locator('.head').getByRole('button', { name: 'Test connection' }).isEnabled(),
        'an action without the right is off, and says which it needs');
    quiet('a viewer');
    await page.context().close();
}

/* A page with something typed is not left without a question. */
async function leaves() {
    const page = await signedIn();
    const name = page.getByLabel('Name', { exact: true });
    await page.goto(`${BASE}/classes/rules/new`);
    await settled(page);
    await name.fill('Typed leaving');
    await page.getByRole('link', { name: 'Credentials' }).click();
    await page.getByText('What you typed is not saved.').waitFor();
    await page.getByRole('button', { name: 'Keep editing' }).click();
    await page.locator('.el-message-box:visible').waitFor({ state: 'detached' });
    ok(await name.inputValue() === 'Typed leaving' && /rules\/new/.test(page.url()), 'a page with something typed is left only when asked to');
    quiet('leaving');
    await page.context().close();
}

/* Times are those of the reader, and say of which zone. */
async function elsewhere() {
    const page = await signedIn({ zone: 'Asia/Kolkata' });
    await page.goto(`${BASE}/runs/${process.env.RUN}`);
    await settled(page);
    const time = page.locator('.facts time').first();
    const at = new Date(await time.getAttribute('datetime'));
    const there = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Kolkata', dateStyle: 'short', timeStyle: 'medium' }).format(at);
    ok(await time.innerText() === `${there} GMT+5:30`, `a time is told in the zone of the reader: ${await time.innerText()}`);
    await page.context().close();
}

await run(viewer, leaves, elsewhere, sessionEnds, busy, offline, twoUsers, updated);
