// Spans of time as they are chosen, and the moments within them.

export type RangeName = "day" | "week" | "month" | "quarter" | "custom";

export const RANGES: { value: RangeName; label: string; days: number }[] = [
  { value: "day", label: "Last 24 hours", days: 1 },
  { value: "week", label: "Last 7 days", days: 7 },
  { value: "month", label: "Last 30 days", days: 30 },
  { value: "quarter", label: "Last 90 days", days: 90 },
  { value: "custom", label: "Other days…", days: 0 },
];

export interface Range {
  /** As the API takes them. */
  from: string;
  to: string;
  step: "hour" | "day";
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** The last 24 hours are whole hours; all other spans are whole days, as the API counts them: in UTC. */
export function range(name: string, first: string, last: string, now = Date.now()): Range {
  const today = Date.parse(dayOf(now));
  if (name === "day") {
    const end = Math.floor(now / HOUR_MS) * HOUR_MS + HOUR_MS;
    return { from: new Date(end - DAY_MS).toISOString(), to: new Date(end).toISOString(), step: "hour" };
  }
  const days = RANGES.find(({ value }) => value === name)?.days || 30;
  const custom = name === "custom";
  const from = custom && first ? first : dayOf(today - (days - 1) * DAY_MS);
  const until = custom && last ? Date.parse(last) : today;
  return { from, to: dayOf(until + DAY_MS), step: "day" };
}

/** The hours or days of a span, spelled as the API spells them. Not more than a chart can show. */
export function buckets({ from, to, step }: Range): string[] {
  const length = step === "hour" ? HOUR_MS : DAY_MS;
  const [first, end] = [Date.parse(from), Math.min(Date.parse(to), Date.now() + length)];
  const count = Math.max(0, Math.min(1000, Math.ceil((end - first) / length)));
  return Array.from({ length: count }, (_, at) => {
    const moment = new Date(first + at * length).toISOString();
    return step === "hour" ? moment : moment.slice(0, 10);
  });
}

/** Where a bucket is drawn: a day of UTC at the beginning of the reader's day of that name. */
export function drawnAt(bucket: string): string {
  return bucket.length > 10 ? bucket : new Date(`${bucket}T00:00:00`).toISOString();
}
