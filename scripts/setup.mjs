// Everything that a fresh clone lacks, in the order in which one piece needs another. When nothing is missing it takes
// a fraction of a second, so every command begins with it.
import { ensurePackages } from "./setup/packages.mjs";
import { ensureRust } from "./setup/rust.mjs";
import { ensureLocalSecrets } from "./setup/secrets.mjs";
import { ensureTools } from "./setup/tools.mjs";

/** Returns the tools that a build needs. */
export async function setUp() {
  await ensureRust();
  await ensurePackages();
  const tools = await ensureTools();
  ensureLocalSecrets();
  return tools;
}
