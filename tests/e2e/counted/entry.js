// The Worker as it ships, with everything that crosses its border counted: `GET /counted` tells and forgets.
import { D1Database, crossings, forget, roundTrips, statements } from './count.js';
import sluice, { Limiter } from './index.js';

export { Limiter };

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname === '/counted') {
      const told = Response.json({ crossings, statements, roundTrips });
      forget();
      return told;
    }
    return sluice.fetch(request, { ...env, DB: new D1Database(env.DB) }, context);
  },
};
