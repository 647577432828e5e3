// Projects: whatever there is belongs to one. Only root has several, so only root comes here.
import { useState } from "preact/hooks";
import { api, ifMatch } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { useList, useMutation, useResource } from "../../api/hooks";
import type { Schemas } from "../../api/types";
import { session, useSession } from "../../session/session";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Empty } from "../../ui/Empty";
import { TextField } from "../../ui/Field";
import { fieldError, FormProblem } from "../../ui/Form";
import { FormDialog } from "../../ui/FormDialog";
import { Menu, type MenuItem } from "../../ui/Menu";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { announce } from "../../ui/Toast";

type Project = Schemas["Project"];
type Open = { what: "create" } | { what: "rename" | "delete"; project: Project } | null;

/** The project that every deployment begins with. */
const FIRST = "default";

export default function Projects() {
  const list = useList((cursor, signal) => api.GET("/api/v1/projects", { params: { query: { cursor } }, signal }));
  const { project: chosen } = useSession();
  const [open, set] = useState<Open>(null);
  const close = () => set(null);
  const changed = (words: string) => {
    announce(words);
    list.reload();
    session.projectsChanged();
    close();
  };
  const isChosen = ({ id, name }: Project) => (chosen === null ? name === FIRST : id === chosen);
  const goInto = (project: Project) => {
    session.choose(project.name === FIRST ? null : project.id);
    announce(`You are in ${project.name} now.`);
  };
  const items = (project: Project): MenuItem[] => [
    ...(isChosen(project) ? [] : [{ label: "Go into it", icon: "right", run: () => goInto(project) } as const]),
    { label: "Rename", icon: "edit", run: () => set({ what: "rename", project }) },
    { label: "Delete", icon: "trash", danger: true, run: () => set({ what: "delete", project }) },
  ];
  const columns: Column<Project>[] = [
    { title: "Name", cell: (project) => <>{project.name} {isChosen(project) && <Badge tone="ok">you are here</Badge>}</> },
    { title: "Id", cell: ({ id }) => <code>{id}</code> },
    { title: "Made", cell: ({ created_at }) => <Time at={created_at} /> },
    { title: "Actions", align: "end", cell: (project) => <Menu label={`Actions for ${project.name}`} items={items(project)} /> },
  ];
  const create = <Button kind="primary" icon="plus" onClick={() => set({ what: "create" })}>New project</Button>;
  return (
    <Page
      title="Projects"
      about="Providers, models, secrets, users and tokens belong to one project each, and none sees another's. A token is of one project; ADMIN_TOKEN is of all."
      actions={create}
    >
      <Table caption="Projects" columns={columns} {...list} keyOf={({ id }) => id} empty={<Empty icon="projects" title="No projects" action={create}>Make one for each team that is to keep its providers to itself.</Empty>} />
      {open?.what === "create" && <Create onClose={close} onDone={changed} />}
      {open?.what === "rename" && <Rename project={open.project} onClose={close} onDone={changed} />}
      {open?.what === "delete" && <Delete project={open.project} isChosen={isChosen(open.project)} onClose={close} onDone={changed} />}
    </Page>
  );
}

interface Dialog {
  onClose: () => void;
  onDone: (words: string) => void;
}

function Create({ onClose, onDone }: Dialog) {
  const [name, type] = useState("");
  const { run, pending, error } = useMutation(() => api.POST("/api/v1/projects", { body: { name } }));
  const submit = async () => {
    const made = await run(undefined);
    if (made) onDone(`${made.data.name} is made. Go into it to give it providers.`);
  };
  return (
    <FormDialog title="New project" submit="Make it" pending={pending} onClose={onClose} onSubmit={submit}>
      <Name name={name} onName={type} error={error} />
    </FormDialog>
  );
}

function Rename({ project, onClose, onDone }: Dialog & { project: Project }) {
  const path = { project_id: project.id };
  const { etag, error: unread, reload } = useResource((signal) => api.GET("/api/v1/projects/{project_id}", { params: { path }, signal }), project.id);
  const [name, type] = useState(project.name);
  const { run, pending, error } = useMutation(() => api.PATCH("/api/v1/projects/{project_id}", { params: { path, header: ifMatch(etag) }, body: { name } }));
  const submit = async () => {
    const renamed = await run(undefined);
    if (renamed) onDone(`${project.name} is ${renamed.data.name} now.`);
  };
  return (
    <FormDialog title={`Rename ${project.name}`} submit="Save" pending={pending} onClose={onClose} onSubmit={submit}>
      {unread && <Problem error={unread} retry={reload} />}
      <Name name={name} onName={type} error={error} />
    </FormDialog>
  );
}

function Name({ name, onName, error }: { name: string; onName: (name: string) => void; error: ApiError | null }) {
  return (
    <>
      <TextField label="Name" hint="A team or an environment, such as research." value={name} onValue={onName} error={fieldError(error, "name")} autofocus />
      <FormProblem error={error} fields={["name"]} />
    </>
  );
}

function Delete({ project, isChosen, onClose, onDone }: Dialog & { project: Project; isChosen: boolean }) {
  const { run, pending, error } = useMutation(() => api.DELETE("/api/v1/projects/{project_id}", { params: { path: { project_id: project.id } } }));
  const confirm = async () => {
    if (!(await run(undefined))) return;
    if (isChosen) session.choose(null);
    onDone(`${project.name} is deleted.`);
  };
  return (
    <Confirm title={`Delete ${project.name}?`} action="Delete" pending={pending} error={error} onConfirm={confirm} onClose={onClose}>
      <p>Only an empty project can be deleted: its providers, secrets, users and tokens go first. Its calls stay in the usage.</p>
    </Confirm>
  );
}
