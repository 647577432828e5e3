import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { headersOf, pathOf } from "../requests.mjs";
import { COMPATIBILITY_DATE, modulesIn, startWorkerd, text } from "../workerd.mjs";
import { find, missing, peerFolder } from "./installed.mjs";

// worker-build has changed the entry's name.
const FILES = ["build/worker/shim.mjs", "build/index.js"];

export const noveum = {
  name: "noveum",
  does: "Noveum's Rust Worker on plain workerd: the client names the provider and brings its credential, the body is read and checked.",
  doesNot: "No authentication of its own, no database; its guard's policies are empty.",
  available: () => missing("noveum", FILES),
  version: () => /^version = "([^"]+)"/m.exec(readFileSync(join(peerFolder("noveum"), "Cargo.toml"), "utf8"))?.[1] ?? null,
  serves: ({ client, upstream, proxy, limits, judged }) =>
    client === "chat_completions" && upstream === client && !proxy && !limits && !judged,
  async start({ folder, upstream }) {
    const entry = find("noveum", FILES);
    // Its upstreams are a fixed list, so that its way out leads to ours, whatever it asks for.
    const worker = await startWorkerd(
      folder,
      `const config :Workerd.Config = (
  services = [(name = "worker", worker = .worker), (name = "upstream", external = (address = ${text(new URL(upstream).host)}, http = ()))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  modules = [${modulesIn(dirname(entry), entry, join(folder, "worker"), "worker/")}],
  compatibilityDate = ${text(COMPATIBILITY_DATE)},
  bindings = [(name = "NOVEUM_GUARD_ENABLED", text = "true"), (name = "NOVEUM_GUARD_POLICIES", text = "")],
  globalOutbound = "upstream",
);
`,
    );
    return {
      ...worker,
      call: ({ client }) => ({
        protocol: client,
        url: `${worker.url}/v1${pathOf(client)}`,
        headers: { ...headersOf(client), authorization: "Bearer sk-benchmark", "x-provider": "openai" },
        model: "bench-1",
      }),
    };
  },
};
