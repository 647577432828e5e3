// The first-run story, as whoever has just deployed Sluice lives it: nothing but the admin token and a browser, until an answer
// streams in.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auth } from '../upstream/rules.mjs';
import { closingChecks, suite } from '../suite.mjs';
import { TEXT } from '../upstream/scenario.mjs';
import { browser, pagesWereClean, signIn, skip } from './browser.mjs';
import { eventually, fact, rowThatBegins } from './page.mjs';

const e2e = suite({ CONFIG_TTL_MS: '0' });
const chromium = browser(e2e);

test('from an empty deployment to a streamed answer, and to a token for a colleague who asks too', { skip }, async () => {
  const key = e2e.key();
  const site = e2e.upstream.site('first-run', auth.bearer(key));
  const page = await chromium.page();
  await page.goto(e2e.base());
  await signIn(page, e2e.adminToken);
  await page.getByRole('link', { name: 'Add a provider' }).click();

  await page.getByRole('button', { name: 'New provider' }).first().click();
  const provider = page.getByRole('dialog', { name: 'New provider' });
  await provider.getByLabel('Name').fill('OpenAI');
  await provider.getByLabel('Base URL').fill(`${site.baseUrl}/v1`);
  await provider.getByLabel('Key', { exact: true }).fill(key);
  await provider.getByRole('button', { name: 'Register it' }).click();

  await page.getByText('No models yet').waitFor();
  await page.getByRole('button', { name: 'Import' }).click();
  const models = page.getByRole('dialog', { name: 'Import from OpenAI' });
  await models.getByLabel('mock-one').check();
  await models.getByRole('button', { name: 'Import 1' }).click();
  await rowThatBegins(page, 'mock-one').waitFor();

  const ask = async (asking, model) => {
    await asking.getByLabel('Model').fill(model);
    await asking.getByLabel('Prompt').fill('Good morning');
    await asking.getByRole('button', { name: 'Send' }).click();
    await asking.getByText('complete', { exact: true }).waitFor();
    assert.equal(await asking.getByRole('log', { name: 'Answer' }).innerText(), TEXT);
    assert.equal(await fact(asking, 'Model').innerText(), 'OpenAI^mock-one');
  };
  const screens = page.getByRole('navigation', { name: 'Screens' });
  await screens.getByRole('link', { name: 'Playground' }).click();
  await ask(page, 'OpenAI^mock-one');

  await screens.getByRole('link', { name: 'Tokens' }).click();
  await page.getByRole('button', { name: 'New token' }).first().click();
  const minting = page.getByRole('dialog', { name: 'New token' });
  await minting.getByLabel('Name').fill('colleague');
  await minting.getByRole('button', { name: 'Mint it' }).click();
  const token = await page.getByRole('dialog', { name: 'colleague is minted' }).getByText(/^slu_[0-9A-Za-z]{44}$/).innerText();
  e2e.secrets.register(token, { shown: ['responses'] });
  await ask(await chromium.signedIn(token, '/playground'), 'OpenAI^mock-one');

  const calls = e2e.upstream.requestsFor('mock-one');
  assert.deepEqual(calls.map(({ json }) => json.stream), [true, true]);
  const overview = await chromium.signedIn(e2e.adminToken, '/');
  await eventually(async () => {
    await overview.reload();
    await signIn(overview, e2e.adminToken);
    await overview.getByRole('heading', { name: 'Overview' }).waitFor();
    assert.equal(await overview.getByRole('heading', { name: 'First steps' }).count(), 0);
  });
});

pagesWereClean(chromium);
closingChecks(e2e);
