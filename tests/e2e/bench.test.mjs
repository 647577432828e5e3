// What `npm run bench` measures with is right before it is fast: every gateway that it brings along answers every scenario, and
// Sluice counts each call. No time is asserted.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { measureStart } from '../../scripts/bench/cold.mjs';
import { jsPump, passThrough } from '../../scripts/bench/gateways/pass-through.mjs';
import { sluice } from '../../scripts/bench/gateways/sluice.mjs';
import { asked, begin } from '../../scripts/bench/measure.mjs';
import { buildNative, load, startUpstream } from '../../scripts/bench/native.mjs';
import { measurable } from '../../scripts/bench/processes.mjs';
import { SCENARIOS } from '../../scripts/bench/scenarios.mjs';
import { inRoot } from '../../scripts/places.mjs';
import { capture, stopChildren } from '../../scripts/process.mjs';

// An end by a signal is an exit, too, and takes every workerd along.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

const scratch = mkdtempSync(join(tmpdir(), 'sluice-bench-test-'));
const scenario = (name) => SCENARIOS.find((one) => one.name === name);
const SHORT = { seconds: 0.1, calls: 1 };
let upstream, run;

before(
  async () => {
    await buildNative();
    upstream = await startUpstream();
    run = { folder: scratch, upstream: upstream.url };
    run.prepared = await sluice.prepare(run);
  },
  { timeout: 400_000 },
);

after(async () => {
  await stopChildren();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
});

/** One round of one gateway, in two slices. */
async function measure(running, one, counting = upstream) {
  const begun = await begin(running, one, { upstream: counting, warmUp: SHORT });
  for (let slice = 0; slice < 2; slice += 1) await begun.slice(0.1);
  return begun.end();
}

const started = async (gateway, work, how) => {
  const running = await gateway.start(run, how);
  try {
    return await work(running);
  } finally {
    await running.stop();
  }
};

for (const gateway of [passThrough, jsPump, sluice]) {
  test(`${gateway.name} answers every scenario that it serves`, { timeout: 120_000 }, () =>
    started(gateway, async (running) => {
      for (const one of SCENARIOS.filter((candidate) => gateway.serves(candidate))) {
        const { calls, events, faults, cpu_seconds: cpu } = await measure(running, one);
        assert.deepEqual(faults, [], one.name);
        assert.ok(calls > 0, one.name);
        assert.equal(events > 0, one.stream, one.name);
        assert.equal(cpu === null, !measurable);
      }
    }),
  );
}

describe('a gateway that does not do its work is found out', () => {
  test('one whose upstream is gone answers with errors', () =>
    started({ start: (own) => passThrough.start({ ...own, upstream: 'http://127.0.0.1:9' }) }, async (running) => {
      const { calls, faults } = await measure(running, scenario('unary-chat-1k'));
      assert.equal(calls, 0);
      assert.match(faults.join(' '), /connection closed|status 5/);
    }));

  test('one that answers by itself is faster, and wrong', () =>
    started(passThrough, async (running) => {
      const stuck = { url: upstream.url, calls: async () => 5 };
      const { faults } = await measure(running, scenario('unary-chat-1k'), stuck);
      assert.match(faults.join(' '), /\d+ answers, but 0 calls of the upstream/);
    }));

  test('one that does not count its calls', () =>
    started(passThrough, async (running) => {
      const { faults } = await measure({ ...running, accounted: async () => 3 }, scenario('unary-chat-1k'));
      assert.match(faults.join(' '), /\d+ answers, but 0 rows of usage/);
    }));
});

test('a start: the first call asks D1 once, the second not at all', () =>
  started(
    sluice,
    async (running) => {
      const {
        faults,
        start_to_answer_ms: start,
        first_call_ms: first,
        first_call_d1: asksFirst,
        second_call_d1: asksSecond,
      } = await measureStart(running, scenario('cold'));
      assert.deepEqual(faults, []);
      assert.ok(start > first);
      assert.equal(asksFirst.trips, 1);
      assert.equal(asksSecond.trips, 0);
    },
    { counted: true },
  ));

test('the tests of the programs themselves', { timeout: 400_000 }, async () => {
  const args = [
    'test',
    '--locked',
    '--release',
    '--quiet',
    '--lib',
    '--manifest-path',
    inRoot('bench', 'Cargo.toml'),
    '--target-dir',
    inRoot('bench', 'target'),
  ];
  const { code, stdout, stderr } = await capture('cargo', args);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /[1-9]\d* passed; 0 failed/);
});

test('the load says how many calls it made, how long they took and what came of them', async () => {
  const call = {
    ...asked(
      { protocol: 'chat_completions', url: `${upstream.url}/events/12/v1/chat/completions`, headers: {}, model: 'm' },
      scenario('stream-chat'),
    ),
    connections: 3,
    calls: 30,
  };
  const report = await load(call);
  assert.deepEqual([report.calls, report.events, report.errors], [30, 360, {}]);
  const { p50, p90, p99, max } = report.latency_us;
  assert.ok(0 < p50 && p50 <= p90 && p90 <= p99 && p99 <= max, JSON.stringify(report.latency_us));
  assert.ok(report.first_byte_us.p50 <= p50);
  const wrong = await load({ ...call, expect: { events: 13 } });
  assert.deepEqual([wrong.calls, wrong.errors], [0, { 'another number of events': 30 }]);
  assert.match(wrong.first_error, /\[DONE\]/);
});
