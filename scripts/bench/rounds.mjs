// Scenario by scenario, round by round, gateway by gateway: one of them runs at a time, in another order each round.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { measureStart } from "./cold.mjs";
import { measure } from "./measure.mjs";
import { random, shuffled } from "./statistics.mjs";

/** Starts of a gateway in one round: a start is short, and one says little. */
const STARTS = 3;

/** Calls `each` with every measurement as it comes; returns all of them. */
export async function runRounds({ gateways, scenarios, options, upstream, folder, each }) {
  const next = random(options.seed);
  const prepared = new Map();
  const run = ({ name }) => {
    const own = join(folder, name);
    mkdirSync(own, { recursive: true });
    return { folder: own, upstream: upstream.url, prepared: prepared.get(name) };
  };
  for (const gateway of gateways) if (gateway.prepare) prepared.set(gateway.name, await gateway.prepare(run(gateway)));

  const measurements = [];
  for (const scenario of scenarios) {
    const able = gateways.filter((gateway) => gateway.serves(scenario));
    for (let round = 1; round <= options.rounds; round++) {
      for (const [order, gateway] of shuffled(able, next).entries()) {
        const cold = scenario.judged === "cold";
        for (let start = 0; start < (cold ? STARTS : 1); start++) {
          // The counter before D1 costs something, so that the last start counts and the others are timed.
          const counted = cold && start === STARTS - 1;
          const started = await gateway.start(run(gateway), { counted });
          try {
            const measured = cold ? await measureStart(started, scenario) : await measure(started, scenario, { upstream, ...timing(options) });
            const measurement = { scenario: scenario.name, gateway: gateway.name, round, order, ...(cold && { start, counted }), ...measured };
            measurements.push(measurement);
            each(measurement);
          } finally {
            await started.stop();
          }
        }
      }
    }
  }
  return measurements;
}

/**
 * An engine compiles what runs often, so that a gateway needs a while until it is as fast as it gets: this many seconds, and as many
 * calls as wasm takes until nothing of it is slow any more.
 */
export const timing = ({ seconds }) => ({ seconds, warmUp: { seconds: Math.max(2, seconds / 2), calls: 4000 } });
