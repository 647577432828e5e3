// What an upstream can do, found out through the real Worker: its list of models for each kind, importing it, and one call.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAdminError, closingChecks, suite } from './suite.mjs';
import { auth } from './upstream/rules.mjs';
import { TEXT } from './upstream/scenario.mjs';

const e2e = suite();
const REGION = 'eu-central-1';
const THREE = ['mock-one', 'mock-two', 'mock-three'];

/** A provider of each kind, at an account that takes its credential only. */
async function everyKind() {
  const [bearer, claude, google, azure, own] = [e2e.key(), e2e.key('sk-ant-test-'), e2e.key('AIzaTest'), e2e.key('az'), e2e.key()];
  const [accessKeyId, secretAccessKey] = ['AKIADISCOVERY0001', e2e.key('aws/+')];
  const aws = JSON.stringify({ access_key_id: accessKeyId, secret_access_key: secretAccessKey });
  const openai = (provider) => e2e.provider({ provider, api_key: bearer }, { expected: auth.bearer(bearer) });
  return [
    await openai('openai'), await openai('xai'), await openai('groq'),
    await e2e.provider({ provider: 'anthropic', api_key: claude }, { expected: auth.xApiKey(claude), path: '' }),
    await e2e.provider({ provider: 'google', api_key: google }, { expected: auth.xGoogApiKey(google), path: '/v1beta' }),
    await e2e.provider({ provider: 'ollama', api_key: '' }, { expected: auth.none() }),
    await e2e.provider({ provider: 'azure', api_key: azure }, { expected: auth.apiKey(azure), path: '/openai/v1' }),
    await e2e.provider({ provider: 'bedrock', api_key: aws, advanced_json: { region: REGION } }, { expected: auth.sigv4({ accessKeyId, secretAccessKey, region: REGION }), path: '' }),
    await e2e.provider({ provider: 'gateway', auth_method: 'custom_headers', custom_headers: { 'x-own': own } }, { expected: auth.custom({ 'x-own': own }) }),
    await e2e.provider({ provider: 'custom', api_key: bearer }, { expected: auth.bearer(bearer) }),
  ];
}

test('the models of all ten kinds are listed, imported and called', async () => {
  for (const provider of await everyKind()) {
    const kind = provider.body.provider;
    const path = `/api/v1/providers/${provider.id}`;
    const expected = kind === 'bedrock' ? [...THREE, 'us.anthropic.mock-new'] : THREE;
    const listed = await e2e.admin.must('GET', `${path}/available-models`);
    assert.deepEqual(listed.data.map(({ model, configured }) => [model, configured]), expected.map((model) => [model, false]), kind);
    assert.deepEqual(await e2e.admin.must('POST', `${path}/import-models`), { fetched: expected.length, imported: expected.length, existing: 0 }, kind);
    const models = (await e2e.admin.must('GET', `${path}/models`)).data;
    assert.deepEqual(models.map(({ model }) => model), expected, kind);
    const answer = await e2e.admin.post(`${path}/models/${models[0].id}/test`);
    const tested = answer.body;
    assert.deepEqual([tested.success, tested.output_text], [true, TEXT], `${kind}: ${answer.text}`);
    assert.ok(tested.latency_ms >= 0 && tested.latency_ms < 30_000);
    const row = await e2e.usage(answer.headers.get('x-request-id'));
    assert.deepEqual([row.model, row.status, row.upstream_protocol], ['mock-one', 200, tested.protocol], kind);
    assert.ok(row.output_tokens > 0, `${kind}: a test is metered`);
    const again = await e2e.admin.must('GET', `${path}/available-models`);
    assert.ok(again.data.every(({ configured }) => configured), kind);
  }
});

test('a list is asked for once within a minute, and again after any write', async () => {
  const provider = await e2e.provider();
  const path = `/api/v1/providers/${provider.id}`;
  const asked = () => e2e.upstream.records.filter((record) => record.site === provider.name && record.path === '/v1/models').length;
  for (let time = 0; time < 3; time += 1) await e2e.admin.must('GET', `${path}/available-models`);
  assert.equal(asked(), 1);
  const key = e2e.key();
  provider.site.auth = auth.bearer(key);
  await e2e.admin.must('PUT', `/api/admin/providers/${provider.id}`, { api_key: key });
  await e2e.admin.must('GET', `${path}/available-models`);
  assert.equal(asked(), 2);
});

test("an upstream's refusal comes back with its status and words, and a test says it in 200", async () => {
  const provider = await e2e.provider();
  const path = `/api/v1/providers/${provider.id}`;
  const { 'mock-401-echo-key': model } = await e2e.models(provider, ['mock-401-echo-key']);
  for (const [status, expected, code] of [[401, 422, 'upstream.auth_failed'], [404, 422, 'upstream.request_failed'], [503, 502, 'upstream.error'], [307, 502, 'upstream.error']]) {
    provider.site.listing = (response, type) => response.writeHead(status, { ...type, location: e2e.upstream.elsewhere }).end(JSON.stringify({ error: { message: `no, ${provider.key}` } }));
    const error = assertAdminError(await e2e.admin.get(`${path}/available-models`), expected, code);
    assert.equal(error.details.status, status);
    assert.match(error.details.body, /no, \[credential\]/);
  }
  const refused = await e2e.admin.post(`/api/admin/providers/${provider.id}/fetch`);
  assert.deepEqual([refused.status, Object.keys(refused.body)], [502, ['error']]);
  const tested = await e2e.admin.must('POST', `${path}/models/${model.id}/test`);
  assert.deepEqual([tested.success, tested.error.status], [false, 401]);
  assert.match(tested.error.message, /Incorrect API key provided: Bearer \[credential\]/);
});

test('an upstream that is not there is a 502, and a test of it a failure', async () => {
  const provider = await e2e.provider({ base_url: 'http://127.0.0.1:9/v1' });
  const made = await e2e.models(provider, ['mock-text']);
  assertAdminError(await e2e.admin.get(`/api/v1/providers/${provider.id}/available-models`), 502, 'upstream.error');
  const tested = await e2e.admin.must('POST', `/api/v1/providers/${provider.id}/models/${made['mock-text'].id}/test`);
  assert.deepEqual([tested.success, tested.error.status], [false, 502]);
});

test('an operator works through 002, a script by 001, and a member calls what they made', async () => {
  const key = e2e.key();
  const site = e2e.upstream.site('doors', auth.bearer(key));
  site.models = ['mock-text'];
  const made = await e2e.admin.must('POST', '/api/admin/providers', { name: 'doors', type: 'openai', base_url: `${site.baseUrl}/v1`, api_key: key, enabled: true });
  assert.deepEqual(await e2e.admin.must('POST', `/api/admin/providers/${made.id}/fetch`), { success: true, models_fetched: 1, models_imported: 1, message: 'provider `doors` lists 1 models; 1 are new' });
  const seen = (await e2e.admin.must('GET', '/api/v1/ai-providers')).find(({ id }) => id === made.id);
  assert.deepEqual([seen.name, seen.provider, seen.defaultModel, seen.baseUrl], ['doors', 'openai', 'mock-text', `${site.baseUrl}/v1`]);
  const { token } = await e2e.mint();
  const ask = () => e2e.answer('/v1/chat/completions', { model: 'doors^mock-text', messages: [{ role: 'user', content: 'hi' }] }, { token });
  assert.equal((await ask()).status, 200);
  await e2e.admin.must('PUT', `/api/admin/providers/${made.id}/toggle`, { enabled: false });
  const hidden = await ask();
  assert.deepEqual([hidden.status, hidden.body.error.code], [403, 'provider.disabled']);
  assert.ok(!(await e2e.as(token).must('GET', '/api/providers')).providers.some(({ id }) => id === made.id));
  await e2e.admin.must('PUT', `/api/admin/providers/${made.id}/toggle`, { enabled: true });
  assert.equal((await ask()).status, 200);
});

test('the documents\' doors say what is wrong in their own shape, whatever is wrong', async () => {
  for (const [path, client, status] of [
    ['/api/v1/ai-providers', e2e.as(null), 401], ['/api/admin/providers', e2e.as('slu_nobody'), 401], ['/api/v1/ai-providers/x/y', e2e.admin, 404], ['/api/models', e2e.as(null), 401],
  ]) {
    const answer = await client.get(path);
    assert.deepEqual([answer.status, Object.keys(answer.body), typeof answer.body.error], [status, ['error'], 'string'], path);
    assert.match(answer.headers.get('x-request-id'), /^req_/);
  }
  const large = await e2e.admin.post('/api/v1/ai-providers', JSON.stringify({ name: 'x'.repeat(2 << 20) }));
  assert.deepEqual([large.status, typeof large.body.error], [413, 'string']);
});

closingChecks(e2e);
