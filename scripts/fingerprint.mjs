// Whether the Worker in build/ is the one that a build would make now. Cargo would find that out as well, but what comes
// after it (wasm-opt, above all) takes seconds and has no memory.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "./places.mjs";

// What a source file may include_str! counts as source. wrangler.toml does not: wrangler reads it itself, at each start.
const INPUTS = ["Cargo.toml", "Cargo.lock", "build.rs", ".cargo", "package-lock.json", "src", "migrations", "scripts/build/handlers.mjs"];

/** A hash over the inputs' names and bytes, and over `facts`: whatever else decides what comes out. */
export function fingerprint(facts, inputs = INPUTS, folder = root) {
  const hash = createHash("sha256").update(JSON.stringify(facts));
  for (const name of inputs) {
    for (const path of filesUnder(folder, name)) {
      const bytes = readFileSync(join(folder, path));
      hash.update(`\0${path}\0${bytes.length}\0`).update(bytes);
    }
  }
  return hash.digest("hex");
}

/** The files at or under a path, relative to the folder, in an order that no file system decides. */
export function filesUnder(folder, path) {
  const full = join(folder, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full)
    .sort()
    .flatMap((entry) => filesUnder(folder, `${path}/${entry}`));
}
