// An extension that is built into the Worker: it runs without the binding that uploaded ones need.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bundled } from '../../scripts/build/extension-host.mjs';
import { buildExtensions, exampleModule } from '../../scripts/build/extensions.mjs';
import { sseEvents } from './client.mjs';
import { CLIENTS, assertAdminError, closingChecks, suite } from './suite.mjs';
import { configured } from './switches.mjs';

const folder = mkdtempSync(join(tmpdir(), 'sluice-bundled-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const built = (file) => fileURLToPath(new URL(`../../build/${file}`, import.meta.url));

// As the build makes it with these two in extensions/bundled.
await buildExtensions();
mkdirSync(join(folder, 'modules'));
for (const name of ['pii-redaction', 'watermark']) copyFileSync(exampleModule(name), join(folder, 'modules', `${name}.wasm`));
for (const file of ['index.js', 'index_bg.wasm']) copyFileSync(built(file), join(folder, file));
writeFileSync(join(folder, 'extensions.js'), await bundled(folder, join(folder, 'modules')));

const e2e = suite({}, { config: configured([], { main: join(folder, 'index.js') }) });
const chat = CLIENTS.chat_completions;
let provider;
let token;

e2e.before(async () => {
  provider = await e2e.provider({ openai_api_mode: 'chat_completions' });
  await e2e.models(provider, ['mock-plain']);
  ({ token } = await e2e.mint());
});

const ask = (extra = {}) => e2e.answer(chat.path, chat.request(`${provider.name}^mock-plain`, extra), { token });
const enable = (bundled, fields = {}) => e2e.admin.post('/api/v1/extensions', { name: bundled, bundled, ...fields });

test('it is enabled by its name, and redacts what goes out', async () => {
  const made = await enable('pii-redaction', { config: { detect: ['email'] } });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual([made.body.source, made.body.module.name, made.body.hooks], ['bundled', 'pii-redaction', ['request']]);
  const answer = await ask({ messages: [{ role: 'user', content: 'I am ada@example.com' }] });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('x-sluice-extensions'), 'pii-redaction');
  assert.match(e2e.upstream.last('mock-plain').body.toString(), /I am \[EMAIL_1\]/);
  await e2e.admin.must('PATCH', `/api/v1/extensions/${made.body.id}`, { config: { detect: ['card'] } });
  await ask({ messages: [{ role: 'user', content: 'I am ada@example.com' }] });
  assert.match(e2e.upstream.last('mock-plain').body.toString(), /ada@example\.com/);
  await e2e.admin.must('DELETE', `/api/v1/extensions/${made.body.id}`);
});

test('it rewrites answers, whole and streamed', async () => {
  const made = await enable('watermark', { config: { line: 'By a model.' } });
  assert.ok((await ask()).text.includes('By a model.'));
  const { text } = await ask({ stream: true });
  assert.ok(text.includes('By a model.'), text);
  assert.equal(sseEvents(text).at(-1).data, '[DONE]');
  await e2e.admin.must('DELETE', `/api/v1/extensions/${made.body.id}`);
});

test('a name that is not bundled, a configuration that it does not take, and an upload are refused', async () => {
  assert.match(assertAdminError(await enable('prompt-guard'), 422, 'extension.invalid').message, /pii-redaction, watermark/);
  assert.equal(assertAdminError(await enable('pii-redaction', { config: { detect: ['shoe'] } }), 422, 'extension.invalid').param, 'config');
  assertAdminError(await e2e.admin.post('/api/v1/extensions', { name: 'n', module_base64: 'AGFzbQEAAAA=' }), 503, 'extensions.unavailable');
});

closingChecks(e2e);
