// What Anthropic refuses on /messages.

import { claudeFamily, historyViolations, thinkingViolations } from './claude.mjs';
import { imageViolations } from './media.mjs';
import { any, base64, bool, closedSchema, filled, integer, isObject, list, nullable, number, object, pairing, pattern, plainObject, string, stringOr, tagged, word } from './shape.mjs';

const cache_control = nullable(object({ type: word('ephemeral'), ttl: word('5m', '1h') }, ['type']));
const source = tagged('type', {
  base64: object({ type: any, media_type: string, data: base64 }, ['media_type', 'data']),
  url: object({ type: any, url: string }, ['url']),
  file: object({ type: any, file_id: string }, ['file_id']),
  text: object({ type: any, media_type: word('text/plain'), data: string }, ['media_type', 'data']),
  content: object({ type: any, content: any }, ['content']),
});
const text = object({ type: any, text: filled, cache_control, citations: any }, ['text']);
const image = (value, path) => [...object({ type: any, source, cache_control, transformations: any }, ['source'])(value, path), ...imageViolations(value.source?.media_type, value.source?.data, path)];
const document = object({ type: any, source, title: nullable(string), context: nullable(string), citations: any, cache_control }, ['source']);
const result = tagged('type', { text, image, document, search_result: plainObject });
const toolId = pattern(/^[a-zA-Z0-9_-]{1,64}$/);
const blocks = {
  user: {
    text, image, document, search_result: plainObject,
    tool_result: object({ type: any, tool_use_id: toolId, content: stringOr(string, list(result)), is_error: bool, cache_control }, ['tool_use_id']),
  },
  assistant: {
    text,
    thinking: object({ type: any, thinking: string, signature: string }, ['thinking', 'signature']),
    redacted_thinking: object({ type: any, data: string }, ['data']),
    tool_use: object({ type: any, id: toolId, name: filled, input: plainObject, cache_control, caller: any }, ['id', 'name', 'input']),
    server_tool_use: plainObject, web_search_tool_result: plainObject,
  },
  system: { text },
};
const message = tagged('role', Object.fromEntries(Object.entries(blocks).map(([role, kinds]) => [role, object({
  role: any, content: stringOr(role === 'user' ? filled : string, list(tagged('type', kinds), { min: role === 'user' ? 1 : 0 })),
}, ['content'])])));

const name = pattern(/^[a-zA-Z0-9_-]{1,128}$/);
const schema = (value, path) => [
  ...plainObject(value, path),
  ...(value?.type === 'object' ? [] : [`${path}.type must be "object"`]),
  ...['anyOf', 'oneOf', 'allOf'].filter((key) => value?.[key]).map((key) => `${path} does not support ${key} at the top level`),
];
const custom = object({
  type: word('custom'), name, description: string, input_schema: schema, strict: bool, cache_control, eager_input_streaming: any, input_examples: any, allowed_callers: any, defer_loading: any,
}, ['name', 'input_schema']);
const tool = (value, path) => (value?.type === undefined || value.type === 'custom' ? custom(value, path) : plainObject(value, path));
const toolChoice = tagged('type', {
  auto: object({ type: any, disable_parallel_tool_use: bool }), any: object({ type: any, disable_parallel_tool_use: bool }),
  tool: object({ type: any, name, disable_parallel_tool_use: bool }, ['name']), none: object({ type: any }),
});
const request = object({
  model: filled, max_tokens: integer(1), messages: list(message, { min: 1 }), system: stringOr(string, list(tagged('type', { text }))), metadata: object({ user_id: nullable(string) }),
  output_config: object({ effort: nullable(word('low', 'medium', 'high', 'xhigh', 'max')), format: nullable(object({ type: word('json_schema'), schema: plainObject }, ['type', 'schema'])) }),
  service_tier: word('auto', 'standard_only'), speed: any, stop_sequences: list(filled), stream: bool, temperature: number(0, 1), top_p: number(0, 1), top_k: integer(0),
  thinking: tagged('type', {
    enabled: object({ type: any, budget_tokens: integer(), display: word('summarized', 'omitted') }), adaptive: object({ type: any, display: word('summarized', 'omitted') }),
    disabled: object({ type: any }), between_tools: object({ type: any, display: any }),
  }),
  tool_choice: toolChoice, tools: list(tool), cache_control, container: any, diagnostics: any, inference_geo: any, context_management: any, mcp_servers: any,
}, ['model', 'max_tokens', 'messages']);

const KINDS = { thinking: 'thinking', redacted_thinking: 'redacted', tool_use: 'call', tool_result: 'result' };

/** The messages as the API reads them: neighbours of one role are one turn. */
function turnsOf(messages) {
  const turns = [];
  for (const { role, content } of messages) {
    const own = (typeof content === 'string' ? [{ type: 'text', text: content }] : content)
      .map((block) => ({ ...block, kind: KINDS[block.type] ?? 'other', ...(block.type === 'thinking' ? { text: block.thinking } : {}) }));
    if (turns.at(-1)?.role === role) turns.at(-1).blocks.push(...own);
    else turns.push({ role, blocks: [...own] });
  }
  return turns;
}

export function anthropicViolations({ json, model, headers }) {
  const wrong = request(json, '');
  if (wrong.length > 0) return wrong;
  const family = claudeFamily(model);
  const turns = turnsOf(json.messages);
  if (turns[0].role !== 'user') wrong.push('messages: first message must use the "user" role');
  const conversation = turns.filter(({ role }) => role !== 'system');
  conversation.forEach(({ role, blocks: own }, index) => {
    const firstOther = own.findIndex(({ kind }) => kind !== 'result');
    if (role === 'user' && firstOther >= 0 && own.slice(firstOther).some(({ kind }) => kind === 'result')) wrong.push(`messages: tool_result blocks come first in turn ${index}`);
  });
  wrong.push(...pairing(conversation.map(({ blocks: own }, index) => ({
    calls: own.filter(({ kind }) => kind === 'call').map(({ id }) => id),
    results: (conversation[index + 1]?.blocks ?? []).filter(({ kind }) => kind === 'result').map(({ tool_use_id: id }) => id),
  })), 'turn'));
  if (turns.at(-1).role === 'assistant') {
    if (family && !family.prefill) wrong.push('This model does not support assistant message prefill. The conversation must end with a user message');
    const closing = turns.at(-1).blocks.at(-1);
    if (closing?.type === 'text' && /\s$/.test(closing.text)) wrong.push('messages: final assistant content cannot end with trailing whitespace');
  }
  turns.forEach(({ role }, index) => {
    if (role !== 'system') return;
    if (!family?.midSystem) wrong.push('messages: Unexpected role "system" for this model');
    if (turns[index - 1]?.role !== 'user' || (turns[index + 1] && turns[index + 1].role !== 'assistant')) wrong.push('messages: a system message follows a user turn and is last or before an assistant turn');
  });
  wrong.push(...thinkingViolations({
    model, thinking: json.thinking, effort: json.output_config?.effort, maxTokens: json.max_tokens, temperature: json.temperature, topP: json.top_p, topK: json.top_k,
    forced: ['any', 'tool'].includes(json.tool_choice?.type),
  }), ...historyViolations(turns, json.thinking));
  if (headers['anthropic-version'] === '2026-10-21') for (const key of ['temperature', 'top_p', 'top_k']) if (json[key] !== undefined) wrong.push(`${key}: not supported with anthropic-version 2026-10-21`);
  if (json.tool_choice !== undefined && !(json.tools?.length > 0)) wrong.push('tool_choice may only be specified while providing tools');
  const names = (json.tools ?? []).map((one) => one.name);
  if (new Set(names).size !== names.length) wrong.push('tools: Tool names must be unique');
  if (json.tool_choice?.name && !names.includes(json.tool_choice.name)) wrong.push(`tool_choice: no tool is called ${json.tool_choice.name}`);
  const format = json.output_config?.format;
  if (format) wrong.push(...outputSchema(format.schema), ...(family && !family.schema ? ['output_config.format is not supported by this model'] : []));
  const marks = JSON.stringify(json).match(/"cache_control":\{/g)?.length ?? 0;
  if (marks > 4) wrong.push(`A maximum of 4 blocks with cache_control may be provided. Found ${marks}`);
  return wrong;
}

const UNSUPPORTED = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties', 'not', 'oneOf'];

/** Native structured output: closed objects, and no keywords that a grammar cannot hold. */
export function outputSchema(root) {
  const wrong = closedSchema(root, 'output schema', { everything: false });
  const visit = (one) => {
    if (!isObject(one)) return;
    for (const key of UNSUPPORTED) if (one[key] !== undefined) wrong.push(`output schema: ${key} is not supported`);
    for (const inner of [...Object.values(one.properties ?? {}), ...Object.values(one.$defs ?? {}), one.items, ...(one.anyOf ?? []), ...(one.allOf ?? [])]) visit(inner);
  };
  visit(root);
  return wrong;
}
