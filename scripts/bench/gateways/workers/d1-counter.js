// Stands between Sluice and D1 where round trips are counted, and nowhere else.
import { WorkerEntrypoint } from "cloudflare:workers";

let trips = 0;
let statements = 0;

function count(queries) {
  trips += 1;
  statements += Array.isArray(queries) ? queries.length : 1;
}

export default class extends WorkerEntrypoint {
  /** D1's own protocol over HTTP; everything else asks for the count. */
  async fetch(request) {
    if (request.method !== "POST") return Response.json({ trips, statements });
    const body = await request.text();
    count(JSON.parse(body));
    return this.env.D1.fetch(request.url, { method: "POST", headers: request.headers, body });
  }

  /** The same as a remote call. */
  query(asked) {
    count(asked.queries);
    return this.env.D1.query(asked);
  }
}
