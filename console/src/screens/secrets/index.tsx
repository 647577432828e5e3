// Named sealed values that providers point to. The pattern of a screen: a list, its empty state, and a dialog for each change.
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useList } from "../../api/hooks";
import type { Secret } from "../../api/types";
import { may } from "../../session/may";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Empty } from "../../ui/Empty";
import { Menu, type MenuItem } from "../../ui/Menu";
import { Page } from "../../ui/Page";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { ChangeSecret } from "./ChangeSecret";
import { CreateSecret } from "./CreateSecret";
import { DeleteSecret } from "./DeleteSecret";

type Open = { what: "create" } | { what: "name" | "value" | "delete"; secret: Secret } | null;

export default function Secrets() {
  const list = useList((cursor, signal) => api.GET("/api/v1/secrets", { params: { query: { cursor } }, signal }));
  const [open, set] = useState<Open>(null);
  const close = () => set(null);
  const replace = (changed: Secret) => list.change((rows) => rows.map((row) => (row.id === changed.id ? changed : row)));

  const create = may("secrets:CreateSecret") && <Button kind="primary" icon="plus" onClick={() => set({ what: "create" })}>New secret</Button>;
  const items = (secret: Secret): MenuItem[] => [
    ...(may("secrets:UpdateSecret", secret.id)
      ? [
        { label: "Change the value", icon: "refresh", run: () => set({ what: "value", secret }) } as const,
        { label: "Rename", icon: "edit", run: () => set({ what: "name", secret }) } as const,
      ]
      : []),
    ...(may("secrets:DeleteSecret", secret.id) ? [{ label: "Delete", icon: "trash", danger: true, run: () => set({ what: "delete", secret }) } as const] : []),
  ];
  const columns: Column<Secret>[] = [
    { title: "Name", cell: ({ name }) => name },
    { title: "Value", cell: ({ hint }) => <code>{hint ? `••••${hint}` : "••••"}</code> },
    { title: "Used by", cell: ({ provider_count: count }) => <UsedBy count={count} /> },
    { title: "Changed", cell: ({ updated_at }) => <Time at={updated_at} ago /> },
    { title: "Actions", align: "end", cell: (secret) => items(secret).length > 0 && <Menu label={`Actions for ${secret.name}`} items={items(secret)} /> },
  ];

  return (
    <Page
      title="Secrets"
      about="Keys that several providers share. Change the value here, and each of them sends the new one with its next call. No value is ever shown again."
      actions={list.rows && list.rows.length > 0 && create}
    >
      <Table
        caption="Secrets"
        columns={columns}
        {...list}
        keyOf={({ id }) => id}
        empty={
          <Empty icon="secrets" title="No secrets yet" action={create}>
            A provider can have a key of its own. Make a secret where several providers send the same key, so that it is changed in one place.
          </Empty>
        }
      />
      {open?.what === "create" && <CreateSecret onClose={close} onDone={list.reload} />}
      {open?.what === "delete" && <DeleteSecret secret={open.secret} onClose={close} onDone={list.reload} />}
      {(open?.what === "value" || open?.what === "name") && <ChangeSecret secret={open.secret} what={open.what} onClose={close} onDone={replace} />}
    </Page>
  );
}

function UsedBy({ count }: { count: number }) {
  if (count === 0) return <Badge>nobody</Badge>;
  return <Badge tone="ok">{count === 1 ? "1 provider" : `${count.toLocaleString()} providers`}</Badge>;
}
