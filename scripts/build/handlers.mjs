// worker-build exports a class; the Worker exports handlers that need no object of it (src/edge/handlers.js).
import { readFileSync } from "node:fs";
import { inRoot } from "../places.mjs";

/** The script with `handlers` as its default export. */
export function withHandlers(script) {
  const exported = /([\w$]+) as default\b/;
  const found = exported.exec(script);
  if (!found || !script.includes("__worker_init_state")) throw new Error("worker-build's script is not as it was: see scripts/build/handlers.mjs");
  const handlers = readFileSync(inRoot("src", "edge", "handlers.js"), "utf8").replaceAll("Entrypoint", found[1]);
  return `${script.replace(exported, "handlers as default")}${handlers}`;
}
