// The console: TypeScript to static files in build/console, where wrangler.toml's [assets] looks for them. What the API takes
// and gives is read from openapi.json, so that no type is written twice.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { filesUnder, fingerprint } from "../fingerprint.mjs";
import { inRoot } from "../places.mjs";
import { Stop } from "../stop.mjs";
import { FACTS, SCHEMA, facts, schema } from "./console-api.mjs";
import { staticHeaders } from "./console-headers.mjs";

const INPUTS = ["console", "openapi.json", "package-lock.json", "scripts/build"];
const out = (...path) => inRoot("build", "console", ...path);
const stamp = inRoot("build", "console.json");

/** Builds unless build/console is current. `profile` is `release`, or `dev`: not minified, with source maps. */
export async function buildConsole(profile = "release") {
  await writeApi();
  const print = fingerprint([profile], INPUTS);
  if (readStamp().fingerprint === print && existsSync(out("index.html"))) return;

  const began = Date.now();
  rmSync(stamp, { force: true });
  const built = await bundle(profile);
  const names = built.files.map(({ name }) => name);
  mkdirSync(out("assets"), { recursive: true });
  for (const { name, bytes } of built.files) writeFileSync(out("assets", name), bytes);
  writeFileSync(out("index.html"), page(built));
  writeFileSync(out("_headers"), staticHeaders(names));
  for (const file of ["icon.svg"]) cpSync(inRoot("console", file), out(file));
  cpSync(inRoot("openapi.json"), out("openapi.json"));
  // Last, so that a page which was served a moment ago still finds what it names.
  for (const name of readdirSync(out("assets"))) if (!names.includes(name)) rmSync(out("assets", name));
  writeFileSync(stamp, JSON.stringify({ profile, fingerprint: print }));
  console.log(`Built the console in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
}

/** What build/console holds: `release`, `dev`, or nothing. */
export const builtConsole = () => readStamp().profile;

/** How many bytes a browser downloads that opens every screen, gzipped. */
export function consoleBytes(folder = out()) {
  const files = filesUnder(folder, ".").filter((file) => /\.(html|js|css|svg)$/.test(file));
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(join(folder, file)), { level: 9 }).length, 0);
}

/** The types and lists that are made of openapi.json. An unchanged file is left alone: `npm run dev` watches. */
async function writeApi() {
  const document = JSON.parse(readFileSync(inRoot("openapi.json"), "utf8"));
  for (const [file, make] of [[SCHEMA, schema], [FACTS, facts]]) {
    const path = inRoot("console", file);
    const kept = existsSync(path) ? readFileSync(path, "utf8") : "";
    const head = `// Made of openapi.json by scripts/build/console-api.mjs. ${fingerprint([], ["openapi.json", "scripts/build/console-api.mjs"])}\n`;
    if (kept.startsWith(head)) continue;
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, head + (await make(document)));
  }
}

async function bundle(profile) {
  const { build } = await import("esbuild");
  const release = profile === "release";
  const { outputFiles, metafile } = await build({
    absWorkingDir: inRoot("console"),
    entryPoints: { console: "src/main.tsx", theme: "src/theme.ts" },
    outdir: out("assets"),
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["chrome123", "firefox120", "safari17.5"],
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: release,
    sourcemap: release ? false : "linked",
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "silent",
    plugins: [screensStyles],
  }).catch((error) => {
    throw new Stop(`The console did not build:\n${error.message}`);
  });
  const entry = (source) => {
    const [file, { cssBundle }] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === source);
    return { js: basename(file), css: cssBundle && basename(cssBundle) };
  };
  return {
    files: outputFiles.map(({ path, contents }) => ({ name: basename(path), bytes: contents })),
    main: entry("src/main.tsx"),
    theme: entry("src/theme.ts"),
  };
}

/** `@import "screens"`: the style sheets that lie beside screens. esbuild loads none with a script that is loaded lazily. */
const screensStyles = {
  name: "screens-styles",
  setup({ onResolve, onLoad }) {
    const folder = inRoot("console", "src", "screens");
    onResolve({ filter: /^screens$/ }, () => ({ path: "screens", namespace: "styles" }));
    onLoad({ filter: /^screens$/, namespace: "styles" }, () => {
      const sheets = filesUnder(folder, ".").filter((file) => file.endsWith(".css"));
      return { contents: sheets.map((file) => `@import ${JSON.stringify(file)};\n`).join(""), loader: "css", resolveDir: folder };
    });
  },
};

/** index.html with the names that the bundle came to have. */
function page({ main, theme }) {
  const names = { "main.js": main.js, "main.css": main.css, "theme.js": theme.js };
  return readFileSync(inRoot("console", "index.html"), "utf8").replace(/\{\{(.+?)\}\}/g, (_, name) => `/assets/${names[name]}`);
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stamp, "utf8"));
  } catch {
    return {};
  }
}
