import { useState } from "preact/hooks";
import { IconButton } from "../ui/Button";

const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const ICONS = { system: "system", light: "sun", dark: "moon" } as const;
const KEY = "sluice.theme";

export function ThemeSwitch() {
  const [theme, set] = useState<Theme>(() => THEMES.find((known) => known === localStorage.getItem(KEY)) ?? "system");
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  return (
    <IconButton
      icon={ICONS[theme]}
      label={`Theme: ${theme === "system" ? "as the system has it" : theme}. Change to ${next}`}
      onClick={() => {
        if (next === "system") {
          localStorage.removeItem(KEY);
          delete document.documentElement.dataset.theme;
        } else {
          localStorage.setItem(KEY, next);
          document.documentElement.dataset.theme = next;
        }
        set(next);
      }}
    />
  );
}
