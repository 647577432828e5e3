// Server-sent events, cut at their blank lines as the bytes come. Bytes are kept as they came, so that what nobody rewrites
// goes on unchanged.

const LF = 10;
const CR = 13;

// Not fatal, and without the mark at the beginning: so says the standard of event streams.
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * A piece of a stream.
 * @typedef {{bytes: Uint8Array, part: "whole" | "begins" | "goes on"}} Piece a block with the blank line that ends it; or, of
 *   one that is too long to be held, its beginning, and what comes of it after that
 */

/** Cuts a stream of bytes into blocks. */
export class Splitter {
  #most;
  #held = [];
  #heldBytes = 0;
  #lineIsEmpty = true;
  #lfBelongsToCr = false;
  #isTooLong = false;

  /** @param {number} most bytes that a block may have to be held, with its comments */
  constructor(most) {
    this.#most = most;
  }

  /**
   * @param {Uint8Array} chunk cut anywhere, inside of a character too
   * @returns {Piece[]} what has come whole, or can be held no longer
   */
  feed(chunk) {
    const pieces = [];
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
        this.#take(pieces, chunk.subarray(from, at + 1), true);
        from = at + 1;
      }
      this.#lineIsEmpty = true;
    }
    if (from < chunk.length) this.#take(pieces, chunk.slice(from), false);
    return pieces;
  }

  /** @returns {Piece | null} what came after the last blank line */
  finish() {
    return this.#heldBytes > 0 ? { bytes: this.#release(), part: "whole" } : null;
  }

  #take(pieces, bytes, ends) {
    if (this.#isTooLong) {
      pieces.push({ bytes, part: "goes on" });
      this.#isTooLong = !ends;
      return;
    }
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > this.#most) {
      pieces.push({ bytes: this.#release(), part: "begins" });
      this.#isTooLong = !ends;
    } else if (ends) {
      pieces.push({ bytes: this.#release(), part: "whole" });
    }
  }

  #release() {
    const held = this.#held;
    const bytes = held.length === 1 ? held[0] : new Uint8Array(this.#heldBytes);
    if (held.length > 1) held.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
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
