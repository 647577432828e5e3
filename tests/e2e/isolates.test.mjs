// Two Workers over one database: what one of them writes counts there at once, and in the other one within CONFIG_TTL_MS.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { watchedFetch } from './client.mjs';
import { CLIENTS, closingChecks, suite } from './suite.mjs';
import { auth } from './upstream/rules.mjs';

const TTL_MS = 1000;
const e2e = suite({ CONFIG_TTL_MS: String(TTL_MS) });
const chat = CLIENTS.chat_completions;
let other;
let provider;
let member;
let secret;

e2e.before(async () => {
  other = e2e.worker.sibling();
  await other.start(e2e.vars);
  const value = e2e.key();
  secret = await e2e.admin.must('POST', '/api/v1/secrets', { name: 'shared', value });
  provider = await e2e.provider({ secret_id: secret.id }, { expected: auth.bearer(value) });
  await e2e.models(provider, ['mock-shared']);
  member = await e2e.mint();
});

const fetch = watchedFetch(e2e.secrets);
const model = 'mock-shared';

/** The status that a call gets at one of the two. */
async function at(worker, asked = `${provider.name}^${model}`) {
  const response = await fetch(worker.url + chat.path, {
    method: 'POST', headers: { authorization: `Bearer ${member.token}`, 'content-type': 'application/json' }, body: JSON.stringify(chat.request(asked)),
  });
  await response.text();
  return response.status;
}

/** Both have just read; `write` goes to the first one. Says what a call then gets there at once, and at the other within the bound. */
async function after(write, asked) {
  const before = [await at(e2e.worker, asked), await at(other, asked)];
  await write();
  const here = await at(e2e.worker, asked);
  await delay(TTL_MS);
  return { before, here, there: await at(other, asked) };
}

const path = () => `/api/v1/providers/${provider.id}`;

test('a rotated key', async () => {
  const rotated = e2e.key();
  const outcome = await after(async () => {
    await e2e.admin.must('PATCH', `/api/v1/secrets/${secret.id}`, { value: rotated });
    provider.site.auth = auth.bearer(rotated);
  });
  assert.deepEqual(outcome, { before: [200, 200], here: 200, there: 200 });
  assert.equal(e2e.upstream.last(model).headers.authorization, `Bearer ${rotated}`);
});

test('a changed provider', async () => {
  const outcome = await after(() => e2e.admin.must('PATCH', path(), { name: 'renamed' }), `renamed^${model}`);
  assert.deepEqual(outcome, { before: [404, 404], here: 200, there: 200 });
  await e2e.admin.must('PATCH', path(), { name: provider.name });
  await delay(TTL_MS);
});

test('a new model, and one that is gone', async () => {
  let made;
  const added = await after(async () => {
    made = await e2e.admin.must('POST', `${path()}/models`, { model: 'mock-new' });
  }, `${provider.name}^mock-new`);
  assert.deepEqual(added, { before: [404, 404], here: 200, there: 200 });
  const gone = await after(() => e2e.admin.must('DELETE', `${path()}/models/${made.id}`), `${provider.name}^mock-new`);
  assert.deepEqual(gone, { before: [200, 200], here: 404, there: 404 });
});

test('a provider that is switched off, and on again', async () => {
  assert.deepEqual(await after(() => e2e.admin.must('PATCH', path(), { enabled: false })), { before: [200, 200], here: 403, there: 403 });
  assert.deepEqual(await after(() => e2e.admin.must('PATCH', path(), { enabled: true })), { before: [403, 403], here: 200, there: 200 });
});

test('a token that is narrowed', async () => {
  const narrow = (allowed_models) => e2e.admin.must('PATCH', `/api/v1/tokens/${member.id}`, { allowed_models });
  assert.deepEqual(await after(() => narrow(['other^*'])), { before: [200, 200], here: 403, there: 403 });
  assert.deepEqual(await after(() => narrow(null)), { before: [403, 403], here: 200, there: 200 });
});

test('a revoked token', async () => {
  const kept = member;
  member = await e2e.mint();
  assert.deepEqual(await after(() => e2e.admin.must('DELETE', `/api/v1/tokens/${member.id}`)), { before: [200, 200], here: 401, there: 401 });
  member = kept;
});

test('a deleted provider', async () => {
  assert.deepEqual(await after(() => e2e.admin.must('DELETE', path())), { before: [200, 200], here: 404, there: 404 });
});

test('each of the two has made its own readings', async () => {
  assert.notEqual(other.url, e2e.worker.url);
  await other.stop();
  assert.doesNotMatch(other.output, /panicked at/);
});

closingChecks(e2e);
