// Once the client has an answer's first bytes nobody else is called: a stream that breaks says so, and one that is silent is kept alive.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { StreamReader, sseEvents } from '../client.mjs';
import { CLIENTS, closingChecks, suite } from '../suite.mjs';
import { as, endsWell, errorOf, row, rowsOf } from './stage.mjs';

const PING_MS = 400;
const e2e = suite({ PING_INTERVAL_MS: String(PING_MS), IDLE_TIMEOUT_MS: '2500' });
let token;
e2e.before(async () => {
  ({ token } = await e2e.mint());
});

const PING = ': ping\n\n';
const pingsIn = (text) => text.split(PING).length - 1;
const clients = Object.keys(CLIENTS);

/** A provider whose protocol is the client's own, and one whose is not. */
const MAKERS = {
  chat_completions: { 'its own protocol': 'provider', 'a translated one': 'anthropicProvider' },
  responses: { 'its own protocol': 'provider', 'a translated one': 'anthropicProvider' },
  anthropic_messages: { 'its own protocol': 'anthropicProvider', 'a translated one': 'provider' },
};
const WAYS = clients.flatMap((client) => Object.entries(MAKERS[client]).map(([way, maker]) => ({ client, way, maker })));

/** Asks for a stream of a fresh model that the mock serves by `act`, with a second candidate that must not be called. */
async function streamed(client, maker, act) {
  const model = `mock-${e2e.name('broken')}`;
  const first = await e2e[maker]();
  await e2e.models(first, [model], { priority: 9 });
  await e2e.models(await e2e.provider(), [model], { priority: 1 });
  e2e.upstream.script(model, act);
  const wire = CLIENTS[client];
  const response = await e2e.call(wire.path, wire.request(model, { stream: true }), { token, headers: wire.headers });
  return { model, first, response };
}

describe('a stream that', () => {
  for (const [what, act, code, ends] of [
    ['is cut', as('drop-mid-stream'), 'upstream.truncated', /broke off|ended its stream/],
    ['simply ends', as('truncated-stream'), 'upstream.truncated', /ended its stream/],
    ['stalls', as('idle-stream'), 'upstream.timeout', /fell silent/],
    ['reports an error', as('error-mid-stream'), 'upstream.error', /broke half way/],
  ]) {
    test(`${what} half way ends with an error, without a success, and nobody else is called`, async () => {
      await Promise.all(WAYS.map(async ({ client, way, maker }) => {
        const { model, first, response } = await streamed(client, maker, act);
        assert.equal(response.status, 200);
        const { text } = await new StreamReader(response).rest();
        const about = `${client}, ${way}: ${text}`;
        assert.ok(text.includes('Good'), about);
        assert.equal(endsWell(client, text), false, about);
        assert.match(errorOf(client, text)?.message ?? '', ends, about);
        assert.equal(e2e.upstream.requestsFor(model).length, 1);
        const { usage, attempts } = await rowsOf(e2e, response);
        assert.deepEqual([usage.status, usage.error_code, usage.attempts, usage.streamed], [200, code, 1, 1], about);
        assert.ok(usage.output_tokens > 0, about);
        assert.deepEqual(attempts.map((attempt) => [attempt.provider_id, attempt.status, attempt.error_code]), [[first.id, 200, code]], about);
        assert.ok(attempts[0].error_message?.length > 5, about);
      }));
    });
  }
});

describe('pings', () => {
  test('a client hears of a silent upstream, between events only, and its events are as they were', async () => {
    await Promise.all(WAYS.map(async ({ client, way, maker }) => {
      let flow;
      const { response } = await streamed(client, maker, async ({ record, response: out, dialect }) => {
        const events = dialect.events(dialect.ask(record));
        out.writeHead(200, { 'content-type': 'text/event-stream' });
        flow = { events, out };
        out.write(events.slice(0, 5).join(''));
        await delay(PING_MS * 2.5);
        out.end(events.slice(5).join(''));
      });
      const { text, error } = await new StreamReader(response).rest();
      assert.equal(error, null);
      assert.ok(pingsIn(text) >= 2, `${client}, ${way}: ${pingsIn(text)} pings in ${text}`);
      assert.ok(endsWell(client, text), text);
      if (way === 'its own protocol' && client !== 'chat_completions') assert.equal(text.replaceAll(PING, ''), flow.events.join(''));
    }));
  });

  test('none comes within an event that is half there', async () => {
    await Promise.all(clients.map(async (client) => {
      let sent;
      const { response } = await streamed(client, MAKERS[client]['its own protocol'], async ({ record, response: out, dialect }) => {
        const whole = dialect.events(dialect.ask(record)).join('');
        sent = whole;
        const half = whole.indexOf('Good') + 2;
        out.writeHead(200, { 'content-type': 'text/event-stream' });
        out.write(whole.slice(0, half));
        await delay(PING_MS * 2.5);
        out.end(whole.slice(half));
      });
      const { text } = await new StreamReader(response).rest();
      // Nothing of Chat Completions' half event is relayed, so that a ping does not hurt: it is told by what its client reads.
      for (const { data } of sseEvents(text)) if (data !== '[DONE]') assert.doesNotThrow(() => JSON.parse(data), data);
      assert.ok(endsWell(client, text), text);
      if (client !== 'chat_completions') assert.equal(text, sent);
    }));
  });

  test('an upstream that takes its time to begin has its head sent after two seconds, and then pings', async () => {
    await Promise.all(WAYS.map(async ({ client, way, maker }) => {
      const began = Date.now();
      const { response } = await streamed(client, maker, async ({ record, response: out, dialect }) => {
        out.writeHead(200, { 'content-type': 'text/event-stream' });
        out.flushHeaders();
        await delay(3400);
        out.end(dialect.events(dialect.ask(record)).join(''));
      });
      const head = Date.now() - began;
      assert.ok(head >= 1900 && head < 3300, `${client}, ${way}: the head came after ${head} ms`);
      const reader = new StreamReader(response);
      const early = await reader.until(PING);
      assert.ok(early.startsWith(PING), early);
      const { text } = await reader.rest();
      assert.ok(endsWell(client, text), text);
    }));
  });

  test('an upstream that is busy with what the client does not get is silent for the client, too', async () => {
    const { response } = await streamed('chat_completions', 'anthropicProvider', async ({ record, response: out, dialect }) => {
      const events = dialect.events(dialect.ask(record));
      out.writeHead(200, { 'content-type': 'text/event-stream' });
      out.write(events.slice(0, 4).join(''));
      for (let beat = 0; beat < 12; beat += 1) {
        await delay(PING_MS / 4);
        out.write('event: ping\ndata: {"type":"ping"}\n\n');
      }
      out.end(events.slice(4).join(''));
    });
    const { text } = await new StreamReader(response).rest();
    assert.ok(pingsIn(text) >= 2, text);
    assert.ok(endsWell('chat_completions', text), text);
  });

  test('the SDKs do not notice them', async () => {
    const slow = async ({ record, response: out, dialect }) => {
      const events = dialect.events(dialect.ask(record));
      out.writeHead(200, { 'content-type': 'text/event-stream' });
      out.write(events.slice(0, 4).join(''));
      await delay(PING_MS * 1.6);
      out.end(events.slice(4).join(''));
    };
    const provider = await e2e.provider();
    const anthropic = await e2e.anthropicProvider();
    await e2e.models(provider, ['mock-slow-sdk']);
    await e2e.models(anthropic, ['mock-slow-sdk']);
    e2e.upstream.script('mock-slow-sdk', slow);
    const model = `${provider.name}^mock-slow-sdk`;
    let said = '';
    for await (const chunk of await e2e.openai(token).chat.completions.create({ model, messages: [{ role: 'user', content: 'hi' }], stream: true })) said += chunk.choices[0]?.delta?.content ?? '';
    assert.ok(said.includes('Good'));
    const response = await e2e.openai(token).responses.stream({ model, input: 'hi' }).finalResponse();
    assert.ok(response.output_text.includes('Good'));
    const message = await e2e.anthropic(token).messages.stream({ model: `${anthropic.name}^mock-slow-sdk`, max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] }).finalMessage();
    assert.ok(message.content[0].text.includes('Good'));
  });

  test('a unary answer and a raw pass-through get none', async () => {
    const { ask } = await row(e2e, token, 'responses', [async (call) => {
      await delay(PING_MS * 2.5);
      await e2e.upstream.ordinary(call);
    }]);
    const answer = await ask();
    assert.equal(answer.status, 200);
    assert.doesNotThrow(() => JSON.parse(answer.text));
    const provider = await e2e.provider();
    const model = `mock-${e2e.name('raw')}`;
    let sent;
    e2e.upstream.script(model, async ({ record, response: out, dialect }) => {
      sent = dialect.events(dialect.ask(record)).join('');
      out.writeHead(200, { 'content-type': 'text/event-stream' });
      out.write(sent.slice(0, 100));
      await delay(PING_MS * 2.5);
      out.end(sent.slice(100));
    });
    const raw = await e2e.answer(`/v1/proxy/${provider.name}/responses`, { model, input: 'hi', stream: true }, { token: e2e.adminToken });
    assert.equal(raw.text, sent);
  });
});

closingChecks(e2e);
