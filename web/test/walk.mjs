/*
 * A walk through the console in Chromium, for t/35console.t, which says by
 * BASE, CHROMIUM, PASSWORD, INSTANCE, ACCOUNT, CHANGE and PG_PORT where.
 * Prints TAP without numbers.  A line "grant" asks the test to change a right
 * on the server; the answer is a line.
 */

import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const { BASE, CHROMIUM, PASSWORD, INSTANCE, ACCOUNT, CHANGE, RULE, PG_PORT, SHOTS, TAIFISH_PROOF: PROOF } = process.env;
const pages = ['/', '/start', '/instances', `/instances/${INSTANCE}`, `/instances/${INSTANCE}?tab=coverage`,
    `/instances?peek=instance:${INSTANCE}`, '/accounts', `/accounts/${ACCOUNT}`, '/classes', '/classes?tab=classes', '/classes?tab=accounts',
    '/classes?tab=trends&classification_id=1', '/classes/rules/new', `/classes/rules/${RULE}`, `/accounts/${ACCOUNT}?tab=history`,
    `/accounts/${ACCOUNT}?tab=compare`, `/accounts?peek=account:${ACCOUNT}`, '/changes', `/changes/${CHANGE}`,
    '/capacity', '/capacity?tab=databases&shape=bar', '/capacity?tab=forecasts', '/logs', '/logs?peek=log:1', '/partitions', '/runs', '/schedules', '/credentials', '/tags', '/tags/assign', '/users', '/settings', '/about', '/nowhere'];
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const complaints = [];

function ok(good, what) {
    console.log(`${good ? '' : 'not '}ok - ${what}`);
}

function quiet(what) {
    ok(complaints.length === 0, `${what}: nothing to complain of`);
    complaints.splice(0).forEach((c) => console.log(c));
}

const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync'],
});

async function open(width, language, theme) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, locale: language });
    await context.addInitScript(([l, th]) => {
        localStorage.setItem('taifish.language', l);
        localStorage.setItem('taifish.theme', th);
        window.violations = [];
        document.addEventListener('securitypolicyviolation', (e) => {
            window.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`);
        });
    }, [language, theme]);

    const page = await context.newPage();
    page.setDefaultTimeout(20000);
    page.on('pageerror', (e) => complaints.push(`error: ${e.stack}`));
    page.on('dialog', (d) => { complaints.push(`a script ran: ${d.message()}`); void d.dismiss(); });
    page.on('request', (r) => {
        if (!r.url().startsWith(BASE) && !/^(data|blob):/.test(r.url())) {
            complaints.push(`asked of another host: ${r.url()}`);
        }
    });
    page.on('console', (m) => {
        // Chromium says every answer of 4xx, an expected one too
        if (['error', 'warning'].includes(m.type()) && !/status of 40[0-9]/.test(m.text())) {
            complaints.push(`console: ${m.text()}`);
        }
    });
    return page;
}

async function signIn(page) {
    await page.fill('input[name=username]', 'admin');
    await page.fill('input[name=password]', PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.top');
}

async function violations(page, where) {
    const { found, wide, text } = await page.evaluate(() => {
        const seen = window.violations;
        window.violations = [];
        return {
            found: seen, text: document.body.innerText,
            wide: document.documentElement.scrollWidth > window.innerWidth,
        };
    });
    found.forEach((v) => complaints.push(`${where}: CSP ${v}`));
    if (wide) {
        complaints.push(`${where}: wider than the window`);
    }
    const key = /(?:^|\s)(?:page|col|list|action|filter|instance|account|state|run|dashboard|problem)\.[a-z]\w+(?:\s|$)/i.exec(text);
    if (key) {
        complaints.push(`${where}: no words for ${key[0].trim()}`);
    }
}

/* Serious and critical findings of axe-core, with where. */
async function accessible(page, where) {
    await page.evaluate(`${axe.source};0`);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    for (const v of found.violations.filter((x) => ['serious', 'critical'].includes(x.impact))) {
        complaints.push(`${where}: ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200)).join(' | ')}`);
    }
}

async function settled(page) {
    await page.waitForFunction(() => document.querySelector('.main')?.innerText.trim()
        && !document.querySelector('.waiting, [aria-busy=true]'));
}

async function walk(width, language, theme, axed) {
    const page = await open(width, language, theme);
    await page.goto(BASE);
    await signIn(page);
    for (const path of pages) {
        if (axed || PROOF) {
            await page.goto(BASE + path);
        } else {
            // as a link in the console does, without loading it anew
            await page.evaluate((to) => {
                history.pushState(null, '', to);
                dispatchEvent(new PopStateEvent('popstate'));
            }, path);
        }
        await settled(page);
        await violations(page, path);
        if (axed || PROOF) {
            await accessible(page, path);
        }
        if (SHOTS) {
            await page.screenshot({ path: `${SHOTS}/${path.replace(/\W+/g, '_')}-${width}-${language}-${theme}.png` });
        }
    }
    const language0 = await page.evaluate(() => document.documentElement.lang);
    ok(language0 === language, `the page says it is in ${language}`);
    quiet(`${pages.length} pages at ${width} px in ${language}, ${theme}`);
    await page.context().close();
}

async function mainJob() {
    const page = await open(1440, 'en', 'light');
    const field = (label) => page.locator('.el-dialog:visible .el-form-item').filter({ hasText: label }).first().locator('input').first();
    const sync = async () => {
        await page.getByRole('button', { name: 'Sync accounts' }).click();
        await page.getByText(/^Synced:/).last().waitFor();
    };

    await page.goto(BASE);
    await signIn(page);

    await page.getByRole('link', { name: 'Credentials' }).click();
    await page.getByRole('button', { name: 'New credential' }).first().click();
    await field('Name').fill('console');
    await field('User name').fill('console_monitor');
    await field('Password').fill('Monitor-pass-1');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'console', exact: true }).waitFor();
    ok(true, 'a credential');

    await page.getByRole('link', { name: 'Instances' }).first().click();
    await page.getByRole('button', { name: 'Add instance' }).first().click();
    await field('Name').fill('console target');
    await field('Host').fill('127.0.0.1');
    await field('Port').fill(PG_PORT);
    await page.locator('.el-dialog:visible .el-form-item').filter({ hasText: 'Credential' }).locator('.el-select__wrapper').click();
    await page.getByRole('option', { name: /^console/ }).click();
    await page.getByRole('button', { name: 'Test connection' }).last().click();
    await page.locator('.result.no').waitFor();
    ok(/TARGET_TLS/.test(await page.locator('.result.no').innerText()), 'a server without TLS fails the test and says why');
    await page.locator('.el-dialog:visible .el-form-item').filter({ hasText: 'TLS' }).locator('.el-select__wrapper').click();
    await page.getByRole('option', { name: 'no TLS' }).click();
    await page.getByRole('button', { name: 'Test connection' }).last().click();
    await page.locator('.result.ok').waitFor();
    ok(true, 'and connects without it');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'console target' }).waitFor();
    ok(/peek=instance:\d+/.test(page.url()), 'the new instance is in a drawer, and in the address');

    await sync();
    await page.getByRole('link', { name: 'console_app' }).waitFor();
    ok(true, 'a sync brings its accounts');
    await page.getByRole('link', { name: 'Open page' }).click();
    await page.waitForURL(/\/instances\/\d+$/);

    console.log('grant');
    await lines.next();
    await sync();
    await page.goto(page.url() + '?tab=changes');
    await page.getByRole('link', { name: 'console_app' }).first().click();
    await page.getByRole('tab', { name: /^History/ }).click();
    await page.getByText('granted').first().waitFor();
    const line = await page.locator('.line').innerText();
    ok(/pg_monitor/.test(line), 'a grant on the server is in the time line');
    await page.goBack();
    await violations(page, 'the main job');
    quiet('the main job');

    // a session that ends: what was typed is kept, and sent after the sign-in

    await page.goto(`${BASE}/tags`);
    await page.getByRole('button', { name: 'New tag' }).click();
    await field('Code').fill('typed');
    await field('Name').fill('Typed before the end');
    await page.locator('.el-dialog:visible .el-select__wrapper').click();
    await page.getByRole('option').first().click();
    await page.context().clearCookies();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The session ended.').waitFor();
    ok(true, 'a session that ended asks for the password over the page');
    await page.locator('input[name=password]').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText('Typed before the end').first().waitFor();
    ok(true, 'and goes on with what was typed');
    quiet('after the end of a session');
    await page.context().close();
}

/* What a browser that was never here takes for the dashboard. */
async function weight() {
    const page = await open(1440, 'zh-CN', 'light');
    await page.goto(BASE);
    await signIn(page);
    await page.locator('.syncs').waitFor();
    await settled(page);
    const kilobytes = await page.evaluate(() => performance.getEntriesByType('resource')
        .filter((r) => /\/assets\//.test(r.name)).reduce((n, r) => n + r.encodedBodySize, 0) / 1024);
    ok(kilobytes > 100 && kilobytes <= 350, `the dashboard is ${Math.round(kilobytes)} KB, at most 350`);

    // a second visit asks for the page and the API only
    await page.reload();
    await page.locator('.syncs').waitFor();
    await settled(page);
    const sizes = await page.evaluate(() => performance.getEntriesByType('resource')
        .filter((r) => /\/assets\//.test(r.name)).map((r) => r.transferSize));
    ok(sizes.length > 3 && sizes.every((n) => n === 0), 'a second visit loads no file again');
    await page.context().close();
}

/* A list as a file of the server. */
async function exported() {
    const page = await open(1440, 'en', 'light');
    await page.goto(BASE);
    await signIn(page);
    await page.goto(`${BASE}/accounts?search=svg`);
    await settled(page);
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('All fields, CSV').click()]);
    const text = await readFile(await download.path(), 'utf8');
    ok(/^accounts_export_.*\.csv$/.test(download.suggestedFilename()) && text.includes('<svg onload=alert(2)>')
        && !/console_app/.test(text), 'a list is saved as the file of the server, with its filters');
    await page.context().close();
}

/* A rule as text, by boxes, with what it matches; then saved. */
async function rules() {
    const page = await open(1440, 'en', 'light');
    await page.goto(BASE);
    await signIn(page);
    await page.getByRole('link', { name: 'Classes' }).click();
    await page.getByRole('button', { name: 'New rule' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Watchers');
    await page.locator('.el-form-item').filter({ hasText: 'Class' }).first().locator('.el-select__wrapper').click();
    await page.getByRole('option').nth(4).click();
    await page.getByText('As text').click();
    await page.locator('.rule-text textarea').fill("LOCKED OR\n ROLE pg_monitor");
    await page.locator('.rule-under mark').waitFor();
    ok(await page.locator('.rule-under mark').textContent() === 'pg_monitor'
        && /Line 2, column 7/.test(await page.locator('#rule-fault').innerText()), 'what is wrong in a rule is underlined');
    await page.locator('.rule-text textarea').fill("ROLE 'pg_monitor'");
    await page.getByRole('link', { name: 'console_app' }).waitFor();
    ok(true, 'a rule shows the accounts it matches while it is written');
    await page.getByText('By boxes').click();
    await page.locator('.el-checkbox.is-checked').filter({ hasText: /^\s*pg_monitor/ }).waitFor();
    ok(true, 'text becomes boxes');
    await page.locator('.el-checkbox').filter({ hasText: 'is locked' }).click();
    await page.getByText('As text').click();
    await page.locator('.rule-text textarea').waitFor();
    ok(await page.locator('.rule-text textarea').inputValue() === "ROLE 'pg_monitor' OR LOCKED", 'and boxes text');
    await page.locator('.rule-text textarea').fill("NOT ROLE 'pg_monitor'");
    await page.getByText('By boxes').click();
    await page.getByText('boxes cannot show').waitFor();
    ok(true, 'a rule that boxes cannot show stays text');
    await page.locator('.rule-text textarea').fill("ROLE 'pg_monitor'");
    await page.getByText('1 accounts get the class').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'Watchers' }).waitFor();
    await violations(page, 'a rule');
    quiet('a rule');
    await page.context().close();
}

/* When a job runs: seen while it is edited, paused, resumed, started. */
async function schedules() {
    const page = await open(1440, 'en', 'light');
    const row = page.getByRole('row').filter({ hasText: 'Housekeeping' });
    await page.goto(BASE);
    await signIn(page);
    await page.getByRole('link', { name: 'Schedules' }).click();
    await row.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Cron expression' }).fill('0 0 29 2 61');
    await page.locator('.el-form-item__error').waitFor();
    ok(true, 'an expression that is none is refused while it is typed');
    await page.getByRole('textbox', { name: 'Cron expression' }).fill('30 4 * * *');
    await page.locator('.schedule-times li').nth(4).waitFor();
    await page.getByRole('textbox', { name: 'Hour' }).fill('6');
    await page.locator('.schedule-times li').filter({ hasText: '06:30:00' }).nth(4).waitFor();
    ok(true, 'the next five runs are shown before it is saved');
    await page.getByRole('button', { name: 'Save' }).click();
    await row.getByText('30 6 * * *').waitFor();
    await row.getByRole('button', { name: 'Pause' }).click();
    await row.getByText('paused').waitFor();
    await row.getByRole('button', { name: 'Resume' }).click();
    await row.getByText('on', { exact: true }).waitFor();
    await row.getByRole('button', { name: 'Run now' }).click();
    await page.locator('.el-drawer').getByRole('heading', { name: 'Housekeeping' }).waitFor();
    ok(/peek=run:/.test(page.url()), 'a job is paused, resumed and started, and its run shown');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Reset to defaults' }).click();
    await page.locator('.el-message-box').getByRole('button', { name: 'Reset to defaults' }).click();
    await row.getByText('30 6 * * *').waitFor({ state: 'detached' });
    await violations(page, 'schedules');
    quiet('schedules');
    await page.context().close();
}

try {
    await walk(1440, 'zh-CN', 'light', true);
    await walk(390, 'en', 'dark', false);
    await weight();
    await mainJob();
    await exported();
    await rules();
    await schedules();
} catch (e) {
    ok(false, String(e.stack ?? e).replace(/\n/g, ' | ').slice(0, 1500));
    complaints.forEach((c) => console.log(c));
} finally {
    await browser.close();
}
process.exit(0);
