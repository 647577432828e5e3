// Scenario by scenario, round by round, gateway by gateway: one of them runs at a time, in another order each round.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { measure } from "./measure.mjs";
import { random, shuffled } from "./statistics.mjs";

/** Calls `each` with every measurement as it comes; returns all of them. */
export async function runRounds({ gateways, scenarios, options, upstream, folder, each }) {
  const next = random(options.seed);
  const prepared = new Map();
  const run = (gateway) => ({ folder: place(folder, gateway), upstream: upstream.url, prepared: prepared.get(gateway.name) });
  for (const gateway of gateways) if (gateway.prepare) prepared.set(gateway.name, await gateway.prepare(run(gateway)));

  const measurements = [];
  for (const scenario of scenarios) {
    const able = gateways.filter((gateway) => gateway.serves(scenario));
    for (let round = 1; round <= options.rounds; round++) {
      for (const [order, gateway] of shuffled(able, next).entries()) {
        const started = await gateway.start(run(gateway));
        try {
          const how = { upstream, seconds: options.seconds, warmUp: Math.max(2, options.seconds / 2) };
          const measurement = { scenario: scenario.name, gateway: gateway.name, round, order, ...(await measure(started, scenario, how)) };
          measurements.push(measurement);
          each(measurement);
        } finally {
          await started.stop();
        }
      }
    }
  }
  return measurements;
}

function place(folder, { name }) {
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  return own;
}
