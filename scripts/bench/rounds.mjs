// Scenario by scenario and round by round: the gateways are begun anew, warmed up, and then loaded in turn, one at a time, for a
// second or so each, in another order each time. So whatever else the machine does meets all of them alike.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { measureStart } from "./cold.mjs";
import { begin } from "./measure.mjs";
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
    const measureRound = scenario.judged === "cold" ? starts : turns;
    for (let round = 1; round <= options.rounds; round++) {
      for await (const measured of measureRound({ able, scenario, run, next, upstream, timing: timing(options) })) {
        const measurement = { scenario: scenario.name, round, ...measured };
        measurements.push(measurement);
        each(measurement);
      }
    }
  }
  return measurements;
}

/** A round under load. */
async function* turns({ able, scenario, run, next, upstream, timing: { slices, slice, warmUp } }) {
  const begun = new Map();
  const running = [];
  try {
    for (const gateway of shuffled(able, next)) {
      const started = await gateway.start(run(gateway));
      running.push(started);
      begun.set(gateway.name, await begin(started, scenario, { upstream, warmUp }));
    }
    for (let turn = 0; turn < slices; turn++)
      for (const name of shuffled([...begun.keys()], next)) await begun.get(name).slice(slice);
    for (const { name } of able) yield { gateway: name, ...(await begun.get(name).end()) };
  } finally {
    for (const started of running) await started.stop();
  }
}

/** A round of starts. */
async function* starts({ able, scenario, run, next }) {
  for (let start = 0; start < STARTS; start++) {
    for (const gateway of shuffled(able, next)) {
      // The counter before D1 costs something, so that the last start is counted and the others are timed.
      const started = await gateway.start(run(gateway), { counted: start === STARTS - 1 });
      try {
        yield { gateway: gateway.name, start, ...(await measureStart(started, scenario)) };
      } finally {
        await started.stop();
      }
    }
  }
}

/**
 * How long each part of a round is. An engine compiles what runs often, so that a gateway needs a while until it is as fast as it
 * gets: two seconds at least, and as many calls as wasm takes until nothing of it is slow any more. A call that runs the same two
 * thousand functions costs a tenth less after 12,000 of them than after 4,000.
 */
export function timing({ seconds }) {
  const slices = Math.max(1, Math.round(seconds));
  return { slices, slice: seconds / slices, warmUp: { seconds: 2, calls: 12_000 } };
}
