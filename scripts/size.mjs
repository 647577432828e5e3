// The Worker's size as Cloudflare counts it, against its bound. Run by itself, it ends with 1 when the bound is passed.
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { builtProfile } from "./build/worker.mjs";
import { inRoot } from "./places.mjs";

const BOUND = 1024 * 1024;
const WASM = "index_bg.wasm";

/** `{ ok, line }`: whether the built wasm is within the bound, and both numbers in words. */
export function measure(wasm = readFileSync(inRoot("build", WASM)), bound = BOUND) {
  const gzipped = gzipSync(wasm, { level: 9 }).length;
  const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
  const ok = gzipped <= bound;
  return { ok, line: `wasm: ${kib(wasm.length)}, gzipped ${kib(gzipped)} (${ok ? "bound" : "over the bound of"} ${kib(bound)})` };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (!existsSync(inRoot("build", WASM)) || builtProfile() !== "release") {
    console.error("build/ holds no release build: run `npm run build` first.");
    process.exit(1);
  }
  const { ok, line } = measure();
  console.log(line);
  process.exit(ok ? 0 : 1);
}
