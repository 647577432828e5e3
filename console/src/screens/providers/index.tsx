// Accounts at upstreams: which there are, whether they can serve, and everything that is done to one.
import { useLocation } from "preact-iso/router";
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useList, useMutation } from "../../api/hooks";
import type { Provider } from "../../api/types";
import { may } from "../../session/may";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Empty } from "../../ui/Empty";
import { Menu, type MenuItem } from "../../ui/Menu";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { type Column, Table } from "../../ui/Table";
import { announce } from "../../ui/Toast";
import { Toggle } from "../../ui/Toggle";
import type { ScreenProps } from "../table";
import { DeleteProvider } from "./DeleteProvider";
import { KINDS } from "./presets";
import { ChangeProvider, CreateProvider } from "./ProviderForm";
import { TestProvider } from "./TestProvider";
import { keyOf, statusOf } from "./words";

type Open = { what: "create" } | { what: "change"; id: string } | { what: "test" | "delete"; provider: Provider } | null;

/** `/providers/aip_…` is the list with that provider's form open: that is where other screens link to. */
export default function Providers({ rest: [asked] }: ScreenProps) {
  const { route } = useLocation();
  const list = useList((cursor, signal) => api.GET("/api/v1/providers", { params: { query: { cursor } }, signal }));
  const [open, set] = useState<Open>(null);
  const close = () => (set(null), asked && route("/providers", true));
  const replace = (changed: Provider) => list.change((rows) => rows.map((row) => (row.id === changed.id ? changed : row)));
  const flip = useMutation(({ id, enabled }: { id: string; enabled: boolean }) =>
    api.PATCH("/api/v1/providers/{provider_id}", { params: { path: { provider_id: id } }, body: { enabled } }));
  const [flipping, mark] = useState<string | null>(null);

  const enable = async ({ id, name }: Provider, enabled: boolean) => {
    mark(id);
    const changed = await flip.run({ id, enabled });
    mark(null);
    if (!changed) return;
    replace(changed.data);
    announce(enabled ? `${name} is on.` : `${name} is off: calls that name it are refused.`);
  };

  const create = may("aiProviders:CreateAiProvider") && <Button kind="primary" icon="plus" onClick={() => set({ what: "create" })}>New provider</Button>;
  const items = (provider: Provider): MenuItem[] => [
    ...(may("models:ListModels", provider.id) ? [{ label: "Models", icon: "models", run: () => route(`/providers/${provider.id}/models`) } as const] : []),
    ...(may("models:ListAvailableModels", provider.id) ? [{ label: "Test", icon: "refresh", run: () => set({ what: "test", provider }) } as const] : []),
    ...(may("aiProviders:UpdateAiProvider", provider.id) ? [{ label: "Change", icon: "edit", run: () => set({ what: "change", id: provider.id }) } as const] : []),
    ...(may("aiProviders:DeleteAiProvider", provider.id) ? [{ label: "Delete", icon: "trash", danger: true, run: () => set({ what: "delete", provider }) } as const] : []),
  ];
  const columns: Column<Provider>[] = [
    {
      title: "Name",
      cell: ({ name, provider: kind, resolved, base_url }) => (
        <>
          {name}
          <span class="under">{KINDS[kind].label} at {hostOf(resolved?.base_url ?? base_url)}</span>
        </>
      ),
    },
    { title: "Status", cell: (provider) => <StatusOf provider={provider} /> },
    { title: "Credential", cell: (provider) => keyOf(provider) },
    {
      title: "Models", align: "right",
      cell: ({ id, name, model_count: count }) => (may("models:ListModels", id)
        ? <a href={`/providers/${id}/models`} aria-label={`${count} models of ${name}`}>{count.toLocaleString()}</a>
        : count.toLocaleString()),
    },
    {
      title: "On",
      cell: (provider) => (may("aiProviders:UpdateAiProvider", provider.id)
        ? <Toggle label={`${provider.name} is on`} showLabel={false} on={flipping === provider.id ? !provider.enabled : provider.enabled}
            pending={flipping !== null} onChange={(on) => enable(provider, on)} />
        : provider.enabled ? "yes" : "no"),
    },
    { title: "Actions", align: "end", cell: (provider) => items(provider).length > 0 && <Menu label={`Actions for ${provider.name}`} items={items(provider)} /> },
  ];
  const changing = open?.what === "change" ? open.id : open === null ? asked : undefined;

  return (
    <Page
      title="Providers"
      about="Accounts at upstreams that serve models: vendors, clouds, other gateways, servers of your own. Their credentials are sealed, and never shown again."
      actions={list.rows && list.rows.length > 0 && create}
    >
      {flip.error && <Problem error={flip.error} />}
      <Table
        caption="Providers"
        columns={columns}
        {...list}
        keyOf={({ id }) => id}
        empty={
          <Empty icon="providers" title="No providers yet" action={create}>
            Register the account that serves your models, with its key: OpenAI, Anthropic, a local server, anything that speaks one of their protocols.
          </Empty>
        }
      />
      {open?.what === "create" && <CreateProvider onClose={close} />}
      {changing && <ChangeProvider id={changing} onClose={close} onDone={replace} />}
      {open?.what === "test" && <TestProvider provider={open.provider} onClose={close} />}
      {open?.what === "delete" && <DeleteProvider provider={open.provider} onClose={close} onDone={list.reload} />}
    </Page>
  );
}

function StatusOf({ provider }: { provider: Provider }) {
  const { tone, text } = statusOf(provider);
  return <Badge tone={tone}>{text}</Badge>;
}

const hostOf = (address: string | null) => address?.replace(/^https?:\/\//, "") ?? "no address";
