// The Worker: Rust to wasm to build/, where wrangler.toml looks for it. wrangler builds nothing itself, so what is served,
// tested and deployed is one artefact.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fingerprint } from "../fingerprint.mjs";
import { inRoot } from "../places.mjs";
import { capture, run } from "../process.mjs";
import { buildExtensionHost, withExtensionHost } from "./extension-host.mjs";
import { withHandlers } from "./handlers.mjs";
import { withoutNames } from "./names.mjs";

const stamp = inRoot("build", "fingerprint.json");

/** Builds what is not current in build/. `profile` is `release` or `dev` (seconds faster, several times larger and slower). */
export async function buildWorker(tools, profile = "release") {
  await buildWasm(tools, profile);
  await buildExtensionHost();
}

async function buildWasm(tools, profile) {
  const rustc = (await capture("rustc", ["-vV"], { cwd: inRoot() })).stdout;
  const print = fingerprint([profile, rustc, process.env.RUSTFLAGS ?? "", tools.workerBuild, tools.env.WASM_BINDGEN_BIN]);
  if (readStamp().fingerprint === print && existsSync(inRoot("build", "index_bg.wasm"))) return;

  const firstTime = !existsSync(inRoot("target", "wasm32-unknown-unknown", profile === "dev" ? "debug" : "release"));
  const estimate = firstTime ? "about 2 minutes the first time" : "about 20 seconds";
  console.log(`Building the Worker, ${profile} (${estimate}) …`);
  const began = Date.now();
  mkdirSync(inRoot("build"), { recursive: true });
  rmSync(stamp, { force: true });
  await run(tools.workerBuild, [profile === "dev" ? "--dev" : "--release"], {
    cwd: inRoot(),
    env: tools.env,
    failure: "The Worker did not build (see above).",
  });
  const script = inRoot("build", "index.js");
  writeFileSync(script, withExtensionHost(withHandlers(readFileSync(script, "utf8"))));
  if (profile === "release") {
    const wasm = inRoot("build", "index_bg.wasm");
    writeFileSync(wasm, withoutNames(readFileSync(wasm)));
  }
  writeFileSync(stamp, JSON.stringify({ profile, fingerprint: print }));
  console.log(`Built the Worker in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
}

/** What build/ holds: `release`, `dev`, or nothing. */
export const builtProfile = () => readStamp().profile;

function readStamp() {
  try {
    return JSON.parse(readFileSync(stamp, "utf8"));
  } catch {
    return {};
  }
}
