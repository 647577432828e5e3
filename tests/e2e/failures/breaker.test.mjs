// A candidate that failed three times in a row rests, and one call at a time tries whether it works again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CLIENTS, closingChecks, suite } from '../suite.mjs';
import { MODES, as, errorInside, errorOf, row, rowsOf, status } from './stage.mjs';

// With what is waited beside it, well below the two seconds after which the mock closes an idle connection: a call that takes the
// connection just then fails without having reached it.
const REST_MS = 1300;
const e2e = suite({ BREAKER_FAILURES: '3', BREAKER_REST_MS: String(REST_MS), IDLE_TIMEOUT_MS: '2500' });
let token;
e2e.before(async () => {
  ({ token } = await e2e.mint());
});

/** A's part: what it does may change while the test goes on. */
const steered = (does) => {
  const part = { does };
  part.act = (call) => (part.does ? part.does(call) : e2e.upstream.ordinary(call));
  return part;
};

const attempts = (answer) => answer.headers.get('x-sluice-attempts');

for (const client of Object.keys(CLIENTS)) {
  for (const mode of Object.keys(MODES)) {
    test(`${client} ${mode}: A dies, three calls go on to B, the fourth goes to B at once, and after the rest one call tries A`, async () => {
      const a = steered(as('drop-before-headers'));
      const { providers, ask, asked } = await row(e2e, token, client, [a.act, null]);
      for (let call = 1; call <= 3; call += 1) {
        const answer = await ask(MODES[mode]);
        assert.deepEqual([answer.status, attempts(answer)], [200, '2'], answer.text);
      }
      const died = Date.now();
      const fourth = await ask(MODES[mode]);
      assert.deepEqual([fourth.status, attempts(fourth), fourth.headers.get('x-sluice-provider')], [200, '1', providers[1].name]);
      assert.deepEqual(asked(), [0, 1, 0, 1, 0, 1, 1]);
      assert.deepEqual((await rowsOf(e2e, fourth)).attempts, []);
      await delay(REST_MS + 100 - (Date.now() - died));
      // It hangs for a moment: whoever comes meanwhile goes to B.
      let release;
      const held = new Promise((resolve) => { release = resolve; });
      a.does = async (call) => {
        await held;
        await e2e.upstream.ordinary(call);
      };
      const probe = ask(MODES[mode]);
      await e2e.eventually('the probe', () => asked().length === 8);
      const meanwhile = await Promise.all([ask(MODES[mode]), ask(MODES[mode])]);
      assert.deepEqual(meanwhile.map(attempts), ['1', '1']);
      assert.deepEqual(asked().slice(7), [0, 1, 1], 'one call at a time tries');
      release();
      const answer = await probe;
      assert.deepEqual([answer.status, attempts(answer), answer.headers.get('x-sluice-provider')], [200, '1', providers[0].name]);
      a.does = null;
      await ask(MODES[mode]);
      assert.equal(asked().at(-1), 0, 'it works again');
    });
  }
}

test('a probe that fails begins the next rest', async () => {
  const { ask, asked } = await row(e2e, token, 'responses', [status(500), null]);
  for (let call = 1; call <= 3; call += 1) await ask();
  await delay(REST_MS + 100);
  assert.equal(attempts(await ask()), '2');
  assert.equal(attempts(await ask()), '1');
  assert.deepEqual(asked().slice(-3), [0, 1, 1]);
});

test('retry-after says how long it rests', async () => {
  const { ask, asked } = await row(e2e, token, 'responses', [status(429, { 'retry-after': '3' }), null]);
  for (let call = 1; call <= 3; call += 1) await ask();
  const rests = Date.now();
  await delay(REST_MS + 200);
  assert.equal(attempts(await ask()), '1', 'longer than BREAKER_REST_MS');
  await delay(3100 - (Date.now() - rests));
  const { attempts: made } = await rowsOf(e2e, await ask());
  assert.deepEqual(made.map(({ error_message }) => error_message), ['The mock says 429.', null]);
  assert.deepEqual(asked().slice(-2), [0, 1]);
});

test('a client\'s own errors rest nobody, be they told with a 400 or inside a 200', async () => {
  for (const act of [
    status(400),
    ({ response }) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"error":{"message":"bad","type":"invalid_request_error","code":null,"param":null}}'),
  ]) {
    const a = steered(act);
    const { ask, asked } = await row(e2e, token, 'chat_completions', [a.act, null]);
    for (let call = 1; call <= 5; call += 1) await ask();
    a.does = null;
    assert.equal(attempts(await ask()), '1');
    assert.equal(asked().at(-1), 0);
  }
});

test('where all rest, the first is called rather than the call refused', async () => {
  const a = steered(status(500));
  const { ask, asked } = await row(e2e, token, 'responses', [a.act, errorInside]);
  for (let call = 1; call <= 3; call += 1) assert.equal((await ask()).status, 502);
  a.does = null;
  const answer = await ask();
  assert.deepEqual([answer.status, attempts(answer)], [200, '1'], answer.text);
  assert.deepEqual(asked(), [0, 1, 0, 1, 0, 1, 0]);
});

test('an upstream that promises streams and never begins them rests, too', async () => {
  const { ask, asked } = await row(e2e, token, 'responses', [({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
  }, null]);
  const silent = await Promise.all([1, 2, 3].map(() => ask({ stream: true })));
  for (const answer of silent) assert.match(errorOf('responses', answer.text).message, /fell silent/);
  assert.deepEqual(asked(), [0, 0, 0]);
  assert.equal(attempts(await ask({ stream: true })), '1');
  assert.equal(asked().at(-1), 1);
});

test('a model rests for itself, not with its provider', async () => {
  const [a, b] = [await e2e.provider(), await e2e.provider()];
  const [ill, well] = [`mock-${e2e.name('ill')}`, `mock-${e2e.name('well')}`];
  await e2e.models(a, [ill, well], { priority: 9 });
  await e2e.models(b, [ill, well], { priority: 1 });
  e2e.upstream.script(ill, (call) => (call.site.name === a.name ? status(503)(call) : e2e.upstream.ordinary(call)));
  const ask = (model) => e2e.answer('/v1/responses', CLIENTS.responses.request(model), { token });
  for (let call = 1; call <= 3; call += 1) await ask(ill);
  assert.equal((await ask(ill)).headers.get('x-sluice-provider'), b.name);
  assert.equal((await ask(well)).headers.get('x-sluice-provider'), a.name);
});

test('a user\'s own key that is used up rests for that user alone', async () => {
  const user = await e2e.admin.must('POST', '/api/v1/users', { name: e2e.name('user') });
  const own = await e2e.mint({ user_id: user.id });
  const { model, providers: [a, b] } = await row(e2e, token, 'responses', [null, null]);
  const key = e2e.key();
  await e2e.as(own.token).must('PUT', `/api/v1/me/provider-keys/${a.id}`, { api_key: key });
  const sharedAuth = a.site.auth;
  e2e.upstream.script(model, (call) => (call.record.headers.authorization === `Bearer ${key}` ? status(429)(call) : e2e.upstream.ordinary(call)));
  const ask = async (bearer) => {
    a.site.auth = bearer === own.token ? { ...sharedAuth, headers: { authorization: `Bearer ${key}` } } : sharedAuth;
    return e2e.answer('/v1/responses', CLIENTS.responses.request(model), { token: bearer });
  };
  for (let call = 1; call <= 3; call += 1) assert.equal(attempts(await ask(own.token)), '2');
  assert.equal((await ask(own.token)).headers.get('x-sluice-provider'), b.name);
  const others = await ask(token);
  assert.deepEqual([attempts(others), others.headers.get('x-sluice-provider')], ['1', a.name]);
});

closingChecks(e2e);
