// npm run deploy [-- --dry-run]
import { buildDeployable } from "./build/deployable.mjs";
import { command } from "./command.mjs";
import { account } from "./deploy/account.mjs";
import { rehearse, rollOut } from "./deploy/rollout.mjs";
import { setUp } from "./setup.mjs";
import { ensurePackages } from "./setup/packages.mjs";
import { measure, measureConsole } from "./size.mjs";
import { Stop } from "./stop.mjs";

command(async () => {
  const unknown = process.argv.slice(2).filter((argument) => argument !== "--dry-run");
  if (unknown.length > 0) throw new Stop(`Unknown: ${unknown.join(" ")}. Say \`npm run deploy\` or \`npm run deploy -- --dry-run\`.`);
  const dryRun = process.argv.includes("--dry-run");

  // Before the build: nobody should wait minutes to be told to log in.
  await ensurePackages();
  if (!dryRun) await account();

  await buildDeployable(await setUp());
  console.log(`${measure().line}\n${measureConsole().line}`);
  await (dryRun ? rehearse() : rollOut());
});
