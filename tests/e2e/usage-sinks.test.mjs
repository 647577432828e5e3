// Where usage goes: to D1 by default, by way of a queue, to Analytics Engine beside or instead. Each call counts once, whatever fails.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { PRICES } from './client.mjs';
import { CLIENTS, assertAdminError, assertOpenAiError, closingChecks, suite } from './suite.mjs';
import { ANALYTICS, QUEUE, configured, startRecorder, withStandIns } from './switches.mjs';

const e2e = suite({}, { config: configured([...QUEUE, ...ANALYTICS]) });
const chat = CLIENTS.chat_completions;
let provider;
let member;

e2e.before(async () => {
  provider = await e2e.provider();
  await e2e.models(provider, ['mock-queued', 'mock-failing']);
  member = await e2e.mint();
});

const ask = (extra = {}, token = member.token) => e2e.answer(chat.path, chat.request(`${provider.name}^mock-queued`, extra), { token });
const sinks = async () => (await e2e.as(null).get('/healthz')).body.usage_sinks;
const rowsOf = (ids) => e2e.worker.rows(`SELECT * FROM usage WHERE request_id IN (${ids.map((id) => `'${id}'`)})`);

/** Makes calls at once, whole and streamed, and says their ids. */
async function calls(count) {
  const answers = await Promise.all(Array.from({ length: count }, (_, number) => ask({ stream: number % 3 === 0 })));
  return answers.map((answer) => {
    assert.equal(answer.status, 200, answer.text);
    return answer.headers.get('x-request-id');
  });
}

/** Waits until each of the calls has its row, and a while longer, and checks that it still has one. */
async function eachHasOneRow(ids) {
  await e2e.eventually('the rows', () => rowsOf(ids).length === ids.length);
  await delay(500);
  const rows = rowsOf(ids);
  assert.deepEqual(rows.map((row) => row.request_id).sort(), [...ids].sort());
  return rows;
}

/** What `GET /api/v1/usage` says of the provider's calls. */
async function total() {
  const { data } = await e2e.admin.must('GET', `/api/v1/usage?provider=${provider.id}`);
  return data[0];
}

describe('with a queue and a dataset', () => {
  test('health says so', async () => {
    assert.deepEqual(await sinks(), ['queue', 'analytics']);
  });

  test('each call has its row, by way of the queue, and the totals add up', async () => {
    const before = await total();
    const rows = await eachHasOneRow(await calls(40));
    assert.match(e2e.worker.output, /QUEUE sluice-usage \d+\/\d+/, 'wrangler tells of each delivery');
    const now = await total();
    assert.equal(now.calls - before.calls, 40);
    const sum = (name) => rows.reduce((all, row) => all + row[name], 0);
    assert.equal(now.output_tokens - before.output_tokens, sum('output_tokens'));
    assert.ok(sum('output_tokens') > 0);
    assert.equal(Math.round((now.cost_usd - before.cost_usd) * 1e9), sum('cost_nano_usd'));
  });

  test('the attempts of a call that failed come along', async () => {
    e2e.upstream.script('mock-failing', ({ response }) => response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}'));
    const failed = await e2e.answer(chat.path, chat.request(`${provider.name}^mock-failing`), { token: member.token });
    assert.equal(failed.status, 500);
    const id = failed.headers.get('x-request-id');
    await e2e.eventually('the attempts', () => e2e.worker.rows('SELECT * FROM request_attempts WHERE request_id = ?', id).length > 0);
    const { attempts_log: log } = await e2e.admin.must('GET', `/api/v1/requests/${id}`);
    assert.deepEqual(log.map(({ status, error_message: message }) => [status, message]), [[500, 'no']]);
  });

  test('rows whose first deliveries fail are delivered again, and each is there once', async () => {
    const before = (await total()).calls;
    const back = e2e.worker.goAway();
    let ids;
    try {
      ids = await calls(12);
      await e2e.eventually('a delivery that failed', () => /messages could not be written and come again/.test(e2e.worker.output));
      ids.push(...await calls(5));
    } finally {
      back();
    }
    await eachHasOneRow(ids);
    assert.equal((await total()).calls - before, 17);
  });

  test('a limited token is told what its call came to', async () => {
    const limited = await e2e.mint({ limits: { budget_usd: 5, requests_per_minute: 100 } });
    const answer = await ask({ max_tokens: 50 }, limited.token);
    assert.equal(answer.status, 200, answer.text);
    const [row] = await eachHasOneRow([answer.headers.get('x-request-id')]);
    await e2e.eventually('what was spent', async () => {
      const { standing } = await e2e.admin.must('GET', `/api/v1/tokens/${limited.id}`);
      return Math.round(standing.budget.spent_usd * 1e9) === row.billed_nano_usd && standing.budget.reserved_usd === 0;
    });
  });
});

test('what a queue does not take goes to D1 at once', async () => {
  const { main, config } = withStandIns('refusing', { USAGE_QUEUE: 'refusingQueue' });
  after(() => rmSync(main, { force: true }));
  await e2e.restart({}, config);
  assert.deepEqual(await sinks(), ['queue']);
  const from = e2e.worker.output.length;
  await eachHasOneRow(await calls(9));
  assert.match(e2e.worker.output.slice(from), /the queue does not take \d+ rows: .*Too Many Requests/s);
});

describe('with data points in place of rows', () => {
  let recorder;
  after(() => recorder?.close());

  test('a call leaves a data point and no row', async () => {
    recorder = await startRecorder();
    const { main, config } = withStandIns('recorded', { USAGE_ANALYTICS: 'recordedDataset' }, recorder.url);
    after(() => rmSync(main, { force: true }));
    await e2e.restart({ USAGE_SINK: 'analytics' }, config);
    assert.deepEqual(await sinks(), ['analytics']);
    const ids = await calls(6);
    await e2e.eventually('the data points', () => recorder.points.length >= 6);
    await delay(500);
    assert.equal(recorder.points.length, 6);
    assert.deepEqual(rowsOf(ids), []);
    const project = e2e.worker.rows("SELECT id FROM projects WHERE name = 'default'")[0].id;
    for (const { indexes, blobs, doubles } of recorder.points) {
      assert.deepEqual(indexes, [project]);
      assert.deepEqual([blobs[0], blobs[2], blobs[4], blobs[6], blobs[8]], [provider.name, 'mock-queued', member.id, 'chat_completions', '200']);
      const [input, output] = doubles;
      assert.ok(output > 0);
      const cost = (input * PRICES.cost_per_1k_input + output * PRICES.cost_per_1k_output) / 1000;
      assert.ok(doubles[5] >= cost * 0.999, `cost ${doubles[5]} of ${input} + ${output} tokens`);
    }
  });

  test('nobody is given totals that are none', async () => {
    for (const path of ['/api/v1/usage', '/api/v1/requests']) assertAdminError(await e2e.admin.get(path), 409, 'usage.elsewhere');
  });
});

test('without the bindings rows go to D1, and a sink that is not there refuses everything by its name', async () => {
  await e2e.restart({}, null);
  assert.deepEqual(await sinks(), ['d1']);
  await eachHasOneRow(await calls(5));
  await e2e.restart({ USAGE_SINK: 'queue' });
  assert.match(assertOpenAiError(await ask(), 503).message, /USAGE_SINK/);
  await e2e.restart();
});

closingChecks(e2e);
