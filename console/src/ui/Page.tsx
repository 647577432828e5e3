import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

/** A screen's frame: its heading, which takes the focus when one comes here, what can be done, and what is there. */
export function Page({ title, about, trail, actions, children }: {
  title: string; about?: ComponentChildren; trail?: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · Sluice`;
  }, [title]);
  return (
    <div class="page">
      <header>
        <div>
          {trail && <nav class="trail" aria-label="Where this is">{trail}</nav>}
          <h1 tabIndex={-1}>{title}</h1>
          {about && <p>{about}</p>}
        </div>
        {actions && <div class="row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
