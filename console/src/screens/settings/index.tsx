// What is configured, what is missing and what to do about it, by what the deployment says of itself.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import { type ApiError, fromThrown } from "../../api/errors";
import { readHealth } from "../../api/health";
import { useList } from "../../api/hooks";
import type { Health, Me } from "../../api/types";
import { mayOnSome } from "../../session/may";
import { useSession } from "../../session/session";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CodeBlock } from "../../ui/CodeBlock";
import { Facts } from "../../ui/Facts";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { Time } from "../../ui/Time";

export default function Settings() {
  const { me } = useSession();
  const { health, error, pending, look } = useHealth();
  return (
    <Page title="Settings" about="What this deployment has, and what it lacks." actions={<Button icon="refresh" pending={pending} onClick={look}>Check again</Button>}>
      <div class="stack">
        {error && <Problem error={error} />}
        <Deployment health={health} />
        {mayOnSome("aiProviders:ListAiProviders") && <Project />}
        <Addresses />
        {me && <You me={me} />}
      </div>
    </Page>
  );
}

function useHealth() {
  const [state, set] = useState<{ health: Health | null; error: ApiError | null; pending: boolean }>({ health: null, error: null, pending: true });
  const look = () => {
    set((before) => ({ ...before, pending: true }));
    readHealth().then(
      (health) => set({ health, error: null, pending: false }),
      (thrown) => set((before) => ({ ...before, error: fromThrown(thrown), pending: false })),
    );
  };
  useEffect(look, []);
  return { ...state, look };
}

const STATES: Record<Health["status"], ComponentChildren> = {
  ok: <Badge tone="ok">everything is in place</Badge>,
  degraded: <Badge tone="warn">calls go on for a while, nothing can be changed</Badge>,
  unavailable: <Badge tone="danger">nothing can be served</Badge>,
};

/** What each check is about, and the way out where it fails. */
const CHECKS: [keyof Health["checks"], string, string][] = [
  ["admin_token", "Root token (ADMIN_TOKEN)", "npx wrangler secret put ADMIN_TOKEN"],
  ["sealing_keys", "Sealing keys (SEALING_KEYS)", "npx wrangler secret put SEALING_KEYS"],
  ["database", "Database (D1)", "npm run deploy"],
];

function Deployment({ health }: { health: Health | null }) {
  const missing = CHECKS.filter(([name]) => health && health.checks[name] !== "ok");
  const waiting = <span class="muted">asking…</span>;
  return (
    <Card title="Deployment">
      <div class="stack">
        <Facts
          facts={[
            ["State", health ? STATES[health.status] : waiting],
            ["Version of Sluice", health ? <code>{health.version}</code> : waiting],
            ...CHECKS.map(([name, title]) => [title, health ? <Check said={health.checks[name]} /> : waiting] as const),
          ]}
        />
        {missing.map(([name, title, command]) => <CodeBlock key={name} label={`Mend: ${title}`} code={command} />)}
        <p class="muted">
          Variables such as CONFIG_TTL_MS stand with their defaults in <code>wrangler.toml</code>. One that cannot be read stops the deployment: every refusal then names it.
        </p>
      </div>
    </Card>
  );
}

const Check = ({ said }: { said: string }) => (said === "ok" ? <Badge tone="ok">ok</Badge> : <><Badge tone="danger">missing</Badge> {said}</>);

/** What calls of this project need: a provider with a credential, and a model. */
function Project() {
  const providers = useList((cursor, signal) => api.GET("/api/v1/providers", { params: { query: { cursor, limit: 200 } }, signal }));
  const rows = providers.rows ?? [];
  const bare = rows.filter(({ credential, enabled }) => enabled && credential && !credential.configured && credential.source !== "none");
  const empty = rows.filter(({ model_count, enabled }) => enabled && model_count === 0);
  if (providers.error) return <Problem error={providers.error} retry={providers.reload} />;
  return (
    <Card title="This project">
      <Facts
        facts={[
          ["Providers", providers.rows ? (rows.length > 0 ? `${rows.length.toLocaleString()}${providers.more ? " and more" : ""}` : <>none: <a href="/providers">add the first one</a></>) : <span class="muted">asking…</span>],
          ...(bare.length > 0 ? [["Without a credential", <Named rows={bare} />] as const] : []),
          ...(empty.length > 0 ? [["Without a model", <Named rows={empty} />] as const] : []),
        ]}
      />
    </Card>
  );
}

function Named({ rows }: { rows: readonly { id: string; name: string }[] }) {
  return <>{rows.slice(0, 20).map(({ id, name }, at) => <>{at > 0 && ", "}<a key={id} href={`/providers/${id}`}>{name}</a></>)}{rows.length > 20 && " and others"}</>;
}

function Addresses() {
  const { origin } = location;
  return (
    <Card title="Addresses">
      <div class="stack">
        <Facts
          facts={[
            ["OpenAI's clients", <code>{origin}/v1</code>],
            ["Anthropic's clients", <code>{origin}</code>],
            ["Admin API", <><code>{origin}/api/v1</code>, described in <a href="/openapi.json" target="_blank" rel="noreferrer">openapi.json</a></>],
            ["Agents (MCP)", <code>{origin}/mcp</code>],
          ]}
        />
        <CodeBlock label="Add Sluice to Claude Code" code={`claude mcp add --transport http sluice ${origin}/mcp --header "Authorization: Bearer $SLUICE_TOKEN"`} />
      </div>
    </Card>
  );
}

function You({ me }: { me: Me }) {
  return (
    <Card title="You">
      <Facts
        facts={[
          ["Signed in as", me.kind === "root" ? "root: the deployment's ADMIN_TOKEN, in every project" : me.name],
          ...(me.user ? [["User", `${me.user.name}, ${me.user.role}`] as const] : []),
          ...(me.project_id ? [["Project", <code>{me.project_id}</code>] as const] : []),
          ...(me.allowed_models ? [["Models", me.allowed_models.join(", ")] as const] : []),
          ["Ends", <Time at={me.expires_at} />],
          ["Allowed", me.kind === "root" ? "everything" : me.possible_actions.length > 0 ? <details><summary>{me.possible_actions.length === 1 ? "1 action" : `${me.possible_actions.length} actions`}</summary>{me.possible_actions.join(", ")}</details> : "nothing"],
        ]}
      />
    </Card>
  );
}
