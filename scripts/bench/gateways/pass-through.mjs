import { readFileSync } from "node:fs";
import { headersOf, pathOf } from "../requests.mjs";
import { startScript } from "../workerd.mjs";

const script = (name) => readFileSync(new URL(`workers/${name}.js`, import.meta.url), "utf8");

export const passThrough = {
  name: "pass-through",
  does: "A bare JavaScript Worker on plain workerd: `fetch` with the request's method, headers and body, and its answer as it is.",
  doesNot: "No authentication, no choice of a model or provider, no credential, no metering; it reads neither body.",
  available: () => null,
  serves: () => true,
  start: (run) => startPlain("pass-through", run),
};

export const jsPump = {
  name: "js-pump",
  does: "The same, but each chunk of the answer is read and written in JavaScript: the least that reading a stream can cost.",
  doesNot: "What the pass-through does not; it looks into no chunk.",
  available: () => null,
  serves: ({ stream }) => stream,
  start: (run) => startPlain("js-pump", run),
};

async function startPlain(name, { folder, upstream }) {
  const worker = await startScript(folder, script(name), upstream);
  return {
    ...worker,
    /** Nothing is translated here: a call goes in the upstream's protocol. */
    call: ({ upstream: protocol, pace }) => ({
      protocol,
      url: `${worker.url}${pace}/v1${pathOf(protocol)}`,
      headers: { ...headersOf(protocol), authorization: "Bearer sk-benchmark" },
      model: "bench-1",
    }),
  };
}
