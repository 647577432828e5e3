import { useLocation } from "preact-iso/router";
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useList } from "../../api/hooks";
import { may } from "../../session/may";
import { LinkButton } from "../../ui/Button";
import { Empty } from "../../ui/Empty";
import { fieldError } from "../../ui/Form";
import { Money } from "../../ui/Money";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { Toggle } from "../../ui/Toggle";
import { ChoiceFilter, FilterBar, moment, TextFilter, useFilters } from "../activity/filters";
import { type Names, useNames } from "../activity/names";
import { useFollow } from "./useFollow";
import { duration, Outcome, type Request, tokens } from "./words";

const NAMES = ["status", "model", "provider", "user", "token", "error_code", "streamed", "from", "to"] as const;
const MORE = ["user", "token", "error_code", "streamed", "from", "to"] as const;

const STATUSES = [
  { value: "2xx", label: "Answered (2xx)" },
  { value: "4xx", label: "Refused (4xx)" },
  { value: "5xx", label: "Failed (5xx)" },
  { value: "429", label: "Over a limit (429)" },
  { value: "499", label: "Given up by the client (499)" },
];
const ID = /^req_[0-9A-Za-z]{16}$/;
const KINDS = [{ value: "true", label: "Streams" }, { value: "false", label: "Whole answers" }];

export function Log() {
  const { route } = useLocation();
  const filters = useFilters(NAMES);
  const { chosen, choose, query, key } = filters;
  const names = useNames(["provider", "user", "token"]);
  const [isNoId, setNoId] = useState(false);
  const read = (cursor: string | undefined, signal: AbortSignal) => {
    const { streamed, from, to, ...rest } = query;
    const span = { from: moment(from), to: moment(to), streamed: streamed === undefined ? undefined : streamed === "true" };
    return api.GET("/api/v1/requests", { params: { query: { ...rest, ...span, cursor } }, signal });
  };
  const list = useList(read, key);
  const follow = useFollow(list, read, key);
  const of = (name: (typeof NAMES)[number]) => ({ value: chosen[name], onValue: (value: string) => choose({ [name]: value }), error: fieldError(list.error, name) });
  // What a field says needs no second place.
  const isTold = NAMES.some((name) => fieldError(list.error, name));
  const shown = isTold ? { ...list, error: null, rows: list.rows ?? [] } : list;

  return (
    <Page
      title="Requests"
      about="Each call that came, the newest first: what was asked, what came of it, and what it cost. Nothing of what was said is kept."
      actions={<Toggle label="Follow" on={follow.on} onChange={follow.set} />}
    >
      <FilterBar
        count={filters.count}
        onClear={filters.clear}
        moreSet={MORE.some((name) => chosen[name] !== "")}
        more={
          <>
            <ChoiceFilter label="User" any="Everybody" options={names.options("user")} {...of("user")} />
            <ChoiceFilter label="Token" any="Any token" options={names.options("token")} {...of("token")} />
            <TextFilter label="Error code" placeholder="upstream.timeout" {...of("error_code")} />
            <ChoiceFilter label="Kind" any="Streams and whole answers" options={KINDS} {...of("streamed")} />
            <TextFilter label="From" type="datetime-local" {...of("from")} />
            <TextFilter label="Until" type="datetime-local" {...of("to")} />
          </>
        }
      >
        <ChoiceFilter label="Status" any="Any status" options={STATUSES} {...of("status")} />
        <TextFilter label="Model" placeholder="gpt-5-mini" {...of("model")} />
        <ChoiceFilter label="Provider" any="Any provider" options={names.options("provider")} {...of("provider")} />
        {may("usage:GetRequest") && (
          <TextFilter
            label="Request id" placeholder="req_…" value="" error={isNoId ? "An id is req_ and 16 letters and digits, as in x-request-id." : null}
            onValue={(id) => (ID.test(id) ? route(`/requests/${id}`) : setNoId(id !== ""))}
          />
        )}
      </FilterBar>
      {follow.error && <Problem error={follow.error} />}
      <Table
        caption="Requests"
        columns={columns(names)}
        {...shown}
        keyOf={({ request_id }) => request_id}
        empty={filters.count > 0
          ? <Empty icon="search" title={isTold ? "A filter cannot be taken" : "No call fits"}>{isTold ? "What is wrong stands at its field." : "Take a filter away, or look at another time."}</Empty>
          : (
            <Empty icon="requests" title="No calls yet" action={may("llm:Invoke") && <LinkButton kind="primary" href="/playground">Open the playground</LinkButton>}>
              Point a client at this address, or send a prompt in the playground: the call appears here a moment after it ended.
            </Empty>
          )}
      />
    </Page>
  );
}

function columns(names: Names): Column<Request>[] {
  return [
    {
      title: "When",
      cell: ({ request_id, created_at }) => (may("usage:GetRequest") ? <a href={`/requests/${request_id}`}><Time at={created_at} exact /></a> : <Time at={created_at} exact />),
    },
    { title: "Outcome", cell: ({ status, error_code }) => <Outcome status={status} error={error_code} /> },
    {
      title: "Model",
      cell: ({ model, requested_model, provider_name }) => (
        <span class="two-lines">
          {requested_model ?? model ?? "none named"}
          {provider_name && <span>{[provider_name, model].filter(Boolean).join(" · ")}</span>}
        </span>
      ),
    },
    {
      title: "By",
      cell: ({ token_id, user_id }) => (
        <span class="two-lines">
          {names.of(token_id) ?? token_id ?? "ADMIN_TOKEN"}
          {user_id && <span>{names.of(user_id) ?? user_id}</span>}
        </span>
      ),
    },
    { title: "Tokens", align: "right", cell: (call) => <span class="nowrap">{tokens(call)}</span> },
    { title: "Cost", align: "right", cell: ({ cost_usd, priced }) => <span class="nowrap"><Money usd={priced ? cost_usd : null} /></span> },
    { title: "Took", align: "right", cell: ({ latency_ms }) => <span class="nowrap">{duration(latency_ms)}</span> },
    { title: "Attempts", align: "right", cell: ({ attempts }) => attempts.toLocaleString() },
  ];
}
