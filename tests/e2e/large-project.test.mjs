// A project of 5,000 models, each with what a model can have, in an isolate of 128 MB and one thread.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { counted } from './counted.mjs';
import { CLIENTS, closingChecks, suite } from './suite.mjs';

const MODELS = 5000;
const MODEL = 'mock-model';

/** Half of what an isolate has: calls and their bodies need the rest. */
const MOST_BYTES = 64 * 1024 * 1024;

const e2e = suite({ CONFIG_TTL_MS: '3600000' });
const take = counted(e2e);
let token;

e2e.before(async () => {
  const provider = await e2e.provider({ name: 'many', openai_api_mode: 'chat_completions' });
  await e2e.models(provider, [MODEL]);
  ({ token } = await e2e.mint());
  const sql = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${MODELS})
    INSERT INTO models (id, project_id, provider_id, model, model_key, tags_json, when_json, advanced_json, price_input, price_output, created_at, updated_at)
    SELECT printf('mdl_%016d', n), project_id, id, 'other-' || n, 'other-' || n, '["batch","nightly"]',
      '{"input_chars":{"$gt":100000},"metadata.tier":{"$in":["gold","silver"]}}', '{"temperature":0.2,"max_tokens":1000}', 1000000, 2000000, n, n
    FROM providers, numbers`;
  const response = await fetch(`${e2e.base()}/counted`, { method: 'POST', body: sql });
  assert.equal(response.status, 200, await response.text());
  await delay(1000);
});

const call = (model) => {
  const { path, request } = CLIENTS.chat_completions;
  return e2e.answer(path, request(model), { token });
};

test('it is read in one round trip, within half of an isolate\'s memory, and calls go through it', async () => {
  await take();
  await take();
  const answer = await call(`many^${MODEL}`);
  assert.equal(answer.status, 200, answer.text);
  await delay(1000);
  const { out, in: inwards, statements, roundTrips, memoryBytes } = await take();
  assert.equal(roundTrips, 2, statements.join('\n'));
  assert.ok(memoryBytes <= MOST_BYTES, `wasm has ${(memoryBytes / 1024 / 1024).toFixed(1)} MB`);
  console.log(`wasm's memory with ${MODELS} models: ${(memoryBytes / 1024 / 1024).toFixed(1)} MB; ${out + inwards} crossings to read them`);
});

test('`auto` looks at all of them, and the last of them is found by its name', async () => {
  assert.equal((await call('auto')).status, 200);
  const { body } = await e2e.admin.send('GET', `/api/v1/models/resolve?model=other-${MODELS}`);
  assert.equal(body.candidates[0].selector, `many^other-${MODELS}`);
});

test('reading it again and again, after each change, takes no more memory', async () => {
  const before = (await take()).memoryBytes;
  for (let at = 0; at < 10; at += 1) {
    await e2e.provider({ name: `later-${at}` });
    assert.equal((await call(`many^${MODEL}`)).status, 200);
  }
  const after = (await take()).memoryBytes;
  assert.ok(after <= Math.max(MOST_BYTES, before), `${before} bytes became ${after}`);
  console.log(`after ten readings: ${(after / 1024 / 1024).toFixed(1)} MB`);
});

closingChecks(e2e);
