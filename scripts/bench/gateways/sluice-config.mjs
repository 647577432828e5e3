// Sluice's Worker for plain workerd, in workerd's own words.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { inRoot } from "../../places.mjs";
import { COMPATIBILITY_DATE, NETWORK, text } from "../workerd.mjs";

const require = createRequire(inRoot("package.json"));

/** The folders that its state is in, as wrangler names them. */
export const DISKS = ["d1", "cache", "do"];

const socket = (name) => `(name = ${text(name)}, address = "127.0.0.1:0", http = (), service = ${text(name === "http" ? "sluice" : name)})`;

/** D1, for the database whose id is in wrangler.toml and names its file. */
function database() {
  const id = /^database_id = "([^"]+)"/m.exec(readFileSync(inRoot("wrangler.toml"), "utf8"))[1];
  return `(name = "d1", props = (json = ${text(JSON.stringify({ MINIFLARE_NAMESPACE: id }))}))`;
}

/** wrangler's own Workers for D1 and the cache, as it ships them. */
function wranglersWorker(name) {
  const miniflare = dirname(require.resolve("miniflare", { paths: [dirname(require.resolve("wrangler/package.json"))] }));
  return text(readFileSync(join(miniflare, "workers", name), "utf8"));
}

/**
 * Sluice's own settings are those of wrangler.toml. `modules` and `disks` say where its build and its state are; `counted` puts a
 * counter between it and D1.
 */
export function sluiceConfig({ modules, disks, variables, counted }) {
  const bindings = Object.entries(variables).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)}),`);
  return `const config :Workerd.Config = (
  services = [
    (name = "sluice", worker = .sluice),
    (name = "limiters", disk = (path = ${text(join(disks, "do"))}, writable = true)),
    (name = "d1", worker = .d1),
    (name = "counter", worker = .counter),
    (name = "d1-database", worker = .d1Database),
    (name = "d1-disk", disk = (path = ${text(join(disks, "d1"))}, writable = true)),
    (name = "cache", worker = .cache),
    (name = "cache-object", worker = .cacheObject),
    (name = "cache-disk", disk = (path = ${text(join(disks, "cache"))}, writable = true)),
    ${NETWORK},
  ],
  sockets = [${["http", ...(counted ? ["counter"] : [])].map(socket).join(", ")}],
  extensions = [(modules = [
    (name = "miniflare:shared", esModule = ${wranglersWorker("shared/index.worker.js")}),
    (name = "miniflare:zod", esModule = ${wranglersWorker("shared/zod.worker.js")}),
  ])],
);
const sluice :Workerd.Worker = (
  modules = [${modules}],
  compatibilityDate = ${text(COMPATIBILITY_DATE)},
  compatibilityFlags = ["enable_request_signal"],
  bindings = [
    ${bindings.join("\n    ")}
    (name = "DB", wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [
      (name = "fetcher", service = ${counted ? text("counter") : database()}),
    ])),
    (name = "LIMITER", durableObjectNamespace = "Limiter"),
  ],
  durableObjectNamespaces = [(className = "Limiter", uniqueKey = "sluice-Limiter", enableSql = true)],
  durableObjectStorage = (localDisk = "limiters"),
  cacheApiOutbound = "cache",
);
const counter :Workerd.Worker = (
  modules = [(name = "counter", esModule = ${text(readFileSync(new URL("workers/d1-counter.js", import.meta.url), "utf8"))})],
  compatibilityDate = ${text(COMPATIBILITY_DATE)},
  bindings = [(name = "D1", service = ${database()})],
);
const d1 :Workerd.Worker = (
  modules = [(name = "entry.worker.js", esModule = ${wranglersWorker("d1/entry.worker.js")})],
  compatibilityDate = "2023-07-24",
  compatibilityFlags = ["enhanced_error_serialization"],
  bindings = [(name = "MINIFLARE_OBJECT", durableObjectNamespace = (className = "D1DatabaseObject", serviceName = "d1-database"))],
);
const d1Database :Workerd.Worker = (
  modules = [(name = "database.worker.js", esModule = ${wranglersWorker("d1/database.worker.js")})],
  compatibilityDate = "2023-07-24",
  compatibilityFlags = ["nodejs_compat", "experimental"],
  bindings = [(name = "MINIFLARE_BLOBS", service = "d1-disk")],
  durableObjectNamespaces = [(className = "D1DatabaseObject", uniqueKey = "miniflare-D1DatabaseObject")],
  durableObjectStorage = (localDisk = "d1-disk"),
);
const cache :Workerd.Worker = (
  modules = [(name = "cache-entry.worker.js", esModule = ${wranglersWorker("cache/cache-entry.worker.js")})],
  compatibilityDate = "2023-07-24",
  compatibilityFlags = ["nodejs_compat", "experimental"],
  bindings = [(name = "MINIFLARE_OBJECT", durableObjectNamespace = (className = "CacheObject", serviceName = "cache-object"))],
);
const cacheObject :Workerd.Worker = (
  modules = [(name = "cache.worker.js", esModule = ${wranglersWorker("cache/cache.worker.js")})],
  compatibilityDate = "2023-07-24",
  compatibilityFlags = ["nodejs_compat", "experimental"],
  bindings = [(name = "MINIFLARE_BLOBS", service = "cache-disk")],
  durableObjectNamespaces = [(className = "CacheObject", uniqueKey = "miniflare-CacheObject")],
  durableObjectStorage = (localDisk = "cache-disk"),
);
`;
}
