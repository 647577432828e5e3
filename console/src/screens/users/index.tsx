// People and services: each owns tokens and keys of its own, and its role bounds them.
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useList, useMutation } from "../../api/hooks";
import { may, mayOnSome } from "../../session/may";
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
import { type User, UserForm } from "./UserForm";

type Open = { what: "create" } | { what: "change" | "delete"; user: User } | null;

export default function Users() {
  const list = useList((cursor, signal) => api.GET("/api/v1/users", { params: { query: { cursor } }, signal }));
  const [open, set] = useState<Open>(null);
  const close = () => set(null);
  const replace = (changed: User) => list.change((rows) => rows.map((row) => (row.id === changed.id ? changed : row)));
  const turn = useMutation(({ id, disabled }: { id: string; disabled: boolean }) => (
    api.PATCH("/api/v1/users/{user_id}", { params: { path: { user_id: id } }, body: { disabled } })
  ));
  const switchTo = async (user: User, disabled: boolean) => {
    const changed = await turn.run({ id: user.id, disabled });
    if (!changed) return;
    replace(changed.data);
    announce(disabled ? `${user.name}'s tokens are refused from now on.` : `${user.name}'s tokens work again.`, { label: "Undo", run: () => switchTo(user, !disabled) });
  };

  const create = may("users:CreateUser") && <Button kind="primary" icon="plus" onClick={() => set({ what: "create" })}>New user</Button>;
  const items = (user: User): MenuItem[] => [
    ...(may("users:UpdateUser", user.id)
      ? [
        { label: "Change", icon: "edit", run: () => set({ what: "change", user }) } as const,
        { label: user.disabled ? "Enable" : "Disable", icon: "refresh", run: () => switchTo(user, !user.disabled) } as const,
      ]
      : []),
    ...(may("users:DeleteUser", user.id) ? [{ label: "Delete", icon: "trash", danger: true, run: () => set({ what: "delete", user }) } as const] : []),
  ];
  const columns: Column<User>[] = [
    { title: "Name", cell: ({ name }) => name },
    { title: "Address", cell: ({ email }) => email ?? <span class="muted">none</span> },
    { title: "Role", cell: ({ role }) => role },
    { title: "Tokens", align: "right", cell: ({ token_count: count }) => (mayOnSome("tokens:ListTokens") ? <a href="/tokens">{count.toLocaleString()}</a> : count.toLocaleString()) },
    { title: "State", cell: ({ disabled }) => (disabled ? <Badge>disabled</Badge> : <Badge tone="ok">on</Badge>) },
    { title: "Changed", cell: ({ updated_at }) => <Time at={updated_at} ago /> },
    { title: "Actions", align: "end", cell: (user) => items(user).length > 0 && <Menu label={`Actions for ${user.name}`} items={items(user)} /> },
  ];

  return (
    <Page
      title="Users"
      about="A token that acts for a user goes out with that user's own keys, and never has more rights than its user."
      actions={list.rows && list.rows.length > 0 && create}
    >
      {turn.error && <Problem error={turn.error} />}
      <Table
        caption="Users"
        columns={columns}
        {...list}
        keyOf={({ id }) => id}
        empty={
          <Empty icon="users" title="No users yet" action={create}>
            Make one for each person or service that has several tokens or keys of its own: its usage is counted together, and it is disabled in one place.
          </Empty>
        }
      />
      {open?.what === "create" && <UserForm onClose={close} onDone={list.reload} />}
      {open?.what === "change" && <UserForm user={open.user} onClose={close} onDone={replace} />}
      {open?.what === "delete" && <DeleteUser user={open.user} onClose={close} onDone={list.reload} />}
    </Page>
  );
}

function DeleteUser({ user, onClose, onDone }: { user: User; onClose: () => void; onDone: () => void }) {
  const { run, pending, error } = useMutation(() => api.DELETE("/api/v1/users/{user_id}", { params: { path: { user_id: user.id } } }));
  const confirm = async () => {
    if (!(await run(undefined))) return;
    announce(`${user.name} is deleted.`);
    onDone();
    onClose();
  };
  const count = user.token_count;
  return (
    <Confirm title={`Delete ${user.name}?`} action="Delete" name={count > 0 ? user.name : undefined} pending={pending} error={error} onConfirm={confirm} onClose={onClose}>
      <p>
        {count === 0 ? "It has no tokens. Its own keys at providers go with it." : `Its ${count === 1 ? "token" : `${count.toLocaleString()} tokens`} and its own keys at providers go with it: whatever presents one is refused from its next call on.`}
        {" "}Nothing of that can be brought back; to stop it for a while, disable it instead. Its calls stay in the usage.
      </p>
    </Confirm>
  );
}
