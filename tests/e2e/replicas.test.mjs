// Calls that read by D1's sessions. Locally a replica is never behind, so this shows that the sessions work as they are used;
// what happens where one is behind is shown natively.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CLIENTS, closingChecks, suite } from './suite.mjs';

const e2e = suite({ CONFIG_TTL_MS: '0', REPLICA_LAG_MS: '60000' });
const chat = CLIENTS.chat_completions;
let provider;
let member;

e2e.before(async () => {
  provider = await e2e.provider();
  await e2e.models(provider, ['mock-near']);
  member = await e2e.mint();
});

const status = async (token = member.token) => (await e2e.answer(chat.path, chat.request(`${provider.name}^mock-near`), { token })).status;

test('calls are served, whether they read from the primary or from a bookmark', async () => {
  for (let number = 0; number < 5; number += 1) assert.equal(await status(), 200);
});

test('a new token works at once, and an unknown one does not', async () => {
  assert.equal(await status(), 200);
  assert.equal(await status((await e2e.mint()).token), 200);
  assert.equal(await status(`slu_${'x'.repeat(44)}`), 401);
});

test('what was written counts at the next call', async () => {
  assert.equal(await status(), 200);
  await e2e.admin.must('PATCH', `/api/v1/providers/${provider.id}`, { enabled: false });
  assert.equal(await status(), 403);
  await e2e.admin.must('PATCH', `/api/v1/providers/${provider.id}`, { enabled: true });
  assert.equal(await status(), 200);
});

test('what somebody else wrote is seen from the bookmark on', async () => {
  assert.equal(await status(), 200);
  e2e.worker.tamper("UPDATE tokens SET disabled = 1 WHERE id = ?", member.id);
  await delay(50);
  assert.equal(await status(), 401);
  e2e.worker.tamper("UPDATE tokens SET disabled = 0 WHERE id = ?", member.id);
  assert.equal(await status(), 200);
});

test('while D1 is away calls go on', async () => {
  assert.equal(await status(), 200);
  const back = e2e.worker.goAway();
  try {
    assert.equal(await status(), 200);
  } finally {
    back();
  }
});

closingChecks(e2e);
