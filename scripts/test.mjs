// npm test: native tests, the Terraform provider's, the console's types, the release build, then everything that node:test runs
// against it. A failing stage does not hide what the others have to say, and any of them fails the whole.
import { buildConsole } from "./build/console.mjs";
import { buildExtensions } from "./build/extensions.mjs";
import { buildTerraformProvider, testTerraformProvider } from "./build/terraform.mjs";
import { buildWorker } from "./build/worker.mjs";
import { command } from "./command.mjs";
import { filesUnder } from "./fingerprint.mjs";
import { inRoot, root } from "./places.mjs";
import { teed } from "./process.mjs";
import { setUp } from "./setup.mjs";
import { ensureChromium } from "./setup/chromium.mjs";
import { projectNode } from "./setup/packages.mjs";
import { ensureSchemathesis } from "./setup/schemathesis.mjs";
import { ensureTerraform } from "./setup/terraform.mjs";
import { Stop } from "./stop.mjs";
import { wranglerEnv } from "./wrangler.mjs";

// The lines with which each runner sums up: one for each of cargo's test binaries, one block for node's.
const CARGO = /^(\x1b\[\d+m)?(test result:|error)/;
const CLOSING = {
  "cargo test": CARGO,
  "console": /./,
  "extensions": CARGO,
  "extensions' build": /./,
  "terraform": CARGO,
  "wasm build": /./,
  "node --test": /^(\x1b\[\d+m)?ℹ /,
};

command(async () => {
  const tools = await setUp();
  // A developer's machine may lack them; CI may not.
  for (const [ensure, tests] of [
    [ensureSchemathesis, "the tests that hold the Worker against openapi.json"],
    [ensureChromium, "the tests of the console"],
    [ensureTerraform, "the acceptance tests of the Terraform provider"],
  ]) {
    const { missing } = await ensure();
    if (missing && process.env.CI) throw new Stop(missing);
    if (missing) console.log(`${missing}\nWithout it, ${tests} are skipped.`);
  }
  const stages = [];

  console.log("\nNative tests: cargo test (about 2 minutes the first time) …");
  stages.push({ name: "cargo test", ...(await teed("cargo", ["test", "--locked"], { cwd: root, env: colourful() })) });

  console.log("\nThe Terraform provider: a debug build and its own tests (about 2 minutes the first time) …");
  const provider = await built("terraform", buildTerraformProvider);
  stages.push(provider.code === 0 ? { name: "terraform", ...(await testTerraformProvider(colourful())) } : provider);

  console.log("\nThe Worker, as it ships …");
  stages.push(await built("wasm build", () => buildWorker(tools)));

  console.log("\nThe extensions: their SDK and the examples …");
  const own = ["test", "--locked", "--workspace", "--exclude", "proxy-wasm-filter"];
  stages.push({ name: "extensions", ...(await teed("cargo", own, { cwd: inRoot("extensions"), env: colourful() })) });
  stages.push(await built("extensions' build", buildExtensions));

  console.log("\nThe console: its bundle and its types …");
  stages.push(await built("console", async () => {
    await buildConsole();
    const { code, output } = await teed(projectNode(), [inRoot("node_modules", "typescript", "bin", "tsc"), "--project", inRoot("console")], { cwd: root });
    if (code !== 0) throw new Stop(output);
  }));

  const files = ["tests/tooling", "tests/e2e"].flatMap((folder) => filesUnder(root, folder)).filter(isTest);
  console.log(`\nTooling and end-to-end tests: node --test, ${files.length} files …`);
  const node = await teed(projectNode(), ["--test", "--test-reporter=spec", ...files.map((file) => inRoot(file))], {
    cwd: root,
    env: wranglerEnv(),
  });
  stages.push({ name: "node --test", ...node });

  console.log("\nClosing lines");
  for (const { name, code, output } of stages) {
    console.log(`\n── ${name}: ${code === 0 ? "passed" : `FAILED, exit code ${code}`}`);
    console.log(output.split("\n").filter((line) => CLOSING[name].test(line)).join("\n"));
  }
  return stages.some(({ code }) => code !== 0) ? 1 : 0;
});

async function built(name, build) {
  try {
    await build();
    return { name, code: 0, output: "built" };
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    console.error(error.message);
    return { name, code: 1, output: error.message };
  }
}

const isTest = (file) => file.endsWith(".test.mjs");

// A pipe is between cargo and the terminal, which it would take for a log file.
const colourful = () => (process.stdout.isTTY ? { ...process.env, CARGO_TERM_COLOR: "always" } : process.env);
