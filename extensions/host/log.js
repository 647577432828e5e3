// What a module writes to the Worker's log: so many lines a hook, and so much of each.
const MOST_BYTES = 1024;
const MOST_LINES = 32;

const decoder = new TextDecoder();

/** The log of one instance. */
export class Log {
  #left = 0;

  /** A new hook begins. */
  refill() {
    this.#left = MOST_LINES;
  }

  /**
   * @param {"debug" | "info" | "warn" | "error"} level
   * @param {ArrayBuffer} memory the module's
   * @param {number} ptr
   * @param {number} len cut to what the memory holds
   */
  write(level, memory, ptr, len) {
    const from = ptr >>> 0;
    if (this.#left <= 0 || from > memory.byteLength) return;
    this.#left -= 1;
    const length = Math.min(len >>> 0, MOST_BYTES, memory.byteLength - from);
    console[level](`extension: ${decoder.decode(new Uint8Array(memory, from, length))}`);
  }
}
