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
  return (rest === null ? blocks : [...blocks, rest]).map(({ bytes: piece, part }) => {
    assert.equal(part, "whole");
    return piece;
  });
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

test("an event that is too long is not held, and those after it are whole again", () => {
  const long = `data: ${"x".repeat(2 * MOST)}\n\n`;
  const bytes = encoder.encode(`data: 1\n\n${long}data: 2\n\n`);
  for (let size = 1; size < bytes.length; size += 37) {
    const splitter = new Splitter(MOST);
    const pieces = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(...splitter.feed(bytes.subarray(at, at + size)));
    const parts = pieces.map(({ part }) => part).filter((part) => part !== "goes on");
    assert.deepEqual(parts, ["whole", "begins", "whole"], `in pieces of ${size}`);
    assert.deepEqual(Buffer.concat(pieces.map((piece) => piece.bytes)), Buffer.from(bytes));
    assert.ok(pieces.filter(({ part }) => part === "begins").every((piece) => piece.bytes.length <= MOST + size));
  }
});

const filter = (rewrite) => ({
  rewrite,
  tooLarge() {
    throw new Error("too_large: words");
  },
});

const filtered = async (text, rewrite) =>
  new Response(filterEvents(new Response(text).body, MOST, filter((name, data) => rewrite(name, JSON.parse(data))))).text();

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
  const reader = filterEvents(source, MOST, filter(() => ({ data: { seen: true } }))).getReader();
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
  await filterEvents(source(), MOST, filter(() => null)).cancel("gone");
  assert.equal(left, "gone");
  const failing = (name, data) => {
    if (data !== "1") throw new Error("trap: words");
    return null;
  };
  const broken = filterEvents(source(), MOST, filter(failing));
  await assert.rejects(new Response(broken).text(), /trap: words/);
  assert.match(String(left), /trap: words/);
  // One that came along with what passed is read after it.
  const reader = filterEvents(new Response("data: 1\n\ndata: 1\n\ndata: 2\n\n").body, MOST, filter(failing)).getReader();
  let read = "";
  await assert.rejects(async () => {
    for (;;) read += decoder.decode((await reader.read()).value);
  }, /trap: words/);
  assert.equal(read, "data: 1\n\ndata: 1\n\n");
});
