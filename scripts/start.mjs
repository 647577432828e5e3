// npm start
import { buildDeployable } from "./build/deployable.mjs";
import { command } from "./command.mjs";
import { serveLocally } from "./serve/local.mjs";
import { chosenPort, ensureFree } from "./serve/port.mjs";
import { welcome } from "./serve/welcome.mjs";
import { setUp } from "./setup.mjs";
import { migrateLocal } from "./setup/database.mjs";

command(serve, { interrupted: 0 });

async function serve() {
  const port = chosenPort();
  await ensureFree(port);
  await buildDeployable(await setUp());
  await migrateLocal();
  const sluice = await serveLocally(port);
  console.log(welcome(sluice.url));
  return sluice.ended;
}
