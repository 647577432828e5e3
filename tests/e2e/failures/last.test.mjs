// What a client is told when no candidate answered, and what is not tried again at all.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CLIENTS, closingChecks, suite } from '../suite.mjs';
import { ASKED, MODES, as, errorInside, row, rowsOf, status } from './stage.mjs';

const e2e = suite();
let token;
e2e.before(async () => {
  ({ token } = await e2e.mint());
});

describe('a refusal of what the client sent is final:', () => {
  for (const code of [400, 401, 403, 404, 422]) {
    test(`${code}`, async () => {
      await Promise.all(ASKED.map(async ({ client, mode }) => {
        // Pinned: in auto mode a 404 may mean the endpoint.
        const pinned = client === 'responses' ? { openai_api_mode: 'responses' } : {};
        const { providers, ask, asked } = await row(e2e, token, client, [status(code), null], [pinned]);
        const answer = await ask(MODES[mode]);
        const error = CLIENTS[client].assertError(answer, code);
        assert.match(error.message, new RegExp(`The mock says ${code}`));
        assert.deepEqual(asked(), [0]);
        assert.equal(answer.headers.get('x-sluice-attempts'), '1');
        assert.notEqual(answer.headers.get('x-should-retry'), 'false');
        const { usage, attempts } = await rowsOf(e2e, answer);
        assert.deepEqual([usage.status, usage.attempts, usage.input_tokens, usage.cost_nano_usd], [code, 1, 0, 0]);
        assert.deepEqual(attempts.map((attempt) => [attempt.provider_id, attempt.status, attempt.error_code]), [[providers[0].id, code, 'upstream.error']]);
      }));
    });
  }
});

describe('when every candidate fails', () => {
  test('the last one\'s status, words, retry-after and rate limits reach the client', async () => {
    await Promise.all(ASKED.map(async ({ client, mode }) => {
      const vendor = client === 'anthropic_messages' ? 'anthropic-ratelimit-requests-remaining' : 'x-ratelimit-remaining-requests';
      const { providers, ask, asked } = await row(e2e, token, client, [status(500), status(429, { 'retry-after': '7', [vendor]: '0' })]);
      const answer = await ask(MODES[mode]);
      assert.match(CLIENTS[client].assertError(answer, 429).message, /The mock says 429/);
      assert.deepEqual(asked(), [0, 1]);
      const header = (name) => answer.headers.get(name);
      assert.deepEqual(
        [header('retry-after'), header(vendor), header('x-sluice-attempts'), header('x-sluice-provider'), header('x-should-retry')],
        ['7', '0', '2', providers[1].name, 'false'],
      );
      const { usage, attempts } = await rowsOf(e2e, answer);
      assert.deepEqual([usage.status, usage.error_code, usage.attempts, usage.provider_id], [429, 'upstream.error', 2, providers[1].id]);
      assert.deepEqual(attempts.map((attempt) => attempt.status), [500, 429]);
    }));
  });

  for (const [what, act, code, answered] of [
    ['cannot be reached', as('drop-before-headers'), 'upstream.unreachable', 502],
    ['answers with an error inside a 200', errorInside, 'upstream.error', 502],
    ['sends garbage', as('garbage'), 'upstream.invalid_response', 502],
    ['says 529', status(529), 'upstream.error', 529],
  ]) {
    test(`the last one ${what}: the client gets an error in its protocol, never a broken answer`, async () => {
      await Promise.all(ASKED.map(async ({ client, mode }) => {
        const { ask, asked } = await row(e2e, token, client, [status(500), act]);
        const answer = await ask(MODES[mode]);
        CLIENTS[client].assertError(answer, answered);
        assert.equal(answer.headers.get('x-should-retry'), 'false');
        assert.deepEqual(asked(), [0, 1]);
        const { usage, attempts } = await rowsOf(e2e, answer);
        assert.deepEqual([usage.status, usage.error_code, usage.attempts], [answered, code, 2]);
        assert.deepEqual(attempts.map((attempt) => attempt.error_code), ['upstream.error', code]);
      }));
    });
  }

  test('no more than five are called', async () => {
    const { ask, asked } = await row(e2e, token, 'responses', Array.from({ length: 7 }, () => status(503)));
    const answer = await ask();
    assert.equal(answer.status, 503);
    assert.deepEqual(asked(), [0, 1, 2, 3, 4]);
    assert.equal((await rowsOf(e2e, answer)).attempts.length, 5);
  });

  test('an upstream\'s error is told rather than why the next candidate could not be called', async () => {
    const { ask, asked } = await row(e2e, token, 'chat_completions', [status(503), null], [{}, { api_key: undefined }]);
    const answer = await ask();
    assert.match(CLIENTS.chat_completions.assertError(answer, 503).message, /The mock says 503/);
    assert.deepEqual(asked(), [0]);
  });
});

describe('retry-after', () => {
  /** Fails so often, then answers. */
  const first = (times, act) => {
    let failures = 0;
    return (call) => {
      failures += 1;
      return failures > times ? e2e.upstream.ordinary(call) : act(call);
    };
  };

  test('of two seconds at most is waited for on the last candidate, for every client', async () => {
    await Promise.all(ASKED.map(async ({ client, mode }) => {
      const { ask, asked } = await row(e2e, token, client, [status(500), first(2, status(429, { 'retry-after': '1' }))]);
      const began = Date.now();
      const answer = await ask(MODES[mode]);
      assert.equal(answer.status, 200, answer.text);
      assert.ok(Date.now() - began >= 1900, `it waited ${Date.now() - began} ms`);
      assert.deepEqual(asked(), [0, 1, 1, 1]);
      assert.equal(answer.headers.get('x-sluice-attempts'), '4');
      const { usage, attempts } = await rowsOf(e2e, answer);
      assert.deepEqual([usage.status, usage.attempts, attempts.map((attempt) => attempt.status)], [200, 4, [500, 429, 429, 200]]);
    }));
  });

  test('in milliseconds, and in Google\'s body, is waited for as well', async () => {
    const { ask, asked } = await row(e2e, token, 'chat_completions', [first(1, status(503, { 'retry-after-ms': '50' }))]);
    assert.equal((await ask()).status, 200);
    assert.deepEqual(asked(), [0, 0]);
    const key = e2e.key('AIza');
    const google = await e2e.provider({ provider: 'google', api_key: key }, { expected: { headers: { 'x-goog-api-key': key } }, path: '/v1beta' });
    const model = `gemini-3-pro-mock-${e2e.name('delay')}`;
    await e2e.models(google, [model]);
    e2e.upstream.script(model, first(1, ({ response, dialect }) => response.writeHead(429, { 'content-type': 'application/json' })
      .end(dialect.error({ status: 429, message: 'slow down', retryAfter: 1 }))));
    const answer = await e2e.answer('/v1/chat/completions', CLIENTS.chat_completions.request(`${google.name}^${model}`), { token });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get('x-sluice-attempts'), '2');
  });

  test('that goes on for ever ends after five calls', async () => {
    const { ask, asked } = await row(e2e, token, 'responses', [status(429, { 'retry-after': '0' })]);
    const answer = await ask();
    assert.equal(answer.status, 429);
    assert.equal(answer.headers.get('x-should-retry'), 'false');
    assert.deepEqual(asked(), [0, 0, 0, 0, 0]);
  });

  for (const [what, headers] of [['of more than two seconds', { 'retry-after': '3' }], ['that is not there', {}]]) {
    test(`${what} is the client's to wait for`, async () => {
      const { ask, asked } = await row(e2e, token, 'responses', [status(429, headers)]);
      const began = Date.now();
      const answer = await ask();
      assert.equal(answer.status, 429);
      assert.equal(answer.headers.get('retry-after'), headers['retry-after'] ?? null);
      assert.deepEqual(asked(), [0]);
      assert.ok(Date.now() - began < 1500);
    });
  }
});

describe('a client that leaves', () => {
  test('while a retry-after is waited for: nobody is called any more, and a row is left', async () => {
    const { model, ask, asked } = await row(e2e, token, 'chat_completions', [status(503, { 'retry-after': '2' })]);
    const abort = new AbortController();
    const pending = ask({}, { signal: abort.signal });
    const before = await e2e.upstream.arrival(model);
    await before.closed();
    await delay(300);
    abort.abort();
    await assert.rejects(pending);
    const [usage] = await e2e.eventually('the row of the abandoned call', () => {
      const rows = e2e.worker.rows('SELECT * FROM usage WHERE requested_model = ?', model);
      return rows.length > 0 && rows;
    });
    assert.deepEqual([usage.status, usage.error_code, usage.attempts], [499, 'client.closed', 1]);
    assert.ok(usage.latency_ms < 1900, `it went on for ${usage.latency_ms} ms`);
    await delay(2200);
    assert.deepEqual(asked(), [0]);
  });

  test('while the second candidate is called: that call is aborted, and the third is not made', async () => {
    const { model, providers, ask, asked } = await row(e2e, token, 'responses', [status(500), as('hang'), null]);
    const abort = new AbortController();
    const pending = ask({}, { signal: abort.signal });
    const second = await e2e.eventually('the second call', () => e2e.upstream.requestsFor(model)[1]);
    abort.abort();
    await assert.rejects(pending);
    await second.closed();
    assert.equal(second.aborted, true);
    const [usage] = await e2e.eventually('the row of the abandoned call', () => {
      const rows = e2e.worker.rows('SELECT * FROM usage WHERE requested_model = ?', model);
      return rows.length > 0 && rows;
    });
    assert.deepEqual([usage.status, usage.error_code, usage.attempts, usage.provider_id], [499, 'client.closed', 2, providers[1].id]);
    const attempts = e2e.worker.rows('SELECT * FROM request_attempts WHERE request_id = ? ORDER BY attempt', usage.request_id);
    assert.deepEqual(attempts.map(({ error_code }) => error_code), ['upstream.error', 'client.closed']);
    assert.deepEqual(asked(), [0, 1]);
  });
});

test('what a failed upstream goes on sending is not read: its call is aborted', async () => {
  const { model, ask } = await row(e2e, token, 'chat_completions', [({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {"error":{"message":"no","type":"server_error","code":null,"param":null}}\n\n');
  }, null]);
  assert.equal((await ask({ stream: true })).status, 200);
  const [first] = e2e.upstream.requestsFor(model);
  await first.closed();
  assert.equal(first.aborted, true);
});

describe('with MAX_ATTEMPTS 1', () => {
  test('nobody is called a second time, but an upstream without the endpoint is asked in its other dialect', async () => {
    await e2e.restart({ MAX_ATTEMPTS: '1' });
    const { ask, asked } = await row(e2e, token, 'chat_completions', [status(503, { 'retry-after': '0' }), null]);
    const answer = await ask();
    assert.deepEqual([answer.status, answer.headers.get('x-should-retry'), asked()], [503, null, [0]]);
    const chatOnly = await row(e2e, token, 'responses', [(call) => (call.dialect.protocol === 'responses' ? status(404)(call) : e2e.upstream.ordinary(call))]);
    const translated = await chatOnly.ask();
    assert.equal(translated.status, 200, translated.text);
    assert.equal(translated.headers.get('x-sluice-attempts'), '2');
    const { attempts } = await rowsOf(e2e, translated);
    assert.deepEqual(attempts.map((attempt) => attempt.status), [404, 200]);
  });
});

closingChecks(e2e);
