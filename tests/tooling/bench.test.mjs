import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { resultsOf, withResults } from "../../scripts/bench/document.mjs";
import { GATEWAYS } from "../../scripts/bench/gateways/all.mjs";
import { costs, merged } from "../../scripts/bench/measure.mjs";
import { parseOptions } from "../../scripts/bench/options.mjs";
import { cpuSeconds, descendants, measurable, parseStat, peakBytes } from "../../scripts/bench/processes.mjs";
import { bodyOf } from "../../scripts/bench/requests.mjs";
import { QUICK, SCENARIOS } from "../../scripts/bench/scenarios.mjs";
import { differences, median, random, ratios, shuffled, spread } from "../../scripts/bench/statistics.mjs";
import { forMarkdown, forTerminal, tablesOf } from "../../scripts/bench/tables.mjs";
import { inRoot } from "../../scripts/places.mjs";

describe("rounds", () => {
  test("the middle one of an odd number, the mean of the middle two of an even one, and nothing of nothing", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.equal(median([]), null);
    assert.equal(median([NaN, 7, null]), 7);
    assert.deepEqual(spread([3, 1, NaN, 2]), { median: 2, least: 1, most: 3, rounds: 3 });
    assert.equal(spread([NaN]), null);
  });

  test("a ratio is made of two numbers of one round, whatever the machine did in the others", () => {
    const one = (gateway, round, cpu) => ({ gateway, round, cpu });
    // The second round ran at half the speed, and the third has no pass-through.
    const all = [
      one("sluice", 1, 3),
      one("pass-through", 1, 2),
      one("pass-through", 2, 4),
      one("sluice", 2, 6),
      one("sluice", 3, 100),
    ];
    assert.deepEqual(
      ratios(all, "sluice", "pass-through", ({ cpu }) => cpu),
      [1.5, 1.5],
    );
    assert.deepEqual(
      differences(all, "sluice", "pass-through", ({ cpu }) => cpu),
      [1, 2],
    );
    assert.deepEqual(
      ratios(all, "js-pump", "pass-through", ({ cpu }) => cpu),
      [],
    );
    const unmeasured = [one("sluice", 1, null), one("pass-through", 1, null)];
    assert.equal(spread(ratios(unmeasured, "sluice", "pass-through", ({ cpu }) => cpu)), null);
  });

  test("a seed decides the order, and every order comes", () => {
    const orders = (seed) => {
      const next = random(seed);
      return Array.from({ length: 200 }, () => shuffled(["a", "b", "c"], next).join(""));
    };
    assert.deepEqual(orders(7), orders(7));
    assert.notDeepEqual(orders(7), orders(8));
    assert.deepEqual([...new Set(orders(7))].sort(), ["abc", "acb", "bac", "bca", "cab", "cba"]);
  });
});

describe("what a process tree costs", () => {
  test("the kernel's line is read past a command that looks like fields", () => {
    const line = "42 (a) R 1 (b) S 7 42 42 0 -1 4194304 100 0 0 0 250 50 9 9 20 0 5 0 100 200 300";
    assert.deepEqual(parseStat(line), { parent: 7, ticks: 300 });
  });

  test("children's children belong to it, and others' do not", () => {
    const parents = new Map([
      [10, 1],
      [11, 10],
      [12, 11],
      [20, 1],
      [21, 20],
    ]);
    assert.deepEqual(descendants(10, parents).sort(), [10, 11, 12]);
  });

  test("a grandchild's work is counted", { skip: !measurable && "only Linux tells" }, async () => {
    const busy =
      "const began = process.cpuUsage(); while (process.cpuUsage(began).user < 3e5); console.log('done'); setInterval(() => {}, 1e3)";
    const parent = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(busy)}], { stdio: "inherit" })`;
    const child = spawn(process.execPath, ["-e", parent], { stdio: ["ignore", "pipe", "inherit"], detached: true });
    after(() => process.kill(-child.pid, "SIGKILL"));
    await once(child.stdout, "data");
    assert.ok(cpuSeconds(child.pid) >= 0.29, `${cpuSeconds(child.pid)} s`);
    assert.ok(peakBytes(child.pid) > 2 * 10 * 2 ** 20, "two of Node's processes");
  });

  test("CPU is shared out among the calls that were answered as they should be, and among events", () => {
    const used = { own: 0.5, beside: 0.25 };
    const figures = costs({ calls: 1000, events: 0 }, used);
    assert.deepEqual(
      [figures.cpu_seconds, figures.cpu_ms_per_call, figures.own_cpu_ms_per_call, figures.cpu_us_per_event],
      [0.75, 0.75, 0.5, null],
    );
    assert.deepEqual(costs({ calls: 10, events: 250_000 }, used).cpu_us_per_event, 3);
    assert.deepEqual(costs({ calls: 10, events: 250_000 }, used).own_cpu_us_per_event, 2);
    assert.deepEqual([...new Set(Object.values(costs({ calls: 10, events: 10 }, null)))], [null]);
    assert.equal(costs({ calls: 0, events: 0 }, used).cpu_ms_per_call, null);
  });
});

describe("slices of one round", () => {
  const slice = (fields) => ({
    calls: 100,
    events: 0,
    seconds: 1,
    bytes: 1000,
    reached: 100,
    latency_us: { p50: 10, p99: 50 },
    first_byte_us: { p50: 9 },
    cpu: { own: 0.1, beside: 0.02 },
    peak_bytes: 5,
    errors: {},
    first_error: null,
    ...fields,
  });

  test("are one measurement: sums are added up, and of percentiles the median one is taken", () => {
    const whole = merged([
      slice({ calls: 300, cpu: { own: 0.3, beside: 0 }, latency_us: { p50: 11, p99: 40 } }),
      slice({ latency_us: { p50: 900, p99: 999 }, peak_bytes: 9, errors: { "status 500": 1 }, first_error: "one" }),
      slice({ calls: 200, seconds: 2, errors: { "status 500": 2, "another length": 1 }, first_error: "two" }),
    ]);
    assert.deepEqual([whole.calls, whole.seconds, whole.per_second, whole.peak_bytes], [600, 4, 150, 9]);
    assert.deepEqual([whole.latency_us, whole.first_byte_us], [{ p50: 11, p99: 50 }, { p50: 9 }]);
    assert.deepEqual([whole.errors, whole.first_error], [{ "status 500": 3, "another length": 1 }, "one"]);
    assert.equal(Math.round(whole.cpu_ms_per_call * 1e6), Math.round((540 / 600) * 1e6));
  });

  test("of which one could not be measured have no CPU", () => {
    const whole = merged([slice({}), slice({ cpu: null, peak_bytes: null })]);
    assert.deepEqual([whole.cpu_ms_per_call, whole.peak_bytes], [null, null]);
  });
});

describe("what is sent", () => {
  for (const protocol of ["chat_completions", "responses", "anthropic_messages"]) {
    test(`a ${protocol} body has exactly as many bytes as it should, is JSON, and its user speaks last`, () => {
      for (const bytes of [1000, 1001, 10_000, 100_000]) {
        for (const stream of [false, true]) {
          const body = bodyOf({ protocol, model: "a-provider^a-model", bytes, stream });
          assert.equal(Buffer.byteLength(body), bytes);
          const { model, stream: streams, messages, input } = JSON.parse(body);
          assert.deepEqual([model, streams ?? false], ["a-provider^a-model", stream]);
          assert.equal((messages ?? input).at(-1).role, "user");
          assert.ok((messages ?? input).every(({ content }) => content.length > 0));
        }
      }
      assert.throws(() => bodyOf({ protocol, model: "m", bytes: 50 }), /at least \d+ bytes/);
    });
  }
});

describe("the command's words", () => {
  const parse = (...args) => parseOptions(args, GATEWAYS);

  test("without any, every scenario is run with every gateway for three rounds", () => {
    const options = parse();
    assert.deepEqual([options.rounds, options.seconds], [3, 5]);
    assert.deepEqual(
      options.scenarios,
      SCENARIOS.map(({ name }) => name),
    );
    assert.deepEqual([...options.gateways].sort(), GATEWAYS.map(({ name }) => name).sort());
  });

  test("a gateway is never alone: what its ratios are to comes along", () => {
    assert.deepEqual(parse("--gateway", "sluice").gateways, ["pass-through", "js-pump", "sluice"]);
  });

  test("scenarios by name, by list and by pattern", () => {
    assert.deepEqual(parse("--scenario", "unary-chat-*", "--scenario", "cold,limited").scenarios, [
      "unary-chat-1k",
      "unary-chat-10k",
      "unary-chat-100k",
      "cold",
      "limited",
    ]);
    assert.deepEqual(parse("--quick").scenarios, QUICK);
    assert.deepEqual(parse("--quick").gateways, ["pass-through", "js-pump", "sluice"]);
    assert.throws(() => parse("--scenario", "unary"), /no scenario unary; there are unary-chat-1k, /);
  });

  test("what is no option, no number or no value is refused", () => {
    assert.throws(() => parse("--fast"), /--fast is no option/);
    assert.throws(() => parse("--rounds", "many"), /--rounds wants a number above zero, not many/);
    assert.throws(() => parse("--rounds", "1.5"), /whole number/);
    assert.throws(() => parse("--seconds"), /--seconds wants a value/);
  });

  test("results are written from a file, or of this run", () => {
    assert.equal(parse("--write", "last.json").write, "last.json");
    assert.equal(parse("--write", "--quick").write, true);
  });
});

const scenario = (name) => SCENARIOS.find((one) => one.name === name);
const measured = (gateway, round, fields) => ({
  scenario: "unary-chat-1k",
  gateway,
  round,
  calls: 10_000,
  events: 0,
  seconds: 5,
  per_second: 2000,
  latency_us: { p50: 1500, p99: 9000 },
  first_byte_us: { p50: 1400, p99: 8000 },
  peak_bytes: 64 * 2 ** 20,
  errors: {},
  faults: [],
  ...fields,
});
const run = {
  when: "2026-12-01T10:00:00.000Z",
  commit: "0123456789",
  machine: { cpu: "A CPU", cores: 2, memory_gib: 24, system: "Linux 6.1", load_before: 0.1 },
  versions: { workerd: "1.2", rustc: "rustc 1.95.0" },
  options: { rounds: 2, seconds: 5, slices: 5, seed: 7 },
  gateways: [
    { name: "pass-through", version: null },
    { name: "sluice", version: "0.1.0" },
  ],
  skipped: [{ name: "litellm", why: "not installed" }],
  scenarios: [scenario("unary-chat-1k")],
  measurements: [
    measured("pass-through", 1, { cpu_ms_per_call: 0.1, own_cpu_ms_per_call: 0.1 }),
    measured("sluice", 1, { cpu_ms_per_call: 0.15, own_cpu_ms_per_call: 0.14 }),
    measured("sluice", 2, {
      cpu_ms_per_call: 0.36,
      own_cpu_ms_per_call: 0.3,
      errors: { "status 503": 2 },
      faults: ["2 × status 503"],
    }),
    measured("pass-through", 2, { cpu_ms_per_call: 0.2, own_cpu_ms_per_call: 0.2 }),
  ],
};

describe("the tables", () => {
  test("have a row a gateway, with the ratios' median and range, and what went wrong below", () => {
    const [{ head, rows, notes }] = tablesOf(run);
    assert.deepEqual(head, [
      "gateway",
      "calls/s",
      "p50 ms",
      "p99 ms",
      "CPU ms/call",
      "CPU, to pass-through",
      "without D1's",
      "peak MiB",
      "errors",
    ]);
    assert.deepEqual(rows, [
      ["pass-through", "2,000", "1.50", "9.00", "0.150", "1", "1", "64", "0"],
      ["sluice", "2,000", "1.50", "9.00", "0.255", "1.65 × (1.50–1.80)", "1.45 × (1.40–1.50)", "64", "2"],
    ]);
    assert.deepEqual(notes, ["sluice, round 2: 2 × status 503"]);
  });

  test("where nothing could be measured there is a dash, not a zero", () => {
    const blind = { cpu_ms_per_call: null, own_cpu_ms_per_call: null, peak_bytes: null };
    const [{ rows }] = tablesOf({
      ...run,
      measurements: [measured("pass-through", 1, blind), measured("sluice", 1, blind)],
    });
    assert.deepEqual(rows[1].slice(4, 8), ["–", "–", "–", "–"]);
  });

  test("a stream is judged by its events, and against the pump", () => {
    const stream = { scenario: "stream-chat", events: 50_000 };
    const [{ head, rows }] = tablesOf({
      ...run,
      scenarios: [scenario("stream-chat")],
      gateways: [{ name: "pass-through" }, { name: "js-pump" }, { name: "sluice" }],
      measurements: [
        measured("pass-through", 1, { ...stream, cpu_us_per_event: 6 }),
        measured("js-pump", 1, { ...stream, cpu_us_per_event: 30 }),
        measured("sluice", 1, { ...stream, cpu_us_per_event: 36 }),
      ],
    });
    const cell = (name, column) => rows.find(([first]) => first === name)[head.indexOf(column)];
    assert.deepEqual(
      [cell("sluice", "events/s"), cell("sluice", "CPU, to pass-through"), cell("sluice", "CPU, to js-pump")],
      ["10,000", "6.00 ×", "1.20 ×"],
    );
    assert.deepEqual([cell("js-pump", "CPU, to js-pump"), cell("pass-through", "CPU, to js-pump")], ["1", "0.20 ×"]);
  });

  test("a start's times leave out the start that was counted", () => {
    const start = (fields) => ({
      scenario: "cold",
      gateway: "sluice",
      round: 1,
      start_to_answer_ms: 100,
      first_call_ms: 20,
      second_call_ms: 3,
      third_call_ms: 2,
      faults: [],
      ...fields,
    });
    const counted = { first_call_d1: { trips: 1, statements: 4 }, second_call_d1: { trips: 0, statements: 0 } };
    const [{ rows }] = tablesOf({
      ...run,
      scenarios: [scenario("cold")],
      measurements: [start({}), start({ first_call_ms: 900, ...counted })],
    });
    assert.deepEqual(rows[0], ["sluice", "100.0", "20.0", "3.0", "2.0", "1 (4)", "0 (0)", "0"]);
  });

  test("stand in columns in a terminal, and are Markdown in the document", () => {
    const [table] = tablesOf(run);
    const lines = forTerminal(table).split("\n").slice(2, 5);
    assert.equal(new Set(lines.map((line) => line.length)).size, 1, lines.join("\n"));
    assert.match(
      forMarkdown(table),
      /\| sluice \| 2,000 \| 1\.50 \| 9\.00 \| 0\.255 \| 1\.65 × \(1\.50–1\.80\) \| 1\.45 × \(1\.40–1\.50\) \| 64 \| 2 \|/,
    );
  });
});

describe("BENCHMARKS.md", () => {
  const document = readFileSync(inRoot("BENCHMARKS.md"), "utf8");

  test("takes other results in its place, again and again, and nothing else of it changes", () => {
    const once_ = withResults(document, resultsOf(run));
    assert.match(
      once_,
      /Measured on 2026-12-01 at commit 0123456789: 2 cores \(A CPU\).*sluice 0\.1\.0.*Not measured: litellm \(not installed\)\./,
    );
    const twice = withResults(once_, "Others.");
    assert.ok(!twice.includes("0123456789"));
    const around = (text) => [text.slice(0, text.indexOf("<!-- results")), text.slice(text.indexOf("<!-- end of results"))];
    assert.deepEqual(around(twice), around(document));
    assert.throws(() => withResults("no place", "x"), /no place for the results/);
  });

  test("has a row for every gateway, and where a peer is looked for", () => {
    for (const { name } of GATEWAYS) assert.match(document, new RegExp(`^\\| \`${name}\` \\|`, "m"));
    for (const name of ["PORTKEY", "LITELLM", "NOVEUM", "BIFROST"]) assert.ok(document.includes(`SLUICE_BENCH_${name}`));
  });
});
