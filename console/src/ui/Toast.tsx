import { useEffect, useState } from "preact/hooks";
import { IconButton } from "./Button";
import { Icon } from "./Icon";

export interface Toast {
  text: string;
  /** What takes it back, where anything does. */
  undo?: { label: string; run: () => void };
}

type Shown = Toast & { id: number };

let toasts: Shown[] = [];
let last = 0;
let show: (toasts: Shown[]) => void = () => {};

const change = (next: Shown[]) => show((toasts = next));
const remove = (id: number) => change(toasts.filter((toast) => toast.id !== id));

/** Says in the corner, and to those who listen, what was done. Errors do not belong here: they stay where they happened. */
export function announce(text: string, undo?: Toast["undo"]) {
  change([...toasts.slice(-2), { text, undo, id: (last += 1) }]);
}

/** The one place where they appear. It is there from the beginning, or a screen reader would miss the first one. */
export function Toasts() {
  const [shown, set] = useState(toasts);
  useEffect(() => {
    show = set;
    return () => void (show = () => {});
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map((toast) => <Item key={toast.id} {...toast} />)}
    </div>
  );
}

function Item({ id, text, undo }: Shown) {
  const [held, hold] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => remove(id), undo ? 12_000 : 6000);
    return () => clearTimeout(timer);
  }, [held, undo]);
  return (
    <div class="toast" onMouseEnter={() => hold(true)} onMouseLeave={() => hold(false)} onFocusCapture={() => hold(true)} onBlurCapture={() => hold(false)}>
      <Icon name="check" />
      <span>{text}</span>
      {undo && <button type="button" class="link-button" onClick={() => (remove(id), undo.run())}>{undo.label}</button>}
      <IconButton icon="close" label="Close this message" onClick={() => remove(id)} />
    </div>
  );
}
