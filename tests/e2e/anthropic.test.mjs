// The official Anthropic SDK, and raw HTTP where bytes and headers matter, through the Worker to an Anthropic upstream.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { StreamReader, costOf } from './client.mjs';
import { CLIENTS, assertAnthropicError, closingChecks, suite } from './suite.mjs';
import { ARGUMENTS, TEXT, USAGE } from './upstream/wire.mjs';

const e2e = suite();
const MESSAGES = [{ role: 'user', content: 'Say good morning.' }];
const TOOLS = [{ name: 'weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }];
const TOKENS = USAGE.recorded.anthropic_messages;
const WIRE = CLIENTS.anthropic_messages;

let provider;
let models;
let token;
let client;
const selector = (model) => `${provider.name}^${model}`;
const request = (model, extra = {}) => ({ model: selector(model), max_tokens: 1024, messages: MESSAGES, ...extra });
const count = (row, expected) => assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, row[key]])), expected);

e2e.before(async () => {
  provider = await e2e.anthropicProvider();
  models = await e2e.models(provider, ['mock-plain', 'mock-split', 'mock-crlf', 'mock-trickle', 'mock-hang', 'mock-429', 'mock-error-400']);
  ({ token } = await e2e.mint());
  client = e2e.anthropic(token);
});

describe('messages', () => {
  test('a unary call answers what the upstream said, and leaves a row with tokens and cost', async () => {
    const { data, response } = await client.messages.create(request('mock-plain')).withResponse();
    assert.equal(data.content[0].text, TEXT);
    assert.equal(data.usage.cache_read_input_tokens, 200);
    assert.equal(response.headers.get('x-sluice-provider'), provider.name);
    assert.equal(response.headers.get('anthropic-ratelimit-requests-remaining'), '41');
    count(await e2e.usage(response.headers.get('x-request-id')), {
      ...TOKENS, provider_id: provider.id, model_id: models['mock-plain'].id, protocol: 'anthropic_messages', status: 200, attempts: 1,
      streamed: 0, estimated: 0, error_code: null, cost_nano_usd: costOf(TOKENS), billed_nano_usd: costOf(TOKENS),
    });
  });

  test('a streamed call yields the same message, and its row equals that of its unary twin', async () => {
    for (const model of ['mock-plain', 'mock-split', 'mock-crlf']) {
      const { data: stream, response } = await client.messages.create(request(model, { stream: true })).withResponse();
      assert.match(response.headers.get('content-type'), /^text\/event-stream/);
      const types = [];
      let text = '';
      for await (const event of stream) {
        types.push(event.type);
        if (event.type === 'content_block_delta') text += event.delta.text;
      }
      assert.equal(text, TEXT, model);
      assert.equal(types[0], 'message_start');
      assert.equal(types.at(-1), 'message_stop');
      count(await e2e.usage(response.headers.get('x-request-id')), {
        ...TOKENS, protocol: 'anthropic_messages', status: 200, streamed: 1, estimated: 0, cost_nano_usd: costOf(TOKENS),
      });
    }
    const final = await client.messages.stream(request('mock-plain')).finalMessage();
    assert.equal(final.content[0].text, TEXT);
    assert.equal(final.usage.output_tokens, 340);
  });

  test('tools work unary, streamed and round trip', async () => {
    const unary = await client.messages.create(request('mock-plain', { tools: TOOLS }));
    assert.equal(unary.stop_reason, 'tool_use');
    assert.deepEqual(unary.content[0].input, JSON.parse(ARGUMENTS));
    const streamed = await client.messages.stream(request('mock-plain', { tools: TOOLS })).finalMessage();
    assert.deepEqual(streamed.content[0].input, JSON.parse(ARGUMENTS));
    const second = await client.messages.create(request('mock-plain', {
      tools: TOOLS,
      messages: [...MESSAGES, { role: 'assistant', content: unary.content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_mock0001', content: 'sunny' }] }],
    }));
    assert.equal(second.content[0].text, TEXT);
  });

  test('request and response are byte for byte, but for the model', async () => {
    const body = `{"max_tokens":1e2,  "thinking" : {"type":"disabled"},"model":"${selector('mock-plain')}","messages":[{"role":"user","content":[{"type":"text","text":"\\u00fc",`
      + '"cache_control":{"type":"ephemeral"}}]},{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"EqQB+/=="}]},{"role":"user","content":"go"} ] , "x":1.0}';
    const answer = await e2e.answer(WIRE.path, body, { token, headers: WIRE.headers });
    assert.equal(answer.status, 200, answer.text);
    const record = e2e.upstream.last('mock-plain');
    assert.equal(record.body.toString(), body.replace(selector('mock-plain'), 'mock-plain'));
    assert.equal(answer.text, record.sent.join(''));
    for (const model of ['mock-plain', 'mock-split', 'mock-crlf']) {
      const stream = await e2e.answer(WIRE.path, request(model, { stream: true }), { token, headers: WIRE.headers });
      assert.equal(stream.text, e2e.upstream.last(model).sent.join(''), model);
    }
  });
});

describe('headers', () => {
  test('the token comes as Bearer or as x-api-key, and the upstream gets its own key either way', async () => {
    for (const headers of [{ authorization: `Bearer ${token}` }, { 'x-api-key': token }]) {
      const answer = await e2e.answer(WIRE.path, request('mock-plain'), { headers: { ...WIRE.headers, ...headers } });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(e2e.upstream.last('mock-plain').headers['x-api-key'], provider.key);
    }
  });

  test("anthropic-version is the client's, else the provider's, else 2023-06-01", async () => {
    await client.messages.create(request('mock-plain'));
    assert.equal(e2e.upstream.last('mock-plain').headers['anthropic-version'], '2026-10-21', "the SDK's own");
    await e2e.answer(WIRE.path, request('mock-plain'), { token, headers: { 'anthropic-version': '2023-06-01' } });
    assert.equal(e2e.upstream.last('mock-plain').headers['anthropic-version'], '2023-06-01');
    await e2e.answer(WIRE.path, request('mock-plain'), { token });
    assert.equal(e2e.upstream.last('mock-plain').headers['anthropic-version'], '2023-06-01', 'the default');

    const pinned = await e2e.anthropicProvider({ advanced_json: { anthropic_version: '2026-10-21' } });
    await e2e.models(pinned, ['mock-pinned']);
    const body = { model: `${pinned.name}^mock-pinned`, max_tokens: 5, messages: MESSAGES };
    await e2e.answer(WIRE.path, body, { token });
    assert.equal(e2e.upstream.last('mock-pinned').headers['anthropic-version'], '2026-10-21', "the provider's");
    await e2e.answer(WIRE.path, body, { token, headers: { 'anthropic-version': '2023-06-01' } });
    assert.equal(e2e.upstream.last('mock-pinned').headers['anthropic-version'], '2023-06-01', 'the client wins');
  });

  test('anthropic-beta is forwarded', async () => {
    await e2e.answer(WIRE.path, request('mock-plain'), { token, headers: { ...WIRE.headers, 'anthropic-beta': 'context-1m-2025-08-07' } });
    assert.equal(e2e.upstream.last('mock-plain').headers['anthropic-beta'], 'context-1m-2025-08-07');
  });

  test("the client's cookies, network headers and other vendors' headers are not", async () => {
    const answer = await e2e.answer(WIRE.path, request('mock-plain'), {
      token, headers: { ...WIRE.headers, cookie: 'a=b', 'x-forwarded-for': '10.1.1.1', 'openai-organization': 'org', 'openai-beta': 'x', 'api-key': 'client', 'cf-ray': 'r' },
    });
    assert.equal(answer.status, 200, answer.text);
  });

  test('a base URL may end in nothing, the version, or the full path', async () => {
    for (const path of ['', '/', '/v1', '/v1/', '/v1/messages']) {
      const at = await e2e.anthropicProvider({}, { path });
      await e2e.models(at, ['mock-joined']);
      await client.messages.create({ model: `${at.name}^mock-joined`, max_tokens: 5, messages: MESSAGES });
      const record = e2e.upstream.last('mock-joined');
      assert.deepEqual([record.site, record.path], [at.name, '/v1/messages'], `base URL ending in "${path}"`);
    }
  });
});

test('models.list and models.retrieve answer in Anthropic\'s shape', async () => {
  const page = await client.models.list();
  assert.equal(typeof page.has_more, 'boolean');
  const found = page.data.find((model) => model.id === selector('mock-plain'));
  assert.ok(found, JSON.stringify(page.data.map((model) => model.id)));
  assert.equal(found.type, 'model');
  assert.equal(typeof found.display_name, 'string');
  assert.ok(!Number.isNaN(Date.parse(found.created_at)));

  const raw = await e2e.answer('/v1/models', undefined, { method: 'GET', token, headers: WIRE.headers });
  assert.deepEqual(Object.keys(raw.body).sort(), ['data', 'first_id', 'has_more', 'last_id']);
  assert.equal(raw.body.first_id, raw.body.data[0].id);
  assert.equal(raw.body.last_id, raw.body.data.at(-1).id);
  const openaiShape = await e2e.answer('/v1/models', undefined, { method: 'GET', token });
  assert.equal(openaiShape.body.object, 'list');

  assert.equal((await client.models.retrieve(selector('mock-plain'))).id, selector('mock-plain'));
  await assert.rejects(client.models.retrieve('no-such-model'), (error) => error instanceof Anthropic.NotFoundError && error.type === 'not_found_error');
});

describe('streams', () => {
  test('each event reaches the client before the upstream has made the next', async () => {
    const pending = e2e.call(WIRE.path, request('mock-trickle', { stream: true }), { token, headers: WIRE.headers });
    const flow = await e2e.upstream.nextFlow();
    let sent = flow.send();
    const response = await pending;
    const reader = new StreamReader(response);
    await reader.until(sent);
    while (flow.sent < flow.events.length) {
      sent += flow.send();
      await reader.until(sent);
    }
    flow.finish();
    assert.equal((await reader.rest()).text, flow.events.join(''));
    count(await e2e.usage(response.headers.get('x-request-id')), { ...TOKENS, streamed: 1, estimated: 0 });
  });

  test('a client that cancels a stream aborts the upstream call, and a row is left with what the upstream had reported', async () => {
    const pending = client.messages.create(request('mock-trickle', { stream: true })).withResponse();
    const flow = await e2e.upstream.nextFlow();
    for (let sent = 0; sent < 5; sent += 1) flow.send();
    const { data: stream, response } = await pending;
    for await (const event of stream) if (event.type === 'content_block_delta') stream.controller.abort();
    assert.equal((await flow.record.closed()).aborted, true, 'the mock sees its connection aborted');
    const row = await e2e.usage(response.headers.get('x-request-id'));
    count(row, {
      streamed: 1, protocol: 'anthropic_messages', input_tokens: TOKENS.input_tokens, cache_read_tokens: TOKENS.cache_read_tokens, cache_write_tokens: TOKENS.cache_write_tokens,
    });
    assert.ok(row.output_tokens >= 1 && row.output_tokens < TOKENS.output_tokens);
    assert.ok(row.cost_nano_usd > 0);
  });

  test('a client that gives up waiting aborts the upstream call, and a row is left', async () => {
    const abort = new AbortController();
    const before = e2e.upstream.records.length;
    const pending = client.messages.create(request('mock-hang'), { signal: abort.signal });
    const record = await e2e.upstream.arrival('mock-hang', before);
    abort.abort();
    await assert.rejects(pending, (error) => error instanceof Anthropic.APIUserAbortError);
    assert.equal((await record.closed()).aborted, true);
    await e2e.eventually('the row of the abandoned call', () => e2e.worker.rows('SELECT 1 FROM usage WHERE model_id = ?', models['mock-hang'].id).length === 1);
  });
});

describe('errors', () => {
  test("an upstream's 429 is the SDK's RateLimitError, with its words and its retry-after", async () => {
    for (const extra of [{}, { stream: true }]) {
      const error = await client.messages.create(request('mock-429', extra)).then(() => assert.fail('it answered'), (caught) => caught);
      assert.ok(error instanceof Anthropic.RateLimitError, String(error));
      assert.equal(error.type, 'rate_limit_error');
      assert.match(error.message, /You exceeded the mock quota\./);
      assert.equal(error.headers.get('retry-after'), '7');
      count(await e2e.usage(error.headers.get('x-request-id')), { status: 429, cost_nano_usd: 0, protocol: 'anthropic_messages' });
    }
  });

  test("an upstream's 400 reaches the client with the upstream's own words", async () => {
    const answer = await e2e.answer(WIRE.path, request('mock-error-400'), { token, headers: WIRE.headers });
    assert.match(assertAnthropicError(answer, 400, 'invalid_request_error').message, /The mock does not like field temperature\./);
  });

  test("a model that is not there, a bad token and a bad body are errors in Anthropic's shape", async () => {
    const missing = await client.messages.create(request('nothing')).then(() => assert.fail('it answered'), (caught) => caught);
    assert.ok(missing instanceof Anthropic.NotFoundError);
    assert.equal(missing.type, 'not_found_error');
    const stranger = await e2e.answer(WIRE.path, request('mock-plain'), { token: `slu_${'x'.repeat(44)}`, headers: WIRE.headers });
    assertAnthropicError(stranger, 401, 'authentication_error');
    const broken = await e2e.answer(WIRE.path, '{"model": ', { token, headers: WIRE.headers });
    assertAnthropicError(broken, 400, 'invalid_request_error');
  });
});

closingChecks(e2e);
