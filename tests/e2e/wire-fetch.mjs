// A fetch over node:http, for one reason: when the caller aborts, the connection is *reset*.
//
// Node's own fetch closes its socket politely, and to workerd half a close means "the client has said everything and is listening":
// it notices only when it next writes. On Cloudflare a client that leaves is reported at once, as a reset is here.

import http from 'node:http';

/** Not a value that any client's library sends by itself: it must not reach the upstream. */
const CLIENT_ENCODINGS = 'identity, x-client;q=0.1';

/** A connection on which nothing moves for this long fails the test instead of hanging it. */
const SILENCE_MS = 30_000;

/** `fetch(url, { method, headers, body, signal })`, redirects never followed, one connection per call. */
export function wireFetch(url, { method = 'GET', headers, body, signal } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const bytes = body === undefined || body === null ? null : Buffer.from(body);
    const request = http.request(url, {
      method, agent: false,
      headers: { 'accept-encoding': CLIENT_ENCODINGS, ...Object.fromEntries(new Headers(headers)), ...(bytes === null ? {} : { 'content-length': bytes.length }) },
    });
    let response = null;
    let stream = null;
    let settled = false;
    const finish = (act) => {
      if (settled) return;
      settled = true;
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const fail = (error) => finish(() => (stream ? stream.error(error) : reject(error)));
    const reset = () => (request.socket?.resetAndDestroy ? request.socket.resetAndDestroy() : request.destroy());
    function onAbort() {
      fail(signal.reason);
      reset();
    }
    signal?.addEventListener('abort', onAbort);
    request.setTimeout(SILENCE_MS, () => {
      fail(new Error(`the Worker was silent for ${SILENCE_MS} ms on ${method} ${url}`));
      reset();
    });
    // An error while the body is still being sent is no news once the answer is there: a server may refuse early.
    request.on('error', (error) => {
      if (response === null) fail(Object.assign(new TypeError('fetch failed'), { cause: error }));
    });
    request.on('response', (incoming) => {
      response = incoming;
      const received = new Headers();
      for (let at = 0; at < incoming.rawHeaders.length; at += 2) received.append(incoming.rawHeaders[at], incoming.rawHeaders[at + 1]);
      const empty = method === 'HEAD' || [204, 205, 304].includes(incoming.statusCode);
      const content = empty ? null : new ReadableStream({
        start: (controller) => {
          stream = controller;
        },
        cancel: () => finish(reset),
      });
      incoming.on('data', (chunk) => {
        if (!settled && stream) stream.enqueue(new Uint8Array(chunk));
      });
      incoming.on('end', () => finish(() => stream?.close()));
      incoming.on('error', fail);
      resolve(new Response(content, { status: incoming.statusCode, statusText: incoming.statusMessage, headers: received }));
    });
    request.end(bytes);
  });
}
