import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import { useResource } from "../../api/hooks";
import type { Model, Schemas } from "../../api/types";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { JsonEditor, parseJson } from "../../ui/JsonEditor";
import { Notice } from "../../ui/Notice";
import { Problem } from "../../ui/Problem";
import { SelectField } from "../../ui/Select";

type Protocol = Schemas["Resolution"]["protocol"];
type Candidate = Schemas["ResolvedModel"];

const PROTOCOLS: readonly { value: Protocol; label: string }[] = [
  { value: "chat_completions", label: "OpenAI Chat Completions" },
  { value: "responses", label: "OpenAI Responses" },
  { value: "anthropic_messages", label: "Anthropic Messages" },
];

const MESSAGES = [{ role: "user", content: "Hello" }];
const EXAMPLES: Readonly<Record<Protocol, object>> = {
  chat_completions: { model: "auto", messages: MESSAGES },
  responses: { model: "auto", input: "Hello" },
  anthropic_messages: { model: "auto", max_tokens: 1000, messages: MESSAGES },
};
const exampleOf = (protocol: Protocol) => JSON.stringify(EXAMPLES[protocol], null, 2);

const TYPING_MS = 350;

/** Says which models would serve a request while it is being written, and what becomes of `about`. Nobody is called. */
export function CheckRequest({ about, onClose }: { about: Model; onClose: () => void }) {
  const [protocol, setProtocol] = useState<Protocol>("chat_completions");
  const [text, setText] = useState(exampleOf("chat_completions"));
  const [tags, setTags] = useState("");
  const [country, setCountry] = useState("");
  const [asked, ask] = useState({ protocol, text, tags, country });
  useEffect(() => {
    const timer = setTimeout(() => ask({ protocol, text, tags, country }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [protocol, text, tags, country]);
  const parsed = parseJson(text);
  const choose = (to: string) => {
    if (text === exampleOf(protocol)) setText(exampleOf(to as Protocol));
    setProtocol(to as Protocol);
  };
  return (
    <Dialog title={`Which requests ${about.model} takes`} wide onClose={onClose} footer={<Button kind="primary" onClick={onClose}>Close</Button>}>
      <p>Write a request as a client would send it. Its model is chosen by what is saved; nobody is called.</p>
      <div class="pair">
        <div class="stack">
          <SelectField label="Protocol" options={PROTOCOLS} value={protocol} onValue={choose} />
          <JsonEditor label="Body" value={text} onValue={setText} rows={8} />
          <div class="pair">
            <TextField label="Tags" optional placeholder="batch,nightly" value={tags} onValue={setTags} />
            <TextField label="Country" optional placeholder="CH" value={country} onValue={setCountry} />
          </div>
        </div>
        <div aria-live="polite">{parsed.ok && <Verdict {...asked} about={about} />}</div>
      </div>
    </Dialog>
  );
}

function Verdict({ about, protocol, text, tags, country }: { about: Model; protocol: Protocol; text: string; tags: string; country: string }) {
  const parsed = parseJson(text);
  const body = (parsed.ok ? (parsed.value ?? {}) : {}) as Schemas["CallCreate"];
  const query = { protocol, ...(tags && { tags }), ...(country && { country }) };
  const { data, error } = useResource(
    (signal) => api.POST("/api/v1/models/resolve", { params: { query }, body, signal }),
    JSON.stringify([query, body]),
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
