import type { ComponentChildren } from "preact";

/** A state in a word. Its colour repeats what the word says. */
export function Badge({ tone = "off", children }: { tone?: "ok" | "warn" | "danger" | "off" | "plain"; children: ComponentChildren }) {
  return <span class="badge" data-tone={tone}>{children}</span>;
}
