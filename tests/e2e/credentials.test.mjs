// What becomes of a credential: onto the wire in exactly one form, into the database sealed, and out of neither again.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { StreamReader } from './client.mjs';
import { CLIENTS, assertAdminError, assertAnthropicError, assertOpenAiError, closingChecks, suite } from './suite.mjs';
import { auth } from './upstream/rules.mjs';

const e2e = suite();
const CHAT = CLIENTS.chat_completions;
let token;

e2e.before(async () => {
  ({ token } = await e2e.mint());
});

/** One ordinary chat call that must succeed. Returns what arrived upstream. */
async function mustReach(provider, model = 'mock-key') {
  const answer = await e2e.answer(CHAT.path, CHAT.request(`${provider.name}^${model}`), { token });
  assert.equal(answer.status, 200, answer.text);
  const record = e2e.upstream.last(model);
  assert.equal(record.site, provider.name);
  return record;
}

/** A provider with one model, `mock-key`. */
async function reachable(fields, options) {
  const provider = await e2e.provider(fields, options);
  await e2e.models(provider, ['mock-key']);
  return provider;
}

/** Rotates until nothing is left. `meanwhile` runs beside each batch. */
async function rotateAll(meanwhile = async () => {}) {
  let left = Number.POSITIVE_INFINITY;
  for (let round = 0; left > 0; round += 1) {
    assert.ok(round < 100, 'rotation comes to an end');
    const [done] = await Promise.all([e2e.admin.must('POST', '/api/v1/sealing-keys/rotate'), meanwhile(round)]);
    assert.ok(remaining(done) <= left);
    left = remaining(done);
  }
}

/** How many rows a rotation says are left. */
const remaining = (body) => body.remaining ?? body.left ?? assert.fail(`the answer says how many rows are left: ${JSON.stringify(body)}`);

describe('on the wire', () => {
  test('bearer: authorization, and no other credential header', async () => {
    const provider = await reachable({});
    assert.equal((await mustReach(provider)).headers.authorization, `Bearer ${provider.key}`);
  });

  test('x_api_key on an OpenAI-like provider: x-api-key, and no other credential header', async () => {
    const key = e2e.key();
    const provider = await reachable({ api_key: key, auth_method: 'x_api_key' }, { expected: auth.xApiKey(key) });
    assert.equal((await mustReach(provider)).headers['x-api-key'], key);
  });

  test("bearer on an Anthropic-like provider, without a kind: authorization instead of x-api-key", async () => {
    const key = e2e.key();
    const site = e2e.upstream.site('bare-anthropic', auth.bearer(key));
    const body = { name: 'bare-anthropic', protocol: 'anthropic_messages', auth_method: 'bearer', base_url: site.baseUrl, api_key: key };
    const made = await e2e.admin.must('POST', '/api/v1/providers', body);
    assert.equal(made.provider, 'custom');
    await e2e.models(made, ['mock-key']);
    const wire = CLIENTS.anthropic_messages;
    const answer = await e2e.answer(wire.path, wire.request('bare-anthropic^mock-key'), { token, headers: wire.headers });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(e2e.upstream.last('mock-key').headers.authorization, `Bearer ${key}`);
  });

  test("azure: api-key, and no other credential header", async () => {
    const key = e2e.key('azure-test-');
    const provider = await reachable({ provider: 'azure', api_key: key }, { expected: auth.apiKey(key), path: '/openai/v1' });
    const record = await mustReach(provider);
    assert.equal(record.headers['api-key'], key);
    assert.equal(record.path, '/openai/v1/chat/completions');
  });

  test('custom headers: exactly the map, also a map that names Authorization', async () => {
    for (const map of [
      { 'X-Gateway-Key': e2e.key(), 'X-Gateway-Team': e2e.key('team-') },
      { Authorization: `Token ${e2e.key()}` },
    ]) {
      const provider = await reachable({ auth_method: 'custom_headers', custom_headers: map }, { expected: auth.custom(map) });
      assert.deepEqual([...provider.body.header_names].map((name) => name.toLowerCase()).sort(), Object.keys(map).map((name) => name.toLowerCase()).sort());
      assert.deepEqual([provider.body.credential.configured, provider.body.credential.source], [true, 'headers']);
      await mustReach(provider);
    }
  });

  test('keyless on purpose: no credential header at all', async () => {
    const provider = await reachable({ api_key: '' }, { expected: auth.none() });
    assert.equal(provider.body.credential.source, 'none');
    await mustReach(provider);
  });

  test('none configured: 502 credential.missing naming the provider, in the client\'s shape, and nothing is sent', async () => {
    for (const [protocol, make] of [['chat_completions', (fields) => e2e.provider(fields, { expected: auth.none() })], ['anthropic_messages', (fields) => e2e.anthropicProvider(fields, { expected: auth.none() })]]) {
      const provider = await make({ api_key: undefined });
      assert.deepEqual([provider.body.credential.configured, provider.body.credential.source], [false, null]);
      await e2e.models(provider, ['mock-none']);
      const wire = CLIENTS[protocol];
      const answer = await e2e.answer(wire.path, wire.request(`${provider.name}^mock-none`), { token, headers: wire.headers });
      const error = wire.assertError(answer, 502);
      assert.match(error.message, new RegExp(provider.name));
      if (protocol === 'chat_completions') assert.equal(error.code, 'credential.missing');
      assert.equal((await e2e.usage(answer.headers.get('x-request-id'))).error_code, 'credential.missing');
    }
    assert.deepEqual(e2e.upstream.requestsFor('mock-none'), []);
  });

  test('a linked secret: its value is the key, and for custom_headers its JSON is the map', async () => {
    const value = e2e.key();
    const secret = await e2e.admin.must('POST', '/api/v1/secrets', { name: e2e.name('secret'), value });
    const provider = await reachable({ secret_id: secret.id }, { expected: auth.bearer(value) });
    assert.deepEqual([provider.body.secret_id, provider.body.credential.source], [secret.id, 'secret']);
    await mustReach(provider);

    const map = { 'X-Linked-Key': e2e.key() };
    const headers = await e2e.admin.must('POST', '/api/v1/secrets', { name: e2e.name('secret'), value: JSON.stringify(map) });
    await mustReach(await reachable({ auth_method: 'custom_headers', secret_id: headers.id }, { expected: auth.custom(map) }));
  });

  test('one secret serves several providers, and its new value reaches the next call of each', async () => {
    const secret = await e2e.admin.must('POST', '/api/v1/secrets', { name: e2e.name('shared'), value: e2e.key() });
    const value = e2e.key();
    const providers = [];
    for (let made = 0; made < 2; made += 1) providers.push(await reachable({ secret_id: secret.id }, { expected: auth.bearer(value) }));
    const rotated = await e2e.admin.must('PATCH', `/api/v1/secrets/${secret.id}`, { value });
    assert.equal(rotated.has_value, true);
    for (const provider of providers) await mustReach(provider);
  });
});

describe('rotation of a key', () => {
  test('the next call uses the new key while a running stream goes on with the old one', async () => {
    const provider = await e2e.provider();
    await e2e.models(provider, ['mock-trickle', 'mock-key']);
    const pending = e2e.call(CHAT.path, CHAT.request(`${provider.name}^mock-trickle`, { stream: true, stream_options: { include_usage: true } }), { token });
    const flow = await e2e.upstream.nextFlow();
    const first = flow.send();
    const reader = new StreamReader(await pending);
    await reader.until(first);
    assert.equal(flow.record.headers.authorization, `Bearer ${provider.key}`);

    const fresh = e2e.key();
    const patched = await e2e.admin.must('PATCH', `/api/v1/providers/${provider.id}`, { api_key: fresh });
    assert.equal(patched.credential.hint, fresh.slice(-4));
    provider.site.auth = auth.bearer(fresh);
    assert.equal((await mustReach(provider)).headers.authorization, `Bearer ${fresh}`);

    flow.finish();
    const { text, error } = await reader.rest();
    assert.equal(error, null);
    assert.equal(text, flow.events.join(''), 'the running stream was not touched');
    assert.equal(flow.record.aborted, false);
  });

  test('changing the method demands the new credential in the same request', async () => {
    const provider = await reachable({});
    assertAdminError(await e2e.admin.patch(`/api/v1/providers/${provider.id}`, { auth_method: 'x_api_key' }), 422);
    await mustReach(provider);
    const key = e2e.key();
    await e2e.admin.must('PATCH', `/api/v1/providers/${provider.id}`, { auth_method: 'x_api_key', api_key: key });
    provider.site.auth = auth.xApiKey(key);
    await mustReach(provider);
    const map = { 'X-Moved': e2e.key() };
    await e2e.admin.must('PATCH', `/api/v1/providers/${provider.id}`, { auth_method: 'custom_headers', custom_headers: map });
    provider.site.auth = auth.custom(map);
    await mustReach(provider);
  });

  test('a masked value is refused and changes nothing', async () => {
    const provider = await reachable({});
    for (const masked of [`sk-…${provider.key.slice(-4)}`, `sk-...${provider.key.slice(-4)}`, '••••••••', '****************', '........']) {
      assertAdminError(await e2e.admin.patch(`/api/v1/providers/${provider.id}`, { api_key: masked }), 422);
    }
    await mustReach(provider);
  });

  test('an update of something else keeps the credential', async () => {
    const provider = await reachable({});
    await e2e.admin.must('PATCH', `/api/v1/providers/${provider.id}`, { advanced_json: { seed: 1 } });
    await mustReach(provider);
  });
});

test('the hint is the last four characters, and only of a value with at least 20', async () => {
  for (const [length, hinted] of [[20, true], [19, false]]) {
    const key = e2e.secrets.register(randomBytes(length).toString('hex').slice(0, length));
    const provider = await reachable({ api_key: key }, { expected: auth.bearer(key) });
    assert.equal(provider.body.credential.hint ?? null, hinted ? key.slice(-4) : null, `${length} characters`);
    const { body } = await e2e.admin.get(`/api/v1/providers/${provider.id}`);
    assert.equal(body.credential.hint ?? null, hinted ? key.slice(-4) : null);
  }
});

test('an upstream that repeats the credential in its error does not get it to the client', async () => {
  for (const [protocol, make] of [['chat_completions', () => e2e.provider()], ['responses', () => e2e.provider()], ['anthropic_messages', () => e2e.anthropicProvider()]]) {
    const provider = await make();
    await e2e.models(provider, ['mock-401-echo-key']);
    const wire = CLIENTS[protocol];
    for (const extra of [{}, { stream: true }]) {
      const answer = await e2e.answer(wire.path, wire.request(`${provider.name}^mock-401-echo-key`, extra), { token, headers: wire.headers });
      assert.ok([401, 502].includes(answer.status), answer.text);
      const assertShape = protocol === 'anthropic_messages' ? assertAnthropicError : assertOpenAiError;
      assertShape(answer, answer.status);
      assert.ok(!answer.text.includes(provider.key), 'the body shows the credential');
      assert.ok(![...answer.headers.values()].some((value) => value.includes(provider.key)), 'a header shows the credential');
    }
  }
});

describe('at rest', () => {
  test('every credential is one sealed text under the first key of the ring', async () => {
    await reachable({});
    await e2e.admin.must('POST', '/api/v1/secrets', { name: e2e.name('secret'), value: e2e.key() });
    const sealed = e2e.worker.sealed();
    assert.ok(sealed.some(({ table }) => table === 'providers') && sealed.some(({ table }) => table === 'secrets'));
    assert.ok(sealed.every(({ keyId }) => keyId === 'k1'));
    assert.equal(new Set(sealed.map(({ value }) => value)).size, sealed.length, 'no two alike');
    assert.deepEqual(e2e.secrets.leaks(e2e.worker), [], 'the database files hold no plaintext');
  });

  test('the same key sealed twice looks different', async () => {
    const key = e2e.key();
    const ids = [];
    for (let made = 0; made < 2; made += 1) ids.push((await reachable({ api_key: key }, { expected: auth.bearer(key) })).id);
    const values = e2e.worker.sealed().filter(({ id }) => ids.includes(id)).map(({ value }) => value);
    assert.equal(new Set(values).size, 2);
  });

  test('a ciphertext moved to another row, or with one bit flipped, does not open: the call fails and nothing is sent', async () => {
    const [one, two] = [await e2e.provider(), await e2e.provider()];
    for (const provider of [one, two]) await e2e.models(provider, ['mock-swapped']);
    const find = (provider) => e2e.worker.sealed().find(({ id }) => id === provider.id);
    const [from, to] = [find(one), find(two)];
    const put = (at, value) => assert.equal(e2e.worker.tamper(`UPDATE providers SET "${at.column}" = ? WHERE id = ?`, value, at.id), 1);
    await e2e.worker.stop();
    put(to, from.value);
    const flipped = `${from.value.slice(0, -10)}${from.value.at(-10) === 'A' ? 'B' : 'A'}${from.value.slice(-9)}`;
    put(from, flipped);
    await e2e.worker.start(e2e.vars);
    for (const provider of [one, two]) {
      const answer = await e2e.answer(CHAT.path, CHAT.request(`${provider.name}^mock-swapped`), { token });
      assert.ok(answer.status >= 500, `${answer.status} ${answer.text}`);
      assertOpenAiError(answer, answer.status);
    }
    assert.deepEqual(e2e.upstream.requestsFor('mock-swapped'), []);

    // A rotation that meets such a row names it and writes nothing from its batch.
    await e2e.restart({ SEALING_KEYS: `k2:${e2e.keys.k2},k1:${e2e.keys.k1}` });
    let [before, refused] = [null, null];
    for (let round = 0; refused === null; round += 1) {
      assert.ok(round < 100, 'rotation meets the row that does not open');
      before = e2e.worker.sealed();
      const answer = await e2e.admin.post('/api/v1/sealing-keys/rotate');
      if (answer.status >= 300) refused = answer;
      else assert.ok(remaining(answer.body) >= 2, 'the two rows can never be done');
    }
    assertAdminError(refused, refused.status);
    assert.ok(refused.text.includes(one.id) || refused.text.includes(two.id), `the row is named: ${refused.text}`);
    assert.deepEqual(e2e.worker.sealed(), before, 'the batch wrote nothing');

    // Putting things back brings both back, and rotation can finish: here back to the first key.
    put(from, from.value);
    put(to, to.value);
    await e2e.restart({ SEALING_KEYS: `k1:${e2e.keys.k1},k2:${e2e.keys.k2}` });
    await rotateAll();
    await e2e.restart();
    for (const provider of [one, two]) await mustReach(provider, 'mock-swapped');
  });
});

describe('the sealing ring', () => {
  const ring = (...ids) => ids.map((id) => `${id}:${e2e.keys[id]}`).join(',');
  /** Rows per key id, wherever the answer of GET /api/v1/sealing-keys keeps them. */
  const counts = (body) => Object.fromEntries((body.data ?? body.keys).map((entry) => [entry.id ?? entry.key_id, entry.rows ?? entry.count]));

  test('rotation re-seals every row to the first key, a dry run writes nothing, and the old key may go', async () => {
    const provider = await reachable({});
    const map = { 'X-Rotated': e2e.key() };
    const withHeaders = await reachable({ auth_method: 'custom_headers', custom_headers: map }, { expected: auth.custom(map) });
    const value = e2e.key();
    const secret = await e2e.admin.must('POST', '/api/v1/secrets', { name: e2e.name('secret'), value });
    const linked = await reachable({ secret_id: secret.id }, { expected: auth.bearer(value) });
    const before = e2e.worker.sealed();
    assert.equal(counts((await e2e.admin.get('/api/v1/sealing-keys')).body).k1, before.length);

    await e2e.restart({ SEALING_KEYS: ring('k2', 'k1') });
    for (const each of [provider, withHeaders, linked]) await mustReach(each);
    const dry = await e2e.admin.must('POST', '/api/v1/sealing-keys/rotate?dry_run=true');
    assert.equal(remaining(dry), before.length, JSON.stringify(dry));
    assert.deepEqual(e2e.worker.sealed(), before, 'a dry run writes nothing');

    // Traffic and writes go on while it rotates.
    const fresh = e2e.key();
    await rotateAll((round) => Promise.all([
      mustReach(withHeaders),
      e2e.admin.must('PATCH', `/api/v1/providers/${linked.id}`, { advanced_json: { seed: round } }),
      round === 0 ? e2e.admin.must('PATCH', `/api/v1/providers/${provider.id}`, { api_key: fresh }) : undefined,
    ]));
    provider.site.auth = auth.bearer(fresh);
    await mustReach(provider);
    const after = e2e.worker.sealed();
    assert.equal(after.length, before.length, 'no row was lost');
    assert.ok(after.every(({ keyId }) => keyId === 'k2'));
    assert.ok(after.every(({ value: sealed }) => !before.some((entry) => entry.value.split('.')[2] === sealed.split('.')[2])), 're-sealed, not relabelled');
    const told = counts((await e2e.admin.get('/api/v1/sealing-keys')).body);
    assert.equal(told.k2, after.length);
    assert.equal(told.k1 ?? 0, 0);

    await e2e.restart({ SEALING_KEYS: ring('k2') });
    for (const each of [provider, withHeaders, linked]) await mustReach(each);
  });

  test('a ring without the key that sealed a row fails closed with 503 and names the missing key id', async () => {
    const provider = await reachable({});
    await e2e.restart({ SEALING_KEYS: `k9:${e2e.sealingKey()}` });
    const answer = await e2e.answer(CHAT.path, CHAT.request(`${provider.name}^mock-key`), { token });
    assert.match(assertOpenAiError(answer, 503).message, /\bk2\b/);
    // Nothing else is held up by it: a write seals with the key that is there.
    const fresh = await reachable({});
    await mustReach(fresh);
    await e2e.admin.must('DELETE', `/api/v1/providers/${fresh.id}`);
  });

  test('another key under the same id does not open anything either', async () => {
    await e2e.restart({ SEALING_KEYS: ring('k2') });
    const provider = await e2e.provider();
    await e2e.models(provider, ['mock-unopened']);
    await e2e.restart({ SEALING_KEYS: `k2:${e2e.sealingKey()}` });
    const answer = await e2e.answer(CHAT.path, CHAT.request(`${provider.name}^mock-unopened`), { token });
    assert.ok(answer.status >= 500, answer.text);
    assertOpenAiError(answer, answer.status);
    assert.deepEqual(e2e.upstream.requestsFor('mock-unopened'), []);
  });

  test('without a usable ring whatever needs it is 503 sealing.not_configured, and nothing is written', async () => {
    const before = e2e.worker.rows('SELECT count(*) AS count FROM providers')[0].count;
    for (const broken of [undefined, '', 'k1', 'k1:', `k1:${e2e.secrets.register(Buffer.alloc(16, 7).toString('base64'))}`, 'k1:not-base64-!!!']) {
      await e2e.restart({ SEALING_KEYS: broken });
      const site = e2e.upstream.site('never-made', auth.none());
      const refused = await e2e.admin.post('/api/v1/providers', { name: 'never-made', provider: 'openai', base_url: site.baseUrl, api_key: e2e.key() });
      assertAdminError(refused, 503, 'sealing.not_configured');
      assertAdminError(await e2e.admin.post('/api/v1/secrets', { name: 'never-made', value: e2e.key() }), 503, 'sealing.not_configured');
      assert.equal((await e2e.admin.get('/api/v1/providers')).status, 200, 'reading needs no key');
    }
    assert.equal(e2e.worker.rows('SELECT count(*) AS count FROM providers')[0].count, before);
    await e2e.restart({ SEALING_KEYS: ring('k2', 'k1') });
  });
});

closingChecks(e2e);
