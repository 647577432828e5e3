import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useMutation } from "../../api/hooks";
import type { Schemas } from "../../api/types";
import { Button } from "../../ui/Button";
import { CodeBlock } from "../../ui/CodeBlock";
import { Copyable } from "../../ui/Copy";
import { Dialog } from "../../ui/Dialog";
import { FormDialog } from "../../ui/FormDialog";
import { Notice } from "../../ui/Notice";
import { announce } from "../../ui/Toast";
import { TokenFields } from "./Fields";
import { bodyOf, NEW } from "./form";

/** Mints a token, then shows it: the only time that anybody sees it. */
export function MintToken({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [typed, type] = useState(NEW);
  const [made, show] = useState<Schemas["TokenMade"] | null>(null);
  const { run, pending, error } = useMutation((body: Schemas["TokenCreate"]) => api.POST("/api/v1/tokens", { body }));
  if (made) return <Shown made={made} onClose={onClose} />;

  const submit = async () => {
    const answer = await run({ ...bodyOf(typed), user_id: typed.user_id || null, disabled: false });
    if (!answer) return;
    announce(`${answer.data.name} is minted.`);
    show(answer.data);
    onDone();
  };
  return (
    <FormDialog
      title="New token"
      submit="Mint it"
      pending={pending}
      onClose={onClose}
      onSubmit={submit}
    >
      <TokenFields typed={typed} onTyped={type} error={error} />
    </FormDialog>
  );
}

function Shown({ made, onClose }: { made: Schemas["TokenMade"]; onClose: () => void }) {
  return (
    <Dialog title={`${made.name} is minted`} onClose={onClose} footer={<Button kind="primary" onClick={onClose}>I have copied it</Button>}>
      <Notice tone="warn" title="This is the only time it is shown">
        Copy it now, to where it is used. Sluice keeps a hash of it and cannot show it again.
      </Notice>
      <p class="token-shown"><Copyable text={made.token} label="Copy the token" /></p>
      <p>Any OpenAI or Anthropic client takes it as its API key, with this deployment's address as its base URL:</p>
      <CodeBlock label="Environment of a client" code={`OPENAI_BASE_URL=${location.origin}/v1\nANTHROPIC_BASE_URL=${location.origin}`} />
    </Dialog>
  );
}
