import { useState } from "preact/hooks";
import { api, ask, ifMatch } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { useMutation, useResource } from "../../api/hooks";
import type { Model, Provider, Schemas } from "../../api/types";
import { Button } from "../../ui/Button";
import { TextAreaField, TextField } from "../../ui/Field";
import { fieldError, FormProblem } from "../../ui/Form";
import { FormDialog } from "../../ui/FormDialog";
import { JsonEditor, parseJson } from "../../ui/JsonEditor";
import { More } from "../../ui/More";
import { announce } from "../../ui/Toast";
import { perMillion, perThousand } from "./prices";
import { compiled, type Condition, conditionOf, WhenBuilder } from "./WhenBuilder";
import type { When } from "./when";

type Body = Schemas["ModelUpdate"];

const COSTS = [
  ["cost_per_1k_input", "Input"],
  ["cost_per_1k_output", "Output"],
  ["cost_per_1k_cache_read", "Read from cache"],
  ["cost_per_1k_cache_write", "Written to cache"],
] as const;

const FIELDS = ["model", "name", "tags", "priority", "weight", "fallbacks", "when", "multiplier", "advanced_json", ...COSTS.map(([field]) => field)];

interface Draft {
  model: string;
  name: string;
  tags: string;
  priority: string;
  weight: string;
  fallbacks: string;
  multiplier: string;
  condition: Condition;
  costs: Record<string, string>;
  advanced: string;
}

const draftOf = (model: Model | null): Draft => ({
  model: model?.model ?? "",
  name: model?.name ?? "",
  tags: model?.tags.join(", ") ?? "",
  priority: String(model?.priority ?? 0),
  weight: String(model?.weight ?? 1),
  fallbacks: model?.fallbacks.join("\n") ?? "",
  multiplier: String(model?.multiplier ?? 1),
  condition: conditionOf((model?.when as When | null | undefined) ?? null),
  costs: Object.fromEntries(COSTS.map(([field]) => [field, perMillion(model?.[field] ?? null)])),
  advanced: model?.advanced_json ? JSON.stringify(model.advanced_json, null, 2) : "",
});

const parts = (text: string, by: RegExp) => text.split(by).map((part) => part.trim()).filter(Boolean);

/** What is no number goes to the API as it is, to be refused in its words. */
const number = (text: string) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : (text as unknown as number));

/** What was changed, in the API's fields; null where something of it is no JSON yet. */
function bodyOf(draft: Draft, before: Draft): Body | null {
  const condition = compiled(draft.condition);
  const advanced = parseJson(draft.advanced);
  if (!condition.ok || !advanced.ok) return null;
  const whole: Body = {
    model: draft.model,
    name: draft.name.trim() === "" ? null : draft.name,
    tags: parts(draft.tags, /,/),
    priority: number(draft.priority),
    weight: number(draft.weight),
    fallbacks: parts(draft.fallbacks, /\n/),
    multiplier: number(draft.multiplier),
    when: condition.when,
    ...Object.fromEntries(COSTS.map(([field]) => [field, perThousand(draft.costs[field] ?? "")])),
    advanced_json: advanced.value as Body["advanced_json"],
  };
  const beforeCondition = compiled(before.condition);
  const same: Record<string, boolean> = {
    when: beforeCondition.ok && JSON.stringify(beforeCondition.when) === JSON.stringify(condition.when),
    advanced_json: draft.advanced === before.advanced,
    ...Object.fromEntries((["model", "name", "tags", "priority", "weight", "fallbacks", "multiplier"] as const).map((field) => [field, draft[field] === before[field]])),
    ...Object.fromEntries(COSTS.map(([field]) => [field, draft.costs[field] === before.costs[field]])),
  };
  return Object.fromEntries(Object.entries(whole).filter(([field]) => !same[field]));
}

export function CreateModel({ provider, onClose, onDone }: { provider: Provider; onClose: () => void; onDone: () => void }) {
  const write = useMutation((body: Body) => api.POST("/api/v1/providers/{provider_id}/models", {
    params: { path: { provider_id: provider.id } }, body: { model: "", ...body } as Schemas["ModelCreate"],
  }));
  const save = async (body: Body) => {
    const made = await write.run(body);
    if (!made) return;
    announce(`${made.data.model} is registered.`);
    onDone();
    onClose();
  };
  return <ModelForm title="New model" verb="Register it" model={null} save={save} onClose={onClose} pending={write.pending} error={write.error} />;
}

/** Changes the version that is read when the form opens. `onCheck`, where it may be asked, shows what the saved condition does. */
export function ChangeModel({ provider, model, onClose, onDone, onCheck }: {
  provider: Provider; model: Model; onClose: () => void; onDone: () => void; onCheck: ((model: Model) => void) | null;
}) {
  const path = { provider_id: provider.id, model_id: model.id };
  const read = (signal?: AbortSignal) => api.GET("/api/v1/providers/{provider_id}/models/{model_id}", { params: { path }, signal });
  const current = useResource(read, model.id);
  const write = useMutation(async (body: Body) => {
    const etag = current.etag ?? (await ask(read())).etag;
    return api.PATCH("/api/v1/providers/{provider_id}/models/{model_id}", { params: { path, header: ifMatch(etag) }, body });
  });
  const save = async (body: Body, check: boolean) => {
    let saved = model;
    if (Object.keys(body).length > 0) {
      const changed = await write.run(body);
      if (!changed) return;
      saved = changed.data;
      announce(`${saved.model} is changed.`);
      onDone();
    }
    if (check) onCheck?.(saved);
    else onClose();
  };
  return <ModelForm title={`Change ${model.model}`} verb="Save" checks={onCheck !== null} {...{ model, save, onClose }} pending={write.pending} error={write.error} />;
}

function ModelForm({ title, verb, model, checks = false, save, onClose, pending, error }: {
  title: string; verb: string; model: Model | null; checks?: boolean; save: (body: Body, check: boolean) => void; onClose: () => void; pending: boolean; error: ApiError | null;
}) {
  const [before] = useState(() => draftOf(model));
  const [draft, set] = useState(before);
  const edit = (part: Partial<Draft>) => set({ ...draft, ...part });
  const field = (name: "model" | "name" | "tags" | "priority" | "weight" | "multiplier") => ({
    value: draft[name], onValue: (value: string) => edit({ [name]: value }), error: fieldError(error, name), spellcheck: false,
  });
  const submit = (check: boolean) => {
    const body = bodyOf(draft, before);
    if (body) save(body, check);
  };
  return (
    <FormDialog
      title={title}
      wide
      submit={verb}
      pending={pending}
      more={checks && <Button pending={pending} onClick={() => submit(true)}>Save and check requests</Button>}
      onClose={onClose}
      onSubmit={() => submit(false)}
    >
      <div class="pair">
        <TextField label="Model" hint="The upstream's own name of it." placeholder="gpt-5-mini" {...field("model")} autofocus={model === null} />
        <TextField label="Public name" optional hint="Callers may say this alone, without the provider." placeholder="fast" {...field("name")} />
      </div>
      <TextField label="Tags" optional hint="Words to filter and match by, with commas between." placeholder="cheap, vision" {...field("tags")} />
      <WhenBuilder condition={draft.condition} onChange={(condition) => edit({ condition })} error={fieldError(error, "when")} />
      <div class="pair">
        <TextField label="Priority" hint="The highest goes first." inputMode="numeric" {...field("priority")} />
        <TextField label="Weight" hint="Its share of the calls among equals in priority." inputMode="decimal" {...field("weight")} />
      </div>
      <TextAreaField label="Fallbacks" optional hint={<>Who takes over when it fails, in this order: <code>provider^model</code>, one a line.</>} rows={2}
        value={draft.fallbacks} onValue={(fallbacks) => edit({ fallbacks })} error={fieldError(error, "fallbacks")} spellcheck={false} />
      <fieldset class="when">
        <legend>Price of a million tokens, in USD</legend>
        <div class="pair">
          {COSTS.map(([name, label]) => (
            <TextField key={name} label={label} optional inputMode="decimal" placeholder={name.includes("cache") ? "as input" : "unknown"} value={draft.costs[name] ?? ""}
              onValue={(value) => edit({ costs: { ...draft.costs, [name]: value } })} error={fieldError(error, name)} />
          ))}
        </div>
      </fieldset>
      <More summary="Multiplier and advanced settings" open={fieldError(error, "multiplier") !== null || fieldError(error, "advanced_json") !== null}>
        <TextField label="Multiplier" hint="What is billed is the cost times this." inputMode="decimal" {...field("multiplier")} />
        <JsonEditor label="Advanced JSON" optional value={draft.advanced} onValue={(advanced) => edit({ advanced })} error={fieldError(error, "advanced_json")}
          placeholder={'{ "temperature": 0.2 }'} hint="Its keys go before the provider's; null takes one of those away." />
      </More>
      <FormProblem error={error} fields={FIELDS} />
    </FormDialog>
  );
}
