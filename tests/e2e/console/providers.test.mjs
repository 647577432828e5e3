// The screen of providers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auth } from '../upstream/rules.mjs';
import { closingChecks, suite } from '../suite.mjs';
import { browser, looksRight, pagesWereClean, skip } from './browser.mjs';
import { act, eventually, rowThatBegins as row } from './page.mjs';

const e2e = suite({ CONFIG_TTL_MS: '0' });
const chromium = browser(e2e);

const at = (page, path = '/providers') => page.waitForURL((url) => url.pathname === path);
/** The rule that a field broke is told at that field. */
const invalid = (field) => e2e.eventually('the field to be marked', async () => (await field.getAttribute('aria-invalid')) === 'true');
const byName = async (name) => (await e2e.admin.must('GET', '/api/v1/providers?limit=200')).data.find((provider) => provider.name === name);

test('without providers it says what they are; one is registered with its key, and its models come next', { skip }, async () => {
  const page = await chromium.signedIn(e2e.adminToken, '/providers');
  await page.getByText('No providers yet').waitFor();
  await looksRight(page, 'providers-empty');

  const key = e2e.key();
  const site = e2e.upstream.site('first', auth.bearer(key));
  await page.getByRole('button', { name: 'New provider' }).click();
  const dialog = page.getByRole('dialog', { name: 'New provider' });
  await eventually(async () => assert.equal(await dialog.getByLabel('Base URL').getAttribute('placeholder'), 'https://api.openai.com/v1'));
  await dialog.getByLabel('Name').fill('first');
  await dialog.getByLabel('Base URL').fill(`${site.baseUrl}/v1`);
  const field = dialog.getByLabel('Key', { exact: true });
  await eventually(async () => assert.equal(await dialog.getByRole('button', { name: 'Show what you typed' }).count(), 0, 'nothing is there to be shown'));
  await field.fill(key);
  await eventually(async () => assert.equal(await field.getAttribute('type'), 'password'));
  await dialog.getByRole('button', { name: 'Show what you typed' }).click();
  await eventually(async () => assert.equal(await field.getAttribute('type'), 'text'));
  await dialog.getByRole('button', { name: 'Hide what you typed' }).click();
  await looksRight(page, 'providers-new');
  await dialog.getByRole('button', { name: 'Register it' }).click();

  const made = await e2e.eventually('the provider', () => byName('first'));
  await at(page, `/providers/${made.id}/models`);
  assert.deepEqual([made.provider, made.credential.source, made.credential.hint], ['openai', 'inline', key.slice(-4)]);
  await page.goto(`${e2e.base()}/providers`);
  await eventually(async () => assert.ok(!(await page.content()).includes(key)));
  const list = await chromium.signedIn(e2e.adminToken, '/providers');
  await row(list, 'first').getByText('no models').waitFor();
  await row(list, 'first').getByText(`key ••••${key.slice(-4)}`).waitFor();
});

test('the fields follow the kind, for all ten and for the servers of one\'s own', { skip }, async () => {
  const page = await chromium.signedIn(e2e.adminToken, '/providers');
  await page.getByRole('button', { name: 'New provider' }).click();
  const dialog = page.getByRole('dialog');
  const kind = dialog.getByLabel('Kind');
  const labels = ['Name', 'Resource', 'API version', 'Region', 'Key', 'Access key id', 'Secret access key'];
  const shown = async () => {
    const seen = [];
    for (const label of labels) if (await dialog.getByLabel(label, { exact: label === 'Key' }).count()) seen.push(label);
    return seen;
  };
  const expected = {
    openai: ['Key'], anthropic: ['Key'], google: ['Key'], xai: ['Key'], groq: ['Key'], gateway: ['Key'], custom: ['Key'],
    azure: ['Resource', 'API version', 'Key'], bedrock: ['Region', 'Access key id', 'Secret access key'],
    ollama: [], 'llama.cpp': [], vllm: [], 'lm-studio': [],
  };
  assert.deepEqual((await kind.locator('option').evaluateAll((options) => options.map(({ value }) => value))).sort(), Object.keys(expected).sort());
  for (const [value, fields] of Object.entries(expected)) {
    await kind.selectOption(value);
    await eventually(async () => assert.deepEqual(await shown(), ['Name', ...fields], value));
  }
  await kind.selectOption('vllm');
  await eventually(async () => assert.equal(await dialog.getByLabel('Base URL').inputValue(), 'http://localhost:8000/v1'));
  await dialog.getByText('Only for a Sluice that runs beside it').waitFor();
  await looksRight(page, 'providers-local');
  await dialog.getByRole('button', { name: 'Register it' }).click();
  const local = await e2e.eventually('the provider', () => byName('vllm'));
  assert.deepEqual([local.provider, local.base_url, local.credential.source], ['custom', 'http://localhost:8000/v1', 'none']);
});

test('what a kind has of its own is sent as the API wants it', { skip }, async () => {
  const page = await chromium.signedIn(e2e.adminToken, '/providers');
  await page.getByRole('button', { name: 'New provider' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Kind').selectOption('bedrock');
  await dialog.getByLabel('Region').fill('eu-central-1');
  await dialog.getByLabel('Access key id').fill('AKIAIOSFODNN7EXAMPLE');
  await dialog.getByRole('button', { name: 'Register it' }).click();
  const secret = dialog.getByLabel('Secret access key');
  await invalid(secret);
  await secret.fill(e2e.key('aws-'));
  await dialog.getByRole('button', { name: 'Register it' }).click();
  const made = await e2e.eventually('the provider', () => byName('bedrock'));
  assert.deepEqual([made.advanced_json, made.resolved.base_url, made.credential.hint], [{ region: 'eu-central-1' }, 'https://bedrock-runtime.eu-central-1.amazonaws.com', 'MPLE']);
});

test('headers of one\'s own are edited as names and values, and only their names are shown again', { skip }, async () => {
  const page = await chromium.signedIn(e2e.adminToken, '/providers');
  await page.getByRole('button', { name: 'New provider' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Kind').selectOption('custom');
  await dialog.getByLabel('Name', { exact: true }).fill('by-headers');
  await dialog.getByLabel('Base URL').fill('https://llm.example.com/v1');
  await dialog.getByLabel('Sent as').selectOption('custom_headers');
  await dialog.getByLabel('Name 1').fill('content-length');
  await dialog.getByLabel('Value 1').fill(e2e.key());
  await dialog.getByRole('button', { name: 'Another header' }).click();
  await dialog.getByLabel('Name 2').fill('x-account');
  await dialog.getByLabel('Value 2').fill(e2e.key());
  await dialog.getByRole('button', { name: 'Register it' }).click();
  await dialog.getByRole('group', { name: 'Headers' }).getByText(/content-length/).waitFor();
  await looksRight(page, 'providers-headers');
  await dialog.getByLabel('Name 1').fill('x-key');
  await dialog.getByRole('button', { name: 'Register it' }).click();
  const made = await e2e.eventually('the provider', () => byName('by-headers'));
  assert.deepEqual([made.auth_method, made.header_names.sort()], ['custom_headers', ['x-account', 'x-key']]);
});

test('a broken rule is told at its field, and the form goes on from there', { skip }, async () => {
  await e2e.provider({ name: 'taken' });
  const page = await chromium.signedIn(e2e.adminToken, '/providers');
  await page.getByRole('button', { name: 'New provider' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('TAKEN');
  await dialog.getByRole('button', { name: 'Register it' }).click();
  await dialog.getByText('Type the key, or choose above that there is none.').waitFor();
  await dialog.getByLabel('Key', { exact: true }).fill(e2e.key());
  await dialog.getByRole('button', { name: 'Register it' }).click();
  await dialog.getByText(/a provider of this name exists/i).waitFor();
  assert.equal(await dialog.getByLabel('Name').getAttribute('aria-invalid'), 'true');
  await looksRight(page, 'providers-refused');
  await dialog.getByLabel('Name').fill('free');
  await dialog.getByLabel('Base URL').fill('ftp://example.com');
  await dialog.getByRole('button', { name: 'Register it' }).click();
  await dialog.getByText('It must begin with').waitFor();
  await invalid(dialog.getByLabel('Base URL'));
  await dialog.getByLabel('Base URL').fill('');
  await dialog.getByText('Protocol and advanced settings').click();
  await dialog.getByLabel('Advanced JSON').fill('{"timeout_ms": -1}');
  await dialog.getByRole('button', { name: 'Register it' }).click();
  await dialog.getByText(/whole number of milliseconds/).waitFor();
  assert.equal(await dialog.getByLabel('Advanced JSON').getAttribute('aria-invalid'), 'true');
  await dialog.getByLabel('Advanced JSON').fill('{"timeout_ms": 5000}');
  await dialog.getByRole('button', { name: 'Register it' }).click();
  const made = await e2e.eventually('the provider', () => byName('free'));
  assert.deepEqual(made.advanced_json, { timeout_ms: 5000 });
});

test('a change sends what was changed and leaves the credential alone; a secret takes its place when it is chosen', { skip }, async () => {
  const { id, key } = await e2e.provider({ name: 'changing' });
  const secret = await e2e.admin.must('POST', '/api/v1/secrets', { name: 'shared-key', value: e2e.key() });
  const page = await chromium.signedIn(e2e.adminToken, `/providers/${id}`);
  const dialog = page.getByRole('dialog', { name: 'Change changing' });
  await dialog.getByText(`Keep it: key ••••${key.slice(-4)}`).waitFor({ state: 'attached' });
  await dialog.getByLabel('Name').fill('changed');
  const sent = page.waitForRequest((request) => request.method() === 'PATCH');
  await dialog.getByRole('button', { name: 'Save' }).click();
  assert.deepEqual((await sent).postDataJSON(), { name: 'changed' });
  await row(page, 'changed').waitFor();
  await at(page);
  assert.deepEqual((await byName('changed')).credential, { configured: true, source: 'inline', hint: key.slice(-4) });

  await act(page, 'changed', 'Change');
  const again = page.getByRole('dialog', { name: 'Change changed' });
  await again.getByLabel('Credential').selectOption('secret');
  await again.getByLabel('Secret', { exact: true }).selectOption(secret.id);
  await again.getByRole('button', { name: 'Save' }).click();
  await row(page, 'changed').getByText('a shared secret').waitFor();
});

test('what somebody else has changed meanwhile is not overwritten', { skip }, async () => {
  const { id } = await e2e.provider({ name: 'contested' });
  const page = await chromium.signedIn(e2e.adminToken, '/providers');
  await act(page, 'contested', 'Change');
  const dialog = page.getByRole('dialog', { name: 'Change contested' });
  await dialog.getByLabel('Name').fill('overwritten');
  await e2e.admin.must('PATCH', `/api/v1/providers/${id}`, { advanced_json: { timeout_ms: 1000 } });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('alert').getByText(/Somebody else has changed this meanwhile/).waitFor();
  assert.equal((await e2e.admin.must('GET', `/api/v1/providers/${id}`)).name, 'contested');
});

test('a provider is switched off and on at once', { skip }, async () => {
  const provider = await e2e.provider({ name: 'switched' });
  await e2e.models(provider, ['mock-text']);
  const page = await chromium.signedIn(e2e.adminToken, '/providers');
  await row(page, 'switched').getByText('ready').waitFor();
  const toggle = page.getByRole('switch', { name: 'switched is on' });
  await toggle.click();
  await row(page, 'switched').getByText('off', { exact: true }).waitFor();
  assert.equal((await e2e.admin.must('GET', `/api/v1/providers/${provider.id}`)).enabled, false);
  await toggle.press('Space');
  await row(page, 'switched').getByText('ready').waitFor();
  assert.equal(await toggle.getAttribute('aria-checked'), 'true');
  assert.equal((await e2e.admin.must('GET', `/api/v1/providers/${provider.id}`)).enabled, true);
  await looksRight(page, 'providers');
});

test('a test shows what the upstream lists and, on a press, a call; a refusal with the upstream\'s words', { skip }, async () => {
  const provider = await e2e.provider({ name: 'tested' });
  await e2e.models(provider, ['mock-text']);
  const page = await chromium.signedIn(e2e.adminToken, '/providers');
  await act(page, 'tested', 'Test');
  const dialog = page.getByRole('dialog', { name: 'Test tested' });
  await dialog.getByText('It answered, and took the credential').waitFor();
  await dialog.getByText(/3 models, among them mock-one/).waitFor();
  await dialog.getByRole('button', { name: 'Call mock-text once, at its price' }).click();
  await dialog.getByText('mock-text answered').waitFor();
  await looksRight(page, 'providers-test');

  const refusing = await e2e.provider({ name: 'refusing' });
  refusing.site.listing = (response, type) => response.writeHead(401, type).end('{"error":{"message":"this key ended"}}');
  const list = await chromium.signedIn(e2e.adminToken, '/providers');
  await act(list, 'refusing', 'Test');
  const problem = list.getByRole('dialog').getByRole('alert');
  await problem.getByText(/It answered 401/).waitFor();
  await problem.getByText(/this key ended/).waitFor();
  await looksRight(list, 'providers-test-refused');
  delete refusing.site.listing;
  await list.getByRole('button', { name: 'Ask again' }).click();
  await list.getByText('It answered, and took the credential').waitFor();
});

test('before a provider goes, what depends on it is shown, and what becomes of that is chosen', { skip }, async () => {
  const provider = await e2e.provider({ name: 'going' });
  const { 'mock-text': model } = await e2e.models(provider, ['mock-text', 'mock-other']);
  const page = await chromium.signedIn(e2e.adminToken, '/providers');
  await act(page, 'going', 'Delete');
  const dialog = page.getByRole('dialog', { name: 'Delete going?' });
  await dialog.getByText('On it depend 2 models').waitFor();
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await dialog.getByRole('alert').getByText(/still has models/).waitFor();
  await dialog.getByRole('alert').getByText('mock-other').waitFor();
  await looksRight(page, 'providers-delete');

  await dialog.getByLabel('What depends on it').selectOption('orphan');
  await eventually(async () => assert.equal(await dialog.getByRole('button', { name: 'Delete', exact: true }).isDisabled(), true));
  await dialog.getByLabel('Type “going” to confirm').fill('going');
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await row(page, 'going').waitFor({ state: 'detached' });
  const { data: orphans } = await e2e.admin.must('GET', '/api/v1/models?orphaned=true');
  assert.ok(orphans.some(({ id }) => id === model.id));
});

test('who may only look is offered nothing else', { skip }, async () => {
  const { token } = await e2e.mint({ role: 'viewer' });
  const page = await chromium.signedIn(token, '/providers');
  await page.getByRole('rowheader').first().waitFor();
  assert.equal(await page.getByRole('switch').count(), 0);
  assert.equal(await page.getByRole('button', { name: 'New provider' }).count(), 0);
});

pagesWereClean(chromium);
closingChecks(e2e);
