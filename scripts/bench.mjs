// npm run bench: what the gateway costs, beside what a gateway costs at least. BENCHMARKS.md has the method.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { resultsOf, withResults } from "./bench/document.mjs";
import { GATEWAYS } from "./bench/gateways/all.mjs";
import { sluiceFrom } from "./bench/gateways/sluice.mjs";
import { commit, load, machine, versions } from "./bench/machine.mjs";
import { buildNative, startUpstream } from "./bench/native.mjs";
import { HELP, parseOptions } from "./bench/options.mjs";
import { measurable } from "./bench/processes.mjs";
import { runRounds, timing } from "./bench/rounds.mjs";
import { SCENARIOS } from "./bench/scenarios.mjs";
import { forTerminal, tablesOf } from "./bench/tables.mjs";
import { buildWorker } from "./build/worker.mjs";
import { command } from "./command.mjs";
import { inRoot } from "./places.mjs";
import { setUp } from "./setup.mjs";
import { Stop } from "./stop.mjs";

const DOCUMENT = inRoot("BENCHMARKS.md");

/** A load of the machine from which on a run should be made again at another time. */
const BUSY = 0.7;

command(async () => {
  const options = parseOptions(process.argv.slice(2), GATEWAYS);
  if (options.help) return void console.log(HELP);
  if (options.list) return void list();
  if (typeof options.write === "string") return void write(JSON.parse(readFileSync(options.write, "utf8")));

  const raw = await measured(options);
  for (const table of tablesOf(raw)) console.log(forTerminal(table));
  keep(raw, options);
  if (options.write) write(raw);
  const broken = raw.measurements.filter(({ faults }) => faults.length > 0);
  if (broken.length > 0)
    console.log(`\n${broken.length} of ${raw.measurements.length} measurements have faults: see below their tables.`);
  return broken.length > 0 ? 1 : 0;
});

function list() {
  for (const { name, title } of SCENARIOS) console.log(`${name.padEnd(20)} ${title}`);
  console.log();
  for (const { name, available } of GATEWAYS) console.log(`${name.padEnd(20)} ${available() ?? "can be measured"}`);
}

async function measured(options) {
  await buildWorker(await setUp());
  await buildNative();
  options.seed ??= Date.now() % 1_000_000_007;

  const wanted = GATEWAYS.filter(({ name }) => options.gateways.includes(name));
  if (options.against) wanted.push(sluiceFrom("against", resolve(options.against)));
  const skipped = wanted.map(({ name, available }) => ({ name, why: available() })).filter(({ why }) => why);
  const gateways = wanted.filter(({ name }) => !skipped.some((one) => one.name === name));
  const scenarios = SCENARIOS.filter(({ name }) => options.scenarios.includes(name));
  for (const { name, why } of skipped) console.log(`Skipped: ${name} (${why}).`);
  if (!measurable) console.log("CPU and memory are not measured: they are read from Linux's /proc.");
  console.log(
    `Seed ${options.seed}; ${options.rounds} rounds of ${options.seconds} s; ${gateways.map(({ name }) => name).join(", ")}.\n`,
  );

  const loadBefore = load();
  if (loadBefore > BUSY)
    console.log(`The machine is busy (load ${loadBefore}): what is absolute means little, and brackets will be wide.\n`);
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  const upstream = await startUpstream();
  const when = new Date().toISOString();
  const measurements = await runRounds({ gateways, scenarios, options, upstream, folder, each: say });
  await upstream.stop();
  return {
    when,
    commit: await commit(),
    machine: { ...machine(), load_before: loadBefore },
    versions: await versions(),
    options: { rounds: options.rounds, ...timing(options), seconds: options.seconds, seed: options.seed },
    gateways: gateways.map(({ name, does, doesNot, version }) => ({
      name,
      version: version?.() ?? null,
      does,
      does_not: doesNot,
    })),
    skipped,
    scenarios,
    measurements,
  };
}

/** One measurement in a line, as it comes. */
function say({ scenario, round, gateway, faults, ...one }) {
  const share =
    one.events > 0 ? [one.cpu_us_per_event, "µs/event"] : [one.cpu_ms_per_call && one.cpu_ms_per_call * 1000, "µs/call"];
  const figures = one.start_to_answer_ms
    ? `${one.start_to_answer_ms.toFixed(0)} ms to the first answer`
    : `${one.per_second.toFixed(0).padStart(6)} calls/s, CPU ${share[0]?.toFixed(1) ?? "–"} ${share[1]}`;
  console.log(
    `${scenario.padEnd(20)} ${round}  ${gateway.padEnd(13)} ${figures}${faults.length > 0 ? `  FAULTS: ${faults.join("; ")}` : ""}`,
  );
}

/** The raw numbers, in a file that git ignores unless they are worth keeping. */
function keep(raw, { save }) {
  const folder = save ? ["bench", "results"] : ["bench", "out"];
  const name = save ? `${raw.when.slice(0, 10)}-${raw.commit}.json` : "last.json";
  mkdirSync(inRoot(...folder), { recursive: true });
  writeFileSync(inRoot(...folder, name), `${JSON.stringify(raw, null, 1)}\n`);
  console.log(`\nThe raw numbers are in ${[...folder, name].join("/")}.`);
}

function write(raw) {
  if (!Array.isArray(raw.measurements)) throw new Stop("That file holds no raw numbers of a run.");
  writeFileSync(DOCUMENT, withResults(readFileSync(DOCUMENT, "utf8"), resultsOf(raw)));
  console.log("BENCHMARKS.md has these results.");
}
