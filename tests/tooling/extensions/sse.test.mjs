import assert from "node:assert/strict";
import { test } from "node:test";
import { filterEvents } from "../../../extensions/host/events.js";
import { Splitter, readBlock } from "../../../extensions/host/sse.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const MOST = 1024;

const STREAM = [
  ": a comment of its own\n\n",
  'event: grüße\ndata: {"a":"é€😀"}\n\n',
  'data: {"b":\r\ndata: 2}\r\nid: 7\r\n\r\n',
  'retry: 10\rdata:{"c":3}\r\r',
  "\n",
  "data: [DONE]\n\n",
];

function cut(bytes, ...sizes) {
  const splitter = new Splitter(MOST);
  const blocks = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length];
    blocks.push(...splitter.feed(bytes.subarray(at, at + size)));
    at += size;
  }
  const rest = splitter.finish();
  return rest === null ? blocks : [...blocks, rest];
}

const events = (blocks) => blocks.map(readBlock).filter(({ data }) => data !== null).map(({ name, data }) => [name, data]);

test("a stream is cut into the same events wherever its bytes are cut, and none of its bytes is lost", () => {
  const bytes = encoder.encode(STREAM.join(""));
  const expected = [["grüße", '{"a":"é€😀"}'], [null, '{"b":\n2}'], [null, '{"c":3}'], [null, "[DONE]"]];
  for (let size = 1; size <= bytes.length; size += 1) {
    const blocks = cut(bytes, size);
    assert.deepEqual(events(blocks), expected, `in pieces of ${size}`);
    assert.equal(decoder.decode(Buffer.concat(blocks)), STREAM.join(""));
  }
  for (let at = 0; at <= bytes.length; at += 1) assert.deepEqual(events(cut(bytes, at || 1, bytes.length)), expected, `cut at ${at}`);
});

test("an event that does not end is not waited for without bound", () => {
  const splitter = new Splitter(MOST);
  splitter.feed(new Uint8Array(MOST).fill(97));
  assert.throws(() => splitter.feed(Uint8Array.of(97)), /^Error: too_large: an event has more than 1024 bytes/);
});

const filtered = async (text, rewrite) =>
  new Response(filterEvents(new Response(text).body, MOST, (name, data) => rewrite(name, JSON.parse(data)))).text();

test("what is not rewritten goes on byte by byte, and what is keeps its other lines and its comments", async () => {
  const text = STREAM.join("");
  assert.equal(await filtered(text, () => null), text);
  assert.equal(
    await filtered(text, (name, data) => ({ data: { ...data, seen: name } })),
    [
      STREAM[0],
      'event: grüße\ndata: {"a":"é€😀","seen":"grüße"}\n\n',
      'data: {"b":2,"seen":null}\r\nid: 7\r\n\r\n',
      'retry: 10\rdata: {"c":3,"seen":null}\r\r',
      STREAM[4],
      STREAM[5],
    ].join(""),
  );
});

test("a dropped event takes its lines along and leaves its comments", async () => {
  const text = 'data: {"a":1}\n\n: stay\ndata: {"a":2}\n\ndata: {"a":3}\n\n';
  assert.equal(await filtered(text, (_, { a }) => ({ drop: a < 3 })), ': stay\n\ndata: {"a":3}\n\n');
});

test("an event goes on as soon as it has come, while the next is still awaited", async () => {
  let feed;
  const source = new ReadableStream({ start: (controller) => void (feed = controller) });
  const reader = filterEvents(source, MOST, () => ({ data: { seen: true } })).getReader();
  for (let turn = 0; turn < 3; turn += 1) {
    feed.enqueue(encoder.encode('data: {"a":1}\n\ndata: {"half'));
    assert.equal(decoder.decode((await reader.read()).value), 'data: {"seen":true}\n\n');
    feed.enqueue(encoder.encode('":1}\n\n'));
    assert.equal(decoder.decode((await reader.read()).value), 'data: {"seen":true}\n\n');
  }
  feed.close();
  assert.equal((await reader.read()).done, true);
});

test("the last event is filtered too when the stream ends without its blank line", async () => {
  assert.equal(await filtered('data: {"card":1}', () => ({ data: {} })), "data: {}");
});

test("a reader that leaves is told to the source, and a filter that fails breaks the stream and leaves the source", async () => {
  let left = null;
  const source = () =>
    new ReadableStream({ start: (c) => c.enqueue(encoder.encode('data: {"a":1}\n\n')), cancel: (why) => void (left = why) });
  await filterEvents(source(), MOST, () => null).cancel("gone");
  assert.equal(left, "gone");
  const broken = filterEvents(source(), MOST, () => {
    throw new Error("trap: words");
  });
  await assert.rejects(new Response(broken).text(), /trap: words/);
  assert.match(String(left), /trap: words/);
});
