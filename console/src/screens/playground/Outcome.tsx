import { api } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { useResource } from "../../api/hooks";
import type { Schemas } from "../../api/types";
import { may } from "../../session/may";
import { Badge } from "../../ui/Badge";
import { Card } from "../../ui/Card";
import { Facts } from "../../ui/Facts";
import { Money } from "../../ui/Money";
import { Problem } from "../../ui/Problem";
import { type Column, Table } from "../../ui/Table";
import type { Usage } from "./protocols";

export interface Outcome {
  phase: "under way" | "complete" | "stopped" | "failed";
  text: string;
  reasoning: string;
  usage: Usage;
  status: number | null;
  headers: readonly (readonly [string, string])[];
  error: ApiError | null;
  /** Milliseconds, as this browser saw it: to the first word, and to the end. */
  firstMs: number | null;
  totalMs: number | null;
}

const TONES = { "under way": "warn", complete: "ok", stopped: "off", failed: "danger" } as const;

/** The answer as it comes, and everything that is known of it. */
export function OutcomeOf({ outcome }: { outcome: Outcome | null }) {
  if (!outcome) {
    return <Card title="Answer"><p class="muted">It appears here word by word, with who gave it, in how many attempts, and what it came to.</p></Card>;
  }
  const { phase, text, reasoning, status, error } = outcome;
  return (
    <Card title="Answer" actions={<><Badge tone={TONES[phase]}>{phase}</Badge>{status !== null && <Badge tone="plain">{status}</Badge>}</>}>
      <div class="stack">
        {(text || reasoning || !error) && (
          <div class="answer-text" role="log" aria-label="Answer" aria-busy={phase === "under way"}>
            {reasoning && <p class="reasoning">{reasoning}</p>}
            {text}
            {phase === "complete" && !text && <span class="muted">The model said nothing.</span>}
          </div>
        )}
        {error && <Problem error={error} />}
      </div>
      {status !== null && <What outcome={outcome} />}
    </Card>
  );
}

function What({ outcome: { phase, headers, usage, firstMs, totalMs } }: { outcome: Outcome }) {
  const header = (name: string) => headers.find(([given]) => given === name)?.[1];
  const id = header("x-request-id");
  const facts: [string, preact.ComponentChildren][] = [];
  const fact = (name: string, value: preact.ComponentChildren) => value != null && facts.push([name, value]);
  fact("Model", header("x-sluice-model"));
  fact("Provider", header("x-sluice-provider"));
  fact("Attempts", header("x-sluice-attempts"));
  fact("Not carried over", header("x-sluice-dropped"));
  fact("First word", firstMs !== null ? ms(firstMs) : null);
  fact("Whole answer", totalMs !== null ? ms(totalMs) : null);
  // The log knows more, for those who may read it.
  fact("Tokens", !may("usage:GetRequest") && usage.output !== undefined ? `${usage.input?.toLocaleString() ?? "?"} in, ${usage.output.toLocaleString()} out` : null);
  fact("Request", id && (may("usage:GetRequest") ? <a href={`/requests/${id}`}><code>{id}</code></a> : <code>{id}</code>));
  return (
    <div class="answer-meta stack">
      <Facts facts={facts} />
      {phase !== "under way" && id && may("usage:GetRequest") && <Logged id={id} />}
      <details>
        <summary>All headers of the answer</summary>
        <Facts facts={headers.map(([name, value]) => [name, <code>{value}</code>] as const)} />
      </details>
    </div>
  );
}

const ms = (value: number) => `${Math.round(value).toLocaleString()} ms`;

/** What the request log says of the call: its row is written a moment after the answer. */
function Logged({ id }: { id: string }) {
  const read = async (signal: AbortSignal) => {
    for (let turn = 0; ; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const answer = await api.GET("/api/v1/requests/{request_id}", { params: { path: { request_id: id } }, signal });
      if (answer.response.status !== 404 || turn === 20) return answer;
    }
  };
  const { data, error } = useResource(read, id);
  if (error) return error.status === 404 ? <p class="muted">The request log has nothing of this call yet.</p> : <Problem error={error} />;
  if (!data) return <p class="muted">Reading what it came to…</p>;
  if (data.attempts === 0) return <p class="muted">No upstream was asked, so nothing is billed.</p>;
  return (
    <>
      <Facts
        facts={[
          ["Cost", data.priced ? <Money usd={data.cost_usd} /> : <span class="muted">unknown: the model has no prices</span>],
          ["Billed", data.priced ? <Money usd={data.billed_usd} /> : <span class="muted">nothing</span>],
          ["Counted", counted(data)],
          ["Upstream spoke", data.upstream_protocol ?? <span class="muted">unknown</span>],
        ]}
      />
      {data.attempts_log.length > 0 && (
        <Table caption="Attempts" rows={data.attempts_log} keyOf={({ attempt }) => String(attempt)} columns={ATTEMPTS} empty={null} />
      )}
    </>
  );
}

function counted(row: Schemas["Request"]): string {
  const parts = [
    `${row.input_tokens.toLocaleString()} input`, `${row.output_tokens.toLocaleString()} output`,
    row.cache_read_tokens > 0 && `${row.cache_read_tokens.toLocaleString()} from the cache`,
    row.cache_write_tokens > 0 && `${row.cache_write_tokens.toLocaleString()} to the cache`,
    row.reasoning_tokens > 0 && `${row.reasoning_tokens.toLocaleString()} of the output reasoning`,
  ].filter(Boolean);
  return `${parts.join(", ")}${row.estimated ? " (estimated: it was cut off)" : ""}`;
}

const ATTEMPTS: Column<Schemas["Attempt"]>[] = [
  { title: "Attempt", cell: ({ attempt }) => attempt },
  { title: "Status", cell: ({ status }) => status ?? "none" },
  { title: "What came of it", cell: ({ error_message, error_code }) => error_message ?? error_code ?? "answered" },
  { title: "Took", align: "right", cell: ({ latency_ms }) => ms(latency_ms) },
];
