// A Chromium for the tests of the console: one that is there, else Debian's own package, where we may install it.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../places.mjs";
import { capture, logged } from "../process.mjs";
import { Stop } from "../stop.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const PLACES = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** `{ executable }`; or `{ missing }`, why there is none and what helps. */
export async function ensureChromium(env = process.env) {
  const found = findChromium(env);
  if (found.executable || found.missing) return found;

  const asRoot = await rootsCommand();
  if (asRoot === null) return { missing: NONE };
  console.log("Installing Debian's Chromium, once (about a minute) …");
  const log = join(cacheFolder(), "chromium.log");
  const apt = (...args) => {
    const [file, ...first] = [...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
    return logged(log, file, first);
  };
  mkdirSync(cacheFolder(), { recursive: true });
  try {
    await apt("update", "-q");
    await apt("install", "-q", "-y", "--no-install-recommends", "chromium");
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return { missing: `Chromium could not be installed: ${error.message}` };
  }
  const installed = findChromium(env);
  return installed.executable ? installed : { missing: NONE };
}

const NONE = "The console is tested in Chromium, and there is none: install it (apt-get install chromium), or name one in CHROMIUM.";

/** The Chromium that is there: `{ executable }`, `{ missing }` where `CHROMIUM` names none, or neither. */
export function findChromium(env = process.env) {
  if (env.CHROMIUM) {
    return existsSync(env.CHROMIUM) ? { executable: env.CHROMIUM } : { missing: `CHROMIUM is ${env.CHROMIUM}, and there is no such file.` };
  }
  const folders = (env.PATH ?? "").split(process.platform === "win32" ? ";" : ":").filter(Boolean);
  const candidates = [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...PLACES];
  return { executable: candidates.find((file) => existsSync(file)) };
}

/** What makes a command root's, on a Debian; null where nothing does. */
async function rootsCommand() {
  if ((await capture("apt-get", ["--version"])).code !== 0) return null;
  if (process.getuid?.() === 0) return [];
  return (await capture("sudo", ["--non-interactive", "true"])).code === 0 ? ["sudo", "--non-interactive"] : null;
}
