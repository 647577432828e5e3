import { api } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { useList, useMutation } from "../../api/hooks";
import type { Secret } from "../../api/types";
import { may } from "../../session/may";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Dialog } from "../../ui/Dialog";
import { Problem } from "../../ui/Problem";
import { announce } from "../../ui/Toast";

interface User {
  id: string;
  name: string;
}

/** Deletes a secret that nothing uses; of one in use it shows what does. */
export function DeleteSecret({ secret, onClose, onDone }: { secret: Secret; onClose: () => void; onDone: () => void }) {
  const { run, pending, error } = useMutation(() => api.DELETE("/api/v1/secrets/{secret_id}", { params: { path: { secret_id: secret.id } } }));
  if (secret.provider_count > 0) return <InUse secret={secret} onClose={onClose} />;

  const confirm = async () => {
    if (!(await run(undefined))) return;
    announce(`${secret.name} is deleted.`);
    onDone();
    onClose();
  };
  // Linked since the list was read.
  const users = usersIn(error);
  return (
    <Confirm
      title={`Delete ${secret.name}?`}
      action="Delete"
      pending={pending}
      error={error}
      problem={error && users.length > 0 ? <Problem error={error}><Users users={users} /></Problem> : undefined}
      onConfirm={confirm}
      onClose={onClose}
    >
      {users.length === 0 && <p>No provider uses it. Its value cannot be brought back.</p>}
    </Confirm>
  );
}

function InUse({ secret, onClose }: { secret: Secret; onClose: () => void }) {
  return (
    <Dialog title={`${secret.name} is in use`} onClose={onClose} footer={<Button kind="primary" onClick={onClose}>Close</Button>}>
      <p>
        It cannot be deleted while {secret.provider_count === 1 ? "a provider sends" : `${secret.provider_count.toLocaleString()} providers send`} it.
        Give {secret.provider_count === 1 ? "that one" : "each of them"} another credential first.
      </p>
      {may("aiProviders:ListAiProviders") && <UsersOf secret={secret} />}
    </Dialog>
  );
}

function UsersOf({ secret }: { secret: Secret }) {
  const { rows, error } = useList((cursor, signal) => api.GET("/api/v1/providers", { params: { query: { cursor, limit: 200 } }, signal }));
  if (error) return <Problem error={error} />;
  return <Users users={(rows ?? []).filter(({ secret_id }) => secret_id === secret.id)} />;
}

function Users({ users }: { users: readonly User[] }) {
  return <ul>{users.map(({ id, name }) => <li key={id}><a href={`/providers/${id}`}>{name}</a></li>)}</ul>;
}

/** The providers that a 409 names. */
function usersIn(error: ApiError | null): User[] {
  const details = error?.code === "secret.in_use" ? (error.details as { providers?: User[] } | null) : null;
  return details?.providers ?? [];
}
