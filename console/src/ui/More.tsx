import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** What few need, folded away. `open` opens it, as where an error is within; nothing but its reader closes it. */
export function More({ summary, open = false, children }: { summary: string; open?: boolean; children: ComponentChildren }) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (open && details.current) details.current.open = true;
  }, [open]);
  return (
    <details class="more" ref={details}>
      <summary>{summary}</summary>
      <div class="stack">{children}</div>
    </details>
  );
}
