// What outsiders bring: rows that somebody edited by hand, upstreams that lie, readers that stall, and a database that is away.

import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CLIENTS, assertOpenAiError, closingChecks, suite } from './suite.mjs';
import { auth } from './upstream/rules.mjs';

const e2e = suite({ CONFIG_TTL_MS: '0', IDLE_TIMEOUT_MS: '1000' });
const JSON_TYPE = { 'content-type': 'application/json' };
let healthy;
let member;

e2e.before(async () => {
  healthy = await e2e.provider();
  await e2e.models(healthy, ['mock-healthy']);
  member = await e2e.mint();
});

const chat = CLIENTS.chat_completions;
const ask = (model, extra = {}, options = {}) => e2e.answer(chat.path, chat.request(model, extra), { token: member.token, ...options });
const isHealthy = async () => {
  const answer = await ask(`${healthy.name}^mock-healthy`);
  assert.equal(answer.status, 200, answer.text);
  return answer;
};

describe('a row that was edited by hand', () => {
  for (const [table, column, value] of [
    ['providers', 'advanced_json', '{"temperature": '],
    ['providers', 'advanced_json', '[1]'],
    ['providers', 'advanced_json', '{"messages": []}'],
    ['providers', 'kind', 'hal9000'],
    ['providers', 'base_url', 'not a url'],
    ['providers', 'protocol', 'smoke_signals'],
    ['providers', 'auth_method', 'handshake'],
    ['providers', 'credential', 'plain text'],
    ['models', 'advanced_json', '{"temperature": '],
    ['models', 'advanced_json', '"text"'],
  ]) {
    test(`${table}.${column} = ${value} refuses its own model only, says so in a row, and can be mended through the API`, async () => {
      const provider = await e2e.provider();
      const made = await e2e.models(provider, ['mock-edited']);
      const id = table === 'providers' ? provider.id : made['mock-edited'].id;
      assert.equal(e2e.worker.tamper(`UPDATE ${table} SET ${column} = ? WHERE id = ?`, value, id), 1);
      await isHealthy();
      const answer = await ask(`${provider.name}^mock-edited`);
      assert.ok(answer.status >= 500, answer.text);
      const error = assertOpenAiError(answer, answer.status);
      assert.doesNotMatch(error.code, /database/);
      assert.match(error.message, new RegExp(provider.name));
      const row = await e2e.usage(answer.headers.get('x-request-id'));
      assert.equal(row.provider_name, provider.name);
      assert.equal(row.error_code, error.code);
      const listed = await e2e.admin.must('GET', '/api/v1/providers?limit=200');
      assert.ok(listed.data.some((other) => other.id === provider.id));
      const mended = { advanced_json: null, kind: 'openai', base_url: `${provider.site.baseUrl}/v1`, protocol: null, auth_method: null, credential: provider.key };
      const field = { kind: 'provider', credential: 'api_key' }[column] ?? column;
      await e2e.admin.must('PATCH', `/api/v1/providers/${provider.id}${table === 'models' ? `/models/${id}` : ''}`, { [field]: mended[column] });
      assert.equal((await ask(`${provider.name}^mock-edited`)).status, 200);
    });
  }

  test('other lists of JSON in rows, too', async () => {
    const provider = await e2e.provider();
    const made = await e2e.models(provider, ['mock-lists']);
    const token = await e2e.mint({ allowed_models: ['*'] });
    for (const [table, column, id] of [
      ['providers', 'header_names_json', provider.id],
      ['models', 'tags_json', made['mock-lists'].id], ['models', 'when_json', made['mock-lists'].id], ['models', 'fallbacks_json', made['mock-lists'].id],
      ['tokens', 'allowed_models_json', token.id],
    ]) e2e.worker.tamper(`UPDATE ${table} SET ${column} = '{"a' WHERE id = ?`, id);
    await isHealthy();
    for (const path of ['/api/v1/providers?limit=200', '/api/v1/models?limit=200', `/api/v1/providers/${provider.id}`, '/api/v1/tokens?limit=200']) {
      await e2e.admin.must('GET', path);
    }
    assert.equal((await ask(`${healthy.name}^mock-healthy`, {}, { token: token.token })).status, 403, 'a list of models that cannot be read allows none');
  });
});

describe('an upstream that lies', () => {
  test('a count of tokens beyond all reason does not keep other calls\' rows from being written', async () => {
    await e2e.models(healthy, ['mock-absurd']);
    e2e.upstream.script('mock-absurd', ({ response }) => response.writeHead(200, JSON_TYPE).end(
      '{"id":"x","object":"chat.completion","choices":[],"usage":{"prompt_tokens":18446744073709551615,"completion_tokens":18446744073709551615,"total_tokens":1}}'));
    const absurd = await ask(`${healthy.name}^mock-absurd`);
    assert.equal(absurd.status, 200);
    const after = await isHealthy();
    await e2e.usage(after.headers.get('x-request-id'));
    await e2e.usage(absurd.headers.get('x-request-id'));
  });

  test('a key that it repeats without its scheme, or with its slashes escaped, is masked', async () => {
    const key = `${e2e.key('sk-/')}`;
    const provider = await e2e.provider({ auth_method: 'custom_headers', custom_headers: { Authorization: `Bearer ${key}`, 'X-Version': '1' } },
      { expected: { method: 'custom_headers', headers: { authorization: `Bearer ${key}`, 'x-version': '1' } } });
    await e2e.models(provider, ['mock-echo', 'mock-echo-slash']);
    e2e.upstream.script('mock-echo', ({ response }) => response.writeHead(401, JSON_TYPE).end(
      JSON.stringify({ error: { message: `Incorrect API key provided: ${key}`, type: 'invalid', param: null, code: 'invalid_api_key', count: 101 } })));
    e2e.upstream.script('mock-echo-slash', ({ response }) => response.writeHead(401, JSON_TYPE).end(
      JSON.stringify({ error: { message: `Incorrect API key provided: ${key}`, type: 'invalid', param: null, code: 'invalid_api_key' } }).replaceAll('/', '\\/')));
    const answer = await ask(`${provider.name}^mock-echo`);
    const error = assertOpenAiError(answer, 401);
    assert.ok(!answer.text.includes(key));
    assert.equal(error.code, 'invalid_api_key');
    assert.equal(error.count, 101, 'a header value of one character is no secret to be masked');
    const escaped = await ask(`${provider.name}^mock-echo-slash`);
    assert.ok(!assertOpenAiError(escaped, 401).message.includes(key));
  });

  test('a status that no response can have becomes 502 in the client\'s shape', async () => {
    await e2e.models(healthy, ['mock-600', 'mock-999', 'mock-204', 'mock-304']);
    for (const status of [600, 999, 204, 304]) {
      e2e.upstream.script(`mock-${status}`, ({ response }) => response.writeHead(status, JSON_TYPE).end(status === 204 || status === 304 ? undefined : '{"error":{"message":"odd"}}'));
      const answer = await ask(`${healthy.name}^mock-${status}`);
      assertOpenAiError(answer, 502);
      const row = await e2e.usage(answer.headers.get('x-request-id'));
      assert.equal(row.status, 502);
    }
  });

  test('an answer without end is cut off before it fills the isolate', async () => {
    await e2e.models(healthy, ['mock-endless', 'mock-endless-error']);
    // A busy machine takes more than this file's second for so many bytes.
    await e2e.restart({ IDLE_TIMEOUT_MS: '20000' });
    for (const [model, status] of [['mock-endless', 200], ['mock-endless-error', 500]]) {
      let sent = 0;
      e2e.upstream.script(model, async ({ record, response }) => {
        record.droppedByMock = true;
        response.writeHead(status, JSON_TYPE);
        const chunk = Buffer.alloc(1 << 20, ' ');
        while (!response.destroyed && sent < 400) {
          sent += 1;
          if (!response.write(chunk)) await Promise.race([new Promise((resolve) => response.once('drain', resolve)), new Promise((resolve) => response.once('close', resolve))]);
        }
        response.end('{}');
      });
      const answer = await ask(`${healthy.name}^${model}`);
      assertOpenAiError(answer, 502);
      assert.ok(sent < 200, `${sent} MiB were read`);
    }
    await e2e.restart();
    await isHealthy();
  });
});

test('a provider may have a name in any script, and refusals can still name it', async () => {
  const provider = await e2e.provider();
  provider.name = 'プロバイダ 100% 🚀';
  await e2e.admin.must('PATCH', `/api/v1/providers/${provider.id}`, { name: provider.name });
  await e2e.models(provider, ['mock-error-500', 'mock-hang-not', 'mock-drop-before-headers']);
  for (const [model, status] of [['mock-hang-not', 200], ['mock-error-500', 500], ['mock-drop-before-headers', 502]]) {
    const answer = await ask(`${provider.name}^${model}`);
    assert.equal(answer.status, status, answer.text);
    assert.notEqual(answer.body, null, answer.text);
    assert.equal(decodeURIComponent(answer.headers.get('x-sluice-provider')), provider.name);
  }
});

describe('time', () => {
  test('a client that pauses longer than the idle timeout gets the whole stream', async () => {
    await e2e.models(healthy, ['mock-plenty']);
    const filler = 'x'.repeat(60_000);
    e2e.upstream.script('mock-plenty', async ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let index = 0; index < 400; index += 1) {
        const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: filler }, finish_reason: null }] };
        if (!response.write(`data: ${JSON.stringify(chunk)}\n\n`)) await new Promise((resolve) => { response.once('drain', resolve); response.once('close', resolve); });
      }
      response.end('data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
    });
    const url = new URL(e2e.base() + chat.path);
    const text = await new Promise((resolve, reject) => {
      const request = http.request(url, { method: 'POST', headers: { ...JSON_TYPE, authorization: `Bearer ${member.token}` } }, async (response) => {
        let whole = '';
        let paused = 0;
        try {
          for await (const part of response) {
            whole += part.toString('latin1');
            if (paused < 2 && whole.length > paused * 5_000_000) {
              paused += 1;
              await delay(2500);
            }
          }
          resolve(whole);
        } catch (error) {
          reject(error);
        }
      });
      request.on('error', reject);
      request.end(JSON.stringify(chat.request(`${healthy.name}^mock-plenty`, { stream: true })));
    });
    assert.match(text.slice(-400), /\[DONE\]/);
    assert.doesNotMatch(text.slice(-400), /"error"/);
    assert.ok(text.length > 400 * 60_000);
  });

  test('timeout_ms bounds a stream as well', async () => {
    const provider = await e2e.provider({ advanced_json: { timeout_ms: 1500 } });
    await e2e.models(provider, ['mock-drip']);
    e2e.upstream.script('mock-drip', async ({ record, response }) => {
      record.droppedByMock = true;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let index = 0; index < 30 && !response.destroyed; index += 1) {
        response.write('data: {"id":"c","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}\n\n');
        await delay(200);
      }
      response.end('data: [DONE]\n\n');
    });
    const answer = await ask(`${provider.name}^mock-drip`, { stream: true });
    assert.match(answer.text, /upstream\.timeout/);
    assert.equal((await e2e.usage(answer.headers.get('x-request-id'))).error_code, 'upstream.timeout');
  });
});

describe('when the database is away', () => {
  test('what the isolate knows goes on, and no request from outside can make it forget', async () => {
    await isHealthy();
    e2e.worker.tamper('ALTER TABLE tokens RENAME TO tokens_away');
    try {
      assert.equal((await isHealthy()).status, 200);
      for (const token of [undefined, 'slu_nonsense', member.token, e2e.adminToken]) {
        await e2e.answer('/api/v1/tokens', { name: 'x' }, { token });
        await e2e.answer('/api/v1/nothing', {}, { token });
      }
      await isHealthy();
    } finally {
      e2e.worker.tamper('ALTER TABLE tokens_away RENAME TO tokens');
    }
    await isHealthy();
  });
});

test('root finds a project again that was deleted and made anew under its name, at the same revision', async () => {
  const name = e2e.name('phoenix');
  const listed = async () => {
    const answer = await e2e.answer('/v1/models', undefined, { method: 'GET', token: e2e.adminToken, headers: { 'x-sluice-project': name } });
    assert.equal(answer.status, 200, answer.text);
    return answer.body.data.map(({ id }) => id);
  };
  const make = async (model) => {
    const project = await e2e.admin.must('POST', '/api/v1/projects', { name });
    const provider = await e2e.provider({ project_id: project.id });
    await e2e.models(provider, [model]);
    assert.deepEqual(await listed(), [`${provider.name}^${model}`]);
    return { project, provider };
  };
  const { project, provider } = await make('mock-first');
  await e2e.admin.send('DELETE', `/api/v1/providers/${provider.id}`);
  assert.equal((await e2e.admin.send('DELETE', `/api/v1/projects/${project.id}`)).status, 204);
  await make('mock-second');
});

closingChecks(e2e);
