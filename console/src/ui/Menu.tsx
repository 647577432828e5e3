import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, IconButton } from "./Button";
import { Icon, type IconName } from "./Icon";

export interface MenuItem {
  label: string;
  icon?: IconName;
  danger?: boolean;
  run: () => void;
}

/**
 * Actions behind a button. Arrow keys, Home and End move, Escape closes and gives the focus back. Without `text` the button is
 * three dots, and `label` is what is heard.
 */
export function Menu({ label, icon = "more", text, head, items }: {
  label: string; icon?: IconName; text?: ComponentChildren; head?: ComponentChildren; items: readonly MenuItem[];
}) {
  const id = useId();
  const [open, set] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  // Fixed, because a table's frame would cut it off.
  useLayoutEffect(() => {
    const [menu, anchor] = [list.current, button.current?.getBoundingClientRect()];
    if (!open || !menu || !anchor) return;
    const below = anchor.bottom + 4 + menu.offsetHeight <= innerHeight;
    menu.style.top = `${below ? anchor.bottom + 4 : Math.max(8, anchor.top - 4 - menu.offsetHeight)}px`;
    menu.style.left = `${Math.max(8, Math.min(anchor.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
    menu.querySelector<HTMLElement>('[role="menuitem"]')?.focus({ preventScroll: true });
  }, [open]);

  useEffect(() => {
    if (!open) return;
    const elsewhere = (event: Event) => event.target instanceof Node && root.current?.contains(event.target) === false && set(false);
    const moved = () => set(false);
    addEventListener("pointerdown", elsewhere);
    addEventListener("focusin", elsewhere);
    addEventListener("scroll", moved);
    addEventListener("resize", moved);
    return () => {
      removeEventListener("pointerdown", elsewhere);
      removeEventListener("focusin", elsewhere);
      removeEventListener("scroll", moved);
      removeEventListener("resize", moved);
    };
  }, [open]);

  const close = () => {
    set(false);
    button.current?.focus();
  };
  const move = (event: KeyboardEvent) => {
    const all = [...(list.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all.at(to % all.length)?.focus();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") set(false);
  };

  const opener = { buttonRef: button, "aria-haspopup": "menu", "aria-expanded": open, "aria-controls": open ? id : undefined, onClick: () => set(!open) } as const;
  return (
    <div class="menu" ref={root}>
      {text === undefined ? <IconButton icon={icon} label={label} {...opener} /> : (
        <Button kind="quiet" icon={icon} {...opener} aria-label={label}>{text}</Button>
      )}
      {open && (
        <div role="menu" id={id} aria-label={label} ref={list} onKeyDown={move}>
          {head && <div class="menu-head" role="presentation">{head}</div>}
          {items.map(({ label: name, icon: sign, danger, run }) => (
            <button key={name} type="button" role="menuitem" tabIndex={-1} data-danger={danger} onClick={() => (close(), run())}>
              {sign && <Icon name={sign} />}
              {name}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
