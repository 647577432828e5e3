// Sluice's Worker for plain workerd, and D1 beside it, in workerd's own words.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { inRoot } from "../../places.mjs";
import { COMPATIBILITY_DATE, NETWORK, text } from "../workerd.mjs";

const require = createRequire(inRoot("package.json"));

/** The folders that its state is in, as wrangler names them. */
export const DISKS = ["d1", "cache", "do"];

/** The database's id in wrangler.toml, which names its file. */
const databaseId = () => /^database_id = "([^"]+)"/m.exec(readFileSync(inRoot("wrangler.toml"), "utf8"))[1];

/** wrangler's own Workers for D1 and the cache, as it ships them. */
function wranglersWorker(name) {
  const miniflare = dirname(require.resolve("miniflare", { paths: [dirname(require.resolve("wrangler/package.json"))] }));
  return text(readFileSync(join(miniflare, "workers", name), "utf8"));
}

const EXTENSIONS = () => `extensions = [(modules = [
    (name = "miniflare:shared", esModule = ${wranglersWorker("shared/index.worker.js")}),
    (name = "miniflare:zod", esModule = ${wranglersWorker("shared/zod.worker.js")}),
  ])]`;

/** D1 at the socket `http`; `counted` puts a counter before it, which is asked at the socket `counter`. */
export function d1Config({ disks, counted }) {
  const sockets = counted ? { http: "counter", counter: "counter" } : { http: "d1" };
  const socket = ([name, service]) =>
    `(name = ${text(name)}, address = "127.0.0.1:0", http = (), service = ${text(service)})`;
  return `const config :Workerd.Config = (
  services = [
    (name = "counter", worker = .counter),
    (name = "d1", worker = .d1),
    (name = "database", worker = .database),
    (name = "disk", disk = (path = ${text(join(disks, "d1"))}, writable = true)),
  ],
  sockets = [${Object.entries(sockets).map(socket).join(", ")}],
  ${EXTENSIONS()},
);
const counter :Workerd.Worker = (
  modules = [(name = "counter", esModule = ${text(readFileSync(new URL("workers/d1-counter.js", import.meta.url), "utf8"))})],
  compatibilityDate = ${text(COMPATIBILITY_DATE)},
  bindings = [(name = "D1", service = "d1")],
);
const d1 :Workerd.Worker = (
  modules = [(name = "entry.worker.js", esModule = ${wranglersWorker("d1/entry.worker.js")})],
  compatibilityDate = "2023-07-24",
  compatibilityFlags = ["enhanced_error_serialization"],
  bindings = [
    (name = "MINIFLARE_NAMESPACE", text = ${text(databaseId())}),
    (name = "MINIFLARE_OBJECT", durableObjectNamespace = (className = "D1DatabaseObject", serviceName = "database")),
  ],
);
const database :Workerd.Worker = (
  modules = [(name = "database.worker.js", esModule = ${wranglersWorker("d1/database.worker.js")})],
  compatibilityDate = "2023-07-24",
  compatibilityFlags = ["nodejs_compat", "experimental"],
  bindings = [(name = "MINIFLARE_BLOBS", service = "disk")],
  durableObjectNamespaces = [(className = "D1DatabaseObject", uniqueKey = "miniflare-D1DatabaseObject")],
  durableObjectStorage = (localDisk = "disk"),
);
`;
}

/**
 * Sluice, with D1 at the address `d1`. Its own settings are those of wrangler.toml; `modules` and `disks` say where its build and its
 * state are.
 */
export function sluiceConfig({ modules, disks, variables, d1 }) {
  const bindings = Object.entries(variables).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)}),`);
  return `const config :Workerd.Config = (
  services = [
    (name = "sluice", worker = .sluice),
    (name = "limiters", disk = (path = ${text(join(disks, "do"))}, writable = true)),
    (name = "d1", external = (address = ${text(d1)}, http = ())),
    (name = "cache", worker = .cache),
    (name = "cache-object", worker = .cacheObject),
    (name = "cache-disk", disk = (path = ${text(join(disks, "cache"))}, writable = true)),
    ${NETWORK},
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "sluice")],
  ${EXTENSIONS()},
);
const sluice :Workerd.Worker = (
  modules = [${modules}],
  compatibilityDate = ${text(COMPATIBILITY_DATE)},
  compatibilityFlags = ["enable_request_signal"],
  bindings = [
    ${bindings.join(" ")}
    (name = "DB", wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [(name = "fetcher", service = "d1")])),
    (name = "LIMITER", durableObjectNamespace = "Limiter"),
  ],
  durableObjectNamespaces = [(className = "Limiter", uniqueKey = "sluice-Limiter", enableSql = true)],
  durableObjectStorage = (localDisk = "limiters"),
  cacheApiOutbound = "cache",
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
