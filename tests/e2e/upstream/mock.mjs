// The mock upstream: an HTTP server on loopback that speaks the three official APIs, strictly.
//
// A *site* is one account at this upstream: a path prefix with its own expected credential. The model name in the request's
// body chooses the behaviour (`mock-429`, `mock-trickle`, …; see `BEHAVIOURS`); every other name gets an ordinary answer.
// Everything that arrives is recorded; everything that should not have arrived is refused and kept in `faults`.

import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { violations } from './rules.mjs';
import { dialectOf } from './wire.mjs';



const SSE = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };
const JSON_TYPE = { 'content-type': 'application/json' };
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
    this.#server = http.createServer({ keepAliveTimeout: 1000 }, (request, response) => {
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

  /** Serves a path under every account that is none of the three APIs': `handler({ upstream, site, record, response })`. */
  endpoint(path, handler) {
    this.#endpoints.set(path, handler);
  }

  /** The recorded requests, newest last, that name `model`. */
  requestsFor(model) {
    return this.records.filter((record) => record.json?.model === model);
  }

  /** The newest recorded request for `model`. */
  last(model) {
    const record = this.requestsFor(model).at(-1);
    if (!record) throw new Error(`no request for ${model} reached the upstream`);
    return record;
  }

  /** Waits until a request for `model` is there, counted from the call's own start when `after` is given. */
  async arrival(model, after = 0) {
    const found = () => this.records.slice(after).find((record) => record.json?.model === model);
    return found() ?? bounded(`a request for ${model}`, new Promise((resolve) => this.#waiting.push({ found, resolve })));
  }

  /** The next `mock-trickle` stream that nobody has taken yet. */
  async nextFlow() {
    const flow = this.#flows.shift();
    if (flow) return flow;
    return bounded('a trickling request', new Promise((resolve) => this.#flowWaiters.push(resolve)));
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
    record.dialect = dialectOf(url.pathname);
    this.records.push(record);
    for (const waiter of this.#waiting.splice(0)) {
      const found = waiter.found();
      if (found) waiter.resolve(found);
      else this.#waiting.push(waiter);
    }
    if (!site) return this.#refuse(record, response, [`no account at ${url.pathname}`]);
    const wrong = violations(record, site, this.host);
    const endpoint = this.#endpoints.get(record.path);
    if (!record.dialect && !endpoint) wrong.push(`no such endpoint: ${url.pathname}`);
    if (wrong.length > 0) return this.#refuse(record, response, wrong);
    record.accepted = true;
    if (endpoint) return endpoint({ upstream: this, site, record, response });
    const handler = this.#scripts.get(record.json.model) ?? BEHAVIOURS[record.json.model] ?? answer;
    await handler({ upstream: this, site, record, response, dialect: record.dialect });
  }

  #refuse(record, response, wrong) {
    this.faults.push(...wrong.map((sentence) => `${record.method} ${record.url}: ${sentence}`));
    const dialect = record.dialect ?? dialectOf('/chat/completions');
    response.writeHead(400, JSON_TYPE).end(dialect.error({ status: 400, message: `mock upstream: ${wrong.join('; ')}` }));
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

const wants = (record) => ({
  model: record.json.model,
  tools: Array.isArray(record.json.tools) && record.json.tools.length > 0 && !hasToolResult(record.json),
  includeUsage: record.json.stream_options?.include_usage === true,
});

/** A round in which the client hands back a tool's result is answered with text. */
function hasToolResult(json) {
  return /"role":"tool"|"type":"tool_result"|"type":"function_call_output"/.test(JSON.stringify(json));
}

/** Headers that every answer carries, as the vendors send them. */
function vendorHeaders(dialect) {
  return dialect.protocol === 'anthropic_messages'
    ? { 'request-id': 'req_mock0001', 'anthropic-ratelimit-requests-remaining': '41' }
    : { 'x-request-id': 'req_mock0001', 'openai-processing-ms': '12', 'openai-version': '2020-10-01', 'x-ratelimit-remaining-requests': '41' };
}

/** The ordinary answer, unary or streamed as asked. */
async function answer({ record, response, dialect }) {
  const headers = vendorHeaders(dialect);
  if (record.json.stream === true) {
    record.sent = dialect.events(wants(record));
    response.writeHead(200, { ...SSE, ...headers });
    for (const event of record.sent) {
      response.write(event);
      await delay(0);
    }
    response.end();
  } else {
    record.sent = [dialect.unary(wants(record))];
    response.writeHead(200, { ...JSON_TYPE, ...headers }).end(record.sent[0]);
  }
}

const failing = (status, message, headers = {}, extra = {}) => ({ record, response, dialect }) => {
  record.sent = [dialect.error({ status, message, ...extra })];
  response.writeHead(status, { ...JSON_TYPE, ...vendorHeaders(dialect), ...headers }).end(record.sent[0]);
};

function drop(record, response) {
  record.droppedByMock = true;
  response.socket?.destroy();
}

/** Streams some of the events, as `cut` chooses, then does `end`. Always streams, whatever was asked. */
const partial = (cut, end) => async ({ record, response, dialect }) => {
  record.sent = cut(dialect.events(wants(record)));
  response.writeHead(200, { ...SSE, ...vendorHeaders(dialect) });
  for (const event of record.sent) {
    response.write(event);
    await delay(5);
  }
  end({ record, response });
};

/** The model names that steer the mock. */
const BEHAVIOURS = {
  'mock-429': failing(429, 'You exceeded the mock quota.', { 'retry-after': '7', 'x-ratelimit-reset-requests': '7s' }, { code: 'rate_limit_exceeded' }),
  'mock-error-400': failing(400, 'The mock does not like field temperature.', {}, { param: 'temperature', code: 'unsupported_value' }),
  'mock-error-500': failing(500, 'The mock fell over.'),
  'mock-error-503': failing(503, 'The mock is overloaded.'),
  'mock-401-echo-key': ({ site, record, response, dialect }) => {
    const shown = Object.values(site.auth.headers).join(' ');
    failing(401, `Incorrect API key provided: ${shown}. Find your key in the mock's console.`, { 'x-debug-key': shown }, { code: 'invalid_api_key' })({ record, response, dialect });
  },
  'mock-html-502': ({ response }) => response
    .writeHead(502, { 'content-type': 'text/html' })
    .end('<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>'),
  'mock-garbage': ({ response }) => response.writeHead(200, JSON_TYPE).end('{"id": "chatcmpl-garbage", "choices": [{"mess\u0000 <<<'),
  'mock-hang': () => {},
  'mock-redirect': ({ upstream, response }) => response.writeHead(307, { location: `${upstream.elsewhere}/stolen` }).end(),
  'mock-redirect-302': ({ upstream, response }) => response.writeHead(302, { location: `${upstream.elsewhere}/stolen` }).end(),
  'mock-drop-before-headers': ({ record, response }) => drop(record, response),
  'mock-drop-mid-body': async ({ record, response, dialect }) => {
    const whole = dialect.unary(wants(record));
    response.writeHead(200, { ...JSON_TYPE, 'content-length': Buffer.byteLength(whole) });
    response.write(whole.slice(0, whole.length / 2));
    await delay(20);
    drop(record, response);
  },
  'mock-drop-mid-stream': partial((events) => events.slice(0, 4), ({ record, response }) => drop(record, response)),
  'mock-truncated-stream': partial((events) => events.slice(0, 4), ({ response }) => response.end()),
  'mock-idle-stream': partial((events) => events.slice(0, 4), () => {}),
  'mock-error-first': ({ record, response, dialect }) => {
    const body = dialect.error({ status: 503, message: 'The mock broke before it began.', type: dialect.protocol === 'anthropic_messages' ? 'overloaded_error' : 'server_error' });
    record.sent = [dialect.protocol === 'chat_completions' ? `data: ${body}\n\n` : `event: error\ndata: ${body}\n\n`];
    response.writeHead(200, SSE).end(record.sent[0]);
  },
  /** Each event is sent when the test says so: `const flow = await upstream.nextFlow()`. */
  'mock-trickle': ({ upstream, record, response, dialect }) => {
    response.writeHead(200, { ...SSE, ...vendorHeaders(dialect) });
    response.flushHeaders();
    upstream.offer(new Flow(record, response, dialect.events(wants(record))));
  },
  /** Pieces of seven bytes: no event, line or character arrives whole. */
  'mock-split': async ({ record, response, dialect }) => {
    record.sent = dialect.events(wants(record));
    const bytes = Buffer.from(record.sent.join(''));
    response.writeHead(200, { ...SSE, ...vendorHeaders(dialect) });
    for (let at = 0; at < bytes.length; at += 7) {
      response.write(bytes.subarray(at, at + 7));
      if (at % 70 === 0) await delay(1);
    }
    response.end();
  },
  /** Legal SSE that is not spelt as usual: CRLF, comments, no space after `data:`. */
  'mock-crlf': async ({ record, response, dialect }) => {
    record.sent = [': hello\r\n\r\n', ...dialect.events(wants(record)).map((event) => event.replaceAll('\n', '\r\n').replace('data: ', 'data:'))];
    response.writeHead(200, { ...SSE, ...vendorHeaders(dialect) });
    for (const event of record.sent) {
      response.write(event);
      await delay(0);
    }
    response.end();
  },
};

/** One stream under the test's control. */
class Flow {
  sent = 0;
  constructor(record, response, events) {
    Object.assign(this, { record, response, events });
  }

  /** Sends the next event and returns its text. */
  send() {
    const event = this.events[this.sent];
    if (event === undefined) throw new Error('the stream has no further event');
    this.sent += 1;
    this.response.write(event);
    return event;
  }

  /** Sends whatever is left and ends the stream as its protocol ends. */
  finish() {
    while (this.sent < this.events.length) this.send();
    this.response.end();
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
