// The log's words for people.

export const MODULES = [
  { value: "aiProviders:*", label: "Providers" },
  { value: "models:*", label: "Models" },
  { value: "secrets:*", label: "Secrets" },
  { value: "extensions:*", label: "Extensions" },
  { value: "users:*", label: "Users" },
  { value: "tokens:*", label: "Tokens" },
  { value: "providerKeys:*", label: "Own keys" },
  { value: "projects:*", label: "Projects" },
  { value: "sealingKeys:*", label: "Sealing keys" },
].map(({ value, label }) => ({ value, label: `${label} (${value})` }));

export const RESOURCES = [
  { value: "provider", label: "Provider" },
  { value: "model", label: "Model" },
  { value: "secret", label: "Secret" },
  { value: "extension", label: "Extension" },
  { value: "user", label: "User" },
  { value: "token", label: "Token" },
  { value: "provider_key", label: "Own key" },
  { value: "project", label: "Project" },
  { value: "sealing_key", label: "Sealing key" },
];

/** `aiProviders:CreateAiProvider` → `Created`. */
export function doing(action: string): string {
  const verb = /:([A-Z][a-z]+)/.exec(action)?.[1] ?? action;
  return { Create: "Created", Update: "Changed", Delete: "Deleted", Import: "Imported", Put: "Set", Rotate: "Rotated" }[verb] ?? verb;
}
