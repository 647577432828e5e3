import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useMutation, useResource } from "../../api/hooks";
import type { Provider } from "../../api/types";
import { Check, TextField } from "../../ui/Field";
import { FormDialog } from "../../ui/FormDialog";
import { Problem } from "../../ui/Problem";
import { announce } from "../../ui/Toast";
import { UpstreamSaid } from "../providers/TestProvider";

/** Shows what the upstream has, and registers what is ticked. */
export function ImportModels({ provider, onClose, onDone }: { provider: Provider; onClose: () => void; onDone: () => void }) {
  const path = { provider_id: provider.id };
  const listed = useResource((signal) => api.GET("/api/v1/providers/{provider_id}/available-models", { params: { path }, signal }), provider.id);
  const write = useMutation((models: string[]) => api.POST("/api/v1/providers/{provider_id}/import-models", { params: { path }, body: { models } }));
  const [search, find] = useState("");
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const all = listed.data?.data ?? [];
  const shown = all.filter(({ model }) => model.toLowerCase().includes(search.trim().toLowerCase()));
  const open = shown.filter(({ configured }) => !configured).map(({ model }) => model);
  const areAll = open.length > 0 && open.every((model) => chosen.has(model));
  const tick = (models: readonly string[], on: boolean) => choose((before) => new Set(on ? [...before, ...models] : [...before].filter((model) => !models.includes(model))));

  const submit = async () => {
    if (chosen.size === 0) return;
    const done = await write.run([...chosen]);
    if (!done) return;
    announce(done.data.imported === 1 ? "1 model is registered." : `${done.data.imported.toLocaleString()} models are registered.`);
    onDone();
    onClose();
  };

  return (
    <FormDialog
      title={`Import from ${provider.name}`}
      submit={chosen.size === 0 ? "Import" : `Import ${chosen.size.toLocaleString()}`}
      pending={write.pending}
      disabled={chosen.size === 0}
      onClose={onClose}
      onSubmit={submit}
    >
      {listed.error && !listed.data && <Problem error={listed.error} retry={listed.reload}><UpstreamSaid error={listed.error} /></Problem>}
      {!listed.data && !listed.error && <p role="status">Asking {provider.resolved?.base_url ?? "it"} for its models …</p>}
      {listed.data && all.length === 0 && <p>It lists no models. Register them by name.</p>}
      {all.length > 0 && (
        <>
          <TextField label="Search" type="search" value={search} onValue={find} placeholder="mini" autofocus />
          {open.length > 0 && <Check label={search.trim() ? `All ${open.length} that are found` : `All ${open.length}`} checked={areAll} onChange={(on) => tick(open, on)} />}
          <ul class="importable" aria-label="Models of the upstream">
            {shown.map(({ model, configured }) => (
              <li key={model}>
                {configured ? <span class="muted">{model} is registered</span> : <Check label={model} checked={chosen.has(model)} onChange={(on) => tick([model], on)} />}
              </li>
            ))}
            {shown.length === 0 && <li class="muted">None has that in its name.</li>}
          </ul>
        </>
      )}
      {write.error && <Problem error={write.error}><UpstreamSaid error={write.error} /></Problem>}
    </FormDialog>
  );
}
