// Workers on plain workerd: no wrangler, no proxy in front of them, and nothing between them and the network.
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { inRoot } from "../places.mjs";
import { start, stop } from "../process.mjs";
import { Stop } from "../stop.mjs";

const require = createRequire(inRoot("package.json"));

/** What wrangler.toml says of the Worker holds for the others, too. */
export const COMPATIBILITY_DATE = "2026-11-01";

/** Every Worker's way out. Upstreams of the benchmark are on loopback, which workerd counts as private. */
export const NETWORK =
  '(name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true)))';

export const text = (value) => JSON.stringify(value);

/**
 * Starts workerd in a folder of its own, with a configuration in Cap'n Proto's text form, whose `embed`s are relative to that folder
 * and whose sockets are served at any free port. Resolves when all of `sockets` listen.
 */
export async function startWorkerd(folder, config, sockets = ["http"]) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "config.capnp");
  writeFileSync(file, `using Workerd = import "/workerd/workerd.capnp";\n${config}`, { mode: 0o600 });
  const { default: workerd } = require("workerd");
  const spawned = performance.now();
  const child = start(workerd, ["serve", "--experimental", "--control-fd=3", file], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (words) => (said = (said + words).slice(-20_000)));
  const ports = await portsOf(child, sockets);
  if (!ports) {
    await stop(child);
    throw new Stop(`workerd did not start:\n${said}`);
  }
  const urls = Object.fromEntries(sockets.map((name) => [name, `http://127.0.0.1:${ports.get(name)}`]));
  return { child, spawned, urls, url: urls[sockets[0]], said: () => said, stop: () => stop(child) };
}

async function portsOf(child, sockets) {
  const ports = new Map();
  for await (const line of createInterface({ input: child.stdio[3] })) {
    const { event, socket, port } = JSON.parse(line);
    if (event === "listen") ports.set(socket, port);
    if (sockets.every((name) => ports.has(name))) return ports;
  }
  return null;
}

/** What worker-build made, copied to `copy`, as a Worker's modules with the entry first; `prefix` is where an `embed` finds the copy. */
export function modulesIn(folder, entry, copy, prefix) {
  rmSync(copy, { recursive: true, force: true });
  cpSync(folder, copy, { recursive: true });
  const files = readdirSync(copy, { recursive: true })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /\.(m?js|wasm)$/.test(name));
  const first = basename(entry);
  const kind = (name) => (name.endsWith(".wasm") ? "wasm" : "esModule");
  return [first, ...files.filter((name) => name !== first)]
    .map((name) => `(name = ${text(name)}, ${kind(name)} = embed ${text(prefix + name)})`)
    .join(", ");
}

/** One JavaScript file as a Worker that knows its upstream. */
export function startScript(folder, script, upstream) {
  return startWorkerd(
    folder,
    `const config :Workerd.Config = (
  services = [(name = "worker", worker = .worker), ${NETWORK}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = ${text(script)})],
  compatibilityDate = ${text(COMPATIBILITY_DATE)},
  bindings = [(name = "UPSTREAM", text = ${text(upstream)})],
);
`,
  );
}
