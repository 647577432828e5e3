import { useEffect, useState } from "preact/hooks";
import type { ApiError } from "../api/errors";
import { readHealth } from "../api/health";
import type { Health } from "../api/types";
import { enter } from "../session/enter";
import { useSession } from "../session/session";
import { Button } from "../ui/Button";
import { Check } from "../ui/Field";
import { Form } from "../ui/Form";
import { Notice } from "../ui/Notice";
import { Problem } from "../ui/Problem";
import { SecretField } from "../ui/SecretField";

export function SignIn({ error: first }: { error: ApiError | null }) {
  const { ended } = useSession();
  const [token, setToken] = useState("");
  const [keep, setKeep] = useState(false);
  const [pending, wait] = useState(false);
  const [error, fail] = useState<ApiError | null>(first);
  const [health, setHealth] = useState<Health | null>(null);

  useEffect(() => {
    document.title = "Sign in · Sluice";
    readHealth().then(setHealth, () => {});
  }, []);

  const submit = async () => {
    if (pending) return;
    if (token.trim() === "") return document.querySelector<HTMLInputElement>("input")?.focus();
    wait(true);
    fail(null);
    fail(await enter(token.trim(), keep));
    wait(false);
  };
  const shown = error ?? ended;

  return (
    <main class="sign-in">
      <div class="brand">
        <img src="/icon.svg" alt="" width="22" height="22" /> Sluice
      </div>
      <div class="card stack">
        <h1>Sign in</h1>
        {health && health.status !== "ok" && <Missing health={health} />}
        <Form onSubmit={submit}>
          <SecretField label="Token" value={token} onValue={setToken} placeholder="slu_…" autoFocus
            hint="A token of this deployment, or its ADMIN_TOKEN. With npm start that one is in .dev.vars." />
          <Check label="Stay signed in on this tab" checked={keep} onChange={setKeep}
            hint="Kept until the tab is closed. Without it, a reload signs you out." />
          {shown && <Problem error={shown} />}
          <div>
            <Button type="submit" kind="primary" pending={pending}>Sign in</Button>
          </div>
        </Form>
      </div>
    </main>
  );
}

/** A deployment that lacks something says so before anybody wonders about their token. */
function Missing({ health: { status, checks } }: { health: Health }) {
  const missing = Object.entries(checks).filter(([, said]) => said !== "ok");
  return (
    <Notice tone="warn" title={status === "degraded" ? "The database does not answer" : "This deployment is not ready"}>
      <ul>{missing.map(([name, said]) => <li key={name}>{said}</li>)}</ul>
    </Notice>
  );
}
