import type { Schemas } from "../../api/types";

/** The value that the share `q` of them does not exceed; 0 of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? 0;
}

/** How long calls took, in spans of equal length from the earliest of them to the latest; null where no call began. */
export function latency(calls: readonly Pick<Schemas["Request"], "created_at" | "latency_ms">[]) {
  const began = calls.map(({ created_at }) => Date.parse(created_at));
  const [first, last] = [Math.min(...began), Math.max(...began)];
  const spans = Math.min(24, calls.length);
  const length = Math.max(1, (last - first) / Math.max(1, spans - 1));
  const took = Array.from({ length: spans }, (): number[] => []);
  calls.forEach(({ latency_ms }, index) => took[Math.min(spans - 1, Math.floor(((began[index] ?? first) - first) / length))]?.push(latency_ms));
  const of = (q: number) => took.map((values) => (values.length > 0 ? quantile(values, q) : null));
  return { times: took.map((_, span) => new Date(first + span * length).toISOString()), median: of(0.5), most: of(0.95) };
}
