// The kit by itself, under the console's own policy: each part on one page, before any screen uses it.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { build } from 'esbuild';
import { closingChecks, suite } from '../suite.mjs';
import { browser, looksRight, pagesWereClean, skip } from './browser.mjs';
import { eventually } from './page.mjs';

const e2e = suite();
const chromium = browser(e2e);

/** The gallery in the place of the console's script: the page, its headers and its styles are the real ones. */
async function gallery() {
  const { outputFiles: [script] } = await build({
    entryPoints: [fileURLToPath(new URL('kit/gallery.tsx', import.meta.url))],
    bundle: true, write: false, format: 'esm', jsx: 'automatic', jsxImportSource: 'preact',
  });
  const page = await chromium.page();
  await page.route('**/assets/console-*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: script.text }));
  await page.goto(e2e.base());
  await page.getByRole('heading', { name: 'Kit' }).waitFor();
  return page;
}

test('every part looks right', { skip }, async () => {
  const page = await gallery();
  await page.locator('.chart canvas').nth(1).waitFor();
  const whole = page.viewportSize();
  await page.setViewportSize({ ...whole, height: 3000 });
  await looksRight(page, 'kit');
});

test('a chart can be read as a table', { skip }, async () => {
  const page = await gallery();
  const chart = page.getByRole('figure', { name: 'Calls a day' });
  assert.ok((await chart.locator('canvas').boundingBox()).width > 400);
  await chart.getByText('As a table').click();
  await chart.getByRole('cell', { name: '900' }).first().waitFor();
});

test('tabs go by arrow keys and have one stop', { skip }, async () => {
  const page = await gallery();
  await page.getByRole('tab', { name: 'One' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.getByText('This is two.').waitFor();
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Two'));
  await page.keyboard.press('ArrowRight');
  await page.getByText('This is one.').waitFor();
  await eventually(async () => assert.equal(await page.getByRole('tab', { name: 'Two' }).getAttribute('tabindex'), '-1'));
});

test('a menu goes by arrow keys, and Escape gives the focus back', { skip }, async () => {
  const page = await gallery();
  const button = page.getByRole('button', { name: 'More' });
  await button.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menu').waitFor();
  await page.keyboard.press('ArrowUp');
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Last'));
  await page.keyboard.press('Escape');
  await eventually(async () => assert.equal(await page.getByRole('menu').count(), 0));
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'More'));
  await page.keyboard.press('Enter');
  await page.getByRole('menu').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('First was chosen.').waitFor();
});

test('JSON that is none is said at once, with its line, and nothing of it is changed', { skip }, async () => {
  const page = await gallery();
  const editor = page.getByLabel('JSON');
  await editor.fill('{\n  "a": 1,\n  b\n}');
  await page.getByText(/Line 3 is not JSON/).waitFor();
  assert.equal(await editor.getAttribute('aria-invalid'), 'true');
  await editor.fill('{"seed":9007199254740993, "top_p": 1.0}');
  await editor.blur();
  await eventually(async () => assert.equal(await editor.inputValue(), '{"seed":9007199254740993, "top_p": 1.0}'));
  await eventually(async () => assert.equal(await page.getByText(/is not JSON/).count(), 0));
});

test('what destroys asks for the name, and a switch and a sorted column say how they stand', { skip }, async () => {
  const page = await gallery();
  await page.getByRole('button', { name: 'Danger' }).click();
  const confirm = page.getByRole('dialog').getByRole('button', { name: 'Delete' });
  await eventually(async () => assert.equal(await confirm.isDisabled(), true));
  await page.getByLabel('Type “prod” to confirm').fill('prod');
  await confirm.click();
  await page.getByText('It is gone.').waitFor();
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Danger'));

  const toggle = page.getByRole('switch', { name: 'Switch' });
  await toggle.press('Space');
  await eventually(async () => assert.equal(await toggle.getAttribute('aria-checked'), 'true'));

  const head = page.getByRole('columnheader', { name: 'Calls' }).first();
  assert.equal(await head.getAttribute('aria-sort'), 'descending');
  await head.getByRole('button').click();
  await eventually(async () => assert.equal(await head.getAttribute('aria-sort'), 'ascending'));
  await eventually(async () => assert.equal(await page.getByRole('rowheader').first().innerText(), 'b'));
});

test('what was done can be taken back where the message says so', { skip }, async () => {
  const page = await gallery();
  await page.getByRole('button', { name: 'Do it' }).click();
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
  await page.getByText('It was undone.').waitFor();
  assert.equal(await page.getByRole('status').getByText('It was switched off.').count(), 0);
});

// Nothing after this waits for it: the file has to end without a fault of its own.
test('a page may ask to the very end', { skip }, async () => {
  const page = await gallery();
  await page.evaluate(() => setInterval(() => fetch('/health').catch(() => {}), 1));
});

pagesWereClean(chromium);
closingChecks(e2e);
