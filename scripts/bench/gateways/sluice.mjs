// Sluice's release build on plain workerd, with everything on. D1 and the cache are wrangler's own, as `wrangler dev` runs them:
// workerd has neither without it. What wrangler puts between a Worker and the network, and in front of it, is not there.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { randomBytes } from "node:crypto";
import { inRoot } from "../../places.mjs";
import { capture } from "../../process.mjs";
import { newAdminToken, newSealingKeys } from "../../setup/secrets.mjs";
import { Stop } from "../../stop.mjs";
import { wranglerCommand, wranglerEnv } from "../../wrangler.mjs";
import { headersOf, pathOf } from "../requests.mjs";
import { PACES } from "../scenarios.mjs";
import { COMPATIBILITY_DATE, NETWORK, startWorkerd, text } from "../workerd.mjs";

const require = createRequire(inRoot("package.json"));
const PROVIDERS = {
  chat_completions: { provider: "openai", openai_api_mode: "chat_completions" },
  responses: { provider: "openai", openai_api_mode: "responses" },
  anthropic_messages: { provider: "anthropic" },
};
const PRICES = { cost_per_1k_input: 0.00025, cost_per_1k_output: 0.002, cost_per_1k_cache_read: 0.000025 };
const FAR_LIMITS = { requests_per_minute: 1e9, tokens_per_minute: 1e12, budget_usd: 1e6, budget_period: "month" };

export const sluice = {
  name: "sluice",
  does:
    "The release build: authentication, choice of model and provider, the unsealed credential, metering, price, a usage row a call, " +
    "written to D1; limits in a Durable Object where the token has any.",
  doesNot: "Nothing is switched off. D1 is wrangler's local one, in the same process, so that its work counts as Sluice's.",
  available: () => (existsSync(inRoot("build", "index_bg.wasm")) ? null : "build/ holds no Worker"),
  serves: () => true,
  prepare,
  start: startSluice,
};

/** What a deployment has before its first call: a migrated database, and what an operator sets up over the admin API. */
async function prepare(run) {
  const state = join(run.folder, "prepared");
  await migrate(state);
  const secrets = { ADMIN_TOKEN: newAdminToken(), SEALING_KEYS: newSealingKeys() };
  const worker = await serve(run.folder, state, secrets);
  const admin = async (path, body) => {
    const headers = { authorization: `Bearer ${secrets.ADMIN_TOKEN}`, "content-type": "application/json" };
    const answer = await fetch(`${worker.url}/api/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const said = await answer.text();
    if (!answer.ok) throw new Stop(`Sluice could not be set up: POST /api/v1/${path} answered ${answer.status}: ${said}\n${worker.said()}`);
    return JSON.parse(said);
  };
  try {
    for (const [pace, prefix] of Object.entries(PACES)) {
      for (const [protocol, kind] of Object.entries(PROVIDERS)) {
        const base_url = `${run.upstream}${prefix}/v1`;
        const { id } = await admin("providers", { ...kind, name: providerName(protocol, pace), base_url, api_key: `sk-${randomBytes(24).toString("hex")}` });
        await admin(`providers/${id}/models`, { model: "bench-1", ...PRICES });
      }
    }
    const { token } = await admin("tokens", { name: "bench", role: "member" });
    const limited = await admin("tokens", { name: "bench, limited", role: "member", limits: FAR_LIMITS });
    return { state, secrets, token, limited: limited.token };
  } finally {
    await worker.stop();
  }
}

const providerName = (protocol, pace) => `${protocol}-${pace}`;

async function startSluice(run) {
  const { state, secrets, token, limited } = run.prepared;
  const copy = join(run.folder, "state");
  rmSync(copy, { recursive: true, force: true });
  cpSync(state, copy, { recursive: true });
  const worker = await serve(run.folder, copy, secrets);
  return {
    ...worker,
    call({ client, upstream, proxy, limits, pace }) {
      const provider = providerName(upstream, Object.keys(PACES).find((name) => PACES[name] === pace));
      return {
        protocol: client,
        url: `${worker.url}/v1${proxy ? `/proxy/${provider}` : ""}${pathOf(client)}`,
        headers: { ...headersOf(client), authorization: `Bearer ${limits ? limited : token}` },
        model: proxy ? "bench-1" : `${provider}^bench-1`,
      };
    },
    /** How many calls the database has a row of. */
    async accounted() {
      const headers = { authorization: `Bearer ${secrets.ADMIN_TOKEN}` };
      const answer = await fetch(`${worker.url}/api/v1/usage`, { headers });
      const { data } = await answer.json();
      return data.reduce((sum, { calls }) => sum + calls, 0);
    },
  };
}

async function migrate(state) {
  const [node, ...entry] = wranglerCommand();
  const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", state];
  const { code, stdout, stderr } = await capture(node, [...entry, ...args], { cwd: inRoot(), env: wranglerEnv() });
  if (code !== 0) throw new Stop(`${stdout}${stderr}\nThe benchmark's database could not be migrated (see above).`);
}

function serve(folder, state, secrets) {
  const place = join(folder, "sluice");
  rmSync(place, { recursive: true, force: true });
  cpSync(inRoot("build"), place, { recursive: true });
  for (const disk of ["d1", "cache", "do"]) mkdirSync(join(state, "v3", disk), { recursive: true });
  return startWorkerd(place, config(place, join(state, "v3"), { ...secrets, ALLOW_PRIVATE_UPSTREAMS: "true" }));
}

/** The database's id in wrangler.toml, which names its file. */
const databaseId = () => /^database_id = "([^"]+)"/m.exec(readFileSync(inRoot("wrangler.toml"), "utf8"))[1];

/** wrangler's own Workers for D1 and the cache, as it ships them. */
function wranglersWorker(name) {
  const miniflare = dirname(require.resolve("miniflare", { paths: [dirname(require.resolve("wrangler/package.json"))] }));
  return text(readFileSync(join(miniflare, "workers", name), "utf8"));
}

function config(place, disks, variables) {
  const bindings = Object.entries(variables).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)}),`);
  return `const config :Workerd.Config = (
  services = [
    (name = "sluice", worker = .sluice),
    (name = "limiters", disk = (path = ${text(join(disks, "do"))}, writable = true)),
    (name = "d1", worker = .d1),
    (name = "d1-database", worker = .d1Database),
    (name = "d1-disk", disk = (path = ${text(join(disks, "d1"))}, writable = true)),
    (name = "cache", worker = .cache),
    (name = "cache-object", worker = .cacheObject),
    (name = "cache-disk", disk = (path = ${text(join(disks, "cache"))}, writable = true)),
    ${NETWORK},
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "sluice")],
  extensions = [(modules = [
    (name = "miniflare:shared", esModule = ${wranglersWorker("shared/index.worker.js")}),
    (name = "miniflare:zod", esModule = ${wranglersWorker("shared/zod.worker.js")}),
  ])],
);
const sluice :Workerd.Worker = (
  modules = [${modules(place).join(", ")}],
  compatibilityDate = ${text(COMPATIBILITY_DATE)},
  compatibilityFlags = ["enable_request_signal"],
  bindings = [
    ${bindings.join("\n    ")}
    (name = "DB", wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [
      (name = "fetcher", service = (name = "d1", props = (json = ${text(JSON.stringify({ MINIFLARE_NAMESPACE: databaseId() }))}))),
    ])),
    (name = "LIMITER", durableObjectNamespace = "Limiter"),
  ],
  durableObjectNamespaces = [(className = "Limiter", uniqueKey = "sluice-Limiter", enableSql = true)],
  durableObjectStorage = (localDisk = "limiters"),
  cacheApiOutbound = "cache",
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

/** What worker-build made, the entry first. */
function modules(place) {
  const kinds = { ".js": "esModule", ".wasm": "wasm" };
  const files = readdirSync(place).filter((name) => /\.(js|wasm)$/.test(name) && name !== "index.js");
  return ["index.js", ...files].map((name) => `(name = ${text(name)}, ${kinds[name.slice(name.lastIndexOf("."))]} = embed ${text(name)})`);
}
