// An extension: one module, its configuration and its limits, with an instance that lasts until it fails.
import { Guest } from "./abi.js";
import { ABI, HOOKS, checkAnswer, checkDescription } from "./answer.js";
import { filterEvents } from "./events.js";
import { Failure } from "./failure.js";
import { parseKept } from "./json.js";
import { ProxyWasmGuest, isProxyWasm } from "./proxy_wasm.js";

/**
 * Fuel that stands for a millisecond, measured: 5 to 20 million, by the kind of code. Time itself cannot be measured on
 * Workers, and a module's fuel is the same everywhere.
 */
export const FUEL_PER_MS = 10_000_000;

/** What holds where the operator said nothing. */
export const LIMITS = {
  /** What one hook may take: about 50 ms. */
  fuel: 500_000_000,
  /** Bytes of an answer. */
  max_answer_bytes: 8 * 1024 * 1024,
  /** Bytes of one event of a stream. */
  max_event_bytes: 1024 * 1024,
};

/** The same in an isolate of its own and, for what is bundled with the Worker, in the Worker's. */
export class Extension {
  #module;
  #Guest;
  #config;
  #limits;
  #guest = null;
  #passedOver = [];

  /**
   * @param {WebAssembly.Module} module an instrumented one
   * @param {{config?: string, limits?: Partial<typeof LIMITS>}} [settings] `config`: JSON text
   */
  constructor(module, { config = "{}", limits = {} } = {}) {
    this.#module = module;
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    this.#Guest = isProxyWasm(names) ? ProxyWasmGuest : Guest;
    this.#config = config;
    this.#limits = { ...LIMITS, ...limits };
  }

  /**
   * @returns {string} what the module says of itself, JSON, checked
   * @throws {Failure}
   */
  describe() {
    const text = new this.#Guest(this.#module, this.#limits).describe();
    checkDescription(text);
    return text;
  }

  /**
   * Runs a hook; after a failure the next call gets a new instance.
   * @param {string} name one of `HOOKS`, `configure` to see whether the configuration is taken
   * @param {string} text the envelope, JSON
   * @returns {string | null} the answer, JSON, checked; null: no change
   * @throws {Failure}
   */
  hook(name, text) {
    return this.#answer(name, text)?.text ?? null;
  }

  /**
   * Filters a stream of server-sent events, each as it comes.
   * @param {string} call the envelope's `call`, JSON
   * @param {ReadableStream<Uint8Array>} stream
   * @param {"open" | "closed"} [onError] open: an event whose hook fails goes on unchanged; closed: the stream breaks
   * @returns {ReadableStream<Uint8Array>}
   */
  events(call, stream, onError = "closed") {
    const passOver = (error) => {
      if (onError !== "open") throw error;
      this.#passedOver.push(error.message);
      return null;
    };
    const rewrite = (name, data) => {
      const text = `{"abi":${ABI},"hook":"event","call":${call},"event":{"name":${JSON.stringify(name)},"data":${data}}}`;
      try {
        const answer = this.#answer("event", text);
        if (answer === null) return null;
        if (answer.parsed.error !== undefined) throw new Failure("trap", answer.parsed.error);
        return answer.parsed.data === undefined ? answer.parsed : parseKept(answer.text);
      } catch (error) {
        return passOver(error);
      }
    };
    const most = this.#limits.max_event_bytes;
    const tooLarge = () => passOver(new Failure("too_large", `an event has more than ${most} bytes`));
    return filterEvents(stream, most, { rewrite, tooLarge });
  }

  /** @returns {string[]} the failures that `events` passed over since this was last asked. */
  passedOver() {
    return this.#passedOver.splice(0);
  }

  #answer(name, text) {
    if (!HOOKS.includes(name)) throw new Failure("unsupported", `there is no hook \`${name}\``);
    try {
      if (this.#guest === null) this.#begin();
      if (name === "configure") return null;
      const answer = this.#guest.call(name, text);
      return answer === null ? null : { text: answer, parsed: checkAnswer(name, answer) };
    } catch (error) {
      this.#guest = null;
      throw error;
    }
  }

  #begin() {
    const guest = new this.#Guest(this.#module, this.#limits);
    const answer = guest.call("configure", `{"abi":${ABI},"hook":"configure","config":${this.#config}}`);
    if (answer !== null) {
      const { error } = checkAnswer("configure", answer);
      if (error !== undefined) throw new Failure("refused_config", error);
    }
    this.#guest = guest;
  }
}
