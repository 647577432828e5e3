// The host as one text: what the Worker hands to the loader as `host.js`, beside the module as `extension.wasm`.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** @returns {Promise<string>} an ES module that imports `cloudflare:workers` and `./extension.wasm`, nothing else */
export const bundle = () => bundled("host.js", ["cloudflare:workers", "./extension.wasm"]);

/** @returns {Promise<string>} an ES module that exports `instrument` and `inspect`, and imports nothing */
export const bundleInstrument = () => bundled("instrument.js", []);

async function bundled(entry, external) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    external,
  });
  return outputFiles[0].text;
}
