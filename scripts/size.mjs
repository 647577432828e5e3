// The Worker's size as Cloudflare counts it, and the console's as a browser does, against their bounds. Run by itself, it ends
// with 1 when one of them is passed.
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { builtConsole, consoleBytes } from "./build/console.mjs";
import { builtProfile } from "./build/worker.mjs";
import { inRoot } from "./places.mjs";

const BOUND = 1024 * 1024;
const CONSOLE_BOUND = 100 * 1000;
const WASM = "index_bg.wasm";

/** `{ ok, line }`: whether the built wasm is within the bound, and both numbers in words. */
export function measure(wasm = readFileSync(inRoot("build", WASM)), bound = BOUND) {
  const gzipped = gzipSync(wasm, { level: 9 }).length;
  const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
  const ok = gzipped <= bound;
  return { ok, line: `wasm: ${kib(wasm.length)}, gzipped ${kib(gzipped)} (${ok ? "bound" : "over the bound of"} ${kib(bound)})` };
}

/** The same of the console: all of its screens together. */
export function measureConsole(bytes = consoleBytes(), bound = CONSOLE_BOUND) {
  const kb = (count) => `${(count / 1000).toFixed(1)} KB`;
  const ok = bytes <= bound;
  return { ok, line: `console: gzipped ${kb(bytes)} (${ok ? "bound" : "over the bound of"} ${kb(bound)})` };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (!existsSync(inRoot("build", WASM)) || builtProfile() !== "release" || builtConsole() !== "release") {
    console.error("build/ holds no release build: run `npm run build` first.");
    process.exit(1);
  }
  const measured = [measure(), measureConsole()];
  console.log(measured.map(({ line }) => line).join("\n"));
  process.exit(measured.every(({ ok }) => ok) ? 0 : 1);
}
