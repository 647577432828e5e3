// Who used what, and what it cost: totals of a span of time, over time and by group.
import { useState } from "preact/hooks";
import { api, ask } from "../../api/client";
import { useMutation, useResource } from "../../api/hooks";
import type { Schemas } from "../../api/types";
import { may } from "../../session/may";
import { Button, LinkButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Chart } from "../../ui/Chart";
import { Empty } from "../../ui/Empty";
import { fieldError } from "../../ui/Form";
import { Money } from "../../ui/Money";
import { Notice } from "../../ui/Notice";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { Select } from "../../ui/Select";
import { type Column, Table } from "../../ui/Table";
import { announce } from "../../ui/Toast";
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from "../activity/filters";
import { useNames } from "../activity/names";
import { Tiles } from "./Tiles";
import { RANGES, buckets, drawnAt, range } from "./range";
import { CALLS, MEASURES, type Dimension, type Query, type Totals, bucketOf, idOf, nameOf, readTotals, series, tokensOf } from "./totals";

const NAMES = ["by", "range", "first", "last", "measure", "provider", "model", "user", "token"] as const;
const GROUPS: { value: Dimension; label: string }[] = [
  { value: "model", label: "Model" }, { value: "provider", label: "Provider" }, { value: "user", label: "User" }, { value: "token", label: "Token" },
];

export default function Usage() {
  const filters = useFilters(NAMES);
  const { chosen, choose } = filters;
  const names = useNames(["provider", "user", "token"]);
  const by = GROUPS.find(({ value }) => value === chosen.by)?.value ?? null;
  const measure = MEASURES.find(({ value }) => value === chosen.measure) ?? CALLS;
  const { from, to, step } = range(chosen.range, chosen.first, chosen.last);
  const only = Object.fromEntries((["provider", "model", "user", "token"] as const).filter((name) => chosen[name]).map((name) => [name, chosen[name]]));
  const query: Query = { from, to, ...only };
  const key = JSON.stringify([query, by, step]);

  const sum = useResource(async (signal) => {
    const { data, response } = await ask(api.GET("/api/v1/usage", { params: { query }, signal }));
    return { data: (data as Schemas["TotalsPage"]).data[0], response };
  }, JSON.stringify(query));
  const groups = useResource((signal) => readTotals(by ?? step, query, signal), key);
  const overTime = useResource((signal) => readTotals(by ? `${by},${step}` : step, query, signal), key);
  const error = sum.error ?? groups.error ?? overTime.error;
  const csv = useMutation(() => api.GET("/api/v1/usage", { params: { query: { ...query, group_by: by ? `${by},${step}` : step, format: "csv" } }, parseAs: "text" }));

  const download = async () => {
    const answer = await csv.run(undefined);
    if (!answer) return;
    const url = URL.createObjectURL(new Blob([answer.data as unknown as string], { type: "text/csv" }));
    Object.assign(document.createElement("a"), { href: url, download: `usage-${from.slice(0, 10)}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    announce("The CSV file is among your downloads.");
  };
  const of = (name: (typeof NAMES)[number]) => ({ value: chosen[name], onValue: (value: string) => choose({ [name]: value }), error: fieldError(error, name) });
  const isTold = [...NAMES, ...(chosen.range === "custom" ? ["from", "to"] : [])].some((name) => fieldError(error, name));
  const moments = buckets({ from, to, step });
  const isEmpty = sum.data?.calls === 0;

  return (
    <Page
      title="Usage"
      about={`Totals of calls, tokens and money. ${step === "day" ? "A day is one of UTC, as limits count it." : "Hours are in your own zone."}`}
      actions={<Button pending={csv.pending} onClick={download}>Download CSV</Button>}
    >
      <FilterBar
        count={filters.count}
        onClear={filters.clear}
        moreSet={Object.keys(only).length > 0}
        more={
          <>
            <ChoiceFilter label="Provider" any="All providers" options={names.options("provider")} {...of("provider")} />
            <TextFilter label="Model" placeholder="All models" {...of("model")} />
            <ChoiceFilter label="User" any="Everybody" options={names.options("user")} {...of("user")} />
            <ChoiceFilter label="Token" any="All tokens" options={names.options("token")} {...of("token")} />
          </>
        }
      >
        <ChoiceFilter label="Group by" any={step === "day" ? "Day" : "Hour"} options={GROUPS} {...of("by")} />
        <ChoiceFilter label="Time" any="Last 30 days" options={RANGES.filter(({ value }) => value !== "month")} {...of("range")} />
        {chosen.range === "custom" && (
          <>
            <TextFilter label="First day" type="date" value={chosen.first || from} onValue={(first) => choose({ first })} error={fieldError(error, "from")} />
            <TextFilter label="Last day" type="date" value={chosen.last || (moments.at(-1) ?? "")} onValue={(last) => choose({ last })} error={fieldError(error, "to")} />
          </>
        )}
      </FilterBar>
      {csv.error && <Problem error={csv.error} />}
      {error ? !isTold && <Problem error={error} retry={() => (sum.reload(), groups.reload(), overTime.reload())} /> : (
        <>
          <Tiles totals={sum.data} />
          {isEmpty
            ? (
              <div class="table-frame">
                <Empty icon="usage" title="No calls in this time" action={may("llm:Invoke") && <LinkButton href="/playground">Open the playground</LinkButton>}>
                  {Object.keys(only).length > 0 ? "None that fits, at least: take a filter away, or look at another time." : "Choose another time, or make the first call."}
                </Empty>
              </div>
            )
            : (
              <>
                <Card
                  title={`${measure.label} ${step === "day" ? "by day" : "by hour"}`}
                  actions={<Select aria-label="What to chart" options={MEASURES} value={measure.value} onValue={(value) => choose({ measure: value === "calls" ? "" : value })} />}
                >
                  <Chart
                    label={`${measure.label} ${step === "day" ? "a day" : "an hour"}${by ? `, by ${by}` : ""}`}
                    bars={by === null}
                    times={moments.map(drawnAt)}
                    series={series(overTime.data?.rows ?? [], moments, measure.of, by, measure.label)}
                    format={measure.say}
                  />
                </Card>
                {overTime.data?.whole === false && <Notice tone="warn">These are too many groups for one chart: it lacks the last of them. Choose a shorter time, or a filter.</Notice>}
                <ByGroup by={by} rows={groups.data?.rows ?? null} loading={groups.loading} />
              </>
            )}
        </>
      )}
    </Page>
  );
}

/** The totals of each group. All of them are here, so that they are sorted here. */
function ByGroup({ by, rows, loading }: { by: Dimension | null; rows: readonly Totals[] | null; loading: boolean }) {
  const [sorting, sort] = useState({ by: "calls", descending: true });
  const measures: Record<string, (row: Totals) => number> = Object.fromEntries([...MEASURES.map(({ value, of }) => [value, of] as const), ["time", (row: Totals) => Date.parse(bucketOf(row))]]);
  const chosen = by === null && sorting.by === "calls" ? { by: "time", descending: true } : sorting;
  const of = measures[chosen.by] ?? CALLS.of;
  const sorted = rows && [...rows].sort((one, other) => (chosen.descending ? of(other) - of(one) : of(one) - of(other)));
  const first: Column<Totals> = by
    ? { title: GROUPS.find(({ value }) => value === by)?.label ?? by, cell: (row) => nameOf(row, by) }
    : { title: "Time", sort: "time", cell: (row) => (row.hour ? new Date(row.hour).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }) : row.day) };
  const columns: Column<Totals>[] = [
    first,
    { title: "Calls", align: "right", sort: "calls", cell: ({ calls }) => calls.toLocaleString() },
    { title: "Errors", align: "right", sort: "errors", cell: ({ errors }) => errors.toLocaleString() },
    { title: "Tokens", align: "right", sort: "tokens", cell: (row) => tokensOf(row).toLocaleString() },
    { title: "Cost", align: "right", sort: "cost", cell: ({ cost_usd }) => <Money usd={cost_usd} /> },
    { title: "Billed", align: "right", sort: "billed", cell: ({ billed_usd }) => <Money usd={billed_usd} /> },
  ];
  return (
    <Table
      caption="Totals"
      columns={columns}
      rows={sorted}
      loading={loading}
      keyOf={(row) => (by ? (idOf(row, by) ?? "") : bucketOf(row))}
      sorting={{ ...chosen, onSort: (name, descending) => sort({ by: name, descending }) }}
      empty={<Empty title="No calls in this time" />}
    />
  );
}
