// npm run build
import { buildWorker } from "./build/worker.mjs";
import { command } from "./command.mjs";
import { setUp } from "./setup.mjs";
import { measure } from "./size.mjs";

command(async () => {
  await buildWorker(await setUp());
  console.log(measure().line);
});
