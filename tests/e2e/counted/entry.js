// The Worker as it ships, with everything that crosses its border counted: `GET /counted` tells and forgets. `POST /counted` is SQL
// for its database, for what would take thousands of requests; `PUT /counted` is how many milliseconds its database and its
// objects are away.
import { D1Database, DurableObjectNamespace, crossings, forget, limiterCalls, memoryBytes, move, roundTrips, statements } from './count.js';
import sluice, { Limiter } from './index.js';

export { Limiter };

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname === '/counted') {
      if (request.method === 'POST') return Response.json(await env.DB.prepare(await request.text()).run());
      if (request.method === 'PUT') return Response.json(move(Number(await request.text())) ?? {});
      const told = Response.json({ crossings, statements, roundTrips, limiterCalls, memoryBytes: memoryBytes() });
      forget();
      return told;
    }
    const bindings = { DB: new D1Database(env.DB), LIMITER: new DurableObjectNamespace(env.LIMITER) };
    return sluice.fetch(request, { ...env, ...bindings }, context);
  },
};
