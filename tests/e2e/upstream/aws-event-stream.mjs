// AWS's binary event stream: `[total][headers length][crc32 of those][headers][payload][crc32 of all before]`, big endian.

import { crc32 } from 'node:zlib';

const STRING = 7;

function header(name, value) {
  const [key, text] = [Buffer.from(name), Buffer.from(value)];
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return Buffer.concat([Buffer.from([key.length]), key, Buffer.from([STRING]), length, text]);
}

/** One frame. `headers` have string values, as all that Bedrock sends. */
export function frame(headers, payload) {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value)));
  const body = Buffer.from(payload);
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + head.length + body.length, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const whole = Buffer.concat([prelude, head, body]);
  const closing = Buffer.alloc(4);
  closing.writeUInt32BE(crc32(whole));
  return Buffer.concat([whole, closing]);
}

/** Bedrock pads its payloads with `p`, so that lengths tell nothing of the words. */
const padded = (value) => JSON.stringify({ ...value, p: 'abcdefghijklmnop'.slice(0, 1 + (JSON.stringify(value).length % 15)) });

export const event = (type, value) => frame({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }, padded(value));
export const exception = (type, message) => frame({ ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' }, JSON.stringify({ message }));

/** The frames in `bytes`, checksums verified: `[{ headers, payload }]`. A frame that is not whole is an error, as in any decoder. */
export function frames(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < 16) throw new Error('the event stream ends within a prelude');
    const total = bytes.readUInt32BE(at);
    if (bytes.length - at < total) throw new Error('the event stream ends within a frame');
    const one = bytes.subarray(at, at + total);
    if (crc32(one.subarray(0, 8)) !== one.readUInt32BE(8)) throw new Error('the checksum of a prelude is wrong');
    if (crc32(one.subarray(0, total - 4)) !== one.readUInt32BE(total - 4)) throw new Error('the checksum of a frame is wrong');
    const end = 12 + one.readUInt32BE(4);
    const headers = {};
    for (let place = 12; place < end;) {
      const name = one.subarray(place + 1, place + 1 + one[place]).toString();
      place += 2 + one[place];
      const length = one.readUInt16BE(place);
      headers[name] = one.subarray(place + 2, place + 2 + length).toString();
      place += 2 + length;
    }
    found.push({ headers, payload: JSON.parse(one.subarray(end, total - 4).toString()) });
    at += total;
  }
  return found;
}
