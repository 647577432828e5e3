// What a prompt looks like in each of the three protocols, and where an answer keeps its words.

export type Protocol = "chat_completions" | "responses" | "anthropic_messages";

export interface Prompt {
  protocol: Protocol;
  model: string;
  system: string;
  prompt: string;
  maxTokens: string;
  tags: string;
  stream: boolean;
}

export interface Usage {
  input?: number;
  output?: number;
}

/** What one event, or a whole answer, brings. */
export interface Piece {
  text?: string;
  reasoning?: string;
  usage?: Usage;
  /** The upstream's words, or Sluice's, for what went wrong half way. */
  error?: string;
  /** The protocol's own end. */
  end?: boolean;
}

export interface Dialect {
  title: string;
  path: string;
  body: (prompt: Prompt) => Record<string, unknown>;
  whole: (answer: Json) => Piece;
  event: (event: Json) => Piece;
}

// An answer is its vendor's: no type of ours holds it.
type Json = any;

/** Only what was filled in: the rest is the provider's and the model's to set. */
const tokens = ({ maxTokens }: Prompt): number | undefined => (Number.isFinite(Number(maxTokens)) && maxTokens.trim() !== "" ? Number(maxTokens) : undefined);
const given = (fields: Record<string, unknown>) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""));
const joined = (parts: Json[] | undefined, read: (part: Json) => unknown) => (parts ?? []).map(read).filter((text) => typeof text === "string").join("");
const said = (error: Json) => (typeof error?.message === "string" ? error.message : "the answer broke off with an error that has no words");

export const DIALECTS: Record<Protocol, Dialect> = {
  chat_completions: {
    title: "Chat Completions",
    path: "/v1/chat/completions",
    body: (prompt) => given({
      model: prompt.model,
      messages: [...(prompt.system ? [{ role: "system", content: prompt.system }] : []), { role: "user", content: prompt.prompt }],
      max_completion_tokens: tokens(prompt),
      stream: prompt.stream || undefined,
      stream_options: prompt.stream ? { include_usage: true } : undefined,
    }),
    whole: ({ choices, usage }) => ({
      text: choices?.[0]?.message?.content ?? choices?.[0]?.message?.refusal ?? "",
      reasoning: choices?.[0]?.message?.reasoning_content ?? "",
      usage: chatUsage(usage),
      end: true,
    }),
    event: ({ choices, usage, error }) => {
      if (error) return { error: said(error) };
      const delta = choices?.[0]?.delta;
      return { text: delta?.content ?? delta?.refusal ?? "", reasoning: delta?.reasoning_content ?? "", usage: chatUsage(usage) };
    },
  },
  responses: {
    title: "Responses",
    path: "/v1/responses",
    body: (prompt) => given({
      model: prompt.model, instructions: prompt.system, input: prompt.prompt, max_output_tokens: tokens(prompt), stream: prompt.stream || undefined,
    }),
    whole: ({ output, usage, error }) => (error ? { error: said(error) } : {
      text: joined(output, ({ content }) => joined(content, ({ text, refusal }) => text ?? refusal)),
      reasoning: joined(output, ({ summary }) => joined(summary, ({ text }) => text)),
      usage: usage && { input: usage.input_tokens, output: usage.output_tokens },
      end: true,
    }),
    event: (event) => {
      const { type, delta, response } = event;
      if (type === "error") return { error: said(event.error ?? event) };
      if (type === "response.failed") return { error: said(response?.error) };
      if (type === "response.output_text.delta" || type === "response.refusal.delta") return { text: delta };
      if (type === "response.reasoning_summary_text.delta" || type === "response.reasoning_text.delta") return { reasoning: delta };
      if (type !== "response.completed" && type !== "response.incomplete") return {};
      return { end: true, usage: response?.usage && { input: response.usage.input_tokens, output: response.usage.output_tokens } };
    },
  },
  anthropic_messages: {
    title: "Messages",
    path: "/v1/messages",
    // Its owner demands max_tokens.
    body: (prompt) => given({
      model: prompt.model, max_tokens: tokens(prompt) ?? 1024, system: prompt.system, messages: [{ role: "user", content: prompt.prompt }], stream: prompt.stream || undefined,
    }),
    whole: ({ content, usage }) => ({
      text: joined(content, ({ text }) => text), reasoning: joined(content, ({ thinking }) => thinking), usage: messagesUsage(usage), end: true,
    }),
    event: ({ type, delta, usage, message, error }) => {
      if (type === "error") return { error: said(error) };
      if (type === "message_stop") return { end: true };
      return { text: delta?.text ?? "", reasoning: delta?.thinking ?? "", usage: messagesUsage(usage ?? message?.usage) };
    },
  },
};

const chatUsage = (usage: Json): Usage | undefined => (usage ? { input: usage.prompt_tokens, output: usage.completion_tokens } : undefined);

/** Anthropic counts what its cache read and wrote beside the input. */
function messagesUsage(usage: Json): Usage | undefined {
  if (!usage) return undefined;
  const input = [usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens].filter((count) => typeof count === "number");
  return given({ input: input.length > 0 ? input.reduce((sum, count) => sum + count, 0) : undefined, output: usage.output_tokens });
}
