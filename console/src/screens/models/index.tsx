// The models under one provider, in the order in which they are chosen.
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useMutation, useResource } from "../../api/hooks";
import type { Model, Provider, Schemas } from "../../api/types";
import { may } from "../../session/may";
import { Badge } from "../../ui/Badge";
import { Button, IconButton } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Dialog } from "../../ui/Dialog";
import { Empty } from "../../ui/Empty";
import { Menu, type MenuItem } from "../../ui/Menu";
import { Money } from "../../ui/Money";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { type Column, Table } from "../../ui/Table";
import { announce } from "../../ui/Toast";
import { Toggle } from "../../ui/Toggle";
import { CallModel } from "../providers/TestProvider";
import type { ScreenProps } from "../table";
import { CheckRequest } from "./CheckRequest";
import { ImportModels } from "./ImportModels";
import { ChangeModel, CreateModel } from "./ModelForm";
import { inOrder, type Move, raise, toTop } from "./order";

type Open = { what: "create" | "import" } | { what: "change" | "check" | "test" | "delete"; model: Model } | null;
type Body = Schemas["ModelUpdate"];

export default function Models({ params: { provider_id: id = "" } }: ScreenProps) {
  const { data, error, reload } = useResource((signal) => api.GET("/api/v1/providers/{provider_id}", { params: { path: { provider_id: id } }, signal }), id);
  if (data) return <ModelsOf key={id} provider={data} error={error} reload={reload} />;
  return (
    <Page title="Models" trail={<a href="/providers">Providers</a>}>
      {error ? <Problem error={error} retry={reload} /> : <Table caption="Models" columns={COLUMNS} rows={null} keyOf={String} empty={null} />}
    </Page>
  );
}

/** What is held open while the provider is read. */
const COLUMNS: Column<never>[] = ["Model", "Input", "Output", "On"].map((title) => ({ title, cell: () => null }));

function ModelsOf({ provider, error, reload }: { provider: Provider; error: ReturnType<typeof useResource>["error"]; reload: () => void }) {
  const [open, set] = useState<Open>(null);
  const close = () => set(null);
  const [moving, move] = useState<string | null>(null);
  const write = useMutation(async (changes: readonly (Body & { id: string })[]) => {
    // One after the other: each is a change of its own in the audit log, and the last one's answer stands for all.
    let last = patch(provider, changes[0]);
    for (const change of changes.slice(1)) {
      if (!(await last).response.ok) break;
      last = patch(provider, change);
    }
    return last;
  });
  const mayChange = (model: Model) => may("models:UpdateModel", provider.id, model.id);
  const models = inOrder(provider.models);

  const apply = async (model: Model, changes: readonly (Body & { id: string })[], done: string) => {
    if (changes.length === 0) return;
    move(model.id);
    const saved = await write.run(changes);
    move(null);
    // Some of several may have been made.
    if (saved || changes.length > 1) reload();
    if (saved) announce(done);
  };
  const reorder = (model: Model, moves: Move[], where: string) => apply(model, moves, `${model.model} goes ${where} now.`);

  const items = (model: Model): MenuItem[] => [
    ...(mayChange(model)
      ? [
        { label: "Change", icon: "edit", run: () => set({ what: "change", model }) } as const,
        ...(model.is_default ? [] : [{ label: "Make it the default", icon: "check", run: () => apply(model, [{ id: model.id, is_default: true }], `${provider.name} alone means ${model.model} now.`) } as const]),
        ...(models[0] === model ? [] : [{ label: "Move to the top", icon: "up", run: () => reorder(model, toTop(models, model), "first") } as const]),
      ]
      : []),
    ...(may("models:ResolveModel") ? [{ label: "Check requests", icon: "search", run: () => set({ what: "check", model }) } as const] : []),
    ...(may("models:TestModel", provider.id, model.id) ? [{ label: "Test", icon: "playground", run: () => set({ what: "test", model }) } as const] : []),
    ...(may("models:DeleteModel", provider.id, model.id) ? [{ label: "Delete", icon: "trash", danger: true, run: () => set({ what: "delete", model }) } as const] : []),
  ];
  const columns: Column<Model>[] = [
    {
      title: "Model",
      cell: ({ model, name, selector }) => <>{model}<span class="under">{name ? `also ${name}` : selector}</span></>,
    },
    { title: "Serves", cell: (model) => <Serves model={model} /> },
    { title: "Input, per million", align: "right", cell: ({ cost_per_1k_input: cost }) => <Price cost={cost} /> },
    { title: "Output, per million", align: "right", cell: ({ cost_per_1k_output: cost }) => <Price cost={cost} /> },
    {
      title: "Priority", align: "right",
      cell: (model) => {
        const at = models.indexOf(model);
        const [above, below] = [models[at - 1], models[at + 1]];
        return (
          <span class="order">
            {model.priority.toLocaleString()}
            {mayChange(model) && (
              <>
                <IconButton icon="up" label={`Move ${model.model} up`} disabled={!above} pending={moving === model.id}
                  onClick={() => reorder(model, raise(models, at), `before ${above?.model}`)} />
                <IconButton icon="down" label={`Move ${model.model} down`} disabled={!below} onClick={() => reorder(model, raise(models, at + 1), `after ${below?.model}`)} />
              </>
            )}
          </span>
        );
      },
    },
    {
      title: "On",
      cell: (model) => (mayChange(model)
        ? <Toggle label={`${model.model} is on`} showLabel={false} on={model.enabled} pending={moving !== null}
            onChange={(enabled) => apply(model, [{ id: model.id, enabled }], enabled ? `${model.model} is on.` : `${model.model} is off: it is not called.`)} />
        : model.enabled ? "yes" : "no"),
    },
    { title: "Actions", align: "end", cell: (model) => items(model).length > 0 && <Menu label={`Actions for ${model.model}`} items={items(model)} /> },
  ];
  const actions = (
    <>
      {may("models:CreateModel", provider.id) && <Button icon="plus" onClick={() => set({ what: "create" })}>New model</Button>}
      {may("models:ImportModels", provider.id) && <Button kind="primary" icon="models" onClick={() => set({ what: "import" })}>Import</Button>}
    </>
  );
  return (
    <Page
      title={`Models of ${provider.name}`}
      trail={<a href="/providers">Providers</a>}
      about={<>Callers name one as <code>{provider.name}^model</code>, or by its public name. The provider's name alone means its default.</>}
      actions={models.length > 0 && actions}
    >
      {error && <Problem error={error} retry={reload} />}
      {write.error && <Problem error={write.error} />}
      <Table
        caption={`Models of ${provider.name}`}
        columns={columns}
        rows={models}
        keyOf={(model) => model.id}
        empty={
          <Empty icon="models" title="No models yet" action={actions}>
            Without one the provider serves nothing. Import what its upstream lists, or register a model by its name.
          </Empty>
        }
      />
      {open?.what === "create" && <CreateModel provider={provider} onClose={close} onDone={reload} />}
      {open?.what === "import" && <ImportModels provider={provider} onClose={close} onDone={reload} />}
      {open?.what === "change" && (
        <ChangeModel provider={provider} model={open.model} onClose={close} onDone={reload}
          onCheck={may("models:ResolveModel") ? (model) => set({ what: "check", model }) : null} />
      )}
      {open?.what === "check" && <CheckRequest about={open.model} onClose={close} />}
      {open?.what === "test" && (
        <Dialog title={`Test ${open.model.model}`} onClose={close} footer={<Button onClick={close}>Close</Button>}>
          <p>One short call, the way that every call goes.</p>
          <CallModel model={open.model} />
        </Dialog>
      )}
      {open?.what === "delete" && <DeleteModel provider={provider} model={open.model} onClose={close} onDone={reload} />}
    </Page>
  );
}

function patch(provider: Provider, change: (Body & { id: string }) | undefined) {
  const { id, ...body } = change ?? { id: "" };
  return api.PATCH("/api/v1/providers/{provider_id}/models/{model_id}", { params: { path: { provider_id: provider.id, model_id: id } }, body });
}

function Serves({ model: { is_default: isDefault, when, tags, fallbacks } }: { model: Model }) {
  const conditions = Object.keys(when ?? {}).length;
  return (
    <span class="row">
      {isDefault && <Badge tone="ok">default</Badge>}
      {conditions > 0 && <Badge tone="plain">{conditions === 1 ? "1 condition" : `${conditions} conditions`}</Badge>}
      {fallbacks.length > 0 && <Badge tone="plain">{fallbacks.length === 1 ? "1 fallback" : `${fallbacks.length} fallbacks`}</Badge>}
      {tags.map((tag) => <Badge key={tag} tone="plain">{tag}</Badge>)}
    </span>
  );
}

const Price = ({ cost }: { cost: number | null }) => <Money usd={cost === null ? null : Number((cost * 1000).toPrecision(12))} />;

function DeleteModel({ provider, model, onClose, onDone }: { provider: Provider; model: Model; onClose: () => void; onDone: () => void }) {
  const { run, pending, error } = useMutation(() =>
    api.DELETE("/api/v1/providers/{provider_id}/models/{model_id}", { params: { path: { provider_id: provider.id, model_id: model.id } } }));
  const confirm = async () => {
    if (!(await run(undefined))) return;
    announce(`${model.model} is deleted.`);
    onDone();
    onClose();
  };
  return (
    <Confirm title={`Delete ${model.model}?`} action="Delete" pending={pending} error={error} onConfirm={confirm} onClose={onClose}>
      <p>
        Calls that name it are refused from then on. Its price, conditions and fallbacks cannot be brought back.
        {model.is_default && provider.models.length > 1 && " The next one in the order becomes the default."}
      </p>
    </Confirm>
  );
}
