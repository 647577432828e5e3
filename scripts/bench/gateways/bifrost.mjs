import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { headersOf, pathOf } from "../requests.mjs";
import { find, missing, startServer } from "./installed.mjs";

const FILES = process.platform === "win32" ? ["bifrost-http.exe"] : ["bifrost-http"];

export const bifrost = {
  name: "bifrost",
  does: "Bifrost's HTTP gateway in Go, configured by a file: one provider and its key, translation to and from its own form.",
  doesNot: "No virtual keys, no log store, no database.",
  available: () => missing("bifrost", FILES),
  version: () =>
    /v?(\d+\.\d+\.\d+)/.exec(execFileSync(find("bifrost", FILES), ["-version"], { encoding: "utf8" }))?.[1] ?? null,
  serves: ({ client, upstream, proxy, limits, judged }) =>
    client === "chat_completions" && upstream === client && !proxy && !limits && !judged,
  async start({ folder, upstream }) {
    const data = join(folder, "data");
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { recursive: true });
    const keys = [{ name: "bench", value: "sk-benchmark", models: ["*"], weight: 1 }];
    const config = {
      client: { enable_logging: false },
      providers: { openai: { keys, network_config: { base_url: upstream } } },
      config_store: { enabled: false },
    };
    writeFileSync(join(data, "config.json"), JSON.stringify(config));
    const args = (port) => ["-app-dir", data, "-host", "127.0.0.1", "-port", String(port), "-log-level", "error"];
    const server = await startServer("Bifrost", find("bifrost", FILES), args, { path: "/health" });
    return {
      ...server,
      call: ({ client }) => ({
        protocol: client,
        url: `${server.url}/v1${pathOf(client)}`,
        headers: headersOf(client),
        model: "openai/bench-1",
      }),
    };
  },
};
