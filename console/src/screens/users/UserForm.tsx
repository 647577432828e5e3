import { useState } from "preact/hooks";
import { api, ifMatch } from "../../api/client";
import { useMutation, useResource } from "../../api/hooks";
import type { Schemas } from "../../api/types";
import { TextField } from "../../ui/Field";
import { fieldError, FormProblem } from "../../ui/Form";
import { FormDialog } from "../../ui/FormDialog";
import { Problem } from "../../ui/Problem";
import { SelectField } from "../../ui/Select";
import { announce } from "../../ui/Toast";

export type User = Schemas["User"];

interface Typed {
  name: string;
  email: string;
  role: User["role"];
}

const ROLES = [
  { value: "member", label: "Member: calls models, keeps own keys" },
  { value: "viewer", label: "Viewer: reads, changes and calls nothing" },
  { value: "admin", label: "Admin: everything in its project" },
];

/** Makes a user, or changes one as it is now. */
export function UserForm({ user, onClose, onDone }: { user?: User; onClose: () => void; onDone: (saved: User) => void }) {
  return user ? <Change user={user} onClose={onClose} onDone={onDone} /> : <Create onClose={onClose} onDone={onDone} />;
}

function Create({ onClose, onDone }: { onClose: () => void; onDone: (saved: User) => void }) {
  const [typed, type] = useState<Typed>({ name: "", email: "", role: "member" });
  const { run, pending, error } = useMutation((body: Schemas["UserCreate"]) => api.POST("/api/v1/users", { body }));
  const submit = async () => {
    const made = await run({ name: typed.name, email: typed.email.trim() || null, role: typed.role, disabled: false });
    if (!made) return;
    announce(`${made.data.name} is made. Mint a token for that user next.`);
    onDone(made.data);
    onClose();
  };
  return (
    <FormDialog title="New user" submit="Make it" pending={pending} onClose={onClose} onSubmit={submit}>
      <Fields typed={typed} onTyped={type} error={error} />
    </FormDialog>
  );
}

function Change({ user, onClose, onDone }: { user: User; onClose: () => void; onDone: (saved: User) => void }) {
  const path = { user_id: user.id };
  const { data, etag, error: unread, reload } = useResource((signal) => api.GET("/api/v1/users/{user_id}", { params: { path }, signal }), user.id);
  const [edited, edit] = useState<Typed | null>(null);
  const { run, pending, error } = useMutation((body: Schemas["UserUpdate"]) => (
    api.PATCH("/api/v1/users/{user_id}", { params: { path, header: ifMatch(etag) }, body })
  ));
  const typed = edited ?? (data && { name: data.name, email: data.email ?? "", role: data.role });
  const submit = async () => {
    if (!typed) return;
    const changed = await run({ name: typed.name, email: typed.email.trim() || null, role: typed.role });
    if (!changed) return;
    announce(`${changed.data.name} is changed.`);
    onDone(changed.data);
    onClose();
  };
  return (
    <FormDialog title={`Change ${user.name}`} submit="Save" pending={pending} onClose={onClose} onSubmit={submit}>
      {unread && <Problem error={unread} retry={reload} />}
      {typed && <Fields typed={typed} onTyped={edit} error={error} />}
    </FormDialog>
  );
}

function Fields({ typed, onTyped, error }: { typed: Typed; onTyped: (typed: Typed) => void; error: Parameters<typeof fieldError>[0] }) {
  return (
    <>
      <TextField label="Name" hint="A person or a service, such as ada." value={typed.name} onValue={(name) => onTyped({ ...typed, name })} error={fieldError(error, "name")} autofocus />
      <TextField label="Address" optional type="email" hint="For other people to read: nothing is sent to it." value={typed.email} onValue={(email) => onTyped({ ...typed, email })} error={fieldError(error, "email")} />
      <SelectField label="Role" options={ROLES} hint="The most that its tokens may do." value={typed.role} onValue={(role) => onTyped({ ...typed, role: role as User["role"] })} error={fieldError(error, "role")} />
      <FormProblem error={error} fields={["name", "email", "role"]} />
    </>
  );
}
