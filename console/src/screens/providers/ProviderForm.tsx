import { useLocation } from "preact-iso/router";
import { useState } from "preact/hooks";
import { api, ifMatch } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { useMutation, useResource } from "../../api/hooks";
import type { Provider } from "../../api/types";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { fieldError, FormProblem } from "../../ui/Form";
import { FormDialog } from "../../ui/FormDialog";
import { JsonEditor, parseJson } from "../../ui/JsonEditor";
import { More } from "../../ui/More";
import { Notice } from "../../ui/Notice";
import { Problem } from "../../ui/Problem";
import { SelectField } from "../../ui/Select";
import { announce } from "../../ui/Toast";
import { Credential } from "./Credential";
import { change, creation, type Draft, fromPreset, fromProvider, missingKey, type Source } from "./draft";
import { AUTH, type Auth, KINDS, type Kind, methodsOf, PRESETS, PROTOCOLS, type Protocol } from "./presets";

const FIELDS = ["name", "provider", "base_url", "protocol", "openai_api_mode", "auth_method", "api_key", "secret_id", "custom_headers", "advanced_json"];

/** Registers a provider, then goes on to its models, without which it serves nothing. */
export function CreateProvider({ onClose }: { onClose: () => void }) {
  const { route } = useLocation();
  const [draft, set] = useState(() => fromPreset(PRESETS[0]!));
  const write = useMutation((body: ReturnType<typeof creation>) => api.POST("/api/v1/providers", { body }));
  const save = async () => {
    const made = await write.run(creation(draft));
    if (!made) return;
    announce(`${made.data.name} is registered.`);
    route(`/providers/${made.data.id}/models`);
  };
  return <ProviderForm title="New provider" verb="Register it" stored={null} {...{ draft, set, save, onClose }} pending={write.pending} error={write.error} />;
}

/** Changes a provider: the version that is read when the form opens, and no later one. */
export function ChangeProvider({ id, onClose, onDone }: { id: string; onClose: () => void; onDone: (changed: Provider) => void }) {
  const path = { provider_id: id };
  const current = useResource((signal) => api.GET("/api/v1/providers/{provider_id}", { params: { path }, signal }), id);
  if (current.data) return <Change key={id} provider={current.data} etag={current.etag} onClose={onClose} onDone={onDone} />;
  return (
    <Dialog title="Provider" onClose={onClose} footer={<Button onClick={onClose}>Close</Button>}>
      {current.error ? <Problem error={current.error} retry={current.reload} /> : <p role="status">Reading it …</p>}
    </Dialog>
  );
}

function Change({ provider, etag, onClose, onDone }: { provider: Provider; etag: string | null; onClose: () => void; onDone: (changed: Provider) => void }) {
  const [before] = useState(() => fromProvider(provider));
  const [draft, set] = useState(before);
  const path = { provider_id: provider.id };
  const write = useMutation((body: ReturnType<typeof change>) => api.PATCH("/api/v1/providers/{provider_id}", { params: { path, header: ifMatch(etag) }, body }));
  const save = async () => {
    const body = change(draft, before);
    if (Object.keys(body).length === 0) return onClose();
    const changed = await write.run(body);
    if (!changed) return;
    announce(`${changed.data.name} is changed.`);
    onDone(changed.data);
    onClose();
  };
  return <ProviderForm title={`Change ${provider.name}`} verb="Save" stored={provider} {...{ draft, set, save, onClose }} pending={write.pending} error={write.error} />;
}

function ProviderForm({ title, verb, draft, set, stored, save, onClose, pending, error }: {
  title: string; verb: string; draft: Draft; set: (draft: Draft) => void; stored: Provider | null;
  save: () => void; onClose: () => void; pending: boolean; error: ApiError | null;
}) {
  const [isMissing, miss] = useState(false);
  const edit = (part: Partial<Draft>) => set({ ...draft, ...part });
  const traits = KINDS[draft.kind];
  const own = traits.own ?? [];
  const isOwn = own.some(({ key }) => error?.param === `advanced_json.${key}`);
  const advancedError = isOwn ? null : fieldError(error, "advanced_json");
  const protocolError = fieldError(error, "protocol") ?? fieldError(error, "openai_api_mode");

  const choose = (value: string) => {
    const preset = PRESETS.find((option) => option.value === value);
    if (!preset) return;
    // Of a provider that is there, only the kind is changed: the address and the credential stay until they are typed anew.
    if (stored) edit({ preset: value, kind: preset.kind, auth: methodsOf(preset.kind).includes(draft.auth) ? draft.auth : KINDS[preset.kind].auth[0] });
    else set(fromPreset(preset, draft));
  };
  const chooseAuth = (auth: string) => {
    const source: Source = stored && auth === fromProvider(stored).auth ? "keep" : auth === "custom_headers" || draft.source === "keep" ? "own" : draft.source;
    edit({ auth: auth as Auth, source });
  };
  const submit = () => {
    const none = missingKey(draft);
    miss(none);
    if (!none && parseJson(draft.advanced).ok) save();
  };

  const kinds = stored ? PRESETS.filter(({ value }) => value in KINDS) : PRESETS;
  return (
    <FormDialog
      title={title}
      submit={verb}
      pending={pending}
      onClose={onClose}
      onSubmit={submit}
    >
      <SelectField label="Kind" options={kinds} value={draft.preset} onValue={choose} error={fieldError(error, "provider")} />
      <TextField label="Name" hint={<>Callers say <code>{draft.name || "name"}^model</code>.</>} value={draft.name} onValue={(name) => edit({ name })}
        error={fieldError(error, "name")} spellcheck={false} />
      {own.map(({ key, ...words }) => (
        <TextField key={key} {...words} optional value={draft.own[key] ?? ""} onValue={(value) => edit({ own: { ...draft.own, [key]: value } })}
          error={error?.param === `advanced_json.${key}` ? fieldError(error, "advanced_json") : null} spellcheck={false} />
      ))}
      <TextField label="Base URL" type="url" optional={traits.address !== null || own.length > 0} value={draft.address} onValue={(address) => edit({ address })}
        placeholder={traits.address ?? "https://…"} hint={traits.address ? "Empty: the address in grey." : undefined} error={fieldError(error, "base_url")} />
      {isLocal(draft.address || traits.address) && (
        <Notice title="Only for a Sluice that runs beside it">
          A deployed Sluice reaches public https addresses only: give the server one, by a tunnel. Beside it, set <code>ALLOW_PRIVATE_UPSTREAMS</code>.
        </Notice>
      )}
      <SelectField label="Sent as" options={methodsOf(draft.kind).map((value) => ({ value, label: AUTH[value] }))} value={draft.auth} onValue={chooseAuth}
        error={fieldError(error, "auth_method")} />
      <Credential draft={draft} set={(part) => (miss(false), edit(part))} error={error} stored={stored} missing={isMissing} />
      <More summary="Protocol and advanced settings" open={Boolean(advancedError || protocolError) || draft.kind === "gateway" || draft.preset === "custom"}>
        <SelectField label="Protocol" options={protocolsOf(draft.kind)} value={draft.protocol} onValue={(protocol) => edit({ protocol: protocol as Protocol | "" })} error={protocolError} />
        <JsonEditor label="Advanced JSON" optional value={draft.advanced} onValue={(advanced) => edit({ advanced })} error={advancedError}
          placeholder={'{ "timeout_ms": 60000 }'}
          hint={<><code>extra_headers</code>, <code>timeout_ms</code>, <code>first_byte_timeout_ms</code> and the like steer Sluice; any other key is a default of the calls' bodies.</>} />
      </More>
      <FormProblem error={error} fields={FIELDS} />
    </FormDialog>
  );
}

function protocolsOf(kind: Kind) {
  const own = KINDS[kind].protocols;
  return [
    { value: "", label: own.length === 1 ? `${PROTOCOLS[own[0]!]}, as usual` : "As each call needs it" },
    ...(Object.keys(PROTOCOLS) as Protocol[]).map((value) => ({ value, label: `Always ${PROTOCOLS[value]}` })),
  ];
}

const isLocal = (address: string | null) => /^https?:\/\/(localhost|127\.|\[::1\]|10\.|192\.168\.)/.test(address ?? "");
