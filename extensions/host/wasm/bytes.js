// Reading and writing the parts that a binary of WebAssembly is made of.
import { Failure } from "../failure.js";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** A place in a binary that moves on as it reads, and never beyond its end. */
export class Reader {
  /**
   * @param {Uint8Array} bytes
   * @param {number} [at]
   * @param {number} [end]
   */
  constructor(bytes, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done() {
    return this.at >= this.end;
  }

  byte() {
    if (this.at >= this.end) throw malformed("it ends too early");
    return this.bytes[this.at++];
  }

  skip(count) {
    if (count > this.end - this.at) throw malformed("it ends too early");
    this.at += count;
  }

  /** An unsigned LEB128 of at most 32 bits, in at most five bytes. */
  u32() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) throw malformed("a number has more than 32 bits");
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  /** A signed LEB128 of at most `bits` bits, whose value nobody needs. */
  skipSigned(bits) {
    const most = Math.ceil(bits / 7);
    for (let count = 1; this.byte() >= 0x80; count += 1) {
      if (count === most) throw malformed(`a number has more than ${bits} bits`);
    }
  }

  /** A signed LEB128 of at most 33 bits: a block's type. */
  s33() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return byte & 0x40 ? value - 2 ** (shift + 7) : value;
      if (shift === 28) throw malformed("a number has more than 33 bits");
    }
  }

  name() {
    const length = this.u32();
    const from = this.at;
    this.skip(length);
    try {
      return decoder.decode(this.bytes.subarray(from, this.at));
    } catch {
      throw malformed("a name is not UTF-8");
    }
  }

  /** Another reader for the next `length` bytes, which this one leaves behind. */
  part(length) {
    const from = this.at;
    this.skip(length);
    return new Reader(this.bytes, from, this.at);
  }
}

/** @returns {number[]} the unsigned LEB128 of a number of at most 32 bits */
export function u32(value) {
  const bytes = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

/** @returns {number[]} the signed LEB128 of an integer of at most 53 bits */
export function signed(value) {
  const bytes = [];
  let rest = value;
  for (;;) {
    const low = ((rest % 128) + 128) % 128;
    rest = Math.floor(rest / 128);
    const done = (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

/** @returns {number[]} a name with its length before it */
export function name(text) {
  const bytes = encoder.encode(text);
  return [...u32(bytes.length), ...bytes];
}

/** @param {(Uint8Array | number[])[]} parts */
export function concat(parts) {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @param {string} words */
export const malformed = (words) => new Failure("unsupported", `the module is malformed: ${words}`);

/** @param {string} what a proposal's or an instruction's name */
export const unsupported = (what) => new Failure("unsupported", `the module uses ${what}, which is not supported`);
