import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useResource } from "../../api/hooks";
import type { Model, Schemas } from "../../api/types";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Notice } from "../../ui/Notice";
import { Problem } from "../../ui/Problem";
import { asked, FIRST_SAMPLE, SampleFields, useRested } from "./SampleRequest";

type Candidate = Schemas["ResolvedModel"];

/** Says which models would serve a request while it is being written, and what becomes of `about`. Nobody is called. */
export function CheckRequest({ about, onClose }: { about: Model; onClose: () => void }) {
  const [sample, set] = useState(FIRST_SAMPLE);
  const call = asked(useRested(sample));
  return (
    <Dialog title={`Which requests ${about.model} takes`} wide onClose={onClose} footer={<Button kind="primary" onClick={onClose}>Close</Button>}>
      <p>Write a request as a client would send it. Its model is chosen by what is saved; nobody is called.</p>
      <div class="pair">
        <SampleFields sample={sample} onChange={set} />
        <div aria-live="polite">{call && <Verdict call={call} about={about} />}</div>
      </div>
    </Dialog>
  );
}

function Verdict({ about, call }: { about: Model; call: NonNullable<ReturnType<typeof asked>> }) {
  const { data, error } = useResource(
    (signal) => api.POST("/api/v1/models/resolve", { params: { query: call.query }, body: call.body, signal }),
    JSON.stringify(call),
  );
  if (error) return <Problem error={error} />;
  if (!data) return <p role="status">Asking …</p>;
  const own = data.candidates.find(({ model_id }) => model_id === about.id);
  const served = data.candidates.filter(({ kept }) => kept);
  return (
    <div class="stack">
      <Notice tone={own?.kept ? "info" : "warn"} title={verdictOf(own, served[0])}>
        {own?.when_matches === false && "Its condition does not hold for this request."}
        {own?.when_matches === true && "Its condition holds for this request."}
        {own?.when_matches === null && "It has no condition."}
        {!own && "The request does not ask for it, and it is not in the choice."}
      </Notice>
      <ol class="candidates">
        {data.candidates.map((candidate) => (
          <li key={candidate.model_id}>
            <code>{candidate.selector}</code> <Badge tone={candidate.kept && !candidate.unusable ? "ok" : "off"}>{wordsOf(candidate)}</Badge>
            {candidate.unusable && <p class="muted">{candidate.unusable.message}</p>}
          </li>
        ))}
      </ol>
    </div>
  );
}

function verdictOf(own: Candidate | undefined, first: Candidate | undefined): string {
  if (!own?.kept) return "It does not serve this request";
  return own === first ? "It serves this request first" : `It serves this request after ${first?.selector}`;
}

const REASONS: Readonly<Record<Candidate["reason"], string>> = {
  when_matched: "condition holds",
  unconditional: "has no condition",
  default: "default",
  none_matched: "no condition holds",
  fallback: "fallback",
  provider_disabled: "provider is off",
  model_disabled: "off",
  not_allowed: "not allowed to this token",
  when_unmatched: "condition does not hold",
  when_unreadable: "condition unreadable",
  lower_priority: "lower priority",
  other_issuer: "another account began this",
  repeated: "there already",
};

function wordsOf({ kept, reason, share }: Candidate): string {
  const words = REASONS[reason];
  if (!kept) return words;
  return typeof share === "number" && share < 1 ? `serves ${Math.round(share * 100)} %: ${words}` : `serves: ${words}`;
}
