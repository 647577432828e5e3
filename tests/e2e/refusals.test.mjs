// What bad input and bad upstreams get on the data plane: a status, a clear message in the client's own shape, a row, and no harm.

import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test } from 'node:test';
import { sseEvents } from './client.mjs';
import { CLIENTS, assertAdminError, assertOpenAiError, closingChecks, suite } from './suite.mjs';
import { bounded } from './upstream/mock.mjs';

const e2e = suite({ FIRST_BYTE_TIMEOUT_MS: '700', IDLE_TIMEOUT_MS: '700', CONFIG_TTL_MS: '0' });
const PROTOCOLS = Object.entries(CLIENTS);
const ILL = [
  'mock-hang', 'mock-redirect', 'mock-redirect-302', 'mock-garbage', 'mock-html-502', 'mock-drop-before-headers', 'mock-drop-mid-body',
  'mock-drop-mid-stream', 'mock-truncated-stream', 'mock-idle-stream', 'mock-error-first', 'mock-error-503', 'mock-fine',
];

let openaiProvider;
let anthropicProvider;
let member;
const providerFor = (protocol) => (protocol === 'anthropic_messages' ? anthropicProvider : openaiProvider);
const selector = (protocol, model) => `${providerFor(protocol).name}^${model}`;

e2e.before(async () => {
  openaiProvider = await e2e.provider();
  anthropicProvider = await e2e.anthropicProvider();
  for (const provider of [openaiProvider, anthropicProvider]) await e2e.models(provider, ILL);
  member = await e2e.mint();
});

/** One call, whole, as the client of `protocol` makes it. */
function ask(protocol, model, extra, options = {}) {
  const wire = CLIENTS[protocol];
  return e2e.answer(wire.path, wire.request(model, extra), { token: member.token, ...options, headers: { ...wire.headers, ...options.headers } });
}

async function row(answer, expected) {
  const found = await e2e.usage(answer.headers.get('x-request-id'));
  for (const [key, value] of Object.entries(expected)) assert.deepEqual(found[key], value, `${key} in ${JSON.stringify(found)}`);
  assert.notEqual(found.error_code, null);
  return found;
}

describe('who may call', () => {
  test('a missing, malformed, unknown or foreign token is 401 in the client\'s shape, before anything else is looked at', async () => {
    const tokens = [undefined, 'nonsense', `slu_${'A'.repeat(44)}`, member.token.slice(0, -1), `${member.token}x`, member.token.toLowerCase()];
    for (const [protocol, wire] of PROTOCOLS) {
      for (const token of tokens) {
        const answer = await e2e.answer(wire.path, '{"not json', { token, headers: wire.headers });
        wire.assertError(answer, 401, protocol === 'anthropic_messages' ? 'authentication_error' : undefined);
      }
    }
    assertOpenAiError(await e2e.answer('/v1/models', undefined, { method: 'GET' }), 401);
  });

  test('an expired, disabled or revoked token is 401 from its next call on', async () => {
    const expired = await e2e.mint({ expires_at: new Date(Date.now() + 3_600_000).toISOString() });
    const disabled = await e2e.mint();
    const revoked = await e2e.mint();
    const call = ({ token }) => ask('chat_completions', selector('chat_completions', 'mock-fine'), {}, { token });
    for (const minted of [expired, disabled, revoked]) assert.equal((await call(minted)).status, 200);
    await e2e.admin.must('PATCH', `/api/v1/tokens/${expired.id}`, { expires_at: '2020-01-01T00:00:00.000Z' });
    await e2e.admin.must('PATCH', `/api/v1/tokens/${disabled.id}`, { disabled: true });
    await e2e.admin.must('DELETE', `/api/v1/tokens/${revoked.id}`);
    for (const minted of [expired, disabled, revoked]) assertOpenAiError(await call(minted), 401);
    await e2e.admin.must('PATCH', `/api/v1/tokens/${disabled.id}`, { disabled: false });
    assert.equal((await call(disabled)).status, 200);
  });

  test('a model outside the token\'s allowed_models is refused under every name it has', async () => {
    const other = await e2e.provider();
    await e2e.models(other, ['mock-not-allowed']);
    await e2e.models(other, ['mock-named-not-allowed'], { name: 'forbidden-public' });
    const narrow = await e2e.mint({ allowed_models: [`${openaiProvider.name}^mock-fine`] });
    assert.equal((await ask('chat_completions', selector('chat_completions', 'mock-fine'), {}, narrow)).status, 200);
    for (const model of [`${other.name}^mock-not-allowed`, 'mock-not-allowed', 'forbidden-public', other.name, other.name.toUpperCase()]) {
      const answer = await ask('chat_completions', model, {}, narrow);
      assert.ok([403, 404].includes(answer.status), `${model}: ${answer.status} ${answer.text}`);
      assertOpenAiError(answer, answer.status);
    }
    for (const model of ['mock-not-allowed', 'mock-named-not-allowed']) assert.deepEqual(e2e.upstream.requestsFor(model), []);
  });

  test('a token of another project does not reach this project\'s models', async () => {
    const project = await e2e.admin.must('POST', '/api/v1/projects', { name: e2e.name('other') });
    const stranger = await e2e.mint({ project_id: project.id });
    const answer = await ask('chat_completions', selector('chat_completions', 'mock-fine'), {}, stranger);
    assertOpenAiError(answer, 404);
    const models = await e2e.answer('/v1/models', undefined, { method: 'GET', token: stranger.token });
    assert.deepEqual(models.body.data, []);
  });
});

describe('what is asked', () => {
  test('malformed JSON is 400 in the client\'s shape, and leaves a row', async () => {
    for (const [protocol, wire] of PROTOCOLS) {
      for (const body of ['', ' ', '{', '{"model": "x",}', '{"model": "x"} trailing', 'null', '[]', '"text"', '\u0000', '{"model": "\u0001"}', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), `{"a":${'['.repeat(5000)}`]) {
        const answer = await e2e.answer(wire.path, body, { token: member.token, headers: wire.headers });
        const error = wire.assertError(answer, 400);
        assert.ok(error.message.length > 10, error.message);
        await row(answer, { status: 400, protocol });
      }
    }
  });

  test('a model or stream of the wrong type is 400 and names the field', async () => {
    for (const [protocol, wire] of PROTOCOLS) {
      for (const wrong of [{ model: 7 }, { model: { name: 'x' } }, { model: ['x'] }, { model: true }]) {
        const answer = await e2e.answer(wire.path, { ...wire.request('x'), ...wrong }, { token: member.token, headers: wire.headers });
        assert.match(wire.assertError(answer, 400).message, /model/);
      }
      const answer = await e2e.answer(wire.path, wire.request(selector(protocol, 'mock-fine'), { stream: 'yes' }), { token: member.token, headers: wire.headers });
      assert.match(wire.assertError(answer, 400).message, /stream/);
    }
  });

  test('a model that is not there is 404 model.not_found, and never another model', async () => {
    for (const [protocol, wire] of PROTOCOLS) {
      for (const model of ['nothing-at-all', `${providerFor(protocol).name}^nothing`, '^', 'nobody^mock-fine', `${providerFor(protocol).name}^`, "'; DROP TABLE models; --"]) {
        const answer = await ask(protocol, model);
        const error = wire.assertError(answer, 404, protocol === 'anthropic_messages' ? 'not_found_error' : undefined);
        if (protocol !== 'anthropic_messages') assert.match(error.code, /^model[._]not_found$/);
        await row(answer, { status: 404, error_code: 'model.not_found', protocol, input_tokens: 0, output_tokens: 0 });
      }
    }
  });

  test('a disabled provider\'s models are refused with provider.disabled and unlisted, and enabling it brings them back', async () => {
    const provider = await e2e.provider();
    await e2e.models(provider, ['mock-switch']);
    const list = async () => (await e2e.answer('/v1/models', undefined, { method: 'GET', token: member.token })).body.data.map(({ id }) => id);
    assert.ok((await list()).includes(`${provider.name}^mock-switch`));
    await e2e.admin.must('PATCH', `/api/v1/providers/${provider.id}`, { enabled: false });
    const answer = await ask('chat_completions', `${provider.name}^mock-switch`);
    assert.ok(answer.status >= 400 && answer.status < 600);
    assert.equal(assertOpenAiError(answer, answer.status).code, 'provider.disabled');
    await row(answer, { error_code: 'provider.disabled' });
    assert.ok(!(await list()).includes(`${provider.name}^mock-switch`));
    assert.deepEqual(e2e.upstream.requestsFor('mock-switch'), []);
    await e2e.admin.must('PATCH', `/api/v1/providers/${provider.id}`, { enabled: true });
    assert.equal((await ask('chat_completions', `${provider.name}^mock-switch`)).status, 200);
  });

  test('a disabled model and a deleted model do not resolve', async () => {
    const provider = await e2e.provider();
    const made = await e2e.models(provider, ['mock-off', 'mock-gone']);
    await e2e.admin.must('PATCH', `/api/v1/providers/${provider.id}/models/${made['mock-off'].id}`, { enabled: false });
    await e2e.admin.must('DELETE', `/api/v1/providers/${provider.id}/models/${made['mock-gone'].id}`);
    for (const model of ['mock-off', 'mock-gone']) {
      const answer = await ask('chat_completions', `${provider.name}^${model}`);
      assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
      assert.deepEqual(e2e.upstream.requestsFor(model), []);
    }
  });

  test('a provider that pins one of OpenAI\'s protocols is asked in that one, whoever asks', async () => {
    const pinned = await e2e.provider({ protocol: 'responses' });
    await e2e.models(pinned, ['mock-fine']);
    for (const [protocol] of PROTOCOLS) {
      const answer = await ask(protocol, `${pinned.name}^mock-fine`);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(e2e.upstream.last('mock-fine').path, '/v1/responses');
      assert.equal((await e2e.usage(answer.headers.get('x-request-id'))).upstream_protocol, 'responses');
    }
  });

  test('a wrong method is 405 with Allow, an unknown path is 404, both as errors and not as pages', async () => {
    for (const [protocol, wire] of PROTOCOLS) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await e2e.answer(wire.path, undefined, { method, token: member.token, headers: wire.headers });
        wire.assertError(answer, 405);
        assert.match(answer.headers.get('allow'), /POST/, `${method} ${protocol}`);
      }
    }
    const models = await e2e.answer('/v1/models', {}, { token: member.token });
    assertOpenAiError(models, 405);
    assert.match(models.headers.get('allow'), /GET/);
    const unknown = await e2e.answer('/v1/no/such/path', {}, { token: member.token });
    assert.equal(unknown.status, 404);
    assert.equal(typeof unknown.body?.error?.message, 'string', unknown.text);
  });

  test('a body of 33 MiB is 413, one of several MiB passes whole', async () => {
    for (const [protocol, wire] of PROTOCOLS) {
      const answer = await e2e.answer(wire.path, padded(wire.request(selector(protocol, 'mock-fine')), 33 * 1024 * 1024), { token: member.token, headers: wire.headers });
      const error = wire.assertError(answer, 413);
      if (protocol === 'anthropic_messages') assert.equal(error.type, 'request_too_large');
    }
    const wire = CLIENTS.chat_completions;
    const body = padded(wire.request(selector('chat_completions', 'mock-fine')), 5 * 1024 * 1024);
    const answer = await e2e.answer(wire.path, body, { token: member.token, headers: wire.headers });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(e2e.upstream.last('mock-fine').body.length, body.length - `${openaiProvider.name}^`.length);
  });
});

/** A request padded with an image-like string to exactly `size` bytes. */
function padded(request, size) {
  const text = JSON.stringify({ ...request, metadata: { padding: '' } });
  return Buffer.from(text.replace('"padding":""', () => `"padding":"${'A'.repeat(size - text.length)}"`));
}

describe('what the upstream does', () => {
  /** Behaviour → the statuses that are right for it, and what usage says. */
  const CASES = [
    ['mock-hang', [502, 504], /time|answer|respon/i],
    ['mock-redirect', [502], /redirect/i],
    ['mock-redirect-302', [502], /redirect/i],
    ['mock-garbage', [502], /./],
    ['mock-html-502', [502], /./],
    ['mock-drop-before-headers', [502], /./],
    ['mock-drop-mid-body', [502], /./],
    ['mock-error-503', [503], /The mock is overloaded\./],
  ];

  for (const [model, statuses, words] of CASES) {
    test(`${model}: an error in every client's shape, and a row`, async () => {
      for (const [protocol, wire] of PROTOCOLS) {
        const answer = await ask(protocol, selector(protocol, model));
        assert.ok(statuses.includes(answer.status), `${protocol}: ${answer.status} ${answer.text}`);
        assert.match(wire.assertError(answer, answer.status).message, words);
        assert.match(answer.headers.get('content-type'), /^application\/json/);
        await row(answer, { status: answer.status, protocol, input_tokens: 0, output_tokens: 0, cost_nano_usd: 0, attempts: 1 });
      }
    });
  }

  for (const model of ['mock-hang', 'mock-html-502', 'mock-drop-before-headers', 'mock-error-503', 'mock-redirect']) {
    test(`${model}: a client that asked for a stream gets the status and a JSON error, not a broken stream`, async () => {
      for (const [protocol, wire] of PROTOCOLS) {
        const answer = await ask(protocol, selector(protocol, model), { stream: true });
        assert.ok(answer.status >= 500, `${protocol}: ${answer.status} ${answer.text}`);
        wire.assertError(answer, answer.status);
        await row(answer, { status: answer.status, protocol });
      }
    });
  }

  test('a redirect is not followed and its target sees nothing', () => {
    assert.deepEqual(e2e.upstream.redirected, []);
  });

  test('an upstream that refuses the connection is 502 in every client\'s shape', async () => {
    const server = http.createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    const name = e2e.name('refusing');
    for (const [protocol, wire] of PROTOCOLS) {
      const provider = await e2e.admin.must('POST', '/api/v1/providers', { name: `${name}-${protocol}`, protocol, auth_method: 'bearer', base_url: `http://127.0.0.1:${port}/v1`, api_key: e2e.key() });
      await e2e.models(provider, ['mock-fine']);
      const answer = await ask(protocol, `${provider.name}^mock-fine`);
      wire.assertError(answer, 502);
      await row(answer, { status: 502, protocol });
    }
  });

  for (const model of ['mock-drop-mid-stream', 'mock-truncated-stream', 'mock-idle-stream']) {
    test(`${model}: what came is relayed, then a terminal error in the client's protocol, and no success terminator`, async () => {
      for (const [protocol] of PROTOCOLS) {
        const response = await e2e.call(CLIENTS[protocol].path, CLIENTS[protocol].request(selector(protocol, model), { stream: true }), { token: member.token, headers: CLIENTS[protocol].headers });
        assert.equal(response.status, 200);
        const text = await bounded('the end of the stream', response.text());
        const sent = e2e.upstream.last(model).sent;
        assert.ok(text.startsWith(sent.join('')), `${protocol}: ${text}`);
        const events = sseEvents(text);
        const last = events.at(-1);
        assert.ok(events.length > sent.length, `${protocol} ends without an error: ${text}`);
        if (protocol === 'chat_completions') {
          assert.equal(typeof JSON.parse(last.data).error.message, 'string', text);
          assert.doesNotMatch(text, /\[DONE\]/);
        } else if (protocol === 'responses') {
          assert.ok(['error', 'response.failed'].includes(last.event), text);
          assert.equal(JSON.parse(last.data).type, last.event);
          assert.equal(JSON.parse(last.data).sequence_number, sent.length, 'the numbers go on without a gap');
          assert.doesNotMatch(text, /response\.completed/);
        } else {
          assert.equal(last.event, 'error');
          assert.equal(JSON.parse(last.data).type, 'error');
          assert.equal(typeof JSON.parse(last.data).error.message, 'string');
          assert.doesNotMatch(text, /message_stop/);
        }
        const found = await row(response, { streamed: 1, protocol });
        assert.equal(found.error_code === null, false);
      }
    });
  }

  test('a 200 whose first event is an error counts as a failure, with an error status', async () => {
    for (const [protocol, wire] of PROTOCOLS) {
      const answer = await ask(protocol, selector(protocol, 'mock-error-first'), { stream: true });
      assert.ok(answer.status >= 400, `${protocol}: ${answer.status} ${answer.text}`);
      assert.match(wire.assertError(answer, answer.status).message, /The mock broke before it began\./);
      await row(answer, { protocol, status: answer.status });
    }
  });

  test('after all of that the same Worker still serves', async () => {
    for (const [protocol] of PROTOCOLS) assert.equal((await ask(protocol, selector(protocol, 'mock-fine'))).status, 200);
  });
});

describe('private upstreams', () => {
  test('with ALLOW_PRIVATE_UPSTREAMS off, a private base URL is 422 at write and an old row is refused at call time', async () => {
    const unsent = e2e.upstream.records.length;
    await e2e.restart({ ALLOW_PRIVATE_UPSTREAMS: undefined });
    const urls = [
      'https://127.0.0.1/v1', 'https://localhost/v1', 'https://LOCALHOST./v1', 'https://foo.localhost/', 'https://10.0.0.1', 'https://192.168.1.1', 'https://172.16.0.1',
      'https://169.254.169.254/latest', 'https://[::1]/v1', 'https://[::ffff:127.0.0.1]/', 'https://[fe80::1]/', 'https://[fd00::1]/', 'https://2130706433/', 'https://0x7f000001/',
      'https://017700000001/', 'https://0177.0.0.1/', 'https://127.1/', 'https://0.0.0.0/', 'https://metadata.google.internal/', 'https://db.internal', 'https://100.64.0.1/',
      'http://api.openai.com/v1',
    ];
    for (const base_url of urls) {
      const refused = await e2e.admin.post('/api/v1/providers', { name: e2e.name('private'), provider: 'openai', base_url, api_key: e2e.key() });
      const error = assertAdminError(refused, 422);
      assert.equal(error.param, 'base_url', base_url);
    }
    const fine = await e2e.admin.post('/api/v1/providers', { name: e2e.name('public'), provider: 'openai', base_url: 'https://api.example.com/v1', api_key: e2e.key() });
    assert.equal(fine.status, 201, fine.text);
    assertAdminError(await e2e.admin.patch(`/api/v1/providers/${fine.body.id}`, { base_url: 'https://10.1.2.3/v1' }), 422);

    for (const [protocol, wire] of PROTOCOLS) {
      const answer = await ask(protocol, selector(protocol, 'mock-fine'));
      assert.ok(answer.status >= 400, answer.text);
      assert.match(wire.assertError(answer, answer.status).message, /private|address|base[_ ]url|not allowed|upstream/i);
      await row(answer, { protocol });
    }
    assert.equal(e2e.upstream.records.length, unsent, 'nothing was sent to the private address');
    await e2e.restart();
    assert.equal((await ask('chat_completions', selector('chat_completions', 'mock-fine'))).status, 200);
  });

  test('a base URL with userinfo, query, fragment, another scheme or no host is 422 wherever it points', async () => {
    for (const base_url of ['ftp://127.0.0.1/', 'https://user:pw@api.example.com/', 'https://api.example.com/?a=1', 'https://api.example.com/#x', 'https://', 'api.example.com', '', 'javascript:alert(1)', 'https://exa mple.com/', 'https://api.example.com:99999/']) {
      const error = assertAdminError(await e2e.admin.post('/api/v1/providers', { name: e2e.name('odd'), provider: 'openai', base_url, api_key: e2e.key() }), 422);
      assert.equal(error.param, 'base_url', base_url);
    }
  });
});

describe('a deployment that is not configured', () => {
  test('without an admin token, or with a short one, every route but /healthz is 503 admin.not_configured', async () => {
    const weak = e2e.secrets.register('short-admin-token-of-31-chars-x');
    assert.equal(weak.length, 31);
    for (const ADMIN_TOKEN of [undefined, '', weak]) {
      await e2e.restart({ ADMIN_TOKEN });
      for (const token of [e2e.adminToken, weak, member.token, null]) {
        for (const path of ['/api/v1/providers', '/api/v1/me', '/api/v1/sealing-keys', '/api/v1/nothing']) assertAdminError(await e2e.as(token).get(path), 503, 'admin.not_configured');
      }
      for (const [, wire] of PROTOCOLS) {
        const answer = await e2e.answer(wire.path, wire.request('x'), { token: member.token, headers: wire.headers });
        assert.match(wire.assertError(answer, 503).message, /ADMIN_TOKEN|admin/i);
      }
      const health = await e2e.answer('/healthz', undefined, { method: 'GET' });
      assert.notEqual(health.body?.error?.code, 'admin.not_configured', 'healthz answers in its own words');
      assert.ok([200, 503].includes(health.status), health.text);
    }
    await e2e.restart();
    assert.equal((await e2e.answer('/healthz', undefined, { method: 'GET' })).status, 200);
  });

  test('a variable with a senseless value is named in a clear message', async () => {
    for (const wrong of [{ CONFIG_TTL_MS: 'soon' }, { FIRST_BYTE_TIMEOUT_MS: '-1' }, { ALLOW_PRIVATE_UPSTREAMS: 'yes' }]) {
      await e2e.restart(wrong);
      const answer = await e2e.admin.get('/api/v1/providers');
      assert.ok(answer.status >= 500, answer.text);
      assert.ok(answer.text.includes(Object.keys(wrong)[0]), answer.text);
    }
    await e2e.restart();
  });
});

closingChecks(e2e);
