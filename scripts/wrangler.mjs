// How to run wrangler: on the Node of the lock file, whatever Node the caller's npm runs on. End-to-end tests use it so:
//
//   import { startWrangler } from "../../scripts/wrangler.mjs";
//   import { stop } from "../../scripts/process.mjs";
//
//   const worker = startWrangler(
//     ["dev", "--port", String(port), "--inspector-port", "0", "--persist-to", folder, "--show-interactive-dev-session=false"],
//     { output: "pipe" },
//   );
//   … read worker.stdout and worker.stderr, poll http://localhost:<port>/healthz …
//   await stop(worker); // wrangler and workerd, both
//
// Should the test process die without that, they end by themselves. For a command that runs to its end:
//
//   const [node, ...entry] = wranglerCommand();
//   execFileSync(node, [...entry, "d1", "migrations", "apply", "DB", "--local", "--persist-to", folder], { cwd: root, env: wranglerEnv() });
//
// `npm test` has built the release Worker into build/ before the tests run, and `wrangler dev` builds nothing itself.
// Secrets and variables come from .dev.vars unless `--env-file <file>` names another; `--var NAME:value` adds to either.
import { existsSync } from "node:fs";
import { inRoot } from "./places.mjs";
import { start } from "./process.mjs";
import { projectNode } from "./setup/packages.mjs";

/** The program and its first arguments. `SLUICE_WRANGLER` names another script to run instead, which the tests of deploy do. */
export function wranglerCommand() {
  const replaced = process.env.SLUICE_WRANGLER;
  if (replaced) return [projectNode(), replaced];
  // bin/wrangler.js does nothing but start this one in a second process, which a signal would have to find.
  const direct = inRoot("node_modules", "wrangler", "wrangler-dist", "cli.js");
  if (existsSync(direct)) return [projectNode(), "--no-warnings", direct];
  return [projectNode(), inRoot("node_modules", "wrangler", "bin", "wrangler.js")];
}

/** The environment in which wrangler asks nothing, reports nothing and needs no network. */
export function wranglerEnv(extra = {}) {
  return {
    ...process.env,
    CI: "true",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_SEND_METRICS: "false",
    ...extra,
  };
}

/** Starts a wrangler that does not outlive us. */
export function startWrangler(args, { output = "inherit", env = {} } = {}) {
  const [node, ...entry] = wranglerCommand();
  const tether = ["--import", new URL("tether.mjs", import.meta.url).href];
  return start(node, [...tether, ...entry, ...args], {
    cwd: inRoot(),
    env: wranglerEnv(env),
    stdio: ["pipe", output, output],
  });
}
