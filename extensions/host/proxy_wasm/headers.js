// Headers as proxy-wasm has them: a list of pairs, names in lower case, one name as often as it was added.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Headers in a list, and characters in all of them: what is more is not taken. */
const MOST = 256;
const MOST_CHARACTERS = 262_144;

/** A list of headers. */
export class Headers {
  /** @param {[string, string][]} pairs */
  constructor(pairs) {
    this.pairs = pairs.map(([name, value]) => [name.toLowerCase(), value]);
  }

  /** @returns {string | null} all values of a name, joined as HTTP joins them */
  get(name) {
    const values = this.pairs.filter(([each]) => each === name.toLowerCase()).map(([, value]) => value);
    return values.length === 0 ? null : values.join(", ");
  }

  /** @returns whether there was room */
  add(name, value) {
    return this.become([...this.pairs, [name.toLowerCase(), value]]);
  }

  /** @returns whether there was room */
  replace(name, value) {
    const lower = name.toLowerCase();
    const at = this.pairs.findIndex(([each]) => each === lower);
    const pairs = this.pairs.filter(([each]) => each !== lower);
    pairs.splice(at === -1 ? pairs.length : at, 0, [lower, value]);
    return this.become(pairs);
  }

  /** @returns whether there was room for other pairs in place of all */
  become(pairs) {
    const characters = pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    if (pairs.length > MOST || characters > MOST_CHARACTERS) return false;
    this.pairs = pairs;
    return true;
  }

  remove(name) {
    this.pairs = this.pairs.filter(([each]) => each !== name.toLowerCase());
  }
}

/**
 * A map as it lies in memory: how many pairs, the lengths of each, then each name and value with a zero behind it.
 * @param {[string, string][]} pairs
 * @returns {Uint8Array}
 */
export function serialize(pairs) {
  const texts = pairs.flat().map((text) => encoder.encode(text));
  const bytes = new Uint8Array(4 + texts.length * 4 + texts.reduce((sum, text) => sum + text.length + 1, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, pairs.length, true);
  let at = 4 + texts.length * 4;
  texts.forEach((text, index) => {
    view.setUint32(4 + index * 4, text.length, true);
    bytes.set(text, at);
    at += text.length + 1;
  });
  return bytes;
}

/**
 * @param {Uint8Array} bytes what `serialize` makes
 * @returns {[string, string][] | null} null: it is not such a map
 */
export function deserialize(bytes) {
  if (bytes.length < 4) return bytes.length === 0 ? [] : null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(0, true) * 2;
  let at = 4 + count * 4;
  if (at > bytes.length) return null;
  const texts = [];
  for (let index = 0; index < count; index += 1) {
    const length = view.getUint32(4 + index * 4, true);
    if (at + length > bytes.length) return null;
    texts.push(decoder.decode(bytes.subarray(at, at + length)));
    at += length + 1;
  }
  return Array.from({ length: count / 2 }, (_, index) => [texts[index * 2], texts[index * 2 + 1]]);
}
