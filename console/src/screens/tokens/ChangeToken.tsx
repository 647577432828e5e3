import { useState } from "preact/hooks";
import { api, ifMatch } from "../../api/client";
import { useMutation, useResource } from "../../api/hooks";
import type { Schemas } from "../../api/types";
import { Facts } from "../../ui/Facts";
import { FormDialog } from "../../ui/FormDialog";
import { Money } from "../../ui/Money";
import { Problem } from "../../ui/Problem";
import { Progress } from "../../ui/Progress";
import { Time } from "../../ui/Time";
import { announce } from "../../ui/Toast";
import { TokenFields } from "./Fields";
import { changes, type Token, type Typed, typedOf } from "./form";

/** Changes a token as it is now: it is read first, with what it has used of its limits. */
export function ChangeToken({ token, onClose, onDone }: { token: Token; onClose: () => void; onDone: (changed: Token) => void }) {
  const path = { token_id: token.id };
  const { data, etag, error: unread, reload } = useResource((signal) => api.GET("/api/v1/tokens/{token_id}", { params: { path }, signal }), token.id);
  const [edited, edit] = useState<Typed | null>(null);
  const { run, pending, error } = useMutation((body: Schemas["TokenUpdate"]) => (
    api.PATCH("/api/v1/tokens/{token_id}", { params: { path, header: ifMatch(etag) }, body })
  ));
  const before = data && typedOf(data);
  const typed = edited ?? before;

  const submit = async () => {
    if (!before || !typed) return;
    const body = changes(before, typed);
    if (!body) return onClose();
    const changed = await run(body);
    if (!changed) return;
    announce(`${changed.data.name} is changed. Its next call meets the change.`);
    onDone(changed.data);
    onClose();
  };
  return (
    <FormDialog
      title={`Change ${token.name}`}
      submit="Save"
      pending={pending}
      disabled={!typed}
      onClose={onClose}
      onSubmit={submit}
    >
      {unread && <Problem error={unread} retry={reload} />}
      {!data && !unread && <Progress label="Reading it" />}
      {data?.standing && <StandingOf standing={data.standing} />}
      {typed && <TokenFields made typed={typed} onTyped={edit} error={error} />}
    </FormDialog>
  );
}

function StandingOf({ standing: { requests_per_minute: calls, tokens_per_minute: tokens, budget } }: { standing: Schemas["Standing"] }) {
  const rate = ({ used, limit }: Schemas["Rate"]) => `${used.toLocaleString()} of ${limit.toLocaleString()} in the last minute`;
  return (
    <Facts
      facts={[
        ...(calls ? [["Calls", rate(calls)] as const] : []),
        ...(tokens ? [["Tokens", rate(tokens)] as const] : []),
        ...(budget
          ? [["Budget", (
            <>
              <Money usd={budget.spent_usd} /> spent of <Money usd={budget.limit_usd} />, <Money usd={budget.remaining_usd} /> left
              {budget.resets_at && <>; anew on <Time at={budget.resets_at} /></>}
            </>
          )] as const]
          : []),
      ]}
    />
  );
}
