// worker-build and the wasm-bindgen CLI, of exactly the versions that Cargo.lock asks for.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, inRoot } from "../places.mjs";
import { capture, logged } from "../process.mjs";
import { besideArchive, fromGitHub, unpackRelease } from "./download.mjs";
import { lockedVersion } from "./locked.mjs";
import { executable, wasmBindgenTarget, workerBuildTarget } from "./platform.mjs";

/** Makes sure of the tools and returns `{ workerBuild, env }`: its path, and the variables that keep it from downloading more. */
export async function ensureTools() {
  const lock = readFileSync(inRoot("Cargo.lock"), "utf8");
  const wasmBindgen = await ensureTool(wasmBindgenTool(lockedVersion(lock, "wasm-bindgen")));
  const workerBuild = await ensureTool(workerBuildTool(lockedVersion(lock, "worker")));
  return {
    workerBuild,
    env: { ...process.env, WASM_BINDGEN_BIN: wasmBindgen, WASM_OPT_BIN: wasmOpt(), ESBUILD_BIN: esbuild() },
  };
}

export function wasmBindgenTool(version, target = wasmBindgenTarget()) {
  const url = `https://github.com/wasm-bindgen/wasm-bindgen/releases/download/${version}/wasm-bindgen-${version}-${target}.tar.gz`;
  return {
    name: "wasm-bindgen",
    crate: "wasm-bindgen-cli",
    version,
    says: `wasm-bindgen ${version}`,
    release: target && { url, checksum: besideArchive(url) },
  };
}

export function workerBuildTool(version, target = workerBuildTarget()) {
  const file = `worker-build-${target}-v${version}.tgz`;
  return {
    name: "worker-build",
    crate: "worker-build",
    version,
    says: version,
    release: target && {
      url: `https://github.com/cloudflare/workers-rs/releases/download/v${version}/${file}`,
      checksum: fromGitHub("cloudflare/workers-rs", `v${version}`, file),
    },
  };
}

async function ensureTool(tool) {
  const home = join(cacheFolder(), `${tool.name}-${tool.version}`);
  const path = join(home, "bin", executable(tool.name));
  if (existsSync(path)) return path;

  // Made beside its final place and renamed when complete: an interrupted install leaves nothing that looks finished.
  mkdirSync(cacheFolder(), { recursive: true });
  const draft = mkdtempSync(join(cacheFolder(), `.${tool.name}-`));
  try {
    if (!(await download(tool, draft))) await build(tool, draft);
    try {
      renameSync(draft, home);
    } catch (error) {
      // Another set-up was faster.
      if (!existsSync(path)) throw error;
    }
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return path;
}

async function download(tool, draft) {
  if (!tool.release) return false;
  console.log(`Looking for a prebuilt ${tool.name} ${tool.version} (seconds) …`);
  const scratch = join(draft, "release");
  mkdirSync(scratch);
  if (!(await unpackRelease(tool.release, scratch))) return false;
  const file = executable(tool.name);
  const folder = readdirSync(scratch).find((entry) => existsSync(join(scratch, entry, file)));
  if (!folder) return false;
  const found = join(scratch, folder, file);
  // A prebuilt binary may want a newer libc than this machine's: it counts only if it runs.
  if ((await capture(found, ["--version"])).stdout.trim() !== tool.says) return false;
  mkdirSync(join(draft, "bin"));
  copyFileSync(found, join(draft, "bin", file));
  rmSync(scratch, { recursive: true, force: true });
  return true;
}

async function build(tool, draft) {
  console.log(`Building ${tool.name} ${tool.version} from the registry, once (about 2 minutes) …`);
  const began = Date.now();
  const log = join(cacheFolder(), `${tool.name}-${tool.version}.log`);
  // Unoptimised on purpose: a release build of the tool takes three times as long, and it saves nobody a second.
  const args = ["install", tool.crate, "--version", tool.version, "--locked", "--debug", "--root", draft];
  // Outside the tree, so that no setting of this project steers the tool's build.
  await logged(log, "cargo", args, { cwd: cacheFolder() });
  console.log(`Built ${tool.name} in ${Math.round((Date.now() - began) / 1000)} s.`);
}

const wasmOpt = () => inRoot("node_modules", ".bin", process.platform === "win32" ? "wasm-opt.cmd" : "wasm-opt");

// The platform's own binary: the package's bin/esbuild is a script unless its install script has run, and none is run here.
function esbuild() {
  const folder = inRoot("node_modules", "@esbuild", `${process.platform}-${process.arch}`);
  return process.platform === "win32" ? join(folder, "esbuild.exe") : join(folder, "bin", "esbuild");
}
