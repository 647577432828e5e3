// The official OpenAI SDK, and raw HTTP where bytes matter, through the Worker to an upstream of the same protocol.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import OpenAI from 'openai';
import { StreamReader, costOf, read, sseEvents } from './client.mjs';
import { CLIENTS, assertOpenAiError, closingChecks, suite } from './suite.mjs';
import { auth } from './upstream/rules.mjs';
import { ARGUMENTS, TEXT, USAGE } from './upstream/wire.mjs';

const e2e = suite();
const MESSAGES = [{ role: 'user', content: 'Say good morning.' }];
const PARAMETERS = { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city'] };
const CHAT_TOOL = { type: 'function', function: { name: 'weather', parameters: PARAMETERS } };
const RESPONSES_TOOL = { type: 'function', name: 'weather', parameters: PARAMETERS, strict: false };

let provider;
let models;
let token;
let client;
const selector = (model) => `${provider.name}^${model}`;

e2e.before(async () => {
  provider = await e2e.provider();
  models = await e2e.models(provider, [
    'mock-plain', 'mock-split', 'mock-crlf', 'mock-trickle', 'mock-hang', 'mock-429', 'mock-error-400', 'mock-error-500',
  ]);
  ({ token } = await e2e.mint());
  client = e2e.openai(token);
});

const count = (row, expected) => assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, row[key]])), expected);

describe('chat completions', () => {
  test('a unary call answers what the upstream said, and leaves a row with tokens and cost', async () => {
    const { data, response } = await client.chat.completions.create({ model: selector('mock-plain'), messages: MESSAGES }).withResponse();
    assert.equal(data.choices[0].message.content, TEXT);
    assert.equal(data.usage.total_tokens, 1540);
    assert.equal(response.headers.get('x-sluice-provider'), provider.name);
    assert.ok(response.headers.get('x-sluice-model').includes('mock-plain'));
    assert.equal(response.headers.get('x-sluice-attempts'), '1');
    assert.equal(response.headers.get('x-ratelimit-remaining-requests'), '41', "the upstream's rate-limit headers reach the client");

    const row = await e2e.usage(response.headers.get('x-request-id'));
    const tokens = USAGE.recorded.chat_completions;
    count(row, {
      ...tokens, provider_id: provider.id, model_id: models['mock-plain'].id, protocol: 'chat_completions', status: 200, attempts: 1,
      streamed: 0, estimated: 0, error_code: null, cost_nano_usd: costOf(tokens), billed_nano_usd: costOf(tokens),
    });
    assert.match(row.project_id, /^prj_/);
    assert.match(row.token_id, /^tok_/);
    assert.ok(row.latency_ms >= 0 && row.first_byte_ms >= 0);
  });

  test('a streamed call yields the same text, ends as OpenAI ends, and its row equals that of its unary twin', async () => {
    for (const model of ['mock-plain', 'mock-split', 'mock-crlf']) {
      const { data: stream, response } = await client.chat.completions
        .create({ model: selector(model), messages: MESSAGES, stream: true, stream_options: { include_usage: true } })
        .withResponse();
      assert.match(response.headers.get('content-type'), /^text\/event-stream/);
      let text = '';
      let usage = null;
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        usage = chunk.usage ?? usage;
      }
      assert.equal(text, TEXT, model);
      assert.equal(usage?.total_tokens, 1540, model);
      const row = await e2e.usage(response.headers.get('x-request-id'));
      count(row, { ...USAGE.recorded.chat_completions, streamed: 1, estimated: 0, status: 200, error_code: null, cost_nano_usd: costOf(USAGE.recorded.chat_completions) });
    }
  });

  test('a client that did not ask for usage gets no usage chunk, and the row has the tokens all the same', async () => {
    const response = await e2e.call('/v1/chat/completions', { model: selector('mock-plain'), messages: MESSAGES, stream: true }, { token });
    assert.equal(response.status, 200);
    const { text } = await read(response);
    const events = sseEvents(text);
    assert.equal(events.at(-1).data, '[DONE]');
    const chunks = events.slice(0, -1).map(({ data }) => JSON.parse(data));
    assert.ok(chunks.every((chunk) => chunk.choices.length === 1 && !chunk.usage), text);
    assert.equal(chunks.map((chunk) => chunk.choices[0].delta.content ?? '').join(''), TEXT);
    assert.equal(e2e.upstream.last('mock-plain').json.stream_options.include_usage, true);
    count(await e2e.usage(response.headers.get('x-request-id')), { ...USAGE.recorded.chat_completions, streamed: 1, estimated: 0 });
  });

  test('a client that asked for no usage in so many words gets none either', async () => {
    const request = { model: selector('mock-plain'), messages: MESSAGES, stream: true, stream_options: { include_usage: false, include_obfuscation: false } };
    const response = await e2e.call('/v1/chat/completions', request, { token });
    const { text } = await read(response);
    assert.ok(sseEvents(text).slice(0, -1).every(({ data }) => !JSON.parse(data).usage), text);
    assert.equal(e2e.upstream.last('mock-plain').json.stream_options.include_obfuscation, false);
    count(await e2e.usage(response.headers.get('x-request-id')), USAGE.recorded.chat_completions);
  });

  test('tools work unary, streamed and round trip', async () => {
    const request = { model: selector('mock-plain'), messages: MESSAGES, tools: [CHAT_TOOL] };
    const unary = await client.chat.completions.create(request);
    assert.equal(unary.choices[0].finish_reason, 'tool_calls');
    assert.equal(unary.choices[0].message.tool_calls[0].function.arguments, ARGUMENTS);

    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    const [call] = streamed.choices[0].message.tool_calls;
    assert.deepEqual([call.id, call.function.name, call.function.arguments], ['call_mock0001', 'weather', ARGUMENTS]);

    const { message } = unary.choices[0];
    const second = await client.chat.completions.create({ ...request, messages: [...MESSAGES, message, { role: 'tool', tool_call_id: 'call_mock0001', content: 'sunny' }] });
    assert.equal(second.choices[0].message.content, TEXT);
    assert.deepEqual(e2e.upstream.last('mock-plain').json.messages[1], message, 'what was emitted goes back unchanged');
  });
});

describe('responses', () => {
  test('a unary call answers what the upstream said, and leaves a row with tokens and cost', async () => {
    const { data, response } = await client.responses.create({ model: selector('mock-plain'), input: 'Say good morning.' }).withResponse();
    assert.equal(data.output_text, TEXT);
    const tokens = USAGE.recorded.responses;
    count(await e2e.usage(response.headers.get('x-request-id')), {
      ...tokens, protocol: 'responses', status: 200, streamed: 0, estimated: 0, cost_nano_usd: costOf(tokens), billed_nano_usd: costOf(tokens),
    });
  });

  test('a streamed call has every official event in order, and its row equals that of its unary twin', async () => {
    for (const model of ['mock-plain', 'mock-split', 'mock-crlf']) {
      const { data: stream, response } = await client.responses.create({ model: selector(model), input: 'hello', stream: true }).withResponse();
      const events = [];
      for await (const event of stream) events.push(event);
      assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, index) => index));
      assert.equal(events[0].type, 'response.created');
      assert.equal(events.at(-1).type, 'response.completed');
      assert.equal(events.filter((event) => event.type === 'response.output_text.delta').map((event) => event.delta).join(''), TEXT);
      count(await e2e.usage(response.headers.get('x-request-id')), {
        ...USAGE.recorded.responses, protocol: 'responses', streamed: 1, estimated: 0, status: 200, cost_nano_usd: costOf(USAGE.recorded.responses),
      });
    }
  });

  test('tools work unary and streamed', async () => {
    const request = { model: selector('mock-plain'), input: 'weather?', tools: [RESPONSES_TOOL] };
    const unary = await client.responses.create(request);
    assert.equal(unary.output[0].arguments, ARGUMENTS);
    const streamed = await client.responses.stream(request).finalResponse();
    assert.deepEqual([streamed.output[0].call_id, streamed.output[0].arguments], ['call_mock0001', ARGUMENTS]);
  });
});

describe('models', () => {
  test('models.list and models.retrieve know the selectors and public names that the token may call', async () => {
    const named = await e2e.admin.must('POST', `/api/v1/providers/${provider.id}/models`, { model: 'mock-named', name: e2e.name('public') });
    const ids = [];
    for await (const model of client.models.list()) {
      assert.equal(model.object, 'model');
      assert.equal(typeof model.created, 'number');
      assert.equal(typeof model.owned_by, 'string');
      ids.push(model.id);
    }
    assert.ok(ids.includes(selector('mock-plain')), `${ids}`);
    assert.ok(ids.includes(named.name), `${ids}`);
    assert.equal((await client.models.retrieve(selector('mock-plain'))).id, selector('mock-plain'));
    await assert.rejects(client.models.retrieve('no-such-model'), (error) => error instanceof OpenAI.NotFoundError);

    const narrow = e2e.openai((await e2e.mint({ allowed_models: [selector('mock-pl*')] })).token);
    const page = await narrow.models.list();
    assert.deepEqual(page.data.map((model) => model.id), [selector('mock-plain')]);
  });

  test('a model is found by selector in any case, by public name, by upstream name, and by its provider alone', async () => {
    const other = await e2e.provider();
    const [model, publicName] = [e2e.name('org/special:free'), e2e.name('nice')];
    const made = await e2e.admin.must('POST', `/api/v1/providers/${other.id}/models`, { model, name: publicName });
    assert.equal(made.is_default, true, "a provider's first model is its default");
    assert.equal(made.selector, `${other.name}^${model}`);
    for (const spelling of [`${other.name}^${model}`, `${other.name.toUpperCase()}^${model.toUpperCase()}`, publicName, model, other.name]) {
      await client.chat.completions.create({ model: spelling, messages: MESSAGES });
      const record = e2e.upstream.last(model);
      assert.equal(record.site, other.name, spelling);
    }
    assert.equal(e2e.upstream.requestsFor(model).length, 5);
  });
});

describe('bytes', () => {
  test('the request reaches the upstream byte for byte, but for the model', async () => {
    for (const spelt of [selector('mock-plain'), `${provider.name}\\u005emock-plain`]) {
      const body = `\n{ "temperature" : 1.0,"seed":1E0 , "x_unknown":{"b":2,"a":[1.50,-0, 1e-7]},"model" :\t"${spelt}" ,\r\n`
        + '"metadata":{"model":"stays"}, "messages":[ {"role":"user","content":"h\\u00e9llo \\/ \\"model\\": \u2028 \u{1F30A}", "model":"stays too"} ]\t}\n';
      const answer = await e2e.answer('/v1/chat/completions', body, { token });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(e2e.upstream.last('mock-plain').body.toString(), body.replace(`"${spelt}"`, '"mock-plain"'));
    }
  });

  test('the response reaches the client byte for byte', async () => {
    for (const [protocol, wire] of Object.entries(CLIENTS).slice(0, 2)) {
      const answer = await e2e.answer(wire.path, wire.request(selector('mock-plain')), { token });
      assert.equal(answer.text, e2e.upstream.last('mock-plain').sent.join(''), protocol);
      assert.match(answer.headers.get('content-type'), /^application\/json/);
      for (const model of ['mock-plain', 'mock-split', 'mock-crlf']) {
        const extra = protocol === 'chat_completions' ? { stream: true, stream_options: { include_usage: true } } : { stream: true };
        const stream = await e2e.answer(wire.path, wire.request(selector(model), extra), { token });
        assert.equal(stream.text, e2e.upstream.last(model).sent.join(''), `${protocol} ${model}`);
      }
    }
  });

  test('defaults from advanced_json fill in what the client left out, the model wins over the provider, and null removes', async () => {
    const tuned = await e2e.provider({ advanced_json: { temperature: 0.25, seed: 7, extra_headers: { 'x-tenant': 'acme' }, metadata: { from: 'provider', a: 1 } } });
    await e2e.models(tuned, ['mock-tuned'], { advanced_json: { seed: null, metadata: { from: 'model' } } });
    const ask = async (extra) => {
      await client.chat.completions.create({ model: `${tuned.name}^mock-tuned`, messages: MESSAGES, ...extra });
      return e2e.upstream.last('mock-tuned');
    };
    const plain = await ask({});
    assert.deepEqual(plain.json, { model: 'mock-tuned', messages: MESSAGES, temperature: 0.25, metadata: { from: 'model' } });
    assert.equal(plain.headers['x-tenant'], 'acme');
    assert.equal((await ask({ temperature: 1 })).json.temperature, 1, "the client's own value wins");
  });

  test('a base URL may end in nothing, the version, or the full path', async () => {
    for (const path of ['', '/', '/v1', '/v1/', '/v1/chat/completions']) {
      const at = await e2e.provider({}, { path });
      await e2e.models(at, ['mock-joined']);
      await client.chat.completions.create({ model: `${at.name}^mock-joined`, messages: MESSAGES });
      assert.equal(e2e.upstream.last('mock-joined').path, '/v1/chat/completions', `base URL ending in "${path}"`);
      assert.equal(e2e.upstream.last('mock-joined').site, at.name);
    }
  });

  test("OpenAI's own headers pass, the client's credentials and network headers do not", async () => {
    const answer = await e2e.answer('/v1/chat/completions', { model: selector('mock-plain'), messages: MESSAGES }, {
      token,
      headers: {
        'openai-organization': 'org-e2e', 'openai-beta': 'assistants=v2', 'x-custom-trace': 'abc', cookie: 'session=1', 'x-forwarded-for': '10.0.0.1',
        'x-real-ip': '10.0.0.1', 'cf-connecting-ip': '10.0.0.1', 'cf-ray': '1', 'x-sluice-debug': '1', 'api-key': 'client-own', 'x-goog-api-key': 'client-own',
        'anthropic-version': '2023-06-01', 'anthropic-beta': 'x-2025-01-01',
      },
    });
    assert.equal(answer.status, 200, answer.text);
    const { headers } = e2e.upstream.last('mock-plain');
    assert.equal(headers['openai-organization'], 'org-e2e');
    assert.equal(headers['openai-beta'], 'assistants=v2');
    assert.equal(headers['x-custom-trace'], 'abc');
  });
});

describe('streams', () => {
  test('each chunk reaches the client before the upstream has made the next', async () => {
    for (const protocol of ['chat_completions', 'responses']) {
      const wire = CLIENTS[protocol];
      const extra = protocol === 'chat_completions' ? { stream: true, stream_options: { include_usage: true } } : { stream: true };
      const pending = e2e.call(wire.path, wire.request(selector('mock-trickle'), extra), { token });
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
      const { text, error } = await reader.rest();
      assert.equal(error, null);
      assert.equal(text, flow.events.join(''), protocol);
      count(await e2e.usage(response.headers.get('x-request-id')), USAGE.recorded[protocol]);
    }
  });

  test('two streams of one Worker run side by side, each at its own pace', async () => {
    const open = async () => {
      const pending = e2e.call('/v1/chat/completions', { model: selector('mock-trickle'), messages: MESSAGES, stream: true, stream_options: { include_usage: true } }, { token });
      const flow = await e2e.upstream.nextFlow();
      const first = flow.send();
      const reader = new StreamReader(await pending);
      await reader.until(first);
      return { flow, reader };
    };
    const [slow, fast] = [await open(), await open()];
    fast.flow.finish();
    assert.equal((await fast.reader.rest()).text, fast.flow.events.join(''));
    slow.flow.finish();
    assert.equal((await slow.reader.rest()).text, slow.flow.events.join(''));
  });

  test('a client that cancels a stream aborts the upstream call, and a row is left', async () => {
    for (const protocol of ['chat_completions', 'responses']) {
      const pending = protocol === 'responses'
        ? client.responses.create({ model: selector('mock-trickle'), input: 'hi', stream: true }).withResponse()
        : client.chat.completions.create({ model: selector('mock-trickle'), messages: MESSAGES, stream: true }).withResponse();
      const flow = await e2e.upstream.nextFlow();
      for (let sent = 0; sent < 5; sent += 1) flow.send();
      const { data: stream, response } = await pending;
      let received = 0;
      for await (const _ of stream) {
        received += 1;
        if (received === 3) stream.controller.abort();
      }
      const record = await flow.record.closed();
      assert.equal(record.aborted, true, 'the mock sees its connection aborted');
      const row = await e2e.usage(response.headers.get('x-request-id'));
      count(row, { streamed: 1, estimated: 1, protocol, model_id: models['mock-trickle'].id });
      assert.ok(row.input_tokens + row.output_tokens > 0, 'what was relayed is estimated');
      assert.ok(row.cost_nano_usd > 0);
    }
  });

  test('a client that gives up waiting aborts the upstream call, and a row is left', async () => {
    const abort = new AbortController();
    const before = e2e.upstream.records.length;
    const pending = client.chat.completions.create({ model: selector('mock-hang'), messages: MESSAGES }, { signal: abort.signal });
    const record = await e2e.upstream.arrival('mock-hang', before);
    abort.abort();
    await assert.rejects(pending, (error) => error instanceof OpenAI.APIUserAbortError);
    await record.closed();
    assert.equal(record.aborted, true);
    const rows = await e2e.eventually('the row of the abandoned call', () => {
      const found = e2e.worker.rows('SELECT * FROM usage WHERE model_id = ?', models['mock-hang'].id);
      return found.length > 0 ? found : null;
    });
    assert.equal(rows.length, 1);
    assert.notEqual(rows[0].status, 200);
  });
});

describe('errors', () => {
  test("an upstream's 429 is the SDK's RateLimitError, with its words and its retry-after", async () => {
    for (const ask of [
      () => client.chat.completions.create({ model: selector('mock-429'), messages: MESSAGES }),
      () => client.chat.completions.create({ model: selector('mock-429'), messages: MESSAGES, stream: true }),
      () => client.responses.create({ model: selector('mock-429'), input: 'hi' }),
    ]) {
      const error = await ask().then(() => assert.fail('it answered'), (caught) => caught);
      assert.ok(error instanceof OpenAI.RateLimitError, String(error));
      assert.match(error.message, /You exceeded the mock quota\./);
      assert.equal(error.code, 'rate_limit_exceeded');
      assert.equal(error.headers.get('retry-after'), '7');
      const row = await e2e.usage(error.headers.get('x-request-id'));
      count(row, { status: 429, input_tokens: 0, output_tokens: 0, cost_nano_usd: 0, attempts: 1 });
      assert.notEqual(row.error_code, null);
    }
  });

  test("an upstream's 400 and 500 reach the client with their status and the upstream's own words", async () => {
    const bad = await e2e.answer('/v1/chat/completions', { model: selector('mock-error-400'), messages: MESSAGES }, { token });
    const refused = assertOpenAiError(bad, 400);
    assert.match(refused.message, /The mock does not like field temperature\./);
    assert.equal(refused.param, 'temperature');
    assert.equal(refused.code, 'unsupported_value');
    const fallen = await e2e.answer('/v1/responses', { model: selector('mock-error-500'), input: 'hi' }, { token });
    assert.match(assertOpenAiError(fallen, 500).message, /The mock fell over\./);
    count(await e2e.usage(fallen.headers.get('x-request-id')), { status: 500, protocol: 'responses' });
  });

  test('a model that is not there is a 404 in OpenAI\'s shape', async () => {
    const error = await client.chat.completions.create({ model: selector('nothing'), messages: MESSAGES }).then(() => assert.fail('it answered'), (caught) => caught);
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.match(error.code, /^model[._]not_found$/);
    assert.match(error.message, /nothing/);
  });
});

test('billed cost is the cost times the multiplier, and an unknown price costs nothing', async () => {
  const priced = await e2e.provider();
  await e2e.models(priced, ['mock-double'], { multiplier: 2.5 });
  await e2e.models(priced, ['mock-free'], { cost_per_1k_input: null, cost_per_1k_output: null, cost_per_1k_cache_read: null, cost_per_1k_cache_write: null });
  const ask = async (model) => {
    const { response } = await client.chat.completions.create({ model: `${priced.name}^${model}`, messages: MESSAGES }).withResponse();
    return e2e.usage(response.headers.get('x-request-id'));
  };
  const cost = costOf(USAGE.recorded.chat_completions);
  count(await ask('mock-double'), { cost_nano_usd: cost, billed_nano_usd: cost * 2.5 });
  const free = await ask('mock-free');
  assert.ok(!free.cost_nano_usd, 'zero or null');
  count(free, USAGE.recorded.chat_completions);
});

test('a token may also come in x-api-key', async () => {
  const answer = await e2e.answer('/v1/chat/completions', { model: selector('mock-plain'), messages: MESSAGES }, { headers: { 'x-api-key': token } });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(e2e.upstream.last('mock-plain').headers.authorization, auth.bearer(provider.key).headers.authorization);
});

closingChecks(e2e);
