import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { ApiError } from "../api/errors";
import { TextField } from "./Field";
import { FormDialog } from "./FormDialog";
import { Problem } from "./Problem";

/**
 * Asks before something that cannot be taken back. `name`, where given, must be typed: for what takes other things along. The
 * dialog stays open until the work is done, and shows why it failed.
 */
export function Confirm({ title, action, name, error, pending, problem, onConfirm, onClose, children }: {
  title: string;
  /** The verb on the button: `Delete`. */
  action: string;
  name?: string;
  error: ApiError | null;
  pending: boolean;
  /** What to show in place of the bare error. */
  problem?: ComponentChildren;
  onConfirm: () => void;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const [typed, type] = useState("");
  const isSure = name === undefined || typed.trim() === name;
  return (
    <FormDialog
      title={title}
      submit={action}
      kind="danger"
      pending={pending}
      disabled={!isSure}
      onClose={onClose}
      onSubmit={() => isSure && !pending && onConfirm()}
    >
      {children}
      {name !== undefined && <TextField label={`Type “${name}” to confirm`} value={typed} onValue={type} spellcheck={false} />}
      {error && (problem ?? <Problem error={error} />)}
    </FormDialog>
  );
}
