// The filter's memory: what a host call reads from it and writes to it. A pointer that leads outside ends the host call
// with a status, not the hook.
import { STATUS } from "./status.js";

/** Fuel for a host call, about half a microsecond's, and for each byte that it moves. */
const CALL_FUEL = 5000;
const BYTE_FUEL = 2;

const decoder = new TextDecoder();

/** Thrown within a host call, and caught where it returns. */
export class Refused extends Error {
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

/** The memory of an instance. */
export class Memory {
  #exports;
  #charge;

  /**
   * @param {WebAssembly.Exports} exports
   * @param {(fuel: number) => void} charge takes fuel for the bytes that are read and written
   */
  constructor(exports, charge) {
    this.#exports = exports;
    this.#charge = charge;
  }

  /** Takes the fuel for a host call. */
  enter() {
    this.#charge(CALL_FUEL);
  }

  /** Takes the fuel for bytes that the host moves. */
  pay(bytes) {
    this.#charge(bytes * BYTE_FUEL);
  }

  get buffer() {
    return this.#exports.memory.buffer;
  }

  /** @returns {Uint8Array} a view that holds until the memory grows */
  view(ptr, len) {
    const from = ptr >>> 0;
    const length = len >>> 0;
    if (from + length > this.buffer.byteLength) throw new Refused(STATUS.invalidMemoryAccess);
    this.pay(length);
    return new Uint8Array(this.buffer, from, length);
  }

  bytes(ptr, len) {
    return this.view(ptr, len).slice();
  }

  text(ptr, len) {
    return decoder.decode(this.view(ptr, len));
  }

  u32(ptr) {
    return new DataView(this.buffer).getUint32(this.#place(ptr, 4), true);
  }

  setU32(ptr, value) {
    new DataView(this.buffer).setUint32(this.#place(ptr, 4), value, true);
  }

  setU64(ptr, value) {
    new DataView(this.buffer).setBigUint64(this.#place(ptr, 8), value, true);
  }

  /** Hands bytes over in memory that the filter allocates, and where and how many they are. */
  hand(bytes, ptrTo, lenTo) {
    this.view(ptrTo, 4);
    this.view(lenTo, 4);
    let ptr = 0;
    if (bytes.length > 0) {
      const allocate = this.#exports.proxy_on_memory_allocate ?? this.#exports.malloc;
      ptr = allocate(bytes.length) >>> 0;
      if (ptr === 0) throw new Refused(STATUS.invalidMemoryAccess);
      this.view(ptr, bytes.length).set(bytes);
    }
    this.setU32(ptrTo, ptr);
    this.setU32(lenTo, bytes.length);
  }

  #place(ptr, len) {
    this.view(ptr, len);
    return ptr >>> 0;
  }
}
