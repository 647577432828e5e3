// What clients and operators present: minted here, shown once, changed, switched off and revoked.
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useList, useMutation } from "../../api/hooks";
import { may } from "../../session/may";
import { useSession } from "../../session/session";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Empty } from "../../ui/Empty";
import { Menu, type MenuItem } from "../../ui/Menu";
import { shortUsd } from "../../ui/Money";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { announce } from "../../ui/Toast";
import { ChangeToken } from "./ChangeToken";
import type { Token } from "./form";
import { MintToken } from "./MintToken";

type Open = { what: "mint" } | { what: "change" | "revoke"; token: Token } | null;

export default function Tokens() {
  const list = useList((cursor, signal) => api.GET("/api/v1/tokens", { params: { query: { cursor } }, signal }));
  const users = useUserNames();
  const [open, set] = useState<Open>(null);
  const close = () => set(null);
  const replace = (changed: Token) => list.change((rows) => rows.map((row) => (row.id === changed.id ? changed : row)));
  const turn = useMutation(({ id, disabled }: { id: string; disabled: boolean }) => (
    api.PATCH("/api/v1/tokens/{token_id}", { params: { path: { token_id: id } }, body: { disabled } })
  ));
  const switchTo = async (token: Token, disabled: boolean) => {
    const changed = await turn.run({ id: token.id, disabled });
    if (!changed) return;
    replace(changed.data);
    announce(disabled ? `${token.name} is refused from now on.` : `${token.name} works again.`, { label: "Undo", run: () => switchTo(token, !disabled) });
  };

  const mint = may("tokens:CreateToken") && <Button kind="primary" icon="plus" onClick={() => set({ what: "mint" })}>New token</Button>;
  const items = (token: Token): MenuItem[] => [
    ...(may("tokens:UpdateToken", token.id)
      ? [
        { label: "Change", icon: "edit", run: () => set({ what: "change", token }) } as const,
        { label: token.disabled ? "Switch on" : "Switch off", icon: "refresh", run: () => switchTo(token, !token.disabled) } as const,
      ]
      : []),
    ...(may("tokens:DeleteToken", token.id) ? [{ label: "Revoke", icon: "trash", danger: true, run: () => set({ what: "revoke", token }) } as const] : []),
  ];
  const columns: Column<Token>[] = [
    { title: "Name", cell: ({ name }) => <span class="token-name">{name}</span> },
    { title: "Begins", cell: ({ hint }) => <code class="nowrap">{hint}</code> },
    { title: "Rights", cell: ({ role, policy, user_id: id }) => `${role ?? `policy of ${counted(policy?.length ?? 0, "statement")}`}${id ? `, for ${users.get(id) ?? id}` : ""}` },
    { title: "Bounds", cell: (token) => bounds(token) ?? <span class="muted nowrap">none</span> },
    { title: "Ends", cell: ({ expires_at }) => <Time at={expires_at} /> },
    { title: "State", cell: (token) => <State token={token} /> },
    { title: "Actions", align: "end", cell: (token) => items(token).length > 0 && <Menu label={`Actions for ${token.name}`} items={items(token)} /> },
  ];

  return (
    <Page
      title="Tokens"
      about="What clients and operators present. Each is shown once, when it is minted; only a hash of it is kept."
      actions={list.rows && list.rows.length > 0 && mint}
    >
      {turn.error && <Problem error={turn.error} />}
      <Table
        caption="Tokens"
        columns={columns}
        {...list}
        keyOf={({ id }) => id}
        empty={
          <Empty icon="tokens" title="No tokens yet" action={mint}>
            Mint one for each program or person that calls models, so that each can be limited, counted and revoked by itself.
          </Empty>
        }
      />
      {open?.what === "mint" && <MintToken onClose={close} onDone={list.reload} />}
      {open?.what === "change" && <ChangeToken token={open.token} onClose={close} onDone={replace} />}
      {open?.what === "revoke" && <RevokeToken token={open.token} onClose={close} onDone={list.reload} />}
    </Page>
  );
}

function RevokeToken({ token, onClose, onDone }: { token: Token; onClose: () => void; onDone: () => void }) {
  const { me } = useSession();
  const { run, pending, error } = useMutation(() => api.DELETE("/api/v1/tokens/{token_id}", { params: { path: { token_id: token.id } } }));
  const confirm = async () => {
    if (!(await run(undefined))) return;
    announce(`${token.name} is revoked.`);
    onDone();
    onClose();
  };
  return (
    <Confirm title={`Revoke ${token.name}?`} action="Revoke" pending={pending} error={error} onConfirm={confirm} onClose={onClose}>
      <p>
        Whatever presents it is refused from its next call on. It cannot be brought back: to stop it for a while, switch it off instead.
        Its calls stay in the usage.
      </p>
      {me?.id === token.id && <p><strong>You are signed in with this token, and will be signed out.</strong></p>}
    </Confirm>
  );
}

function State({ token: { disabled, expires_at } }: { token: Token }) {
  if (disabled) return <Badge>off</Badge>;
  if (expires_at && Date.parse(expires_at) <= Date.now()) return <Badge tone="danger">expired</Badge>;
  return <Badge tone="ok">on</Badge>;
}

/** The models and limits of a token in a few words; null where it has neither. */
function bounds({ allowed_models: models, limits }: Token): string | null {
  const said = [
    models && (models.length === 1 ? models[0] : counted(models.length, "model pattern")),
    limits?.requests_per_minute && `${counted(limits.requests_per_minute, "call")} a minute`,
    limits?.tokens_per_minute && `${counted(limits.tokens_per_minute, "token")} a minute`,
    limits?.budget_usd != null && `${shortUsd(limits.budget_usd)} ${limits.budget_period === "total" ? "in all" : `a ${limits.budget_period}`}`,
  ].filter(Boolean);
  return said.length > 0 ? said.join(", ") : null;
}

const counted = (count: number, what: string) => `${count.toLocaleString()} ${what}${count === 1 ? "" : "s"}`;

/** Users' names by their ids, for those who may read them. */
function useUserNames(): ReadonlyMap<string, string> {
  const { rows } = useList(async (cursor, signal) => (
    may("users:ListUsers")
      ? api.GET("/api/v1/users", { params: { query: { cursor, limit: 200 } }, signal })
      : { data: { data: [], next_cursor: null }, response: new Response() }
  ));
  return new Map((rows ?? []).map(({ id, name }) => [id, name]));
}
