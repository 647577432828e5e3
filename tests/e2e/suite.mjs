// What every test file starts with: one Worker, one mock upstream, clients, and the checks that end the file.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { AdminClient, PRICES, anthropic, openai, read, watchedFetch } from './client.mjs';
import { Secrets } from './secrets.mjs';
import { startUpstream } from './upstream/mock.mjs';
import { auth } from './upstream/rules.mjs';
import { Deployment } from './worker.mjs';

const POLL_BOUND_MS = 10_000;

/** The body fields that make a token which may call models and nothing else. The one place that knows. */
export const MEMBER = { role: 'member' };
/** The same for one that may do everything in its project. */
export const PROJECT_ADMIN = { role: 'admin' };

/**
 * Starts the Worker with `vars` over the defaults before the file's tests, and ends all of it after. Tests that need no upstream
 * failure to be remembered run with the circuit breaker off. `config` is the text of another wrangler.toml.
 */
export function suite(vars = {}, { config = null } = {}) {
  const e2e = new Suite(vars);
  e2e.worker.config = config;
  before(() => e2e.begin(), { timeout: 150_000 });
  after(() => e2e.end());
  return e2e;
}

/** The last tests of every file. */
export function closingChecks(e2e) {
  test('the upstream was sent nothing that it should not have been sent', () => {
    assert.deepEqual(e2e.upstream.takeFaults(), []);
    assert.deepEqual(e2e.upstream.redirected, [], 'a redirect was followed to another origin');
  });
  test('no credential is in any response, in the output of the Worker or in the database files', async () => {
    await e2e.worker.stop();
    assert.deepEqual(e2e.secrets.leaks(e2e.worker), []);
    assert.doesNotMatch(e2e.worker.output, /panicked at|RuntimeError: unreachable/, 'the Worker panicked');
  });
}

class Suite {
  secrets = new Secrets();
  worker = new Deployment();
  upstream = null;
  #sequence = 0;
  #preparations = [];

  constructor(vars) {
    this.keys = { k1: this.sealingKey(), k2: this.sealingKey() };
    this.adminToken = this.secrets.register(randomBytes(24).toString('hex'));
    this.vars = {
      ADMIN_TOKEN: this.adminToken,
      SEALING_KEYS: `k1:${this.keys.k1}`,
      ALLOW_PRIVATE_UPSTREAMS: 'true',
      BREAKER_FAILURES: '0',
      ...vars,
    };
    this.base = () => this.worker.url ?? assert.fail('the Worker is not running');
    this.admin = this.as(this.adminToken);
    this.fetch = watchedFetch(this.secrets);
  }

  async begin() {
    this.upstream = await startUpstream();
    await this.worker.migrate();
    await this.worker.start(this.vars);
    for (const prepare of this.#preparations) await prepare();
  }

  /** What the file's tests share. A `before` of its own would not wait for the Worker: root hooks start when they are declared. */
  before(prepare) {
    this.#preparations.push(prepare);
  }

  async end() {
    await this.worker.dispose();
    await this.upstream?.close();
  }

  /** Restarts the Worker over the same database with some variables changed, and perhaps with another wrangler.toml. */
  async restart(vars = {}, config = this.worker.config) {
    this.worker.config = config;
    await this.worker.restart({ ...this.vars, ...vars });
  }

  sealingKey() {
    return this.secrets.register(randomBytes(32).toString('base64'));
  }

  /** A credential that looks like a vendor's, remembered for the secrecy check. */
  key(prefix = 'sk-test-') {
    return this.secrets.register(`${prefix}${randomBytes(20).toString('hex')}`);
  }

  /** A name that nothing else in the file has. */
  name(stem) {
    this.#sequence += 1;
    return `${stem}-${this.#sequence}`;
  }

  /** The admin API as the bearer of `token`; `null` sends no token. */
  as(token) {
    return new AdminClient({ base: this.base, token, secrets: this.secrets });
  }

  openai(token, options = {}) {
    return openai({ base: this.base, token, secrets: this.secrets, ...options });
  }

  anthropic(token, options = {}) {
    return anthropic({ base: this.base, token, secrets: this.secrets, ...options });
  }

  /** Mints a token and returns `{ id, token }`. */
  async mint(fields = {}, issuer = this.admin) {
    const body = await issuer.must('POST', '/api/v1/tokens', { name: this.name('token'), ...MEMBER, ...fields });
    const token = Object.values(body).find((value) => /^slu_[0-9A-Za-z]{44}$/.test(value));
    assert.ok(token, `POST /api/v1/tokens shows the token once; it answered the fields ${Object.keys(body)}`);
    this.secrets.register(token, { shown: ['responses'] });
    return { id: body.id, token };
  }

  /**
   * A provider with its own account at the mock. `fields` go into the POST; by default an OpenAI-like one with a bearer key.
   * Returns `{ id, name, key, site, body }`.
   */
  async provider(fields = {}, { expected, path = '/v1' } = {}) {
    const name = fields.name ?? this.name('provider');
    const key = 'api_key' in fields || 'secret_id' in fields || 'custom_headers' in fields ? fields.api_key : this.key();
    const site = this.upstream.site(name, expected ?? auth.bearer(key));
    const body = await this.admin.must('POST', '/api/v1/providers', {
      name, provider: 'openai', base_url: `${site.baseUrl}${path}`, ...(key === undefined ? {} : { api_key: key }), ...fields,
    });
    return { id: body.id, name, key, site, body };
  }

  /** An Anthropic-like provider, `x-api-key` and no version in its base URL. */
  async anthropicProvider(fields = {}, options = {}) {
    const key = this.key('sk-ant-test-');
    return this.provider({ provider: 'anthropic', api_key: key, ...fields }, { expected: auth.xApiKey(key), path: '', ...options });
  }

  /** Models under `provider`, all at `PRICES`. */
  async models(provider, names, fields = {}) {
    const made = {};
    for (const model of names) made[model] = await this.admin.must('POST', `/api/v1/providers/${provider.id}/models`, { model, ...PRICES, ...fields });
    return made;
  }

  /** A raw call on the data plane. `body` may be bytes, a string or a value. Returns the fetch `Response`. */
  call(path, body, { token, headers = {}, signal, method = 'POST' } = {}) {
    const init = { method, signal, headers: { ...headers } };
    if (body !== undefined) {
      init.body = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
      init.headers['content-type'] ??= 'application/json';
    }
    if (token) init.headers.authorization ??= `Bearer ${token}`;
    return this.fetch(this.base() + path, init);
  }

  /** Like `call`, with the answer read to its end. */
  async answer(path, body, options) {
    return read(await this.call(path, body, options));
  }

  /** The one usage row of the call with this `x-request-id`. Rows come a moment after the call. */
  async usage(requestId) {
    assert.ok(requestId, 'the answer carries x-request-id');
    const rows = await this.eventually(`the usage row of ${requestId}`, () => {
      const found = this.worker.rows('SELECT * FROM usage WHERE request_id = ?', requestId);
      return found.length > 0 ? found : null;
    });
    assert.equal(rows.length, 1, 'a call leaves one row');
    return rows[0];
  }

  /** The first truthy answer of `probe`, asked again and again within a bound. */
  async eventually(what, probe) {
    const until = Date.now() + POLL_BOUND_MS;
    for (;;) {
      const value = await probe();
      if (value) return value;
      if (Date.now() > until) throw new Error(`waited ${POLL_BOUND_MS} ms for ${what}`);
      await delay(50);
    }
  }
}

// ---- What errors look like ----

/** OpenAI's error body. Returns the error. */
export function assertOpenAiError({ status, body, text }, expected) {
  assert.equal(status, expected, text);
  assert.equal(typeof body?.error?.message, 'string', `not OpenAI's error shape: ${text}`);
  assert.notEqual(body.error.message, '');
  assert.equal(typeof body.error.type, 'string');
  assert.ok('param' in body.error && 'code' in body.error, `param and code are required: ${text}`);
  return body.error;
}

/** Anthropic's error body. Returns the error. */
export function assertAnthropicError({ status, body, text }, expected, type) {
  assert.equal(status, expected, text);
  assert.equal(body?.type, 'error', `not Anthropic's error shape: ${text}`);
  assert.equal(typeof body.error?.message, 'string', text);
  assert.notEqual(body.error.message, '');
  if (type) assert.equal(body.error.type, type, text);
  else assert.match(body.error.type, /^[a-z_]+$/);
  return body.error;
}

/** The control plane's error body. Returns the error. */
export function assertAdminError({ status, body, text, headers }, expected, code) {
  assert.equal(status, expected, text);
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
  assert.equal(typeof body?.error?.code, 'string', `not the control plane's error shape: ${text}`);
  assert.equal(typeof body.error.message, 'string');
  assert.equal(typeof body.error.request_id, 'string');
  if (code) assert.equal(body.error.code, code, text);
  return body.error;
}

/** The three client protocols: how each asks, and what its errors look like. */
export const CLIENTS = {
  chat_completions: {
    path: '/v1/chat/completions',
    request: (model, extra = {}) => ({ model, messages: [{ role: 'user', content: 'hello' }], ...extra }),
    assertError: assertOpenAiError,
    headers: {},
  },
  responses: {
    path: '/v1/responses',
    request: (model, extra = {}) => ({ model, input: 'hello', ...extra }),
    assertError: assertOpenAiError,
    headers: {},
  },
  anthropic_messages: {
    path: '/v1/messages',
    request: (model, extra = {}) => ({ model, max_tokens: 100, messages: [{ role: 'user', content: 'hello' }], ...extra }),
    assertError: assertAnthropicError,
    headers: { 'anthropic-version': '2023-06-01' },
  },
};
