// Calls of one limited token that end while its limiter is told of another are told of together: an object takes a thousand
// requests a second, and each costs as much as a call.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted } from './counted.mjs';
import { CLIENTS, closingChecks, suite } from './suite.mjs';

const CALLERS = 16;
/** How far the object is: far longer than sixteen calls take to end one after the other. */
const OBJECT_MS = 1000;
/** Every answer of the mock has 1,540 tokens, input and output. */
const TOKENS = 1540;

const e2e = suite({ CONFIG_TTL_MS: '3600000' });
const take = counted(e2e);
const MODEL = 'mock-model';
const { path, request } = CLIENTS.chat_completions;

e2e.before(async () => e2e.models(await e2e.provider({ openai_api_mode: 'chat_completions' }), [MODEL]));

const far = (ms) => fetch(`${e2e.base()}/counted`, { method: 'PUT', body: String(ms) });
const used = async ({ id }) => (await e2e.admin.must('GET', `/api/v1/tokens/${id}`)).standing.tokens_per_minute.used;
const limited = () => e2e.mint({ limits: { requests_per_minute: 100_000, tokens_per_minute: 100_000_000 } });

async function together(token, calls) {
  const call = (_, index) => e2e.answer(path, request(MODEL, { stream: index % 2 === 0 }), { token: token.token });
  const answers = await Promise.all(Array.from({ length: calls }, call));
  assert.deepEqual(answers.map(({ status }) => status), Array(calls).fill(200));
}

const settled = (token, calls) => e2e.eventually(`${calls} calls to settle`, async () => (await used(token)) === calls * TOKENS);

test('a call that ends alone is told of at once', async () => {
  const token = await limited();
  await take();
  await together(token, 1);
  await settled(token, 1);
  const { admit, settle } = (await take()).limiterCalls;
  assert.deepEqual([admit, settle], [1, 1]);
});

test('calls that end together are told of together, each with what it came to', async () => {
  const token = await limited();
  await together(token, 1);
  await settled(token, 1);
  await take();
  await far(OBJECT_MS);
  await together(token, CALLERS);
  await far(0);
  await settled(token, 1 + CALLERS);
  const { admit, settle } = (await take()).limiterCalls;
  assert.equal(admit, CALLERS);
  assert.ok(settle < CALLERS / 2, `the object was told ${settle} times of ${CALLERS} calls, and twice or three times would do`);
});

closingChecks(e2e);
