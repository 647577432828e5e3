// node scripts/fuzz.mjs [seconds per target] [target …]: libFuzzer, guided by coverage, on stable Rust. What is found is kept
// in fuzz/regressions, where every run and `cargo test` try it again.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { command } from "./command.mjs";
import { filesUnder } from "./fingerprint.mjs";
import { inRoot, root } from "./places.mjs";
import { capture, run } from "./process.mjs";
import { ensureRust } from "./setup/rust.mjs";
import { Stop } from "./stop.mjs";

const TARGETS = ["sse", "aws_event_stream", "requests", "answers", "streams"];

// LLVM's coverage passes are stable flags of codegen; the `-Zsanitizer` that would set them is not. No sanitizer is needed:
// the product forbids `unsafe`.
const COVERAGE = [
  "-Cpasses=sancov-module",
  "-Cllvm-args=-sanitizer-coverage-level=4",
  "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
  "-Cllvm-args=-sanitizer-coverage-pc-table",
  "-Cllvm-args=-sanitizer-coverage-trace-compares",
  "--cfg=fuzzing",
];

// Larger than the largest fixture, which would be cut otherwise. What takes ten seconds or a gibibyte for so little is a finding.
const LIMITS = ["-max_len=32768", "-timeout=10", "-rss_limit_mb=1024"];

command(async () => {
  const [seconds = "60", ...named] = process.argv.slice(2);
  const unknown = named.find((target) => !TARGETS.includes(target));
  if (unknown || !/^[1-9]\d*$/.test(seconds)) {
    throw new Stop(`node scripts/fuzz.mjs [seconds per target] [target …]; the targets are ${TARGETS.join(", ")}.`);
  }
  await ensureRust();
  await ensureCompiler();
  const folder = await build();
  const targets = named.length > 0 ? named : TARGETS;
  console.log(`\nFuzzing ${targets.length} targets, ${seconds} s each …`);
  const results = await inParallel(targets, (target) => fuzz(folder, target, seconds));
  const found = results.filter(({ finding }) => finding);
  for (const { target, finding, file } of found) {
    console.log(`\n── ${target}\n${finding}`);
    console.log(file ? `The input is ${file}: commit it with the repair.` : "No input was kept: see above.");
    console.log("To try it again: cargo test --test fuzz -- what_was_found_once");
  }
  return found.length > 0 ? 1 : 0;
});

/** libFuzzer is C++, which its crate compiles. */
async function ensureCompiler() {
  if (process.platform === "win32") return;
  const compiler = process.env.CXX || "c++";
  const { code } = await capture(compiler, ["--version"]);
  if (code !== 0) {
    throw new Stop(
      `The C++ compiler is missing: \`${compiler} --version\` does not run. libFuzzer is built with it: install g++ or clang ` +
        "(Debian, Ubuntu: `apt-get install g++`; macOS: `xcode-select --install`), or name yours in CXX.",
    );
  }
}

/** Builds all targets; returns the folder that they are in. */
async function build() {
  const { stdout } = await capture("rustc", ["-vV"], { cwd: root });
  const host = /^host: (\S+)/m.exec(stdout)?.[1];
  if (!host) throw new Stop("rustc does not say what machine it builds for.");
  console.log("Building the fuzz targets (about a minute the first time) …");
  // With a target named, the flags are not for build scripts, which could not be linked.
  const args = ["build", "--locked", "--release", "--bins", "--target", host];
  await run("cargo", [...args, "--manifest-path", inRoot("fuzz", "Cargo.toml"), "--target-dir", inRoot("fuzz", "target")], {
    cwd: root,
    env: { ...process.env, CARGO_ENCODED_RUSTFLAGS: COVERAGE.join("\x1f") },
    failure:
      "The fuzz targets cannot be built. If the product's dependencies have changed: " +
      "`cargo update --workspace --manifest-path fuzz/Cargo.toml`.",
  });
  return inRoot("fuzz", "target", host, "release");
}

async function fuzz(folder, target, seconds) {
  const binary = join(folder, process.platform === "win32" ? `${target}.exe` : target);
  const regressions = inRoot("fuzz", "regressions", target);
  const seeds = inRoot("fuzz", "target", "seeds", target);
  const corpus = inRoot("fuzz", "target", "corpus", target);
  mkdirSync(regressions, { recursive: true });
  mkdirSync(corpus, { recursive: true });
  sow(target, seeds);

  // Apart from the rest, because a corpus' files are not kept again when they fail.
  for (const name of readdirSync(regressions)) {
    const { code, stderr } = await capture(binary, [...LIMITS, join(regressions, name)], { cwd: root });
    if (code !== 0) return report(target, { finding: words(stderr), file: `fuzz/regressions/${target}/${name}` }, stderr);
  }
  const flags = [...LIMITS, `-max_total_time=${seconds}`, "-print_final_stats=1", `-artifact_prefix=${regressions}/`];
  if (process.env.FUZZ_SEED) flags.push(`-seed=${process.env.FUZZ_SEED}`);
  const { code, stderr } = await capture(binary, [...flags, corpus, seeds], { cwd: root });
  if (code === 0) return report(target, {}, stderr);
  const kept = /Test unit written to \S*[\\/]([\w-]+)/.exec(stderr)?.[1];
  return report(target, { finding: words(stderr), file: kept && `fuzz/regressions/${target}/${kept}` }, stderr);
}

/** Says in one line how a target did. */
function report(target, { finding, file }, log) {
  const last = (pattern) => [...log.matchAll(pattern)].at(-1)?.[1] ?? "?";
  const executions = last(/(?:^#|number_of_executed_units: )(\d+)/gm);
  const seed = last(/^INFO: Seed: (\d+)/gm);
  const sum = [`${executions} executions`, `coverage ${last(/ cov: (\d+)/g)}`, `corpus ${last(/ corp: (\d+)/g)}`, `seed ${seed}`];
  console.log(`${target.padEnd(16)} ${sum.join(", ")}: ${finding ? "A FINDING" : "nothing found"}`);
  return { target, finding, file };
}

/** What a failed run says, without the input's bytes and libFuzzer's own progress. */
function words(log) {
  const lines = log.split("\n");
  const at = lines.findIndex((line) => /panicked at|ERROR: libFuzzer/.test(line));
  return (at < 0 ? lines.slice(-20) : lines.slice(at, at + 20)).map((line) => line.slice(0, 2000)).join("\n");
}

/** Writes what a target starts from: the golden fixtures, whose folders name their protocols. */
function sow(target, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, input] of seedsOf(target)) writeFileSync(join(folder, name), input);
}

function seedsOf(target) {
  const [area, extensions] = {
    sse: ["answers", ["sse"]],
    requests: ["requests", ["json"]],
    answers: ["answers", ["json"]],
    streams: ["answers", ["sse", "jsonl"]],
    // Its frames are built by its own mutations, because they have checksums.
    aws_event_stream: ["", []],
  }[target];
  const golden = (extensions.length > 0 ? filesUnder(root, "tests/golden") : [])
    .map((path) => path.split(/[\\/]/))
    .filter((path) => path.at(-3) === area && extensions.includes(path.at(-1).split(".").at(-1)));
  const text = (path) => readFileSync(inRoot(...path));
  if (target === "sse") return golden.map((path) => [path.slice(-2).join("-"), text(path)]);
  return [...golden.flatMap((path) => asked(path.at(-2), text(path), path.at(-1), area)), ...spare(area)];
}

/** An upstream's answer is the answer to a plain question and to one with much to undo. */
const asked = (protocol, text, name, area) =>
  (area === "answers" ? ["", " rich"] : [""]).map((ask) => [
    `${protocol}${ask.trim()}-${name}`,
    Buffer.concat([Buffer.from(`${protocol}${ask}\n`), text]),
  ]);

/** One input of each protocol, for a clone without fixtures. */
const spare = (area) =>
  area === "" ? [] : ["chat_completions", "responses", "anthropic_messages", "gemini", "bedrock_converse"].map((protocol) => [protocol, `${protocol}\n{}`]);

/** As many at a time as there are cores. */
async function inParallel(items, work) {
  const results = [];
  const rest = [...items.entries()];
  const worker = async () => {
    for (let next = rest.shift(); next; next = rest.shift()) results[next[0]] = await work(next[1]);
  };
  const cores = typeof availableParallelism === "function" ? availableParallelism() : cpus().length;
  await Promise.all(Array.from({ length: cores }, worker));
  return results;
}
