// The host of proxy-wasm, by filters in WAT that call it in ways in which the public crate does not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Extension } from "../../../extensions/host/extension.js";
import { inspect } from "../../../extensions/host/instrument.js";
import { deserialize, serialize } from "../../../extensions/host/proxy_wasm/headers.js";
import { stored, wasm } from "./modules.mjs";

const CALL = {
  request_id: "req_1", protocol: "responses", path: "/v1/responses?x=1", stream: false, model: "gpt-5",
  project_id: "prj_1", token_id: "tok_1", user_id: null, headers: { "user-agent": "test" },
};

/** A filter whose imports are given by name and signature, and which has `more` among its fields. */
function filter({ imports = {}, more = "", data = "" }) {
  const declared = Object.entries(imports).map(([name, signature]) => `(import "env" "${name}" (func $${name} ${signature} (result i32)))`);
  return wasm(`(module ${declared.join("\n")}
    (memory (export "memory") 2) ${data}
    (global $next (mut i32) (i32.const 16384))
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "proxy_on_memory_allocate") (param i32) (result i32) (local i32)
      (local.set 1 (global.get $next))
      (global.set $next (i32.add (global.get $next) (local.get 0)))
      (local.get 1))
    ${more})`);
}

const onRequest = (body) => `(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) ${body})`;
const onBody = (body) => `(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) ${body})`;
const load = (parts) => new Extension(stored(filter(parts)));

function asked(extension, hook = "request", members = { body: { input: "hi" } }) {
  const text = extension.hook(hook, JSON.stringify({ abi: 1, hook, call: CALL, ...members }));
  return text === null ? null : JSON.parse(text);
}

const I32 = (count) => `(param ${"i32 ".repeat(count)})`;

test("headers lie in memory as they are read back from it, and what is cut short is refused", () => {
  const pairs = [["a", "1"], ["grüße", "é"], ["empty", ""]];
  const bytes = serialize(pairs);
  assert.deepEqual(deserialize(bytes), pairs);
  for (let length = 1; length < bytes.length - 1; length += 1) assert.equal(deserialize(bytes.subarray(0, length)), null, `${length} bytes`);
  assert.deepEqual(deserialize(new Uint8Array(0)), []);
  assert.equal(deserialize(Uint8Array.of(255, 255, 255, 255)), null);
});

test("a filter says by its exports which hooks it wants", () => {
  const hooks = (more) => JSON.parse(load({ more }).describe()).hooks;
  assert.deepEqual(hooks(""), []);
  assert.deepEqual(hooks(onBody("(i32.const 0)")), ["request"]);
  assert.deepEqual(hooks('(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (i32.const 0))'), ["response"]);
});

test("a local response refuses with its status and body; where it has no place, that is said", () => {
  const respond = (status) =>
    load({
      imports: { proxy_send_local_response: I32(8) },
      data: '(data (i32.const 64) "not today")',
      more: onRequest(`(drop (call $proxy_send_local_response (i32.const ${status}) (i32.const 0) (i32.const 0) (i32.const 64)
        (i32.const 9) (i32.const 0) (i32.const 0) (i32.const -1))) (i32.const 1)`),
    });
  assert.deepEqual(asked(respond(429)).refuse, { status: 429, message: "not today", code: "proxy_wasm.local_response" });
  assert.equal(asked(respond(500)).refuse.status, 503);
  assert.throws(() => asked(respond(200)), /^Error: unsupported: a local response with the status 200/);
});

test("a filter that pauses and waits is not waited for, and one that goes on by itself is let go on", () => {
  assert.throws(() => asked(load({ more: onBody("(i32.const 1)") })), /^Error: unsupported: the filter paused the call/);
  const resumed = onBody("(drop (call $proxy_continue_stream (i32.const 0))) (i32.const 1)");
  assert.equal(asked(load({ imports: { proxy_continue_stream: I32(1) }, more: resumed })), null);
  assert.equal(asked(load({ more: onRequest("(i32.const 1)") })), null, "at the headers it waits for the body");
});

test("a call out fails the hook that makes it, by name, and nothing where nobody makes it", () => {
  const imports = { proxy_http_call: I32(10), proxy_set_tick_period_milliseconds: I32(1) };
  assert.deepEqual(inspect(filter({ imports })).problems, []);
  const tick = '(func (export "proxy_on_configure") (param i32 i32) (result i32) (call $proxy_set_tick_period_milliseconds (i32.const 10)))';
  assert.throws(() => asked(load({ imports, more: tick })), /^Error: unsupported: the filter called `proxy_set_tick_period_milliseconds`/);
  assert.equal(asked(load({ imports, more: onRequest("(i32.const 0)") })), null);
});

test("imports that proxy-wasm and WASI do not have, and other versions, are refused by name", () => {
  const strange = wasm(`(module (import "env" "proxy_made_up" (func)) (import "wasi_snapshot_preview1" "path_open" (func))
    (import "sluice" "log" (func (param i32 i32 i32))) (memory (export "memory") 1)
    (func (export "proxy_abi_version_0_1_0")))`);
  assert.deepEqual(inspect(strange).problems, [
    "it exports neither `proxy_on_memory_allocate` nor `malloc`",
    "it is of another version of proxy-wasm than 0.2.0 and 0.2.1",
    "it imports `env.proxy_made_up`, which is not supported",
    "it imports `wasi_snapshot_preview1.path_open`, which is not supported",
    "it imports `sluice.log`, which is not supported",
  ]);
});

test("pointers that lead nowhere are answered with a status, and the hook goes on", (t) => {
  const lines = t.mock.method(console, "info", () => {}).mock;
  const statuses = [
    "(call $proxy_get_buffer_bytes (i32.const 0) (i32.const 0) (i32.const -1) (i32.const -4) (i32.const 32))",
    "(call $proxy_set_buffer_bytes (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 131071) (i32.const 2))",
    "(call $proxy_get_header_map_value (i32.const 0) (i32.const -1) (i32.const -1) (i32.const 32) (i32.const 36))",
    "(call $proxy_get_header_map_value (i32.const 9) (i32.const 0) (i32.const 1) (i32.const 32) (i32.const 36))",
    "(call $proxy_get_buffer_bytes (i32.const 5) (i32.const 0) (i32.const 1) (i32.const 32) (i32.const 36))",
    "(call $proxy_set_header_map_pairs (i32.const 0) (i32.const 131000) (i32.const 4))",
    "(call $proxy_get_property (i32.const 64) (i32.const 9) (i32.const 32) (i32.const 36))",
  ];
  const stores = statuses.map((call, index) => `(i32.store8 (i32.const ${128 + index}) (i32.add (i32.const 48) ${call}))`);
  asked(load({
    imports: {
      proxy_get_buffer_bytes: I32(5), proxy_set_buffer_bytes: I32(5), proxy_get_header_map_value: I32(5),
      proxy_set_header_map_pairs: I32(3), proxy_get_property: I32(4), proxy_log: I32(3),
    },
    data: '(data (i32.const 64) "not\\00there")',
    more: onRequest(`${stores.join(" ")} (drop (call $proxy_log (i32.const 2) (i32.const 128) (i32.const ${statuses.length}))) (i32.const 0)`),
  }));
  assert.equal(lines.calls[0].arguments[0], "extension: 6662201");
});

test("a body that is put in place of a part, or of more than there is, is taken, and one that is no JSON is not", () => {
  const put = (start, size, text) =>
    load({
      imports: { proxy_set_buffer_bytes: I32(5) },
      data: `(data (i32.const 64) ${JSON.stringify(text)})`,
      more: onBody(`(drop (call $proxy_set_buffer_bytes (i32.const 0) (i32.const ${start}) (i32.const ${size}) (i32.const 64)
        (i32.const ${text.length}))) (i32.const 0)`),
    });
  assert.deepEqual(asked(put(0, -1, "{}")).body, {});
  assert.deepEqual(asked(put(10, 2, "ho")).body, { input: "ho" });
  assert.throws(() => asked(put(0, 1, "x")), /^Error: invalid_answer: the filter set a body that is not JSON/);
});

test("a filter's loop ends, its panic is a trap, and the call after has a new instance", () => {
  const spinning = load({ more: onRequest("(loop $l (br $l)) (i32.const 0)") });
  for (let turn = 0; turn < 2; turn += 1) assert.throws(() => asked(spinning), /^Error: out_of_fuel: /);
  assert.throws(() => asked(load({ more: onRequest("(unreachable)") })), /^Error: trap: /);
});

test("what a filter shares among its calls is there in the next, and a stale writer is told", (t) => {
  const lines = t.mock.method(console, "info", () => {}).mock;
  const shared = load({
    imports: { proxy_set_shared_data: I32(5), proxy_get_shared_data: I32(5), proxy_log: I32(3) },
    data: '(data (i32.const 64) "k") (data (i32.const 72) "v")',
    more: onRequest(`
      (i32.store8 (i32.const 128) (i32.add (i32.const 48) (call $proxy_get_shared_data (i32.const 64) (i32.const 1) (i32.const 32) (i32.const 36) (i32.const 40))))
      (i32.store8 (i32.const 129) (i32.add (i32.const 48) (call $proxy_set_shared_data (i32.const 64) (i32.const 1) (i32.const 72) (i32.const 1) (i32.const 0))))
      (i32.store8 (i32.const 130) (i32.add (i32.const 48) (call $proxy_set_shared_data (i32.const 64) (i32.const 1) (i32.const 72) (i32.const 1) (i32.const 99))))
      (drop (call $proxy_log (i32.const 2) (i32.const 128) (i32.const 3))) (i32.const 0)`),
  });
  asked(shared);
  asked(shared);
  assert.deepEqual(lines.calls.map((call) => call.arguments[0]), ["extension: 108", "extension: 008"]);
});

test("what a filter makes the host do is paid for from its fuel, and what it makes the host keep has an end", (t) => {
  t.mock.method(console, "debug", () => {});
  const forever = (call, imports) =>
    load({ imports, data: `(data (i32.const 64) "x-name")`, more: onBody(`(loop $l (drop ${call}) (br $l)) (i32.const 0)`) });
  const body = { body: { input: "x".repeat(500_000) } };
  for (const [call, imports] of [
    ["(call $proxy_log (i32.const 1) (i32.const 0) (i32.const 65536))", { proxy_log: I32(3) }],
    ["(call $proxy_set_buffer_bytes (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 65536))", { proxy_set_buffer_bytes: I32(5) }],
    ["(call $proxy_add_header_map_value (i32.const 0) (i32.const 64) (i32.const 6) (i32.const 0) (i32.const 65536))", { proxy_add_header_map_value: I32(5) }],
    ["(call $proxy_get_header_map_size (i32.const 0) (i32.const 32))", { proxy_get_header_map_size: I32(2) }],
    ["(call $proxy_get_current_time_nanoseconds (i32.const 32))", { proxy_get_current_time_nanoseconds: I32(1) }],
  ]) {
    const began = performance.now();
    assert.throws(() => asked(forever(call, imports), "request", body), /^Error: out_of_fuel: /, call);
    assert.ok(performance.now() - began < 5000, `${call} took ${performance.now() - began} ms`);
  }
});
