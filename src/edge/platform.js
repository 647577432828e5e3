// The platform's objects, each in one crossing. A string on its way out of wasm is a call of the platform's decoder, and a
// call has dozens of headers: they cross as one text, a line each, because no header holds a line break (RFC 9110 section 5.5).

// workerd's own queueMicrotask costs twenty times a promise's turn, and whatever a future waits for takes one.
const turn = Promise.resolve();
globalThis.queueMicrotask = (task) => {
  turn.then(() => enter(task));
};

/** Goes into wasm. What goes wrong there is the platform's `error` event, by which a panic is noticed. */
function enter(task, ...given) {
  try {
    task(...given);
  } catch (error) {
    reportError(error);
  }
}

let tell;

/** Whom those that follow tell. */
export function listen(listener) {
  tell = listener;
}

/** Tells what becomes of a promise, by its number: a closure of wasm's for each would be two, and garbage with a finalizer. */
export function watch(promise, id) {
  const told = tell;
  promise.then(
    (value) => enter(told, id, true, value),
    (error) => enter(told, id, false, error),
  );
}

/** Tells after so many milliseconds. */
export function ring(wait, id) {
  const told = tell;
  return setTimeout(() => enter(told, id, true), wait);
}

/** Tells in a turn of its own. */
export function wake(id) {
  const told = tell;
  queueMicrotask(() => told(id, true));
}

/** A request that the platform holds, with its answer and what follows that, until it is over: whether its client stays or leaves. */
export class Held {
  constructor(context) {
    this.answered = new Promise((resolve, reject) => {
      this.answer = resolve;
      this.fail = reject;
    });
    context.waitUntil(new Promise((resolve) => (this.end = resolve)));
  }
}

/** The method, the URL, then each header's name and value. */
export function requestHead(request) {
  return withHeaders(`${request.method}\n${request.url}`, request.headers);
}

/** The status, then each header's name and value. */
export function responseHead(response) {
  return withHeaders(`${response.status}`, response.headers);
}

function withHeaders(text, headers) {
  headers.forEach((value, name) => (text += `\n${name}\n${value}`));
  return text;
}

/** Headers of lines, a later one in the place of an earlier one of its name. `Headers` would be an object of the platform's more. */
function headersOf(lines) {
  const headers = { __proto__: null };
  for (let at = 0; at < lines.length; at += 2) headers[lines[at].toLowerCase()] = lines[at + 1];
  return headers;
}

/** Calls an upstream until the client leaves or `abort` fires. A redirect would take the credential along. */
export function send(head, body, client, abort) {
  const [method, url, ...lines] = head.split("\n");
  const signal = AbortSignal.any([client.signal, abort.signal]);
  return fetch(url, { method, headers: headersOf(lines), body, redirect: "manual", signal });
}

/** A response. A header that cannot stand in one is left out: it came from an upstream or from a name. */
export function respond(head, body) {
  const [status, ...lines] = head.split("\n");
  const headers = headersOf(lines);
  try {
    return new Response(body, { status: Number(status), headers });
  } catch {
    return new Response(body, { status: Number(status), headers: whatCanStand(headers) });
  }
}

function whatCanStand(headers) {
  const standing = new Headers();
  for (const name in headers) {
    try {
      standing.set(name, headers[name]);
    } catch {
      // An answer without it is better than none.
    }
  }
  return standing;
}

/**
 * Passes a stream's chunks on: reads one, asks `feed` what the client gets for it (undefined: the chunk as it is), writes that.
 * Where each goes on as it is, `feed` need not see it before, and is told of as many at once as there is `room` for: one round
 * through wasm for dozens of chunks. No promise of it crosses into wasm but the last: each would cost as much as the chunk.
 */
export class Flow {
  #reader;
  #writer;
  #feed;
  /** What has passed and `feed` is still to be told of. */
  #passed;
  #length = 0;
  #stopped = false;
  /** When a chunk was last dealt with; never, as long as the client takes its time with one. */
  moved = Date.now();
  /** When the client last heard something. */
  heard = this.moved;

  constructor(reader, writer, feed, room) {
    this.#reader = reader;
    this.#writer = writer;
    this.#feed = feed;
    this.#passed = new Uint8Array(room);
  }

  /** Goes on until "ended", "broken" or "left": the upstream's end, its break, or a client that is gone. */
  async run(reading) {
    for (;;) {
      let read;
      try {
        read = await (reading ?? this.#reader.read());
      } catch {
        return "broken";
      }
      reading = undefined;
      if (this.#stopped || read.done) return "ended";
      const chunk = this.#fed(read.value);
      const isHeard = chunk.byteLength > 0;
      if (isHeard) {
        this.moved = Infinity;
        try {
          await this.#writer.write(chunk);
        } catch {
          return "left";
        }
      }
      this.moved = Date.now();
      if (isHeard) this.heard = this.moved;
    }
  }

  #fed(chunk) {
    const room = this.#passed.byteLength;
    if (room === 0) return this.#feed(chunk) ?? chunk;
    if (this.#length + chunk.byteLength > room) this.tell();
    if (chunk.byteLength > room) {
      this.#feed(chunk);
    } else {
      this.#passed.set(chunk, this.#length);
      this.#length += chunk.byteLength;
    }
    return chunk;
  }

  /** Tells `feed` of all that has passed. */
  tell() {
    const length = this.#length;
    this.#length = 0;
    if (length > 0) this.#feed(this.#passed.subarray(0, length));
  }

  /** Nothing that is read from now on is passed on, and `feed` is told of what was. */
  stop() {
    this.#stopped = true;
    this.tell();
  }
}
