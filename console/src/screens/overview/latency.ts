import type { Schemas } from "../../api/types";

/** The value that the share `q` of them does not exceed; 0 of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? 0;
}

/** How long calls took, in spans of equal length from the earliest of them to the latest; only those in which calls began. */
export function latency(calls: readonly Pick<Schemas["Request"], "created_at" | "latency_ms">[]) {
  const began = calls.map(({ created_at }) => Date.parse(created_at));
  const [first, last] = [Math.min(...began), Math.max(...began)];
  const spans = Math.min(24, calls.length);
  const length = Math.max(1, (last - first) / Math.max(1, spans - 1));
  const took = Array.from({ length: spans }, (): number[] => []);
  calls.forEach(({ latency_ms }, index) => took[Math.min(spans - 1, Math.floor(((began[index] ?? first) - first) / length))]?.push(latency_ms));
  // A line would break off at a span without calls.
  const filled = took.map((values, span) => ({ values, at: first + span * length })).filter(({ values }) => values.length > 0);
  const of = (q: number) => filled.map(({ values }) => quantile(values, q));
  return { times: filled.map(({ at }) => new Date(at).toISOString()), median: of(0.5), most: of(0.95) };
}
