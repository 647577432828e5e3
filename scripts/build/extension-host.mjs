// build/extensions.js: what runs extensions in the Worker, with the host's text for isolates of their own, and the modules of
// extensions/bundled. Rust imports it under a name of its own, which becomes the file's here.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../fingerprint.mjs";
import { inRoot } from "../places.mjs";

/** What Rust calls it (src/edge/extensions.rs): worker-build leaves imports alone that begin like the platform's own. */
const IMPORT = "cloudflare:sluice-extensions";
const FILE = "./extensions.js";

const INPUTS = ["extensions/host", "extensions/worker", "extensions/bundled", "package-lock.json", "scripts/build"];

/** Builds unless build/extensions.js is current. */
export async function buildExtensionHost(folder = inRoot("build")) {
  const print = `// ${fingerprint([], INPUTS)}\n`;
  const file = join(folder, FILE);
  if (existsSync(file) && readFileSync(file, "utf8").startsWith(print)) return;
  writeFileSync(file, print + (await bundled(folder, inRoot("extensions", "bundled"))));
}

/** The Worker's own script, naming the file. */
export function withExtensionHost(script) {
  if (!script.includes(JSON.stringify(IMPORT))) throw new Error(`build/index.js does not import ${IMPORT}`);
  return script.replace(JSON.stringify(IMPORT), JSON.stringify(FILE));
}

/** The script, with the modules of a folder beside it. */
export async function bundled(folder, modules) {
  const { build } = await import("esbuild");
  const { bundle } = await import("../../extensions/host/bundle.mjs");
  const host = await bundle();
  const wasm = await bundledModules(folder, modules);
  const names = Object.keys(wasm);
  const virtual = [
    ...names.map((name, at) => `import m${at} from "./bundled/${name}.wasm";`),
    `export const HOST = ${JSON.stringify(host)};`,
    `export const HOST_ID = ${JSON.stringify(createHash("sha256").update(host).digest("hex").slice(0, 12))};`,
    `export const BUNDLED = { ${names.map((name, at) => `${JSON.stringify(name)}: m${at}`).join(", ")} };`,
    `export const BUNDLED_FACTS = ${JSON.stringify(wasm)};`,
  ].join("\n");
  const { outputFiles } = await build({
    entryPoints: [inRoot("extensions", "worker", "index.js")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    minify: true,
    legalComments: "none",
    external: ["./bundled/*"],
    plugins: [{
      name: "sluice-host",
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /^virtual:sluice-host$/ }, ({ path }) => ({ path, namespace: "sluice" }));
        onLoad({ filter: /.*/, namespace: "sluice" }, () => ({ contents: virtual, loader: "js" }));
      },
    }],
  });
  return outputFiles[0].text;
}

/** Instruments each `.wasm` of a folder into `bundled/`, as an upload is, and says what it is. */
async function bundledModules(folder, modules) {
  const files = existsSync(modules) ? readdirSync(modules).filter((name) => name.endsWith(".wasm")).sort() : [];
  if (files.length === 0) return {};
  const { inspect, instrument } = await import("../../extensions/host/instrument.js");
  mkdirSync(join(folder, "bundled"), { recursive: true });
  const facts = {};
  for (const file of files) {
    const bytes = new Uint8Array(readFileSync(join(modules, file)));
    const { kind, problems } = inspect(bytes);
    if (problems.length > 0) throw new Error(`extensions/bundled/${file}: ${problems.join("; ")}`);
    writeFileSync(join(folder, "bundled", file), instrument(bytes));
    facts[file.slice(0, -".wasm".length)] = { kind, sha256: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length };
  }
  return facts;
}
