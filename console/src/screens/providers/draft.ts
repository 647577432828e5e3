// What is typed into a provider's form, and the body that it comes to. A change sends only what was changed.
import type { Provider, Schemas } from "../../api/types";
import { parseJson } from "../../ui/JsonEditor";
import { type Auth, KINDS, type Kind, type Preset, type Protocol } from "./presets";

/** Where the credential comes from: `keep` leaves it as it is, which for a new provider is none. */
export type Source = "keep" | "own" | "secret" | "keyless";

export interface Header {
  id: number;
  name: string;
  value: string;
}

export interface Draft {
  preset: string;
  kind: Kind;
  name: string;
  address: string;
  /** Empty: the kind's. */
  protocol: Protocol | "";
  auth: Auth;
  source: Source;
  key: string;
  aws: { id: string; key: string; session: string };
  headers: Header[];
  secret: string;
  own: Readonly<Record<string, string>>;
  advanced: string;
}

const NO_CREDENTIAL = { key: "", aws: { id: "", key: "", session: "" }, headers: [{ id: 0, name: "", value: "" }], secret: "" };

/** A new provider by its preset. What was typed by hand stays: `before`. */
export function fromPreset(preset: Preset, before?: Draft): Draft {
  const wasPreset = before === undefined || before.name === "" || before.name === before.preset;
  return {
    ...NO_CREDENTIAL,
    ...(before && { key: before.key, headers: before.headers, secret: before.secret, aws: before.aws, advanced: before.advanced }),
    preset: preset.value,
    kind: preset.kind,
    name: wasPreset ? preset.value : before.name,
    address: preset.address ?? "",
    protocol: "",
    auth: KINDS[preset.kind].auth[0],
    source: preset.keyless ? "keyless" : "own",
    own: {},
    advanced: before?.advanced ?? "",
  };
}

/** A provider as it is. */
export function fromProvider(provider: Provider): Draft {
  const rest: Record<string, unknown> = { ...provider.advanced_json };
  const own: Record<string, string> = {};
  for (const { key } of KINDS[provider.provider].own ?? []) {
    if (typeof rest[key] !== "string") continue;
    own[key] = rest[key];
    delete rest[key];
  }
  const mode = provider.openai_api_mode === "auto" ? null : provider.openai_api_mode;
  return {
    ...NO_CREDENTIAL,
    preset: provider.provider,
    kind: provider.provider,
    name: provider.name,
    address: provider.base_url ?? "",
    protocol: provider.protocol ?? mode ?? "",
    auth: provider.auth_method ?? KINDS[provider.provider].auth[0],
    source: "keep",
    own,
    advanced: Object.keys(rest).length > 0 ? JSON.stringify(rest, null, 2) : "",
  };
}

type Body = Schemas["ProviderUpdate"];

function credential(draft: Draft): Body {
  const { auth, source, aws } = draft;
  if (auth === "none" || source === "keep") return {};
  if (source === "secret") return { secret_id: draft.secret };
  if (auth === "custom_headers") {
    return { custom_headers: Object.fromEntries(draft.headers.filter(({ name, value }) => name || value).map(({ name, value }) => [name.trim(), value])) };
  }
  if (source === "keyless") return { api_key: "" };
  if (auth !== "aws_sigv4") return { api_key: draft.key };
  return { api_key: JSON.stringify({ access_key_id: aws.id, secret_access_key: aws.key, ...(aws.session && { session_token: aws.session }) }) };
}

function advanced(draft: Draft): Body["advanced_json"] {
  const parsed = parseJson(draft.advanced);
  const typed = parsed.ok ? parsed.value : null;
  const own = Object.entries(draft.own).filter(([key, value]) => value && KINDS[draft.kind].own?.some((field) => field.key === key));
  if (own.length === 0) return typed as Body["advanced_json"];
  // What is no object is the API's to refuse.
  return (typeof typed === "object" && !Array.isArray(typed) ? { ...typed, ...Object.fromEntries(own) } : typed) as Body["advanced_json"];
}

/** The key that is missing where one was promised: the API takes an empty one for "keyless on purpose". */
export function missingKey(draft: Draft): boolean {
  return draft.source === "own" && draft.key.trim() === "" && !["aws_sigv4", "custom_headers", "none"].includes(draft.auth);
}

export function creation(draft: Draft): Body & { name: string } {
  const options = advanced(draft);
  return {
    name: draft.name,
    provider: draft.kind,
    ...(draft.address && { base_url: draft.address }),
    ...(draft.protocol && { protocol: draft.protocol }),
    ...(draft.auth !== KINDS[draft.kind].auth[0] && { auth_method: draft.auth }),
    ...credential(draft),
    ...(options !== null && { advanced_json: options }),
  };
}

export function change(draft: Draft, before: Draft): Body {
  const body: Body = credential(draft);
  if (draft.name !== before.name) body.name = draft.name;
  if (draft.kind !== before.kind) body.provider = draft.kind;
  if (draft.address !== before.address) body.base_url = draft.address || null;
  // The mode is another spelling of the same choice: what is chosen here takes its place.
  if (draft.protocol !== before.protocol) Object.assign(body, { protocol: draft.protocol || null, openai_api_mode: null });
  if (draft.auth !== before.auth) body.auth_method = draft.auth === KINDS[draft.kind].auth[0] ? null : draft.auth;
  if (draft.advanced !== before.advanced || JSON.stringify(draft.own) !== JSON.stringify(before.own)) body.advanced_json = advanced(draft);
  return body;
}
