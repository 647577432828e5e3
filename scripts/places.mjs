// Where things are. The cache holds tools that took minutes to build, so it outlives the working tree and is shared by all clones.
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const inRoot = (...path) => join(root, ...path);

export function cacheFolder(env = process.env, platform = process.platform, home = homedir()) {
  if (env.SLUICE_CACHE) return env.SLUICE_CACHE;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, "sluice");
  if (platform === "win32" && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, "sluice");
  return join(home, ".cache", "sluice");
}

// The project's own Node comes first, because wasm-opt and wrangler are scripts that begin with `env node`; Cargo's
// folder comes last, for the terminal that was open while rustup was installed.
process.env.PATH = [
  inRoot("node_modules", ".bin"),
  process.env.PATH,
  join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "bin"),
].join(delimiter);
