// Where a peer is looked for: a variable that names it, else a folder in the cache that outlives this clone, else the PATH. Nothing
// is ever installed from here.
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { cacheFolder } from "../../places.mjs";
import { pause, start, stop } from "../../process.mjs";
import { Stop } from "../../stop.mjs";

/** The folder of a peer's own, whether or not anything is there. */
export const peerFolder = (name) => process.env[`SLUICE_BENCH_${name.toUpperCase()}`] ?? join(cacheFolder(), "peers", name);

/** The first of the files that is there, in the peer's folder or, for plain names, on the PATH; else null. */
export function find(name, files) {
  const inFolder = files.map((file) => join(peerFolder(name), file));
  const onPath = files
    .filter((file) => !/[\\/]/.test(file))
    .flatMap((file) => process.env.PATH.split(delimiter).map((folder) => join(folder, file)));
  return [...inFolder, ...onPath].find((file) => existsSync(file)) ?? null;
}

/** Why a peer is skipped, or null. */
export const missing = (name, files) =>
  find(name, files)
    ? null
    : `not installed: no ${files[0]} in ${`SLUICE_BENCH_${name.toUpperCase()}`}, nor in peers/${name} of the cache`;

/** Starts a server on a free port and waits until `path` answers. */
export async function startServer(name, file, argumentsFor, { path, env = {}, cwd, patience = 120_000 }) {
  const port = await freePort();
  const spawned = performance.now();
  const child = start(file, argumentsFor(port), { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (words) => (said = (said + words).slice(-20_000)));
  const url = `http://127.0.0.1:${port}`;
  while (performance.now() - spawned < patience && child.exitCode === null) {
    const ready = await fetch(url + path, { signal: AbortSignal.timeout(2000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return { child, spawned, url, said: () => said, stop: () => stop(child) };
    await pause(10);
  }
  await stop(child);
  throw new Stop(`${name} did not start:\n${said}`);
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
