import type { Schemas } from "../../api/types";
import { Badge } from "../../ui/Badge";
import { Empty } from "../../ui/Empty";
import { LinkButton } from "../../ui/Button";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { attemptsOf, duration } from "../requests/words";
import { share } from "../usage/Tiles";
import { quantile } from "./latency";

type Attempt = Schemas["Attempt"];

interface Row {
  provider: Schemas["Provider"];
  /** Its attempts among the latest calls, the newest first. */
  attempts: Attempt[];
}

const failed = ({ status, error_code }: Attempt) => error_code !== null || status === null || status >= 400;

/** How each provider does, by what the latest calls met there: also by failures that another provider made good. */
export function ProviderHealth({ providers, calls }: { providers: readonly Schemas["Provider"][] | null; calls: readonly Schemas["Request"][] | null }) {
  const attempts = calls?.flatMap((call) => attemptsOf(call).reverse()) ?? [];
  const rows = providers?.map((provider) => ({ provider, attempts: attempts.filter(({ provider_id }) => provider_id === provider.id) })) ?? null;
  return (
    <section class="stack" aria-label="Providers">
      <h2>Providers</h2>
      <Table
        caption="Providers"
        columns={COLUMNS}
        rows={rows}
        keyOf={({ provider }) => provider.id}
        empty={<Empty icon="providers" title="No providers yet" action={<LinkButton href="/providers" kind="primary">Add a provider</LinkButton>} />}
      />
      {calls && calls.length > 0 && <p class="muted">Counted among the latest {calls.length.toLocaleString()} calls.</p>}
    </section>
  );
}

const COLUMNS: Column<Row>[] = [
  { title: "Provider", cell: ({ provider: { id, name } }) => <a href={`/providers/${id}`}>{name}</a> },
  { title: "State", cell: (row) => <State {...row} /> },
  { title: "Models", align: "right", cell: ({ provider: { id, model_count: count } }) => <a href={`/providers/${id}/models`}>{count.toLocaleString()}</a> },
  { title: "Attempts", align: "right", cell: ({ attempts }) => attempts.length.toLocaleString() },
  {
    title: "Failed", align: "right",
    cell: ({ attempts }) => {
      const count = attempts.filter(failed).length;
      return count === 0 ? "0" : `${count.toLocaleString()} (${share(count, attempts.length)})`;
    },
  },
  { title: "Median", align: "right", cell: ({ attempts }) => (attempts.length > 0 ? duration(quantile(attempts.map(({ latency_ms }) => latency_ms), 0.5)) : "") },
  { title: "Last failure", cell: ({ attempts }) => <LastFailure attempt={attempts.find(failed)} /> },
];

/** The last ten attempts decide: what failed long ago is over. */
function State({ provider, attempts }: Row) {
  const last = attempts.slice(0, 10);
  const count = last.filter(failed).length;
  if (!provider.enabled) return <Badge>disabled</Badge>;
  if (provider.resolved === null) return <Badge tone="danger">address not allowed</Badge>;
  if (!provider.credential.configured && provider.credential.source !== "none") return <Badge tone="danger">no credential</Badge>;
  if (last.length === 0) return <Badge>no calls lately</Badge>;
  if (count === 0) return <Badge tone="ok">up</Badge>;
  return count * 2 > last.length ? <Badge tone="danger">failing</Badge> : <Badge tone="warn">some calls fail</Badge>;
}

function LastFailure({ attempt }: { attempt: Attempt | undefined }) {
  if (!attempt) return <span class="muted">none</span>;
  return (
    <span class="two-lines">
      <code>{attempt.error_code ?? attempt.status}</code>
      <span><Time at={attempt.created_at} ago /></span>
    </span>
  );
}
