// What narrows a list. It stands in the address: a reload, a step back and a link that is passed on keep it.
import { useLocation } from "preact-iso/router";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { type Option, SelectField } from "../../ui/Select";

export interface Filters<Name extends string> {
  /** What was chosen; empty where nothing was. */
  chosen: Record<Name, string>;
  choose: (change: Partial<Record<Name, string>>) => void;
  clear: () => void;
  /** How many are set. */
  count: number;
  /** Changes with any of them: the `key` of what they narrow. */
  key: string;
  /** For the API's query: those that are set. */
  query: Partial<Record<Name, string>>;
}

export function useFilters<Name extends string>(names: readonly Name[]): Filters<Name> {
  const { path, query: given, route } = useLocation();
  const chosen = Object.fromEntries(names.map((name) => [name, given[name] ?? ""])) as Record<Name, string>;
  const set = names.filter((name) => chosen[name] !== "");
  // Two that are changed in one moment must not each begin with what was there before.
  const latest = useRef(chosen);
  latest.current = chosen;
  const choose = (change: Partial<Record<Name, string>>) => {
    latest.current = { ...latest.current, ...change };
    const search = new URLSearchParams(names.filter((name) => latest.current[name] !== "").map((name) => [name, latest.current[name]]));
    route(search.size > 0 ? `${path}?${search}` : path, true);
  };
  const query = Object.fromEntries(set.map((name) => [name, chosen[name]])) as Partial<Record<Name, string>>;
  return { chosen, choose, count: set.length, key: JSON.stringify(query), query, clear: () => route(path, true) };
}

/** The filters above a list. `more` is behind a click, until one of it is set. */
export function FilterBar({ children, more, moreSet = false, count, onClear }: {
  children: ComponentChildren; more?: ComponentChildren; moreSet?: boolean; count: number; onClear: () => void;
}) {
  const [open, set] = useState(moreSet);
  useEffect(() => {
    if (moreSet) set(true);
  }, [moreSet]);
  return (
    <form class="filters" role="search" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <div>{children}</div>
      {more && open && <div>{more}</div>}
      <p class="row">
        {more && <Button kind="quiet" icon={open ? "up" : "down"} aria-expanded={open} onClick={() => set(!open)}>{open ? "Fewer filters" : "More filters"}</Button>}
        {count > 0 && <Button kind="quiet" icon="close" onClick={onClear}>Clear filters</Button>}
      </p>
    </form>
  );
}

interface Filter {
  label: string;
  value: string;
  onValue: (value: string) => void;
  error?: string | null;
}

/** A filter that is typed: it holds once the typing has paused. */
export function TextFilter({ value, onValue, ...rest }: Filter & { placeholder?: string; type?: "text" | "search" | "date" | "datetime-local" }) {
  const [text, set] = useState(value);
  const known = useRef(value);
  useEffect(() => {
    if (value !== known.current) set((known.current = value));
  }, [value]);
  useEffect(() => {
    if (text.trim() === known.current) return;
    const timer = setTimeout(() => onValue((known.current = text.trim())), 400);
    return () => clearTimeout(timer);
  }, [text]);
  return <TextField {...rest} value={text} onValue={set} spellcheck={false} />;
}

/** A filter that is chosen; `any` is what it says while it is not. */
export function ChoiceFilter({ any, options, ...rest }: Filter & { any: string; options: readonly Option[] }) {
  const isKnown = rest.value === "" || options.some(({ value }) => value === rest.value);
  return <SelectField {...rest} options={[{ value: "", label: any }, ...options, ...(isKnown ? [] : [{ value: rest.value, label: rest.value }])]} />;
}

/** A moment that was chosen in the reader's zone, as the API takes it. */
export function moment(local: string | undefined): string | undefined {
  const at = new Date(local ?? "");
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
