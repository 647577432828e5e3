// OpenAI's Responses on the wire.

import { chat } from './openai.mjs';
import { CREATED, compose, mint, named, odd, textOf } from './scenario.mjs';
import { encryptedReasoning } from './signatures.mjs';

const usage = {
  input_tokens: 1200,
  input_tokens_details: { cached_tokens: 200 },
  output_tokens: 340,
  output_tokens_details: { reasoning_tokens: 40 },
  total_tokens: 1540,
};

/** Models that reason. The others refuse everything that is about it. */
export const reasons = (model) => /^(gpt-[5-9]|o\d|codex)/.test(model);

const textPart = (text) => ({ type: 'output_text', text, annotations: [], logprobs: [] });
const refusalPart = (refusal) => ({ type: 'refusal', refusal });

/** The items of an answer as they are when whole. */
function itemsOf(ask, { parts, reasons: reasoned }) {
  return parts.map((part, index) => {
    const id = (prefix) => mint(prefix, (part.number ?? 0) * 10 + index + 1, ask.model, 53);
    switch (part.kind) {
      case 'redacted':
      case 'reasoning': {
        const own = id('rs_');
        return { id: own, type: 'reasoning', summary: part.pieces?.length ? [{ type: 'summary_text', text: textOf(part) }] : [], encrypted_content: encryptedReasoning(own) };
      }
      case 'call': {
        const shared = { status: 'completed', call_id: mint('call_', part.number, ask.model, 29), name: part.name };
        if (part.custom) return { id: id('ctc_'), type: 'custom_tool_call', ...shared, input: textOf(part) };
        // A call that followed reasoning may come back under its own id only together with that reasoning.
        return { id: id(reasoned ? 'fc_r' : 'fc_'), type: 'function_call', ...shared, arguments: textOf(part) || '{}' };
      }
      default:
        return { id: id('msg_'), type: 'message', status: 'completed', role: 'assistant', content: [part.kind === 'refusal' ? refusalPart(textOf(part)) : textPart(textOf(part))] };
    }
  });
}

function responseObject(ask, fields) {
  return {
    id: 'resp_mock0001', object: 'response', created_at: CREATED, background: false, error: null, incomplete_details: null,
    instructions: null, max_output_tokens: null, model: ask.model, parallel_tool_calls: true, previous_response_id: null,
    reasoning: { effort: null, summary: null }, store: true, temperature: 1.0, text: { format: { type: 'text' } },
    tool_choice: 'auto', tools: [], top_p: 1.0, truncation: 'disabled', usage: null, user: null, metadata: {}, ...fields,
  };
}

function whole(ask, composed) {
  const cut = composed.stop === 'length';
  const output = itemsOf(ask, composed);
  if (cut) output.at(-1).status = 'incomplete';
  return responseObject(ask, {
    status: cut ? 'incomplete' : 'completed', incomplete_details: cut ? { reason: 'max_output_tokens' } : null, output, usage,
  });
}

/** The events between an item's `added` and its `done`, and what the item is when it is added. */
function unfolding(item, part, at) {
  const pieces = part.pieces?.length ? part.pieces : null;
  switch (item.type) {
    case 'reasoning': {
      const inside = { ...at, summary_index: 0 };
      const text = item.summary[0]?.text;
      return [{ ...item, summary: [] }, text === undefined ? [] : [
        ['response.reasoning_summary_part.added', { ...inside, part: { type: 'summary_text', text: '' } }],
        ...pieces.map((piece) => ['response.reasoning_summary_text.delta', { ...inside, delta: piece }]),
        ['response.reasoning_summary_text.done', { ...inside, text }],
        ['response.reasoning_summary_part.done', { ...inside, part: { type: 'summary_text', text } }],
      ]];
    }
    case 'custom_tool_call':
      return [{ ...item, status: 'in_progress', input: '' }, [
        ...pieces.map((piece) => ['response.custom_tool_call_input.delta', { ...at, delta: piece }]),
        ['response.custom_tool_call_input.done', { ...at, input: item.input }],
      ]];
    case 'function_call':
      return [{ ...item, status: 'in_progress', arguments: '' }, [
        ...(pieces ?? ['{}']).map((piece) => ['response.function_call_arguments.delta', { ...at, delta: piece }]),
        ['response.function_call_arguments.done', { ...at, name: item.name, arguments: item.arguments }],
      ]];
    default: {
      const inside = { ...at, content_index: 0 };
      const refused = part.kind === 'refusal';
      const kind = refused ? 'refusal' : 'output_text';
      const done = refused ? { refusal: textOf(part) } : { text: textOf(part), logprobs: [] };
      return [{ ...item, status: 'in_progress', content: [] }, [
        ['response.content_part.added', { ...inside, part: refused ? refusalPart('') : textPart('') }],
        ...pieces.map((piece) => [`response.${kind}.delta`, { ...inside, delta: piece, ...(refused ? {} : { logprobs: [] }) }]),
        [`response.${kind}.done`, { ...inside, ...done }],
        ['response.content_part.done', { ...inside, part: item.content[0] }],
      ]];
    }
  }
}

export const responses = {
  protocol: 'responses',
  headers: chat.headers,

  ask({ json, model }) {
    const items = Array.isArray(json.input) ? json.input : [];
    const isCall = (item) => item?.type === 'function_call' || item?.type === 'custom_tool_call';
    return {
      model, stream: json.stream === true,
      tools: (json.tools ?? []).map((tool) => ({ name: tool.name, custom: tool.type === 'custom' })),
      // Calls that follow each other are one turn's; their outputs end it.
      rounds: items.filter((item, at) => isCall(item) && !isCall(items[at - 1])).length, calls: items.filter(isCall).length,
      stops: [], format: ['json_schema', 'json_object'].includes(json.text?.format?.type),
      thinks: reasons(model), shows: json.reasoning?.summary != null,
    };
  },

  unary: (ask) => odd(whole(ask, compose(ask))),

  other: ({ op }) => (op === 'input-tokens' ? '{"object":"response.input_tokens","input_tokens":42}' : null),

  events(ask) {
    let sequence = 0;
    const event = (type, fields) => named({ type, sequence_number: sequence++, ...fields });
    const composed = compose(ask);
    const final = whole(ask, composed);
    const started = responseObject(ask, { status: 'in_progress', output: [] });
    const events = [event('response.created', { response: started }), event('response.in_progress', { response: started })];
    final.output.forEach((item, index) => {
      const [added, inner] = unfolding(item, composed.parts[index], { item_id: item.id, output_index: index });
      events.push(event('response.output_item.added', { output_index: index, item: added }));
      for (const [type, fields] of inner) events.push(event(type, fields));
      events.push(event('response.output_item.done', { output_index: index, item }));
    });
    events.push(event(`response.${final.status}`, { response: final }));
    return events;
  },

  error: chat.error,
  /** As documented is flat, as observed is nested; the SDK raises for the nested one only. */
  errorEvent: ({ message }) => named({ type: 'error', code: 'server_error', message, param: null, sequence_number: 4, error: { type: 'server_error', code: 'server_error', message, param: null } }),
};
