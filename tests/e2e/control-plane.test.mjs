// The admin API as an operator sees it: shapes, validation, updates, concurrency, deletion, who may do what, and the audit trail.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLIENTS, PROJECT_ADMIN, assertAdminError, assertOpenAiError, closingChecks, suite } from './suite.mjs';

const e2e = suite({ CONFIG_TTL_MS: '0' });
const ID = (prefix) => new RegExp(`^${prefix}_[0-9A-Za-z]{16}$`);
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const PROVIDERS = '/api/v1/providers';
const NOBODY = 'AAAAAAAAAAAAAAAA';

let member;
e2e.before(async () => {
  member = await e2e.mint();
});

/** The smallest provider that is valid. */
const minimal = (fields = {}) => ({ name: e2e.name('minimal'), provider: 'openai', base_url: `http://${e2e.upstream.host}/nowhere`, ...fields });
const create = (fields) => e2e.admin.must('POST', PROVIDERS, minimal(fields));
const gone = ({ status }) => assert.ok([200, 204].includes(status), `DELETE answered ${status}`);

describe('healthz and me', () => {
  test('healthz needs no token and says that the deployment is configured and D1 answers', async () => {
    const { status, body, text } = await e2e.as(null).get('/healthz');
    assert.equal(status, 200, text);
    assert.equal(typeof body, 'object');
  });

  test('me says who the token is and never shows it', async () => {
    assert.equal((await e2e.admin.get('/api/v1/me')).status, 200);
    const { status, text, body } = await e2e.as(member.token).get('/api/v1/me');
    assert.equal(status, 200, text);
    assert.ok(text.includes(member.id), text);
    assert.match(JSON.stringify(body), /prj_[0-9A-Za-z]{16}|"default"/);
    assert.ok(!text.includes(member.token));
  });
});

describe('providers', () => {
  test('created, read, listed, changed and deleted', async () => {
    const key = e2e.key();
    const made = await e2e.admin.post(PROVIDERS, {
      name: '  Main OpenAI  ', provider: 'openai', api_key: key, base_url: `http://${e2e.upstream.host}/main/v1///`, openai_api_mode: 'auto', advanced_json: { temperature: 0.5 },
    });
    assert.equal(made.status, 201, made.text);
    const { body } = made;
    assert.match(body.id, ID('aip'));
    assert.match(body.project_id, ID('prj'));
    assert.equal(body.name, 'Main OpenAI', 'trimmed');
    assert.equal(body.base_url, `http://${e2e.upstream.host}/main/v1`, 'trailing slashes dropped');
    assert.deepEqual(
      [body.provider, body.openai_api_mode, body.enabled, body.model_count, body.models, body.default_model ?? null, body.secret_id ?? null, body.advanced_json],
      ['openai', 'auto', true, 0, [], null, null, { temperature: 0.5 }],
    );
    assert.deepEqual(body.credential, { configured: true, source: 'inline', hint: key.slice(-4) });
    assert.deepEqual(body.header_names, []);
    assert.equal(body.resolved.auth_method, 'bearer');
    assert.deepEqual([...body.resolved.protocols].sort(), ['chat_completions', 'responses']);
    assert.match(body.created_at, TIME);
    assert.match(body.updated_at, TIME);
    assert.ok(!('api_key' in body) && !('custom_headers' in body), 'write-only fields stay unread');

    const got = await e2e.admin.get(`${PROVIDERS}/${body.id}`);
    assert.deepEqual(got.body, body);
    assert.ok(got.headers.get('etag'));
    const listed = await e2e.admin.get(`${PROVIDERS}?limit=200`);
    assert.deepEqual(listed.body.data.find(({ id }) => id === body.id)?.name, 'Main OpenAI');
    assert.ok('next_cursor' in listed.body);
    const old = await e2e.admin.get('/v1/llm-providers?limit=200');
    assert.deepEqual(old.body, listed.body, "000's path serves the same");

    const changed = await e2e.admin.patch(`${PROVIDERS}/${body.id}`, { name: 'Renamed', advanced_json: null, openai_api_mode: null, base_url: null });
    assert.equal(changed.status, 200, changed.text);
    assert.deepEqual([changed.body.name, changed.body.advanced_json ?? null, changed.body.openai_api_mode ?? null, changed.body.base_url ?? null], ['Renamed', null, null, null]);
    assert.match(changed.body.resolved.base_url, /^https:\/\/api\.openai\.com/, "without its own, the kind's base URL holds");
    assert.equal(changed.body.credential.configured, true, 'what is absent is kept');

    gone(await e2e.admin.delete(`${PROVIDERS}/${body.id}`));
    assertAdminError(await e2e.admin.get(`${PROVIDERS}/${body.id}`), 404);
    assertAdminError(await e2e.admin.delete(`${PROVIDERS}/${body.id}`), 404);
  });

  test('the kind gives the defaults', async () => {
    const expected = {
      openai: ['bearer', /^https:\/\/api\.openai\.com/], anthropic: ['x_api_key', /^https:\/\/api\.anthropic\.com/], google: ['x_goog_api_key', /googleapis\.com/],
      xai: ['bearer', /^https:\/\/api\.x\.ai/], groq: ['bearer', /^https:\/\/api\.groq\.com/],
    };
    for (const [provider, [method, base]] of Object.entries(expected)) {
      const made = await e2e.admin.must('POST', PROVIDERS, { name: e2e.name(provider), provider, api_key: e2e.key() });
      assert.equal(made.resolved.auth_method, method, provider);
      assert.match(made.resolved.base_url, base);
    }
  });

  test('what breaks a rule is 422 naming the field, and creates nothing', async () => {
    const secret = await e2e.admin.must('POST', '/api/v1/secrets', { name: e2e.name('secret'), value: e2e.key() });
    const key = e2e.key();
    const cases = [
      ['name', { name: undefined }], ['name', { name: '' }], ['name', { name: '   ' }], ['name', { name: 'a^b' }], ['name', { name: 'x'.repeat(101) }], ['name', { name: 7 }], ['name', { name: null }],
      ['provider', { provider: 'openia' }], ['protocol', { provider: undefined, base_url: 'http://127.0.0.1:1' }], ['base_url', { provider: undefined, protocol: 'responses', base_url: undefined }],
      ['base_url', { provider: 'custom', protocol: 'responses', base_url: undefined }], ['base_url', { provider: 'gateway', base_url: undefined }], ['base_url', { base_url: 'nope' }],
      ['protocol', { protocol: 'soap' }], ['openai_api_mode', { openai_api_mode: 'sometimes' }], ['openai_api_mode', { provider: 'anthropic', openai_api_mode: 'auto' }],
      [/protocol|openai_api_mode/, { protocol: 'responses', openai_api_mode: 'chat_completions' }], ['auth_method', { auth_method: 'magic' }],
      [/api_key|secret_id/, { api_key: key, secret_id: secret.id }], ['secret_id', { secret_id: `sec_${NOBODY}` }], [/custom_headers|auth_method/, { custom_headers: { 'X-A': key } }],
      [/api_key|auth_method|custom_headers/, { auth_method: 'custom_headers', api_key: key }], ['custom_headers', { auth_method: 'custom_headers', custom_headers: {} }],
      ['custom_headers', { auth_method: 'custom_headers', custom_headers: { 'bad name': 'v' } }], ['custom_headers', { auth_method: 'custom_headers', custom_headers: { 'X-A': 'a\r\nb' } }],
      ['custom_headers', { auth_method: 'custom_headers', custom_headers: { 'X-A': 7 } }], ['api_key', { api_key: 7 }], ['enabled', { enabled: 'yes' }], ['advanced_json', { advanced_json: [] }],
      ['nmae', { nmae: 'typo' }], ['id', { id: `aip_${NOBODY}` }], [/credential/, { credential: {} }],
      ...['model', 'messages', 'input', 'instructions', 'system', 'contents', 'stream', 'stream_options', 'tools', 'tool_choice'].map((name) => ['advanced_json', { advanced_json: { [name]: 1 } }]),
      ...['Host', 'content-length', 'CONNECTION', 'Transfer-encoding'].map((name) => ['custom_headers', { auth_method: 'custom_headers', custom_headers: { [name]: 'v' } }, new RegExp(name, 'i')]),
      ...['Host', 'Authorization', 'x-api-key'].map((name) => ['advanced_json', { advanced_json: { extra_headers: { [name]: 'v' } } }, new RegExp(name, 'i')]),
    ];
    const count = () => e2e.worker.rows('SELECT count(*) AS count FROM providers')[0].count;
    const before = count();
    for (const [param, fields, words] of cases) {
      const error = assertAdminError(await e2e.admin.post(PROVIDERS, minimal(fields)), 422);
      const said = `${JSON.stringify(fields)} → ${JSON.stringify(error)}`;
      if (param instanceof RegExp) assert.match(error.param ?? '', param, said);
      else assert.ok(error.param === param || error.param?.startsWith(`${param}.`), said);
      if (words) assert.match(error.message, words, said);
    }
    assert.equal(count(), before);
    assertAdminError(await e2e.admin.post(PROVIDERS, []), 422);
  });

  test('a name is unique without regard to case, also when renaming', async () => {
    const one = await create({ name: 'Case Study' });
    const two = await create();
    assertAdminError(await e2e.admin.post(PROVIDERS, minimal({ name: 'cASE sTUDY' })), 409, 'provider.name_conflict');
    assertAdminError(await e2e.admin.patch(`${PROVIDERS}/${two.id}`, { name: ' CASE STUDY ' }), 409, 'provider.name_conflict');
    const same = await e2e.admin.patch(`${PROVIDERS}/${one.id}`, { name: 'CASE STUDY' });
    assert.equal(same.status, 200, 'its own name in another case is no conflict');
  });

  test('an update keeps what is absent, clears what is null where that can be, and refuses the rest', async () => {
    const provider = await create({ api_key: e2e.key(), advanced_json: { seed: 1 }, openai_api_mode: 'responses' });
    const at = `${PROVIDERS}/${provider.id}`;
    for (const [param, fields] of [
      ['name', { name: null }], ['enabled', { enabled: null }], ['provider', { provider: null }], ['project_id', { project_id: `prj_${NOBODY}` }], ['created_at', { created_at: '2020-01-01T00:00:00.000Z' }],
      ['colour', { colour: 'red' }], ['model_count', { model_count: 3 }],
    ]) {
      const error = assertAdminError(await e2e.admin.patch(at, fields), 422);
      assert.equal(error.param, param, JSON.stringify(error));
    }
    assertAdminError(await e2e.admin.patch(at, {}), 422);
    const after = (await e2e.admin.get(at)).body;
    assert.deepEqual(after, (await e2e.admin.get(at)).body);
    assert.deepEqual([after.name, after.advanced_json, after.openai_api_mode], [provider.name, { seed: 1 }, 'responses']);
  });

  test('a write whose If-Match no longer fits is 412 and changes nothing', async () => {
    const provider = await create();
    const at = `${PROVIDERS}/${provider.id}`;
    const etag = (await e2e.admin.get(at)).headers.get('etag');
    assertAdminError(await e2e.admin.patch(at, { enabled: false }, { 'if-match': '"somebody-else"' }), 412);
    const first = await e2e.admin.patch(at, { enabled: false }, { 'if-match': etag });
    assert.equal(first.status, 200, first.text);
    assertAdminError(await e2e.admin.patch(at, { enabled: true }, { 'if-match': etag }), 412);
    assertAdminError(await e2e.admin.delete(at, { 'if-match': etag }), 412);
    const now = await e2e.admin.get(at);
    assert.equal(now.body.enabled, false);
    assert.notEqual(now.headers.get('etag'), etag);
    const any = await e2e.admin.patch(at, { enabled: true }, { 'if-match': '*' });
    assert.equal(any.status, 200, any.text);
  });

  test('of two writers with the same ETag exactly one wins', async () => {
    const provider = await create();
    const at = `${PROVIDERS}/${provider.id}`;
    const etag = (await e2e.admin.get(at)).headers.get('etag');
    const answers = await Promise.all([1, 2, 3, 4].map((seed) => e2e.admin.patch(at, { advanced_json: { seed } }, { 'if-match': etag })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412, 412, 412]);
  });
});

describe('models', () => {
  const under = (provider, model) => `${PROVIDERS}/${provider.id}/models${model ? `/${model.id}` : ''}`;
  const add = (provider, fields) => e2e.admin.must('POST', under(provider), fields);
  const defaults = async (provider) => (await e2e.admin.must('GET', under(provider))).data.filter(({ is_default }) => is_default).map(({ model }) => model);

  test('created with defaults, read, listed, changed and deleted', async () => {
    const provider = await create();
    const made = await e2e.admin.post(under(provider), { model: 'vendor/model:1^beta' });
    assert.equal(made.status, 201, made.text);
    const { body } = made;
    assert.match(body.id, ID('mdl'));
    assert.deepEqual(
      [body.provider_id, body.model, body.name ?? null, body.priority, body.is_default, body.enabled, body.tags, body.when ?? null, body.weight, body.fallbacks, body.multiplier, body.cost_per_1k_input ?? null, body.orphaned],
      [provider.id, 'vendor/model:1^beta', null, 0, true, true, [], null, 1, [], 1, null, false],
    );
    assert.equal(body.selector, `${provider.name}^vendor/model:1^beta`);
    assert.match(body.created_at, TIME);
    const got = await e2e.admin.get(under(provider, body));
    assert.deepEqual(got.body, body);
    assert.ok(got.headers.get('etag'));
    assertAdminError(await e2e.admin.patch(under(provider, body), { priority: 3 }, { 'if-match': '"stale"' }), 412);
    const full = { name: e2e.name('public'), priority: -3, enabled: false, tags: ['fast', 'eu'], when: { stream: true, max_tokens: { $gt: 100 } }, weight: 2, advanced_json: { top_p: null }, multiplier: 1.25, cost_per_1k_input: 0.00015, cost_per_1k_cache_read: 0 };
    const changed = await e2e.admin.patch(under(provider, body), full);
    assert.equal(changed.status, 200, changed.text);
    for (const [key, value] of Object.entries(full)) assert.deepEqual(changed.body[key], value, key);
    const cleared = await e2e.admin.must('PATCH', under(provider, body), { name: null, when: null, advanced_json: null, cost_per_1k_input: null });
    assert.deepEqual([cleared.name ?? null, cleared.when ?? null, cleared.advanced_json ?? null, cleared.cost_per_1k_input ?? null, cleared.priority], [null, null, null, null, -3]);
    const parent = (await e2e.admin.get(`${PROVIDERS}/${provider.id}`)).body;
    assert.deepEqual([parent.model_count, parent.default_model, parent.models.length], [1, 'vendor/model:1^beta', 1]);
    gone(await e2e.admin.delete(under(provider, body)));
    assertAdminError(await e2e.admin.get(under(provider, body)), 404);
  });

  test('what breaks a rule is 422 naming the field', async () => {
    const provider = await create();
    for (const [param, fields] of [
      ['model', {}], ['model', { model: '' }], ['model', { model: 7 }], ['priority', { priority: 1.5 }], ['priority', { priority: 'high' }], ['cost_per_1k_input', { cost_per_1k_input: -1 }], ['multiplier', { multiplier: 0 }],
      ['multiplier', { multiplier: -1 }], ['tags', { tags: 'fast' }], ['tags', { tags: [1] }], ['when', { when: [] }], ['when', { when: { stream: { $regex: '.*' } } }], ['advanced_json', { advanced_json: { messages: [] } }],
      ['advanced_json', { advanced_json: 'x' }], ['is_default', { is_default: 1 }], ['fallbacks', { fallbacks: 'x' }], ['selector', { selector: 'a^b' }], ['price', { price: 1 }],
    ]) {
      const error = assertAdminError(await e2e.admin.post(under(provider), { ...(param === 'model' ? {} : { model: 'm' }), ...fields }), 422);
      assert.ok(error.param === param || error.param?.startsWith(`${param}.`) || error.param?.startsWith(`${param}[`), `${JSON.stringify(fields)} → ${JSON.stringify(error)}`);
    }
    const made = await add(provider, { model: 'm' });
    for (const [param, fields] of [['model', { model: null }], ['priority', { priority: null }], ['multiplier', { multiplier: null }], ['enabled', { enabled: null }], ['tags', { tags: null }], ['bogus', { bogus: 1 }]]) {
      assert.equal(assertAdminError(await e2e.admin.patch(under(provider, made), fields), 422).param, param);
    }
    assertAdminError(await e2e.admin.patch(under(provider, made), {}), 422);
  });

  test('an upstream name is unique under its provider, a public name in the project', async () => {
    const [one, two] = [await create(), await create()];
    const publicName = e2e.name('Public');
    const made = await add(one, { model: 'GPT-x', name: publicName });
    assertAdminError(await e2e.admin.post(under(one), { model: 'gpt-X' }), 409, 'model.conflict');
    await add(two, { model: 'gpt-x' });
    assertAdminError(await e2e.admin.post(under(two), { model: 'other', name: publicName }), 409);
    const second = await add(one, { model: 'second' });
    assertAdminError(await e2e.admin.patch(under(one, second), { model: 'GPT-X' }), 409, 'model.conflict');
    assertAdminError(await e2e.admin.get(`${PROVIDERS}/${two.id}/models/${made.id}`), 404);
  });

  test('a provider has exactly one default: the first, then whichever is set, then the best of the rest', async () => {
    const provider = await create();
    const low = await add(provider, { model: 'low', priority: 1 });
    assert.deepEqual(await defaults(provider), ['low']);
    const mid = await add(provider, { model: 'mid', priority: 5, is_default: true });
    assert.deepEqual(await defaults(provider), ['mid']);
    const high = await add(provider, { model: 'high', priority: 9 });
    await e2e.admin.must('PATCH', under(provider, mid), { is_default: false });
    assert.deepEqual(await defaults(provider), ['high'], 'unsetting promotes by priority');
    gone(await e2e.admin.delete(under(provider, high)));
    assert.deepEqual(await defaults(provider), ['mid'], 'deleting promotes by priority');
    await e2e.admin.must('PATCH', `${PROVIDERS}/${provider.id}`, { default_model: 'low' });
    assert.deepEqual(await defaults(provider), ['low'], 'default_model sets the flag');
    assert.equal((await e2e.admin.get(`${PROVIDERS}/${provider.id}`)).body.default_model, 'low');
    await Promise.all([low, mid].map((model) => e2e.admin.must('PATCH', under(provider, model), { is_default: true })));
    assert.equal((await defaults(provider)).length, 1, 'also under concurrent writes');
  });

  test('deleting a provider takes its models along; refuse says what depends on it; orphan keeps them', async () => {
    const taking = await create();
    const taken = await add(taking, { model: 'taken' });
    gone(await e2e.admin.delete(`${PROVIDERS}/${taking.id}`));
    assert.deepEqual(e2e.worker.rows('SELECT id FROM models WHERE id = ?', taken.id), []);

    const refusing = await create();
    for (const model of ['one', 'two']) await add(refusing, { model });
    const refused = assertAdminError(await e2e.admin.delete(`${PROVIDERS}/${refusing.id}?models=refuse`), 409);
    const details = JSON.stringify(refused.details);
    for (const word of ['2', 'one', 'two']) assert.ok(details.includes(word), details);
    assert.equal((await e2e.admin.get(`${PROVIDERS}/${refusing.id}`)).body.model_count, 2);
    assertAdminError(await e2e.admin.delete(`${PROVIDERS}/${refusing.id}?models=explode`), 422);

    const publicName = e2e.name('kept');
    const orphaning = await e2e.provider();
    const [kept] = Object.values(await e2e.models(orphaning, ['mock-kept'], { name: publicName }));
    const chat = CLIENTS.chat_completions;
    const ask = (model) => e2e.answer(chat.path, chat.request(model), { token: member.token });
    assert.equal((await ask(publicName)).status, 200);
    gone(await e2e.admin.delete(`${PROVIDERS}/${orphaning.id}?models=orphan`));
    const orphaned = await ask(publicName);
    assert.ok(orphaned.status >= 400 && orphaned.status < 500, orphaned.text);
    assert.equal(assertOpenAiError(orphaned, orphaned.status).code, 'model.orphaned');
    assert.equal(e2e.worker.sealed().filter(({ id }) => id === orphaning.id).length, 0, 'the credential is gone');

    const adopting = await e2e.provider();
    let adopted = await e2e.admin.patch(`${PROVIDERS}/${orphaning.id}/models/${kept.id}`, { provider_id: adopting.id });
    if (adopted.status === 404) adopted = await e2e.admin.patch(`${PROVIDERS}/${adopting.id}/models/${kept.id}`, { provider_id: adopting.id });
    assert.equal(adopted.status, 200, adopted.text);
    assert.deepEqual([adopted.body.provider_id, adopted.body.orphaned], [adopting.id, false]);
    assert.equal((await ask(publicName)).status, 200);
  });
});

describe('secrets', () => {
  test('created, read without the value, renamed, rotated and deleted; one in use stays', async () => {
    const name = e2e.name('Secret');
    const made = await e2e.admin.post('/api/v1/secrets', { name, value: e2e.key() });
    assert.equal(made.status, 201, made.text);
    assert.match(made.body.id, ID('sec'));
    assert.deepEqual([made.body.name, made.body.has_value, 'value' in made.body], [name, true, false]);
    const at = `/api/v1/secrets/${made.body.id}`;
    assert.deepEqual((await e2e.admin.get(at)).body, made.body);
    assert.ok((await e2e.admin.must('GET', '/api/v1/secrets?limit=200')).data.some(({ id }) => id === made.body.id));
    assertAdminError(await e2e.admin.post('/api/v1/secrets', { name: name.toUpperCase(), value: e2e.key() }), 409);
    for (const wrong of [{ name: e2e.name('s') }, { value: e2e.key() }, { name: '', value: e2e.key() }, { name: e2e.name('s'), value: 7 }, { name: e2e.name('s'), value: e2e.key(), colour: 1 }]) assertAdminError(await e2e.admin.post('/api/v1/secrets', wrong), 422);
    assertAdminError(await e2e.admin.patch(at, {}), 422);
    assertAdminError(await e2e.admin.patch(at, { value: 'sk-…abcd' }), 422);
    const sealed = () => e2e.worker.sealed().find(({ id }) => id === made.body.id).value;
    const before = sealed();
    await e2e.admin.must('PATCH', at, { name: `${name}-renamed` });
    assert.equal(sealed(), before, 'a rename does not touch the value');
    await e2e.admin.must('PATCH', at, { value: e2e.key() });
    assert.notEqual(sealed(), before);

    const provider = await create({ secret_id: made.body.id });
    const refused = assertAdminError(await e2e.admin.delete(at), 409);
    assert.ok(JSON.stringify(refused).includes(provider.name), 'the providers that use it are named');
    await e2e.admin.must('PATCH', `${PROVIDERS}/${provider.id}`, { secret_id: null });
    gone(await e2e.admin.delete(at));
    assertAdminError(await e2e.admin.get(at), 404);
  });
});

describe('tokens', () => {
  test('shown once, stored as a hash, listed without, changed, revoked', async () => {
    const minted = await e2e.mint({ name: 'ci', allowed_models: ['a^*'], expires_at: '2099-01-01T00:00:00.000Z' });
    assert.match(minted.id, ID('tok'));
    const { body, text } = await e2e.admin.get(`/api/v1/tokens/${minted.id}`);
    assert.ok(!text.includes(minted.token));
    assert.deepEqual([body.name, body.allowed_models, body.expires_at, body.disabled], ['ci', ['a^*'], '2099-01-01T00:00:00.000Z', false]);
    assert.ok((await e2e.admin.must('GET', '/api/v1/tokens?limit=200')).data.some(({ id }) => id === minted.id));
    const changed = await e2e.admin.must('PATCH', `/api/v1/tokens/${minted.id}`, { disabled: true, expires_at: null });
    assert.deepEqual([changed.disabled, changed.expires_at ?? null], [true, null]);
    assertAdminError(await e2e.admin.patch(`/api/v1/tokens/${minted.id}`, {}), 422);
    assertAdminError(await e2e.admin.patch(`/api/v1/tokens/${minted.id}`, { hash: 'x' }), 422);
    assertAdminError(await e2e.admin.post('/api/v1/tokens', { name: 'x', expires_at: 'tomorrow' }), 422);
    gone(await e2e.admin.delete(`/api/v1/tokens/${minted.id}`));
    assertAdminError(await e2e.admin.get(`/api/v1/tokens/${minted.id}`), 404);
  });

  test('nobody mints a token stronger than their own', async () => {
    const admin = await e2e.mint(PROJECT_ADMIN);
    const other = await e2e.admin.must('POST', '/api/v1/projects', { name: e2e.name('elsewhere') });
    assert.equal((await e2e.as(admin.token).get('/api/v1/tokens')).status, 200);
    const sideways = await e2e.as(admin.token).post('/api/v1/tokens', { name: 'x', ...PROJECT_ADMIN, project_id: other.id });
    assert.ok([403, 404, 422].includes(sideways.status), sideways.text);
    assert.deepEqual(e2e.worker.rows('SELECT id FROM tokens WHERE project_id = ?', other.id), []);
    assertAdminError(await e2e.as(member.token).post('/api/v1/tokens', { name: 'x', ...PROJECT_ADMIN }), 403);
  });
});

describe('projects', () => {
  test('the first boot makes default; others are created, renamed and deleted', async () => {
    const { data } = await e2e.admin.must('GET', '/api/v1/projects?limit=200');
    assert.ok(data.some(({ name, id }) => name === 'default' && ID('prj').test(id)), JSON.stringify(data));
    const made = await e2e.admin.post('/api/v1/projects', { name: e2e.name('Project') });
    assert.equal(made.status, 201, made.text);
    const at = `/api/v1/projects/${made.body.id}`;
    assert.deepEqual((await e2e.admin.get(at)).body, made.body);
    assert.equal((await e2e.admin.must('PATCH', at, { name: e2e.name('renamed') })).id, made.body.id);
    assertAdminError(await e2e.admin.patch(at, { name: null }), 422);
    assertAdminError(await e2e.admin.post('/api/v1/projects', { name: '' }), 422);
    gone(await e2e.admin.delete(at));
    assertAdminError(await e2e.admin.get(at), 404);
  });

  test('projects do not see each other, and the same name may live in both', async () => {
    const project = await e2e.admin.must('POST', '/api/v1/projects', { name: e2e.name('second') });
    const mine = await create({ name: 'Shared name' });
    const theirs = await e2e.admin.must('POST', `${PROVIDERS}?project_id=${project.id}`, minimal({ name: 'shared NAME' }));
    assert.equal(theirs.project_id, project.id);
    const listed = await e2e.admin.must('GET', `${PROVIDERS}?project_id=${project.id}`);
    assert.deepEqual(listed.data.map(({ id }) => id), [theirs.id]);
    const stranger = e2e.as((await e2e.mint({ ...PROJECT_ADMIN, project_id: project.id })).token);
    assert.deepEqual((await stranger.must('GET', PROVIDERS)).data.map(({ id }) => id), [theirs.id]);
    for (const answer of [
      await stranger.get(`${PROVIDERS}/${mine.id}`), await stranger.patch(`${PROVIDERS}/${mine.id}`, { enabled: false }), await stranger.delete(`${PROVIDERS}/${mine.id}`),
      await stranger.get(`${PROVIDERS}/${mine.id}/models`), await stranger.post(`${PROVIDERS}/${mine.id}/models`, { model: 'x' }), await stranger.get(`/api/v1/tokens/${member.id}`),
    ]) assertAdminError(answer, 404);
    assert.equal((await e2e.admin.get(`${PROVIDERS}/${mine.id}`)).body.enabled, true);
    const foreign = await e2e.admin.must('POST', '/api/v1/secrets', { name: e2e.name('mine'), value: e2e.key() });
    assertAdminError(await stranger.post(PROVIDERS, minimal({ secret_id: foreign.id })), 422);
  });
});

describe('the envelope', () => {
  test('lists go page by page, each row once', async () => {
    const names = [];
    for (let made = 0; made < 5; made += 1) names.push((await e2e.admin.must('POST', '/api/v1/secrets', { name: e2e.name('page'), value: e2e.key() })).id);
    const seen = [];
    let cursor = null;
    for (let page = 0; page === 0 || cursor !== null; page += 1) {
      assert.ok(page < 50, 'the list ends');
      const { data, next_cursor } = await e2e.admin.must('GET', `/api/v1/secrets?limit=2${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
      assert.ok(data.length <= 2);
      seen.push(...data.map(({ id }) => id));
      cursor = next_cursor;
    }
    assert.equal(new Set(seen).size, seen.length);
    for (const id of names) assert.ok(seen.includes(id));
    for (const wrong of ['limit=none', 'limit=0', 'limit=-1', 'cursor=%21%21nonsense']) {
      const answer = await e2e.admin.get(`/api/v1/secrets?${wrong}`);
      assert.ok([400, 422].includes(answer.status), `${wrong}: ${answer.status} ${answer.text}`);
      assertAdminError(answer, answer.status);
    }
  });

  test('malformed JSON is 400 with the position', async () => {
    for (const body of ['{"name": "x",\n "provider": }', '{', '', '{"name" "x"}', '{"a":1} b', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])]) {
      assert.match(assertAdminError(await e2e.admin.post(PROVIDERS, body), 400).message, /(line|column|position|offset|byte|character)\D*\d+/i, String(body));
    }
  });

  test('a wrong method is 405 with Allow', async () => {
    const provider = await create();
    for (const [method, path, allowed] of [
      ['PUT', PROVIDERS, ['GET', 'POST']], ['DELETE', PROVIDERS, ['GET', 'POST']], ['POST', `${PROVIDERS}/${provider.id}`, ['GET', 'PATCH', 'DELETE']], ['PUT', '/api/v1/secrets', ['GET', 'POST']],
      ['GET', '/api/v1/sealing-keys/rotate', ['POST']], ['POST', '/api/v1/sealing-keys', ['GET']], ['POST', '/api/v1/me', ['GET']], ['POST', '/healthz', ['GET']],
    ]) {
      const answer = await e2e.admin.send(method, path);
      assertAdminError(answer, 405);
      for (const word of allowed) assert.ok(answer.headers.get('allow')?.split(/, */).includes(word), `${method} ${path}: ${answer.headers.get('allow')}`);
    }
  });

  test('a body above 1 MiB is 413, a wrong content type is 415', async () => {
    assertAdminError(await e2e.admin.post(PROVIDERS, minimal({ advanced_json: { padding: 'A'.repeat(1024 * 1024) } })), 413);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']) assertAdminError(await e2e.admin.post(PROVIDERS, minimal(), { 'content-type': type }), 415);
    const fine = await e2e.admin.post(PROVIDERS, minimal(), { 'content-type': 'Application/JSON; charset=UTF-8' });
    assert.equal(fine.status, 201, fine.text);
  });

  test('401 comes before anything, 403 on the action before 404, and 404 last', async () => {
    const missing = `${PROVIDERS}/aip_${NOBODY}`;
    for (const token of [null, 'nonsense', `slu_${'z'.repeat(44)}`, `${e2e.adminToken}x`, e2e.adminToken.slice(0, -1)]) {
      const stranger = e2e.as(token);
      for (const answer of [await stranger.get(missing), await stranger.post(PROVIDERS, '{"broken'), await stranger.send('PUT', PROVIDERS), await stranger.get('/api/v1/secrets'), await stranger.post('/api/v1/sealing-keys/rotate')]) assertAdminError(answer, 401);
    }
    const limited = e2e.as(member.token);
    for (const answer of [
      await limited.patch(missing, { enabled: false }), await limited.delete(missing), await limited.post(PROVIDERS, minimal()), await limited.get('/api/v1/secrets'), await limited.get(`/api/v1/secrets/sec_${NOBODY}`),
      await limited.get('/api/v1/tokens'), await limited.get('/api/v1/sealing-keys'), await limited.post('/api/v1/sealing-keys/rotate'), await limited.post('/api/v1/projects', { name: 'x' }),
    ]) assertAdminError(answer, 403);
    for (const path of [missing, `${missing}/models`, `/api/v1/secrets/sec_${NOBODY}`, `/api/v1/tokens/tok_${NOBODY}`, `/api/v1/projects/prj_${NOBODY}`, `${PROVIDERS}/%00`, `${PROVIDERS}/'%20OR%201=1`]) assertAdminError(await e2e.admin.get(path), 404);
    const read = await limited.get(PROVIDERS);
    assert.equal(read.status, 200, 'a member may read providers');
    assert.ok(read.body.data.every((provider) => !provider.credential?.hint), 'but not their credentials');
  });

  test('what comes in later issues is 404, not a stub', async () => {
    const provider = await create();
    for (const path of ['/api/v1/audit-log-nothing', '/api/v1/nothing']) assert.equal((await e2e.admin.get(path)).status, 404, path);
  });

  test('every answer has its request id, and an error repeats it', async () => {
    const answer = await e2e.admin.get(`${PROVIDERS}/aip_${NOBODY}`);
    assert.equal(assertAdminError(answer, 404).request_id, answer.headers.get('x-request-id'));
    assert.notEqual((await e2e.admin.get(PROVIDERS)).headers.get('x-request-id'), answer.headers.get('x-request-id'));
  });
});

test('every write leaves an audit row: who, what, which row, which fields, when; a refused one leaves none', async () => {
  const audit = (id) => e2e.worker.rows('SELECT * FROM audit_log WHERE resource_id = ? ORDER BY created_at, rowid', id).map((row) => ({ ...row, fields: JSON.parse(row.fields ?? '[]') }));
  const operator = await e2e.mint(PROJECT_ADMIN);
  const by = e2e.as(operator.token);
  const provider = await by.must('POST', PROVIDERS, minimal({ api_key: e2e.key() }));
  await by.must('PATCH', `${PROVIDERS}/${provider.id}`, { api_key: e2e.key(), enabled: false });
  await by.patch(`${PROVIDERS}/${provider.id}`, { bogus: 1 });
  await by.patch(`${PROVIDERS}/${provider.id}`, { enabled: true }, { 'if-match': '"stale"' });
  await e2e.as(member.token).delete(`${PROVIDERS}/${provider.id}`);
  await by.send('DELETE', `${PROVIDERS}/${provider.id}`);
  const rows = audit(provider.id);
  assert.deepEqual(rows.map(({ action }) => action), ['aiProviders:CreateAiProvider', 'aiProviders:UpdateAiProvider', 'aiProviders:DeleteAiProvider']);
  assert.ok(rows.every((row) => row.actor_id === operator.id && row.resource_type && row.created_at), JSON.stringify(rows));
  assert.deepEqual([...rows[1].fields].sort(), ['api_key', 'enabled']);
  assert.ok(rows[0].fields.includes('name') && rows[0].fields.includes('api_key'));

  const secret = await e2e.admin.must('POST', '/api/v1/secrets', { name: e2e.name('audited'), value: e2e.key() });
  await e2e.admin.must('PATCH', `/api/v1/secrets/${secret.id}`, { value: e2e.key() });
  assert.deepEqual(audit(secret.id).map(({ action, fields }) => [action.split(':')[0], fields.includes('value')]), [['secrets', true], ['secrets', true]]);
  assert.ok(audit(operator.id).length === 1, 'minting a token is a write too');
});

closingChecks(e2e);
