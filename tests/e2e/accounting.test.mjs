// Calls whose upstream does not say what they consumed: they are not free, and they are marked as reckoned.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { auth } from './upstream/rules.mjs';
import { PRICES } from './client.mjs';
import { CLIENTS, closingChecks, suite } from './suite.mjs';

const e2e = suite();
const JSON_TYPE = { 'content-type': 'application/json' };

let provider, token;
e2e.before(async () => {
  provider = await e2e.provider({ protocol: 'chat_completions' });
  await e2e.models(provider, ['mock-silent', 'mock-hang', 'mock-embed']);
  ({ token } = await e2e.mint());
});

const PROMPT = 'word '.repeat(200);
const chat = (model, extra = {}) => ({ model: `${provider.name}^${model}`, messages: [{ role: 'user', content: PROMPT }], ...extra });
const inputCost = (row) => row.input_tokens * PRICES.cost_per_1k_input * 1e6;

/** The text of the answer, as a server that counts nothing says it: whole, or as a stream. */
function silent(words) {
  e2e.upstream.script('mock-silent', ({ record, response }) => {
    const choice = (content) => ({ index: 0, ...content });
    if (!record.json.stream) {
      const choices = [choice({ message: { role: 'assistant', content: words }, finish_reason: 'stop' })];
      return response.writeHead(200, JSON_TYPE).end(JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices }));
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const delta of [{ content: words }, {}]) {
      response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [choice({ delta, finish_reason: delta.content ? null : 'stop' })] })}\n\n`);
    }
    return response.end('data: [DONE]\n\n');
  });
}

describe('an upstream that counts nothing', () => {
  for (const client of ['chat_completions', 'anthropic_messages']) {
    test(`a ${client} call is reckoned by its text, whole as streamed`, async () => {
      silent('x'.repeat(400));
      const rows = [];
      for (const stream of [false, true]) {
        const body = client === 'chat_completions' ? chat('mock-silent', { stream }) : CLIENTS[client].request(`${provider.name}^mock-silent`, { messages: [{ role: 'user', content: PROMPT }], stream });
        const answer = await e2e.answer(CLIENTS[client].path, body, { token, headers: CLIENTS[client].headers });
        assert.equal(answer.status, 200, answer.text);
        rows.push(await e2e.usage(answer.headers.get('x-request-id')));
      }
      for (const row of rows) {
        assert.deepEqual([row.estimated, row.output_tokens], [1, 100]);
        assert.ok(row.input_tokens >= 250 && row.input_tokens < 300, `input: ${row.input_tokens}`);
        assert.equal(row.cost_nano_usd, inputCost(row) + row.output_tokens * PRICES.cost_per_1k_output * 1e6);
      }
      assert.ok(Math.abs(rows[0].input_tokens - rows[1].input_tokens) < 5, 'the twin counts the same');
    });
  }

  test('embeddings are reckoned by their input, and Google\'s by its count where it has one', async () => {
    e2e.upstream.endpoint('/v1/embeddings', ({ response }) => response.writeHead(200, JSON_TYPE)
      .end(JSON.stringify({ object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.5] }], model: 'm' })));
    const key = e2e.key('AIzaTest');
    const google = await e2e.provider({ provider: 'google', api_key: key }, { expected: auth.xGoogApiKey(key), path: '/v1beta' });
    await e2e.models(google, ['mock-silent-vectors', 'mock-counted-vectors']);
    e2e.upstream.script('mock-counted-vectors', ({ response }) => response.writeHead(200, JSON_TYPE)
      .end(JSON.stringify({ embeddings: [{ values: [0.5] }], usageMetadata: { promptTokenCount: 77 } })));
    const rowOf = async (model) => {
      const answer = await e2e.answer('/v1/embeddings', { model, input: PROMPT }, { token });
      assert.equal(answer.status, 200, answer.text);
      return e2e.usage(answer.headers.get('x-request-id'));
    };
    for (const model of [`${provider.name}^mock-embed`, `${google.name}^mock-silent-vectors`]) {
      const row = await rowOf(model);
      assert.deepEqual([row.estimated, row.output_tokens, row.cost_nano_usd], [1, 0, inputCost(row)]);
      assert.ok(row.input_tokens > 250 && row.input_tokens < 300, `input: ${row.input_tokens}`);
    }
    const counted = await rowOf(`${google.name}^mock-counted-vectors`);
    assert.deepEqual([counted.estimated, counted.input_tokens, counted.cost_nano_usd], [0, 77, 77_000]);
  });
});

test('a client that does not wait for its answer pays for the input that the upstream was given', async () => {
  const controller = new AbortController();
  const before = e2e.upstream.records.length;
  const pending = e2e.call('/v1/chat/completions', chat('mock-hang'), { token, signal: controller.signal }).catch(() => null);
  const record = await e2e.upstream.arrival('mock-hang', before);
  controller.abort();
  await pending;
  await record.closed();
  const row = await e2e.eventually('the row of the call', () => e2e.worker.rows("SELECT * FROM usage WHERE status = 499")[0]);
  assert.deepEqual([row.estimated, row.output_tokens, row.cost_nano_usd], [1, 0, inputCost(row)]);
  assert.ok(row.input_tokens > 250, `input: ${row.input_tokens}`);
});

test('an image counts by number in what is reckoned, and not by its bytes', async () => {
  silent('x');
  const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${Buffer.alloc(60_000).toString('base64')}` } };
  const answer = await e2e.answer('/v1/chat/completions', { model: `${provider.name}^mock-silent`, messages: [{ role: 'user', content: [image] }] }, { token });
  assert.equal(answer.status, 200, answer.text);
  const row = await e2e.usage(answer.headers.get('x-request-id'));
  assert.ok(row.input_tokens > 1000 && row.input_tokens < 3000, `input: ${row.input_tokens}`);
});

test('a call is timed from when it came, whatever was answered at once before it', async () => {
  silent('words');
  // The second one waits for nothing: what it needs is there.
  for (let times = 0; times < 2; times += 1) assert.equal((await e2e.fetch(`${e2e.base()}/v1/models`, { headers: { authorization: `Bearer ${token}` } })).status, 200);
  await delay(300);
  const came = Date.now();
  const answer = await e2e.answer(CLIENTS.chat_completions.path, chat('mock-silent'), { token });
  const row = await e2e.usage(answer.headers.get('x-request-id'));
  assert.ok(row.created_at >= came, `it is said to have come ${came - row.created_at} ms before it was sent`);
});

closingChecks(e2e);
