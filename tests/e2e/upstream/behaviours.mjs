// How the mock answers: as asked, or as the end of the model's name says. Everything else is in `scenario.mjs`.

import { setTimeout as delay } from 'node:timers/promises';
import { scenarioOf } from './scenario.mjs';

const SSE = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };
export const JSON_TYPE = { 'content-type': 'application/json' };

const streamHeaders = (dialect) => ({ ...SSE, ...dialect.streamHeaders, ...dialect.headers });
const eventsOf = ({ record, dialect }) => dialect.events(dialect.ask(record));
const unaryOf = ({ record, dialect }) => dialect.other?.(record) ?? dialect.unary(dialect.ask(record));

/** The events of a stream as one buffer, whether the dialect's are text or binary. */
export const joined = (events) => Buffer.concat(events.map((event) => Buffer.from(event)));

async function stream({ record, response, dialect }, events, pause) {
  record.sent = events;
  response.writeHead(200, streamHeaders(dialect));
  for (const event of events) {
    response.write(event);
    await delay(pause);
  }
}

/** The ordinary answer, unary or streamed as asked. */
export async function answer(call) {
  const { record, response, dialect } = call;
  if (dialect.ask(record).stream) {
    await stream(call, eventsOf(call), 0);
    response.end();
  } else {
    record.sent = [unaryOf(call)];
    response.writeHead(200, { ...JSON_TYPE, ...dialect.headers }).end(record.sent[0]);
  }
}

const failing = (status, message, headers = {}, extra = {}) => ({ record, response, dialect }) => {
  const error = { status, message, ...extra };
  record.sent = [dialect.error(error)];
  // Google names the delay in its body and nowhere else.
  const hints = dialect.protocol === 'gemini' ? {} : headers;
  response.writeHead(status, { ...JSON_TYPE, ...dialect.headers, ...dialect.errorHeaders?.(error), ...hints }).end(record.sent[0]);
};

function drop(record, response) {
  record.droppedByMock = true;
  response.socket?.destroy();
}

/** As far as the first word: Responses takes longer to come to it. */
const beginning = (events, dialect) => events.slice(0, dialect.protocol === 'responses' ? 6 : 4);

/** Streams some of the events, as `cut` chooses, then does `end`. Always streams, whatever was asked. */
const partial = (cut, end) => async (call) => {
  const { response, record, dialect } = call;
  await stream(call, cut(eventsOf(call), dialect), 5);
  end({ record, response });
};

/** Steers the mock by the end of the model's name: `mock-429`, `gemini-3-pro-mock-429`. */
const BEHAVIOURS = {
  429: failing(429, 'You exceeded the mock quota.', { 'retry-after': '7', 'x-ratelimit-reset-requests': '7s' }, { code: 'rate_limit_exceeded', retryAfter: 7 }),
  'error-400': failing(400, 'The mock does not like field temperature.', {}, { param: 'temperature', code: 'unsupported_value' }),
  'error-500': failing(500, 'The mock fell over.'),
  'error-503': failing(503, 'The mock is overloaded.'),
  '401-echo-key': ({ site, record, response, dialect }) => {
    const shown = Object.values(site.auth.headers).join(' ');
    failing(401, `Incorrect API key provided: ${shown}. Find your key in the mock's console.`, { 'x-debug-key': shown }, { code: 'invalid_api_key' })({ record, response, dialect });
  },
  'html-502': ({ response }) => response
    .writeHead(502, { 'content-type': 'text/html' })
    .end('<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>'),
  garbage: ({ response }) => response.writeHead(200, JSON_TYPE).end('{"id": "chatcmpl-garbage", "choices": [{"mess\u0000 <<<'),
  hang: () => {},
  redirect: ({ upstream, response }) => response.writeHead(307, { location: `${upstream.elsewhere}/stolen` }).end(),
  'redirect-302': ({ upstream, response }) => response.writeHead(302, { location: `${upstream.elsewhere}/stolen` }).end(),
  'drop-before-headers': ({ record, response }) => drop(record, response),
  'drop-mid-body': async (call) => {
    const whole = Buffer.from(unaryOf(call));
    call.response.writeHead(200, { ...JSON_TYPE, 'content-length': whole.length });
    call.response.write(whole.subarray(0, whole.length / 2));
    await delay(20);
    drop(call.record, call.response);
  },
  'drop-mid-stream': partial(beginning, ({ record, response }) => drop(record, response)),
  'truncated-stream': partial(beginning, ({ response }) => response.end()),
  'idle-stream': partial(beginning, () => {}),
  'error-mid-stream': partial((events, dialect) => [...events.slice(0, 6), dialect.errorEvent({ message: 'The mock broke half way.' })], ({ response }) => response.end()),
  'error-first': ({ record, response, dialect }) => {
    record.sent = [dialect.errorEvent({ message: 'The mock broke before it began.', first: true })];
    response.writeHead(200, streamHeaders(dialect)).end(record.sent[0]);
  },
  /** Each event is sent when the test says so: `const flow = await upstream.nextFlow()`. */
  trickle: ({ upstream, record, response, dialect }) => {
    response.writeHead(200, streamHeaders(dialect));
    response.flushHeaders();
    upstream.offer(new Flow(record, response, eventsOf({ record, dialect })));
  },
  /** Pieces of seven bytes: no event, line or character arrives whole. */
  split: async ({ record, response, dialect }) => {
    record.sent = eventsOf({ record, dialect });
    const bytes = joined(record.sent);
    response.writeHead(200, streamHeaders(dialect));
    for (let at = 0; at < bytes.length; at += 7) {
      response.write(bytes.subarray(at, at + 7));
      if (at % 70 === 0) await delay(1);
    }
    response.end();
  },
  /** Legal SSE that is not spelt as usual: CRLF, comments, no space after `data:`. */
  crlf: async (call) => {
    const unusual = eventsOf(call).map((event) => event.replaceAll(/\r?\n/g, '\r\n').replace('data: ', 'data:'));
    await stream(call, [': hello\r\n\r\n', ...unusual], 0);
    call.response.end();
  },
};

/** The behaviour that the model's name asks for, unless the answer is an ordinary one. */
export function behaviourOf(model) {
  const name = scenarioOf(model);
  return Object.hasOwn(BEHAVIOURS, name) ? BEHAVIOURS[name] : undefined;
}

/** One stream under the test's control. */
class Flow {
  sent = 0;
  constructor(record, response, events) {
    Object.assign(this, { record, response, events });
  }

  /** Sends the next event and returns it. */
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
