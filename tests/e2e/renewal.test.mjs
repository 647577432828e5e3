// Callers that are busy all the time: what is known of them is read again before it is too old, by one call beside its own work.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted } from './counted.mjs';
import { CLIENTS, closingChecks, suite } from './suite.mjs';

/** So long that a busy machine answers a renewal, which has a quarter of it, in time. */
const TTL_MS = 4000;
const CALLERS = 16;
/** How far D1 is: several calls long. */
const D1_MS = 300;

const e2e = suite({ CONFIG_TTL_MS: String(TTL_MS) });
const take = counted(e2e);
const MODEL = 'mock-model';
const { path, request } = CLIENTS.chat_completions;
let token;

e2e.before(async () => {
  await e2e.models(await e2e.provider({ openai_api_mode: 'chat_completions' }), [MODEL]);
  ({ token } = await e2e.mint());
});

test('callers that are busy all the time do not all ask D1 when a reading is old', async () => {
  const call = async () => assert.equal((await e2e.answer(path, request(MODEL), { token })).status, 200);
  await fetch(`${e2e.base()}/counted`, { method: 'PUT', body: String(D1_MS) });
  await call();
  await take();
  const until = Date.now() + 2.5 * TTL_MS;
  const busy = async () => {
    while (Date.now() < until) await call();
  };
  await Promise.all(Array.from({ length: CALLERS }, busy));
  const { statements, roundTrips } = await take();
  const readings = roundTrips - statements.filter((statement) => statement.startsWith('INSERT INTO usage')).length;
  assert.ok(readings >= 2, `the configuration was read again ${readings} times`);
  assert.ok(readings < CALLERS / 2, `${readings} readings, and two or three would do`);
});

closingChecks(e2e);
