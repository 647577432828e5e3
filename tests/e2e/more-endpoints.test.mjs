// Beside the three ways to generate: embeddings, token counting, and the raw pass-through for everything else.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { StreamReader } from './client.mjs';
import { assertAnthropicError, assertOpenAiError, closingChecks, suite } from './suite.mjs';
import { auth } from './upstream/rules.mjs';

const e2e = suite({ CONFIG_TTL_MS: '0' });
const JSON_TYPE = { 'content-type': 'application/json' };
let openai;
let claude;
let token;

e2e.before(async () => {
  openai = await e2e.provider({ advanced_json: { temperature: 0.5, dimensions: 3 } });
  await e2e.models(openai, ['mock-embedder', 'mock-plain', 'mock-countless']);
  claude = await e2e.anthropicProvider();
  await e2e.models(claude, ['mock-claude']);
  ({ token } = await e2e.mint());
  e2e.upstream.endpoint('/v1/embeddings', ({ record, response }) => {
    const vector = Buffer.from(new Float32Array([0.5, -0.25, 1]).buffer).toString('base64');
    const embedding = record.json.encoding_format === 'base64' ? vector : [0.5, -0.25, 1];
    response.writeHead(200, JSON_TYPE).end(JSON.stringify({
      object: 'list', model: record.json.model, data: [{ object: 'embedding', index: 0, embedding }], usage: { prompt_tokens: 8, total_tokens: 8 },
    }));
  });
  e2e.upstream.endpoint('/v1/messages/count_tokens', ({ response }) => response.writeHead(200, JSON_TYPE).end('{"input_tokens": 2095}'));
});

const raw = (provider, rest, options = {}) => e2e.call(`/v1/proxy/${encodeURIComponent(provider.name)}/${rest}`, options.body, { token, ...options });
const bytes = async (response) => Buffer.from(await response.arrayBuffer());

describe('embeddings', () => {
  test("the SDK gets its vector, the upstream no default that is not an embedding's, and the row its tokens", async () => {
    const call = e2e.openai(token).embeddings.create({ model: `${openai.name}^mock-embedder`, input: 'good morning' });
    const { data, response } = await call.withResponse();
    assert.deepEqual(Array.from(data.data[0].embedding), [0.5, -0.25, 1]);
    const sent = e2e.upstream.last('mock-embedder').json;
    assert.equal(sent.dimensions, 3);
    assert.ok(!('temperature' in sent), 'a default for generating text would be refused');
    const row = await e2e.usage(response.headers.get('x-request-id'));
    assert.deepEqual([row.protocol, row.input_tokens, row.output_tokens, row.status], ['embeddings', 8, 0, 200]);
    assert.equal(row.cost_nano_usd > 0, true);
  });

  test('a provider that has none is a 400 that says what it speaks', async () => {
    const answer = await e2e.answer('/v1/embeddings', { model: `${claude.name}^mock-claude`, input: 'x' }, { token });
    assert.match(assertOpenAiError(answer, 400).message, /anthropic_messages/);
  });
});

describe('counting tokens', () => {
  const request = (model) => ({ model, system: 'Be brief.', messages: [{ role: 'user', content: 'word '.repeat(400) }] });

  test("the upstream's own count where it has one", async () => {
    const counted = await e2e.anthropic(token).messages.countTokens(request(`${claude.name}^mock-claude`));
    assert.equal(counted.input_tokens, 2095);
    assert.deepEqual(e2e.upstream.last('mock-claude').json, request('mock-claude'));
  });

  test('an estimate, marked as one, where the upstream cannot count, and no upstream call', async () => {
    const chat = await e2e.provider({ provider: 'custom', protocol: 'chat_completions' });
    await e2e.models(chat, ['mock-plain']);
    const before = e2e.upstream.records.length;
    const answer = await e2e.answer('/v1/messages/count_tokens', request(`${chat.name}^mock-plain`), { token });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get('x-sluice-estimated'), 'true');
    assert.ok(answer.body.input_tokens > 450 && answer.body.input_tokens < 600, answer.text);
    assert.equal(e2e.upstream.records.length, before);
    assert.equal((await e2e.usage(answer.headers.get('x-request-id'))).attempts, 0);
  });

  test("another protocol's count where the upstream has that, and an estimate where it turns out not to", async () => {
    const counted = await e2e.answer('/v1/messages/count_tokens', request(`${openai.name}^mock-plain`), { token });
    assert.deepEqual([counted.status, counted.body, counted.headers.get('x-sluice-estimated')], [200, { input_tokens: 42 }, null]);
    const { json } = e2e.upstream.last('mock-plain');
    assert.equal(json.instructions, 'Be brief.');
    assert.ok(!('max_output_tokens' in json) && !('stream' in json), 'only what is counted is sent');
    e2e.upstream.script('mock-countless', ({ response }) => response.writeHead(404).end());
    const estimated = await e2e.answer('/v1/messages/count_tokens', request(`${openai.name}^mock-countless`), { token });
    assert.equal(estimated.headers.get('x-sluice-estimated'), 'true');
    assert.ok(estimated.body.input_tokens > 450 && estimated.body.input_tokens < 600, estimated.text);
  });

  test('a model that is not there is a 404 all the same', async () => {
    assertAnthropicError(await e2e.answer('/v1/messages/count_tokens', request('nothing'), { token }), 404, 'not_found_error');
  });
});

describe('raw pass-through', () => {
  test('any bytes go up and come down as they are, with the credential in place of the client\'s', async () => {
    const body = randomBytes(300_000);
    e2e.upstream.endpoint('/v1/audio/transcriptions', ({ record, response }) =>
      response.writeHead(201, { 'content-type': 'audio/mpeg', 'set-cookie': 'a=b', 'x-ratelimit-remaining-requests': '9' }).end(record.body));
    const headers = { 'content-type': 'multipart/form-data; boundary=xyz', cookie: 'session=1', 'openai-beta': 'v2' };
    const response = await raw(openai, 'audio/transcriptions?language=en&x=%20', { body, headers });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get('content-type'), 'audio/mpeg');
    assert.equal(response.headers.get('set-cookie'), null);
    assert.equal(response.headers.get('x-ratelimit-remaining-requests'), '9');
    assert.equal(response.headers.get('content-security-policy'), 'sandbox');
    assert.equal(response.headers.get('x-sluice-provider'), openai.name);
    assert.ok((await bytes(response)).equals(body), 'every byte, both ways');
    const record = e2e.upstream.records.at(-1);
    assert.equal(record.url.split('?')[1], 'language=en&x=%20');
    assert.equal(record.headers['content-type'], headers['content-type']);
    assert.equal(record.headers['openai-beta'], 'v2');
    assert.equal(record.headers.authorization, `Bearer ${openai.key}`);
    const row = await e2e.usage(response.headers.get('x-request-id'));
    assert.deepEqual([row.protocol, row.provider_name, row.status, row.input_tokens, row.model_id], ['proxy', openai.name, 201, 0, null]);
  });

  test('any method, with and without a body', async () => {
    e2e.upstream.endpoint('/v1/files/file-1', ({ record, response }) =>
      response.writeHead(record.method === 'DELETE' ? 204 : 200, JSON_TYPE).end(record.method === 'DELETE' ? undefined : `{"method":"${record.method}"}`));
    for (const method of ['GET', 'PUT', 'PATCH']) {
      const response = await raw(openai, 'files/file-1', { method, body: method === 'GET' ? undefined : '{"a":1}' });
      assert.deepEqual(await response.json(), { method });
    }
    const deleted = await raw(openai, 'files/file-1', { method: 'DELETE' });
    assert.deepEqual([deleted.status, await deleted.text()], [204, '']);
    const head = await raw(openai, 'files/file-1', { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [200, '']);
  });

  test('a stream comes through as it is produced', async () => {
    let release;
    const released = new Promise((resolve) => { release = resolve; });
    e2e.upstream.endpoint('/v1/images/generations', async ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: one\n\n');
      await released;
      response.end('data: two\n\n');
    });
    const response = await raw(openai, 'images/generations', { body: '{"stream":true}' });
    const reader = new StreamReader(response);
    assert.match(await reader.until('one'), /data: one/);
    release();
    assert.match(await reader.until('two'), /data: two/);
  });

  test('a redirect is the client\'s to follow, and the credential stays', async () => {
    const leaks = e2e.upstream.redirected.length;
    e2e.upstream.endpoint('/v1/files/file-1/content', ({ upstream, response }) =>
      response.writeHead(302, { location: `${upstream.elsewhere}/signed` }).end());
    const response = await e2e.fetch(`${e2e.base()}/v1/proxy/${openai.name}/files/file-1/content`, { redirect: 'manual', headers: { authorization: `Bearer ${token}` } });
    assert.deepEqual([response.status, response.headers.get('location')], [302, `${e2e.upstream.elsewhere}/signed`]);
    assert.equal(e2e.upstream.redirected.length, leaks);
  });

  test("an upstream's error comes as it is, without the key that it repeats", async () => {
    e2e.upstream.endpoint('/v1/batches', ({ site, response }) =>
      response.writeHead(403, JSON_TYPE).end(JSON.stringify({ oops: `no batches for ${site.auth.headers.authorization}` })));
    const response = await raw(openai, 'batches');
    assert.equal(response.status, 403);
    assert.equal((await response.json()).oops, 'no batches for Bearer [credential]');
    const row = await e2e.usage(response.headers.get('x-request-id'));
    assert.deepEqual([row.status, row.error_code], [403, 'upstream.error']);
  });

  test('Anthropic gets its version and its own header', async () => {
    e2e.upstream.endpoint('/v1/models', ({ record, response }) =>
      response.writeHead(200, JSON_TYPE).end(JSON.stringify({ version: record.headers['anthropic-version'] })));
    assert.deepEqual(await (await raw(claude, 'models', { method: 'GET' })).json(), { version: '2023-06-01' });
    const newer = await raw(claude, 'models', { method: 'GET', headers: { 'anthropic-version': '2026-10-21' } });
    assert.deepEqual(await newer.json(), { version: '2026-10-21' });
  });

  test('what is not there, not switched on, without a credential or outside the base is refused, each with its row', async () => {
    const off = await e2e.provider({ enabled: false });
    const bare = await e2e.provider({ api_key: undefined }, { expected: auth.none() });
    const before = e2e.upstream.records.length;
    for (const [provider, rest, status, code] of [
      [{ name: 'nowhere' }, 'files', 404, 'not_found'],
      [off, 'files', 403, 'provider.disabled'],
      [bare, 'files', 502, 'credential.missing'],
      [openai, '..%2f..%2fadmin', 400, 'request.invalid'],
      [openai, 'a//b', 400, 'request.invalid'],
    ]) {
      const response = await raw(provider, rest, { method: 'GET' });
      const text = await response.text();
      const error = assertOpenAiError({ status: response.status, body: JSON.parse(text), text }, status);
      assert.equal(error.code, code, text);
      assert.equal((await e2e.usage(response.headers.get('x-request-id'))).error_code, code);
    }
    assert.equal(e2e.upstream.records.length, before, 'nothing reached the upstream');
  });

  test('it takes the right to every model of the provider', async () => {
    const status = async (fields) => {
      const { token: own } = await e2e.mint(fields);
      return (await raw(openai, 'files/file-1', { method: 'GET', token: own })).status;
    };
    const allow = { effect: 'allow', actions: ['llm:Invoke'] };
    assert.equal(await status({ allowed_models: [`${openai.name}^*`] }), 200);
    assert.equal(await status({ allowed_models: [`${openai.name}^mock-plain`] }), 403);
    assert.equal(await status({ role: undefined, policy: [allow] }), 200);
    assert.equal(await status({ role: undefined, policy: [{ ...allow, resources: [`${openai.name}^mock-plain`] }] }), 403);
    assert.equal(await status({ role: undefined, policy: [allow, { effect: 'deny', actions: ['llm:*'], resources: [`${openai.name}^mock-plain`] }] }), 403);
    assert.equal(await status({ role: 'viewer' }), 403);
  });

  test('a client that leaves aborts the upstream call', async () => {
    let arrived;
    const arrival = new Promise((resolve) => { arrived = resolve; });
    e2e.upstream.endpoint('/v1/hang', ({ record }) => arrived(record));
    const abort = new AbortController();
    const pending = raw(openai, 'hang', { method: 'GET', signal: abort.signal });
    const record = await arrival;
    abort.abort();
    await assert.rejects(pending);
    assert.equal((await record.closed()).aborted, true);
  });
});

closingChecks(e2e);
