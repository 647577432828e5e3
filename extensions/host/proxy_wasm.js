// Filters of proxy-wasm behind the hooks of ABI v1: a request's headers and body are one hook, a response's another. It is
// taken for a `Guest` by whoever calls it.
import { ABI } from "./answer.js";
import { Failure } from "./failure.js";
import { parseKept } from "./json.js";
import { Log } from "./log.js";
import { Meter } from "./meter.js";
import { Exchange } from "./proxy_wasm/exchange.js";
import { hostcalls, waits } from "./proxy_wasm/hostcalls.js";
import { Memory } from "./proxy_wasm/memory.js";
import { WASI_MODULES, wasi } from "./proxy_wasm/wasi.js";

const ROOT = 1;
const PAUSE = 1;

/** Calls that a filter is kept in mind for between its two hooks: those that began longest ago are let go. */
const MOST_EXCHANGES = 256;

const encoder = new TextEncoder();

/** Whether a module is a filter of proxy-wasm, by what it exports. @param {string[]} exports */
export const isProxyWasm = (exports) => exports.some((name) => name.startsWith("proxy_abi_version_"));

/** One instance of a filter. */
export class ProxyWasmGuest {
  #exports;
  #meter;
  #limits;
  #host;
  #exchanges = new Map();
  #lastContext = ROOT;

  /** @param {WebAssembly.Module} module an instrumented one @param {{fuel: number, max_answer_bytes: number}} limits */
  constructor(module, limits) {
    this.#limits = limits;
    const host = {
      memory: null,
      log: new Log(),
      exchange: null,
      configuration: new Uint8Array(0),
      metrics: new Map(),
      shared: new Map(),
      turnTo: (context) => this.#turnTo(context),
    };
    this.#host = host;
    const system = wasi(host);
    const imports = { env: hostcalls(host), ...Object.fromEntries(WASI_MODULES.map((name) => [name, system])) };
    this.#exports = Meter.instantiate(module, imports).exports;
    if (!(this.#exports.memory instanceof WebAssembly.Memory)) {
      throw new Failure("unsupported", "the module does not export the memory `memory`");
    }
    this.#meter = new Meter(this.#exports, limits);
    host.memory = new Memory(this.#exports, (fuel) => this.#meter.charge(fuel));
    this.#run(() => {
      const { _initialize: initialize, _start: start, main } = this.#exports;
      if (initialize) {
        initialize();
        main?.(0, 0);
      } else {
        start?.();
      }
    });
  }

  /** @returns {string} what the host can say of a filter, which says nothing of itself */
  describe() {
    const on = (phase) => this.#exports[`proxy_on_${phase}_headers`] || this.#exports[`proxy_on_${phase}_body`];
    const hooks = ["request", "response"].filter(on);
    return JSON.stringify({ abi: ABI, kind: "proxy_wasm", name: "proxy-wasm", version: this.#version(), hooks });
  }

  /** @param {string} hook @param {string} text the envelope @returns {string | null} */
  call(hook, text) {
    const envelope = parseKept(text);
    if (hook === "configure") return this.#run(() => this.#configure(envelope.config));
    if (hook === "request") return this.#run(() => this.#request(envelope));
    if (hook === "response") return this.#run(() => this.#response(envelope));
    return null;
  }

  #run(code) {
    this.#host.log.refill();
    return this.#meter.run(code);
  }

  #version() {
    const prefix = "proxy_abi_version_";
    const found = Object.keys(this.#exports).find((name) => name.startsWith(prefix));
    return found.slice(prefix.length).replaceAll("_", ".");
  }

  #configure(config) {
    // A text is handed over as it is, since many filters have a format of their own.
    const text = typeof config === "string" ? config : JSON.stringify(config ?? {});
    this.#host.configuration = encoder.encode(text);
    const { proxy_on_context_create: create, proxy_on_vm_start: start, proxy_on_configure: configure } = this.#exports;
    create?.(ROOT, 0);
    const taken = (start?.(ROOT, 0) ?? 1) !== 0 && (configure?.(ROOT, this.#host.configuration.length) ?? 1) !== 0;
    if (!taken) return JSON.stringify({ abi: ABI, error: "the filter refused its configuration: its log may say why" });
    return null;
  }

  #request({ call, body }) {
    const context = this.#open(call);
    const { exchange } = this.#host;
    exchange.begin(body);
    this.#phase(context, "request", exchange.requestHeaders.pairs.length);
    const answer = exchange.answer("request");
    if (exchange.localResponse !== null) this.#close(call.request_id);
    return answer;
  }

  #response({ call, status, body }) {
    const context = this.#exchanges.get(call.request_id)?.context ?? this.#open(call);
    this.#turnTo(context);
    const { exchange } = this.#host;
    exchange.respond(status, body);
    this.#phase(context, "response", exchange.responseHeaders.pairs.length);
    const answer = exchange.answer("response");
    this.#close(call.request_id);
    return answer;
  }

  /** Headers, then the body, whole. A filter that pauses at the headers waits for the body, as most that change it do. */
  #phase(context, phase, headers) {
    const { exchange } = this.#host;
    this.#exports[`proxy_on_${phase}_headers`]?.(context, headers, 0);
    if (exchange.localResponse !== null) return;
    const action = this.#exports[`proxy_on_${phase}_body`]?.(context, exchange.body.length, 1);
    if (action === PAUSE && exchange.localResponse === null && !exchange.resumed) throw waits();
  }

  #open(call) {
    if (this.#exchanges.has(call.request_id)) this.#close(call.request_id);
    while (this.#exchanges.size >= MOST_EXCHANGES) this.#close(this.#exchanges.keys().next().value);
    this.#lastContext += 1;
    const exchange = new Exchange(call, this.#limits.max_answer_bytes);
    this.#exchanges.set(call.request_id, { context: this.#lastContext, exchange });
    this.#host.exchange = exchange;
    this.#exports.proxy_on_context_create?.(this.#lastContext, ROOT);
    return this.#lastContext;
  }

  #close(id) {
    const found = this.#exchanges.get(id);
    this.#exchanges.delete(id);
    const before = this.#host.exchange;
    this.#host.exchange = found.exchange;
    this.#exports.proxy_on_done?.(found.context);
    this.#exports.proxy_on_log?.(found.context);
    this.#exports.proxy_on_delete?.(found.context);
    this.#host.exchange = before === found.exchange ? null : before;
  }

  #turnTo(context) {
    if (context === ROOT) {
      this.#host.exchange = null;
      return true;
    }
    for (const found of this.#exchanges.values()) {
      if (found.context === context) {
        this.#host.exchange = found.exchange;
        return true;
      }
    }
    return false;
  }
}
