import { useState } from "preact/hooks";
import { api, ask, ifMatch } from "../../api/client";
import { useMutation, useResource } from "../../api/hooks";
import type { Secret } from "../../api/types";
import { TextField } from "../../ui/Field";
import { fieldError, FormProblem } from "../../ui/Form";
import { FormDialog } from "../../ui/FormDialog";
import { Problem } from "../../ui/Problem";
import { SecretField } from "../../ui/SecretField";
import { announce } from "../../ui/Toast";
import { VALUE_HINT } from "./CreateSecret";

/** Renames a secret, or gives it another value: two things that are done at different times, for different reasons. */
export function ChangeSecret({ secret, what, onClose, onDone }: {
  secret: Secret; what: "name" | "value"; onClose: () => void; onDone: (changed: Secret) => void;
}) {
  const path = { secret_id: secret.id };
  const read = (signal?: AbortSignal) => api.GET("/api/v1/secrets/{secret_id}", { params: { path }, signal });
  // What is changed is the version that is looked at now, and no later one. Who is faster than its reading waits for another.
  const current = useResource(read, secret.id);
  const { run, pending, error } = useMutation(async (body: { name?: string; value?: string }) => {
    const etag = current.etag ?? (await ask(read())).etag;
    return api.PATCH("/api/v1/secrets/{secret_id}", { params: { path, header: ifMatch(etag) }, body });
  });
  const [text, set] = useState(what === "name" ? secret.name : "");
  const users = secret.provider_count;

  const submit = async () => {
    const changed = await run({ [what]: text });
    if (!changed) return;
    announce(what === "name" ? `It is called ${changed.data.name} now.` : `${changed.data.name} has its new value.`);
    onDone(changed.data);
    onClose();
  };

  return (
    <FormDialog
      title={what === "name" ? `Rename ${secret.name}` : `Change the value of ${secret.name}`}
      submit={what === "name" ? "Rename" : "Change it"}
      pending={pending}
      onClose={onClose}
      onSubmit={submit}
    >
      {what === "value" && (
        <p>
          {users === 0 && "No provider uses it."}
          {users === 1 && "The provider that uses it sends the new value with its next call."}
          {users > 1 && `The ${users.toLocaleString()} providers that use it send the new value with their next calls.`}
          {" The old value is gone for good: keep it until the new one is known to work."}
        </p>
      )}
      {what === "name"
        ? <TextField label="Name" value={text} onValue={set} error={fieldError(error, "name")} autofocus />
        : <SecretField label="New value" hint={VALUE_HINT} value={text} onValue={set} error={fieldError(error, "value")} autoFocus />}
      {current.error && <Problem error={current.error} retry={current.reload} />}
      <FormProblem error={error} fields={[what]} />
    </FormDialog>
  );
}
