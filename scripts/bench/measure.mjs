// One gateway, one scenario, one round: warmed up, loaded in slices between which the others have their turn, and held against what
// it should have done.
import { pause } from "../process.mjs";
import { load } from "./native.mjs";
import { cpuSeconds, forgetPeaks, peakBytes } from "./processes.mjs";
import { STREAM_END, bodyOf } from "./requests.mjs";
import { median } from "./statistics.mjs";

/** What is done after the answers (Sluice writes its rows 250 ms later) counts as theirs. */
const AFTERWARDS_MS = 400;

/** A stream of 200 events is as much work to an engine as some tens of whole answers. */
const CALLS_IN_A_STREAM = 20;

/** How many times as long a warm-up may take on a machine, or in a gateway, that is slow. */
const PATIENCE = 8;

/** What the load is told, but for how long. */
export function asked(call, scenario) {
  const { protocol, url, headers, model } = call;
  return {
    url,
    headers,
    body: bodyOf({ protocol, model, bytes: scenario.bytes, stream: scenario.stream }),
    connections: scenario.connections,
    expect: { contains: ["benchmarked.", scenario.stream ? STREAM_END[protocol] : '"usage"'] },
  };
}

/** Warms a started gateway up. `slice(seconds)` then loads it for a while, and `end()` says what all slices came to. */
export async function begin(gateway, scenario, { upstream, warmUp }) {
  const call = asked(gateway.call(scenario), scenario);
  const warm = await warmed(call, scenario, warmUp);
  await pause(AFTERWARDS_MS);
  const accountedBefore = await gateway.accounted?.();
  const slices = [];
  return {
    slice: async (seconds) => slices.push(await loaded(gateway, call, upstream, seconds)),
    async end() {
      const whole = merged(slices);
      return { ...whole, warm_up: warm, slices: slices.map(inShort), faults: await faults(gateway, accountedBefore, whole) };
    },
  };
}

/** Runs for some seconds at least, and until enough was run; says how much that was. */
async function warmed(call, { stream }, { seconds, calls: wanted }) {
  const done = { calls: 0, events: 0, seconds: 0 };
  do {
    const report = await load({ ...call, seconds });
    for (const figure of Object.keys(done)) done[figure] += report[figure];
  } while (done.calls < (stream ? wanted / CALLS_IN_A_STREAM : wanted) && done.seconds < PATIENCE * seconds);
  return done;
}

async function loaded(gateway, call, upstream, seconds) {
  // What a gateway has beside it, a database say, counts as its own, and is told apart.
  const [own, beside] = [gateway.child.pid, gateway.beside?.pid];
  const all = beside ? [own, beside] : [own];
  const answered = await upstream.calls();
  all.forEach(forgetPeaks);
  const before = all.map(cpuSeconds);
  const report = await load({ ...call, seconds });
  await pause(AFTERWARDS_MS);
  const used = all.map((pid, at) => (before[at] === null ? null : cpuSeconds(pid) - before[at]));
  const peaks = all.map(peakBytes);
  return {
    ...report,
    reached: (await upstream.calls()) - answered,
    cpu: used[0] === null ? null : { own: used[0], beside: used[1] ?? 0 },
    peak_bytes: peaks[0] === null ? null : peaks.reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** Slices as one: what can be added is added, and of percentiles the median one is taken. */
export function merged(slices) {
  const sum = (of) => slices.reduce((total, slice) => total + of(slice), 0);
  const middle = (name) =>
    Object.fromEntries(
      Object.keys(slices[0][name]).map((figure) => [figure, median(slices.map((slice) => slice[name][figure]))]),
    );
  const [calls, events, seconds] = [sum((one) => one.calls), sum((one) => one.events), sum((one) => one.seconds)];
  const errors = {};
  for (const slice of slices)
    for (const [fault, count] of Object.entries(slice.errors)) errors[fault] = (errors[fault] ?? 0) + count;
  const measured = slices.every(({ cpu }) => cpu);
  const used = measured ? { own: sum(({ cpu }) => cpu.own), beside: sum(({ cpu }) => cpu.beside) } : null;
  return {
    calls,
    events,
    seconds,
    bytes: sum((one) => one.bytes),
    reached: sum((one) => one.reached),
    per_second: calls / seconds,
    latency_us: middle("latency_us"),
    first_byte_us: middle("first_byte_us"),
    ...costs({ calls, events }, used),
    peak_bytes: measured ? Math.max(...slices.map((one) => one.peak_bytes)) : null,
    errors,
    first_error: slices.map((one) => one.first_error).find(Boolean) ?? null,
  };
}

const inShort = ({ calls, events, seconds, cpu, latency_us: { p50, p99 } }) => ({
  calls,
  events,
  seconds,
  cpu,
  p50_us: p50,
  p99_us: p99,
});

/** CPU of all processes, shared out, and that of the gateway's own; failed calls have cost something, too, and nobody had it. */
export function costs({ calls, events }, used) {
  const share = (seconds, count, factor) => (used === null || count === 0 ? null : (seconds / count) * factor);
  const all = used === null ? null : used.own + used.beside;
  return {
    cpu_seconds: all,
    cpu_ms_per_call: share(all, calls, 1e3),
    cpu_us_per_event: share(all, events, 1e6),
    own_cpu_ms_per_call: share(used?.own, calls, 1e3),
    own_cpu_us_per_event: share(used?.own, events, 1e6),
  };
}

/** Failed calls, and what the answers alone do not show: that each came from the upstream, and that each was counted. */
async function faults(gateway, accountedBefore, { calls, reached, errors, first_error: first }) {
  const found = Object.entries(errors).map(([fault, count]) => `${count} × ${fault}`);
  if (first) found.push(`the first: ${first}`);
  if (calls === 0) found.push("no call was answered");
  if (reached < calls) found.push(`${calls} answers, but ${reached} calls of the upstream`);
  if (!gateway.accounted) return found;
  const counted = (await gateway.accounted()) - accountedBefore;
  if (counted < calls) found.push(`${calls} answers, but ${counted} rows of usage`);
  return found;
}
