// Whether an SSE text is what a protocol's SDKs rely on: names, order, indexes, terminators.

import assert from 'node:assert/strict';
import { sseEvents } from '../client.mjs';

/** Checks a whole successful stream of `text`. `usage`: the Chat client asked for it. */
export function assertStream(protocol, raw, expected) {
  const events = sseEvents(raw);
  CHECKS[protocol](events, expected, raw);
}

function chat(events, { usage, text }, raw) {
  assert.ok(events.every(({ event }) => event === null), 'Chat Completions names no events');
  assert.equal(events.at(-1).data, '[DONE]', raw);
  const chunks = events.slice(0, -1).map(({ data }) => JSON.parse(data));
  for (const key of ['id', 'created', 'model', 'object']) assert.equal(new Set(chunks.map((chunk) => chunk[key])).size, 1, `${key} is one throughout`);
  assert.equal(chunks[0].object, 'chat.completion.chunk');
  assert.equal(chunks[0].choices[0].delta.role, 'assistant', 'the first delta has the role');
  const finishes = chunks.filter((chunk) => chunk.choices[0]?.finish_reason);
  assert.equal(finishes.length, 1, 'one finish_reason');
  const closing = chunks.filter((chunk) => chunk.choices.length === 0);
  assert.equal(closing.length, usage ? 1 : 0, 'a usage chunk exactly when it was asked for');
  if (usage) assert.ok(closing[0].usage && chunks.at(-1) === closing[0], 'usage comes last');
  else assert.ok(chunks.every((chunk) => !chunk.usage), raw);
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), text);
}

function responses(events, { text }, raw) {
  const values = events.map(({ event, data }) => {
    const value = JSON.parse(data);
    assert.equal(event, value.type, 'the event is named as its type');
    return value;
  });
  assert.deepEqual(values.map((value) => value.sequence_number), values.map((_, index) => index), 'sequence numbers have no gap');
  const types = values.map(({ type }) => type);
  assert.deepEqual(types.slice(0, 2), ['response.created', 'response.in_progress']);
  assert.equal(types.at(-1), 'response.completed', raw);
  assert.equal(types.filter((type) => /^response\.(completed|failed|incomplete)$/.test(type)).length, 1);
  const { output } = values.at(-1).response;
  const added = values.filter(({ type }) => type === 'response.output_item.added');
  const done = values.filter(({ type }) => type === 'response.output_item.done');
  assert.deepEqual(added.map((value) => value.output_index), output.map((_, index) => index), 'output indexes are dense');
  assert.deepEqual(done.map(({ item }) => item), output, 'the final response holds the items as they ended');
  assert.deepEqual(added.map(({ item }) => item.id), output.map(({ id }) => id));
  for (const type of ['response.content_part.added', 'response.output_text.done', 'response.content_part.done']) assert.ok(types.includes(type), `${type} is missing`);
  const deltas = values.filter(({ type }) => type === 'response.output_text.delta');
  assert.equal(deltas.map(({ delta }) => delta).join(''), text);
  for (const value of deltas) assert.ok('item_id' in value && 'output_index' in value && 'content_index' in value);
  // The documented fields that typed clients refuse to miss.
  for (const key of ['id', 'object', 'created_at', 'error', 'incomplete_details', 'instructions', 'model', 'tools', 'output', 'parallel_tool_calls', 'metadata', 'tool_choice', 'temperature', 'top_p']) {
    assert.ok(key in values.at(-1).response, `the response has no ${key}`);
  }
}

function anthropic(events, { text }, raw) {
  const values = events.map(({ event, data }) => {
    const value = JSON.parse(data);
    assert.equal(event, value.type, 'the SDK skips events whose name is missing');
    return value;
  }).filter(({ type }) => type !== 'ping');
  assert.equal(values[0].type, 'message_start');
  assert.deepEqual(values[0].message.content, []);
  assert.deepEqual(values.slice(-2).map(({ type }) => type), ['message_delta', 'message_stop'], raw);
  let open = null;
  let next = 0;
  for (const value of values.slice(1, -2)) {
    if (value.type === 'content_block_start') {
      assert.equal(open, null, 'blocks never interleave');
      assert.equal(value.index, next, 'block indexes are dense');
      open = value.index;
      next += 1;
    } else {
      assert.equal(value.index, open, `${value.type} is of the open block`);
      if (value.type === 'content_block_stop') open = null;
    }
  }
  assert.equal(open, null, 'every block is closed');
  assert.equal(values.filter(({ delta }) => delta?.type === 'text_delta').map(({ delta }) => delta.text).join(''), text);
}

const CHECKS = { chat_completions: chat, responses, anthropic_messages: anthropic };
