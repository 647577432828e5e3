// An upstream that fails before it answers: the next candidate is called, and the client sees an ordinary answer.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLIENTS, closingChecks, suite } from '../suite.mjs';
import { TEXT, USAGE } from '../upstream/scenario.mjs';
import { ASKED, MODES, as, cutStream, emptyStream, endsWell, errorInside, row, rowsOf, status } from './stage.mjs';

const e2e = suite();
let token;
e2e.before(async () => {
  ({ token } = await e2e.mint());
});

/** Each failure, what its attempt's row says of it, and in which mode it can happen. */
const FAILURES = {
  'refuses the connection': { act: as('drop-before-headers'), code: 'upstream.unreachable', status: null },
  'stalls before its headers': { act: as('hang'), code: 'upstream.timeout', status: null, fields: { advanced_json: { first_byte_timeout_ms: 400 } } },
  'takes longer than its timeout_ms': { act: as('hang'), code: 'upstream.timeout', status: null, fields: { advanced_json: { timeout_ms: 400 } } },
  'answers with a page of HTML': { act: as('html-502'), code: 'upstream.error', status: 502 },
  'sends a redirect': { act: as('redirect'), code: 'upstream.redirect', status: 307 },
  'sends garbage': { act: as('garbage'), code: 'upstream.invalid_response', status: 200 },
  'sends an error inside a 200': { act: errorInside, code: 'upstream.error', status: 200 },
  'breaks off in the midst of a body': { act: as('drop-mid-body'), code: 'upstream.truncated', status: 200, modes: ['unary'] },
  'ends its stream before it began': { act: emptyStream, code: 'upstream.truncated', status: 200, modes: ['stream'] },
  'cuts its stream before it began': { act: cutStream, code: 'upstream.truncated', status: 200, modes: ['stream'] },
};
for (const code of [408, 409, 425, 429, 500, 503, 529]) {
  FAILURES[`says ${code}`] = { act: status(code), code: 'upstream.error', status: code };
}
FAILURES['says 429 and when to come back'] = { act: status(429, { 'retry-after': '1' }), code: 'upstream.error', status: 429 };

function answersWell(client, mode, answer) {
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.text.includes('Good'), answer.text);
  if (mode === 'stream') return assert.ok(endsWell(client, answer.text), answer.text);
  const said = { chat_completions: ['choices', 0, 'message', 'content'], responses: ['output', 0, 'content', 0, 'text'], anthropic_messages: ['content', 0, 'text'] };
  assert.equal(said[client].reduce((value, key) => value?.[key], answer.body), TEXT);
}

describe('an upstream that', () => {
  for (const [what, failure] of Object.entries(FAILURES)) {
    test(`${what} is followed by the next candidate, for every client`, async () => {
      const cases = ASKED.filter(({ mode }) => failure.modes?.includes(mode) ?? true);
      await Promise.all(cases.map(async ({ client, mode }) => {
        const began = Date.now();
        const { providers, ask, asked } = await row(e2e, token, client, [failure.act, null], [failure.fields]);
        const answer = await ask(MODES[mode]);
        answersWell(client, mode, answer);
        assert.deepEqual(asked(), [0, 1], `${client} ${mode}`);
        assert.equal(answer.headers.get('x-sluice-attempts'), '2');
        assert.equal(answer.headers.get('x-sluice-provider'), providers[1].name);
        const { usage, attempts } = await rowsOf(e2e, answer);
        assert.deepEqual(
          [usage.status, usage.error_code, usage.attempts, usage.provider_id, usage.streamed, usage.estimated],
          [200, null, 2, providers[1].id, mode === 'stream' ? 1 : 0, 0],
        );
        for (const [field, expected] of Object.entries(USAGE.recorded[client])) assert.equal(usage[field], expected, field);
        assert.deepEqual(
          attempts.map((attempt) => [attempt.attempt, attempt.provider_id, attempt.status, attempt.error_code]),
          [[1, providers[0].id, failure.status, failure.code], [2, providers[1].id, 200, null]],
        );
        assert.ok(attempts[0].error_message.length > 5 && attempts[1].error_message === null, JSON.stringify(attempts));
        assert.ok(attempts.every(({ model_id, latency_ms, created_at }) => model_id && latency_ms >= 0 && latency_ms <= Date.now() - began && created_at >= began - 5));
      }));
    });
  }
});

test('the request log shows the attempts', async () => {
  const { providers, ask } = await row(e2e, token, 'responses', [status(429), as('drop-before-headers'), null]);
  const answer = await ask();
  assert.equal(answer.status, 200, answer.text);
  await rowsOf(e2e, answer);
  const logged = await e2e.admin.must('GET', `/api/v1/requests/${answer.headers.get('x-request-id')}`);
  assert.equal(logged.attempts, 3);
  assert.deepEqual(logged.attempts_log.map(({ attempt, provider_id, status: code, error_code }) => [attempt, provider_id, code, error_code]), [
    [1, providers[0].id, 429, 'upstream.error'],
    [2, providers[1].id, null, 'upstream.unreachable'],
    [3, providers[2].id, 200, null],
  ]);
  assert.equal(logged.attempts_log[0].error_message, 'The mock says 429.');
});

test('a call that goes well at once leaves no rows of attempts', async () => {
  const { ask } = await row(e2e, token, 'chat_completions', [null, null]);
  const { usage, attempts } = await rowsOf(e2e, await ask());
  assert.deepEqual([usage.attempts, attempts], [1, []]);
});

test('a key that a failed upstream repeats is in no row', async () => {
  const { providers, ask } = await row(e2e, token, 'chat_completions', [
    (call) => status(503)({ ...call, dialect: { error: () => JSON.stringify({ error: { message: `busy with ${providers[0].key}` } }) } }),
    null,
  ]);
  const { attempts } = await rowsOf(e2e, await ask());
  assert.match(attempts[0].error_message, /^busy with \[credential\]/);
});

describe('candidates of different protocols', () => {
  /** OpenAI's first and Anthropic's second, or the other way round. */
  async function mixed(first, second, acts) {
    const model = `mock-${e2e.name('mixed')}`;
    const providers = [await e2e[first](), await e2e[second]()];
    for (const [index, provider] of providers.entries()) await e2e.models(provider, [model], { priority: 9 - index });
    e2e.upstream.script(model, (call) => {
      const act = acts[providers.findIndex(({ name }) => name === call.site.name)];
      return act ? act(call) : e2e.upstream.ordinary(call);
    });
    return { model, providers };
  }

  for (const [first, second] of [['provider', 'anthropicProvider'], ['anthropicProvider', 'provider']]) {
    test(`${first} fails and ${second} answers, whatever the client speaks`, async () => {
      for (const act of [status(500), errorInside]) {
        const { model, providers } = await mixed(first, second, [act, null]);
        await Promise.all(ASKED.map(async ({ client, mode }) => {
          const wire = CLIENTS[client];
          const answer = await e2e.answer(wire.path, wire.request(model, MODES[mode]), { token, headers: wire.headers });
          answersWell(client, mode, answer);
          assert.equal(answer.headers.get('x-sluice-provider'), providers[1].name);
          const { usage, attempts } = await rowsOf(e2e, answer);
          assert.deepEqual([usage.attempts, attempts.length, attempts[0].error_code], [2, 2, 'upstream.error']);
        }));
      }
    });
  }
});

describe('a candidate that cannot be called at all does not stand in the way of the next', () => {
  test('without a credential', async () => {
    const { ask, asked } = await row(e2e, token, 'chat_completions', [null, null], [{ api_key: undefined }]);
    const answer = await ask();
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(asked(), [1]);
    assert.equal(answer.headers.get('x-sluice-attempts'), '1');
  });

  test('with a row that somebody edited', async () => {
    const { providers, ask, asked } = await row(e2e, token, 'chat_completions', [null, null]);
    assert.equal(e2e.worker.tamper("UPDATE providers SET advanced_json = '[1]' WHERE id = ?", providers[0].id), 1);
    await e2e.admin.must('PATCH', `/api/v1/providers/${providers[1].id}`, { enabled: true });
    const answer = await ask();
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(asked(), [1]);
  });

  test('with a protocol that cannot carry the request; and where none can, the refusal names the field', async () => {
    const model = `mock-${e2e.name('loss')}`;
    const providers = [await e2e.anthropicProvider(), await e2e.provider()];
    for (const [index, provider] of providers.entries()) await e2e.models(provider, [model], { priority: 9 - index });
    const body = { model, messages: [{ role: 'user', content: 'hello' }], n: 2 };
    const answer = await e2e.answer('/v1/chat/completions', body, { token });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get('x-sluice-provider'), providers[1].name);
    const refused = await e2e.answer('/v1/chat/completions', { ...body, model: `${providers[0].name}^${model}` }, { token });
    assert.equal(refused.status, 400, refused.text);
    assert.deepEqual([refused.body.error.param, refused.body.error.code], ['n', 'translation.loss']);
  });
});

closingChecks(e2e);
