import { api } from "../api/client";
import { useResource } from "../api/hooks";
import { session, useSession } from "../session/session";
import { Select } from "../ui/Select";

/** Root reaches every project, and is in one at a time. */
export function ProjectChoice() {
  const { project, projectChanges } = useSession();
  const { data } = useResource((signal) => api.GET("/api/v1/projects", { params: { query: { limit: 200 } }, signal }), String(projectChanges));
  const projects = data?.data ?? [];
  const first = projects.find(({ name }) => name === "default");
  const options = projects.map(({ id, name }) => ({ value: id, label: name }));
  return (
    <div class="project">
      <label for="project">Project</label>
      <Select
        id="project"
        options={options}
        value={projects.find(({ id }) => id === project)?.id ?? first?.id ?? ""}
        onValue={(id) => session.choose(id === first?.id ? null : id)}
      />
    </div>
  );
}
