// Words: unary and streamed, with their usage, limits and formats, from every client to every upstream.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { read } from '../client.mjs';
import { CLIENTS, closingChecks, suite } from '../suite.mjs';
import { ARGUMENTS, REFUSAL, TEXT, USAGE, WORDS } from '../upstream/scenario.mjs';
import { PIXEL } from './drivers.mjs';
import { assertStream } from './streams.mjs';
import { everyPair } from './upstreams.mjs';

const e2e = suite();
const SCENARIOS = ['text', 'split', 'json', 'length', 'refusal', 'empty', 'stop'];
const TOKENS = ['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'reasoning_tokens'];
const tokensOf = (row) => Object.fromEntries(TOKENS.map((key) => [key, row[key]]));

/** A schema with bounds, which some vendors refuse: the gateway has to take them out where it translates. */
const schemaFor = ({ native, upstream }) => ({
  type: 'object', required: ['city', 'days'], additionalProperties: false,
  properties: { city: { type: 'string' }, days: { type: 'integer', ...(native || upstream.protocol === 'responses' ? {} : { minimum: 0, maximum: 14 }) } },
});

/** Each protocol's words for a limit that was reached. */
const CUT = { chat_completions: 'length', responses: 'max_output_tokens', anthropic_messages: 'max_tokens' };
const ENDED = { chat_completions: 'stop', responses: 'completed', anthropic_messages: 'end_turn' };

/** Usage as its protocol counts it, of tokens as Sluice counts them. */
function assertUsage(client, usage, tokens) {
  const whole = tokens.input_tokens + tokens.cache_read_tokens + tokens.cache_write_tokens;
  if (client === 'chat_completions') {
    assert.deepEqual([usage.prompt_tokens, usage.completion_tokens, usage.prompt_tokens_details.cached_tokens, usage.total_tokens], [whole, tokens.output_tokens, tokens.cache_read_tokens, whole + tokens.output_tokens]);
  } else if (client === 'responses') {
    assert.deepEqual([usage.input_tokens, usage.output_tokens, usage.input_tokens_details.cached_tokens, usage.total_tokens], [whole, tokens.output_tokens, tokens.cache_read_tokens, whole + tokens.output_tokens]);
    assert.equal(typeof usage.output_tokens_details.reasoning_tokens, 'number', 'the SDKs require the details');
  } else {
    assert.deepEqual(
      [usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens ?? 0, usage.cache_creation_input_tokens ?? 0],
      [tokens.input_tokens, tokens.output_tokens, tokens.cache_read_tokens, tokens.cache_write_tokens],
    );
  }
}

everyPair(e2e, SCENARIOS, (pair) => {
  const { client, upstream } = pair;

  test('a text is the same unary and streamed, and so are its usage and its row', async () => {
    const driver = pair.driver();
    const history = driver.start({ text: 'Say good morning.', system: 'You are polite.' });
    const tokens = USAGE.recorded[upstream.protocol];
    const rows = [];
    for (const [mode, scenario] of [['unary', 'text'], ['stream', 'text'], ['helper', 'text'], ['stream', 'split']]) {
      const turn = await driver.turn(pair.selector(scenario), history, { mode });
      assert.equal(turn.text, TEXT, mode);
      assert.equal(turn.stop, ENDED[client], mode);
      assertUsage(client, turn.usage, tokens);
      const row = await e2e.usage(turn.requestId);
      assert.deepEqual([row.status, row.streamed, row.estimated, row.error_code, row.protocol], [200, mode === 'unary' ? 0 : 1, 0, null, client], mode);
      assert.deepEqual(tokensOf(row), tokens, mode);
      rows.push(row.cost_nano_usd);
    }
    assert.equal(new Set(rows).size, 1, 'a streamed call costs what its unary twin costs');
    assert.match(JSON.stringify(pair.last('text').json), /You are polite\./);
  });

  test("a stream has its protocol's events in its protocol's order", async () => {
    const wire = CLIENTS[client];
    for (const extra of [{}, ...(client === 'chat_completions' ? [{ stream_options: { include_usage: true } }] : [])]) {
      const response = await e2e.call(wire.path, wire.request(pair.selector('text'), { stream: true, ...extra }), { token: pair.token(), headers: wire.headers });
      assert.match(response.headers.get('content-type'), /^text\/event-stream/);
      const { text } = await read(response);
      assertStream(client, text, { usage: extra.stream_options !== undefined, text: TEXT });
    }
  });

  test('an image reaches the upstream', async () => {
    const driver = pair.driver();
    const { text } = await driver.turn(pair.selector('text'), driver.start({ text: 'What is this?', image: PIXEL }));
    assert.equal(text, TEXT);
    assert.ok(pair.last('text').body.includes(PIXEL));
  });

  test('a conversation of several turns keeps who said what', async () => {
    const driver = pair.driver();
    const history = driver.start({ text: 'first question', system: 'Be brief.' });
    const first = await driver.turn(pair.selector('text'), history);
    const second = await driver.turn(pair.selector('text'), driver.say(driver.extend(history, first, []), 'second question'));
    assert.equal(second.text, TEXT);
    const sent = pair.last('text').body.toString();
    const places = ['first question', 'Good morning', 'second question'].map((words) => sent.indexOf(words));
    assert.ok(places.every((at, index) => at >= 0 && (index === 0 || at > places[index - 1])), sent);
  });

  test('structured output follows the schema', async () => {
    for (const mode of ['unary', 'stream']) {
      const driver = pair.driver();
      const { text } = await driver.turn(pair.selector('json'), driver.start({ text: 'Zürich, two days.' }), { mode, schema: schemaFor(pair) });
      assert.deepEqual(JSON.parse(text), JSON.parse(ARGUMENTS), mode);
    }
  });

  test('a limit that was reached is said to be one', async () => {
    for (const mode of ['unary', 'stream']) {
      const driver = pair.driver();
      const turn = await driver.turn(pair.selector('length'), driver.start({ text: 'hi' }), { mode });
      assert.equal(turn.text, WORDS.slice(0, 3).join(''), mode);
      assert.equal(turn.stop, CUT[client], mode);
    }
  });

  test('a refusal is no ordinary answer', async () => {
    for (const mode of ['unary', 'stream']) {
      const driver = pair.driver();
      const turn = await driver.turn(pair.selector('refusal'), driver.start({ text: 'something forbidden' }), { mode });
      // OpenAI's refusals stop like anything else and are told by their field; the others have a word for it.
      const told = turn.refusal !== null || ['content_filter', 'refusal'].includes(turn.stop);
      assert.ok(told, `${mode}: ${turn.stop}, ${JSON.stringify(turn.answer)}`);
      // Google's says nothing; where there are words, they are not lost.
      if (upstream.protocol !== 'gemini') assert.ok(JSON.stringify(turn.answer).includes(REFUSAL), mode);
    }
  });

  test('an answer without words has none, and no empty block stands for them', async () => {
    for (const mode of ['unary', 'stream']) {
      const driver = pair.driver();
      const turn = await driver.turn(pair.selector('empty'), driver.start({ text: 'hi' }), { mode });
      assert.equal(turn.text, '');
      if (client === 'anthropic_messages') assert.deepEqual(turn.answer.content, [], mode);
    }
  });

  test('a stop sequence ends the text, also where the upstream knows none', { skip: client === 'responses' && 'Responses has no stop' }, async () => {
    const expected = TEXT.slice(0, TEXT.indexOf('\u20ac5'));
    for (const mode of ['unary', 'stream']) {
      const driver = pair.driver();
      const extra = client === 'chat_completions' ? { stop: ['\u20ac5'] } : { stop_sequences: ['\u20ac5'] };
      const turn = await driver.turn(pair.selector('stop'), driver.start({ text: 'hi' }), { mode, extra });
      assert.equal(turn.text, expected, mode);
      if (client === 'chat_completions') assert.equal(turn.stop, 'stop', mode);
      else assert.match(turn.stop, /^(stop_sequence|end_turn)$/, mode);
    }
  });
});

closingChecks(e2e);
