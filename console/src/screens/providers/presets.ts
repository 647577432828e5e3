// What each kind of provider needs to be told. Addresses and auth methods of the kinds are the API's own defaults, shown here so
// that nobody has to look them up; the local servers are the addresses that those programs listen on by themselves.
import type { Schemas } from "../../api/types";

type Body = Schemas["ProviderUpdate"];
export type Kind = NonNullable<Body["provider"]>;
export type Auth = NonNullable<Body["auth_method"]>;
export type Protocol = NonNullable<Body["protocol"]>;

export interface KindTraits {
  label: string;
  /** Where it is without `base_url`; null: the operator must say it, or what it is made of. */
  address: string | null;
  /** The first one is what it takes by itself. Header maps and no credential go with every kind. */
  auth: readonly [Auth, ...Auth[]];
  protocols: readonly Protocol[];
  /** Keys of `advanced_json` that this kind has fields for. */
  own?: readonly Own[];
}

/** A field of a kind's own. */
export interface Own {
  key: "resource" | "api_version" | "region";
  label: string;
  hint: string;
  placeholder: string;
}

const OPENAI = ["responses", "chat_completions"] as const;
const ANY = ["bearer", "x_api_key", "api_key", "x_goog_api_key"] as const;

export const KINDS: Readonly<Record<Kind, KindTraits>> = {
  openai: { label: "OpenAI", address: "https://api.openai.com/v1", auth: ["bearer", "x_api_key"], protocols: OPENAI },
  anthropic: { label: "Anthropic", address: "https://api.anthropic.com", auth: ["x_api_key", "bearer"], protocols: ["anthropic_messages"] },
  google: { label: "Google Gemini", address: "https://generativelanguage.googleapis.com/v1beta", auth: ["x_goog_api_key", "bearer"], protocols: ["gemini"] },
  xai: { label: "xAI", address: "https://api.x.ai/v1", auth: ["bearer"], protocols: OPENAI },
  groq: { label: "Groq", address: "https://api.groq.com/openai/v1", auth: ["bearer"], protocols: ["chat_completions", "responses"] },
  azure: {
    label: "Azure OpenAI", address: null, auth: ["api_key", "bearer"], protocols: ["chat_completions", "responses"],
    own: [
      { key: "resource", label: "Resource", hint: "The first part of the resource's host. Give this or the base URL.", placeholder: "my-resource" },
      { key: "api_version", label: "API version", hint: "Empty: Azure's current one.", placeholder: "2024-10-21" },
    ],
  },
  bedrock: {
    label: "Amazon Bedrock", address: null, auth: ["aws_sigv4", "bearer"], protocols: ["bedrock_converse"],
    own: [{ key: "region", label: "Region", hint: "Where the models are enabled. Empty: us-east-1.", placeholder: "eu-central-1" }],
  },
  ollama: { label: "Ollama", address: "http://localhost:11434/v1", auth: ["bearer"], protocols: ["chat_completions", "responses", "anthropic_messages"] },
  gateway: { label: "Gateway", address: null, auth: ANY, protocols: ["chat_completions"] },
  custom: { label: "Custom", address: null, auth: ANY, protocols: ["chat_completions"] },
};

export interface Preset {
  value: string;
  label: string;
  group: string;
  kind: Kind;
  /** What to fill in. */
  address?: string;
  keyless?: true;
}

const kind = (value: Kind, group: string): Preset => ({ value, label: KINDS[value].label, group, kind: value });
const local = (value: string, label: string, address: string): Preset => ({ value, label, group: "On your own machine", kind: "custom", address, keyless: true });

export const PRESETS: readonly Preset[] = [
  ...(["openai", "anthropic", "google", "xai", "groq", "azure", "bedrock"] as const).map((value) => kind(value, "Vendors")),
  { ...kind("ollama", "On your own machine"), keyless: true },
  local("llama.cpp", "llama.cpp", "http://localhost:8080/v1"),
  local("vllm", "vLLM", "http://localhost:8000/v1"),
  local("lm-studio", "LM Studio", "http://localhost:1234/v1"),
  kind("gateway", "Other"),
  kind("custom", "Other"),
];

export const AUTH: Readonly<Record<Auth, string>> = {
  bearer: "Authorization: Bearer …",
  x_api_key: "x-api-key: …",
  api_key: "api-key: …",
  x_goog_api_key: "x-goog-api-key: …",
  aws_sigv4: "AWS Signature Version 4",
  custom_headers: "Headers of your own",
  none: "None: no credential is sent",
};

export const PROTOCOLS: Readonly<Record<Protocol, string>> = {
  chat_completions: "OpenAI Chat Completions",
  responses: "OpenAI Responses",
  anthropic_messages: "Anthropic Messages",
  gemini: "Gemini",
  bedrock_converse: "Bedrock Converse",
};

/** The methods that a kind takes, its own first. */
export const methodsOf = (of: Kind): Auth[] => [...KINDS[of].auth, "custom_headers", "none"];
