// Web pages and what protects them: CORS on the data plane, security headers everywhere, HEAD, OPTIONS and 405.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLIENTS, assertAdminError, assertOpenAiError, closingChecks, suite } from './suite.mjs';

const PAGE = 'https://app.example.com';
const EVIL = 'https://evil.example.com';
const e2e = suite({ CORS_ORIGINS: `${PAGE}, http://localhost:5173` });
const CHAT = CLIENTS.chat_completions;

/** What the official SDKs send from a browser. */
const SDK_HEADERS = 'authorization,content-type,x-stainless-lang,x-stainless-os,x-stainless-retry-count';
const preflight = (path, origin, headers = SDK_HEADERS) => e2e.answer(path, undefined, {
  method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': headers },
});
const cors = ({ headers }) => [...headers].filter(([name]) => name.startsWith('access-control-')).map(([name]) => name);

let token;
let provider;
e2e.before(async () => {
  ({ token } = await e2e.mint());
  provider = await e2e.provider();
  await e2e.models(provider, ['mock-plain']);
});
const model = () => `${provider.name}^mock-plain`;

describe('a page of a listed origin', () => {
  for (const path of ['/v1/chat/completions', '/v1/responses', '/v1/messages', '/v1/embeddings', '/v1/models', '/v1/proxy/any/files']) {
    test(`may ask ${path} first, without a token`, async () => {
      const answer = await preflight(path, PAGE);
      assert.equal(answer.status, 204, answer.text);
      assert.equal(answer.headers.get('access-control-allow-origin'), PAGE);
      assert.equal(answer.headers.get('access-control-allow-headers'), SDK_HEADERS);
      assert.match(answer.headers.get('access-control-allow-methods'), /\bPOST\b/);
      assert.match(answer.headers.get('vary'), /\bOrigin\b/);
      assert.equal(answer.headers.get('access-control-allow-credentials'), null, 'tokens come in headers, not in cookies');
    });
  }

  test('may read answers, streams and errors, and their headers', async () => {
    const headers = { origin: PAGE };
    const answers = {
      whole: await e2e.answer(CHAT.path, CHAT.request(model()), { token, headers }),
      stream: await e2e.answer(CHAT.path, CHAT.request(model(), { stream: true }), { token, headers }),
      list: await e2e.answer('/v1/models', undefined, { method: 'GET', token, headers }),
      raw: await e2e.answer(`/v1/proxy/${provider.name}/chat/completions`, CHAT.request('mock-plain'), { token, headers }),
      401: await e2e.answer(CHAT.path, CHAT.request(model()), { headers }),
      404: await e2e.answer(CHAT.path, CHAT.request('nothing'), { token, headers }),
      405: await e2e.answer(CHAT.path, undefined, { method: 'GET', token, headers }),
    };
    for (const [what, answer] of Object.entries(answers)) {
      assert.equal(answer.status, Number(what) || 200, `${what}: ${answer.text}`);
      assert.equal(answer.headers.get('access-control-allow-origin'), PAGE, what);
      assert.match(answer.headers.get('access-control-expose-headers'), /x-request-id.*retry-after.*\*/, what);
      assert.match(answer.headers.get('vary'), /Origin/, what);
    }
    assert.match(answers.stream.text, /data: \[DONE\]/);
  });
});

test('a page of another origin is told nothing, and an answer says that it depends on the origin', async () => {
  for (const origin of [EVIL, `${PAGE}.evil.test`, 'null', 'http://app.example.com']) {
    const asked = await preflight(CHAT.path, origin);
    assert.deepEqual([asked.status, cors(asked)], [204, []], origin);
    const answer = await e2e.answer(CHAT.path, CHAT.request(model()), { token, headers: { origin } });
    assert.deepEqual([answer.status, cors(answer)], [200, []], origin);
  }
  const program = await e2e.answer(CHAT.path, CHAT.request(model()), { token });
  assert.deepEqual([cors(program), program.headers.get('vary')], [[], 'Origin']);
});

test('the control plane is for no page at all', async () => {
  for (const path of ['/api/v1/providers', '/v1/llm-providers', '/healthz']) {
    const asked = await preflight(path, PAGE);
    assert.deepEqual([asked.status, cors(asked)], [path === '/healthz' ? 204 : 401, []], path);
    const read = await e2e.admin.get(path, { origin: PAGE });
    assert.deepEqual([read.status, cors(read)], [200, []], path);
  }
});

test('every answer carries the security headers, and none says to come back by TLS over plain http', async () => {
  const answers = [
    await e2e.admin.get('/api/v1/providers'), await e2e.admin.get('/api/v1/nothing'), await e2e.as(null).get('/api/v1/me'), await e2e.as(null).get('/healthz'),
    await e2e.answer(CHAT.path, CHAT.request(model()), { token }), await e2e.answer(CHAT.path, CHAT.request(model(), { stream: true }), { token }),
    await e2e.answer('/v1/nothing', {}, { token }), await e2e.answer(CHAT.path, 'no JSON', { token }), await preflight(CHAT.path, PAGE),
  ];
  for (const { headers, status } of answers) {
    assert.deepEqual(
      ['x-content-type-options', 'referrer-policy', 'content-security-policy', 'cross-origin-resource-policy', 'strict-transport-security'].map((name) => headers.get(name)),
      ['nosniff', 'no-referrer', "default-src 'none'; frame-ancestors 'none'", 'same-origin', null], `${status}`,
    );
  }
  const tooLarge = await e2e.admin.post('/api/v1/secrets', 'x'.repeat(2 << 20));
  assertAdminError(tooLarge, 413);
  for (const answer of [...answers.slice(0, 4), tooLarge]) assert.equal(answer.headers.get('cache-control'), 'no-store');
  const raw = await e2e.answer(`/v1/proxy/${provider.name}/chat/completions`, CHAT.request('mock-plain'), { token });
  assert.equal(raw.headers.get('content-security-policy'), 'sandbox', 'what others wrote is fenced in more tightly');
});

test('HEAD is GET without the body', async () => {
  for (const [path, bearer] of [['/api/v1/providers', e2e.admin], ['/healthz', e2e.as(null)], ['/v1/models', e2e.as(token)], [`/v1/models/${model()}`, e2e.as(token)]]) {
    const [get, head] = [await bearer.get(path), await bearer.send('HEAD', path)];
    assert.deepEqual([head.status, head.text], [200, ''], path);
    assert.ok(get.text.length > 0);
    assert.equal(head.headers.get('content-type'), get.headers.get('content-type'));
    assert.equal(head.headers.get('etag'), get.headers.get('etag'));
  }
});

test('OPTIONS and 405 say which methods there are', async () => {
  for (const [client, path, allow, wrong] of [
    [e2e.admin, '/api/v1/providers', 'GET, HEAD, POST, OPTIONS', 'PUT'],
    [e2e.admin, `/api/v1/providers/${provider.id}`, 'GET, HEAD, PATCH, DELETE, OPTIONS', 'POST'],
    [e2e.as(token), CHAT.path, 'POST, OPTIONS', 'GET'],
    [e2e.as(token), '/v1/models', 'GET, HEAD, OPTIONS', 'DELETE'],
  ]) {
    const told = await client.send('OPTIONS', path);
    assert.deepEqual([told.status, told.headers.get('allow'), told.text], [204, allow, ''], path);
    const refused = await client.send(wrong, path);
    assert.equal(refused.headers.get('allow'), allow);
    if (client === e2e.admin) assertAdminError(refused, 405);
    else assertOpenAiError(refused, 405);
  }
  assertOpenAiError(await e2e.answer(CHAT.path, undefined, { method: 'OPTIONS' }), 401);
});

test('without CORS_ORIGINS nothing is said of origins, and * is everybody', async () => {
  await e2e.restart({ CORS_ORIGINS: '' });
  assertOpenAiError(await preflight(CHAT.path, PAGE), 401);
  const off = await e2e.answer(CHAT.path, CHAT.request(model()), { token, headers: { origin: PAGE } });
  assert.deepEqual([off.status, cors(off), off.headers.get('vary')], [200, [], null]);
  await e2e.restart({ CORS_ORIGINS: '*' });
  for (const origin of [EVIL, 'null']) {
    assert.equal((await preflight(CHAT.path, origin)).headers.get('access-control-allow-origin'), '*');
    const on = await e2e.answer(CHAT.path, CHAT.request(model()), { token, headers: { origin } });
    assert.deepEqual([on.status, on.headers.get('access-control-allow-origin')], [200, '*']);
  }
  await e2e.restart({ CORS_ORIGINS: 'app.example.com' });
  const refused = await e2e.answer(CHAT.path, CHAT.request(model()), { token });
  assert.match(assertOpenAiError(refused, 503).message, /CORS_ORIGINS/);
});

closingChecks(e2e);
