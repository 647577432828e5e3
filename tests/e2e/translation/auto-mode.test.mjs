// `openai_api_mode: auto`: which of OpenAI's two dialects an upstream gets from a client that speaks neither, and when that changes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENTS, closingChecks, suite } from '../suite.mjs';
import { TEXT } from '../upstream/scenario.mjs';

const e2e = suite();
let token;
e2e.before(async () => {
  ({ token } = await e2e.mint());
});

/** A provider in auto mode with one model. */
async function auto(model, fields = {}) {
  const provider = await e2e.provider({ openai_api_mode: 'auto', ...fields });
  await e2e.models(provider, [model]);
  const ask = (client = 'anthropic_messages', extra = {}) => {
    const wire = CLIENTS[client];
    return e2e.answer(wire.path, wire.request(`${provider.name}^${model}`, extra), { token, headers: wire.headers });
  };
  const asked = () => e2e.upstream.records.filter(({ site }) => site === provider.name).map((record) => record.path);
  return { provider, ask, asked };
}

test('a client of another protocol goes to Responses first', async () => {
  const { ask, asked } = await auto('gpt-4.1-mock-text');
  const answer = await ask();
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.content[0].text, TEXT);
  assert.deepEqual(asked(), ['/v1/responses']);
});

test('each of OpenAI\'s clients keeps its own protocol', async () => {
  const { ask, asked } = await auto('gpt-4.1-mock-text');
  for (const client of ['chat_completions', 'responses']) assert.equal((await ask(client)).status, 200);
  assert.deepEqual(asked(), ['/v1/chat/completions', '/v1/responses']);
});

for (const [why, respond] of Object.entries({
  'a 404': (response) => response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"Not Found"}}'),
  'a 404 that is HTML': (response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>404</h1>'),
  'a 405': (response) => response.writeHead(405).end(),
  'a 400 that says model_not_found': (response) => response.writeHead(400, { 'content-type': 'application/json' })
    .end('{"error":{"message":"no such model here","type":"invalid_request_error","param":"model","code":"model_not_found"}}'),
})) {
  test(`${why} on /responses falls back to Chat Completions within the call, and that is remembered`, async () => {
    const model = `gpt-4.1-mock-${e2e.name('auto')}`;
    e2e.upstream.script(model, (call) => (call.dialect.protocol === 'responses' ? respond(call.response) : e2e.upstream.ordinary(call)));
    const { ask, asked } = await auto(model);
    for (const extra of [{}, { stream: true }, {}]) {
      const answer = await ask('anthropic_messages', extra);
      assert.equal(answer.status, 200, answer.text);
      assert.ok(answer.text.includes('Good'), answer.text);
    }
    assert.deepEqual(asked(), ['/v1/responses', '/v1/chat/completions', '/v1/chat/completions', '/v1/chat/completions'], 'only the first call asks for Responses');
  });
}

for (const status of [401, 403, 429, 500, 503]) {
  test(`a ${status} on /responses does not fall back`, async () => {
    const model = `gpt-4.1-mock-${e2e.name('auto')}`;
    e2e.upstream.script(model, ({ response }) => response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{"message":"the upstream says no","type":"x","param":null,"code":null}}'));
    const { ask, asked } = await auto(model);
    const answer = await ask();
    assert.ok(answer.status >= 400, answer.text);
    assert.ok(asked().length > 0 && asked().every((place) => place === '/v1/responses'), String(asked()));
  });
}

test('an ordinary 400 is the client\'s, and no reason to try elsewhere', async () => {
  const { ask, asked } = await auto('gpt-4.1-mock-error-400');
  const answer = await ask();
  assert.equal(answer.status, 400);
  assert.match(answer.text, /The mock does not like field temperature\./);
  assert.deepEqual(asked(), ['/v1/responses']);
});

test('a pinned mode asks nothing else', async () => {
  const pinned = await e2e.provider({ openai_api_mode: 'chat_completions' });
  await e2e.models(pinned, ['gpt-4.1-mock-text']);
  for (const client of ['anthropic_messages', 'responses']) {
    const wire = CLIENTS[client];
    const answer = await e2e.answer(wire.path, wire.request(`${pinned.name}^gpt-4.1-mock-text`), { token, headers: wire.headers });
    assert.equal(answer.status, 200, answer.text);
  }
  assert.deepEqual(e2e.upstream.records.filter(({ site }) => site === pinned.name).map((record) => record.path), ['/v1/chat/completions', '/v1/chat/completions']);
});

closingChecks(e2e);
