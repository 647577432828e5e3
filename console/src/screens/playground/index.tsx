// A prompt through any selector, in any of the three protocols: what a client would get, with everything that Sluice says of it.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { api } from "../../api/client";
import { fromThrown } from "../../api/errors";
import { useList } from "../../api/hooks";
import { mayOnSome } from "../../session/may";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CodeBlock } from "../../ui/CodeBlock";
import { Check, Field, TextAreaField, TextField } from "../../ui/Field";
import { Form } from "../../ui/Form";
import { Page } from "../../ui/Page";
import { SelectField } from "../../ui/Select";
import { Tabs } from "../../ui/Tabs";
import { extraHeaders, send } from "./call";
import { code, type Language, LANGUAGES } from "./code";
import { type Outcome, OutcomeOf } from "./Outcome";
import { DIALECTS, type Prompt, type Protocol } from "./protocols";

const PROTOCOLS = Object.entries(DIALECTS).map(([value, { title, path }]) => ({ value, label: `${title} (${path})` }));

export default function Playground() {
  const [prompt, set] = useState<Prompt>({
    protocol: "chat_completions", model: new URLSearchParams(location.search).get("model") ?? "", system: "", prompt: "", maxTokens: "", tags: "", stream: true,
  });
  const [outcome, show] = useState<Outcome | null>(null);
  const [language, speak] = useState<Language>("curl");
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const field = (name: "system" | "prompt" | "maxTokens" | "tags") => ({ value: prompt[name], onValue: (value: string) => set({ ...prompt, [name]: value }) });
  const isUnderWay = outcome?.phase === "under way";

  const run = async () => {
    if (isUnderWay) return;
    const { signal } = (abort.current = new AbortController());
    const began = performance.now();
    let now: Outcome = { phase: "under way", text: "", reasoning: "", usage: {}, status: null, headers: [], error: null, firstMs: null, totalMs: null };
    const change = (by: Partial<Outcome>) => show((now = { ...now, ...by }));
    change({});
    try {
      await send(
        prompt,
        signal,
        ({ status, headers }) => change({ status, headers: [...headers] }),
        ({ text = "", reasoning = "", usage }) => change({
          text: now.text + text,
          reasoning: now.reasoning + reasoning,
          usage: { ...now.usage, ...usage },
          firstMs: now.firstMs ?? (text || reasoning ? performance.now() - began : null),
        }),
      );
      change({ phase: "complete" });
    } catch (thrown) {
      change(signal.aborted ? { phase: "stopped" } : { phase: "failed", error: fromThrown(thrown) });
    }
    change({ totalMs: performance.now() - began });
  };

  return (
    <Page title="Playground" about="A real call: it goes to the upstream, costs what it costs, and is in the usage.">
      <div class="playground">
        <Card title="Call">
          <Form onSubmit={run}>
            <ModelField value={prompt.model} onValue={(model) => set({ ...prompt, model })} />
            <SelectField label="Protocol" options={PROTOCOLS} value={prompt.protocol} onValue={(protocol) => set({ ...prompt, protocol: protocol as Protocol })}
              hint="What the client speaks. Sluice translates where the upstream speaks another." />
            <TextAreaField label="System" optional rows={2} {...field("system")} />
            <TextAreaField label="Prompt" rows={5} {...field("prompt")} />
            <div class="pair">
              <TextField label="Most tokens" optional inputMode="numeric" {...field("maxTokens")} />
              <TextField label="Tags" optional {...field("tags")} hint="For models' conditions, separated by commas." />
            </div>
            <Check label="Stream the answer" checked={prompt.stream} onChange={(stream) => set({ ...prompt, stream })} />
            <div class="row">
              <Button type="submit" kind="primary" icon="playground" pending={isUnderWay}>Send</Button>
              {isUnderWay && <Button icon="close" onClick={() => abort.current?.abort()}>Stop</Button>}
            </div>
          </Form>
        </Card>
        <div class="stack">
          <OutcomeOf outcome={outcome} />
          <Card title="The same from a program">
            <Tabs label="Languages" tabs={LANGUAGES} chosen={language} onChoose={(name) => speak(name as Language)}>
              <CodeBlock label={`This call in ${LANGUAGES.find(({ name }) => name === language)?.title}`} code={code(language, prompt, extraHeaders(prompt), location.origin)} />
            </Tabs>
          </Card>
        </div>
      </div>
    </Page>
  );
}

/** Free text, with what the project has to choose from. */
function ModelField({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  const id = useId();
  const { rows } = useList(async (cursor, signal) => (
    mayOnSome("models:ListModels")
      ? api.GET("/api/v1/models", { params: { query: { cursor, limit: 200 } }, signal })
      : { data: { data: [], next_cursor: null }, response: new Response() }
  ));
  const names = (rows ?? []).flatMap(({ selector, name, enabled }) => (enabled ? [selector, name] : [])).filter((name) => name !== null);
  return (
    <Field label="Model" hint="A selector (provider^model), a public name, an upstream's name, a provider's name; or auto, and Sluice chooses.">
      {(tied) => (
        <>
          <input {...tied} class="input" list={id} value={value} placeholder="auto" spellcheck={false} autocapitalize="off" autocomplete="off"
            onInput={(event) => onValue(event.currentTarget.value)} />
          <datalist id={id}>{["auto", ...names].map((name) => <option key={name} value={name} />)}</datalist>
        </>
      )}
    </Field>
  );
}
