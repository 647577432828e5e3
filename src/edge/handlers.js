// What the Worker exports, in place of the class that worker-build makes: an object of that for each request, and the proxies
// around it, cost a call as much as its headers. `Entrypoint` is that class; the build puts this behind what it is in.

const handlers = ((state) => {
  const handler = (name) => {
    const handle = Entrypoint.prototype[name];
    return (event, env, ctx) => {
      // After a panic, the class makes the wasm anew.
      if (state.criticalError) return new Entrypoint(ctx, env)[name](event);
      try {
        return handle.call({ env, ctx }, event);
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) state.criticalError = true;
        throw error;
      }
    };
  };
  return { fetch: handler("fetch"), queue: handler("queue"), scheduled: handler("scheduled") };
})(globalThis.__worker_init_state);
