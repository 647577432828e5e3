import type { Provider } from "../../api/types";

/** Where the credential comes from, in words. */
export function keyOf({ credential: { source, hint }, header_names: names }: Provider): string {
  switch (source) {
    case "inline": return hint ? `key ••••${hint}` : "a key";
    case "secret": return "a shared secret";
    case "headers": return names.length === 1 ? `the header ${names[0]}` : `${names.length} headers`;
    case "none": return "none needed";
    default: return "none";
  }
}

export interface Status {
  tone: "ok" | "warn" | "danger" | "off";
  text: string;
}

/** What stands between a provider and its first call, the first thing first. */
export function statusOf({ enabled, resolved, credential, model_count: models }: Provider): Status {
  if (!enabled) return { tone: "off", text: "off" };
  if (resolved === null) return { tone: "danger", text: "address not allowed" };
  if (!credential.configured && credential.source !== "none") return { tone: "warn", text: "no credential" };
  if (models === 0) return { tone: "warn", text: "no models" };
  return { tone: "ok", text: "ready" };
}
