// What OpenAI refuses on /chat/completions.

import { showsReasoning } from '../openai.mjs';
import { reasons } from '../responses.mjs';
import { any, bool, closedSchema, filled, integer, list, number, nullable, object, pairing, pattern, plainObject, string, stringOr, tagged, word } from './shape.mjs';

const breakpoint = object({ mode: word('explicit') }, ['mode']);
const text = object({ type: word('text'), text: string, prompt_cache_breakpoint: breakpoint }, ['text']);
const url = pattern(/^(https?:\/\/\S+|data:[\w.+-]+\/[\w.+-]+;base64,[A-Za-z0-9+/]+={0,2})$/);
const image = object({
  type: word('image_url'), image_url: object({ url, detail: word('auto', 'low', 'high', 'original') }, ['url']), prompt_cache_breakpoint: breakpoint,
}, ['image_url']);
const audio = object({ type: word('input_audio'), input_audio: object({ data: string, format: word('wav', 'mp3') }, ['data', 'format']) }, ['input_audio']);
const file = object({ type: word('file'), file: object({ file_id: string, filename: string, file_data: pattern(/^data:[\w.+-]+\/[\w.+-]+;base64,/) }) }, ['file']);
const parts = (kinds) => list(tagged('type', kinds), { min: 1 });
const texts = stringOr(string, parts({ text }));

const callId = pattern(/^.{1,40}$/);
const call = tagged('type', {
  // An empty string is not JSON: a model that calls a tool without arguments says `{}`.
  function: object({ id: callId, type: any, function: object({ name: filled, arguments: filled }, ['name', 'arguments']) }, ['id', 'function']),
  custom: object({ id: callId, type: any, custom: object({ name: filled, input: string }, ['name', 'input']) }, ['id', 'custom']),
});

const assistant = (model) => object({
  role: any, content: nullable(stringOr(string, parts({ text, refusal: object({ type: any, refusal: string }, ['refusal']) }))), name: string,
  refusal: nullable(string), audio: nullable(plainObject), tool_calls: list(call, { min: 1 }), function_call: nullable(plainObject), annotations: any,
  ...(showsReasoning(model) ? { reasoning_content: nullable(string) } : {}),
}, []);

const message = (model) => tagged('role', {
  system: object({ role: any, content: texts, name: string }, ['content']),
  developer: object({ role: any, content: texts, name: string }, ['content']),
  user: object({ role: any, content: stringOr(string, parts({ text, image_url: image, input_audio: audio, file })), name: string }, ['content']),
  assistant: assistant(model),
  tool: object({ role: any, content: texts, tool_call_id: callId }, ['content', 'tool_call_id']),
});

const name = pattern(/^[a-zA-Z0-9_-]{1,64}$/);
const tool = tagged('type', {
  function: object({ type: any, function: object({ name, description: string, parameters: plainObject, strict: nullable(bool) }, ['name']) }, ['function']),
  custom: object({ type: any, custom: object({ name, description: string, format: plainObject }, ['name']) }, ['custom']),
});
const named = { function: object({ type: any, function: object({ name }, ['name']) }, ['function']), custom: object({ type: any, custom: object({ name }, ['name']) }, ['custom']) };
const toolChoice = stringOr(word('none', 'auto', 'required'), tagged('type', {
  ...named,
  allowed_tools: object({ type: any, allowed_tools: object({ mode: word('auto', 'required'), tools: list(tagged('type', named)) }, ['mode', 'tools']) }, ['allowed_tools']),
}));
const format = tagged('type', {
  text: object({ type: any }),
  json_object: object({ type: any }),
  json_schema: object({ type: any, json_schema: object({ name, description: string, schema: plainObject, strict: nullable(bool) }, ['name']) }, ['json_schema']),
});
export const efforts = word('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max');

const request = (model) => object({
  model: filled, messages: list(message(model), { min: 1 }), audio: nullable(plainObject), frequency_penalty: nullable(number(-2, 2)), logit_bias: nullable(plainObject),
  logprobs: nullable(bool), max_completion_tokens: nullable(integer(1)), max_tokens: nullable(integer(1)), metadata: nullable(plainObject),
  modalities: nullable(list(string)), n: nullable(integer(1, 128)), parallel_tool_calls: bool, prediction: nullable(plainObject), presence_penalty: nullable(number(-2, 2)),
  prompt_cache_key: string, prompt_cache_options: plainObject, prompt_cache_retention: nullable(string), reasoning_effort: nullable(efforts), response_format: format,
  safety_identifier: string, seed: nullable(integer()), service_tier: nullable(string), stop: nullable(stringOr(string, list(string, { max: 4 }))), store: nullable(bool),
  stream: nullable(bool), stream_options: nullable(object({ include_usage: bool, include_obfuscation: bool })), temperature: nullable(number(0, 2)),
  tool_choice: toolChoice, tools: list(tool, { min: 1, max: 128 }), top_logprobs: nullable(integer(0, 20)), top_p: nullable(number(0, 1)), user: string,
  verbosity: nullable(word('low', 'medium', 'high')), web_search_options: plainObject, moderation: any, functions: any, function_call: any,
}, ['model', 'messages']);

/** The calls of each assistant message and the results that follow it at once. */
function turnsOf(messages) {
  const turns = [{ calls: [], results: [] }];
  for (const one of messages) {
    if (one.role === 'tool') turns.at(-1).results.push(one.tool_call_id);
    else turns.push({ calls: (one.tool_calls ?? []).map(({ id }) => id), results: [] });
  }
  return turns;
}

export function chatViolations({ json, model }) {
  const wrong = request(model)(json, '');
  if (wrong.length > 0) return wrong;
  wrong.push(...pairing(turnsOf(json.messages), 'message'));
  json.messages.forEach((one, index) => {
    if (one.role === 'assistant' && one.content == null && !one.tool_calls && !one.refusal && !one.audio) wrong.push(`messages[${index}]: an assistant message says something or calls something`);
  });
  if (json.max_tokens != null && json.max_completion_tokens != null) wrong.push('max_tokens and max_completion_tokens cannot both be set');
  if (json.stream_options != null && json.stream !== true) wrong.push('stream_options is only allowed with stream');
  for (const key of ['parallel_tool_calls', 'tool_choice']) if (json[key] !== undefined && !json.tools) wrong.push(`${key} is only allowed when tools are specified`);
  if (json.metadata != null && json.store !== true) wrong.push('metadata is only allowed when store is enabled');
  if (json.top_logprobs != null && json.logprobs !== true) wrong.push('top_logprobs needs logprobs');
  for (const { function: declared } of json.tools ?? []) if (declared?.strict) wrong.push(...closedSchema(declared.parameters, declared.name, { everything: true }));
  const schema = json.response_format?.json_schema;
  if (schema?.strict) wrong.push(...closedSchema(schema.schema, 'response_format', { everything: true }));
  if (reasons(model)) {
    for (const key of ['max_tokens', 'stop', 'logprobs', 'logit_bias', 'presence_penalty', 'frequency_penalty']) if (json[key] != null) wrong.push(`Unsupported parameter: '${key}' is not supported with this model`);
    for (const key of ['temperature', 'top_p']) if (json[key] != null && json[key] !== 1) wrong.push(`Unsupported value: '${key}' is not supported with this model`);
  } else if (json.reasoning_effort != null && !showsReasoning(model)) {
    wrong.push('Unrecognized request argument supplied: reasoning_effort');
  }
  return wrong;
}
