// One call as a filter of proxy-wasm sees it: a request and its response, with headers, bodies and properties.
import { Failure } from "../failure.js";
import { Headers } from "./headers.js";

const MODEL = "x-sluice-model";
const TAG = "x-sluice-tag-";

/** Properties that a filter may set in a call, and how long each may be. */
const MOST_PROPERTIES = 64;
const MOST_PROPERTY_BYTES = 16_384;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const EMPTY = new Uint8Array(0);

/** A request and its response. */
export class Exchange {
  responseHeaders = new Headers([]);
  responseStatus = 0;
  body = EMPTY;
  bodyChanged = false;
  localResponse = null;
  resumed = false;

  #mostBytes;
  #set = new Map();

  /**
   * @param {object} call the envelope's `call`
   * @param {number} mostBytes that a body may have
   */
  constructor(call, mostBytes) {
    this.call = call;
    this.#mostBytes = mostBytes;
    this.requestHeaders = new Headers([
      [":method", "POST"],
      [":scheme", "https"],
      [":authority", "sluice"],
      [":path", call.path ?? "/"],
      ...Object.entries(call.headers ?? {}),
      ["x-request-id", call.request_id],
    ]);
  }

  /** A phase begins: a body is there whole. @param {object} body */
  begin(body) {
    this.body = encoder.encode(JSON.stringify(body));
    this.bodyChanged = false;
    this.localResponse = null;
    this.resumed = false;
  }

  /** The response's phase begins. */
  respond(status, body) {
    this.responseStatus = status;
    this.responseHeaders = new Headers([
      [":status", String(status)],
      ["content-type", "application/json"],
    ]);
    this.begin(body);
  }

  /** Puts bytes in place of a range of the body, which ends where the body does at most. @returns whether it is not too long */
  splice(start, size, bytes) {
    const from = Math.min(start, this.body.length);
    const rest = this.body.subarray(Math.min(from + size, this.body.length));
    if (from + bytes.length + rest.length > this.#mostBytes) return false;
    const body = new Uint8Array(from + bytes.length + rest.length);
    body.set(this.body.subarray(0, from));
    body.set(bytes, from);
    body.set(rest, from + bytes.length);
    this.body = body;
    this.bodyChanged = true;
    return true;
  }

  /** @returns whether there was room for the filter's own property */
  setProperty(path, bytes) {
    if (bytes.length > MOST_PROPERTY_BYTES || (!this.#set.has(path) && this.#set.size >= MOST_PROPERTIES)) return false;
    this.#set.set(path, bytes);
    return true;
  }

  /**
   * @param {"request" | "response"} hook
   * @returns {string | null} what came of a phase, as an answer of ABI v1
   * @throws {Failure} where a filter did what this host has no place for
   */
  answer(hook) {
    if (this.localResponse !== null) return JSON.stringify({ abi: 1, refuse: refusal(this.localResponse) });
    const members = this.bodyChanged ? [`"body":${this.#bodyText()}`] : [];
    if (hook === "request") {
      const model = this.requestHeaders.get(MODEL);
      if (model !== null) members.push(`"model":${JSON.stringify(model)}`);
      const tags = this.requestHeaders.pairs.filter(([name]) => name.startsWith(TAG));
      if (tags.length > 0) {
        const named = Object.fromEntries(tags.map(([name, value]) => [name.slice(TAG.length).replaceAll("-", "_"), value]));
        members.push(`"tags":${JSON.stringify(named)}`);
      }
    }
    return members.length === 0 ? null : `{"abi":1,${members.join(",")}}`;
  }

  /** @param {string[]} path @returns {Uint8Array | null} */
  property(path) {
    const own = this.#set.get(path.join("\0"));
    if (own !== undefined) return own;
    const [root, name, detail] = path;
    if (root === "request" && name === "headers") return text(this.requestHeaders.get(detail ?? ""));
    if (root === "response" && name === "headers") return text(this.responseHeaders.get(detail ?? ""));
    if (root === "request" && name === "size") return number(this.body.length);
    if (root === "response" && name === "code") return this.responseStatus ? number(this.responseStatus) : null;
    if (root === "request") {
      const { path: full = "/", request_id: id } = this.call;
      const known = { path: full, url_path: full.split("?")[0], method: "POST", scheme: "https", host: "sluice", protocol: "HTTP/1.1", id };
      return text(Object.hasOwn(known, name) ? known[name] : null);
    }
    if (root === "sluice") {
      const known = ["request_id", "protocol", "model", "project_id", "token_id", "user_id", "stream"];
      const value = known.includes(name) ? (this.call[name] ?? null) : null;
      return text(value === null ? null : String(value));
    }
    return null;
  }

  #bodyText() {
    let body;
    try {
      body = decoder.decode(this.body);
      JSON.parse(body);
    } catch {
      throw new Failure("invalid_answer", "the filter set a body that is not JSON");
    }
    return body;
  }
}

function refusal({ status, body }) {
  if (!((status >= 400 && status <= 499) || (status >= 500 && status <= 599))) {
    throw new Failure("unsupported", `a local response with the status ${status}: only 4xx and 5xx have a place here`);
  }
  // What is wrong with the filter's own service is, to the client, a gateway that cannot answer.
  const message = new TextDecoder().decode(body).trim().slice(0, 2000) || "A filter refused the call.";
  return { status: status >= 500 ? 503 : status, message, code: "proxy_wasm.local_response" };
}

const text = (value) => (value === null || value === undefined ? null : encoder.encode(value));

/** Numbers are 64 bits, the lowest byte first. */
function number(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  return bytes;
}
