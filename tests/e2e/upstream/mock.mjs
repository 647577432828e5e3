// The mock upstream: an HTTP server on loopback that speaks five vendors' APIs, strictly.
//
// A *site* is one account at this upstream: a path prefix with its own expected credential. The end of the model's name chooses the
// behaviour (`mock-429`, `gpt-5-mock-tools`, …; see `behaviours.mjs` and `scenario.mjs`); every other name gets an ordinary answer.
// Everything that arrives is recorded; everything that should not have arrived is refused and kept in `faults`.

import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { JSON_TYPE, answer, behaviourOf } from './behaviours.mjs';
import { list, listingOf, listingViolations } from './listings.mjs';
import { violations } from './rules.mjs';
import { chat } from './openai.mjs';
import { placeOf } from './wire.mjs';

const BOUND_MS = 15_000;

/** Starts the mock on a free port. */
export async function startUpstream() {
  const upstream = new Upstream();
  await upstream.listen();
  return upstream;
}

class Upstream {
  sites = new Map();
  records = [];
  /** Sentences about requests that broke a rule. A suite ends by asserting that there are none. */
  faults = [];
  /** Requests that reached the origin to which `mock-redirect` points. Any is a leak. */
  redirected = [];
  #waiting = [];
  #flows = [];
  #flowWaiters = [];
  #scripts = new Map();
  #endpoints = new Map();
  #server;
  #elsewhere;

  async listen() {
    // Longer than any test: a connection that ends just as the Worker takes it up again looks like an upstream that broke.
    this.#server = http.createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
      this.#serve(request, response).catch((error) => {
        this.faults.push(`the mock itself failed: ${error.stack}`);
        response.destroy();
      });
    });
    this.#elsewhere = http.createServer((request, response) => {
      this.redirected.push({ url: request.url, headers: request.headers });
      request.resume();
      response.writeHead(200, JSON_TYPE).end('{"you":"were redirected"}');
    });
    for (const server of [this.#server, this.#elsewhere]) await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.port = this.#server.address().port;
    this.host = `127.0.0.1:${this.port}`;
    this.elsewhere = `http://127.0.0.1:${this.#elsewhere.address().port}`;
  }

  async close() {
    for (const server of [this.#server, this.#elsewhere]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** Opens an account. `expected` is one of `auth.*`; assign `site.auth` to rotate the key. */
  site(name, expected) {
    const site = { name, auth: expected, baseUrl: `http://${this.host}/${name}` };
    this.sites.set(name, site);
    return site;
  }

  /** Steers one model by hand: `handler({ record, response, dialect })`. */
  script(model, handler) {
    this.#scripts.set(model, handler);
  }

  /** The answer that a scripted model would have got without its script. */
  ordinary(call) {
    return answer({ upstream: this, ...call });
  }

  /** Serves a path under every account that is none of the APIs': `handler({ upstream, site, record, response })`. */
  endpoint(path, handler) {
    this.#endpoints.set(path, handler);
  }

  /** The recorded requests, newest last, that name `model`. */
  requestsFor(model) {
    return this.records.filter((record) => record.model === model);
  }

  /** The newest recorded request for `model`. */
  last(model) {
    const record = this.requestsFor(model).at(-1);
    if (!record) throw new Error(`no request for ${model} reached the upstream`);
    return record;
  }

  /**
   * Waits until a request for `model` is there, counted from the call's own start when `after` is given. With the client's `pending`
   * call, an answer that came without the upstream ends the waiting at once.
   */
  async arrival(model, after = 0, pending = null) {
    const found = () => this.records.slice(after).find((record) => record.model === model);
    return found() ?? waited(`a request for ${model}`, this.#waiting, (resolve) => ({ found, resolve }), pending);
  }

  /** The next `mock-trickle` stream that nobody has taken yet; `pending` as above. */
  async nextFlow(pending = null) {
    return this.#flows.shift() ?? waited('a trickling request', this.#flowWaiters, (resolve) => resolve, pending);
  }

  /** Takes the faults so far, for a test that provokes one on purpose. */
  takeFaults() {
    return this.faults.splice(0);
  }

  offer(flow) {
    const waiter = this.#flowWaiters.shift();
    if (waiter) waiter(flow);
    else this.#flows.push(flow);
  }

  async #serve(request, response) {
    const record = recordOf(request, response);
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      record.incomplete = true;
    }
    record.body = Buffer.concat(chunks);
    try {
      record.json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(record.body));
    } catch {
      record.json = null;
    }
    const url = new URL(request.url, `http://${this.host}`);
    const [, name] = url.pathname.split('/');
    const site = this.sites.get(name);
    record.site = name;
    record.path = url.pathname.slice(name.length + 1);
    Object.assign(record, placeOf(url.pathname, record.json));
    this.records.push(record);
    for (const waiter of this.#waiting.splice(0)) {
      const found = waiter.found();
      if (found) waiter.resolve(found);
      else this.#waiting.push(waiter);
    }
    if (!site) return this.#refuse(record, response, [`no account at ${url.pathname}`]);
    const wrong = violations(record, site, this.host);
    const endpoint = this.#endpoints.get(record.path);
    const listing = endpoint ? null : listingOf(record);
    if (listing) wrong.push(...listingViolations(record, listing));
    else if (!record.dialect && !endpoint) wrong.push(`no such endpoint: ${url.pathname}`);
    if (wrong.length > 0) return this.#refuse(record, response, wrong);
    record.accepted = true;
    if (endpoint) return endpoint({ upstream: this, site, record, response });
    if (listing) return list({ site, response, listing });
    const handler = this.#scripts.get(record.model) ?? behaviourOf(record.model) ?? answer;
    await handler({ upstream: this, site, record, response, dialect: record.dialect });
  }

  #refuse(record, response, wrong) {
    this.faults.push(...wrong.map((sentence) => `${record.method} ${record.url}: ${sentence}`));
    const dialect = record.dialect ?? chat;
    const error = { status: 400, message: `mock upstream: ${wrong.join('; ')}` };
    response.writeHead(400, { ...JSON_TYPE, ...dialect.errorHeaders?.(error) }).end(dialect.error(error));
  }
}

/** What is remembered of a request. `closed` resolves when its connection is done with, `aborted` says who ended it. */
function recordOf(request, response) {
  const record = {
    method: request.method, url: request.url, rawHeaders: request.rawHeaders, headers: request.headers,
    at: Date.now(), body: Buffer.alloc(0), json: null, aborted: false, abortedAt: null, accepted: false, droppedByMock: false,
  };
  const closed = new Promise((resolve) => {
    response.on('close', () => {
      if (!response.writableFinished && !record.droppedByMock) {
        record.aborted = true;
        record.abortedAt = Date.now();
      }
      resolve(record);
    });
  });
  record.closed = () => bounded(`the end of ${request.method} ${request.url}`, closed);
  return record;
}

/** Waits in `queue`, and leaves it when the waiting fails: whoever waits next must not lose what it waits for. */
async function waited(what, queue, entryOf, pending) {
  let entry;
  const offered = new Promise((resolve) => {
    entry = entryOf(resolve);
    queue.push(entry);
  });
  const refused = pending?.then(async (response) => {
    if (response.status >= 300) throw new Error(`the client got ${response.status} while the test waited for ${what}: ${await response.clone().text()}`);
    return offered;
  });
  try {
    return await bounded(what, refused ? Promise.race([offered, refused]) : offered);
  } catch (error) {
    if (queue.includes(entry)) queue.splice(queue.indexOf(entry), 1);
    throw error;
  }
}

/** `promise`, or a failure that says what was waited for. */
export async function bounded(what, promise, ms = BOUND_MS) {
  const stop = new AbortController();
  const late = delay(ms, undefined, { signal: stop.signal, ref: true }).then(() => {
    throw new Error(`waited ${ms} ms for ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
    late.catch(() => {});
  }
}
