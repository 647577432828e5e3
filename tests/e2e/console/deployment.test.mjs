// The deployment itself: the screens of sealing keys and settings.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closingChecks, suite } from '../suite.mjs';
import { browser, looksRight, pagesWereClean, skip } from './browser.mjs';
import { eventually, fact, row } from './page.mjs';

const e2e = suite({ CONFIG_TTL_MS: '0' });
const chromium = browser(e2e);

const ring = (...ids) => ids.map((id) => `${id}:${e2e.keys[id]}`).join(',');

test('settings says what there is, what a project lacks, its version, and who one is', { skip }, async () => {
  const page = await chromium.signedIn(e2e.adminToken, '/settings');
  await page.getByText('everything is in place').waitFor();
  const { version } = await e2e.admin.must('GET', '/healthz');
  assert.equal(await fact(page, 'Version of Sluice').innerText(), version);
  await fact(page, 'Providers').getByRole('link', { name: 'add the first one' }).waitFor();
  await looksRight(page, 'settings-empty');

  const bare = await e2e.admin.must('POST', '/api/v1/providers', { name: 'bare', provider: 'openai' });
  const again = await chromium.signedIn(e2e.adminToken, '/settings');
  await eventually(async () => assert.equal(await fact(again, 'Without a credential').getByRole('link', { name: 'bare' }).getAttribute('href'), `/providers/${bare.id}`));
  await eventually(async () => assert.equal(await fact(again, 'Without a model').innerText(), 'bare'));
  await looksRight(again, 'settings');
});

test('settings shows a token what it is and may do, and no more', { skip }, async () => {
  const token = await e2e.mint({ name: 'caller', role: undefined, policy: [{ effect: 'allow', actions: ['llm:Invoke'] }] });
  const page = await chromium.signedIn(token.token, '/settings');
  await eventually(async () => assert.equal(await fact(page, 'Signed in as').innerText(), 'caller'));
  const allowed = fact(page, 'Allowed');
  await allowed.getByText(/^\d+ actions?$/).click();
  await allowed.getByText('llm:Invoke').waitFor();
  assert.equal(await page.getByRole('heading', { name: 'This project' }).count(), 0);
});

test('sealing keys are counted, and rotation moves every row to the first key with progress', { skip }, async () => {
  for (let number = 1; number <= 120; number += 1) await e2e.admin.must('POST', '/api/v1/secrets', { name: `sealed-${number}`, value: e2e.key() });
  const alone = await chromium.signedIn(e2e.adminToken, '/sealing-keys');
  await row(alone, 'k1').getByText('120').waitFor();
  assert.equal(await alone.getByRole('button', { name: 'Rotate' }).count(), 0, 'nothing is to be moved');

  await e2e.restart({ SEALING_KEYS: ring('k2', 'k1') });
  const page = await chromium.signedIn(e2e.adminToken, '/sealing-keys');
  await row(page, 'k2').getByText('seals and opens').waitFor();
  await looksRight(page, 'sealing-keys');
  await page.getByRole('button', { name: 'Try without writing' }).click();
  await page.getByRole('status').getByText('100 rows of 120 opened. Nothing was written.').waitFor();
  assert.ok(e2e.worker.sealed().every(({ keyId }) => keyId === 'k1'));

  // The second batch waits for the picture.
  let release;
  const held = new Promise((resolve) => (release = resolve));
  let batches = 0;
  await page.route('**/api/v1/sealing-keys/rotate*', async (route) => {
    batches += 1;
    if (batches === 2) await held;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Rotate' }).click();
  const progress = page.getByRole('progressbar', { name: '100 of 120 rows re-sealed to k2' });
  await progress.waitFor();
  await looksRight(page, 'sealing-keys-rotating');
  release();
  await page.getByRole('status').getByText('Every row is sealed with k2.').waitFor();
  await page.getByText('Every row is sealed with the first key').waitFor();
  await row(page, 'k2').getByText('120').waitFor();
  assert.ok(e2e.worker.sealed().every(({ keyId }) => keyId === 'k2'));
  await looksRight(page, 'sealing-keys-rotated');
});

test('a row whose key is gone is told, and a rotation that meets it says which row and what stays', { skip }, async () => {
  await e2e.restart({ SEALING_KEYS: ring('k1') });
  const page = await chromium.signedIn(e2e.adminToken, '/sealing-keys');
  await row(page, 'k2').getByText('not in the ring').waitFor();
  await page.getByText('120 rows cannot be opened').waitFor();
  await looksRight(page, 'sealing-keys-lost');
  // 503 is the API's own word for it here.
  await page.getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('alert').getByText(/does not open, so nothing of this batch was written/).waitFor();
  const faults = chromium.takeFaults().filter((fault) => !/\/api\/v1\/sealing-keys\/rotate|status of 503/.test(fault));
  assert.deepEqual(faults, []);
  assert.ok(e2e.worker.sealed().every(({ keyId }) => keyId === 'k2'));
});

test('a token that is not root is not offered the sealing keys', { skip }, async () => {
  const token = await e2e.mint({ role: 'admin' });
  const page = await chromium.signedIn(token.token, '/settings');
  await eventually(async () => assert.equal(await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Sealing keys' }).count(), 0));
});

pagesWereClean(chromium);
closingChecks(e2e);
