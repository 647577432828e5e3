// Server-sent events, cut at their blank lines as the bytes come. Bytes are kept as they came, so that what nobody rewrites
// goes on unchanged.
import { Failure } from "./failure.js";

const LF = 10;
const CR = 13;

// Not fatal, and without the mark at the beginning: so says the standard of event streams.
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Cuts a stream of bytes into blocks, each with the blank line that ends it. */
export class Splitter {
  #most;
  #held = [];
  #heldBytes = 0;
  #lineIsEmpty = true;
  #lfBelongsToCr = false;

  /** @param {number} most bytes that one block may have, with its comments */
  constructor(most) {
    this.#most = most;
  }

  /**
   * @param {Uint8Array} chunk cut anywhere, inside of a character too
   * @returns {Uint8Array[]} the blocks that ended in it
   * @throws {Failure} `too_large` when a block does not end in time
   */
  feed(chunk) {
    const blocks = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      const belongsToCr = byte === LF && this.#lfBelongsToCr;
      this.#lfBelongsToCr = byte === CR;
      if (belongsToCr) continue;
      if (byte !== LF && byte !== CR) {
        this.#lineIsEmpty = false;
        continue;
      }
      if (this.#lineIsEmpty) {
        if (byte === CR && chunk[at + 1] === LF) {
          at += 1;
          this.#lfBelongsToCr = false;
        }
        blocks.push(this.#cut(chunk.subarray(from, at + 1)));
        from = at + 1;
      }
      this.#lineIsEmpty = true;
    }
    if (from < chunk.length) this.#hold(chunk.slice(from));
    return blocks;
  }

  /** @returns {Uint8Array | null} what came after the last blank line */
  finish() {
    return this.#heldBytes > 0 ? this.#cut(new Uint8Array(0)) : null;
  }

  #hold(bytes) {
    this.#count(bytes);
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #count(bytes) {
    if (this.#heldBytes + bytes.length > this.#most) {
      throw new Failure("too_large", `an event has more than ${this.#most} bytes`);
    }
  }

  #cut(bytes) {
    this.#count(bytes);
    if (this.#heldBytes === 0) return bytes;
    const block = new Uint8Array(this.#heldBytes + bytes.length);
    let at = 0;
    for (const part of [...this.#held, bytes]) {
      block.set(part, at);
      at += part.length;
    }
    this.#held = [];
    this.#heldBytes = 0;
    return block;
  }
}

/**
 * Reads one block.
 * @param {Uint8Array} block
 * @returns {{name: string | null, data: string | null, lines: {text: string, end: string, field: string, value: string}[]}}
 *   `name` and `data` are null where no line says them
 */
export function readBlock(block) {
  const lines = [];
  let name = null;
  let data = null;
  for (const [, text, end] of decoder.decode(block).matchAll(/([^\r\n]*)(\r\n|\r|\n|$)/g)) {
    if (text === "" && end === "") continue;
    const colon = text.indexOf(":");
    const field = colon === -1 ? text : text.slice(0, colon);
    const value = colon === -1 ? "" : text.slice(colon + (text[colon + 1] === " " ? 2 : 1));
    lines.push({ text, end, field, value });
    if (field === "event" && colon !== 0) name = value;
    if (field === "data") data = data === null ? value : `${data}\n${value}`;
  }
  return { name, data, lines };
}

/**
 * @param {ReturnType<typeof readBlock>} block
 * @param {string} data one line of text, to stand for all that the block's data lines said
 * @returns {Uint8Array} the block with its other lines, and its comments, as they were
 */
export function withData({ lines }, data) {
  let written = false;
  let text = "";
  for (const line of lines) {
    if (line.field !== "data") {
      text += line.text + line.end;
    } else if (!written) {
      text += `data: ${data}${line.end}`;
      written = true;
    }
  }
  return encoder.encode(text);
}

/**
 * @param {ReturnType<typeof readBlock>} block
 * @returns {Uint8Array} the comments of a block whose event is dropped; empty where it has none
 */
export function withoutEvent({ lines }) {
  const comments = lines.filter((line) => line.text.startsWith(":"));
  return encoder.encode(comments.map((line) => line.text + line.end).join("") + (comments[0]?.end ?? ""));
}
