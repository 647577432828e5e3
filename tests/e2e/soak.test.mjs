// Thousands of mixed calls, faults on: three protocols, whole and streamed, same and translated, limited tokens, clients that leave.
// At the end every call is accounted for. SOAK_CALLS=20000 runs it longer.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StreamReader, costOf } from './client.mjs';
import { as, endsWell, errorOf, status } from './failures/stage.mjs';
import { CLIENTS, closingChecks, suite } from './suite.mjs';
import { USAGE } from './upstream/scenario.mjs';

const CALLS = Number(process.env.SOAK_CALLS ?? 2400);
const AT_ONCE = 24;
const SEED = 20261128;

/**
 * What a call may leave in memory, in the second half, which begins warm. `wrangler dev` gathers of its own accord, and collects late:
 * 12 to 55 KiB were seen here, less the longer it ran. A call whose bodies stayed would be far beyond it.
 */
const MOST_KEPT_BYTES = 128 * 2 ** 10;

const e2e = suite({ BREAKER_FAILURES: '3', BREAKER_REST_MS: '300' });

/** What becomes of a call: how often, what the model's first upstream does, and what its client has to see. */
const FATES = [
  { name: 'plain', share: 50, act: null, seen: served },
  { name: 'fallback', share: 12, act: status(503), next: 'mock-next', seen: served },
  { name: 'inside', share: 6, act: as('error-first'), next: 'mock-next', seen: served },
  { name: 'garbage', share: 4, act: as('garbage'), next: 'mock-next', seen: served },
  { name: 'dropped', share: 4, act: as('drop-before-headers'), next: 'mock-next', seen: served },
  { name: 'refused', share: 6, act: status(400), seen: failed(400) },
  { name: 'limited', share: 4, act: status(429), seen: failed(429) },
  { name: 'truncated', share: 5, act: as('truncated-stream'), seen: broken, streams: true },
  { name: 'cut', share: 4, act: as('drop-mid-stream'), seen: broken, streams: true },
  { name: 'left', share: 5, act: as('idle-stream'), seen: null, streams: true },
];

const PROTOCOLS = Object.keys(CLIENTS);
const tokens = {};

e2e.before(async () => {
  const second = await e2e.anthropicProvider();
  await e2e.models(second, ['mock-next']);
  for (const [index, provider] of [await e2e.provider(), await e2e.anthropicProvider()].entries()) {
    for (const { name, act, next } of FATES) {
      const model = `mock-${name}-${index}`;
      await e2e.models(provider, [model], { name: `${name}-${index}`, fallbacks: next === undefined ? [] : [`${second.name}^${next}`] });
      e2e.upstream.script(model, (call) => (act ? act(call) : e2e.upstream.ordinary(call)));
    }
  }
  tokens.free = await e2e.mint();
  tokens.rich = await e2e.mint({ limits: { budget_usd: 1000, budget_period: 'month', requests_per_minute: 1_000_000 } });
  tokens.poor = await e2e.mint({ limits: { budget_usd: 0.05, budget_period: 'total' } });
});

/** A small generator, so that a run can be repeated (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function plan() {
  const next = random(SEED);
  const of = (list) => list[Math.floor(next() * list.length)];
  const wheel = FATES.flatMap((fate) => Array(fate.share).fill(fate));
  return Array.from({ length: CALLS }, () => {
    const fate = of(wheel);
    const [client, upstream, coin, holder] = [of(PROTOCOLS), of([0, 1]), next(), next()];
    return {
      fate, client, model: `${fate.name}-${upstream}`, stream: fate.streams ?? coin < 0.5,
      token: holder < 0.6 ? tokens.free : holder < 0.9 ? tokens.rich : tokens.poor,
    };
  });
}

async function make({ fate, client, model, stream, token }) {
  const wire = CLIENTS[client];
  const controller = new AbortController();
  const bound = client === 'responses' ? { max_output_tokens: 340 } : { max_tokens: 340 };
  const body = wire.request(model, { ...bound, ...(stream ? { stream } : {}) });
  const response = await e2e.call(wire.path, body, { token: token.token, headers: wire.headers, signal: controller.signal });
  const seen = { id: response.headers.get('x-request-id'), status: response.status };
  assert.ok(seen.id, 'every answer has a request id');
  if (fate.seen === null && response.status === 200) {
    const reader = new StreamReader(response);
    await reader.until('Good');
    controller.abort();
    await reader.rest();
    return { ...seen, outcome: 'left' };
  }
  const { text, error } = await new StreamReader(response).rest();
  assert.equal(error, null, `the answer to ${model} broke off: ${error}`);
  if (response.status === 429 && text.includes('budget')) {
    assert.equal(token, tokens.poor, 'only the poor token is ever used up');
    return { ...seen, outcome: 'unpaid' };
  }
  return { ...seen, outcome: fate.seen?.({ client, stream, status: response.status, text }) ?? assert.fail(`${model}: ${text}`) };
}

function served({ client, stream, status: code, text }) {
  assert.equal(code, 200, text);
  if (stream) assert.ok(endsWell(client, text), `a stream to ${client} without its end: ${text}`);
  else assert.ok(JSON.parse(text).usage, text);
  return 'served';
}

function failed(expected) {
  return ({ status: code, text }) => {
    assert.equal(code, expected, text);
    return 'failed';
  };
}

function broken({ client, text }) {
  assert.ok(!endsWell(client, text), `a broken stream looks whole to ${client}: ${text}`);
  assert.ok(errorOf(client, text), `a broken stream says nothing to ${client}: ${text}`);
  return 'broken';
}

const count = (list) => Object.fromEntries([...Map.groupBy(list, (entry) => entry)].map(([name, { length }]) => [name, length]).sort());
const sum = (rows, of) => rows.reduce((total, row) => total + of(row), 0);

describe('a soak', () => {
  let outcomes, rows;

  test(`${CALLS} calls, ${AT_ONCE} at once, come to what each of them should`, { timeout: 20 * 60_000 }, async (t) => {
    const calls = plan();
    outcomes = [];
    let at = 0;
    let warm = null;
    const began = Date.now();
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (at < calls.length) {
        const call = calls[at++];
        if (at === Math.floor(calls.length / 2)) warm = e2e.worker.residentBytes();
        outcomes.push(await make(call));
      }
    }));
    const seconds = (Date.now() - began) / 1000;
    const end = e2e.worker.residentBytes();
    assert.equal(new Set(outcomes.map(({ id }) => id)).size, CALLS, 'no two calls have one id');
    t.diagnostic(`${CALLS} calls in ${seconds.toFixed(1)} s, ${e2e.upstream.records.length} upstream calls: ${JSON.stringify(count(outcomes.map(({ outcome }) => outcome)))}`);
    if (warm === null || end === null) return;
    const mib = (bytes) => (bytes / 2 ** 20).toFixed(0);
    t.diagnostic(`resident: ${mib(warm)} MiB half way, ${mib(end)} MiB at the end`);
    assert.ok(end - warm < MOST_KEPT_BYTES * (CALLS / 2), `${mib(end - warm)} MiB more in the second half`);
  });

  test('every call has its row, and every upstream call is an attempt of one', async (t) => {
    rows = await e2e.eventually(`${CALLS} rows`, () => {
      const found = e2e.worker.rows('SELECT * FROM usage');
      return found.length >= CALLS ? found : null;
    });
    assert.equal(rows.length, CALLS);
    const byId = new Map(rows.map((row) => [row.request_id, row]));
    for (const { id, status: code, outcome } of outcomes) {
      const row = byId.get(id);
      assert.ok(row, `${id} has no row`);
      assert.equal(row.status, outcome === 'left' ? 499 : code, `${id} ${outcome}`);
      assert.equal(row.error_code === null, outcome === 'served', `${id} ${outcome}: ${row.error_code}`);
    }
    assert.equal(sum(rows, ({ attempts }) => attempts), e2e.upstream.records.length);
    t.diagnostic(`${sum(rows, ({ attempts }) => attempts)} attempts in ${rows.length} rows`);
  });

  test('the money adds up: with the mock, with the totals, with what the limited tokens have spent', async (t) => {
    const whole = rows.filter(({ status: code, error_code: code_ }) => code === 200 && code_ === null);
    for (const row of whole) {
      assert.equal(row.estimated, 0);
      assert.equal(row.billed_nano_usd, costOf(USAGE.recorded[row.upstream_protocol]), row.request_id);
    }
    const answered = e2e.upstream.records.filter(({ model, sent, aborted }) => /^mock-(plain|next)/.test(model) && sent && !aborted);
    assert.equal(sum(whole, ({ billed_nano_usd: billed }) => billed), sum(answered, ({ dialect }) => costOf(USAGE.recorded[dialect.protocol])));
    for (const row of rows.filter(({ status: code }) => code === 499)) assert.ok(row.billed_nano_usd > 0, 'who left has had something');

    const billed = sum(rows, ({ billed_nano_usd: nano }) => nano);
    const { data: [totals] } = await e2e.admin.must('GET', '/api/v1/usage');
    assert.deepEqual([totals.calls, Math.round(totals.billed_usd * 1e9)], [CALLS, billed]);
    for (const [name, { id }] of Object.entries(tokens)) {
      const own = sum(rows.filter(({ token_id: token }) => token === id), ({ billed_nano_usd: nano }) => nano);
      t.diagnostic(`${name}: ${own / 1e9} USD`);
      if (name === 'free') continue;
      const { standing } = await e2e.eventually(`no lease of ${name} is open`, async () => {
        const token = await e2e.admin.must('GET', `/api/v1/tokens/${id}`);
        return token.standing.budget.reserved_usd === 0 ? token : null;
      });
      assert.equal(Math.round(standing.budget.spent_usd * 1e9), own, name);
    }
  });
});

closingChecks(e2e);
