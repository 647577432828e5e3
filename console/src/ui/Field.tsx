import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Icon } from "./Icon";
import { Words } from "./Words";

/** What ties a control to its label, hint and error. Spread it over the control. */
export interface Tied {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": "true" | undefined;
}

export interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  /** The rule that the value broke, in words. */
  error?: string | null | undefined;
  optional?: boolean;
}

export function Field({ label, hint, error, optional, children }: FieldProps & { children: (tied: Tied) => ComponentChildren }) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>
        {label} {optional && <span class="optional">(optional)</span>}
      </label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": error ? "true" : undefined })}
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      {error && <FieldError id={`${id}-error`} text={error} />}
    </div>
  );
}

export function FieldError({ id, text }: { id: string; text: string }) {
  return (
    <p class="error" id={id}>
      <Icon name="warning" /> <span><Words text={text} /></span>
    </p>
  );
}

/** What a field of one line may say beside its value. */
interface Line {
  type?: "text" | "number" | "email" | "url" | "search" | "date" | "datetime-local";
  placeholder?: string;
  autofocus?: boolean;
  spellcheck?: boolean;
  disabled?: boolean;
  inputMode?: "text" | "numeric" | "decimal" | "url";
  min?: number | string;
  max?: number | string;
  step?: number | "any";
}

export function TextField({ label, hint, error, optional, value, onValue, type = "text", ...rest }: FieldProps & Line & {
  value: string; onValue: (value: string) => void;
}) {
  return (
    <Field {...{ label, hint, error, optional }}>
      {(tied) => (
        <input {...rest} {...tied} {...({ type } as { type: "text" })} class="input" autocomplete="off" value={value} onInput={(event) => onValue(event.currentTarget.value)} />
      )}
    </Field>
  );
}

export function TextAreaField({ label, hint, error, optional, value, onValue, ...rest }: FieldProps & {
  value: string; onValue: (value: string) => void; rows?: number; placeholder?: string; spellcheck?: boolean;
}) {
  return (
    <Field {...{ label, hint, error, optional }}>
      {(tied) => <textarea {...rest} {...tied} class="input" value={value} onInput={(event) => onValue(event.currentTarget.value)} />}
    </Field>
  );
}

/** A box to tick. */
export function Check({ label, hint, checked, onChange }: { label: string; hint?: string; checked: boolean; onChange: (on: boolean) => void }) {
  const id = useId();
  return (
    <div class="check">
      <input type="checkbox" id={id} checked={checked} aria-describedby={hint && `${id}-hint`} onChange={(event) => onChange(event.currentTarget.checked)} />
      <div>
        <label for={id}>{label}</label>
        {hint && <span class="hint" id={`${id}-hint`}>{hint}</span>}
      </div>
    </div>
  );
}
