// The JavaScript side: wrangler, wasm-opt, esbuild, and the Node that wrangler needs, all from package-lock.json.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, inRoot } from "../places.mjs";
import { capture, logged } from "../process.mjs";
import { Stop } from "../stop.mjs";
import { atLeast } from "./locked.mjs";

const OLDEST_NODE = "18.0.0";
const OLDEST_NPM = "7.0.0";
const WRANGLERS_NODE = "22.12.0";
const stamp = inRoot("node_modules", ".sluice-lock");

export async function ensurePackages() {
  if (!atLeast(process.versions.node, OLDEST_NODE)) {
    throw new Stop(`Node ${process.versions.node} is too old, ${OLDEST_NODE} is needed: install it from https://nodejs.org.`);
  }
  const wanted = packagesFingerprint();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;

  const npm = npmCommand();
  const version = (await capture(npm.file, [...npm.args, "--version"])).stdout.trim();
  if (!version) throw new Stop("npm is missing: install Node with npm from https://nodejs.org.");
  if (!atLeast(version, OLDEST_NPM)) {
    throw new Stop(`npm ${version} is too old, ${OLDEST_NPM} is needed: run \`npm install --global npm@latest\`.`);
  }

  console.log("Installing the npm packages (about 20 seconds) …");
  mkdirSync(cacheFolder(), { recursive: true });
  // No package's install script is run: none is needed, and what does not run cannot surprise.
  const args = ["ci", "--ignore-scripts", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  await logged(join(cacheFolder(), "npm-ci.log"), npm.file, [...npm.args, ...args], { cwd: inRoot() });
  writeFileSync(stamp, wanted);
}

/** What the installed packages depend on, for the stamp beside them. */
export function packagesFingerprint() {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  for (const file of ["package.json", "package-lock.json"]) hash.update(readFileSync(inRoot(file)));
  return hash.digest("hex");
}

/** The Node that runs wrangler and the tests: the lock file's, else the user's if it is new enough. */
export function projectNode() {
  const own = inRoot("node_modules", ".bin", process.platform === "win32" ? "node.cmd" : "node");
  const direct = inRoot("node_modules", `node-win-${process.arch}`, "bin", "node.exe");
  if (existsSync(direct)) return direct;
  if (existsSync(own)) return own;
  if (atLeast(process.versions.node, WRANGLERS_NODE)) return process.execPath;
  throw new Stop(`No prebuilt Node 22 for ${process.platform} ${process.arch}: install Node ${WRANGLERS_NODE} or newer from https://nodejs.org.`);
}

function npmCommand() {
  const script = process.env.npm_execpath;
  // Another package manager's `run` sets it too.
  if (script && /npm-cli\.c?js$/.test(script)) return { file: process.execPath, args: [script] };
  return { file: process.platform === "win32" ? "npm.cmd" : "npm", args: [] };
}
