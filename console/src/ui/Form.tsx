import type { ComponentChildren } from "preact";
import { type ApiError, sentence } from "../api/errors";
import { Problem } from "./Problem";

/** Sends with Enter, and checks nothing by itself: the API names the field, the rule and the way out. */
export function Form({ onSubmit, children, id }: { onSubmit: () => void; children: ComponentChildren; id?: string }) {
  return (
    <form
      id={id}
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}

/** What the API said of one of these fields, for that field's `error`. */
export function fieldError(error: ApiError | null, name: string): string | null {
  return error?.param === name || error?.param?.startsWith(`${name}.`) ? sentence(error.message) : null;
}

/** What it said of no field that the form shows. */
export function FormProblem({ error, fields }: { error: ApiError | null; fields: readonly string[] }) {
  if (!error || fields.some((name) => fieldError(error, name) !== null)) return null;
  return <Problem error={error} />;
}
