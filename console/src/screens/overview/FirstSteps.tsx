import type { ComponentChildren } from "preact";
import { api, ask } from "../../api/client";
import { useResource } from "../../api/hooks";
import type { Schemas } from "../../api/types";
import { may } from "../../session/may";
import { LinkButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CodeBlock } from "../../ui/CodeBlock";
import { Icon } from "../../ui/Icon";

interface Step {
  title: string;
  about: ComponentChildren;
  done: boolean;
  /** Where it is done; null where something else comes first, or somebody else has to do it. */
  at: string | null;
  action: string;
}

/** From an empty deployment to the first answer. What is done already is ticked. */
export function FirstSteps({ providers }: { providers: readonly Schemas["Provider"][] }) {
  const tokens = useResource(async (signal) => {
    if (!may("tokens:ListTokens")) return { data: 0, response: new Response() };
    const { data, response } = await ask(api.GET("/api/v1/tokens", { params: { query: { limit: 1 } }, signal }));
    return { data: data.data.length, response };
  });
  const [first] = providers;
  const model = providers.flatMap(({ models }) => models).find(({ enabled, selector }) => enabled && selector);
  const steps: Step[] = [
    {
      title: "Add a provider", about: "An account at OpenAI, Anthropic or another of ten kinds, or a server of your own. Its key is sealed and never shown again.",
      done: providers.length > 0, at: may("aiProviders:CreateAiProvider") ? "/providers" : null, action: "Add a provider",
    },
    {
      title: "Choose its models", about: "Import them from the provider's own list. A model's price, order and fallbacks can follow later.",
      done: model !== undefined, at: first ? `/providers/${first.id}/models` : null, action: "Choose models",
    },
    {
      title: "Make a token for a client", about: "What an application or a colleague presents instead of a provider's key. It can have a budget and limits.",
      done: (tokens.data ?? 0) > 0, at: may("tokens:CreateToken") ? "/tokens" : null, action: "Make a token",
    },
    {
      title: "Send the first call", about: "From the playground, or from a client: point its base URL at this address. What it did and cost then appears here.",
      done: false, at: model && may("llm:Invoke") ? "/playground" : null, action: "Open the playground",
    },
  ];
  const next = steps.find(({ done, at }) => !done && at !== null);
  return (
    <>
      <Card title="First steps">
        <ol class="steps">
          {steps.map((step, index) => (
            <li key={step.title} data-done={step.done}>
              <i>{step.done ? <Icon name="check" /> : index + 1}</i>
              <div>
                <h3>{step.title}{step.done && <span class="unseen">, done</span>}</h3>
                <p>{step.about}</p>
              </div>
              {step.at && <LinkButton href={step.at} kind={step === next ? "primary" : "secondary"}>{step.done ? "Look at it" : step.action}</LinkButton>}
            </li>
          ))}
        </ol>
      </Card>
      {model && (
        <Card title="The same from a terminal">
          <CodeBlock code={curl(model.selector ?? model.model)} label="A first call with curl" />
        </Card>
      )}
    </>
  );
}

const curl = (model: string) => `curl ${location.origin}/v1/chat/completions \\
  -H "authorization: Bearer $SLUICE_TOKEN" \\
  -H "content-type: application/json" \\
  -d '${JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] }).replaceAll("'", "'\\''")}'`;
