// Tokens with limits: what goes out, what has to stay, and what is left. Everything here is exact, whatever comes at once.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import OpenAI from 'openai';
import Anthropic from '@anthropic-ai/sdk';
import { StreamReader } from './client.mjs';
import { CLIENTS, assertAnthropicError, assertOpenAiError, closingChecks, suite } from './suite.mjs';

const e2e = suite();

/** Every answer of the mock has 340 output tokens; with these prices and bound a call comes to what is reserved for it. */
const PRICES = { cost_per_1k_input: 0, cost_per_1k_output: 0.002, cost_per_1k_cache_read: 0, cost_per_1k_cache_write: 0 };
const OUTPUT = 340;
const COST = OUTPUT * 2000;
const BOUND = { chat_completions: { max_completion_tokens: OUTPUT }, responses: { max_output_tokens: OUTPUT }, anthropic_messages: { max_tokens: OUTPUT } };

let chat, claude, models;
e2e.before(async () => {
  chat = await e2e.provider();
  claude = await e2e.anthropicProvider();
  await e2e.models(chat, ['mock-plain', 'mock-held', 'mock-trickle', 'mock-error-500'], PRICES);
  await e2e.models(claude, ['mock-claude'], PRICES);
  models = { chat_completions: `${chat.name}^mock-plain`, responses: `${chat.name}^mock-plain`, anthropic_messages: `${claude.name}^mock-claude` };
});

const limited = async (limits, fields = {}) => e2e.mint({ limits, ...fields });
const ask = (client, extra = {}) => CLIENTS[client].request(models[client], { ...BOUND[client], ...extra });
const call = (client, { token }, extra) => e2e.answer(CLIENTS[client].path, ask(client, extra), { token, headers: CLIENTS[client].headers });
const standing = async ({ id }) => (await e2e.admin.must('GET', `/api/v1/tokens/${id}`)).standing;
const usd = (nano) => nano / 1e9;
const settled = (token, what, probe) => e2e.eventually(what, async () => {
  const now = await standing(token);
  return probe(now) ? now : null;
});
const rows = ({ id }, count) => e2e.eventually(`${count} rows of ${id}`, () => {
  const found = e2e.worker.rows('SELECT * FROM usage WHERE token_id = ?', id);
  return found.length === count ? found : null;
});
const by = (answers, status) => answers.filter((answer) => answer.status === status);

/** Lets go of calls to `mock-held` when `release` is called. */
function gate() {
  let release;
  const opened = new Promise((resolve) => {
    release = resolve;
  });
  e2e.upstream.script('mock-held', async (held) => {
    await opened;
    await e2e.upstream.ordinary(held);
  });
  return release;
}

describe('calls a minute', () => {
  for (const client of Object.keys(CLIENTS)) {
    test(`of 20 ${client} calls at once as many go out as may, and the others are told when to come again`, async () => {
      const token = await limited({ requests_per_minute: 5 });
      const before = e2e.upstream.records.length;
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => call(client, token, { stream: index % 2 === 0 })));
      assert.deepEqual([by(answers, 200).length, by(answers, 429).length], [5, 15]);
      assert.equal(e2e.upstream.records.length - before, 5);
      for (const refused of by(answers, 429)) {
        const error = CLIENTS[client].assertError(refused, 429);
        assert.match(error.message, /5 calls a minute/);
        const seconds = Number(refused.headers.get('retry-after'));
        assert.ok(seconds >= 1 && seconds <= 60, `retry-after: ${seconds}`);
        assert.equal(refused.headers.get('x-should-retry'), 'true');
        if (client === 'anthropic_messages') assert.equal(error.type, 'rate_limit_error');
        else assert.deepEqual([error.type, error.code], ['rate_limit_error', 'rate_limit_exceeded']);
      }
      const left = await rows(token, 20);
      assert.deepEqual([...new Set(left.filter(({ status }) => status === 429).map(({ error_code }) => error_code))], ['limits.requests_per_minute']);
    });
  }

  test('what is left is in the headers that each vendor\'s clients read, and the account\'s own limits are not', async () => {
    const token = await limited({ requests_per_minute: 7, tokens_per_minute: 100_000 });
    const { headers } = await call('chat_completions', token);
    assert.equal(headers.get('x-ratelimit-limit-requests'), '7');
    assert.equal(headers.get('x-ratelimit-remaining-requests'), '6', 'the mock says 41 of its own');
    assert.match(headers.get('x-ratelimit-reset-requests'), /^(1m0s|[1-5]?\ds)$/);
    assert.equal(headers.get('x-ratelimit-limit-tokens'), '100000');
    assert.ok(Number(headers.get('x-ratelimit-remaining-tokens')) < 100_000 - OUTPUT);
    const messages = await call('anthropic_messages', token, { stream: true });
    assert.equal(messages.headers.get('anthropic-ratelimit-requests-remaining'), '5');
    assert.ok(Date.parse(messages.headers.get('anthropic-ratelimit-requests-reset')) > Date.now());
    assert.equal(messages.headers.get('x-ratelimit-limit-requests'), null);
    const free = await call('chat_completions', await e2e.mint());
    assert.equal(free.headers.get('x-ratelimit-remaining-requests'), '41', 'who has no limits sees the upstream\'s');
  });

  test('the vendors\' SDKs take it for the error that it is', async () => {
    const { token } = await limited({ requests_per_minute: 1 });
    await e2e.openai(token).chat.completions.create(ask('chat_completions'));
    await assert.rejects(e2e.openai(token).chat.completions.create(ask('chat_completions')), OpenAI.RateLimitError);
    await assert.rejects(e2e.anthropic(token).messages.create(ask('anthropic_messages')), Anthropic.RateLimitError);
  });

  test('counting tokens and raw calls are calls, listing models is none', async () => {
    const { token } = await limited({ requests_per_minute: 2 });
    for (let time = 0; time < 3; time += 1) assert.equal((await e2e.answer('/v1/models', undefined, { token, method: 'GET' })).status, 200);
    e2e.upstream.endpoint('/v1/messages/count_tokens', ({ response }) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":5}'));
    const counted = await e2e.answer('/v1/messages/count_tokens', { model: models.anthropic_messages, messages: ask('anthropic_messages').messages }, { token });
    assert.equal(counted.status, 200, counted.text);
    e2e.upstream.endpoint('/v1/files', ({ response }) => response.writeHead(200, { 'content-type': 'application/json', 'x-ratelimit-limit-requests': '99' }).end('{}'));
    const raw = await e2e.answer(`/v1/proxy/${chat.name}/files`, undefined, { token, method: 'GET' });
    assert.deepEqual([raw.status, raw.headers.get('x-ratelimit-limit-requests'), raw.headers.get('x-ratelimit-remaining-requests')], [200, '2', '0']);
    assert.equal((await e2e.answer(`/v1/proxy/${chat.name}/files`, undefined, { token, method: 'GET' })).status, 429);
    assert.equal((await call('responses', { token })).status, 429);
  });
});

describe('tokens a minute', () => {
  test('are reserved before, counted as they were after, and a call that is larger than any minute is told so', async () => {
    const token = await limited({ tokens_per_minute: 8000 });
    assert.equal((await call('chat_completions', token, { max_completion_tokens: 7000 })).status, 200);
    // The mock counts 1,540 tokens a call: the rest came back.
    await settled(token, 'the first call to settle', ({ tokens_per_minute }) => tokens_per_minute.used === 1540);
    assert.equal((await call('responses', token, { max_output_tokens: 6000, stream: true })).status, 200);
    const later = await settled(token, 'the second call to settle', ({ tokens_per_minute }) => tokens_per_minute.used < 4000);
    assert.ok(later.tokens_per_minute.used > 1540);
    const waits = await call('chat_completions', token, { max_completion_tokens: 7000 });
    assertOpenAiError(waits, 429);
    assert.ok(Number(waits.headers.get('retry-after')) > 0);
    const never = await call('chat_completions', token, { max_completion_tokens: 9000 });
    assert.match(assertOpenAiError(never, 429).message, /max_tokens/);
    assert.deepEqual([never.headers.get('retry-after'), never.headers.get('x-should-retry')], [null, 'false']);
    assert.equal((await rows(token, 4)).filter(({ error_code }) => error_code === 'limits.tokens_per_minute').length, 2);
  });
});

describe('a budget', () => {
  test('for 50 admits 50 of 200 calls at once, and comes to what the mock billed', async () => {
    const token = await limited({ budget_usd: usd(50 * COST), budget_period: 'month' });
    const release = gate();
    const before = e2e.upstream.requestsFor('mock-held').length;
    let refused = 0;
    const asked = (index) => CLIENTS.chat_completions.request(`${chat.name}^mock-held`, { max_tokens: OUTPUT, stream: index % 3 === 0 });
    const calls = Array.from({ length: 200 }, async (_, index) => {
      const answer = await e2e.answer('/v1/chat/completions', asked(index), { token: token.token });
      refused += answer.status === 429 ? 1 : 0;
      return answer;
    });
    await e2e.eventually('150 refusals while 50 calls are held', () => refused === 150);
    assert.deepEqual((await standing(token)).budget, {
      limit_usd: usd(50 * COST), period: 'month', spent_usd: 0, reserved_usd: usd(50 * COST), remaining_usd: 0,
      resets_at: new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1)).toISOString(),
    });
    release();
    const answers = await Promise.all(calls);
    assert.deepEqual([by(answers, 200).length, by(answers, 429).length], [50, 150]);
    for (const answer of by(answers, 429)) {
      const error = assertOpenAiError(answer, 429);
      assert.deepEqual([error.code, error.type, answer.headers.get('x-should-retry')], ['budget.exhausted', 'insufficient_quota', 'false']);
    }
    const served = e2e.upstream.requestsFor('mock-held').slice(before);
    assert.equal(served.length, 50);
    const billedByTheMock = served.length * COST;
    const left = await rows(token, 200);
    assert.equal(left.reduce((sum, row) => sum + row.billed_nano_usd, 0), billedByTheMock);
    const after = await settled(token, 'every call to settle', ({ budget }) => budget.reserved_usd === 0);
    assert.equal(after.budget.spent_usd, usd(billedByTheMock));
    assert.equal((await call('chat_completions', token)).status, 429);
  });

  test('is never passed when calls come to less than was reserved for them, and used up to the last one that fits', async () => {
    const token = await limited({ budget_usd: usd(20 * COST) });
    const statuses = [];
    for (let wave = 0; wave < 30 && statuses.filter((status) => status === 200).length < 20; wave += 1) {
      const answers = await Promise.all(Array.from({ length: 5 }, () => call('chat_completions', token)));
      statuses.push(...answers.map(({ status }) => status));
    }
    const after = await settled(token, 'every call to settle', ({ budget }) => budget.reserved_usd === 0);
    assert.deepEqual([statuses.filter((status) => status === 200).length, after.budget.spent_usd], [20, usd(20 * COST)]);
  });

  test('gives back what a call did not need, what failed, and what the client did not wait for', async () => {
    const token = await limited({ budget_usd: usd(12 * COST) });
    assert.equal((await call('chat_completions', token, { max_completion_tokens: 10 * OUTPUT })).status, 200);
    await settled(token, 'the rest to come back', ({ budget }) => budget.spent_usd === usd(COST) && budget.reserved_usd === 0);
    const failed = await e2e.answer('/v1/chat/completions', CLIENTS.chat_completions.request(`${chat.name}^mock-error-500`, { max_tokens: 10 * OUTPUT }), { token: token.token });
    assert.equal(failed.status, 500, failed.text);
    await settled(token, 'a failed call to come back', ({ budget }) => budget.spent_usd === usd(COST) && budget.reserved_usd === 0);
    const controller = new AbortController();
    const pending = e2e.call('/v1/chat/completions', CLIENTS.chat_completions.request(`${chat.name}^mock-trickle`, { max_tokens: 10 * OUTPUT, stream: true }), { token: token.token, signal: controller.signal });
    const flow = await e2e.upstream.nextFlow();
    flow.send();
    flow.send();
    flow.send();
    const reader = new StreamReader(await pending);
    await reader.until('morning');
    assert.equal((await standing(token)).budget.reserved_usd, usd(10 * COST));
    controller.abort();
    await reader.rest();
    const [row] = await e2e.eventually('the row of the stream', () => {
      const found = e2e.worker.rows("SELECT * FROM usage WHERE token_id = ? AND status = 499", token.id);
      return found.length > 0 ? found : null;
    });
    assert.ok(row.estimated === 1 && row.billed_nano_usd > 0 && row.billed_nano_usd < COST, JSON.stringify(row));
    const after = await settled(token, 'the stream to settle', ({ budget }) => budget.reserved_usd === 0);
    assert.equal(after.budget.spent_usd, usd(COST + row.billed_nano_usd));
  });

  test('an Anthropic client reads billing_error, and how to go on', async () => {
    const token = await limited({ budget_usd: usd(COST - 1), budget_period: 'day' });
    const answer = await call('anthropic_messages', token);
    const error = assertAnthropicError(answer, 429, 'billing_error');
    assert.match(error.message, /0.000679999 USD a day.*max_tokens.*wait until \d{4}-\d\d-\d\dT00:00:00.000Z/);
    assert.equal((await rows(token, 1))[0].error_code, 'budget.exhausted');
    assert.equal((await call('anthropic_messages', token, { max_tokens: 100 })).status, 200);
  });

  test('counts what is billed, and not what it costs', async () => {
    await e2e.models(chat, ['mock-marked-up'], { ...PRICES, multiplier: 2 });
    const token = await limited({ budget_usd: usd(3 * COST) });
    const dear = () => e2e.answer('/v1/chat/completions', CLIENTS.chat_completions.request(`${chat.name}^mock-marked-up`, { max_tokens: OUTPUT }), { token: token.token });
    assert.deepEqual([(await dear()).status, (await dear()).status], [200, 429]);
    assert.equal((await settled(token, 'the call to settle', ({ budget }) => budget.reserved_usd === 0)).budget.spent_usd, usd(2 * COST));
  });

  test('a model without prices, and raw calls, could spend it unseen, and are refused', async () => {
    const { token } = await limited({ budget_usd: 5 });
    await e2e.models(chat, ['mock-unpriced'], { cost_per_1k_input: null, cost_per_1k_output: null, cost_per_1k_cache_read: null, cost_per_1k_cache_write: null });
    const unpriced = await e2e.answer('/v1/chat/completions', CLIENTS.chat_completions.request(`${chat.name}^mock-unpriced`), { token });
    assert.equal(assertOpenAiError(unpriced, 403).code, 'limits.unenforceable');
    const raw = await e2e.answer(`/v1/proxy/${chat.name}/files`, undefined, { token, method: 'GET' });
    assert.equal(assertOpenAiError(raw, 403).code, 'limits.unenforceable');
  });
});

describe('the token\'s row', () => {
  test('changed limits count at the next call, with what was used before', async () => {
    const token = await limited({ budget_usd: usd(COST) });
    assert.equal((await call('chat_completions', token)).status, 200);
    await settled(token, 'the call to settle', ({ budget }) => budget.reserved_usd === 0);
    assert.equal((await call('chat_completions', token)).status, 429);
    const patch = (limits) => e2e.admin.must('PATCH', `/api/v1/tokens/${token.id}`, { limits });
    await patch({ budget_usd: usd(2 * COST) });
    assert.equal((await call('chat_completions', token)).status, 200);
    await patch({ budget_usd: null, requests_per_minute: 2 });
    assert.equal((await call('chat_completions', token)).status, 429, 'two calls were made in this minute');
    await patch(null);
    for (let time = 0; time < 3; time += 1) assert.equal((await call('chat_completions', token)).status, 200);
    await patch({ budget_usd: usd(2 * COST) });
    assert.equal((await call('chat_completions', token)).status, 429, 'what was spent under a limit stays spent');
  });

  test('whoever holds the token is told where it stands', async () => {
    const { token } = await limited({ requests_per_minute: 3 });
    await call('chat_completions', { token });
    const me = await e2e.as(token).must('GET', '/api/v1/me');
    assert.equal(me.limits.requests_per_minute, 3);
    assert.equal(me.standing.requests_per_minute.remaining, 2);
  });

  test('a token without limits has no object, and a deleted one leaves none of its counts', async () => {
    const free = await e2e.mint();
    const before = e2e.worker.limiterAccounts().length;
    for (const client of Object.keys(CLIENTS)) assert.equal((await call(client, free)).status, 200);
    await rows(free, 3);
    assert.equal(e2e.worker.limiterAccounts().length, before);
    const token = await limited({ requests_per_minute: 5 });
    assert.equal((await call('chat_completions', token)).status, 200);
    await rows(token, 1);
    assert.equal(e2e.worker.limiterAccounts().length, before + 1, 'a limited one has');
    assert.equal((await e2e.admin.delete(`/api/v1/tokens/${token.id}`)).status, 204);
    assert.equal(e2e.worker.limiterAccounts().length, before);
  });

  test('a limiter that cannot answer lets nothing out', async () => {
    const token = await limited({ requests_per_minute: 4321 });
    assert.equal((await call('chat_completions', token)).status, 200);
    await rows(token, 1);
    await e2e.worker.stop();
    assert.ok(e2e.worker.tamperLimiters("UPDATE account SET document = 'nonsense'") > 0);
    await e2e.restart();
    const before = e2e.upstream.records.length;
    const refused = await call('chat_completions', token);
    assert.equal(assertOpenAiError(refused, 503).code, 'limits.unavailable');
    assert.deepEqual([refused.headers.get('x-should-retry'), e2e.upstream.records.length], ['true', before]);
    assert.equal((await e2e.admin.must('GET', `/api/v1/tokens/${token.id}`)).standing, null);
    assert.equal((await call('chat_completions', await e2e.mint())).status, 200, 'and stops nobody else');
    assert.equal((await e2e.admin.delete(`/api/v1/tokens/${token.id}`)).status, 204);
  });
});

closingChecks(e2e);
