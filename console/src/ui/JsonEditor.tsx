import { Field, type FieldProps } from "./Field";

export type Parsed = { ok: true; value: unknown } | { ok: false; error: string };

/** Reads JSON; an empty text is `null`. The error names the line. */
export function parseJson(text: string): Parsed {
  if (text.trim() === "") return { ok: true, value: null };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (thrown) {
    return { ok: false, error: describe(text, thrown instanceof Error ? thrown.message : "") };
  }
}

/** Browsers say where in ways of their own: a position, or a line and a column. */
function describe(text: string, message: string): string {
  const line = /line (\d+)/.exec(message)?.[1];
  const position = /position (\d+)/.exec(message)?.[1];
  const at = line ?? (position === undefined ? null : text.slice(0, Number(position)).split("\n").length);
  const what = message.replace(/^JSON\.parse: /, "").replace(/ in JSON at position.*$| \(line.*$| at line.*$/, "");
  return at === null ? `This is not JSON: ${what}` : `Line ${at} is not JSON: ${what}`;
}

/** JSON to edit. `error` is the API's verdict; what is no JSON is said here, while it is typed. */
export function JsonEditor({ label, hint, error, optional, value, onValue, rows = 6, placeholder }: FieldProps & {
  value: string; onValue: (value: string) => void; rows?: number; placeholder?: string;
}) {
  const parsed = parseJson(value);
  return (
    <Field {...{ label, hint, optional }} error={parsed.ok ? error : parsed.error}>
      {(tied) => (
        <textarea {...tied} class="input code" rows={rows} value={value} placeholder={placeholder} spellcheck={false} autocapitalize="off" autocomplete="off"
          onInput={(event) => onValue(event.currentTarget.value)} />
      )}
    </Field>
  );
}
