import type { ComponentChildren } from "preact";
import { Icon } from "./Icon";

/** Something to know, beside what it is about. */
export function Notice({ title, tone = "info", children }: { title?: string; tone?: "info" | "warn"; children?: ComponentChildren }) {
  return (
    <div class="notice" data-tone={tone}>
      <Icon name={tone === "warn" ? "warning" : "info"} />
      <div>
        {title && <strong>{title}</strong>}
        {children && <div>{children}</div>}
      </div>
    </div>
  );
}
