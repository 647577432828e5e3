import { api } from "../../api/client";
import { useResource } from "../../api/hooks";
import type { Schemas } from "../../api/types";
import { Badge } from "../../ui/Badge";
import { Card } from "../../ui/Card";
import { Copyable } from "../../ui/Copy";
import { Empty } from "../../ui/Empty";
import { Facts } from "../../ui/Facts";
import { Money } from "../../ui/Money";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { type Names, useNames } from "../activity/names";
import { attemptsOf, duration, Outcome, type Request } from "./words";

/** One call: what was asked, what came of it, and each upstream that was tried. */
export function OneRequest({ id }: { id: string }) {
  const { data: call, error, reload } = useResource((signal) => api.GET("/api/v1/requests/{request_id}", { params: { path: { request_id: id } }, signal }), id);
  const names = useNames(["provider", "user", "token"]);
  return (
    <Page title="Request" about={<Copyable text={id} label="Copy the request's id" />} trail={<a href="/requests">Requests</a>}>
      {error && (
        <Problem error={error} retry={reload}>
          {error.status === 404 && <p>The log holds calls to models only, and each as long as RETENTION_DAYS says; it comes a moment after the call has ended.</p>}
        </Problem>
      )}
      {call && (
        <>
          <Card title="Call"><Facts facts={facts(call, names)} /></Card>
          <Card title="Tokens and cost"><Facts facts={sums(call)} /></Card>
          <section class="stack" aria-label="Attempts">
            <h2>Attempts</h2>
            <Table
              caption="Attempts"
              columns={columns(names)}
              rows={attemptsOf(call)}
              keyOf={({ attempt }) => String(attempt)}
              empty={<Empty title="No upstream was called">It was decided before one was asked: the error's code above says why.</Empty>}
            />
          </section>
        </>
      )}
    </Page>
  );
}

function facts(call: Request, names: Names) {
  const named = (id: string | null) => (id === null ? <span class="muted">none</span> : names.of(id) ?? <code>{id}</code>);
  const answered = [call.provider_name, call.model].filter(Boolean).join(" · ");
  return [
    ["Outcome", <Outcome status={call.status} error={call.error_code} />],
    ["When", <Time at={call.created_at} exact />],
    ["Asked for", call.requested_model ?? <span class="muted">no model</span>],
    [call.status < 400 ? "Answered by" : "Tried last", answered || <span class="muted">nobody</span>],
    ["Client's protocol", <>{call.protocol}{call.streamed && ", streamed"}</>],
    ["Upstream's protocol", call.upstream_protocol ?? <span class="muted">none</span>],
    ["Token", named(call.token_id ?? "root")],
    ["User", named(call.user_id)],
    ["Took", duration(call.latency_ms)],
    ["First byte after", call.first_byte_ms === null ? <span class="muted">none came</span> : duration(call.first_byte_ms)],
  ] as const;
}

function sums(call: Request) {
  const count = (value: number) => value.toLocaleString();
  return [
    ["Input", count(call.input_tokens)],
    ["Cache read", count(call.cache_read_tokens)],
    ["Cache write", count(call.cache_write_tokens)],
    ["Output", <>{count(call.output_tokens)}{call.reasoning_tokens > 0 && ` (${count(call.reasoning_tokens)} of them reasoning)`}</>],
    ["Counted by", call.estimated ? <Badge tone="warn">an estimate: the upstream did not say</Badge> : "the upstream"],
    ["Cost", call.priced ? <Money usd={call.cost_usd} /> : <Badge tone="warn">unknown: the model has no price</Badge>],
    ["Billed", <Money usd={call.priced ? call.billed_usd : null} />],
  ] as const;
}

function columns(names: Names): Column<Schemas["Attempt"]>[] {
  return [
    { title: "Attempt", cell: ({ attempt }) => attempt.toLocaleString() },
    { title: "When", cell: ({ created_at }) => <Time at={created_at} exact /> },
    {
      title: "Upstream",
      cell: ({ provider_id, model_id }) => (
        <span class="two-lines">
          {provider_id ? <a href={`/providers/${provider_id}`}>{names.of(provider_id) ?? provider_id}</a> : "none"}
          {model_id && <span>{names.of(model_id) ?? model_id}</span>}
        </span>
      ),
    },
    { title: "Outcome", cell: ({ status, error_code }) => <Outcome status={status} error={error_code} /> },
    { title: "What it said", cell: ({ error_message }) => error_message ?? "" },
    { title: "Took", align: "right", cell: ({ latency_ms }) => duration(latency_ms) },
  ];
}
