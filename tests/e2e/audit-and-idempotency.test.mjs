// What an auditor reads, and what a script that repeats itself gets: over D1, with requests that really run side by side.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROJECT_ADMIN, assertAdminError, closingChecks, suite } from './suite.mjs';

const e2e = suite();
const LOG = '/api/v1/audit-log';
const keyed = (key) => ({ 'idempotency-key': key });

test('the audit log tells, newest first, what a project admin did, and pages through it', async () => {
  const operator = await e2e.mint(PROJECT_ADMIN);
  const by = e2e.as(operator.token);
  const provider = await by.must('POST', '/api/v1/providers', { name: e2e.name('audited'), provider: 'openai', api_key: e2e.key() });
  await by.must('PATCH', `/api/v1/providers/${provider.id}`, { enabled: false, api_key: e2e.key() });
  await by.must('DELETE', `/api/v1/providers/${provider.id}`);
  const { data } = await by.must('GET', `${LOG}?actor=${operator.id}&action=aiProviders:*&resource_id=${provider.id}&resource_type=provider`);
  assert.deepEqual(data.map(({ action }) => action.split(':')[1]).sort(), ['CreateAiProvider', 'DeleteAiProvider', 'UpdateAiProvider']);
  const update = data.find(({ action }) => action.endsWith('UpdateAiProvider'));
  assert.deepEqual([update.actor_id, [...update.fields].sort(), update.resource_id], [operator.id, ['api_key', 'enabled'], provider.id]);
  assert.deepEqual((await by.must('GET', `${LOG}?request_id=${update.request_id}`)).data, [update]);
  const times = (await by.must('GET', LOG)).data.map(({ created_at }) => created_at);
  assert.deepEqual(times, [...times].sort().reverse());

  const seen = [];
  for (let cursor = ''; cursor !== null;) {
    const page = await by.must('GET', `${LOG}?limit=1&actor=${operator.id}${cursor && `&cursor=${cursor}`}`);
    seen.push(...page.data.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  assert.equal(new Set(seen).size, 3);
  assertAdminError(await e2e.as((await e2e.mint()).token).get(LOG), 403);
});

test('a POST that is sent again gets the same answer, a new token included, and is done once', async () => {
  const body = { name: e2e.name('once'), role: 'member' };
  const first = await e2e.admin.post('/api/v1/tokens', body, keyed('a-key'));
  assert.equal(first.status, 201, first.text);
  e2e.secrets.register(first.body.token, { shown: ['responses'] });
  const again = await e2e.admin.post('/api/v1/tokens', body, keyed('a-key'));
  assert.deepEqual([again.status, again.text], [first.status, first.text]);
  for (const name of ['etag', 'location', 'content-type', 'cache-control']) assert.equal(again.headers.get(name), first.headers.get(name), name);
  assert.deepEqual([first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')], [null, 'true']);
  assert.equal(e2e.worker.rows('SELECT id FROM tokens WHERE name = ?', body.name).length, 1);
  assert.equal((await e2e.as(first.body.token).get('/api/v1/me')).status, 200);
  assertAdminError(await e2e.admin.post('/api/v1/tokens', { ...body, role: 'viewer' }, keyed('a-key')), 422, 'idempotency.key_reused');
});

test('twins that run side by side make one row, and all of them get its answer or are told to wait', async () => {
  for (const [path, body, table] of [
    ['/api/v1/tokens', { name: e2e.name('twin') }, 'tokens'],
    ['/api/v1/providers', { name: e2e.name('twin'), provider: 'openai', api_key: e2e.key() }, 'providers'],
  ]) {
    const twins = await Promise.all(Array.from({ length: 12 }, () => e2e.admin.post(path, body, keyed(`key of ${path}`))));
    const made = twins.filter(({ status }) => status === 201);
    for (const { body: { token } } of made) if (token) e2e.secrets.register(token, { shown: ['responses'] });
    for (const twin of twins.filter(({ status }) => status !== 201)) assertAdminError(twin, 409, 'idempotency.in_progress');
    assert.ok(made.length > 0);
    assert.deepEqual(new Set(made.map(({ text }) => text)).size, 1, 'one answer');
    assert.equal(e2e.worker.rows(`SELECT id FROM ${table} WHERE name = ?`, body.name).length, 1, 'one row');
    assert.equal(e2e.worker.rows('SELECT id FROM audit_log WHERE resource_id = ?', made[0].body.id).length, 1, 'one audit row');
  }
});

closingChecks(e2e);
