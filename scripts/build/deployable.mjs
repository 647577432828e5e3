// All that wrangler deploys, in build/: the Worker, with what runs its extensions, and the console beside it.
import { buildConsole } from "./console.mjs";
import { buildWorker } from "./worker.mjs";

/** Builds what is not current. */
export async function buildDeployable(tools, profile = "release") {
  await buildWorker(tools, profile);
  await buildConsole(profile);
}
