// The same call as a program of one's own would make it. The token is never among it: programs read it from their environment.
import { DIALECTS, type Prompt } from "./protocols";

export type Language = "curl" | "python" | "typescript";

export const LANGUAGES: { name: Language; title: string }[] = [
  { name: "curl", title: "curl" }, { name: "python", title: "Python" }, { name: "typescript", title: "TypeScript" },
];

export function code(language: Language, prompt: Prompt, headers: Record<string, string>, origin: string): string {
  const body = DIALECTS[prompt.protocol].body(prompt);
  return { curl, python, typescript }[language](prompt, body, headers, origin);
}

type Write = (prompt: Prompt, body: Record<string, unknown>, headers: Record<string, string>, origin: string) => string;

const curl: Write = (prompt, body, headers, origin) => [
  `curl ${prompt.stream ? "-N " : ""}${origin}${DIALECTS[prompt.protocol].path} \\`,
  '  -H "authorization: Bearer $SLUICE_TOKEN" \\',
  ...Object.entries({ "content-type": "application/json", ...headers }).map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)} \\`),
  `  -d ${quoted(JSON.stringify(body, null, 2))}`,
].join("\n");

/** For a POSIX shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

const python: Write = ({ protocol, stream }, body, headers, origin) => {
  const isMessages = protocol === "anthropic_messages";
  const name = isMessages ? "Anthropic" : "OpenAI";
  const extra = Object.keys(headers).length > 0 ? `, default_headers=${literal(headers, "")}` : "";
  const method = { chat_completions: "chat.completions.create", responses: "responses.create", anthropic_messages: stream ? "messages.stream" : "messages.create" }[protocol];
  // The SDK's own stream of messages says that it is one.
  const { stream: _, ...rest } = body;
  const fields = Object.entries(isMessages ? rest : body).map(([key, value]) => `    ${key}=${literal(value, "    ")},\n`).join("");
  const call = `client.${method}(\n${fields})`;
  const head = `import os\nfrom ${name.toLowerCase()} import ${name}\n\nclient = ${name}(base_url="${origin}${isMessages ? "" : "/v1"}", api_key=os.environ["SLUICE_TOKEN"]${extra})\n`;
  if (!stream) {
    const text = { chat_completions: "answer.choices[0].message.content", responses: "answer.output_text", anthropic_messages: "answer.content[0].text" }[protocol];
    return `${head}answer = ${call}\nprint(${text})`;
  }
  if (isMessages) return `${head}with ${call} as stream:\n    for text in stream.text_stream:\n        print(text, end="", flush=True)`;
  const loop = protocol === "responses"
    ? 'for event in stream:\n    if event.type == "response.output_text.delta":\n        print(event.delta, end="", flush=True)'
    : 'for chunk in stream:\n    if chunk.choices:\n        print(chunk.choices[0].delta.content or "", end="", flush=True)';
  return `${head}stream = ${call}\n${loop}`;
};

/** A value as Python writes it. */
function literal(value: unknown, indent: string): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, indent)).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value as object).map(([key, item]) => `${JSON.stringify(key)}: ${literal(item, indent)}`).join(", ")}}`;
  return JSON.stringify(value);
}

const typescript: Write = ({ protocol, stream }, body, headers, origin) => {
  const isMessages = protocol === "anthropic_messages";
  const name = isMessages ? "Anthropic" : "OpenAI";
  const from = isMessages ? "@anthropic-ai/sdk" : "openai";
  const extra = Object.keys(headers).length > 0 ? `, defaultHeaders: ${JSON.stringify(headers)}` : "";
  const head = `import ${name} from "${from}";\n\nconst client = new ${name}({ baseURL: "${origin}${isMessages ? "" : "/v1"}", apiKey: process.env.SLUICE_TOKEN${extra} });\n`;
  const method = { chat_completions: "chat.completions", responses: "responses", anthropic_messages: "messages" }[protocol];
  const call = `await client.${method}.create(${JSON.stringify(body, null, 2)});`;
  if (stream) {
    const loop = {
      chat_completions: 'for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta?.content ?? "");',
      responses: 'for await (const event of stream) {\n  if (event.type === "response.output_text.delta") process.stdout.write(event.delta);\n}',
      anthropic_messages: 'for await (const event of stream) {\n  if (event.type === "content_block_delta" && event.delta.type === "text_delta") process.stdout.write(event.delta.text);\n}',
    }[protocol];
    return `${head}const stream = ${call}\n${loop}`;
  }
  const text = {
    chat_completions: "answer.choices[0]?.message.content", responses: "answer.output_text",
    anthropic_messages: 'answer.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("")',
  }[protocol];
  return `${head}const answer = ${call}\nconsole.log(${text});`;
};
