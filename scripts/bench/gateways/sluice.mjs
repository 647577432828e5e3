// Sluice's release build on plain workerd, with everything on. D1 and the cache are wrangler's own, as `wrangler dev` runs
// them: workerd has neither without it. What wrangler puts between a Worker and the network, and in front of it, is not there.
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "../../places.mjs";
import { capture } from "../../process.mjs";
import { newAdminToken, newSealingKeys } from "../../setup/secrets.mjs";
import { Stop } from "../../stop.mjs";
import { wranglerCommand, wranglerEnv } from "../../wrangler.mjs";
import { sluiceVersion } from "../machine.mjs";
import { headersOf, pathOf } from "../requests.mjs";
import { PACES } from "../scenarios.mjs";
import { modulesIn, startWorkerd } from "../workerd.mjs";
import { DISKS, d1Config, sluiceConfig } from "./sluice-config.mjs";

const PROVIDERS = {
  chat_completions: { provider: "openai", openai_api_mode: "chat_completions" },
  responses: { provider: "openai", openai_api_mode: "responses" },
  anthropic_messages: { provider: "anthropic" },
};
const PRICES = { cost_per_1k_input: 0.00025, cost_per_1k_output: 0.002, cost_per_1k_cache_read: 0.000025 };
const FAR_LIMITS = { requests_per_minute: 1e9, tokens_per_minute: 1e9, budget_usd: 1e6, budget_period: "month" };

const DOES =
  "The release build: authentication, choice of model and provider, the unsealed credential, metering, price, a usage row a call, " +
  "written to D1; limits in a Durable Object where the token has any.";

/** Sluice from the folder of a build. */
export const sluiceFrom = (name, build, version = null) => ({
  name,
  does: DOES,
  doesNot: "Nothing is switched off. D1 is wrangler's local one, in a process beside it whose work counts as Sluice's.",
  available: () => (existsSync(join(build, "index_bg.wasm")) ? null : `${build} holds no Worker`),
  version: () => version,
  serves: () => true,
  prepare: (run) => prepare(run, build),
  start: (run, how) => startSluice(run, build, how),
});

export const sluice = sluiceFrom("sluice", inRoot("build"), sluiceVersion());

/** What a deployment has before its first call: a migrated database, and what an operator sets up over the admin API. */
async function prepare(run, build) {
  const state = join(run.folder, "prepared");
  rmSync(state, { recursive: true, force: true });
  await migrate(state);
  const secrets = { ADMIN_TOKEN: newAdminToken(), SEALING_KEYS: newSealingKeys() };
  const worker = await serve(run.folder, build, state, secrets);
  const admin = async (path, body) => {
    const headers = { authorization: `Bearer ${secrets.ADMIN_TOKEN}`, "content-type": "application/json" };
    const answer = await fetch(`${worker.url}/api/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const said = await answer.text();
    if (!answer.ok)
      throw new Stop(
        `Sluice could not be set up: POST /api/v1/${path} answered ${answer.status}: ${said}\n${worker.said()}`,
      );
    return JSON.parse(said);
  };
  try {
    for (const [pace, prefix] of Object.entries(PACES)) {
      for (const [protocol, kind] of Object.entries(PROVIDERS)) {
        const base_url = `${run.upstream}${prefix}/v1`;
        const { id } = await admin("providers", {
          ...kind,
          name: providerName(protocol, pace),
          base_url,
          api_key: `sk-${randomBytes(24).toString("hex")}`,
        });
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

async function startSluice(run, build, { counted = false } = {}) {
  const { state, secrets, token, limited } = run.prepared;
  const copy = join(run.folder, "state");
  rmSync(copy, { recursive: true, force: true });
  cpSync(state, copy, { recursive: true });
  const worker = await serve(run.folder, build, copy, secrets, counted);
  return {
    ...worker,
    /** What D1 was asked since the process began: `{ trips, statements }`. */
    asked: counted ? async () => (await fetch(worker.counter)).json() : undefined,
    call({ client, upstream, proxy, limits, pace }) {
      const provider = providerName(
        upstream,
        Object.keys(PACES).find((name) => PACES[name] === pace),
      );
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

/** D1 in a process of its own, as on Cloudflare it is a service of its own, and Sluice in another. */
async function serve(folder, build, state, secrets, counted = false) {
  const modules = modulesIn(build, "index.js", join(folder, "worker"), "worker/");
  const disks = join(state, "v3");
  for (const disk of DISKS) mkdirSync(join(disks, disk), { recursive: true });
  const d1 = await startWorkerd(join(folder, "d1"), d1Config({ disks, counted }), counted ? ["http", "counter"] : ["http"]);
  const variables = { ...secrets, ALLOW_PRIVATE_UPSTREAMS: "true" };
  const worker = await startWorkerd(folder, sluiceConfig({ modules, disks, variables, d1: new URL(d1.url).host })).catch(
    async (error) => {
      await d1.stop();
      throw error;
    },
  );
  return {
    ...worker,
    beside: d1.child,
    counter: d1.urls.counter,
    said: () => worker.said() + d1.said(),
    async stop() {
      await worker.stop();
      await d1.stop();
    },
  };
}
