// What the three official APIs put on the wire: one answer per protocol, unary and as server-sent events.
//
// The unary bodies are deliberately odd JSON (spacing, `1.0`, escapes, unknown fields): a gateway that re-serialises is found out.

/** The tokens that every successful answer reports, in each protocol's own counting. */
export const USAGE = {
  /** As Sluice records it: input without the cached part, output with reasoning inside. */
  recorded: {
    chat_completions: { input_tokens: 1000, output_tokens: 340, cache_read_tokens: 200, cache_write_tokens: 0, reasoning_tokens: 40 },
    responses: { input_tokens: 1000, output_tokens: 340, cache_read_tokens: 200, cache_write_tokens: 0, reasoning_tokens: 40 },
    anthropic_messages: { input_tokens: 1000, output_tokens: 340, cache_read_tokens: 200, cache_write_tokens: 64, reasoning_tokens: 0 },
  },
};

const chatUsage = {
  prompt_tokens: 1200,
  completion_tokens: 340,
  total_tokens: 1540,
  prompt_tokens_details: { cached_tokens: 200, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 40, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
};

const responsesUsage = {
  input_tokens: 1200,
  input_tokens_details: { cached_tokens: 200 },
  output_tokens: 340,
  output_tokens_details: { reasoning_tokens: 40 },
  total_tokens: 1540,
};

const anthropicUsage = {
  input_tokens: 1000,
  cache_creation_input_tokens: 64,
  cache_read_input_tokens: 200,
  cache_creation: { ephemeral_5m_input_tokens: 64, ephemeral_1h_input_tokens: 0 },
  output_tokens: 340,
  service_tier: 'standard',
};

/** What every text answer says: a character from each length of UTF-8, and U+2028, which is no line end in SSE. */
export const WORDS = ['Good', ' morning', ', Jos\u00e9', ' \u20ac5', ' \u{1F30A}', ' line\u2028separator', '.'];
export const TEXT = WORDS.join('');

/** The arguments of every tool call, in the pieces in which they stream. */
export const ARGUMENT_PIECES = ['{"ci', 'ty":"Zür', 'ich","days":', '2}'];
export const ARGUMENTS = ARGUMENT_PIECES.join('');

const CREATED = 1795132800;

/** JSON as no serialiser would write it, with the same meaning plus fields that nobody knows. */
function odd(value) {
  return JSON.stringify(value, null, 1).replace('{', '{\t"x_unknown" : {"one": 1.0, "big":1E+3, "esc":"\\u00e9\\/"} ,');
}

const data = (value) => `data: ${JSON.stringify(value)}\n\n`;
const named = (value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;

// ---- Chat Completions ----

function chatMessage(tools) {
  if (!tools) return { role: 'assistant', content: TEXT, refusal: null, annotations: [] };
  return {
    role: 'assistant', content: null, refusal: null,
    tool_calls: [{ id: 'call_mock0001', type: 'function', function: { name: 'weather', arguments: ARGUMENTS } }],
  };
}

export const chat = {
  protocol: 'chat_completions',
  unary({ model, tools }) {
    return odd({
      id: 'chatcmpl-mock0001', object: 'chat.completion', created: CREATED, model,
      choices: [{ index: 0, message: chatMessage(tools), logprobs: null, finish_reason: tools ? 'tool_calls' : 'stop' }],
      usage: chatUsage, service_tier: 'default', system_fingerprint: 'fp_mock',
    });
  },
  events({ model, tools, includeUsage }) {
    const chunk = (choices, extra = {}) => data({
      id: 'chatcmpl-mock0001', object: 'chat.completion.chunk', created: CREATED, model, system_fingerprint: 'fp_mock',
      choices, ...(includeUsage ? { usage: null } : {}), ...extra,
    });
    const delta = (value) => chunk([{ index: 0, delta: value, logprobs: null, finish_reason: null }]);
    const events = [];
    if (tools) {
      events.push(delta({
        role: 'assistant', content: null,
        tool_calls: [{ index: 0, id: 'call_mock0001', type: 'function', function: { name: 'weather', arguments: '' } }],
      }));
      for (const piece of ARGUMENT_PIECES) events.push(delta({ tool_calls: [{ index: 0, function: { arguments: piece } }] }));
    } else {
      events.push(delta({ role: 'assistant', content: '', refusal: null }));
      for (const word of WORDS) events.push(delta({ content: word }));
    }
    events.push(chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: tools ? 'tool_calls' : 'stop' }]));
    if (includeUsage) events.push(chunk([], { usage: chatUsage }));
    events.push('data: [DONE]\n\n');
    return events;
  },
  error({ status, message, type, code = null, param = null }) {
    return JSON.stringify({ error: { message, type: type ?? openAiType(status), param, code } });
  },
};

// ---- Responses ----

function responseObject({ model, status, output, usage = null, error = null }) {
  return {
    id: 'resp_mock0001', object: 'response', created_at: CREATED, status, background: false, error, incomplete_details: null,
    instructions: null, max_output_tokens: null, model, output, parallel_tool_calls: true, previous_response_id: null,
    reasoning: { effort: null, summary: null }, store: true, temperature: 1.0, text: { format: { type: 'text' } },
    tool_choice: 'auto', tools: [], top_p: 1.0, truncation: 'disabled', usage, user: null, metadata: {},
  };
}

const messageItem = (status, content) => ({ id: 'msg_mock0001', type: 'message', status, role: 'assistant', content });
const textPart = (text) => ({ type: 'output_text', text, annotations: [], logprobs: [] });
const callItem = (status, args) => ({
  id: 'fc_mock0001', type: 'function_call', status, call_id: 'call_mock0001', name: 'weather', arguments: args,
});

export const responses = {
  protocol: 'responses',
  unary({ model, tools }) {
    const output = tools ? [callItem('completed', ARGUMENTS)] : [messageItem('completed', [textPart(TEXT)])];
    return odd(responseObject({ model, status: 'completed', output, usage: responsesUsage }));
  },
  events({ model, tools }) {
    let sequence = 0;
    const event = (type, fields) => named({ type, sequence_number: sequence++, ...fields });
    const started = responseObject({ model, status: 'in_progress', output: [] });
    const events = [event('response.created', { response: started }), event('response.in_progress', { response: started })];
    let item;
    if (tools) {
      const at = { item_id: 'fc_mock0001', output_index: 0 };
      events.push(event('response.output_item.added', { output_index: 0, item: callItem('in_progress', '') }));
      for (const piece of ARGUMENT_PIECES) events.push(event('response.function_call_arguments.delta', { ...at, delta: piece }));
      events.push(event('response.function_call_arguments.done', { ...at, name: 'weather', arguments: ARGUMENTS }));
      item = callItem('completed', ARGUMENTS);
    } else {
      const at = { item_id: 'msg_mock0001', output_index: 0, content_index: 0 };
      events.push(event('response.output_item.added', { output_index: 0, item: messageItem('in_progress', []) }));
      events.push(event('response.content_part.added', { ...at, part: textPart('') }));
      for (const word of WORDS) events.push(event('response.output_text.delta', { ...at, delta: word, logprobs: [] }));
      events.push(event('response.output_text.done', { ...at, text: TEXT, logprobs: [] }));
      events.push(event('response.content_part.done', { ...at, part: textPart(TEXT) }));
      item = messageItem('completed', [textPart(TEXT)]);
    }
    events.push(event('response.output_item.done', { output_index: 0, item }));
    events.push(event('response.completed', {
      response: responseObject({ model, status: 'completed', output: [item], usage: responsesUsage }),
    }));
    return events;
  },
  error: chat.error,
};

// ---- Anthropic Messages ----

export const anthropic = {
  protocol: 'anthropic_messages',
  unary({ model, tools }) {
    return odd({
      id: 'msg_mock0001', type: 'message', role: 'assistant', model,
      content: tools
        ? [{ type: 'tool_use', id: 'toolu_mock0001', name: 'weather', input: JSON.parse(ARGUMENTS) }]
        : [{ type: 'text', text: TEXT }],
      stop_reason: tools ? 'tool_use' : 'end_turn', stop_sequence: null, usage: anthropicUsage,
    });
  },
  events({ model, tools }) {
    const events = [
      named({
        type: 'message_start',
        message: {
          id: 'msg_mock0001', type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null,
          usage: { ...anthropicUsage, output_tokens: 1 },
        },
      }),
    ];
    const delta = (value) => named({ type: 'content_block_delta', index: 0, delta: value });
    if (tools) {
      events.push(named({
        type: 'content_block_start', index: 0,
        content_block: { type: 'tool_use', id: 'toolu_mock0001', name: 'weather', input: {} },
      }));
      events.push(named({ type: 'ping' }));
      for (const piece of ['', ...ARGUMENT_PIECES]) events.push(delta({ type: 'input_json_delta', partial_json: piece }));
    } else {
      events.push(named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }));
      events.push(named({ type: 'ping' }));
      for (const word of WORDS) events.push(delta({ type: 'text_delta', text: word }));
    }
    events.push(named({ type: 'content_block_stop', index: 0 }));
    events.push(named({
      type: 'message_delta',
      delta: { stop_reason: tools ? 'tool_use' : 'end_turn', stop_sequence: null },
      usage: { output_tokens: 340 },
    }));
    events.push(named({ type: 'message_stop' }));
    return events;
  },
  error({ status, message, type }) {
    return JSON.stringify({ type: 'error', error: { type: type ?? anthropicType(status), message }, request_id: 'req_mock0001' });
  },
};

function openAiType(status) {
  if (status === 401) return 'invalid_request_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

function anthropicType(status) {
  const types = { 401: 'authentication_error', 403: 'permission_error', 404: 'not_found_error', 429: 'rate_limit_error', 529: 'overloaded_error' };
  return types[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
}

/** The dialect that a path speaks, whatever the base URL before it. */
export function dialectOf(path) {
  if (path.endsWith('/chat/completions')) return chat;
  if (path.endsWith('/responses')) return responses;
  if (path.endsWith('/messages')) return anthropic;
  return null;
}
