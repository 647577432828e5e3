// What is typed of a token, and the body that it makes.
import type { Schemas } from "../../api/types";
import { parseJson } from "../../ui/JsonEditor";

export type Token = Schemas["Token"];
export type Role = NonNullable<Token["role"]>;

/** Fields as texts: what is no number goes to the API as it is, which names the field and the rule. */
export interface Typed {
  name: string;
  /** A role; `policy` for statements of its own; empty for what its user has. */
  rights: Role | "policy" | "";
  policy: string;
  user_id: string;
  /** A pattern a line. */
  allowed_models: string;
  requests_per_minute: string;
  tokens_per_minute: string;
  budget_usd: string;
  budget_period: string;
  /** As `datetime-local` has it, in the reader's zone. */
  expires_at: string;
}

export const EXAMPLE_POLICY = JSON.stringify([{ effect: "allow", actions: ["llm:Invoke", "models:ListModels"] }], null, 2);

export const NEW: Typed = {
  name: "", rights: "member", policy: EXAMPLE_POLICY, user_id: "", allowed_models: "",
  requests_per_minute: "", tokens_per_minute: "", budget_usd: "", budget_period: "month", expires_at: "",
};

/** What a form begins with that changes a token. */
export function typedOf(token: Token): Typed {
  const { limits, policy } = token;
  const text = (value: number | null | undefined) => (value == null ? "" : String(value));
  return {
    name: token.name,
    rights: token.role ?? "policy",
    policy: policy ? JSON.stringify(policy, null, 2) : EXAMPLE_POLICY,
    user_id: token.user_id ?? "",
    allowed_models: (token.allowed_models ?? []).join("\n"),
    requests_per_minute: text(limits?.requests_per_minute),
    tokens_per_minute: text(limits?.tokens_per_minute),
    budget_usd: text(limits?.budget_usd),
    budget_period: limits?.budget_period ?? "month",
    expires_at: token.expires_at ? local(new Date(token.expires_at)) : "",
  };
}

/** Everything that was typed, as the API takes it; null is "none". */
export function bodyOf(typed: Typed) {
  const { name, rights } = typed;
  const patterns = typed.allowed_models.split("\n").map((line) => line.trim()).filter(Boolean);
  const parsed = parseJson(typed.policy);
  const limits = {
    requests_per_minute: number(typed.requests_per_minute),
    tokens_per_minute: number(typed.tokens_per_minute),
    budget_usd: number(typed.budget_usd),
    budget_period: typed.budget_usd.trim() === "" ? null : (typed.budget_period as Schemas["Limits"]["budget_period"]),
  };
  return {
    name,
    ...(rights === "policy" ? { policy: parsed.ok ? (parsed.value as Schemas["StatementCreate"][]) : [] } : rights === "" ? {} : { role: rights }),
    allowed_models: patterns.length > 0 ? patterns : null,
    limits: Object.values(limits).every((limit) => limit === null) ? null : limits,
    expires_at: typed.expires_at === "" ? null : new Date(typed.expires_at).toISOString(),
  };
}

/** Only what differs between two forms; null where nothing does. */
export function changes(before: Typed, after: Typed): Partial<ReturnType<typeof bodyOf>> | null {
  const was: Record<string, unknown> = bodyOf(before);
  const changed = Object.entries(bodyOf(after)).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(was[name]));
  return changed.length > 0 ? Object.fromEntries(changed) : null;
}

function number(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : (trimmed as unknown as number);
}

/** A moment as `datetime-local` writes it, to the second where it has any. */
function local(date: Date): string {
  const there = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString();
  return there.slice(0, date.getSeconds() === 0 ? 16 : 19);
}
