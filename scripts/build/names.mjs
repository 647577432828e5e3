// Takes the functions' names out of a wasm: worker-build always keeps them, they are a twentieth of the Worker as Cloudflare
// counts it, and a panic says its file and line without them.

const HEADER = 8;
const CUSTOM = 0;

/** The module without its custom section `name`. */
export function withoutNames(wasm) {
  const kept = [wasm.subarray(0, HEADER)];
  for (let at = HEADER; at < wasm.length; ) {
    const [length, body] = leb128(wasm, at + 1);
    const end = body + length;
    if (wasm[at] !== CUSTOM || customName(wasm, body) !== "name") kept.push(wasm.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}

function customName(wasm, at) {
  const [length, begin] = leb128(wasm, at);
  return wasm.subarray(begin, begin + length).toString();
}

/** A number of variable length, and where it ends. */
function leb128(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at];
  }
}
