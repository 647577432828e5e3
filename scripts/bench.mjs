// npm run bench: what the gateway costs, beside what a gateway costs at least. BENCHMARKS.md has the method.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GATEWAYS } from "./bench/gateways/all.mjs";
import { buildNative, startUpstream } from "./bench/native.mjs";
import { HELP, parseOptions } from "./bench/options.mjs";
import { runRounds } from "./bench/rounds.mjs";
import { SCENARIOS } from "./bench/scenarios.mjs";
import { ratios, spread } from "./bench/statistics.mjs";
import { buildWorker } from "./build/worker.mjs";
import { command } from "./command.mjs";
import { setUp } from "./setup.mjs";

command(async () => {
  const options = parseOptions(process.argv.slice(2), GATEWAYS);
  if (options.help) return void console.log(HELP);
  await buildWorker(await setUp());
  await buildNative();
  options.seed ??= Date.now() % 1_000_000_007;
  console.log(`Seed ${options.seed}.`);
  const scenarios = SCENARIOS.filter(({ name, judged }) => options.scenarios.includes(name) && judged !== "cold");
  const gateways = GATEWAYS.filter(({ name }) => options.gateways.includes(name));
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const upstream = await startUpstream();
  try {
    const each = (one) =>
      console.log(`${one.scenario} round ${one.round} ${one.gateway.padEnd(12)} ${one.per_second.toFixed(0)} req/s, p50 ${(one.latency_us.p50 / 1000).toFixed(2)} ms, CPU ${one.cpu_ms_per_call?.toFixed(4)} ms/call, ${one.cpu_us_per_event?.toFixed(2) ?? "-"} µs/event, peak ${(one.peak_bytes / 2 ** 20).toFixed(0)} MiB ${one.faults.join("; ")}`);
    const measurements = await runRounds({ gateways, scenarios, options, upstream, folder, each });
    for (const scenario of scenarios)
      for (const { name } of gateways) {
        const mine = measurements.filter((one) => one.scenario === scenario.name);
        console.log(scenario.name, name, spread(ratios(mine, name, "pass-through", (one) => one.cpu_ms_per_call)));
      }
  } finally {
    await upstream.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
