// How to add a screen:
//
// 1. Make a folder `screens/<name>/` whose `index.tsx` has a default export: a component that takes `ScreenProps`. What only that
//    screen needs (its forms, its parts) lies beside it; so may a style sheet, which the build adds to the console's by itself.
// 2. Add it to `plain.ts`, or to `charting.ts` if it charts, and its row here: where it is, what it is called, in which group of the navigation (`null`: not in it), and the action
//    without which it makes no sense. The row is all that the shell needs; a path with a new beginning also stands
//    among the exceptions in wrangler.toml, which a test holds against this table.
// 3. `params` holds what the path's `:names` took, `rest` the segments after it: `/users/usr_1` is the screen `/users` with
//    `rest` = ["usr_1"]. The longest path that fits wins. Links are plain `<a href>`; `useLocation().route()` goes there in code.
// 4. Read with `useResource` and `useList`, write with `useMutation`, by `api.GET("/api/v1/…")`; show errors with `Problem` and
//    `fieldError`; offer only what `may(action, ...ids)` allows; say what was done with `announce`. `secrets` is the pattern.
// 5. Test it in tests/e2e/console/<name>.test.mjs: main action, main refusal, then `looksRight`, which checks it with axe and
//    keeps its pictures, in light, in dark and at 360 px.
import type { ComponentType } from "preact";
import type { Action } from "../api/types";
import type { IconName } from "../ui/Icon";

export interface ScreenProps {
  params: Readonly<Record<string, string>>;
  rest: readonly string[];
}

export interface Screen {
  path: string;
  title: string;
  group: "Gateway" | "Access" | "Activity" | "Deployment" | null;
  icon: IconName;
  /** What a token must be allowed, on some row at least, to be offered it; null: everybody is. */
  needs: Action | null;
  load: () => Promise<{ default: ComponentType<ScreenProps> }>;
}

// Two files for all of them, because a screen of its own in a file of its own would share little with the next, and would be half
// as large again: those that chart, and the others.
const charting = (name: keyof typeof import("./charting")) => async () => ({ default: (await import("./charting"))[name] });
const plain = (name: keyof typeof import("./plain")) => async () => ({ default: (await import("./plain"))[name] });

/** In the order of the navigation. */
export const SCREENS: readonly Screen[] = [
  { path: "/", title: "Overview", group: "Gateway", icon: "overview", needs: "usage:ListUsage", load: charting("Overview") },
  { path: "/providers", title: "Providers", group: "Gateway", icon: "providers", needs: "aiProviders:ListAiProviders", load: plain("Providers") },
  { path: "/providers/:provider_id/models", title: "Models", group: null, icon: "models", needs: "models:ListModels", load: plain("Models") },
  { path: "/secrets", title: "Secrets", group: "Gateway", icon: "secrets", needs: "secrets:ListSecrets", load: plain("Secrets") },
  { path: "/extensions", title: "Extensions", group: "Gateway", icon: "extensions", needs: "extensions:ListExtensions", load: plain("Extensions") },
  { path: "/playground", title: "Playground", group: "Gateway", icon: "playground", needs: "llm:Invoke", load: plain("Playground") },
  { path: "/users", title: "Users", group: "Access", icon: "users", needs: "users:ListUsers", load: plain("Users") },
  { path: "/tokens", title: "Tokens", group: "Access", icon: "tokens", needs: "tokens:ListTokens", load: plain("Tokens") },
  { path: "/my-keys", title: "My keys", group: "Access", icon: "keys", needs: "providerKeys:ListProviderKeys", load: plain("MyKeys") },
  { path: "/usage", title: "Usage", group: "Activity", icon: "usage", needs: "usage:ListUsage", load: charting("Usage") },
  { path: "/requests", title: "Requests", group: "Activity", icon: "requests", needs: "usage:ListRequests", load: plain("Requests") },
  { path: "/audit-log", title: "Audit log", group: "Activity", icon: "audit", needs: "audit:ListAuditLog", load: plain("AuditLog") },
  { path: "/projects", title: "Projects", group: "Deployment", icon: "projects", needs: "projects:CreateProject", load: plain("Projects") },
  { path: "/sealing-keys", title: "Sealing keys", group: "Deployment", icon: "sealing", needs: "sealingKeys:GetSealingKeys", load: plain("SealingKeys") },
  { path: "/settings", title: "Settings", group: "Deployment", icon: "settings", needs: null, load: plain("Settings") },
];
