// Who runs an extension: an isolate of its own for what was uploaded, this one for what is bundled with the Worker.
import { BUNDLED, HOST, HOST_ID } from "virtual:sluice-host";
import { Extension, FUEL_PER_MS } from "../host/extension.js";
import { Failure } from "../host/failure.js";
import { fromBase64, sha256 } from "./bytes.js";

/** What a loaded isolate may do that the platform dates. */
const COMPATIBILITY_DATE = "2026-11-01";

/** CPU of an isolate that reads a stream: each of its events has its own fuel, and a stream has many. */
const STREAM_CPU_MS = 30_000;

/** What code may take beside its hook, for JSON and the crossing. */
const CPU_BESIDE_MS = 250;

/** Bundled ones of this isolate, by id, with the version that they were made for. */
const here = new Map();
const MOST_HERE = 64;

/** Whether uploaded extensions can run in this deployment. */
export const canLoad = (env) => env.EXTENSIONS !== undefined;

export const unavailable = () =>
  new Failure("unavailable", "this deployment cannot run uploaded extensions: it has no binding `EXTENSIONS`");

/** The names of what is bundled. */
export const bundledNames = () => Object.keys(BUNDLED);

/**
 * @param {{id: string, version: number, bundled: string | null, code: string | null, config: object, time_limit_ms: number,
 *   hooks: string[]}} extension
 * @param {() => Promise<ArrayBuffer>} code reads what is to run, where this isolate has not loaded it yet
 * @returns what has `describe`, `hook`, `events` and `passedOver`
 */
export function runner(env, extension, code) {
  const settings = { config: JSON.stringify(extension.config), limits: { fuel: extension.time_limit_ms * FUEL_PER_MS } };
  if (extension.bundled !== null) return bundled(extension, settings);
  if (!canLoad(env)) throw unavailable();
  const id = `${extension.id}.${extension.version}.${extension.code}.${HOST_ID}`;
  const stub = env.EXTENSIONS.get(id, async () => ({
    compatibilityDate: COMPATIBILITY_DATE,
    mainModule: "host.js",
    modules: { "host.js": HOST, "extension.wasm": { wasm: await code() } },
    env: { CONFIG: settings.config, LIMITS: settings.limits },
    globalOutbound: null,
    limits: { cpuMs: extension.hooks.includes("event") ? STREAM_CPU_MS : extension.time_limit_ms + CPU_BESIDE_MS },
  }));
  return stub.getEntrypoint();
}

function bundled({ id, version, bundled: name }, settings) {
  const known = here.get(id);
  if (known?.version === version) return known.extension;
  const module = BUNDLED[name];
  if (module === undefined) throw new Failure("unavailable", `this version of the Worker has no bundled extension \`${name}\``);
  const extension = new Extension(module, settings);
  if (here.size >= MOST_HERE) here.clear();
  here.set(id, { version, extension });
  return extension;
}

/** Reads code from D1. @throws {Failure} `tampered` where it is not what was stored */
export async function storedCode(env, sql, hash) {
  const { results } = await env.DB.prepare(sql).bind(hash).all();
  const bytes = fromBase64(results.map(({ part }) => JSON.parse(part)).join(""));
  if ((await sha256(bytes)) !== hash) throw new Failure("tampered", "its code is not what was stored");
  return bytes.buffer;
}
