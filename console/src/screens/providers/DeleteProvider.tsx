import { useState } from "preact/hooks";
import { api } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { useMutation } from "../../api/hooks";
import type { Provider } from "../../api/types";
import { Confirm } from "../../ui/Confirm";
import { Problem } from "../../ui/Problem";
import { SelectField } from "../../ui/Select";
import { announce } from "../../ui/Toast";

type Mode = "cascade" | "orphan" | "refuse";

const MODES: readonly { value: Mode; label: string }[] = [
  { value: "refuse", label: "Delete it only if nothing depends on it" },
  { value: "cascade", label: "Delete its models along with it" },
  { value: "orphan", label: "Keep its models, for another provider" },
];

interface Dependents {
  models: number;
  user_keys: number;
  names: string[];
}

/** Deletes a provider after what hangs on it was shown, and after it was said what becomes of that. */
export function DeleteProvider({ provider, onClose, onDone }: { provider: Provider; onClose: () => void; onDone: () => void }) {
  const [mode, set] = useState<Mode>("refuse");
  const { run, pending, error } = useMutation((models: Mode) =>
    api.DELETE("/api/v1/providers/{provider_id}", { params: { path: { provider_id: provider.id }, query: { models } } }));
  const confirm = async () => {
    if (!(await run(mode))) return;
    announce(`${provider.name} is deleted.`);
    onDone();
    onClose();
  };
  const found = dependentsIn(error);
  return (
    <Confirm
      title={`Delete ${provider.name}?`}
      action="Delete"
      name={mode === "refuse" ? undefined : provider.name}
      pending={pending}
      error={error}
      problem={error && found ? <Problem error={error}><Dependents {...found} /></Problem> : undefined}
      onConfirm={confirm}
      onClose={onClose}
    >
      {!found && <Dependents models={provider.model_count} user_keys={0} names={provider.models.slice(0, 20).map(({ model }) => model)} />}
      <p>Its own credential and the keys that users sealed for it go along with it. None of them can be brought back.</p>
      <SelectField label="What depends on it" options={MODES} value={mode} onValue={(value) => set(value as Mode)} hint={HINTS[mode]} />
    </Confirm>
  );
}

const HINTS: Readonly<Record<Mode, string>> = {
  refuse: "Refused, with what is in the way, while it has models or users' keys.",
  cascade: "Calls that name its models are refused from then on.",
  orphan: "They serve nothing until another provider takes them.",
};

function Dependents({ models, user_keys: keys, names }: Dependents) {
  const parts = [
    models > 0 && (models === 1 ? "1 model" : `${models.toLocaleString()} models`),
    keys > 0 && (keys === 1 ? "1 user's own key" : `${keys.toLocaleString()} users' own keys`),
  ].filter(Boolean);
  if (parts.length === 0) return <p>It has no models.</p>;
  return (
    <>
      <p>On it depend {parts.join(" and ")}{names.length > 0 && ":"}</p>
      {names.length > 0 && <ul>{names.map((name) => <li key={name}><code>{name}</code></li>)}{models > names.length && <li>and {models - names.length} more</li>}</ul>}
    </>
  );
}

/** What a 409 names. */
function dependentsIn(error: ApiError | null): Dependents | null {
  return error?.code === "provider.in_use" ? (error.details as Dependents | null) : null;
}
