// Anthropic's Messages on the wire.

import { compose, inputOf, mint, named, odd, textOf } from './scenario.mjs';
import { claudeRedacted, claudeSignature } from './signatures.mjs';

const usage = {
  input_tokens: 1000,
  cache_creation_input_tokens: 64,
  cache_read_input_tokens: 200,
  cache_creation: { ephemeral_5m_input_tokens: 64, ephemeral_1h_input_tokens: 0 },
  output_tokens: 340,
  service_tier: 'standard',
};

const STOP = { end: 'end_turn', stop: 'stop_sequence', calls: 'tool_use', length: 'max_tokens', refusal: 'refusal' };

const toolId = (part, model) => mint('toolu_', part.number, model, 30);

function blockOf(part, model) {
  switch (part.kind) {
    case 'redacted': return { type: 'redacted_thinking', data: claudeRedacted(`hidden ${part.number}`) };
    case 'reasoning': return { type: 'thinking', thinking: textOf(part), signature: claudeSignature(textOf(part)) };
    case 'call': return { type: 'tool_use', id: toolId(part, model), name: part.name, input: inputOf(part) };
    default: return { type: 'text', text: textOf(part) };
  }
}

/** A block as it starts, and its deltas. */
function unfolding(part, model) {
  const block = blockOf(part, model);
  switch (part.kind) {
    case 'redacted': return [block, []];
    case 'reasoning': return [{ ...block, thinking: '', signature: '' }, [
      ...part.pieces.map((piece) => ({ type: 'thinking_delta', thinking: piece })), { type: 'signature_delta', signature: block.signature },
    ]];
    case 'call': return [{ ...block, input: {} }, ['', ...part.pieces].map((piece) => ({ type: 'input_json_delta', partial_json: piece }))];
    default: return [{ type: 'text', text: '' }, part.pieces.map((piece) => ({ type: 'text_delta', text: piece }))];
  }
}

export const anthropic = {
  protocol: 'anthropic_messages',
  headers: { 'request-id': 'req_mock0001', 'anthropic-ratelimit-requests-remaining': '41' },

  ask({ json, model }) {
    const blocks = (json.messages ?? []).filter(({ role, content } = {}) => role === 'assistant' && Array.isArray(content)).map(({ content }) => content.filter(({ type }) => type === 'tool_use'));
    const turns = blocks.filter((calls) => calls.length > 0);
    const { type, display } = json.thinking ?? {};
    return {
      model, stream: json.stream === true, tools: (json.tools ?? []).filter((tool) => tool.input_schema).map(({ name }) => ({ name })),
      rounds: turns.length, calls: turns.flat().length, stops: json.stop_sequences ?? [], format: json.output_config?.format?.type === 'json_schema',
      // Adaptive thinking is not shown unless it is asked for.
      thinks: type === 'enabled' || type === 'adaptive', always: type === 'enabled', shows: type === 'enabled' ? display !== 'omitted' : display === 'summarized',
    };
  },

  unary(ask) {
    const { parts, stop, matched, reasons } = compose(ask);
    return odd({
      id: 'msg_mock0001', type: 'message', role: 'assistant', model: ask.model, content: parts.map((part) => blockOf(part, ask.model)),
      stop_reason: STOP[stop], stop_sequence: matched,
      usage: reasons ? { ...usage, output_tokens_details: { thinking_tokens: 40 } } : usage,
    });
  },

  events(ask) {
    const { parts, stop, matched, reasons } = compose(ask);
    const events = [named({
      type: 'message_start',
      message: {
        id: 'msg_mock0001', type: 'message', role: 'assistant', model: ask.model, content: [], stop_reason: null, stop_sequence: null,
        usage: { ...usage, output_tokens: 1 },
      },
    })];
    parts.forEach((part, index) => {
      const [block, deltas] = unfolding(part, ask.model);
      events.push(named({ type: 'content_block_start', index, content_block: block }));
      if (index === 0) events.push(named({ type: 'ping' }));
      for (const delta of deltas) events.push(named({ type: 'content_block_delta', index, delta }));
      events.push(named({ type: 'content_block_stop', index }));
    });
    events.push(named({
      type: 'message_delta', delta: { stop_reason: STOP[stop], stop_sequence: matched },
      usage: { output_tokens: 340, ...(reasons ? { output_tokens_details: { thinking_tokens: 40 } } : {}) },
    }));
    events.push(named({ type: 'message_stop' }));
    return events;
  },

  error({ status, message, type }) {
    return JSON.stringify({ type: 'error', error: { type: type ?? anthropicType(status), message }, request_id: 'req_mock0001' });
  },
  errorEvent: ({ message, first }) => named({ type: 'error', error: { type: first ? 'overloaded_error' : 'api_error', message } }),
};

function anthropicType(status) {
  const types = { 401: 'authentication_error', 403: 'permission_error', 404: 'not_found_error', 429: 'rate_limit_error', 503: 'overloaded_error', 529: 'overloaded_error' };
  return types[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
}
