// npm run dev: as npm start, with the fast profile, and again whenever a source changes. wrangler sees the new build by itself.
import { existsSync, watch } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildDeployable } from "./build/deployable.mjs";
import { command } from "./command.mjs";
import { inRoot } from "./places.mjs";
import { start } from "./process.mjs";
import { serveLocally } from "./serve/local.mjs";
import { chosenPort, ensureFree } from "./serve/port.mjs";
import { welcome } from "./serve/welcome.mjs";
import { setUp } from "./setup.mjs";
import { migrateLocal } from "./setup/database.mjs";
import { projectNode } from "./setup/packages.mjs";
import { atLeast } from "./setup/locked.mjs";
import { Stop } from "./stop.mjs";

const WATCHED = ["src", "migrations", "console", "openapi.json", "Cargo.toml", "Cargo.lock"];
const SETTLE_MS = 150;

command(serve, { interrupted: 0 });

async function serve() {
  const port = chosenPort();
  await ensureFree(port);
  const tools = await setUp();
  // Node 18 cannot watch a tree on Linux.
  if (!atLeast(process.versions.node, "20.13.0")) return start(projectNode(), [fileURLToPath(import.meta.url)]).ended;

  await buildDeployable(tools, "dev");
  await migrateLocal();
  const sluice = await serveLocally(port);
  console.log(welcome(sluice.url));
  onChange(async () => {
    try {
      await migrateLocal();
      await buildDeployable(tools, "dev");
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      console.error(`${error.message}\nThe last good build goes on serving.`);
    }
  });
  return sluice.ended;
}

/** Calls `rebuild` after each burst of changes, never twice at once; a change during a rebuild brings another. */
function onChange(rebuild) {
  let timer;
  let running = false;
  let again = false;
  const go = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      await rebuild();
    } while (again);
    running = false;
  };
  for (const path of WATCHED.map((name) => inRoot(name)).filter(existsSync)) {
    watch(path, { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(go, SETTLE_MS);
    });
  }
}
