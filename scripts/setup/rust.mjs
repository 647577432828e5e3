// Rust itself is the one thing that the set-up does not bring: it says how to get it. The wasm target it adds.
import { existsSync, readFileSync } from "node:fs";
import { inRoot } from "../places.mjs";
import { capture, run } from "../process.mjs";
import { Stop } from "../stop.mjs";
import { atLeast, field } from "./locked.mjs";

const TARGET = "wasm32-unknown-unknown";

export async function ensureRust() {
  const rustc = await capture("rustc", ["--version"]);
  if (rustc.code === 127) {
    throw new Stop("Rust is missing: install it from https://rustup.rs, open a new terminal, and run this again.");
  }
  const version = /^rustc (\S+)/.exec(rustc.stdout)?.[1];
  if (!version) throw new Stop("rustup has no toolchain yet: run `rustup default stable`, then this again.");

  const needed = field(readFileSync(inRoot("Cargo.toml"), "utf8"), "rust-version");
  if (!atLeast(version, needed)) {
    throw new Stop(`Rust ${version} is too old, ${needed} is needed: run \`rustup update stable\`, then this again.`);
  }

  await ensureTarget(TARGET);
}

/** Adds a target unless it is there. */
export async function ensureTarget(target) {
  const { stdout } = await capture("rustc", ["--print", "target-libdir", "--target", target], { cwd: inRoot() });
  if (existsSync(stdout.trim())) return;
  const rustup = await capture("rustup", ["--version"]);
  if (rustup.code !== 0) {
    throw new Stop(`This Rust has no ${target} target, and rustup is missing: install Rust from https://rustup.rs.`);
  }
  console.log(`Adding Rust's ${target} target (a few seconds) …`);
  await run("rustup", ["target", "add", target], {
    cwd: inRoot(),
    failure: `rustup could not add the target: run \`rustup target add ${target}\`, then this again.`,
  });
}
