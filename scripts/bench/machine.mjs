// What a reader has to know of the machine, and nothing that says whose it is.
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { readFileSync } from "node:fs";
import { inRoot } from "../places.mjs";
import { capture } from "../process.mjs";

export function machine() {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? "unknown",
    cores: cores.length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
  };
}

/** How many processes wanted a core in the last minute, before the benchmark added its own; null where the system does not say. */
export const load = () => (process.platform === "win32" ? null : Math.round(loadavg()[0] * 100) / 100);

/** Versions of what was measured with; the gateways' own are beside their names. */
export async function versions() {
  const rustc = (await capture("rustc", ["--version"])).stdout.trim();
  const packaged = (name) => JSON.parse(readFileSync(inRoot("node_modules", name, "package.json"), "utf8")).version;
  return { workerd: packaged("workerd"), wrangler: packaged("wrangler"), node: process.versions.node, rustc };
}

/** The commit that was measured; `-dirty` where files differ from it. */
export async function commit() {
  const git = async (...args) => (await capture("git", args, { cwd: inRoot() })).stdout.trim();
  const hash = await git("rev-parse", "--short=10", "HEAD");
  if (!hash) return "unknown";
  return (await git("status", "--porcelain", "--untracked-files=no")) ? `${hash}-dirty` : hash;
}

export const sluiceVersion = () => /^version = "([^"]+)"/m.exec(readFileSync(inRoot("Cargo.toml"), "utf8"))[1];
