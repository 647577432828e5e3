// The ABI as the guest's memory knows it: text handed in, packed results read back, every pointer doubted.
import { ABI, HOOKS } from "./answer.js";
import { Failure } from "./failure.js";
import { Log } from "./log.js";
import { Meter } from "./meter.js";

const LEVELS = ["debug", "debug", "info", "warn", "error"];

/** A line's way to the log, about a microsecond, whether it is written or not. */
const LINE_FUEL = 10_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The exports that ABI v1 asks for, by name and kind. */
export const EXPORTS = {
  memory: "memory",
  sluice_abi: "function",
  sluice_alloc: "function",
  sluice_free: "function",
  sluice_describe: "function",
  sluice_hook: "function",
};

/**
 * One instance of a module of ABI v1. After any `Failure` its memory is not to be trusted: drop it and make another.
 */
export class Guest {
  #exports;
  #meter;
  #limits;
  #log = new Log();

  /**
   * @param {WebAssembly.Module} module an instrumented one
   * @param {{fuel: number, max_answer_bytes: number}} limits
   * @throws {Failure} when it does not come up or speaks another ABI
   */
  constructor(module, limits) {
    this.#limits = limits;
    const imports = { sluice: { log: (level, ptr, len) => this.#write(level, ptr, len) } };
    const instance = Meter.instantiate(module, imports);
    this.#exports = instance.exports;
    for (const [name, kind] of Object.entries(EXPORTS)) {
      const value = this.#exports[name];
      const there = kind === "memory" ? value instanceof WebAssembly.Memory : typeof value === "function";
      if (!there) throw new Failure("unsupported", `the module does not export the ${kind} \`${name}\``);
    }
    this.#meter = new Meter(this.#exports, limits);
    this.#run(() => this.#exports._initialize?.());
    const abi = this.#run(() => this.#exports.sluice_abi());
    if (abi !== ABI) throw new Failure("unsupported", `the module speaks ABI ${abi}, this host ABI ${ABI}`);
  }

  /** @returns {string} what the guest says of itself, unchecked. */
  describe() {
    const text = this.#take(this.#run(() => this.#exports.sluice_describe()));
    if (text === null) throw new Failure("invalid_answer", "the module does not describe itself");
    return text;
  }

  /**
   * @param {string} hook one of `HOOKS`
   * @param {string} text the envelope, JSON
   * @returns {string | null} the answer, unchecked; null: no change
   */
  call(hook, text) {
    const bytes = encoder.encode(text);
    const ptr = this.#run(() => this.#exports.sluice_alloc(bytes.length)) >>> 0;
    this.#view(ptr, bytes.length, "`sluice_alloc` answered with memory that is not there").set(bytes);
    return this.#take(this.#spend(() => this.#exports.sluice_hook(HOOKS.indexOf(hook), ptr, bytes.length)));
  }

  /** Runs guest code with a full tank. */
  #run(code) {
    this.#log.refill();
    return this.#meter.run(code);
  }

  /** Runs guest code with what the last `#run` left: one hook has one tank. */
  #spend(code) {
    return this.#meter.spend(code);
  }

  #take(packed) {
    if (typeof packed !== "bigint") throw new Failure("invalid_answer", "the packed result is not an i64");
    const bits = BigInt.asUintN(64, packed);
    if (bits === 0n) return null;
    const ptr = Number(bits >> 32n);
    const len = Number(bits & 0xffff_ffffn);
    if (len > this.#limits.max_answer_bytes) {
      throw new Failure("too_large", `the answer has ${len} bytes, at most ${this.#limits.max_answer_bytes} are taken`);
    }
    const bytes = this.#view(ptr, len, "the answer lies outside of the module's memory");
    let text;
    try {
      text = decoder.decode(bytes);
    } catch {
      throw new Failure("invalid_answer", "the answer is not UTF-8");
    }
    this.#spend(() => this.#exports.sluice_free(ptr, len));
    return text;
  }

  #view(ptr, len, words) {
    // The buffer is another one after each growth, so it is asked for each time.
    const { buffer } = this.#exports.memory;
    if (ptr + len > buffer.byteLength || (ptr === 0 && len > 0)) throw new Failure("invalid_answer", words);
    return new Uint8Array(buffer, ptr, len);
  }

  #write(level, ptr, len) {
    // A start function runs before there are exports to read from.
    if (!this.#meter) return;
    this.#meter.charge(LINE_FUEL);
    this.#log.write(LEVELS[level] ?? "info", this.#exports.memory.buffer, ptr, len);
  }
}
