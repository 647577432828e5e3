import { useState } from "preact/hooks";
import { api, ask, ifMatch } from "../../api/client";
import { useMutation, useResource } from "../../api/hooks";
import type { Extension } from "../../api/types";
import { Field, TextField } from "../../ui/Field";
import { fieldError, FormProblem } from "../../ui/Form";
import { FormDialog } from "../../ui/FormDialog";
import { JsonEditor, parseJson } from "../../ui/JsonEditor";
import { SelectField } from "../../ui/Select";
import { announce } from "../../ui/Toast";
import { MOST_BYTES, toBase64 } from "./module";

const FIELDS = ["name", "module_base64", "config", "order", "on_error", "time_limit_ms"];

const ON_ERROR = [
  { value: "closed", label: "The call fails" },
  { value: "open", label: "The call goes on without it" },
];

/** Uploads an extension, or changes one: then a file takes the place of its module, and without one that stays. */
export function ExtensionForm({ extension, onClose, onDone }: { extension?: Extension; onClose: () => void; onDone: () => void }) {
  const [name, setName] = useState(extension?.name ?? "");
  const [file, setFile] = useState<File | null>(null);
  const [config, setConfig] = useState(JSON.stringify(extension?.config ?? {}, null, 2));
  const [order, setOrder] = useState(String(extension?.order ?? 0));
  const [onError, setOnError] = useState<string>(extension?.on_error ?? "closed");
  const [limit, setLimit] = useState(String(extension?.time_limit_ms ?? 50));
  const path = { extension_id: extension?.id ?? "" };
  const read = (signal?: AbortSignal) => api.GET("/api/v1/extensions/{extension_id}", { params: { path }, signal });
  // What is changed is the version that is looked at now, and no later one.
  const current = useResource(async (signal) => (extension ? ask(read(signal)) : { data: null, response: new Response() }), path.extension_id);
  const { run, pending, error } = useMutation(async (fields: ReturnType<typeof changes>) => {
    const module = file ? { module_base64: await toBase64(file) } : {};
    if (!extension) return api.POST("/api/v1/extensions", { body: { ...fields, ...module } });
    const etag = current.etag ?? (await ask(read())).etag;
    return api.PATCH("/api/v1/extensions/{extension_id}", { params: { path, header: ifMatch(etag) }, body: { ...fields, ...module } });
  });
  const parsed = parseJson(config);
  const isTooLarge = file !== null && file.size > MOST_BYTES;

  const changes = () => ({
    name, order: Number(order), on_error: onError as Extension["on_error"], time_limit_ms: Number(limit),
    config: (parsed.ok ? parsed.value ?? {} : {}) as Record<string, never>,
  });
  const submit = async () => {
    if (!parsed.ok || isTooLarge) return;
    const done = await run(changes());
    if (!done) return;
    announce(extension ? `${done.data.name} is changed.` : `Calls go through ${done.data.name} now.`);
    onDone();
    onClose();
  };

  return (
    <FormDialog
      title={extension ? `Change ${extension.name}` : "New extension"}
      submit={extension ? "Save" : "Upload"}
      pending={pending}
      disabled={!parsed.ok || isTooLarge}
      onClose={onClose}
      onSubmit={submit}
    >
      <TextField label="Name" hint="What people call it, such as pii." value={name} onValue={setName} error={fieldError(error, "name")} autofocus />
      <Field
        label={extension ? "Another module" : "Module"}
        optional={extension !== undefined}
        hint={extension ? `It runs ${extension.module.name ?? "a module"} ${extension.module.version ?? ""} now.` : "A .wasm file of 1 MiB at most."}
        error={isTooLarge ? "The module must not exceed 1 MiB." : fieldError(error, "module_base64")}
      >
        {(tied) => <input {...tied} type="file" class="input" accept=".wasm,application/wasm" onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} />}
      </Field>
      <JsonEditor label="Configuration" hint="A JSON object, as the extension understands it." value={config} onValue={setConfig} error={fieldError(error, "config")} />
      <TextField label="Order" hint="Calls go through the lowest first." type="number" value={order} onValue={setOrder} error={fieldError(error, "order")} />
      <SelectField label="If it fails" options={ON_ERROR} value={onError} onValue={setOnError} error={fieldError(error, "on_error")} />
      <TextField label="Time limit in milliseconds" hint="Of each hook, from 1 to 1000." type="number" min={1} max={1000} value={limit} onValue={setLimit} error={fieldError(error, "time_limit_ms")} />
      <FormProblem error={error} fields={FIELDS} />
    </FormDialog>
  );
}
