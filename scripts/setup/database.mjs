// The local database: miniflare's D1, under .wrangler/.
import { existsSync, readdirSync } from "node:fs";
import { inRoot } from "../places.mjs";
import { capture } from "../process.mjs";
import { Stop } from "../stop.mjs";
import { wranglerCommand, wranglerEnv } from "../wrangler.mjs";

/** The binding in wrangler.toml. */
export const BINDING = "DB";

export async function migrateLocal() {
  if (!hasMigrations()) return;
  const [node, ...entry] = wranglerCommand();
  const { code, stdout, stderr } = await capture(node, [...entry, "d1", "migrations", "apply", BINDING, "--local"], {
    cwd: inRoot(),
    env: wranglerEnv(),
  });
  if (code !== 0) throw new Stop(`${stdout}${stderr}\nThe local database could not be migrated (see above).`);
  if (!stdout.includes("No migrations to apply")) console.log("Migrated the local database.");
}

export function hasMigrations(folder = inRoot("migrations")) {
  return existsSync(folder) && readdirSync(folder).some((file) => file.endsWith(".sql"));
}
