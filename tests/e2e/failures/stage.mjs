// What the tests of failing upstreams share: candidates of one model in a row, each of which does as it is told.

import assert from 'node:assert/strict';
import { sseEvents } from '../client.mjs';
import { CLIENTS } from '../suite.mjs';
import { JSON_TYPE, behaviourOf } from '../upstream/behaviours.mjs';

export const MODES = { unary: {}, stream: { stream: true } };

/** Every client in both modes. */
export const ASKED = Object.keys(CLIENTS).flatMap((client) => Object.keys(MODES).map((mode) => ({ client, mode })));

const SSE = { 'content-type': 'text/event-stream; charset=utf-8' };

/** What the mock does for the models of this name. */
export const as = (name) => behaviourOf(`mock-${name}`) ?? assert.fail(`the mock knows no ${name}`);

/** A refusal with a status and, perhaps, headers. */
export const status = (code, headers = {}) => ({ record, response, dialect }) => {
  record.sent = [dialect.error({ status: code, message: `The mock says ${code}.` })];
  response.writeHead(code, { ...JSON_TYPE, ...headers }).end(record.sent[0]);
};

/** A success whose body is an error. */
export const errorInside = (call) => {
  if (call.dialect.ask(call.record).stream) return as('error-first')(call);
  return call.response.writeHead(200, JSON_TYPE).end(call.dialect.error({ status: 500, message: 'The mock broke before it began.' }));
};

/** A stream that ends, or breaks, without a word. */
export const emptyStream = ({ response }) => response.writeHead(200, SSE).end();
export const cutStream = ({ record, response }) => {
  record.droppedByMock = true;
  response.writeHead(200, SSE);
  response.write(': soon\n\n');
  setTimeout(() => response.socket?.destroy(), 20);
};

/**
 * Providers that have one model, asked in their order. Each of `acts` is what its provider does with a call: a handler, or `null` for the
 * ordinary answer. Returns `{ model, providers, ask, asked }`.
 */
export async function row(e2e, token, client, acts, fields = []) {
  const model = `mock-${e2e.name('row')}`;
  const providers = [];
  for (const [index] of acts.entries()) {
    const make = client === 'anthropic_messages' ? 'anthropicProvider' : 'provider';
    const provider = await e2e[make](fields[index] ?? {});
    await e2e.models(provider, [model], { priority: 100 - index });
    providers.push(provider);
  }
  e2e.upstream.script(model, (call) => {
    const act = acts[providers.findIndex(({ name }) => name === call.site.name)];
    return act ? act(call) : e2e.upstream.ordinary(call);
  });
  const wire = CLIENTS[client];
  const ask = (extra = {}, options = {}) => e2e.answer(wire.path, wire.request(model, extra), { token, headers: wire.headers, ...options });
  const asked = () => e2e.upstream.requestsFor(model).map((record) => providers.findIndex(({ name }) => name === record.site));
  return { model, providers, ask, asked };
}

/** The rows that a call has left: `{ usage, attempts }`. */
export async function rowsOf(e2e, answer) {
  const id = answer.headers.get('x-request-id');
  const usage = await e2e.usage(id);
  return { usage, attempts: e2e.worker.rows('SELECT * FROM request_attempts WHERE request_id = ? ORDER BY attempt', id) };
}

/** Whether a stream says that it ended well. */
export function endsWell(client, text) {
  const events = sseEvents(text);
  if (client === 'chat_completions') return events.at(-1)?.data === '[DONE]';
  return events.some(({ event }) => event === (client === 'responses' ? 'response.completed' : 'message_stop'));
}

/** The error that a stream ends with, as the client's SDK finds it. */
export function errorOf(client, text) {
  const events = sseEvents(text).filter(({ data }) => data !== '[DONE]').map(({ data }) => JSON.parse(data));
  return events.at(-1)?.error ?? null;
}
