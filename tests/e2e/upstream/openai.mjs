// OpenAI's Chat Completions on the wire.

import { CREATED, compose, data, mint, odd, textOf } from './scenario.mjs';

const usage = {
  prompt_tokens: 1200,
  completion_tokens: 340,
  total_tokens: 1540,
  prompt_tokens_details: { cached_tokens: 200, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 40, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
};

/** OpenAI never shows its reasoning here; the makers of these models do, and take it back. */
export const showsReasoning = (model) => /deepseek|qwen|grok|kimi/.test(model);

const FINISH = { end: 'stop', stop: 'stop', calls: 'tool_calls', length: 'length', refusal: 'stop' };

function callOf(part, model, args) {
  const id = mint('call_', part.number, model, 29);
  if (part.custom) return { id, type: 'custom', custom: { name: part.name, input: args } };
  return { id, type: 'function', function: { name: part.name, arguments: args } };
}

/** A call without arguments is `{}` here, never the empty string. */
const argumentsOf = (part) => (part.pieces.length > 0 ? textOf(part) : '{}');

export const chat = {
  protocol: 'chat_completions',
  headers: { 'x-request-id': 'req_mock0001', 'openai-processing-ms': '12', 'openai-version': '2020-10-01', 'x-ratelimit-remaining-requests': '41' },

  ask({ json, model }) {
    const turns = (json.messages ?? []).filter((message) => message?.tool_calls?.length > 0);
    return {
      model, stream: json.stream === true, includeUsage: json.stream_options?.include_usage === true,
      tools: (json.tools ?? []).map((tool) => ({ name: (tool.function ?? tool.custom)?.name, custom: tool.type === 'custom' })),
      rounds: turns.length, calls: turns.flatMap((turn) => turn.tool_calls).length,
      stops: [json.stop ?? []].flat(), format: json.response_format?.type === 'json_schema' || json.response_format?.type === 'json_object',
      thinks: showsReasoning(model), shows: true,
    };
  },

  unary(ask) {
    const { parts, stop } = compose(ask);
    const said = (kind) => parts.filter((part) => part.kind === kind).map(textOf).join('') || null;
    const message = { role: 'assistant', content: said('text'), refusal: said('refusal') };
    const calls = parts.filter(({ kind }) => kind === 'call');
    if (calls.length > 0) message.tool_calls = calls.map((part) => callOf(part, ask.model, argumentsOf(part)));
    else message.annotations = [];
    if (said('reasoning') !== null) message.reasoning_content = said('reasoning');
    return odd({
      id: 'chatcmpl-mock0001', object: 'chat.completion', created: CREATED, model: ask.model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: FINISH[stop] }],
      usage, service_tier: 'default', system_fingerprint: 'fp_mock',
    });
  },

  events(ask) {
    const { parts, stop, interleaved } = compose(ask);
    const chunk = (choices, extra = {}) => data({
      id: 'chatcmpl-mock0001', object: 'chat.completion.chunk', created: CREATED, model: ask.model, system_fingerprint: 'fp_mock',
      choices, ...(ask.includeUsage ? { usage: null } : {}), ...extra,
    });
    const delta = (value) => chunk([{ index: 0, delta: value, logprobs: null, finish_reason: null }]);
    const calls = parts.filter(({ kind }) => kind === 'call');
    const events = [delta({ role: 'assistant', content: calls.length > 0 ? null : '', refusal: null })];
    const fields = { reasoning: 'reasoning_content', text: 'content', refusal: 'refusal' };
    for (const part of parts.filter(({ kind }) => fields[kind])) {
      for (const piece of part.pieces) events.push(delta({ [fields[part.kind]]: piece }));
    }
    const fragment = (part, index, piece) => delta({ tool_calls: [{ index, ...(part.custom ? { custom: { input: piece } } : { function: { arguments: piece } }) }] });
    const pieces = calls.map((part, index) => [
      delta({ tool_calls: [{ index, ...callOf(part, ask.model, '') }] }),
      ...(part.pieces.length > 0 ? part.pieces : ['{}']).map((piece) => fragment(part, index, piece)),
    ]);
    // Some compatible servers send the fragments of parallel calls in turns.
    if (interleaved) for (let at = 0; at < Math.max(0, ...pieces.map((list) => list.length)); at += 1) events.push(...pieces.flatMap((list) => list.slice(at, at + 1)));
    else events.push(...pieces.flat());
    events.push(chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: FINISH[stop] }]));
    if (ask.includeUsage) events.push(chunk([], { usage }));
    events.push('data: [DONE]\n\n');
    return events;
  },

  error({ status, message, type, code = null, param = null }) {
    return JSON.stringify({ error: { message, type: type ?? openAiType(status), param, code } });
  },
  errorEvent: ({ message }) => `data: ${chat.error({ status: 500, message })}\n\n`,
};

function openAiType(status) {
  if (status === 401) return 'invalid_request_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
