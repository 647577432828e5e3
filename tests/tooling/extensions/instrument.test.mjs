import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inspect, instrument } from "../../../extensions/host/instrument.js";
import { Reader, signed, u32 } from "../../../extensions/host/wasm/bytes.js";
import { filesUnder } from "../../../scripts/fingerprint.mjs";
import { root } from "../../../scripts/places.mjs";
import { guest, wasm } from "./modules.mjs";

const instantiate = (bytes, imports = {}) => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;

/** Runs the same on the module as it is and as it is instrumented, and returns the fuel that it took. */
function same(bytes, run, imports) {
  const before = instantiate(bytes, imports);
  const after = instantiate(instrument(bytes), imports);
  after.sluice_fuel.value = 1_000_000_000n;
  assert.deepEqual(run(after), run(before));
  return 1_000_000_000n - after.sluice_fuel.value;
}

test("numbers are written and read as LEB128 at each of their sizes", () => {
  for (const value of [0, 1, 63, 64, 127, 128, 16383, 16384, 2 ** 21 - 1, 2 ** 21, 2 ** 28 - 1, 2 ** 28, 2 ** 31, 2 ** 32 - 1]) {
    assert.equal(new Reader(Uint8Array.from(u32(value))).u32(), value);
    for (const number of [value, -value, -value - 1]) {
      const bytes = Uint8Array.from(signed(number));
      if (Math.abs(number) < 2 ** 32) assert.equal(new Reader(bytes).s33(), number + 0, String(number));
      const reader = new Reader(bytes);
      reader.skipSigned(64);
      assert.ok(reader.done, String(number));
    }
  }
  assert.equal(new Reader(Uint8Array.of(0x85, 0x80, 0x80, 0x80, 0x00)).u32(), 5, "padded to five bytes, as linkers do");
  assert.throws(() => new Reader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x1f)).u32(), /more than 32 bits/);
  assert.throws(() => new Reader(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x00)).u32(), /more than 32 bits/);
  assert.throws(() => new Reader(Uint8Array.of(0x80, 0x80)).u32(), /too early/);
});

test("a module computes the same with a meter as without, and pays about what it runs", () => {
  const bytes = wasm(`(module
    (func $fib (export "fib") (param i32) (result i32)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "sum") (param i32) (result i32) (local i32)
      (loop $more
        (local.set 1 (i32.add (local.get 1) (local.get 0)))
        (br_if $more (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get 1)))`);
  const fib = same(bytes, ({ fib }) => fib(20));
  assert.ok(fib > 21891n * 5n && fib < 21891n * 30n, `fib(20) is 21891 calls and took ${fib}`);
  const one = same(bytes, ({ sum }) => sum(1000));
  const two = same(bytes, ({ sum }) => sum(2000));
  assert.equal(two - one, one - same(bytes, ({ sum }) => sum(1)) + (two - one) / 1000n, "a thousand turns cost a thousand times one");
});

test("every kind of instruction is read to its end: SIMD, bulk memory, references, many values, tail calls", () => {
  const bytes = wasm(`(module
    (type $two (func (param i32 i32) (result i32 i32)))
    (table $t 8 funcref) (table $refs 4 externref)
    (elem (i32.const 1) $swap) (elem $later func $swap $answer) (elem declare func $answer)
    (memory (export "memory") 1)
    (data (i32.const 0) "abcdefghijklmnop") (data $passive "0123456789")
    (global $g (mut i32) (i32.const 5))
    (func $swap (type $two) (local.get 1) (local.get 0))
    (func $answer (result i32) (i32.const 42))
    (func $tail (param i32) (result i32)
      (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))
      (return_call $tail (i32.sub (local.get 0) (i32.const 1))))
    (func $tailIndirect (result i32) (return_call_indirect $t (result i32) (i32.const 3)))
    (func (export "vector") (result i32)
      (v128.store (i32.const 64) (i8x16.shuffle 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0
        (v128.load (i32.const 0)) (v128.const i32x4 1 2 3 4)))
      (v128.store (i32.const 80) (v128.load8_lane 3 (i32.const 2) (i8x16.splat (i32.const 9))))
      (v128.store32_lane 1 (i32.const 96) (f32x4.add (v128.const f32x4 1 2 3 4) (v128.load32_zero (i32.const 0))))
      (i32.add (i16x8.extract_lane_s 2 (v128.load (i32.const 80)))
        (i32x4.extract_lane 1 (i32x4.replace_lane 1 (v128.load (i32.const 64)) (i32.const 77)))))
    (func (export "bulk") (result i32)
      (memory.fill (i32.const 200) (i32.const 65) (i32.const 20))
      (memory.copy (i32.const 210) (i32.const 0) (i32.const 8))
      (memory.init $passive (i32.const 300) (i32.const 2) (i32.const 5))
      (data.drop $passive)
      (table.init $t $later (i32.const 2) (i32.const 0) (i32.const 2))
      (elem.drop $later)
      (table.copy $t $t (i32.const 4) (i32.const 2) (i32.const 2))
      (table.fill $refs (i32.const 0) (ref.null extern) (i32.const 2))
      (drop (table.grow $refs (ref.null extern) (i32.const 3)))
      (i32.add (table.size $refs) (i32.load (i32.const 300))))
    (func (export "many") (result i32 i32)
      (call_indirect $t (type $two) (i32.const 10) (i32.const 20) (i32.const 1)))
    (func (export "tails") (result i32) (i32.add (call $tail (i32.const 100000)) (call $tailIndirect)))
    (func (export "references") (result i32)
      (table.set $t (i32.const 6) (ref.func $answer))
      (i32.add (ref.is_null (table.get $t (i32.const 7))) (call_indirect $t (result i32) (i32.const 6))))
    (func (export "numbers") (param f64 i64) (result i32)
      (i32.add (i32.add (i32.trunc_sat_f64_s (local.get 0)) (i32.trunc_sat_f32_u (f32.const 1e30)))
        (i32.wrap_i64 (i64.extend8_s (select (local.get 1) (i64.const -9223372036854775808) (global.get $g))))))
    (func (export "switch") (param i32) (result i32)
      (block $c (block $b (block $a (br_table $a $b $c (local.get 0)))
        (global.set $g (i32.add (global.get $g) (i32.const 1))) (return (i32.const 100)))
        (return (i32.const 200)))
      (i32.const 300)))`);
  same(bytes, ({ vector, memory }) => [vector(), new Uint8Array(memory.buffer, 0, 128)]);
  same(bytes, ({ bulk, tails, memory }) => [bulk(), tails(), new Uint8Array(memory.buffer, 0, 512)]);
  same(bytes, ({ many, references }) => [many(), references()]);
  same(bytes, ({ numbers }) => [numbers(-3.7, 200n), numbers(NaN, -1n), numbers(1e300, 127n)]);
  same(bytes, (exports) => [0, 1, 2, 3].map((arm) => exports.switch(arm)));
});

const stops = (exports, run) => {
  assert.throws(run, WebAssembly.RuntimeError);
  assert.ok(exports.sluice_fuel.value < 0n, "for want of fuel");
};

test("what does not end traps: a loop, a loop of nothing, calls around in tail position, a length that is worked off", () => {
  const bytes = wasm(`(module
    (memory (export "memory") 16)
    (func (export "loop") (local i32) (loop $l (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br $l)))
    (func (export "tight") (loop $l (br $l)))
    (func (export "jump") (loop $l (block $out (br_table $l $out (i32.const 0)))))
    (func $around (export "around") (return_call $around))
    (func (export "fill") (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 1000000)) (br $l))))`);
  const exports = instantiate(instrument(bytes));
  for (const name of ["loop", "tight", "jump", "around", "fill"]) {
    exports.sluice_fuel.value = 10_000_000n;
    const began = performance.now();
    stops(exports, exports[name]);
    assert.ok(performance.now() - began < 2000, `${name} ended in time`);
  }
});

test("the start function runs on the fuel that the module was given, and no longer", () => {
  const bytes = wasm("(module (func $s (loop $l (br $l))) (start $s))");
  assert.throws(() => instantiate(instrument(bytes)), WebAssembly.RuntimeError);
});

test("memory grows to the maximum and not beyond, and a refusal leaves its mark", () => {
  const bytes = wasm(`(module (memory (export "memory") 1)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`);
  const { memory, grow, sluice_refused_growth: refused } = instantiate(instrument(bytes, { maxPages: 4 }));
  assert.equal(grow(3), 1);
  assert.equal(refused.value, 0);
  assert.equal(grow(1), -1);
  assert.equal(refused.value, 1);
  assert.equal(memory.buffer.byteLength, 4 * 65536);
  assert.throws(() => instrument(wasm('(module (memory (export "memory") 5))'), { maxPages: 4 }), /begins with 5 pages/);
});

test("a maximum that the module has of itself stays when it is lower", () => {
  const bytes = wasm('(module (memory (export "memory") 1 2) (func (export "grow") (result i32) (memory.grow (i32.const 2))))');
  assert.equal(instantiate(instrument(bytes)).grow(), -1);
});

const LEB = (value) => u32(value);
const section = (id, ...bytes) => [[id], LEB(bytes.length), bytes].flat();
const binary = (...sections) => Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);
const codeSection = (body) => [[10], LEB(LEB(body.length).length + 1 + body.length), [1], LEB(body.length), body].flat();
const withCode = (...code) => withBody(code);
const withBody = (code) =>
  binary(section(1, 1, 0x60, 0, 0), section(3, 1, 0), section(5, 1, 0, 1), codeSection([0, ...code, 0x0b]));

test("code cannot reach what is added behind the module's own: no counter, no function, no type", () => {
  const fill = [0x42, 0x80, 0x80, 0x80, 0x80, 0x10];
  assert.throws(() => instrument(withCode(...fill, 0x24, 0)), /index of a global is out of range/);
  assert.throws(() => instrument(withCode(0x23, 1, 0x1a)), /index of a global is out of range/);
  assert.throws(() => instrument(withCode(0x41, 0, 0x10, 1, 0x1a)), /index of a function is out of range/);
  assert.throws(() => instrument(withCode(0x41, 0, 0x41, 0, 0x11, 1, 0)), /index of a type is out of range/);
  assert.throws(() => instrument(withCode(0x41, 0, 0x02, 1, 0x0b)), /block's type is out of range/);
  const exported = (kind, index) => binary(section(5, 1, 0, 1), section(7, 1, 1, 0x61, kind, index));
  assert.throws(() => instrument(exported(3, 0)), /index of a global is out of range/);
  assert.throws(() => instrument(exported(0, 0)), /index of a function is out of range/);
  assert.throws(() => instrument(guest({ more: '(global (export "sluice_fuel") (mut i64) (i64.const 1))' })), /host's own name/);
});

test("what is not known here is refused by name, before it could hide anything", () => {
  const refused = (bytes, words) => {
    assert.throws(() => instrument(bytes), words);
    assert.ok(inspect(bytes).problems.some((problem) => words.test(problem)), inspect(bytes).problems.join("; "));
  };
  refused(withCode(0xfe, 0x03, 0), /threads/);
  refused(withCode(0xfb, 0x00, 0), /garbage collection/);
  refused(withCode(0x06, 0x40, 0x0b), /exceptions/);
  refused(withCode(0x1f, 0x40, 0, 0x0b), /exceptions/);
  refused(withCode(0x14, 0), /typed references/);
  refused(withCode(0xfc, 18), /0xfc 18/);
  refused(withCode(0xff), /0xff/);
  refused(binary(section(5, 1, 3, 1, 2)), /threads/);
  refused(binary(section(5, 1, 4, 1)), /memory64/);
  refused(binary(section(13, 1, 0, 0)), /exceptions/);
  refused(binary(section(1, 1, 0x5f, 0)), /garbage collection/);
  refused(wasm('(module (memory $a 1) (memory $b 1) (func (drop (i32.load $b (i32.const 0)))))'), /more than one memory/);
  refused(wasm('(module (import "env" "memory" (memory 1)))'), /imported memory `env.memory`|`env.memory`/);
});

test("what is no module, or half of one, is refused in words", () => {
  const whole = guest({ answer: { abi: 1 } });
  for (const [bytes, words] of [
    [new Uint8Array(0), /does not begin as WebAssembly/],
    [Buffer.from("<!doctype html>"), /does not begin as WebAssembly/],
    [Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0), /components/],
  ]) {
    assert.throws(() => instrument(bytes), words);
    assert.equal(inspect(bytes).problems.length, 1);
  }
  for (let length = 9; length < whole.length; length += 1) {
    const cut = whole.subarray(0, length);
    let made;
    try {
      made = instrument(cut);
    } catch (error) {
      assert.match(error.message, /^unsupported: /, `cut at ${length}`);
      continue;
    }
    assert.equal(WebAssembly.validate(made), WebAssembly.validate(cut), `cut at ${length}`);
  }
});

test("a changed byte never makes a module that runs without its meter, nor anything but an error in words", () => {
  const whole = guest({ answer: { abi: 1 }, more: '(func (export "spin") (loop $l (br $l)))' });
  let seed = 9;
  const random = (below) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  let made = 0;
  for (let turn = 0; turn < 3000; turn += 1) {
    const bytes = whole.slice();
    for (let count = 1 + random(3); count > 0; count -= 1) bytes[8 + random(bytes.length - 8)] = random(256);
    let instrumented;
    try {
      instrumented = instrument(bytes);
    } catch (error) {
      assert.match(error.message, /^unsupported: /);
      continue;
    }
    if (WebAssembly.validate(bytes)) assert.ok(WebAssembly.validate(instrumented), `turn ${turn}`);
    if (!WebAssembly.validate(instrumented)) continue;
    assert.ok(WebAssembly.validate(bytes), `turn ${turn}: what was not valid before is not after`);
    made += 1;
  }
  assert.ok(made > 100, `${made} of the changed modules were valid still`);
});

test("a module that is all loops, or all types, is refused before it fills the Worker's memory", () => {
  const loops = Array.from({ length: 300_000 }, () => [0x03, 0x40, 0x0b]).flat();
  assert.throws(() => instrument(withBody(loops)), /more loops and branches than are taken/);
  assert.match(inspect(withBody(loops)).problems.at(-1), /more loops and branches/);
  const types = binary([1, ...LEB(300_003), ...LEB(100_000), ...Array.from({ length: 100_000 }, () => [0x60, 0, 0]).flat()]);
  assert.throws(() => instrument(types), /more entries in a section/);
});

test("names and other custom sections stay, and an upload is told what its module lacks", () => {
  const module = new WebAssembly.Module(instrument(withNames(guest({ answer: { abi: 1 } }))));
  assert.equal(WebAssembly.Module.customSections(module, "note").length, 1);
  assert.deepEqual(inspect(guest()).problems, []);
  const { problems, kind } = inspect(wasm(`(module
    (import "wasi_snapshot_preview1" "fd_read" (func (param i32)))
    (func (export "sluice_abi") (result i64) (i64.const 1)) (func (export "sluice_alloc") (param i32) (result i32) (local.get 0)))`));
  assert.equal(kind, "sluice");
  assert.deepEqual(problems, [
    "it does not export the memory `memory`",
    "its export `sluice_abi` is () -> i64, not () -> i32",
    "it does not export the function `sluice_free`",
    "it does not export the function `sluice_describe`",
    "it does not export the function `sluice_hook`",
    "it imports `wasi_snapshot_preview1.fd_read`: only `sluice.log` is there",
  ]);
});

const withNames = (bytes) => Uint8Array.from([...bytes, ...section(0, 4, ...Buffer.from("note"), 1, 2, 3)]);

test("modules that compilers made stay valid: those of the packages, and the examples", () => {
  const found = ["node_modules/playwright-core/lib", "node_modules/blake3-wasm/dist", "node_modules/miniflare/dist/src", "build/extensions"]
    .flatMap((folder) => filesUnder(root, folder))
    .filter((file) => file.endsWith(".wasm"));
  assert.ok(found.length >= 5, found.join(", "));
  for (const file of found) {
    const bytes = readFileSync(join(root, file));
    assert.ok(WebAssembly.validate(instrument(bytes, { maxPages: 1024 })), file);
  }
});
