// One gateway, one scenario: warmed up, loaded, and held against what it should have done.
import { pause } from "../process.mjs";
import { load } from "./native.mjs";
import { cpuSeconds, forgetPeaks, peakBytes } from "./processes.mjs";
import { STREAM_END, bodyOf } from "./requests.mjs";

/** What is done after the answers (Sluice writes its rows then) counts as theirs. */
const AFTERWARDS_MS = 500;

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

export async function measure(gateway, scenario, { upstream, seconds, warmUp }) {
  const call = asked(gateway.call(scenario), scenario);
  const warm = await warmed(call, scenario, warmUp);
  await pause(AFTERWARDS_MS);
  const { pid } = gateway.child;
  // What a gateway has beside it, a database say, counts as its own, and is told apart.
  const beside = gateway.beside?.pid;
  const before = { calls: await upstream.calls(), accounted: await gateway.accounted?.() };
  for (const one of [pid, beside]) if (one) forgetPeaks(one);
  const cpu = cpuSeconds(pid);
  const cpuBeside = beside ? cpuSeconds(beside) : 0;
  const report = await load({ ...call, seconds });
  await pause(AFTERWARDS_MS);
  const used = cpu === null ? null : { own: cpuSeconds(pid) - cpu, beside: beside ? cpuSeconds(beside) - cpuBeside : 0 };
  const peak = peakBytes(pid);
  const peakBeside = beside ? peakBytes(beside) : 0;
  return { ...report, ...costs(report, used), peak_bytes: peak === null ? null : peak + peakBeside, warm_up: warm, faults: await faults(gateway, upstream, before, report, scenario) };
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

/** What the answers alone do not show: that each came from the upstream, and that each was counted. */
async function faults(gateway, upstream, before, { calls, errors, first_error }, scenario) {
  const found = Object.entries(errors).map(([fault, count]) => `${count} × ${fault}`);
  if (first_error) found.push(`the first: ${first_error}`);
  const answered = (await upstream.calls()) - before.calls;
  if (answered < calls) found.push(`${calls} answers, but ${answered} calls of the upstream`);
  if (gateway.accounted) {
    const counted = (await gateway.accounted()) - before.accounted;
    if (counted < calls) found.push(`${calls} answers, but ${counted} rows of usage (${scenario.name})`);
  }
  return found;
}
