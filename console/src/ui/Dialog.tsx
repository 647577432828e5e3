import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { IconButton } from "./Button";

/**
 * A question that the rest of the page waits for: the browser's own dialog, so that the focus stays within and goes back to where
 * it was. It is open as long as it is rendered. With `onSubmit` its content is a form.
 */
export function Dialog({ title, onClose, onSubmit, footer, wide = false, children }: {
  title: string; onClose: () => void; onSubmit?: () => void; footer: ComponentChildren; wide?: boolean; children: ComponentChildren;
}) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opened = dialog.current;
    const before = document.activeElement;
    opened?.showModal();
    return () => {
      opened?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const content = (
    <>
      <header>
        <h2 id={id}>{title}</h2>
        <IconButton icon="close" label="Close" onClick={onClose} />
      </header>
      <div class="dialog-body">{children}</div>
      <footer>{footer}</footer>
    </>
  );
  return (
    <dialog
      class="dialog"
      data-wide={wide}
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      {onSubmit ? (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            onSubmit();
          }}
        >
          {content}
        </form>
      ) : (
        <div>{content}</div>
      )}
    </dialog>
  );
}
