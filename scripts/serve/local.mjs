// Sluice on this machine: wrangler dev, and the wait until it answers.
import { pause, stop } from "../process.mjs";
import { Stop } from "../stop.mjs";
import { startWrangler } from "../wrangler.mjs";

const PATIENCE_MS = 60_000;

/** Starts serving and returns the process once it answers, with `url`. */
export async function serveLocally(port) {
  // Port 0 for the inspector: two Sluices on one machine do not fight over one that nobody asked for.
  const options = ["--port", String(port), "--inspector-port", "0", "--show-interactive-dev-session=false"];
  const wrangler = startWrangler(["dev", ...options], { env: { WRANGLER_HIDE_BANNER: "true" } });
  wrangler.url = `http://localhost:${port}`;

  let ended = false;
  wrangler.ended.finally(() => (ended = true)).catch(() => {});
  const until = Date.now() + PATIENCE_MS;
  while (!(await healthy(wrangler.url))) {
    if (ended) throw new Stop("wrangler ended before Sluice answered (see above).");
    if (Date.now() > until) {
      await stop(wrangler);
      throw new Stop(`Sluice did not answer on ${wrangler.url} within a minute (see above).`);
    }
    await pause(100);
  }
  return wrangler;
}

// Any answer counts: one that says what is wrong with the deployment is for the reader, not for us.
async function healthy(url) {
  try {
    await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(10_000) });
    return true;
  } catch {
    return false;
  }
}
