import { readFileSync } from "node:fs";
import { join } from "node:path";
import { headersOf, pathOf } from "../requests.mjs";
import { find, missing, startServer } from "./installed.mjs";

const FILES = ["node_modules/@portkey-ai/gateway/build/start-server.js"];

export const portkey = {
  name: "portkey",
  does: "Portkey's open-source gateway on Node, headless. The client sends the provider, its address and its credential with each call.",
  doesNot:
    "No authentication of its own, no database, no metering. No streams: 1.15.2 as npm has it answers 500 to each of them.",
  available: () => missing("portkey", FILES),
  version: () => JSON.parse(readFileSync(join(find("portkey", FILES), "..", "..", "package.json"), "utf8")).version,
  serves: ({ client, upstream, stream, proxy, limits }) =>
    client === "chat_completions" && upstream === client && !stream && !proxy && !limits,
  async start({ upstream }) {
    const server = await startServer(
      "Portkey",
      process.execPath,
      (port) => [find("portkey", FILES), `--port=${port}`, "--headless"],
      { path: "/" },
    );
    return {
      ...server,
      call: ({ client, pace }) => ({
        protocol: client,
        url: `${server.url}/v1${pathOf(client)}`,
        headers: {
          ...headersOf(client),
          authorization: "Bearer sk-benchmark",
          "x-portkey-provider": "openai",
          "x-portkey-custom-host": `${upstream}${pace}/v1`,
        },
        model: "bench-1",
      }),
    };
  },
};
