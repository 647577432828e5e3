// The Worker as it ships, with everything that crosses its border counted: `GET /counted` tells and forgets.
import { D1Database, crossings, forget, roundTrips, statements } from './count.js';
import { WorkerEntrypoint } from 'cloudflare:workers';
import Sluice, { Limiter } from './index.js';

export { Limiter };

export default class extends WorkerEntrypoint {
  async fetch(request) {
    if (new URL(request.url).pathname === '/counted') {
      const told = Response.json({ crossings, statements, roundTrips });
      forget();
      return told;
    }
    const env = { ...this.env, DB: new D1Database(this.env.DB) };
    return new Sluice(this.ctx, env).fetch(request);
  }
}
