// Questions to wrangler that it answers on stdout, without a terminal.
import { inRoot } from "../places.mjs";
import { capture } from "../process.mjs";
import { wranglerCommand, wranglerEnv } from "../wrangler.mjs";

export function ask(args) {
  const [node, ...entry] = wranglerCommand();
  return capture(node, [...entry, ...args], { cwd: inRoot(), env: wranglerEnv({ WRANGLER_HIDE_BANNER: "true" }) });
}

/** The JSON in an answer, after whatever warnings came before it; undefined if there is none. */
export function json(text) {
  for (const match of text.matchAll(/^[[{]/gm)) {
    try {
      return JSON.parse(text.slice(match.index));
    } catch {
      // A warning that begins with a bracket.
    }
  }
  return undefined;
}
