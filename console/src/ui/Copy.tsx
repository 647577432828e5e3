import { useEffect, useState } from "preact/hooks";
import { IconButton } from "./Button";
import { announce } from "./Toast";

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [copied, set] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => set(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <IconButton
      icon={copied ? "check" : "copy"}
      label={copied ? "Copied" : label}
      onClick={() => {
        // Not there over plain http from another machine, and a browser may forbid it.
        const written = navigator.clipboard?.writeText(text) ?? Promise.reject();
        written.then(() => set(true), () => announce("The browser does not let this page copy: select the text instead."));
      }}
    />
  );
}

/** A text with its copy button. */
export function Copyable({ text, label }: { text: string; label?: string }) {
  return (
    <span class="copyable">
      <code>{text}</code>
      <CopyButton text={text} label={label} />
    </span>
  );
}
