// What OpenAI refuses on /responses.

import { reasons } from '../responses.mjs';
import { reasoningId } from '../signatures.mjs';
import { efforts } from './chat.mjs';
import { any, bool, closedSchema, filled, integer, list, nullable, number, object, pattern, plainObject, string, stringOr, tagged, word } from './shape.mjs';

const breakpoint = { prompt_cache_breakpoint: object({ mode: word('explicit') }, ['mode']) };
const url = pattern(/^(https?:\/\/\S+|data:[\w.+-]+\/[\w.+-]+;base64,[A-Za-z0-9+/]+={0,2})$/);
const inputs = {
  input_text: object({ type: any, text: string, ...breakpoint }, ['text']),
  // The URL itself, not an object around it as in Chat Completions.
  input_image: object({ type: any, image_url: nullable(url), file_id: nullable(string), detail: word('auto', 'low', 'high', 'original'), ...breakpoint }),
  input_file: object({ type: any, file_id: nullable(string), file_data: pattern(/^data:/), file_url: url, filename: string, detail: any, ...breakpoint }),
};
const outputs = {
  output_text: object({ type: any, text: string, annotations: list(any), logprobs: any }, ['text']),
  refusal: object({ type: any, refusal: string }, ['refusal']),
};
const status = word('in_progress', 'completed', 'incomplete');
const id = (prefix) => pattern(new RegExp(`^${prefix}_?[A-Za-z0-9_-]{1,61}$`));
const callId = pattern(/^.{1,64}$/);

const said = (kinds) => object({ type: word('message'), role: any, content: stringOr(string, list(tagged('type', kinds), { min: 1 })), id: id('msg'), status, phase: word('commentary', 'final_answer') }, ['content']);
const message = tagged('role', { user: said(inputs), system: said(inputs), developer: said(inputs), assistant: said(outputs) });
const called = (prefix, argument) => object({ type: any, id: id(prefix), call_id: callId, name: filled, status, namespace: string, [argument]: argument === 'arguments' ? filled : string }, ['call_id', 'name', argument]);
const returned = object({ type: any, id: string, call_id: callId, output: stringOr(string, list(tagged('type', inputs), { min: 1 })), status: nullable(status) }, ['call_id', 'output']);

const item = tagged('type', {
  message,
  function_call: called('fc', 'arguments'),
  custom_tool_call: called('ctc', 'input'),
  function_call_output: returned,
  custom_tool_call_output: returned,
  reasoning: object({
    type: any, id: id('rs'), summary: list(object({ type: word('summary_text'), text: string }, ['type', 'text'])), encrypted_content: nullable(string),
    content: list(object({ type: word('reasoning_text'), text: string })), status: nullable(status),
  }, ['summary']),
  item_reference: object({ type: any, id: string }, ['id']),
}, 'message');

const name = pattern(/^[a-zA-Z0-9_-]{1,64}$/);
const hosted = object({ type: any, search_context_size: any, user_location: any, filters: any });
const tool = tagged('type', {
  // Flat, and `strict` said: left out it means true here.
  function: object({ type: any, name, description: nullable(string), parameters: nullable(plainObject), strict: nullable(bool) }, ['name', 'parameters', 'strict']),
  custom: object({ type: any, name, description: string, format: plainObject }, ['name']),
  web_search: hosted, web_search_preview: hosted,
});
const named = { function: object({ type: any, name }, ['name']), custom: object({ type: any, name }, ['name']) };
const toolChoice = stringOr(word('none', 'auto', 'required'), tagged('type', { ...named, allowed_tools: object({ type: any, mode: word('auto', 'required'), tools: list(tagged('type', named)) }, ['mode', 'tools']) }));
const format = tagged('type', {
  text: object({ type: any }), json_object: object({ type: any }),
  json_schema: object({ type: any, name, description: string, schema: plainObject, strict: nullable(bool) }, ['name', 'schema']),
});

const request = object({
  model: filled, input: stringOr(filled, list(item, { min: 1 })), instructions: nullable(string), background: nullable(bool), context_management: any, conversation: any,
  include: nullable(list(string)), max_output_tokens: nullable(integer(16)), max_tool_calls: nullable(integer(1)), metadata: nullable(plainObject), moderation: any,
  parallel_tool_calls: nullable(bool), previous_response_id: nullable(string), prompt: any, prompt_cache_key: string, prompt_cache_options: plainObject,
  prompt_cache_retention: nullable(string), safety_identifier: string, service_tier: nullable(string), store: nullable(bool), stream: nullable(bool),
  reasoning: nullable(object({ effort: nullable(efforts), summary: nullable(word('auto', 'concise', 'detailed')), context: any, mode: any })),
  stream_options: nullable(object({ include_obfuscation: bool })), temperature: nullable(number(0, 2)), top_p: nullable(number(0, 1)), top_logprobs: nullable(integer(0, 20)),
  text: object({ format, verbosity: nullable(word('low', 'medium', 'high')) }), tool_choice: toolChoice, tools: list(tool), truncation: nullable(word('auto', 'disabled')), user: string,
}, ['model', 'input']);

const isCall = ({ type }) => type === 'function_call' || type === 'custom_tool_call';
const isOutput = ({ type }) => type === 'function_call_output' || type === 'custom_tool_call_output';

export function responsesViolations({ json, model }) {
  const wrong = request(json, '');
  if (wrong.length > 0) return wrong;
  const items = Array.isArray(json.input) ? json.input : [];
  const ids = { calls: items.filter(isCall).map((one) => one.call_id), outputs: items.filter(isOutput).map((one) => one.call_id) };
  // What the server keeps itself is not in the input.
  const kept = json.previous_response_id != null || json.conversation != null;
  for (const call of kept ? [] : ids.calls) if (!ids.outputs.includes(call)) wrong.push(`No tool output found for function call ${call}`);
  for (const output of kept ? [] : ids.outputs) if (!ids.calls.includes(output)) wrong.push(`No tool call found for function call output with call_id ${output}`);
  if (new Set(ids.calls).size !== ids.calls.length) wrong.push('two calls have one call_id');
  items.forEach((one, index) => {
    if (isOutput(one)) {
      const call = items.slice(0, index).find((other) => isCall(other) && other.call_id === one.call_id);
      if (!call && !kept) wrong.push(`input[${index}]: the output comes before its call`);
      else if (call && one.type !== `${call.type}_output`) wrong.push(`input[${index}]: ${one.type} answers a ${call.type}`);
    }
    if (one.type === 'reasoning') wrong.push(...reasoning(one, items[index + 1], index));
    // The mock marks the calls that it made after reasoning.
    if (one.id?.startsWith('fc_r') && !items.slice(0, index).some(({ type }) => type === 'reasoning')) wrong.push(`Item '${one.id}' of type 'function_call' was provided without its required 'reasoning' item`);
  });
  for (const declared of json.tools ?? []) if (declared.strict && declared.parameters) wrong.push(...closedSchema(declared.parameters, declared.name, { everything: true }));
  if (json.text?.format?.strict) wrong.push(...closedSchema(json.text.format.schema, 'text.format', { everything: true }));
  if (reasons(model)) {
    for (const key of ['temperature', 'top_p']) if (json[key] != null && json[key] !== 1) wrong.push(`Unsupported parameter: '${key}' is not supported with this model`);
  } else {
    if (json.reasoning != null && Object.values(json.reasoning).some((value) => value !== null)) wrong.push("Unsupported parameter: 'reasoning' is not supported with this model");
    if (json.include?.includes('reasoning.encrypted_content')) wrong.push('Encrypted content is not supported with this model');
  }
  return wrong;
}

function reasoning(one, next, index) {
  const wrong = [];
  if (one.encrypted_content != null) {
    const own = reasoningId(one.encrypted_content);
    if (own === null) wrong.push(`invalid_encrypted_content: input[${index}] could not be verified`);
    else if (one.id !== undefined && one.id !== own) wrong.push(`invalid_encrypted_content: item_id of input[${index}] did not match the target item id`);
  }
  const led = next && (next.type === 'reasoning' || isCall(next) || next.role === 'assistant');
  if (!led) wrong.push(`input[${index}]: item of type 'reasoning' was provided without its required following item`);
  return wrong;
}
