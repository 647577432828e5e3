// npm run build
import { buildDeployable } from "./build/deployable.mjs";
import { command } from "./command.mjs";
import { setUp } from "./setup.mjs";
import { measure, measureConsole } from "./size.mjs";

command(async () => {
  await buildDeployable(await setUp());
  console.log(`${measure().line}\n${measureConsole().line}`);
});
