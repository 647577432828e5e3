// All that wrangler deploys, in build/: the Worker, what runs its extensions, and the console beside it.
import { buildConsole } from "./console.mjs";
import { buildExtensionHost } from "./extension-host.mjs";
import { buildWorker } from "./worker.mjs";

/** Builds what is not current. */
export async function buildDeployable(tools, profile = "release") {
  await buildWorker(tools, profile);
  await buildExtensionHost();
  await buildConsole(profile);
}
