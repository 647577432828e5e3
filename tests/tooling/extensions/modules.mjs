// Modules for the tests, written as text.
import binaryen from "binaryen";
import { instrument } from "../../../extensions/host/instrument.js";

const { Features } = binaryen;
// Not all: with garbage collection allowed it writes a null as that proposal does, and some of the newest have no engine yet.
const FEATURES = [
  "MutableGlobals", "SignExt", "NontrappingFPToInt", "SIMD128", "BulkMemory", "BulkMemoryOpt", "ReferenceTypes", "Multivalue", "TailCall",
  "MultiMemory",
].reduce((all, name) => all | Features[name], Features.MVP);

/** @param {string} text WAT @returns {Uint8Array} */
export function wasm(text) {
  const module = binaryen.parseText(text);
  module.setFeatures(FEATURES);
  if (!module.validate()) throw new Error("the test's module is not valid");
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

/** @param {Uint8Array} bytes @returns {WebAssembly.Module} the module as it is stored and loaded */
export const stored = (bytes, bounds) => new WebAssembly.Module(instrument(bytes, bounds));

const packed = (ptr, len) => `(i64.const ${(BigInt(ptr) << 32n) | BigInt(len)})`;
const quoted = (text) => `"${[...Buffer.from(text)].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("")}"`;

export const DESCRIPTION = { abi: 1, name: "test", version: "1.0.0", hooks: ["request", "event"] };

/**
 * A module of ABI v1 in WAT.
 * @param {object} parts
 * @param {string} [parts.hook] the body of `sluice_hook`; (local 0: hook, 1: ptr, 2: len)
 * @param {string | object} [parts.answer] what hooks other than `configure` answer, as text or JSON
 * @param {string} [parts.alloc] the body of `sluice_alloc`
 * @param {string} [parts.more] more fields of the module
 */
export function guest({ hook, answer, alloc = "(i32.const 32768)", describe = DESCRIPTION, abi = 1, imports = "", more = "", pages = 2 } = {}) {
  const description = typeof describe === "string" ? describe : JSON.stringify(describe);
  const said = answer === undefined ? "" : typeof answer === "string" ? answer : JSON.stringify(answer);
  const answering = answer === undefined ? "(i64.const 0)" : packed(4096, Buffer.byteLength(said));
  return wasm(`(module
    (import "sluice" "log" (func $log (param i32 i32 i32)))
    ${imports}
    (memory (export "memory") ${pages})
    (data (i32.const 16) ${quoted(description)})
    (data (i32.const 4096) ${quoted(said)})
    (func (export "sluice_abi") (result i32) (i32.const ${abi}))
    (func (export "sluice_alloc") (param i32) (result i32) ${alloc})
    (func (export "sluice_free") (param i32 i32))
    (func (export "sluice_describe") (result i64) ${packed(16, Buffer.byteLength(description))})
    (func $hook (export "sluice_hook") (param i32 i32 i32) (result i64)
      ${hook ?? `(if (result i64) (local.get 0) (then ${answering}) (else (i64.const 0)))`})
    ${more})`);
}
