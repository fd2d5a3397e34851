/*
 * What people do with the mouse, for t/35console-jobs.t: the main job, a list
 * as a file, instances from a file, a rule, a schedule.
 */

import { readFile } from 'node:fs/promises';
import { asked, BASE, looked, ok, quiet, run, settled, signedIn } from './browser.mjs';

const { PG_PORT } = process.env;

async function mainJob() {
    const page = await signedIn();
    const field = (label) => page.locator('.el-dialog:visible .el-form-item').filter({ hasText: label }).first().locator('input').first();
    const sync = async () => {
        await page.getByRole('button', { name: 'Sync accounts' }).click();
        await page.getByText(/^Synced:/).last().waitFor();
    };

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
    const bar = page.locator('.el-drawer').getByRole('progressbar', { name: 'Progress' });
    ok(await bar.getAttribute('aria-valuenow') === '1' && await page.locator('.sync-run').getByText('completed', { exact: true }).isVisible(),
        'a short sync has its bar, too');
    await page.getByRole('link', { name: 'Open page' }).click();
    await page.waitForURL(/\/instances\/\d+$/);

    await asked('grant');
    await sync();
    await page.goto(page.url() + '?tab=changes');
    await page.getByRole('link', { name: 'console_app' }).first().click();
    await page.getByRole('tab', { name: /^History/ }).click();
    await page.getByText('granted').first().waitFor();
    const line = await page.locator('.line').innerText();
    ok(/pg_monitor/.test(line), 'a grant on the server is in the time line');
    await page.goBack();
    await page.goto(page.url().replace(/\?.*/, '?tab=coverage'));
    await page.getByRole('button', { name: 'Check rights now' }).click();
    await page.getByText('held', { exact: true }).first().waitFor();
    await asked('close');
    await page.getByRole('button', { name: 'Check rights now' }).click();
    await page.locator('.coverage').getByText('missing', { exact: true }).first().waitFor();
    ok(/GRANT CONNECT ON DATABASE console_closed TO console_monitor;/.test(await page.locator('.coverage-missing').first().innerText()),
        'what the monitoring account lacks is said, with the statement');
    await looked(page, 'the main job');
    quiet('the main job');
    await page.context().close();
}

/* Whose event stream is cut is asked for its end, and says so. */
async function streamless() {
    const page = await signedIn({ expected: /ERR_FAILED/ });
    await page.route('**/events', (r) => r.abort());
    await page.goto(`${BASE}/instances`);
    await page.getByRole('link', { name: 'console target' }).click();
    await page.getByRole('button', { name: 'Sync accounts' }).click();
    await page.getByText('live stream broken, asking every 5 s').waitFor();
    // a database is closed by now
    await page.locator('.sync-run').getByText('partial', { exact: true }).waitFor();
    ok(await page.getByText('live stream broken').count() === 0 && await page.locator('.el-message--error').count() === 0, 'a sync without its stream is followed to its end');
    quiet('no stream');
    await page.context().close();
}

/* Where one is in a list is in the address, and comes back. */
async function paged() {
    const page = await signedIn();
    const first = () => page.locator('.list-table tbody tr').first().getByRole('link').first().innerText();
    await page.goto(`${BASE}/accounts?search=svg`);
    await settled(page);
    const before = await first();
    await page.locator('.list-foot li.number').filter({ hasText: '2' }).click();
    await page.waitForURL(/page=2/);
    await settled(page);
    const second = await first();
    await page.reload();
    await settled(page);
    ok(second !== before && await first() === second, 'the page of a list is in its address');
    await page.goBack();
    await page.waitForURL((url) => !/page=2/.test(url.href));
    await settled(page);
    ok(await first() === before, 'and back goes back to the first');
    await page.context().close();
}

/* A list as a file of the server. */
async function exported() {
    const page = await signedIn();
    await page.goto(`${BASE}/accounts?search=svg`);
    await settled(page);
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('All fields, CSV').click()]);
    const text = await readFile(await download.path(), 'utf8');
    ok(/^accounts_export_.*\.csv$/.test(download.suggestedFilename()) && text.includes('<svg onload=alert(4)>')
        && !/console_app/.test(text), 'a list is saved as the file of the server, with its filters');
    await page.context().close();
}

/* Rows that were refused are corrected in the table and sent again. */
async function imported() {
    const page = await signedIn();
    await page.getByRole('link', { name: 'Instances' }).first().click();
    await page.getByRole('button', { name: 'Import CSV' }).click();
    await page.getByLabel('CSV file').setInputFiles({ name: 'fleet.csv', mimeType: 'text/csv', buffer: Buffer.from([
        'name,db_type,host,port',
        'imported-1,postgresql,10.1.0.1,5432',
        'imported-2,postgresql,10.1.0.2,many',
        '<img src=x onerror=alert(14)>,mongodb,10.1.0.3,1',
    ].join('\r\n')) });
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('Instances made: 1, errors: 3').waitFor();
    const cell = (row, name) => page.locator('.import-rows tbody tr').nth(row).getByLabel(name, { exact: true });
    ok(await page.locator('.import-rows tbody tr').count() === 2 && await cell(0, 'port').getAttribute('aria-invalid') === 'true'
        && await cell(1, 'name').inputValue() === '<img src=x onerror=alert(14)>', 'rows that were refused are in a table, each with its error');
    await cell(0, 'port').fill('5433');
    await page.getByRole('button', { name: 'Send 2 rows again' }).click();
    await page.getByText('Instances made: 2, errors: 2').waitFor();
    ok(await page.locator('.import-rows tbody tr').count() === 1, 'a row that was corrected is made, the other stays');
    await page.keyboard.press('Escape');
    await page.getByText('What you typed is not saved.').waitFor();
    await page.getByRole('button', { name: 'Keep editing' }).click();
    await cell(0, 'name').fill('imported-3');
    await cell(0, 'db_type').fill('mysql');
    await cell(0, 'port').fill('3306');
    await page.getByRole('button', { name: 'Send 1 row again' }).click();
    await page.getByText('3 instances made').waitFor();
    await page.locator('.el-dialog:visible').waitFor({ state: 'detached' });
    await page.getByRole('textbox', { name: /search|name/i }).first().fill('10.1.0.');
    await page.getByText('10.1.0.2:5433').waitFor();
    ok(await page.getByRole('link', { name: 'imported-3' }).count() === 1, 'all of them are instances then');
    await looked(page, 'an import');
    quiet('an import');
    await page.context().close();
}

/* A rule as text, by boxes, with what it matches; then saved. */
async function rules() {
    const page = await signedIn();
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
    await page.getByText('1 account gets the class').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'Watchers' }).waitFor();
    await looked(page, 'a rule');
    quiet('a rule');
    await page.context().close();
}

/* When a job runs: seen while it is edited, paused, resumed, started. */
async function schedules() {
    const page = await signedIn();
    const row = page.getByRole('row').filter({ hasText: 'Housekeeping' });
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
    await looked(page, 'schedules');
    quiet('schedules');
    await page.context().close();
}

await run(mainJob, streamless, paged, exported, imported, rules, schedules);
