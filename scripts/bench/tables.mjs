// A run's raw numbers as tables: one a scenario, medians over the rounds, ratios made within a round.
import { translated } from "./scenarios.mjs";
import { differences, median, ratios, spread } from "./statistics.mjs";

const FLOOR = "pass-through";
const PUMP = "js-pump";

const ms = (us) => us / 1000;
const mib = (bytes) => bytes / 2 ** 20;

// A column is its head and what it says of a gateway's measurements `own`, among `all` of the scenario.
const value = (head, of, digits) => ({ head, cell: ({ own }) => number(median(own.map(of)), digits) });
const ratio = (head, base, of) => ({
  head,
  cell: ({ name, all }) => (name === base ? "1" : around(spread(ratios(all, name, base, of)), 2, " ×")),
});

const RATE = value("calls/s", (one) => one.per_second, 0);
const P50 = value("p50 ms", (one) => ms(one.latency_us.p50), 2);
const P99 = value("p99 ms", (one) => ms(one.latency_us.p99), 2);
const FIRST = value("first byte p50 ms", (one) => ms(one.first_byte_us.p50), 2);
const MEMORY = value("peak MiB", (one) => (one.peak_bytes === null ? NaN : mib(one.peak_bytes)), 0);
const ERRORS = { head: "errors", cell: ({ own }) => String(own.reduce((sum, one) => sum + failures(one), 0)) };
const perCall = (one) => one.cpu_ms_per_call;
const perEvent = (one) => one.cpu_us_per_event;
const ownPerCall = (one) => one.own_cpu_ms_per_call;
const ownPerEvent = (one) => one.own_cpu_us_per_event;

const COLUMNS = {
  calls: [
    RATE,
    P50,
    P99,
    value("CPU ms/call", perCall, 3),
    ratio(`CPU, to ${FLOOR}`, FLOOR, perCall),
    ratio("without D1's", FLOOR, ownPerCall),
    MEMORY,
    ERRORS,
  ],
  stream: [
    value("events/s", (one) => one.events / one.seconds, 0),
    FIRST,
    value("CPU µs/event", perEvent, 1),
    ratio(`CPU, to ${FLOOR}`, FLOOR, perEvent),
    ratio(`CPU, to ${PUMP}`, PUMP, perEvent),
    ratio("without D1's", PUMP, ownPerEvent),
    MEMORY,
    ERRORS,
  ],
  "first byte": [
    FIRST,
    value("first byte p99 ms", (one) => ms(one.first_byte_us.p99), 2),
    {
      head: "added to pass-through, ms",
      cell: ({ name, all }) =>
        name === FLOOR ? "0" : around(spread(differences(all, name, FLOOR, (one) => ms(one.first_byte_us.p50))), 2),
    },
    ERRORS,
  ],
  cold: [
    timed("start to answer ms", (one) => one.start_to_answer_ms),
    timed("first call ms", (one) => one.first_call_ms),
    timed("second call ms", (one) => one.second_call_ms),
    timed("third call ms", (one) => one.third_call_ms),
    asked("D1 trips (statements), first call", "first_call_d1"),
    asked("second call", "second_call_d1"),
    ERRORS,
  ],
};

/** The starts with the counter before D1 are counted and not timed. */
function timed(head, of) {
  return { head, cell: ({ own }) => number(median(own.filter((one) => !one.first_call_d1).map(of)), 1) };
}

function asked(head, name) {
  return {
    head,
    cell({ own }) {
      const counts = own.map((one) => one[name]).filter(Boolean);
      return counts.length === 0
        ? "–"
        : `${median(counts.map(({ trips }) => trips))} (${median(counts.map(({ statements }) => statements))})`;
    },
  };
}

/** Calls that failed, and one for each other fault that was found. */
export function failures({ errors = {}, faults = [] }) {
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
  return failed || faults.length;
}

/** `[{ name, title, head, rows, notes }]`, cells being text. */
export function tablesOf({ scenarios, gateways, measurements }) {
  return scenarios.map((scenario) => {
    const all = measurements.filter((one) => one.scenario === scenario.name);
    const columns = COLUMNS[scenario.judged ?? (scenario.stream ? "stream" : "calls")];
    const measured = gateways.filter(({ name }) => all.some((one) => one.gateway === name));
    const rows = measured.map(({ name }) => [
      name,
      ...columns.map(({ cell }) => cell({ name, all, own: all.filter((one) => one.gateway === name) })),
    ]);
    const notes = [
      ...new Set(
        all.flatMap(({ gateway, round, faults }) => (faults ?? []).map((fault) => `${gateway}, round ${round}: ${fault}`)),
      ),
    ];
    if (translated(scenario))
      notes.unshift(`${FLOOR} and ${PUMP} do not translate: their client speaks the upstream's protocol.`);
    return {
      name: scenario.name,
      title: scenario.title,
      head: ["gateway", ...columns.map(({ head }) => head)],
      rows,
      notes,
    };
  });
}

const known = (number) => typeof number === "number" && Number.isFinite(number);

function number(value, digits) {
  if (!known(value)) return "–";
  const [whole, part] = value.toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part ? `${grouped}.${part}` : grouped;
}

/** The median, and between what the rounds were. */
function around(found, digits, unit = "") {
  if (!found) return "–";
  const [middle, least, most] = [found.median, found.least, found.most].map((one) => number(one, digits));
  return found.rounds > 1 ? `${middle}${unit} (${least}–${most})` : `${middle}${unit}`;
}

export function forTerminal({ title, head, rows, notes }) {
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at].length)));
  const line = (row) => row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join("  ");
  return [`\n── ${title}`, line(head), ...rows.map(line), ...notes.map((note) => `   ${note}`)].join("\n");
}

export function forMarkdown({ name, title, head, rows, notes }) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const table = [line(head), line(head.map((_, at) => (at === 0 ? "---" : "---:"))), ...rows.map(line)];
  const cut = (note) => note.replace(/\s+/g, " ").slice(0, 200);
  return [
    `**${title}** (\`${name}\`)`,
    "",
    ...table,
    ...(notes.length > 0 ? ["", ...notes.map((note) => `- ${cut(note)}`)] : []),
  ].join("\n");
}
