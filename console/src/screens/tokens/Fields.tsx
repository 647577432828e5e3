import { api } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { useList } from "../../api/hooks";
import { may } from "../../session/may";
import { TextAreaField, TextField } from "../../ui/Field";
import { fieldError, FormProblem } from "../../ui/Form";
import { JsonEditor } from "../../ui/JsonEditor";
import { SelectField } from "../../ui/Select";
import type { Typed } from "./form";

const RIGHTS = [
  { value: "member", label: "Member: calls models, keeps own keys" },
  { value: "viewer", label: "Viewer: reads, changes and calls nothing" },
  { value: "admin", label: "Admin: everything in its project" },
  { value: "policy", label: "A policy of its own" },
];

const SHOWN = ["name", "role", "allowed_models", "limits.requests_per_minute", "limits.tokens_per_minute", "limits.budget_usd", "limits.budget_period", "expires_at"];

/** The fields of a token. A token stays with its user, so that one is asked for only while it is made. */
export function TokenFields({ typed, onTyped, error, made = false }: {
  typed: Typed; onTyped: (typed: Typed) => void; error: ApiError | null; made?: boolean;
}) {
  const field = (name: keyof Typed) => ({ value: typed[name], onValue: (value: string) => onTyped({ ...typed, [name]: value }) });
  const asUser = typed.user_id !== "" && !made ? [{ value: "", label: "As its user" }] : [];
  return (
    <>
      <TextField label="Name" hint="Who or what presents it, such as ci." {...field("name")} error={fieldError(error, "name")} autofocus={!made} />
      {!made && may("users:ListUsers") && <UserField {...field("user_id")} error={fieldError(error, "user_id")} />}
      <SelectField label="Rights" options={[...asUser, ...RIGHTS]} {...field("rights")} error={fieldError(error, "role")} hint="Nobody can give more than they have." />
      {typed.rights === "policy" && (
        <JsonEditor label="Policy" rows={7} {...field("policy")} error={fieldError(error, "policy")}
          hint="Statements of effect (allow or deny), actions such as models:*, and, where not all are meant, resources. What none allows is denied; a deny wins." />
      )}
      <TextAreaField label="Models" optional rows={2} placeholder="OpenAI^gpt-5*" spellcheck={false} {...field("allowed_models")} error={fieldError(error, "allowed_models")}
        hint="Patterns of selectors that it may call, one a line; * stands for anything. Empty: all." />
      <fieldset class="limits">
        <legend>Limits</legend>
        <TextField label="Calls a minute" optional inputMode="numeric" {...field("requests_per_minute")} error={fieldError(error, "limits.requests_per_minute")} />
        <TextField label="Tokens a minute" optional inputMode="numeric" {...field("tokens_per_minute")} error={fieldError(error, "limits.tokens_per_minute")} />
        <TextField label="Budget in US$" optional inputMode="decimal" {...field("budget_usd")} error={fieldError(error, "limits.budget_usd")} />
        <SelectField label="Budget is for" {...field("budget_period")} error={fieldError(error, "limits.budget_period")}
          options={[{ value: "day", label: "each day" }, { value: "month", label: "each month" }, { value: "total", label: "all time" }]} />
      </fieldset>
      <TextField label="Ends" optional type="datetime-local" {...field("expires_at")} error={fieldError(error, "expires_at")} hint="In your time zone. Empty: never." />
      <FormProblem error={error} fields={[...SHOWN, ...(made ? [] : ["user_id"]), ...(typed.rights === "policy" ? ["policy"] : [])]} />
    </>
  );
}

function UserField({ error, ...choice }: { value: string; onValue: (id: string) => void; error: string | null }) {
  const { rows } = useList((cursor, signal) => api.GET("/api/v1/users", { params: { query: { cursor, limit: 200 } }, signal }));
  const options = [{ value: "", label: "Nobody in particular" }, ...(rows ?? []).map(({ id, name }) => ({ value: id, label: name }))];
  return <SelectField label="User" optional {...choice} options={options} error={error} hint="Whom it acts for: with that user's own keys, and never more rights." />;
}
