import { fromThrown } from "./errors";
import type { Health } from "./types";

/** What the deployment says of itself. It needs no token, and 503 is an answer like 200. */
export async function readHealth(signal?: AbortSignal): Promise<Health> {
  try {
    const response = await fetch("/healthz", { signal });
    return (await response.json()) as Health;
  } catch (thrown) {
    throw fromThrown(thrown);
  }
}
