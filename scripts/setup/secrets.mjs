// Secrets for the machine at hand, in wrangler's own file for them. Made once; what is there is never changed, because
// the sealing key is all that opens what the local database holds.
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { inRoot } from "../places.mjs";

export const LOCAL_SECRETS = ".dev.vars";
const HEADING = "# Local secrets of this clone, made by the set-up. Never committed, never deployed.\n";
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export function ensureLocalSecrets(file = inRoot(LOCAL_SECRETS)) {
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const after = withMissing(before || HEADING, {
    ADMIN_TOKEN: newAdminToken,
    SEALING_KEYS: newSealingKeys,
    // Ollama, or a mock on loopback, works at once here; a deployment does not have this file.
    ALLOW_PRIVATE_UPSTREAMS: () => "true",
  });
  if (after !== before) {
    writePrivate(file, after);
    console.log(`${before ? "Completed" : "Made"} local secrets in ${LOCAL_SECRETS}.`);
  }
  if (process.platform !== "win32") chmodSync(file, 0o600);
}

/** Adds the entries that a dotenv text lacks, each made by its function, and touches no other. */
export function withMissing(text, entries) {
  const present = new Set(Array.from(text.matchAll(/^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/gm), (match) => match[1]));
  const missing = Object.entries(entries).filter(([name]) => !present.has(name));
  if (missing.length === 0) return text;
  const start = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  return start + missing.map(([name, make]) => `${name}=${make()}\n`).join("");
}

/** 48 base62 characters, 285 bits. */
export function newAdminToken() {
  let token = "";
  while (token.length < 48) {
    // 248 is the last multiple of 62 in a byte: beyond it the first characters would be likelier.
    for (const byte of randomBytes(64)) if (byte < 248 && token.length < 48) token += BASE62[byte % 62];
  }
  return token;
}

/** A ring of one key, named for the day it was made. */
export function newSealingKeys(day = new Date()) {
  return `k${day.toISOString().slice(0, 10).replaceAll("-", "")}:${randomBytes(32).toString("base64")}`;
}

/** Writes a file that only its owner reads, at no moment half written. */
export function writePrivate(file, text) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600, flag: "wx" });
  renameSync(draft, file);
}
