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
  turn.then(() => enter(told, id, true));
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
      const chunk = this.#feed(read.value) ?? read.value;
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
