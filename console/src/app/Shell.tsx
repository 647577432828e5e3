import { useLocation } from "preact-iso/router";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Me } from "../api/types";
import { IconButton } from "../ui/Button";
import { Account } from "./Account";
import { Navigation } from "./Navigation";
import { Outlet } from "./Outlet";
import { ProjectChoice } from "./ProjectChoice";
import { ThemeSwitch } from "./ThemeSwitch";

export function Shell({ me }: { me: Me }) {
  const { path } = useLocation();
  const [open, set] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const sidebar = useRef<HTMLDivElement>(null);
  useEffect(() => set(false), [path]);
  useEffect(() => {
    if (!open) return;
    sidebar.current?.querySelector<HTMLElement>("nav a")?.focus();
    const leave = (event: KeyboardEvent) => event.key === "Escape" && (set(false), opener.current?.focus());
    const elsewhere = (event: FocusEvent) => event.target instanceof Node && sidebar.current?.contains(event.target) === false && set(false);
    addEventListener("keydown", leave);
    addEventListener("focusin", elsewhere);
    return () => {
      removeEventListener("keydown", leave);
      removeEventListener("focusin", elsewhere);
    };
  }, [open]);

  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}>Skip to the content</a>
      <div class="sidebar" id="sidebar" data-open={open} ref={sidebar}>
        <Navigation path={path} />
      </div>
      <div class="backdrop" onClick={() => set(false)} />
      <header class="topbar">
        <span class="menu-button">
          <IconButton icon="menu" label="Navigation" aria-expanded={open} aria-controls="sidebar" buttonRef={opener} onClick={() => set(!open)} />
        </span>
        {me.kind === "root" && <ProjectChoice />}
        <span class="spread" />
        <ThemeSwitch />
        <Account me={me} />
      </header>
      <main class="main" id="main" tabIndex={-1}>
        <Outlet path={path} />
      </main>
    </div>
  );
}
