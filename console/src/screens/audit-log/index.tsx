// Who changed which fields of what, when and from where. The API keeps names of fields and no values.
import { api } from "../../api/client";
import { useList } from "../../api/hooks";
import type { Schemas } from "../../api/types";
import { useSession } from "../../session/session";
import { CopyButton } from "../../ui/Copy";
import { Empty } from "../../ui/Empty";
import { fieldError } from "../../ui/Form";
import { Page } from "../../ui/Page";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { ChoiceFilter, FilterBar, moment, TextFilter, useFilters } from "../activity/filters";
import { type Names, useNames } from "../activity/names";
import { doing, MODULES, RESOURCES } from "./words";

type Entry = Schemas["AuditEntry"];

const NAMES = ["actor", "action", "resource_type", "resource_id", "request_id", "from", "to"] as const;
const MORE = ["resource_id", "request_id", "from", "to"] as const;

export default function AuditLog() {
  const { me, project } = useSession();
  const filters = useFilters(NAMES);
  const { chosen, choose, query, key } = filters;
  const names = useNames(["provider", "user", "token", "secret"]);
  const list = useList((cursor, signal) => {
    const { from, to, ...rest } = query;
    return api.GET("/api/v1/audit-log", { params: { query: { ...rest, from: moment(from), to: moment(to), cursor } }, signal });
  }, key);
  const of = (name: (typeof NAMES)[number]) => ({ value: chosen[name], onValue: (value: string) => choose({ [name]: value }), error: fieldError(list.error, name) });
  const isTold = NAMES.some((name) => fieldError(list.error, name));
  const shown = isTold ? { ...list, error: null, rows: list.rows ?? [] } : list;
  const actors = [...(me?.kind === "root" ? [{ value: "root", label: "ADMIN_TOKEN" }] : []), ...names.options("token")];
  const everywhere = me?.kind === "root" && project === null;

  return (
    <Page
      title="Audit log"
      about={`Each change that an operator made, the newest first: who, what, which fields, from where. Values are not kept.${everywhere ? " As ADMIN_TOKEN you see those of all projects until you choose one." : ""}`}
    >
      <FilterBar
        count={filters.count}
        onClear={filters.clear}
        moreSet={MORE.some((name) => chosen[name] !== "")}
        more={
          <>
            <TextFilter label="Row's id" placeholder="aip_…" {...of("resource_id")} />
            <TextFilter label="Request id" placeholder="req_…" {...of("request_id")} />
            <TextFilter label="From" type="datetime-local" {...of("from")} />
            <TextFilter label="Until" type="datetime-local" {...of("to")} />
          </>
        }
      >
        <ChoiceFilter label="Who" any="Anybody" options={actors} {...of("actor")} />
        <ChoiceFilter label="What was done" any="Anything" options={MODULES} {...of("action")} />
        <ChoiceFilter label="To what" any="Any row" options={RESOURCES} {...of("resource_type")} />
      </FilterBar>
      <Table
        caption="Audit log"
        columns={columns(names, choose)}
        {...shown}
        keyOf={({ id }) => id}
        empty={filters.count > 0
          ? <Empty icon="search" title={isTold ? "A filter cannot be taken" : "No change fits"}>{isTold ? "What is wrong stands at its field." : "Take a filter away, or look at another time."}</Empty>
          : <Empty icon="audit" title="Nothing was changed yet">As soon as anybody adds, changes or deletes something, it is written down here.</Empty>}
      />
    </Page>
  );
}

function columns(names: Names, choose: (change: { request_id?: string; resource_id?: string }) => void): Column<Entry>[] {
  return [
    { title: "When", cell: ({ created_at }) => <Time at={created_at} exact /> },
    {
      title: "Who",
      cell: ({ actor_id, actor_name, user_id, address }) => (
        <span class="two-lines">
          {actor_id === "root" ? "ADMIN_TOKEN" : actor_name}
          <span>{[user_id && `for ${names.of(user_id) ?? user_id}`, address && `from ${address}`].filter(Boolean).join(", ")}</span>
        </span>
      ),
    },
    { title: "What", cell: ({ action }) => <span class="two-lines">{doing(action)}<span><code>{action}</code></span></span> },
    {
      title: "To",
      cell: ({ resource_type, resource_id }) => (
        <span class="two-lines">
          {[RESOURCES.find(({ value }) => value === resource_type)?.label ?? resource_type, names.of(resource_id)].filter(Boolean).join(" ")}
          <span><button type="button" class="link-button" title="Only changes of this row" onClick={() => choose({ resource_id })}>{resource_id}</button></span>
        </span>
      ),
    },
    { title: "Fields", cell: ({ fields }) => (fields.length === 0 ? <span class="muted">none</span> : <span class="row">{fields.map((field) => <code key={field}>{field}</code>)}</span>) },
    { title: "Request", align: "end", cell: ({ request_id }) => <CopyButton text={request_id} label={`Copy the request's id, ${request_id}`} /> },
  ];
}
