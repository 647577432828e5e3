// The main module of the isolate that the Worker loads for an uploaded extension. Its environment holds the configuration
// and the limits, its outbound is closed.
import { WorkerEntrypoint } from "cloudflare:workers";
import module from "./extension.wasm";
import { Extension } from "./extension.js";

let extension = null;

/** What the Worker calls. Failures are thrown as `Error("<code>: words")`. */
export default class extends WorkerEntrypoint {
  /** @returns {string} JSON */
  describe() {
    return this.#extension().describe();
  }

  /** @returns {string | null} JSON, null: no change */
  hook(name, json) {
    return this.#extension().hook(name, json);
  }

  /** @returns {ReadableStream<Uint8Array>} */
  events(call, stream, onError) {
    return this.#extension().events(call, stream, onError);
  }

  /** @returns {string[]} failures that `events` passed over since this was last asked */
  passedOver() {
    return this.#extension().passedOver();
  }

  #extension() {
    extension ??= new Extension(module, { config: this.env.CONFIG, limits: this.env.LIMITS });
    return extension;
  }
}
