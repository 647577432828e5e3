// One's own keys at providers: one's calls go out with them before the provider's.
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useList, useMutation } from "../../api/hooks";
import { may, mayOnSome } from "../../session/may";
import { useSession } from "../../session/session";
import { Badge } from "../../ui/Badge";
import { Confirm } from "../../ui/Confirm";
import { Empty } from "../../ui/Empty";
import { fieldError, FormProblem } from "../../ui/Form";
import { FormDialog } from "../../ui/FormDialog";
import { Menu, type MenuItem } from "../../ui/Menu";
import { Page } from "../../ui/Page";
import { SecretField } from "../../ui/SecretField";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { announce } from "../../ui/Toast";

/** A provider, and the caller's key there, if any. */
interface Row {
  id: string;
  name: string;
  key: { hint: string | null; updated_at: string } | null;
}

const ABOUT = "Your calls to a provider go out with your own key where you keep one here, and with the provider's elsewhere. No key is ever shown again.";

export default function MyKeys() {
  const { me } = useSession();
  if (me?.user_id) return <Keys />;
  return (
    <Page title="My keys" about={ABOUT}>
      <div class="table-frame">
        <Empty icon="keys" title="This token acts for no user">
          Own keys belong to a user. Sign in with a token that was minted for one: an admin makes users under Users, and their tokens under Tokens.
        </Empty>
      </div>
    </Page>
  );
}

type Open = { what: "set" | "remove"; row: Row } | null;

function Keys() {
  const keys = useList((cursor, signal) => api.GET("/api/v1/me/provider-keys", { params: { query: { cursor, limit: 200 } }, signal }));
  const providers = useList(async (cursor, signal) => (
    mayOnSome("aiProviders:ListAiProviders")
      ? api.GET("/api/v1/providers", { params: { query: { cursor } }, signal })
      : { data: { data: [], next_cursor: null }, response: new Response() }
  ));
  const [open, set] = useState<Open>(null);
  const close = () => set(null);

  const items = (row: Row): MenuItem[] => [
    ...(may("providerKeys:PutProviderKey", row.id) ? [{ label: row.key ? "Change the key" : "Set a key", icon: "edit", run: () => set({ what: "set", row }) } as const] : []),
    ...(row.key && may("providerKeys:DeleteProviderKey", row.id) ? [{ label: "Remove the key", icon: "trash", danger: true, run: () => set({ what: "remove", row }) } as const] : []),
  ];
  const columns: Column<Row>[] = [
    { title: "Provider", cell: ({ name }) => name },
    { title: "Your key", cell: ({ key }) => (key ? <code>{key.hint ? `••••${key.hint}` : "••••"}</code> : <Badge>none</Badge>) },
    { title: "Changed", cell: ({ key }) => (key ? <Time at={key.updated_at} ago /> : <span class="muted">never</span>) },
    { title: "Actions", align: "end", cell: (row) => items(row).length > 0 && <Menu label={`Actions for ${row.name}`} items={items(row)} /> },
  ];
  const own = new Map((keys.rows ?? []).map((key) => [key.provider_id, key]));
  const listed = (providers.rows ?? []).map(({ id, name }) => ({ id, name, key: own.get(id) ?? null }));
  const others = providers.more ? [] : (keys.rows ?? []).filter(({ provider_id }) => !listed.some(({ id }) => id === provider_id));
  const rows = keys.rows && providers.rows && [...listed, ...others.map((key) => ({ id: key.provider_id, name: key.provider_name, key }))];

  return (
    <Page title="My keys" about={ABOUT}>
      <Table
        caption="Your keys"
        columns={columns}
        rows={rows}
        loading={keys.loading || providers.loading}
        error={keys.error ?? providers.error}
        more={providers.more}
        reload={() => (keys.reload(), providers.reload())}
        keyOf={({ id }) => id}
        empty={<Empty icon="keys" title="There are no providers yet">An admin adds them. Then you can keep a key of your own for each.</Empty>}
      />
      {open?.what === "set" && <SetKey row={open.row} onClose={close} onDone={keys.reload} />}
      {open?.what === "remove" && <RemoveKey row={open.row} onClose={close} onDone={keys.reload} />}
    </Page>
  );
}

interface Change {
  row: Row;
  onClose: () => void;
  onDone: () => void;
}

function SetKey({ row: { id, name }, onClose, onDone }: Change) {
  const [value, set] = useState("");
  const { run, pending, error } = useMutation((api_key: string) => (
    api.PUT("/api/v1/me/provider-keys/{provider_id}", { params: { path: { provider_id: id } }, body: { api_key } })
  ));
  const submit = async () => {
    if (!(await run(value))) return;
    announce(`Your calls to ${name} go out with your key from now on.`);
    onDone();
    onClose();
  };
  return (
    <FormDialog
      title={`Your key at ${name}`}
      submit="Seal it"
      pending={pending}
      onClose={onClose}
      onSubmit={submit}
    >
      <SecretField label="Key" hint={`As ${name} gave it to you; AWS's as JSON. Nobody can read it back.`} value={value} onValue={set} error={fieldError(error, "api_key")} autoFocus />
      <FormProblem error={error} fields={["api_key"]} />
    </FormDialog>
  );
}

function RemoveKey({ row: { id, name }, onClose, onDone }: Change) {
  const { run, pending, error } = useMutation(() => api.DELETE("/api/v1/me/provider-keys/{provider_id}", { params: { path: { provider_id: id } } }));
  const confirm = async () => {
    if (!(await run(undefined))) return;
    announce(`Your key at ${name} is removed.`);
    onDone();
    onClose();
  };
  return (
    <Confirm title={`Remove your key at ${name}?`} action="Remove" pending={pending} error={error} onConfirm={confirm} onClose={onClose}>
      <p>From your next call on, {name} is called with its own key, or refuses you where it has none. Your key cannot be brought back.</p>
    </Confirm>
  );
}
