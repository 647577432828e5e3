// What Bedrock refuses on Converse.

import { outputSchema } from './anthropic.mjs';
import { claudeFamily, historyViolations, thinkingViolations } from './claude.mjs';
import { imageViolations } from './media.mjs';
import { any, base64, bool, filled, integer, list, number, object, oneKey, pairing, pattern, plainObject, string, tagged, word } from './shape.mjs';

const cachePoint = object({ type: word('default'), ttl: word('5m', '1h') }, ['type']);
const source = oneKey({ bytes: base64, s3Location: plainObject });
const image = (value, path) => [...object({ format: word('png', 'jpeg', 'gif', 'webp'), source }, ['format', 'source'])(value, path), ...(value?.source?.bytes ? imageViolations(`image/${value.format}`, value.source.bytes, path) : [])];
const document = object({
  format: word('pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md'), name: pattern(/^(?!.* {2})[A-Za-z0-9 ()[\]_-]{1,200}$/), source: oneKey({ bytes: base64, text: string, content: any, s3Location: any }),
  context: string, citations: any,
}, ['name', 'source']);
const toolUseId = pattern(/^[a-zA-Z0-9_.:-]{1,64}$/);
const name = pattern(/^[a-zA-Z0-9_-]{1,64}$/);
const toolResult = object({ toolUseId, content: list(oneKey({ text: filled, json: plainObject, image, document, video: any, searchResult: any })), status: word('success', 'error'), type: any }, ['toolUseId', 'content']);
const reasoningContent = oneKey({ reasoningText: object({ text: string, signature: string }, ['text']), redactedContent: base64 });
const block = oneKey({
  text: filled, image, document, video: any, cachePoint, guardContent: plainObject, reasoningContent, toolResult,
  toolUse: object({ toolUseId, name, input: plainObject, type: any }, ['toolUseId', 'name', 'input']),
});
const message = object({ role: word('user', 'assistant'), content: list(block, { min: 1 }) }, ['role', 'content']);
const toolSpec = object({
  name, description: filled, strict: bool,
  inputSchema: object({ json: (value, path) => [...plainObject(value, path), ...(value?.type === 'object' ? [] : [`${path}.type must be object`])] }, ['json']),
}, ['name', 'inputSchema']);
const fields = {
  messages: list(message, { min: 1 }), system: list(oneKey({ text: filled, cachePoint, guardContent: plainObject }), { min: 1 }),
  inferenceConfig: object({ maxTokens: integer(1), temperature: number(0, 1), topP: number(0, 1), stopSequences: list(filled, { max: 2500 }) }),
  // There is no `none`.
  toolConfig: object({ tools: list(oneKey({ toolSpec, cachePoint, systemTool: plainObject }), { min: 1 }), toolChoice: oneKey({ auto: object({}), any: object({}), tool: object({ name }, ['name']) }) }, ['tools']),
  outputConfig: object({
    textFormat: object({ type: word('json_schema'), structure: object({ jsonSchema: object({ schema: string, name: string, description: string }, ['schema']) }, ['jsonSchema']) }, ['type', 'structure']),
    effort: word('low', 'medium', 'high', 'xhigh', 'max'),
  }),
  additionalModelRequestFields: plainObject, additionalModelResponseFieldPaths: list(string), requestMetadata: plainObject, serviceTier: object({ type: string }), performanceConfig: plainObject,
  guardrailConfig: plainObject, promptVariables: plainObject,
};
const converse = object(fields, ['messages']);
const count = object({ input: oneKey({ converse: object({ messages: fields.messages, system: fields.system, toolConfig: fields.toolConfig, additionalModelRequestFields: plainObject }), invokeModel: plainObject }) }, ['input']);
const CLAUDE_FIELDS = object({
  thinking: tagged('type', {
    enabled: object({ type: any, budget_tokens: integer(), display: any }), adaptive: object({ type: any, display: any }), disabled: object({ type: any }), between_tools: object({ type: any, display: any }),
  }),
  top_k: integer(0), anthropic_beta: list(string), output_config: object({ effort: any, format: any }), tool_choice: any, metadata: object({ user_id: string }),
});

/** A block as Claude's rules read it. */
function read(one) {
  if (one.toolUse) return { kind: 'call', id: one.toolUse.toolUseId };
  if (one.toolResult) return { kind: 'result', id: one.toolResult.toolUseId };
  if (one.reasoningContent?.reasoningText) return { kind: 'thinking', ...one.reasoningContent.reasoningText };
  if (one.reasoningContent) return { kind: 'redacted', data: Buffer.from(one.reasoningContent.redactedContent, 'base64').toString() };
  return { kind: 'other' };
}

export function bedrockViolations({ json, model, op }) {
  if (op === 'count-tokens') return count(json, '');
  const wrong = converse(json, '');
  if (wrong.length > 0) return wrong;
  const turns = json.messages.map(({ role, content }) => ({ role, blocks: content.map(read), content }));
  if (turns[0].role !== 'user') wrong.push('A conversation must start with a user message');
  turns.forEach(({ role, blocks, content }, index) => {
    if (turns[index - 1]?.role === role) wrong.push(`messages ${index - 1} and ${index} are both the ${role}'s: roles must alternate`);
    const firstOther = blocks.findIndex(({ kind }) => kind !== 'result');
    if (firstOther >= 0 && blocks.slice(firstOther).some(({ kind }) => kind === 'result')) wrong.push(`messages ${index}: tool results come first`);
    if (content.some((one) => one.document) && !content.some((one) => one.text)) wrong.push(`messages ${index}: a text block must accompany a document`);
    const wrongSide = role === 'user' ? ['call', 'thinking', 'redacted'] : ['result'];
    for (const { kind } of blocks) if (wrongSide.includes(kind)) wrong.push(`messages ${index}: a ${kind} does not belong to the ${role}`);
  });
  const names = turns.flatMap(({ content }) => content).filter((one) => one.document).map((one) => one.document.name);
  if (new Set(names).size !== names.length) wrong.push('document names must be unique');
  wrong.push(...pairing(turns.map(({ blocks }, index) => ({
    calls: blocks.filter(({ kind }) => kind === 'call').map(({ id }) => id), results: (turns[index + 1]?.blocks ?? []).filter(({ kind }) => kind === 'result').map(({ id }) => id),
  })), 'message'));
  const uses = turns.some(({ blocks }) => blocks.some(({ kind }) => kind === 'call' || kind === 'result'));
  if (uses && !json.toolConfig) wrong.push('The toolConfig field must be defined when using toolUse and toolResult content blocks.');
  const extra = json.additionalModelRequestFields ?? {};
  const family = claudeFamily(model);
  if (family) {
    wrong.push(...CLAUDE_FIELDS(extra, 'additionalModelRequestFields'));
    wrong.push(...thinkingViolations({
      model, thinking: extra.thinking, effort: json.outputConfig?.effort ?? extra.output_config?.effort, maxTokens: json.inferenceConfig?.maxTokens,
      temperature: json.inferenceConfig?.temperature, topP: json.inferenceConfig?.topP, topK: extra.top_k, forced: Boolean(json.toolConfig?.toolChoice?.any ?? json.toolConfig?.toolChoice?.tool),
    }), ...historyViolations(turns, extra.thinking));
    if (!family.prefill && turns.at(-1).role === 'assistant') wrong.push('This model does not support assistant message prefill');
  }
  const schema = json.outputConfig?.textFormat?.structure.jsonSchema.schema;
  if (schema !== undefined) {
    try {
      if (family) wrong.push(...outputSchema(JSON.parse(schema)));
    } catch {
      wrong.push('outputConfig: the schema is a string that holds JSON, this holds none');
    }
  }
  return wrong;
}
