import { useId, useState } from "preact/hooks";
import { Button, IconButton } from "../../ui/Button";
import { FieldError, TextField } from "../../ui/Field";
import { JsonEditor, parseJson } from "../../ui/JsonEditor";
import { SelectField } from "../../ui/Select";
import { Tabs } from "../../ui/Tabs";
import { TryCondition } from "./TryCondition";
import { about, ATTRIBUTES, METADATA, newRow, type Operator, OPERATORS, operatorsOf, type Row, toRows, toWhen, type When } from "./when";

/** A condition while it is edited: rows, or JSON where rows do not do. */
export interface Condition {
  rows: Row[];
  json: string;
  mode: "rows" | "json";
}

export function conditionOf(when: When | null): Condition {
  const rows = toRows(when);
  return { rows: rows ?? [], json: when ? JSON.stringify(when, null, 2) : "", mode: rows ? "rows" : "json" };
}

/** What it says, or why it says nothing yet. */
export function compiled({ rows, json, mode }: Condition): { ok: true; when: When | null } | { ok: false; error: string } {
  if (mode === "rows") {
    const when = toWhen(rows);
    return typeof when === "string" ? { ok: false, error: when } : { ok: true, when };
  }
  const parsed = parseJson(json);
  return parsed.ok ? { ok: true, when: parsed.value as When | null } : parsed;
}

const SUBJECTS = [...Object.entries(ATTRIBUTES).map(([value, { label }]) => ({ value, label })), { value: METADATA, label: "metadata of the call" }];

/** Which requests a model takes before others. */
export function WhenBuilder({ condition, onChange, error }: { condition: Condition; onChange: (condition: Condition) => void; error: string | null }) {
  const id = useId();
  const [refused, refuse] = useState<string | null>(null);
  const { rows, json, mode } = condition;
  const edit = (at: number, change: (row: Row) => Row) => onChange({ ...condition, rows: rows.map((row) => (row.id === at ? change(row) : row)) });
  const said = compiled(condition);
  const shown = error ?? refused ?? (mode === "rows" && !said.ok ? said.error : null);

  const choose = (to: string) => {
    refuse(null);
    if (to === mode) return;
    if (to === "json") return onChange({ ...condition, mode: "json", json: said.ok && said.when ? JSON.stringify(said.when, null, 2) : json });
    const parsed = said.ok ? toRows(said.when) : null;
    if (parsed) onChange({ ...condition, mode: "rows", rows: parsed });
    else refuse("Lines cannot say this condition: it stays JSON.");
  };

  return (
    <fieldset class="when" aria-describedby={shown ? id : undefined}>
      <legend>Takes first the requests of which</legend>
      <Tabs label="How the condition is written" tabs={[{ name: "rows", title: "Lines" }, { name: "json", title: "JSON" }]} chosen={mode} onChoose={choose}>
        {mode === "rows" ? (
          <div class="stack">
            {rows.length === 0 && <p class="muted">No condition: it serves whoever names it, and nothing else.</p>}
            {rows.map((row, at) => <Line key={row.id} row={row} at={at + 1} edit={(change) => edit(row.id, change)} remove={() => onChange({ ...condition, rows: rows.filter((other) => other !== row) })} />)}
            <div>
              <Button icon="plus" onClick={() => onChange({ ...condition, rows: [...rows, newRow(Math.max(-1, ...rows.map((row) => row.id)) + 1)] })}>
                {rows.length === 0 ? "Add a condition" : "And another one"}
              </Button>
            </div>
          </div>
        ) : (
          <JsonEditor label="Condition as JSON" optional value={json} onValue={(text) => (refuse(null), onChange({ ...condition, json: text }))} placeholder={'{ "input_chars": { "$gt": 5000 } }'} />
        )}
      </Tabs>
      {said.ok && said.when && <TryCondition when={said.when} />}
      {shown && <div class="field"><FieldError id={id} text={shown} /></div>}
    </fieldset>
  );
}

function Line({ row, at, edit, remove }: { row: Row; at: number; edit: (change: (row: Row) => Row) => void; remove: () => void }) {
  const isTruth = row.operator === "$exists" || ATTRIBUTES[row.attribute]?.kind === "truth";
  const isList = row.operator === "$in" || row.operator === "$nin";
  const value = (text: string) => edit((before) => ({ ...before, value: text }));
  const operate = (operator: string) => edit((before) => ({ ...before, operator: operator as Operator, value: operator === "$exists" ? "true" : before.operator === "$exists" ? "" : before.value }));
  return (
    <div class="when-row">
      <SelectField label={`Attribute ${at}`} options={SUBJECTS} value={row.attribute} onValue={(attribute) => edit((before) => about(before, attribute))} />
      {row.attribute === METADATA && <TextField label={`Key ${at}`} placeholder="tier" value={row.key} onValue={(key) => edit((before) => ({ ...before, key }))} spellcheck={false} />}
      <SelectField label={`Comparison ${at}`} options={operatorsOf(row.attribute).map((operator) => ({ value: operator, label: OPERATORS[operator] }))} value={row.operator} onValue={operate} />
      {isTruth
        ? <SelectField label={`Value ${at}`} options={[{ value: "true", label: "yes" }, { value: "false", label: "no" }]} value={row.value === "false" ? "false" : "true"} onValue={value} />
        : <TextField label={`Value ${at}`} placeholder={isList ? "one, another" : row.operator === "$glob" ? "gpt-*" : ""} value={row.value} onValue={value} spellcheck={false} />}
      <IconButton icon="trash" label={`Remove condition ${at}`} onClick={remove} />
    </div>
  );
}
