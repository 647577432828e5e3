import type { ComponentChildren } from "preact";
import type { ApiError } from "../api/errors";
import { Button } from "./Button";
import { Icon } from "./Icon";
import { Problem } from "./Problem";

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
  /** `right` for numbers; `end` for a row's own menu, whose title is heard and not shown. */
  align?: "left" | "right" | "end";
  /** The name by which the API sorts, where it does. */
  sort?: string;
}

export interface Sorting {
  by: string;
  descending: boolean;
  onSort: (by: string, descending: boolean) => void;
}

/**
 * Rows of a list: give it what `useList` returns. The first column names the row. On a narrow screen each row is a card. While
 * rows are read for the first time their places are held.
 */
export function Table<Row>({ caption, columns, rows, loading = false, error = null, more, reload, keyOf, empty, sorting }: {
  /** What is listed, for those who hear it. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[] | null;
  loading?: boolean;
  error?: ApiError | null;
  more?: (() => void) | undefined;
  reload?: () => void;
  keyOf: (row: Row) => string;
  /** What to show, and do, where there is nothing. */
  empty: ComponentChildren;
  sorting?: Sorting;
}) {
  if (rows === null && error) return <Problem error={error} retry={reload} />;
  const isFirst = rows === null;
  if (rows?.length === 0 && !more && !loading) return <div class="table-frame">{empty}</div>;
  return (
    <div class="stack">
      {error && <Problem error={error} retry={reload} />}
      <div class="table-frame">
        <table class="table" role="table" aria-busy={isFirst}>
          <caption class="unseen">{caption}</caption>
          <thead role="rowgroup">
            <tr role="row">
              {columns.map((column) => <Head key={column.title} column={column} sorting={sorting} />)}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {isFirst
              ? [1, 2, 3, 4, 5].map((row) => (
                <tr key={row} role="row">
                  {columns.map(({ title, align }) => <td key={title} role="cell" data-align={align}><span class="bone" /></td>)}
                </tr>
              ))
              : rows.map((row) => (
                <tr key={keyOf(row)} role="row">
                  {columns.map(({ title, align, cell }, index) => (index === 0
                    ? <th key={title} role="rowheader" scope="row">{cell(row)}</th>
                    : <td key={title} role="cell" data-align={align} data-label={align === "end" ? undefined : title}>{cell(row)}</td>))}
                </tr>
              ))}
          </tbody>
        </table>
        {(more || (loading && !isFirst && rows.length >= 50)) && (
          <div class="table-foot">
            <span>{rows?.length.toLocaleString()} shown, and there are more</span>
            <Button pending={loading} onClick={more}>Show more</Button>
          </div>
        )}
      </div>
    </div>
  );
}

function Head<Row>({ column: { title, align, sort }, sorting }: { column: Column<Row>; sorting?: Sorting }) {
  if (!sort || !sorting) {
    return <th role="columnheader" scope="col" data-align={align}>{align === "end" ? <span class="unseen">{title}</span> : title}</th>;
  }
  const isBy = sorting.by === sort;
  return (
    <th role="columnheader" scope="col" data-align={align} aria-sort={isBy ? (sorting.descending ? "descending" : "ascending") : "none"}>
      <button type="button" onClick={() => sorting.onSort(sort, isBy ? !sorting.descending : true)}>
        {title}
        {isBy && <Icon name={sorting.descending ? "down" : "up"} />}
      </button>
    </th>
  );
}
