import { useId } from "preact/hooks";
import { api } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { useList } from "../../api/hooks";
import type { Provider } from "../../api/types";
import { may } from "../../session/may";
import { Button, IconButton } from "../../ui/Button";
import { FieldError, TextField } from "../../ui/Field";
import { fieldError } from "../../ui/Form";
import { SecretField } from "../../ui/SecretField";
import { SelectField } from "../../ui/Select";
import type { Draft, Header, Source } from "./draft";
import { keyOf } from "./words";

interface Part {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  error: ApiError | null;
}

/** How the credential is found, and the fields of that way. `stored`: the provider that has one already. */
export function Credential({ draft, set, error, stored, missing }: Part & { stored: Provider | null; missing: boolean }) {
  if (draft.auth === "none") return null;
  const ownLabel = draft.auth === "custom_headers" ? "Headers typed here" : draft.auth === "aws_sigv4" ? "An access key typed here" : "A key typed here";
  const sources: { value: Source; label: string }[] = [
    ...(stored ? [{ value: "keep", label: stored.credential.source ? `Keep it: ${keyOf(stored)}` : "None yet" } as const] : []),
    { value: "own", label: stored?.credential.configured ? `${ownLabel}, in its place` : ownLabel },
    ...(may("secrets:ListSecrets") ? [{ value: "secret", label: "A secret that providers share" } as const] : []),
    ...(draft.auth === "custom_headers" ? [] : [{ value: "keyless", label: "None: the server asks for none" } as const]),
    ...(stored ? [] : [{ value: "keep", label: "None yet: users bring keys of their own" } as const]),
  ];
  return (
    <>
      <SelectField label="Credential" options={sources} value={draft.source} onValue={(source) => set({ source: source as Source })} />
      {draft.source === "own" && <Typed {...{ draft, set, error, missing }} />}
      {draft.source === "secret" && <Shared {...{ draft, set, error }} />}
    </>
  );
}

function Typed({ draft, set, error, missing }: Part & { missing: boolean }) {
  if (draft.auth === "custom_headers") return <Headers headers={draft.headers} onChange={(headers) => set({ headers })} error={fieldError(error, "custom_headers")} />;
  if (draft.auth !== "aws_sigv4") {
    return (
      <SecretField label="Key" hint="Sealed before it is stored. Nobody can read it back." value={draft.key} onValue={(key) => set({ key })}
        error={missing ? "Type the key, or choose above that there is none." : fieldError(error, "api_key")} />
    );
  }
  const aws = (change: Partial<Draft["aws"]>) => set({ aws: { ...draft.aws, ...change } });
  const isOf = (name: string) => error?.param === `api_key.${name}`;
  return (
    <>
      <TextField label="Access key id" placeholder="AKIA…" value={draft.aws.id} onValue={(id) => aws({ id })} spellcheck={false}
        error={isOf("secret_access_key") || isOf("session_token") ? null : fieldError(error, "api_key")} />
      <SecretField label="Secret access key" value={draft.aws.key} onValue={(key) => aws({ key })} error={fieldError(error, "api_key.secret_access_key")} />
      <SecretField label="Session token" optional value={draft.aws.session} onValue={(session) => aws({ session })} error={fieldError(error, "api_key.session_token")} />
    </>
  );
}

function Shared({ draft, set, error }: Part) {
  const { rows } = useList((cursor, signal) => api.GET("/api/v1/secrets", { params: { query: { cursor, limit: 200 } }, signal }));
  const options = [
    { value: "", label: rows?.length === 0 ? "There is none yet" : "Choose one" },
    ...(rows ?? []).map(({ id, name, hint }) => ({ value: id, label: hint ? `${name} (••••${hint})` : name })),
  ];
  const hint = <>Changed in one place, under <a href="/secrets">Secrets</a>, for every provider that sends it.</>;
  return <SelectField label="Secret" hint={hint} options={options} value={draft.secret} onValue={(secret) => set({ secret })} error={fieldError(error, "secret_id")} />;
}

/** Names and values of the headers that carry the credential. */
function Headers({ headers, onChange, error }: { headers: readonly Header[]; onChange: (headers: Header[]) => void; error: string | null }) {
  const id = useId();
  const edit = (at: number, change: Partial<Header>) => onChange(headers.map((header) => (header.id === at ? { ...header, ...change } : header)));
  const next = Math.max(0, ...headers.map((header) => header.id)) + 1;
  return (
    <fieldset class="headers" aria-describedby={error ? id : undefined}>
      <legend>Headers</legend>
      {headers.map((header, at) => (
        <div key={header.id} class="header-row">
          <TextField label={`Name ${at + 1}`} placeholder="x-account" value={header.name} onValue={(name) => edit(header.id, { name })} spellcheck={false} />
          <SecretField label={`Value ${at + 1}`} value={header.value} onValue={(value) => edit(header.id, { value })} />
          {headers.length > 1 && <IconButton icon="trash" label={`Remove header ${at + 1}`} onClick={() => onChange(headers.filter((other) => other !== header))} />}
        </div>
      ))}
      {error && <div class="field"><FieldError id={id} text={error} /></div>}
      <div><Button icon="plus" onClick={() => onChange([...headers, { id: next, name: "", value: "" }])}>Another header</Button></div>
    </fieldset>
  );
}
