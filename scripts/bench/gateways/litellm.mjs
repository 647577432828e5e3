import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { headersOf, pathOf } from "../requests.mjs";
import { PACES } from "../scenarios.mjs";
import { find, missing, startServer } from "./installed.mjs";

const FILES = process.platform === "win32" ? ["Scripts/litellm.exe", "litellm.exe"] : ["bin/litellm", "litellm"];
/** It would ask its maker for its prices otherwise. */
const OFFLINE = { LITELLM_LOCAL_MODEL_COST_MAP: "True", LITELLM_LOG: "ERROR" };
const MASTER_KEY = "sk-benchmark-of-litellm";

export const litellm = {
  name: "litellm",
  does: "LiteLLM's proxy, one worker, no database: a master key, models from a file, translation to and from its own form.",
  doesNot: "No virtual keys, no spend in a database, which would need PostgreSQL.",
  available: () => missing("litellm", FILES),
  version: () =>
    /(\d+\.\d+\.\d+)/.exec(execFileSync(find("litellm", FILES), ["--version"], { encoding: "utf8", env: { ...process.env, ...OFFLINE } }))?.[1] ??
    null,
  // A call of its takes so long that each scenario more is minutes more: whole answers and a stream say what there is to say.
  serves: ({ name }) => ["unary-chat-1k", "stream-chat"].includes(name),
  async start({ folder, upstream }) {
    const file = join(folder, "config.yaml");
    const models = Object.entries(PACES).map(([pace, prefix]) => ({
      model_name: `bench-${pace}`,
      litellm_params: { model: "openai/bench-1", api_base: `${upstream}${prefix}/v1`, api_key: "sk-benchmark" },
    }));
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ model_list: models, general_settings: { master_key: MASTER_KEY } }));
    const args = (port) => [
      "--config",
      file,
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--num_workers",
      "1",
      "--telemetry",
      "False",
    ];
    const server = await startServer("LiteLLM", find("litellm", FILES), args, {
      path: "/health/liveliness",
      env: OFFLINE,
      cwd: folder,
    });
    return {
      ...server,
      call: ({ client, pace }) => ({
        protocol: client,
        url: `${server.url}/v1${pathOf(client)}`,
        headers: { ...headersOf(client), authorization: `Bearer ${MASTER_KEY}` },
        model: `bench-${Object.keys(PACES).find((name) => PACES[name] === pace)}`,
      }),
    };
  },
};
