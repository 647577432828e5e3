import { useState } from "preact/hooks";
import { IconButton } from "./Button";
import { Field, type FieldProps } from "./Field";

/**
 * A credential that is being typed. The eye shows what was typed here, and nothing else: what is stored is never read back.
 * Browsers neither keep nor correct it.
 */
export function SecretField({ label, hint, error, optional, value, onValue, placeholder, autoFocus = false }: FieldProps & {
  value: string; onValue: (value: string) => void; placeholder?: string; autoFocus?: boolean;
}) {
  const [shown, show] = useState(false);
  return (
    <Field {...{ label, hint, error, optional }}>
      {(tied) => (
        <div class="secret">
          <input {...tied} class="input" {...({ type: shown && value ? "text" : "password" } as { type: "text" })} value={value} placeholder={placeholder}
            autocomplete="off" autocapitalize="off" spellcheck={false} data-1p-ignore data-lpignore="true" autofocus={autoFocus}
            onInput={(event) => onValue(event.currentTarget.value)} />
          {value && <IconButton icon={shown ? "unseen" : "eye"} label={shown ? "Hide what you typed" : "Show what you typed"} onClick={() => show(!shown)} />}
        </div>
      )}
    </Field>
  );
}
