import type { ComponentChildren } from "preact";
import { Button } from "./Button";
import { Dialog } from "./Dialog";

/** A dialog that is filled in: it can be left, or submitted by its button or by Enter. */
export function FormDialog({ title, submit, kind = "primary", pending, disabled = false, more, wide = false, onSubmit, onClose, children }: {
  title: string;
  /** What the button says that submits it: `Save`. */
  submit: string;
  kind?: "primary" | "danger";
  pending: boolean;
  disabled?: boolean;
  /** Other ways to go on, between leaving and submitting. */
  more?: ComponentChildren;
  wide?: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ComponentChildren;
}) {
  return (
    <Dialog
      title={title}
      wide={wide}
      onClose={onClose}
      onSubmit={onSubmit}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          {more}
          <Button type="submit" kind={kind} pending={pending} disabled={disabled}>{submit}</Button>
        </>
      }
    >
      {children}
    </Dialog>
  );
}
