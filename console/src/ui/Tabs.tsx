import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

export interface Tab {
  name: string;
  title: string;
}

/** Views of one thing. Arrow keys move between them; only the chosen one is a stop of the Tab key. */
export function Tabs({ tabs, chosen, onChoose, label, children }: {
  tabs: readonly Tab[]; chosen: string; onChoose: (name: string) => void; label: string; children: ComponentChildren;
}) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const at = tabs.findIndex(({ name }) => name === chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs.at(to % tabs.length);
    if (!next) return;
    onChoose(next.name);
    list.current?.querySelector<HTMLElement>(`[data-name="${next.name}"]`)?.focus();
  };
  return (
    <div>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
        {tabs.map(({ name, title }) => (
          <button key={name} type="button" role="tab" id={`${id}-${name}`} data-name={name} aria-selected={name === chosen} aria-controls={`${id}-panel`}
            tabIndex={name === chosen ? 0 : -1} onClick={() => onChoose(name)}>
            {title}
          </button>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${chosen}`}>
        {children}
      </div>
    </div>
  );
}
