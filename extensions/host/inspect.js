// What an upload is told of its module before anything runs: what it is, and by name what keeps it from being taken.
import { EXPORTS } from "./abi.js";
import { isProxyWasm } from "./proxy_wasm.js";
import { HOSTCALLS } from "./proxy_wasm/hostcalls.js";
import { WASI_CALLS, WASI_MODULES } from "./proxy_wasm/wasi.js";
import { FUEL, REFUSED_GROWTH } from "./meter.js";
import { Reader } from "./wasm/bytes.js";
import { metered, places } from "./wasm/fuel.js";
import { SECTION, readModule, section } from "./wasm/module.js";

const NAMES = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64", 0x7b: "v128", 0x70: "funcref", 0x6f: "externref" };

/** Each function that ABI v1 asks for, as its signature reads. */
const SIGNATURES = {
  sluice_abi: "() -> i32",
  sluice_alloc: "(i32) -> i32",
  sluice_free: "(i32, i32) -> ()",
  sluice_describe: "() -> i64",
  sluice_hook: "(i32, i32, i32) -> i64",
};

/**
 * @param {Uint8Array} bytes a module, as it was uploaded
 * @returns {{imports: {module: string, name: string, kind: string}[], exports: {name: string, kind: string}[],
 *   kind: "sluice" | "proxy_wasm", problems: string[]}} no problems: it can be instrumented and loaded
 */
export function inspect(bytes) {
  let module;
  try {
    module = readModule(bytes);
  } catch (error) {
    return { imports: [], exports: [], kind: "sluice", problems: [words(error)] };
  }
  const kind = isProxyWasm(module.exports.map(({ name }) => name)) ? "proxy_wasm" : "sluice";
  const problems = kind === "proxy_wasm" ? proxyWasmProblems(module) : sluiceProblems(module);
  for (const { name } of module.exports) {
    if (name === FUEL || name === REFUSED_GROWTH) problems.push(`it exports \`${name}\`, a name that is the host's own`);
  }
  try {
    readCode(module);
  } catch (error) {
    problems.push(words(error));
  }
  const imports = module.imports.map(({ module: from, name, kind: what }) => ({ module: from, name, kind: what }));
  return { imports, exports: module.exports.map(({ name, kind: what }) => ({ name, kind: what })), kind, problems };
}

function sluiceProblems(module) {
  const problems = [];
  for (const [name, kind] of Object.entries(EXPORTS)) {
    const found = module.exports.find((each) => each.name === name);
    if (found?.kind !== kind) {
      problems.push(`it does not export the ${kind} \`${name}\``);
    } else if (kind === "function" && signature(module, module.functions[found.index]) !== SIGNATURES[name]) {
      const is = signature(module, module.functions[found.index]);
      problems.push(`its export \`${name}\` is ${is}, not ${SIGNATURES[name]}`);
    }
  }
  for (const { module: from, name, kind, type } of module.imports) {
    if (from !== "sluice" || name !== "log" || kind !== "function") {
      problems.push(`it imports \`${from}.${name}\`: only \`sluice.log\` is there`);
    } else if (signature(module, type) !== "(i32, i32, i32) -> ()") {
      problems.push(`its import \`sluice.log\` is ${signature(module, type)}, not (i32, i32, i32) -> ()`);
    }
  }
  return problems;
}

function proxyWasmProblems(module) {
  const problems = [];
  const exported = (name, kind) => module.exports.some((each) => each.name === name && each.kind === kind);
  if (!exported("memory", "memory")) problems.push("it does not export the memory `memory`");
  if (!exported("proxy_on_memory_allocate", "function") && !exported("malloc", "function")) {
    problems.push("it exports neither `proxy_on_memory_allocate` nor `malloc`");
  }
  if (!["proxy_abi_version_0_2_0", "proxy_abi_version_0_2_1"].some((name) => exported(name, "function"))) {
    problems.push("it is of another version of proxy-wasm than 0.2.0 and 0.2.1");
  }
  for (const { module: from, name, kind } of module.imports) {
    const there = from === "env" ? HOSTCALLS.includes(name) : WASI_MODULES.includes(from) && WASI_CALLS.includes(name);
    if (!there || kind !== "function") problems.push(`it imports \`${from}.${name}\`, which is not supported`);
  }
  return problems;
}

function signature(module, type) {
  const { params, results } = module.types[type];
  const listed = (types) => types.map((each) => NAMES[each]).join(", ");
  return `(${listed(params)}) -> ${results.length === 1 ? listed(results) : `(${listed(results)})`}`;
}

/** Reads every instruction, for the sake of those that are refused. */
function readCode(module) {
  const reader = section(module, SECTION.code);
  if (reader === null) return;
  const left = places();
  for (let count = reader.u32(); count > 0; count -= 1) {
    const body = reader.part(reader.u32());
    metered(new Reader(body.bytes, body.at, body.end), module.spaces, { fuel: 0, charge: 0, grow: 0, places: left });
  }
}

const words = (error) => error.message.replace(/^unsupported: the module /, "it ");
