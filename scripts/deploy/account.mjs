// Whose Cloudflare account it goes to.
import { readFileSync } from "node:fs";
import { inRoot } from "../places.mjs";
import { field } from "../setup/locked.mjs";
import { Stop } from "../stop.mjs";
import { ask, json } from "./ask.mjs";

/** Makes sure that there is exactly one account to deploy to. */
export async function account() {
  const { stdout } = await ask(["whoami", "--json"]);
  const me = json(stdout);
  // Nothing readable is no verdict: a narrow API token may deploy and yet not say who it is.
  if (me?.loggedIn === false) {
    throw new Stop("Not logged in to Cloudflare: run `npx wrangler login` (or set CLOUDFLARE_API_TOKEN), then this again.");
  }
  const chosen = process.env.CLOUDFLARE_ACCOUNT_ID ?? field(readFileSync(inRoot("wrangler.toml"), "utf8"), "account_id");
  const accounts = me?.accounts ?? [];
  if (chosen || accounts.length < 2) return;
  const list = accounts.map(({ id, name }) => `${id} (${name})`).join(", ");
  throw new Stop(`Several Cloudflare accounts: choose one with CLOUDFLARE_ACCOUNT_ID=<id> npm run deploy, out of ${list}.`);
}
