// The platform's objects, each in one crossing. A string on its way out of wasm is a call of the platform's decoder, and a
// call has dozens of headers: they cross as one text, a line each, because no header holds a line break (RFC 9110 section 5.5).

// workerd's own queueMicrotask costs twenty times a promise's turn, and whatever a future waits for takes one.
const turn = Promise.resolve();
globalThis.queueMicrotask = (task) => {
  turn.then(() => enter(task));
};

/** Goes into wasm. What goes wrong there is the platform's `error` event, by which a panic is noticed. */
function enter(task, ...given) {
  time = undefined;
  try {
    task(...given);
  } catch (error) {
    reportError(error);
  }
  time = undefined;
}

let time;

/** The time in milliseconds. It stands still while nothing is waited for, as the platform's own does, which costs more to ask. */
export function now() {
  return (time ??= Date.now());
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
  turn.then(() => enter(told, id, true));
}

/** A request that the platform holds, with its answer and what follows that, until it is over: whether its client stays or leaves. */
export class Held {
  constructor(context) {
    this.answered = new Promise((resolve, reject) => Object.assign(this, { answer: resolve, fail: reject }));
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
  for (const [name, value] of headers) text += `\n${name}\n${value}`;
  return text;
}

/** Calls an upstream until the client leaves or `abort` fires. A redirect would take the credential along. */
export function send(head, body, client, abort) {
  const [method, url, ...lines] = head.split("\n");
  const headers = new Headers();
  for (let at = 0; at < lines.length; at += 2) headers.set(lines[at], lines[at + 1]);
  return fetch(url, { method, headers, body, redirect: "manual", signal: AbortSignal.any([client.signal, abort.signal]) });
}

/** A response. A header that cannot stand in one is left out: it came from an upstream or from a name. */
export function respond(head, body) {
  const [status, ...lines] = head.split("\n");
  const headers = new Headers();
  for (let at = 0; at < lines.length; at += 2) {
    try {
      headers.set(lines[at], lines[at + 1]);
    } catch {
      // An answer without it is better than none.
    }
  }
  return new Response(body, { status: Number(status), headers });
}

/**
 * Passes a stream's chunks on: reads one, asks `feed` what the client gets for it (undefined: the chunk as it is), writes that.
 * No promise of it crosses into wasm but the last: each would cost as much as the chunk.
 */
export class Flow {
  #reader;
  #writer;
  #feed;
  #stopped = false;
  /** When a chunk was last dealt with; never, as long as the client takes its time with one. */
  moved = Date.now();
  /** When the client last heard something. */
  heard = this.moved;

  constructor(reader, writer, feed) {
    this.#reader = reader;
    this.#writer = writer;
    this.#feed = feed;
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
      time = undefined;
      const chunk = this.#feed(read.value) ?? read.value;
      time = undefined;
      if (chunk.byteLength > 0) {
        this.moved = Infinity;
        try {
          await this.#writer.write(chunk);
        } catch {
          return "left";
        }
        this.heard = Date.now();
      }
      this.moved = Date.now();
    }
  }

  /** Nothing that is read from now on is passed on. */
  stop() {
    this.#stopped = true;
  }
}
