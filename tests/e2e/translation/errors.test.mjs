// What goes wrong at the upstream, in the client's own words: before the answer, in the middle of it, and when the client leaves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { read, sseEvents } from '../client.mjs';
import { CLIENTS, closingChecks, suite } from '../suite.mjs';
import { everyPair } from './upstreams.mjs';

// One attempt: what is under test is how a failure is told, not how it is avoided.
const e2e = suite({ MAX_ATTEMPTS: '1' });
const SCENARIOS = ['429', 'error-400', 'error-500', 'html-502', 'error-first', 'error-mid-stream', 'truncated-stream', 'drop-mid-stream', 'trickle', 'hang', 'garbage'];
const SDK = { chat_completions: OpenAI, responses: OpenAI, anthropic_messages: Anthropic };

const failure = (promise) => promise.then((answer) => assert.fail(`it answered ${JSON.stringify(answer)}`), (error) => error);

/** The terminators that say a stream went well. */
const SUCCESS = { chat_completions: /\[DONE\]|"finish_reason":"/, responses: /response\.completed/, anthropic_messages: /message_stop|message_delta/ };

everyPair(e2e, SCENARIOS, (pair) => {
  const { client, native } = pair;
  const Sdk = SDK[client];
  const ask = (scenario, mode) => {
    const driver = pair.driver();
    return driver.turn(pair.selector(scenario), driver.start({ text: 'hi' }), { mode });
  };
  const raw = (scenario, options) => {
    const wire = CLIENTS[client];
    return e2e.call(wire.path, wire.request(pair.selector(scenario), { stream: true }), { token: pair.token(), headers: wire.headers, ...options });
  };

  test("an upstream's 429 is the SDK's own RateLimitError, with its words and its delay", async () => {
    for (const mode of ['unary', 'stream']) {
      const error = await failure(ask('429', mode));
      assert.ok(error instanceof Sdk.RateLimitError, String(error));
      assert.match(error.message, /You exceeded the mock quota\./);
      assert.equal(error.headers.get('retry-after'), '7', mode);
      const row = await e2e.usage(error.headers.get('x-request-id'));
      assert.deepEqual([row.status, row.input_tokens, row.output_tokens], [429, 0, 0]);
    }
  });

  test("an upstream's 400 and 500 keep their status and the upstream's words", async () => {
    for (const mode of ['unary', 'stream']) {
      const refused = await failure(ask('error-400', mode));
      assert.ok(refused instanceof Sdk.BadRequestError, String(refused));
      assert.match(refused.message, /The mock does not like field temperature\./);
      const broken = await failure(ask('error-500', mode));
      assert.ok(broken instanceof Sdk.InternalServerError, String(broken));
      assert.equal(broken.status, 500);
      assert.match(broken.message, /The mock fell over\./);
    }
  });

  test("what is not the vendor's answer is a bad gateway in the client's shape", async () => {
    for (const scenario of ['html-502', ...(native ? [] : ['garbage'])]) {
      const error = await failure(ask(scenario, 'unary'));
      assert.ok(error instanceof Sdk.InternalServerError, `${scenario}: ${error}`);
      assert.equal(error.status, 502);
      assert.equal(typeof (error.error?.error ?? error.error)?.message, 'string', 'an error object, not HTML');
    }
  });

  test('a 200 whose first event is an error is a failure with a status', async () => {
    const response = await raw('error-first');
    assert.ok(response.status >= 500, String(response.status));
    assert.match((await read(response)).text, /The mock broke before it began\./);
  });

  for (const scenario of ['error-mid-stream', 'truncated-stream', 'drop-mid-stream']) {
    test(`${scenario}: the client learns of it, and nothing looks like a good end`, async () => {
      const response = await raw(scenario);
      assert.equal(response.status, 200);
      const { text } = await read(response);
      assert.doesNotMatch(text, SUCCESS[client]);
      const last = sseEvents(text).at(-1);
      const value = JSON.parse(last.data);
      if (client === 'chat_completions') assert.equal(typeof value.error?.message, 'string', text);
      else if (client === 'responses') assert.match(value.type, /^(error|response\.failed)$/, text);
      else assert.deepEqual([last.event, value.type, typeof value.error.message], ['error', 'error', 'string'], text);
      if (scenario === 'error-mid-stream') assert.match(last.data, /The mock broke half way\./);
      const row = await e2e.usage(response.headers.get('x-request-id'));
      assert.notEqual(row.error_code, null);
      const told = await ask(scenario, client === 'responses' ? 'helper' : 'stream').then((turn) => turn.answer, (error) => error);
      // The Responses SDK raises for an error event and yields `response.failed`.
      assert.ok(told instanceof Error || told.status === 'failed', JSON.stringify(told));
    });
  }

  test('a client that leaves in the middle of a stream aborts the upstream call', async () => {
    const abort = new AbortController();
    const pending = raw('trickle', { signal: abort.signal });
    const flow = await e2e.upstream.nextFlow(pending);
    // Enough events for a word in every dialect, and not all of them.
    for (let sent = 0; sent < 6; sent += 1) flow.send();
    const response = await pending;
    const reader = response.body.getReader();
    await reader.read();
    abort.abort();
    await reader.read().catch(() => {});
    assert.equal((await flow.record.closed()).aborted, true);
    const row = await e2e.usage(response.headers.get('x-request-id'));
    assert.equal(row.streamed, 1);
    assert.ok(row.input_tokens + row.output_tokens > 0, 'what was relayed is counted');
  });

  test('a client that leaves before the answer aborts the upstream call', async () => {
    const abort = new AbortController();
    const before = e2e.upstream.records.length;
    const pending = raw('hang', { signal: abort.signal });
    const record = await e2e.upstream.arrival(pair.upstream.model('hang'), before, pending);
    abort.abort();
    await assert.rejects(pending);
    assert.equal((await record.closed()).aborted, true);
  });

  test('words reach the client before the upstream has said its last', async () => {
    const pending = raw('trickle');
    const flow = await e2e.upstream.nextFlow(pending);
    // Enough events for a word in every dialect, and not all of them.
    for (let sent = 0; sent < 6; sent += 1) flow.send();
    const response = await pending;
    const reader = response.body.getReader();
    let seen = '';
    while (!seen.includes('Good')) {
      const { done, value } = await reader.read();
      assert.equal(done, false, seen);
      seen += Buffer.from(value).toString();
    }
    flow.finish();
    while (!(await reader.read()).done);
  });
});

closingChecks(e2e);
