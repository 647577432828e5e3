// Clients as users have them: the admin API by plain HTTP, the data plane by raw fetch and by the official SDKs.

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { bounded } from './upstream/mock.mjs';
import { wireFetch } from './wire-fetch.mjs';

/** Prices of every model under test, in USD per 1,000 tokens. */
export const PRICES = { cost_per_1k_input: 0.001, cost_per_1k_output: 0.002, cost_per_1k_cache_write: 0.00125, cost_per_1k_cache_read: 0.0001 };

/** What the ordinary answer costs at `PRICES`, in nano-dollars. */
export function costOf(tokens) {
  return tokens.input_tokens * 1000 + tokens.output_tokens * 2000 + tokens.cache_write_tokens * 1250 + tokens.cache_read_tokens * 100;
}

/** A fetch that keeps everything it receives for the secrecy check, streams included, and passes it on as it comes. */
export function watchedFetch(secrets) {
  return async (url, init) => {
    const response = await wireFetch(url, init);
    secrets.saw(`${response.status} ${JSON.stringify([...response.headers])}\n`);
    if (!response.body) return response;
    const reader = response.body.getReader();
    const body = new ReadableStream({
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        secrets.saw(value);
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
    return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
  };
}

/** The admin API as one principal: `admin.post('/api/v1/providers', {...})` → `{ status, headers, body, text }`. */
export class AdminClient {
  #fetch;
  #base;
  #token;

  constructor({ base, token, secrets }) {
    this.#base = base;
    this.#token = token;
    this.#fetch = watchedFetch(secrets);
  }

  get = (path, headers) => this.send('GET', path, undefined, headers);
  post = (path, body, headers) => this.send('POST', path, body, headers);
  patch = (path, body, headers) => this.send('PATCH', path, body, headers);
  put = (path, body, headers) => this.send('PUT', path, body, headers);
  delete = (path, headers) => this.send('DELETE', path, undefined, headers);

  /** A string body goes out as it is, anything else as JSON. */
  async send(method, path, body, headers = {}) {
    const init = { method, headers: { ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }) } };
    if (body !== undefined) {
      init.body = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
      init.headers['content-type'] = 'application/json';
    }
    Object.assign(init.headers, headers);
    return read(await this.#fetch(this.#base() + path, init));
  }

  /** Like the method it names, but a status other than 2xx is the test's failure. */
  async must(method, path, body) {
    const answer = await this.send(method, path, body);
    if (answer.status < 200 || answer.status > 299) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  }
}

/** A whole answer: `{ status, headers, text, bytes, body }`, `body` being the parsed JSON or undefined. */
export async function read(response) {
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString();
  let body;
  try {
    body = JSON.parse(text);
  } catch { /* Not JSON: the test looks at the text. */ }
  return { status: response.status, headers: response.headers, bytes, text, body };
}

/** The official SDKs, pointed at the Worker as a user would: one base URL changed. Retries are off, so that one call is one call. */
export function openai({ base, token, secrets, ...options }) {
  return new OpenAI({ apiKey: token, baseURL: `${base()}/v1`, maxRetries: 0, fetch: watchedFetch(secrets), ...options });
}

export function anthropic({ base, token, secrets, ...options }) {
  return new Anthropic({ apiKey: token, baseURL: base(), maxRetries: 0, fetch: watchedFetch(secrets), ...options });
}

/** Reads a streamed body piece by piece, as it arrives. */
export class StreamReader {
  text = '';
  #reader;
  #decoder = new TextDecoder();

  constructor(response) {
    this.#reader = response.body.getReader();
  }

  /** Reads until all of `expected` has arrived; resolves with everything so far. */
  async until(expected) {
    while (!this.text.includes(expected)) {
      const { done, value } = await bounded(`${JSON.stringify(expected.slice(0, 80))} in the stream`, this.#reader.read());
      if (done) throw new Error(`the stream ended without ${JSON.stringify(expected)}; it held ${JSON.stringify(this.text)}`);
      this.text += this.#decoder.decode(value, { stream: true });
    }
    return this.text;
  }

  /** Reads until so many events have arrived. */
  async events(count) {
    while (this.text.split('\n\n').length - 1 < count) {
      const { done, value } = await bounded(`${count} events in the stream`, this.#reader.read());
      if (done) throw new Error(`the stream ended before its event ${count}; it held ${JSON.stringify(this.text)}`);
      this.text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** Reads to the end, whichever way it ends: `{ text, error }`. */
  async rest() {
    try {
      for (;;) {
        const { done, value } = await bounded('the end of the stream', this.#reader.read());
        if (done) return { text: this.text, error: null };
        this.text += this.#decoder.decode(value, { stream: true });
      }
    } catch (error) {
      return { text: this.text, error };
    }
  }
}

/** The events of an SSE text: `{ event, data }`, comments left out. */
export function sseEvents(text) {
  return text.split(/\r?\n\r?\n/).map((block) => {
    const lines = block.split(/\r?\n/);
    const field = (name) => lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ''));
    return { event: field('event')[0] ?? null, data: field('data').join('\n') };
  }).filter(({ event, data }) => event !== null || data !== '');
}
