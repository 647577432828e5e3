// The example extensions, to build/extensions: what the tests run, and what one may upload to try.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fingerprint } from "../fingerprint.mjs";
import { inRoot } from "../places.mjs";
import { capture, run } from "../process.mjs";
import { ensureTarget } from "../setup/rust.mjs";

const SLUICE = "wasm32-unknown-unknown";
const PROXY_WASM = "wasm32-wasip1";

/** Each example by its name, with the target that it is built for; `wat`: by hand. */
export const EXAMPLES = {
  "model-router": SLUICE,
  "pii-redaction": SLUICE,
  "prompt-guard": SLUICE,
  "proxy-wasm-filter": PROXY_WASM,
  "secret-guard": "wat",
  watermark: SLUICE,
};

const INPUTS = ["Cargo.toml", "Cargo.lock", "sdk", "examples"].map((name) => `extensions/${name}`);
const stamp = inRoot("build", "extensions", "fingerprint.json");

/** Where an example's module is once it is built. */
export const exampleModule = (name) => inRoot("build", "extensions", `${name}.wasm`);

/** Builds unless build/extensions is current. */
export async function buildExtensions() {
  const rustc = (await capture("rustc", ["-vV"], { cwd: inRoot() })).stdout;
  const print = fingerprint([rustc, process.env.RUSTFLAGS ?? "", EXAMPLES], [...INPUTS, "package-lock.json", "scripts/build/extensions.mjs"]);
  if (readStamp().fingerprint === print && Object.keys(EXAMPLES).every((name) => existsSync(exampleModule(name)))) return;

  console.log("Building the example extensions (about a minute the first time) …");
  const began = Date.now();
  mkdirSync(inRoot("build", "extensions"), { recursive: true });
  for (const target of [SLUICE, PROXY_WASM]) await cargo(target);
  for (const [name, target] of Object.entries(EXAMPLES)) {
    // Another test may be reading the one that is there.
    const made = `${exampleModule(name)}.${process.pid}`;
    if (target === "wat") writeFileSync(made, await assembled(inRoot("extensions", "examples", name, `${name}.wat`)));
    else copyFileSync(inRoot("extensions", "target", target, "release", `${name.replaceAll("-", "_")}.wasm`), made);
    renameSync(made, exampleModule(name));
  }
  writeFileSync(stamp, JSON.stringify({ fingerprint: print }));
  console.log(`Built the example extensions in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
}

async function cargo(target) {
  await ensureTarget(target);
  const packages = Object.keys(EXAMPLES).filter((name) => EXAMPLES[name] === target);
  const named = packages.flatMap((name) => ["--package", name]);
  await run("cargo", ["build", "--quiet", "--release", "--locked", "--target", target, ...named], {
    cwd: inRoot("extensions"),
    failure: "The example extensions did not build (see above).",
  });
}

async function assembled(file) {
  const { default: binaryen } = await import("binaryen");
  const module = binaryen.parseText(readFileSync(file, "utf8"));
  module.setFeatures(binaryen.Features.MVP | binaryen.Features.BulkMemory | binaryen.Features.BulkMemoryOpt);
  if (!module.validate()) throw new Error(`${file} is not valid`);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stamp, "utf8"));
  } catch {
    return {};
  }
}
