// What the mock says, before a dialect spells it. The end of the model's name chooses: `gpt-5-mock-tools`, `mock-plain`,
// `us.anthropic.claude-sonnet-4-5-mock-parallel-v1:0`. What stands before decides what the vendor allows (see `rules/`).

/** What every text answer says: a character from each length of UTF-8, and U+2028, which is no line end in SSE. */
export const WORDS = ['Good', ' morning', ', Jos\u00e9', ' \u20ac5', ' \u{1F30A}', ' line\u2028separator', '.'];
export const TEXT = WORDS.join('');

/** The arguments of every tool call, in the pieces in which they stream. */
export const ARGUMENT_PIECES = ['{"ci', 'ty":"Zür', 'ich","days":', '2}'];
export const ARGUMENTS = ARGUMENT_PIECES.join('');
/** Those of the second of two parallel calls. */
export const SECOND_PIECES = ['{"city":', '"Par', 'is","days":1}'];
export const SECOND_ARGUMENTS = SECOND_PIECES.join('');

export const REASONING_PIECES = ['The user asks', ' about Zürich;', ' I look it up.'];
export const REASONING = REASONING_PIECES.join('');
export const REFUSAL_PIECES = ['I cannot', ' help with that.'];
export const REFUSAL = REFUSAL_PIECES.join('');
/** The free-form input of a custom tool: nothing in it is JSON. */
export const CUSTOM_PIECES = ['*** Begin Patch\n', '+say "h\u00e9llo" \\ done\n', '*** End Patch'];
export const CUSTOM_INPUT = CUSTOM_PIECES.join('');

/** The scenario in a model's name; `plain` where it names none. A version may follow, as in Bedrock's ids. */
export function scenarioOf(model) {
  return /mock-([a-z0-9-]+?)(?:-v\d+:\d+)?$/.exec(String(model))?.[1] ?? 'plain';
}

/** Names that begin with `mock-` are no vendor's: nothing is known of what such a model allows, and the rules stay loose. */
export const isStrict = (model) => /.mock-/.test(String(model));

/**
 * The answer to `ask`: `{ parts, stop, matched, reasoned }`. `ask` is what a dialect's `ask(record)` read from the request:
 * `{ model, tools: [{ name, custom }], rounds, calls, stops, thinks, always, shows, format }`, where `rounds` counts the model's turns with
 * calls so far and `calls` the calls in them.
 */
export function compose(ask) {
  const scenario = scenarioOf(ask.model);
  const parts = [];
  const reasons = ask.thinks && (ask.always || /reason|redacted/.test(scenario));
  if (reasons && scenario.startsWith('redacted')) parts.push({ kind: 'redacted', number: ask.rounds });
  else if (reasons) parts.push({ kind: 'reasoning', pieces: ask.shows ? REASONING_PIECES : [], number: ask.rounds });
  const base = { parts, scenario, reasons, interleaved: scenario === 'interleaved', matched: null };
  const names = callsOf(scenario, ask);
  if (names.length > 0) {
    if (scenario === 'talk-tools') parts.push({ kind: 'text', pieces: ['I will look.'] });
    names.forEach((call, index) => parts.push({ kind: 'call', number: ask.calls + index + 1, first: index === 0, ...call }));
    return { ...base, stop: 'calls' };
  }
  if (scenario === 'refusal') return { ...base, parts: [...parts, { kind: 'refusal', pieces: REFUSAL_PIECES }], stop: 'refusal' };
  if (scenario === 'empty') return { ...base, stop: 'end' };
  if (scenario === 'length') return { ...base, parts: [...parts, { kind: 'text', pieces: WORDS.slice(0, 3) }], stop: 'length' };
  const said = scenario === 'json' && ask.format ? ARGUMENT_PIECES : WORDS;
  const { pieces, matched } = stopped(said, ask.stops);
  if (pieces.length > 0) parts.push({ kind: 'text', pieces });
  return { ...base, stop: matched === null ? 'end' : 'stop', matched };
}

function callsOf(scenario, { tools, rounds }) {
  const wanted = { text: 0, steps: 2, 'reason-steps': 2, reason: 0, refusal: 0, empty: 0, length: 0, json: 0 }[scenario] ?? 1;
  // A client that knows no structured output asks for it by a tool of this name.
  if (scenario === 'json' && tools.some(({ name }) => name === 'json')) return [{ name: 'json', pieces: ARGUMENT_PIECES }];
  if (tools.length === 0 || rounds >= wanted) return [];
  const tool = tools.find(({ name }) => name === 'weather') ?? tools[0];
  switch (scenario) {
    case 'parallel':
    case 'interleaved':
    case 'reason-parallel':
      return [{ name: tool.name, pieces: ARGUMENT_PIECES }, { name: tool.name, pieces: SECOND_PIECES }];
    case 'noargs':
      return [{ name: tool.name, pieces: [] }];
    case 'custom': {
      const last = tools.at(-1);
      return [{ name: last.name, custom: last.custom, pieces: last.custom ? CUSTOM_PIECES : [JSON.stringify({ input: CUSTOM_INPUT })] }];
    }
    default:
      return [{ name: tool.name, pieces: ARGUMENT_PIECES }];
  }
}

/** The words up to the first of the stop sequences, which are not said themselves. */
function stopped(words, stops) {
  const text = words.join('');
  const found = stops.map((stop) => ({ stop, at: text.indexOf(stop) })).filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at)[0];
  if (!found) return { pieces: words, matched: null };
  const pieces = [];
  let left = found.at;
  for (const word of words) {
    if (left <= 0) break;
    pieces.push(word.slice(0, left));
    left -= word.length;
  }
  return { pieces, matched: found.stop };
}

export const textOf = (part) => part.pieces.join('');
/** A call's arguments as a value. A tool without arguments is called with none. */
export const inputOf = (part) => JSON.parse(textOf(part) || '{}');

/** The tokens that every successful answer reports, as Sluice records them: input without the cached part, output with reasoning inside. */
export const USAGE = {
  recorded: {
    chat_completions: { input_tokens: 1000, output_tokens: 340, cache_read_tokens: 200, cache_write_tokens: 0, reasoning_tokens: 40 },
    responses: { input_tokens: 1000, output_tokens: 340, cache_read_tokens: 200, cache_write_tokens: 0, reasoning_tokens: 40 },
    anthropic_messages: { input_tokens: 1000, output_tokens: 340, cache_read_tokens: 200, cache_write_tokens: 64, reasoning_tokens: 0 },
    gemini: { input_tokens: 1000, output_tokens: 340, cache_read_tokens: 200, cache_write_tokens: 0, reasoning_tokens: 40 },
    bedrock_converse: { input_tokens: 1000, output_tokens: 340, cache_read_tokens: 200, cache_write_tokens: 64, reasoning_tokens: 0 },
  },
};

export const CREATED = 1795132800;

/** JSON as no serialiser would write it, with the same meaning plus fields that nobody knows: a gateway that re-serialises is found out. */
export function odd(value) {
  return JSON.stringify(value, null, 1).replace('{', '{\t"x_unknown" : {"one": 1.0, "big":1E+3, "esc":"\\u00e9\\/"} ,');
}

/** An id as each vendor makes them: `mock0001` under a loose name, otherwise as long as the real ones are. */
export function mint(prefix, number, model, length) {
  const tail = String(number).padStart(4, '0');
  return isStrict(model) ? `${prefix}${'0A1b2C3d4E5f6G7h8J9kLmNpQrStUvWxYz'.repeat(2).slice(0, length - prefix.length - 4)}${tail}` : `${prefix}mock${tail}`;
}

export const data = (value) => `data: ${JSON.stringify(value)}\n\n`;
export const named = (value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
