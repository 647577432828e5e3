// The screen of extensions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, HARMFUL, upload } from '../extensions.mjs';
import { CLIENTS, closingChecks, suite } from '../suite.mjs';
import { EXTENSIONS, configured } from '../switches.mjs';
import { browser, looksRight, pagesWereClean, skip } from './browser.mjs';
import { act, eventually, row } from './page.mjs';

const e2e = suite({ CONFIG_TTL_MS: '0' }, { config: configured(EXTENSIONS) });
const chromium = browser(e2e);
const harmless = answering({ abi: 1 });
const file = (module, name = 'filter.wasm') => ({ name, mimeType: 'application/wasm', buffer: Buffer.from(module, 'base64') });

test('without extensions it says what they are for; one is uploaded, and calls go through it', { skip }, async () => {
  const page = await chromium.signedIn(e2e.adminToken, '/extensions');
  await page.getByText('No extensions yet').waitFor();
  await looksRight(page, 'extensions-empty');
  await page.getByRole('button', { name: 'New extension' }).click();
  const dialog = page.getByRole('dialog', { name: 'New extension' });
  await dialog.getByLabel('Name').fill('filter');
  await dialog.getByLabel('Module').setInputFiles(file(harmless));
  await dialog.getByLabel('Configuration').fill('{"a": 1}');
  await looksRight(page, 'extensions-new');
  await dialog.getByRole('button', { name: 'Upload' }).click();
  await dialog.waitFor({ state: 'detached' });
  await row(page, 'filter').getByText('the call fails').waitFor();
  await page.getByRole('status').getByText('Calls go through filter now.').waitFor();
  const { data: [made] } = await e2e.admin.must('GET', '/api/v1/extensions');
  assert.deepEqual([made.name, made.config, made.hooks, made.enabled], ['filter', { a: 1 }, ['request'], true]);
});

test('what is no module is told at its field, in the words of the API', { skip }, async () => {
  const page = await chromium.signedIn(e2e.adminToken, '/extensions');
  await page.getByRole('button', { name: 'New extension' }).click();
  const dialog = page.getByRole('dialog', { name: 'New extension' });
  await dialog.getByLabel('Name').fill('nothing');
  await dialog.getByLabel('Module').setInputFiles(file(Buffer.from('hello').toString('base64')));
  await dialog.getByRole('button', { name: 'Upload' }).click();
  await dialog.getByText(/the module cannot run here/i).waitFor();
  await looksRight(page, 'extensions-refused');
});

test('one is switched off, put in another place, and deleted', { skip }, async () => {
  const first = await upload(e2e, harmless, { name: 'first', order: -5 });
  await upload(e2e, harmless, { name: 'second', order: -4 });
  const page = await chromium.signedIn(e2e.adminToken, '/extensions');
  const read = async () => e2e.admin.must('GET', `/api/v1/extensions/${first.id}`);
  const names = () => page.getByRole('row').evaluateAll((rows) => rows.map((each) => each.textContent).filter((text) => /first|second/.test(text)).map((text) => /first|second/.exec(text)[0]));
  await row(page, 'first').waitFor();
  await eventually(async () => assert.deepEqual(await names(), ['first', 'second']));
  await page.getByRole('switch', { name: 'first is enabled' }).click();
  await page.getByRole('status').getByText('Calls do not go through first any more.').waitFor();
  assert.equal((await read()).enabled, false);
  await act(page, 'first', 'Change');
  const dialog = page.getByRole('dialog', { name: 'Change first' });
  await dialog.getByLabel('Order').fill('7');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await eventually(async () => assert.deepEqual(await names(), ['second', 'first']));
  await act(page, 'first', 'Delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await row(page, 'first').waitFor({ state: 'detached' });
});

test('one that fails is said to fail, here and in the overview', { skip }, async () => {
  const provider = await e2e.provider({ openai_api_mode: 'chat_completions' });
  await e2e.models(provider, ['mock-plain']);
  await upload(e2e, HARMFUL.traps[0], { name: 'broken', on_error: 'open', hooks: ['request'] });
  const { path, request } = CLIENTS.chat_completions;
  for (let times = 0; times < 3; times += 1) {
    assert.equal((await e2e.answer(path, request(`${provider.name}^mock-plain`), { token: e2e.adminToken })).status, 200);
  }
  await e2e.eventually('the failures', async () => (await e2e.admin.must('GET', '/api/v1/extensions')).data.some(({ health }) => health.status === 'failing'));
  const page = await chromium.signedIn(e2e.adminToken, '/extensions');
  await row(page, 'broken').getByText('failing').waitFor();
  await row(page, 'broken').getByText('trap').waitFor();
  await looksRight(page, 'extensions-failing');
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByText('An extension fails').waitFor();
  await page.getByText('Calls go on without it.').waitFor();
});

pagesWereClean(chromium);
closingChecks(e2e);
