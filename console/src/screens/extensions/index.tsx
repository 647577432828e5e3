// WebAssembly filters that calls go through, in their order.
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useList, useMutation } from "../../api/hooks";
import type { Extension } from "../../api/types";
import { may } from "../../session/may";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Empty } from "../../ui/Empty";
import { Menu, type MenuItem } from "../../ui/Menu";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { announce } from "../../ui/Toast";
import { Toggle } from "../../ui/Toggle";
import { ExtensionForm } from "./ExtensionForm";

type Open = { what: "create" } | { what: "change" | "delete"; extension: Extension } | null;

const byOrder = (one: Extension, other: Extension) => one.order - other.order || one.created_at.localeCompare(other.created_at);

export default function Extensions() {
  const list = useList((cursor, signal) => api.GET("/api/v1/extensions", { params: { query: { cursor, limit: 200 } }, signal }));
  const [open, set] = useState<Open>(null);
  const close = () => set(null);
  const replace = (changed: Extension) => list.change((rows) => rows.map((row) => (row.id === changed.id ? changed : row)));
  const toggling = useMutation(({ id, enabled }: { id: string; enabled: boolean }) =>
    api.PATCH("/api/v1/extensions/{extension_id}", { params: { path: { extension_id: id } }, body: { enabled } }));
  const toggle = async ({ id, name }: Extension, enabled: boolean) => {
    const changed = await toggling.run({ id, enabled });
    if (!changed) return;
    announce(enabled ? `Calls go through ${name} now.` : `Calls do not go through ${name} any more.`);
    replace(changed.data);
  };

  const create = may("extensions:CreateExtension") && <Button kind="primary" icon="plus" onClick={() => set({ what: "create" })}>New extension</Button>;
  const items = (extension: Extension): MenuItem[] => [
    ...(may("extensions:UpdateExtension", extension.id) ? [{ label: "Change", icon: "edit", run: () => set({ what: "change", extension }) } as const] : []),
    ...(may("extensions:DeleteExtension", extension.id) ? [{ label: "Delete", icon: "trash", danger: true, run: () => set({ what: "delete", extension }) } as const] : []),
  ];
  const columns: Column<Extension>[] = [
    { title: "Name", cell: ({ name }) => name },
    { title: "Module", cell: ({ module }) => module.description ?? module.name },
    { title: "Order", align: "right", cell: ({ order }) => order },
    { title: "Runs at", cell: ({ hooks }) => hooks.join(", ") },
    { title: "If it fails", cell: ({ on_error }) => (on_error === "closed" ? "the call fails" : "the call goes on") },
    { title: "Health", cell: (extension) => <Health {...extension} /> },
    {
      title: "Enabled",
      cell: (extension) => may("extensions:UpdateExtension", extension.id)
        ? <Toggle label={`${extension.name} is enabled`} showLabel={false} on={extension.enabled} pending={toggling.pending} onChange={(on) => toggle(extension, on)} />
        : (extension.enabled ? "yes" : "no"),
    },
    { title: "Actions", align: "end", cell: (extension) => items(extension).length > 0 && <Menu label={`Actions for ${extension.name}`} items={items(extension)} /> },
  ];

  return (
    <Page
      title="Extensions"
      about="WebAssembly filters that every call goes through, the lowest order first: they may rewrite, refuse or re-route it. They have no network and see no credential."
      actions={list.rows && list.rows.length > 0 && create}
    >
      {toggling.error && <Problem error={toggling.error} />}
      <Table
        caption="Extensions"
        columns={columns}
        {...list}
        rows={list.rows && [...list.rows].sort(byOrder)}
        keyOf={({ id }) => id}
        empty={
          <Empty icon="extensions" title="No extensions yet" action={create}>
            An extension can take card numbers out of prompts before they leave, refuse what a rule forbids, or choose the model. It is a module that
            anybody can write, in any language that compiles to WebAssembly.
          </Empty>
        }
      />
      {open?.what === "create" && <ExtensionForm onClose={close} onDone={list.reload} />}
      {open?.what === "change" && <ExtensionForm extension={open.extension} onClose={close} onDone={list.reload} />}
      {open?.what === "delete" && <DeleteExtension extension={open.extension} onClose={close} onDone={list.reload} />}
    </Page>
  );
}

function Health({ enabled, health }: Extension) {
  if (health.status === "failing") {
    return (
      <span class="two-lines">
        <Badge tone="danger">failing</Badge>
        <span><code>{health.code}</code>{health.since && <> since <Time at={health.since} ago /></>}</span>
      </span>
    );
  }
  return enabled ? <Badge tone="ok">ok</Badge> : <Badge>disabled</Badge>;
}

function DeleteExtension({ extension, onClose, onDone }: { extension: Extension; onClose: () => void; onDone: () => void }) {
  const { run, pending, error } = useMutation(() => api.DELETE("/api/v1/extensions/{extension_id}", { params: { path: { extension_id: extension.id } } }));
  const confirm = async () => {
    if (!(await run(undefined))) return;
    announce(`${extension.name} is deleted.`);
    onDone();
    onClose();
  };
  return (
    <Confirm title={`Delete ${extension.name}?`} action="Delete" pending={pending} error={error} onConfirm={confirm} onClose={onClose}>
      <p>The next call does not go through it. Its module cannot be brought back; to keep it, disable it.</p>
    </Confirm>
  );
}
