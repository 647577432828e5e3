// What a call may cost at the border of wasm and in D1, in numbers that no machine changes: a call that crosses more often, or
// asks D1 once more, is slower everywhere. Who makes one cheaper lowers its number here; who raises one says why.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { counted } from './counted.mjs';
import { CLIENTS, closingChecks, suite } from './suite.mjs';

/** Crossings in both directions, the usage row's group of one included. Where rows go together, a call has fewer. */
const CROSSINGS = { warm: 122, warmLarge: 122, perEvent: 4, perTranslatedEvent: 5, perEventAsItCame: 0.2 };

/** What may come on top: the order in which promises settle is the platform's. */
const TOLERANCE = 1.05;

/** When the group of a call is written for certain. */
const SETTLED_MS = 1000;

const e2e = suite({ CONFIG_TTL_MS: '3600000' });
const take = counted(e2e);
const MODEL = 'mock-model';
const MESSAGES_MODEL = 'mock-messages-model';
let token;

e2e.before(async () => {
  await e2e.models(await e2e.provider({ openai_api_mode: 'chat_completions' }), [MODEL]);
  await e2e.models(await e2e.anthropicProvider(), [MESSAGES_MODEL]);
  ({ token } = await e2e.mint());
});

/** What a call crossed and asked, from its first byte to its row. */
async function costs(protocol, extra) {
  await delay(SETTLED_MS);
  await take();
  const { path, request, headers } = CLIENTS[protocol];
  const { status, text } = await e2e.answer(path, request(MODEL, extra), { token, headers });
  assert.equal(status, 200, text);
  await delay(SETTLED_MS);
  const { out, in: inwards, crossings, ...asked } = await take();
  return { ...asked, crossings: out + inwards, byName: crossings };
}

function within(crossings, bound, byName) {
  assert.ok(crossings <= bound * TOLERANCE, `${crossings} crossings, of ${bound}:\n${listed(byName)}`);
}

const listed = (crossings) => Object.entries(crossings).sort(([, a], [, b]) => b - a).map(([name, times]) => `${times} × ${name}`).join('\n');

test('a cold call reads D1 in one round trip, and its row is written in another', async () => {
  const { statements, roundTrips } = await costs('chat_completions');
  assert.equal(roundTrips, 2, statements.join('\n'));
  assert.equal(statements.filter((statement) => statement.startsWith('INSERT INTO usage')).length, 1);
  assert.ok(statements.length <= 6, `${statements.length} statements:\n${statements.join('\n')}`);
});

test('a warm call reads nothing of D1 and crosses no more often than it has to', async () => {
  const { crossings, statements, roundTrips, byName } = await costs('chat_completions');
  assert.deepEqual(statements, ['INSERT INTO usage']);
  assert.equal(roundTrips, 1);
  within(crossings, CROSSINGS.warm, byName);
});

test('a large body crosses no more often than a small one', async () => {
  const { crossings, byName } = await costs('chat_completions', { messages: [{ role: 'user', content: 'words and more words '.repeat(5000) }] });
  within(crossings, CROSSINGS.warmLarge, byName);
});

test('calls that come together are written in one round trip', async () => {
  const { path, request } = CLIENTS.chat_completions;
  const together = async () => {
    await delay(SETTLED_MS);
    await take();
    const answers = await Promise.all(Array.from({ length: 5 }, () => e2e.answer(path, request(MODEL), { token })));
    assert.deepEqual(answers.map(({ status }) => status), Array(5).fill(200));
    await delay(SETTLED_MS);
    const { statements, roundTrips } = await take();
    return [roundTrips, statements];
  };
  // A busy machine may take longer over five calls than a group waits: five times in a row it does not.
  let written = [];
  for (let tries = 0; tries < 5 && written[0] !== 1; tries += 1) written = await together();
  assert.deepEqual(written, [1, ['INSERT INTO usage']]);
});

const STREAMS = [
  ['chat_completions', 'Chat Completions', 'perEvent', MODEL, stream],
  ['anthropic_messages', 'Chat Completions', 'perTranslatedEvent', MODEL, stream],
  ['anthropic_messages', 'Messages', 'perEventAsItCame', MESSAGES_MODEL, messagesStream],
];

for (const [protocol, upstream, budget, model, streamed] of STREAMS) {
  test(`${protocol}: an event of a ${upstream} stream crosses no more often than it has to`, async () => {
    const costOf = async (events) => {
      e2e.upstream.script(model, ({ response }) => streamed(response, events));
      return costs(protocol, { stream: true, model });
    };
    await costOf(1);
    const [few, many] = [await costOf(20), await costOf(120)];
    const more = Object.fromEntries(Object.entries(many.byName).map(([name, times]) => [name, times - (few.byName[name] ?? 0)]));
    within((many.crossings - few.crossings) / 100, CROSSINGS[budget], more);
  });
}

/** Each event in a write of its own, and time for it to arrive alone. */
async function stream(response, events) {
  const chunk = (fields) => `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: MODEL, choices: [], ...fields })}\n\n`;
  const choice = (delta, finish_reason = null) => ({ choices: [{ index: 0, delta, finish_reason }] });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(chunk(choice({ role: 'assistant', content: '' })));
  for (let at = 0; at < events; at += 1) {
    response.write(chunk(choice({ content: `word ${at} ` })));
    await delay(4);
  }
  response.write(chunk(choice({}, 'stop')));
  response.write(chunk({ usage: { prompt_tokens: 5, completion_tokens: events, total_tokens: 5 + events } }));
  response.end('data: [DONE]\n\n');
}

/** The same of an Anthropic upstream. */
async function messagesStream(response, events) {
  const send = (event) => response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: MESSAGES_MODEL, content: [], stop_reason: null, stop_sequence: null };
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  send({ type: 'message_start', message: { ...message, usage: { input_tokens: 5, output_tokens: 1 } } });
  send({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
  for (let at = 0; at < events; at += 1) {
    send({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: `word ${at} ` } });
    await delay(4);
  }
  send({ type: 'content_block_stop', index: 0 });
  send({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: events } });
  send({ type: 'message_stop' });
  response.end();
}

closingChecks(e2e);
