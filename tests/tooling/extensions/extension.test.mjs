import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Extension } from "../../../extensions/host/extension.js";
import { DESCRIPTION, guest, stored } from "./modules.mjs";

const extension = (parts, settings, bounds) => new Extension(stored(guest(parts), bounds), settings);
const ENVELOPE = '{"abi":1,"hook":"request","call":{},"body":{}}';
const fails = (run, code) => assert.throws(run, (error) => error.message.startsWith(`${code}: `) && error.code === code);

test("a module describes itself, and what it answers to a hook comes back as it said it", () => {
  const answer = { abi: 1, model: "gpt-5", tags: { team: "red", vip: true, size: 3 }, unknown: [1] };
  const one = extension({ answer });
  assert.deepEqual(JSON.parse(one.describe()), DESCRIPTION);
  assert.deepEqual(JSON.parse(one.hook("request", ENVELOPE)), answer);
  assert.equal(extension({}).hook("request", ENVELOPE), null);
});

test("what a module gets is the envelope, whole, in the memory that it gave", (t) => {
  const lines = t.mock.method(console, "info", () => {}).mock;
  extension({ hook: "(call $log (i32.const 2) (local.get 1) (local.get 2)) (i64.const 0)" }, { config: '{"a":"é"}' }).hook("request", ENVELOPE);
  assert.deepEqual(lines.calls.map((call) => call.arguments[0]), [
    'extension: {"abi":1,"hook":"configure","config":{"a":"é"}}',
    `extension: ${ENVELOPE}`,
  ]);
});

test("one instance serves call after call, and the one after a trap gets a new one, configured anew", () => {
  const one = extension({
    more: "(global $calls (mut i32) (i32.const 0))",
    hook: `(if (i32.eqz (local.get 0)) (then (return (i64.const 0))))
      (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (if (i32.eq (global.get $calls) (i32.const 3)) (then (unreachable)))
      (i64.const 0)`,
  });
  for (let round = 0; round < 2; round += 1) {
    assert.equal(one.hook("request", ENVELOPE), null);
    assert.equal(one.hook("request", ENVELOPE), null);
    fails(() => one.hook("request", ENVELOPE), "trap");
  }
});

test("a module that does not end runs out of fuel, by looping as by calling itself", () => {
  fails(() => extension({ hook: "(loop $l (br $l)) (i64.const 0)" }).hook("request", ENVELOPE), "out_of_fuel");
  const deep = "(i64.add (i64.const 1) (call $hook (local.get 0) (local.get 1) (local.get 2)))";
  fails(() => extension({ hook: deep }).hook("request", ENVELOPE), "out_of_fuel");
});

test("each hook has a full tank, of the size that is set", () => {
  const spin = `(if (local.get 0) (then (local.set 1 (i32.const 100000))
    (loop $l (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1))))))) (i64.const 0)`;
  const enough = extension({ hook: spin }, { limits: { fuel: 2_000_000 } });
  for (let turn = 0; turn < 20; turn += 1) assert.equal(enough.hook("request", ENVELOPE), null);
  fails(() => extension({ hook: spin }, { limits: { fuel: 1_000_000 } }).hook("request", ENVELOPE), "out_of_fuel");
});

test("a module that takes memory without end is stopped at its maximum", () => {
  const hook = "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (unreachable)";
  fails(() => extension({ hook }, {}, { maxPages: 16 }).hook("request", ENVELOPE), "out_of_memory");
});

test("a module that lies about where its answer lies, or how long it is, is not believed", () => {
  const at = (ptr, len) => ({ hook: `(if (result i64) (local.get 0) (then (i64.const ${(BigInt(ptr) << 32n) | BigInt(len)})) (else (i64.const 0)))` });
  fails(() => extension(at(131000, 4096)).hook("request", ENVELOPE), "invalid_answer");
  fails(() => extension(at(0x7fffffff, 10)).hook("request", ENVELOPE), "invalid_answer");
  fails(() => extension(at(0, 10)).hook("request", ENVELOPE), "invalid_answer");
  fails(() => extension({ hook: "(select (i64.const -1) (i64.const 0) (local.get 0))" }).hook("request", ENVELOPE), "too_large");
  fails(() => extension(at(16, 0)).hook("request", ENVELOPE), "invalid_answer");
  fails(() => extension({ alloc: "(i32.const -8)" }).hook("request", ENVELOPE), "invalid_answer");
  fails(() => extension({ alloc: "(i32.const 0)" }).hook("request", ENVELOPE), "invalid_answer");
  fails(() => extension({ answer: { abi: 1, pad: "x".repeat(2000) } }, { limits: { max_answer_bytes: 1000 } }).hook("request", ENVELOPE), "too_large");
});

test("an answer that is not UTF-8, not JSON, or not an answer is refused with words", () => {
  const answers = [
    ["\u{0}", /not JSON/],
    ["[]", /not an object/],
    ['{"abi":2}', /`abi` is not 1/],
    [{ abi: 1, body: [] }, /`body` is not an object/],
    [{ abi: 1, model: "" }, /`model`/],
    [{ abi: 1, tags: { Team: "red" } }, /tag's name/],
    [{ abi: 1, tags: { team: {} } }, /`team` is no string, number or boolean/],
    [{ abi: 1, refuse: { status: 500, message: "no" } }, /`refuse.status`/],
    [{ abi: 1, refuse: { status: 403 } }, /`refuse.message`/],
    [{ abi: 1, refuse: { status: 403, message: "no", code: "A B" } }, /`refuse.code`/],
    [{ abi: 1, error: "" }, /`error`/],
  ];
  for (const [answer, words] of answers) {
    assert.throws(() => extension({ answer }).hook("request", ENVELOPE), (error) => error.code === "invalid_answer" && words.test(error.message));
  }
  fails(() => new Extension(stored(guest({ answer: "\u{ff}" }).map((byte) => (byte === 0xc3 ? 0xff : byte)))).hook("request", ENVELOPE), "invalid_answer");
});

test("a configuration that the module refuses fails each call, with the module's words", () => {
  const answer = '{"abi":1,"error":"config.rules[2]: not a regular expression"}';
  const one = extension({ answer, hook: `(i64.const ${(4096n << 32n) | BigInt(answer.length)})` });
  for (let turn = 0; turn < 2; turn += 1) {
    assert.throws(() => one.hook("request", ENVELOPE), /^Error: refused_config: config\.rules\[2\]: not a regular expression/);
  }
  fails(() => one.hook("configure", ""), "refused_config");
});

test("another ABI, a missing meter and an import that is not there are told apart from a trap", () => {
  fails(() => extension({ abi: 2 }).describe(), "unsupported");
  fails(() => new Extension(new WebAssembly.Module(guest())).describe(), "unsupported");
  fails(() => extension({ imports: '(import "env" "now" (func $now))', more: "(func (call $now))" }).describe(), "unsupported");
});

test("a module cannot flood the log, nor break it with a length that is not true", () => {
  const info = mock.method(console, "info", () => {});
  try {
    const hook = `(if (local.get 0) (then (local.set 0 (i32.const 1000))
      (loop $l (call $log (i32.const 2) (local.get 1) (i32.const -1)) (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))) (i64.const 0)`;
    extension({ hook }).hook("request", ENVELOPE);
    assert.equal(info.mock.calls.length, 32);
    assert.ok(info.mock.calls.every((call) => call.arguments[0].length <= 1024 + 20));
  } finally {
    info.mock.restore();
  }
});

const STREAM = 'event: delta\ndata: {"text":"secret"}\n\ndata: [DONE]\n\n';
const through = (one, onError) => new Response(one.events("{}", new Response(STREAM).body, onError)).text();

test("a stream goes through the hook event by event, and what is no JSON goes by unseen", async () => {
  assert.equal(await through(extension({ answer: { abi: 1, data: { text: "***" } } })), 'event: delta\ndata: {"text":"***"}\n\ndata: [DONE]\n\n');
  assert.equal(await through(extension({ answer: { abi: 1, drop: true } })), "data: [DONE]\n\n");
  assert.equal(await through(extension({})), STREAM);
});

test("numbers that JavaScript cannot hold come out of a rewritten event as they went in", async () => {
  const answer = '{"abi":1,"data":{"id":9007199254740993,"cost":0.10,"big":1e400}}';
  assert.match(await through(extension({ answer })), /^event: delta\ndata: \{"id":9007199254740993,"cost":0\.10,"big":1e400\}\n/);
});

test("an event whose hook fails breaks the stream, or goes on as it was where failures are open, and is counted", async () => {
  for (const parts of [{ hook: "(if (local.get 0) (then (unreachable))) (i64.const 0)" }, { answer: { abi: 1, error: "not today" } }]) {
    const one = extension(parts);
    await assert.rejects(through(one, "closed"), /^Error: trap: /);
    assert.equal(await through(one, "open"), STREAM);
    assert.match(one.passedOver().join(), /^trap: /);
    assert.deepEqual(one.passedOver(), []);
  }
});

test("an event that is too long breaks the stream, or goes by where failures are open, with those after it filtered", async () => {
  const long = `data: {"text":"${"x".repeat(3000)}"}\n\n`;
  const one = extension({ answer: { abi: 1, data: { text: "***" } } }, { limits: { max_event_bytes: 1000 } });
  const passed = (onError) => new Response(one.events("{}", new Response(long + STREAM).body, onError)).text();
  await assert.rejects(passed("closed"), /^Error: too_large: an event has more than 1000 bytes/);
  assert.equal(await passed("open"), `${long}event: delta\ndata: {"text":"***"}\n\ndata: [DONE]\n\n`);
  assert.deepEqual(one.passedOver(), ["too_large: an event has more than 1000 bytes"]);
});
