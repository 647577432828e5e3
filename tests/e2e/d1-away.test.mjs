// While D1 does not answer: calls go on with what the isolate or the edge's cache knows, writes are refused, nothing is lost.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sseEvents } from './client.mjs';
import { CLIENTS, assertAdminError, assertAnthropicError, assertOpenAiError, closingChecks, suite } from './suite.mjs';
import { TEXT } from './upstream/wire.mjs';

const e2e = suite({ CONFIG_TTL_MS: '0' });
const chat = CLIENTS.chat_completions;
let provider;
let member;

e2e.before(async () => {
  provider = await e2e.provider();
  await e2e.models(provider, ['mock-kept']);
  member = await e2e.mint();
});

const ask = (extra = {}, token = member.token) => e2e.answer(chat.path, chat.request(`${provider.name}^mock-kept`, extra), { token });

/** Runs `work` while D1 is away, after the caller's copy is in the cache; in a new isolate, with `vars`, unless these are null. */
async function away(vars, work) {
  assert.equal((await ask()).status, 200);
  await e2e.eventually('the copies', () => e2e.worker.copies().length >= 2);
  const back = e2e.worker.goAway();
  try {
    if (vars !== null) await e2e.restart(vars);
    return await work(back);
  } finally {
    try {
      back();
    } catch { /* The work has called it. */ }
    if (vars !== null) await e2e.restart();
  }
}

const health = async () => {
  const { status, body } = await e2e.as(null).get('/healthz');
  return [status, body.status];
};

describe('a cold isolate', () => {
  test('serves who was served before, unary and streamed, with the provider\'s key', async () => {
    await away({}, async () => {
      const from = e2e.upstream.requestsFor('mock-kept').length;
      const unary = await ask();
      assert.equal(unary.status, 200, unary.text);
      assert.equal(unary.body.choices[0].message.content, TEXT);
      const streamed = await ask({ stream: true });
      const words = sseEvents(streamed.text).filter(({ data }) => data.startsWith('{')).map(({ data }) => JSON.parse(data).choices[0]?.delta.content ?? '');
      assert.equal(words.join(''), TEXT);
      for (const record of e2e.upstream.requestsFor('mock-kept').slice(from)) assert.equal(record.headers.authorization, `Bearer ${provider.key}`);
      assert.equal((await e2e.answer('/v1/models', undefined, { token: member.token, method: 'GET' })).status, 200);
    });
  });

  test('tells a stranger that the database is away, in each protocol, and not that the token is wrong', async () => {
    const stranger = await e2e.mint();
    await away({}, async () => {
      for (const client of Object.values(CLIENTS)) {
        const answer = await e2e.answer(client.path, client.request('x'), { token: stranger.token, headers: client.headers });
        client.assertError(answer, 503);
        assert.equal(answer.headers.get('x-should-retry'), 'true');
      }
    });
  });

  test('has nothing to go by once the copy is older than STALE_IF_ERROR_MS', async () => {
    await away({ STALE_IF_ERROR_MS: '1000' }, async () => {
      await delay(1000);
      assert.equal(assertOpenAiError(await ask(), 503).code, 'database.unavailable');
    });
  });

  test('does not believe a copy that somebody has changed', async () => {
    assert.equal((await ask()).status, 200);
    await e2e.eventually('the copies', () => e2e.worker.copies().length >= 2);
    const back = e2e.worker.goAway();
    await e2e.worker.stop();
    try {
      for (const path of e2e.worker.copies()) {
        const text = readFileSync(path, 'latin1');
        const at = text.indexOf('v1.k1.') + 60;
        writeFileSync(path, text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1), 'latin1');
      }
      await e2e.worker.start(e2e.vars);
      assertOpenAiError(await ask(), 503);
    } finally {
      back();
    }
    assert.equal((await ask()).status, 200);
  });
});

test('writes are refused with 503 and change nothing, and health says degraded', async () => {
  assert.deepEqual(await health(), [200, 'ok']);
  const tables = ['providers', 'models', 'tokens', 'users', 'secrets', 'audit_log'];
  const counted = () => tables.map((table) => e2e.worker.rows(`SELECT count(*) AS n, coalesce(max(${table === 'audit_log' ? 'created_at' : 'updated_at'}), 0) AS at FROM ${table}`)[0]);
  const before = counted();
  await away(null, async () => {
    for (const [method, path, body] of [
      ['POST', '/api/v1/providers', { name: 'new', provider: 'openai' }], ['PATCH', `/api/v1/providers/${provider.id}`, { enabled: false }],
      ['DELETE', `/api/v1/providers/${provider.id}`], ['POST', '/api/v1/tokens', { name: 'new' }], ['DELETE', `/api/v1/tokens/${member.id}`],
      ['POST', '/api/v1/secrets', { name: 's', value: 'sk-0123456789' }], ['POST', '/api/v1/sealing-keys/rotate', undefined],
    ]) assertAdminError(await e2e.admin.send(method, path, body), 503, 'database.unavailable');
    assert.deepEqual(await health(), [503, 'degraded']);
    assert.equal((await ask()).status, 200, 'and nothing of it made the isolate forget');
  });
  assert.deepEqual(counted(), before);
  assert.deepEqual(await health(), [200, 'ok']);
});

test('the rows of calls that were made meanwhile are written afterwards, each once', async () => {
  const ids = await away(null, async (back) => {
    const answers = [];
    // The writer tries three times within two seconds, and then leaves its rows to the next group.
    for (let number = 0; number < 6; number += 1) {
      answers.push(await ask());
      if (number === 2) await delay(2500);
    }
    back();
    answers.push(await ask());
    return answers.map((answer) => {
      assert.equal(answer.status, 200, answer.text);
      return answer.headers.get('x-request-id');
    });
  });
  for (const id of ids) assert.equal((await e2e.usage(id)).status, 200);
  assert.equal(e2e.worker.rows(`SELECT count(*) AS n FROM usage WHERE request_id IN (${ids.map((id) => `'${id}'`)})`)[0].n, ids.length);
});

test('nobody reads or writes the copies from outside', async () => {
  assert.equal((await ask()).status, 200);
  for (const path of ['/token/x', '/copies.sluice.invalid/token/x', '/v1/copies']) {
    for (const method of ['GET', 'PUT']) {
      const answer = await e2e.answer(path, method === 'PUT' ? 'v1.k1.x' : undefined, { method, headers: { host: 'copies.sluice.invalid' } });
      assert.equal(answer.status, 401, `${method} ${path} ${answer.text}`);
    }
  }
  const anthropic = await e2e.answer('/v1/messages', CLIENTS.anthropic_messages.request('x'), { headers: { 'anthropic-version': '2023-06-01' } });
  assertAnthropicError(anthropic, 401);
});

closingChecks(e2e);
