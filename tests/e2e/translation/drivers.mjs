// The three client protocols behind one interface, each by its official SDK, so that a scenario is written once.
//
// A driver keeps a history in its own protocol's words: `start` begins one, `turn` asks, `extend` appends what the model said and what
// its tools answered, verbatim as agents do.

import assert from 'node:assert/strict';

/** A red pixel. Vendors look into the bytes, so they have to be a PNG. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';

export const WEATHER = {
  name: 'weather', description: 'Looks up the weather.',
  schema: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city'] },
};

/** The SDK of `make` with a fetch that keeps the last answer's headers. */
function watching(e2e, make, token) {
  const seen = { headers: null };
  const sdk = make.call(e2e, token, {
    fetch: async (url, init) => {
      const response = await e2e.fetch(url, init);
      seen.headers = response.headers;
      return response;
    },
  });
  return { sdk, seen };
}

/** What every turn comes to, whatever the protocol. */
function turnOf(seen, fields) {
  return { ...fields, requestId: seen.headers.get('x-request-id'), dropped: seen.headers.get('x-sluice-dropped') ?? '' };
}

class Driver {
  constructor(e2e, token, make) {
    Object.assign(this, watching(e2e, make, token));
  }

  /** `turn`, and `extend` with `result(call, index)` for as long as there are calls. Returns the last turn and all before it. */
  async loop(model, { history = this.start({ text: 'What is the weather?' }), result = () => 'sunny', forget = false, ...options }) {
    const turns = [];
    for (let round = 0; round < 4; round += 1) {
      const turn = await this.turn(model, history, options);
      turns.push(turn);
      if (turn.calls.length === 0) return { turn, turns, history };
      history = this.extend(history, turn, turn.calls.map((call, index) => ({ call, output: result(call, index) })), { forget });
    }
    return assert.fail('the model calls tools for ever');
  }
}

const texts = (list) => list.join('');

// ---- Chat Completions ----

/** A message from its deltas. Fields that OpenAI does not have are put together as their senders mean them: text grows, lists grow. */
function accumulate(chunks) {
  const message = { role: 'assistant', content: null };
  let finish = null;
  let usage = null;
  for (const chunk of chunks) {
    usage = chunk.usage ?? usage;
    const choice = chunk.choices[0];
    if (!choice) continue;
    finish = choice.finish_reason ?? finish;
    for (const [key, value] of Object.entries(choice.delta)) {
      if (key === 'tool_calls') for (const fragment of value) grow((message.tool_calls ??= [])[fragment.index] ??= {}, fragment);
      else if (key !== 'role' && value !== null) message[key] = Array.isArray(value) ? [...(message[key] ?? []), ...value] : typeof value === 'string' ? (message[key] ?? '') + value : value;
    }
  }
  if (message.content === '') message.content = null;
  return { choices: [{ message, finish_reason: finish }], usage };
}

/** Adds a tool call's fragment. Like real clients, it concatenates every string it gets: a name said twice comes out doubled. */
function grow(call, { index: _, function: called, custom, ...rest }) {
  Object.assign(call, rest);
  for (const [kind, fields] of [['function', called], ['custom', custom]]) {
    if (!fields) continue;
    call[kind] ??= {};
    for (const [key, value] of Object.entries(fields)) call[kind][key] = (call[kind][key] ?? '') + value;
  }
}

export class ChatDriver extends Driver {
  static protocol = 'chat_completions';

  constructor(e2e, token) {
    super(e2e, token, e2e.openai);
  }

  start({ text, image, system }) {
    const content = image ? [{ type: 'text', text }, { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } }] : text;
    return [...(system ? [{ role: 'system', content: system }] : []), { role: 'user', content }];
  }

  request(model, messages, { tools, schema, reasoning, choice, extra = {} }) {
    return {
      model, messages, ...extra,
      ...(tools ? { tools: tools.map(({ name, description, schema: parameters }) => ({ type: 'function', function: { name, description, parameters } })) } : {}),
      ...(choice ? { tool_choice: choice } : {}),
      ...(schema ? { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } } } : {}),
      ...(reasoning ? { reasoning_effort: 'medium' } : {}),
    };
  }

  async turn(model, history, { mode = 'unary', ...options } = {}) {
    const request = this.request(model, history, options);
    const { completions } = this.sdk.chat;
    let answer;
    if (mode === 'unary') answer = await completions.create(request);
    else if (mode === 'helper') answer = await completions.stream({ ...request, stream_options: { include_usage: true } }).finalChatCompletion();
    else answer = accumulate(await Array.fromAsync(await completions.create({ ...request, stream: true, stream_options: { include_usage: true } })));
    const { message, finish_reason: stop } = answer.choices[0];
    return turnOf(this.seen, {
      answer, stop, text: message.content ?? '', refusal: message.refusal ?? null, reasoning: message.reasoning_content ?? '', usage: answer.usage, echo: message,
      calls: (message.tool_calls ?? []).map((call) => ({ id: call.id, name: (call.function ?? call.custom).name, input: call.custom?.input ?? JSON.parse(call.function.arguments) })),
    });
  }

  /** `forget`: a client that knows no fields but OpenAI's own. */
  extend(history, { echo }, results, { forget = false } = {}) {
    const { role, content, tool_calls: calls } = echo;
    const said = forget ? { role, content, ...(calls ? { tool_calls: calls.map(({ id, type, function: called }) => ({ id, type, function: { name: called.name, arguments: called.arguments } })) } : {}) } : echo;
    return [...history, said, ...results.map(({ call, output }) => ({ role: 'tool', tool_call_id: call.id, content: output }))];
  }

  say(history, text) {
    return [...history, { role: 'user', content: text }];
  }
}

// ---- Responses ----

export class ResponsesDriver extends Driver {
  static protocol = 'responses';

  constructor(e2e, token) {
    super(e2e, token, e2e.openai);
  }

  start({ text, image, system }) {
    const content = image ? [{ type: 'input_text', text }, { type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${image}` }] : text;
    return [...(system ? [{ role: 'developer', content: system }] : []), { role: 'user', content }];
  }

  request(model, input, { tools, schema, reasoning, choice, extra = {} }) {
    return {
      model, input, store: false, ...extra,
      ...(tools ? { tools: tools.map(({ name, description, schema: parameters }) => ({ type: 'function', name, description, parameters, strict: false })) } : {}),
      ...(choice ? { tool_choice: choice } : {}),
      ...(schema ? { text: { format: { type: 'json_schema', name: 'answer', schema, strict: true } } } : {}),
      ...(reasoning ? { reasoning: { effort: 'medium', summary: 'auto' }, include: ['reasoning.encrypted_content'] } : {}),
    };
  }

  async turn(model, history, { mode = 'unary', ...options } = {}) {
    const request = this.request(model, history, options);
    let answer;
    if (mode === 'unary') answer = await this.sdk.responses.create(request);
    else if (mode === 'helper') answer = await this.sdk.responses.stream(request).finalResponse();
    else for await (const event of await this.sdk.responses.create({ ...request, stream: true })) if ('response' in event) answer = event.response;
    const parts = answer.output.filter(({ type }) => type === 'message').flatMap(({ content }) => content);
    return turnOf(this.seen, {
      answer, stop: answer.incomplete_details?.reason ?? answer.status, usage: answer.usage, echo: answer.output,
      text: texts(parts.filter(({ type }) => type === 'output_text').map(({ text }) => text)), refusal: parts.find(({ type }) => type === 'refusal')?.refusal ?? null,
      reasoning: texts(answer.output.filter(({ type }) => type === 'reasoning').flatMap(({ summary }) => summary.map(({ text }) => text))),
      calls: answer.output.filter(({ type }) => type === 'function_call' || type === 'custom_tool_call')
        .map((call) => ({ id: call.call_id, name: call.name, custom: call.type === 'custom_tool_call', input: call.type === 'custom_tool_call' ? call.input : JSON.parse(call.arguments) })),
    });
  }

  extend(history, { echo }, results) {
    const outputOf = (output) => (typeof output === 'string' ? output : [{ type: 'input_text', text: output.text }, { type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${output.image}` }]);
    return [...history, ...echo, ...results.map(({ call, output }) => ({ type: call.custom ? 'custom_tool_call_output' : 'function_call_output', call_id: call.id, output: outputOf(output) }))];
  }

  say(history, text) {
    return [...history, { role: 'user', content: text }];
  }
}

// ---- Anthropic Messages ----

export class AnthropicDriver extends Driver {
  static protocol = 'anthropic_messages';

  constructor(e2e, token) {
    super(e2e, token, e2e.anthropic);
  }

  start({ text, image, system }) {
    this.system = system;
    const content = image ? [{ type: 'text', text }, { type: 'image', source: { type: 'base64', media_type: 'image/png', data: image } }] : text;
    return [{ role: 'user', content }];
  }

  request(model, messages, { tools, schema, reasoning, choice, extra = {} }) {
    return {
      model, messages, max_tokens: 8000, ...(this.system ? { system: this.system } : {}), ...extra,
      ...(tools ? { tools: tools.map(({ name, description, schema: input_schema }) => ({ name, description, input_schema })) } : {}),
      ...(choice ? { tool_choice: { type: choice === 'required' ? 'any' : choice } } : {}),
      ...(schema ? { output_config: { format: { type: 'json_schema', schema } } } : {}),
      ...(reasoning ? { thinking: reasoning === 'adaptive' ? { type: 'adaptive', display: 'summarized' } : { type: 'enabled', budget_tokens: 2048 } } : {}),
    };
  }

  async turn(model, history, { mode = 'unary', ...options } = {}) {
    const request = this.request(model, history, options);
    const answer = mode === 'unary' ? await this.sdk.messages.create(request) : await this.sdk.messages.stream(request).finalMessage();
    const of = (kind) => answer.content.filter(({ type }) => type === kind);
    return turnOf(this.seen, {
      answer, stop: answer.stop_reason, usage: answer.usage, echo: { role: 'assistant', content: answer.content }, refusal: null,
      text: texts(of('text').map(({ text }) => text)), reasoning: texts(of('thinking').map(({ thinking }) => thinking)),
      calls: of('tool_use').map(({ id, name, input }) => ({ id, name, input })),
    });
  }

  extend(history, { echo }, results) {
    const contentOf = (output) => (typeof output === 'string' ? output : [{ type: 'text', text: output.text }, { type: 'image', source: { type: 'base64', media_type: 'image/png', data: output.image } }]);
    const answers = results.map(({ call, output }) => ({ type: 'tool_result', tool_use_id: call.id, content: contentOf(output) }));
    return [...history, echo, ...(answers.length > 0 ? [{ role: 'user', content: answers }] : [])];
  }

  say(history, text) {
    return [...history, { role: 'user', content: text }];
  }
}

export const DRIVERS = [ChatDriver, ResponsesDriver, AnthropicDriver];
