// The two programs of bench/: the upstream and the load.
import { createInterface } from "node:readline";
import { inRoot } from "../places.mjs";
import { capture, run, start, stop } from "../process.mjs";
import { Stop } from "../stop.mjs";

const binary = (name) => inRoot("bench", "target", "release", process.platform === "win32" ? `${name}.exe` : name);

export async function buildNative() {
  const args = [
    "build",
    "--locked",
    "--release",
    "--quiet",
    "--manifest-path",
    inRoot("bench", "Cargo.toml"),
    "--target-dir",
    inRoot("bench", "target"),
  ];
  await run("cargo", args, { cwd: inRoot(), failure: "The benchmark's own programs do not build (see above)." });
}

/** `{ url, calls(), stop() }`: an upstream that ends with us. */
export async function startUpstream() {
  const child = start(binary("upstream"), [], { stdio: ["pipe", "pipe", "inherit"] });
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (!value) throw new Stop("The benchmark's upstream did not start.");
  const url = `http://127.0.0.1:${JSON.parse(value).port}`;
  const calls = async () => (await (await fetch(`${url}/calls`)).json()).calls;
  return { url, calls, stop: () => stop(child) };
}

/** Asks, and says what came of it: bench/src/bin/load.rs has what goes in and what comes out. */
export async function load(asked) {
  const { code, stdout, stderr } = await capture(binary("load"), [], { input: JSON.stringify(asked) });
  if (code !== 0) throw new Stop(`The benchmark's load ended with exit code ${code}:\n${stderr}`);
  return JSON.parse(stdout);
}
