// The deployment's secrets, on this side. They are written down here before they go anywhere, so that a run that breaks off
// in between goes on with the same ones.
import { existsSync, readFileSync } from "node:fs";
import { inRoot } from "../places.mjs";
import { newAdminToken, newSealingKeys, writePrivate } from "../setup/secrets.mjs";
import { Stop } from "../stop.mjs";

export const KEPT_SECRETS = ".deployed-secrets.json";
const MAKERS = { ADMIN_TOKEN: newAdminToken, SEALING_KEYS: newSealingKeys };

/** What the Worker lacks, by name, given the names of those that it has; made now unless an earlier run made it. */
export function keptSecrets(present, file = inRoot(KEPT_SECRETS)) {
  const kept = read(file);
  const missing = Object.keys(MAKERS).filter((name) => !present.includes(name));
  const made = missing.filter((name) => !kept[name]);
  for (const name of made) kept[name] = MAKERS[name]();
  if (made.length > 0) writePrivate(file, `${JSON.stringify(kept, null, 2)}\n`);
  return Object.fromEntries(missing.map((name) => [name, kept[name]]));
}

function read(file) {
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new Stop(`${KEPT_SECRETS} is not JSON: mend it or move it away. It may hold the only copy of the sealing key.`);
  }
}
