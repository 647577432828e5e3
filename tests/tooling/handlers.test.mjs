// What the Worker exports in place of worker-build's class.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withHandlers } from "../../scripts/build/handlers.mjs";

/** As worker-build ends its script: a class whose methods reach env and ctx through `this`, and what is known of the last panic. */
const SCRIPT = `
const y = globalThis.__worker_init_state = { criticalError: false, instanceId: 0 };
export const made = [];
const v = class { constructor(ctx, env) { y.criticalError = false; made.push(env); this.ctx = ctx; this.env = env; } };
v.prototype.fetch = function (event) { return event(this.env, this.ctx); };
v.prototype.queue = function (event) { return ["queue", event, this.env]; };
v.prototype.scheduled = function (event) { return ["scheduled", event, this.env]; };
export{v as Limiter,v as default};
`;

const load = (script) => import(`data:text/javascript,${encodeURIComponent(script)}#${Math.random()}`);

test("an event reaches its handler with the environment and the context, and no object is made for it", async () => {
  const { default: handlers, made, Limiter } = await load(withHandlers(SCRIPT));
  assert.deepEqual(handlers.fetch((env, ctx) => [env, ctx], "env", "ctx"), ["env", "ctx"]);
  assert.deepEqual(handlers.queue("batch", "env"), ["queue", "batch", "env"]);
  assert.deepEqual(handlers.scheduled("cron", "env"), ["scheduled", "cron", "env"]);
  assert.deepEqual(made, []);
  assert.equal(typeof Limiter, "function", "the Durable Object stays a class");
});

test("after a panic the class comes in between, which makes the wasm anew; after another error it does not", async () => {
  const { default: handlers, made } = await load(withHandlers(SCRIPT));
  const throws = (error) => () => {
    throw error;
  };
  assert.throws(() => handlers.fetch(throws(new TypeError("no")), "env", "ctx"), TypeError);
  handlers.fetch(() => null, "first", "ctx");
  assert.deepEqual(made, []);
  assert.throws(() => handlers.fetch(throws(new WebAssembly.RuntimeError("unreachable")), "env", "ctx"), WebAssembly.RuntimeError);
  assert.equal(handlers.fetch((env) => env, "second", "ctx"), "second");
  handlers.fetch(() => null, "third", "ctx");
  assert.deepEqual(made, ["second"]);
});

test("a script that is not as it was stops the build", () => {
  assert.throws(() => withHandlers("export default {};"), /scripts\/build\/handlers\.mjs/);
});
