// Totals as the API sums them, and over time as charts take them.
import type { Schemas } from "../../api/types";
import { api, ask } from "../../api/client";
import type { Series } from "../../ui/Chart";
import { exactUsd, shortUsd } from "../../ui/Money";

export type Totals = Schemas["Totals"];
export type Dimension = "model" | "provider" | "user" | "token";

interface Measure {
  value: string;
  label: string;
  of: (row: Totals) => number;
  say: (value: number) => string;
}

const count = (value: number) => value.toLocaleString();
const money = (value: number) => (value === 0 || value >= 0.01 ? shortUsd(value) : `$${exactUsd(value)}`);
export const tokensOf = (row: Totals) => row.input_tokens + row.cache_read_tokens + row.cache_write_tokens + row.output_tokens;

export const CALLS: Measure = { value: "calls", label: "Calls", of: ({ calls }) => calls, say: count };
export const ERRORS: Measure = { value: "errors", label: "Errors", of: ({ errors }) => errors, say: count };
export const COST: Measure = { value: "cost", label: "Cost", of: ({ cost_usd }) => cost_usd, say: money };

export const MEASURES: readonly Measure[] = [
  CALLS,
  ERRORS,
  { value: "tokens", label: "Tokens", of: tokensOf, say: count },
  COST,
  { value: "billed", label: "Billed", of: ({ billed_usd }) => billed_usd, say: money },
];

export interface Query {
  from?: string;
  to?: string;
  model?: string;
  provider?: string;
  user?: string;
  token?: string;
}

/** The most groups times moments that are read for a chart. */
const MOST_PAGES = 25;

/** Every group, page after page; `whole` is false where there were more than a chart needs. */
export async function readTotals(group_by: string, query: Query, signal: AbortSignal) {
  const rows: Totals[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { data, response } = await ask(api.GET("/api/v1/usage", { params: { query: { ...query, group_by, limit: 200, cursor } }, signal }));
    // The same path also answers with CSV, which is not asked for here.
    const { data: more, next_cursor: next } = data as Schemas["TotalsPage"];
    rows.push(...more);
    if (next === null) return { data: { rows, whole: true }, response };
    cursor = next;
  }
  return { data: { rows, whole: false }, response: new Response() };
}

const FIELDS = { model: ["model_id", "model"], provider: ["provider_id", "provider_name"], user: ["user_id", "user_name"], token: ["token_id", "token_name"] } as const;
const NOBODY = { model: "no model", provider: "no provider", user: "no user", token: "no token" };

export const idOf = (row: Totals, by: Dimension): string | null => row[FIELDS[by][0]] ?? null;

/** What a group is called. */
export const nameOf = (row: Totals, by: Dimension): string => row[FIELDS[by][1]] ?? idOf(row, by) ?? NOBODY[by];

export const bucketOf = (row: Totals): string => row.hour ?? row.day ?? "";

/** A line for each of the greatest groups, and one for all others. Without `by` there is one line. */
export function series(rows: readonly Totals[], moments: readonly string[], of: (row: Totals) => number, by: Dimension | null, label: string): Series[] {
  const sums = new Map<string, { name: string; sum: number }>();
  for (const row of rows) {
    const id = by ? (idOf(row, by) ?? "") : "";
    const before = sums.get(id);
    // A name that was changed since is the latest one: rows come in the order of time.
    sums.set(id, { name: by ? nameOf(row, by) : label, sum: (before?.sum ?? 0) + of(row) });
  }
  const ranked = [...sums].sort(([, one], [, other]) => other.sum - one.sum);
  const shown = new Set((ranked.length > 6 ? ranked.slice(0, 5) : ranked).map(([id]) => id));
  const lines = new Map<string, number[]>([...shown].map((id) => [id, moments.map(() => 0)]));
  const at = new Map(moments.map((moment, index) => [moment, index]));
  const others = moments.map(() => 0);
  for (const row of rows) {
    const index = at.get(bucketOf(row));
    const line = lines.get(by ? (idOf(row, by) ?? "") : "") ?? others;
    if (index !== undefined) line[index] = (line[index] ?? 0) + of(row);
  }
  const names = ranked.filter(([id]) => shown.has(id)).map(([id, { name }]) => ({ id, name }));
  const twice = (name: string) => names.filter((other) => other.name === name).length > 1;
  const drawn = names.map(({ id, name }) => ({ label: twice(name) ? `${name} (${id.slice(-4)})` : name, values: lines.get(id) ?? [] }));
  if (drawn.length === 0) return [{ label, values: others }];
  return ranked.length > drawn.length ? [...drawn, { label: `${(ranked.length - drawn.length).toLocaleString()} others`, values: others }] : drawn;
}
