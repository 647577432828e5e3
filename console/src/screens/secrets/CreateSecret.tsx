import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useMutation } from "../../api/hooks";
import { TextField } from "../../ui/Field";
import { fieldError, FormProblem } from "../../ui/Form";
import { FormDialog } from "../../ui/FormDialog";
import { SecretField } from "../../ui/SecretField";
import { announce } from "../../ui/Toast";

export function CreateSecret({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const { run, pending, error } = useMutation((body: { name: string; value: string }) => api.POST("/api/v1/secrets", { body }));

  const submit = async () => {
    const made = await run({ name, value });
    if (!made) return;
    announce(`${made.data.name} is sealed.`);
    onDone();
    onClose();
  };

  return (
    <FormDialog
      title="New secret"
      submit="Seal it"
      pending={pending}
      onClose={onClose}
      onSubmit={submit}
    >
      <TextField label="Name" hint="What providers will point to, such as openai-prod." value={name} onValue={setName} error={fieldError(error, "name")} autofocus />
      <SecretField label="Value" hint={VALUE_HINT} value={value} onValue={setValue} error={fieldError(error, "value")} />
      <FormProblem error={error} fields={["name", "value"]} />
    </FormDialog>
  );
}

export const VALUE_HINT = "A key; or, as JSON, what the providers' auth method sends: a map of headers, or AWS's access key. Nobody can read it back.";
