// What calls have in common wherever they are shown.
import type { Schemas } from "../../api/types";
import { Badge } from "../../ui/Badge";

export type Request = Schemas["Request"];

/** The status that the client got, in its colour, with the reason where it failed. */
export function Outcome({ status, error }: { status: number | null; error: string | null }) {
  const failed = status === null || status >= 400;
  const tone = !failed ? "ok" : status !== null && status < 500 ? "warn" : "danger";
  return (
    <span class="row">
      <Badge tone={error && !failed ? "warn" : tone}>{status ?? "no answer"}</Badge>
      {error && <code>{error}</code>}
    </span>
  );
}

export function duration(ms: number): string {
  return ms < 10_000 ? `${ms.toLocaleString()} ms` : `${(ms / 1000).toLocaleString(undefined, { maximumFractionDigits: 1 })} s`;
}

/** What went in and what came out. */
export const tokens = (call: Request) =>
  `${(call.input_tokens + call.cache_read_tokens + call.cache_write_tokens).toLocaleString()} → ${call.output_tokens.toLocaleString()}`;

/** The upstreams that were tried, in order. A call that the first one answered has no log of attempts: it is its own. */
export function attemptsOf(call: Request): Schemas["Attempt"][] {
  if (call.attempts_log.length > 0 || call.attempts === 0) return [...call.attempts_log];
  const { created_at, provider_id, model_id, status, error_code, latency_ms } = call;
  return [{ attempt: call.attempts, created_at, provider_id, model_id, status, error_code, error_message: null, latency_ms }];
}
