import { useEffect, useState } from "preact/hooks";
import type { Schemas } from "../../api/types";
import { TextField } from "../../ui/Field";
import { JsonEditor, parseJson } from "../../ui/JsonEditor";
import { SelectField } from "../../ui/Select";

type Protocol = Schemas["Resolution"]["protocol"];

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

/** A request as a client would send it, while it is being written. */
export interface Sample {
  protocol: Protocol;
  text: string;
  tags: string;
  country: string;
}

export const FIRST_SAMPLE: Sample = { protocol: "chat_completions", text: exampleOf("chat_completions"), tags: "", country: "" };

/** What `/api/v1/models/resolve` takes of it; null while its body is no JSON. */
export function asked({ protocol, text, tags, country }: Sample) {
  const parsed = parseJson(text);
  if (!parsed.ok) return null;
  return { query: { protocol, ...(tags && { tags }), ...(country && { country }) }, body: (parsed.value ?? {}) as Schemas["CallCreate"] };
}

/** What is being typed, once its writer rests. */
export function useRested<T>(value: T): T {
  const [rested, rest] = useState(value);
  const key = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => rest(value), TYPING_MS);
    return () => clearTimeout(timer);
  }, [key]);
  return rested;
}

export function SampleFields({ sample, onChange }: { sample: Sample; onChange: (sample: Sample) => void }) {
  const edit = (part: Partial<Sample>) => onChange({ ...sample, ...part });
  const choose = (to: string) => {
    const protocol = to as Protocol;
    edit({ protocol, ...(sample.text === exampleOf(sample.protocol) && { text: exampleOf(protocol) }) });
  };
  return (
    <div class="stack">
      <SelectField label="Protocol" options={PROTOCOLS} value={sample.protocol} onValue={choose} />
      <JsonEditor label="Body" value={sample.text} onValue={(text) => edit({ text })} rows={8} />
      <div class="pair">
        <TextField label="Tags it comes with" optional placeholder="batch,nightly" value={sample.tags} onValue={(tags) => edit({ tags })} />
        <TextField label="Country" optional placeholder="CH" value={sample.country} onValue={(country) => edit({ country })} />
      </div>
    </div>
  );
}
