// One call's way through the extensions that are there for it. Rust says which of them join it, and when.
import { CODES, Failure } from "../host/failure.js";
import { parseKept } from "../host/json.js";
import { failed, succeeded } from "./health.js";
import { runner, storedCode } from "./runner.js";
import { ended } from "./stream.js";

/** What a hook may take beside its own time: for the way there and back, and for an isolate that begins. */
const PATIENCE_MS = 1000;
const FIRST_PATIENCE_MS = 10_000;

/** How long the row of a stream waits for the stream's own end, where its client takes its time. */
const END_PATIENCE_MS = 1000;

/** The most that `x-sluice-extensions` says, in characters. */
const MOST_NAMED = 1000;

/** Those that this isolate has had an answer of. */
const begun = new Set();
const MOST_BEGUN = 1000;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export class Passage {
  #env;
  #call;
  #sql;
  #extensions;
  #joined = [];
  #failures = new Map();
  #told = [];
  #tags = {};
  /** Each stream's end: true where an extension broke it off. */
  #ends = [];
  /** The body in place of the client's; undefined: the client's. */
  body;
  /** The selector in place of the body's model; undefined: the body's. */
  model;
  /** JSON: why the call is not to go on; undefined: it is. */
  refusal;

  /**
   * @param {string} extensions JSON: those that the call may go through, in their order
   * @param {string} call JSON: the envelope's `call`
   * @param {string} sql reads the parts of some code
   */
  constructor(env, extensions, call, sql) {
    this.#env = env;
    this.#extensions = JSON.parse(extensions);
    this.#call = call;
    this.#sql = sql;
  }

  /** JSON: what `when` gets to see; undefined: nothing. */
  get tags() {
    return Object.keys(this.#tags).length > 0 ? JSON.stringify(this.#tags) : undefined;
  }

  /** Lets some join, by their places with commas between them, and shows them the client's body. */
  async request(bytes, joining) {
    const joined = joining.split(",").map((place) => this.#extensions[place]);
    this.#joined.push(...joined);
    let text;
    for (const extension of joined) {
      if (!extension.hooks.includes("request")) continue;
      text ??= decoder.decode(bytes);
      const answer = await this.#run(extension, "request", `"body":${text}`);
      if (this.refusal !== undefined) return;
      if (answer === null) continue;
      if (answer.body !== undefined) {
        text = JSON.stringify(answer.body);
        this.body = encoder.encode(text);
      }
      if (answer.model !== undefined) this.model = answer.model;
      Object.assign(this.#tags, answer.tags);
    }
  }

  /**
   * The answer, as it goes out. `failure` is what ends a stream in the client's protocol where an extension fails in its midst,
   * the words aside.
   */
  async respond(response, failure) {
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    let { body } = response;
    if (response.status < 400 && body !== null) {
      body = isStream ? await this.#stream(body, failure) : await this.#whole(response);
    }
    const answer = new Response(body, response);
    const named = this.#named();
    if (named !== "") answer.headers.set("x-sluice-extensions", named);
    return answer;
  }

  /** Whether an extension broke the stream off. The upstream's side may know of the break before this one does. */
  async broke() {
    if (this.#ends.length === 0) return false;
    const late = new Promise((resolve) => setTimeout(() => resolve([]), END_PATIENCE_MS));
    return (await Promise.race([Promise.all(this.#ends), late])).includes(true);
  }

  /** When all is over: `usage` is JSON. Says what is to be told of the extensions' health, as JSON, if anything. */
  async settle(usage) {
    for (const extension of this.#with("settle")) await this.#run(extension, "settle", `"usage":${usage}`);
    return this.#told.length > 0 ? JSON.stringify(this.#told) : undefined;
  }

  async #whole(response) {
    const extensions = this.#with("response");
    if (extensions.length === 0) return response.body;
    let text = await response.text();
    for (const extension of extensions) {
      const answer = await this.#run(extension, "response", `"status":${response.status},"body":${text}`);
      if (this.refusal !== undefined) return null;
      if (answer?.body !== undefined) text = JSON.stringify(answer.body);
    }
    return text;
  }

  async #stream(body, failure) {
    let stream = body;
    for (const extension of this.#with("event")) {
      try {
        const run = this.#runner(extension);
        const events = await this.#within(extension, run.events(this.#call, stream, extension.on_error));
        let end;
        this.#ends.push(new Promise((resolve) => (end = resolve)));
        stream = ended(events, {
          end,
          failed: () => {
            const words = `extension \`${extension.name}\` failed in the midst of the answer`;
            this.#fails(extension, new Failure("stream", words));
            return encoder.encode(failure.replace("{message}", JSON.stringify(words).slice(1, -1)));
          },
          over: async () => {
            const passedOver = await run.passedOver();
            if (passedOver.length > 0) this.#fails(extension, asFailure({ message: passedOver[0] }));
            else this.#succeeds(extension);
          },
        });
      } catch (error) {
        // The stream may be half in its hands: there is no going on without it.
        this.#refuse(extension, asFailure(error));
        return null;
      }
    }
    return stream;
  }

  #with(hook) {
    return this.#extensions.filter((extension) => this.#joined.includes(extension) && extension.hooks.includes(hook));
  }

  #runner(extension) {
    return runner(this.#env, extension, () => storedCode(this.#env, this.#sql, extension.code));
  }

  /** @returns {Promise<object | null>} the answer; null: no change, or a failure that is passed over */
  async #run(extension, hook, members) {
    try {
      const envelope = `{"abi":1,"hook":"${hook}","call":${this.#call},${members}}`;
      const text = await this.#within(extension, this.#runner(extension).hook(hook, envelope));
      const answer = text === null ? null : parseKept(text);
      if (answer?.error !== undefined) throw new Failure("error", answer.error);
      this.#succeeds(extension);
      if (answer?.refuse !== undefined && hook !== "settle") {
        this.refusal = JSON.stringify({ kind: "refused", ...answer.refuse });
      }
      return answer;
    } catch (error) {
      const failure = asFailure(error);
      this.#fails(extension, failure);
      if (hook !== "settle" && (extension.on_error !== "open" || failure.code === "tampered")) this.#refuse(extension, failure);
      return null;
    }
  }

  async #within(extension, answer) {
    const key = `${extension.id}.${extension.version}`;
    const patience = extension.time_limit_ms + (begun.has(key) ? PATIENCE_MS : FIRST_PATIENCE_MS);
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Failure("timeout", `no answer within ${patience} ms`)), patience);
    });
    try {
      const text = await Promise.race([answer, late]);
      if (begun.size >= MOST_BEGUN) begun.clear();
      begun.add(key);
      return text;
    } finally {
      clearTimeout(timer);
    }
  }

  #refuse(extension, { code, message }) {
    const kind = ["tampered", "unavailable"].includes(code) ? code : "failed";
    this.refusal = JSON.stringify({ kind, message: `extension \`${extension.name}\` failed (${message})` });
  }

  #fails(extension, failure) {
    const words = failure.message.slice(failure.code.length + 2);
    console.error(`extension ${extension.id} (${extension.name}) failed: ${failure.message}`);
    this.#failures.set(extension, failure.code);
    this.#tell(failed(extension, { code: failure.code, words }));
  }

  #succeeds(extension) {
    this.#tell(succeeded(extension));
  }

  #tell(told) {
    if (told !== null) this.#told.push(told);
  }

  /** Which have run, in their order, and how those failed that did. */
  #named() {
    const one = (extension) => {
      const code = this.#failures.get(extension);
      return encodeURIComponent(extension.name) + (code === undefined ? "" : `;error=${code}`);
    };
    return this.#extensions.filter((extension) => this.#joined.includes(extension)).map(one).join(", ").slice(0, MOST_NAMED);
  }
}

/** What came out of another isolate as an error's text. */
function asFailure(error) {
  if (error instanceof Failure) return error;
  const message = String(error?.message ?? error);
  const [, code, words] = /^(?:Uncaught )?(?:\w*(?:Error|Failure): )?([a-z_]+): (.*)$/s.exec(message) ?? [];
  if (["tampered", "unavailable", "timeout", "error", ...CODES].includes(code)) return new Failure(code, words);
  return new Failure("trap", message);
}
